/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of buffers in a driver: a ring of 1,024 descriptors, refilled by 32; a made-up device
 * completes them; headers are written; the application reads and writes the packet; after some time
 * in flight (one lcore), or behind a ring on the other lcore, it is freed. Peer: an ordinary pool,
 * addresses read from the mbufs.
 */
#include <stdio.h>

#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "bench.h"

#define NB_DESC    1024u
#define BURST      32u
#define AHEAD_NEAR 8u  /* headers prefetched ahead, */
#define AHEAD_FAR  24u /* and when another lcore has written them last */

struct bd {
	uint64_t addr;
	uint32_t len, flags, rss, ptype;
	uint64_t pad;
};

struct bench_rxq {
	struct bd ring[NB_DESC];
	struct rte_mbuf *sw[NB_DESC];
	uint64_t rearm, ol_flags;
	uint32_t next;
	uint32_t mbuf_stride, frag_bytes; /* of a paired pool */
};

/*
 * Give BURST descriptors from `next` to the device. What is attached, is known when this is
 * compiled: the other loops have no test of it.
 */
static __rte_always_inline void
refill(struct bench_side *s, bool is_attached, struct bench_rxq *q)
{
	struct rte_mbuf **sw = &q->sw[q->next];
	struct bd *bd = &q->ring[q->next];

	if (!is_attached && s->pp != NULL) {
		struct ppool_run runs[BURST];
		unsigned int nb;

		while ((nb = ppool_pktmbuf_alloc_runs(s->pp, PPOOL_HOLDER_NONE, runs, BURST)) == 0)
			rte_pause();
		for (unsigned int r = 0, i = 0; r < nb; r++) {
			struct rte_mbuf *m = runs[r].first;
			uint64_t addr = runs[r].iova + RTE_PKTMBUF_HEADROOM;
			const unsigned int end = i + runs[r].nb;

			for (; i < end; i++, addr += q->frag_bytes) {
				sw[i] = m;
				bd[i].addr = addr;
				bd[i].flags = 0;
				m = RTE_PTR_ADD(m, q->mbuf_stride);
			}
		}
		return;
	}
	while (is_attached ? s->alloc(s, sw, BURST) == 0
			   : rte_mempool_get_bulk(s->mp, (void **)sw, BURST) != 0)
		rte_pause();
	for (uint32_t i = 0; i < BURST; i++) {
		bd[i].addr = sw[i]->buf_iova + RTE_PKTMBUF_HEADROOM;
		bd[i].flags = 0;
	}
}

/* The device has written BURST frames. */
static inline void
complete(struct bench_rxq *q)
{
	struct bd *bd = &q->ring[q->next];

	for (uint32_t i = 0; i < BURST; i++) {
		bd[i].len = 60;
		bd[i].rss = q->next + i;
		bd[i].ptype = 1;
		bd[i].flags = 1;
	}
}

static inline void
receive(struct bench_rxq *q, struct rte_mbuf **mbufs, uint32_t ahead)
{
	for (uint32_t i = 0; i < BURST; i++) {
		const struct bd *bd = &q->ring[q->next + i];
		struct rte_mbuf *m = q->sw[q->next + i];

		rte_prefetch0_write(q->sw[(q->next + i + ahead) % NB_DESC]);
		memcpy(&m->rearm_data, &q->rearm, sizeof(q->rearm));
		m->ol_flags = q->ol_flags;
		m->packet_type = bd->ptype;
		m->pkt_len = bd->len;
		m->data_len = (uint16_t)bd->len;
		m->hash.rss = bd->rss;
		mbufs[i] = m;
	}
}

static inline uint64_t
app_touch(struct rte_mbuf **mbufs, unsigned int n)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t *data = rte_pktmbuf_mtod(mbufs[i], uint64_t *);

		sum += data[1];
		data[0] = sum;
	}
	return sum;
}

/* What a driver does that was promised fast free, but looks at refcnt all the same. */
static void
free_fast(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (unlikely(rte_mbuf_refcnt_read(mbufs[i]) != 1))
			bench_fail("a buffer is shared");
	rte_mempool_put_bulk(s->mp, (void **)mbufs, n);
}

static void
free_ppool(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	(void)s;
	ppool_pktmbuf_free_bulk(mbufs, n);
}

static void
free_stock(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	(void)s;
	rte_pktmbuf_free_bulk(mbufs, n);
}

static __rte_always_inline void
one_loop(struct bench_side *s, bool is_attached, uint32_t nb_bursts)
{
	struct bench_rxq *q = s->rxq;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < nb_bursts; i++) {
		struct rte_mbuf *mbufs[BURST], **tx = s->q + s->at;

		complete(q);
		receive(q, mbufs, AHEAD_NEAR);
		sum += app_touch(mbufs, BURST);
		if (s->nb_q == s->in_flight)
			s->free(s, tx, BURST);
		else
			s->nb_q += BURST;
		memcpy(tx, mbufs, sizeof(mbufs));
		s->at = s->at + BURST == s->in_flight ? 0 : s->at + BURST;
		refill(s, is_attached, q);
		q->next = (q->next + BURST) % NB_DESC;
	}
	s->sum = sum;
}

static __rte_noinline void
one_turns(struct bench_side *s, uint32_t nb_bursts)
{
	one_loop(s, false, nb_bursts);
}

static __rte_noinline void
one_turns_attached(struct bench_side *s, uint32_t nb_bursts)
{
	one_loop(s, true, nb_bursts);
}

static __rte_always_inline void
two_loop(struct bench_side *s, bool is_attached, uint32_t nb_bursts)
{
	struct bench_rxq *q = s->rxq;
	struct rte_ring *ring = s->ring;

	for (uint32_t i = 0; i < nb_bursts; i++) {
		struct rte_mbuf *mbufs[BURST];

		while (rte_ring_free_count(ring) < BURST)
			rte_pause();
		complete(q);
		receive(q, mbufs, AHEAD_FAR);
		rte_ring_sp_enqueue_bulk(ring, (void **)mbufs, BURST, NULL);
		refill(s, is_attached, q);
		q->next = (q->next + BURST) % NB_DESC;
	}
}

static __rte_noinline void
two_turns(struct bench_side *s, uint32_t nb_bursts)
{
	two_loop(s, false, nb_bursts);
}

static __rte_noinline void
two_turns_attached(struct bench_side *s, uint32_t nb_bursts)
{
	two_loop(s, true, nb_bursts);
}

static int
two_consume(void *side)
{
	struct bench_side *s = side;
	struct rte_ring *ring = s->ring;
	struct rte_mbuf *mbufs[BURST];
	uint64_t sum = 0;

	for (;;) {
		unsigned int nb = rte_ring_sc_dequeue_burst(ring, (void **)mbufs, BURST, NULL);

		if (nb == 0) {
			if (__atomic_load_n(&s->is_over, __ATOMIC_ACQUIRE) && rte_ring_empty(ring))
				break;
			rte_pause();
			continue;
		}
		for (unsigned int i = 0; i < nb; i++)
			rte_prefetch0(mbufs[i]);
		sum += app_touch(mbufs, nb);
		s->free(s, mbufs, nb);
	}
	s->other_sum = sum;
	return 0;
}

static void
rx_prime(struct bench_side *s)
{
	struct bench_rxq *q = rte_zmalloc(NULL, sizeof(*q), 128);
	struct rte_mbuf first = { .data_off = RTE_PKTMBUF_HEADROOM, .nb_segs = 1, .port = 1 };

	if (q == NULL)
		bench_fail("no memory");
	rte_mbuf_refcnt_set(&first, 1);
	memcpy(&q->rearm, &first.rearm_data, sizeof(q->rearm));
	q->ol_flags = s->pp != NULL || s->alloc != NULL || s->is_pinned ? RTE_MBUF_F_EXTERNAL : 0;
	if (s->pp != NULL)
		ppool_pktmbuf_strides(s->pp, &q->mbuf_stride, &q->frag_bytes);
	s->rxq = q;
	for (q->next = 0; q->next < NB_DESC; q->next += BURST)
		refill(s, s->alloc != NULL, q);
	q->next = 0;
}

static void
rx_drain(struct bench_side *s)
{
	for (uint32_t i = 0; i < s->nb_q; i += BURST)
		s->free(s, s->q + i, BURST);
	for (uint32_t i = 0; i < NB_DESC; i += BURST)
		s->free(s, s->rxq->sw + i, BURST);
	rte_free(s->rxq);
}

void
bench_rx_run(struct bench_side *sides, uint32_t nb, uint32_t in_flight)
{
	for (uint32_t i = 0; i < nb; i++) {
		sides[i].burst = BURST;
		sides[i].in_flight = in_flight;
		if (sides[i].alloc != NULL)
			sides[i].turns = in_flight != 0 ? one_turns_attached : two_turns_attached;
		else
			sides[i].turns = in_flight != 0 ? one_turns : two_turns;
		sides[i].consume = in_flight != 0 ? NULL : two_consume;
	}
	bench_group_run(sides, nb, rx_prime, rx_drain);
}

/* Each of ours against the one peer. */
static void
loop_run(const char *api, struct bench_side *sides, uint32_t nb, uint32_t in_flight)
{
	char name[96], tail[48];

	if (in_flight != 0)
		snprintf(tail, sizeof(tail), "1lcore_tx%u", in_flight);
	else
		snprintf(tail, sizeof(tail), "2lcores");
	snprintf(name, sizeof(name), "ppool_%s_%s_ratio", api, tail);
	if (!bench_is_wanted(name))
		return;
	for (uint32_t i = 1; i < nb; i++)
		sides[i].is_ours = true;
	bench_rx_run(sides, nb, in_flight);
	for (uint32_t i = 1; i < nb; i++) {
		struct bench_side pair[] = { sides[0], sides[i] };

		snprintf(name, sizeof(name), "ppool_%s_%s_p%uk_%s_ratio", api,
				sides[i].paired.kind == PPOOL_KIND_COUNT ? "count" : "bitmap",
				sides[i].paired.page_bytes / 1024, tail);
		bench_result_ratio(name, pair, 2, UINT32_MAX);
	}
}

/* What the bulk free costs mbufs that have nothing to do with ppool. */
static void
ordinary_run(void)
{
	static const char name[] = "ppool_ordinary_1lcore_tx1024_ratio";
	struct bench_side sides[] = {
		{ .ops = "ring_mp_mc", .cache = 512, .free = free_stock },
		{ .ops = "ring_mp_mc", .cache = 512, .free = free_ppool, .is_ours = true },
	};

	if (!bench_is_wanted(name))
		return;
	bench_rx_run(sides, RTE_DIM(sides), 1024);
	bench_result_ratio(name, sides, RTE_DIM(sides), UINT32_MAX);
}

void
bench_rx(void)
{
	struct bench_side paired[] = {
		{ .ops = "ring_mp_mc", .cache = 512, .free = free_fast },
		{ .paired = { PPOOL_KIND_COUNT, 64 << 10, 0 }, .free = free_ppool },
		{ .paired = { PPOOL_KIND_COUNT, 256 << 10, 0 }, .free = free_ppool },
		{ .paired = { PPOOL_KIND_BITMAP, 64 << 10, 0 }, .free = free_ppool },
		{ .paired = { PPOOL_KIND_BITMAP, 256 << 10, 0 }, .free = free_ppool },
	};
	struct bench_side stock[] = {
		{ .ops = "ring_mp_mc", .cache = 512, .free = free_stock },
		{ .paired = { PPOOL_KIND_COUNT, 64 << 10, 0 }, .free = free_stock },
		{ .paired = { PPOOL_KIND_BITMAP, 64 << 10, 0 }, .free = free_stock },
	};
	/* what an application calls that knows nothing of its mbufs */
	struct bench_side bulk[] = {
		{ .ops = "ring_mp_mc", .cache = 512, .free = free_stock },
		{ .paired = { PPOOL_KIND_COUNT, 256 << 10, 0 }, .free = free_ppool },
		{ .paired = { PPOOL_KIND_BITMAP, 64 << 10, 0 }, .free = free_ppool },
	};
	/* DPDK's own way of having headers and data apart */
	struct bench_side pinned[] = {
		{ .ops = "ring_mp_mc", .cache = 512, .free = free_fast, .is_pinned = true },
		{ .paired = { PPOOL_KIND_COUNT, 256 << 10, 0 }, .free = free_ppool },
		{ .paired = { PPOOL_KIND_BITMAP, 64 << 10, 0 }, .free = free_ppool },
	};

	loop_run("paired_over_pinned", pinned, RTE_DIM(pinned), 1024);
	loop_run("paired", paired, RTE_DIM(paired), 1024);
	loop_run("paired", paired, RTE_DIM(paired), 8192);
	if (rte_lcore_count() > 1)
		loop_run("paired", paired, RTE_DIM(paired), 0);
	loop_run("stockfree", stock, RTE_DIM(stock), 1024);
	loop_run("bulkfree", bulk, RTE_DIM(bulk), 1024);
	ordinary_run();
	if (rte_lcore_count() > 1) {
		loop_run("stockfree", stock, RTE_DIM(stock), 0);
		loop_run("bulkfree", bulk, RTE_DIM(bulk), 0);
	}
}
