/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one body of the pool stress tests: threads that take, hold, hand on, share and give fragments
 * of many short-lived pools, and what must hold all the while. A kind of pool is a struct st_ops.
 *
 * A fragment is a number here; its bytes are plain memory, so that TSan sees a holder who was let
 * in too early. The body's own tallies are relaxed and order nothing that the pool should have
 * ordered.
 */
#ifndef ST_BODY_H
#define ST_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "atomic.h"
#include "ppool_alloc.h"
#include "ppool_stats.h"

#define ST_FRAG_BYTES                                                                              \
	64 /* from fragment to fragment; 16 of them may be in front of its address                 \
	    */
#define ST_FRAGS_MAX 2048
#define ST_SHARED    UINT32_MAX /* slot of a thread that has none */

struct st_pool {
	struct ppool_alloc mem;
	uint32_t nb_frags;
	uint32_t page_frags; /* of a whole page; asked for more often than other sizes */
	uint32_t nb_own;     /* threads with a slot of their own; slot nb_own is shared */
	uint32_t nb_pages;
	uint64_t seed;
};

struct st_ops {
	const char *name;
	/* A new shape by pool->seed; sets nb_frags, page_frags and nb_pages. */
	void (*create)(struct st_pool *pool);
	void (*destroy)(struct st_pool *pool);
	/* All or none: fragments' numbers. */
	bool (*take)(struct st_pool *pool, uint32_t slot, uint32_t *nrs, uint32_t n);
	void (*give)(struct st_pool *pool, uint32_t slot, const uint32_t *nrs, uint32_t n);
	/* One more reference to a held fragment; NULL: this kind has none. */
	void (*get)(struct st_pool *pool, uint32_t slot, uint32_t nr);
	/* As count_drain() and count_undrain(), of one page; the number of its first fragment. */
	uint32_t (*drain)(struct st_pool *pool, uint32_t page);
	void (*undrain)(struct st_pool *pool, uint32_t page);
	uint32_t (*page_first)(struct st_pool *pool, uint32_t page);
	/* What only this kind can do, at a rare moment. */
	void (*rare)(struct st_pool *pool, uint32_t slot, uint64_t rnd);
	/* Where the holder of @p nr may write 48 bytes. */
	uint64_t *(*bytes)(struct st_pool *pool, uint32_t nr);
	/* Bounds that hold while everybody is at work. */
	void (*watch)(struct st_pool *pool);
	/* Nobody is at work: @p frags of them are held, by @p refs references. */
	void (*check)(struct st_pool *pool, uint32_t frags, uint32_t refs);
	void (*stats)(struct st_pool *pool, struct ppool_stats *stats);
};

/* Tell a failure; the run ends with status 1. */
__attribute__((format(printf, 1, 2))) void st_fail(const char *fmt, ...);
/* For an audit: @p what is a failure. */
void st_say(void *ctx, const char *what);
uint64_t st_rnd(uint64_t *seed);
/* From 1 to @p max. */
uint32_t st_size(uint64_t *seed, uint32_t max);
/* main() of a program: arguments are [THREADS [SECONDS [SEED [own|shared]]]]. */
int st_main(int argc, char **argv, const struct st_ops *ops);

#endif
