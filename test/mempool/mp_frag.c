/* SPDX-License-Identifier: BSD-3-Clause */
/* The fragment API: sizes, limits, mbufs on fragments. More of it is in mp_review.c and mp_life.c.
 */
#include <rte_malloc.h>

#include "mp_frag_rig.h"

static void
several_sizes_live_on_one_set_of_pages(void **state)
{
	static const struct {
		uint32_t bytes, align, step;
	} sizes[] = { { 1, 0, 64 }, { 2048, 0, 2048 }, { 60, 256, 256 }, { 9000, 128, 9088 },
		{ 40000, 0, 40000 }, { 65536, 0, 65536 }, { 100, 4096, 4096 } };
	struct ppool *p = pool_make(64, 65536, 0);
	uint8_t *frag[7 * 8];
	uint32_t size[7 * 8];
	int nb = 0;

	(void)state;
	for (int round = 0; round < 8; round++)
		for (int i = 0; i < 7; i++, nb++) {
			uint32_t align = RTE_MAX(sizes[i].align, 64u);

			frag[nb] = ppool_frag_alloc(p, sizes[i].bytes, sizes[i].align);
			assert_non_null(frag[nb]);
			assert_int_equal((uintptr_t)frag[nb] % align, 0);
			assert_int_equal(ppool_frag_iova(p, frag[nb]), rte_mem_virt2iova(frag[nb]));
			size[nb] = sizes[i].bytes;
			memset(frag[nb], nb, size[nb]);
		}
	for (int i = 0; i < nb; i++)
		for (uint32_t b = 0; b < size[i]; b += 17)
			assert_int_equal(frag[i][b], i);
	assert_int_equal(ppool_frag_held(p), nb);
	for (int i = 0; i < nb; i++)
		assert_int_equal(ppool_frag_put(p, frag[i * 13 % nb]), 0);
	pool_end(p);
}

/* All of it can be had, at every size, again and again; one page is 1,024 pieces of 64 bytes. */
static void
a_pool_gives_all_of_its_pages(void **state)
{
	static const uint32_t sizes[] = { 64, 128, 2048, 2176, 8192, 32768, 32832, 65536 };
	struct ppool *p = pool_make(8, 65536, 0);
	void **frags = calloc(8 * 1024 + 1, sizeof(*frags));

	(void)state;
	assert_non_null(frags);
	for (int round = 0; round < 3; round++)
		for (unsigned int s = 0; s < RTE_DIM(sizes); s++) {
			uint32_t nb = 8 * (65536 / sizes[s]);

			assert_int_equal(ppool_frag_alloc_bulk(p, frags, nb + 1, sizes[s], 0),
					-ENOENT);
			assert_int_equal(ppool_frag_held(p), 0);
			assert_int_equal(ppool_frag_alloc_bulk(p, frags, nb / 2, sizes[s], 0), 0);
			assert_int_equal(ppool_frag_alloc_bulk(p, frags + nb / 2, nb - nb / 2,
							 sizes[s], 0),
					0);
			assert_null(ppool_frag_alloc(p, sizes[s], 0));
			assert_int_equal(rte_errno, ENOENT);
			for (uint32_t i = 0; i < nb; i++)
				*(uint32_t *)frags[i] = i;
			for (uint32_t i = 0; i < nb; i++)
				assert_int_equal(*(uint32_t *)frags[i], i);
			assert_int_equal(ppool_frag_put_bulk(p, frags, nb), 0);
		}
	pool_end(p);
	free(frags);
}

static void
limits_are_checked(void **state)
{
	static const uint32_t pages[] = { 4096, 65536, 2 << 20 };
	struct ppool_conf conf = { .nb_pages = 2, .socket_id = SOCKET_ID_ANY };
	void *frags[1];

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(pages); i++) {
		struct ppool *p = pool_make(2, pages[i], 0);

		assert_int_equal(ppool_page_size(p), pages[i]);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, pages[i] + 1, 0), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, 0, 0), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, 64, 96), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, 64, 2 * pages[i]), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 0, 64, 0), 0);
		assert_int_equal(ppool_frag_put(p, &conf), -EINVAL);
		assert_int_equal(ppool_frag_get(p, &conf, 1), -EINVAL);
		assert_int_equal(ppool_frag_iova(p, &conf), RTE_BAD_IOVA);
		pool_end(p);
	}
	assert_null(ppool_create("x", NULL));
	assert_null(ppool_create(NULL, &conf));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(ppool_create("29 characters, one too many..", &conf));
	assert_int_equal(rte_errno, ENAMETOOLONG);
	assert_non_null(ppool_create("28 characters, the longest..", &conf));
	assert_int_equal(ppool_destroy(ppool_lookup("28 characters, the longest..")), 0);
	conf.page_bytes = 5000;
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
	conf.page_bytes = 65536;
	conf.bias = 1024; /* as many as a page has pieces: none would stay */
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
	conf.bias = 0;
	conf.nb_pages = 0;
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
	conf.nb_pages = 1 << 21;
	assert_null(ppool_create("x", &conf)); /* 128 GiB */
	assert_int_equal(rte_errno, ENOMEM);
	conf.nb_pages = 1;
	assert_non_null(ppool_create("x", &conf));
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EEXIST);
	assert_int_equal(ppool_destroy(ppool_lookup("x")), 0);
	assert_int_equal(ppool_destroy((struct ppool *)&conf), -ENOENT);
}

/* Freed by the stock functions and by ours; headers come back empty and direct. */
static void
mbufs_on_fragments_are_freed_by_anybody(void **state)
{
	struct rte_mempool *hdrs = rte_pktmbuf_pool_create("hdrs", 511, 0, 0, 0, SOCKET_ID_ANY);
	struct ppool *p = ext_pool_make(8);
	struct rte_mbuf *m[100];
	const char *why;

	(void)state;
	for (int way = 0; way < 4; way++) {
		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 100, 2000), 100);
		for (int i = 0; i < 100; i++) {
			assert_int_equal(rte_mbuf_check(m[i], 1, &why), 0);
			assert_int_equal(m[i]->buf_iova, rte_mem_virt2iova(m[i]->buf_addr));
			assert_int_equal(rte_pktmbuf_headroom(m[i]), RTE_PKTMBUF_HEADROOM);
			assert_int_equal(rte_pktmbuf_tailroom(m[i]), 2000 - RTE_PKTMBUF_HEADROOM);
			memset(rte_pktmbuf_append(m[i], 1800), i, 1800);
			if (i % 10 == 9)
				assert_int_equal(rte_pktmbuf_chain(m[i - 1], m[i]), 0);
			m[i] = i % 10 == 9 ? NULL : m[i];
		}
		assert_int_equal(ppool_frag_held(p), 100);
		if (way == 0)
			rte_pktmbuf_free_bulk(m, 100);
		else if (way < 3)
			ppool_pktmbuf_free_bulk(m, 100);
		else
			for (int i = 0; i < 100; i++)
				rte_pktmbuf_free(m[i]);
		assert_int_equal(ppool_frag_held(p), 0);
		assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
		assert_int_equal(rte_pktmbuf_alloc_bulk(hdrs, m, 100), 0);
		for (int i = 0; i < 100; i++)
			assert_true(RTE_MBUF_DIRECT(m[i]) && m[i]->buf_len == 0 &&
					m[i]->buf_addr == (char *)m[i] + 128);
		rte_pktmbuf_free_bulk(m, 100);
	}
	rte_mempool_free(hdrs);
	pool_end(p);
}

/* 70,000 clones spread over one page of 31 fragments: more than its count's 16 bits would hold. */
static void
seventy_thousand_clones_on_one_page(void **state)
{
	struct rte_mempool *hdrs = rte_pktmbuf_pool_create("hdrs", 71000, 0, 0, 0, SOCKET_ID_ANY);
	struct rte_mbuf **m = calloc(70031, sizeof(*m));
	struct ppool *p = ext_pool_make(1);
	unsigned int nb = 31;

	(void)state;
	assert_true(hdrs != NULL && m != NULL);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m, 31, 2048), 31);
	for (int i = 0; i < 70000; i++) {
		m[nb] = rte_pktmbuf_clone(m[i % 31], hdrs);
		assert_non_null(m[nb++]);
	}
	ppool_pktmbuf_free_bulk(m, 31); /* the originals first */
	assert_int_equal(ppool_frag_held(p), 31);
	rte_pktmbuf_free_bulk(m + 31, 35000);
	assert_int_equal(ppool_frag_held(p), 31);
	ppool_pktmbuf_free_bulk(m + 35031, 34999);
	assert_int_equal(ppool_frag_held(p), 1);
	rte_pktmbuf_free(m[70030]);
	assert_int_equal(ppool_frag_held(p), 0);
	assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
	free(m);
	rte_mempool_free(hdrs);
	pool_end(p);
}

static void
a_pool_with_mbufs_leaves_nothing_behind(void **state)
{
	struct rte_malloc_socket_stats before, after;

	(void)state;
	assert_int_equal(rte_malloc_get_socket_stats(0, &before), 0);
	pool_end(ext_pool_make(16));
	assert_int_equal(rte_malloc_get_socket_stats(0, &after), 0);
	assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
}

static void
mbufs_are_refused_by_name(void **state)
{
	struct rte_mempool *hdrs = rte_pktmbuf_pool_create("hdrs", 15, 0, 0, 0, SOCKET_ID_ANY);
	struct ppool_conf conf = { .nb_pages = 1, .socket_id = SOCKET_ID_ANY, .ext_bytes = 1000 };
	struct ppool *p = pool_make(1, 65536, 0);
	struct rte_mbuf *m[64];
	void *frag = ppool_frag_alloc(p, 64, 0);

	(void)state;
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
	assert_int_equal(rte_pktmbuf_alloc_bulk(hdrs, m, 1), 0);
	assert_int_equal(ppool_extbuf_attach(p, m[0], frag, 64), -ENOTSUP);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 1, 64), 0);
	assert_int_equal(rte_errno, ENOTSUP);
	assert_int_equal(ppool_frag_put(p, frag), 0);
	pool_end(p);
	p = ext_pool_make(1);
	assert_int_equal(ppool_extbuf_attach(p, m[0], &conf, 64), -EINVAL);
	frag = ppool_page_alloc(p);
	assert_int_equal(ppool_extbuf_attach(p, m[0], (char *)frag + 512, 64), -EINVAL);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 20, 64), 0);
	assert_int_equal(rte_errno, ENOBUFS);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 14, 64), 0);
	assert_int_equal(rte_errno, ENOENT);
	assert_int_equal(ppool_frag_put(p, frag), 0);
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, m + 1, 14, 64), 14);
	ppool_pktmbuf_free_bulk(m, 15);
	assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
	rte_mempool_free(hdrs);
	pool_end(p);
}

int
main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_teardown(name, leftover_free)
	static const struct CMUnitTest tests[] = {
		CASE(several_sizes_live_on_one_set_of_pages),
		CASE(a_pool_gives_all_of_its_pages),
		CASE(limits_are_checked),
		CASE(mbufs_on_fragments_are_freed_by_anybody),
		CASE(seventy_thousand_clones_on_one_page),
		CASE(mbufs_are_refused_by_name),
		CASE(a_pool_with_mbufs_leaves_nothing_behind),
	};
	int ret;

	if (rte_eal_init(argc, argv) < 0)
		return 1;
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return ret;
}
