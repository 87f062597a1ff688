/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_ringpos.c: RX_FBDNUM in mapped registers, against a driver that keeps count:
 * what is filled, and what it took and has not rung for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu_rig.h"
#include "emu_ringpos.h"

#define BDS       64u
#define ROUNDS    4000
#define THRESHOLD 12u /* the driver rings when it holds more than that */

static int
setup(void **state)
{
	rig_access_set(true);
	return rig_setup_started(state);
}

/* Without the millisecond between looks. */
static uint32_t
fbdnum(struct rig *rig)
{
	rig->dev->ringpos_is_due = true;
	emu_ringpos_refresh(rig->dev);
	return rig_rd(rig, rig_tqp(0) + 0x20);
}

static void
receive(struct rig *rig, unsigned int nb)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e };

	while (nb-- > 0)
		assert_int_equal(rig_rx(rig, frame, sizeof(frame)), EMU_RX_TAKEN);
}

/* Each number of filled BDs, from each end of the ring. */
static void
any_number_is_found(void **state)
{
	struct rig *rig = *state;
	unsigned int at = 0;

	assert_int_equal(fbdnum(rig), 0);
	for (unsigned int nb = 0; nb <= BDS; nb++) {
		receive(rig, nb);
		assert_int_equal(fbdnum(rig), nb);
		for (unsigned int i = 0; i < nb; i++)
			rig_rx_arm(rig, 0, at++ % BDS);
		if (nb > 0)
			rig_wr(rig, rig_tqp(0) + 0x1c, nb);
		assert_int_equal(fbdnum(rig), 0);
		assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x1c), 0);
	}
}

static void
a_driver_that_counts_agrees(void **state)
{
	struct rig *rig = *state;
	uint32_t filled = 0, held = 0, at = 0;

	srand(20261128);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint32_t nb = (uint32_t)rand() % (BDS - filled - held + 1), taken;

		receive(rig, nb);
		filled += nb;
		taken = (uint32_t)rand() % (filled + 1);
		for (unsigned int n = 0; n < taken; n++)
			rig_rx_arm(rig, 0, at++ % BDS);
		filled -= taken;
		held += taken;
		if (held > THRESHOLD) {
			rig_wr(rig, rig_tqp(0) + 0x1c, held);
			held = 0;
		}
		assert_int_equal(fbdnum(rig), filled + held);
	}
}

/* It is time once a millisecond, and not while doorbells are seen. */
static void
looks_are_a_millisecond_apart(void **state)
{
	struct rig *rig = *state;

	rig->dev->ringpos_next_ns = 0;
	rig->dev->ringpos_is_due = false;
	emu_ringpos_poll(rig->dev);
	assert_true(rig->dev->ringpos_is_due);
	rig->dev->ringpos_is_due = false;
	rig->dev->ringpos_next_ns = UINT64_MAX;
	emu_ringpos_poll(rig->dev);
	assert_false(rig->dev->ringpos_is_due);
	rig->dev->ringpos_next_ns = 0;
	emu_dev_trap(rig->dev, true);
	emu_ringpos_poll(rig->dev);
	assert_false(rig->dev->ringpos_is_due);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_number_is_found, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(a_driver_that_counts_agrees, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(looks_are_a_millisecond_apart, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
