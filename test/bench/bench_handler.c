/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handler against other handlers, through the same inline functions of rte_mempool: one lcore
 * with packets in flight, two lcores with a ring between them, pools of several sizes.
 */
#include <inttypes.h>
#include <stdio.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "bench.h"

#define DATA_AT (sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM)

/* What Rx writes into the mbuf, and a look at the packet. */
static inline uint64_t
rx_touch(struct rte_mbuf *m, uint32_t i)
{
	uint64_t *data = RTE_PTR_ADD(m, DATA_AT);

	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->nb_segs = 1;
	m->port = 1;
	m->ol_flags = 0;
	m->packet_type = i;
	m->pkt_len = 60;
	m->data_len = 60;
	data[0] = i;
	return data[4];
}

static inline uint64_t
tx_touch(const struct rte_mbuf *m)
{
	return rte_mbuf_refcnt_read(m) + m->pkt_len;
}

static __rte_noinline void
fifo_turns(struct bench_side *s, uint32_t nb_bursts)
{
	const uint32_t n = s->burst;
	struct rte_mempool *mp = s->mp;
	uint32_t at = s->at;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < nb_bursts; i++) {
		struct rte_mbuf **q = s->q + at;

		for (uint32_t j = 0; j < n; j++)
			sum += tx_touch(q[j]);
		rte_mempool_put_bulk(mp, (void **)q, n);
		if (rte_mempool_get_bulk(mp, (void **)q, n) != 0)
			bench_fail("%s is empty", mp->name);
		for (uint32_t j = 0; j < n; j++)
			rte_prefetch0(q[j]);
		for (uint32_t j = 0; j < n; j++)
			sum += rx_touch(q[j], i);
		at = at + n == s->in_flight ? 0 : at + n;
	}
	s->at = at;
	s->sum = sum;
}

static void
fifo_prime(struct bench_side *s)
{
	for (uint32_t i = 0; i < s->in_flight; i += s->burst)
		if (rte_mempool_get_bulk(s->mp, (void **)(s->q + i), s->burst) != 0)
			bench_fail("%s is empty", s->mp->name);
}

static void
fifo_drain(struct bench_side *s)
{
	for (uint32_t i = 0; i < s->in_flight; i += s->burst)
		rte_mempool_put_bulk(s->mp, (void **)(s->q + i), s->burst);
}

static __rte_noinline void
ring_turns(struct bench_side *s, uint32_t nb_bursts)
{
	const uint32_t n = s->burst;
	struct rte_mempool *mp = s->mp; /* from here on *s belongs to the other lcore */
	struct rte_ring *ring = s->ring;
	struct rte_mbuf *mbufs[64];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < nb_bursts; i++) {
		while (rte_ring_free_count(ring) < n)
			rte_pause();
		while (rte_mempool_get_bulk(mp, (void **)mbufs, n) != 0)
			rte_pause(); /* the rest is in the other lcore's cache or on its way */
		for (uint32_t j = 0; j < n; j++)
			sum += rx_touch(mbufs[j], i);
		rte_ring_sp_enqueue_bulk(ring, (void **)mbufs, n, NULL);
	}
	s->sum = sum;
}

static int
ring_consume(void *side)
{
	struct bench_side *s = side;
	const uint32_t n = s->burst;
	struct rte_mbuf *mbufs[64];
	uint64_t sum = 0;

	for (;;) {
		unsigned int nb = rte_ring_sc_dequeue_burst(s->ring, (void **)mbufs, n, NULL);

		if (nb == 0) {
			if (__atomic_load_n(&s->is_over, __ATOMIC_ACQUIRE) &&
					rte_ring_empty(s->ring))
				break;
			rte_pause();
			continue;
		}
		for (unsigned int j = 0; j < nb; j++)
			sum += tx_touch(mbufs[j]);
		rte_mempool_put_bulk(s->mp, (void **)mbufs, nb);
	}
	s->other_sum = sum;
	return 0;
}

static void
nothing(struct bench_side *s)
{
	(void)s;
}

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
		sides[i].turns = fifo_turns;
		sides[i].burst = 32;
		sides[i].in_flight = in_flight;
	}
	bench_group_run(sides, RTE_DIM(sides), fifo_prime, fifo_drain);
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
			.turns = ring_turns,
			.consume = ring_consume,
			.burst = burst,
			.in_flight = 1024,
			.is_ours = i / 2 == RTE_DIM(ops) - 1 };
	bench_group_run(sides, RTE_DIM(sides), nothing, nothing);
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
			.turns = fifo_turns,
			.burst = 32,
			.in_flight = 1024,
			.is_ours = true };
	bench_group_run(sides, RTE_DIM(sides), fifo_prime, fifo_drain);
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
