/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-STAT: counters [3:7] [1:5.8]. */
#include "conf.h"

#include <string.h>

static uint8_t frame[2048];

/* Counter @p i of 0x0034 as it is read, with the rest; @p d has room for 22 descriptors. */
static void
mac_stats(struct rig *rig, struct rig_desc *d)
{
	memset(d, 0xff, 22 * sizeof(*d));
	d[0] = rig_desc(0x0034, 0x19);
	rig_cmd(rig, d, 22);
	assert_int_equal(get16(d[0].b + 4), 0);
}

static uint64_t
stat_of(const struct rig_desc *d, unsigned int i)
{
	return i < 3 ? get64(d[0].b + 8 + 8 * i) : get64(d[1 + (i - 3) / 4].b + (i - 3) % 4 * 8);
}

static void
receive(struct rig *rig, uint8_t first, uint32_t len)
{
	memset(frame, first, 6);
	if (first == 0x02)
		memcpy(frame, "\x02\x00\x00\x00\x00\x0e", 6);
	memcpy(frame + 12, "\x88\xb5", 2);
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
}

/* Lengths on the wire have the FCS of 4 bytes. */
static void
rx_counters(struct rig *rig)
{
	struct rig_desc d[22];

	receive(rig, 0x02, 60);   /* 64 */
	receive(rig, 0x02, 61);   /* 65 */
	receive(rig, 0xff, 1514); /* 1518 */
	mac_stats(rig, d);
	assert_int_equal(stat_of(d, 45), 3);              /* total */
	assert_int_equal(stat_of(d, 46), 64 + 65 + 1518); /* octets */
	assert_int_equal(stat_of(d, 47), 3);
	assert_int_equal(stat_of(d, 48), 0);
	assert_int_equal(stat_of(d, 51), 2); /* unicast */
	assert_int_equal(stat_of(d, 53), 1); /* broadcast */
	assert_int_equal(stat_of(d, 56), 1); /* 64 */
	assert_int_equal(stat_of(d, 57), 1); /* 65 .. 127 */
	assert_int_equal(stat_of(d, 61), 1); /* 1024 .. 1518 */
	assert_int_equal(stat_of(d, 69), 0); /* longer, good */
	assert_int_equal(stat_of(d, 81), 3); /* given to the application */
	assert_int_equal(stat_of(d, 19), 0); /* nothing was sent */
}

static void
tx_counters(struct rig *rig)
{
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 200 };
	struct rig_desc d[22];

	memcpy(rig->mem + bd.buf, "\x01\x00\x5e\x00\x00\x01", 6);
	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	mac_stats(rig, d);
	assert_int_equal(stat_of(d, 19), 1);
	assert_int_equal(stat_of(d, 20), 204);
	assert_int_equal(stat_of(d, 21), 1);
	assert_int_equal(stat_of(d, 26), 1); /* multicast */
	assert_int_equal(stat_of(d, 32), 1); /* 128 .. 255 */
	assert_int_equal(stat_of(d, 75), 1);
	assert_int_equal(stat_of(d, 45), 0);
}

static void
cleared_by_reading(struct rig *rig)
{
	struct rig_desc d[22];

	receive(rig, 0x02, 60);
	mac_stats(rig, d);
	assert_int_equal(stat_of(d, 45), 1);
	mac_stats(rig, d);
	assert_int_equal(stat_of(d, 45), 0);
	receive(rig, 0x02, 60);
	receive(rig, 0x02, 60);
	mac_stats(rig, d);
	assert_int_equal(stat_of(d, 45), 2);
}

static void
oversize(struct rig *rig)
{
	struct rig_desc d[22];

	memset(frame, 0xff, 6);
	assert_int_equal(rig_rx(rig, frame, 1523), EMU_RX_DROPPED); /* 1527 of 1526 */
	mac_stats(rig, d);
	assert_int_equal(stat_of(d, 55), 1);
	assert_int_equal(stat_of(d, 47), 0);
	assert_int_equal(stat_of(d, 48), 1);
}

static void
how_many(struct rig *rig)
{
	uint8_t d[24] = { 0 }, with_ext[24] = { 0x09 };

	assert_int_equal(rig_cmd1(rig, 0x0033, 0x19, d), 0);
	assert_int_equal(get32(d), 84);
	assert_int_equal(rig_cmd1(rig, 0x701a, 0x11, with_ext), 0);
	assert_int_equal(rig_cmd1(rig, 0x0033, 0x19, d), 0);
	assert_int_equal(get32(d), 105);
}

/* Reading clears; trapped, nothing else has to happen. */
static void
queue_counter_trapped(struct rig *rig)
{
	for (unsigned int i = 0; i < 3; i++)
		receive(rig, 0x02, 60);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 0);
	receive(rig, 0x02, 60);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, NULL), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 1);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x6c), 0);
}

/* Mapped: shown with the answer to 0x0034, away at the next command. */
static void
queue_counter_mapped(struct rig *rig)
{
	struct rig_desc d[22];

	for (unsigned int i = 0; i < 3; i++)
		receive(rig, 0x02, 60);
	mac_stats(rig, d);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 3);
	receive(rig, 0x02, 60);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, NULL), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 0);
	assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, NULL), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 1);
}

/* One request to the latch, as the bus writes it: a number, and a kind in two bits. */
static void
latch_ask(struct rig *rig, uint32_t number, uint32_t kind)
{
	rig_wr(rig, 0x70004, number << 2 | kind);
	emu_dev_service(rig->dev);
	assert_int_equal(rig_rd(rig, 0x70008), number << 2 | kind);
}

/* Mapped, with a client that says when it reads: shown by 1, read by 2, not read by 3; commands and
 * a reset change nothing. */
static void
queue_counter_latched(struct rig *rig)
{
	struct rig_desc d[22];

	assert_int_equal(rig_rd(rig, 0x70000), 0x6c746369);
	receive(rig, 0x02, 60);
	assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, NULL), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 1);
	receive(rig, 0x02, 60);
	receive(rig, 0x02, 60);
	latch_ask(rig, 1, 1);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 2);
	receive(rig, 0x02, 60);
	mac_stats(rig, d);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 2);
	latch_ask(rig, 2, 3);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 0);
	mac_stats(rig, d);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 0);
	latch_ask(rig, 3, 1);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 3);
	assert_int_equal(rig_rd(rig, 0x7000c), 0);
	latch_ask(rig, 4, 2);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 0);
	receive(rig, 0x02, 60);
	emu_dev_reset(rig->dev);
	latch_ask(rig, 5, 1);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 1);
}

/* More than a register holds is shown in parts. */
static void
queue_counter_beyond(struct rig *rig)
{
	latch_ask(rig, 1, 1);
	rig_wr(rig, rig_tqp(0) + 0x2c, 0xffffffff);
	latch_ask(rig, 2, 3); /* as if that had stood there */
	receive(rig, 0x02, 60);
	receive(rig, 0x02, 60);
	latch_ask(rig, 3, 1);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 0xffffffff);
	assert_int_equal(rig_rd(rig, 0x7000c), 1);
	latch_ask(rig, 4, 2);
	latch_ask(rig, 5, 1);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x2c), 2);
	assert_int_equal(rig_rd(rig, 0x7000c), 0);
}

static void
queue_counter_commands(struct rig *rig)
{
	uint8_t d[24] = { 0 }, beyond[24] = { 4 };

	receive(rig, 0x02, 60);
	receive(rig, 0x02, 60);
	assert_int_equal(rig_cmd1(rig, 0x0b13, 0x19, d), 0);
	assert_int_equal(get32(d + 4), 2);
	assert_int_equal(rig_cmd1(rig, 0x0b13, 0x19, d), 0);
	assert_int_equal(get32(d + 4), 0);
	assert_int_equal(rig_cmd1(rig, 0x0b03, 0x19, d), 0);
	assert_int_equal(get32(d + 4), 0);
	assert_int_equal(rig_cmd1(rig, 0x0b13, 0x19, beyond), 6);
}

/* 64 BDs, and no more. */
static void
rpu_drops(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	for (unsigned int i = 0; i < RIG_RING_BDS; i++)
		receive(rig, 0x02, 60);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD); /* it comes again */
	for (unsigned int i = 0; i < 5; i++)
		rig_rx_missed(rig, frame, 60);
	assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, d), 0);
	assert_int_equal(get32(d + 12), 5);
	memset(d, 0, sizeof(d));
	assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, d), 0);
	assert_int_equal(get32(d + 12), 0);
}

static const struct conf_rule rules[] = {
	{ "CONF-STAT-01", "3:7.1", "received frames count by length with FCS, by class, in octets",
			rig_setup_started, rx_counters, 0 },
	{ "CONF-STAT-02", "3:7.1", "sent frames count likewise", rig_setup_started, tx_counters,
			0 },
	{ "CONF-STAT-03", "3:7.1", "MAC counters are cleared by reading, none twice, none lost",
			rig_setup_started, cleared_by_reading, 0 },
	{ "CONF-STAT-04", "3:1.4",
			"a frame above the limit of 0x0308 is oversize, bad, and not good",
			rig_setup_started, oversize, 0 },
	{ "CONF-STAT-05", "1:5.8", "0x0033 says 84; 105 to a driver that knows them (0x701A bit 3)",
			rig_setup_started, how_many, 0 },
	{ "CONF-STAT-06", "1:2.6",
			"reading a queue's packet counter gives the exact count and clears it",
			rig_setup_started, queue_counter_trapped, CONF_TRAPPED_ONLY },
	{ "CONF-STAT-07", "1:2.9",
			"mapped, packet counters come with 0x0034 and 0x0048, go with the next",
			rig_setup_started, queue_counter_mapped, CONF_MAPPED_ONLY },
	{ "CONF-STAT-10", "1:2.9", "mapped and latched, packet counters are shown when asked for",
			rig_setup_started, queue_counter_latched, CONF_MAPPED_ONLY },
	{ "CONF-STAT-11", "1:2.9", "mapped and latched, a count above 32 bits comes in parts",
			rig_setup_started, queue_counter_beyond, CONF_MAPPED_ONLY },
	{ "CONF-STAT-08", "3:3.8", "0x0B13 and 0x0B03 give a queue's packets since the last query",
			rig_setup_started, queue_counter_commands, 0 },
	{ "CONF-STAT-09", "3:7.2", "0x0048 gives frames without a BD since the last query",
			rig_setup_started, rpu_drops, 0 },
};

CONF_MAIN(rules)
