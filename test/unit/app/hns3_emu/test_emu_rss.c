/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_rss.c against the vectors of [3:4.7]: hashes, queues, both algorithms' rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"
#include "emu_rss.h"

static const uint8_t default_key[40] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77,
	0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa };

static struct emu_rss rss;

static void
rss_set(uint8_t algorithm, uint8_t tuple)
{
	emu_rss_init(&rss, 512);
	rss.algorithm = algorithm;
	memcpy(rss.key, default_key, 40);
	memset(rss.tuple, tuple, 8);
	emu_rss_key_plan(&rss);
	emu_rss_plan(&rss);
}

static uint32_t
hash_of(uint8_t *frame, uint32_t len)
{
	static const struct emu_tpids tpids = { { 0x8100, 0x8100, 0x8100, 0x8100 } };
	struct emu_frame f = { .len_bytes = len, .nb_segs = 1 };
	struct emu_parsed p;

	f.seg[0] = (struct iovec){ frame, len };
	emu_parse(&f, &tpids, &p);
	return emu_rss_hash(&rss, &p);
}

/* Source and destination, source and destination port. */
struct v4_row {
	uint8_t ip[8], ports[4];
	uint32_t ips, full, sym_ips, sym_full;
};

static const struct v4_row v4[] = {
	{ { 66, 9, 149, 187, 161, 142, 100, 80 }, { 0x0a, 0xea, 0x06, 0xe6 }, 0x323e8fc2,
			0x51ccc178, 0x887bd7bc, 0xac2b58ca },
	{ { 199, 92, 111, 2, 65, 69, 140, 83 }, { 0x37, 0x96, 0x12, 0x83 }, 0xd718262a, 0xc626b0ea,
			0xb8a48b2d, 0x231ac402 },
	{ { 24, 19, 198, 95, 12, 22, 207, 184 }, { 0x32, 0x62, 0x94, 0x88 }, 0xd2d0a5de, 0x5c2b394a,
			0x24308e2d, 0xf4298103 },
	{ { 38, 27, 205, 30, 209, 142, 163, 6 }, { 0xbc, 0x64, 0x08, 0xa9 }, 0x82989176, 0xafc7327f,
			0x25ea1454, 0x4e18ff80 },
	{ { 153, 39, 163, 191, 202, 188, 127, 2 }, { 0xac, 0xdb, 0x05, 0x17 }, 0x5d1809c5,
			0x10e828a2, 0x9c8f3ac9, 0x053876b1 },
};

static uint32_t
v4_frame(uint8_t *frame, const struct v4_row *row, uint8_t proto)
{
	uint32_t len = rig_ipv4(frame, proto, 40);

	memcpy(frame + 26, row->ip, 8);
	memcpy(frame + 34, row->ports, 4);
	return len;
}

static void
ipv4_rows(void **state)
{
	uint8_t frame[200];

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		uint32_t len = v4_frame(frame, &v4[i], i % 2 ? 6 : 17);

		rss_set(0, 0x0f);
		assert_int_equal(hash_of(frame, len), v4[i].full);
		rss_set(0, 0x0c);
		assert_int_equal(hash_of(frame, len), v4[i].ips);
		rss_set(2, 0x0f);
		assert_int_equal(hash_of(frame, len), v4[i].sym_full);
		rss_set(2, 0x0c);
		assert_int_equal(hash_of(frame, len), v4[i].sym_ips);
		/* ICMP: no ports, whatever the bits; then a fragment of it by its own bits */
		len = v4_frame(frame, &v4[i], 1);
		rss_set(0, 0x03);
		assert_int_equal(hash_of(frame, len), v4[i].ips);
		frame[20] = 0x20;
		assert_int_equal(hash_of(frame, len), 0);
		rss_set(0, 0x0c);
		assert_int_equal(hash_of(frame, len), v4[i].ips);
	}
}

/* Row 1 with parts left out [3:4.7]. */
static void
partial_tuples(void **state)
{
	static const struct {
		uint8_t tuple;
		uint32_t hash;
	} cases[] = { { 0x08, 0x0e48b9de }, { 0x04, 0x3c76361c }, { 0x03, 0x63f24eba }, { 0, 0 } };
	uint8_t frame[200];
	uint32_t len = v4_frame(frame, &v4[0], 6);

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		rss_set(0, cases[i].tuple);
		assert_int_equal(hash_of(frame, len), cases[i].hash);
	}
	/* one port: the two halves add up */
	rss_set(0, 0x01);
	len = hash_of(frame, 200 - 106);
	rss_set(0, 0x02);
	assert_int_equal(len ^ hash_of(frame, 94), 0x63f24eba);
}

static void
ipv6_rows(void **state)
{
	static const struct {
		uint8_t ip[32], ports[4];
		uint32_t ips, full, sym_ips, sym_full;
	} v6[] = {
		{ { 0x3f, 0xfe, 0x25, 1, 2, 0, 0x1f, 0xff, [15] = 7, 0x3f, 0xfe, 0x25, 1, 2, 0, 0,
				  3, [31] = 1 },
				{ 0x0a, 0xea, 0x06, 0xe6 }, 0x2cc18cd5, 0x40207d3d, 0x93faa660,
				0x5ae081f3 },
		{ { 0x3f, 0xfe, 5, 1, 0, 8, [8] = 2, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab, 0xff,
				  2, [31] = 1 },
				{ 0x37, 0x96, 0x12, 0x83 }, 0x0f0c461c, 0xdde51bbf, 0x36e6bcbb,
				0x3d12f676 },
		{ { 0x3f, 0xfe, 0x19, 0, 0x45, 0x45, 0, 3, 2, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf,
				  0xfe, 0x80, [24] = 2, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
				{ 0xac, 0xdb, 0x94, 0x88 }, 0x4b61e985, 0x02d1feef, 0x66226820,
				0xd36f3942 },
	};
	uint8_t frame[80] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, [19] = 20, 6,
		64 };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		memcpy(frame + 22, v6[i].ip, 32);
		memcpy(frame + 54, v6[i].ports, 4);
		rss_set(0, 0x0f);
		assert_int_equal(hash_of(frame, 74), v6[i].full);
		rss_set(0, 0x0c);
		assert_int_equal(hash_of(frame, 74), v6[i].ips);
		rss_set(2, 0x0f);
		assert_int_equal(hash_of(frame, 74), v6[i].sym_full);
		rss_set(2, 0x0c);
		assert_int_equal(hash_of(frame, 74), v6[i].sym_ips);
	}
}

/* [3:4.6]: the XOR of the 32-bit words, here 0x420995bb ^ 0xa18e6450 ^ 0x0aea06e6 */
static void
simple_xor(void **state)
{
	uint8_t frame[200];
	uint32_t len = v4_frame(frame, &v4[0], 6);

	(void)state;
	rss_set(1, 0x0f);
	assert_int_equal(hash_of(frame, len), 0xe96df70d);
	rss_set(1, 0x0c);
	assert_int_equal(hash_of(frame, len), 0xe387f1eb);
}

/* The verification tag of SCTP, if bit 4 is set [3:4.3]. */
static void
sctp_tag(void **state)
{
	uint8_t frame[200];
	uint32_t len = v4_frame(frame, &v4[0], 132);

	(void)state;
	memcpy(frame + 38, "\x01\x02\x03\x04", 4);
	rss_set(1, 0x0f);
	assert_int_equal(hash_of(frame, len), 0xe96df70d);
	rss_set(1, 0x1f);
	assert_int_equal(hash_of(frame, len), 0xe96df70d ^ 0x01020304);
	rss_set(0, 0x0f);
	assert_int_equal(hash_of(frame, len), 0x51ccc178);
	rss_set(0, 0x1f);
	assert_int_not_equal(hash_of(frame, len), 0x51ccc178);
}

/* [3:4.4] [3:4.5] */
static void
queues(void **state)
{
	(void)state;
	rss_set(0, 0x0f);
	for (uint16_t i = 0; i < 512; i++)
		rss.reta[i] = i % 8;
	assert_int_equal(emu_rss_queue(&rss, 0xafc7327f, 0), 0); /* TC 0 has one queue yet */
	rss.tc_mode[0] = 0xb000;                                 /* 8 queues from 0 */
	rss.tc_mode[1] = 0xa010;                                 /* 4 from 16 */
	rss.tc_mode[2] = 0x8800;                                 /* 256 from 0 */
	emu_rss_plan(&rss);
	assert_int_equal(emu_rss_queue(&rss, 0x51ccc178, 0), 0); /* index 376 */
	assert_int_equal(emu_rss_queue(&rss, 0xafc7327f, 0), 7); /* index 127 */
	assert_int_equal(emu_rss_queue(&rss, 0xafc7327f, 1), 16 + 3);
	assert_int_equal(emu_rss_queue(&rss, 0xafc7327f, 3), 0); /* not valid */
	rss.reta[127] = 0x1fe;
	assert_int_equal(emu_rss_queue(&rss, 0xafc7327f, 2), 0xfe);
	/* a table of 2048: 11 bits of the hash */
	rss.reta_size = 2048;
	rss.reta[0x27f] = 5;
	assert_int_equal(emu_rss_queue(&rss, 0xafc7327f, 0), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_rows),
		cmocka_unit_test(partial_tuples),
		cmocka_unit_test(ipv6_rows),
		cmocka_unit_test(simple_xor),
		cmocka_unit_test(sctp_tag),
		cmocka_unit_test(queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
