/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration space of the emulated device: identity, capabilities, what can be written, function
 * level reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>

#include "emu_rig.h"

static uint8_t
cfg8(struct rig *rig, uint64_t off)
{
	uint8_t v = 0;

	assert_int_equal(emu_dev_config_read(rig->dev, off, &v, 1), 0);
	return v;
}

/* [1:1.1] [1:1.3] [1:1.5]: identity, and the MSI-X capability that a driver walks to. */
static void
configuration_space(void **state)
{
	static const uint8_t id[] = { 0xe5, 0x19, 0x22, 0xa2 };
	struct rig *rig = *state;
	uint8_t bytes[4] = { 0 }, cmd[2] = { 0x04, 0x00 };
	uint8_t cap;
	unsigned int n = 0, table;

	assert_int_equal(emu_dev_config_bytes(rig->dev), 4096);
	assert_int_equal(emu_dev_config_read(rig->dev, 0, bytes, 4), 0);
	assert_memory_equal(bytes, id, 4);
	assert_int_equal(cfg8(rig, 0x08), 0x21);
	assert_int_equal(cfg8(rig, 0x0b), 0x02); /* network controller */
	assert_int_equal(cfg8(rig, 0x0a), 0x00);
	assert_int_equal(cfg8(rig, 0x06) & 0x10, 0x10); /* has capabilities */
	cap = cfg8(rig, 0x34);
	while (cap >= 0x40 && cfg8(rig, cap) != 0x11 && ++n < 48)
		cap = cfg8(rig, cap + 1u);
	assert_true(cap >= 0x40);
	assert_int_equal(cfg8(rig, cap), 0x11);
	table = (cfg8(rig, cap + 2u) | (cfg8(rig, cap + 3u) & 7u) << 8) + 1;
	assert_true(table >= emu_dev_nb_vectors(rig->dev));
	/* queues + misc vector + the parking place of revision 0x21 [1:1.6] */
	assert_true(emu_dev_nb_vectors(rig->dev) >= 4 + 2);
	/* bus master sticks, identity does not change */
	assert_int_equal(emu_dev_config_write(rig->dev, 0x04, cmd, 2), 0);
	assert_int_equal(cfg8(rig, 0x04) & 4, 4);
	assert_int_equal(emu_dev_config_write(rig->dev, 0x00, cmd, 2), 0);
	assert_int_equal(cfg8(rig, 0x00), 0xe5);
	assert_int_equal(emu_dev_config_read(rig->dev, 4095, bytes, 4), -EINVAL);
	assert_int_equal(emu_dev_config_write(rig->dev, UINT64_MAX, bytes, 4), -EINVAL);
}

static uint16_t
cfg16(struct rig *rig, uint64_t off)
{
	return (uint16_t)(cfg8(rig, off) | cfg8(rig, off + 1) << 8);
}

/* 64-bit BARs 0, 2 and 4; the MSI-X table lies in BAR 0 [1:1.4]. */
static void
places(void **state)
{
	struct rig *rig = *state;

	for (unsigned int at = 0x10; at < 0x28; at += 4) {
		assert_int_equal(cfg16(rig, at), at % 8 == 0 ? 0x000c : 0);
		assert_int_equal(cfg16(rig, at + 2), 0);
	}
	assert_int_equal(cfg8(rig, 0x80), 0x11);
	assert_int_equal(cfg16(rig, 0x84), 0);
	assert_int_equal(cfg16(rig, 0x86), 0);
	assert_int_equal(cfg16(rig, 0x88), 0x8000);
	assert_int_equal(cfg16(rig, 0x8a), 0);
}

/* An endpoint of version 2 that can be reset, which is said to take effect at once. */
static void
function_level_reset(void **state)
{
	static const uint8_t msix_on[] = { 0x00, 0xc0 }, flr[] = { 0x30, 0xa8 };
	struct rig *rig = *state;

	assert_int_equal(cfg8(rig, 0x34), 0x40);
	assert_int_equal(cfg8(rig, 0x40), 0x10);
	assert_int_equal(cfg16(rig, 0x42), 0x0002);
	assert_int_equal(cfg16(rig, 0x46) & 0x1000, 0x1000); /* bit 28 of the device capabilities */
	rig_wr(rig, 0x20400, 1);
	assert_int_equal(emu_dev_config_write(rig->dev, 0x82, msix_on, 2), 0);
	assert_int_equal(cfg16(rig, 0x82),
			0xc005); /* 6 vectors, of which the size cannot be written */
	assert_int_equal(emu_dev_config_write(rig->dev, 0x48, flr, 2), 0);
	assert_int_equal(rig_rd(rig, 0x20400), 0);
	assert_int_equal(cfg16(rig, 0x82), 0x0005);
	assert_int_equal(cfg16(rig, 0x48) & 0x8000, 0);
	assert_int_equal(cfg16(rig, 0x00), 0x19e5);
}

/* A client that maps the space asks for it there. */
static void
reset_asked_for_in_memory(void **state)
{
	struct rig *rig = *state;
	uint8_t *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			emu_dev_config_fd(rig->dev), 0);

	assert_true(map != MAP_FAILED);
	rig_wr(rig, 0x20400, 1);
	map[0x49] |= 0x80;
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20400), 0);
	assert_int_equal(map[0x49] & 0x80, 0);
	munmap(map, 4096);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(configuration_space),
		CASE(places),
		CASE(function_level_reset),
		CASE(reset_asked_for_in_memory),
	};

	return rig_run(tests, sizeof(tests) / sizeof(tests[0]));
}
