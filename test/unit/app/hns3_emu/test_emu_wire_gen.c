/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_wire_gen.c: sizes, mix, flows, rate, batch; and that frames are right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "deadline.h"
#include "wire_rig.h"

static void
bad_specs_are_refused(void **state)
{
	static const char *const bad[] = { "x", "size", "size=", "size=63", "size=9601",
		"size=IMIX", "imix", "rate", "rate=-1", "rate=1000000001", "rate=1e6", "flows",
		"flows=0", "flows=65537", "batch=0", "batch=4097", "batch", "size=64,,", "rate=1 ",
		"loop" };
	char spec[64];

	for (unsigned int i = 0; i < 20; i++) {
		snprintf(spec, sizeof(spec), "gen:%s", bad[i]);
		wire_refused(*state, spec,
				"it takes size=64..9600 or imix (bytes with FCS), "
				"rate=0..1000000000 (packets a second, 0: all that goes), "
				"flows=1..65536, batch=1..4096");
	}
}

/* A frame with FCS of @p size bytes must be right in every field. */
static void
assert_frame(const struct kept_frame *f, uint32_t size)
{
	const uint8_t *b = f->bytes;
	uint32_t udp = size - 4 - 34;

	assert_int_equal(f->len, size - 4);
	assert_memory_equal(b, "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0\x45\0", 16);
	assert_int_equal(b[16] << 8 | b[17], size - 18);
	assert_int_equal(b[22], 64);
	assert_int_equal(b[23], 17);
	assert_int_equal(b[26], 198);
	assert_int_equal(b[27], 18);
	assert_memory_equal(b + 30, "\xc6\x13\0\1", 4);
	assert_int_equal(b[36] << 8 | b[37], 9);
	assert_int_equal(b[38] << 8 | b[39], udp);
	assert_int_equal(bytes_sum(b + 14, 20, 0), 0xffff);
	assert_true(b[40] || b[41]);
	assert_int_equal(bytes_sum(b + 34, udp, bytes_sum(b + 26, 8, 17 + udp)), 0xffff);
}

static void
sizes(void **state)
{
	static const uint32_t size[] = { 64, 65, 66, 1518, 1519, 9600 };
	struct wire_rig *rig = *state;
	char spec[64];

	for (unsigned int i = 0; i < 6; i++) {
		snprintf(spec, sizeof(spec), "gen:size=%u,flows=3,batch=1", size[i]);
		wire_open(rig, spec);
		assert_int_equal(rig->wire.ops->poll(&rig->wire, 10), 10);
		assert_int_equal(rig->dev.nb_kept, 10);
		for (unsigned int k = 0; k < 10; k++)
			assert_frame(&rig->dev.kept[k], size[i]);
		assert_int_equal(rig->wire.stats.rx_bytes, 10 * (size[i] - 4));
		dev_forget(&rig->dev);
		wire_close(rig);
	}
}

static void
defaults(void **state)
{
	struct wire_rig *rig = *state;

	wire_open(rig, "gen");
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 32);
	for (unsigned int k = 0; k < 32; k++) {
		assert_frame(&rig->dev.kept[k], 64);
		assert_memory_equal(rig->dev.kept[k].bytes, rig->dev.kept[0].bytes, 60);
	}
	/* 198.18.0.1:1024 -> 198.19.0.1:9 */
	assert_memory_equal(
			rig->dev.kept[0].bytes + 26, "\xc6\x12\0\1\xc6\x13\0\1\x04\0\0\x09", 12);
}

/* Flow i, told by its source: 0 is 198.18.0.1:1024, 256 is 198.18.0.2:1024. */
static uint32_t
flow_of(const struct kept_frame *f)
{
	uint32_t host = (uint32_t)f->bytes[28] << 8 | f->bytes[29];
	uint32_t port = (uint32_t)f->bytes[34] << 8 | f->bytes[35];

	assert_true(port >= 1024 && port < 1280);
	return (host - 1) * 256 + port - 1024;
}

static void
flows_take_turns(void **state)
{
	struct wire_rig *rig = *state;

	wire_open(rig, "gen:flows=300");
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 900), 900);
	for (unsigned int i = 0; i < 900; i++)
		assert_int_equal(flow_of(&rig->dev.kept[i]), i % 300);
}

static void
most_flows(void **state)
{
	struct wire_rig *rig = *state;

	wire_open(rig, "gen:size=64,flows=65536,batch=1");
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 300), 300);
	assert_frame(&rig->dev.kept[299], 64);
	assert_int_equal(flow_of(&rig->dev.kept[299]), 299);
	for (unsigned int i = 300; i < 65536; i++) {
		dev_forget(&rig->dev);
		assert_int_equal(rig->wire.ops->poll(&rig->wire, 1), 1);
	}
	assert_frame(&rig->dev.kept[0], 64);
	assert_memory_equal(rig->dev.kept[0].bytes + 26, "\xc6\x12\x01\0\xc6\x13\0\1\x04\xff\0\x09",
			12);
}

/* 7 of 64, 4 of 594, 1 of 1518 bytes, in all and in each flow. */
static void
imix_shares(void **state)
{
	struct wire_rig *rig = *state;
	unsigned int seen[6][3] = { { 0 } };

	wire_open(rig, "gen:size=imix,flows=6");
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 144), 144);
	for (unsigned int i = 0; i < 144; i++) {
		const struct kept_frame *f = &rig->dev.kept[i];
		unsigned int kind = f->len == 60 ? 0 : f->len == 590 ? 1 : 2;

		assert_frame(f, kind == 0 ? 64 : kind == 1 ? 594 : 1518);
		assert_true(flow_of(f) < 6);
		seen[flow_of(f)][kind]++;
	}
	for (unsigned int f = 0; f < 6; f++) {
		assert_int_equal(seen[f][0], 14);
		assert_int_equal(seen[f][1], 8);
		assert_int_equal(seen[f][2], 2);
	}
}

static void
without_a_rate_nothing_is_lost(void **state)
{
	struct wire_rig *rig = *state;

	wire_open(rig, "gen:flows=100");
	rig->dev.room = 7;
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 7);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
	assert_int_equal(rig->wire.stats.drop_no_bd_pkts, 0);
	rig->dev.room = 100;
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 32);
	for (unsigned int i = 0; i < 39; i++)
		assert_int_equal(flow_of(&rig->dev.kept[i]), i);
	rig->dev.ready = false;
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
}

static void
rate_is_kept(void **state)
{
	struct wire_rig *rig = *state;
	uint64_t begin, took;

	wire_open(rig, "gen:rate=10000,batch=1");
	begin = deadline_now_ns();
	wire_poll_until(rig, 2000);
	took = deadline_now_ns() - begin;
	/* never before their time; later than that only the machine is */
	assert_true(took >= 199000000);
	if (took > 400000000)
		print_message("2000 frames at 10000 a second took %u ms\n",
				(unsigned int)(took / 1000000));
}

static void
at_a_rate_what_finds_no_room_is_lost(void **state)
{
	struct wire_rig *rig = *state;
	unsigned int nb;

	wire_open(rig, "gen:rate=10000");
	rig->dev.room = 5;
	nb = wire_poll_for(rig, 50);
	assert_true(nb > 5);
	assert_int_equal(rig->wire.stats.rx_pkts, 5);
	assert_int_equal(rig->wire.stats.drop_no_bd_pkts, nb - 5);
	assert_int_equal(rig->dev.missed, nb - 5);
	/* while the device is not ready no frames become due */
	rig->dev.ready = false;
	assert_int_equal(wire_poll_for(rig, 50), 0);
	rig->dev.ready = true;
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
}

/* A batch is sent at once, where that makes nobody wait longer than a millisecond. */
static void
batches(void **state)
{
	struct wire_rig *rig = *state;
	unsigned int nb_polls = 0, nb;

	wire_open(rig, "gen:batch=100");
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 100);
	wire_close(rig);
	wire_open(rig, "gen:rate=100000,batch=100"); /* one each millisecond */
	while (nb_polls < 20) {
		nb = rig->wire.ops->poll(&rig->wire, 32);
		if (nb == 0)
			continue;
		assert_int_equal(nb, 100);
		nb_polls++;
	}
	wire_close(rig);
	dev_forget(&rig->dev);
	wire_open(rig, "gen:rate=1000,batch=4000"); /* a batch would wait for four seconds */
	wire_poll_until(rig, 3);
	assert_true(rig->dev.nb_kept < 4000);
}

static void
what_the_device_sends_is_discarded(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[1000] = { 0 };

	wire_open(rig, "gen");
	assert_int_equal(wire_tx(rig, frame, 1000, 100), EMU_TX_TAKEN);
	assert_int_equal(wire_tx(rig, frame, 60, 0), EMU_TX_TAKEN);
	assert_int_equal(rig->wire.stats.tx_pkts, 2);
	assert_int_equal(rig->wire.stats.tx_bytes, 1060);
	assert_int_equal(rig->dev.nb_kept, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, wire_setup, wire_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bad_specs_are_refused),
		CASE(sizes),
		CASE(defaults),
		CASE(flows_take_turns),
		CASE(most_flows),
		CASE(imix_shares),
		CASE(without_a_rate_nothing_is_lost),
		CASE(rate_is_kept),
		CASE(at_a_rate_what_finds_no_room_is_lost),
		CASE(batches),
		CASE(what_the_device_sends_is_discarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
