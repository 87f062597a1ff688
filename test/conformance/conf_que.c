/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-QUE: enable and reset of queue pairs [1:5.10] [1:5.11] [3:3.2]. */
#include "conf.h"

#include <string.h>
#include <unistd.h>

static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12, 0x34 };

static void
enable_is_the_register(struct rig *rig)
{
	rig_wr(rig, rig_tqp(0) + 0x90, 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	rig_wr(rig, rig_tqp(0) + 0x90, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
}

static void
enable_of_one_direction(struct rig *rig)
{
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x98), 1); /* by default */
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0xd4), 1);
	rig_wr(rig, rig_tqp(0) + 0x98, 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	rig_wr(rig, rig_tqp(0) + 0x98, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
}

static void
enable_off_by_command(struct rig *rig)
{
	uint8_t off[24] = { 0 }, beyond[24] = { 4 };

	assert_int_equal(rig_cmd1(rig, 0x0b20, 0x11, off), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	rig_wr(rig, rig_tqp(0) + 0x90, 1); /* nothing waits for enable = 1 */
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_not_equal(rig_cmd1(rig, 0x0b20, 0x11, beyond), 0);
}

static void
bulk_reset(struct rig *rig)
{
	uint8_t all[24] = { 0, 0, 2, 0, 0, 0, 4 }, beyond[24] = { 0, 0, 2, 0, 3, 0, 2 };

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(rig_cmd1(rig, 0x0020, 0x11, all), 0);
	assert_int_equal(all[8], 1);
	rig_rx_arm(rig, 0, 0);
	rig_wr(rig, rig_tqp(0) + 0x90, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28) & 0x10, 0x10); /* BD 0 again */
	assert_true(rig_cmd1(rig, 0x0020, 0x11, beyond) != 0 || beyond[8] > 1);
}

static void
single_reset(struct rig *rig)
{
	uint8_t req[24] = { 0, 0, 1 }, ready[24] = { 0 }, release[24] = { 0 };

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(rig_cmd1(rig, 0x0b22, 0x11, req), 0);
	assert_int_equal(rig_cmd1(rig, 0x0b22, 0x19, ready), 0);
	assert_int_equal(ready[3] & 1, 1);
	assert_int_equal(rig_cmd1(rig, 0x0b22, 0x11, release), 0);
	rig_rx_arm(rig, 0, 0);
	rig_wr(rig, rig_tqp(0) + 0x90, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28) & 0x10, 0x10);
}

/* The Rx ring starts over; the Tx ring goes on where it was; the pair stays enabled. */
static void
one_direction(struct rig *rig)
{
	uint8_t rx[24] = { 0, 0, 1, 0, 1 }, ready[24] = { 0, 0, 0, 0, 1 };
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 60 };

	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(rig_cmd1(rig, 0x0b23, 0x11, rx), 0);
	assert_int_equal(rig_cmd1(rig, 0x0b23, 0x19, ready), 0);
	assert_int_equal(ready[3] & 1, 1);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x90), 1);
	rig_rx_arm(rig, 0, 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28) & 0x10, 0x10);
	rig_tx_put(rig, 0, 1, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
}

static void
no_address_no_frame(struct rig *rig)
{
	put64(rig_rxbd(rig, 0, 0), 0); /* a ring of a queue that is not there */
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
}

static void
traffic_class(struct rig *rig)
{
	uint8_t set[24] = { 1, 0, 0, 0, 3 }, get[24] = { 1 };

	assert_int_equal(rig_cmd1(rig, 0x0b04, 0x11, set), 0);
	assert_int_equal(rig_cmd1(rig, 0x0b04, 0x19, get), 0);
	assert_int_equal(get[4], 3);
	assert_int_equal(rig_rd(rig, rig_tqp(1) + 0x50), 3);
}

/* Reset queue 0 and give one of its registers another value. */
static void
ring_anew(struct rig *rig, uint32_t reg, uint32_t val)
{
	uint8_t all[24] = { 0, 0, 2, 0, 0, 0, 4 };

	assert_int_equal(rig_cmd1(rig, 0x0020, 0x11, all), 0);
	rig_queue_start(rig, 0);
	rig_wr(rig, rig_tqp(0) + reg, val);
	rig_service(rig);
}

/* A driver error of this name and not one frame; then the queue is programmed as it was. */
static void
ring_refused(struct rig *rig, uint32_t reg, uint32_t val, const char *rule)
{
	uint32_t was = rig_rd(rig, rig_tqp(0) + reg);
	uint64_t before = rig_stat(rig, "violations", rule);

	ring_anew(rig, reg, val);
	for (unsigned int i = 0; i < RIG_RING_BDS + 8; i++)
		assert_int_not_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_true(rig_stat(rig, "violations", rule) > before);
	ring_anew(rig, reg, was);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
}

static void
ring_base(struct rig *rig)
{
	ring_refused(rig, 0x00, (uint32_t)(RIG_IOVA + RIG_RX_RING(0)) + 64,
			"RING-01 base alignment");
}

/* The register has 16 bits [1:2.6]; a client that has it mapped can write 32. */
static void
ring_size(struct rig *rig)
{
	ring_refused(rig, 0x08, 32768 / 8, "RING-02 size");
	ring_refused(rig, 0x08, 0xffffffff, "RING-02 size");
	ring_refused(rig, 0x08, 0x1fffffff, "RING-02 size");
}

/* A driver whose doorbells are seen one by one where accesses are trapped. */
static int
setup_bells(void **state)
{
	int ret = rig_setup_started(state);
	struct rig *rig = *state;

	if (ret == 0)
		emu_dev_trap(rig->dev, !rig->mapped);
	return ret;
}

/* A register of queue 0, a look of the device at its rings later; mapped ones need that. */
static uint32_t
position(struct rig *rig, uint32_t reg)
{
	usleep(1100);
	rig_service(rig);
	emu_dev_tx_poll(rig->dev, 1);
	return rig_rd(rig, rig_tqp(0) + reg);
}

static void
receive(struct rig *rig, unsigned int nb)
{
	while (nb-- > 0)
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
}

/* The driver takes BDs from @p first on and arms them anew; it rings for @p nb_rung. */
static void
take(struct rig *rig, unsigned int first, unsigned int nb, uint32_t nb_rung)
{
	for (unsigned int i = first; i < first + nb; i++)
		rig_rx_arm(rig, 0, i % 64);
	if (nb_rung > 0)
		rig_wr(rig, rig_tqp(0) + 0x1c, nb_rung);
}

static void
bds_that_wait(struct rig *rig)
{
	assert_int_equal(position(rig, 0x20), 0);
	receive(rig, 5);
	assert_int_equal(position(rig, 0x20), 5);
	take(rig, 0, 3, 0);
	assert_int_equal(position(rig, 0x20), 5); /* taken, and not given back */
	take(rig, 3, 1, 4);
	assert_int_equal(position(rig, 0x20), 1);
	receive(rig, 63);
	assert_int_equal(position(rig, 0x20), 64); /* full */
	take(rig, 4, 64, 33);
	assert_int_equal(position(rig, 0x20), 31);
	take(rig, 0, 0, 31);
	assert_int_equal(position(rig, 0x20), 0);
}

/* Of three doorbells that nobody saw apart, the last one tells what is kept. */
static void
bds_behind_doorbells(struct rig *rig)
{
	receive(rig, 64);
	assert_int_equal(position(rig, 0x20), 64);
	take(rig, 0, 16, 16);
	take(rig, 16, 16, 16);
	take(rig, 32, 16, 16);
	take(rig, 48, 8, 0);
	assert_int_equal(position(rig, 0x20), 8 + 8);
}

static void
ends_of_rings(struct rig *rig)
{
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 60 };

	receive(rig, 5);
	take(rig, 0, 3, 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x18), 5);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x1c), 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x20), 2);
	receive(rig, 60);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x18), 1);
	for (unsigned int i = 0; i < 3; i++)
		rig_tx_put(rig, 0, i, &bd);
	rig_wr(rig, rig_tqp(0) + 0x58, 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x58), 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x5c), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x60), 3);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 8), 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x58), 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x5c), 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x60), 0);
}

static void
reset_is_of_counts(struct rig *rig)
{
	uint8_t rx[24] = { 0, 0, 1, 0, 1 };

	receive(rig, 7);
	assert_int_equal(position(rig, 0x20), 7);
	assert_int_equal(rig_cmd1(rig, 0x0b23, 0x11, rx), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x20), 0);
	for (unsigned int i = 0; i < 64; i++)
		rig_rx_arm(rig, 0, i);
	receive(rig, 64); /* all of it is the device's again */
	assert_int_equal(position(rig, 0x20), 64);
}

static const struct conf_rule rules[] = {
	{ "CONF-QUE-01", "1:2.6", "RING_EN is looked at before each frame", rig_setup_started,
			enable_is_the_register, 0 },
	{ "CONF-QUE-02", "1:5.11", "0x0B20 switches a pair off; RING_EN alone switches it on",
			rig_setup_started, enable_off_by_command, 0 },
	{ "CONF-QUE-03", "1:5.10",
			"0x0020 RCB resets a range of pairs, says 1, and refuses strange ones",
			rig_setup_started, bulk_reset, 0 },
	{ "CONF-QUE-04", "1:5.11", "0x0B22 resets a pair and is ready when asked",
			rig_setup_started, single_reset, 0 },
	{ "CONF-QUE-05", "3:3.2", "0x0B23 resets one direction, and RING_EN stays",
			rig_setup_started, one_direction, 0 },
	{ "CONF-QUE-06", "1:2.6", "nothing is delivered into a BD without an address",
			rig_setup_started, no_address_no_frame, 0 },
	{ "CONF-QUE-07", "3:3.3", "0x0B04 sets the class of a Tx queue, as its register does",
			rig_setup_started, traffic_class, 0 },
	{ "CONF-QUE-08", "1:2.6", "RX_EN stops a direction alone; it and TX_EN are 1 by default",
			rig_setup_started, enable_of_one_direction, 0 },
	{ "CONF-QUE-09", "2:3.2", "rings lie on 128 bytes (RING-01)", rig_setup_started, ring_base,
			0 },
	{ "CONF-QUE-10", "2:3.2", "a ring has at most 32768 BDs (RING-02)", rig_setup_started,
			ring_size, 0 },
	{ "CONF-QUE-11", "2:3.3", "RX_FBDNUM is what is filled and not given back by a doorbell",
			setup_bells, bds_that_wait, 0 },
	{ "CONF-QUE-12", "2:10.6", "doorbells that are not seen apart do not lose what is kept",
			setup_bells, bds_behind_doorbells, CONF_MAPPED_ONLY },
	{ "CONF-QUE-13", "2:10.1", "heads and tails of rings are read as positions, FBDNUM as BDs",
			setup_bells, ends_of_rings, CONF_TRAPPED_ONLY },
	{ "CONF-QUE-14", "2:10.1", "a reset of one direction sets its counts back", setup_bells,
			reset_is_of_counts, 0 },
};

CONF_MAIN(rules)
