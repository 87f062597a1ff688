/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fail the nth allocation: every public function, with each of its requests for memory refused in
 * turn until it passes untouched. After each failure the errno is the documented one, nothing is
 * lost, the name is free, and the same can be had at once.
 *
 * This program's rte_zmalloc_socket() and rte_memzone_reserve*() come before DPDK's, for DPDK's
 * libraries too. malloc() is wrapped in lib/ppool alone, which is linked statically for that.
 */
#include <dlfcn.h>

#include <rte_malloc.h>
#include <rte_memzone.h>

#include "mp_frag_rig.h"

#define N     1200 /* more runs than lib/ppool keeps on its stack */
#define ROOM  2176
#define STALE 9999 /* rte_errno before a call */

static struct {
	int in;       /* the request that is refused, counted from 1; 0: none */
	bool goes_on; /* and all after it */
	int zone_err; /* rte_errno of a refused memzone */
	int told;     /* of the last one refused, whatever it was; 0: none was */
	bool is_deep; /* within a request, which may make others */
	size_t zone_max;
} nth;

static void
nth_arm(int in, bool goes_on, int zone_err)
{
	nth.in = in;
	nth.goes_on = goes_on;
	nth.zone_err = zone_err;
	nth.told = 0;
	rte_errno = STALE;
}

static void
nth_disarm(void)
{
	nth.in = 0;
	nth.goes_on = false;
	nth.zone_max = 0;
}

static bool
nth_refuses(int err)
{
	if (nth.is_deep || nth.in == 0 || --nth.in != 0)
		return false;
	nth.in = nth.goes_on ? 1 : 0;
	nth.told = err;
	return true;
}

/* DPDK's own function of a name. */
static void *
real(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	assert_non_null(fn);
	return fn;
}

void *
rte_zmalloc_socket(const char *type, size_t bytes, unsigned int align, int socket)
{
	static void *(*fn)(const char *, size_t, unsigned int, int);

	if (nth_refuses(ENOMEM))
		return NULL; /* and rte_errno stays, as in DPDK 22.11 */
	if (fn == NULL)
		*(void **)&fn = real("rte_zmalloc_socket");
	return fn(type, bytes, align, socket);
}

static bool
zone_is_refused(size_t len)
{
	if (!nth.is_deep && nth.zone_max != 0 && len > nth.zone_max) {
		rte_errno = ENOMEM;
		return true;
	}
	if (!nth_refuses(nth.zone_err))
		return false;
	rte_errno = nth.zone_err;
	return true;
}

const struct rte_memzone *
rte_memzone_reserve(const char *name, size_t len, int socket, unsigned int flags)
{
	static const struct rte_memzone *(*fn)(const char *, size_t, int, unsigned int);
	const struct rte_memzone *mz;

	if (zone_is_refused(len))
		return NULL;
	if (fn == NULL)
		*(void **)&fn = real("rte_memzone_reserve");
	nth.is_deep = true;
	mz = fn(name, len, socket, flags);
	nth.is_deep = false;
	return mz;
}

const struct rte_memzone *
rte_memzone_reserve_aligned(
		const char *name, size_t len, int socket, unsigned int flags, unsigned int align)
{
	static const struct rte_memzone *(*fn)(
			const char *, size_t, int, unsigned int, unsigned int);
	const struct rte_memzone *mz;

	if (zone_is_refused(len))
		return NULL;
	if (fn == NULL)
		*(void **)&fn = real("rte_memzone_reserve_aligned");
	nth.is_deep = true;
	mz = fn(name, len, socket, flags, align);
	nth.is_deep = false;
	return mz;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);

void *
__wrap_malloc(size_t bytes)
{
	return nth_refuses(ENOMEM) ? NULL : __real_malloc(bytes);
}

static size_t
heap_used(void)
{
	struct rte_malloc_socket_stats stats;

	assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
	return stats.heap_allocsz_bytes;
}

static void
pool_free_checked(struct rte_mempool *mp)
{
	mp_give_all(mp, mp_take_all(mp, 40, 0), 33);
	rte_mempool_free(mp);
	assert_null(rte_mempool_lookup("mp"));
}

static struct rte_mempool *
paired_make(enum ppool_kind kind)
{
	struct ppool_pktmbuf_conf conf = { .kind = kind };

	return ppool_pktmbuf_pool_create("mp", N, 32, 64, ROOM, SOCKET_ID_ANY, &conf);
}

/* One way of refusing, for n = 1, 2, ... */
static void
paired_nth(enum ppool_kind kind, bool goes_on, int zone_err)
{
	size_t used;
	int n;

	pool_free_checked(paired_make(kind));
	used = heap_used();
	for (n = 1; n < 100; n++) {
		struct rte_mempool *mp;

		nth_arm(n, goes_on, zone_err);
		mp = paired_make(kind);
		nth_disarm();
		if (nth.told == 0) {
			pool_free_checked(mp);
			break;
		}
		if (mp != NULL || rte_errno != nth.told)
			print_message("kind %d, request %d: %s, rte_errno %d, not %d\n", kind, n,
					mp ? "a pool" : "no pool", rte_errno, nth.told);
		assert_null(mp);
		assert_int_equal(rte_errno, nth.told);
		assert_null(rte_mempool_lookup("mp"));
		assert_int_equal(heap_used(), used);
		pool_free_checked(paired_make(kind));
		assert_int_equal(heap_used(), used);
	}
	assert_in_range(n, 8, 99); /* mempool's, headers, data, addresses, core */
}

static void
paired_pools_are_created_or_not(void **state)
{
	static const enum ppool_kind kinds[] = { PPOOL_KIND_COUNT, PPOOL_KIND_BITMAP };

	(void)state;
	for (int i = 0; i < 2; i++) {
		paired_nth(kinds[i], false, ENOMEM);
		paired_nth(kinds[i], true, ENOMEM);
		paired_nth(kinds[i], false, ENOSPC);
	}
}

/* Made with mbufs, used, and asked everything. */
static void
frag_pool_end(struct ppool *p)
{
	void *frags[100];

	assert_non_null(p);
	assert_int_equal(ppool_frag_alloc_bulk(p, frags, 100, 2048, 0), 0);
	assert_int_equal(ppool_frag_put_bulk(p, frags, 100), 0);
	pool_end(p);
}

static void
frag_nth(bool goes_on, int zone_err)
{
	struct ppool_conf conf = { .nb_pages = 8, .socket_id = SOCKET_ID_ANY, .ext_bytes = 1024 };
	size_t used;
	int n;

	frag_pool_end(ppool_create("mp", &conf));
	used = heap_used();
	for (n = 1; n < 100; n++) {
		struct ppool *p;

		nth_arm(n, goes_on, zone_err);
		p = ppool_create("mp", &conf);
		nth_disarm();
		if (nth.told == 0) {
			frag_pool_end(p);
			break;
		}
		assert_null(p);
		assert_int_equal(rte_errno, nth.told);
		assert_null(ppool_lookup("mp"));
		assert_int_equal(heap_used(), used);
		frag_pool_end(ppool_create("mp", &conf));
		assert_int_equal(heap_used(), used);
	}
	assert_in_range(n, 13, 99); /* the pool, data, addresses, mbufs' information, core */
}

static void
fragment_pools_are_created_or_not(void **state)
{
	(void)state;
	frag_nth(false, ENOMEM);
	frag_nth(true, ENOMEM);
	frag_nth(false, ENOSPC);
}

/* The copy wants four mbufs: each but the last one is refused, and the original stays. */
static void
a_packet_is_unpinned_or_not(void **state)
{
	struct rte_mempool *mp = paired_make(PPOOL_KIND_COUNT);
	struct rte_mempool *to = rte_pktmbuf_pool_create("plain", 7, 0, 0, 640, SOCKET_ID_ANY);
	struct rte_mbuf *m = rte_pktmbuf_alloc(mp), *rest[7], *copy = NULL;
	uint32_t room;

	(void)state;
	memset(rte_pktmbuf_append(m, 1900), 0x5a, 1900);
	for (room = 0; copy == NULL; room++) {
		assert_in_range(room, 0, 7);
		assert_int_equal(rte_pktmbuf_alloc_bulk(to, rest, 7 - room), 0);
		rte_errno = STALE;
		copy = ppool_unpin(m, to);
		if (copy == NULL) {
			assert_int_equal(rte_errno, ENOBUFS);
			assert_int_equal(rte_mempool_avail_count(to), room);
			assert_int_equal(rte_mempool_in_use_count(mp), 1);
			assert_int_equal(*rte_pktmbuf_mtod_offset(m, uint8_t *, 1899), 0x5a);
		}
		rte_pktmbuf_free_bulk(rest, 7 - room);
	}
	assert_int_equal(room - 1, 4); /* of 512 bytes */
	assert_int_equal(rte_mempool_in_use_count(mp), 0);
	rte_pktmbuf_free(copy);
	rte_mempool_free(to);
	pool_free_checked(mp);
}

static int
populate(struct rte_mempool *mp, bool is_anon)
{
	int ret = is_anon ? rte_mempool_populate_anon(mp) : rte_mempool_populate_default(mp);

	return is_anon && ret == 0 ? -rte_errno : ret;
}

/*
 * A mempool with the handler: whether it is populated or not, it can be populated after, and freed.
 * Its memory comes in pieces of at most @p zone_max bytes.
 */
static void
handler_nth(bool is_anon, bool goes_on, size_t zone_max, bool is_retried)
{
	int size = is_anon ? 40 : N; /* anonymous memory may come in pieces of 4 KiB */
	size_t used = heap_used();
	int n, ret;

	for (n = 1; n < 200; n++) {
		struct rte_mempool *mp =
				rte_mempool_create_empty("mp", size, 2304, 16, 0, SOCKET_ID_ANY, 0);

		assert_non_null(mp);
		assert_int_equal(rte_mempool_set_ops_byname(mp, PPOOL_OPS_NAME, NULL), 0);
		nth_arm(n, goes_on, ENOMEM);
		nth.zone_max = zone_max;
		ret = populate(mp, is_anon);
		nth_disarm();
		if (ret < 0) {
			assert_int_not_equal(nth.told, 0);
			assert_int_equal(ret, -ENOMEM);
			if (is_retried) {
				ret = populate(mp, is_anon);
				if (ret < 0)
					print_message("n %d: %d at the second time\n", n, ret);
			}
		}
		if (ret >= 0) {
			assert_int_equal(ret, size);
			assert_int_equal(ppool_held(mp), 0);
			pool_free_checked(mp);
		} else {
			assert_false(is_retried);
			rte_mempool_free(mp);
		}
		assert_null(rte_mempool_lookup("mp"));
		assert_int_equal(heap_used(), used);
		if (nth.told == 0)
			break;
	}
	assert_in_range(n, 6, 199);
}

static void
mempools_are_populated_or_not(void **state)
{
	static const size_t zone_max[] = { 0, 500000 };

	(void)state;
	pool_free_checked(paired_make(PPOOL_KIND_COUNT));
	for (int i = 0; i < 2; i++) {
		handler_nth(false, false, zone_max[i], false);
		handler_nth(false, true, zone_max[i], false);
	}
	handler_nth(true, false, 0, false);
}

/* What a failure left in the handler must not be in the way of, or part of, what comes after. */
static void
mempools_are_populated_after_a_failure(void **state)
{
	static const size_t zone_max[] = { 0, 500000 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		handler_nth(false, false, zone_max[i], true);
		handler_nth(false, true, zone_max[i], true);
	}
	handler_nth(true, true, 0, true);
}

static void
a_large_request_without_memory_takes_none(void **state)
{
	struct rte_mempool *mp = paired_make(PPOOL_KIND_COUNT);
	static struct rte_mbuf *mbufs[N];

	(void)state;
	nth_arm(1, false, ENOMEM);
	assert_int_equal(rte_mempool_get_bulk(mp, (void **)mbufs, N), -ENOENT);
	nth_disarm();
	assert_int_equal(nth.told, ENOMEM);
	assert_int_equal(ppool_held(mp), 0);
	assert_int_equal(rte_mempool_get_bulk(mp, (void **)mbufs, N), 0);
	nth_arm(1, true, ENOMEM);
	ppool_pktmbuf_free_bulk(mbufs, N);
	nth_disarm();
	assert_int_equal(nth.told, 0);
	pool_free_checked(mp);
}

/* An audit that cannot be made is no clean one; the rest of the interface needs no memory. */
static void
questions_without_memory(void **state)
{
	static const enum ppool_kind kinds[] = { PPOOL_KIND_COUNT, PPOOL_KIND_BITMAP };
	FILE *null = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(null);
	for (int i = 0; i < 2; i++) {
		struct rte_mempool *mp = paired_make(kinds[i]);
		struct rte_mbuf *mbufs[64];
		struct ppool_inflight list[2];
		struct ppool_stats stats;

		nth_arm(1, true, ENOMEM);
		assert_int_equal(ppool_audit(null, mp), kinds[i] == PPOOL_KIND_COUNT);
		nth_arm(1, true, ENOMEM);
		assert_int_equal(ppool_stats_get(mp, &stats), 0);
		assert_int_equal(ppool_dump(null, mp), 0);
		assert_int_equal(ppool_held(mp), 0);
		assert_true(ppool_driver_keeps_external("net_null"));
		assert_int_equal(rte_mempool_generic_get(mp, (void **)mbufs, 64, NULL), 0);
		assert_int_equal(ppool_inflight_list(mp, list, 2), 3);
		assert_int_equal(ppool_age(mp, 1), 0);
		assert_int_equal(ppool_drain(mp, mbufs[0]->buf_addr, 1), 1);
		assert_int_equal(ppool_undrain(mp, mbufs[0]->buf_addr, 1), 1);
		ppool_pktmbuf_free_bulk(mbufs, 64);
		nth_disarm();
		assert_int_equal(nth.told, 0);
		assert_int_equal(ppool_audit(null, mp), 0);
		rte_mempool_free(mp);
	}
	fclose(null);
}

static void
questions_to_fragment_pools_without_memory(void **state)
{
	struct ppool *p = pool_make(4, 4096, 0);
	FILE *null = fopen("/dev/null", "w");
	struct ppool_inflight in;
	void *frags[65];

	(void)state;
	assert_non_null(null);
	nth_arm(1, true, ENOMEM);
	assert_int_equal(ppool_frag_audit(null, p), 1);
	nth_arm(1, true, ENOMEM);
	assert_int_equal(ppool_frag_alloc_bulk(p, frags, 65, 64, 0), -ENOENT);
	nth_arm(1, true, ENOMEM);
	ppool_frag_holder_set(p, PPOOL_HOLDER(1, 2, 3));
	frags[0] = ppool_frag_alloc(p, 64, 0);
	assert_non_null(frags[0]);
	assert_int_equal(ppool_frag_inflight_list(p, &in, 1), 1);
	assert_int_equal(ppool_frag_age(p, 1000), 0);
	assert_int_equal(ppool_frag_drain(p, frags[0], 1), 1);
	assert_int_equal(ppool_frag_undrain(p, frags[0], 1), 1);
	assert_int_equal(ppool_frag_put(p, frags[0]), 0);
	ppool_frag_dump(null, p);
	nth_disarm();
	assert_int_equal(nth.told, 0);
	pool_end(p);
	fclose(null);
}

/* Also when a case failed with a request still to be refused. */
static int
nth_teardown(void **state)
{
	nth_disarm();
	return mp_leftovers_free(state);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(paired_pools_are_created_or_not, nth_teardown),
		cmocka_unit_test_teardown(fragment_pools_are_created_or_not, nth_teardown),
		cmocka_unit_test_teardown(a_packet_is_unpinned_or_not, nth_teardown),
		cmocka_unit_test_teardown(mempools_are_populated_or_not, nth_teardown),
		cmocka_unit_test_teardown(mempools_are_populated_after_a_failure, nth_teardown),
		cmocka_unit_test_teardown(a_large_request_without_memory_takes_none, nth_teardown),
		cmocka_unit_test_teardown(questions_without_memory, nth_teardown),
		cmocka_unit_test_teardown(questions_to_fragment_pools_without_memory, nth_teardown),
	};

	return MP_MAIN(argc, argv, tests);
}
