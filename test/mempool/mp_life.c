/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a page's life, through the public functions: who holds it and for how long, pages
 * given up, drained, on the wrong node, and packets that are copied off them.
 *
 * This program's rte_mem_virt2memseg() comes before DPDK's, so that memory can lie on any node.
 */
#include <dlfcn.h>

#include <rte_cycles.h>
#include <rte_memory.h>

#include "mp_rig.h"

static struct {
	uint32_t calls; /* of which each third one finds another node */
	bool is_armed;
} node;

struct rte_memseg *
rte_mem_virt2memseg(const void *addr, const struct rte_memseg_list *msl)
{
	static struct rte_memseg *(*fn)(const void *, const struct rte_memseg_list *);
	static struct rte_memseg foreign;

	if (fn == NULL)
		*(void **)&fn = dlsym(RTLD_NEXT, "rte_mem_virt2memseg");
	if (!node.is_armed || ++node.calls % 3 != 0)
		return fn(addr, msl);
	foreign.socket_id = 7;
	return &foreign;
}

static struct rte_mempool *
paired_make(enum ppool_kind kind, unsigned int n, unsigned int cache_size)
{
	struct ppool_pktmbuf_conf conf = { .kind = kind, .page_bytes = 65536 };
	struct rte_mempool *mp = ppool_pktmbuf_pool_create(
			"mp", n, cache_size, 0, 2176, SOCKET_ID_ANY, &conf);

	assert_non_null(mp);
	return mp;
}

static struct ppool *
frag_make(uint32_t nb_pages, int socket_id)
{
	struct ppool_conf conf = {
		.nb_pages = nb_pages, .page_bytes = 4096, .socket_id = socket_id, .ext_bytes = 2048
	};
	struct ppool *p = ppool_create("mp", &conf);

	assert_non_null(p);
	return p;
}

static void
frag_end(struct ppool *p)
{
	assert_int_equal(ppool_frag_audit(stderr, p), 0);
	assert_int_equal(ppool_destroy(p), 0);
}

static int
life_teardown(void **state)
{
	node.is_armed = false;
	return mp_leftovers_free(state);
}

/* Everything that @p dump prints. */
static const char *
printed(struct ppool *p, struct rte_mempool *mp)
{
	static char text[8192];
	FILE *f = fmemopen(text, sizeof(text), "w");

	assert_non_null(f);
	if (p != NULL)
		ppool_frag_dump(f, p);
	else
		assert_int_equal(ppool_dump(f, mp), 0);
	fclose(f);
	return text;
}

static void
fragments_are_listed_under_their_holders(void **state)
{
	struct ppool *p = frag_make(20, SOCKET_ID_ANY);
	struct ppool_inflight list[20];
	void *held[20], *a;

	(void)state;
	a = ppool_frag_alloc(p, 3000, 0);
	ppool_frag_holder_set(p, PPOOL_HOLDER(2, 5, 77));
	held[0] = ppool_page_alloc(p);
	assert_int_equal(ppool_frag_get(p, held[0], 2), 0);
	assert_int_equal(ppool_frag_inflight_list(p, list, 20), 2);
	for (int i = 0; i < 2; i++) {
		bool is_a = list[i].addr == a;

		assert_true(is_a || list[i].addr == held[0]);
		assert_int_equal(list[i].lcore, rte_lcore_id());
		assert_int_equal(list[i].port, is_a ? UINT16_MAX : 2);
		assert_int_equal(list[i].queue, is_a ? UINT16_MAX : 5);
		assert_int_equal(list[i].tag, is_a ? UINT32_MAX : 77);
		assert_int_equal(list[i].refs, is_a ? 1 : 3);
	}
	assert_non_null(strstr(printed(p, NULL), "pages in flight: 2\n"));
	assert_non_null(strstr(printed(p, NULL), "lcore 0, port 2, queue 5, tag 77\n"));
	for (int i = 1; i < 19; i++)
		held[i] = ppool_page_alloc(p);
	assert_int_equal(ppool_frag_inflight_list(p, NULL, 0), 20);
	assert_non_null(strstr(printed(p, NULL), "and 4 younger ones\n"));
	assert_int_equal(ppool_frag_put(p, held[0]), 0);
	assert_int_equal(ppool_frag_put(p, held[0]), 0);
	assert_int_equal(ppool_frag_put_bulk(p, held, 18), 0);
	assert_int_equal(ppool_frag_put(p, a), 0);
	assert_int_equal(ppool_frag_inflight_list(p, list, 20), 1);
	assert_ptr_equal(list[0].addr, held[18]);
	assert_int_equal(ppool_frag_put(p, held[18]), 0);
	assert_non_null(strstr(printed(p, NULL), "pages in flight: 0\n"));
	frag_end(p);
}

static void
age_is_in_milliseconds(void **state)
{
	struct ppool *p = frag_make(2, SOCKET_ID_ANY);
	void *frag = ppool_page_alloc(p);
	struct ppool_inflight in;
	uint64_t cycles;

	(void)state;
	assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 1);
	assert_int_equal(in.age_ms, 0);
	cycles = rte_get_timer_cycles();
	rte_delay_us_sleep(30000);
	assert_int_equal(ppool_frag_age(p, 10000), 0);
	assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 1);
	cycles = rte_get_timer_cycles() - cycles;
	assert_in_range(in.age_ms, 29, cycles * 1000 / rte_get_timer_hz() + 2);
	assert_int_equal(ppool_frag_age(p, 20), 1);
	assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 1);
	assert_true(in.is_abandoned);
	assert_non_null(strstr(printed(p, NULL), "given up\n"));
	assert_int_equal(ppool_frag_put(p, frag), 0);
	frag_end(p);
}

static void
paired_pages_are_listed_and_given_up(void **state)
{
	static const enum ppool_kind kinds[] = { PPOOL_KIND_COUNT, PPOOL_KIND_BITMAP };
	struct rte_mbuf *m[40];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rte_mempool *mp = paired_make(kinds[i], 300, 0);
		bool is_count = kinds[i] == PPOOL_KIND_COUNT;
		struct ppool_inflight list[3];

		assert_int_equal(ppool_inflight_list(mp, list, 3), 0);
		assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 40), 0); /* 30 of a page */
		assert_int_equal(ppool_inflight_list(mp, list, 3), 2);
		assert_int_equal(list[0].refs + list[1].refs, 40);
		assert_int_equal(list[0].lcore, rte_lcore_id());
		assert_int_equal(list[0].port, UINT16_MAX);
		assert_non_null(strstr(printed(NULL, mp), "pages in flight: 2\n"));
		rte_delay_us_sleep(5000);
		assert_int_equal(ppool_age(mp, 1), is_count ? 2 : 0);
		assert_int_equal(ppool_inflight_list(mp, list, 3), 2);
		assert_int_equal(list[1].is_abandoned, is_count);
		rte_pktmbuf_free_bulk(m, 40);
		mp_give_all(mp, mp_take_all(mp, 30, 0), 30);
		rte_mempool_free(mp);
	}
}

static void
other_pools_are_refused(void **state)
{
	struct rte_mempool *plain = rte_pktmbuf_pool_create("plain", 63, 0, 0, 2176, SOCKET_ID_ANY),
			   *mp = paired_make(PPOOL_KIND_BITMAP, 63, 0);
	struct ppool_inflight in;

	(void)state;
	assert_int_equal(ppool_inflight_list(plain, &in, 1), -EINVAL);
	assert_int_equal(ppool_age(plain, 1), -EINVAL);
	assert_int_equal(ppool_drain(plain, plain, 1), -EINVAL);
	assert_int_equal(ppool_undrain(plain, plain, 1), -EINVAL);
	assert_int_equal(ppool_drain(mp, plain, 1), 0); /* none of its pages */
	assert_int_equal(ppool_undrain(mp, plain, 1), 0);
	rte_mempool_free(mp);
	rte_mempool_free(plain);
}

static struct rte_mempool *
handler_make(void)
{
	struct rte_mempool *mp = rte_mempool_create_empty("mp", 63, 2304, 0, 0, SOCKET_ID_ANY, 0);

	assert_non_null(mp);
	assert_int_equal(rte_mempool_set_ops_byname(mp, PPOOL_OPS_NAME, NULL), 0);
	assert_int_equal(rte_mempool_populate_default(mp), 63);
	assert_int_equal(ppool_age(mp, 1), 0);
	return mp;
}

/* A page is taken out of use while some of it is out, and what comes back of it is not had again.
 */
static void
bitmap_pages_are_drained(void **state)
{
	void *objs[63], *more[63];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rte_mempool *mp =
				i == 0 ? paired_make(PPOOL_KIND_BITMAP, 63, 0) : handler_make();
		struct ppool_inflight in;
		struct ppool_stats stats;
		unsigned int nb = 0;

		assert_int_equal(rte_mempool_get_bulk(mp, objs, 4), 0);
		assert_int_equal(ppool_inflight_list(mp, &in, 1), 1);
		assert_int_equal(in.refs, 4);
		assert_int_equal(ppool_drain(mp, in.addr, 1), 1);
		while (rte_mempool_get(mp, &more[nb]) == 0)
			nb++;
		assert_in_range(nb, 30, 40); /* three pages of 30 or less, one of them drained */
		rte_mempool_put_bulk(mp, objs, 3);
		assert_int_equal(rte_mempool_get(mp, &objs[0]), -ENOENT);
		assert_int_equal(ppool_held(mp), 1 + nb);
		assert_int_equal(ppool_drain(mp, in.addr, 1), 1);
		assert_int_equal(ppool_audit(stderr, mp), 0);
		rte_mempool_put(mp, objs[3]);
		assert_int_equal(ppool_drain(mp, in.addr, 1), 0);
		assert_int_equal(ppool_stats_get(mp, &stats), 0);
		assert_int_equal(stats.alloc_waive_pages, 1);
		rte_mempool_put_bulk(mp, more, nb);
		assert_int_equal(ppool_held(mp), 0);
		assert_int_equal(rte_mempool_avail_count(mp), nb);
		assert_int_equal(ppool_undrain(mp, NULL, SIZE_MAX), 1);
		assert_int_equal(rte_mempool_avail_count(mp), 63);
		assert_int_equal(rte_mempool_get_bulk(mp, more, 63), 0);
		rte_mempool_put_bulk(mp, more, 63);
		assert_int_equal(ppool_audit(stderr, mp), 0);
		rte_mempool_free(mp);
	}
}

/* Pages of a range whole or in part; what lies elsewhere is none of the pool's business. */
static void
ranges_are_of_pages(void **state)
{
	struct ppool *p = frag_make(4, SOCKET_ID_ANY);
	char *page[4], *base;

	(void)state;
	for (int i = 0; i < 4; i++)
		page[i] = ppool_page_alloc(p);
	base = RTE_MIN(RTE_MIN(page[0], page[1]), RTE_MIN(page[2], page[3]));
	assert_int_equal(ppool_frag_drain(p, base - 4096, 4096), 0);
	assert_int_equal(ppool_frag_drain(p, base + 4 * 4096, 4096), 0);
	assert_int_equal(ppool_frag_drain(p, base, 0), 0);
	assert_int_equal(ppool_frag_drain(p, NULL, 1), 0);
	assert_int_equal(ppool_frag_undrain(p, NULL, SIZE_MAX), 0);
	assert_int_equal(ppool_frag_drain(p, base + 4095, 1), 1);
	assert_int_equal(ppool_frag_drain(p, base + 4095, 2), 2);
	assert_int_equal(ppool_frag_drain(p, base + 8191, 4098), 3);
	assert_int_equal(ppool_frag_undrain(p, base - 1, 2), 1);
	assert_int_equal(ppool_frag_drain(p, base - 1, SIZE_MAX), 4);
	assert_int_equal(ppool_frag_undrain(p, base, 4 * 4096), 4);
	assert_int_equal(ppool_frag_put_bulk(p, (void **)page, 4), 0);
	frag_end(p);
}

static void
a_drained_page_is_in_use_for_the_mempool(void **state)
{
	struct rte_mempool *mp = paired_make(PPOOL_KIND_COUNT, 300, 0); /* 10 pages of 30 */
	struct rte_mbuf *m[300], *first;

	(void)state;
	assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 30), 0);
	first = m[0];
	assert_int_equal(ppool_drain(mp, first->buf_addr, 1), 1);
	rte_pktmbuf_free_bulk(m, 30);
	assert_int_equal(ppool_drain(mp, first->buf_addr, 1), 0);
	assert_int_equal(rte_mempool_avail_count(mp), 270);
	assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 271), -ENOENT);
	assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 270), 0);
	for (int i = 0; i < 270; i++)
		assert_ptr_not_equal(m[i], first);
	assert_int_equal(rte_mempool_avail_count(mp), 0);
	rte_pktmbuf_free_bulk(m, 270);
	assert_int_equal(ppool_undrain(mp, first->buf_addr, 1), 1);
	mp_give_all(mp, mp_take_all(mp, 30, 0), 30);
	rte_mempool_free(mp);
}

/* Two looks at a page, its first and its last byte: of 12 pages, 8 seem to lie elsewhere. */
static void
pages_on_another_node_are_left_unused(void **state)
{
	struct ppool_stats stats;
	struct rte_mempool *mp;
	struct rte_mbuf *m[361];
	struct ppool *p;
	void *page[12];
	int nb;

	(void)state;
	if (!rte_eal_has_hugepages())
		return; /* then no node is known */
	node.is_armed = true;
	node.calls = 0;
	p = frag_make(12, 0);
	ppool_frag_stats_get(p, &stats);
	assert_in_range(stats.alloc_waive_pages, 4, 8);
	for (nb = 0; nb < 12 && (page[nb] = ppool_page_alloc(p)) != NULL; nb++)
		;
	assert_int_equal(nb, 12 - stats.alloc_waive_pages);
	assert_int_equal(ppool_frag_put_bulk(p, page, nb), 0);
	frag_end(p);
	node.calls = 0;
	p = frag_make(12, SOCKET_ID_ANY);
	ppool_frag_stats_get(p, &stats);
	assert_int_equal(stats.alloc_waive_pages, 0);
	frag_end(p);
	node.calls = 0;
	mp = ppool_pktmbuf_pool_create("mp", 360, 0, 0, 2176, 0, NULL);
	assert_non_null(mp);
	node.is_armed = false;
	assert_int_equal(ppool_stats_get(mp, &stats), 0);
	assert_in_range(stats.alloc_waive_pages, 4, 8);
	assert_int_equal(rte_mempool_avail_count(mp), 360 - 30 * stats.alloc_waive_pages);
	assert_int_equal(ppool_undrain(mp, NULL, SIZE_MAX), stats.alloc_waive_pages);
	assert_int_equal(rte_pktmbuf_alloc_bulk(mp, m, 360), 0);
	rte_pktmbuf_free_bulk(m, 360);
	rte_mempool_free(mp);
}

static void
a_packet_is_copied_off_its_pages(void **state)
{
	struct rte_mempool *to = rte_pktmbuf_pool_create("plain", 15, 0, 0, 1024, SOCKET_ID_ANY),
			   *mp = paired_make(PPOOL_KIND_COUNT, 60, 0),
			   *hdrs = rte_pktmbuf_pool_create("hdrs", 15, 0, 0, 0, SOCKET_ID_ANY);
	struct rte_mbuf *m = rte_pktmbuf_alloc(mp), *tail = rte_pktmbuf_alloc(mp), *copy, *rest[14];
	uint8_t bytes[3000];

	(void)state;
	for (int i = 0; i < 3000; i++)
		bytes[i] = (uint8_t)(i * 7);
	memcpy(rte_pktmbuf_append(m, 1800), bytes, 1800);
	memcpy(rte_pktmbuf_append(tail, 1200), bytes + 1800, 1200);
	assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
	m->port = 3;
	m->vlan_tci = 0x123;
	m->ol_flags |= RTE_MBUF_F_RX_VLAN;
	/* All that can fail leaves the original. */
	rte_errno = 0;
	assert_null(ppool_unpin(m, mp));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(ppool_unpin(m, hdrs));
	assert_int_equal(rte_errno, EINVAL);
	assert_int_equal(rte_pktmbuf_alloc_bulk(to, rest, 14), 0);
	assert_null(ppool_unpin(m, to));
	assert_int_equal(rte_errno, ENOBUFS);
	assert_int_equal(rte_mempool_avail_count(to), 1);
	assert_int_equal(rte_pktmbuf_pkt_len(m), 3000);
	assert_int_equal(ppool_held(mp), 2);
	rte_pktmbuf_free_bulk(rest, 14);
	copy = ppool_unpin(m, to);
	assert_non_null(copy);
	assert_int_equal(ppool_held(mp), 0);
	assert_int_equal(rte_pktmbuf_pkt_len(copy), 3000);
	assert_int_equal(copy->nb_segs, 4); /* of 896 */
	assert_int_equal(copy->port, 3);
	assert_int_equal(copy->vlan_tci, 0x123);
	assert_int_equal(copy->ol_flags, RTE_MBUF_F_RX_VLAN);
	m = copy;
	for (int i = 0; i < 3000; m = m->next)
		for (int j = 0; j < m->data_len; j++, i++)
			assert_int_equal(*rte_pktmbuf_mtod_offset(m, uint8_t *, j), bytes[i]);
	rte_pktmbuf_free(copy);
	m = rte_pktmbuf_alloc(mp);
	assert_null(ppool_unpin(m, to)); /* empty */
	assert_int_equal(rte_errno, EINVAL);
	rte_pktmbuf_free(m);
	assert_int_equal(rte_mempool_in_use_count(to), 0);
	rte_mempool_free(hdrs);
	rte_mempool_free(to);
	rte_mempool_free(mp);
}

int
main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_teardown(name, life_teardown)
	static const struct CMUnitTest tests[] = {
		CASE(fragments_are_listed_under_their_holders),
		CASE(age_is_in_milliseconds),
		CASE(paired_pages_are_listed_and_given_up),
		CASE(other_pools_are_refused),
		CASE(ranges_are_of_pages),
		CASE(a_drained_page_is_in_use_for_the_mempool),
		CASE(bitmap_pages_are_drained),
		CASE(pages_on_another_node_are_left_unused),
		CASE(a_packet_is_copied_off_its_pages),
	};

	return MP_MAIN(argc, argv, tests);
}
