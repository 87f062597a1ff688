/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a burst does with count pages, as long as no page has to be opened; contract in
 * ppool_count.h. The model checker watches every access of the core, so for it the functions are
 * compiled once, in ppool_count.c.
 */
#ifndef PPOOL_COUNT_INLINE_H
#define PPOOL_COUNT_INLINE_H

#include "ppool_count.h"

#define BIAS_FOLD (UINT32_C(3) << 30)

#ifdef BASE_ATOMIC_MODEL
#define COUNT_INLINE
#else
#define COUNT_INLINE static inline
#endif

/* Take @p n fragments of the one size that the pool has; else as count_take_sized(). */
COUNT_INLINE uint32_t count_take(
		struct count_pool *c, uint32_t slot, struct ppool_frags *runs, uint32_t n);

/*
 * One thread's burst of puts: enter, put run by run, leave. True from a put: it was the last one of
 * a closed pool, which the caller frees after it has left, count_wait_users() first.
 */
COUNT_INLINE struct count_owner *count_enter(struct count_pool *c, uint32_t slot);
COUNT_INLINE bool count_put(
		struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb);
COUNT_INLINE void count_leave(struct count_pool *c, struct count_owner *o);

/* Of ppool_count.c, for the functions above. */
void count_bias_fold(struct count_pool *c, uint32_t page);
bool count_free_push(struct count_pool *c, uint32_t page);
uint32_t count_take_rest(struct count_pool *c, struct count_owner *o, const struct count_size *size,
		struct ppool_frags *runs, uint32_t n);

/* [DRY-R] of whoever has just put something; pairs with [DRY-A] in take_last(). */
static inline void
count_wet(struct count_pool *c)
{
	if (__builtin_expect(at_load(&c->dry, seq_cst) != COUNT_WET, 0))
		at_store(&c->dry, COUNT_WET, seq_cst);
}

#if !defined(BASE_ATOMIC_MODEL) || defined(PPOOL_COUNT_C)
COUNT_INLINE struct count_owner *
count_enter(struct count_pool *c, uint32_t slot)
{
	struct count_owner *o = &c->owners[slot < c->nb_slots ? slot : c->nb_slots - 1];

	at_lock_take(&o->lock);
	return o;
}

COUNT_INLINE void
count_leave(struct count_pool *c, struct count_owner *o)
{
	count_wet(c);
	at_lock_give(&o->lock); /* the last touch: who destroys the pool takes every lock once */
}

COUNT_INLINE bool
count_put(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb)
{
	/* Ours: nobody but us can change that while we hold the lock and the reference (I5). */
	if (__builtin_expect(at_load(&c->owner_of[page], relaxed) == o->slot, 1)) {
		c->bias[page] += nb;
		if (__builtin_expect(c->bias[page] > BIAS_FOLD, 0))
			count_bias_fold(c, page);
		ppool_tally(&o->count.recycle_cached_frags, nb);
		return false;
	}
	ppool_tally(&o->count.recycle_ring_frags, nb);
	/*
	 * [HOME-R] pairs with [HOME-A]. acq_rel, because we may be the last of an abandoned page
	 * and then hand it on ourselves; seq_cst because of [DRY-R].
	 */
	if (at_fetch_sub(&c->refs[page].refs, nb, seq_cst) != nb)
		return false;
	return count_free_push(c, page); /* the last one of an abandoned page: it is ours alone */
}

COUNT_INLINE uint32_t
count_take(struct count_pool *c, uint32_t slot, struct ppool_frags *runs, uint32_t n)
{
	static const struct count_size one = { 1, 1 };
	struct count_owner *o = count_enter(c, slot);

	if (__builtin_expect(n != 0 && o->left >= n, 1)) {
		runs->page = o->page;
		runs->first = o->next;
		runs->nb = n;
		o->next += n;
		o->left -= n;
		ppool_tally(&o->count.alloc_frags, n);
		at_lock_give(&o->lock);
		return 1;
	}
	return count_take_rest(c, o, &one, runs, n);
}
#endif

#endif
