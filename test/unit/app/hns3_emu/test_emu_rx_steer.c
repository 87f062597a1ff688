/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames reach which Rx queue: filters [3:10.2] and RSS [3:4]; then interrupts [1:6.5] and
 * counters [3:7]. Numbers are typed from doc/hns3.
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

/* ---- filters ---- */

/* [3:10.2] step 4, [3:1.20] */
static void
destination_filter(void **state)
{
	struct rig *rig = *state;
	uint8_t promisc[24] = { 0x3e }, allmulti[24] = { 0x3c }, none[24] = { 0x30 };

	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0e"), EMU_RX_TAKEN);
	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0f"), EMU_RX_DROPPED);
	assert_int_equal(rig_rx_to(rig, "\x01\0\x5e\0\0\x01"), EMU_RX_DROPPED);
	assert_int_equal(rig_rx_to(rig, "\xff\xff\xff\xff\xff\xff"), EMU_RX_TAKEN);
	assert_int_equal(drops(rig), 2);
	assert_int_equal(rig_cmd1(rig, 0x0e01, 0x11, allmulti), 0);
	assert_int_equal(rig_rx_to(rig, "\x01\0\x5e\0\0\x01"), EMU_RX_TAKEN);
	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0f"), EMU_RX_DROPPED);
	assert_int_equal(rig_cmd1(rig, 0x0e01, 0x11, promisc), 0);
	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0f"), EMU_RX_TAKEN);
	assert_int_equal(rig_cmd1(rig, 0x0e01, 0x11, none), 0);
	assert_int_equal(rig_rx_to(rig, "\xff\xff\xff\xff\xff\xff"), EMU_RX_DROPPED);
	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0e"), EMU_RX_TAKEN);
}

static void
addresses_come_and_go(void **state)
{
	struct rig *rig = *state;
	uint8_t uc[24] = { 1, 0, 0, 0, 2, 0xaa, 0, 0, 0, 7 };
	struct rig_desc mc[3] = { rig_desc(0x1000, 0x15), rig_desc(0x1000, 0x15),
		rig_desc(0x1000, 0x11) };

	assert_int_equal(rig_rx_to(rig, "\x02\xaa\0\0\0\x07"), EMU_RX_DROPPED);
	assert_int_equal(rig_cmd1(rig, 0x1000, 0x11, uc), 0);
	assert_int_equal(rig_rx_to(rig, "\x02\xaa\0\0\0\x07"), EMU_RX_TAKEN);
	uc[1] = 0;
	assert_int_equal(rig_cmd1(rig, 0x1001, 0x11, uc), 0);
	assert_int_equal(rig_rx_to(rig, "\x02\xaa\0\0\0\x07"), EMU_RX_DROPPED);
	memcpy(mc[0].b + 8, "\x01\0\0\0\x01\0\x5e\0\0\x09\0\0\x02\x01", 14);
	mc[1].b[8] = 1;
	rig_cmd(rig, mc, 3);
	assert_int_equal(rig_rx_to(rig, "\x01\0\x5e\0\0\x09"), EMU_RX_TAKEN);
	assert_int_equal(rig_rx_to(rig, "\x01\0\x5e\0\0\x0a"), EMU_RX_DROPPED);
}

/* [3:1.4] the limit counts FCS: 1526 lets 1522 through; [3:1.1] MAC off: nothing passes */
static void
frame_size_and_mac_enable(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[1600] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };
	uint8_t off[24] = { 0 }, mtu[24] = { 0xf6, 0x05, 64 };

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, mtu), 0);
	assert_int_equal(rig_rx(rig, frame, 1522), EMU_RX_TAKEN);
	assert_int_equal(rig_rx(rig, frame, 1523), EMU_RX_DROPPED);
	assert_int_equal(drops(rig), 1);
	assert_true(emu_dev_rx_is_ready(rig->dev));
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, off), 0);
	assert_int_equal(rig_rx(rig, frame, 100), EMU_RX_DROPPED);
	assert_false(emu_dev_rx_is_ready(rig->dev));
}

/* [3:2.1] [3:2.2] port filter: VID 0 is untagged */
static void
port_vlan_filter(void **state)
{
	struct rig *rig = *state;
	uint8_t tagged[64] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 100, 0x12, 0x34 };
	uint8_t on[24] = { 1, 5 }, vid0[24] = { 0, 0, 0, 0, 1 }, vid100[24] = { 0 };

	assert_int_equal(rig_rx(rig, tagged, 64), EMU_RX_TAKEN);
	assert_int_equal(rig_cmd1(rig, 0x1101, 0x11, vid0), 0);
	assert_int_equal(rig_cmd1(rig, 0x1100, 0x11, on), 0);
	assert_int_equal(rig_rx(rig, tagged, 64), EMU_RX_DROPPED);
	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0e"), EMU_RX_TAKEN);
	vid100[16] = 0x10;
	assert_int_equal(rig_cmd1(rig, 0x1101, 0x11, vid100), 0);
	assert_int_equal(rig_rx(rig, tagged, 64), EMU_RX_TAKEN);
	vid100[1] = 1;
	assert_int_equal(rig_cmd1(rig, 0x1101, 0x11, vid100), 0);
	assert_int_equal(rig_rx(rig, tagged, 64), EMU_RX_DROPPED);
}

/* ---- queues ---- */

static void
rss_on(struct rig *rig, uint8_t nb_queues_log2)
{
	static const uint8_t key[40] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
		0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
		0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac,
		0x01, 0xfa };
	uint8_t tuples[24] = { 15, 15, 15, 15, 15, 15, 15, 15 }, tc[24] = { 0 };

	for (uint8_t c = 0; c < 3; c++) {
		uint8_t d[24] = { (uint8_t)(c << 4) };

		memcpy(d + 8, key + 16 * c, c < 2 ? 16 : 8);
		assert_int_equal(rig_cmd1(rig, 0x0d01, 0x11, d), 0);
	}
	for (uint16_t e = 0; e < 512; e = (uint16_t)(e + 16)) {
		uint8_t d[24] = { (uint8_t)e, (uint8_t)(e >> 8), 0xff, 0xff };

		for (uint8_t i = 0; i < 16; i++)
			d[8 + i] = (uint8_t)(i & ((1 << nb_queues_log2) - 1));
		assert_int_equal(rig_cmd1(rig, 0x0d07, 0x11, d), 0);
	}
	put16(tc, (uint16_t)(0x8000 | nb_queues_log2 << 12));
	assert_int_equal(rig_cmd1(rig, 0x0d08, 0x11, tc), 0);
	assert_int_equal(rig_cmd1(rig, 0x0d02, 0x11, tuples), 0);
}

/* [3:4.7] the published Toeplitz vectors; entry = hash mod 512, queue = entry mod 4 */
static void
rss_vectors(void **state)
{
	static const struct {
		uint8_t ip[8], ports[4];
		uint32_t hash;
		unsigned int queue;
	} v[] = {
		{ { 66, 9, 149, 187, 161, 142, 100, 80 }, { 0x0a, 0xea, 0x06, 0xe6 }, 0x51ccc178,
				0 },
		{ { 199, 92, 111, 2, 65, 69, 140, 83 }, { 0x37, 0x96, 0x12, 0x83 }, 0xc626b0ea, 2 },
		{ { 24, 19, 198, 95, 12, 22, 207, 184 }, { 0x32, 0x62, 0x94, 0x88 }, 0x5c2b394a,
				2 },
		{ { 38, 27, 205, 30, 209, 142, 163, 6 }, { 0xbc, 0x64, 0x08, 0xa9 }, 0xafc7327f,
				3 },
		{ { 153, 39, 163, 191, 202, 188, 127, 2 }, { 0xac, 0xdb, 0x05, 0x17 }, 0x10e828a2,
				2 },
	};
	struct rig *rig = *state;
	unsigned int used[4] = { 0 };

	rig_start(rig, 4);
	rss_on(rig, 2);
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint8_t frame[200];
		uint32_t len = rig_ipv4(frame, 6, 40);
		unsigned int q = v[i].queue;

		memcpy(frame + 26, v[i].ip, 8);
		memcpy(frame + 34, v[i].ports, 4);
		assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
		assert_one_bd(rig, q, used[q], frame, len);
		assert_int_equal(get32(rig_rxbd(rig, q, used[q]) + 16), v[i].hash);
		used[q]++;
	}
}

/* [3:4.7] IPv6 row */
static void
rss_ipv6(void **state)
{
	static const uint8_t ip6[54] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0,
		0, 0, 0, 20, 6, 64, /* 3ffe:2501:200:1fff::7 */ 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00,
		0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7, /* 3ffe:2501:200:3::1 */ 0x3f, 0xfe, 0x25, 0x01,
		0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct rig *rig = *state;
	uint8_t frame[74] = { 0 };

	rig_start(rig, 4);
	rss_on(rig, 2);
	memcpy(frame, ip6, sizeof(ip6));
	memcpy(frame + 54, "\x0a\xea\x06\xe6", 4);
	frame[66] = 0x50;
	assert_int_equal(rig_rx(rig, frame, 74), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 1, 0) + 16), 0x40207d3d);      /* 317 mod 4 = 1 */
	assert_int_equal(get32(rig_rxbd(rig, 1, 0) + 8) >> 4 & 0xff, 0x11); /* TCP, IPv6 */
}

/* [1:2.6] enabled queues whose BDs have no address ("fake" rings) get nothing, ever. */
static void
ring_of_zeros_is_never_filled(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };
	uint8_t zero[64 * 32] = { 0 };

	memset(rig_rxbd(rig, 0, 0), 0, sizeof(zero));
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	assert_memory_equal(rig_rxbd(rig, 0, 0), zero, sizeof(zero));
	assert_int_equal(rig->mmu.faults_read + rig->mmu.faults_write, 0);
}

/* ---- interrupts ---- */

/* [1:6.5] vector 1 is armed by CTRL index 0; what happened while masked is not lost. */
static void
queue_vector(void **state)
{
	struct rig *rig = *state;
	uint8_t add[24] = { 1, 1, 0x01 }, del[24] = { 1, 1, 0x01 };

	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0e"), EMU_RX_TAKEN);
	assert_int_equal(rig->irqs[1], 0); /* not bound */
	assert_int_equal(rig_cmd1(rig, 0x1503, 0x11, add), 0);
	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0e"), EMU_RX_TAKEN);
	rig_service(rig);
	emu_dev_tx_poll(rig->dev, 1);
	assert_int_equal(rig->irqs[1], 0); /* masked */
	rig_wr(rig, 0x20000, 1);
	for (unsigned int i = 0; i < 3; i++) {
		rig_service(rig);
		emu_dev_tx_poll(rig->dev, 1);
	}
	assert_true(rig->irqs[1] >= 1);
	rig_wr(rig, 0x20000, 0);
	rig_service(rig);
	assert_int_equal(rig_cmd1(rig, 0x1504, 0x11, del), 0);
	rig->irqs[1] = 0;
	rig_wr(rig, 0x20000, 1);
	assert_int_equal(rig_rx_to(rig, "\x02\0\0\0\0\x0e"), EMU_RX_TAKEN);
	rig_service(rig);
	emu_dev_tx_poll(rig->dev, 1);
	assert_int_equal(rig->irqs[1], 0);
	assert_int_equal(rig->irqs[0], 0);
}

/* ---- counters ---- */

/*
 * [1:2.9] D6(a): per queue, what the driver adds up from 0x2c after each 0x0048 or 0x0034 is the
 * number of frames; [3:7.1] MAC counters; both clear on read.
 */
static void
counters_are_exact(void **state)
{
	struct rig *rig = *state;
	uint64_t packets = 0;
	uint64_t good = 0, octets = 0, broad = 0;

	for (unsigned int round = 0; round < 5; round++) {
		struct rig_desc d[22] = { rig_desc(0x0034, 0x19) };

		for (unsigned int i = 0; i < 7; i++)
			assert_int_equal(rig_rx_to(rig, "\xff\xff\xff\xff\xff\xff"), EMU_RX_TAKEN);
		assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, NULL), 0);
		packets += rig_rd(rig, rig_tqp(0) + 0x2c);
		rig_cmd(rig, d, 22);
		packets += rig_rd(rig, rig_tqp(0) + 0x2c);
		/* counter i lies at byte 8 * i behind the header of descriptor 0 */
		good += get64(d[0].b + 8 + 8 * 47);
		octets += get64(d[0].b + 8 + 8 * 46);
		broad += get64(d[0].b + 8 + 8 * 53);
		for (unsigned int i = 0; i < 7; i++)
			rig_rx_arm(rig, 0, round * 7 + i);
	}
	assert_int_equal(packets, 35);
	assert_int_equal(good, 35);
	assert_int_equal(broad, 35);
	assert_true(octets == 35 * 60 || octets == 35 * 64); /* with FCS or without [3:7.1] */
}

/* [3:7.2] frames that found no BD are the RPU's drops, once. */
static void
missed_frames_are_reported_once(void **state)
{
	struct rig *rig = *state;
	static const uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e };
	uint8_t d[24] = { 0 };

	memset(rig_rxbd(rig, 0, 0), 0, 32);
	for (unsigned int i = 0; i < 3; i++)
		rig_rx_missed(rig, frame, sizeof(frame));
	assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, d), 0);
	assert_int_equal(get32(d + 12), 3);
	memset(d, 0, 24);
	assert_int_equal(rig_cmd1(rig, 0x0048, 0x19, d), 0);
	assert_int_equal(get32(d + 12), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup_started, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(destination_filter),
		CASE(addresses_come_and_go),
		CASE(frame_size_and_mac_enable),
		CASE(port_vlan_filter),
		CASE(rss_vectors),
		CASE(rss_ipv6),
		CASE(ring_of_zeros_is_never_filled),
		CASE(queue_vector),
		CASE(counters_are_exact),
		CASE(missed_frames_are_reported_once),
	};

	return RIG_RUN(tests);
}
