/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_wire_link.c: a cable has two ends that name each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wire_rig.h"

static void
specs(void **state)
{
	static const char *const bad[] = { "link", "link:", "link:x", "link:-1", "link:32",
		"link:1,2", "link:1:0", "link: 1" };

	for (unsigned int i = 0; i < 8; i++)
		wire_refused(*state, bad[i], "give the index of the other port, counted from 0");
	wire_open(*state, "link:31");
}

/* Connect wire @p self of the first @p nb rigs; the result, with the reason in rig[self]->why. */
static int
connect(struct wire_rig **rig, unsigned int nb, unsigned int self)
{
	struct emu_wire *wires[3] = { NULL };

	for (unsigned int i = 0; i < 3; i++)
		wires[i] = &rig[i]->wire;
	memset(rig[self]->why, 0, sizeof(rig[self]->why));
	return rig[self]->wire.ops->connect(
			&rig[self]->wire, wires, nb, self, rig[self]->why, sizeof(rig[self]->why));
}

static int
setup3(void **state)
{
	static struct wire_rig *rigs[3];

	for (unsigned int i = 0; i < 3; i++) {
		void *rig;

		wire_setup(&rig);
		rigs[i] = rig;
	}
	*state = rigs;
	return 0;
}

static int
teardown3(void **state)
{
	struct wire_rig **rig = *state;

	for (unsigned int i = 3; i-- > 0;) {
		void *r = rig[i];

		wire_teardown(&r);
	}
	return 0;
}

static void
frames_cross(void **state)
{
	struct wire_rig **rig = *state;
	uint8_t frame[9000];

	wire_open(rig[0], "link:2");
	wire_open(rig[1], "null");
	wire_open(rig[2], "link:0");
	assert_int_equal(connect(rig, 3, 0), 0);
	assert_int_equal(connect(rig, 3, 2), 0);
	bytes_fill(frame, 9000, 1);
	assert_int_equal(wire_tx(rig[0], frame, 9000, 1000), EMU_TX_TAKEN);
	assert_int_equal(wire_tx(rig[2], frame, 60, 0), EMU_TX_TAKEN);
	assert_int_equal(rig[2]->dev.nb_kept, 1);
	assert_int_equal(rig[2]->dev.kept[0].len, 9000);
	assert_memory_equal(rig[2]->dev.kept[0].bytes, frame, 9000);
	assert_int_equal(rig[0]->dev.nb_kept, 1);
	assert_int_equal(rig[0]->dev.kept[0].len, 60);
	assert_int_equal(rig[1]->dev.nb_kept, 0);
	assert_int_equal(rig[0]->wire.stats.tx_bytes, 9000);
	assert_int_equal(rig[2]->wire.stats.rx_pkts, 1);
	assert_int_equal(rig[2]->wire.stats.rx_bytes, 9000);
	assert_int_equal(rig[0]->wire.stats.rx_bytes, 60);
}

static void
what_finds_no_room_is_lost_at_the_receiver(void **state)
{
	struct wire_rig **rig = *state;
	uint8_t frame[60] = { 0 };

	wire_open(rig[0], "link:1");
	wire_open(rig[1], "link:0");
	assert_int_equal(connect(rig, 2, 0), 0);
	assert_int_equal(connect(rig, 2, 1), 0);
	rig[1]->dev.room = 1;
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(wire_tx(rig[0], frame, 60, 0), EMU_TX_TAKEN);
	rig[1]->dev.refuses = true;
	assert_int_equal(wire_tx(rig[0], frame, 60, 0), EMU_TX_TAKEN);
	assert_int_equal(rig[0]->wire.stats.tx_pkts, 4);
	assert_int_equal(rig[0]->wire.stats.drop_no_bd_pkts, 0);
	assert_int_equal(rig[1]->wire.stats.rx_pkts, 1);
	assert_int_equal(rig[1]->wire.stats.drop_no_bd_pkts, 2);
	assert_int_equal(rig[1]->wire.stats.rx_refused_pkts, 1);
	assert_int_equal(rig[1]->dev.missed, 2);
}

static void
a_plug_that_loops_back(void **state)
{
	struct wire_rig **rig = *state;
	uint8_t frame[64];

	wire_open(rig[0], "link:0");
	assert_int_equal(connect(rig, 1, 0), 0);
	bytes_fill(frame, 64, 9);
	assert_int_equal(wire_tx(rig[0], frame, 64, 0), EMU_TX_TAKEN);
	assert_int_equal(rig[0]->dev.nb_kept, 1);
	assert_memory_equal(rig[0]->dev.kept[0].bytes, frame, 64);
}

/* Only one end named: the port that names the other one is told what that needs. */
static void
one_end_is_no_cable(void **state)
{
	struct wire_rig **rig = *state;

	wire_open(rig[0], "link:1");
	wire_open(rig[1], "null");
	wire_open(rig[2], "link:0");
	assert_int_equal(connect(rig, 3, 0), -EINVAL);
	assert_string_equal(rig[0]->why, "wire \"link:1\": port 1 must have wire=link:0 in return");
	assert_int_equal(connect(rig, 3, 2), -EINVAL);
	assert_string_equal(rig[2]->why, "wire \"link:0\": port 0 must have wire=link:2 in return");
	assert_int_equal(connect(rig, 1, 0), -EINVAL);
	assert_string_equal(rig[0]->why, "wire \"link:1\": there is no such port");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(specs, wire_setup, wire_teardown),
		cmocka_unit_test_setup_teardown(frames_cross, setup3, teardown3),
		cmocka_unit_test_setup_teardown(
				what_finds_no_room_is_lost_at_the_receiver, setup3, teardown3),
		cmocka_unit_test_setup_teardown(a_plug_that_loops_back, setup3, teardown3),
		cmocka_unit_test_setup_teardown(one_end_is_no_cable, setup3, teardown3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
