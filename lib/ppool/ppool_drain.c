/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages whose memory shall go, or that are of no use: out of every hand that could open them, and
 * aside when they come home. Nothing is asked for that on the way of packets: a drained page is
 * given up by its owner, and it is the free list that does not take it.
 */
#include "ppool_count_priv.h"

static inline bool
is_between(uint32_t page, uint32_t first, uint32_t nb)
{
	return page - first < nb;
}

/* Marked from here on; those on the free list are aside at once. Free_lock held. */
static void
range_mark(struct count_pool *c, uint32_t first, uint32_t nb)
{
	uint32_t nb_free = at_load(&c->nb_free, relaxed), kept = 0;

	for (uint32_t page = first; page < first + nb; page++)
		c->flags[page] |= COUNT_DRAINED;
	for (uint32_t i = 0; i < nb_free; i++) {
		uint32_t page = c->free_pages[i];

		if (is_between(page, first, nb))
			page_set_aside(c, page);
		else
			c->free_pages[kept++] = page;
	}
	at_store(&c->nb_free, kept, relaxed);
}

static void
list_drain(struct count_pool *c, struct count_list *l, uint32_t first, uint32_t nb)
{
	for (uint32_t n = l->nb; n > 0; n--) {
		uint32_t page = list_pop(c, l);

		if (is_between(page, first, nb))
			count_page_abandon(c, page);
		else
			list_push(c, l, page); /* once around keeps the order */
	}
}

/*
 * A page that was off the free list before the mark is in the hands of an owner whose lock we get
 * only when it is in one of these places.
 */
static void
owner_drain(struct count_pool *c, struct count_owner *o, uint32_t first, uint32_t nb)
{
	at_lock_take(&o->lock);
	if (o->page != PPOOL_NONE && is_between(o->page, first, nb))
		page_retire(c, o);
	list_drain(c, &o->fifo, first, nb);
	list_drain(c, &o->stale, first, nb);
	at_lock_give(&o->lock);
}

/* The part of a range that the pool has. */
static uint32_t
range_clip(const struct count_pool *c, uint32_t first, uint32_t nb)
{
	if (first >= c->nb_pages)
		return 0;
	return nb < c->nb_pages - first ? nb : c->nb_pages - first;
}

uint32_t
count_drain(struct count_pool *c, uint32_t first, uint32_t nb)
{
	uint32_t away = 0;

	nb = range_clip(c, first, nb);
	at_lock_take(&c->free_lock);
	range_mark(c, first, nb);
	at_lock_give(&c->free_lock);
	for (uint32_t s = 0; s < c->nb_slots; s++)
		owner_drain(c, &c->owners[s], first, nb);
	at_lock_take(&c->free_lock);
	for (uint32_t page = first; page < first + nb; page++)
		away += (c->flags[page] & COUNT_ASIDE) == 0;
	at_lock_give(&c->free_lock);
	return away;
}

uint32_t
count_undrain(struct count_pool *c, uint32_t first, uint32_t nb)
{
	uint32_t drained = 0, nb_free, frags;

	nb = range_clip(c, first, nb);
	at_lock_take(&c->free_lock);
	nb_free = at_load(&c->nb_free, relaxed);
	frags = at_load(&c->aside_frags, relaxed);
	for (uint32_t page = first; page < first + nb; page++) {
		drained += (c->flags[page] & COUNT_DRAINED) != 0;
		if ((c->flags[page] & COUNT_ASIDE) != 0) {
			c->free_pages[nb_free++] = page;
			frags -= frags_of(c, page);
			c->nb_aside--;
		}
		c->flags[page] &= COUNT_ABANDONED;
	}
	at_store(&c->nb_free, nb_free, relaxed);
	at_store(&c->aside_frags, frags, relaxed);
	at_lock_give(&c->free_lock);
	/* [DRY-R] In no owner's lock, by which a search would see us: the fence stands in for it.
	 */
	at_fence_seq_cst();
	count_wet(c);
	return drained;
}
