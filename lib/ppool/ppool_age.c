/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages in flight: who has them, for how long, and an end to those that stay too long, or whose
 * owner is dead. Control plane: every page is looked at for a moment under the lock that it is
 * under, so others wait for a few instructions at the most. What is not seen here costs nothing
 * anywhere else.
 */
#include <string.h>

#include "ppool_count_priv.h"
#include "ppool_inflight.h"

/*
 * Lock what @p page is under: its owner, or, where there is none (NULL), the free list. A page that
 * is on its way from one to the other while we look is not in flight.
 */
static struct count_owner *
page_lock(struct count_pool *c, uint32_t page)
{
	uint32_t slot = at_load(&c->owner_of[page], relaxed);

	while (slot != PPOOL_NONE) {
		struct count_owner *o = &c->owners[slot];

		at_lock_take(&o->lock);
		if (at_load(&c->owner_of[page], relaxed) == slot)
			return o;
		at_lock_give(&o->lock);
		slot = at_load(&c->owner_of[page], relaxed);
	}
	at_lock_take(&c->free_lock);
	return NULL;
}

static void
page_unlock(struct count_pool *c, struct count_owner *o)
{
	at_lock_give(o != NULL ? &o->lock : &c->free_lock);
}

/* References that users have. Locked. */
static uint32_t
page_users(const struct count_pool *c, const struct count_owner *o, uint32_t page)
{
	if (o == NULL)
		return (c->flags[page] & COUNT_ABANDONED) != 0
		                       ? at_load(&c->refs[page].refs, relaxed)
		                       : 0;
	return page_held(c, page) - (o->page == page ? o->left : 0);
}

/*
 * For how long a page of @p users is in flight, at least. Locked. One that is still being cut may
 * have come back and been cut further meanwhile, so its clock starts anew whenever that went on.
 */
static uint32_t
page_age(struct count_pool *c, const struct count_owner *o, uint32_t page, uint32_t users,
		uint32_t now_ms)
{
	struct count_trace *t = &c->trace[page];
	uint32_t cut;

	if (users == 0) {
		if (o != NULL) /* else it may be somebody's who is opening it */
			t->seen_ms = 0;
		return 0;
	}
	cut = o != NULL && o->page == page ? frags_of(c, page) - o->left : c->cut[page];
	if (t->seen_ms == 0 || cut != c->cut[page])
		t->seen_ms = now_ms != 0 ? now_ms : 1;
	c->cut[page] = cut;
	return now_ms == 0 && t->seen_ms == 1 ? 0 : now_ms - t->seen_ms;
}

/* Locked. */
static void
page_describe(struct count_pool *c, const struct count_owner *o, uint32_t page, uint32_t users,
		uint32_t now_ms, struct ppool_inflight *in)
{
	const struct count_trace *t = &c->trace[page];

	in->page = page;
	in->lcore = t->slot < c->nb_slots - 1 ? t->slot : UINT32_MAX;
	in->addr = NULL;
	holder_describe(in, t->holder);
	in->refs = users;
	in->age_ms = page_age(c, o, page, users, now_ms);
	in->is_abandoned = o == NULL;
}

uint32_t
count_inflight(struct count_pool *c, uint32_t now_ms, struct ppool_inflight *list, uint32_t max)
{
	uint32_t nb = 0, all = 0;

	for (uint32_t page = 0; page < c->nb_pages; page++) {
		struct count_owner *o = page_lock(c, page);
		uint32_t users = page_users(c, o, page);
		struct ppool_inflight in;

		if (users != 0)
			page_describe(c, o, page, users, now_ms, &in);
		page_unlock(c, o);
		if (users == 0)
			continue;
		all++;
		nb = inflight_insert(list, nb, max, &in);
	}
	return all;
}

uint32_t
count_age(struct count_pool *c, uint32_t now_ms, uint32_t limit_ms)
{
	uint32_t nb = 0;

	for (uint32_t page = 0; page < c->nb_pages; page++) {
		struct count_owner *o = page_lock(c, page);
		uint32_t users = page_users(c, o, page);

		if (page_age(c, o, page, users, now_ms) > limit_ms && o != NULL) {
			if (o->page == page)
				page_retire(c, o);
			list_remove(c, o, page);
			nb += !count_page_abandon(c, page);
		}
		page_unlock(c, o);
	}
	return nb;
}

void
count_disown(struct count_pool *c, struct count_owner *o)
{
	if (o->page < c->nb_pages && at_load(&c->owner_of[o->page], relaxed) == o->slot)
		c->bias[o->page] += o->left; /* not cut, so nobody's */
	o->page = PPOOL_NONE;
	o->left = 0;
	memset(&o->fifo, 0, sizeof(o->fifo));
	memset(&o->stale, 0, sizeof(o->stale));
	for (uint32_t page = 0; page < c->nb_pages; page++)
		if (at_load(&c->owner_of[page], relaxed) == o->slot)
			count_page_abandon(c, page);
}
