/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * External buffers in the Rx loop: headers of an ordinary pool on fragments, attached and freed by
 * ppool. Peers: what is written without ppool, a mempool of buffers with shared information in each
 * and a callback that puts it back; and ppool's buffers freed by rte_pktmbuf_free_bulk().
 */
#include <stdio.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "bench.h"

#define BURST_MAX 32u

enum {
	STOCK,
	STOCK_FREE,
	OURS_256K,
	OURS_64K,
	NB_SIDES
};

static void
stock_last_put(void *buf, void *mp)
{
	rte_mempool_put(mp, buf);
}

static unsigned int
stock_alloc(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	void *bufs[BURST_MAX];

	if (rte_mempool_get_bulk(s->data_mp, bufs, n) != 0)
		return 0;
	if (rte_pktmbuf_alloc_bulk(s->mp, mbufs, n) != 0) {
		rte_mempool_put_bulk(s->data_mp, bufs, n);
		return 0;
	}
	for (unsigned int i = 0; i < n; i++) {
		uint16_t bytes = (uint16_t)s->frag_bytes;
		struct rte_mbuf_ext_shared_info *ext = rte_pktmbuf_ext_shinfo_init_helper(
				bufs[i], &bytes, stock_last_put, s->data_mp);

		rte_pktmbuf_attach_extbuf(
				mbufs[i], bufs[i], rte_mempool_virt2iova(bufs[i]), bytes, ext);
	}
	return n;
}

static void
stock_free(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	(void)s;
	rte_pktmbuf_free_bulk(mbufs, n);
}

static unsigned int
ppool_alloc(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	return ppool_extbuf_alloc_bulk(s->fp, s->mp, mbufs, n, (uint16_t)s->frag_bytes);
}

static void
ppool_free(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n)
{
	(void)s;
	ppool_pktmbuf_free_bulk(mbufs, n);
}

static void
row(const char *api, const char *tail, const struct bench_side *peer, const struct bench_side *ours)
{
	struct bench_side pair[] = { *peer, *ours };
	char name[96];

	pair[0].is_ours = false;
	pair[1].is_ours = true;
	snprintf(name, sizeof(name), "ppool_%s_%s_ratio", api, tail);
	bench_result_ratio(name, pair, 2, UINT32_MAX);
}

static void
loop_run(const char *tail, uint32_t in_flight)
{
	struct bench_side sides[NB_SIDES];
	char name[64];

	snprintf(name, sizeof(name), "ppool_extbuf_%s_ratio", tail);
	if (!bench_is_wanted(name))
		return;
	for (uint32_t i = 0; i < NB_SIDES; i++)
		sides[i] = (struct bench_side){ .ops = "ring_mp_mc",
			.cache = 512,
			.frag_bytes = BENCH_OBJ_BYTES,
			.frag_page_bytes = i == OURS_64K ? 64 << 10 : 256 << 10,
			.alloc = ppool_alloc,
			.free = i == STOCK_FREE ? stock_free : ppool_free };
	sides[STOCK].frag_page_bytes = 0;
	sides[STOCK].frag_bytes -= RTE_MEMPOOL_ALIGN; /* the object's header: one stride for all */
	sides[STOCK].alloc = stock_alloc;
	sides[STOCK].free = stock_free;
	bench_rx_run(sides, NB_SIDES, in_flight);
	row("extbuf", tail, &sides[STOCK], &sides[OURS_256K]);
	row("extbuf_p64k", tail, &sides[STOCK], &sides[OURS_64K]);
	row("extbuf_stockfree", tail, &sides[STOCK], &sides[STOCK_FREE]);
	row("extbuf_over_stockfree", tail, &sides[STOCK_FREE], &sides[OURS_256K]);
}

void
bench_extbuf(void)
{
	loop_run("1lcore_tx1024", 1024);
	if (rte_lcore_count() > 1)
		loop_run("2lcores", 0);
}
