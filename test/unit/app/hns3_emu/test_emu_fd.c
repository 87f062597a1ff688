/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_fd.c: keys of frames, byte by byte as doc/hns3 lays them out [3:5.5] [3:5.7],
 * and look-ups against a TCAM that simply tries all rules in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu_fd.h"

#define D_TUPLES 0x3bdfd890u /* the stock driver's 400-bit key */
#define D_META   0xd0u

static const struct emu_tpids tpids = { { 0x8100, 0x8100, 0x8100, 0x8100 } };

static uint32_t rnd_state = 20261;

static uint32_t
rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 17;
	rnd_state ^= rnd_state << 5;
	return rnd_state;
}

static int
setup(void **state)
{
	*state = emu_fd_create(EMU_FD_2K_400);
	assert_non_null(*state);
	emu_fd_key_layout(*state, D_TUPLES, D_META);
	return 0;
}

static int
teardown(void **state)
{
	emu_fd_destroy(*state);
	return 0;
}

static const struct emu_fd_action *
match(struct emu_fd *fd, const uint8_t *bytes, uint32_t len, unsigned int func)
{
	struct emu_frame f = { .len_bytes = len, .nb_segs = 1 };
	struct emu_parsed p;

	f.seg[0] = (struct iovec){ (void *)(uintptr_t)bytes, len };
	emu_parse(&f, &tpids, &p);
	return emu_fd_match(fd, &p, func);
}

/*
 * The frame's key holds @p expected at byte @p at: a rule that wants just that matches, and none
 * that wants one of its bits the other way round.
 */
static void
assert_key(struct emu_fd *fd, const uint8_t *bytes, uint32_t len, unsigned int func,
		unsigned int at, const void *expected, unsigned int nb)
{
	uint8_t x[52] = { 0 }, y[52] = { 0 };

	memcpy(y + at, expected, nb);
	for (unsigned int i = 0; i < nb; i++)
		x[at + i] = (uint8_t)~y[at + i];
	if (at + nb > 48 && fd->mode == EMU_FD_2K_400) /* below the metadata: in no key */
		x[48] &= 0xfe;
	emu_fd_rule_write_y(fd, 0, y);
	emu_fd_rule_write_x(fd, 0, x, true);
	assert_non_null(match(fd, bytes, len, func));
	for (unsigned int bit = 8 * at; bit < 8 * (at + nb); bit++) {
		uint8_t mask = (uint8_t)(1u << bit % 8);

		if (!((x[bit / 8] | y[bit / 8]) & mask))
			continue;
		x[bit / 8] ^= mask;
		y[bit / 8] ^= mask;
		emu_fd_rule_write_y(fd, 0, y);
		emu_fd_rule_write_x(fd, 0, x, true);
		assert_null(match(fd, bytes, len, func));
		x[bit / 8] ^= mask;
		y[bit / 8] ^= mask;
	}
	emu_fd_rule_write_x(fd, 0, (const uint8_t[52]){ 0 }, false);
}

/* 192.168.1.2:1024 -> 10.0.0.77:53, UDP, TOS 0x28; no checksum */
static const uint8_t udp_frame[60] = { 0x02, 0x11, 0x12, 0x13, 0x14, 0x15, 0x02, 0x21, 0x22, 0x23,
	0x24, 0x25, 0x08, 0x00, 0x45, 0x28, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 192, 168, 1, 2, 10, 0,
	0, 77, 0x04, 0x00, 0, 53, 0, 26 };

static void
key_of_a_plain_frame(void **state)
{
	static const uint8_t expected[47] = { [11] = 0x15,
		0x14,
		0x13,
		0x12,
		0x11,
		0x02, /* dst */
		[17] = 0x25,
		0x24,
		0x23,
		0x22,
		0x21,
		0x02, /* src */
		[27] = 0x00,
		0x08,
		0x28,
		17,
		0x02,
		0x01,
		0xa8,
		0xc0,
		77,
		0,
		0,
		10, /* IP */
		[39] = 0x00,
		0x04,
		53,
		0 };

	assert_key(*state, udp_frame, 60, 0, 0, expected, 47);
	assert_key(*state, udp_frame, 60, 0, 48, "\0\0", 2);
	/* Linux's layouts [3:5.5]: revision 0x21 */
	emu_fd_key_layout(*state, 0x1bd70000, 0x44);
	assert_key(*state, udp_frame, 60, 3, 0, expected + 11, 12);
	assert_key(*state, udp_frame, 60, 3, 14, expected + 27, 16);
	/* metadata: RoCE type 0, destination port of function 3 (3 << 3), ends at bit 399 */
	assert_key(*state, udp_frame, 60, 3, 49, "\x01", 1);
}

static void
key_of_tags(void **state)
{
	uint8_t frame[68];

	memcpy(frame, udp_frame, 12);
	memcpy(frame + 12, "\x81\x00\x20\x64\x81\x00\x00\xc8", 8);
	memcpy(frame + 20, udp_frame + 12, 48);
	assert_key(*state, frame, 68, 0, 23, "\x64\x20\xc8\x00\x00\x08\x28\x11", 8);
	/* three: two tags; shifted by one as bit 15 is the top [3:5.5] */
	assert_key(*state, frame, 68, 0, 48, "\x06\x00", 2);
	memcpy(frame + 16, udp_frame + 12, 48);
	assert_key(*state, frame, 64, 0, 23, "\x64\x20\x00\x00\x00\x08\x28\x11", 8);
	assert_key(*state, frame, 64, 0, 48, "\x04\x00", 2);
}

static void
key_of_a_tunnel(void **state)
{
	/* outer IPv4 of 130 bytes, UDP 5000 -> 4789, VXLAN with VNI 0xabcdef, then the frame */
	static const uint8_t head[50] = { 0x02, 1, 1, 1, 1, 1, 0x02, 2, 2, 2, 2, 2, 0x08, 0, 0x45,
		0, 0, 96, 0, 0, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x13, 0x88, 0x12, 0xb5,
		0, 76, 0, 0, 0x08, 0, 0, 0, 0xab, 0xcd, 0xef, 0 };
	static const uint8_t none[52], x6558[52] = { [5] = 0xa7, 0x9a };
	struct emu_fd *fd = *state;
	uint8_t frame[110];

	memcpy(frame, head, 50);
	memcpy(frame + 50, udp_frame, 60);
	/* ether type, protocol, ports, VNI, flow id of the outside; then the inner frame */
	assert_key(fd, frame, 110, 0, 0, "\x00\x08\x11\x88\x13\xb5\x12\xef\xcd\xab\x00\x15\x14",
			13);
	assert_key(fd, frame, 110, 0, 31, "\x02\x01\xa8\xc0\x4d\x00\x00\x0a\x00\x04\x35\x00", 12);
	assert_key(fd, frame, 110, 0, 49, "\x80", 1); /* tunnel: the top bit */
	/* NVGRE: GRE with key 0x123456 and flow id 0x78 */
	frame[23] = 47;
	memcpy(frame + 34, "\x20\x00\x65\x58\x12\x34\x56\x78", 8);
	memcpy(frame + 42, udp_frame, 60);
	assert_key(fd, frame, 110, 0, 2, "\x2f\x00\x00", 3);
	/* the drivers' mask 0x9aa7 finds zeros [3:5.12] */
	emu_fd_rule_write_y(fd, 1, none);
	emu_fd_rule_write_x(fd, 1, x6558, true);
	assert_non_null(match(fd, frame, 110, 0));
	emu_fd_rule_write_x(fd, 1, none, false);
	assert_key(fd, frame, 110, 0, 7, "\x56\x34\x12\x78\x15", 5);
	assert_key(fd, frame, 110, 0, 49, "\x80", 1);
}

static void
key_of_outer_tags(void **state)
{
	/* a tag, then IPv4, UDP 1 -> 4789, VXLAN with VNI 1, an ARP frame */
	static const uint8_t frame[80] = { 0x02, 1, 1, 1, 1, 1, 0x02, 2, 2, 2, 2, 2, 0x81, 0, 0x10,
		9, 8, 0, 0x45, 0, 0, 62, 0, 0, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1,
		0x12, 0xb5, 0, 42, 0, 0, 0x08, 0, 0, 0, 0, 0, 1, 0, 0x02, 3, 3, 3, 3, 3, 0x02, 4, 4,
		4, 4, 4, 8, 6 };
	struct emu_fd *fd = *state;

	/* outer MAC addresses and tags, inner addresses, tag 1 and type */
	emu_fd_key_layout(fd, 0x0017000f, 0xd0);
	assert_key(fd, frame, 80, 0, 0, "\1\1\1\1\1\2\2\2\2\2\2\2\x09\x10\0\0", 16);
	assert_key(fd, frame, 80, 0, 16, "\3\3\3\3\3\2\4\4\4\4\4\2\0\0\6\x08", 16);
	assert_key(fd, frame, 80, 0, 48, "\x04\x80", 2); /* one outer tag, a tunnel */
}

static void
key_of_ipv6_and_sctp(void **state)
{
	static const uint8_t frame[78] = { 0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x86, 0xdd,
		0x6a, 0xb0, 0, 0, 0, 24, 132, 64, 0x20, 1, [34] = 0x11, 0x22, 0x33, 0x44, 0x20,
		2, [50] = 0x55, 0x66, 0x77, 0x88, 0x0a, 0xea, 0x06, 0xe6, 0xca, 0xfe, 0xba, 0xbe };

	assert_key(*state, frame, 78, 0, 27, "\xdd\x86\xab\x84\x44\x33\x22\x11\x88\x77\x66\x55",
			12);
	assert_key(*state, frame, 78, 0, 39, "\xea\x0a\xe6\x06\xbe\xba\xfe\xca", 8);
}

/* [3:5.10], offset 2 from the start of the IPv4 header: its length */
static void
key_of_user_defined_bytes(void **state)
{
	struct emu_fd *fd = *state;

	emu_fd_key_layout(fd, 0x3ff70000, 0x44);
	fd->has_user_def = true;
	fd->user_def[2].is_on = true;
	fd->user_def[2].offset = 2;
	assert_key(fd, udp_frame, 60, 0, 28, "\x2e\x00", 2);
	fd->user_def[2].offset = 60; /* beyond the frame: nothing */
	assert_key(fd, udp_frame, 60, 0, 28, "\0\0", 2);
	fd->user_def[0].is_on = fd->user_def[5].is_on = true;
	fd->user_def[0].offset = 6; /* source MAC */
	fd->user_def[5].offset = 0; /* the ports */
	assert_key(fd, udp_frame, 60, 0, 16, "\x21\x02", 2);
	assert_key(fd, udp_frame, 60, 0, 34, "\x35\x00\x00\x04", 4);
}

/* The worked example of [3:5.7]. */
static void
worked_example(void **state)
{
	static const uint8_t x[52] = { [27] = 0xff,
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
	static const uint8_t y[52] = {
		[28] = 8, 0, 0x11, 2, 1, 0xa8, 0xc0, 0, 0, 0, 0x0a, 0, 0, 0x35
	};
	struct emu_frame f = { .len_bytes = 60, .nb_segs = 1 };
	struct emu_fd *fd = *state;
	const struct emu_fd_action *a;
	struct emu_parsed p;
	uint8_t frame[60];

	memcpy(frame, udp_frame, 60);
	f.seg[0] = (struct iovec){ frame, 60 };
	emu_parse(&f, &tpids, &p);
	emu_fd_action_write(fd, 9, 0x0000b00e, 0xf); /* queue 3, counter 5, mark 7 */
	emu_fd_rule_write_y(fd, 9, y);
	assert_null(emu_fd_match(fd, &p, 0)); /* valid with the x half only */
	emu_fd_rule_write_x(fd, 9, x, true);
	a = emu_fd_match(fd, &p, 0);
	assert_non_null(a);
	assert_false(a->drop || a->to_region);
	assert_true(a->to_queue && a->writes_id && a->counts);
	assert_int_equal(a->queue, 3);
	assert_int_equal(a->rule_id, 7);
	assert_int_equal(a->counter, 5);
	assert_null(emu_fd_match(fd, &p, 1)); /* the metadata name function 0 */
	frame[33] = 200;                      /* within 10.0.0.0/24 */
	assert_non_null(emu_fd_match(fd, &p, 0));
	frame[32] = 1;
	assert_null(emu_fd_match(fd, &p, 0));
	assert_int_equal(emu_fd_counter_read(fd, 5), 2);
	assert_int_equal(emu_fd_counter_read(fd, 5), 0); /* cleared by reading [3:5.9] */
	frame[32] = 0;
	emu_fd_rule_write_x(fd, 9, (const uint8_t[52]){ 0 }, false);
	assert_null(emu_fd_match(fd, &p, 0));
}

static void
action_words(void **state)
{
	struct emu_fd *fd = *state;
	const struct emu_fd_action *a = &fd->rule[2047].action;

	emu_fd_action_write(fd, 2047, 0x1, 0x1); /* drop, id 0 [3:5.8] */
	assert_true(a->drop && a->writes_id);
	assert_false(a->to_queue || a->counts || a->to_region);
	assert_int_equal(a->rule_id, 0);
	/* region of 2^4 queues from 1024 + 1023, counter 255, id 0xfff */
	emu_fd_action_write(fd, 2047, 0x000ffffc, 0x04291fff);
	assert_true(a->to_region && a->counts && !a->to_queue && !a->drop);
	assert_int_equal(a->region_log2, 4);
	assert_int_equal(a->queue, 2047);
	assert_int_equal(a->counter, 255);
	assert_int_equal(a->rule_id, 0xfff);
}

/* ---- against a plain TCAM ---- */

struct plain_rule {
	uint8_t x[52], y[52];
	bool valid;
};

static int
plain_find(const struct plain_rule *rules, unsigned int nb, const uint8_t *key)
{
	for (unsigned int r = 0; r < nb; r++) {
		unsigned int i = 0;

		while (i < 52 && (key[i] & rules[r].x[i]) == 0 && (~key[i] & rules[r].y[i]) == 0)
			i++;
		if (rules[r].valid && i == 52)
			return (int)r;
	}
	return -1;
}

/*
 * Keys with few distinct bytes, masks of few kinds (and now and then any): many rules overlap.
 * Rules are written, half rewritten and cleared in between.
 */
static void
same_as_a_plain_tcam(void **state)
{
	enum {
		NB = 2048
	};
	struct plain_rule *rules = calloc(NB, sizeof(*rules));
	struct emu_fd *fd = *state;
	unsigned int hits = 0;
	uint8_t masks[12][52];

	assert_non_null(rules);
	print_message("seed %u\n", rnd_state);
	for (unsigned int m = 0; m < 12; m++) {
		for (unsigned int i = 0; i < 52; i++)
			masks[m][i] = rnd() % 4 ? 0 : (uint8_t)rnd();
	}
	for (unsigned int n = 0; n < 60000; n++) {
		unsigned int r = rnd() % NB;
		uint8_t key[52] = { 0 };
		struct emu_fd_record record;
		const struct emu_fd_rule *found;
		int want;

		for (unsigned int i = 0; i < 52; i++)
			key[i] = rnd() % 8 ? 0 : (uint8_t)(rnd() & 0x42);
		key[47] = key[50] = key[51] = 0; /* in no key */
		if (n % 3 == 0) {
			const uint8_t *mask = masks[rnd() % 12];
			bool odd = rnd() % 50 == 0;

			for (unsigned int i = 0; i < 52; i++) {
				uint8_t v = odd && rnd() % 20 == 0 ? (uint8_t)rnd() : mask[i];

				rules[r].x[i] = (uint8_t)(~key[i] & v);
				rules[r].y[i] = key[i] & v;
			}
			if (rnd() % 100 == 0)
				rules[r].x[3] = rules[r].y[3] = 1; /* never matches */
			rules[r].valid = true;
			emu_fd_rule_write_y(fd, r, rules[r].y);
			emu_fd_rule_write_x(fd, r, rules[r].x, true);
		} else if (n % 16 == 1) {
			memset(rules[r].x, 0, 52);
			rules[r].valid = false;
			emu_fd_rule_write_x(fd, r, rules[r].x, false);
		} else if (n % 64 == 2) { /* one half anew: often a rule that cannot match */
			rules[r].y[rnd() % 52] ^= 1;
			emu_fd_rule_write_y(fd, r, rules[r].y);
		}
		want = plain_find(rules, NB, key);
		assert_true(emu_fd_key_unpack(fd, key, &record));
		found = emu_fd_find(fd, &record);
		assert_int_equal(found ? found - fd->rule : -1, want);
		hits += want > 0;
	}
	assert_true(hits > 1000); /* it would prove nothing otherwise */
	for (unsigned int r = 0; r < NB; r++)
		emu_fd_rule_write_x(fd, r, (const uint8_t[52]){ 0 }, false);
	assert_int_equal(fd->nb_live, 0);
	assert_int_equal(fd->nb_groups, 0);
	free(rules);
}

static void
modes_and_reset(void **state)
{
	struct emu_fd *fd = *state, *small = emu_fd_create(EMU_FD_4K_200);
	static const uint8_t all[52];

	assert_int_equal(fd->nb_rules, 2048);
	assert_int_equal(small->nb_rules, 4096);
	emu_fd_key_layout(small, 0x1bd40000, D_META);
	assert_key(small, udp_frame, 60, 1, 0,
			"\0\0\x00\x08\x28\x11\x02\x01\xa8\xc0\x4d\x00\x00\x0a\x00\x04\x35\x00", 18);
	/* VLAN number 0, function 1, no tunnel: (1 << 3 << 2) << 1, ends at bit 199 */
	assert_key(small, udp_frame, 60, 1, 24, "\x00", 1);
	emu_fd_rule_write_x(small, 4095, all, true);
	assert_ptr_equal(match(small, udp_frame, 60, 0), &small->rule[4095].action);
	emu_fd_reset(small);
	assert_null(match(small, udp_frame, 60, 0));
	assert_int_equal(small->nb_live, 0);
	emu_fd_destroy(small);
}

/* A bit that must be 0 and 1 matches nothing; the y half of a valid rule counts at once. */
static void
halves_of_a_valid_rule(void **state)
{
	static const uint8_t none[52], tos_x[52] = { [29] = 0xd7 }, tos_y[52] = { [29] = 0x28 };
	static const uint8_t both[52] = { [27] = 1 }, other[52] = { [30] = 0x80 };
	struct emu_fd *fd = *state;

	emu_fd_rule_write_y(fd, 3, tos_y);
	emu_fd_rule_write_x(fd, 3, tos_x, true);
	assert_non_null(match(fd, udp_frame, 60, 0));
	emu_fd_rule_write_y(fd, 3, other); /* a protocol of 128 and more, no TOS */
	assert_null(match(fd, udp_frame, 60, 0));
	emu_fd_rule_write_y(fd, 3, none);
	emu_fd_rule_write_x(fd, 3, none, true);
	assert_non_null(match(fd, udp_frame, 60, 0));
	emu_fd_rule_write_x(fd, 3, both, true); /* the type's lowest bit is 0, as in the frame */
	assert_non_null(match(fd, udp_frame, 60, 0));
	emu_fd_rule_write_y(fd, 3, both);
	assert_null(match(fd, udp_frame, 60, 0));
	assert_int_equal(fd->nb_live, 0);
	emu_fd_rule_write_x(fd, 3, none, false);
}

/* A new layout is for the rules that are there, too. */
static void
layout_changes_under_a_rule(void **state)
{
	static const uint8_t x[52] = { [29] = 0xd7 }, y[52] = { [29] = 0x28 };
	struct emu_fd *fd = *state;

	emu_fd_rule_write_y(fd, 3, y);
	emu_fd_rule_write_x(fd, 3, x, true);
	assert_non_null(match(fd, udp_frame, 60, 0)); /* TOS */
	emu_fd_key_layout(fd, 0x1bd70000, 0x44);
	assert_null(match(fd, udp_frame, 60, 0)); /* a destination port now */
	emu_fd_key_layout(fd, D_TUPLES, D_META);
	assert_non_null(match(fd, udp_frame, 60, 0));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(key_of_a_plain_frame),
		CASE(key_of_tags),
		CASE(key_of_a_tunnel),
		CASE(key_of_outer_tags),
		CASE(key_of_ipv6_and_sctp),
		CASE(key_of_user_defined_bytes),
		CASE(worked_example),
		CASE(action_words),
		CASE(same_as_a_plain_tcam),
		CASE(modes_and_reset),
		CASE(halves_of_a_valid_rule),
		CASE(layout_changes_under_a_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
