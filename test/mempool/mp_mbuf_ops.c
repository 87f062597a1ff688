/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every mbuf operation that takes or drops references, on every kind of buffer of ours: whatever is
 * done, in the end all is back, once.
 */
#include <rte_ring.h>

#include "mp_rig.h"

#define N    1023
#define ROOM 2048
#define PRIV 64
#define LEN  500

enum kind {
	HANDLER = 1, /* mbuf and data together */
	COUNT = 2,   /* paired */
	BITMAP = 4,  /* paired */
	FRAG = 8,    /* headers of an ordinary pool on fragments */
	SHARED = 16, /* the same, a page's mbufs with one count */
	PAIRED = COUNT | BITMAP,
	ALL = HANDLER | PAIRED | FRAG
};

static struct rig {
	enum kind kind;
	struct rte_mempool *mp;    /* that the mbufs are of */
	struct rte_mempool *plain; /* others' mbufs with room of their own */
	struct ppool *frags;
	void (*free_bulk)(struct rte_mbuf **mbufs, unsigned int n);
} rig;

static bool
on_fragments(void)
{
	return (rig.kind & (FRAG | SHARED)) != 0;
}

/* Fragments in use; where a page's mbufs have one count, each clone is one more. */
static void
held_check(unsigned int bufs)
{
	int64_t held = ppool_frag_held(rig.frags);

	assert_int_equal(rig.kind == FRAG ? held : held != 0,
			rig.kind == FRAG ? (int64_t)bufs : bufs != 0);
}

static struct rte_mbuf *
fill(struct rte_mbuf *m, uint8_t value)
{
	assert_non_null(m);
	memset(rte_pktmbuf_append(m, LEN), value, LEN);
	return m;
}

/* One of ours, with LEN bytes of @p value. */
static struct rte_mbuf *
ours(uint8_t value)
{
	struct rte_mbuf *m;

	if (!on_fragments())
		return fill(rte_pktmbuf_alloc(rig.mp), value);
	assert_int_equal(ppool_extbuf_alloc_bulk(rig.frags, rig.mp, &m, 1, ROOM), 1);
	return fill(m, value);
}

static struct rte_mbuf *
others(uint8_t value)
{
	return fill(rte_pktmbuf_alloc(rig.plain), value);
}

static void
bytes_check(const struct rte_mbuf *m, uint32_t off, uint32_t len, uint8_t value)
{
	uint8_t copy[4 * LEN];
	const uint8_t *data = rte_pktmbuf_read(m, off, len, copy);

	assert_non_null(data);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(data[i], value);
}

static void
free_one(struct rte_mbuf *m)
{
	rig.free_bulk(&m, 1);
}

/* Of our buffers and, by mempool, of the mbufs of both pools. */
static void
out_check(unsigned int bufs, unsigned int mbufs, unsigned int plain)
{
	assert_int_equal(rte_mempool_in_use_count(rig.mp), mbufs);
	assert_int_equal(rte_mempool_in_use_count(rig.plain), plain);
	if (on_fragments())
		held_check(bufs);
	else
		assert_int_equal(mbufs, bufs);
}

static void
clones_freed_in_each_order(void)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };

	for (unsigned int o = 0; o < 6; o++) {
		struct rte_mbuf *m[3] = { ours(o) };

		m[1] = rte_pktmbuf_clone(m[0], rig.plain);
		m[2] = rte_pktmbuf_clone(m[1], rig.plain);
		for (unsigned int i = 0; i < 3; i++) {
			bytes_check(m[orders[o][i]], 0, LEN, o);
			free_one(m[orders[o][i]]);
			if (i < 2 && !on_fragments())
				assert_int_equal(rte_mempool_in_use_count(rig.mp), 1);
			if (on_fragments())
				held_check(i < 2);
		}
		out_check(0, 0, 0);
	}
}

/* Clones made from, and living in, the pool itself. */
static void
clones_in_the_same_pool(void)
{
	struct rte_mbuf *m = ours(1), *clone = rte_pktmbuf_clone(m, rig.mp);

	assert_non_null(clone);
	free_one(m);
	out_check(on_fragments() ? 1 : 2, on_fragments() ? 1 : 2, 0);
	bytes_check(clone, 0, LEN, 1);
	free_one(clone);
}

static void
others_attached_to_ours(void)
{
	struct rte_mbuf *m = ours(2), *other = rte_pktmbuf_alloc(rig.plain);

	rte_pktmbuf_attach(other, m);
	bytes_check(other, 0, LEN, 2);
	rte_pktmbuf_detach(other);
	assert_true(RTE_MBUF_DIRECT(other));
	out_check(1, 1, 1);
	fill(other, 3);
	bytes_check(m, 0, LEN, 2);
	free_one(m);
	out_check(0, 0, 1);
	free_one(other);
	m = ours(4);
	other = rte_pktmbuf_alloc(rig.plain);
	rte_pktmbuf_attach(other, m);
	free_one(m); /* the indirect one outlives the direct one */
	bytes_check(other, 0, LEN, 4);
	free_one(other);
}

/* For mbufs with data of their own only; pinned ones must not be attached. */
static void
ours_attached_to_others(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig.mp), *other = others(5);

	rte_pktmbuf_attach(m, other);
	bytes_check(m, 0, LEN, 5);
	free_one(other);
	out_check(!on_fragments(), 1, 1);
	rte_pktmbuf_detach(m);
	out_check(!on_fragments(), 1, 0);
	assert_true(RTE_MBUF_DIRECT(m));
	free_one(m);
}

static void
headers_replaced_after_a_clone(void)
{
	struct rte_mbuf *m = ours(6), *clone = rte_pktmbuf_clone(m, rig.plain);
	void *frag;

	if (on_fragments()) {
		rte_pktmbuf_detach(m); /* the clone keeps the old buffer */
		frag = ppool_frag_alloc(rig.frags, 1024, 1024);
		assert_int_equal(ppool_extbuf_attach(rig.frags, m, frag, 1024), 0);
	} else { /* a header in front, as forwarders do */
		struct rte_mbuf *hdr = others(7);

		assert_int_equal(rte_pktmbuf_chain(hdr, m), 0);
		m = hdr;
	}
	bytes_check(clone, 0, LEN, 6);
	free_one(m);
	bytes_check(clone, 0, LEN, 6);
	free_one(clone);
}

static void
lengths_at_both_ends(void)
{
	struct rte_mbuf *m = ours(8);
	uint16_t room = rte_pktmbuf_tailroom(m);

	assert_int_equal(rte_pktmbuf_headroom(m), RTE_PKTMBUF_HEADROOM);
	memset(rte_pktmbuf_prepend(m, RTE_PKTMBUF_HEADROOM), 9, RTE_PKTMBUF_HEADROOM);
	assert_null(rte_pktmbuf_prepend(m, 1));
	memset(rte_pktmbuf_append(m, room), 10, room);
	assert_null(rte_pktmbuf_append(m, 1));
	bytes_check(m, 0, RTE_PKTMBUF_HEADROOM, 9);
	bytes_check(m, RTE_PKTMBUF_HEADROOM, LEN, 8);
	assert_non_null(rte_pktmbuf_adj(m, RTE_PKTMBUF_HEADROOM));
	assert_int_equal(rte_pktmbuf_trim(m, room), 0);
	bytes_check(m, 0, LEN, 8);
	assert_int_equal(rte_pktmbuf_pkt_len(m), LEN);
	free_one(m);
}

/* Ours, another's, ours. */
static struct rte_mbuf *
mixed_chain(void)
{
	struct rte_mbuf *m = ours(1);

	assert_int_equal(rte_pktmbuf_chain(m, others(2)), 0);
	assert_int_equal(rte_pktmbuf_chain(m, ours(3)), 0);
	return m;
}

static void
chains_freed_and_cloned(void)
{
	struct rte_mbuf *m = mixed_chain(), *clone = rte_pktmbuf_clone(m, rig.plain);

	out_check(2, 2, 4);
	free_one(m);
	for (uint32_t i = 0; i < 3; i++)
		bytes_check(clone, i * LEN, LEN, (uint8_t)(i + 1));
	free_one(clone);
	out_check(0, 0, 0);
	m = mixed_chain();
	while (m != NULL) {
		struct rte_mbuf *next = m->next;

		rte_pktmbuf_free_seg(m);
		m = next;
	}
}

static void
chains_made_one(void)
{
	struct rte_mbuf *m = mixed_chain();

	assert_int_equal(rte_pktmbuf_linearize(m), 0);
	out_check(1, 1, 0);
	for (uint32_t i = 0; i < 3; i++)
		bytes_check(m, i * LEN, LEN, (uint8_t)(i + 1));
	assert_int_equal(rte_pktmbuf_chain(m, others(4)), 0);
	assert_int_equal(rte_pktmbuf_linearize(m), -1); /* no room: left as it was */
	assert_int_equal(m->nb_segs, 2);
	bytes_check(m, 3 * LEN, LEN, 4);
	free_one(m);
}

static void
copies_out_of_ours(void)
{
	struct rte_mbuf *m = mixed_chain(), *copy = rte_pktmbuf_copy(m, rig.plain, 10, UINT32_MAX);

	assert_non_null(copy);
	free_one(m);
	out_check(0, 0, 1);
	bytes_check(copy, 0, LEN - 10, 1);
	bytes_check(copy, 2 * LEN - 10, LEN, 3);
	free_one(copy);
}

static void
copies_into_ours(void)
{
	struct rte_mbuf *m = others(5), *copy = rte_pktmbuf_copy(m, rig.mp, 0, UINT32_MAX);

	assert_non_null(copy);
	free_one(m);
	bytes_check(copy, 0, LEN, 5);
	free_one(copy);
}

static void
references_counted_by_hand(void)
{
	struct rte_mbuf *m = ours(6);

	rte_mbuf_refcnt_update(m, 2); /* or rte_pktmbuf_refcnt_update() of a chain */
	free_one(m);
	free_one(m);
	out_check(1, 1, 0);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	bytes_check(m, 0, LEN, 6);
	free_one(m);
}

/* One burst with all of it, and nothing. */
static void
mixed_bursts(void)
{
	struct rte_mbuf *m[120];

	for (unsigned int i = 0; i < RTE_DIM(m); i++) {
		m[i] = i % 6 == 0   ? NULL
		       : i % 6 == 1 ? mixed_chain()
		       : i % 6 == 2 ? others(1)
		                    : ours(2);
		if (i % 6 == 5) { /* a clone of the one in front, which goes first */
			rte_pktmbuf_free(m[i]);
			m[i] = rte_pktmbuf_clone(m[i - 1], rig.plain);
		}
	}
	rig.free_bulk(m, RTE_DIM(m));
}

static int
ring_free(void *arg)
{
	struct rte_mbuf *m[8];
	unsigned int nb = 0;

	while (nb < 400) {
		unsigned int n = rte_ring_dequeue_burst(arg, (void **)m, RTE_DIM(m), NULL);

		for (unsigned int i = 0; i < n; i++)
			if (*rte_pktmbuf_mtod_offset(m[i], uint8_t *, LEN - 1) != 9)
				return -1;
		rig.free_bulk(m, n);
		nb += n;
	}
	return 0;
}

/* Received here, sent there. */
static void
passed_to_another_lcore(void)
{
	struct rte_ring *ring = rte_ring_create("mp_ops", 128, SOCKET_ID_ANY, 0);
	unsigned int lcore = rte_get_next_lcore(-1, 1, 0);

	assert_non_null(ring);
	assert_in_range(lcore, 0, RTE_MAX_LCORE - 1);
	assert_int_equal(rte_eal_remote_launch(ring_free, ring, lcore), 0);
	for (int i = 0; i < 200; i++) {
		struct rte_mbuf *m = ours(9), *clone = rte_pktmbuf_clone(m, rig.plain);

		while (rte_ring_enqueue(ring, m) != 0)
			rte_pause();
		while (rte_ring_enqueue(ring, clone) != 0)
			rte_pause();
	}
	assert_int_equal(rte_eal_wait_lcore(lcore), 0);
	rte_ring_free(ring);
}

static void
private_areas_are_kept(void)
{
	struct rte_mbuf *m[50];

	for (int i = 0; i < 50; i++) {
		m[i] = ours(1);
		assert_int_equal(m[i]->priv_size, PRIV);
		memset(rte_mbuf_to_priv(m[i]), i, PRIV);
	}
	for (int i = 0; i < 50; i++) {
		assert_int_equal(*(uint8_t *)rte_mbuf_to_priv(m[i]), i);
		assert_int_equal(((uint8_t *)rte_mbuf_to_priv(m[i]))[PRIV - 1], i);
		bytes_check(m[i], 0, LEN, 1);
	}
	rig.free_bulk(m, 50);
}

static const struct op {
	const char *name;
	void (*run)(void);
	unsigned int kinds;
} ops[] = {
#define OP(name, kinds)                                                                            \
	{                                                                                          \
#name, name, kinds                                                                 \
	}
	OP(clones_freed_in_each_order, ALL),
	OP(clones_in_the_same_pool, ALL & ~PAIRED), /* a pinned mbuf is no clone: DPDK's rule */
	OP(others_attached_to_ours, ALL),
	OP(ours_attached_to_others, ALL & ~PAIRED),
	OP(headers_replaced_after_a_clone, ALL),
	OP(lengths_at_both_ends, ALL),
	OP(chains_freed_and_cloned, ALL),
	OP(chains_made_one, ALL),
	OP(copies_out_of_ours, ALL),
	OP(copies_into_ours, HANDLER), /* rte_pktmbuf_copy() clears EXTERNAL of its target */
	OP(references_counted_by_hand, ALL),
	OP(mixed_bursts, ALL),
	OP(passed_to_another_lcore, ALL),
	OP(private_areas_are_kept, ALL),
};

static void
rig_make(enum kind kind, unsigned int cache)
{
	struct ppool_pktmbuf_conf conf = { .kind = kind == COUNT ? PPOOL_KIND_COUNT
		                                                 : PPOOL_KIND_BITMAP };
	struct ppool_conf frags = { .nb_pages = 32,
		.socket_id = SOCKET_ID_ANY,
		.ext_bytes = 1024,
		.ext_per_frag = kind == FRAG };

	rig.kind = kind;
	rig.frags = NULL;
	if (kind == HANDLER)
		rig.mp = rte_pktmbuf_pool_create_by_ops(
				"mp", N, cache, PRIV, ROOM, SOCKET_ID_ANY, PPOOL_OPS_NAME);
	else if (on_fragments())
		rig.mp = rte_pktmbuf_pool_create("mp", N, cache, PRIV, 0, SOCKET_ID_ANY);
	else
		rig.mp = ppool_pktmbuf_pool_create(
				"mp", N, cache, PRIV, ROOM, SOCKET_ID_ANY, &conf);
	if (on_fragments())
		rig.frags = ppool_create("mp", &frags);
	rig.plain = rte_pktmbuf_pool_create("plain", N, cache, 0, ROOM, SOCKET_ID_ANY);
	assert_true(rig.mp != NULL && rig.plain != NULL && (!on_fragments() || rig.frags != NULL));
}

/* All that was taken is back: in the figures, and in fact. */
static void
rest_check(void)
{
	struct rte_mempool_cache *cache = rte_mempool_default_cache(rig.mp, rte_lcore_id());

	out_check(0, 0, 0);
	if (cache != NULL)
		rte_mempool_cache_flush(cache, rig.mp);
	assert_int_equal(rte_mempool_avail_count(rig.mp), N);
	if (on_fragments()) {
		assert_int_equal(ppool_frag_audit(stderr, rig.frags), 0);
	} else {
		for (unsigned int l = 0; l < RTE_MAX_LCORE && rig.mp->cache_size != 0; l++)
			rte_mempool_cache_flush(&rig.mp->local_cache[l], rig.mp);
		assert_int_equal(ppool_held(rig.mp), 0);
		assert_int_equal(ppool_audit(stderr, rig.mp), 0);
	}
}

static void
every_operation(enum kind kind, unsigned int cache)
{
	static void (*const free_bulks[])(struct rte_mbuf **,
			unsigned int) = { rte_pktmbuf_free_bulk, ppool_pktmbuf_free_bulk };

	rig_make(kind, cache);
	for (unsigned int i = 0; i < RTE_DIM(ops); i++) {
		if ((ops[i].kinds & (kind == SHARED ? FRAG : kind)) == 0)
			continue;
		for (unsigned int f = 0; f < 2; f++) {
			rig.free_bulk = free_bulks[f];
			print_message("%s, freed by %s\n", ops[i].name, f ? "ppool" : "rte_mbuf");
			ops[i].run();
			rest_check();
		}
	}
	if (on_fragments())
		assert_int_equal(ppool_destroy(rig.frags), 0);
	rte_mempool_free(rig.plain);
	rte_mempool_free(rig.mp);
}

#define CASES(X)                                                                                   \
	X(handler, HANDLER)                                                                        \
	X(count, COUNT)                                                                            \
	X(bitmap, BITMAP)                                                                          \
	X(frag, FRAG)                                                                              \
	X(shared, SHARED)
#define CASE_FUNCTIONS(name, kind)                                                                 \
	static void name##_without_a_cache(void **state)                                           \
	{                                                                                          \
		(void)state;                                                                       \
		every_operation(kind, 0);                                                          \
	}                                                                                          \
	static void name##_with_a_cache(void **state)                                              \
	{                                                                                          \
		(void)state;                                                                       \
		every_operation(kind, 256);                                                        \
	}
CASES(CASE_FUNCTIONS)

int
main(int argc, char **argv)
{
#define CASE_TESTS(name, kind) MP_CASE(name##_without_a_cache), MP_CASE(name##_with_a_cache),
	static const struct CMUnitTest tests[] = { CASES(CASE_TESTS) };

	return MP_MAIN(argc, argv, tests);
}
