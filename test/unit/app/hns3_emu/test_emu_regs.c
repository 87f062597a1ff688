/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers and vector 0 of the emulated device, against doc/hns3 part 1.
 * Numbers are typed from there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "emu_rig.h"

/* [1:2.2] [1:2.4] [1:2.6] */
static void
reset_values(void **state)
{
	static const uint32_t zero[] = { 0x7008, 0x20400, 0x20600, 0x20700, 0x20800, 0x20a00,
		0x20b00, 0x20c00, 0x27000, 0x27004, 0x27008, 0x27010, 0x27014, 0x27018, 0x2701c,
		0x27020, 0x27024, 0x27028, 0x27100, 0x27104, 0x28000, 0x28004, 0x28008, 0x20000,
		0x20100, 0x20200, 0x20900 };
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		assert_int_equal(rig_rd(rig, zero[i]), 0);
	for (unsigned int q = 0; q < 4; q += 3) {
		assert_int_equal(rig_rd(rig, rig_tqp(q) + 0x90), 0); /* RING_EN */
		assert_int_equal(rig_rd(rig, rig_tqp(q) + 0x98), 1); /* RX_EN: on by default */
		assert_int_equal(rig_rd(rig, rig_tqp(q) + 0xd4), 1); /* TX_EN: on by default */
	}
}

static void
what_is_written_reads_back(void **state)
{
	static const uint32_t reg[][2] = { { 0x27000, 0x12345680 }, { 0x27004, 0xabc },
		{ 0x27008, 0x10080 }, { 0x27018, 0x55aa5580 }, { 0x20600, 0x40 }, { 0x20000, 1 },
		{ 0x20100, 10 }, { 0x20200, 10 }, { 0x20900, 0x4f }, { 0x80000, 0xdeadbe80 },
		{ 0x80004, 0x7 }, { 0x80008, 127 }, { 0x8000c, 3 }, { 0x80040, 0xcafe0080 },
		{ 0x80048, 4095 }, { 0x80050, 3 }, { 0x80098, 0 }, { 0x800d4, 0 } };
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(reg) / sizeof(reg[0]); i++)
		rig_wr(rig, reg[i][0], reg[i][1]);
	for (size_t i = 0; i < sizeof(reg) / sizeof(reg[0]); i++)
		assert_int_equal(rig_rd(rig, reg[i][0]), reg[i][1]);
}

/* Both views of a register are one: what a trapped client writes, a mapped one sees. */
static void
trapped_and_mapped_are_the_same_registers(void **state)
{
	struct rig *rig = *state;
	uint8_t val[4] = { 0x80, 0x56, 0x34, 0x12 };

	assert_int_equal(emu_dev_bar2_write(rig->dev, 0x27000, val, 4), 0);
	assert_int_equal(*(volatile uint32_t *)(rig->bar + 0x27000), 0x12345680);
	*(volatile uint32_t *)(rig->bar + 0x27004) = 0x99;
	assert_int_equal(emu_dev_bar2_read(rig->dev, 0x27004, val, 4), 0);
	assert_int_equal(get32(val), 0x99);
}

static void
bad_accesses_are_refused(void **state)
{
	static const uint64_t bad[] = { 0x27002, 0x27001, UINT64_MAX - 3, UINT64_MAX };
	struct rig *rig = *state;
	uint64_t end = emu_dev_bar2_bytes(rig->dev);
	uint8_t val[8] = { 0 };

	assert_true(end >= 0x100000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(emu_dev_bar2_read(rig->dev, bad[i], val, 4), -EINVAL);
		assert_int_equal(emu_dev_bar2_write(rig->dev, bad[i], val, 4), -EINVAL);
	}
	assert_int_equal(emu_dev_bar2_read(rig->dev, end, val, 4), -EINVAL);
	assert_int_equal(emu_dev_bar2_write(rig->dev, end, val, 4), -EINVAL);
	/* registers are 32 bits wide [1:0] */
	assert_int_equal(emu_dev_bar2_write(rig->dev, 0x27000, val, 1), -EINVAL);
	assert_int_equal(emu_dev_bar2_write(rig->dev, 0x27000, val, 2), -EINVAL);
}

static void
read_only_and_unknown_registers_do_not_change(void **state)
{
	struct rig *rig = *state;
	uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff };
	uint64_t before = rig_stat(rig, "violations", NULL);

	assert_int_equal(emu_dev_bar2_write(rig->dev, 0x20800, ones, 4), 0);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	assert_int_equal(emu_dev_bar2_write(rig->dev, 0x20b00, ones, 4), 0);
	assert_int_equal(rig_rd(rig, 0x20b00), 0);
	assert_int_equal(emu_dev_bar2_write(rig->dev, 0x1000, ones, 4), 0);
	assert_true(rig_stat(rig, "violations", NULL) >= before + 3);
}

/* [1:2.4] writing ones to 0x20700 clears 0x20800; the register itself does not keep them (D7). */
static void
misc_clear_register_empties_itself(void **state)
{
	struct rig *rig = *state;

	rig_wr(rig, 0x20700, 0xe0);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20700), 0);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
}

/* Messages need a receive queue and the driver's consent (701a bit 0) [1:5.2] [1:6.6]. */
static void
events_allowed(struct rig *rig)
{
	uint8_t compat[24] = { 1 };

	rig_cmdq_init(rig, 64);
	assert_int_equal(rig_cmd1(rig, 0x701a, 0x11, compat), 0);
}

/* [1:2.3] [1:2.9] source and status show the same; a zero clears; ones never set. */
static void
receive_queue_source_is_mirrored(void **state)
{
	struct rig *rig = *state;

	events_allowed(rig);
	assert_int_equal(rig_rd(rig, 0x27100), 0);
	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27100), 2);
	assert_int_equal(rig_rd(rig, 0x27104), 2);
	rig_wr(rig, 0x27100, 0xfffffffd);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27104) & 2, 0);
	assert_int_equal(rig_rd(rig, 0x27100) & 2, 0);
	emu_dev_link_set(rig->dev, true);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27104), 2);
	rig_wr(rig, 0x27100, 0);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27104), 0);
}

/* [1:6.3] D8: nothing is signalled while 0x20400 is 0, and nothing is forgotten. */
static void
vector_0_is_level_like(void **state)
{
	struct rig *rig = *state;

	events_allowed(rig);
	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 0);
	rig_wr(rig, 0x20400, 1);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 1);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 1); /* one pulse for one cause */
	/* the driver's handler: mask, clear, unmask: nothing is left to signal */
	rig_wr(rig, 0x20400, 0);
	rig_service(rig);
	rig_wr(rig, 0x27100, 0);
	rig_service(rig);
	rig_wr(rig, 0x20400, 1);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 1);
	emu_dev_link_set(rig->dev, true); /* a new cause while enabled */
	rig_service(rig);
	assert_int_equal(rig->irqs[0], 2);
}

/* A client that could shrink the file could kill us with SIGBUS. */
static void
region_files_are_sealed(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(ftruncate(emu_dev_bar2_fd(rig->dev), 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(emu_dev_config_fd(rig->dev), 0), -1);
	assert_int_equal(errno, EPERM);
}

static void
reset_restores_registers_and_keeps_counters(void **state)
{
	struct rig *rig = *state;
	uint64_t commands;

	rig_start(rig, 1);
	commands = rig_stat(rig, "commands", NULL);
	assert_true(commands >= 6);
	rig_wr(rig, 0x20400, 1);
	emu_dev_reset(rig->dev);
	reset_values(state);
	assert_int_equal(rig_stat(rig, "commands", NULL), commands);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 32), 0);
	assert_false(emu_dev_rx_is_ready(rig->dev));
	/* and the next client comes up on it */
	rig_start(rig, 1);
	assert_true(emu_dev_rx_is_ready(rig->dev));
}

/* Whatever values a client leaves in the whole BAR: no crash, no DMA outside its maps carried out.
 */
static void
garbage_in_every_register(void **state)
{
	struct rig *rig = *state;
	uint32_t x = 12345;
	uint8_t frame[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	rig_start(rig, 4);
	for (unsigned int round = 0; round < 20; round++) {
		for (uint32_t reg = 0; reg < 0x100000; reg += 4) {
			x = x * 1664525 + 1013904223;
			*(volatile uint32_t *)(rig->bar + reg) = x;
		}
		for (unsigned int i = 0; i < 4; i++) {
			emu_dev_service(rig->dev);
			emu_dev_tx_poll(rig->dev, 32);
			rig_rx(rig, frame, sizeof(frame));
		}
	}
	emu_dev_reset(rig->dev);
	rig_start(rig, 4);
	assert_true(emu_dev_rx_is_ready(rig->dev));
}

static void
impossible_devices_are_refused(void **state)
{
	struct rig *rig = *state;
	struct emu_dev_cfg good = { .name = "x",
		.device_id = 0xa222,
		.revision = 0x21,
		.mac = { 2 },
		.nb_queues = 1,
		.speed_mbps = 100000,
		.iommu = &rig->mmu,
		.port = (struct emu_port *)(void *)rig };
	struct emu_dev_cfg bad;
	struct emu_dev *dev;
	int err = 0;

	dev = emu_dev_create(&good, &err);
	assert_non_null(dev);
	emu_dev_destroy(dev);
	bad = good;
	bad.device_id = 0x1234;
	assert_null(emu_dev_create(&bad, &err));
	assert_int_equal(err, -EINVAL);
	bad = good;
	bad.revision = 0x10;
	assert_null(emu_dev_create(&bad, &err));
	assert_int_equal(err, -EINVAL);
	bad = good;
	bad.nb_queues = 0;
	assert_null(emu_dev_create(&bad, &err));
	assert_int_equal(err, -EINVAL);
	bad.nb_queues = 65;
	assert_null(emu_dev_create(&bad, &err));
	assert_int_equal(err, -EINVAL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(reset_values),
		CASE(what_is_written_reads_back),
		CASE(trapped_and_mapped_are_the_same_registers),
		CASE(bad_accesses_are_refused),
		CASE(read_only_and_unknown_registers_do_not_change),
		CASE(misc_clear_register_empties_itself),
		CASE(receive_queue_source_is_mirrored),
		CASE(vector_0_is_level_like),
		CASE(region_files_are_sealed),
		CASE(reset_restores_registers_and_keeps_counters),
		CASE(garbage_in_every_register),
		CASE(impossible_devices_are_refused),
	};

	return RIG_RUN(tests);
}
