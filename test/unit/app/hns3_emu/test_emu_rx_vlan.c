/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_rx_vlan.c: which tags are taken out and how the BD tells, for every setting that
 * the reference names [2:1.7] [3:2.5].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emu_rx_vlan.h"

static void
settings(void **state)
{
	static const struct {
		uint8_t cfg, v3, nb_tags; /* outer 0x30c8, inner or only 0x5064 */
		uint8_t at, bytes, status;
		uint16_t outer, inner;
	} cases[] = {
		{ 0x00, 0, 2, 0, 0, 0, 0, 0 },
		{ 0x02, 0, 0, 0, 0, 0, 0, 0 },
		{ 0x02, 0, 1, 12, 4, 2, 0, 0x5064 }, /* a single one: status 2, inner field */
		{ 0x02, 0, 2, 12, 4, 1, 0x30c8, 0 },
		{ 0x03, 0, 2, 12, 8, 3, 0x30c8, 0x5064 },
		{ 0x01, 0, 2, 16, 4, 2, 0, 0x5064 },
		{ 0x01, 0, 1, 0, 0, 0, 0, 0 }, /* a single tag is tag 2 */
		/* port VLAN: HIP08 tells of it all the same, HIP09 does not */
		{ 0x42, 0, 1, 12, 4, 2, 0, 0x5064 },
		{ 0x42, 1, 1, 12, 4, 0, 0, 0 },
		{ 0x42, 0, 2, 12, 4, 1, 0x30c8, 0 },
		{ 0x42, 1, 2, 12, 4, 0, 0, 0 },
		{ 0x43, 0, 2, 12, 8, 3, 0x30c8, 0x5064 },
		{ 0x43, 1, 2, 12, 8, 2, 0, 0x5064 },
		{ 0x63, 1, 2, 12, 8, 0, 0, 0 },
		{ 0x63, 0, 2, 12, 8, 3, 0x30c8, 0x5064 },
		/* the priority alone */
		{ 0x0a, 0, 1, 12, 4, 2, 0, 0x4000 },
		{ 0x0b, 0, 2, 12, 8, 3, 0x2000, 0x5064 },
		{ 0x07, 1, 2, 12, 8, 3, 0x30c8, 0x4000 },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct emu_headers h = { .nb_tags = cases[i].nb_tags };
		struct emu_rx_strip s;

		h.tci[0] = h.nb_tags == 1 ? 0x5064 : 0x30c8;
		h.tci[1] = h.nb_tags == 2 ? 0x5064 : 0;
		s = emu_rx_vlan_strip(cases[i].cfg, cases[i].v3, &h);
		assert_int_equal(s.bytes, cases[i].bytes);
		if (s.bytes)
			assert_int_equal(s.at, cases[i].at);
		assert_int_equal(s.status, cases[i].status);
		assert_int_equal(s.outer, cases[i].outer);
		assert_int_equal(s.inner, cases[i].inner);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(settings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
