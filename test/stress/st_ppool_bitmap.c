/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bitmap pages under stress: several chunks, or one by runs, too; whole pages, pages listed,
 * drained and undrained, frees of what is no fragment.
 */
#include "st_body.h"

#include <inttypes.h>

#include "ppool_bitmap.h"

#define CHUNKS_MAX  3
#define CHUNK_BYTES ((size_t)ST_FRAGS_MAX / CHUNKS_MAX * 2 * ST_FRAG_BYTES)

static struct bitmap bitmap;
static _Alignas(64) char area[CHUNKS_MAX * CHUNK_BYTES];
static uint32_t chunk_first[CHUNKS_MAX], chunk_order[CHUNKS_MAX], first_byte;
static at_u64 nb_refused; /* frees that had to be */

/* Chunks lie CHUNK_BYTES apart, and are added in any order. */
static void
create(struct st_pool *pool)
{
	uint64_t seed = pool->seed;
	uint32_t most = st_rnd(&seed) % 2 == 0 ? 4 : PPOOL_BITMAP_FRAGS_MAX;
	uint32_t page_frags = 1 + (uint32_t)(st_rnd(&seed) % most);
	uint32_t page_bytes = page_frags * ST_FRAG_BYTES + 8 * (uint32_t)(st_rnd(&seed) % 8);
	uint32_t hints = 1u << (st_rnd(&seed) % 7), nb_chunks;
	uint32_t turn;

	nb_chunks = 1 + (uint32_t)(st_rnd(&seed) % CHUNKS_MAX);
	turn = (uint32_t)(st_rnd(&seed) % nb_chunks);
	at_store(&nb_refused, 0, relaxed);
	first_byte = 16 * (uint32_t)(st_rnd(&seed) % 2);
	pool->nb_frags = 0;
	pool->page_frags = page_frags;
	if (bitmap_init(&bitmap, &pool->mem, page_bytes, ST_FRAG_BYTES, pool->nb_own + 1, hints) !=
			0)
		st_fail("a pool cannot be created");
	for (uint32_t i = 0; i < nb_chunks; i++) {
		uint32_t chunk = (i + turn) % nb_chunks, n = 20 + (uint32_t)(st_rnd(&seed) % 200);

		chunk_order[i] = chunk;
		chunk_first[chunk] = pool->nb_frags;
		pool->nb_frags += n;
		if (bitmap_add(&bitmap, &pool->mem, area + chunk * CHUNK_BYTES, first_byte, n) != 0)
			st_fail("a chunk cannot be added");
	}
	pool->nb_pages = bitmap.nb_pages;
}

static void
destroy(struct st_pool *pool)
{
	bitmap_fini(&bitmap, &pool->mem);
}

static uint32_t
nr_of(const void *obj)
{
	size_t off = (size_t)((const char *)obj - area), in = off % CHUNK_BYTES;

	return chunk_first[off / CHUNK_BYTES] +
	       (uint32_t)(in / bitmap.page_bytes) * bitmap.page_frags +
	       (uint32_t)(in % bitmap.page_bytes) / ST_FRAG_BYTES;
}

static uint64_t *
bytes(struct st_pool *pool, uint32_t nr)
{
	uint32_t i = bitmap.chunks->nb - 1, in;

	(void)pool;
	while (nr < chunk_first[chunk_order[i]])
		i--;
	in = nr - chunk_first[chunk_order[i]];
	return (uint64_t *)(void *)(area + chunk_order[i] * CHUNK_BYTES +
				    (size_t)(in / bitmap.page_frags) * bitmap.page_bytes +
				    (size_t)(in % bitmap.page_frags) * ST_FRAG_BYTES + first_byte);
}

/* Of a pool of one chunk, where fragments are numbered through. */
static bool
take_runs(uint32_t slot, uint32_t *nrs, uint32_t n)
{
	static _Thread_local struct ppool_frags runs[ST_FRAGS_MAX];
	uint32_t nb = bitmap_take_runs(&bitmap, slot, PPOOL_HOLDER_NONE, runs, n), got = 0;

	for (uint32_t r = 0; r < nb; r++)
		for (uint32_t i = 0; i < runs[r].nb && got < n; i++)
			nrs[got++] = runs[r].page * bitmap.page_frags + runs[r].first + i;
	if (nb != 0 && got != n)
		st_fail("%" PRIu32 " were asked for, %" PRIu32 " came", n, got);
	return nb != 0;
}

static uint32_t
give_runs(uint32_t slot, const uint32_t *nrs, uint32_t n)
{
	static _Thread_local struct ppool_frags runs[ST_FRAGS_MAX];
	uint32_t nb = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t page = nrs[i] / bitmap.page_frags, first = nrs[i] % bitmap.page_frags;

		if (nb != 0 && runs[nb - 1].page == page &&
				runs[nb - 1].first + runs[nb - 1].nb == first)
			runs[nb - 1].nb++;
		else
			runs[nb++] = (struct ppool_frags){ page, first, 1 };
	}
	return bitmap_give_runs(&bitmap, slot, runs, nb);
}

/* Now and then whole pages, as rte_mempool_get_contig_blocks() does. */
static bool
take(struct st_pool *pool, uint32_t slot, uint32_t *nrs, uint32_t n)
{
	static _Thread_local void *objs[ST_FRAGS_MAX];
	uint32_t pages = n % bitmap.page_frags == 0 ? n / bitmap.page_frags : 0;

	(void)pool;
	if (pages != 0 && bitmap.page_frags > 1 && n != bitmap.nb_frags) {
		if (bitmap_take_pages(&bitmap, slot, objs, pages) != 0)
			return false;
		for (uint32_t i = 0; i < n; i++)
			nrs[i] = nr_of(objs[i / bitmap.page_frags]) + i % bitmap.page_frags;
		return true;
	}
	if (bitmap.chunks->nb == 1 && n % 2 == 0)
		return take_runs(slot, nrs, n);
	if (bitmap_take(&bitmap, slot, objs, n) != 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		nrs[i] = nr_of(objs[i]);
	return true;
}

static void
give(struct st_pool *pool, uint32_t slot, const uint32_t *nrs, uint32_t n)
{
	static _Thread_local void *objs[ST_FRAGS_MAX];
	uint32_t bad;

	for (uint32_t i = 0; i < n; i++)
		objs[i] = bytes(pool, nrs[i]);
	if (bitmap.chunks->nb == 1 && nrs[0] % 2 == 0)
		bad = give_runs(slot, nrs, n);
	else
		bad = bitmap_give(&bitmap, slot, objs, n);
	if (bad != 0)
		st_fail("%" PRIu32 " of %" PRIu32 " rightful frees were refused", bad, n);
}

static uint32_t
drain(struct st_pool *pool, uint32_t page)
{
	(void)pool;
	return bitmap_drain(&bitmap, page, 1);
}

static void
undrain(struct st_pool *pool, uint32_t page)
{
	(void)pool;
	if (bitmap_undrain(&bitmap, page, 1) != 1)
		st_fail("page %" PRIu32 " was drained, and is not", page);
}

static uint32_t
page_first(struct st_pool *pool, uint32_t page)
{
	(void)pool;
	return nr_of(bitmap_page_at(&bitmap, page)->obj);
}

/* Oldest first, none with more fragments than a page has. */
static void
list(uint64_t rnd)
{
	struct ppool_inflight in[16];
	uint32_t max = (uint32_t)(rnd % 17), nb = bitmap_inflight(&bitmap, (uint32_t)rnd, in, max);

	if (nb > bitmap.nb_pages)
		st_fail("%" PRIu32 " of %" PRIu32 " pages are in flight", nb, bitmap.nb_pages);
	for (uint32_t i = 0; i < nb && i < max; i++)
		if (in[i].refs == 0 || in[i].refs > bitmap.page_frags ||
				(i != 0 && in[i - 1].age_ms < in[i].age_ms))
			st_fail("the list of pages in flight is wrong or not in order");
}

/* No fragment starts there, and it must not become one. */
static void
give_wrong(struct st_pool *pool, uint32_t slot, uint64_t rnd)
{
	void *objs[2] = { (char *)bytes(pool, (uint32_t)(rnd % pool->nb_frags)) + 1 + rnd % 31,
		&rnd };

	if (bitmap_has(&bitmap, objs[0]) || bitmap_give(&bitmap, slot, objs, 2) != 2)
		st_fail("a free of what is no fragment was accepted");
	at_fetch_add(&nb_refused, 2, relaxed);
}

static void
rare(struct st_pool *pool, uint32_t slot, uint64_t rnd)
{
	if (rnd % 2 == 0)
		give_wrong(pool, slot, rnd / 2);
	else
		list(rnd / 2);
}

static void
watch(struct st_pool *pool)
{
	uint32_t nb = bitmap_count(&bitmap);

	if (nb > pool->nb_frags)
		st_fail("%" PRIu32 " of %" PRIu32 " fragments are free", nb, pool->nb_frags);
	for (uint32_t i = 0; i < bitmap.chunks->nb; i++)
		for (uint32_t j = 0; j < bitmap.chunks->chunk[i].nb_pages; j++) {
			const struct bitmap_page *page = &bitmap.chunks->chunk[i].pages[j];

			if ((at_load(&page->freed, relaxed) & ~page->all) != 0)
				st_fail("a bit is set for a fragment that does not exist");
		}
}

/* What is not held can be had, fragment by fragment, by anybody: a mempool's promise. */
static void
check(struct st_pool *pool, uint32_t frags, uint32_t refs)
{
	static void *objs[ST_FRAGS_MAX];
	uint32_t nb = 0, slot = frags % (pool->nb_own + 1);
	struct ppool_stats sum;

	bitmap_stats_get(&bitmap, &sum);
	if (sum.bad_frees != at_load(&nb_refused, relaxed))
		st_fail("%" PRIu64 " frees were refused, %" PRIu64 " were counted",
				at_load(&nb_refused, relaxed), sum.bad_frees);
	bitmap_audit(&bitmap, st_say, NULL);
	if (refs != frags || bitmap_count(&bitmap) != pool->nb_frags - frags)
		st_fail("%" PRIu32 " of %" PRIu32 " are held, the pool says %" PRIu32 " are free",
				frags, pool->nb_frags, bitmap_count(&bitmap));
	while (nb < ST_FRAGS_MAX && bitmap_take(&bitmap, slot, objs + nb, 1) == 0)
		nb++;
	if (nb != pool->nb_frags - frags)
		st_fail("%" PRIu32 " are free, %" PRIu32 " can be had", pool->nb_frags - frags, nb);
	if (bitmap_give(&bitmap, ST_SHARED, objs, nb) != 0)
		st_fail("rightful frees were refused");
}

static void
stats(struct st_pool *pool, struct ppool_stats *sum)
{
	(void)pool;
	bitmap_stats_get(&bitmap, sum);
}

int
main(int argc, char **argv)
{
	static const struct st_ops ops = { "st_ppool_bitmap", create, destroy, take, give, NULL,
		drain, undrain, page_first, rare, bytes, watch, check, stats };

	return st_main(argc, argv, &ops);
}
