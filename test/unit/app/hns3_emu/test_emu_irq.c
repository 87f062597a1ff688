/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_irq.c: vector 0 [1:6.3] and the vectors of queues [1:6.5]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "emu_rig.h"

/* What hardware would set: a cause in a register that the driver may only read. */
static void
cause_set(struct rig *rig, uint32_t reg, uint32_t val)
{
	*(volatile uint32_t *)(rig->bar + reg) = val;
}

static void
rounds(struct rig *rig)
{
	for (unsigned int i = 0; i < 3; i++) {
		rig_service(rig);
		emu_dev_tx_poll(rig->dev, 8);
	}
}

/* [1:2.4] causes of 0x20800 go by ones written to 0x20700, each alone */
static void
reset_causes(void **state)
{
	struct rig *rig = *state;

	cause_set(rig, 0x20800, 0xa0);
	rounds(rig);
	assert_int_equal(rig->irqs[0], 0); /* 0x20400 is 0 */
	rig_wr(rig, 0x20400, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[0], 1);
	rig_wr(rig, 0x20700, 0x80);
	rounds(rig);
	assert_int_equal(rig_rd(rig, 0x20800), 0x20);
	assert_int_equal(rig_rd(rig, 0x20700), 0);
	assert_int_equal(rig->irqs[0], 1); /* still pending: no new edge */
	/* masked and unmasked with something left: once more */
	rig_wr(rig, 0x20400, 0);
	rounds(rig);
	rig_wr(rig, 0x20400, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[0], 2);
	rig_wr(rig, 0x20700, 0x20);
	rounds(rig);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	rig_wr(rig, 0x20400, 0);
	rounds(rig);
	rig_wr(rig, 0x20400, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[0], 2);
	/* a new cause after all were gone */
	cause_set(rig, 0x20800, 0x20);
	rounds(rig);
	assert_int_equal(rig->irqs[0], 3);
}

/* Only bit 0 enables; other bits of the register are not there. */
static void
vector_0_looks_at_one_bit(void **state)
{
	struct rig *rig = *state;

	cause_set(rig, 0x20800, 0x20);
	rig_wr(rig, 0x20400, 2);
	rounds(rig);
	assert_int_equal(rig->irqs[0], 0);
	rig_wr(rig, 0x20400, 3);
	rounds(rig);
	assert_int_equal(rig->irqs[0], 1);
}

/* [1:2.3] what the driver writes into the source or the status never raises anything */
static void
the_driver_cannot_raise_vector_0(void **state)
{
	struct rig *rig = *state;

	rig_wr(rig, 0x20400, 1);
	rig_wr(rig, 0x27100, 0xffffffff);
	rounds(rig);
	assert_int_equal(rig_rd(rig, 0x27100), 0);
	assert_int_equal(rig_rd(rig, 0x27104), 0);
	assert_int_equal(rig->irqs[0], 0);
}

/* A cause that stays is told again, later and later: a handler may have run unseen. */
static void
what_stays_is_told_again(void **state)
{
	const struct timespec later = { .tv_nsec = 6000000 }; /* the first repetition: 5 ms */
	struct rig *rig = *state;
	unsigned int before;

	cause_set(rig, 0x20800, 0x20);
	rig_wr(rig, 0x20400, 1);
	rounds(rig);
	before = rig->irqs[0];
	assert_true(before >= 1); /* 1, unless the machine took 5 ms for that */
	nanosleep(&later, NULL);
	rounds(rig);
	assert_true(rig->irqs[0] > before);
	rig_wr(rig, 0x20400, 0); /* not while it is off */
	rounds(rig);
	before = rig->irqs[0];
	nanosleep(&later, NULL);
	rounds(rig);
	assert_int_equal(rig->irqs[0], before);
}

/* ---- queues ---- */

static int
setup_two_queues(void **state)
{
	rig_setup(state);
	rig_start(*state, 2);
	return 0;
}

/* Bind a ring (0 Tx, 1 Rx) of queue @p q to @p vector [1:6.5]. */
static void
bind(struct rig *rig, unsigned int vector, unsigned int q, unsigned int type)
{
	uint8_t add[24] = { (uint8_t)vector, 1, (uint8_t)(type | q << 2) };

	assert_int_equal(rig_cmd1(rig, 0x1503, 0x11, add), 0);
}

/* A frame for queue 0: no RSS is set up. */
static void
frame_in(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
}

static void
frame_out(struct rig *rig, unsigned int q, unsigned int i)
{
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 60 };

	rig_tx_put(rig, q, i, &bd);
	assert_int_equal(rig_tx_go(rig, q, 1), 1);
}

/* [2:8.4] firing disarms; one interrupt for all that came while it was not armed */
static void
one_shot(void **state)
{
	struct rig *rig = *state;

	bind(rig, 1, 0, 1);
	rig_wr(rig, 0x20000, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 0); /* armed, and nothing has come */
	frame_in(rig);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 1);
	assert_int_equal(rig_rd(rig, 0x20000), 0);
	for (unsigned int i = 0; i < 5; i++)
		frame_in(rig);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 1);
	rig_wr(rig, 0x20000, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 2);
	assert_int_equal(rig_rd(rig, 0x20000), 0);
	rig_wr(rig, 0x20000, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 2); /* armed again; nothing is left to tell */
	frame_in(rig);
	assert_int_equal(rig->irqs[1], 3);
}

static void
each_ring_has_its_vector(void **state)
{
	struct rig *rig = *state;

	bind(rig, 2, 0, 1);
	bind(rig, 3, 0, 0);
	bind(rig, 4, 1, 0);
	rig_wr(rig, 0x20004, 1);
	rig_wr(rig, 0x20008, 1);
	rig_wr(rig, 0x2000c, 1);
	frame_out(rig, 1, 0);
	rounds(rig);
	assert_int_equal(rig->irqs[4], 1);
	assert_int_equal(rig->irqs[3], 0);
	assert_int_equal(rig->irqs[2], 0);
	frame_out(rig, 0, 0);
	frame_in(rig);
	rounds(rig);
	assert_int_equal(rig->irqs[4], 1);
	assert_int_equal(rig->irqs[3], 1);
	assert_int_equal(rig->irqs[2], 1);
	assert_int_equal(rig->irqs[1], 0);
	assert_int_equal(rig->irqs[0], 0);
}

/* What was sent while the vector was off is told when it is on, and once. */
static void
sent_frames_are_remembered(void **state)
{
	struct rig *rig = *state;

	bind(rig, 3, 1, 0);
	frame_out(rig, 1, 0);
	frame_out(rig, 1, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[3], 0);
	rig_wr(rig, 0x20008, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[3], 1);
	rig_wr(rig, 0x20008, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[3], 1);
}

/* Rx and Tx of a queue on one vector, as drivers do: both are remembered. */
static void
a_vector_is_shared(void **state)
{
	struct rig *rig = *state;

	bind(rig, 1, 0, 1);
	bind(rig, 1, 1, 0);
	frame_in(rig);
	frame_out(rig, 1, 0);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 0);
	rig_wr(rig, 0x20000, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 1);
	rig_wr(rig, 0x20000, 1); /* the other ring's event may still be told */
	rounds(rig);
	assert_in_range(rig->irqs[1], 1, 2);
}

static void
impossible_vectors_are_refused(void **state)
{
	struct rig *rig = *state;
	uint8_t high[24] = { 1, 1, 1, [23] = 1 }, six[24] = { 6, 1, 1 }, five[24] = { 5, 1, 1 };

	/* 4 queue pairs have 6 vectors [1:1.6] */
	assert_int_equal(rig_cmd1(rig, 0x1503, 0x11, six), 6);
	assert_int_equal(rig_cmd1(rig, 0x1503, 0x11, high), 6);
	assert_int_equal(rig_cmd1(rig, 0x1503, 0x11, five), 0);
	rig_wr(rig, 0x20010, 1);
	frame_in(rig);
	rounds(rig);
	assert_int_equal(rig->irqs[5], 1);
}

/* A reset forgets bindings and what was to be told. */
static void
reset_forgets(void **state)
{
	struct rig *rig = *state;

	bind(rig, 1, 0, 1);
	frame_in(rig);
	cause_set(rig, 0x20800, 0x20);
	emu_dev_reset(rig->dev);
	rig_wr(rig, 0x20000, 1);
	rig_wr(rig, 0x20400, 1);
	rounds(rig);
	rig_start(rig, 1);
	rig_wr(rig, 0x20000, 1);
	frame_in(rig);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 0);
	assert_int_equal(rig->irqs[0], 0);
	bind(rig, 1, 0, 1);
	rounds(rig);
	assert_int_equal(rig->irqs[1], 0); /* nothing has come since it was bound */
	frame_in(rig);
	assert_int_equal(rig->irqs[1], 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup_two_queues, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reset_causes, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(vector_0_looks_at_one_bit, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(
				the_driver_cannot_raise_vector_0, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(what_stays_is_told_again, rig_setup, rig_teardown),
		CASE(one_shot),
		CASE(each_ring_has_its_vector),
		CASE(sent_frames_are_remembered),
		CASE(a_vector_is_shared),
		CASE(impossible_vectors_are_refused),
		CASE(reset_forgets),
	};

	return RIG_RUN(tests);
}
