/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-DUMP: register dumps [1:2.8] [3:7.5] [3:7.6]. */
#include "conf.h"

#include <string.h>

static void
counts(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0040, 0x19, d), 0);
	assert_int_equal(get32(d), 14);
	assert_int_equal(get32(d + 4), 7);
}

/* The number of descriptors of each group, and that each group gives as many. */
static void
groups(struct rig *rig)
{
	static const uint8_t bds[12] = { 2, 10, 15, 9, 1, 2, 10, 4, 22, 10, 2, 1 };
	struct rig_desc d[22];

	for (unsigned int i = 0; i < 4; i++)
		d[i] = rig_desc(0x0043, i < 3 ? 0x1d : 0x19);
	rig_cmd(rig, d, 4);
	assert_int_equal(get16(d[3].b + 4), 0);
	for (unsigned int i = 1; i <= 12; i++)
		assert_int_equal(get32(d[i / 6].b + 8 + i % 6 * 4), bds[i - 1]);
	for (unsigned int g = 0; g < 12; g++) {
		for (unsigned int i = 0; i < bds[g]; i++)
			d[i] = rig_desc((uint16_t)(0x0044 + g), i + 1 < bds[g] ? 0x1d : 0x19);
		rig_cmd(rig, d, bds[g]);
		for (unsigned int i = 0; i < bds[g]; i++)
			assert_int_equal(get16(d[i].b + 4), 0);
	}
}

static void
queue_words(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };
	struct rig_desc d[2];

	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	d[0] = rig_desc(0x004e, 0x1d);
	d[1] = rig_desc(0x004e, 0x19);
	rig_cmd(rig, d, 2);
	assert_int_equal(get32(d[0].b + 8), 0);  /* queue */
	assert_int_equal(get32(d[0].b + 12), 3); /* Rx position */
	assert_int_equal(get32(d[1].b + 8), 3);  /* packets */
}

static void
drop_words(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 9, 9, 9, 9, 9, 0x02, 0, 0, 0, 0, 1, 0x12, 0x34 };
	struct rig_desc d[22];

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	for (unsigned int i = 0; i < 22; i++)
		d[i] = rig_desc(0x004c, i < 21 ? 0x1d : 0x19);
	rig_cmd(rig, d, 22);
	assert_int_equal(get32(d[0].b + 8 + 4 * 1), 1); /* from the port */
	assert_int_equal(get32(d[1].b + 8), 1);         /* word 6: no destination */
}

static void
registers_64(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };
	struct rig_desc d[2];

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	memset(d, 0xff, sizeof(d));
	d[0] = rig_desc(0x0042, 0x19);
	rig_cmd(rig, d, 2);
	assert_int_equal(get16(d[0].b + 4), 0);
	assert_int_equal(get64(d[0].b + 8), 1);     /* PPP Rx packets */
	assert_int_equal(get64(d[0].b + 16), 0);    /* Tx */
	assert_int_equal(get64(d[0].b + 24), 1);    /* unicast, port to host */
	assert_int_equal(get64(d[1].b + 8 * 3), 0); /* multicast from the port */
}

/* [1:2.8] every register of the driver's dump can be read, and reading it changes nothing. */
static void
readable(struct rig *rig)
{
	static const uint32_t regs[] = { 0x27008, 0x27010, 0x27014, 0x27020, 0x27024, 0x27028,
		0x27100, 0x27104, 0x27108, 0x2710c, 0x20400, 0x20600, 0x20700, 0x20800, 0x20a00,
		0x20c00, 0x28000, 0x20000, 0x20100, 0x20200, 0x20300, 0x20900 };
	static const uint32_t ring[] = { 0x08, 0x0c, 0x98, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x30,
		0x34, 0x48, 0xd4, 0x4c, 0x50, 0x54, 0x58, 0x5c, 0x60, 0x64, 0x68, 0x70, 0x74,
		0x90 };
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };

	/* something to lose: a frame, and the messages that the link is down and up */
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	emu_dev_link_set(rig->dev, false);
	emu_dev_link_set(rig->dev, true);
	rig_service(rig);
	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		assert_int_equal(rig_rd(rig, regs[i]), rig_rd(rig, regs[i]));
	assert_int_not_equal(rig_rd(rig, 0x27100), 0);
	for (size_t i = 0; i < sizeof(ring) / sizeof(ring[0]); i++)
		assert_int_equal(rig_rd(rig, rig_tqp(0) + ring[i]),
				rig_rd(rig, rig_tqp(0) + ring[i]));
	assert_int_equal(rig_stat(rig, "violations", NULL), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
}

static const struct conf_rule rules[] = {
	{ "CONF-DUMP-01", "3:7.6", "0x0040 says 14 registers of 32 bits and 7 of 64",
			rig_setup_started, counts, 0 },
	{ "CONF-DUMP-02", "3:7.5",
			"0x0043 gives the sizes of twelve groups, each is answered in full",
			rig_setup_started, groups, 0 },
	{ "CONF-DUMP-03", "3:7.5",
			"0x004E gives the position and the packets of the queue asked for",
			rig_setup_started, queue_words, 0 },
	{ "CONF-DUMP-04", "3:7.5", "0x004C counts frames without a destination", rig_setup_started,
			drop_words, 0 },
	{ "CONF-DUMP-05", "3:7.6", "0x0042 counts packets of the parser by direction",
			rig_setup_started, registers_64, 0 },
	{ "CONF-DUMP-06", "1:2.8", "the registers of a dump are read without a side effect",
			rig_setup_started, readable, 0 },
};

CONF_MAIN(rules)
