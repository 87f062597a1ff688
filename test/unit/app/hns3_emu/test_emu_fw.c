/* SPDX-License-Identifier: BSD-3-Clause */
/* What the firmware answers, and what it keeps [1:5] [3]. Numbers are typed from doc/hns3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"

/* [1:5.1] hardware word 0; capability bits without the model behind them stay off. */
static void
firmware_version(void **state)
{
	struct rig *rig = *state;
	uint8_t d[24] = { 0, 0, 0, 0, 0, 0, 0, 0, 1 };

	assert_int_equal(rig_cmd1(rig, 0x0001, 0x19, d), 0);
	assert_int_not_equal(get32(d), 0);
	assert_int_equal(get32(d + 4), 0);
	assert_int_equal(get32(d + 12) & 0x00081048, 0); /* TM, RAS_IMP, TX_PUSH, PTP */
}

/* [1:5.4] [1:5.5] [1:5.9] [3:10.5] */
static void
probe_queries(void **state)
{
	struct rig *rig = *state;
	uint8_t st[24] = { 0 }, rs[24] = { 0 }, sfp[24] = { 0, 0, 0, 0, 1 }, fd[24] = { 0 };
	uint8_t al[24] = { 0 }, umv[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0022, 0x19, st), 0);
	assert_int_equal(st[16], 3);
	assert_int_equal(rig_cmd1(rig, 0x0023, 0x19, rs), 0);
	assert_int_equal(get16(rs), 4);
	assert_true(get16(rs + 2) >= 0x2100);
	assert_true(get16(rs + 6) >= 6 && get16(rs + 6) <= emu_dev_nb_vectors(rig->dev));
	assert_int_equal(get16(rs + 8), 0);
	assert_int_equal(get16(rs + 10), 1);
	assert_int_equal(get16(rs + 16), 0);
	assert_int_equal(rig_cmd1(rig, 0x7104, 0x19, sfp), 0);
	assert_int_equal(get32(sfp), 100000);
	assert_int_equal(get32(sfp + 8) & 0x10, 0x10); /* 100G supported */
	assert_int_equal(rig_cmd1(rig, 0x1200, 0x19, fd), 0);
	assert_true(fd[0] == 0 || fd[0] == 2);
	assert_int_equal(rig_cmd1(rig, 0x1201, 0x19, al), 0);
	assert_true(get32(al) >= 8);
	put32(umv + 4, 256);
	assert_int_equal(rig_cmd1(rig, 0x1004, 0x11, umv), 0);
	assert_int_equal(get32(umv + 4), 256);
	/* [1:1.3] revision 0x21 has no specification query */
	assert_int_equal(rig_cmd1(rig, 0x031a, 0x19, NULL), 0);
}

/* [1:5.10] [3:3.2] */
static void
queue_resets(void **state)
{
	struct rig *rig = *state;
	uint8_t all[24] = { 0, 0, 2, 0, 0, 0, 4 }, beyond[24] = { 0, 0, 2, 0, 3, 0, 4 };
	uint8_t req[24] = { 1, 0, 1 }, rdy[24] = { 1 };

	rig_wr(rig, rig_tqp(2) + 0x90, 1);
	rig_wr(rig, rig_tqp(2) + 0x98, 0);
	assert_int_equal(rig_cmd1(rig, 0x0020, 0x11, all), 0);
	assert_int_equal(all[8], 1);
	assert_int_equal(rig_rd(rig, rig_tqp(2) + 0x90), 0); /* [2:10.1] queue reset */
	assert_int_equal(rig_rd(rig, rig_tqp(2) + 0x98), 1);
	/* queues 3 .. 6 of 4: refused by retval or by status */
	assert_true(rig_cmd1(rig, 0x0020, 0x11, beyond) != 0 || beyond[8] > 1);
	assert_int_equal(rig_cmd1(rig, 0x0b22, 0x11, req), 0);
	assert_int_equal(rig_cmd1(rig, 0x0b22, 0x19, rdy), 0);
	assert_int_equal(rdy[3] & 1, 1);
	put16(req, 4);
	assert_int_not_equal(rig_cmd1(rig, 0x0b22, 0x11, req), 0);
}

/* [3:1.16] one unicast address: miss, add, hit, remove, miss. */
static void
unicast_table(void **state)
{
	struct rig *rig = *state;
	const uint8_t key[24] = { 1, 0, 0, 0, 0x02, 0xaa, 0, 0, 0, 0x05 };
	uint8_t d[24];

	memcpy(d, key, 24);
	assert_int_equal(rig_cmd1(rig, 0x1000, 0x19, d), 0);
	assert_int_equal(d[1], 1);
	memcpy(d, key, 24);
	assert_int_equal(rig_cmd1(rig, 0x1000, 0x11, d), 0);
	assert_true(d[1] <= 1);
	memcpy(d, key, 24);
	assert_int_equal(rig_cmd1(rig, 0x1000, 0x19, d), 0);
	assert_int_equal(d[1], 0);
	memcpy(d, key, 24);
	assert_int_equal(rig_cmd1(rig, 0x1001, 0x11, d), 0);
	assert_int_equal(d[1], 0);
	memcpy(d, key, 24);
	assert_int_equal(rig_cmd1(rig, 0x1001, 0x11, d), 0);
	assert_int_equal(d[1], 1);
	memcpy(d, key, 24);
	assert_int_equal(rig_cmd1(rig, 0x1000, 0x19, d), 0);
	assert_int_equal(d[1], 1);
}

/* [3:1.16] resp 2, with retval 0, when the table is full; a removal makes room. */
static void
unicast_table_overflows(void **state)
{
	struct rig *rig = *state;
	uint8_t d[24];
	unsigned int n;

	for (n = 0; n < 5000; n++) {
		memset(d, 0, 24);
		d[0] = 1;
		d[4] = 0x02;
		put16(d + 8, (uint16_t)n);
		assert_int_equal(rig_cmd1(rig, 0x1000, 0x11, d), 0);
		if (d[1] != 0)
			break;
	}
	assert_int_equal(d[1], 2);
	assert_true(n >= 128);
	memset(d, 0, 24);
	d[0] = 1;
	d[4] = 0x02;
	assert_int_equal(rig_cmd1(rig, 0x1001, 0x11, d), 0);
	assert_int_equal(d[1], 0);
	memset(d, 0, 24);
	d[0] = 1;
	d[4] = 0x06;
	assert_int_equal(rig_cmd1(rig, 0x1000, 0x11, d), 0);
	assert_int_equal(d[1], 0);
}

/* [3:1.16] multicast: three descriptors, the function bitmap comes back with a lookup. */
static void
multicast_table(void **state)
{
	const uint8_t key[24] = { 1, 0, 0, 0, 0x01, 0x00, 0x5e, 0, 0, 1, 0, 0, 2, 1 };
	struct rig *rig = *state;
	struct rig_desc d[3];

	for (unsigned int step = 0; step < 2; step++) {
		d[0] = rig_desc(0x1000, 0x1d);
		d[1] = rig_desc(0x1000, 0x1d);
		d[2] = rig_desc(0x1000, 0x19);
		memcpy(d[0].b + 8, key, 24);
		rig_cmd(rig, d, 3);
		assert_int_equal(get16(d[0].b + 4), 0);
		assert_int_equal(d[0].b[9], step == 0 ? 1 : 0);
		if (step == 1) {
			assert_int_equal(d[1].b[8], 1);
			break;
		}
		d[0] = rig_desc(0x1000, 0x15);
		d[1] = rig_desc(0x1000, 0x15);
		d[2] = rig_desc(0x1000, 0x11);
		memcpy(d[0].b + 8, key, 24);
		d[1].b[8] = 1; /* function 0 */
		rig_cmd(rig, d, 3);
		assert_int_equal(get16(d[2].b + 4), 0);
		assert_true(d[0].b[9] <= 1);
	}
	d[0] = rig_desc(0x1001, 0x11);
	memcpy(d[0].b + 8, key, 24);
	rig_cmd(rig, d, 1);
	assert_int_equal(d[0].b[9], 0);
}

/* What a driver reads, changes and writes back has to come back as written. */
static void
written_settings_read_back(void **state)
{
	static const struct {
		uint16_t opcode;
		uint8_t data[24];
		uint8_t ask[24];
	} set[] = {
		{ 0x0301, { 0xc0, 0x18, 0x7e }, { 0 } }, /* [3:1.1] */
		{ 0x0703,
				{ 2, 0, 0, 0, 0, 1, 0x18, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 2, 0, 0,
						0, 0, 1 },
				{ 0 } },                                   /* [3:1.15] */
		{ 0x0d02, { 0xf, 0xf, 0xf, 3, 0xf, 0xf, 0xf, 3 }, { 0 } }, /* [3:4.3] */
		{ 0x1100, { 1, 5 }, { 1 } },                               /* [3:2.1] */
		{ 0x0f01, { 0xe3, 0, 0, 0, 0, 0, 0, 0, 1 }, { 0, 0, 0, 0, 0, 0, 0, 0, 1 } },
		{ 0x0f02, { 0x02, 0, 0, 0, 0, 0, 0, 0, 1 }, { 0, 0, 0, 0, 0, 0, 0, 0, 1 } },
	};
	struct rig *rig = *state;
	uint8_t d[24];

	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		memcpy(d, set[i].data, 24);
		assert_int_equal(rig_cmd1(rig, set[i].opcode, 0x11, d), 0);
	}
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		memcpy(d, set[i].ask, 24);
		assert_int_equal(rig_cmd1(rig, set[i].opcode, 0x19, d), 0);
		assert_memory_equal(d, set[i].data, 24);
	}
}

/* [3:4.1] a key goes in by pieces of 16 and comes back by them, with the algorithm. */
static void
rss_key_reads_back(void **state)
{
	struct rig *rig = *state;
	uint8_t d[24], ask[24] = { 0x10 };

	for (uint8_t c = 0; c < 3; c++) {
		memset(d, 0, 24);
		d[0] = (uint8_t)(c << 4);
		for (uint8_t i = 0; i < (c < 2 ? 16 : 8); i++)
			d[8 + i] = (uint8_t)(0x30 * c + i);
		assert_int_equal(rig_cmd1(rig, 0x0d01, 0x11, d), 0);
	}
	assert_int_equal(rig_cmd1(rig, 0x0d01, 0x19, ask), 0);
	assert_int_equal(ask[0] & 0xf, 0);
	for (uint8_t i = 0; i < 16; i++)
		assert_int_equal(ask[8 + i], 0x30 + i);
	d[0] = 0xf0; /* a piece far behind any key */
	assert_int_not_equal(rig_cmd1(rig, 0x0d01, 0x11, d), 0);
}

/* [1:6.5] unmapping what was never mapped succeeds. */
static void
vector_mapping(void **state)
{
	struct rig *rig = *state;
	uint8_t del[24] = { 5, 1, 0x0c, 0x20 }, add[24] = { 4, 1, 0x0d };
	uint8_t eleven[24] = { 4, 11 };

	assert_int_equal(rig_cmd1(rig, 0x1504, 0x11, del), 0);
	assert_int_equal(rig_cmd1(rig, 0x1503, 0x11, add), 0);
	assert_int_not_equal(rig_cmd1(rig, 0x1503, 0x11, eleven), 0); /* 1..10 entries */
	put16(add + 2, 64 << 2 | 1);                                  /* queue 64 of 4 */
	assert_int_not_equal(rig_cmd1(rig, 0x1503, 0x11, add), 0);
}

/* [3:1.3] polled link follows the carrier. */
static void
link_status(void **state)
{
	struct rig *rig = *state;
	uint8_t d[24] = { 0 }, on[24] = { 0xc0, 0x18, 0x7e };

	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, on), 0);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, d), 0);
	assert_int_equal(d[0] & 1, 1);
	emu_dev_link_set(rig->dev, false);
	memset(d, 0, 24);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, d), 0);
	assert_int_equal(d[0] & 1, 0);
}

/* [1:6.4] the whole error-interrupt list of a probe is accepted. */
static void
error_interrupt_enables(void **state)
{
	static const struct {
		uint16_t opcode;
		uint8_t nb;
	} list[] = { { 0x1806, 1 }, { 0x1803, 1 }, { 0x2401, 1 }, { 0x2100, 2 }, { 0x2101, 2 },
		{ 0x0989, 2 }, { 0x098c, 2 }, { 0x0b40, 2 }, { 0x0b41, 1 }, { 0x0b42, 1 },
		{ 0x0829, 1 }, { 0x1a14, 1 }, { 0x1505, 2 }, { 0x030e, 1 } };
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig_desc d[2] = { rig_desc(list[i].opcode, list[i].nb == 2 ? 0x15 : 0x11),
			rig_desc(list[i].opcode, 0x11) };

		rig_cmd(rig, d, list[i].nb);
		assert_int_equal(get16(d[list[i].nb - 1].b + 4), 0);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup_cmdq, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(firmware_version),
		CASE(probe_queries),
		CASE(queue_resets),
		CASE(unicast_table),
		CASE(unicast_table_overflows),
		CASE(multicast_table),
		CASE(written_settings_read_back),
		CASE(rss_key_reads_back),
		CASE(vector_mapping),
		CASE(link_status),
		CASE(error_interrupt_enables),
	};

	return RIG_RUN(tests);
}
