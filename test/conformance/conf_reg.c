/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-REG: the registers of BAR 2 [1:2]. */
#include "conf.h"

static void
queue_enables(struct rig *rig)
{
	for (unsigned int q = 0; q < 4; q++) {
		assert_int_equal(rig_rd(rig, rig_tqp(q) + 0x90), 0);
		assert_int_equal(rig_rd(rig, rig_tqp(q) + 0x98), 1);
		assert_int_equal(rig_rd(rig, rig_tqp(q) + 0xd4), 1);
	}
}

static void
idle_status(struct rig *rig)
{
	static const uint32_t zero[] = { 0x20400, 0x20800, 0x20a00, 0x20b00, 0x20c00, 0x27100,
		0x27104 };

	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		assert_int_equal(rig_rd(rig, zero[i]), 0);
}

static void
read_back(struct rig *rig)
{
	rig_wr(rig, 0x27000, 0x40001000);
	rig_wr(rig, 0x27004, 0x5);
	rig_wr(rig, 0x27008, 0x10080);
	rig_wr(rig, 0x20600, 0x40);
	rig_wr(rig, rig_tqp(3) + 0x90, 1);
	rig_wr(rig, rig_tqp(3) + 0x98, 0);
	rig_wr(rig, rig_tqp(3) + 0xd4, 0);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27000), 0x40001000);
	assert_int_equal(rig_rd(rig, 0x27004), 0x5);
	assert_int_equal(rig_rd(rig, 0x27008), 0x10080);
	assert_int_equal(rig_rd(rig, 0x20600), 0x40);
	assert_int_equal(rig_rd(rig, rig_tqp(3) + 0x90), 1);
	assert_int_equal(rig_rd(rig, rig_tqp(3) + 0x98), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(3) + 0xd4), 0);
}

static void
unknown_is_an_error(struct rig *rig)
{
	rig_wr(rig, 0x30000, 1); /* index 64 is the first of the extended block */
	assert_int_equal(rig_stat(rig, "violations", "REG-02 write to no register"), 1);
	rig_wr(rig, 0x20800, 0x20);
	assert_int_equal(rig_stat(rig, "violations", "REG-01 write to read-only bits"), 1);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	assert_int_equal(rig_stat(rig, "violations", NULL), 2);
}

static void
aligned_words(struct rig *rig)
{
	static const struct {
		uint32_t at;
		size_t len;
	} cases[] = { { 0x27010, 2 }, { 0x27012, 2 }, { 0x27011, 4 }, { 0x27013, 1 } };
	uint8_t ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	for (unsigned int i = 0; i < 4; i++)
		emu_dev_bar2_write(rig->dev, cases[i].at, ones, cases[i].len);
	assert_int_equal(rig_stat(rig, "violations", "REG-03 access is not of aligned words"), 4);
	assert_int_equal(rig_rd(rig, 0x27010), 0);
}

static const struct conf_rule rules[] = {
	{ "CONF-REG-01", "1:2.6",
			"after reset RING_EN is 0, RX_EN and TX_EN are 1 in every queue pair",
			rig_setup, queue_enables, 0 },
	{ "CONF-REG-02", "1:2.4", "interrupt, error and reset status read 0 when idle", rig_setup,
			idle_status, 0 },
	{ "CONF-REG-03", "1:10.1",
			"command queue base and depth, 0x20600 and queue enables read back",
			rig_setup, read_back, 0 },
	{ "CONF-REG-04", "1:2.1",
			"a write to no register, or to one that is read only, changes nothing "
			"(REG-02, REG-01)",
			rig_setup, unknown_is_an_error, CONF_TRAPPED_ONLY },
	{ "CONF-REG-05", "1:2.1", "registers are accessed as aligned words (REG-03)", rig_setup,
			aligned_words, CONF_TRAPPED_ONLY },
};

CONF_MAIN(rules)
