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
	assert_int_equal(rig_stat(rig, "violations", "CMDQ-01 index outside the ring"), 1);
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

/* Those of the PF's commands in the table of opcodes that a driver sends, but for answers to VFs.
 */
static void
all_opcodes(struct rig *rig)
{
	/* opcode, descriptors; in groups of read (0) and write (1) */
	static const struct {
		uint16_t opcode;
		uint8_t nb, write;
	} sent[] = {
		{ 0x0001, 1, 0 },
		{ 0x0021, 1, 1 },
		{ 0x0022, 1, 0 },
		{ 0x0023, 1, 0 },
		{ 0x0025, 1, 0 },
		{ 0x0026, 1, 1 },
		{ 0x0027, 1, 0 },
		{ 0x0032, 21, 0 },
		{ 0x0033, 1, 0 },
		{ 0x0034, 22, 0 },
		{ 0x0040, 1, 0 },
		{ 0x0041, 2, 0 },
		{ 0x0042, 2, 0 },
		{ 0x0043, 4, 0 },
		{ 0x0065, 2, 0 },
		{ 0x0067, 2, 0 },
		{ 0x0301, 1, 1 },
		{ 0x0304, 1, 1 },
		{ 0x0307, 1, 0 },
		{ 0x0309, 1, 1 },
		{ 0x030e, 1, 1 },
		{ 0x0310, 1, 0 },
		{ 0x0311, 1, 1 },
		{ 0x0312, 1, 1 },
		{ 0x0315, 1, 1 },
		{ 0x0316, 4, 0 },
		{ 0x031a, 1, 0 },
		{ 0x0501, 1, 1 },
		{ 0x0507, 1, 1 },
		{ 0x0701, 1, 1 },
		{ 0x0702, 1, 1 },
		{ 0x0703, 1, 0 },
		{ 0x0709, 1, 1 },
		{ 0x070a, 2, 1 },
		{ 0x0804, 1, 1 },
		{ 0x0805, 1, 1 },
		{ 0x0806, 1, 1 },
		{ 0x0809, 1, 1 },
		{ 0x080a, 1, 1 },
		{ 0x080b, 1, 1 },
		{ 0x080c, 1, 1 },
		{ 0x080d, 1, 1 },
		{ 0x080e, 1, 1 },
		{ 0x080f, 1, 1 },
		{ 0x0810, 1, 1 },
		{ 0x0812, 1, 1 },
		{ 0x0813, 1, 1 },
		{ 0x0814, 1, 1 },
		{ 0x0815, 1, 1 },
		{ 0x0816, 1, 0 },
		{ 0x0829, 1, 1 },
		{ 0x0843, 1, 1 },
		{ 0x0844, 1, 0 },
		{ 0x0845, 1, 0 },
		{ 0x0846, 1, 0 },
		{ 0x0847, 1, 0 },
		{ 0x0848, 1, 0 },
		{ 0x0849, 1, 0 },
		{ 0x0850, 1, 0 },
		{ 0x0851, 1, 0 },
		{ 0x0852, 1, 0 },
		{ 0x0870, 1, 1 },
		{ 0x0871, 1, 1 },
		{ 0x0872, 1, 1 },
		{ 0x0901, 1, 1 },
		{ 0x0902, 1, 1 },
		{ 0x0903, 2, 1 },
		{ 0x0904, 2, 1 },
		{ 0x0905, 1, 1 },
		{ 0x0906, 1, 0 },
		{ 0x0989, 2, 1 },
		{ 0x098c, 2, 1 },
		{ 0x0a01, 1, 1 },
		{ 0x0b03, 1, 0 },
		{ 0x0b04, 1, 0 },
		{ 0x0b13, 1, 0 },
		{ 0x0b20, 1, 1 },
		{ 0x0b22, 1, 0 },
		{ 0x0b23, 1, 0 },
		{ 0x0b40, 2, 1 },
		{ 0x0b41, 1, 1 },
		{ 0x0b42, 1, 1 },
		{ 0x0b4a, 1, 0 },
		{ 0x0c10, 1, 1 },
		{ 0x0d02, 1, 1 },
		{ 0x0d08, 1, 1 },
		{ 0x0e01, 1, 1 },
		{ 0x1002, 1, 1 },
		{ 0x1003, 1, 1 },
		{ 0x1004, 1, 1 },
		{ 0x1010, 1, 1 },
		{ 0x1033, 1, 0 },
		{ 0x1100, 1, 0 },
		{ 0x1103, 1, 1 },
		{ 0x1200, 1, 0 },
		{ 0x1201, 1, 0 },
		{ 0x1202, 1, 1 },
		{ 0x1205, 1, 0 },
		{ 0x1505, 2, 1 },
		{ 0x1510, 1, 0 },
		{ 0x1511, 10, 0 },
		{ 0x1512, 4, 0 },
		{ 0x1513, 1, 0 },
		{ 0x1514, 10, 0 },
		{ 0x1515, 4, 0 },
		{ 0x1516, 1, 0 },
		{ 0x1517, 10, 0 },
		{ 0x1580, 1, 1 },
		{ 0x1581, 1, 0 },
		{ 0x1584, 1, 0 },
		{ 0x1585, 2, 0 },
		{ 0x1586, 3, 0 },
		{ 0x1803, 1, 1 },
		{ 0x1806, 1, 1 },
		{ 0x1900, 1, 1 },
		{ 0x1a03, 1, 0 },
		{ 0x1a14, 1, 1 },
		{ 0x1a84, 1, 0 },
		{ 0x2100, 2, 1 },
		{ 0x2101, 2, 1 },
		{ 0x2105, 1, 0 },
		{ 0x2201, 1, 0 },
		{ 0x2202, 1, 1 },
		{ 0x2401, 1, 1 },
		{ 0x700b, 1, 1 },
		{ 0x7011, 5, 0 },
		{ 0x7012, 1, 0 },
		{ 0x7013, 1, 0 },
		{ 0x701a, 1, 1 },
		{ 0x7025, 2, 0 },
		{ 0x7026, 1, 0 },
		{ 0x702a, 1, 0 },
		{ 0x7038, 8, 0 },
		{ 0x7101, 1, 0 },
		{ 0x7104, 1, 0 },
		{ 0xb000, 1, 1 },
	};

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		uint16_t flag = sent[i].write ? 0x11 : 0x19;
		struct rig_desc d[22];

		for (unsigned int n = 0; n < sent[i].nb; n++)
			d[n] = rig_desc(sent[i].opcode,
					(uint16_t)(n + 1 < sent[i].nb ? flag | 4 : flag));
		rig_cmd(rig, d, sent[i].nb);
		if (get16(d[0].b + 4) != 0)
			fail_msg("0x%04x is answered %u", sent[i].opcode, get16(d[0].b + 4));
	}
	assert_int_equal(rig_stat(rig, "unsupported", NULL), 0);
}

static void
kept_of_each(struct rig *rig)
{
	uint8_t a[24] = { 3, 0, 0, 0, 0x01, 0x04 }, b[24] = { 5, 0, 0, 0, 0x02, 0x04 };
	uint8_t get[24] = { 3 };

	assert_int_equal(rig_cmd1(rig, 0x0806, 0x11, a), 0);
	assert_int_equal(rig_cmd1(rig, 0x0806, 0x11, b), 0);
	assert_int_equal(rig_cmd1(rig, 0x0806, 0x19, get), 0);
	assert_int_equal(get16(get), 3);
	assert_int_equal(get16(get + 4), 0x0401);
	memset(get, 0, sizeof(get));
	get[0] = 5;
	assert_int_equal(rig_cmd1(rig, 0x0806, 0x19, get), 0);
	assert_int_equal(get16(get + 4), 0x0402);
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
	{ "CONF-CMD-07", "1:3.7", "a tail outside the ring is ignored (CMDQ-01)", rig_setup_cmdq,
			tail_outside, 0 },
	{ "CONF-CMD-08", "1:3.7", "without base and depth a tail write is ignored", rig_setup,
			disabled_queue, 0 },
	{ "CONF-CMD-09", "1:3.7", "completion of a command raises no interrupt", rig_setup_cmdq,
			no_completion_interrupt, 0 },
	{ "CONF-CMD-10", "3:4.2", "the indirection table reads back as it was written",
			rig_setup_cmdq, reta_reads_back, 0 },
	{ "CONF-CMD-12", "1:4",
			"each command that a driver sends is answered, well with zeros in it",
			rig_setup_cmdq, all_opcodes, 0 },
	{ "CONF-CMD-11", "3:6.2", "scheduling commands are kept for each queue and read back",
			rig_setup_cmdq, kept_of_each, 0 },
};

CONF_MAIN(rules)
