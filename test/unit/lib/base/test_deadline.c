/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/base/deadline.h: passes neither early nor never, and rounds up for poll(2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "deadline.h"

static void
a_far_deadline_has_not_passed(void **state)
{
	struct deadline d = deadline_in_ms(60000);

	(void)state;
	assert_false(deadline_has_passed(&d));
	assert_in_range(deadline_left_ms(&d), 59000, 60000);
	d.end_ns += UINT64_C(30) * 24 * 3600 * 1000000000; /* more than poll(2) can be told */
	assert_int_equal(deadline_left_ms(&d), INT_MAX);
}

static void
a_deadline_passes_after_its_time_and_not_before(void **state)
{
	uint64_t start_ns = deadline_now_ns();
	struct deadline d = deadline_in_us(2000);

	(void)state;
	while (!deadline_has_passed(&d))
		assert_true(deadline_now_ns() - start_ns < 10000000000);
	assert_true(deadline_now_ns() - start_ns >= 2000000);
	assert_int_equal(deadline_left_ms(&d), 0);
}

static void
time_left_is_rounded_up(void **state)
{
	struct deadline d = { .end_ns = deadline_now_ns() + 900000000 };

	(void)state;
	assert_in_range(deadline_left_ms(&d), 500, 900);
	d = (struct deadline){ .end_ns = deadline_now_ns() + 100000 };
	if (!deadline_has_passed(&d))
		assert_in_range(deadline_left_ms(&d), 0, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_far_deadline_has_not_passed),
		cmocka_unit_test(a_deadline_passes_after_its_time_and_not_before),
		cmocka_unit_test(time_left_is_rounded_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
