/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bitmap pages: the elevated count written positionally, one bit a fragment. The core of the
 * rte_mempool handler, which must keep a mempool's promise: a pool of n gives n, to anybody.
 *
 * The one truth is page->freed, a word of at most 64 bits that everybody changes by atomic
 * operations: giving back is fetch_or, taking is fetch_and of the bits wanted (what the returned
 * old value shows was there is ours). Nothing is held back in private, so a thread that sleeps for
 * ever strands nothing, and a return is seen by every other thread as soon as the call ends.
 *
 * Where to take from is the business of an owner (one per lcore): it carves one page, remembers the
 * pages it has carved in a FIFO, and looks at its head first, which with packets in order is the
 * page that has just come back: the live set stays small and warm. These are hints; a lost or a
 * doubled one costs time, never a fragment. Without a good hint all pages are scanned.
 *
 * Identity (quiescent): bits set over all pages, free or aside + fragments held by users ==
 * fragments added.
 * A bit is set in at most one place, so a sum of popcounts never exceeds the number of fragments.
 *
 * Threads: take and give from any thread; a slot other than the shared one by one thread at a time.
 * Add pages and init/fini while nobody else uses the pool. No EAL: memory comes from the caller.
 */
#ifndef PPOOL_BITMAP_H
#define PPOOL_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atomic.h"
#include "ppool_alloc.h"
#include "ppool_space.h"
#include "ppool_stats.h"

#define PPOOL_BITMAP_FRAGS_MAX 64 /* fragments of a page */

/* One cache line: what a take or a give touches of a page is all here. */
struct bitmap_page {
	_Alignas(64) at_u64 freed; /* bit i: fragment i is free */
	uint64_t all;              /* the bits that exist */
	char *obj;                 /* fragment 0 */
	at_u32 holder;             /* slot whose FIFO lists it, a hint */
	at_u32 is_drained;         /* it is opened no more; see bitmap_drain() */
	at_u64 aside;              /* free bits that nobody may have */
	at_u64 opened_for;         /* ppool_holder of who opened it last */
	at_u32 seen_ms;            /* when it was first seen in flight since; 0: not yet */
};

/* A stretch of memory, cut into pages from its start. */
struct bitmap_chunk {
	uintptr_t base;
	size_t bytes;
	uint32_t first; /* number of its first page in the pool */
	uint32_t nb_pages;
	struct bitmap_page *pages;
};

struct bitmap_chunks {
	uint32_t nb;
	struct bitmap_chunk chunk[];
};

/* One thread's hints; written by it alone (or under the lock, if shared). */
struct bitmap_owner {
	_Alignas(128) struct bitmap_page *cur;
	uint64_t avail; /* bits of cur that were free when it was opened and have not been asked for
	                 */
	uint32_t head, tail; /* fifo[head & mask] .. fifo[tail & mask] */
	uint32_t nb_stale;   /* stragglers, in stale[0 .. nb_stale) */
	uint32_t probe;      /* next straggler to look at */
	uint32_t scan;       /* number of the page where the last scan ended */
	uint32_t slot;
	ppool_holder opens_for; /* written into the pages that it opens */
	struct bitmap_page **fifo;
	struct bitmap_page **stale;
	struct at_lock lock; /* taken by users of the shared slot only */
	struct ppool_counters count;
};

enum bitmap_dry {
	BITMAP_WET,
	BITMAP_SUSPECT,
	BITMAP_DRY
};

struct bitmap {
	/* Never written after the last page was added. */
	struct bitmap_chunks *chunks;
	struct bitmap_owner *owners; /* [nb_slots]; the last one is shared */
	uint64_t page_recip, stride_recip;
	uint32_t page_bytes, stride, page_frags;
	uint32_t nb_colours; /* see bitmap_colour(); may be set before the first bitmap_add() */
	uint32_t nb_slots;
	uint32_t nb_pages, nb_frags;
	uint32_t hint_mask; /* places of fifo and stale, less 1 */
	void *hints;

	_Alignas(128) at_u32 dry;        /* enum bitmap_dry; written only when the pool runs out */
	_Alignas(128) at_u32 next_fresh; /* pages below were opened at least once */
	struct at_lock scan_lock;        /* whoever finds the pool empty, drains or undrains */
	at_u64 nb_waived;                /* drained pages that came home */
};

/**
 * Set up an empty pool.
 *
 * @param page_bytes   of a page, > stride
 * @param stride       from fragment to fragment, > 1; at most 64 fit a page
 * @param nb_slots     threads with hints of their own, plus one slot that the others share
 * @param hint_pages   pages that an owner remembers, a power of two
 * @return 0, -EINVAL or -ENOMEM
 */
int bitmap_init(struct bitmap *b, const struct ppool_alloc *mem, uint32_t page_bytes,
		uint32_t stride, uint32_t nb_slots, uint32_t hint_pages);
void bitmap_fini(struct bitmap *b, const struct ppool_alloc *mem);

/**
 * Add a chunk that holds @p nb_frags fragments, all of them free.
 *
 * @param base   start of page 0
 * @param first  where in its stride a fragment's address lies, behind a header; < stride
 * @return 0, -EINVAL (overlaps another chunk) or -ENOMEM
 */
int bitmap_add(struct bitmap *b, const struct ppool_alloc *mem, void *base, uint32_t first,
		uint32_t nb_frags);

/*
 * Bytes by which page @p nr of a chunk of @p nb_pages starts late. Pages that all start alike put
 * their fragments' first lines into the same few sets of the caches; what a page has left behind
 * its last fragment shifts them, line by line. The last page of a chunk may have nothing left.
 */
static inline uint32_t
bitmap_colour(const struct bitmap *b, uint32_t nr, uint32_t nb_pages)
{
	return b->nb_colours == 0 || nr == nb_pages - 1 ? 0 : nr % b->nb_colours * 64;
}

/**
 * Take @p n fragments, or none.
 *
 * @return 0 or -ENOENT: there are not so many, not counting what a competing request that will be
 *         refused too has in its hands at this moment
 */
int bitmap_take(struct bitmap *b, uint32_t slot, void **objs, uint32_t n);

/**
 * The same for pools of one chunk, as runs.
 *
 * @param holder  what pages that are opened now are listed under
 * @param runs    room for @p n
 * @return number of runs, 0 if there are not so many
 */
uint32_t bitmap_take_runs(struct bitmap *b, uint32_t slot, ppool_holder holder,
		struct ppool_frags *runs, uint32_t n);

/** Take @p n whole pages, or none; @p first gets fragment 0 of each. @return 0 or -ENOENT */
int bitmap_take_pages(struct bitmap *b, uint32_t slot, void **first, uint32_t n);

/**
 * Give fragments back.
 *
 * @return how many of them were refused: free already, or no fragments of this pool; counted
 */
uint32_t bitmap_give(struct bitmap *b, uint32_t slot, void *const *objs, uint32_t n);

/* The same for pools of one chunk; every run is of fragments that exist. */
uint32_t bitmap_give_runs(
		struct bitmap *b, uint32_t slot, const struct ppool_frags *runs, uint32_t nb_runs);

/* Number of free fragments: exact when quiescent, and never more than there are. */
uint32_t bitmap_count(const struct bitmap *b);
/* Number of those that nobody can have, since their pages are drained. */
uint32_t bitmap_unusable(const struct bitmap *b);
struct bitmap_page *bitmap_page_at(const struct bitmap *b, uint32_t nr);

/* As count_inflight() (ppool_age.c); lcore, holder and time are of who opened the page last. */
uint32_t bitmap_inflight(
		struct bitmap *b, uint32_t now_ms, struct ppool_inflight *list, uint32_t max);
/* As count_drain() and count_undrain() (ppool_drain.c). */
uint32_t bitmap_drain(struct bitmap *b, uint32_t first, uint32_t nb);
uint32_t bitmap_undrain(struct bitmap *b, uint32_t first, uint32_t nb);
/* True if @p obj is a fragment of the pool. */
bool bitmap_has(const struct bitmap *b, const void *obj);
/* Check every identity above. @return 0, or the number of violations, each told to @p say */
uint32_t bitmap_audit(const struct bitmap *b, void (*say)(void *ctx, const char *what), void *ctx);
void bitmap_stats_get(const struct bitmap *b, struct ppool_stats *stats);

#endif
