/* SPDX-License-Identifier: BSD-3-Clause */
/* Command queue framing and messages [1:3]. Numbers are typed from doc/hns3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"

/* [1:3.7] item 4: without base or depth the queue is off, whatever the tail says. */
static void
unprogrammed_queue_ignores_the_tail(void **state)
{
	struct rig *rig = *state;

	rig_wr(rig, 0x27010, 5);
	rig_service(rig);
	rig_wr(rig, 0x27000, (uint32_t)RIG_IOVA);
	rig_wr(rig, 0x27004, (uint32_t)(RIG_IOVA >> 32));
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27014), 0);
	assert_int_equal(rig->mmu.faults_read + rig->mmu.faults_write, 0);
	assert_int_equal(rig_stat(rig, "commands", NULL), 0);
}

/* [1:3.2] [1:3.3] [1:3.7] item 2: opcode and flags are kept, OUT is added, neighbours untouched. */
static void
answer_goes_into_the_same_slot(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d = rig_desc(0x0033, 0x0019);

	memset(rig->mem + RIG_CSQ, 0xa5, 1024 * 32);
	rig_cmd(rig, &d, 1);
	assert_int_equal(get16(d.b), 0x0033);
	assert_int_equal(get16(d.b + 2), 0x001b);
	assert_int_equal(get16(d.b + 4), 0);
	assert_int_equal(get32(d.b + 8), 84);
	assert_int_equal(rig->mem[RIG_CSQ + 32], 0xa5);
	assert_int_equal(rig->mem[RIG_CSQ + 1024 * 32 - 1], 0xa5);
}

static void
unknown_opcode_is_not_supported(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_cmd1(rig, 0x4321, 0x19, NULL), 2);
	assert_int_equal(rig_cmd1(rig, 0x0000, 0x11, NULL), 2);
	assert_int_equal(rig_cmd1(rig, 0xffff, 0x11, NULL), 2);
	assert_int_equal(rig_stat(rig, "unsupported", NULL), 3);
}

/* [1:3.5] 0x0025 comes as two commands without NEXT in one tail write. */
static void
two_commands_in_one_tail_write(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d[2] = { rig_desc(0x0025, 0x19), rig_desc(0x0025, 0x19) };

	put32(d[0].b + 8, 0x04000000);
	put32(d[1].b + 8, 0x04000010);
	rig_cmd(rig, d, 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(get16(d[i].b), 0x0025);
		assert_int_equal(get16(d[i].b + 2), 0x001b);
		assert_int_equal(get16(d[i].b + 4), 0);
	}
	/* words 2..5 [1:5.7] */
	assert_int_equal(d[0].b[8 + 13], 1); /* media type: fibre */
	assert_memory_equal(d[0].b + 8 + 16, "\x02\x00\x00\x00\x00\x0e", 6);
	assert_int_equal(d[0].b[8 + 22], 5);                        /* 100G */
	assert_int_equal(d[0].b[8 + 23] & (d[0].b[8 + 23] - 1), 0); /* RSS size: power of two */
	assert_true(get16(d[1].b + 8 + 14) > 0);                    /* unicast table space */
}

/* [1:3.5] [3:0.4] a raw command takes all slots up to the tail, whatever garbage they hold. */
static void
raw_command_reaches_to_the_tail(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d[22];
	uint64_t unsupported = rig_stat(rig, "unsupported", NULL);

	d[0] = rig_desc(0x0034, 0x0019);
	for (unsigned int i = 1; i < 22; i++) {
		memset(d[i].b, 0xff, 32);
		put16(d[i].b, 0x0301); /* would be a command */
	}
	rig_cmd(rig, d, 22);
	assert_int_equal(get16(d[0].b), 0x0034);
	assert_int_equal(get16(d[0].b + 4), 0);
	for (unsigned int i = 1; i < 22; i++) {
		for (unsigned int b = 0; b < 32; b += 8)
			assert_true(get64(d[i].b + b) == 0); /* all counters are 0 yet */
	}
	assert_int_equal(rig_stat(rig, "unsupported", NULL), unsupported);
}

/* [3:0.3] 4: group shorter than the command needs. */
static void
short_group_is_a_next_error(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d = rig_desc(0x1203, 0x0015); /* needs 3 [3:5.7]; promises more */

	rig_cmd(rig, &d, 1);
	assert_int_equal(get16(d.b + 4), 4);
	/* and the queue goes on */
	assert_int_equal(rig_cmd1(rig, 0x0022, 0x19, NULL), 0);
}

static void
retval_in_every_descriptor_of_a_group(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d[3] = { rig_desc(0x1203, 0x15), rig_desc(0x1203, 0x15),
		rig_desc(0x1203, 0x11) };

	d[0].b[9] = 1;
	put32(d[0].b + 12, 5); /* clear rule 5 [3:A] */
	put16(d[0].b + 4, 0x77);
	rig_cmd(rig, d, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(get16(d[i].b), 0x1203);
		assert_int_equal(get16(d[i].b + 2), i < 2 ? 0x17 : 0x13);
		assert_int_equal(get16(d[i].b + 4), 0);
	}
}

static void
ring_wraps(void **state)
{
	struct rig *rig = *state;

	rig_cmdq_init(rig, 8);
	for (unsigned int i = 0; i < 100; i++) {
		struct rig_desc d[3] = { rig_desc(0x1203, 0x15), rig_desc(0x1203, 0x15),
			rig_desc(0x1203, 0x11) };

		d[0].b[9] = 1;
		rig_cmd(rig, d, 3);
		assert_int_equal(get16(d[2].b + 4), 0);
		assert_int_equal(rig_cmd1(rig, 0x0022, 0x19, NULL), 0);
	}
}

/* [1:3.7] item 6 */
static void
tail_out_of_range_is_ignored(void **state)
{
	struct rig *rig = *state;
	uint64_t commands = rig_stat(rig, "commands", NULL);

	rig_wr(rig, 0x27010, 1024);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27014), 0);
	rig_wr(rig, 0x27010, 0xffff);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27014), 0);
	assert_int_equal(rig_stat(rig, "commands", NULL), commands);
	rig_wr(rig, 0x27010, 0);
	rig_service(rig);
	assert_int_equal(rig_cmd1(rig, 0x0022, 0x19, NULL), 0);
}

/* [1:3.7] item 4, order hazard: base, depth, head = 0, tail = 0 after a reset runs nothing stale.
 */
static void
reprogramming_after_reset_runs_nothing_stale(void **state)
{
	struct rig *rig = *state;
	uint64_t commands;

	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(rig_cmd1(rig, 0x0022, 0x19, NULL), 0);
	commands = rig_stat(rig, "commands", NULL);
	emu_dev_reset(rig->dev);
	rig_wr(rig, 0x27000, (uint32_t)RIG_IOVA);
	rig_service(rig);
	rig_wr(rig, 0x27004, (uint32_t)(RIG_IOVA >> 32));
	rig_service(rig);
	rig_wr(rig, 0x27008, 0x10080);
	rig_service(rig);
	rig_wr(rig, 0x27014, 0);
	rig_service(rig);
	rig_wr(rig, 0x27010, 0);
	rig_service(rig);
	assert_int_equal(rig_stat(rig, "commands", NULL), commands);
}

static void
queue_in_unmapped_memory_is_a_fault(void **state)
{
	struct rig *rig = *state;

	rig_wr(rig, 0x27004, 0x777);
	rig_wr(rig, 0x27010, 1);
	for (unsigned int i = 0; i < 100; i++)
		emu_dev_service(rig->dev);
	assert_true(rig->mmu.faults_read > 0);
	assert_true(rig->mmu.faults_read < 100); /* it does not ask again and again */
}

/* [1:3.9] [1:6.6] link change: opcode not 0, OUT set, code 201 at d+8, state at d+9. */
static void
link_change_is_a_message(void **state)
{
	struct rig *rig = *state;
	uint8_t compat[24] = { 1 };
	uint8_t *msg = rig->mem + RIG_CRQ;

	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27024), 0); /* not asked for */
	emu_dev_link_set(rig->dev, true);
	assert_int_equal(rig_cmd1(rig, 0x701a, 0x11, compat), 0);
	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27024), 1);
	assert_int_not_equal(get16(msg), 0);
	assert_int_equal(get16(msg + 2) & 2, 2);
	assert_int_equal(msg[8 + 1], 0); /* source: the PF */
	assert_int_equal(msg[8 + 8], 201);
	assert_int_equal(msg[8 + 9], 0);
	emu_dev_link_set(rig->dev, true);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27024), 2);
	assert_int_equal(msg[32 + 8 + 9], 1);
}

/* [1:3.9] firmware must not overwrite slots that the driver has not read. */
static void
full_receive_queue_is_not_overwritten(void **state)
{
	struct rig *rig = *state;
	uint8_t compat[24] = { 1 };

	rig_cmdq_init(rig, 8);
	assert_int_equal(rig_cmd1(rig, 0x701a, 0x11, compat), 0);
	for (unsigned int i = 0; i < 50; i++) {
		emu_dev_link_set(rig->dev, i % 2);
		rig_service(rig);
	}
	assert_int_equal(rig_rd(rig, 0x27024), 7); /* depth - 1, head 0 */
	rig_wr(rig, 0x27028, 7);
	rig_service(rig);
	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	assert_int_not_equal(rig_rd(rig, 0x27024), 7);
}

/* Any opcode, flags and data: an answer or a refusal, never a crash or a stopped queue. */
static void
garbage_commands(void **state)
{
	struct rig *rig = *state;
	uint32_t x = 1;

	for (unsigned int n = 0; n < 200000; n++) {
		struct rig_desc d[4];
		uint32_t nb = 1 + (x >> 28) % 4;

		for (uint32_t i = 0; i < nb; i++) {
			for (unsigned int b = 0; b < 32; b++) {
				x = x * 1664525 + 1013904223;
				d[i].b[b] = (uint8_t)(x >> 24);
			}
			/* mostly numbers that exist: blocks below 0x25xx */
			if (n % 4)
				d[i].b[1] = (uint8_t)(d[i].b[1] % 0x26);
			if (n % 4 > 1)
				d[i].b[0] = (uint8_t)(d[i].b[0] % 0x18);
		}
		rig_cmd(rig, d, nb);
	}
	assert_int_equal(rig->mmu.faults_read + rig->mmu.faults_write, 0);
	assert_int_equal(rig_cmd1(rig, 0x0022, 0x19, NULL), 0);
}

#define CASE(f)  cmocka_unit_test_setup_teardown(f, rig_setup_cmdq, rig_teardown)
#define CASE0(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE0(unprogrammed_queue_ignores_the_tail),
		CASE(answer_goes_into_the_same_slot),
		CASE(unknown_opcode_is_not_supported),
		CASE(two_commands_in_one_tail_write),
		CASE(raw_command_reaches_to_the_tail),
		CASE(short_group_is_a_next_error),
		CASE(retval_in_every_descriptor_of_a_group),
		CASE(ring_wraps),
		CASE(tail_out_of_range_is_ignored),
		CASE(reprogramming_after_reset_runs_nothing_stale),
		CASE(queue_in_unmapped_memory_is_a_fault),
		CASE(link_change_is_a_message),
		CASE(full_receive_queue_is_not_overwritten),
		CASE(garbage_commands),
	};

	return RIG_RUN(tests);
}
