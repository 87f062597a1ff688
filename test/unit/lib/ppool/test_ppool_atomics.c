/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Point 14 of the 2021 review (the others: test/mempool/mp_review.c): no atomic operation per
 * buffer. The cores are compiled with atomics that count (counted/model_atomic.h).
 */
#include "count_rig.h"

#include "ppool_bitmap.h"

uint32_t counted_rmw;

/* Read-modify-writes since the last call. */
static uint32_t
rmw(void)
{
	uint32_t nb = counted_rmw;

	counted_rmw = 0;
	return nb;
}

static void
review_14_no_atomic_per_buffer_of_count_pages(void **state)
{
	static const uint32_t bursts[] = { 1, 8, 256 };
	struct ppool_frags runs[256];
	struct count_owner *o;
	struct fixture f;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t n = bursts[i];

		pool_make(&f, 2048, 1024, 10000);
		assert_int_equal(count_take(&f.c, 0, runs, 1024), 1); /* opens the page, */
		put(&f, 0, runs[0].page, 1024);
		assert_int_equal(count_take(&f.c, 0, runs, 1), 1); /* and anew */
		rmw();
		assert_int_equal(count_take(&f.c, 0, runs, n), 1);
		assert_int_equal(rmw(), 1); /* the owner's lock */
		put(&f, 0, runs[0].page, n);
		assert_int_equal(rmw(), 1); /* the same; the count is private */
		put(&f, 1, runs[0].page, 1);
		assert_int_equal(rmw(), 2); /* the putter's lock, and R */
		assert_int_equal(count_take(&f.c, 0, runs, n), 1);
		rmw();
		put(&f, 1, runs[0].page, n);
		assert_int_equal(rmw(), 2);
		assert_int_equal(count_take(&f.c, 0, runs, 1), 1);
		o = count_enter(&f.c, 0);
		rmw();
		count_get(&f.c, o, runs[0].page, n);
		assert_int_equal(rmw(), 1);
		count_leave(&f.c, o);
		put(&f, 0, runs[0].page, n + 1);
		assert_int_equal(count_held(&f.c), 0);
		pool_end(&f);
	}
}

/* Bitmaps have 64 fragments a word; slots of their own take no lock. */
static void
review_14_no_atomic_per_buffer_of_bitmap_pages(void **state)
{
	static const uint32_t bursts[] = { 1, 8, 64, 256 };
	static const uint32_t expected[] = { 1, 1, 1, 4 };
	static char area[256 * 64];
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	struct bitmap b;
	void *objs[256];

	(void)state;
	assert_int_equal(bitmap_init(&b, &mem, 4096, 64, SLOTS, 8), 0);
	assert_int_equal(bitmap_add(&b, &mem, area, 0, 256), 0);
	assert_int_equal(bitmap_take(&b, 0, objs, 256), 0); /* all are opened once */
	assert_int_equal(bitmap_give(&b, 0, objs, 256), 0);
	for (int i = 0; i < 4; i++) {
		rmw();
		assert_int_equal(bitmap_take(&b, 0, objs, bursts[i]), 0);
		assert_int_equal(rmw(), expected[i]);
		assert_int_equal(bitmap_give(&b, 1, objs, bursts[i]), 0);
		assert_int_equal(rmw(), expected[i]);
		assert_int_equal(bitmap_take(&b, 0, objs, 256), 0); /* from a page's start again */
		assert_int_equal(bitmap_give(&b, 0, objs, 256), 0);
	}
	bitmap_fini(&b, &mem);
	assert_int_equal(rig.live, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(review_14_no_atomic_per_buffer_of_count_pages),
		cmocka_unit_test(review_14_no_atomic_per_buffer_of_bitmap_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
