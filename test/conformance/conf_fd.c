/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-FD: flow director [3:5]. The key layout is that of the stock driver in mode 0 [3:5.3]. */
#include "conf.h"

#include <string.h>

static void
key_layout_set(struct rig *rig)
{
	uint8_t d[24] = { 0, 1, 3, 3, 0, 0, 0, 0, 0x6f, 0x27, 0x20, 0xc4, 0x2f, 0xff, 0xff, 0xff };

	assert_int_equal(rig_cmd1(rig, 0x1202, 0x11, d), 0);
}

/* One half of a rule; returns the return code. */
static uint16_t
half(struct rig *rig, uint32_t index, bool is_x, bool valid, const uint8_t key[52])
{
	struct rig_desc d[3] = { rig_desc(0x1203, 0x15), rig_desc(0x1203, 0x15),
		rig_desc(0x1203, 0x11) };

	d[0].b[9] = is_x;
	put32(d[0].b + 12, index);
	d[0].b[16] = valid;
	memcpy(d[0].b + 24, key, 8);
	memcpy(d[1].b + 8, key + 8, 24);
	memcpy(d[2].b + 8, key + 32, 20);
	rig_cmd(rig, d, 3);
	return get16(d[2].b + 4);
}

static uint16_t
action(struct rig *rig, uint32_t index, uint32_t low, uint32_t high)
{
	uint8_t d[24] = { 0 };

	put32(d + 4, index);
	put32(d + 8, low);
	put32(d + 12, high);
	return rig_cmd1(rig, 0x1204, 0x11, d);
}

static uint64_t
counter(struct rig *rig, uint16_t idx)
{
	uint8_t d[24] = { 0 };

	put16(d + 4, idx);
	assert_int_equal(rig_cmd1(rig, 0x1205, 0x19, d), 0);
	return get64(d + 8);
}

/* The worked example of [3:5.7]: 192.168.1.2 -> 10.0.0.0/24, UDP to port 53, no tag. */
static const uint8_t example_x[52] = { [27] = 0xff,
	0xf7,
	0,
	0xee,
	0xfd,
	0xfe,
	0x57,
	0x3f,
	0,
	0xff,
	0xff,
	0xf5,
	0,
	0,
	0xca,
	0xff,
	[48] = 0xfe,
	0xff };
static const uint8_t example_y[52] = {
	[28] = 8, 0, 0x11, 2, 1, 0xa8, 0xc0, 0, 0, 0, 0x0a, 0, 0, 0x35
};

/* Matches any frame of function 0 without a tag. */
static const uint8_t any_x[52] = { [48] = 0xfe, 0xff };
static const uint8_t none[52];

static void
rule(struct rig *rig, uint32_t index, const uint8_t *x, const uint8_t *y, uint32_t low,
		uint32_t high)
{
	assert_int_equal(action(rig, index, low, high), 0);
	assert_int_equal(half(rig, index, false, false, y), 0);
	assert_int_equal(half(rig, index, true, true, x), 0);
}

static uint32_t
udp_frame(uint8_t *frame)
{
	uint32_t len = rig_ipv4(frame, 17, 40);

	memcpy(frame + 26, "\xc0\xa8\x01\x02\x0a\x00\x00\x4d", 8);
	frame[36] = 0;
	frame[37] = 53;
	frame[40] = frame[41] = 0;
	return len;
}

/* Send such a frame; the queue that got it, or -1. *bd is its BD. */
static int
sent(struct rig *rig, const uint8_t *frame, uint32_t len, const uint8_t **bd)
{
	uint32_t before[4];

	for (unsigned int q = 0; q < 4; q++) {
		before[q] = 0;
		while (get32(rig_rxbd(rig, q, before[q]) + 28) & 0x10)
			before[q]++;
	}
	if (rig_rx(rig, frame, len) != EMU_RX_TAKEN)
		return -1;
	for (unsigned int q = 0; q < 4; q++) {
		*bd = rig_rxbd(rig, q, before[q]);
		if (get32(*bd + 28) & 0x10)
			return (int)q;
	}
	return -1;
}

static int
example_sent(struct rig *rig, const uint8_t **bd)
{
	uint8_t frame[200];
	uint32_t len = udp_frame(frame);

	return sent(rig, frame, len, bd);
}

static void
start(struct rig *rig)
{
	rig_start(rig, 4);
	key_layout_set(rig);
}

static void
mode(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x1200, 0x19, d), 0);
	assert_true(d[0] == 0 || d[0] == 2);
	assert_int_equal(d[1], 1);
}

static void
sizes(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x1201, 0x19, d), 0);
	assert_int_equal(get32(d), 2048);
	assert_int_equal(get32(d + 4), 0);
	assert_true(get16(d + 8) > 0);
	/* the last one exists, the next does not */
	assert_int_equal(half(rig, 2047, true, false, none), 0);
	assert_int_equal(half(rig, 2048, true, false, none), 6);
	assert_int_equal(action(rig, 2048, 1, 1), 6);
}

static void
worked_example(struct rig *rig)
{
	const uint8_t *bd;

	start(rig);
	assert_int_equal(example_sent(rig, &bd), 0);
	assert_int_equal(get32(bd + 20), 0);
	assert_int_equal(get32(bd + 28) & 0x200, 0);
	rule(rig, 0, example_x, example_y, 0x0000000e, 0x0000000f);
	assert_int_equal(example_sent(rig, &bd), 3);
	assert_int_equal(get16(bd + 20), 7);
	assert_int_equal(get32(bd + 28), 0x00000b30); /* LUM, and the checksum that is 0 */
}

static void
valid_by_x(struct rig *rig)
{
	const uint8_t *bd;

	start(rig);
	assert_int_equal(action(rig, 5, 0xe, 0xf), 0);
	assert_int_equal(half(rig, 5, false, true, example_y), 0);
	assert_int_equal(example_sent(rig, &bd), 0);
	assert_int_equal(half(rig, 5, true, true, example_x), 0);
	assert_int_equal(example_sent(rig, &bd), 3);
	assert_int_equal(half(rig, 5, false, false, example_y), 0); /* leaves it valid */
	assert_int_equal(example_sent(rig, &bd), 3);
	assert_int_equal(half(rig, 5, true, false, none), 0);
	assert_int_equal(example_sent(rig, &bd), 0);
}

static void
lowest_index_wins(struct rig *rig)
{
	const uint8_t *bd;

	start(rig);
	rule(rig, 100, any_x, none, 0x6, 0x3);          /* queue 1 */
	rule(rig, 200, example_x, example_y, 0xa, 0x5); /* queue 2 */
	assert_int_equal(example_sent(rig, &bd), 1);
	rule(rig, 50, example_x, example_y, 0xe, 0x7); /* queue 3 */
	assert_int_equal(example_sent(rig, &bd), 3);
	assert_int_equal(half(rig, 50, true, false, none), 0);
	assert_int_equal(half(rig, 100, true, false, none), 0);
	assert_int_equal(example_sent(rig, &bd), 2);
}

static void
dropped(struct rig *rig)
{
	const uint8_t *bd;
	uint8_t frame[200];

	start(rig);
	rule(rig, 0, example_x, example_y, 0x0000100f, 0x1); /* drop wins over queue 3 */
	assert_int_equal(example_sent(rig, &bd), -1);
	assert_int_equal(rig_stat(rig, "rx_drops", "flow_rule"), 1);
	assert_int_equal(counter(rig, 0), 1);
	assert_int_equal(sent(rig, frame, rig_ipv4(frame, 17, 40), &bd), 0);
}

static void
counters(struct rig *rig)
{
	const uint8_t *bd;

	start(rig);
	rule(rig, 0, example_x, example_y, 0x0000b00e, 0xf); /* counter 5 */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(example_sent(rig, &bd), 3);
	assert_int_equal(counter(rig, 4), 0);
	assert_int_equal(counter(rig, 5), 3);
	assert_int_equal(counter(rig, 5), 0);
	assert_int_equal(example_sent(rig, &bd), 3);
	assert_int_equal(counter(rig, 5), 1);
	assert_int_equal(action(rig, 0, 0x000ff00e, 0x0400000f), 0); /* counter 255 */
	assert_int_equal(example_sent(rig, &bd), 3);
	assert_int_equal(counter(rig, 255), 1);
}

/* Without a queue the hash decides; a region starts at its queue. */
static void
mark_and_region(struct rig *rig)
{
	static const uint8_t ones[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	uint8_t tuples[24] = { 0, 0x0f }, tc[24] = { 0, 0xa0 }, key[24] = { 0 }, reta[24] = { 0 };
	const uint8_t *bd;
	uint32_t hash;

	start(rig);
	memset(key + 8, 0x5a, 16);
	assert_int_equal(rig_cmd1(rig, 0x0d01, 0x11, key), 0);
	assert_int_equal(rig_cmd1(rig, 0x0d02, 0x11, tuples), 0);
	assert_int_equal(rig_cmd1(rig, 0x0d08, 0x11, tc), 0);
	for (uint16_t i = 0; i < 512; i = (uint16_t)(i + 16)) {
		put16(reta, i);
		put16(reta + 2, 0xffff);
		memcpy(reta + 8, ones, 16);
		assert_int_equal(rig_cmd1(rig, 0x0d07, 0x11, reta), 0);
	}
	rule(rig, 0, example_x, example_y, 0, 0x13); /* mark 9 alone */
	assert_int_equal(example_sent(rig, &bd), 1);
	assert_int_equal(get16(bd + 20), 9);
	hash = get32(bd + 16);
	assert_true(hash != 0);
	rule(rig, 0, example_x, example_y, 0x8, 0x00030013); /* 2^1 queues from 2 */
	assert_int_equal(example_sent(rig, &bd), 2 + (hash & 1));
}

static void
strict_tags(struct rig *rig)
{
	uint8_t plain[200], frame[204];
	uint32_t len = udp_frame(plain);
	uint8_t x[52], y[52];
	const uint8_t *bd;

	start(rig);
	memcpy(frame, plain, 12);
	memcpy(frame + 12, "\x81\x00\x00\x64", 4);
	memcpy(frame + 16, plain + 12, len - 12);
	rule(rig, 0, example_x, example_y, 0xe, 0xf);
	assert_int_equal(sent(rig, plain, len, &bd), 3);
	assert_int_equal(sent(rig, frame, len + 4, &bd), 0); /* one tag too many */
	memcpy(x, example_x, 52);
	memcpy(y, example_y, 52);
	x[48] = 0xfa; /* VLAN number 2: one tag */
	y[48] = 0x04;
	y[23] = 0x64; /* tag 1: VID 100 */
	x[23] = 0x9b;
	x[24] = 0x0f;
	rule(rig, 0, x, y, 0xe, 0xf);
	assert_int_equal(sent(rig, plain, len, &bd), 0);
	assert_int_equal(sent(rig, frame, len + 4, &bd), 3);
	frame[15] = 0x65;
	assert_int_equal(sent(rig, frame, len + 4, &bd), 0);
}

static void
rules_read_back(struct rig *rig)
{
	struct rig_desc d[3] = { rig_desc(0x1203, 0x1d), rig_desc(0x1203, 0x1d),
		rig_desc(0x1203, 0x19) };

	start(rig);
	rule(rig, 7, example_x, example_y, 0xe, 0xf);
	d[0].b[9] = 1;
	d[0].b[12] = 7;
	rig_cmd(rig, d, 3);
	assert_int_equal(d[0].b[16], 1);
	assert_memory_equal(d[0].b + 24, example_x, 8);
	assert_memory_equal(d[1].b + 8, example_x + 8, 24);
	assert_memory_equal(d[2].b + 8, example_x + 32, 20);
}

static void
many_rules(struct rig *rig)
{
	uint8_t x[52], y[52], frame[200];
	uint32_t len = udp_frame(frame);
	const uint8_t *bd;

	start(rig);
	memcpy(x, example_x, 52);
	memcpy(y, example_y, 52);
	for (uint32_t i = 0; i < 2048; i++) { /* each for a port of its own */
		y[41] = (uint8_t)i;
		y[42] = (uint8_t)(i >> 8);
		x[41] = (uint8_t)~y[41];
		x[42] = (uint8_t)~y[42];
		rule(rig, 2047 - i, x, y, (i & 3) << 2 | 2, (i & 0xfff) << 1 | 1);
	}
	for (uint32_t i = 0; i < 2048; i += 31) {
		frame[36] = (uint8_t)(i >> 8);
		frame[37] = (uint8_t)i;
		assert_int_equal(sent(rig, frame, len, &bd), i & 3);
		assert_int_equal(get16(bd + 20), i);
	}
	frame[36] = 8;
	frame[37] = 0;
	assert_int_equal(sent(rig, frame, len, &bd), 0);
	assert_int_equal(get32(bd + 28) & 0x200, 0);
}

static void
queue_bond(struct rig *rig)
{
	assert_int_equal(rig_cmd1(rig, 0x1210, 0x11, NULL), 2);
	assert_int_equal(rig_cmd1(rig, 0x1211, 0x11, NULL), 2);
}

static const struct conf_rule rules[] = {
	{ "CONF-FD-01", "3:5.1", "the mode is one that drivers know, and on", rig_setup_cmdq, mode,
			0 },
	{ "CONF-FD-02", "3:5.2", "there are as many rules as told, and none behind them",
			rig_setup_cmdq, sizes, 0 },
	{ "CONF-FD-03", "3:5.7", "the worked example goes to queue 3 with mark 7", rig_setup_cmdq,
			worked_example, 0 },
	{ "CONF-FD-04", "3:5.7", "a rule is valid by the write of its x half", rig_setup_cmdq,
			valid_by_x, 0 },
	{ "CONF-FD-05", "3:5.12", "of the rules that match the lowest index wins", rig_setup_cmdq,
			lowest_index_wins, 0 },
	{ "CONF-FD-06", "3:5.8", "a rule drops, and counts what it drops", rig_setup_cmdq, dropped,
			0 },
	{ "CONF-FD-07", "3:5.9", "a counter is cleared when it is read", rig_setup_cmdq, counters,
			0 },
	{ "CONF-FD-08", "3:5.8", "without a queue the hash decides, in a region if there is one",
			rig_setup_cmdq, mark_and_region, 0 },
	{ "CONF-FD-09", "3:5.4", "the number of tags is part of the key, tag 1 the outermost",
			rig_setup_cmdq, strict_tags, 0 },
	{ "CONF-FD-10", "3:5.7", "rules read back", rig_setup_cmdq, rules_read_back, 0 },
	{ "CONF-FD-11", "3:5.2", "2048 rules are told apart", rig_setup_cmdq, many_rules, 0 },
	{ "CONF-FD-12", "3:5.11", "queue bonding is not supported", rig_setup_cmdq, queue_bond, 0 },
};

CONF_MAIN(rules)
