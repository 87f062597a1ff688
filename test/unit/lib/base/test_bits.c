/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/base/bits.h: masks and fields at both ends of a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bits.h"

static void
masks_cover_exactly_their_bits(void **state)
{
	(void)state;
	assert_int_equal(BITS32(0, 0), 0x00000001);
	assert_int_equal(BITS32(31, 31), 0x80000000);
	assert_int_equal(BITS32(31, 0), 0xffffffff);
	assert_int_equal(BITS32(11, 8), 0x00000f00);
	assert_int_equal(BIT32(31), 0x80000000);
	assert_true(BITS64(63, 60) == 0xf000000000000000);
	assert_true(BITS64(31, 4) == 0x00000000fffffff0);
	assert_true(BIT64(40) == 0x0000010000000000);
}

static void
fields_are_read_and_placed(void **state)
{
	(void)state;
	assert_int_equal(FIELD_GET(BITS32(11, 8), 0xabcdef12), 0xf);
	assert_int_equal(FIELD_GET(BITS32(31, 24), 0xabcdef12), 0xab);
	assert_int_equal(field_prep(BITS32(11, 8), 0x5), 0x500);
	assert_int_equal(field_prep(BITS32(31, 24), 0xff), 0xff000000);
	assert_int_equal(field_prep(BITS32(31, 0), 0xffffffff), 0xffffffff);
	assert_int_equal(field_set(BITS32(15, 8), 0x12345678, 0xab), 0x1234ab78);
	assert_true(FIELD_GET(BITS64(63, 60), 0xa000000000000001) == 0xa);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_cover_exactly_their_bits),
		cmocka_unit_test(fields_are_read_and_placed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
