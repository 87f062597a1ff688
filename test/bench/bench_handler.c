/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handler against other handlers, through the same inline functions of rte_mempool: one lcore
 * with packets in flight, two lcores with a ring between them, pools of several sizes.
 */
#include <inttypes.h>
#include <stdio.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "bench.h"

static void
one_lcore(uint32_t in_flight)
{
	struct bench_side sides[] = {
		{ .ops = "ring_mp_mc", .cache = 512 },
		{ .ops = "ring_sp_sc", .cache = 512 },
		{ .ops = "stack", .cache = 512 },
		{ .ops = PPOOL_OPS_NAME, .cache = 512, .is_ours = true },
		{ .ops = PPOOL_OPS_NAME, .cache = 0, .is_ours = true },
	};
	char name[64];

	snprintf(name, sizeof(name), "ppool_handler_c512_b32_w%u_ratio", in_flight);
	if (!bench_is_wanted(name))
		return;
	for (uint32_t i = 0; i < RTE_DIM(sides); i++) {
		sides[i].turns = bench_fifo_turns;
		sides[i].burst = 32;
		sides[i].in_flight = in_flight;
	}
	bench_group_run(sides, RTE_DIM(sides), bench_fifo_prime, bench_fifo_drain);
	bench_result_ratio(name, sides, RTE_DIM(sides), 512);
	snprintf(name, sizeof(name), "ppool_handler_c0_b32_w%u_ratio", in_flight);
	bench_result_ratio(name, sides, RTE_DIM(sides), 0);
}

static void
two_lcores(uint32_t burst)
{
	static const char *const ops[] = { "ring_mp_mc", "ring_sp_sc", "stack", PPOOL_OPS_NAME };
	struct bench_side sides[2 * RTE_DIM(ops)];
	char name[64];

	snprintf(name, sizeof(name), "ppool_handler_2lcores_b%u_ratio", burst);
	if (!bench_is_wanted(name))
		return;
	for (uint32_t i = 0; i < RTE_DIM(sides); i++)
		sides[i] = (struct bench_side){ .ops = ops[i / 2],
			.cache = i % 2 * 512,
			.turns = bench_ring_turns,
			.consume = bench_ring_consume,
			.burst = burst,
			.in_flight = 1024,
			.is_ours = i / 2 == RTE_DIM(ops) - 1 };
	bench_group_run(sides, RTE_DIM(sides), bench_nothing, bench_nothing);
	bench_result_ratio(name, sides, RTE_DIM(sides), UINT32_MAX);
}

/* The same 1,024 buffers in flight, out of pools of three sizes: the largest over the least. */
static void
pool_sizes(uint32_t cache)
{
	static const uint32_t nb_bufs[] = { 4096, 65536, 1 << 20 };
	struct bench_side sides[RTE_DIM(nb_bufs)];
	double worst[BENCH_RUNS_MAX];
	char name[64], note[96];

	snprintf(name, sizeof(name), "ppool_handler_c%u_pool_4k_64k_1m_spread", cache);
	if (!bench_is_wanted(name))
		return;
	for (uint32_t i = 0; i < RTE_DIM(sides); i++)
		sides[i] = (struct bench_side){ .ops = PPOOL_OPS_NAME,
			.cache = cache,
			.nb_bufs = nb_bufs[i],
			.room = 2 * RTE_PKTMBUF_HEADROOM,
			.turns = bench_fifo_turns,
			.burst = 32,
			.in_flight = 1024,
			.is_ours = true };
	bench_group_run(sides, RTE_DIM(sides), bench_fifo_prime, bench_fifo_drain);
	for (uint32_t r = 0; r < bench.runs; r++) {
		double a = sides[0].cycles[r], b = sides[1].cycles[r], c = sides[2].cycles[r];

		worst[r] = RTE_MAX(RTE_MAX(a, b), c) / RTE_MIN(RTE_MIN(a, b), c);
	}
	snprintf(note, sizeof(note), "%.2f, %.2f, %.2f cycles",
			bench_median(sides[0].cycles, bench.runs).median,
			bench_median(sides[1].cycles, bench.runs).median,
			bench_median(sides[2].cycles, bench.runs).median);
	bench_result(name, bench_median(worst, bench.runs), "x", note);
}

void
bench_handler(void)
{
	one_lcore(1024);
	one_lcore(4096);
	one_lcore(16384);
	if (rte_lcore_count() > 1) {
		two_lcores(32);
		two_lcores(8);
	}
	pool_sizes(512);
	pool_sizes(0);
}
