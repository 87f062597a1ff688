/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Count pages under stress: extra references, puts run by run and gathered, abandoned slots, biases
 * that run out every round, pages given up for their age, listed, drained and undrained while
 * others put.
 */
#include "st_body.h"

#include <inttypes.h>

#include "ppool_count_inline.h"

static struct count_pool count;
static uint32_t unit; /* of a fragment; above 1, others get and put as DPDK does, 16 bits wide */
static uint64_t area[ST_FRAGS_MAX * ST_FRAG_BYTES / sizeof(uint64_t)];

static void
create(struct st_pool *pool)
{
	static const uint32_t pages[] = { 1, 7, 30, 200 };
	uint64_t seed = pool->seed;
	uint32_t page_frags = pages[st_rnd(&seed) % 4];
	uint32_t bias[] = { page_frags + 1, page_frags * 3, PPOOL_BIAS };
	uint32_t which = page_frags == 1 ? 0 : (uint32_t)(st_rnd(&seed) % 3);

	unit = bias[which] < 1 << 15 ? 1 + (uint32_t)(st_rnd(&seed) % 2) : 1;

	pool->page_frags = page_frags;
	pool->nb_frags = 50 + (uint32_t)(st_rnd(&seed) % 600);
	if (count_init_sized(&count, &pool->mem, pool->nb_frags, page_frags, unit * page_frags,
			    pool->nb_own + 1, bias[which]) != 0 ||
			(unit != 1 && count_limit_16bit(&count) != 0))
		st_fail("a pool cannot be created");
	pool->nb_pages = count.nb_pages;
}

static void
destroy(struct st_pool *pool)
{
	count_fini(&count, &pool->mem);
}

static bool
take(struct st_pool *pool, uint32_t slot, uint32_t *nrs, uint32_t n)
{
	static _Thread_local struct ppool_frags runs[ST_FRAGS_MAX];
	const struct count_size size = { unit, unit };
	uint32_t nb = unit == 1 ? count_take(&count, slot, runs, n)
	                        : count_take_sized(&count, slot, PPOOL_HOLDER_NONE, &size, runs, n);
	uint32_t got = 0;

	for (uint32_t r = 0; r < nb; r++)
		for (uint32_t i = 0; i < runs[r].nb && got < n; i++)
			nrs[got++] = runs[r].page * count.page_frags + runs[r].first / unit + i;
	for (uint32_t r = 0; r < nb; r++)
		if (runs[r].nb == 0 || runs[r].first / unit + runs[r].nb > count.page_frags)
			st_fail("run %" PRIu32 " + %" PRIu32 " is not within a page", runs[r].first,
					runs[r].nb);
	if (nb != 0 && got != n)
		st_fail("%" PRIu32 " were asked for, %" PRIu32 " came", n, got);
	(void)pool;
	return nb != 0;
}

/*
 * As rte_mbuf_ext_refcnt_update(): a plain store if nobody else has a reference. Returns what is
 * left.
 */
static uint16_t
stock_add(uint32_t page, uint16_t nb)
{
	uint16_t *refs = (uint16_t *)(void *)&count.refs[page].refs;

	/* DPDK's load is relaxed, and the callback has a fence; TSan does not follow those. */
	if (__atomic_load_n(refs, __ATOMIC_ACQUIRE) == 1) {
		__atomic_store_n(refs, (uint16_t)(1 + nb), __ATOMIC_RELAXED);
		return (uint16_t)(1 + nb);
	}
	return __atomic_add_fetch(refs, nb, __ATOMIC_ACQ_REL);
}

static void
stock_put(uint32_t slot, uint32_t page)
{
	struct count_owner *o;

	if (stock_add(page, UINT16_MAX) != 0)
		return;
	o = count_enter(&count, slot); /* the callback: the page is abandoned, and ours alone */
	count_free_push(&count, page);
	count_leave(&count, o);
}

/* Run by run, gathered by page, or one by one as the stock functions do. */
static void
give(struct st_pool *pool, uint32_t slot, const uint32_t *nrs, uint32_t n)
{
	bool is_gathered = n != 0 && nrs[0] % 2 == 0;
	struct count_puts puts;
	struct count_owner *o;

	(void)pool;
	if (unit != 1 && n % 2 == 0) {
		for (uint32_t i = 0; i < n; i++)
			stock_put(slot, nrs[i] / count.page_frags);
		return;
	}
	count_puts_init(&puts);
	o = count_enter(&count, slot);
	for (uint32_t i = 0; i < n;) {
		uint32_t page = nrs[i] / count.page_frags, nb = 1;

		while (i + nb < n && nrs[i + nb] / count.page_frags == page)
			nb++;
		if (is_gathered)
			count_puts_add(&count, o, &puts, page, nb);
		else
			count_put(&count, o, page, nb);
		i += nb;
	}
	count_puts_end(&count, o, &puts);
	count_leave(&count, o);
}

static void
get(struct st_pool *pool, uint32_t slot, uint32_t nr)
{
	struct count_owner *o;

	(void)pool;
	if (unit != 1) {
		stock_add(nr / count.page_frags, 1);
		return;
	}
	o = count_enter(&count, slot);
	count_get(&count, o, nr / count.page_frags, 1);
	count_leave(&count, o);
}

/* The clock is the call's number, so that one in a few finds pages overdue. */
static void
age(uint64_t rnd)
{
	static at_u32 now;

	count_age(&count, at_fetch_add(&now, 1, relaxed), (uint32_t)(rnd % 64));
}

/* Oldest first, none with more references than can be. */
static void
list(uint64_t rnd)
{
	struct ppool_inflight in[16];
	uint32_t max = (uint32_t)(rnd % 17), nb = count_inflight(&count, (uint32_t)rnd, in, max);

	if (nb > count.nb_pages)
		st_fail("%" PRIu32 " of %" PRIu32 " pages are in flight", nb, count.nb_pages);
	for (uint32_t i = 0; i < nb && i < max; i++) {
		if (in[i].refs == 0 || in[i].refs > 2 * ST_FRAGS_MAX * 4)
			st_fail("page %" PRIu32 ": %#" PRIx32 " references", in[i].page,
					in[i].refs);
		if (i != 0 && in[i - 1].age_ms < in[i].age_ms)
			st_fail("the list of pages in flight is not in order");
	}
}

static uint32_t
drain(struct st_pool *pool, uint32_t page)
{
	(void)pool;
	return count_drain(&count, page, 1);
}

static void
undrain(struct st_pool *pool, uint32_t page)
{
	(void)pool;
	if (count_undrain(&count, page, 1) != 1)
		st_fail("page %" PRIu32 " was drained, and is not", page);
}

static uint32_t
page_first(struct st_pool *pool, uint32_t page)
{
	return page * pool->page_frags;
}

static void
rare(struct st_pool *pool, uint32_t slot, uint64_t rnd)
{
	(void)pool;
	switch (rnd % 3) {
	case 0:
		count_abandon(&count, slot);
		break;
	case 1:
		age(rnd / 3);
		break;
	default:
		list(rnd / 3);
	}
}

static uint64_t *
bytes(struct st_pool *pool, uint32_t nr)
{
	(void)pool;
	return &area[nr * ST_FRAG_BYTES / sizeof(uint64_t)];
}

static void
watch(struct st_pool *pool)
{
	uint32_t nb_free = at_load(&count.nb_free, relaxed);

	(void)pool;
	if (nb_free > count.nb_pages)
		st_fail("%" PRIu32 " of %" PRIu32 " pages are free", nb_free, count.nb_pages);
	for (uint32_t page = 0; page < count.nb_pages; page++) {
		uint32_t refs = at_load(&count.refs[page].refs, relaxed);
		uint32_t owner = at_load(&count.owner_of[page], relaxed);

		if (refs >= UINT32_C(1) << 31)
			st_fail("page %" PRIu32 ": %#" PRIx32 " references", page, refs);
		if (owner >= count.nb_slots && owner != PPOOL_NONE)
			st_fail("page %" PRIu32 ": owner %" PRIu32, page, owner);
	}
}

/* Some page is idle, or some owner has a rest to cut. */
static bool
has_some(void)
{
	for (uint32_t slot = 0; slot < count.nb_slots; slot++)
		if (count.owners[slot].left != 0)
			return true;
	for (uint32_t page = 0; page < count.nb_pages; page++)
		if (at_load(&count.refs[page].refs, relaxed) == count.bias[page])
			return true;
	return false;
}

static void
check(struct st_pool *pool, uint32_t frags, uint32_t refs)
{
	uint64_t held = count_held(&count);

	(void)frags;
	if (held != refs)
		st_fail("%" PRIu32 " references are out, the pool says %" PRId64, refs,
				(int64_t)held);
	count_audit(&count, &pool->mem, st_say, NULL);
	if (has_some()) {
		uint32_t slot = refs % (pool->nb_own + 1), nr;

		if (take(pool, slot, &nr, 1))
			give(pool, ST_SHARED, &nr, 1);
		else
			st_fail("the pool has some, and says it is dry");
	}
}

static void
stats(struct st_pool *pool, struct ppool_stats *sum)
{
	(void)pool;
	count_stats_get(&count, sum);
}

int
main(int argc, char **argv)
{
	static const struct st_ops ops = { "st_ppool_count", create, destroy, take, give, get,
		drain, undrain, page_first, rare, bytes, watch, check, stats };

	return st_main(argc, argv, &ops);
}
