/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process leaves behind that dies inside a pool: a lock that nobody gives, and behind it an
 * owner's lists, of which one word may be written and the next not. Only a supervisor knows that
 * the process is gone; it calls here, and whoever spins on the lock goes on.
 *
 * The lists are not believed but made anew: every page that says it is the owner's is abandoned
 * (count_disown()), and comes home with its last reference. What the dead process had in its hands
 * stays out, and keeps the pages it lies on.
 */
#include <errno.h>

#include <rte_cycles.h>

#include "ppool_eal.h"

#define STUCK_US 500000 /* a living holder has a few dozen instructions to run */

/* Take @p l; true: by force, since nobody gave it in all that time. */
static bool
lock_seize(struct at_lock *l)
{
	uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz() / 1000000 * STUCK_US;

	while (!at_lock_try(l)) {
		at_pause();
		if (rte_get_timer_cycles() > end)
			return true;
	}
	return false;
}

unsigned int
ppool_count_recover(struct count_pool *c)
{
	unsigned int nb = lock_seize(&c->free_lock);

	at_lock_give(&c->free_lock);
	for (uint32_t s = 0; s < c->nb_slots; s++) {
		struct count_owner *o = &c->owners[s];

		if (lock_seize(&o->lock)) {
			nb++;
			count_disown(c, o);
		}
		at_lock_give(&o->lock);
	}
	/* [DRY-R]: a search that died says nothing about what there is. */
	at_store(&c->dry, COUNT_WET, seq_cst);
	return nb;
}

static void
owner_reset(struct bitmap_owner *o)
{
	o->cur = NULL;
	o->avail = 0;
	o->head = 0;
	o->tail = 0;
	o->nb_stale = 0;
}

static unsigned int
bitmap_recover(struct bitmap *b)
{
	struct bitmap_owner *o = &b->owners[b->nb_slots - 1];
	unsigned int nb = lock_seize(&b->scan_lock);

	at_lock_give(&b->scan_lock);
	if (lock_seize(&o->lock)) {
		nb++;
		owner_reset(o);
	}
	at_lock_give(&o->lock);
	at_store(&b->dry, BITMAP_WET, seq_cst); /* [DRY-R], as above */
	return nb;
}

void
ppool_slot_reset(struct rte_mempool *mp, uint32_t slot)
{
	struct bitmap *b = ppool_bitmap_of(mp);

	if (b != NULL)
		owner_reset(&b->owners[slot]);
}

int
ppool_recover(struct rte_mempool *mp)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	struct bitmap *b = ppool_bitmap_of(mp);

	if (b != NULL)
		return (int)bitmap_recover(b);
	return pp != NULL ? (int)ppool_count_recover(&pp->count) : -EINVAL;
}
