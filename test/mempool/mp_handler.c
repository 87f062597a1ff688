/* SPDX-License-Identifier: BSD-3-Clause */
/* The rte_mempool handler "ppool", set explicitly: every shape of pool gives all it has. */
#include <pthread.h>
#include <sys/queue.h>

#include <rte_malloc.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

#include "mp_rig.h"

static struct rte_mempool *
empty_make(uint32_t n, uint32_t elt, uint32_t cache, unsigned int flags)
{
	struct rte_mempool *mp =
			rte_mempool_create_empty("mp", n, elt, cache, 0, SOCKET_ID_ANY, flags);

	assert_non_null(mp);
	assert_int_equal(rte_mempool_set_ops_byname(mp, "ppool", NULL), 0);
	return mp;
}

static void
pool_check_and_free(struct rte_mempool *mp)
{
	static const uint32_t bursts[] = { 1, 7, 32, 500 };

	for (unsigned int i = 0; i < RTE_DIM(bursts); i++)
		mp_give_all(mp, mp_take_all(mp, bursts[i], mp->elt_size), bursts[(i + 1) % 4]);
	rte_mempool_free(mp);
	assert_null(rte_mempool_lookup("mp"));
}

static void
every_size_and_cache(void **state)
{
	static const struct {
		uint32_t n, elt, cache;
		unsigned int flags;
	} cases[] = {
		{ 1000, 2304, 0, 0 },
		{ 4095, 2304, 512, 0 },
		{ 5000, 64, 0, 0 }, /* elements of 64 B */
		{ 5000, 8, 256, 0 },
		{ 20, 100000, 0, 0 }, /* larger than a page of the pool */
		{ 3, 3000000, 0, RTE_MEMPOOL_F_NO_IOVA_CONTIG }, /* than a hugepage */
		{ 1, 64, 0, 0 },
		{ 27 * 4, 2304, 0, 0 },
	};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(cases); i++) {
		struct rte_mempool *mp = empty_make(
				cases[i].n, cases[i].elt, cases[i].cache, cases[i].flags);

		assert_int_equal(rte_mempool_populate_default(mp), cases[i].n);
		pool_check_and_free(mp);
	}
}

static void
anonymous_memory(void **state)
{
	static const unsigned int flags[] = { 0, RTE_MEMPOOL_F_NO_IOVA_CONTIG };

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(flags); i++) {
		struct rte_mempool *mp = empty_make(300, 2304, 0, flags[i]);

		assert_int_equal(rte_mempool_populate_anon(mp), 300);
		pool_check_and_free(mp);
	}
}

static void
no_iova_contiguity(void **state)
{
	struct rte_mempool *mp = empty_make(3000, 2304, 32, RTE_MEMPOOL_F_NO_IOVA_CONTIG);

	(void)state;
	assert_int_equal(rte_mempool_populate_default(mp), 3000);
	pool_check_and_free(mp);
}

/* Several chunks, each at an address that suits nobody, and the objects' IOVAs are told right. */
static void
chunks_at_odd_addresses(void **state)
{
	static const struct {
		size_t at, bytes;
		int gives; /* 200 in all */
	} parts[] = {
		{ 3000001, 100 * 2560,
				99 }, /* 2432 each in 64K pages: 26 a page, less the odd bytes */
		{ 77, 2 * 2432 + 130, 2 },
		{ 1000003, 70 * 2560, 0 },
		{ 2000077, 200 * 2560, 0 },
	};
	struct rte_mempool *mp = empty_make(200, 2304, 0, 0);
	char *area = aligned_alloc(4096, 8 << 20);
	struct rte_mempool_objhdr *hdr;
	uint32_t nb = 0;

	(void)state;
	assert_non_null(area);
	for (unsigned int i = 0; i < RTE_DIM(parts) && nb < 200; i++) {
		int ret = rte_mempool_populate_iova(mp, area + parts[i].at,
				0x100000000 + parts[i].at, parts[i].bytes, NULL, NULL);

		assert_in_range(ret, 1, 200 - nb);
		if (i == 1)
			assert_int_equal(ret, 2);
		nb += (uint32_t)ret;
	}
	assert_int_equal(nb, 200);
	assert_in_range(mp->nb_mem_chunks, 3, 4);
	STAILQ_FOREACH(hdr, &mp->elt_list, next)
	assert_int_equal(hdr->iova - 0x100000000, (char *)(hdr + 1) - area);
	pool_check_and_free(mp);
	free(area);
}

static void
object_init(struct rte_mempool *mp, void *arg, void *obj, unsigned int idx)
{
	(void)mp;
	(*(unsigned int *)arg)++;
	*(unsigned int *)obj = idx;
}

static void
chunk_count(struct rte_mempool *mp, void *arg, struct rte_mempool_memhdr *chunk, unsigned int idx)
{
	(void)mp;
	(void)chunk;
	(void)idx;
	(*(unsigned int *)arg)++;
}

/* How often rte_mempool_list_dump() says @p what. */
static unsigned int
list_dump_count(const char *what)
{
	unsigned int nb = 0;
	char *text = NULL;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	assert_non_null(f);
	rte_mempool_list_dump(f);
	fclose(f);
	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		nb++;
	free(text);
	return nb;
}

static void
objects_are_initialised_and_listed(void **state)
{
	struct rte_mempool *mp = empty_make(777, 2304, 0, 0);
	unsigned int nb = 0, nb_chunks = 0, seen = 0;
	void *objs[777];

	(void)state;
	assert_int_equal(rte_mempool_populate_default(mp), 777);
	assert_int_equal(rte_mempool_obj_iter(mp, object_init, &nb), 777);
	assert_int_equal(nb, 777);
	rte_mempool_mem_iter(mp, chunk_count, &nb_chunks);
	assert_int_equal(nb_chunks, mp->nb_mem_chunks);
	assert_int_equal(rte_mempool_get_bulk(mp, objs, 777), 0);
	for (int i = 0; i < 777; i++)
		seen += *(unsigned int *)objs[i];
	assert_int_equal(seen, 776 * 777 / 2);
	rte_mempool_put_bulk(mp, objs, 777);
	rte_mempool_audit(mp);
	assert_int_equal(list_dump_count("mempool <mp>@"), 1);
	assert_int_equal(list_dump_count("ops_name: <ppool>"), 1);
	assert_int_equal(list_dump_count("common_pool_count=777\n"), 1);
	pool_check_and_free(mp);
}

static void
whole_pages_are_contiguous_blocks(void **state)
{
	struct rte_mempool *mp = empty_make(270, 2304, 0, 0);
	struct rte_mempool_info info;
	size_t elt = mp->header_size + mp->elt_size + mp->trailer_size;
	void *first[10];

	(void)state;
	assert_int_equal(rte_mempool_populate_default(mp), 270);
	assert_int_equal(rte_mempool_ops_get_info(mp, &info), 0);
	assert_int_equal(info.contig_block_size, 65536 / elt);
	assert_int_equal(rte_mempool_get_contig_blocks(mp, first, 5), 0);
	for (int i = 0; i < 5; i++)
		for (unsigned int j = 0; j < info.contig_block_size; j++)
			rte_mempool_put(mp, (char *)first[i] + j * elt);
	pool_check_and_free(mp);
}

static void
double_and_foreign_frees_are_refused(void **state)
{
	struct rte_mempool *mp = empty_make(100, 2304, 0, 0);
	struct ppool_stats stats;
	void *obj;

	(void)state;
	assert_int_equal(rte_mempool_populate_default(mp), 100);
	assert_int_equal(rte_mempool_get(mp, &obj), 0);
	rte_mempool_put(mp, obj);
	rte_mempool_put(mp, obj);
	rte_mempool_put(mp, &obj);
	assert_int_equal(rte_mempool_avail_count(mp), 100);
	assert_int_equal(ppool_stats_get(mp, &stats), 0);
	assert_int_equal(stats.bad_frees, 2);
	pool_check_and_free(mp);
}

/* This lcore has taken and given all, and now only waits: others get every one. */
static void
another_lcore_gets_all_after_us(void **state)
{
	struct rte_mempool *mp = empty_make(2000, 2304, 0, 0);
	struct mp_lcore job = { .mp = mp };
	unsigned int lcore = rte_get_next_lcore(-1, 1, 0);

	(void)state;
	assert_in_range(lcore, 0, RTE_MAX_LCORE - 1);
	assert_int_equal(rte_mempool_populate_default(mp), 2000);
	for (int i = 0; i < 3; i++) {
		mp_give_all(mp, mp_take_all(mp, 32, 64), 32);
		assert_int_equal(rte_eal_remote_launch(mp_all_once, &job, lcore), 0);
		assert_int_equal(rte_eal_wait_lcore(lcore), 0);
	}
	rte_mempool_free(mp);
}

static void
threads_that_eal_does_not_know(void **state)
{
	struct rte_mempool *mp = empty_make(2000, 2304, 128, 0);
	struct mp_lcore jobs[3];
	pthread_t threads[3];

	(void)state;
	assert_int_equal(rte_mempool_populate_default(mp), 2000);
	mp_give_all(mp, mp_take_all(mp, 32, 64), 500); /* 500 > cache: nothing stays in it */
	for (int i = 0; i < 3; i++) {
		jobs[i] = (struct mp_lcore){ .mp = mp };
		assert_int_equal(pthread_create(&threads[i], NULL, mp_thread_main, &jobs[i]), 0);
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].ret, 0);
	}
	rte_mempool_free(mp);
}

/* Data anywhere, pinned; the handler has the mbufs. */
static void
pinned_external_buffers(void **state)
{
	const struct rte_memzone *mz =
			rte_memzone_reserve_aligned("mp_ext", 600 * 2176, SOCKET_ID_ANY, 0, 4096);
	struct rte_pktmbuf_extmem ext;
	struct rte_mempool *mp;
	void **objs;

	(void)state;
	assert_non_null(mz);
	ext = (struct rte_pktmbuf_extmem){ mz->addr, mz->iova, mz->len, 2176 };
	assert_int_equal(rte_mbuf_set_user_mempool_ops("ppool"), 0);
	mp = rte_pktmbuf_pool_create_extbuf("mp", 600, 0, 0, 2176, SOCKET_ID_ANY, &ext, 1);
	assert_non_null(mp);
	assert_string_equal(rte_mempool_get_ops(mp->ops_index)->name, "ppool");
	objs = mp_take_all(mp, 32, 0);
	for (int i = 0; i < 600; i++) {
		struct rte_mbuf *m = objs[i];

		assert_true(RTE_MBUF_HAS_PINNED_EXTBUF(m));
		rte_pktmbuf_reset(m);
		memset(rte_pktmbuf_append(m, 2048), i, 2048);
	}
	rte_pktmbuf_free_bulk((struct rte_mbuf **)objs, 600);
	free(objs);
	assert_int_equal(rte_mempool_avail_count(mp), 600);
	assert_int_equal(ppool_audit(stderr, mp), 0);
	rte_mempool_free(mp);
	rte_memzone_free(mz);
}

static void
mbufs_cloned_and_indirect(void **state)
{
	struct rte_mempool *mp = rte_pktmbuf_pool_create_by_ops(
			"mp", 500, 32, 64, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, "ppool");
	struct rte_mbuf *m[100], *clone[100];

	(void)state;
	assert_non_null(mp);
	assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 100), 0);
	for (int i = 0; i < 100; i++) {
		memset(rte_pktmbuf_append(m[i], 1000), i, 1000);
		clone[i] = rte_pktmbuf_clone(m[i], mp);
		assert_non_null(clone[i]);
		rte_pktmbuf_free(i % 2 ? m[i] : clone[i]);
	}
	assert_int_equal(rte_mempool_in_use_count(mp), 150); /* a kept clone keeps its source */
	for (int i = 0; i < 100; i++)
		rte_pktmbuf_free(i % 2 ? clone[i] : m[i]);
	assert_int_equal(rte_mempool_in_use_count(mp), 0);
	rte_mempool_free(mp);
}

static void
page_sizes_come_from_the_user(void **state)
{
	static const char *const bad[] = { "100", "65537", "64X", "2G", "0", "-1" };
	struct ppool_mempool_conf conf = { .page_bytes = 16384 };
	struct rte_mempool_info info;
	struct rte_mempool *mp;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(bad); i++) {
		setenv("PPOOL_PAGE_SIZE", bad[i], 1);
		mp = empty_make(100, 2304, 0, 0);
		assert_true(rte_mempool_populate_default(mp) < 0);
		rte_mempool_free(mp);
	}
	setenv("PPOOL_PAGE_SIZE", "128K", 1);
	mp = empty_make(100, 2304, 0, 0);
	assert_int_equal(rte_mempool_populate_default(mp), 100);
	assert_int_equal(rte_mempool_ops_get_info(mp, &info), 0);
	assert_in_range(info.contig_block_size, 52, 55);
	rte_mempool_free(mp);
	mp = rte_mempool_create_empty("mp", 100, 2304, 0, 0, SOCKET_ID_ANY, 0);
	assert_int_equal(rte_mempool_set_ops_byname(mp, "ppool", &conf),
			0); /* before the variable */
	assert_int_equal(rte_mempool_populate_default(mp), 100);
	assert_int_equal(rte_mempool_ops_get_info(mp, &info), 0);
	assert_in_range(info.contig_block_size, 6, 6);
	rte_mempool_free(mp);
	unsetenv("PPOOL_PAGE_SIZE");
}

static void
other_pools_are_told_apart(void **state)
{
	struct rte_mempool *mp = rte_mempool_create_empty("mp", 63, 64, 0, 0, SOCKET_ID_ANY, 0);
	struct ppool_stats stats;

	(void)state;
	assert_int_equal(rte_mempool_set_ops_byname(mp, "ring_mp_mc", NULL), 0);
	assert_int_equal(rte_mempool_populate_default(mp), 63);
	assert_int_equal(ppool_stats_get(mp, &stats), -EINVAL);
	assert_int_equal(ppool_audit(NULL, mp), -EINVAL);
	assert_int_equal(ppool_dump(stderr, mp), -EINVAL);
	assert_int_equal(ppool_held(mp), -EINVAL);
	assert_null(ppool_pktmbuf_pool(mp));
	rte_mempool_free(mp);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		MP_CASE(every_size_and_cache),
		MP_CASE(anonymous_memory),
		MP_CASE(no_iova_contiguity),
		MP_CASE(chunks_at_odd_addresses),
		MP_CASE(objects_are_initialised_and_listed),
		MP_CASE(whole_pages_are_contiguous_blocks),
		MP_CASE(double_and_foreign_frees_are_refused),
		MP_CASE(another_lcore_gets_all_after_us),
		MP_CASE(threads_that_eal_does_not_know),
		MP_CASE(pinned_external_buffers),
		MP_CASE(mbufs_cloned_and_indirect),
		MP_CASE(page_sizes_come_from_the_user),
		MP_CASE(other_pools_are_told_apart),
	};

	return MP_MAIN(argc, argv, tests);
}
