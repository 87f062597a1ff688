/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loops of buffers that are touched as packets are: on one lcore with some in flight, on two with a
 * ring between them.
 */
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

void
bench_fifo_turns(struct bench_side *s, uint32_t nb_bursts)
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

void
bench_fifo_prime(struct bench_side *s)
{
	for (uint32_t i = 0; i < s->in_flight; i += s->burst)
		if (rte_mempool_get_bulk(s->mp, (void **)(s->q + i), s->burst) != 0)
			bench_fail("%s is empty", s->mp->name);
}

void
bench_fifo_drain(struct bench_side *s)
{
	for (uint32_t i = 0; i < s->in_flight; i += s->burst)
		rte_mempool_put_bulk(s->mp, (void **)(s->q + i), s->burst);
}

void
bench_ring_turns(struct bench_side *s, uint32_t nb_bursts)
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

int
bench_ring_consume(void *side)
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

void
bench_nothing(struct bench_side *s)
{
	(void)s;
}
