/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages in flight: who has them, since when, and that those held too long are given up. */
#include "count_rig.h"

#include "ppool_bitmap.h"

static uint32_t
listed(struct fixture *f, uint32_t now_ms, struct ppool_inflight *list, uint32_t max)
{
	if (max != 0)
		memset(list, 0xee, max * sizeof(*list));
	return count_inflight(&f->c, now_ms, list, max);
}

static void
a_page_is_listed_with_its_holder(void **state)
{
	struct ppool_inflight list[4];
	struct ppool_frags run;
	struct fixture f;

	(void)state;
	pool_make(&f, 16, 4, 100);
	assert_int_equal(listed(&f, 5, list, 4), 0);
	assert_int_equal(count_take_for(&f.c, 1, PPOOL_HOLDER(3, 17, 0xabcdef01), &run, 4), 1);
	assert_int_equal(count_take(&f.c, SLOTS - 1, &run, 1), 1);
	assert_int_equal(listed(&f, 5, list, 4), 2);
	assert_int_equal(list[0].page, 0);
	assert_int_equal(list[0].lcore, 1);
	assert_int_equal(list[0].port, 3);
	assert_int_equal(list[0].queue, 17);
	assert_int_equal(list[0].tag, 0xabcdef01);
	assert_int_equal(list[0].refs, 4);
	assert_int_equal(list[0].age_ms, 0);
	assert_false(list[0].is_abandoned);
	assert_int_equal(list[1].page, 1);
	assert_int_equal(list[1].lcore, UINT32_MAX); /* shared by threads without a slot */
	assert_int_equal(list[1].port, UINT16_MAX);
	assert_int_equal(list[1].queue, UINT16_MAX);
	assert_int_equal(list[1].tag, UINT32_MAX);
	assert_int_equal(list[1].refs, 1); /* three are uncut */
	assert_int_equal(listed(&f, 5, list, 1), 2);
	assert_int_equal(listed(&f, 5, NULL, 0), 2);
	put(&f, 1, 0, 3);
	put(&f, 0, 1, 1);
	assert_int_equal(listed(&f, 5, list, 4), 1);
	assert_int_equal(list[0].refs, 1);
	put(&f, 0, 0, 1);
	assert_int_equal(listed(&f, 5, list, 4), 0);
	pool_end(&f);
}

/* From the first look on; anew when the page is opened anew, or cut further. */
static void
age_is_never_too_much(void **state)
{
	struct ppool_inflight in;
	struct ppool_frags run;
	struct fixture f;

	(void)state;
	pool_make(&f, 4, 4, 100);
	assert_int_equal(count_take(&f.c, 0, &run, 2), 1);
	assert_int_equal(listed(&f, 1000, &in, 1), 1);
	assert_int_equal(in.age_ms, 0);
	assert_int_equal(listed(&f, 1700, &in, 1), 1);
	assert_int_equal(in.age_ms, 700);
	put(&f, 0, 0, 1);
	assert_int_equal(count_take(&f.c, 0, &run, 1), 1); /* the two may be young */
	assert_int_equal(listed(&f, 2000, &in, 1), 1);
	assert_int_equal(in.age_ms, 0);
	assert_int_equal(count_take(&f.c, 0, &run, 1), 1);
	assert_int_equal(listed(&f, 2100, &in, 1), 1);
	assert_int_equal(in.age_ms, 0);
	put(&f, 1, 0, 3);
	assert_int_equal(count_take(&f.c, 0, &run, 4), 1); /* opened anew */
	assert_int_equal(listed(&f, 9000, &in, 1), 1);
	assert_int_equal(in.age_ms, 0);
	assert_int_equal(listed(&f, 9001, &in, 1), 1);
	assert_int_equal(in.age_ms, 1);
	put(&f, 0, 0, 4);
	assert_int_equal(listed(&f, 9002, &in, 1), 0);
	assert_int_equal(count_take(&f.c, 0, &run, 4), 1);
	assert_int_equal(listed(&f, UINT32_MAX, &in, 1), 1);
	assert_int_equal(listed(&f, 99, &in, 1), 1); /* the clock ran round */
	assert_int_equal(in.age_ms, 100);
	put(&f, 0, 0, 4);
	assert_int_equal(count_take(&f.c, 0, &run, 4), 1);
	assert_int_equal(listed(&f, 0, &in, 1), 1); /* a time that reads as "not seen" */
	assert_int_equal(listed(&f, 0, &in, 1), 1);
	assert_int_equal(in.age_ms, 0);
	assert_int_equal(listed(&f, 50, &in, 1), 1);
	assert_int_equal(in.age_ms, 49);
	put(&f, 0, 0, 4);
	pool_end(&f);
}

static void
the_oldest_are_listed_first(void **state)
{
	static const uint32_t order[] = { 3, 0, 5, 1, 4, 2 };
	struct ppool_inflight list[6];
	struct ppool_frags runs[6];
	struct fixture f;

	(void)state;
	pool_make(&f, 6, 1, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 6), 6);
	assert_int_equal(listed(&f, 1, list, 6), 6);
	for (uint32_t i = 0; i < 6; i++) /* opened again, so that their clocks start here */
		f.c.trace[order[i]].seen_ms = 10 * (i + 1);
	for (uint32_t max = 1; max <= 6; max++) {
		assert_int_equal(listed(&f, 100, list, max), 6);
		for (uint32_t i = 0; i < max; i++) {
			assert_int_equal(list[i].page, order[i]);
			assert_int_equal(list[i].age_ms, 90 - 10 * i);
		}
	}
	for (uint32_t i = 0; i < 6; i++)
		put(&f, 0, i, 1);
	pool_end(&f);
}

/* Open, in the FIFO, set aside as a straggler: given up where they are; young ones stay. */
static void
what_is_held_too_long_is_given_up(void **state)
{
	struct ppool_frags runs[8];
	struct ppool_stats stats;
	struct ppool_inflight in;
	struct fixture f;

	(void)state;
	pool_make(&f, 40, 4, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	put(&f, 0, 0, 3); /* page 0 is a straggler */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
		put(&f, 0, runs[0].page, 4);
	}
	assert_int_equal(f.c.owners[0].stale.nb, 1);
	assert_int_equal(count_take(&f.c, 0, runs, 6), 2); /* one in the FIFO, one open */
	assert_int_equal(count_age(&f.c, 1000, 50), 0);    /* the first look */
	assert_int_equal(count_age(&f.c, 1050, 50), 0);    /* no longer than that */
	assert_int_equal(count_take(&f.c, 1, runs + 2, 4), 1);
	assert_int_equal(count_audit(&f.c, &f.mem, pool_rig_say, NULL), 0);
	assert_int_equal(count_age(&f.c, 1051, 50), 3);
	assert_int_equal(count_audit(&f.c, &f.mem, pool_rig_say, NULL), 0);
	assert_int_equal(f.c.owners[0].stale.nb + f.c.owners[0].fifo.nb, 0);
	assert_int_equal(f.c.owners[0].page, PPOOL_NONE);
	assert_int_equal(count_age(&f.c, 1052, 0), 1); /* the young one; the others are already */
	assert_int_equal(count_age(&f.c, 5000, 0), 0);
	assert_int_equal(count_inflight(&f.c, 5000, &in, 1), 4); /* and are listed on */
	assert_int_equal(in.age_ms, 4000);
	assert_true(in.is_abandoned);
	assert_int_equal(in.lcore, 0);
	put(&f, 0, 0, 1);
	put(&f, 1, runs[0].page, 4);
	put(&f, 2, runs[1].page, 2);
	put(&f, 0, runs[2].page, 4);
	count_stats_get(&f.c, &stats);
	assert_int_equal(stats.recycle_released_refcnt_pages, 4);
	assert_int_equal(stats.recycle_ring_pages, 4);
	assert_int_equal(count_inflight(&f.c, 5000, NULL, 0), 0);
	assert_int_equal(at_load(&f.c.nb_free, relaxed), 10);
	pool_end(&f);
}

static void
bitmap_pages_are_listed(void **state)
{
	static char area[3 * 256];
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	struct ppool_inflight list[3];
	struct bitmap b;
	void *objs[6];

	(void)state;
	assert_int_equal(bitmap_init(&b, &mem, 256, 64, SLOTS, 8), 0);
	assert_int_equal(bitmap_add(&b, &mem, area, 16, 12), 0);
	assert_int_equal(bitmap_inflight(&b, 7, list, 3), 0);
	assert_int_equal(bitmap_take(&b, 2, objs, 6), 0);
	assert_int_equal(bitmap_inflight(&b, 7, NULL, 0), 2);
	assert_int_equal(bitmap_inflight(&b, 7, list, 3), 2);
	assert_int_equal(list[0].page, 0);
	assert_int_equal(list[0].refs, 4);
	assert_int_equal(list[0].lcore, 2);
	assert_ptr_equal(list[0].addr, area + 16);
	assert_int_equal(list[1].page, 1);
	assert_int_equal(list[1].refs, 2);
	assert_int_equal(list[1].age_ms, 0);
	assert_int_equal(list[1].port, UINT16_MAX);
	assert_int_equal(bitmap_inflight(&b, 19, list, 3), 2);
	assert_int_equal(list[0].age_ms, 12);
	assert_int_equal(bitmap_give(&b, 0, objs, 6), 0);
	assert_int_equal(bitmap_inflight(&b, 7, list, 3), 0);
	bitmap_fini(&b, &mem);
	assert_int_equal(rig.live, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_listed_with_its_holder),
		cmocka_unit_test(age_is_never_too_much),
		cmocka_unit_test(the_oldest_are_listed_first),
		cmocka_unit_test(what_is_held_too_long_is_given_up),
		cmocka_unit_test(bitmap_pages_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
