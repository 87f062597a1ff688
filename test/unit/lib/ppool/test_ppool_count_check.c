/* SPDX-License-Identifier: BSD-3-Clause */
/* Count pages: what init refuses and undoes, and that the audit finds what is wrong. */
#include "count_rig.h"

#include <errno.h>

static void
sizes_are_checked(void **state)
{
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	struct count_pool c;

	(void)state;
	assert_int_equal(count_init(&c, &mem, 0, 4, SLOTS, 100), -EINVAL);
	assert_int_equal(count_init(&c, &mem, 8, 0, SLOTS, 100), -EINVAL);
	assert_int_equal(count_init(&c, &mem, 8, 4, 0, 100), -EINVAL);
	assert_int_equal(count_init(&c, &mem, 8, 4, SLOTS, 4), -EINVAL); /* none would stay */
	assert_int_equal(count_init(&c, &mem, 8, 4, SLOTS, (1u << 30) + 1), -EINVAL);
	assert_int_equal(rig.live, 0);
}

static void
every_failed_allocation_is_undone(void **state)
{
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	int nth, ret = -ENOMEM;

	(void)state;
	for (nth = 1; ret != 0; nth++) {
		struct count_pool c;

		assert_in_range(nth, 1, 20);
		rig.fail_in = nth;
		ret = count_init(&c, &mem, 100, 4, SLOTS, 100);
		assert_true(ret == 0 || ret == -ENOMEM);
		if (ret == 0)
			count_fini(&c, &mem);
		assert_int_equal(rig.live, 0);
	}
	assert_int_equal(nth - 1, 10);
}

static void
nothing_said(void *ctx, const char *what)
{
	*(const char **)ctx = what;
}

/* The audit of @p f, now that something is wrong with it; and what it said last. */
static void
audit_says(struct fixture *f, const char *expected)
{
	const char *what = NULL;

	assert_int_not_equal(count_audit(&f->c, &f->mem, nothing_said, &what), 0);
	assert_string_equal(what, expected);
}

/* Each identity broken by hand, and mended. */
static void
the_audit_finds_what_is_wrong(void **state)
{
	struct ppool_frags runs[4];
	struct fixture f;

	(void)state;
	pool_make(&f, 16, 4, 100);
	assert_int_equal(count_take(&f.c, 0, runs, 4), 1);
	assert_int_equal(count_take(&f.c, 0, runs + 1, 2), 1);
	at_fetch_add(&f.c.refs[0].refs, 1, relaxed);
	audit_says(&f, "references out and the statistics disagree");
	at_fetch_sub(&f.c.refs[0].refs, 1, relaxed);
	f.c.owners[0].fifo.nb = 0;
	audit_says(&f, "a page is nowhere");
	f.c.owners[0].fifo.nb = 2;
	audit_says(&f, "a list of pages is broken");
	f.c.owners[0].fifo.nb = 1;
	f.c.free_pages[0] = runs[0].page;
	audit_says(&f, "a page is nowhere"); /* the one that was there */
	f.c.free_pages[0] = 3;
	f.c.bias[0] += 5;
	audit_says(&f, "references out and the statistics disagree");
	f.c.bias[0] -= 5;
	f.c.flags[0] = COUNT_ABANDONED;
	audit_says(&f, "pages given up and the statistics disagree");
	f.c.flags[0] = COUNT_DRAINED;
	audit_says(&f, "a drained page is not aside, or one that is not drained is");
	f.c.flags[0] = 0;
	f.c.flags[3] = COUNT_ASIDE;
	audit_says(&f, "pages at home and the statistics disagree");
	f.c.flags[3] = 0;
	f.c.nb_aside = 1;
	audit_says(&f, "pages set aside and the statistics disagree");
	f.c.nb_aside = 0;
	at_fetch_add(&f.c.owners[1].count.recycle_charges, 1, relaxed);
	audit_says(&f, "more pages were charged than opened");
	at_fetch_sub(&f.c.owners[1].count.recycle_charges, 1, relaxed);
	put(&f, 0, 0, 4);
	put(&f, 0, 1, 2);
	pool_end(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(every_failed_allocation_is_undone),
		cmocka_unit_test(the_audit_finds_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
