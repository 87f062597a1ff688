/* SPDX-License-Identifier: BSD-3-Clause */
/* Mbufs on fragments, counted per page and per fragment: clones, frees by anybody, ends. */
#include <rte_malloc.h>

#include "mp_frag_rig.h"

static struct rte_mempool *
headers_make(unsigned int n, uint16_t room)
{
	struct rte_mempool *hdrs = rte_pktmbuf_pool_create("hdrs", n, 0, 0, room, SOCKET_ID_ANY);

	assert_non_null(hdrs);
	return hdrs;
}

static void
both_end(struct ppool *p, struct rte_mempool *hdrs)
{
	assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
	rte_mempool_free(hdrs);
	pool_end(p);
}

static void
fresh_check(struct rte_mbuf *m, uint16_t bytes)
{
	const char *why;

	assert_int_equal(rte_mbuf_check(m, 1, &why), 0);
	assert_int_equal(m->buf_iova, rte_mem_virt2iova(m->buf_addr));
	assert_int_equal(rte_pktmbuf_headroom(m), RTE_PKTMBUF_HEADROOM);
	assert_int_equal(rte_pktmbuf_tailroom(m), bytes - RTE_PKTMBUF_HEADROOM);
	assert_int_equal(m->ol_flags, RTE_MBUF_F_EXTERNAL);
	assert_true(m->next == NULL && m->nb_segs == 1 && m->port == RTE_MBUF_PORT_INVALID);
	assert_true(m->packet_type == 0 && m->pkt_len == 0 && m->data_len == 0);
	assert_true(m->vlan_tci == 0 && m->vlan_tci_outer == 0 && m->tx_offload == 0);
}

/* What Rx and Tx may leave in an mbuf. */
static void
soil(struct rte_mbuf *m)
{
	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_TX_TCP_CKSUM;
	m->packet_type = m->vlan_tci = m->vlan_tci_outer = 77;
	m->tx_offload = 78;
	m->port = 79;
	m->hash.rss = 80;
}

/* Freed by the stock functions and by ours; headers come back empty and direct. */
static void
freed_by_anybody(int kind, uint16_t room)
{
	struct rte_mempool *hdrs = headers_make(511, room);
	struct ppool *p = ext_pool_make(8, kind);
	struct rte_mbuf *m[100];

	for (int way = 0; way < 4; way++) {
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 100, 2000), 100);
		for (int i = 0; i < 100; i++) {
			fresh_check(m[i], 2000);
			memset(rte_pktmbuf_append(m[i], 1800), i, 1800);
			soil(m[i]);
			if (i % 10 == 9)
				assert_int_equal(rte_pktmbuf_chain(m[i - 1], m[i]), 0);
			m[i] = i % 10 == 9 ? NULL : m[i];
		}
		assert_int_equal(ppool_frag_held(p), 100);
		free_by(way, m, 100);
		assert_int_equal(ppool_frag_held(p), 0);
		assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
		assert_int_equal(rte_pktmbuf_alloc_bulk(hdrs, m, 100), 0);
		for (int i = 0; i < 100; i++) {
			assert_true(RTE_MBUF_DIRECT(m[i]) && m[i]->buf_len == room &&
					m[i]->buf_addr == (char *)m[i] + 128);
			assert_int_equal(m[i]->data_off, RTE_MIN(RTE_PKTMBUF_HEADROOM, room));
			if (room != 0)
				assert_int_equal(m[i]->buf_iova, rte_mem_virt2iova(m[i]->buf_addr));
		}
		rte_pktmbuf_free_bulk(m, 100);
	}
	both_end(p, hdrs);
}

static void
mbufs_on_fragments_are_freed_by_anybody(void **state)
{
	(void)state;
	for (int kind = 0; kind < NB_KINDS; kind++) {
		freed_by_anybody(kind, 0);
		freed_by_anybody(kind, 2176);
	}
}

/* One call: two pools, plain mbufs, an mbuf that somebody else has, too, clones and nothing. */
static void
a_mixed_bulk_is_freed(void **state)
{
	struct rte_mempool *hdrs = headers_make(255, 0);
	struct ppool_conf conf = { .nb_pages = 2, .socket_id = SOCKET_ID_ANY, .ext_bytes = 2048 };
	struct ppool *p = ext_pool_make(4, PER_PAGE), *other = ppool_create("other", &conf);
	struct rte_mbuf *m[90], *shuffled[90], *shared[2];

	(void)state;
	assert_non_null(other);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 40, 2048), 40);
	assert_int_equal(ppool_extbuf_alloc_bulk(other, hdrs, m + 40, 20, 2048), 20);
	assert_int_equal(rte_pktmbuf_alloc_bulk(hdrs, m + 60, 10), 0);
	for (int i = 0; i < 19; i++) {
		m[70 + i] = rte_pktmbuf_clone(m[i * 3], hdrs);
		assert_non_null(m[70 + i]);
	}
	m[89] = NULL;
	shared[0] = m[5];
	shared[1] = m[45];
	for (int i = 0; i < 2; i++)
		rte_mbuf_refcnt_update(shared[i], 1);
	for (int i = 0; i < 90; i++) /* 37 and 90 have no common divisor */
		shuffled[i] = m[i * 37 % 90];
	ppool_pktmbuf_free_bulk(shuffled, 90);
	assert_int_equal(ppool_frag_held(p), 1);
	assert_int_equal(ppool_frag_held(other), 1);
	ppool_pktmbuf_free_bulk(shared, 2);
	assert_int_equal(ppool_frag_held(other), 0);
	assert_int_equal(ppool_destroy(other), 0);
	both_end(p, hdrs);
}

/* Three references to an abandoned page, the only one; freed in every order, by all ways. */
static void
an_abandoned_page_comes_home_once(void **state)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };
	struct rte_mempool *hdrs = headers_make(15, 0);
	struct ppool *p = ext_pool_make(1, PER_PAGE);
	struct rte_mbuf *m[3];
	void *page;

	(void)state;
	for (int way = 0; way < 8; way++)
		for (int o = 0; o < 6; o++) {
			assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 2, 2000), 2);
			m[2] = rte_pktmbuf_clone(m[0], hdrs);
			assert_non_null(m[2]);
			assert_int_equal(ppool_frag_abandon(p), 1);
			for (int i = 0; i < 3; i++) {
				assert_int_equal(ppool_frag_held(p), 3 - i);
				assert_null(ppool_page_alloc(p));
				if (way < 4)
					free_by(way, &m[orders[o][i]], 1);
				else
					free_by_another_thread(way & 3, m[orders[o][i]]);
			}
			page = ppool_page_alloc(p);
			assert_non_null(page);
			assert_null(ppool_page_alloc(p));
			assert_int_equal(ppool_frag_put(p, page), 0);
			assert_int_equal(ppool_frag_audit(stderr, p), 0);
		}
	both_end(p, hdrs);
}

/* The pool ends at once; the last mbuf, whoever frees it how, frees the memory. */
static void
a_pool_ends_while_clones_are_out(void **state)
{
	struct rte_malloc_socket_stats before, after;
	struct rte_mempool *hdrs = headers_make(15, 0);
	struct rte_mbuf *m[3];

	(void)state;
	for (int i = 0; i < 8 * NB_KINDS; i++) {
		struct ppool *p;

		assert_int_equal(rte_malloc_get_socket_stats(0, &before), 0);
		p = ext_pool_make(2, i % NB_KINDS);
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 2, 2000), 2);
		m[2] = rte_pktmbuf_clone(m[1], hdrs);
		assert_int_equal(ppool_destroy(p), -EINPROGRESS);
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 1, 2000), 0);
		assert_int_equal(rte_errno, ESHUTDOWN);
		free_by(i / NB_KINDS & 3, m, 2);
		memset(rte_pktmbuf_mtod(m[2], char *), 1, 1000); /* still there */
		assert_int_equal(ppool_frag_held(p), 1);
		if (i / NB_KINDS < 4)
			free_by(i / NB_KINDS, &m[2], 1);
		else
			free_by_another_thread(i / NB_KINDS & 3, m[2]);
		assert_int_equal(ppool_destroy(p), -ENOENT);
		assert_int_equal(rte_malloc_get_socket_stats(0, &after), 0);
		assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
	}
	assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
}

/* Clones got by DPDK and put by the owner: R and its share grow alike, and must not for ever. */
static void
clones_one_by_one_do_not_wrap(void **state)
{
	struct rte_mempool *hdrs = headers_make(15, 0);
	struct ppool *p = ext_pool_make(1, PER_PAGE);
	struct rte_mbuf *m, *clone;

	(void)state;
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, &m, 1, 2048), 1);
	for (int i = 0; i < 200000; i++) {
		clone = i & 1 ? rte_pktmbuf_clone(m, hdrs) : ppool_extbuf_clone(m, hdrs);
		assert_non_null(clone);
		ppool_pktmbuf_free_bulk(&clone, 1);
	}
	assert_int_equal(ppool_frag_held(p), 1);
	ppool_pktmbuf_free_bulk(&m, 1);
	both_end(p, hdrs);
}

/* 70,000 clones spread over one page of 31 fragments: more than its count's 16 bits would hold. */
static void
seventy_thousand_clones_on_one_page(void **state)
{
	struct rte_mbuf **m = calloc(70031, sizeof(*m));
	struct rte_mempool *hdrs = headers_make(71000, 0);
	struct ppool *p = ext_pool_make(1, PER_FRAG);
	unsigned int nb = 31;

	(void)state;
	assert_non_null(m);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 31, 2048), 31);
	for (int i = 0; i < 70000; i++) {
		m[nb] = i & 1 ? rte_pktmbuf_clone(m[i % 31], hdrs)
		              : ppool_extbuf_clone(m[i % 31], hdrs);
		assert_non_null(m[nb++]);
	}
	ppool_pktmbuf_free_bulk(m, 31); /* the originals first */
	assert_int_equal(ppool_frag_held(p), 31);
	rte_pktmbuf_free_bulk(m + 31, 35000);
	assert_int_equal(ppool_frag_held(p), 31);
	ppool_pktmbuf_free_bulk(m + 35031, 34999);
	assert_int_equal(ppool_frag_held(p), 1);
	rte_pktmbuf_free(m[70030]);
	free(m);
	both_end(p, hdrs);
}

/* Per page they are refused: 65,535 - 65, its bias; of two segments the first is given back. */
static void
seventy_thousand_clones_are_refused(void **state)
{
	struct rte_mbuf **m = calloc(70031, sizeof(*m));
	struct rte_mempool *hdrs = headers_make(71000, 0);
	struct ppool *p = ext_pool_make(1, PER_PAGE);
	unsigned int nb = 31;

	(void)state;
	assert_non_null(m);
	for (int way = 0; way < 2; way++, nb = 31) {
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 31, 2048), 31);
		while (nb < 31 + 65469)
			if ((m[nb] = ppool_extbuf_clone(m[nb % 31], hdrs)) != NULL)
				nb++;
			else
				fail_msg("refused after %u: %s", nb - 31, rte_strerror(rte_errno));
		assert_int_equal(rte_pktmbuf_chain(m[0], m[1]), 0);
		assert_null(ppool_extbuf_clone(m[0], hdrs));
		assert_int_equal(rte_errno, EOVERFLOW);
		m[1] = ppool_extbuf_clone(m[2], hdrs);
		assert_non_null(m[1]);
		nb++; /* the chained one */
		assert_null(ppool_extbuf_clone(m[2], hdrs));
		assert_int_equal(rte_errno, EOVERFLOW);
		assert_int_equal(ppool_frag_get(p, m[2]->buf_addr, 1), -EOVERFLOW);
		assert_int_equal(ppool_frag_held(p), nb);
		assert_int_equal(rte_mempool_in_use_count(hdrs), nb);
		nb--;
		free_by(way, m, nb);
		assert_int_equal(ppool_frag_held(p), 0);
		assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
	}
	free(m);
	both_end(p, hdrs);
}

static void
a_pool_with_mbufs_leaves_nothing_behind(void **state)
{
	struct rte_malloc_socket_stats before, after;

	(void)state;
	for (int kind = 0; kind < NB_KINDS; kind++) {
		assert_int_equal(rte_malloc_get_socket_stats(0, &before), 0);
		assert_int_equal(ppool_destroy(ext_pool_make(16, kind)), 0);
		assert_int_equal(rte_malloc_get_socket_stats(0, &after), 0);
		assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
	}
}

static void
conf_refused(uint32_t page_bytes, uint32_t ext_bytes, uint32_t bias)
{
	struct ppool_conf conf = { .nb_pages = 1,
		.page_bytes = page_bytes,
		.socket_id = SOCKET_ID_ANY,
		.ext_bytes = ext_bytes,
		.bias = bias };

	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
}

static void
mbufs_are_refused_by_name(void **state)
{
	struct ppool_conf conf = { .nb_pages = 1, .socket_id = SOCKET_ID_ANY };
	struct ppool *p = ppool_create("mp", &conf);
	struct rte_mempool *hdrs = headers_make(15, 0);
	struct rte_mbuf *m[64];
	void *frag = ppool_frag_alloc(p, 64, 0);

	(void)state;
	conf_refused(65536, 1000, 0);
	conf_refused(65536, 131072, 0);
	conf_refused(65536, 1024, 64);    /* none would stay */
	conf_refused(65536, 1024, 32768); /* clones need room */
	conf_refused(2 << 20, 64, 0);     /* 32,768 fragments */
	assert_int_equal(rte_pktmbuf_alloc_bulk(hdrs, m, 1), 0);
	assert_int_equal(ppool_extbuf_attach(p, m[0], frag, 64), -ENOTSUP);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 1, 64), 0);
	assert_int_equal(rte_errno, ENOTSUP);
	assert_int_equal(ppool_frag_put(p, frag), 0);
	assert_int_equal(ppool_destroy(p), 0);
	rte_pktmbuf_free(m[0]);
	for (int kind = 0; kind < NB_KINDS; kind++) {
		p = ext_pool_make(1, kind);
		assert_int_equal(rte_pktmbuf_alloc_bulk(hdrs, m, 1), 0);
		assert_int_equal(ppool_extbuf_attach(p, m[0], &conf, 64), -EINVAL);
		frag = ppool_page_alloc(p);
		if (kind == PER_FRAG)
			assert_int_equal(ppool_extbuf_attach(p, m[0], (char *)frag + 512, 64),
					-EINVAL);
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 20, 64), 0);
		assert_int_equal(rte_errno, ENOBUFS);
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 14, 64), 0);
		assert_int_equal(rte_errno, ENOENT);
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 14, 0), 0);
		assert_int_equal(rte_errno, EINVAL);
		assert_int_equal(ppool_frag_put(p, frag), 0);
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 14, 64), 14);
		assert_null(ppool_extbuf_clone(m[1], hdrs));
		assert_int_equal(rte_errno, ENOBUFS);
		ppool_pktmbuf_free_bulk(m, 15);
		assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
		assert_int_equal(ppool_frag_held(p), 0);
		assert_int_equal(ppool_destroy(p), 0);
	}
	rte_mempool_free(hdrs);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		MP_CASE(mbufs_on_fragments_are_freed_by_anybody),
		MP_CASE(a_mixed_bulk_is_freed),
		MP_CASE(an_abandoned_page_comes_home_once),
		MP_CASE(a_pool_ends_while_clones_are_out),
		MP_CASE(clones_one_by_one_do_not_wrap),
		MP_CASE(seventy_thousand_clones_on_one_page),
		MP_CASE(seventy_thousand_clones_are_refused),
		MP_CASE(mbufs_are_refused_by_name),
		MP_CASE(a_pool_with_mbufs_leaves_nothing_behind),
	};

	return MP_MAIN(argc, argv, tests);
}
