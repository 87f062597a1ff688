/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_wire_pcap.c: captures in, captures out. Files are written and read here byte by
 * byte (pcap-savefile(5)), without libpcap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "wire_rig.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du

/* A capture being made; big: in the other byte order. */
struct capture {
	uint8_t bytes[1 << 19];
	uint32_t size;
	bool big;
};

static void
put(struct capture *c, uint32_t val, unsigned int nb)
{
	for (unsigned int i = 0; i < nb; i++)
		c->bytes[c->size++] = (uint8_t)(val >> 8 * (c->big ? nb - 1 - i : i));
}

static struct capture *
capture_begin(uint32_t magic, bool big, uint32_t linktype)
{
	struct capture *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->big = big;
	put(c, magic, 4);
	put(c, 2, 2); /* version 2.4 */
	put(c, 4, 2);
	put(c, 0, 4);
	put(c, 0, 4);
	put(c, 262144, 4);
	put(c, linktype, 4);
	return c;
}

/* A frame of @p len bytes of which @p caplen are in the file. */
static void
capture_add(struct capture *c, uint32_t caplen, uint32_t len, unsigned int seed)
{
	put(c, 1700000000, 4);
	put(c, 999999, 4);
	put(c, caplen, 4);
	put(c, len, 4);
	bytes_fill(c->bytes + c->size, caplen, seed);
	c->size += caplen;
}

static void
capture_end(struct capture *c, const char *name)
{
	file_write(name, c->bytes, c->size);
	free(c);
}

/* Frames of these lengths; frame i holds bytes i, i + 1, ... */
static void
capture_make(const char *name, const uint32_t *len, unsigned int nb)
{
	struct capture *c = capture_begin(MAGIC_US, false, 1);

	for (unsigned int i = 0; i < nb; i++)
		capture_add(c, len[i], len[i], i);
	capture_end(c, name);
}

static void
assert_kept(struct wire_rig *rig, uint32_t i, uint32_t len, unsigned int seed)
{
	uint8_t want[65536];

	assert_true(i < rig->dev.nb_kept);
	assert_int_equal(rig->dev.kept[i].len, len);
	bytes_fill(want, len, seed);
	assert_memory_equal(rig->dev.kept[i].bytes, want, len);
}

static void
frames_arrive_unchanged(void **state)
{
	static const uint32_t len[] = { 60, 61, 64, 1514, 9018, 60, 65536 };
	struct wire_rig *rig = *state;

	capture_make("in", len, 7);
	wire_open(rig, "pcap:in=in");
	wire_poll_until(rig, 7);
	assert_int_equal(wire_poll_for(rig, 20), 0); /* once for each client */
	assert_int_equal(rig->dev.nb_kept, 7);
	for (unsigned int i = 0; i < 7; i++)
		assert_kept(rig, i, len[i], i);
	assert_int_equal(rig->wire.stats.rx_pkts, 7);
	assert_int_equal(rig->wire.stats.rx_bytes, 76313);
}

static void
short_frames_are_padded_with_zeros(void **state)
{
	static const uint32_t len[] = { 14, 59, 0 };
	struct wire_rig *rig = *state;
	uint8_t want[60] = { 0 };

	capture_make("in", len, 3);
	wire_open(rig, "pcap:in=in");
	wire_poll_until(rig, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(rig->dev.kept[i].len, 60);
		memset(want, 0, 60);
		bytes_fill(want, len[i], i);
		assert_memory_equal(rig->dev.kept[i].bytes, want, 60);
	}
}

/* Microseconds and nanoseconds, both byte orders. */
static void
magics(void **state)
{
	struct wire_rig *rig = *state;

	for (unsigned int i = 0; i < 4; i++) {
		struct capture *c = capture_begin(i & 1 ? MAGIC_NS : MAGIC_US, i & 2, 1);

		capture_add(c, 100, 100, 7);
		capture_add(c, 200, 200, 8);
		capture_end(c, "in");
		wire_open(rig, "pcap:in=in");
		dev_forget(&rig->dev);
		wire_poll_until(rig, 2);
		assert_kept(rig, 0, 100, 7);
		assert_kept(rig, 1, 200, 8);
		wire_close(rig);
	}
}

static void
bad_inputs_are_refused(void **state)
{
	static const uint32_t one[] = { 100 };
	struct capture *c;

	wire_refused(*state, "pcap:in=none", "cannot read \"none\"");
	wire_refused(*state, "pcap:in=", "cannot read \"\"");
	wire_refused(*state, "pcap:in=.", "cannot read \".\"");
	file_write("in", "", 0);
	wire_refused(*state, "pcap:in=in", "cannot read \"in\"");
	file_write("in", "this is not a capture, but a text", 33);
	wire_refused(*state, "pcap:in=in", "cannot read \"in\"");
	capture_make("in", one, 0);
	wire_refused(*state, "pcap:in=in", "\"in\" holds no frames");
	capture_end(capture_begin(MAGIC_US, false, 101), "in");
	wire_refused(*state, "pcap:in=in", "\"in\" holds no Ethernet frames");
	c = capture_begin(MAGIC_US, false, 1);
	capture_add(c, 60, 60, 0);
	capture_add(c, 96, 1514, 0); /* as with tcpdump -s 96 */
	capture_end(c, "in");
	wire_refused(*state, "pcap:in=in",
			"frame 2: 96 of 1514 bytes captured, 65536 are the most; capture whole "
			"frames (tcpdump -s 0)");
	c = capture_begin(MAGIC_US, false, 1);
	capture_add(c, 65537, 65537, 0);
	capture_end(c, "in");
	wire_refused(*state, "pcap:in=in", "frame 1: 65537 of 65537 bytes captured");
}

/* Cut anywhere: in the file's header, a frame's header, a frame. */
static void
truncated_files_are_refused(void **state)
{
	struct capture *c = capture_begin(MAGIC_US, false, 1);

	capture_add(c, 60, 60, 0);
	capture_add(c, 60, 60, 0);
	for (uint32_t size = 1; size < 176; size++) {
		file_write("in", c->bytes, size);
		if (size < 24)
			wire_refused(*state, "pcap:in=in", "cannot read \"in\"");
		else if (size == 24)
			wire_refused(*state, "pcap:in=in", "holds no frames");
		else if (size != 100)
			wire_refused(*state, "pcap:in=in", size < 100 ? "frame 1: " : "frame 2: ");
	}
	assert_int_equal(c->size, 176);
	capture_end(c, "in");
	wire_open(*state, "pcap:in=in");
}

static void
bad_specs_are_refused(void **state)
{
	static const uint32_t one[] = { 100 };
	static const char *const bad[] = { "in", "out", "loop=1", "lossy=", "x", "in=in,in=in",
		"out=out,out=out2", "in=in,mac=02:00:00:00:00:01", "in=in,,loop" };
	char spec[80], hint[] = "it takes in=FILE, out=FILE, loop and lossy";

	capture_make("in", one, 1);
	for (unsigned int i = 0; i < 9; i++) {
		snprintf(spec, sizeof(spec), "pcap:%s", bad[i]);
		wire_refused(*state, spec, hint);
	}
	wire_refused(*state, "pcap", "give in=FILE, out=FILE or both");
	wire_refused(*state, "pcap:", "give in=FILE, out=FILE or both");
	wire_refused(*state, "pcap:loop,lossy", "give in=FILE, out=FILE or both");
}

/* What is refused leaves no file, and does not empty one that is there. */
static void
a_refused_wire_writes_nothing(void **state)
{
	static const uint32_t one[] = { 100 };
	size_t size;
	uint8_t *bytes;

	file_write("old", "precious", 8);
	wire_refused(*state, "pcap:out=old,in=none", "cannot read \"none\"");
	wire_refused(*state, "pcap:out=old,bad", "it takes");
	wire_refused(*state, "pcap:out=new,bad", "it takes");
	bytes = file_read("old", &size);
	assert_int_equal(size, 8);
	assert_memory_equal(bytes, "precious", 8);
	free(bytes);
	assert_int_equal(access("new", F_OK), -1);
	/* the capture is read before the same file is written, whatever comes first */
	capture_make("both", one, 1);
	wire_open(*state, "pcap:out=both,in=both");
	wire_poll_until(*state, 1);
}

/* Neither by another port nor by another emulator, and what is in it is not lost. */
static void
a_file_is_written_by_one_wire(void **state)
{
	struct wire_rig *rig = *state;
	struct emu_wire *second;
	char why[256];
	struct stat st;

	wire_open(rig, "pcap:out=out");
	rig->wire.ops->flush(&rig->wire);
	second = calloc(1, sizeof(*second));
	assert_non_null(second);
	assert_int_equal(rig->wire.ops->open(second, "out=out", why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "\"out\": another port or emulator writes it"));
	free(second);
	assert_int_equal(stat("out", &st), 0);
	assert_int_equal(st.st_size, 24);
}

static void
loop_begins_again(void **state)
{
	static const uint32_t len[] = { 60, 61, 62 };
	struct wire_rig *rig = *state;

	capture_make("in", len, 3);
	wire_open(rig, "pcap:in=in,loop");
	wire_poll_until(rig, 100);
	for (unsigned int i = 0; i < 100; i++)
		assert_kept(rig, i, 60 + i % 3, i % 3);
}

static void
nothing_comes_before_the_device_is_ready(void **state)
{
	static const uint32_t len[] = { 60, 61, 62 };
	struct wire_rig *rig = *state;

	capture_make("in", len, 3);
	wire_open(rig, "pcap:in=in");
	rig->dev.ready = false;
	assert_int_equal(wire_poll_for(rig, 400), 0);
	rig->dev.ready = true;
	assert_int_equal(wire_poll_for(rig, 100), 0); /* filters may still come */
	rig->dev.ready = false;
	assert_int_equal(wire_poll_for(rig, 5), 0);
	rig->dev.ready = true;
	assert_int_equal(wire_poll_for(rig, 100), 0);
	wire_poll_until(rig, 3);
	/* the next client gets all of it again */
	rig->wire.ops->restart(&rig->wire);
	assert_int_equal(wire_poll_for(rig, 100), 0);
	wire_poll_until(rig, 6);
	assert_kept(rig, 3, 60, 0);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
}

static void
without_room_frames_wait(void **state)
{
	static const uint32_t len[] = { 60, 61, 62, 63 };
	struct wire_rig *rig = *state;

	capture_make("in", len, 4);
	wire_open(rig, "pcap:in=in");
	rig->dev.room = 1;
	wire_poll_until(rig, 1);
	assert_int_equal(wire_poll_for(rig, 20), 0);
	assert_int_equal(rig->wire.stats.drop_no_bd_pkts, 0);
	rig->dev.room = 3;
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 2), 2); /* the budget */
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 2), 1);
	for (unsigned int i = 0; i < 4; i++)
		assert_kept(rig, i, 60 + i, i);
	assert_int_equal(rig->dev.missed, 0);
}

static void
lossy_does_not_wait(void **state)
{
	static const uint32_t len[] = { 60, 61, 62, 63 };
	struct wire_rig *rig = *state;

	capture_make("in", len, 4);
	wire_open(rig, "pcap:in=in,lossy");
	rig->dev.room = 1;
	wire_poll_dealt(rig, 4);
	assert_int_equal(rig->wire.stats.rx_pkts, 1);
	assert_int_equal(rig->wire.stats.drop_no_bd_pkts, 3);
	assert_int_equal(rig->dev.missed, 3);
}

static void
refused_frames_are_counted(void **state)
{
	static const uint32_t len[] = { 60, 61 };
	struct wire_rig *rig = *state;

	capture_make("in", len, 2);
	wire_open(rig, "pcap:in=in");
	rig->dev.refuses = true;
	wire_poll_dealt(rig, 2);
	assert_int_equal(rig->wire.stats.rx_refused_pkts, 2);
	assert_int_equal(rig->wire.stats.rx_pkts, 0);
}

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
sent_frames_are_written_unchanged(void **state)
{
	static const uint32_t len[] = { 60, 1514, 9018, 65536 };
	struct wire_rig *rig = *state;
	uint8_t frame[65536], *bytes;
	size_t size, at = 24;

	wire_open(rig, "pcap:out=out");
	assert_int_equal(wire_poll_for(rig, 5), 0);
	for (unsigned int i = 0; i < 4; i++) {
		bytes_fill(frame, len[i], 50 + i);
		/* in one piece, or in several */
		assert_int_equal(wire_tx(rig, frame, len[i], i & 1 ? 1100 : 0), EMU_TX_TAKEN);
	}
	rig->wire.ops->flush(&rig->wire);
	bytes = file_read("out", &size);
	assert_int_equal(size, 24 + 4 * 16 + 76128);
	assert_memory_equal(bytes, "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0", 24);
	for (unsigned int i = 0; i < 4; i++) {
		bytes_fill(frame, len[i], 50 + i);
		assert_true(le32(bytes + at + 4) < 1000000);
		assert_int_equal(le32(bytes + at + 8), len[i]);
		assert_int_equal(le32(bytes + at + 12), len[i]);
		assert_memory_equal(bytes + at + 16, frame, len[i]);
		at += 16 + len[i];
	}
	free(bytes);
	assert_int_equal(rig->wire.stats.tx_pkts, 4);
	assert_int_equal(rig->wire.stats.tx_bytes, 76128);
	/* what was written is good to be read */
	wire_close(rig);
	wire_open(rig, "pcap:in=out");
}

static void
without_out_frames_are_discarded(void **state)
{
	static const uint32_t one[] = { 60 };
	struct wire_rig *rig = *state;
	uint8_t frame[60] = { 0 };

	capture_make("in", one, 1);
	wire_open(rig, "pcap:in=in");
	assert_int_equal(wire_tx(rig, frame, 60, 0), EMU_TX_TAKEN);
	assert_int_equal(rig->wire.stats.tx_pkts, 1);
	rig->wire.ops->flush(&rig->wire);
}

static unsigned int nb_errors;

static void
sink(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	(void)ap;
	assert_int_equal(level, BASE_LOG_ERR);
	assert_string_equal(module, "emu.wire");
	assert_non_null(strstr(fmt, "the capture is not complete"));
	nb_errors++;
}

/* What cannot be written is dropped by name; once it is said why. */
static void
full_disk(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[9000] = { 0 };

	base_log_sink_set(sink);
	nb_errors = 0;
	wire_open(rig, "pcap:out=/dev/full");
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(wire_tx(rig, frame, 9000, 0), EMU_TX_DROPPED);
	assert_int_equal(rig->wire.stats.drop_tx_error_pkts, 10);
	assert_int_equal(rig->wire.stats.tx_pkts, 0);
	wire_close(rig);
	assert_int_equal(nb_errors, 1);
	/* small ones wait in a buffer until it is flushed */
	wire_open(rig, "pcap:out=/dev/full");
	assert_int_equal(wire_tx(rig, frame, 60, 0), EMU_TX_TAKEN);
	rig->wire.ops->flush(&rig->wire);
	assert_int_equal(nb_errors, 2);
	assert_int_equal(wire_tx(rig, frame, 60, 0), EMU_TX_DROPPED);
	wire_close(rig);
	wire_open(rig, "pcap:out=/dev/full");
	assert_int_equal(wire_tx(rig, frame, 60, 0), EMU_TX_TAKEN);
	wire_close(rig);
	assert_int_equal(nb_errors, 3);
	base_log_sink_set(NULL);
}

static void
unwritable_outputs(void **state)
{
	wire_refused(*state, "pcap:out=none/out", "cannot write \"none/out\"");
	wire_refused(*state, "pcap:out=.", "cannot write \".\"");
	wire_refused(*state, "pcap:out=", "cannot write \"\"");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, wire_setup, wire_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(frames_arrive_unchanged),
		CASE(short_frames_are_padded_with_zeros),
		CASE(magics),
		CASE(bad_inputs_are_refused),
		CASE(truncated_files_are_refused),
		CASE(bad_specs_are_refused),
		CASE(a_refused_wire_writes_nothing),
		CASE(a_file_is_written_by_one_wire),
		CASE(loop_begins_again),
		CASE(nothing_comes_before_the_device_is_ready),
		CASE(without_room_frames_wait),
		CASE(lossy_does_not_wait),
		CASE(refused_frames_are_counted),
		CASE(sent_frames_are_written_unchanged),
		CASE(without_out_frames_are_discarded),
		CASE(unwritable_outputs),
		CASE(full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
