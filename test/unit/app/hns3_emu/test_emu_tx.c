/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From Tx BDs to a frame on the wire: the strict readiness rules D1-D3, D5 [2:10.6], driver errors,
 * backpressure, counters. Numbers are typed from doc/hns3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"

static const uint8_t zero_bd[32];

static uint64_t
violations(struct rig *rig)
{
	return rig_stat(rig, "violations", NULL);
}

/* Bytes to send, in client memory; offset of them. */
static uint32_t
bytes_put(struct rig *rig, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	memcpy(rig->mem + RIG_BUFS + 0x200000 + at, bytes, len);
	return RIG_BUFS + 0x200000 + at;
}

static void
one_bd(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[1514];
	struct rig_txbd bd = { .size = 1514 };

	assert_int_equal(rig_ipv4(frame, 6, 1460), 1514);
	bd.buf = bytes_put(rig, 3, frame, 1514);
	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	assert_int_equal(rig->nb_sent, 1);
	assert_int_equal(rig->sent[0].len, 1514);
	assert_memory_equal(rig->sent[0].bytes, frame, 1514);
	assert_memory_equal(rig_txbd(rig, 0, 0), zero_bd, 32); /* [2:2.7] [2:10.6] */
	assert_int_equal(rig_tx_go(rig, 0, 0), 0);
	assert_int_equal(rig->nb_sent, 1);
	assert_int_equal(violations(rig), 0);
}

/* [2:2.1] eight BDs are the most at revision 0x21; control words count in the first only. */
static void
eight_bds(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[800];

	for (unsigned int i = 0; i < 800; i++)
		frame[i] = (uint8_t)(i * 31);
	for (unsigned int i = 0; i < 8; i++) {
		struct rig_txbd bd = { .size = 100, .more = i < 7 };

		bd.buf = bytes_put(rig, i * 4096, frame + i * 100, 100);
		if (i > 0) {
			bd.dw3 = 0x050507b6; /* stale: TSO and checksums of an earlier packet */
			bd.dw5 = 0x00000004;
			bd.mss = 1460;
		}
		rig_tx_put(rig, 0, i, &bd);
	}
	assert_int_equal(rig_tx_go(rig, 0, 8), 1);
	assert_int_equal(rig->sent[0].len, 800);
	assert_memory_equal(rig->sent[0].bytes, frame, 800);
	for (unsigned int i = 0; i < 8; i++)
		assert_memory_equal(rig_txbd(rig, 0, i), zero_bd, 32);
	assert_int_equal(violations(rig), 0);
}

/* A ninth BD is the driver's error: not sent, counted, its BDs completed, the next frame goes. */
static void
nine_bds_are_a_driver_error(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .size = 100 };
	uint64_t drops = rig_stat(rig, "tx_drops", NULL);

	bd.buf = RIG_BUFS;
	for (unsigned int i = 0; i < 10; i++) {
		bd.more = i < 8;
		rig_tx_put(rig, 0, i, &bd);
	}
	rig_tx_go(rig, 0, 10);
	rig_tx_go(rig, 0, 0);
	assert_int_equal(rig->nb_sent, 1);
	assert_int_equal(rig->sent[0].len, 100);
	assert_int_equal(violations(rig), 1);
	assert_int_equal(rig_stat(rig, "tx_drops", NULL), drops + 1);
	for (unsigned int i = 0; i < 10; i++)
		assert_memory_equal(rig_txbd(rig, 0, i), zero_bd, 32);
}

/* D2: VLD may be seen before length or address; the BD then has to wait, untouched. */
static void
half_written_bd_waits(void **state)
{
	struct rig *rig = *state;
	uint8_t *p = rig_txbd(rig, 0, 0);
	uint8_t before[32];

	put16(p + 28, 0x0110);
	put64(p, RIG_IOVA + RIG_BUFS);
	memcpy(before, p, 32);
	if (rig->mapped) { /* trapped, a doorbell says that the BD is whole [2:4] */
		rig_wr(rig, rig_tqp(0) + 0x58, 1);
		assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 0);
		assert_memory_equal(p, before, 32);
		put64(p, 0);
		put16(p + 10, 64);
		assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 0);
		put64(p, RIG_IOVA + RIG_BUFS);
		assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 0); /* before its doorbell */
	} else {
		put16(p + 10, 64);
	}
	rig_wr(rig, rig_tqp(0) + 0x58, 1);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 1);
	assert_int_equal(rig->sent[0].len, 64);
}

/* D3: FE of a BD may come after VLD of the next packet's first; two packets stay two. */
static void
frame_waits_for_its_end(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS, .more = true };

	rig_tx_put(rig, 0, 0, &bd); /* VLD, no FE yet; nothing behind it */
	rig_wr(rig, rig_tqp(0) + 0x58, 1);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 0);
	assert_int_equal(rig->nb_sent, 0);
	assert_int_equal(get16(rig_txbd(rig, 0, 0) + 28), 0x0100);
	put16(rig_txbd(rig, 0, 0) + 28, 0x0110);
	bd.more = false;
	bd.size = 72;
	rig_tx_put(rig, 0, 1, &bd);
	rig_wr(rig, rig_tqp(0) + 0x58, 1);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 2);
	assert_int_equal(rig->sent[0].len, 64);
	assert_int_equal(rig->sent[1].len, 72);
}

/* Backpressure: BUSY leaves every BD as it was; later each frame goes once. */
static void
busy_wire_leaves_the_bds(void **state)
{
	struct rig *rig = *state;
	uint8_t before[2 * 32];
	struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS };

	rig_tx_put(rig, 0, 0, &bd);
	bd.size = 65;
	rig_tx_put(rig, 0, 1, &bd);
	memcpy(before, rig_txbd(rig, 0, 0), sizeof(before));
	rig->tx_result = EMU_TX_BUSY;
	assert_int_equal(rig_tx_go(rig, 0, 2), 0);
	assert_memory_equal(rig_txbd(rig, 0, 0), before, sizeof(before));
	rig->tx_result = EMU_TX_TAKEN;
	assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 2);
	assert_int_equal(rig->nb_sent, 2);
	assert_int_equal(rig->sent[0].len, 64);
	assert_int_equal(rig->sent[1].len, 65);
	assert_int_equal(rig_stat(rig, "tx_drops", NULL), 0);
}

/*
 * A burst in which the third frame finds the wire busy and the second, too short for an Ethernet
 * header, is refused: what went is completed, what waits goes later, and the refused one is counted
 * once.
 */
static void
busy_within_a_burst(void **state)
{
	struct rig *rig = *state;
	static const uint16_t size[5] = { 64, 13, 65, 66, 67 };

	for (unsigned int i = 0; i < 5; i++) {
		struct rig_txbd bd = { .size = size[i], .buf = RIG_BUFS };

		rig_tx_put(rig, 0, i, &bd);
	}
	rig->tx_result = EMU_TX_BUSY;
	rig->tx_after = 2;
	assert_int_equal(rig_tx_go(rig, 0, 5), 3);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 0);
	assert_int_equal(rig->nb_sent, 2);
	assert_int_equal(get16(rig_txbd(rig, 0, 2) + 28), 0);
	assert_int_equal(get16(rig_txbd(rig, 0, 3) + 28), 0x0110);
	rig->tx_result = EMU_TX_TAKEN;
	assert_int_equal(emu_dev_tx_poll(rig->dev, 64), 2);
	assert_int_equal(rig->nb_sent, 4);
	assert_int_equal(rig->sent[1].len, 65);
	assert_int_equal(rig->sent[3].len, 67);
	assert_int_equal(rig_stat(rig, "tx_drops", "violation"), 1);
	assert_int_equal(rig_stat(rig, "tx", "pkts"), 4);
}

/* What the wire drops is the wire's to count; the BDs are done. */
static void
dropping_wire_completes_the_bds(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS };

	rig_tx_put(rig, 0, 0, &bd);
	rig->tx_result = EMU_TX_DROPPED;
	rig_tx_go(rig, 0, 1);
	assert_memory_equal(rig_txbd(rig, 0, 0), zero_bd, 32);
}

/* [2:6.4] shorter than 60: zeros on the wire, and none of the client's neighbouring bytes */
static void
short_frames_are_padded(void **state)
{
	struct rig *rig = *state;
	uint8_t zeros[46] = { 0 };
	struct rig_txbd bd = { .size = 14, .buf = RIG_BUFS };

	memset(rig->mem + RIG_BUFS, 0x5a, 64);
	rig_tx_put(rig, 0, 0, &bd);
	rig_tx_go(rig, 0, 1);
	assert_int_equal(rig->sent[0].len, 60);
	assert_memory_equal(rig->sent[0].bytes + 14, zeros, 46);
	assert_int_equal(rig->sent[0].bytes[13], 0x5a);
}

/* More than a lap, many frames at a time: each exactly once and in order. */
static void
ring_wraps_in_order(void **state)
{
	struct rig *rig = *state;
	unsigned int next = 0, seen = 0;

	for (unsigned int round = 0; round < 40; round++) {
		for (unsigned int i = 0; i < 13; i++, next++) {
			uint32_t off = RIG_BUFS + next % 64 * 256;
			struct rig_txbd bd = { .size = (uint16_t)(60 + next % 100), .buf = off };

			put32(rig->mem + off, next);
			rig_tx_put(rig, 0, next % 64, &bd);
		}
		rig->nb_sent = 0;
		assert_int_equal(rig_tx_go(rig, 0, 13), 13);
		for (unsigned int i = 0; i < 13; i++, seen++) {
			assert_int_equal(get32(rig->sent[i].bytes), seen);
			assert_int_equal(rig->sent[i].len, 60 + seen % 100);
		}
	}
	assert_int_equal(rig_stat(rig, "tx_drops", NULL), 0);
	assert_int_equal(violations(rig), 0);
}

/* D9 */
static void
disabled_queue_is_left_alone(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS };

	rig_wr(rig, rig_tqp(0) + 0x90, 0);
	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 0);
	assert_int_equal(rig->nb_sent, 0);
	assert_int_equal(get16(rig_txbd(rig, 0, 0) + 28), 0x0110);
}

/* [3:10.3] transmitter off: consumed, not sent, counted by name */
static void
mac_off_drops(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS };
	uint8_t off[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, off), 0);
	rig_tx_put(rig, 0, 0, &bd);
	rig_tx_go(rig, 0, 1);
	assert_int_equal(rig->nb_sent, 0);
	assert_memory_equal(rig_txbd(rig, 0, 0), zero_bd, 32);
	assert_int_equal(rig_stat(rig, "tx_drops", NULL), 1);
}

static void
buffer_outside_the_maps_is_a_fault(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS };

	rig_tx_put(rig, 0, 0, &bd);
	put64(rig_txbd(rig, 0, 0), 0x1000);
	rig_tx_put(rig, 0, 1, &bd);
	rig_tx_go(rig, 0, 2);
	rig_tx_go(rig, 0, 0);
	assert_int_equal(rig->mmu.faults_read, 1);
	assert_int_equal(rig->nb_sent, 1);
	assert_int_equal(rig_stat(rig, "tx_drops", NULL), 1);
	assert_memory_equal(rig_txbd(rig, 0, 0), zero_bd, 32);
}

/* [2:2.5] bits without a meaning are the driver's error */
static void
reserved_flags_are_a_driver_error(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS };

	rig_tx_put(rig, 0, 0, &bd);
	put16(rig_txbd(rig, 0, 0) + 28, 0x8111);
	rig_tx_go(rig, 0, 1);
	assert_true(violations(rig) >= 1);
}

/* D6(a), as in test_emu_rx.c; [3:7.1] */
static void
counters_are_exact(void **state)
{
	struct rig *rig = *state;
	uint64_t packets = 0, good = 0;
	unsigned int next = 0;

	for (unsigned int round = 0; round < 5; round++) {
		struct rig_desc d[22] = { rig_desc(0x0034, 0x19) };

		for (unsigned int i = 0; i < 9; i++, next++) {
			struct rig_txbd bd = { .size = 64, .buf = RIG_BUFS };

			rig_tx_put(rig, 0, next % 64, &bd);
		}
		rig->nb_sent = 0;
		assert_int_equal(rig_tx_go(rig, 0, 9), 9);
		rig_cmd(rig, d, 22);
		packets += rig_rd(rig, rig_tqp(0) + 0x6c);
		good += get64(d[0].b + 8 + 8 * 21);
		assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, NULL), 0);
		packets += rig_rd(rig, rig_tqp(0) + 0x6c);
	}
	assert_int_equal(packets, 45);
	assert_int_equal(good, 45);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup_started, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_bd),
		CASE(eight_bds),
		CASE(nine_bds_are_a_driver_error),
		CASE(half_written_bd_waits),
		CASE(frame_waits_for_its_end),
		CASE(busy_wire_leaves_the_bds),
		CASE(busy_within_a_burst),
		CASE(dropping_wire_completes_the_bds),
		CASE(short_frames_are_padded),
		CASE(ring_wraps_in_order),
		CASE(disabled_queue_is_left_alone),
		CASE(mac_off_drops),
		CASE(buffer_outside_the_maps_is_a_fault),
		CASE(reserved_flags_are_a_driver_error),
		CASE(counters_are_exact),
	};

	return RIG_RUN(tests);
}
