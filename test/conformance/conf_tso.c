/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-TSO: frames that the device cuts into segments [2:3.2] [2:3.7] [2:6.6]. */
#include "conf_txrig.h"

#include <string.h>

static uint8_t frame[70000], inner[70000];

/* TCP over IPv4 with 3000 bytes, sequence 0xfffffc00, id 0xfffe, flags CWR ACK PSH FIN. */
static uint32_t
tcp4(uint8_t *f, uint32_t payload)
{
	uint32_t len = rig_ipv4(f, 6, payload);

	memcpy(f + 18, "\xff\xfe", 2);
	memcpy(f + 38, "\xff\xff\xfc\x00", 4);
	f[47] = 0x99;
	return len;
}

static void
tcp_over_ipv4(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 2500, .mss = 1000, .cut = { 54, 999 } };
	static const uint32_t seq[3] = { 0xfffffc00, 0xffffffe8, 0x000003d0 };
	static const uint16_t size[3] = { 1000, 1000, 500 }, id[3] = { 0xfffe, 0xffff, 0x0000 };
	uint32_t at = 54;

	tcp4(frame, 2500);
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 3);
	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *b = rig->sent[i].bytes;

		assert_int_equal(rig->sent[i].len, 54 + size[i]);
		assert_memory_equal(b, frame, 16);
		assert_int_equal(be16(b + 16), 40 + size[i]);
		assert_int_equal(be16(b + 18), id[i]);
		assert_int_equal(be32(b + 38), seq[i]);
		assert_memory_equal(b + 54, frame + at, size[i]);
		assert_int_equal(tx_sum3(b, 14), 0xffff);
		assert_int_equal(tx_sum4(b, 14, 34, 6), 0xffff);
		at += size[i];
	}
	assert_int_equal(rig_stat(rig, "violations", NULL), 0);
}

static void
flags(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 2500, .mss = 1000 };

	tcp4(frame, 2500);
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 3);
	assert_int_equal(rig->sent[0].bytes[47], 0x90); /* CWR ACK */
	assert_int_equal(rig->sent[1].bytes[47], 0x10);
	assert_int_equal(rig->sent[2].bytes[47], 0x19); /* ACK PSH FIN */
}

static void
tcp_over_ipv6(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050c07a5, .dw6 = 3001, .mss = 1440 }; /* 14/48/20 */
	static const uint16_t size[3] = { 1440, 1440, 121 };
	uint32_t len = tx_ipv6(frame, 6, 8, 3001);

	memset(frame + 78, 0x31, 2); /* revision 0x30 allows junk, 0x21 another sum [2:6.6] */
	assert_int_equal(tx_send(rig, frame, len, &ask), 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(rig->sent[i].len, 82 + size[i]);
		assert_int_equal(be16(rig->sent[i].bytes + 18), 28 + size[i]);
		assert_int_equal(be32(rig->sent[i].bytes + 66), i * 1440);
		assert_int_equal(tx_sum4(rig->sent[i].bytes, 14, 62, 6), 0xffff);
	}
}

static void
in_vxlan(struct rig *rig)
{
	struct tx_ask ask = {
		.dw3 = 0x050507b6, .dw5 = 0x04050713, .dw6 = 0x400000 | 2000, .mss = 800
	};
	static const uint16_t size[3] = { 800, 800, 400 };
	uint32_t len = tx_tunnel(frame, false, 4789, 0, inner, tcp4(inner, 2000));

	memset(frame + 40, 0x17, 2);
	assert_int_equal(tx_send(rig, frame, len, &ask), 3);
	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *b = rig->sent[i].bytes;

		assert_int_equal(rig->sent[i].len, 104 + size[i]);
		assert_int_equal(be16(b + 16), 90 + size[i]); /* outer IPv4 */
		assert_int_equal(be16(b + 18), 0x1234 + i);   /* its number */
		assert_int_equal(be16(b + 38), 70 + size[i]); /* outer UDP */
		assert_int_equal(be16(b + 66), 40 + size[i]); /* inner IPv4 */
		assert_int_equal(be32(b + 88), (uint32_t)(0xfffffc00 + i * 800));
		assert_int_equal(tx_sum3(b, 14), 0xffff);
		assert_int_equal(tx_sum4(b, 14, 34, 17), 0xffff);
		assert_int_equal(tx_sum3(b, 64), 0xffff);
		assert_int_equal(tx_sum4(b, 64, 84, 6), 0xffff);
	}
}

/* Nobody renews it without OL4CS: it has to be 0. */
static void
outer_udp_sum(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw5 = 0x04050713, .dw6 = 2000, .mss = 800 };
	uint32_t len = tx_tunnel(frame, false, 4789, 0, inner, tcp4(inner, 2000));

	assert_int_equal(tx_send(rig, frame, len, &ask), 3);
	assert_int_equal(be16(rig->sent[1].bytes + 40), 0);
	frame[41] = 1;
	tx_refused(rig, frame, len, &ask, 13);
}

static void
in_nvgre(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050a07a5, .dw5 = 0x020a0721, .dw6 = 1999, .mss = 1000 };
	uint32_t len = tx_tunnel(frame, true, 0, 0, inner, tx_ipv6(inner, 6, 0, 1999));

	assert_int_equal(tx_send(rig, frame, len, &ask), 2);
	for (unsigned int i = 0; i < 2; i++) {
		const uint8_t *b = rig->sent[i].bytes;
		uint32_t size = i == 0 ? 1000 : 999;

		assert_int_equal(be16(b + 18), 8 + 14 + 60 + size);
		assert_int_equal(be16(b + 80), 20 + size);
		assert_int_equal(tx_sum4(b, 76, 116, 6), 0xffff);
	}
}

static void
udp(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x020507ba, .dw6 = 2500, .mss = 1200 };
	static const uint16_t size[3] = { 1200, 1200, 100 };

	rig_ipv4(frame, 17, 2500);
	assert_int_equal(tx_send(rig, frame, 2542, &ask), 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(be16(rig->sent[i].bytes + 38), 8 + size[i]);
		assert_int_equal(be16(rig->sent[i].bytes + 18), 0x1234 + i);
		assert_int_equal(tx_sum4(rig->sent[i].bytes, 14, 34, 17), 0xffff);
	}
}

static void
mss_limits(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 2500, .mss = 255 };
	uint8_t limits[24] = { 0xf0, 0x03, 0xe8, 0x03 }; /* 1008 .. 1000 */

	tcp4(frame, 2500);
	tx_refused(rig, frame, 2554, &ask, 8);
	ask.mss = 256;
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 10);
	ask.mss = 9669;
	tx_refused(rig, frame, 2554, &ask, 8);
	ask.mss = 0;
	tx_refused(rig, frame, 2554, &ask, 8);
	assert_int_equal(rig_cmd1(rig, 0x0c01, 0x11, limits), 6);
	put16(limits, 600);
	assert_int_equal(rig_cmd1(rig, 0x0c01, 0x11, limits), 0);
	ask.mss = 599;
	tx_refused(rig, frame, 2554, &ask, 8);
	ask.mss = 1000;
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 3);
	ask.mss = 1001;
	tx_refused(rig, frame, 2554, &ask, 8);
}

static void
paylen(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 2499, .mss = 1000 };

	tcp4(frame, 2500);
	tx_refused(rig, frame, 2554, &ask, 9);
	ask.dw6 = 2501;
	tx_refused(rig, frame, 2554, &ask, 9);
	ask.dw6 = 2500;
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 3);
}

static void
not_more_than_a_segment(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 500, .mss = 1000 };

	tcp4(frame, 500);
	assert_int_equal(tx_send(rig, frame, 554, &ask), 1);
	assert_int_equal(rig->sent[0].len, 554);
	assert_int_equal(rig->sent[0].bytes[47], 0x99);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 14, 34, 6), 0xffff);
}

static void
headers_in_three_bds(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 2500, .mss = 1000, .cut = { 14, 20, 20 } };

	tcp4(frame, 2500);
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 3);
	ask.cut[2] = 19;
	tx_refused(rig, frame, 2554, &ask, 10);
	/* 510 + 20 + 20 bytes, of any request */
	tcp4(frame, 1000);
	ask = (struct tx_ask){ .dw3 = 0x0505ff36 };
	tx_refused(rig, frame, 1054, &ask, 10);
}

/* 10 BDs: the headers and 9 of data. The first eight have to hold headers and a segment. */
static void
buffer_spread(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 2500, .mss = 700 };

	tcp4(frame, 2500);
	ask.cut[0] = 54;
	for (unsigned int i = 1; i < 9; i++)
		ask.cut[i] = 100;
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 4);
	ask.cut[7] = 99; /* 753 of 754 */
	ask.cut[8] = 101;
	tx_refused(rig, frame, 2554, &ask, 11);
	/* eight further on: 701 are more than one MSS, 700 are not */
	ask.cut[1] = 400;
	for (unsigned int i = 2; i < 9; i++)
		ask.cut[i] = 57;
	ask.cut[9] = 302;
	assert_int_equal(tx_send(rig, frame, 2554, &ask), 4);
	ask.cut[9] = 301; /* BDs 2 .. 9 hold 700 */
	tx_refused(rig, frame, 2554, &ask, 11);
}

static void
most_bds(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 6200, .mss = 256 };

	tcp4(frame, 6200);
	ask.cut[0] = 54;
	for (unsigned int i = 1; i < 63; i++)
		ask.cut[i] = 100;
	assert_int_equal(tx_send(rig, frame, 6254, &ask), 25);
	ask.cut[62] = 99;
	ask.cut[63] = 1;
	tx_refused(rig, frame, 6254, &ask, 1);
}

/* The wire takes two segments of five and is busy: later it gets the other three. */
static void
busy_in_the_middle(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 5000, .mss = 1000 };

	tcp4(frame, 5000);
	rig->tx_result = EMU_TX_BUSY;
	rig->tx_after = 2;
	assert_int_equal(tx_send(rig, frame, 5054, &ask), 2);
	assert_int_equal(get16(rig_txbd(rig, 0, 0) + 28), 0x0110);
	emu_dev_tx_poll(rig->dev, 64);
	assert_int_equal(rig->nb_sent, 2);
	rig->tx_result = EMU_TX_TAKEN;
	emu_dev_tx_poll(rig->dev, 64);
	assert_int_equal(rig->nb_sent, 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(be32(rig->sent[i].bytes + 38), (uint32_t)(0xfffffc00 + i * 1000));
	assert_int_equal(get16(rig_txbd(rig, 0, 0) + 28), 0);
	assert_int_equal(rig_stat(rig, "tx", "pkts"), 1);
	/* the next one starts from its beginning */
	ask.cut[0] = 100;
	assert_int_equal(tx_send(rig, frame, 5054, &ask), 5);
}

/* 64 KiB go out as more frames than fit in one burst. */
static void
many_segments(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050507b6, .dw6 = 65000, .mss = 300 };
	uint8_t sum = 0, sent = 0;

	tcp4(frame, 65000);
	assert_int_equal(tx_send(rig, frame, 65054, &ask), 217);
	for (uint32_t i = 0; i < 65000; i++)
		sum = (uint8_t)(sum * 3 + frame[54 + i]);
	for (unsigned int f = 0; f < 217; f++) {
		for (uint32_t i = 54; i < rig->sent[f].len; i++)
			sent = (uint8_t)(sent * 3 + rig->sent[f].bytes[i]);
	}
	assert_int_equal(rig->sent[216].len, 54 + 200);
	assert_int_equal(sent, sum);
}

static void
what_cannot_be_cut(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x030507be, .dw6 = 2508, .mss = 1000 }; /* SCTP */

	tcp4(frame, 2500);
	tx_refused(rig, frame, 2554, &ask, 7);
	ask.dw3 = 0x05050796; /* TCP without a checksum */
	tx_refused(rig, frame, 2554, &ask, 7);
	ask.dw3 = 0x060507b6; /* L4LEN 24: the header says 20 */
	tx_refused(rig, frame, 2554, &ask, 4);
	ask = (struct tx_ask){ .dw3 = 0x020507ba, .dw6 = 2512, .mss = 1000 };
	tx_refused(rig, frame, 2554, &ask, 14); /* UDP without the capability */
	ask = (struct tx_ask){ .dw3 = 0x050507b6, .dw6 = 2500, .mss = 2000 };
	tx_refused(rig, frame, 2554, &ask, 3); /* segments longer than 1526 */
}

static const struct conf_rule rules[] = {
	{ "CONF-TSO-01", "2:6.6", "TCP over IPv4: lengths, numbers, sequences, checksums, data",
			rig_setup_started, tcp_over_ipv4, 0 },
	{ "CONF-TSO-02", "2:6.6", "FIN and PSH go with the last segment only, CWR with the first",
			rig_setup_started, flags, 0 },
	{ "CONF-TSO-03", "2:6.6", "TCP over IPv6 with an extension header", rig_setup_started,
			tcp_over_ipv6, 0 },
	{ "CONF-TSO-04", "2:6.6", "in VXLAN outer lengths, number and sums are renewed, too",
			tx_setup_caps, in_vxlan, 0 },
	{ "CONF-TSO-05", "2:6.6", "in a UDP tunnel without OL4CS the outer UDP sum is 0 (TX-13)",
			rig_setup_started, outer_udp_sum, 0 },
	{ "CONF-TSO-06", "2:6.3", "in NVGRE over IPv6", rig_setup_started, in_nvgre, 0 },
	{ "CONF-TSO-07", "2:6.3", "UDP segmentation, with capability bit 0", tx_setup_v3, udp, 0 },
	{ "CONF-TSO-08", "3:3.6", "the MSS keeps the limits of command 0x0C01 (TX-08)",
			rig_setup_started, mss_limits, 0 },
	{ "CONF-TSO-09", "2:2.4", "PAYLEN is what lies behind the headers (TX-09)",
			rig_setup_started, paylen, 0 },
	{ "CONF-TSO-10", "2:6.3", "not more data than one MSS go as one frame", rig_setup_started,
			not_more_than_a_segment, 0 },
	{ "CONF-TSO-11", "2:3.2", "headers are within 512 bytes and the first three BDs (TX-10)",
			rig_setup_started, headers_in_three_bds, 0 },
	{ "CONF-TSO-12", "2:3.7", "eight BDs in a row hold more than one MSS (TX-11)",
			rig_setup_started, buffer_spread, 0 },
	{ "CONF-TSO-13", "2:3.2", "63 BDs are the most (TX-01)", rig_setup_started, most_bds, 0 },
	{ "CONF-TSO-14", "2:3.4", "each segment goes once, even if there is no room on the way",
			rig_setup_started, busy_in_the_middle, 0 },
	{ "CONF-TSO-15", "2:10.3", "a frame of 64 KiB goes out complete", rig_setup_started,
			many_segments, 0 },
	{ "CONF-TSO-16", "2:6.3", "what cannot be cut is refused (TX-03, TX-04, TX-07, TX-14)",
			rig_setup_started, what_cannot_be_cut, 0 },
};

CONF_MAIN(rules)
