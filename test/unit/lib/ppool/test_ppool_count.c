/* SPDX-License-Identifier: BSD-3-Clause */
/* Count pages: the elevated count, charge by charge. */
#include "count_rig.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

/* Opening debits B once for the whole page; taking from it changes nothing more. */
static void
a_page_is_debited_once(void **state)
{
	struct ppool_frags runs[8];
	struct fixture f;

	(void)state;
	pool_make(&f, 12, 4, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 1), 1);
	assert_int_equal(refs(&f, 0), 100);
	assert_int_equal(f.c.bias[0], 96);
	assert_int_equal(count_take(&f.c, 0, runs + 1, 3), 1);
	assert_int_equal(runs[1].first, 1);
	assert_int_equal(refs(&f, 0), 100);
	assert_int_equal(f.c.bias[0], 96);
	assert_int_equal(count_held(&f.c), 4);
	put(&f, 0, 0, 3);
	assert_int_equal(f.c.bias[0], 99);
	put(&f, 0, 0, 1);
	assert_int_equal(f.c.bias[0], 100);
	assert_int_equal(count_held(&f.c), 0);
	pool_end(&f);
}

/* R == B: the page is reopened; before that, a fresh one is. */
static void
an_idle_page_is_recycled_a_busy_one_is_not(void **state)
{
	struct ppool_stats stats;
	struct ppool_frags runs[8];
	struct fixture f;

	(void)state;
	pool_make(&f, 12, 4, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	put(&f, 0, 0, 3);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	assert_int_equal(runs[0].page, 1);
	put(&f, 1, 0, 1); /* the last one, by another thread */
	assert_int_equal(refs(&f, 0), 99);
	assert_int_equal(f.c.bias[0], 99);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	assert_int_equal(runs[0].page, 0);
	put(&f, 0, 0, 4);
	put(&f, 0, 1, 4);
	count_stats_get(&f.c, &stats);
	assert_int_equal(stats.alloc_fast_pages, 2);
	assert_int_equal(stats.alloc_refill_pages, 1);
	assert_int_equal(stats.recycle_charges, 2);
	assert_int_equal(stats.recycle_ring_frags, 1);
	assert_int_equal(stats.recycle_cached_frags, 11);
	pool_end(&f);
}

/* No charge while tickets suffice; then one, and only when nobody else holds any. */
static void
the_bias_is_charged_only_when_too_low(void **state)
{
	struct ppool_stats stats;
	struct ppool_frags runs[8];
	struct fixture f;

	(void)state;
	pool_make(&f, 4, 4, 13); /* 13 -> 9 -> 5 -> charge */
	for (int i = 0; i < 9; i++) {
		assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
		assert_int_equal(f.c.bias[0], 9 - i % 3 * 4);
		put(&f, 1, 0, 4); /* all by another: B never comes back */
		assert_int_equal(refs(&f, 0), 9 - i % 3 * 4);
	}
	count_stats_get(&f.c, &stats);
	assert_int_equal(stats.recycle_charges, 3);
	assert_int_equal(stats.alloc_refill_pages, 8);
	pool_end(&f);
}

static void
extra_references_delay_and_nothing_else(void **state)
{
	struct ppool_frags runs[8];
	struct count_owner *o;
	struct fixture f;

	(void)state;
	pool_make(&f, 8, 4, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	o = count_enter(&f.c, 1);
	assert_true(count_get(&f.c, o, 0, 65536)); /* as many as a 16-bit count would forget */
	count_leave(&f.c, o);
	put(&f, 0, 0, 4);
	assert_int_equal(count_held(&f.c), 65536);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	assert_int_equal(runs[0].page, 1);
	assert_int_equal(count_take(&f.c, 0, runs, 1), 0); /* page 0 is not idle */
	put(&f, 2, 0, 65535);
	assert_int_equal(count_take(&f.c, 0, runs, 1), 0);
	put(&f, 2, 0, 1);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	assert_int_equal(runs[0].page, 0);
	put(&f, 0, 0, 4);
	put(&f, 0, 1, 4);
	pool_end(&f);
}

/* Just so many got by others and put by the owner that R, if it ran round, would be 4 again. */
static void
gets_without_end_do_not_wrap(void **state)
{
	static const uint32_t nb[] = { 1u << 30, 1u << 30, 1u << 30, (1u << 30) - 96 };
	struct ppool_frags runs[4];
	struct count_owner *o;
	struct fixture f;

	(void)state;
	pool_make(&f, 4, 4, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	for (int i = 0; i < 4; i++) {
		o = count_enter(&f.c, 1);
		count_get(&f.c, o, 0, nb[i]);
		count_leave(&f.c, o);
		put(&f, 0, 0, nb[i]);
		assert_int_equal(refs(&f, 0) - f.c.bias[0], 4);
	}
	put(&f, 1, 0, 4);
	assert_int_equal(at_load(&f.c.nb_free, relaxed), 0); /* it did not go home: the owner's */
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	put(&f, 0, 0, 4);
	assert_int_equal(count_held(&f.c), 0);
	pool_end(&f);
}

/* Others change R's low half as they like; what we get stops in time, what we put does not pile up.
 */
static void
a_16bit_count_has_an_end(void **state)
{
	struct ppool_frags runs[8];
	struct count_owner *o;
	struct fixture f;

	(void)state;
	pool_make(&f, 8, 4, 32768);
	assert_int_equal(count_limit_16bit(&f.c), -EINVAL);
	pool_end(&f);
	pool_make(&f, 8, 4, 32767);
	assert_int_equal(count_limit_16bit(&f.c), 0);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	o = count_enter(&f.c, 1);
	assert_false(count_get(&f.c, o, 0, 32769));
	assert_true(count_get(&f.c, o, 0, 32768));
	assert_false(count_get(&f.c, o, 0, 1));
	count_leave(&f.c, o);
	assert_int_equal(count_held(&f.c), 4 + 32768);
	put(&f, 0, 0, 32768);
	assert_int_equal(refs(&f, 0), 32767 + 4);    /* not what was, less nothing: folded */
	at_fetch_add(&f.c.refs[0].refs, 3, relaxed); /* a clone of DPDK's, and puts */
	assert_int_equal(count_held(&f.c), 7);
	at_fetch_sub(&f.c.refs[0].refs, 6, relaxed);
	assert_int_equal(count_held(&f.c), 1);
	put(&f, 1, 0, 1);
	assert_int_equal(count_held(&f.c), 0);
	pool_end(&f);
}

static void
an_abandoned_page_comes_home_once(void **state)
{
	struct ppool_stats stats;
	struct ppool_frags runs[8];
	struct fixture f;

	(void)state;
	pool_make(&f, 16, 4, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 10), 3); /* 4 + 4 + 2 of page 2 */
	put(&f, 0, 0, 4);                                   /* page 0 is idle */
	assert_int_equal(count_abandon(&f.c, 0), 2);
	assert_int_equal(refs(&f, 0), 0);
	assert_int_equal(refs(&f, 1), 4);
	assert_int_equal(refs(&f, 2), 2);
	assert_int_equal(count_audit(&f.c, &f.mem, pool_rig_say, NULL), 0);
	assert_int_equal(at_load(&f.c.nb_free, relaxed), 2);
	put(&f, 0, 1, 3); /* its old owner is one of many now */
	put(&f, 2, 2, 2);
	assert_int_equal(at_load(&f.c.nb_free, relaxed), 3);
	put(&f, 1, 1, 1);
	assert_int_equal(at_load(&f.c.nb_free, relaxed), 4);
	count_stats_get(&f.c, &stats);
	assert_int_equal(stats.recycle_released_refcnt_pages, 2);
	assert_int_equal(count_take(&f.c, 1, runs, 8), 2);
	for (int i = 0; i < 2; i++)
		put(&f, 1, runs[i].page, 4);
	pool_end(&f);
}

static void
a_refused_request_takes_nothing(void **state)
{
	struct ppool_stats stats;
	struct ppool_frags runs[16];
	struct fixture f;

	(void)state;
	pool_make(&f, 11, 4, 100); /* pages of 4, 4 and 3 */
	assert_int_equal(count_take(&f.c, 0, runs, 12), 0);
	assert_int_equal(count_held(&f.c), 0);
	assert_int_equal(count_take(&f.c, 0, runs, 0), 0);
	assert_int_equal(runs_sum(runs, count_take(&f.c, 0, runs, 11)), 11);
	assert_int_equal(count_take(&f.c, 0, runs + 8, 1), 0);
	assert_int_equal(count_take(&f.c, 1, runs + 8, 1), 0);
	for (uint32_t page = 0; page < 3; page++)
		put(&f, 0, page, page == 2 ? 3 : 4);
	assert_int_equal(runs_sum(runs, count_take(&f.c, 0, runs, 2)), 2);
	assert_int_equal(count_take(&f.c, 0, runs + 8, 10), 0); /* 9 left */
	assert_int_equal(runs_sum(runs + 8, count_take(&f.c, 0, runs + 8, 9)), 9);
	for (uint32_t page = 0; page < 3; page++)
		put(&f, 1, page, page == 2 ? 3 : 4);
	count_stats_get(&f.c, &stats);
	assert_int_equal(stats.alloc_empty, 4);
	pool_end(&f);
}

/* Idle pages of an owner that sleeps, and the rest of its open page, serve others. */
static void
nothing_idle_is_stranded_with_an_owner(void **state)
{
	struct ppool_frags runs[40];
	struct fixture f;

	(void)state;
	pool_make(&f, 40, 4, 100);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		uint32_t nb = count_take(&f.c, slot, runs, 40);

		assert_int_equal(runs_sum(runs, nb), 40);
		for (uint32_t i = 0; i < nb; i++)
			put(&f, slot, runs[i].page, runs[i].nb);
		assert_int_equal(count_take(&f.c, slot, runs, 1), 1); /* leaves a page open */
		put(&f, slot, runs[0].page, 1);
	}
	assert_int_equal(count_held(&f.c), 0);
	pool_end(&f);
}

/* A straggler at the head does not stop the pages behind it. */
static void
stragglers_are_set_aside(void **state)
{
	struct ppool_stats stats;
	struct ppool_frags runs[4];
	struct fixture f;

	(void)state;
	pool_make(&f, 400, 4, 1000);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	put(&f, 0, 0, 3); /* one stays out */
	for (int i = 0; i < 1000; i++) {
		struct ppool_frags run;

		assert_int_equal(count_take(&f.c, 0, &run, 4), 1);
		put(&f, 0, run.page, run.nb);
	}
	count_stats_get(&f.c, &stats);
	assert_int_equal(stats.stale_pages, 1);
	assert_in_range(stats.alloc_fast_pages, 2, 4);
	put(&f, 0, 0, 1);
	pool_end(&f);
}

static void
lines_that_others_write_are_apart(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct count_refs), 64);
	assert_int_equal(sizeof(struct count_owner) % 128, 0);
	assert_int_equal(offsetof(struct count_pool, dry) % 128, 0);
	assert_true(offsetof(struct count_pool, free_lock) - offsetof(struct count_pool, dry) >=
			128);
}

/* Who finds nothing says so to the next one, until something is put. */
static void
an_empty_pool_is_dry(void **state)
{
	struct ppool_frags runs[20];
	struct fixture f;

	(void)state;
	pool_make(&f, 20, 10, 100);
	assert_int_equal(runs_sum(runs, count_take(&f.c, 0, runs, 20)), 20);
	assert_int_equal(count_take(&f.c, 1, runs, 1), 0);
	assert_int_equal(at_load(&f.c.dry, relaxed), COUNT_DRY);
	assert_int_equal(count_take(&f.c, 0, runs, 20), 0);
	assert_int_equal(at_load(&f.c.dry, relaxed), COUNT_DRY);
	put(&f, 1, 0, 3);
	assert_int_equal(at_load(&f.c.dry, relaxed), COUNT_WET);
	put(&f, 0, 0, 7);
	assert_int_equal(runs_sum(runs, count_take(&f.c, 2, runs, 4)), 4);
	assert_int_equal(count_take(&f.c, 1, runs, 7), 0); /* 6 are left, and stay to be had */
	assert_int_equal(count_take(&f.c, 2, runs, 7), 0);
	assert_int_equal(runs_sum(runs, count_take(&f.c, 1, runs, 6)), 6);
	put(&f, 0, 0, 10);
	put(&f, 0, 1, 10);
	pool_end(&f);
}

struct slow_putter {
	struct fixture *f;
	at_u32 has_put, has_left;
};

static void *
slow_putter_main(void *arg)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct slow_putter *slow = (struct slow_putter *)arg;
	struct count_owner *o = count_enter(&slow->f->c, 1);

	count_put(&slow->f->c, o, 0, 1);
	at_store(&slow->has_put, 1, release);
	nanosleep(&pause, NULL);
	at_store(&slow->has_left, 1, relaxed);
	count_leave(&slow->f->c, o);
	return NULL;
}

/* Point 5 of the 2021 review: who ends a pool waits for the user before the last to let go of it.
 */
static void
review_05_the_last_user_waits_for_the_one_before(void **state)
{
	struct ppool_frags run;
	struct count_owner *o;
	struct fixture f;
	struct slow_putter slow = { .f = &f };
	pthread_t thread;

	(void)state;
	pool_make(&f, 2, 2, 100);
	assert_int_equal(count_take(&f.c, 0, &run, 2), 1);
	assert_false(count_close(&f.c));
	assert_int_equal(pthread_create(&thread, NULL, slow_putter_main, &slow), 0);
	while (at_load(&slow.has_put, acquire) == 0)
		;
	o = count_enter(&f.c, 0);
	assert_true(count_put(&f.c, o, 0, 1));
	count_leave(&f.c, o);
	count_wait_users(&f.c);
	assert_int_equal(at_load(&slow.has_left, relaxed), 1);
	pthread_join(thread, NULL);
	pool_end(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_debited_once),
		cmocka_unit_test(an_idle_page_is_recycled_a_busy_one_is_not),
		cmocka_unit_test(the_bias_is_charged_only_when_too_low),
		cmocka_unit_test(extra_references_delay_and_nothing_else),
		cmocka_unit_test(gets_without_end_do_not_wrap),
		cmocka_unit_test(a_16bit_count_has_an_end),
		cmocka_unit_test(an_abandoned_page_comes_home_once),
		cmocka_unit_test(a_refused_request_takes_nothing),
		cmocka_unit_test(nothing_idle_is_stranded_with_an_owner),
		cmocka_unit_test(stragglers_are_set_aside),
		cmocka_unit_test(lines_that_others_write_are_apart),
		cmocka_unit_test(an_empty_pool_is_dry),
		cmocka_unit_test(review_05_the_last_user_waits_for_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
