/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fourteen points of the 2021 review of page fragments in drivers, one case or more for each,
 * by number. What is proved in every interleaving is in test/model/model_ppool_count.c besides.
 *
 *  1 foreign get and put between the owner's check and its put: a delay, no leak
 *  2 no rewind without sole ownership, however the counts look
 *  3 no recharge while tickets suffice
 *  4 no division, and no over-debit, for small or large fragments
 *  5 two last users: one recycles, one unmaps, nobody reads what is gone; and test_ppool_count.c
 *  6 clone, then replace the buffer: no double recycle
 *  7 a foreign zero-copy holder is the last user, through the stock free
 *  8 a stale page is given up after a time, never waited for
 *  9 one held fragment must not pin a chunk for ever
 * 10 device removal while pages are held
 * 11 an unusable page is waived, not recycled
 * 12 whole-page and fragment users on one pool
 * 13 a part-carved page is drained
 * 14 no atomic per buffer: test/unit/lib/ppool/test_ppool_atomics.c
 *
 * This program's rte_memzone_free() comes before DPDK's, to count, to stall, and to spoil.
 */
#include <dlfcn.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "mp_frag_rig.h"

static struct {
	uint32_t nb_data; /* frees of data pages */
	uint32_t stall_us;
} unmaps;

int
rte_memzone_free(const struct rte_memzone *mz)
{
	static int (*fn)(const struct rte_memzone *);

	if (fn == NULL)
		*(void **)&fn = dlsym(RTLD_NEXT, "rte_memzone_free");
	if (mz != NULL && strcmp(mz->name, "PD_mp") == 0) {
		__atomic_fetch_add(&unmaps.nb_data, 1, __ATOMIC_RELAXED);
		if (unmaps.stall_us != 0)
			rte_delay_us_sleep(unmaps.stall_us);
	} else if (mz != NULL && strcmp(mz->name, "PF_mp") == 0) {
		memset(mz->addr, 0xa5, mz->len); /* who still reads it takes a lock for ever */
	}
	return fn(mz);
}

static struct ppool_stats
stats_of(const struct ppool *p)
{
	struct ppool_stats stats;

	ppool_frag_stats_get(p, &stats);
	return stats;
}

/* Somebody else's get and put between our check and our put delay, and no more. */
static void
review_01_foreign_get_and_put_delay_and_no_more(void **state)
{
	struct ppool *p = pool_make(2, 4096, 0);
	void *a = ppool_page_alloc(p), *b;

	(void)state;
	assert_int_equal(ppool_frag_get(p, a, 1), 0);
	assert_int_equal(ppool_frag_put(p, a), 0);
	b = ppool_page_alloc(p);
	assert_ptr_not_equal(b, a);
	assert_null(ppool_page_alloc(p));
	assert_int_equal(ppool_frag_put(p, a), 0); /* the foreign one */
	assert_ptr_equal(ppool_page_alloc(p), a);
	assert_int_equal(ppool_frag_put(p, a), 0);
	assert_int_equal(ppool_frag_put(p, b), 0);
	pool_end(p);
}

/* A part-carved page is not cut anew while anybody has a piece of it. */
static void
review_02_a_page_is_not_rewound_while_held(void **state)
{
	struct ppool *p = pool_make(1, 65536, 0);
	uint8_t *held = ppool_frag_alloc(p, 1000, 0), *frag;

	(void)state;
	for (int i = 0; i < 100; i++) { /* 63 more at the most fit, whatever comes back */
		frag = ppool_frag_alloc(p, 1000, 0);
		assert_ptr_not_equal(frag, held);
		if (frag == NULL)
			break;
		assert_int_equal(ppool_frag_put(p, frag), 0);
	}
	assert_null(frag);
	assert_int_equal(ppool_frag_put(p, held), 0);
	frag = ppool_frag_alloc(p, 65536, 0); /* now it is whole again */
	assert_non_null(frag);
	assert_int_equal(ppool_frag_put(p, frag), 0);
	pool_end(p);
}

/* As many foreign references as a count of 16 bits forgets: R and B would look equal. */
static void
review_02_64k_foreign_references_are_not_none(void **state)
{
	static const uint32_t nb[] = { 65535, 65536, 131072 };
	struct ppool *p = pool_make(1, 4096, 0);

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(nb); i++) {
		void *frag = ppool_page_alloc(p);

		assert_non_null(frag);
		assert_int_equal(ppool_frag_get(p, frag, nb[i]), 0);
		assert_null(ppool_page_alloc(p));
		assert_int_equal(ppool_frag_put(p, frag), 0); /* ours: the foreign ones are left */
		for (uint32_t j = nb[i]; j > 1; j--) {
			if (j % 65536 < 2)
				assert_null(ppool_page_alloc(p));
			assert_int_equal(ppool_frag_held(p), j);
			assert_int_equal(ppool_frag_put(p, frag), 0);
		}
		assert_null(ppool_page_alloc(p));
		put_by_another_thread(p, frag);
	}
	pool_end(p);
}

/* No charge while tickets suffice, whoever frees; and then one a round. */
static void
review_03_the_bias_is_charged_only_when_it_is_used_up(void **state)
{
	struct ppool *p = pool_make(1, 4096, 64 * 10 + 1); /* 64 tickets a round */
	struct ppool_stats stats;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ppool_frag_put(p, ppool_page_alloc(p)), 0);
	ppool_frag_stats_get(p, &stats);
	assert_int_equal(stats.recycle_charges, 1);
	for (int i = 0; i < 640 + 1; i++) /* 1 ticket a round: what was not cut comes back */
		put_by_another_thread(p, ppool_page_alloc(p));
	ppool_frag_stats_get(p, &stats);
	assert_int_equal(stats.recycle_charges, 2);
	pool_end(p);
}

/* Functions on the way of packets; what the compiler splits off them has their name in front. */
static const char *const hot[] = { "bitmap_give", "bitmap_take", "count_free_push", "count_get",
	"count_take_rest", "count_take_sized", "page_open", "ppool_frag_alloc_bulk",
	"ppool_frag_get", "ppool_frag_put_bulk", "ppool_paired_give", "ppool_pktmbuf_alloc_runs",
	"ppool_pktmbuf_free_bulk" };

static int
hot_idx(const char *function)
{
	for (unsigned int i = 0; i < RTE_DIM(hot); i++)
		if (strncmp(function, hot[i], strlen(hot[i])) == 0)
			return (int)i;
	return -1;
}

/* The library's code, read back: cold code has a division or two, or the search would find none. */
static void
review_04_no_division_on_the_way_of_packets(void **state)
{
	char line[512], function[256] = "";
	bool is_seen[RTE_DIM(hot)] = { false };
	unsigned int nb_cold = 0;
	Dl_info lib;
	FILE *f;

	(void)state;
	assert_true(dladdr((void *)(uintptr_t)ppool_create, &lib) != 0);
	snprintf(line, sizeof(line), "objdump -d --no-show-raw-insn '%s' 2>/dev/null",
			lib.dli_fname);
	f = popen(line, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char op[32];
		int nr;

		if (sscanf(line, "%*x <%255[^>]>:", function) == 1) {
			if (hot_idx(function) >= 0)
				is_seen[hot_idx(function)] = true;
		} else if (sscanf(line, " %*x: %31s", op) == 1 && strstr(op, "div") != NULL) {
			nr = hot_idx(function);
			if (nr >= 0)
				print_message("%s: %s", function, line);
			assert_true(nr < 0);
			nb_cold++;
		}
	}
	if (pclose(f) != 0)
		skip(); /* no objdump here */
	for (unsigned int i = 0; i < RTE_DIM(hot); i++) {
		if (!is_seen[i])
			print_message("%s is not in %s\n", hot[i], lib.dli_fname);
		assert_true(is_seen[i]);
	}
	assert_int_not_equal(nb_cold, 0);
}

/* What a page is debited for, less what it gets back at its closing, is what was handed out. */
static void
review_04_the_account_is_exact_at_any_size(void **state)
{
	static const uint32_t sizes[] = { 64, 2048, 65536 - 64, 65536 };
	struct ppool *p = pool_make(2, 65536, 0);
	struct ppool_inflight in;
	void *frags[1024];

	(void)state;
	for (unsigned int s = 0; s < RTE_DIM(sizes); s++) {
		uint32_t max = 65536 / sizes[s];

		for (uint32_t n = 1; n <= max; n += 1 + max / 7) {
			assert_int_equal(ppool_frag_alloc_bulk(p, frags, n, sizes[s], 0), 0);
			assert_int_equal(ppool_frag_held(p), n);
			assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 1);
			assert_int_equal(in.refs, n); /* while it is open */
			assert_int_equal(ppool_frag_audit(stderr, p), 0);
			assert_int_equal(ppool_frag_abandon(p), 1);
			assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 1);
			assert_int_equal(in.refs, n); /* closed, and without its owner's share */
			assert_int_equal(ppool_frag_audit(stderr, p), 0);
			assert_int_equal(ppool_frag_put_bulk(p, frags, n), 0);
			assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 0);
		}
	}
	pool_end(p);
}

/* A page whose owner gave it up comes home once, with its last user. */
static void
review_05_a_page_given_up_comes_home_with_its_last_user(void **state)
{
	struct ppool *p = pool_make(2, 4096, 0);
	struct ppool_stats stats;
	void *a = ppool_frag_alloc(p, 64, 0), *b = ppool_frag_alloc(p, 64, 0), *page;

	(void)state;
	assert_int_equal(ppool_frag_abandon(p), 1);
	page = ppool_page_alloc(p);
	assert_non_null(page);
	assert_null(ppool_page_alloc(p));
	put_by_another_thread(p, a);
	assert_null(ppool_page_alloc(p));
	put_by_another_thread(p, b);
	a = ppool_page_alloc(p);
	assert_non_null(a);
	ppool_frag_stats_get(p, &stats);
	assert_int_equal(stats.recycle_released_refcnt_pages, 1);
	assert_int_equal(ppool_frag_put(p, a), 0);
	assert_int_equal(ppool_frag_put(p, page), 0);
	pool_end(p);
}

static pthread_barrier_t start;

static void *
last_putter_main(void *arg)
{
	pthread_barrier_wait(&start);
	return putter_main(arg);
}

/* Both references at once: one by this lcore, one by a thread that shares no owner with it. */
static void
put_by_two_threads(struct ppool *p, void *a, void *b)
{
	struct putter ours = { p, a }, theirs = { p, b };
	pthread_t thread;
	void *ret;

	assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, last_putter_main, &theirs), 0);
	assert_null(last_putter_main(&ours));
	pthread_join(thread, &ret);
	assert_null(ret);
	pthread_barrier_destroy(&start);
}

static void
review_05_of_two_last_users_one_recycles(void **state)
{
	struct ppool *p = pool_make(1, 4096, 0);

	(void)state;
	for (uint32_t i = 1; i <= 200; i++) {
		void *a = ppool_frag_alloc(p, 2048, 0), *b = ppool_frag_alloc(p, 2048, 0);

		assert_true(a != NULL && b != NULL);
		assert_int_equal(ppool_frag_abandon(p), 1);
		put_by_two_threads(p, a, b);
		assert_int_equal(stats_of(p).recycle_ring_pages, i);
		assert_int_equal(ppool_frag_audit(stderr, p), 0);
	}
	pool_end(p);
}

/* The one stalls while it unmaps; the other is through with a pool that is no more. */
static void
review_05_of_two_last_users_one_unmaps(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		struct ppool *p = pool_make(1, 4096, 0);
		void *a = ppool_frag_alloc(p, 64, 0), *b = ppool_frag_alloc(p, 64, 0);

		unmaps.stall_us = i % 2 * 300;
		unmaps.nb_data = 0;
		assert_int_equal(ppool_destroy(p), -EINPROGRESS);
		put_by_two_threads(p, a, b);
		unmaps.stall_us = 0;
		assert_int_equal(unmaps.nb_data, 1);
		assert_int_equal(ppool_destroy(p), -ENOENT);
	}
}

/* Clone, then replace the original's buffer, as pskb_expand_head does; freed in both orders. */
static void
review_06_clone_and_replace_recycles_once(void **state)
{
	struct rte_mempool *hdrs = rte_pktmbuf_pool_create("hdrs", 511, 0, 0, 0, SOCKET_ID_ANY);

	(void)state;
	for (int i = 0; i < NB_KINDS * NB_WAYS * 2; i++) {
		int way = i / NB_KINDS % NB_WAYS, clone_first = i / NB_KINDS / NB_WAYS;
		struct ppool *p = ext_pool_make(2, i % NB_KINDS);
		void *frag = ppool_frag_alloc(p, 4096, 1024);
		struct rte_mbuf *m, *clone;

		assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, &m, 1, 2000), 1);
		clone = rte_pktmbuf_clone(m, hdrs);
		assert_non_null(clone);
		rte_pktmbuf_detach(m); /* the clone keeps the old buffer */
		assert_int_equal(ppool_frag_held(p), 2);
		assert_int_equal(ppool_extbuf_attach(p, m, frag, 4096), 0);
		free_by(way, clone_first ? &clone : &m, 1);
		assert_int_equal(ppool_frag_held(p), 1);
		free_by(way, clone_first ? &m : &clone, 1);
		assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
		pool_end(p);
	}
	rte_mempool_free(hdrs);
}

/* The holder has a clone in a pool of its own; of a fragment's pool even the owner is gone. */
static void
review_07_a_foreign_holder_is_the_last_user(void **state)
{
	struct rte_mempool *hdrs = rte_pktmbuf_pool_create("hdrs", 63, 0, 0, 0, SOCKET_ID_ANY);
	struct rte_mempool *mp = ppool_pktmbuf_pool_create("mp", 60, 0, 0, 2176, SOCKET_ID_ANY,
			&(struct ppool_pktmbuf_conf){ .kind = PPOOL_KIND_COUNT });
	struct ppool *p = ext_pool_make(2, PER_PAGE);
	struct rte_mbuf *m, *clone;
	struct ppool_stats stats;

	(void)state;
	assert_int_equal(ppool_extbuf_alloc_bulk(p, hdrs, &m, 1, 2048), 1);
	memset(rte_pktmbuf_append(m, 1000), 0x5a, 1000);
	clone = rte_pktmbuf_clone(m, hdrs);
	ppool_pktmbuf_free_bulk(&m, 1);
	unmaps.nb_data = 0;
	assert_int_equal(ppool_destroy(p), -EINPROGRESS);
	assert_int_equal(*rte_pktmbuf_mtod_offset(clone, uint8_t *, 999), 0x5a);
	assert_int_equal(unmaps.nb_data, 0);
	free_by_another_thread(2, clone);
	assert_int_equal(unmaps.nb_data, 1);
	m = rte_pktmbuf_alloc(mp);
	clone = rte_pktmbuf_clone(m, hdrs);
	rte_pktmbuf_free(m);
	assert_int_equal(ppool_held(mp), 1);
	ppool_age(mp, 0);
	rte_delay_us_sleep(3000);
	assert_int_equal(ppool_age(mp, 0), 1);
	free_by_another_thread(2, clone);
	assert_int_equal(ppool_stats_get(mp, &stats), 0);
	assert_int_equal(stats.recycle_ring_pages, 1);
	mp_give_all(mp, mp_take_all(mp, 30, 0), 30);
	assert_int_equal(rte_mempool_in_use_count(hdrs), 0);
	rte_mempool_free(mp);
	rte_mempool_free(hdrs);
}

/* The owner meets it no more, neither as a straggler nor when nothing else is left. */
static void
review_08_a_stale_page_is_given_up_after_a_time(void **state)
{
	struct ppool *p = pool_make(2, 4096, 0);
	void *held = ppool_frag_alloc(p, 2048, 0), *page;
	struct ppool_inflight in;

	(void)state;
	assert_int_equal(ppool_frag_age(p, 20), 0); /* its clock starts */
	for (int i = 0; i < 100; i++) {
		page = ppool_page_alloc(p);
		assert_int_equal(ppool_frag_put(p, page), 0);
	}
	assert_int_equal(ppool_frag_age(p, 60000), 0);
	rte_delay_us_sleep(40000);
	assert_int_equal(ppool_frag_age(p, 20), 1);
	assert_int_equal(ppool_frag_age(p, 20), 0);
	assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 1);
	assert_true(in.is_abandoned && in.refs == 1);
	page = ppool_page_alloc(p);
	assert_non_null(page);
	assert_null(ppool_page_alloc(p));
	put_by_another_thread(p, held);
	assert_int_equal(stats_of(p).recycle_ring_pages, 1);
	held = ppool_page_alloc(p);
	assert_non_null(held);
	assert_int_equal(ppool_frag_put(p, held), 0);
	assert_int_equal(ppool_frag_put(p, page), 0);
	pool_end(p);
}

/* 2 MiB in pages of 64 KiB: as long as one packet of 2 KiB is held the chunk is not free. */
static void
review_09_a_held_packet_leaves_its_chunk(void **state)
{
	struct rte_mempool *to = rte_pktmbuf_pool_create("plain", 15, 0, 0, 2304, SOCKET_ID_ANY);
	struct rte_mempool *mp = ppool_pktmbuf_pool_create("mp", 60, 0, 0, 2176, SOCKET_ID_ANY,
			&(struct ppool_pktmbuf_conf){ .page_bytes = 2 << 20 });
	struct rte_mbuf *m[60], *held;
	struct ppool_inflight in;

	(void)state;
	assert_non_null(mp);
	assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 60), 0);
	held = m[37];
	m[37] = NULL;
	memset(rte_pktmbuf_append(held, 2000), 0x5a, 2000);
	rte_pktmbuf_free_bulk(m, 60);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ppool_drain(mp, held->buf_addr, 1), 1);
	assert_int_equal(ppool_inflight_list(mp, &in, 1), 1);
	assert_int_equal(in.refs, 1);
	held = ppool_unpin(held, to);
	assert_non_null(held);
	assert_int_equal(ppool_drain(mp, in.addr, 2 << 20), 0);
	assert_int_equal(ppool_inflight_list(mp, &in, 1), 0);
	assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 1), -ENOENT);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(*rte_pktmbuf_mtod_offset(held, uint8_t *, i), 0x5a);
	rte_pktmbuf_free(held);
	rte_mempool_free(to);
	rte_mempool_free(mp);
}

/* The pool ends at once; the last reference, wherever it is, frees the memory. */
static void
review_10_a_pool_ends_while_fragments_are_held(void **state)
{
	struct rte_malloc_socket_stats before, after;

	(void)state;
	assert_int_equal(rte_malloc_get_socket_stats(0, &before), 0);
	for (int by_thread = 0; by_thread < 2; by_thread++) {
		struct ppool *p = pool_make(4, 65536, 0);
		char *a = ppool_frag_alloc(p, 2048, 0), *b = ppool_page_alloc(p);

		assert_int_equal(ppool_frag_get(p, a, 1), 0);
		assert_int_equal(ppool_destroy(p), -EINPROGRESS);
		assert_int_equal(ppool_destroy(p), -EALREADY);
		assert_null(ppool_lookup("mp"));
		assert_null(ppool_frag_alloc(p, 64, 0));
		assert_int_equal(rte_errno, ESHUTDOWN);
		memset(a, 1, 2048); /* still the holder's */
		memset(b, 1, 65536);
		assert_int_equal(ppool_frag_put(p, b), 0);
		assert_int_equal(ppool_frag_put(p, a), 0);
		assert_int_equal(ppool_frag_held(p), 1);
		if (by_thread)
			put_by_another_thread(p, a);
		else
			assert_int_equal(ppool_frag_put(p, a), 0);
		assert_int_equal(ppool_destroy(p), -ENOENT);
	}
	assert_int_equal(rte_malloc_get_socket_stats(0, &after), 0);
	assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
}

/* The kernel's pfmemalloc rule: it serves its users to the end, and nobody after them. */
static void
review_11_an_unusable_page_is_waived(void **state)
{
	struct ppool *p = pool_make(2, 4096, 0);
	void *bad = ppool_page_alloc(p), *good;

	(void)state;
	assert_int_equal(ppool_frag_drain(p, bad, 1), 1);
	assert_int_equal(stats_of(p).alloc_waive_pages, 0);
	memset(bad, 1, 4096); /* still the holder's */
	put_by_another_thread(p, bad);
	assert_int_equal(stats_of(p).alloc_waive_pages, 1);
	for (int i = 0; i < 10; i++) {
		good = ppool_page_alloc(p);
		assert_true(good != NULL && good != bad);
		assert_null(ppool_page_alloc(p));
		assert_int_equal(ppool_frag_put(p, good), 0);
	}
	assert_int_equal(ppool_frag_audit(stderr, p), 0);
	assert_int_equal(ppool_frag_drain(p, bad, 1), 0);
	pool_end(p);
}

/* Pieces and whole pages from one pool, freed in any order. */
static void
review_12_pages_and_pieces_share_a_pool(void **state)
{
	struct ppool *p = pool_make(16, 4096, 0);
	void *held[40] = { NULL };
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint32_t k;

		seed = seed * 1664525 + 1013904223;
		k = (seed >> 8) % 40;
		if (held[k] != NULL) {
			assert_int_equal(ppool_frag_put(p, held[k]), 0);
			held[k] = NULL;
		} else {
			held[k] = seed >> 31 ? ppool_page_alloc(p)
			                     : ppool_frag_alloc(p, 1 + seed % 3000, 0);
		}
	}
	for (int k = 0; k < 40; k++)
		if (held[k] != NULL)
			assert_int_equal(ppool_frag_put(p, held[k]), 0);
	pool_end(p);
}

static void
review_13_a_part_carved_page_is_drained(void **state)
{
	struct ppool *p = pool_make(2, 4096, 0);
	char *a = ppool_frag_alloc(p, 1000, 0), *b = ppool_frag_alloc(p, 1000, 0), *c;

	(void)state;
	assert_int_equal(b - a, 1024);
	assert_int_equal(ppool_frag_drain(p, a + 2048, 1), 1); /* where nothing is cut yet */
	c = ppool_frag_alloc(p, 1000, 0);
	assert_true(c < a || c >= a + 4096);
	assert_int_equal(ppool_frag_audit(stderr, p), 0);
	assert_int_equal(ppool_frag_put(p, a), 0);
	assert_int_equal(ppool_frag_drain(p, a, 1), 1);
	put_by_another_thread(p, b);
	assert_int_equal(ppool_frag_drain(p, a, 1), 0);
	assert_null(ppool_page_alloc(p)); /* the other one is in use */
	assert_int_equal(ppool_frag_undrain(p, a, 1), 1);
	assert_ptr_equal(ppool_page_alloc(p), a); /* whole again */
	assert_int_equal(ppool_frag_put(p, a), 0);
	assert_int_equal(ppool_frag_put(p, c), 0);
	pool_end(p);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		MP_CASE(review_01_foreign_get_and_put_delay_and_no_more),
		MP_CASE(review_02_a_page_is_not_rewound_while_held),
		MP_CASE(review_02_64k_foreign_references_are_not_none),
		MP_CASE(review_03_the_bias_is_charged_only_when_it_is_used_up),
		MP_CASE(review_04_no_division_on_the_way_of_packets),
		MP_CASE(review_04_the_account_is_exact_at_any_size),
		MP_CASE(review_05_a_page_given_up_comes_home_with_its_last_user),
		MP_CASE(review_05_of_two_last_users_one_recycles),
		MP_CASE(review_05_of_two_last_users_one_unmaps),
		MP_CASE(review_06_clone_and_replace_recycles_once),
		MP_CASE(review_07_a_foreign_holder_is_the_last_user),
		MP_CASE(review_08_a_stale_page_is_given_up_after_a_time),
		MP_CASE(review_09_a_held_packet_leaves_its_chunk),
		MP_CASE(review_10_a_pool_ends_while_fragments_are_held),
		MP_CASE(review_11_an_unusable_page_is_waived),
		MP_CASE(review_12_pages_and_pieces_share_a_pool),
		MP_CASE(review_13_a_part_carved_page_is_drained),
	};

	return MP_MAIN(argc, argv, tests);
}
