/* SPDX-License-Identifier: BSD-3-Clause */
/* Multiplication instead of division: exact at every border that the pools use. */
#include "pool_rig.h"

#include "ppool_space.h"

static void
divides_exactly_around_multiples(void **state)
{
	static const uint32_t divisors[] = { 2, 3, 127, 192, 2112, 2176, 2368, 4096, 5184, 65535,
		65536, 262144, 1u << 30, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++) {
		uint64_t d = divisors[i], recip = ppool_recip(divisors[i]);
		uint64_t limit = d < 1u << 23 ? UINT64_C(1) << 40 : UINT64_C(1) << 32;

		for (uint64_t q = 1; q * d < limit; q = q * 3 + 1) {
			assert_int_equal(ppool_div(q * d - 1, recip), q - 1);
			assert_int_equal(ppool_div(q * d, recip), q);
			assert_int_equal(ppool_div(q * d + 1, recip), q);
		}
		assert_int_equal(ppool_div(0, recip), 0);
		assert_int_equal(ppool_div(d - 1, recip), 0);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(divides_exactly_around_multiples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
