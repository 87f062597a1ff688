/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rx BDs: what the device writes into them [2:1], and when it may: ownership rules D4 and D9
 * [2:10.6]. Numbers are typed from doc/hns3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"

static uint64_t
drops(struct rig *rig)
{
	return rig_stat(rig, "rx_drops", NULL);
}

/* BD i of queue q holds a whole frame: VLD, FE, lengths, and the bytes in its buffer. */
static void
assert_one_bd(struct rig *rig, unsigned int q, unsigned int i, const uint8_t *frame, uint32_t len)
{
	const uint8_t *bd = rig_rxbd(rig, q, i);

	assert_int_equal(get32(bd + 28) & 0x110, 0x110);
	assert_int_equal(get16(bd + 12), len);
	assert_int_equal(get16(bd + 14), len);
	assert_memory_equal(rig->mem + rig_rx_buf(q, i), frame, len);
}

/* ---- contents ---- */

/* [2:1.10] row 1 */
static void
tcp_frame_in_one_bd(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[1514];
	uint32_t len = rig_ipv4(frame, 6, 1460);
	uint8_t *bd = rig_rxbd(rig, 0, 0);

	memset(bd + 8, 0xee, 20); /* left from an earlier use */
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
	assert_one_bd(rig, 0, 0, frame, 1514);
	assert_int_equal(get32(bd + 8), 0x00000100);
	assert_int_equal(get32(bd + 12), 0x05ea05ea);
	assert_int_equal(get32(bd + 20), 0);
	assert_int_equal(get32(bd + 24), 0);
	assert_int_equal(get32(bd + 28), 0x00000910);
	/* the next BD has not been touched */
	assert_true(get64(rig_rxbd(rig, 0, 1)) == RIG_IOVA + rig_rx_buf(0, 1));
	assert_int_equal(get32(rig_rxbd(rig, 0, 1) + 28), 0);
}

/* [2:1.10] row 2 */
static void
broadcast_arp(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06 };
	uint8_t *bd = rig_rxbd(rig, 0, 0);

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(get32(bd + 8), 0x00000f22);
	assert_int_equal(get32(bd + 12), 0x003c003c);
	assert_int_equal(get32(bd + 28), 0x00000110);
}

/* [2:1.3] L3E, L4E; [2:1.5] UDP0 is no error */
static void
checksum_verdicts(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[200];
	uint32_t len = rig_ipv4(frame, 6, 100);

	frame[60] ^= 1; /* payload */
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 8), 0x00040100);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28), 0x00000910);
	len = rig_ipv4(frame, 17, 100);
	frame[22] ^= 1; /* TTL */
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 1) + 8), 0x00020000);
	len = rig_ipv4(frame, 17, 100);
	frame[40] = frame[41] = 0;
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 2) + 8), 0x00000000);
	assert_int_equal(get32(rig_rxbd(rig, 0, 2) + 28), 0x00000930);
}

/* [2:1.8] L4ID 15, not UDP, for what is not parsed */
static void
types_without_l4(void **state)
{
	static const struct {
		uint8_t type[2];
		uint8_t head[2];
		uint8_t l3, l4;
	} cases[] = {
		{ { 0x88, 0xcc }, { 0, 0 }, 6, 15 },  /* LLDP */
		{ { 0x80, 0x35 }, { 0, 0 }, 3, 15 },  /* RARP */
		{ { 0x12, 0x34 }, { 0, 0 }, 15, 15 }, /* unknown */
	};
	struct rig *rig = *state;

	for (unsigned int i = 0; i < 3; i++) {
		uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1 };
		uint32_t dw2;

		memcpy(frame + 12, cases[i].type, 2);
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
		dw2 = get32(rig_rxbd(rig, 0, i) + 8);
		assert_int_equal(dw2 >> 4 & 0xf, cases[i].l3);
		assert_int_equal(dw2 >> 8 & 0xf, cases[i].l4);
		assert_int_equal(dw2 >> 16 & 0xf, 0);
	}
}

/* Headers that promise more than the frame holds: delivered, not parsed beyond the end. */
static void
truncated_headers(void **state)
{
	struct rig *rig = *state;
	uint8_t whole[200], frame[200];

	rig_ipv4(whole, 6, 100);
	for (uint32_t len = 14; len <= 60; len++) {
		unsigned int i = (len - 14) % 64;
		uint8_t *tight = rig->mem + RIG_MEM_BYTES - len; /* a read beyond it would fault */

		memcpy(frame, whole, len);
		frame[14] = 0x4f; /* header of 60 bytes */
		memcpy(tight, frame, len);
		if (rig_rx(rig, tight, len) == EMU_RX_TAKEN)
			rig_rx_arm(rig, 0, i);
	}
}

/* [2:1.10] 3000 bytes in buffers of 2048 */
static void
long_frame_is_scattered(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[3000], mtu[24] = { 0x3a, 0x23, 64 }; /* 9018 */
	struct emu_frame f = { .len_bytes = 3000, .nb_segs = 3 };
	uint8_t *bd = rig_rxbd(rig, 0, 0);
	const struct emu_frame *one = &f;
	struct emu_rx_done done;

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, mtu), 0);
	assert_int_equal(rig_ipv4(frame, 6, 3000 - 54), 3000);
	/* segment borders on the wire have nothing to do with those of the buffers */
	f.seg[0] = (struct iovec){ frame, 17 };
	f.seg[1] = (struct iovec){ frame + 17, 2040 };
	f.seg[2] = (struct iovec){ frame + 2057, 943 };
	assert_int_equal(emu_dev_rx_burst(rig->dev, &one, 1, true, &done), 1);
	assert_int_equal(done.taken, 1);
	assert_int_equal(get32(bd + 28), 0x00000010);
	assert_int_equal(get16(bd + 14), 2048);
	assert_int_equal(get32(bd + 32 + 28), 0x00000910);
	assert_int_equal(get16(bd + 32 + 14), 952);
	assert_int_equal(get16(bd + 32 + 12), 3000);
	assert_int_equal(get32(bd + 32 + 8), 0x00000100);
	assert_memory_equal(rig->mem + rig_rx_buf(0, 0), frame, 2048);
	assert_memory_equal(rig->mem + rig_rx_buf(0, 1), frame + 2048, 952);
}

/* [2:1.7] [3:2.5] one tag, strip tag 2 on: status 2, value in the inner field, four bytes fewer */
static void
vlan_strip(void **state)
{
	struct rig *rig = *state;
	uint8_t plain[200], tagged[204], strip[24] = { 2, 0, 0, 0, 0, 0, 0, 0, 1 };
	uint32_t len = rig_ipv4(plain, 6, 60);
	uint8_t *bd = rig_rxbd(rig, 0, 0);

	memcpy(tagged, plain, 12);
	memcpy(tagged + 12, "\x81\x00\x00\x64", 4);
	memcpy(tagged + 16, plain + 12, len - 12);
	assert_int_equal(rig_rx(rig, tagged, len + 4), EMU_RX_TAKEN);
	assert_one_bd(rig, 0, 0, tagged, len + 4); /* off: as it came */
	assert_int_equal(get32(bd + 8) >> 13 & 3, 0);
	assert_int_equal(get32(bd + 8) >> 4 & 0xff, 0x10); /* parsed behind the tag */
	assert_int_equal(rig_cmd1(rig, 0x0f02, 0x11, strip), 0);
	assert_int_equal(rig_rx(rig, tagged, len + 4), EMU_RX_TAKEN);
	assert_one_bd(rig, 0, 1, plain, len);
	assert_int_equal(get32(bd + 32 + 8), 0x00004100);
	assert_int_equal(get16(bd + 32 + 22), 100);
	assert_int_equal(rig_rx(rig, plain, len), EMU_RX_TAKEN); /* nothing to strip */
	assert_one_bd(rig, 0, 2, plain, len);
	assert_int_equal(get32(bd + 64 + 8) >> 13 & 3, 0);
	assert_int_equal(get16(bd + 64 + 22), 0);
}

/* ---- ownership ---- */

/* D4: once filled, the BD has no address; it is free again only with VLD clear and an address. */
static void
a_bd_is_free_only_when_armed_whole(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };
	uint8_t *bd = rig_rxbd(rig, 0, 0);

	for (unsigned int i = 0; i < 64; i++) {
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
		assert_true(get64(rig_rxbd(rig, 0, i)) == 0);
	}
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	/* scattered refill, half done: VLD cleared, address not yet there */
	put32(bd + 28, 0);
	rig_wr(rig, rig_tqp(0) + 0x1c, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	put64(bd, RIG_IOVA + rig_rx_buf(0, 0));
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_one_bd(rig, 0, 0, frame, 60);
	/* simple refill, half done: address there, VLD still set */
	put64(bd + 32, RIG_IOVA + rig_rx_buf(0, 1));
	rig_wr(rig, rig_tqp(0) + 0x1c, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	put32(bd + 32 + 28, 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(drops(rig), 0);
}

/* NO_BD takes nothing and counts nothing: the same frame is delivered whole later. */
static void
no_bd_changes_nothing(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[5000], mtu[24] = { 0x3a, 0x23, 64 };
	uint64_t rx;

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, mtu), 0);
	assert_int_equal(rig_ipv4(frame, 6, 5000 - 54), 5000);
	memset(rig_rxbd(rig, 0, 2), 0, 32); /* only two BDs are armed, three are needed */
	rx = rig_stat(rig, "rx", NULL);
	assert_int_equal(rig_rx(rig, frame, 5000), EMU_RX_NO_BD);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28), 0);
	assert_true(get64(rig_rxbd(rig, 0, 0)) == RIG_IOVA + rig_rx_buf(0, 0));
	assert_int_equal(rig_stat(rig, "rx", NULL), rx);
	assert_int_equal(drops(rig), 0);
	rig_rx_arm(rig, 0, 2);
	assert_int_equal(rig_rx(rig, frame, 5000), EMU_RX_TAKEN);
	assert_int_equal(get16(rig_rxbd(rig, 0, 2) + 14), 5000 - 4096);
	memset(rig_rxbd(rig, 0, 5), 0, 32);
	rig_rx_missed(rig, frame, 5000);
	assert_int_equal(drops(rig), 1);
}

/* D9: with RING_EN clear nothing is written, not even once. */
static void
disabled_queue_is_left_alone(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };
	uint8_t before[64 * 32];

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	rig_wr(rig, rig_tqp(0) + 0x90, 0);
	memcpy(before, rig_rxbd(rig, 0, 0), sizeof(before));
	assert_int_not_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_memory_equal(rig_rxbd(rig, 0, 0), before, sizeof(before));
	assert_false(emu_dev_rx_is_ready(rig->dev));
}

/* [2:10.4] after a queue reset the first frame goes to BD 0 of the new ring. */
static void
queue_reset_starts_over(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };

	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	rig_wr(rig, rig_tqp(0) + 0x90, 0);
	rig_start(rig, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_one_bd(rig, 0, 0, frame, 60);
	assert_int_equal(get32(rig_rxbd(rig, 0, 10) + 28), 0);
}

/* A buffer outside the client's maps: a fault, the frame is lost by name, the queue goes on. */
static void
buffer_outside_the_maps_is_a_fault(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };

	put64(rig_rxbd(rig, 0, 0), 0x1000);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	assert_int_equal(rig->mmu.faults_write, 1);
	assert_int_equal(drops(rig), 1);
	for (unsigned int i = 0; i < 70; i++)
		rig_rx(rig, frame, 60); /* may or may not fit: must not hang or write elsewhere */
}

/* More frames in one burst than the ring has BDs for: those that fit are whole, none is over
 * another. */
static void
burst_is_longer_than_the_ring(void **state, uint32_t len, uint32_t nb_bds, unsigned int fit)
{
	static uint8_t bytes[EMU_BURST][9000];
	static struct emu_frame f[EMU_BURST];
	const struct emu_frame *frames[EMU_BURST];
	struct rig *rig = *state;
	struct emu_rx_done done;
	uint32_t nb = (len + 2047) / 2048;
	uint8_t mtu[24] = { 0x3a, 0x23, 64 }; /* 9018 */

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, mtu), 0);
	rig_wr(rig, rig_tqp(0) + 0x08, nb_bds / 8 - 1); /* [2:3.1] */
	for (unsigned int i = 0; i < EMU_BURST; i++) {
		memset(bytes[i], (int)(i + 1), len);
		memcpy(bytes[i], "\x02\0\0\0\0\x0e\x02\0\0\0\0\x01\x12\x34", 14);
		f[i] = (struct emu_frame){ .len_bytes = len, .nb_segs = 1 };
		f[i].seg[0] = (struct iovec){ bytes[i], len };
		frames[i] = &f[i];
	}
	assert_int_equal(emu_dev_rx_burst(rig->dev, frames, EMU_BURST, false, &done), EMU_BURST);
	assert_int_equal(done.taken, fit);
	assert_int_equal(done.missed, EMU_BURST - fit);
	for (unsigned int i = 0; i < fit; i++) {
		assert_int_equal(rig->mem[rig_rx_buf(0, i * nb) + 20], i + 1);
		assert_int_equal(get16(rig_rxbd(rig, 0, (i + 1) * nb - 1) + 12), len);
	}
}

static void
long_frames_in_a_short_ring(void **state)
{
	burst_is_longer_than_the_ring(state, 9000, 64, 12); /* of 5 BDs each */
}

static void
short_frames_in_a_shorter_ring(void **state)
{
	burst_is_longer_than_the_ring(state, 60, 8, 8);
}

static void
plain_frames_in_a_shorter_ring(void **state)
{
	struct rig *rig = *state;
	struct emu_rx_done done;
	uint8_t bytes[60];
	struct emu_frame f = { .len_bytes = 60, .nb_segs = 1, .seg[0] = { bytes, 60 } };
	const struct emu_frame *frames[EMU_BURST];

	rig_wr(rig, rig_tqp(0) + 0x08, 0);
	rig_ipv4(bytes, 17, 18);
	for (unsigned int i = 0; i < EMU_BURST; i++)
		frames[i] = &f;
	for (unsigned int round = 0; round < 2; round++) { /* in the second one buffers are known */
		assert_int_equal(emu_dev_rx_burst(rig->dev, frames, EMU_BURST, false, &done),
				EMU_BURST);
		assert_int_equal(done.taken, 8);
		assert_int_equal(done.missed, EMU_BURST - 8);
		for (unsigned int i = 0; i < 8; i++)
			rig_rx_arm(rig, 0, i);
		rig_wr(rig, rig_tqp(0) + 0x1c, 8);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup_started, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tcp_frame_in_one_bd),
		CASE(broadcast_arp),
		CASE(checksum_verdicts),
		CASE(types_without_l4),
		CASE(truncated_headers),
		CASE(long_frame_is_scattered),
		CASE(vlan_strip),
		CASE(a_bd_is_free_only_when_armed_whole),
		CASE(no_bd_changes_nothing),
		CASE(disabled_queue_is_left_alone),
		CASE(queue_reset_starts_over),
		CASE(buffer_outside_the_maps_is_a_fault),
		CASE(long_frames_in_a_short_ring),
		CASE(short_frames_in_a_shorter_ring),
		CASE(plain_frames_in_a_shorter_ring),
	};

	return RIG_RUN(tests);
}
