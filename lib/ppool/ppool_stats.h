/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the cores count, always: per owner, so that nobody shares a line to count. Names are those
 * of the kernel's page_pool where the meaning is the same; what is counted, pages or fragments, is
 * in the name, since a rate of the one over the other means nothing.
 */
#ifndef PPOOL_STATS_H
#define PPOOL_STATS_H

#include <stdint.h>

#include "atomic.h"

#include "ppool.h"

/* The same, written by one thread and read by any: plain loads and stores, but whole ones. */
struct ppool_counters {
#define PPOOL_STAT_COUNTER(name, text) at_u64 name;
	PPOOL_STATS(PPOOL_STAT_COUNTER)
#undef PPOOL_STAT_COUNTER
};

#ifdef PPOOL_NO_STATS /* only to see what they cost: test/bench/stats.sh */
#define ppool_tally(c, n) ((void)(c), (void)(n))
#elif defined(BASE_ATOMIC_MODEL) || defined(__SANITIZE_THREAD__)
#define ppool_tally(c, n) at_store(c, at_load(c, relaxed) + (n), relaxed)
#else /* one instruction where the machine has it; an aligned word is written whole anyway */
#define ppool_tally(c, n) (*(uint64_t *)(void *)(c) += (n))
#endif

static inline void
ppool_stats_add(struct ppool_stats *sum, const struct ppool_counters *c)
{
#define PPOOL_STAT_SUM(name, text) sum->name += at_load(&c->name, relaxed);
	PPOOL_STATS(PPOOL_STAT_SUM)
#undef PPOOL_STAT_SUM
}

#endif
