/* SPDX-License-Identifier: BSD-3-Clause */
/* Doorbells that are seen [2:10.1] [2:10.3]: the device takes what they name, no more, and tells
 * what does not agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"

#define TX_TAIL 0x58
#define RX_HEAD 0x1c
#define RING_EN 0x90

/* A frame of one BD in Tx ring 0, without its doorbell. */
static void
tx_put(struct rig *rig, unsigned int i)
{
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 60 };

	memset(rig->mem + bd.buf, 0x55, 60);
	rig_tx_put(rig, 0, i, &bd);
}

static uint64_t
violations(struct rig *rig, const char *name)
{
	return rig_stat(rig, "violations", name);
}

static unsigned int
rx_frames(struct rig *rig, unsigned int nb)
{
	uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e };
	unsigned int taken = 0;

	while (nb-- > 0)
		taken += rig_rx(rig, frame, sizeof(frame)) == EMU_RX_TAKEN;
	return taken;
}

static int
setup(void **state)
{
	rig_access_set(false);
	rig_setup_started(state);
	emu_dev_trap(((struct rig *)*state)->dev, true);
	return 0;
}

static int
setup_mapped(void **state)
{
	rig_access_set(true);
	return rig_setup_started(state);
}

static void
tx_waits_for_its_doorbell(void **state)
{
	struct rig *rig = *state;

	tx_put(rig, 0);
	tx_put(rig, 1);
	tx_put(rig, 2);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 32), 0);
	assert_int_equal(rig_tx_go(rig, 0, 2), 2);
	assert_int_equal(rig->nb_sent, 2);
	assert_int_equal(rig_tx_go(rig, 0, 0), 0);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	assert_int_equal(violations(rig, NULL), 0);
}

/* [2:10.3]: a frame is taken when all its BDs are given. */
static void
tx_frame_in_two_doorbells(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 60, .more = true };

	rig_tx_put(rig, 0, 0, &bd);
	tx_put(rig, 1);
	assert_int_equal(rig_tx_go(rig, 0, 1), 0);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	assert_int_equal(rig->sent[0].len, 120);
	assert_int_equal(violations(rig, NULL), 0);
}

static void
tx_doorbell_without_a_bd(void **state)
{
	struct rig *rig = *state;

	tx_put(rig, 0);
	assert_int_equal(rig_tx_go(rig, 0, 2), 1);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 32), 0);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 32), 0);
	assert_int_equal(violations(rig, "TX-19 doorbell for a BD that is not valid"), 1);
	assert_int_equal(violations(rig, NULL), 1);
}

static void
tx_doorbell_for_more_than_the_ring(void **state)
{
	struct rig *rig = *state;

	rig_wr(rig, rig_tqp(0) + TX_TAIL, 60);
	rig_wr(rig, rig_tqp(0) + TX_TAIL, 4);
	assert_int_equal(violations(rig, NULL), 0);
	rig_wr(rig, rig_tqp(0) + TX_TAIL, 1);
	assert_int_equal(violations(rig, "RING-03 doorbell for more BDs than there are"), 1);
}

static void
tx_bd_that_nobody_was_told_of(void **state)
{
	struct rig *rig = *state;

	tx_put(rig, 0);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	rig_wr(rig, rig_tqp(0) + RING_EN, 0);
	assert_int_equal(violations(rig, NULL), 0);
	rig_wr(rig, rig_tqp(0) + RING_EN, 1);
	tx_put(rig, 1);
	rig_wr(rig, rig_tqp(0) + RING_EN, 0);
	assert_int_equal(violations(rig, "RING-04 stopped with a BD that had no doorbell"), 1);
}

/* All BDs belong to the device at first [2:10.4]; then those that come back by doorbell. */
static void
rx_waits_for_its_doorbell(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rx_frames(rig, 65), 64);
	for (unsigned int i = 0; i < 8; i++)
		rig_rx_arm(rig, 0, i);
	assert_int_equal(rx_frames(rig, 1), 0);
	rig_wr(rig, rig_tqp(0) + RX_HEAD, 5);
	assert_int_equal(rx_frames(rig, 8), 5);
	rig_wr(rig, rig_tqp(0) + RX_HEAD, 3);
	assert_int_equal(rx_frames(rig, 8), 3);
	assert_int_equal(violations(rig, NULL), 0);
}

static void
rx_doorbell_without_a_buffer(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rx_frames(rig, 64), 64);
	rig_rx_arm(rig, 0, 0);
	rig_wr(rig, rig_tqp(0) + RX_HEAD, 2);
	assert_int_equal(rx_frames(rig, 3), 1);
	assert_int_equal(violations(rig, "RX-02 doorbell for a BD that is not free"), 1);
	rig_wr(rig, rig_tqp(0) + RX_HEAD, 63);
	assert_int_equal(violations(rig, "RING-03 doorbell for more BDs than there are"), 0);
	rig_wr(rig, rig_tqp(0) + RX_HEAD, 1);
	assert_int_equal(violations(rig, "RING-03 doorbell for more BDs than there are"), 1);
}

/* In shared memory increments get lost: a doorbell says that there are BDs, not how many. */
static void
mapped_doorbells_do_not_count(void **state)
{
	struct rig *rig = *state;

	tx_put(rig, 0);
	assert_int_equal(rig_tx_go(rig, 0, 7), 1);
	assert_int_equal(rx_frames(rig, 64), 64);
	rig_rx_arm(rig, 0, 0);
	assert_int_equal(rx_frames(rig, 2), 1);
	assert_int_equal(violations(rig, NULL), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tx_waits_for_its_doorbell),
		CASE(tx_frame_in_two_doorbells),
		CASE(tx_doorbell_without_a_bd),
		CASE(tx_doorbell_for_more_than_the_ring),
		CASE(tx_bd_that_nobody_was_told_of),
		CASE(rx_waits_for_its_doorbell),
		CASE(rx_doorbell_without_a_buffer),
		cmocka_unit_test_setup_teardown(
				mapped_doorbells_do_not_count, setup_mapped, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
