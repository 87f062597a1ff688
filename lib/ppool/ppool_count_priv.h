/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of count pages share: a page's share, and the lists that it is in. */
#ifndef PPOOL_COUNT_PRIV_H
#define PPOOL_COUNT_PRIV_H

#include "ppool_count_inline.h"

/* Fragments that can be cut from a page at the most. */
static inline uint32_t
frags_of(const struct count_pool *c, uint32_t page)
{
	return page == c->nb_pages - 1 ? c->last_frags : c->page_frags;
}

static inline void
list_push(const struct count_pool *c, struct count_list *l, uint32_t page)
{
	c->next[page] = PPOOL_NONE;
	if (l->nb++ == 0)
		l->head = page;
	else
		c->next[l->tail] = page;
	l->tail = page;
}

static inline uint32_t
list_pop(const struct count_pool *c, struct count_list *l)
{
	uint32_t page = l->head;

	l->nb--;
	l->head = c->next[page];
	return page;
}

/* References out. Owner's lock held. */
static inline uint32_t
page_held(const struct count_pool *c, uint32_t page)
{
	/*
	 * [HOME-A] pairs with [HOME-R]: whoever put has finished with the bytes before they are
	 * handed out again. If relaxed, their late stores land in the next packet.
	 */
	return at_load(&c->refs[page].refs, acquire) - c->bias[page];
}

/* Take @p page out of whichever of the owner's lists has it. */
static inline void
list_remove(const struct count_pool *c, struct count_owner *o, uint32_t page)
{
	struct count_list *lists[] = { &o->fifo, &o->stale };

	for (int l = 0; l < 2; l++)
		for (uint32_t n = lists[l]->nb; n > 0; n--) {
			uint32_t head = list_pop(c, lists[l]);

			if (head != page)
				list_push(c, lists[l], head); /* once around keeps the order */
		}
}

/* Close the open page: what was not cut from it was not handed out. */
static inline void
page_retire(struct count_pool *c, struct count_owner *o)
{
	if (o->page == PPOOL_NONE)
		return;
	c->bias[o->page] += o->left;
	c->cut[o->page] = frags_of(c, o->page) - o->left;
	list_push(c, &o->fifo, o->page);
	o->page = PPOOL_NONE;
	o->left = 0;
}

/* A drained page is home. Free_lock held. */
static inline void
page_set_aside(struct count_pool *c, uint32_t page)
{
	uint32_t frags = at_load(&c->aside_frags, relaxed) + frags_of(c, page);

	c->flags[page] |= COUNT_ASIDE;
	c->nb_aside++;
	at_store(&c->aside_frags, frags, relaxed);
	ppool_tally(&c->homing.alloc_waive_pages, 1);
}

/*
 * Take the owner's share out of R; true if the page came home at once. It is on no list any more.
 * Owner's lock held.
 */
bool count_page_abandon(struct count_pool *c, uint32_t page);

#endif
