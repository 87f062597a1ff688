/* SPDX-License-Identifier: BSD-3-Clause */
/* Drained pages: out of every place where they could be, and not met again until undrained. */
#include "count_rig.h"

/* Pages 0 to 5 of 4: free, aside as a straggler, in the FIFO, open, given up, idle in the FIFO. */
static void
everywhere(struct fixture *f, uint32_t *page_of)
{
	struct ppool_frags runs[4];

	pool_make(f, 24, 4, 100);
	assert_int_equal(count_take(&f->c, 1, runs, 4), 1);
	page_of[4] = runs[0].page;
	assert_int_equal(count_abandon(&f->c, 1), 1);
	assert_int_equal(count_take(&f->c, 0, runs, 4), 1);
	page_of[1] = runs[0].page;
	put(f, 0, runs[0].page, 3);
	assert_int_equal(count_take(&f->c, 0, runs, 4), 1);
	page_of[5] = runs[0].page;
	put(f, 0, runs[0].page, 4);
	assert_int_equal(count_take(&f->c, 0, runs, 4), 1);
	assert_int_equal(runs[0].page, page_of[5]);
	assert_int_equal(f->c.owners[0].stale.nb, 1);
	assert_int_equal(count_take(&f->c, 0, runs + 1, 4), 1);
	page_of[2] = runs[1].page;
	assert_int_equal(count_take(&f->c, 0, runs + 2, 3), 1);
	page_of[3] = runs[2].page;
	put(f, 0, page_of[5], 4);
	page_of[0] = 15 - page_of[1] - page_of[2] - page_of[3] - page_of[4] - page_of[5];
	assert_int_equal(at_load(&f->c.nb_free, relaxed), 1);
	assert_int_equal(count_held(&f->c), 1 + 4 + 3 + 4);
}

static void
everything_put(struct fixture *f, const uint32_t *page_of)
{
	put(f, 2, page_of[1], 1);
	put(f, 0, page_of[2], 4);
	put(f, 1, page_of[3], 3);
	put(f, 0, page_of[4], 4);
}

/* One after the other, each alone. */
static void
a_page_is_drained_wherever_it_is(void **state)
{
	static const bool is_out[] = { false, true, true, true, true, false };
	struct ppool_frags runs[24];
	struct ppool_stats stats;
	uint32_t page_of[6];
	struct fixture f;

	(void)state;
	for (int i = 0; i < 6; i++) {
		everywhere(&f, page_of);
		assert_int_equal(count_drain(&f.c, page_of[i], 1), is_out[i]);
		assert_int_equal(count_audit(&f.c, &f.mem, pool_rig_say, NULL), 0);
		everything_put(&f, page_of);
		assert_int_equal(count_drain(&f.c, page_of[i], 1), 0);
		assert_int_equal(count_audit(&f.c, &f.mem, pool_rig_say, NULL), 0);
		assert_int_equal(at_load(&f.c.aside_frags, relaxed), 4);
		assert_int_equal(count_take(&f.c, 0, runs, 21), 0);
		assert_int_equal(runs_sum(runs, count_take(&f.c, 0, runs, 20)), 20);
		for (int r = 0; r < 5; r++) {
			assert_int_not_equal(runs[r].page, page_of[i]);
			put(&f, 0, runs[r].page, runs[r].nb);
		}
		count_stats_get(&f.c, &stats);
		assert_int_equal(stats.alloc_waive_pages, 1);
		assert_int_equal(count_undrain(&f.c, page_of[i], 1), 1);
		assert_int_equal(at_load(&f.c.aside_frags, relaxed), 0);
		assert_int_equal(runs_sum(runs, count_take(&f.c, 1, runs, 24)), 24);
		for (int r = 0; r < 6; r++)
			put(&f, 0, runs[r].page, runs[r].nb);
		pool_end(&f);
	}
}

static void
all_is_drained_and_undrained(void **state)
{
	struct ppool_frags runs[24];
	uint32_t page_of[6];
	struct fixture f;

	(void)state;
	everywhere(&f, page_of);
	assert_int_equal(count_drain(&f.c, 0, UINT32_MAX), 4);
	assert_int_equal(count_take(&f.c, 0, runs, 1), 0);
	assert_int_equal(at_load(&f.c.dry, relaxed), COUNT_DRY);
	put(&f, 0, page_of[4], 4);
	assert_int_equal(count_drain(&f.c, 0, 6), 3);
	assert_int_equal(count_take(&f.c, 0, runs, 1), 0);
	assert_int_equal(count_undrain(&f.c, 6, 1), 0);
	assert_int_equal(count_undrain(&f.c, 0, UINT32_MAX), 6); /* three of them still out */
	assert_int_equal(count_undrain(&f.c, 0, 6), 0);
	assert_int_equal(count_audit(&f.c, &f.mem, pool_rig_say, NULL), 0);
	assert_int_equal(runs_sum(runs, count_take(&f.c, 0, runs, 12)), 12);
	for (int r = 0; r < 3; r++)
		put(&f, 0, runs[r].page, runs[r].nb);
	put(&f, 2, page_of[1], 1);
	put(&f, 0, page_of[2], 4);
	put(&f, 1, page_of[3], 3);
	assert_int_equal(runs_sum(runs, count_take(&f.c, 0, runs, 24)), 24);
	for (int r = 0; r < 6; r++)
		put(&f, 0, runs[r].page, runs[r].nb);
	pool_end(&f);
}

/* Pages that are aside are home: a closed pool ends with the last reference all the same. */
static void
a_drained_pool_ends(void **state)
{
	uint32_t page_of[6];
	struct count_owner *o;
	struct fixture f;

	(void)state;
	everywhere(&f, page_of);
	assert_int_equal(count_drain(&f.c, 0, 3), 2);
	assert_false(count_close(&f.c));
	put(&f, 2, page_of[1], 1);
	put(&f, 0, page_of[2], 4);
	put(&f, 1, page_of[3], 3);
	o = count_enter(&f.c, 1);
	assert_false(count_put(&f.c, o, page_of[4], 3));
	assert_true(count_put(&f.c, o, page_of[4], 1));
	count_leave(&f.c, o);
	pool_end(&f);
	everywhere(&f, page_of);
	everything_put(&f, page_of);
	assert_int_equal(count_drain(&f.c, 0, 6), 0);
	assert_true(count_close(&f.c));
	pool_end(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_drained_wherever_it_is),
		cmocka_unit_test(all_is_drained_and_undrained),
		cmocka_unit_test(a_drained_pool_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
