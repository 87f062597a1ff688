/* SPDX-License-Identifier: BSD-3-Clause */
/* Paired pools as an application uses them: a mempool of mbufs, whatever is done to the mbufs. */
#include <pthread.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "mp_rig.h"

#define N    1000
#define ROOM 2176

static enum ppool_kind kind_now; /* every case runs on both kinds of pages */

static struct rte_mempool *
pool_make(unsigned int n, unsigned int cache, uint16_t priv)
{
	struct ppool_pktmbuf_conf conf = { .kind = kind_now };
	struct rte_mempool *mp =
			ppool_pktmbuf_pool_create("mp", n, cache, priv, ROOM, SOCKET_ID_ANY, &conf);

	assert_non_null(mp);
	assert_non_null(ppool_pktmbuf_pool(mp));
	return mp;
}

static void
pool_end(struct rte_mempool *mp)
{
	assert_int_equal(rte_mempool_in_use_count(mp), 0);
	assert_int_equal(ppool_audit(stderr, mp), 0);
	rte_mempool_free(mp);
}

/* Sound, empty, attached to its own fragment. */
static void
mbuf_check(const struct rte_mbuf *m, const struct rte_mempool *mp, uint16_t priv)
{
	const char *why;

	assert_int_equal(rte_mbuf_check(m, 1, &why), 0);
	assert_ptr_equal(m->pool, mp);
	assert_int_equal(m->priv_size, priv);
	assert_int_equal(m->buf_len, ROOM);
	assert_true(m->ol_flags & RTE_MBUF_F_EXTERNAL);
	assert_true(RTE_MBUF_HAS_PINNED_EXTBUF(m));
	assert_int_equal((uintptr_t)m->buf_addr % 128, 0);
	assert_int_equal(m->buf_iova, rte_mem_virt2iova(m->buf_addr));
	assert_int_equal(rte_mbuf_ext_refcnt_read(m->shinfo), 1);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_null(m->next);
}

static void
it_is_a_mempool_of_mbufs(void **state)
{
	static const struct {
		unsigned int n, cache;
		uint16_t priv;
	} cases[] = { { N, 0, 0 }, { N, 32, 64 }, { 31, 0, 8 }, { 1, 0, 0 }, { 4097, 512, 256 } };

	(void)state;
	for (unsigned int c = 0; c < RTE_DIM(cases); c++) {
		struct rte_mempool *mp = pool_make(cases[c].n, cases[c].cache, cases[c].priv);
		void **objs = mp_take_all(mp, 32, 0);

		assert_int_equal(rte_pktmbuf_data_room_size(mp), ROOM);
		assert_int_equal(rte_pktmbuf_priv_size(mp), cases[c].priv);
		for (unsigned int i = 0; i < cases[c].n; i++) {
			mbuf_check(objs[i], mp, cases[c].priv);
			memset(((struct rte_mbuf *)objs[i])->buf_addr, (int)i, ROOM);
			memset(rte_mbuf_to_priv(objs[i]), (int)i, cases[c].priv);
		}
		for (unsigned int i = 0; i < cases[c].n; i++) {
			const uint8_t *data = ((struct rte_mbuf *)objs[i])->buf_addr;

			mbuf_check(objs[i], mp, cases[c].priv);
			assert_int_equal(data[0], (uint8_t)i);
			assert_int_equal(data[ROOM - 1], (uint8_t)i);
		}
		mp_give_all(mp, objs, 17);
		if (kind_now == PPOOL_KIND_COUNT) /* a page waits for its fragments in the cache */
			rte_mempool_cache_flush(rte_mempool_default_cache(mp, rte_lcore_id()), mp);
		mp_give_all(mp, mp_take_all(mp, 500, 0), 500);
		pool_end(mp);
	}
}

static void
buffers_and_addresses_by_runs(void **state)
{
	struct rte_mempool *mp = pool_make(N, 0, 0);
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	uint32_t mbuf_stride, frag_bytes;
	struct ppool_run runs[70];
	struct rte_mbuf *m[N];

	(void)state;
	ppool_pktmbuf_strides(pp, &mbuf_stride, &frag_bytes);
	for (int round = 0; round < 50; round++) {
		unsigned int n = 0;

		while (n < N) {
			unsigned int want = RTE_MIN(1u + n * 7 % 70, N - n), got = 0;
			unsigned int nb =
					ppool_pktmbuf_alloc_runs(pp, PPOOL_HOLDER_NONE, runs, want);

			assert_in_range(nb, 1, want);
			for (unsigned int r = 0; r < nb; r++)
				for (uint32_t i = 0; i < runs[r].nb; i++, got++) {
					m[n + got] = RTE_PTR_ADD(
							runs[r].first, (size_t)i * mbuf_stride);
					assert_int_equal(m[n + got]->buf_iova,
							runs[r].iova + (uint64_t)i * frag_bytes);
				}
			assert_int_equal(got, want);
			n += want;
		}
		assert_int_equal(ppool_pktmbuf_alloc_runs(pp, PPOOL_HOLDER_NONE, runs, 1), 0);
		ppool_pktmbuf_free_bulk(m, N / 2);
		rte_pktmbuf_free_bulk(m + N / 2, N / 2);
	}
	pool_end(mp);
}

/* Original and clones freed in every order, by the stock functions and by ours. */
static void
clones_keep_their_source(void **state)
{
	struct rte_mempool *mp = pool_make(N, 0, 0);
	struct rte_mempool *hdrs = rte_pktmbuf_pool_create("hdrs", N, 0, 0, 0, SOCKET_ID_ANY);

	(void)state;
	assert_non_null(hdrs);
	for (int order = 0; order < 12; order++) {
		struct rte_mbuf *m[3] = { rte_pktmbuf_alloc(mp) };

		memset(rte_pktmbuf_append(m[0], 100), order, 100);
		m[1] = rte_pktmbuf_clone(m[0], hdrs);
		m[2] = rte_pktmbuf_clone(m[1], hdrs); /* of a clone */
		assert_true(m[1] != NULL && m[2] != NULL);
		assert_int_equal(rte_mbuf_ext_refcnt_read(m[0]->shinfo), 3);
		for (int i = 0; i < 3; i++) {
			struct rte_mbuf *one = m[(order + i * (1 + order % 2)) % 3];

			assert_int_equal(rte_mempool_in_use_count(mp), 1);
			assert_int_equal(*rte_pktmbuf_mtod(one, uint8_t *), order);
			if (order < 6)
				rte_pktmbuf_free(one);
			else
				ppool_pktmbuf_free_bulk(&one, 1);
		}
		assert_int_equal(rte_mempool_in_use_count(mp), 0);
		assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
	}
	pool_end(mp);
	rte_mempool_free(hdrs);
}

static void
chains_and_edits(void **state)
{
	struct rte_mempool *mp = pool_make(N, 0, 0);
	struct rte_mempool *plain = rte_pktmbuf_pool_create(
			"plain", N, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct rte_mbuf *m[4], *copy;

	(void)state;
	assert_non_null(plain);
	for (int i = 0; i < 4; i++) {
		m[i] = rte_pktmbuf_alloc(mp);
		memset(rte_pktmbuf_append(m[i], 300), i, 300);
		if (i > 0)
			assert_int_equal(rte_pktmbuf_chain(m[0], m[i]), 0);
	}
	assert_non_null(rte_pktmbuf_prepend(m[0], 14));
	assert_non_null(rte_pktmbuf_adj(m[0], 14));
	assert_int_equal(rte_pktmbuf_trim(m[0], 10), 0);
	copy = rte_pktmbuf_copy(m[0], plain, 0, UINT32_MAX); /* out of the pool */
	assert_int_equal(rte_pktmbuf_pkt_len(copy), 1190);
	rte_pktmbuf_free(copy);
	assert_int_equal(rte_mempool_in_use_count(mp), 4);
	assert_int_equal(rte_pktmbuf_linearize(m[0]), 0);
	assert_int_equal(rte_mempool_in_use_count(mp), 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(rte_pktmbuf_mtod(m[0], uint8_t *)[300 * i], i);
	rte_pktmbuf_detach(m[0]); /* a no-op on a pinned buffer */
	assert_true(RTE_MBUF_HAS_PINNED_EXTBUF(m[0]));
	ppool_pktmbuf_free_bulk(m, 1);
	pool_end(mp);
	rte_mempool_free(plain);
}

/* One burst with buffers of several pools, chains, clones and nothing. */
static void
a_mixed_burst_is_freed(void **state)
{
	struct rte_mempool *mp = pool_make(N, 0, 0),
			   *plain = rte_pktmbuf_pool_create("plain", N, 32, 0,
					   RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct rte_mbuf *m[200];

	(void)state;
	assert_non_null(plain);
	for (int i = 0; i < 200; i++) {
		m[i] = i % 5 == 4 ? NULL : rte_pktmbuf_alloc(i % 3 ? mp : plain);
		if (m[i] != NULL && i % 7 == 3)
			assert_int_equal(rte_pktmbuf_chain(m[i], rte_pktmbuf_alloc(mp)), 0);
		if (m[i] != NULL && i % 11 == 5)
			assert_int_equal(
					rte_pktmbuf_chain(m[i], rte_pktmbuf_clone(m[i], plain)), 0);
	}
	ppool_pktmbuf_free_bulk(m, 200);
	assert_int_equal(rte_mempool_in_use_count(plain), 0);
	pool_end(mp);
	rte_mempool_free(plain);
}

static void
nothing_is_stranded_with_an_lcore(void **state)
{
	struct rte_mempool *mp = pool_make(N, 0, 0);
	struct mp_lcore job = { .mp = mp };
	unsigned int lcore = rte_get_next_lcore(-1, 1, 0);
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 3; i++) {
		void *one;

		mp_give_all(mp, mp_take_all(mp, 32, 0), 32);
		assert_int_equal(rte_mempool_get(mp, &one), 0); /* leaves a page open */
		rte_mempool_put(mp, one);
		assert_int_equal(rte_eal_remote_launch(mp_all_once, &job, lcore), 0);
		assert_int_equal(rte_eal_wait_lcore(lcore), 0);
		assert_int_equal(pthread_create(&thread, NULL, mp_thread_main, &job), 0);
		pthread_join(thread, NULL);
		assert_int_equal(job.ret, 0);
	}
	pool_end(mp);
}

static void
foreign_frees_are_refused(void **state)
{
	struct rte_mempool *mp = pool_make(100, 0, 0);
	struct ppool_stats stats;
	void *foreign = &stats, *one;

	(void)state;
	assert_int_equal(rte_mempool_get(mp, &one), 0);
	rte_mempool_put(mp, foreign);
	assert_int_equal(rte_mempool_in_use_count(mp), 1);
	rte_mempool_put(mp, one);
	assert_int_equal(ppool_stats_get(mp, &stats), 0);
	assert_int_equal(stats.bad_frees, 1);
	pool_end(mp);
}

static void
wrong_requests_have_their_errno(void **state)
{
	struct ppool_pktmbuf_conf conf = { .kind = kind_now, .page_bytes = 3000 };
	struct rte_mempool *mp, *other;
	char name[64];

	(void)state;
	assert_null(ppool_pktmbuf_pool_create("x", 0, 0, 0, ROOM, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(ppool_pktmbuf_pool_create("x", 10, 0, 3, ROOM, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(ppool_pktmbuf_pool_create("x", 10, 0, 0, 64, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(ppool_pktmbuf_pool_create("x", 10, 0, 0, ROOM, SOCKET_ID_ANY, &conf));
	assert_int_equal(rte_errno, EINVAL);
	conf.page_bytes = 2048; /* less than a fragment */
	assert_null(ppool_pktmbuf_pool_create("x", 10, 0, 0, ROOM, SOCKET_ID_ANY, &conf));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(ppool_pktmbuf_pool_create("x", 100000000, 0, 0, ROOM, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_errno, ENOMEM);
	assert_null(ppool_pktmbuf_pool_create("x", 10, 100, 0, ROOM, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_errno, EINVAL); /* the cache is larger than the pool */
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_null(ppool_pktmbuf_pool_create(name, 10, 0, 0, ROOM, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_errno, ENAMETOOLONG);
	mp = pool_make(10, 0, 0);
	assert_null(ppool_pktmbuf_pool_create("mp", 10, 0, 0, ROOM, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_errno, EEXIST);
	pool_end(mp);
	other = rte_mempool_create_empty("x", 10, 200, 0, 0, SOCKET_ID_ANY, 0);
	assert_int_equal(rte_mempool_set_ops_byname(other, PPOOL_PAIRED_OPS_NAME, NULL), 0);
	assert_int_equal(rte_mempool_populate_default(other), -EINVAL);
	rte_mempool_free(other);
}

/* Instead of DPDK's: ports of drivers that cannot be had here. */
int
rte_eth_dev_info_get(uint16_t port_id, struct rte_eth_dev_info *info)
{
	static const char *const drivers[] = { "net_null", "net_hns3", "net_virtio_user",
		"net_hns3_pmd" };

	if (port_id >= RTE_DIM(drivers))
		return -ENODEV;
	memset(info, 0, sizeof(*info));
	info->driver_name = drivers[port_id];
	return 0;
}

static void
queues_of_drivers_that_break_clones_are_refused(void **state)
{
	struct rte_mempool *mp = pool_make(10, 0, 0);
	struct rte_mempool *plain = rte_pktmbuf_pool_create("plain", 10, 0, 0, ROOM, SOCKET_ID_ANY);

	(void)state;
	assert_non_null(plain);
	assert_int_equal(ppool_rxq_check(0, mp), 0);
	assert_int_equal(ppool_rxq_check(1, mp), -ENOTSUP);
	assert_int_equal(ppool_rxq_check(2, mp), -ENOTSUP);
	assert_int_equal(ppool_rxq_check(3, mp), 0);
	assert_int_equal(ppool_rxq_check(4, mp), -ENODEV);
	assert_int_equal(ppool_rxq_check(1, plain), 0);
	pool_end(mp);
	rte_mempool_free(plain);
}

/* No memory anywhere is lost by a pool that came and went. */
static void
nothing_is_left_behind(void **state)
{
	struct rte_malloc_socket_stats before, after;

	(void)state;
	pool_end(pool_make(N, 32, 64));
	assert_int_equal(rte_malloc_get_socket_stats(0, &before), 0);
	for (int i = 0; i < 10; i++)
		pool_end(pool_make(N, 32, 64));
	assert_null(ppool_pktmbuf_pool_create("x", 100000000, 0, 0, ROOM, SOCKET_ID_ANY, NULL));
	assert_int_equal(rte_malloc_get_socket_stats(0, &after), 0);
	assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
}

static int
kind_set_count(void **state)
{
	(void)state;
	kind_now = PPOOL_KIND_COUNT;
	return 0;
}

static int
kind_set_bitmap(void **state)
{
	(void)state;
	kind_now = PPOOL_KIND_BITMAP;
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		MP_CASE(it_is_a_mempool_of_mbufs),
		MP_CASE(buffers_and_addresses_by_runs),
		MP_CASE(clones_keep_their_source),
		MP_CASE(chains_and_edits),
		MP_CASE(a_mixed_burst_is_freed),
		MP_CASE(nothing_is_stranded_with_an_lcore),
		MP_CASE(foreign_frees_are_refused),
		MP_CASE(wrong_requests_have_their_errno),
		MP_CASE(queues_of_drivers_that_break_clones_are_refused),
		MP_CASE(nothing_is_left_behind),
	};

	if (rte_eal_init(argc, argv) < 0)
		return 1;
	return mp_end(cmocka_run_group_tests_name(
				      "paired, count pages", tests, kind_set_count, NULL) +
			cmocka_run_group_tests_name(
					"paired, bitmap pages", tests, kind_set_bitmap, NULL));
}
