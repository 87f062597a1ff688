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

static void
pool_sizes(uint32_t cache)
{
	char name[64];

	snprintf(name, sizeof(name), "ppool_handler_c%u_pool_4k_64k_1m_spread", cache);
	bench_pool_sizes(name, (struct bench_side){ .ops = PPOOL_OPS_NAME, .cache = cache });
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
