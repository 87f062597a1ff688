/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What pools take: pages opened over live bytes while some packets are held for long; time to
 * create and destroy; bytes beside the data.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "bench.h"

#define BURST      32u
#define IN_FLIGHT  4096u
#define HELD_PKTS  250000u /* for so many packets */
#define HELD_PARTS 100u    /* one of so many */
#define HELD_BUFS  131072u
#define HELD_ROUND 65536u /* places for packets on hold, a power of two; some 2,500 are */

#define FRAG_BYTES 2176u /* of RTE_MBUF_DEFAULT_BUF_SIZE: data alone */

struct hold {
	struct rte_mbuf *m;
	uint64_t until;
};

static void
take(struct bench_side *s, struct rte_mbuf **mbufs)
{
	if (rte_mempool_get_bulk(s->mp, (void **)mbufs, BURST) != 0)
		bench_fail("%s is empty", s->mp->name);
}

static void
give(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	if (s->pp != NULL)
		ppool_pktmbuf_free_bulk(mbufs, n);
	else
		rte_mempool_put_bulk(s->mp, (void **)mbufs, n);
}

/* Forward packets and hold some; returns the peak of live buffers. */
static uint32_t
hold_some(struct bench_side *s, struct rte_mbuf **q, struct hold *hold)
{
	uint32_t head = 0, tail = 0, peak = 0, at = 0;
	uint64_t seed = UINT64_C(88172645463325252);

	for (uint32_t i = 0; i < IN_FLIGHT; i += BURST)
		take(s, q + i);
	for (uint64_t now = 0; now < 4 * HELD_PKTS; now += BURST) {
		struct rte_mbuf *done[3 * BURST];
		unsigned int nb = 0;

		for (uint32_t j = 0; j < BURST; j++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			if ((seed >> 33) % HELD_PARTS == 0)
				hold[tail++ % HELD_ROUND] =
						(struct hold){ q[at + j], now + HELD_PKTS };
			else
				done[nb++] = q[at + j];
		}
		while (head != tail && hold[head % HELD_ROUND].until <= now && nb < 3 * BURST)
			done[nb++] = hold[head++ % HELD_ROUND].m;
		give(s, done, nb);
		take(s, q + at);
		at = (at + BURST) % IN_FLIGHT;
		peak = RTE_MAX(peak, IN_FLIGHT + tail - head);
	}
	for (uint32_t i = 0; i < IN_FLIGHT; i += BURST)
		give(s, q + i, BURST);
	while (head != tail)
		give(s, &hold[head++ % HELD_ROUND].m, 1);
	return peak;
}

static void
held(const char *name, struct bench_side s)
{
	struct rte_mbuf **q = calloc(IN_FLIGHT, sizeof(*q));
	struct hold *hold = calloc(HELD_ROUND, sizeof(*hold));
	struct ppool_stats stats;
	double live, used, ratio;
	char note[96];
	uint32_t peak;

	if (q == NULL || hold == NULL)
		bench_fail("no memory");
	if (bench_is_wanted(name)) {
		s.nb_bufs = HELD_BUFS;
		bench_pool_create(&s);
		peak = hold_some(&s, q, hold);
		ppool_stats_get(s.mp, &stats);
		live = (double)peak * (s.pp != NULL ? rte_pktmbuf_data_room_size(s.mp)
						    : rte_mempool_calc_obj_size(s.mp->elt_size,
								      s.mp->flags, NULL));
		used = (double)stats.alloc_fast_pages * PPOOL_PAGE_BYTES;
		ratio = used / live;
		snprintf(note, sizeof(note), "%.1f MB in %.0f pages for %u live buffers",
				used / 1e6, used / PPOOL_PAGE_BYTES, peak);
		bench_result(name, (struct bench_stat){ ratio, ratio, ratio }, "x", note);
		bench_pool_destroy(&s);
	}
	free(q);
	free(hold);
}

static size_t
heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(0, &stats) == 0 ? stats.heap_allocsz_bytes : 0;
}

/* Time, and memory beside what the buffers themselves need. */
static void
life(const char *what, struct bench_side s)
{
	double create[BENCH_RUNS_MAX], destroy[BENCH_RUNS_MAX];
	double ms = (double)rte_get_tsc_hz() / 1000, over = 0;
	char name[64];

	snprintf(name, sizeof(name), "ppool_%s_create_time", what);
	if (!bench_is_wanted(name))
		return;
	for (uint32_t r = 0; r < bench.runs; r++) {
		size_t bytes = heap_bytes();
		uint64_t start = rte_rdtsc_precise();

		bench_pool_create(&s);
		create[r] = (double)(rte_rdtsc_precise() - start) / ms;
		over = (double)(heap_bytes() - bytes) - (double)BENCH_POOL_BUFS * FRAG_BYTES;
		start = rte_rdtsc_precise();
		bench_pool_free(&s);
		destroy[r] = (double)(rte_rdtsc_precise() - start) / ms;
	}
	bench_result(name, bench_median(create, bench.runs), "ms", "24,576 buffers of 2,176 B");
	snprintf(name, sizeof(name), "ppool_%s_destroy_time", what);
	bench_result(name, bench_median(destroy, bench.runs), "ms", "");
	if (s.is_ours) {
		uint32_t bytes = s.ops == NULL ? FRAG_BYTES : BENCH_OBJ_BYTES;
		uint32_t pages = BENCH_POOL_BUFS / (PPOOL_PAGE_BYTES / bytes);

		snprintf(name, sizeof(name), "ppool_%s_overhead_per_page", what);
		bench_result(name, (struct bench_stat){ over / pages, over / pages, over / pages },
				"bytes", "of 64 KiB");
	}
	over /= BENCH_POOL_BUFS;
	snprintf(name, sizeof(name), "ppool_%s_overhead_per_buffer", what);
	bench_result(name, (struct bench_stat){ over, over, over }, "bytes",
			"mbuf, headers, descriptors, slack; data not counted");
}

void
bench_mem(void)
{
	static const struct bench_side handler = { .ops = PPOOL_OPS_NAME, .is_ours = true };
	static const struct bench_side count = { .paired = { PPOOL_KIND_COUNT, 64 << 10, 0 },
		.is_ours = true };
	static const struct bench_side bitmap = { .paired = { PPOOL_KIND_BITMAP, 64 << 10, 0 },
		.is_ours = true };
	static const struct bench_side frag = {
		.frag_bytes = FRAG_BYTES, .frag_page_bytes = 64 << 10, .is_ours = true
	};

	held("ppool_handler_held1pct_p64k_w4096_memory", handler);
	held("ppool_paired_count_held1pct_p64k_w4096_memory", count);
	held("ppool_paired_bitmap_held1pct_p64k_w4096_memory", bitmap);
	life("handler", handler);
	life("paired_count", count);
	life("paired_bitmap", bitmap);
	life("frag", frag);
	life("peer_ring_mp_mc", (struct bench_side){ .ops = "ring_mp_mc", .cache = 512 });
}
