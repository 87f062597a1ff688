/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_wire.c and emu_wire_null.c: choosing a kind, specs, counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wire_rig.h"

static void
unknown_kinds_are_refused(void **state)
{
	static const char *const specs[] = { "", ":", "nul", "null2", "NULL", "pcap2:in=a",
		"netdevs:eth0", " null", "null,id=a222" };

	for (unsigned int i = 0; i < 9; i++)
		wire_refused(*state, specs[i], "there are pcap, tap, netdev, gen, link and null");
	wire_refused(*state, "null,id=a222", "link and null, and wire= stands last");
}

static void
null_takes_all_and_sends_none(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[1514] = { 0 };

	wire_refused(rig, "null:x", "takes no arguments, not \"x\"");
	wire_open(rig, "null");
	assert_string_equal(rig->wire.ops->kind, "null");
	assert_int_equal(wire_tx(rig, frame, 60, 0), EMU_TX_TAKEN);
	assert_int_equal(wire_tx(rig, frame, 1514, 100), EMU_TX_TAKEN);
	assert_int_equal(rig->wire.stats.tx_pkts, 2);
	assert_int_equal(rig->wire.stats.tx_bytes, 1574);
	assert_null(rig->wire.ops->poll);
	wire_close(rig);
	assert_null(rig->wire.ops);
	wire_close(rig); /* once more does no harm */
	wire_open(rig, "null:");
	assert_int_equal(rig->wire.stats.tx_pkts, 0);
}

static void
each_frame_is_counted_once(void **state)
{
	struct wire_rig *rig = *state;
	const struct emu_wire_stats *st = &rig->wire.stats;
	uint8_t bytes[100] = { 0 };
	struct emu_frame f = { .len_bytes = 100, .nb_segs = 2 };
	const struct emu_frame *frames[3] = { &f, &f, &f };

	wire_open(rig, "null");
	f.seg[0] = (struct iovec){ bytes, 60 };
	f.seg[1] = (struct iovec){ bytes + 60, 40 };
	rig->dev.room = 2;
	assert_int_equal(emu_wire_deliver_burst(&rig->wire, frames, 3, true), 2);
	assert_true(st->rx_pkts == 2 && st->rx_bytes == 200);
	assert_true(st->rx_refused_pkts == 0 && st->drop_no_bd_pkts == 0);
	assert_int_equal(emu_wire_deliver_burst(&rig->wire, frames, 3, false), 3);
	assert_true(st->rx_pkts == 2 && st->drop_no_bd_pkts == 3);
	assert_int_equal(rig->dev.missed, 3);
	rig->dev.refuses = true;
	assert_int_equal(emu_wire_deliver_burst(&rig->wire, frames, 1, true), 1);
	assert_true(st->rx_pkts == 2 && st->rx_refused_pkts == 1);
}

/* What the wire of the next case has to give: 70 frames, as many as fit at once. */
static struct emu_wire_queue queue;
static uint8_t queue_bytes[70][60];
static unsigned int nb_given;

static void
queue_fill(struct emu_wire *w)
{
	(void)w;
	assert_int_equal(queue.nb, 0);
	for (; nb_given < 70 && queue.nb < EMU_BURST; queue.nb++, nb_given++) {
		struct emu_frame *f = &queue.frame[queue.nb];

		bytes_fill(queue_bytes[nb_given], 60, nb_given);
		*f = (struct emu_frame){ .len_bytes = 60, .nb_segs = 1 };
		f->seg[0] = (struct iovec){ queue_bytes[nb_given], 60 };
	}
}

/* None is lost, none overtakes, and nothing new is read while some wait. */
static void
frames_wait_in_order(void **state)
{
	static const struct {
		uint32_t room;
		unsigned int budget, nb, given;
	} steps[] = { { 5, 32, 5, 32 }, { 0, 32, 0, 32 }, { 100, 10, 10, 32 }, { 100, 32, 32, 64 },
		{ 100, 17, 17, 64 }, { 100, 32, 6, 70 }, { 100, 32, 0, 70 } };
	struct wire_rig *rig = *state;

	wire_open(rig, "null");
	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		rig->dev.room = steps[i].room;
		assert_int_equal(emu_wire_poll_queue(
						 &rig->wire, &queue, steps[i].budget, queue_fill),
				steps[i].nb);
		assert_int_equal(nb_given, steps[i].given);
	}
	assert_int_equal(rig->dev.nb_kept, 70);
	for (unsigned int i = 0; i < 70; i++)
		assert_memory_equal(rig->dev.kept[i].bytes, queue_bytes[i], 60);
	assert_int_equal(rig->wire.stats.drop_no_bd_pkts, 0);
}

static void
flatten_copies_only_what_is_in_pieces(void **state)
{
	uint8_t a[3] = { 1, 2, 3 }, b[1] = { 4 }, c[2] = { 5, 6 }, buf[8] = { 0 };
	struct emu_frame f = { .len_bytes = 6, .nb_segs = 3 };

	(void)state;
	f.seg[0] = (struct iovec){ a, 3 };
	f.seg[1] = (struct iovec){ b, 1 };
	f.seg[2] = (struct iovec){ c, 2 };
	assert_ptr_equal(emu_frame_flatten(&f, buf), buf);
	assert_memory_equal(buf, "\1\2\3\4\5\6\0", 7);
	f.nb_segs = 1;
	f.len_bytes = 3;
	assert_ptr_equal(emu_frame_flatten(&f, buf), a);
}

static void
specs_are_cut_at_commas(void **state)
{
	char text[] = "in=a=b,loop,out=,,x", *rest = text, *key, *val;

	(void)state;
	assert_true(emu_spec_next(&rest, &key, &val));
	assert_string_equal(key, "in");
	assert_string_equal(val, "a=b");
	assert_true(emu_spec_next(&rest, &key, &val));
	assert_string_equal(key, "loop");
	assert_null(val);
	assert_true(emu_spec_next(&rest, &key, &val));
	assert_string_equal(key, "out");
	assert_string_equal(val, "");
	assert_true(emu_spec_next(&rest, &key, &val));
	assert_string_equal(key, "");
	assert_null(val);
	assert_true(emu_spec_next(&rest, &key, &val));
	assert_string_equal(key, "x");
	assert_false(emu_spec_next(&rest, &key, &val));
	assert_false(emu_spec_next(&rest, &key, &val));
	rest = text;
	text[0] = '\0';
	assert_false(emu_spec_next(&rest, &key, &val));
}

static void
numbers(void **state)
{
	static const char *const bad[] = { "", " ", "-1", " -1", "+1", " 1", "1 ", "1x", "0x", "x",
		"1.0", "4", "101", "18446744073709551616", "0xffffffffffffffffff" };
	uint64_t v = 77;

	(void)state;
	for (unsigned int i = 0; i < 15; i++) {
		if (emu_parse_u64(bad[i], 5, 100, &v) != -EINVAL)
			fail_msg("\"%s\" is taken for a number of 5 to 100", bad[i]);
	}
	assert_int_equal(v, 77);
	assert_int_equal(emu_parse_u64("-1", 0, UINT64_MAX, &v), -EINVAL);
	assert_int_equal(emu_parse_u64(" -1", 0, UINT64_MAX, &v), -EINVAL);
	assert_int_equal(emu_parse_u64("5", 5, 100, &v), 0);
	assert_int_equal(v, 5);
	assert_int_equal(emu_parse_u64("0x64", 5, 100, &v), 0);
	assert_int_equal(v, 100);
	assert_int_equal(emu_parse_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(emu_parse_u64("010", 5, 100, &v), 0); /* nobody means octal */
	assert_int_equal(v, 10);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, wire_setup, wire_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(unknown_kinds_are_refused),
		CASE(null_takes_all_and_sends_none),
		CASE(each_frame_is_counted_once),
		CASE(frames_wait_in_order),
		cmocka_unit_test(flatten_copies_only_what_is_in_pieces),
		cmocka_unit_test(specs_are_cut_at_commas),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
