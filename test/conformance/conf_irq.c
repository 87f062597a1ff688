/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-IRQ: vector 0 and the vectors of queues [1:6] [2:8.4]. */
#include "conf.h"

#include <string.h>
#include <time.h>

static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12, 0x34 };

/* A message to the driver: the link changes. */
static void
message(struct rig *rig, bool up)
{
	emu_dev_link_set(rig->dev, up);
	rig_service(rig);
}

static void
enabling_tells(struct rig *rig)
{
	message(rig, false);
	assert_int_equal(rig->irqs[0], 0);
	rig_wr(rig, 0x20400, 1);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 1);
}

static void
message_while_masked(struct rig *rig)
{
	rig_wr(rig, 0x20400, 1);
	message(rig, false);
	assert_int_equal(rig->irqs[0], 1);
	rig_wr(rig, 0x20400, 0);
	rig_wr(rig, 0x27100, 0);
	message(rig, true); /* before the driver is done with the first */
	assert_int_equal(rig->irqs[0], 1);
	assert_int_equal(rig_rd(rig, 0x27100), 2);
	rig_wr(rig, 0x20400, 1);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 2);
}

/* Mask, clear, unmask without a look between: the next message is told all the same. */
static void
quick_handler(struct rig *rig)
{
	rig_wr(rig, 0x20400, 1);
	message(rig, false);
	rig_wr(rig, 0x20400, 0);
	rig_wr(rig, 0x27100, 0);
	rig_wr(rig, 0x20400, 1);
	emu_dev_link_set(rig->dev, true);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 2);
}

static void
source_is_cleared_by_zeros(struct rig *rig)
{
	message(rig, false);
	assert_int_equal(rig_rd(rig, 0x27100), 2);
	assert_int_equal(rig_rd(rig, 0x27104), 2);
	rig_wr(rig, 0x27100, 0xfffffffd);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27100), 0);
	assert_int_equal(rig_rd(rig, 0x27104), 0);
	rig_wr(rig, 0x27100, 0xffffffff);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27104), 0);
}

static void
bind(struct rig *rig, uint8_t vector, uint8_t type)
{
	uint8_t add[24] = { vector, 1, type };

	assert_int_equal(rig_cmd1(rig, 0x1503, 0x11, add), 0);
}

/* What the data thread does between frames. */
static void
look(struct rig *rig)
{
	emu_dev_tx_poll(rig->dev, 8);
}

static void
one_shot(struct rig *rig)
{
	bind(rig, 1, 1);
	rig_wr(rig, 0x20000, 1);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	look(rig);
	assert_int_equal(rig->irqs[1], 1);
	rig_wr(rig, 0x20000, 1);
	look(rig);
	assert_int_equal(rig->irqs[1], 2); /* what came meanwhile */
	rig_wr(rig, 0x20000, 1);
	look(rig);
	assert_int_equal(rig->irqs[1], 2);
}

static void
vector_masked(struct rig *rig)
{
	bind(rig, 2, 1);
	rig_wr(rig, 0x20000, 1); /* vector 1, not the ring's */
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	look(rig);
	assert_int_equal(rig->irqs[2], 0);
	rig_wr(rig, 0x20004, 1);
	look(rig);
	assert_int_equal(rig->irqs[2], 1);
	assert_int_equal(rig->irqs[1], 0);
}

#define LONG_US 20000000 /* for a machine that has other things to do */

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/*
 * Two events, @p nb of packets in the second: how long after the first interrupt the second one
 * came, in us. The first was armed with @p reg = @p val.
 */
static uint64_t
gap_us(struct rig *rig, unsigned int nb)
{
	unsigned int before = rig->irqs[1];
	uint64_t start;

	rig_wr(rig, 0x20000, 1);
	start = now_us();
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	while (rig->irqs[1] == before && now_us() < start + LONG_US)
		look(rig);
	start = now_us();
	rig_wr(rig, 0x20000, 1);
	for (unsigned int i = 0; i < nb; i++)
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	while (rig->irqs[1] == before + 1 && now_us() < start + LONG_US)
		look(rig);
	assert_int_equal(rig->irqs[1], before + 2);
	return now_us() - start;
}

/* Whether that gap is shorter than @p us; longer ones may be the machine's. */
static bool
gap_is_short(struct rig *rig, unsigned int nb, uint64_t us)
{
	for (unsigned int i = 0; i < 15; i++) { /* the ring has 64 BDs */
		if (gap_us(rig, nb) < us)
			return true;
		for (unsigned int k = 0; k < RIG_RING_BDS; k++)
			rig_rx_arm(rig, 0, k);
	}
	return false;
}

/* GL of revision 0x21 counts 2 us: 4095 are 8.19 ms. */
static void
gap_limiter(struct rig *rig)
{
	bind(rig, 1, 1);
	rig_wr(rig, 0x20100, 4095);
	assert_in_range(gap_us(rig, 1), 8000, LONG_US);
	rig_wr(rig, 0x20100, 0);
	look(rig);
	assert_true(gap_is_short(rig, 1, 8000));
}

/* The Tx limiter is not the Rx ring's. */
static void
gap_of_the_other(struct rig *rig)
{
	bind(rig, 1, 1);
	rig_wr(rig, 0x20200, 4095);
	assert_true(gap_is_short(rig, 1, 8000));
}

static void
quantity_limiter(struct rig *rig)
{
	bind(rig, 1, 1);
	rig_wr(rig, 0x20100, 4095);
	rig_wr(rig, 0x20f00, 8);
	assert_in_range(gap_us(rig, 7), 8000, LONG_US);
	rig_wr(rig, 0x20000, 0);
	assert_true(gap_is_short(rig, 8, 8000));
}

/* RL: units of 4 us, on with bit 6; 59 are 236 us. */
static void
rate_limiter(struct rig *rig)
{
	bind(rig, 1, 1);
	rig_wr(rig, 0x20900, 0x3b);
	assert_true(gap_is_short(rig, 1, 200));
	rig_wr(rig, 0x20900, 0x7b);
	assert_in_range(gap_us(rig, 1), 230, LONG_US);
}

static const struct conf_rule rules[] = {
	{ "CONF-IRQ-01", "1:6.3", "vector 0 tells when it is enabled what came while it was not",
			rig_setup_started, enabling_tells, 0 },
	{ "CONF-IRQ-02", "1:6.3",
			"a message that comes between clear and unmask is told at the unmask",
			rig_setup_started, message_while_masked, 0 },
	{ "CONF-IRQ-03", "1:6.3", "a message after a handler that nobody watched is told",
			rig_setup_started, quick_handler, 0 },
	{ "CONF-IRQ-04", "1:2.3", "0x27100 is cleared by zeros, never set; 0x27104 shows the same",
			rig_setup_started, source_is_cleared_by_zeros, 0 },
	{ "CONF-IRQ-05", "2:8.4", "a queue's vector fires once and is armed by CTRL = 1",
			rig_setup_started, one_shot, 0 },
	{ "CONF-IRQ-06", "1:6.5",
			"vector n is armed by register n - 1; events of a masked one are kept",
			rig_setup_started, vector_masked, 0 },
	{ "CONF-IRQ-07", "1:2.7", "GL0 keeps a gap between interrupts of an Rx ring",
			rig_setup_started, gap_limiter, 0 },
	{ "CONF-IRQ-08", "1:2.7", "GL1 is for Tx rings alone", rig_setup_started, gap_of_the_other,
			0 },
	{ "CONF-IRQ-09", "1:2.7", "a quantity of packets ends the gap early", rig_setup_started,
			quantity_limiter, 0 },
	{ "CONF-IRQ-10", "2:8.4", "RL limits the rate of a vector if its bit 6 is set",
			rig_setup_started, rate_limiter, 0 },
};

CONF_MAIN(rules)
