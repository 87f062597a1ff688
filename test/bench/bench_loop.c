/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loops of buffers that are touched as packets are: on one lcore with some in flight, on two with a
 * ring between them. Buffers are objects of a mempool or fragments of one size; header and data lie
 * at the same places in both.
 */
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "bench.h"

#define DATA_AT (sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM)

/* Which of the two it is, is known when this is compiled: the mempool's loop has no test of it. */
static __rte_always_inline int
take(const struct bench_side *s, bool is_frag, struct rte_mbuf **bufs, uint32_t n)
{
	if (is_frag)
		return ppool_frag_alloc_bulk(s->fp, (void **)bufs, n, s->frag_bytes, 0);
	return rte_mempool_get_bulk(s->mp, (void **)bufs, n);
}

static __rte_always_inline void
give(const struct bench_side *s, bool is_frag, struct rte_mbuf **bufs, uint32_t n)
{
	if (is_frag)
		ppool_frag_put_bulk(s->fp, (void **)bufs, n);
	else
		rte_mempool_put_bulk(s->mp, (void **)bufs, n);
}

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

static __rte_always_inline void
fifo_turns(struct bench_side *s, bool is_frag, uint32_t nb_bursts)
{
	const uint32_t n = s->burst;
	uint32_t at = s->at;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < nb_bursts; i++) {
		struct rte_mbuf **q = s->q + at;

		for (uint32_t j = 0; j < n; j++)
			sum += tx_touch(q[j]);
		give(s, is_frag, q, n);
		if (take(s, is_frag, q, n) != 0)
			bench_fail("%s is empty", s->name);
		for (uint32_t j = 0; j < n; j++)
			rte_prefetch0(q[j]);
		for (uint32_t j = 0; j < n; j++)
			sum += rx_touch(q[j], i);
		at = at + n == s->in_flight ? 0 : at + n;
	}
	s->at = at;
	s->sum = sum;
}

void
bench_fifo_turns(struct bench_side *s, uint32_t nb_bursts)
{
	if (s->fp != NULL)
		fifo_turns(s, true, nb_bursts);
	else
		fifo_turns(s, false, nb_bursts);
}

void
bench_fifo_prime(struct bench_side *s)
{
	for (uint32_t i = 0; i < s->in_flight; i += s->burst)
		if (take(s, s->fp != NULL, s->q + i, s->burst) != 0)
			bench_fail("%s is empty", s->name);
}

void
bench_fifo_drain(struct bench_side *s)
{
	for (uint32_t i = 0; i < s->in_flight; i += s->burst)
		give(s, s->fp != NULL, s->q + i, s->burst);
}

static __rte_always_inline void
ring_turns(struct bench_side *s, bool is_frag, uint32_t nb_bursts)
{
	const uint32_t n = s->burst;
	struct rte_ring *ring = s->ring;
	struct rte_mbuf *mbufs[64];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < nb_bursts; i++) {
		while (rte_ring_free_count(ring) < n)
			rte_pause();
		while (take(s, is_frag, mbufs, n) != 0)
			rte_pause(); /* the rest is in the other lcore's cache or on its way */
		for (uint32_t j = 0; j < n; j++)
			sum += rx_touch(mbufs[j], i);
		rte_ring_sp_enqueue_bulk(ring, (void **)mbufs, n, NULL);
	}
	s->sum = sum;
}

void
bench_ring_turns(struct bench_side *s, uint32_t nb_bursts)
{
	if (s->fp != NULL)
		ring_turns(s, true, nb_bursts);
	else
		ring_turns(s, false, nb_bursts);
}

/* What has come through the ring, if only nothing; false: nothing more will. */
static inline bool
ring_dequeue(struct bench_side *s, struct rte_mbuf **bufs, unsigned int *nb)
{
	*nb = rte_ring_sc_dequeue_burst(s->ring, (void **)bufs, s->burst, NULL);
	if (*nb != 0)
		return true;
	rte_pause();
	return !__atomic_load_n(&s->is_over, __ATOMIC_ACQUIRE) || !rte_ring_empty(s->ring);
}

static __rte_always_inline void
ring_consume(struct bench_side *s, bool is_frag)
{
	struct rte_mbuf *bufs[64];
	uint64_t sum = 0;
	unsigned int nb;

	while (ring_dequeue(s, bufs, &nb)) {
		for (unsigned int j = 0; j < nb; j++)
			sum += tx_touch(bufs[j]);
		if (nb != 0)
			give(s, is_frag, bufs, nb);
	}
	s->other_sum = sum;
}

int
bench_ring_consume(void *side)
{
	struct bench_side *s = side;

	if (s->fp != NULL)
		ring_consume(s, true);
	else
		ring_consume(s, false);
	return 0;
}

static __rte_always_inline void
shuffle_consume(struct bench_side *s, bool is_frag)
{
	const uint32_t n = s->burst, mask = s->in_flight - 1;
	struct rte_mbuf *in[64], *out[64];
	uint64_t sum = 0, seed = s->other_sum;
	unsigned int nb_out = 0, nb;

	while (ring_dequeue(s, in, &nb))
		for (unsigned int j = 0; j < nb; j++) {
			sum += tx_touch(in[j]);
			if (s->nb_q <= mask) {
				s->q[s->nb_q++] = in[j];
				continue;
			}
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			out[nb_out++] = s->q[seed >> 33 & mask];
			s->q[seed >> 33 & mask] = in[j];
			if (nb_out == n) {
				give(s, is_frag, out, n);
				nb_out = 0;
			}
		}
	give(s, is_frag, out, nb_out);
	s->other_sum = sum + seed;
}

int
bench_shuffle_consume(void *side)
{
	struct bench_side *s = side;

	if (s->fp != NULL)
		shuffle_consume(s, true);
	else
		shuffle_consume(s, false);
	return 0;
}

void
bench_shuffle_drain(struct bench_side *s)
{
	give(s, s->fp != NULL, s->q, s->nb_q);
}

void
bench_nothing(struct bench_side *s)
{
	(void)s;
}

void
bench_pool_sizes(const char *name, struct bench_side side)
{
	static const uint32_t nb_bufs[] = { 4096, 65536, 1 << 20 };
	struct bench_side sides[RTE_DIM(nb_bufs)];
	double worst[BENCH_RUNS_MAX];
	char note[96];

	if (!bench_is_wanted(name))
		return;
	side.room = 2 * RTE_PKTMBUF_HEADROOM;
	side.turns = bench_fifo_turns;
	side.burst = 32;
	side.in_flight = 1024;
	side.is_ours = true;
	for (uint32_t i = 0; i < RTE_DIM(sides); i++) {
		sides[i] = side;
		sides[i].nb_bufs = nb_bufs[i];
	}
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
