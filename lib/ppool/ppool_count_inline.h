/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a burst does with count pages, as long as no page has to be opened; contract in
 * ppool_count.h. The model checker watches every access of the core, so for it the functions are
 * compiled once, in ppool_count.c.
 */
#ifndef PPOOL_COUNT_INLINE_H
#define PPOOL_COUNT_INLINE_H

#include "ppool_count.h"

#ifdef BASE_ATOMIC_MODEL
#define COUNT_INLINE
#define COUNT_PUTS 2 /* so that the few pages of a model meet in one place */
#else
#define COUNT_INLINE static inline
#define COUNT_PUTS   64
#endif

/* Take @p n fragments of the one size that the pool has; else as count_take_sized(). */
COUNT_INLINE uint32_t count_take_for(struct count_pool *c, uint32_t slot, ppool_holder holder,
		struct ppool_frags *runs, uint32_t n);

static inline uint32_t
count_take(struct count_pool *c, uint32_t slot, struct ppool_frags *runs, uint32_t n)
{
	return count_take_for(c, slot, PPOOL_HOLDER_NONE, runs, n);
}

/*
 * One thread's burst of puts: enter, put run by run, leave. True from a put: it was the last one of
 * a closed pool, which the caller frees after it has left, count_wait_users() first.
 */
COUNT_INLINE struct count_owner *count_enter(struct count_pool *c, uint32_t slot);
COUNT_INLINE bool count_put(
		struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb);
COUNT_INLINE void count_leave(struct count_pool *c, struct count_owner *o);

/*
 * The same for a burst in any order: what belongs to pages of others is gathered by page, so that
 * each page's count is changed once. Made by count_puts_init(); after the last put and before
 * leaving, count_puts_end(), which is true as a put is.
 */
struct count_puts {
	uint64_t used; /* places that hold something */
	uint32_t nb_own;
	uint32_t page[COUNT_PUTS], nb[COUNT_PUTS]; /* by the page's lowest bits */
};
static inline void
count_puts_init(struct count_puts *puts)
{
	puts->used = 0; /* the arrays hold nothing where it has no bit */
	puts->nb_own = 0;
}
COUNT_INLINE void count_puts_add(struct count_pool *c, struct count_owner *o,
		struct count_puts *puts, uint32_t page, uint32_t nb);
COUNT_INLINE bool count_puts_end(
		struct count_pool *c, struct count_owner *o, struct count_puts *puts);

/* Of ppool_count.c, for the functions above. */
void count_bias_fold(struct count_pool *c, uint32_t page);
bool count_free_push(struct count_pool *c, uint32_t page);
uint32_t count_take_rest(struct count_pool *c, struct count_owner *o, ppool_holder holder,
		const struct count_size *size, struct ppool_frags *runs, uint32_t n);

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

/* Put to a page of this owner's; false: it is of another's. */
static inline bool
count_try_own(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb)
{
	/* Ours: nobody but us can change that while we hold the lock and the reference (I5). */
	if (__builtin_expect(at_load(&c->owner_of[page], relaxed) != o->slot, 0))
		return false;
	c->bias[page] += nb;
	if (__builtin_expect(c->bias[page] > c->bias_max, 0))
		count_bias_fold(c, page);
	return true;
}

static inline bool
count_put_away(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb)
{
	ppool_tally(&o->count.recycle_ring_frags, nb);
	/*
	 * [HOME-R] pairs with [HOME-A]. acq_rel, because we may be the last of an abandoned page
	 * and then hand it on ourselves; seq_cst because of [DRY-R].
	 */
	if (at_fetch_sub(&c->refs[page].refs, nb, seq_cst) != nb)
		return false;
	return count_free_push(c, page); /* the last one of an abandoned page: it is ours alone */
}

COUNT_INLINE bool
count_put(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb)
{
	if (!count_try_own(c, o, page, nb))
		return count_put_away(c, o, page, nb);
	ppool_tally(&o->count.recycle_cached_frags, nb);
	return false;
}

COUNT_INLINE void
count_puts_add(struct count_pool *c, struct count_owner *o, struct count_puts *puts, uint32_t page,
		uint32_t nb)
{
	const uint32_t at = page % COUNT_PUTS;
	const uint64_t bit = UINT64_C(1) << at;

	if (count_try_own(c, o, page, nb)) {
		puts->nb_own += nb;
		return;
	}
	if ((puts->used & bit) != 0) {
		if (puts->page[at] == page) {
			puts->nb[at] += nb;
			return;
		}
		/* Not the last one of a closed pool: @p page is out. */
		count_put_away(c, o, puts->page[at], puts->nb[at]);
	}
	puts->used |= bit;
	puts->page[at] = page;
	puts->nb[at] = nb;
}

COUNT_INLINE bool
count_puts_end(struct count_pool *c, struct count_owner *o, struct count_puts *puts)
{
	bool is_last = false;

	ppool_tally(&o->count.recycle_cached_frags, puts->nb_own);
	for (; puts->used != 0; puts->used &= puts->used - 1) {
		const uint32_t at = (uint32_t)__builtin_ctzll(puts->used);

		is_last |= count_put_away(c, o, puts->page[at], puts->nb[at]);
	}
	return is_last;
}

COUNT_INLINE uint32_t
count_take_for(struct count_pool *c, uint32_t slot, ppool_holder holder, struct ppool_frags *runs,
		uint32_t n)
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
	return count_take_rest(c, o, holder, &one, runs, n);
}
#endif

#endif
