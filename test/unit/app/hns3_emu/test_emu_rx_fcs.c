/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_rx_fcs.c: the CRC itself, and when there is one; what becomes of frames is in
 * test/conformance/conf_fcs.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"
#include "emu_rx_fcs.h"

/* The check value of CRC-32, whatever pieces the bytes are in. */
static void
crc_is_that_of_ethernet(void **state)
{
	static char digits[] = "123456789";
	struct emu_frame f = { .len_bytes = 9, .nb_segs = 1, .seg = { { digits, 9 } } };

	(void)state;
	assert_int_equal(emu_fcs(&f), 0xcbf43926);
	f.nb_segs = 3;
	f.seg[0].iov_len = 1;
	f.seg[1] = (struct iovec){ digits + 1, 0 };
	f.seg[2] = (struct iovec){ digits + 1, 8 };
	assert_int_equal(emu_fcs(&f), 0xcbf43926);
}

/* Frames are as they are on all wires if the MAC strips and no plan has anything to say. */
static void
plain_is_what_is_left_alone(void **state)
{
	struct rig *rig = *state;
	struct emu_nic *nic = rig->dev->nic;
	struct emu_fault f;
	char why[256];

	assert_true(emu_rx_fcs_is_plain(nic));
	nic->mac_word &= ~0x00080000u;
	assert_false(emu_rx_fcs_is_plain(nic));
	nic->mac_word |= 0x00080000u;
	assert_int_equal(emu_fault_parse("frame-bad-fcs:nth=2,val=1", &f, why, sizeof(why)), 0);
	assert_int_equal(emu_fault_arm(rig->dev, &f), 0);
	emu_rx_flaw_judge(rig->dev);
	emu_rx_flaw_judge(rig->dev); /* the same frame */
	assert_false(emu_rx_fcs_is_plain(nic));
	assert_false(emu_rx_fcs_is_bad(nic));
	memset(&nic->flaw, 0, sizeof(nic->flaw));
	emu_rx_flaw_judge(rig->dev);
	assert_true(emu_rx_fcs_is_bad(nic));
	assert_true(nic->flaw.is_passed_on);
	nic->mac_word &= ~0x00100000u; /* not looked at */
	assert_false(emu_rx_fcs_is_bad(nic));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_that_of_ethernet),
		cmocka_unit_test_setup_teardown(
				plain_is_what_is_left_alone, rig_setup_started, rig_teardown),
	};

	return RIG_RUN(tests);
}
