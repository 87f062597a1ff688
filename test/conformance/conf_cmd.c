/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-CMD: the command queue [1:3]. */
#include "conf.h"

#include <string.h>

static void
opcode_and_flags(struct rig *rig)
{
	struct rig_desc d = rig_desc(0x0022, 0x19);

	rig_cmd(rig, &d, 1);
	assert_int_equal(get16(d.b), 0x0022);
	assert_int_equal(get16(d.b + 2) & ~0x2, 0x19);
	assert_int_equal(get16(d.b + 4), 0);
}

static void
unknown_opcode(struct rig *rig)
{
	assert_int_equal(rig_cmd1(rig, 0x7fff, 0x11, NULL), 2);
	assert_int_equal(rig_stat(rig, "unsupported", NULL), 1);
}

static void
groups(struct rig *rig)
{
	uint64_t before = rig_stat(rig, "commands", NULL);
	struct rig_desc d[3];

	for (unsigned int i = 0; i < 3; i++)
		d[i] = rig_desc(0x1203, i < 2 ? 0x15 : 0x11);
	rig_cmd(rig, d, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(get16(d[i].b), 0x1203);
		assert_int_equal(get16(d[i].b + 4), 0);
	}
	assert_int_equal(rig_stat(rig, "commands", NULL), before + 1);
}

static void
two_without_next(struct rig *rig)
{
	struct rig_desc d[2];

	d[0] = rig_desc(0x0025, 0x19);
	d[1] = rig_desc(0x0025, 0x19);
	put32(d[0].b + 8, 0x04000000);
	put32(d[1].b + 8, 0x04000010);
	rig_cmd(rig, d, 2);
	assert_int_equal(get16(d[0].b + 4), 0);
	assert_int_equal(get16(d[1].b + 4), 0);
	assert_memory_equal(d[0].b + 8 + 16, "\x02\x00\x00\x00\x00\x0e", 6); /* word 4: MAC */
}

static void
raw_slots(struct rig *rig)
{
	struct rig_desc d[22];

	memset(d, 0xa5, sizeof(d)); /* what follows the first descriptor is not looked at */
	d[0] = rig_desc(0x0034, 0x19);
	rig_cmd(rig, d, 22);
	assert_int_equal(get16(d[0].b + 4), 0);
	for (unsigned int i = 1; i < 22; i++)
		for (unsigned int b = 0; b < 32; b++)
			assert_int_equal(d[i].b[b], 0);
}

static void
wraps(struct rig *rig)
{
	for (unsigned int i = 0; i < 1023; i++)
		assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, NULL), 0);
	groups(rig);
	assert_int_equal(rig_rd(rig, 0x27014), 2);
}

static void
tail_outside(struct rig *rig)
{
	rig_wr(rig, 0x27010, 1024);
	rig_service(rig);
	assert_int_equal(rig_stat(rig, "commands", NULL), 0);
	assert_int_equal(rig_stat(rig, "violations", NULL), 1);
}

static void
disabled_queue(struct rig *rig)
{
	rig_wr(rig, 0x27010, 1);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27014), 0);
	assert_int_equal(rig_stat(rig, "commands", NULL), 0);
}

static void
no_completion_interrupt(struct rig *rig)
{
	rig_wr(rig, 0x20400, 1);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, NULL), 0);
	assert_int_equal(rig->irqs[0], 0);
}

/* Entries 32 to 47 written but entry 33; one of them beyond 255. */
static void
reta_reads_back(struct rig *rig)
{
	uint8_t d[24] = { 32, 0, 0xfd, 0xff };

	for (unsigned int i = 0; i < 16; i++)
		d[8 + i] = (uint8_t)(i % 4);
	d[4] = 0x10; /* entry 34: bit 8 of its queue */
	assert_int_equal(rig_cmd1(rig, 0x0d07, 0x11, d), 0);
	memset(d, 0, sizeof(d));
	d[0] = 32;
	assert_int_equal(rig_cmd1(rig, 0x0d07, 0x19, d), 0);
	assert_memory_equal(d, "\x20\x00\xff\xff\x10\x00\x00\x00", 8);
	assert_memory_equal(d + 8,
			"\x00\x00\x02\x03\x00\x01\x02\x03\x00\x01\x02\x03\x00\x01\x02\x03", 16);
}

static const struct conf_rule rules[] = {
	{ "CONF-CMD-01", "1:3.2", "an answer keeps opcode and flags and has its return code",
			rig_setup_cmdq, opcode_and_flags, 0 },
	{ "CONF-CMD-02", "1:3.6", "an opcode that is not there is answered 2, not supported",
			rig_setup_cmdq, unknown_opcode, 0 },
	{ "CONF-CMD-03", "1:3.5", "descriptors chained by NEXT are one command, each with its code",
			rig_setup_cmdq, groups, 0 },
	{ "CONF-CMD-04", "3:0.5", "0x0025 comes as two commands without NEXT in one tail write",
			rig_setup_cmdq, two_without_next, 0 },
	{ "CONF-CMD-05", "3:0.4",
			"a raw command takes all slots up to the tail, whatever is in them",
			rig_setup_cmdq, raw_slots, 0 },
	{ "CONF-CMD-06", "1:3.1", "commands go on over the end of the ring", rig_setup_cmdq, wraps,
			0 },
	{ "CONF-CMD-07", "1:3.7", "a tail outside the ring is ignored", rig_setup_cmdq,
			tail_outside, 0 },
	{ "CONF-CMD-08", "1:3.7", "without base and depth a tail write is ignored", rig_setup,
			disabled_queue, 0 },
	{ "CONF-CMD-09", "1:3.7", "completion of a command raises no interrupt", rig_setup_cmdq,
			no_completion_interrupt, 0 },
	{ "CONF-CMD-10", "3:4.2", "the indirection table reads back as it was written",
			rig_setup_cmdq, reta_reads_back, 0 },
};

CONF_MAIN(rules)
