/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-TX: the Tx ring and its BDs, without what they ask for [2:2] [2:3]. */
#include "conf_txrig.h"

#include <string.h>
#include <unistd.h>

static const uint8_t zero_bd[32];
static uint8_t frame[70000];

static void
all_bds_are_cleared(struct rig *rig)
{
	struct tx_ask ask = { .cut = { 60, 60, 60, 60, 60, 60, 60 } };

	rig_ipv4(frame, 17, 500);
	assert_int_equal(tx_send(rig, frame, 542, &ask), 1);
	for (unsigned int i = 0; i < 8; i++)
		assert_memory_equal(rig_txbd(rig, 0, i), zero_bd, 32);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x5c), 8);
	assert_memory_equal(rig->sent[0].bytes, frame, 542);
}

/* The second BD still has an earlier frame's TSO, tunnel, tags and simple checksum. */
static void
later_bds_are_stale(struct rig *rig)
{
	struct rig_txbd a = { .buf = RIG_BUFS, .size = 64, .more = true };
	struct rig_txbd b = { .buf = RIG_BUFS + 64,
		.size = 64,
		.vlan_tag = 7,
		.mss = 0xffff,
		.dw3 = 0xffffffff,
		.dw4 = 0xffffffff,
		.dw5 = 0xffffffff,
		.dw6 = 0xffffffff };

	rig_tx_put(rig, 0, 0, &a);
	rig_tx_put(rig, 0, 1, &b);
	assert_int_equal(rig_tx_go(rig, 0, 2), 1);
	assert_int_equal(rig->sent[0].len, 128);
	assert_int_equal(rig_stat(rig, "violations", NULL), 0);
}

static void
paylen_without_tso(struct rig *rig)
{
	static const uint32_t paylen[3] = { 0, 542, 0xfffff };

	rig_ipv4(frame, 17, 500);
	for (unsigned int i = 0; i < 3; i++) {
		struct tx_ask ask = { .dw3 = 0x0205073a, .dw6 = paylen[i] };

		assert_int_equal(tx_send(rig, frame, 542, &ask), 1);
		assert_memory_equal(rig->sent[0].bytes, frame, 542);
	}
}

static void
short_frames(struct rig *rig)
{
	struct tx_ask ask = { 0 };
	static const uint8_t zeros[46];

	memset(frame, 0x6b, 64);
	assert_int_equal(tx_send(rig, frame, 14, &ask), 1);
	assert_int_equal(rig->sent[0].len, 60);
	assert_memory_equal(rig->sent[0].bytes, frame, 14);
	assert_memory_equal(rig->sent[0].bytes + 14, zeros, 46);
	assert_int_equal(tx_send(rig, frame, 32, &ask), 1);
	assert_int_equal(rig_stat(rig, "violations", NULL), 2); /* TX-17, but sent */
	assert_int_equal(tx_send(rig, frame, 33, &ask), 1);
	assert_int_equal(rig_stat(rig, "violations", NULL), 2);
	tx_refused(rig, frame, 13, &ask, 17);
}

/* A tunnel with a tag: 65 bytes. */
static void
short_tunnels(struct rig *rig)
{
	struct tx_ask ask = { .dw5 = 0x04050716, .outer_tag = 5 };

	rig_ipv4(frame, 17, 30);
	assert_int_equal(tx_send(rig, frame, 64, &ask), 1);
	assert_int_equal(rig_stat(rig, "violations", NULL), 1);
	assert_int_equal(tx_send(rig, frame, 65, &ask), 1);
	ask.dw5 = 0x04050712;
	assert_int_equal(tx_send(rig, frame, 64, &ask), 1);
	assert_int_equal(rig_stat(rig, "violations", NULL), 1);
}

static void
eight_bds(struct rig *rig)
{
	struct tx_ask ask = { .cut = { 50, 50, 50, 50, 50, 50, 50, 50 } };

	assert_int_equal(tx_send(rig, frame, 400, &ask), 1);
	tx_refused(rig, frame, 401, &ask, 1);
	ask.dw3 = 0x0000000c;
	ask.mss = 1460; /* leftovers that ask for nothing */
	tx_refused(rig, frame, 401, &ask, 1);
}

static void
eighteen_bds(struct rig *rig)
{
	struct tx_ask ask = { 0 };

	for (unsigned int i = 0; i < 18; i++)
		ask.cut[i] = 20;
	assert_int_equal(tx_send(rig, frame, 360, &ask), 1);
	tx_refused(rig, frame, 361, &ask, 1);
}

/* A whole ring without an end: one frame that is refused; then frames go again. */
static void
ring_without_end(struct rig *rig)
{
	struct rig_txbd bd = { .buf = RIG_BUFS, .size = 100, .more = true };

	for (unsigned int i = 0; i < 64; i++)
		rig_tx_put(rig, 0, i, &bd);
	rig_tx_go(rig, 0, 64);
	assert_int_equal(rig->nb_sent, 0);
	assert_int_equal(TX_BD_ERR(rig), 1);
	for (unsigned int i = 0; i < 64; i++)
		assert_memory_equal(rig_txbd(rig, 0, i), zero_bd, 32);
	bd.more = false;
	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	assert_int_equal(rig->nb_sent, 1);
}

/* 100 BDs in a ring of 128, their end comes late: one error, and the frame behind them is sent. */
static void
hundred_bds(struct rig *rig)
{
	struct rig_txbd bd = { .buf = RIG_BUFS, .size = 100, .more = true };

	rig_wr(rig, rig_tqp(0) + 0x48, 15); /* the ring was not looked at yet */
	for (unsigned int i = 0; i < 90; i++)
		rig_tx_put(rig, 0, i, &bd);
	rig_tx_go(rig, 0, 90);
	for (unsigned int i = 90; i < 101; i++) {
		bd.more = i < 99;
		rig_tx_put(rig, 0, i, &bd);
	}
	rig_tx_go(rig, 0, 11);
	rig_tx_go(rig, 0, 0);
	assert_int_equal(rig_stat(rig, "violations", NULL), 1);
	assert_int_equal(TX_BD_ERR(rig), 1);
	assert_int_equal(rig->nb_sent, 1);
	assert_int_equal(rig->sent[0].len, 100);
	for (unsigned int i = 0; i < 101; i++)
		assert_memory_equal(rig_txbd(rig, 0, i), zero_bd, 32);
}

static void
reserved_flags(struct rig *rig)
{
	static const uint16_t bad[] = { 0x0111, 0x0130, 0x0190, 0x0310, 0x0510, 0x1110, 0x8110 };
	struct rig_txbd bd = { .buf = RIG_BUFS, .size = 100 };

	for (unsigned int i = 0; i < 7; i++) {
		rig_tx_put(rig, 0, i, &bd);
		put16(rig_txbd(rig, 0, i) + 28, bad[i]);
		rig_tx_go(rig, 0, 1);
		assert_int_equal(rig->nb_sent, 0);
		assert_int_equal(rig_stat(rig, "violations", NULL), i + 1);
		assert_int_equal(TX_BD_ERR(rig), 2);
		assert_memory_equal(rig_txbd(rig, 0, i), zero_bd, 32);
	}
}

/* The first BD of two has it, then the last one. */
static void
timestamp_in_any_bd(struct rig *rig)
{
	struct rig_txbd bd = { .buf = RIG_BUFS, .size = 100, .more = true };

	for (unsigned int i = 0; i < 2; i++) {
		bd.more = true;
		rig_tx_put(rig, 0, 2 * i, &bd);
		bd.more = false;
		rig_tx_put(rig, 0, 2 * i + 1, &bd);
		put16(rig_txbd(rig, 0, 2 * i) + 28, i == 0 ? 0x0900 : 0x0100);
		put16(rig_txbd(rig, 0, 2 * i + 1) + 28, i == 0 ? 0x0110 : 0x0910);
	}
	rig_tx_go(rig, 0, 4);
	assert_int_equal(rig->nb_sent, 2);
	assert_int_equal(rig->sent[1].len, 200);
	assert_int_equal(rig_stat(rig, "violations", NULL), 0);
}

static void
reserved_words(struct rig *rig)
{
	static const struct tx_ask bad[] = {
		{ .dw5 = 0x00000008 }, /* MACSEC */
		{ .dw5 = 0x00000033 }, /* tunnel type 3 */
		{ .dw6 = 0x00100000 },
		{ .dw6 = 0x00800000 },
		{ .dw6 = 0x80000000 },
		{ .mss = 0x8000 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tx_refused(rig, frame, 100, &bad[i], 2);
}

static void
too_long(struct rig *rig)
{
	struct tx_ask ask = { 0 };
	uint8_t max[24] = { 0xb8, 0x0b, 64 }; /* 3000 */

	assert_int_equal(tx_send(rig, frame, 1522, &ask), 1);
	tx_refused(rig, frame, 1523, &ask, 3);
	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, max), 0);
	assert_int_equal(tx_send(rig, frame, 2996, &ask), 1);
	tx_refused(rig, frame, 2997, &ask, 3);
}

static void
oversize_is_counted(struct rig *rig)
{
	struct tx_ask ask = { 0 };
	struct rig_desc d[22] = { rig_desc(0x0034, 0x19) };

	tx_refused(rig, frame, 1523, &ask, 3);
	rig_cmd(rig, d, 22);
	assert_int_equal(get64(d[0].b + 8 + 8 * 29), 1);
	assert_int_equal(get64(d[0].b + 8 + 8 * 21), 0); /* good frames */
}

static void
without_capability(struct rig *rig)
{
	static const struct tx_ask bad[] = {
		{ .dw3 = 0x00001100, .dw5 = 0x00000800, .mss = 0x4000 },
		{ .dw3 = 0x0205072a, .dw5 = 0x04050712, .dw6 = 0x00400000 },
	};

	rig_ipv4(frame, 17, 300);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tx_refused(rig, frame, 342, &bad[i], 14);
}

/* After an error the queue goes on; its reset clears what the register says. */
static void
error_register(struct rig *rig)
{
	struct tx_ask ask = { .dw5 = 0x00000008 };
	uint8_t reset[24] = { 0, 0, 2, 0, 0, 0, 1 };

	assert_int_equal(TX_BD_ERR(rig), 0);
	tx_refused(rig, frame, 100, &ask, 2);
	ask.dw5 = 0;
	assert_int_equal(tx_send(rig, frame, 100, &ask), 1);
	assert_int_equal(TX_BD_ERR(rig), 2);
	assert_int_equal(rig_cmd1(rig, 0x0020, 0x11, reset), 0);
	assert_int_equal(TX_BD_ERR(rig), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x5c), 0);
}

/* Where each doorbell is seen BDs are complete by then; else it takes a while until that is sure.
 */
static int
setup_bells(void **state)
{
	int ret = rig_setup_started(state);

	if (ret == 0)
		emu_dev_trap(((struct rig *)*state)->dev, !((struct rig *)*state)->mapped);
	return ret;
}

/* In the middle of a frame and at its end, and another frame behind it. */
static void
no_bytes(struct rig *rig)
{
	struct rig_txbd bd[5] = { { .buf = RIG_BUFS + 0x200000, .size = 40, .more = true },
		{ .buf = RIG_BUFS + 0x210000, .more = true },
		{ .buf = RIG_BUFS + 0x200000 + 40, .size = 60, .more = true },
		{ .buf = RIG_BUFS + 0x220000 }, { .buf = RIG_BUFS + 0x230000, .size = 60 } };

	for (unsigned int i = 0; i < 100; i++)
		rig->mem[RIG_BUFS + 0x200000 + i] = (uint8_t)i;
	for (unsigned int i = 0; i < 5; i++)
		rig_tx_put(rig, 0, i, &bd[i]);
	rig_tx_go(rig, 0, 5);
	for (unsigned int i = 0; i < 2000 && rig->nb_sent < 2; i++) {
		usleep(1000);
		emu_dev_tx_poll(rig->dev, 64);
	}
	assert_int_equal(rig->nb_sent, 2);
	assert_int_equal(rig->sent[0].len, 100);
	assert_memory_equal(rig->sent[0].bytes, rig->mem + RIG_BUFS + 0x200000, 100);
	assert_int_equal(rig->sent[1].len, 60);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(get32(rig_txbd(rig, 0, i) + 28), 0);
	assert_int_equal(rig_stat(rig, "violations", NULL), 0);
}

static const struct conf_rule rules[] = {
	{ "CONF-TX-01", "2:2.7", "every BD of a frame is cleared", rig_setup_started,
			all_bds_are_cleared, 0 },
	{ "CONF-TX-02", "2:2.1", "control words count in the first BD of a frame only",
			rig_setup_started, later_bds_are_stale, 0 },
	{ "CONF-TX-03", "2:2.4", "PAYLEN is not looked at without TSO", rig_setup_started,
			paylen_without_tso, 0 },
	{ "CONF-TX-04", "2:6.4",
			"short frames are padded with zeros; below 33 bytes they are reported, "
			"below 14 refused (TX-17)",
			rig_setup_started, short_frames, 0 },
	{ "CONF-TX-05", "2:3.2", "at revision 0x21 a frame has at most 8 BDs (TX-01)",
			rig_setup_started, eight_bds, 0 },
	{ "CONF-TX-06", "2:3.2", "at revision 0x30 a frame has at most 18 BDs (TX-01)", tx_setup_v3,
			eighteen_bds, 0 },
	{ "CONF-TX-07", "2:10.3", "a ring full of BDs without an end does not stall",
			rig_setup_started, ring_without_end, 0 },
	{ "CONF-TX-08", "2:2.5", "flags without a meaning are refused (TX-02)", rig_setup_started,
			reserved_flags, 0 },
	{ "CONF-TX-09", "2:2.5", "TSYN may be in the first or in the last BD", rig_setup_started,
			timestamp_in_any_bd, 0 },
	{ "CONF-TX-10", "2:2.3", "control bits and codes without a meaning are refused (TX-02)",
			rig_setup_started, reserved_words, 0 },
	{ "CONF-TX-11", "3:1.4", "frames keep the maximum frame size (TX-03)", rig_setup_started,
			too_long, 0 },
	{ "CONF-TX-12", "3:7.1", "a frame that is too long counts as tx_oversize",
			rig_setup_started, oversize_is_counted, 0 },
	{ "CONF-TX-13", "2:2.6", "what takes a capability bit is refused without it (TX-14)",
			rig_setup_started, without_capability, 0 },
	{ "CONF-TX-14", "2:3.1", "TX_BD_ERR tells the last error until the queue is reset",
			rig_setup_started, error_register, 0 },
	{ "CONF-TX-16", "2:3.2", "a frame of any number of BDs is one error (TX-01)",
			rig_setup_started, hundred_bds, 0 },
	{ "CONF-TX-15", "2:3.2", "below 65 bytes a tunnel with a tag is reported (TX-17)",
			rig_setup_started, short_tunnels, 0 },
	{ "CONF-TX-17", "2:10.3", "BDs of 0 bytes are harmless, and do not stall the ring",
			setup_bells, no_bytes, 0 },
};

CONF_MAIN(rules)
