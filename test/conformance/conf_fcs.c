/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-FCS: the FCS of received frames, and frames that are not well [3:1.1] [2:5.4] [2:5.5]. */
#include "conf.h"

#include <string.h>

#include "emu_fault.h"

static uint32_t
dw(struct rig *rig, unsigned int bd, unsigned int word)
{
	return get32(rig_rxbd(rig, 0, bd) + 4 * word);
}

static const uint8_t *
buf(struct rig *rig, unsigned int bd)
{
	return rig->mem + rig_rx_buf(0, bd);
}

static void
take(struct rig *rig, const void *frame, uint32_t len)
{
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
}

/* MAC mode: as at port start [3:1.1], with bits changed. */
static void
mac_mode(struct rig *rig, uint32_t off)
{
	uint8_t d[24];

	memset(d, 0, sizeof(d));
	put32(d, 0x007e18c0 & ~off);
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, d), 0);
}

static void
keep(struct rig *rig)
{
	mac_mode(rig, 0x00080000);
}

static void
arm(struct rig *rig, const char *plan)
{
	struct emu_fault f;
	char why[512];

	assert_int_equal(emu_fault_parse(plan, &f, why, sizeof(why)), 0);
	assert_int_equal(emu_fault_arm(rig->dev, &f), 0);
}

/* A frame of no protocol that the device knows: 0x88b5, then 0, 1, 2, ... */
static void
plain_make(uint8_t *frame, uint32_t len)
{
	static const uint8_t head[14] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };

	memcpy(frame, head, 14);
	for (uint32_t i = 14; i < len; i++)
		frame[i] = (uint8_t)(i - 14);
}

/* Their CRC-32, by zlib. */
static const uint8_t fcs_60[4] = { 0x03, 0x18, 0xed, 0xf7 };
static const uint8_t fcs_2046[4] = { 0x0e, 0xc7, 0x13, 0xbc };

static const uint8_t nothing[8];

static void
kept(struct rig *rig)
{
	uint8_t frame[60];

	keep(rig);
	plain_make(frame, 60);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 3), 0x00400040);
	assert_int_equal(dw(rig, 0, 7), 0x00000110);
	assert_memory_equal(buf(rig, 0), frame, 60);
	assert_memory_equal(buf(rig, 0) + 60, fcs_60, 4);
}

static void
stripped(struct rig *rig)
{
	uint8_t frame[60];

	keep(rig);
	mac_mode(rig, 0);
	plain_make(frame, 60);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 3), 0x003c003c);
	assert_memory_equal(buf(rig, 0) + 60, nothing, 4);
}

/* 2,046 bytes in buffers of 2,048. */
static void
in_two_buffers(struct rig *rig)
{
	uint8_t frame[2046], d[24] = { 0x3a, 0x23, 64 }; /* 9,018 */

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, d), 0);
	keep(rig);
	plain_make(frame, 2046);
	take(rig, frame, 2046);
	assert_int_equal(dw(rig, 0, 3) >> 16, 2048);
	assert_int_equal(dw(rig, 0, 7), 0x00000010);
	assert_int_equal(dw(rig, 1, 3), 2 << 16 | 2050);
	assert_int_equal(dw(rig, 1, 7), 0x00000110);
	assert_memory_equal(buf(rig, 0), frame, 2046);
	assert_memory_equal(buf(rig, 0) + 2046, fcs_2046, 2);
	assert_memory_equal(buf(rig, 1), fcs_2046 + 2, 2);
}

/* Lengths of IPv4 frames as they arrive, TCP and UDP of 60 bytes and one more of each. */
static void
lengths_are(struct rig *rig, const uint16_t want[4])
{
	keep(rig);
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t frame[64] = { 0 };
		uint8_t proto = i < 2 ? 6 : 17;
		uint32_t len = 60 + i % 2;

		assert_int_equal(rig_ipv4(frame, proto, len - (proto == 6 ? 54 : 42)), len);
		take(rig, frame, len);
		assert_int_equal(get16(rig_rxbd(rig, 0, i) + 12), want[i]);
		assert_int_equal(get16(rig_rxbd(rig, 0, i) + 14), want[i]);
	}
}

static void
hole_v2(struct rig *rig)
{
	static const uint16_t want[4] = { 60, 65, 64, 65 };

	lengths_are(rig, want);
}

static void
hole_v3(struct rig *rig)
{
	static const uint16_t want[4] = { 60, 65, 60, 65 };

	lengths_are(rig, want);
}

/* The tag is taken out of the data; the FCS is that of the wire. */
static void
behind_a_tag(struct rig *rig)
{
	uint8_t strip[24] = { 0x02, 0, 0, 0, 0, 0, 0, 0, 1 };
	uint8_t frame[60];

	assert_int_equal(rig_cmd1(rig, 0x0f02, 0x11, strip), 0);
	keep(rig);
	plain_make(frame, 60);
	memcpy(frame + 12, "\x81\x00\x00\x05", 4);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 2) >> 13 & 3, 2);
	assert_int_equal(dw(rig, 0, 3), 0x003c003c);
	assert_memory_equal(buf(rig, 0) + 12, frame + 16, 44);
	assert_memory_equal(buf(rig, 0) + 56, "\xeb\xaa\xb7\xb9", 4);
}

/* Two segments of one stream in a burst, with hardware GRO on. */
static void
nothing_merged(struct rig *rig)
{
	static uint8_t bytes[2][200];
	struct emu_frame f[2];
	const struct emu_frame *frames[2] = { &f[0], &f[1] };
	struct emu_rx_done done;
	uint8_t on[24] = { 1 };

	assert_int_equal(rig_cmd1(rig, 0x0c10, 0x11, on), 0);
	keep(rig);
	for (unsigned int i = 0; i < 2; i++) {
		f[i].len_bytes = rig_ipv4(bytes[i], 6, 100);
		f[i].nb_segs = 1;
		f[i].seg[0] = (struct iovec){ bytes[i], f[i].len_bytes };
	}
	bytes[1][41] = (uint8_t)(bytes[1][41] + 100); /* sequence number, and both sums */
	bytes[1][51] = (uint8_t)(bytes[1][51] - 100);
	assert_int_equal(rig_l4_sum(bytes[1]), 0xffff);
	assert_int_equal(emu_dev_rx_burst(rig->dev, frames, 2, false, &done), 2);
	assert_int_equal(dw(rig, 0, 3), 0x009e009e);
	assert_int_equal(dw(rig, 1, 3), 0x009e009e);
	mac_mode(rig, 0);
	assert_int_equal(emu_dev_rx_burst(rig->dev, frames, 2, false, &done), 2);
	assert_int_equal(dw(rig, 2, 3) & 0xffff, 254);
}

/* ---- what is not well ---- */

static void
counters_are(struct rig *rig, uint64_t total, uint64_t octets, uint64_t good, uint64_t bad)
{
	static const uint8_t at[] = { 45, 46, 47, 48, 80 };
	const uint64_t want[] = { total, octets, good, bad, bad };
	struct rig_desc d[22] = { rig_desc(0x0034, 0x19) };

	rig_cmd(rig, d, 22);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(get64(d[1 + (at[i] - 3) / 4].b + (at[i] - 3) % 4 * 8), want[i]);
}

static void
bad_is_dropped(struct rig *rig)
{
	uint8_t frame[60];

	plain_make(frame, 60);
	arm(rig, "frame-bad-fcs:nth=2");
	take(rig, frame, 60);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 1, 2) & 0x00010000, 0);
	assert_int_equal(dw(rig, 2, 7), 0);
	assert_int_equal(rig_stat(rig, "rx_drops", "bad_fcs"), 1);
	assert_int_equal(rig_stat(rig, "rx_drops", NULL), 1);
	counters_are(rig, 3, 192, 2, 1);
}

static void
bad_is_passed_on(struct rig *rig)
{
	uint8_t frame[60];

	plain_make(frame, 60);
	arm(rig, "frame-bad-fcs:val=1");
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 2) & 0x00090000, 0x00010000);
	assert_int_equal(dw(rig, 0, 3), 0x003c003c);
	assert_int_equal(dw(rig, 0, 7), 0x00000110);
	assert_memory_equal(buf(rig, 0), frame, 60);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 1, 2) & 0x00090000, 0);
	assert_int_equal(rig_stat(rig, "rx_drops", NULL), 0);
	counters_are(rig, 2, 128, 1, 1);
}

static void
bad_is_not_looked_at(struct rig *rig)
{
	uint8_t frame[60];

	plain_make(frame, 60);
	mac_mode(rig, 0x00180000); /* nor stripped */
	arm(rig, "frame-bad-fcs");
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 2) & 0x00090000, 0);
	assert_int_equal(dw(rig, 0, 3), 0x00400040);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(buf(rig, 0)[60 + i], 0xff ^ fcs_60[i]);
	counters_are(rig, 1, 64, 1, 0);
}

/* It is judged once, however often it has to come for want of a BD. */
static void
bad_comes_again(struct rig *rig)
{
	uint8_t frame[60];

	plain_make(frame, 60);
	memset(rig_rxbd(rig, 0, 0), 0, 32);
	arm(rig, "frame-bad-fcs:val=1,nth=1");
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	rig_rx_arm(rig, 0, 0);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 2) & 0x00010000, 0x00010000);
	assert_int_equal(rig_stat(rig, "faults", NULL), 1);
	counters_are(rig, 1, 64, 0, 1);
}

static void
cut(struct rig *rig)
{
	uint8_t frame[1514];

	plain_make(frame, 1514);
	arm(rig, "frame-truncated:val=100");
	take(rig, frame, 1514);
	assert_int_equal(dw(rig, 0, 2) & 0x00090000, 0x00080000);
	assert_int_equal(dw(rig, 0, 3), 0x00640064);
	assert_int_equal(dw(rig, 0, 7), 0x00000110);
	assert_memory_equal(buf(rig, 0), frame, 100);
	assert_memory_equal(buf(rig, 0) + 100, nothing, 8);
	take(rig, frame, 1514);
	assert_int_equal(dw(rig, 1, 2) & 0x00090000, 0);
	assert_int_equal(dw(rig, 1, 3), 0x05ea05ea);
}

static void
cut_in_two_buffers(struct rig *rig)
{
	uint8_t frame[5000], d[24] = { 0x3a, 0x23, 64 };

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, d), 0);
	keep(rig); /* of an FCS that is not there */
	arm(rig, "frame-truncated:val=2050");
	plain_make(frame, 5000);
	take(rig, frame, 5000);
	assert_int_equal(dw(rig, 0, 7), 0x00000010);
	assert_int_equal(dw(rig, 1, 2) & 0x00090000, 0x00080000);
	assert_int_equal(dw(rig, 1, 3), 2 << 16 | 2050);
	assert_memory_equal(buf(rig, 1), frame + 2048, 2);
	assert_memory_equal(buf(rig, 1) + 2, nothing, 8);
	assert_int_equal(dw(rig, 2, 7), 0);
}

static const struct conf_rule rules[] = {
	{ "CONF-FCS-01", "3:1.1", "without bit 19 of the MAC word the FCS is behind the frame",
			rig_setup_started, kept, 0 },
	{ "CONF-FCS-02", "2:5.5", "with it neither buffer nor lengths have the FCS",
			rig_setup_started, stripped, 0 },
	{ "CONF-FCS-03", "2:1.6", "the FCS may lie in two buffers, lengths count it",
			rig_setup_started, in_two_buffers, 0 },
	{ "CONF-FCS-04", "2:5.5", "revision 0x21 strips the FCS of short TCP frames all the same",
			rig_setup_started, hole_v2, 0 },
	{ "CONF-FCS-05", "2:5.5", "revision 0x30 strips that of all short IP frames",
			rig_setup_v3_started, hole_v3, 0 },
	{ "CONF-FCS-06", "2:5.5", "the FCS is that of the wire, also where a tag is stripped",
			rig_setup_started, behind_a_tag, 0 },
	{ "CONF-FCS-07", "2:5.7", "frames with their FCS are not merged", rig_setup_started,
			nothing_merged, 0 },
	{ "CONF-FCS-08", "3:7.1", "a wrong FCS is counted by the MAC, and the frame is dropped",
			rig_setup_started, bad_is_dropped, 0 },
	{ "CONF-FCS-09", "2:5.4", "a frame with a wrong FCS that is passed on has L2E",
			rig_setup_started, bad_is_passed_on, 0 },
	{ "CONF-FCS-10", "3:1.1", "without bit 20 of the MAC word the FCS is not looked at",
			rig_setup_started, bad_is_not_looked_at, 0 },
	{ "CONF-FCS-11", "2:10.2", "a bad frame that waits for a BD stays the same bad frame",
			rig_setup_started, bad_comes_again, 0 },
	{ "CONF-FCS-12", "2:5.4", "a frame that lost its end has TRUNCATE and what is left",
			rig_setup_started, cut, 0 },
	{ "CONF-FCS-13", "2:5.4", "what is left of it may lie in several buffers",
			rig_setup_started, cut_in_two_buffers, 0 },
};

CONF_MAIN(rules)
