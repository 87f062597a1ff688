/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fragment API against cached mempools: fragments of the mempool objects' stride, touched at
 * the same places, in the same loops. Pages of 256 KiB are what a user short of nothing takes; the
 * default of 64 KiB is shown beside.
 */
#include <stdio.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "bench.h"

#define NB_OURS 2u

/* Append ours to the peers, say what all have in common, and measure; a row for each page size. */
static void
frag_run(const char *tail, struct bench_side *sides, uint32_t nb_peers, struct bench_side loop,
		void (*prime)(struct bench_side *s), void (*drain)(struct bench_side *s))
{
	const uint32_t nb = nb_peers + NB_OURS;
	char name[64];

	snprintf(name, sizeof(name), "ppool_frag_%s_ratio", tail);
	if (!bench_is_wanted(name))
		return;
	for (uint32_t i = 0; i < nb; i++) {
		const char *ops = sides[i].ops;
		uint32_t cache = sides[i].cache;

		sides[i] = loop;
		sides[i].ops = ops;
		sides[i].cache = cache;
		if (i < nb_peers)
			continue;
		sides[i].is_ours = true;
		sides[i].frag_bytes = BENCH_OBJ_BYTES;
		sides[i].frag_page_bytes = (i == nb_peers ? 256 : 64) << 10;
	}
	bench_group_run(sides, nb, prime, drain);
	bench_result_ratio(name, sides, nb - 1, UINT32_MAX);
	snprintf(name, sizeof(name), "ppool_frag_p64k_%s_ratio", tail);
	sides[nb_peers] = sides[nb - 1];
	bench_result_ratio(name, sides, nb - 1, UINT32_MAX);
}

static void
one_lcore(uint32_t in_flight)
{
	struct bench_side sides[3 + NB_OURS] = {
		{ .ops = "ring_mp_mc", .cache = 512 },
		{ .ops = "ring_sp_sc", .cache = 512 },
		{ .ops = "stack", .cache = 512 },
	};
	char tail[32];

	snprintf(tail, sizeof(tail), "b32_w%u", in_flight);
	frag_run(tail, sides, 3,
			(struct bench_side){
					.turns = bench_fifo_turns,
					.burst = 32,
					.in_flight = in_flight,
			},
			bench_fifo_prime, bench_fifo_drain);
}

static void
two_lcores(uint32_t burst)
{
	struct bench_side sides[6 + NB_OURS] = {
		{ .ops = "ring_mp_mc", .cache = 512 },
		{ .ops = "ring_sp_sc", .cache = 512 },
		{ .ops = "stack", .cache = 512 },
		{ .ops = "ring_mp_mc" },
		{ .ops = "ring_sp_sc" },
		{ .ops = "stack" },
	};
	char tail[32];

	snprintf(tail, sizeof(tail), "2lcores_b%u", burst);
	frag_run(tail, sides, 6,
			(struct bench_side){
					.turns = bench_ring_turns,
					.consume = bench_ring_consume,
					.burst = burst,
					.in_flight = 1024,
			},
			bench_nothing, bench_nothing);
}

/* Freed in any order: hardly ever two of one page after each other. */
static void
two_lcores_random(void)
{
	struct bench_side sides[1 + NB_OURS] = { { .ops = "ring_mp_mc", .cache = 512 } };

	frag_run("2lcores_random_b32", sides, 1,
			(struct bench_side){
					.turns = bench_ring_turns,
					.consume = bench_shuffle_consume,
					.burst = 32,
					.in_flight = 1024,
			},
			bench_nothing, bench_shuffle_drain);
}

void
bench_frag(void)
{
	one_lcore(1024);
	one_lcore(4096);
	one_lcore(16384);
	if (rte_lcore_count() > 1) {
		two_lcores(32);
		two_lcores(8);
		two_lcores_random();
	}
	/* the stride of the handler's, whose mbufs have 256 bytes of data in this row */
	bench_pool_sizes("ppool_frag_pool_4k_64k_1m_spread",
			(struct bench_side){
					.frag_bytes = 448,
					.frag_page_bytes = 256 << 10,
			});
}
