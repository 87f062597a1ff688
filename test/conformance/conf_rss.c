/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-RSS: hash and choice of the queue [3:4]. */
#include "conf.h"

#include <string.h>

static const uint8_t key[48] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25,
	0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb,
	0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa };

static void
key_set(struct rig *rig, uint8_t algorithm)
{
	for (uint8_t c = 0; c < 3; c++) {
		uint8_t d[24] = { (uint8_t)(c << 4 | algorithm) };

		memcpy(d + 8, key + 16 * c, 16);
		assert_int_equal(rig_cmd1(rig, 0x0d01, 0x11, d), 0);
	}
}

static void
tuples_set(struct rig *rig, uint8_t bits)
{
	uint8_t d[24];

	memset(d, 0, 24);
	memset(d, bits, 8);
	assert_int_equal(rig_cmd1(rig, 0x0d02, 0x11, d), 0);
}

static void
entries_set(struct rig *rig, uint16_t first, uint16_t valid, const uint8_t queues[16])
{
	uint8_t d[24] = { 0 };

	put16(d, first);
	put16(d + 2, valid);
	memcpy(d + 8, queues, 16);
	assert_int_equal(rig_cmd1(rig, 0x0d07, 0x11, d), 0);
}

static void
tc_set(struct rig *rig, uint16_t tc0)
{
	uint8_t d[24] = { 0 };

	put16(d, tc0);
	assert_int_equal(rig_cmd1(rig, 0x0d08, 0x11, d), 0);
}

/* Four queues, entry i is i mod 4, all tuples, Toeplitz. */
static void
rss_on(struct rig *rig)
{
	static const uint8_t mod4[16] = { 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3 };

	rig_start(rig, 4);
	key_set(rig, 0);
	tuples_set(rig, 0x0f);
	for (uint16_t i = 0; i < 512; i = (uint16_t)(i + 16))
		entries_set(rig, i, 0xffff, mod4);
	tc_set(rig, 0xa000);
}

/* Row @p row of [3:4.7] as a TCP frame; the queue that has it, its hash in *hash. */
static unsigned int
row_sent(struct rig *rig, unsigned int row, uint32_t *hash)
{
	static const uint8_t rows[5][12] = {
		{ 66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6 },
		{ 199, 92, 111, 2, 65, 69, 140, 83, 0x37, 0x96, 0x12, 0x83 },
		{ 24, 19, 198, 95, 12, 22, 207, 184, 0x32, 0x62, 0x94, 0x88 },
		{ 38, 27, 205, 30, 209, 142, 163, 6, 0xbc, 0x64, 0x08, 0xa9 },
		{ 153, 39, 163, 191, 202, 188, 127, 2, 0xac, 0xdb, 0x05, 0x17 },
	};
	static unsigned int used[4];
	uint8_t frame[200];
	uint32_t len = rig_ipv4(frame, 6, 40);

	for (unsigned int q = 0; q < 4; q++) {
		used[q] = 0;
		while (get32(rig_rxbd(rig, q, used[q]) + 28) & 0x10)
			used[q]++;
	}
	memcpy(frame + 26, rows[row], 8);
	memcpy(frame + 34, rows[row] + 8, 4);
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
	for (unsigned int q = 0; q < 4; q++) {
		const uint8_t *bd = rig_rxbd(rig, q, used[q]);

		if (get32(bd + 28) & 0x10) {
			*hash = get32(bd + 16);
			return q;
		}
	}
	fail_msg("no queue has it");
	return 0;
}

static void
toeplitz(struct rig *rig)
{
	static const uint32_t full[5] = { 0x51ccc178, 0xc626b0ea, 0x5c2b394a, 0xafc7327f,
		0x10e828a2 };
	static const uint32_t ips[5] = { 0x323e8fc2, 0xd718262a, 0xd2d0a5de, 0x82989176,
		0x5d1809c5 };
	/* hash mod 512 mod 4 */
	static const uint8_t queue[5] = { 0, 2, 2, 3, 2 };
	uint32_t hash;

	rss_on(rig);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(row_sent(rig, i, &hash), queue[i]);
		assert_int_equal(hash, full[i]);
	}
	tuples_set(rig, 0x0c);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(row_sent(rig, i, &hash), ips[i] & 3);
		assert_int_equal(hash, ips[i]);
	}
}

static void
symmetric(struct rig *rig)
{
	uint32_t hash;

	rss_on(rig);
	key_set(rig, 2);
	row_sent(rig, 0, &hash);
	assert_int_equal(hash, 0xac2b58ca);
	row_sent(rig, 3, &hash);
	assert_int_equal(hash, 0x4e18ff80);
}

static void
simple_xor(struct rig *rig)
{
	uint32_t hash;

	rss_on(rig);
	key_set(rig, 1);
	row_sent(rig, 0, &hash);
	assert_int_equal(hash, 0xe96df70d);
}

static void
no_tuple(struct rig *rig)
{
	static const uint8_t three[16] = { 3 };
	uint32_t hash;

	rss_on(rig);
	tuples_set(rig, 0);
	entries_set(rig, 0, 1, three);
	assert_int_equal(row_sent(rig, 3, &hash), 3);
	assert_int_equal(hash, 0);
}

static void
key_reads_back(struct rig *rig)
{
	uint8_t d[24] = { 0x10 };

	key_set(rig, 2);
	assert_int_equal(rig_cmd1(rig, 0x0d01, 0x19, d), 0);
	assert_int_equal(d[0], 0x12);
	assert_memory_equal(d + 8, key + 16, 16);
}

static void
tuples_read_back(struct rig *rig)
{
	uint8_t d[24] = { 1, 2, 3, 4, 5, 6, 7, 8 }, back[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0d02, 0x11, d), 0);
	assert_int_equal(rig_cmd1(rig, 0x0d02, 0x19, back), 0);
	assert_memory_equal(back, "\1\2\3\4\5\6\7\x08", 8);
}

/* Row 1 has index 376: entry 8 of the group at 368. */
static void
entry_bitmap(struct rig *rig)
{
	static const uint8_t twos[16] = { 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 };
	uint32_t hash;

	rss_on(rig);
	entries_set(rig, 368, 0xfeff, twos);
	assert_int_equal(row_sent(rig, 0, &hash), 0);
	entries_set(rig, 368, 0x0100, twos);
	assert_int_equal(row_sent(rig, 0, &hash), 2);
}

static void
tc_mode(struct rig *rig)
{
	uint32_t hash;

	rss_on(rig);
	tc_set(rig, 0x9001); /* two queues from 1: entry 3 becomes 1 */
	assert_int_equal(row_sent(rig, 3, &hash), 2);
	tc_set(rig, 0x2001); /* not valid */
	assert_int_equal(row_sent(rig, 3, &hash), 0);
}

static const struct conf_rule rules[] = {
	{ "CONF-RSS-01", "3:4.7", "hashes are those of the table, and name the queue",
			rig_setup_started, toeplitz, 0 },
	{ "CONF-RSS-02", "3:4.6", "the symmetric hash joins both directions", rig_setup_started,
			symmetric, 0 },
	{ "CONF-RSS-03", "3:4.6", "the simple hash is the XOR of the input's words",
			rig_setup_started, simple_xor, 0 },
	{ "CONF-RSS-04", "3:4.3", "without a tuple the hash is 0 and entry 0 counts",
			rig_setup_started, no_tuple, 0 },
	{ "CONF-RSS-05", "3:4.1", "key and algorithm read back by chunks", rig_setup_cmdq,
			key_reads_back, 0 },
	{ "CONF-RSS-06", "3:4.3", "tuples read back", rig_setup_cmdq, tuples_read_back, 0 },
	{ "CONF-RSS-07", "3:4.2", "only entries of the bitmap are written", rig_setup_started,
			entry_bitmap, 0 },
	{ "CONF-RSS-08", "3:4.4", "a TC has a first queue, a size and a valid bit",
			rig_setup_started, tc_mode, 0 },
};

CONF_MAIN(rules)
