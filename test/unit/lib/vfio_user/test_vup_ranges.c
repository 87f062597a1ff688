/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/vfio_user/vup_ranges.c: the set of live maps, by cases and against a plain array of pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "vup_ranges.h"

static int
setup(void **state)
{
	static struct vup_ranges set;

	vup_ranges_init(&set, 100);
	*state = &set;
	return 0;
}

static int
teardown(void **state)
{
	vup_ranges_fini(*state);
	return 0;
}

static void
an_empty_set_has_nothing(void **state)
{
	struct vup_ranges *set = *state;

	assert_false(vup_ranges_overlap(set, 0, UINT64_MAX));
	assert_false(vup_ranges_contain(set, 0, 1));
	assert_int_equal(vup_ranges_remove(set, 0, 0x1000), -ENOENT);
}

static void
ranges_touch_but_do_not_overlap(void **state)
{
	struct vup_ranges *set = *state;

	assert_int_equal(vup_ranges_add(set, 0x3000, 0x2000), 0);
	assert_int_equal(vup_ranges_add(set, 0x3000, 0x2000), -EEXIST);
	assert_int_equal(vup_ranges_add(set, 0x2000, 0x1001), -EEXIST);
	assert_int_equal(vup_ranges_add(set, 0x4fff, 0x1000), -EEXIST);
	assert_int_equal(vup_ranges_add(set, 0x3800, 0x10), -EEXIST);
	assert_int_equal(vup_ranges_add(set, 0x1000, 0x9000), -EEXIST);
	assert_int_equal(vup_ranges_add(set, 0x5000, 0x1000), 0);
	assert_int_equal(vup_ranges_add(set, 0x2000, 0x1000), 0);
	assert_int_equal(set->nb, 3);
	assert_int_equal(set->ranges[0].first, 0x2000);
	assert_int_equal(set->ranges[1].first, 0x3000);
	assert_int_equal(set->ranges[1].last, 0x4fff);
	assert_int_equal(set->ranges[2].first, 0x5000);
}

static void
a_range_may_span_neighbours_but_no_gap(void **state)
{
	struct vup_ranges *set = *state;

	vup_ranges_add(set, 0x1000, 0x1000);
	vup_ranges_add(set, 0x2000, 0x1000);
	vup_ranges_add(set, 0x4000, 0x1000);
	assert_true(vup_ranges_contain(set, 0x1000, 0x2000));
	assert_true(vup_ranges_contain(set, 0x1fff, 2));
	assert_true(vup_ranges_contain(set, 0x4fff, 1));
	assert_false(vup_ranges_contain(set, 0x0fff, 2));
	assert_false(vup_ranges_contain(set, 0x2fff, 2));
	assert_false(vup_ranges_contain(set, 0x1000, 0x4000));
	assert_false(vup_ranges_contain(set, 0x4000, 0x1001));
	vup_ranges_add(set, 0x5001, 0x0fff); /* a gap of one address */
	assert_false(vup_ranges_contain(set, 0x4000, 0x2000));
}

static void
only_exact_ranges_are_removed(void **state)
{
	struct vup_ranges *set = *state;

	vup_ranges_add(set, 0x1000, 0x1000);
	vup_ranges_add(set, 0x2000, 0x1000);
	assert_int_equal(vup_ranges_remove(set, 0x1000, 0x2000), -ENOENT);
	assert_int_equal(vup_ranges_remove(set, 0x1000, 0x800), -ENOENT);
	assert_int_equal(vup_ranges_remove(set, 0x1800, 0x800), -ENOENT);
	assert_int_equal(vup_ranges_remove(set, 0x3000, 0x1000), -ENOENT);
	assert_int_equal(vup_ranges_remove(set, 0x1000, 0x1000), 0);
	assert_int_equal(vup_ranges_remove(set, 0x1000, 0x1000), -ENOENT);
	assert_false(vup_ranges_overlap(set, 0x1000, 0x1000));
	assert_true(vup_ranges_overlap(set, 0x1000, 0x1001));
}

static void
the_last_address_can_be_in_a_range(void **state)
{
	struct vup_ranges *set = *state;

	assert_int_equal(vup_ranges_add(set, UINT64_C(0xfffffffffffff000), 0x1000), 0);
	assert_int_equal(vup_ranges_add(set, 0, 0x1000), 0);
	assert_true(vup_ranges_contain(set, UINT64_MAX, 1));
	assert_true(vup_ranges_overlap(set, UINT64_C(0xffffffffffffe000), 0x2000));
	assert_false(vup_ranges_overlap(set, UINT64_C(0xffffffffffffe000), 0x1000));
	assert_int_equal(vup_ranges_remove(set, UINT64_C(0xfffffffffffff000), 0x1000), 0);
}

static void
the_limit_holds_and_a_removal_makes_room(void **state)
{
	struct vup_ranges *set = *state;

	for (uint64_t i = 0; i < 100; i++) /* descending: every insertion moves the rest */
		assert_int_equal(vup_ranges_add(set, (100 - i) * 0x1000, 0x1000), 0);
	assert_int_equal(vup_ranges_add(set, 0x200000, 0x1000), -ENOSPC);
	assert_int_equal(vup_ranges_add(set, 0x1000, 0x1000), -EEXIST);
	assert_true(vup_ranges_contain(set, 0x1000, 100 * 0x1000));
	assert_int_equal(vup_ranges_remove(set, 0x7000, 0x1000), 0);
	assert_int_equal(vup_ranges_add(set, 0x200000, 0x1000), 0);
	vup_ranges_fini(set);
	assert_int_equal(set->nb, 0);
	assert_int_equal(vup_ranges_add(set, 0x200000, 0x1000), 0);
}

/* ---- against an array: page i belongs to the range that owner[i] numbers, 0: to none ---- */

#define MODEL_PAGES 64

static uint32_t
dice(uint32_t *seed, uint32_t nb)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % nb;
}

static unsigned int
model_used(const unsigned int *owner, uint32_t at, uint32_t nb)
{
	unsigned int used = 0;

	for (uint32_t i = at; i < at + nb; i++)
		used += owner[i] != 0;
	return used;
}

static bool
model_is_range(const unsigned int *owner, uint32_t at, uint32_t nb)
{
	for (uint32_t i = at; i < at + nb; i++)
		if (!owner[at] || owner[i] != owner[at])
			return false;
	return (at == 0 || owner[at - 1] != owner[at]) &&
	       (at + nb == MODEL_PAGES || owner[at + nb] != owner[at]);
}

/* Whether a range has a page in at .. at + nb - 1 and another one outside. */
static bool
model_is_cut(const unsigned int *owner, uint32_t at, uint32_t nb)
{
	return (at > 0 && owner[at] && owner[at - 1] == owner[at]) ||
	       (at + nb < MODEL_PAGES && owner[at + nb] && owner[at + nb - 1] == owner[at + nb]);
}

/* First page of the last range that starts at or before @p at, MODEL_PAGES: there is none. */
static uint32_t
model_last(const unsigned int *owner, uint32_t at)
{
	do {
		if (owner[at] && (at == 0 || owner[at - 1] != owner[at]))
			return at;
	} while (at-- > 0);
	return MODEL_PAGES;
}

static void
random_steps_agree_with_an_array(void **state)
{
	struct vup_ranges *set = *state;
	unsigned int owner[MODEL_PAGES] = { 0 }, used, next = 1;
	uint32_t seed = 1, at, nb;
	struct vup_range last;
	bool is_range;

	for (int step = 0; step < 50000; step++) {
		at = dice(&seed, MODEL_PAGES);
		nb = 1 + dice(&seed, MODEL_PAGES - at < 6 ? MODEL_PAGES - at : 6);
		used = model_used(owner, at, nb);
		is_range = model_is_range(owner, at, nb);
		assert_int_equal(vup_ranges_overlap(set, at * 4096, nb * 4096), used > 0);
		assert_int_equal(vup_ranges_contain(set, at * 4096, nb * 4096), used == nb);
		assert_int_equal(vup_ranges_are_cut(set, at * 4096, nb * 4096),
				model_is_cut(owner, at, nb));
		last.first = MODEL_PAGES * 4096;
		assert_int_equal(vup_ranges_last(set, at * 4096 + 5, &last),
				model_last(owner, at) < MODEL_PAGES);
		assert_int_equal(last.first, model_last(owner, at) * 4096);
		if (dice(&seed, 2)) {
			assert_int_equal(vup_ranges_add(set, at * 4096, nb * 4096),
					used ? -EEXIST : 0);
			for (uint32_t i = at; used == 0 && i < at + nb; i++)
				owner[i] = next;
			next++;
		} else {
			assert_int_equal(vup_ranges_remove(set, at * 4096, nb * 4096),
					is_range ? 0 : -ENOENT);
			if (is_range)
				memset(&owner[at], 0, nb * sizeof(owner[0]));
		}
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_empty_set_has_nothing),
		CASE(ranges_touch_but_do_not_overlap),
		CASE(a_range_may_span_neighbours_but_no_gap),
		CASE(only_exact_ranges_are_removed),
		CASE(the_last_address_can_be_in_a_range),
		CASE(the_limit_holds_and_a_removal_makes_room),
		CASE(random_steps_agree_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
