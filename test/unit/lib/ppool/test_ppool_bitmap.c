/* SPDX-License-Identifier: BSD-3-Clause */
/* Bitmap pages against hand-counted expectations and against a plain set. */
#include "pool_rig.h"

#include <errno.h>
#include <stdbool.h>

#include "ppool_bitmap.h"

#define SLOTS  4 /* 0..2 of threads, 3 shared */
#define SHARED 3

struct fixture {
	struct pool_rig rig;
	struct ppool_alloc mem;
	struct bitmap b;
	char *area;
};

/* @p nb fragments of @p stride in pages of @p page_bytes, headers of 32 bytes. */
static void
pool_make(struct fixture *f, uint32_t page_bytes, uint32_t stride, uint32_t nb)
{
	memset(f, 0, sizeof(*f));
	f->mem = pool_rig_alloc(&f->rig);
	f->area = (char *)aligned_alloc(4096, (size_t)64 << 20);
	assert_non_null(f->area);
	assert_int_equal(bitmap_init(&f->b, &f->mem, page_bytes, stride, SLOTS, 64), 0);
	assert_int_equal(bitmap_add(&f->b, &f->mem, f->area, 32, nb), 0);
	assert_int_equal(bitmap_count(&f->b), nb);
}

static void
pool_end(struct fixture *f)
{
	assert_int_equal(bitmap_audit(&f->b, pool_rig_say, NULL), 0);
	bitmap_fini(&f->b, &f->mem);
	assert_int_equal(f->rig.live, 0);
	free(f->area);
}

static void
sizes_are_checked(void **state)
{
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	struct bitmap b;

	(void)state;
	assert_int_equal(bitmap_init(&b, &mem, 4096, 1, SLOTS, 8), -EINVAL);
	assert_int_equal(bitmap_init(&b, &mem, 4096, 4097, SLOTS, 8), -EINVAL);
	assert_int_equal(bitmap_init(&b, &mem, 4096, 63, SLOTS, 8), -EINVAL); /* 65 fragments */
	assert_int_equal(bitmap_init(&b, &mem, 4096, 64, 0, 8), -EINVAL);
	assert_int_equal(bitmap_init(&b, &mem, 4096, 64, SLOTS, 0), -EINVAL);
	assert_int_equal(bitmap_init(&b, &mem, 4096, 64, SLOTS, 12), -EINVAL);
	assert_int_equal(rig.live, 0);
	assert_int_equal(bitmap_init(&b, &mem, 4096, 64, SLOTS, 8), 0);
	bitmap_fini(&b, &mem);
	assert_int_equal(rig.live, 0);
}

/* Whatever the burst and the page, a pool of n gives n, all different and in place. */
static void
gives_all_it_has_and_no_more(void **state)
{
	static const struct {
		uint32_t page_bytes, stride, nb, burst;
	} cases[] = {
		{ 65536, 2368, 1000, 1 }, { 65536, 2368, 1000, 32 }, { 65536, 2368, 1000, 544 },
		{ 4096, 64, 64 * 7, 7 },     /* 64 a page */
		{ 4096, 64, 64 * 7 + 1, 3 }, /* one on the last page */
		{ 4096, 4032, 33, 4 },       /* one a page */
		{ 131072, 2048, 5, 5 },      /* less than a page */
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		uint32_t nb = cases[c].nb, got = 0;
		struct fixture f;
		void **objs = (void **)calloc(nb + 1, sizeof(*objs));
		char *seen = (char *)calloc(nb, 1);

		assert_true(objs != NULL && seen != NULL);
		pool_make(&f, cases[c].page_bytes, cases[c].stride, nb);
		for (int round = 0; round < 3; round++) {
			memset(seen, 0, nb);
			for (got = 0; got < nb;) {
				uint32_t n = nb - got < cases[c].burst ? nb - got : cases[c].burst;

				assert_int_equal(bitmap_take(&f.b, 0, objs + got, n), 0);
				got += n;
			}
			assert_int_equal(bitmap_count(&f.b), 0);
			assert_int_equal(bitmap_take(&f.b, 0, objs + nb, 1), -ENOENT);
			for (uint32_t i = 0; i < nb; i++) {
				size_t off = (size_t)((char *)objs[i] - f.area);
				size_t page = off / cases[c].page_bytes;
				size_t frag = (off % cases[c].page_bytes - 32) / cases[c].stride;
				size_t nr = page * (cases[c].page_bytes / cases[c].stride) + frag;

				assert_int_equal(off % cases[c].page_bytes,
						32 + frag * cases[c].stride);
				assert_true(nr < nb && !seen[nr]);
				seen[nr] = 1;
			}
			for (uint32_t i = 0; i < nb; i += cases[c].burst)
				assert_int_equal(bitmap_give(&f.b, 0, objs + i,
								 nb - i < cases[c].burst
										 ? nb - i
										 : cases[c].burst),
						0);
			assert_int_equal(bitmap_count(&f.b), nb);
		}
		pool_end(&f);
		free(objs);
		free(seen);
	}
}

static void
a_refused_request_takes_nothing(void **state)
{
	void *objs[101];
	struct fixture f;

	(void)state;
	pool_make(&f, 65536, 2368, 100);
	assert_int_equal(bitmap_take(&f.b, 1, objs, 101), -ENOENT);
	assert_int_equal(bitmap_count(&f.b), 100);
	assert_int_equal(bitmap_take(&f.b, 1, objs, 60), 0);
	assert_int_equal(bitmap_take(&f.b, 2, objs + 60, 41), -ENOENT);
	assert_int_equal(bitmap_count(&f.b), 40);
	assert_int_equal(bitmap_take(&f.b, 2, objs + 60, 40), 0);
	assert_int_equal(bitmap_take(&f.b, 0, objs + 100, 1), -ENOENT);
	assert_int_equal(bitmap_take(&f.b, 0, objs + 100, 0), 0);
	assert_int_equal(bitmap_give(&f.b, SHARED, objs, 100), 0);
	assert_int_equal(bitmap_take(&f.b, 0, objs, 100), 0);
	assert_int_equal(bitmap_give(&f.b, 0, objs, 100), 0);
	pool_end(&f);
}

/* An owner that has taken and given all, and then sleeps, strands nothing. */
static void
nothing_is_stranded_with_an_owner(void **state)
{
	void *objs[1000];
	struct fixture f;

	(void)state;
	pool_make(&f, 65536, 2368, 1000);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		assert_int_equal(bitmap_take(&f.b, slot, objs, 1000), 0);
		assert_int_equal(bitmap_give(&f.b, slot, objs, 1000), 0);
		assert_int_equal(bitmap_take(&f.b, slot, objs, 10), 0); /* and leaves a page open */
		assert_int_equal(bitmap_give(&f.b, slot, objs, 10), 0);
	}
	pool_end(&f);
}

static void
runs_are_pages_and_places(void **state)
{
	struct ppool_frags runs[100], more[100];
	uint32_t nb, sum = 0;
	struct fixture f;

	(void)state;
	pool_make(&f, 65536, 2368, 100);
	nb = bitmap_take_runs(&f.b, 0, PPOOL_HOLDER_NONE, runs, 60);
	assert_int_equal(nb, 3); /* 27 + 27 + 6 */
	for (uint32_t i = 0; i < nb; i++) {
		assert_int_equal(runs[i].first, 0);
		sum += runs[i].nb;
	}
	assert_int_equal(sum, 60);
	assert_int_equal(bitmap_take_runs(&f.b, 1, PPOOL_HOLDER_NONE, more, 41),
			0); /* and nothing is kept */
	assert_int_equal(bitmap_count(&f.b), 40);
	assert_int_equal(bitmap_give_runs(&f.b, 0, runs, nb), 0);
	assert_int_equal(bitmap_give_runs(&f.b, 0, &runs[2], 1), 6); /* again */
	assert_int_equal(bitmap_count(&f.b), 100);
	runs[0] = (struct ppool_frags){ runs[0].page, 3, 2 }; /* holes make more runs */
	nb = bitmap_take_runs(&f.b, 2, PPOOL_HOLDER_NONE, more, 100);
	assert_int_equal(bitmap_give_runs(&f.b, 2, runs, 1), 0);
	runs[1] = (struct ppool_frags){ runs[0].page, 7, 1 };
	assert_int_equal(bitmap_give_runs(&f.b, 2, &runs[1], 1), 0);
	assert_int_equal(bitmap_take_runs(&f.b, 2, PPOOL_HOLDER_NONE, runs, 3), 2);
	assert_int_equal(bitmap_give_runs(&f.b, 2, more, nb), 0);
	assert_int_equal(bitmap_count(&f.b), 100);
	pool_end(&f);
}

static void
bad_frees_are_refused_and_counted(void **state)
{
	struct ppool_stats stats;
	void *objs[4], *bad;
	struct fixture f;

	(void)state;
	pool_make(&f, 65536, 2368, 100);
	assert_int_equal(bitmap_take(&f.b, 0, objs, 4), 0);
	assert_int_equal(bitmap_give(&f.b, 0, &objs[1], 1), 0);
	assert_int_equal(bitmap_give(&f.b, 0, &objs[1], 1), 1); /* again */
	assert_int_equal(bitmap_give(&f.b, 0, objs, 4), 1);     /* again, among good ones */
	assert_int_equal(bitmap_count(&f.b), 100);
	assert_int_equal(bitmap_take(&f.b, 0, objs, 2), 0);
	objs[2] = objs[0];
	assert_int_equal(bitmap_give(&f.b, 0, objs, 3), 1); /* twice in one burst */
	assert_int_equal(bitmap_take(&f.b, 0, objs, 3), 0);
	bad = objs[0];
	objs[0] = objs[2];
	objs[2] = bad;
	objs[3] = objs[1];
	assert_int_equal(bitmap_give(&f.b, 0, objs, 4), 1); /* downwards, and up again */
	bad = (char *)objs[0] + 64;
	assert_int_equal(bitmap_give(&f.b, 0, &bad, 1), 1); /* inside a fragment */
	bad = f.area;
	assert_int_equal(bitmap_give(&f.b, 0, &bad, 1), 1); /* before the first of a page */
	bad = &f;
	assert_int_equal(bitmap_give(&f.b, 0, &bad, 1), 1); /* elsewhere */
	bad = f.area + 3 * 65536 + 32 + 19 * 2368;
	assert_int_equal(bitmap_give(&f.b, 0, &bad, 1), 1); /* behind the last: 3 * 27 + 19 = 100 */
	bad = NULL;
	assert_int_equal(bitmap_give(&f.b, 0, &bad, 1), 1);
	assert_int_equal(bitmap_count(&f.b), 100);
	bitmap_stats_get(&f.b, &stats);
	assert_int_equal(stats.bad_frees, 9);
	pool_end(&f);
}

static void
chunks_anywhere_are_one_pool(void **state)
{
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	char *area = (char *)aligned_alloc(4096, (size_t)1 << 20);
	void *objs[100];
	struct bitmap b;

	(void)state;
	assert_non_null(area);
	assert_int_equal(bitmap_init(&b, &mem, 8192, 2112, SLOTS, 8), 0);
	assert_int_equal(bitmap_take(&b, 0, objs, 1), -ENOENT); /* no chunk yet */
	assert_int_equal(bitmap_add(&b, &mem, area + 500000, 64, 5), 0);
	assert_int_equal(bitmap_add(&b, &mem, area + 100, 64, 3), 0); /* odd, and lower */
	assert_int_equal(bitmap_add(&b, &mem, area + 300001, 64, 1), 0);
	assert_int_equal(bitmap_add(&b, &mem, area + 500000 + 8192, 64, 1), -EINVAL);
	assert_int_equal(bitmap_add(&b, &mem, area + 499999, 64, 1), -EINVAL);
	assert_int_equal(bitmap_add(&b, &mem, area + 700000, 64, 0), -EINVAL);
	assert_int_equal(bitmap_add(&b, &mem, area + 700000, 2112, 1), -EINVAL);
	assert_int_equal(bitmap_count(&b), 9);
	assert_int_equal(bitmap_take(&b, 0, objs, 10), -ENOENT);
	assert_int_equal(bitmap_take(&b, 0, objs, 9), 0);
	assert_true(bitmap_has(&b, area + 300001 + 64));
	assert_false(bitmap_has(&b, area + 300001 + 64 + 2112));
	assert_false(bitmap_has(&b, area + 200000));
	assert_int_equal(bitmap_give(&b, 0, objs, 9), 0);
	assert_int_equal(bitmap_audit(&b, pool_rig_say, NULL), 0);
	bitmap_fini(&b, &mem);
	assert_int_equal(rig.live, 0);
	free(area);
}

static void
blocks_are_whole_pages(void **state)
{
	void *first[5], *obj;
	struct fixture f;

	(void)state;
	pool_make(&f, 8192, 2048, 4 * 4 + 3); /* four whole pages, and three more fragments */
	assert_int_equal(bitmap_take_pages(&f.b, 0, first, 5), -ENOENT);
	assert_int_equal(bitmap_count(&f.b), 19);
	assert_int_equal(bitmap_take_pages(&f.b, 0, first, 4), 0);
	assert_int_equal(bitmap_count(&f.b), 3);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++) {
			obj = (char *)first[i] + j * 2048;
			assert_int_equal(bitmap_give(&f.b, 1, &obj, 1), 0);
		}
	assert_int_equal(bitmap_take(&f.b, 0, &obj, 1), 0);
	assert_int_equal(bitmap_take_pages(&f.b, 0, first, 4), -ENOENT);
	assert_int_equal(bitmap_give(&f.b, 0, &obj, 1), 0);
	pool_end(&f);
}

/* In order, what is in use stays small: the pages that have come back are used first. */
static void
the_oldest_page_is_reused_before_a_fresh_one(void **state)
{
	static void *ring[256];
	struct ppool_stats stats;
	struct fixture f;

	(void)state;
	pool_make(&f, 65536, 2368, 2700);
	for (uint32_t i = 0; i < 100000; i += 32) {
		if (i >= 256)
			assert_int_equal(bitmap_give(&f.b, 0, &ring[i % 256], 32), 0);
		assert_int_equal(bitmap_take(&f.b, 0, &ring[i % 256], 32), 0);
	}
	bitmap_stats_get(&f.b, &stats);
	assert_in_range(stats.alloc_fast_pages, 10,
			12); /* 256 / 27 in flight, one open, one partly */
	assert_int_equal(stats.alloc_slow_scans, 0);
	assert_int_equal(bitmap_give(&f.b, 0, ring, 256), 0);
	pool_end(&f);
}

/* One of a hundred is kept for long: the rest of its page is used meanwhile. */
static void
pages_of_held_fragments_are_salvaged(void **state)
{
	static void *ring[256], *held[1000];
	struct ppool_stats stats;
	uint32_t nb_held = 0;
	struct fixture f;

	(void)state;
	pool_make(&f, 65536, 2368, 27 * 200);
	for (uint32_t i = 0; i < 50000; i++) {
		if (i >= 256) {
			void **old = &ring[i % 256];

			if (i % 100 == 0)
				held[nb_held++ % 1000] = *old;
			else
				assert_int_equal(bitmap_give(&f.b, 0, old, 1), 0);
			if (i % 100 == 0 && nb_held > 300) /* held for 30,000 */
				assert_int_equal(bitmap_give(&f.b, 0, &held[(nb_held - 301) % 1000],
								 1),
						0);
		}
		assert_int_equal(bitmap_take(&f.b, 0, &ring[i % 256], 1), 0);
	}
	bitmap_stats_get(&f.b, &stats);
	assert_true(stats.alloc_salvage_pages > 100);
	assert_in_range(stats.alloc_fast_pages, 20, 100); /* 556 live are 21 pages at the least */
	assert_int_equal(bitmap_count(&f.b), 27 * 200 - 256 - 300);
	bitmap_give(&f.b, 0, ring, 256);
	for (uint32_t i = nb_held - 300; i < nb_held; i++)
		bitmap_give(&f.b, 0, &held[i % 1000], 1);
	assert_int_equal(bitmap_count(&f.b), 27 * 200);
	pool_end(&f);
}

static void
random_use_agrees_with_a_set(void **state)
{
	static void *out[600];
	uint32_t nb_out = 0, seed = 12345;
	struct fixture f;

	(void)state;
	pool_make(&f, 16384, 1088, 600); /* 15 a page */
	for (int i = 0; i < 200000; i++) {
		uint32_t n, slot;

		seed = seed * 1664525 + 1013904223;
		n = (seed >> 8) % 40;
		slot = (seed >> 20) % SLOTS;
		if (seed >> 31) {
			int want = n <= 600 - nb_out ? 0 : -ENOENT;

			assert_int_equal(bitmap_take(&f.b, slot, out + nb_out, n), want);
			nb_out += want == 0 ? n : 0;
		} else {
			if (n > nb_out)
				n = nb_out;
			for (uint32_t j = 0; j < n; j++) { /* any of them to the end */
				uint32_t k;
				void *t;

				seed = seed * 1664525 + 1013904223;
				k = (seed >> 8) % (nb_out - j);
				t = out[k];
				out[k] = out[nb_out - 1 - j];
				out[nb_out - 1 - j] = t;
			}
			nb_out -= n;
			assert_int_equal(bitmap_give(&f.b, slot, out + nb_out, n), 0);
		}
		if (i % 1000 == 0)
			assert_int_equal(bitmap_count(&f.b), 600 - nb_out);
	}
	assert_int_equal(bitmap_give(&f.b, 0, out, nb_out), 0);
	assert_int_equal(bitmap_count(&f.b), 600);
	pool_end(&f);
}

static void
every_failed_allocation_is_undone(void **state)
{
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	static char area[65536];
	int nth, ret = -ENOMEM;

	(void)state;
	for (nth = 1; ret != 0; nth++) {
		struct bitmap b;

		assert_in_range(nth, 1, 20);
		rig.fail_in = nth;
		ret = bitmap_init(&b, &mem, 8192, 2048, SLOTS, 8);
		if (ret == 0) {
			ret = bitmap_add(&b, &mem, area, 0, 10);
			assert_int_equal(bitmap_count(&b), ret == 0 ? 10 : 0);
			bitmap_fini(&b, &mem);
		}
		assert_true(ret == 0 || ret == -ENOMEM);
		assert_int_equal(rig.live, 0);
	}
	assert_int_equal(nth - 1, 6); /* five allocations, then it passes */
}

/* 64 of the pages left behind have room in the hints, 36 do not. */
static void
what_hints_have_no_room_for_is_counted(void **state)
{
	struct ppool_stats stats;
	struct fixture f;
	void *objs[404];

	(void)state;
	pool_make(&f, 4096, 1024, 404);
	assert_int_equal(bitmap_take(&f.b, 0, objs, 404), 0);
	bitmap_stats_get(&f.b, &stats);
	assert_int_equal(stats.recycle_cache_full_pages, 36);
	assert_int_equal(bitmap_give(&f.b, 0, objs, 404), 0);
	pool_end(&f);
}

static void
nothing_said(void *ctx, const char *what)
{
	*(const char **)ctx = what;
}

static void
the_audit_finds_what_is_wrong(void **state)
{
	const char *what = NULL;
	struct fixture f;

	(void)state;
	pool_make(&f, 4096, 1024, 8);
	at_fetch_add(&f.b.owners[1].count.alloc_frags, 1, relaxed);
	assert_int_equal(bitmap_audit(&f.b, nothing_said, &what), 1);
	assert_string_equal(what, "fragments out and the statistics disagree");
	at_fetch_sub(&f.b.owners[1].count.alloc_frags, 1, relaxed);
	pool_end(&f);
}

static void
lines_that_others_write_are_apart(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct bitmap_page), 64);
	assert_int_equal(sizeof(struct bitmap_owner) % 128, 0);
	assert_int_equal(offsetof(struct bitmap, dry) % 128, 0);
	assert_true(offsetof(struct bitmap, next_fresh) - offsetof(struct bitmap, dry) >= 128);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(gives_all_it_has_and_no_more),
		cmocka_unit_test(a_refused_request_takes_nothing),
		cmocka_unit_test(nothing_is_stranded_with_an_owner),
		cmocka_unit_test(runs_are_pages_and_places),
		cmocka_unit_test(bad_frees_are_refused_and_counted),
		cmocka_unit_test(chunks_anywhere_are_one_pool),
		cmocka_unit_test(blocks_are_whole_pages),
		cmocka_unit_test(the_oldest_page_is_reused_before_a_fresh_one),
		cmocka_unit_test(pages_of_held_fragments_are_salvaged),
		cmocka_unit_test(random_use_agrees_with_a_set),
		cmocka_unit_test(every_failed_allocation_is_undone),
		cmocka_unit_test(what_hints_have_no_room_for_is_counted),
		cmocka_unit_test(the_audit_finds_what_is_wrong),
		cmocka_unit_test(lines_that_others_write_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
