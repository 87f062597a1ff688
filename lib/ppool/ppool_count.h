/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Count pages: pages cut into fragments under one elevated reference count. The core of the paired
 * mbuf pools.
 *
 * When a page is opened, the references of all that will be cut from it are raised at once, by a
 * debit of the owner's private share: nothing is counted when a fragment is handed out.
 *
 *   R (refs)  shared; every reference that is out, plus the owner's share
 *   B (bias)  the owner's share, private
 *
 * I1  R - B == references out (a page that is not abandoned)
 * I2  B is read and written under the owner's lock only
 * I3  B >= 1 while the page is biased, so R >= 1: no put can see 0
 * I4  R is raised by a get under a held reference, or by the owner when no reference is out
 * I5  owner_of[page] does not change while references are out, but to "none" (abandoned)
 *
 * Idle is R == B: read by the owner, proved by I1. Only then is the bias charged again, and only if
 * it is too low for another round. The owner's own frees credit B, everybody else's debit R; either
 * way the difference shrinks. abandon() takes the owner's share out of R: from then on the put that
 * reaches 0 sends the page home, exactly once.
 *
 * Every transfer of a reference from thread to thread must carry happens-before (any ring does).
 *
 * A page is in exactly one of: an owner's hands (open), its FIFO, its stale list, the free list,
 * abandoned, set aside. FIFO and stale list are linked by next[], the free list is an array.
 *
 * A page that is drained (its memory must go, or lies on the wrong node) is abandoned, and set
 * aside instead of going to the free list: so who takes never meets one, and needs not ask.
 *
 * Threads: any. A slot other than the shared one belongs to one thread at a time; its lock is there
 * because who finds the pool empty may take over idle pages of others. Init and fini alone.
 * No EAL: memory comes from the caller.
 */
#ifndef PPOOL_COUNT_H
#define PPOOL_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atomic.h"

#include "ppool_alloc.h"
#include "ppool_space.h"
#include "ppool_stats.h"

#define PPOOL_NONE UINT32_MAX
#define PPOOL_BIAS (UINT32_C(1) << 20) /* charged to a page at once */

/* Of a fragment, in the pool's units: one each where all have one size, else bytes. */
struct count_size {
	uint32_t units; /* a multiple of align, and no more than a page has */
	uint32_t align; /* a power of two */
};

struct count_refs {
	/* Whoever made the pool may have something in front of R, say a count's frame of its own.
	 */
	_Alignas(64) uint64_t user[2];
	at_u32 refs; /* R; a line of its own, since others write it */
};

/*
 * Who opened a page, and since when it is in flight: under its owner's lock; of an abandoned page,
 * under free_lock.
 */
struct count_trace {
	ppool_holder holder;
	uint32_t slot;
	uint32_t seen_ms; /* 0: not seen in flight since it was opened */
};

enum count_flag {
	COUNT_ABANDONED = 1, /* references are out, and no owner has a share */
	COUNT_DRAINED = 2,   /* not to be opened */
	COUNT_ASIDE = 4,     /* and home */
};

/* Pages linked by next[]. */
struct count_list {
	uint32_t head, tail, nb;
};

/* One thread's pages; written under its lock. */
struct count_owner {
	_Alignas(128) struct at_lock lock;
	uint32_t slot;
	uint32_t page;       /* open page, or PPOOL_NONE */
	uint32_t next;       /* unit of it where the next cut may start */
	uint32_t left;       /* cuts that it still has */
	ppool_holder holder; /* for whom the next page is opened */
	uint32_t cut_units;  /* last size cut, if it was not 1, and its reciprocal */
	uint64_t cut_recip;
	struct count_list fifo;  /* opened, all cut; oldest first */
	struct count_list stale; /* overtaken by younger ones */
	struct ppool_counters count;
};

/* DRY: all was searched, nothing found, and nothing has been put since. SUSPECT: the search is on.
 */
enum count_dry {
	COUNT_WET,
	COUNT_SUSPECT,
	COUNT_DRY
};

struct count_pool {
	/* Never written after init. */
	struct count_refs *refs;    /* [nb_pages] */
	uint32_t *bias;             /* [nb_pages] B */
	uint32_t *next;             /* [nb_pages] */
	at_u32 *owner_of;           /* [nb_pages] slot, or PPOOL_NONE */
	struct count_owner *owners; /* [nb_slots]; the last one is shared */
	uint32_t *free_pages;       /* [nb_pages] stack */
	uint32_t nb_pages, nb_slots;
	uint32_t *cut; /* [nb_pages] fragments cut from it when it was last closed, or looked at */
	uint32_t page_frags, last_frags; /* cuts of a page at the most, of the last page */
	uint32_t page_units;             /* of a page */
	uint32_t full_bias;
	uint32_t bias_max, refs_max; /* of B before it is folded; of R */
	struct count_trace *trace;   /* [nb_pages] */
	uint8_t *flags;              /* [nb_pages] enum count_flag; under free_lock */

	_Alignas(128) at_u32 dry; /* enum count_dry; written only when the pool runs out */
	_Alignas(128) struct at_lock free_lock;
	/* Written under it. */
	at_u32 nb_free;               /* of free_pages */
	bool is_quarantined;          /* closed with pages out */
	uint32_t nb_aside;            /* pages */
	at_u32 aside_frags;           /* what would be on them */
	struct ppool_counters homing; /* of pages that come home */
};

/**
 * Set up a pool of pages that hold @p nb_frags fragments at the most, all free.
 *
 * @param page_frags  fragments of a page at the most, 1 or more
 * @param page_units  >= page_frags; as many as page_frags if all fragments have one size
 * @param bias        charged to a page at once: > page_frags, <= 2^30
 * @return 0, -EINVAL or -ENOMEM
 */
int count_init_sized(struct count_pool *c, const struct ppool_alloc *mem, uint32_t nb_frags,
		uint32_t page_frags, uint32_t page_units, uint32_t nb_slots, uint32_t bias);
void count_fini(struct count_pool *c, const struct ppool_alloc *mem);

/**
 * For a pool of which others change R, too, 16 bits wide and without our statistics: R stays below
 * 65,536 as long as all who get references ask count_get(), and count_held() looks at the pages.
 * Before the first take.
 *
 * @return 0, or -EINVAL: the bias is 32,768 or more
 */
int count_limit_16bit(struct count_pool *c);

/**
 * Take @p n fragments, or none, as runs.
 *
 * @param holder  what pages that are opened now are listed under
 * @param runs    room for @p n runs
 * @return number of runs, 0 if there are not so many on idle pages
 */
uint32_t count_take_sized(struct count_pool *c, uint32_t slot, ppool_holder holder,
		const struct count_size *size, struct ppool_frags *runs, uint32_t n);

/* The same for pools whose fragments have one size. */
static inline int
count_init(struct count_pool *c, const struct ppool_alloc *mem, uint32_t nb_frags,
		uint32_t page_frags, uint32_t nb_slots, uint32_t bias)
{
	return count_init_sized(c, mem, nb_frags, page_frags, page_frags, nb_slots, bias);
}

/* More references to a page of which the caller holds one; false: its count has no room. */
bool count_get(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb);

/**
 * Give up every page of a slot, open one included: they come home when their last reference does.
 *
 * @return number of pages that were abandoned with references out
 */
uint32_t count_abandon(struct count_pool *c, uint32_t slot);

/**
 * Give up all pages of all owners; nobody takes from now on.
 *
 * @return true if every page is home and the caller may free the pool; false: the put that brings
 *         the last page home will be told so
 */
bool count_close(struct count_pool *c);

/*
 * ppool_age.c: looks at every page, each for a moment under its lock, while others are at work. The
 * clock is the caller's, in ms; it may run round.
 */

/**
 * List pages in flight, oldest first.
 *
 * @param list  room for @p max; addr is not filled in
 * @return how many there are in all
 */
uint32_t count_inflight(
		struct count_pool *c, uint32_t now_ms, struct ppool_inflight *list, uint32_t max);

/**
 * Abandon every page that is in flight for longer than @p limit_ms, as far as is known: the first
 * look at a page starts its clock.
 *
 * @return number of pages that were abandoned
 */
uint32_t count_age(struct count_pool *c, uint32_t now_ms, uint32_t limit_ms);

/* Abandon all pages of an owner that died with its lock, without a look at its lists. Lock held. */
void count_disown(struct count_pool *c, struct count_owner *o);

/**
 * ppool_drain.c: from now on pages @p first to @p first + @p nb - 1 are not opened, and set aside
 * as they come home.
 *
 * @return how many of them are not home yet; 0: nobody has a reference, nobody will get one
 */
uint32_t count_drain(struct count_pool *c, uint32_t first, uint32_t nb);
/* The same pages may be opened again. @return how many of them were drained */
uint32_t count_undrain(struct count_pool *c, uint32_t first, uint32_t nb);

/* Wait until nobody is between enter and leave; nobody can come any more. */
void count_wait_users(struct count_pool *c);

/* References that users hold: exact when quiescent. */
uint64_t count_held(const struct count_pool *c);
/* As bitmap_audit(); the pool must be quiescent. */
uint32_t count_audit(struct count_pool *c, const struct ppool_alloc *mem,
		void (*say)(void *ctx, const char *what), void *ctx);
void count_stats_get(const struct count_pool *c, struct ppool_stats *stats);

#endif
