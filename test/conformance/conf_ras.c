/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-RAS: hardware errors [1:6.4] [3:8]. */
#include "conf.h"

#include <string.h>

#define MPF_DESCS 10
#define PF_DESCS  4

/* Command @p op enables errors by its first word. */
static void
enable(struct rig *rig, uint16_t op, uint32_t word)
{
	uint8_t d[24] = { 0 };

	put32(d, word);
	assert_int_equal(rig_cmd1(rig, op, 0x11, d), 0);
}

static int
setup(void **state)
{
	struct rig *rig;

	rig_setup_cmdq(state);
	rig = *state;
	enable(rig, 0x0b42, 0x3f);
	enable(rig, 0x1806, 0x66f);
	enable(rig, 0x030e, 0x107ff);
	rig_wr(rig, 0x20600, 0x40);
	rig_wr(rig, 0x20400, 1);
	rig_service(rig);
	return 0;
}

static void
raise_error(struct rig *rig, const char *name)
{
	assert_int_equal(emu_err_raise(rig->dev, name), 0);
	rig_service(rig);
}

/* Word @p word of raw descriptor @p desc: the first has six, from byte 8 on. */
static uint32_t
word_of(const struct rig_desc *d, unsigned int desc, unsigned int word)
{
	return get32(d[desc].b + (desc == 0 ? 8 : 0) + 4 * word);
}

/* Query a block; then clear what was read by sending it back. */
static void
query(struct rig *rig, uint16_t op, struct rig_desc *d, unsigned int nb)
{
	memset(d, 0, nb * sizeof(*d));
	d[0] = rig_desc(op, 0x19);
	rig_cmd(rig, d, nb);
	assert_int_equal(get16(d[0].b + 4), 0);
}

static void
clear(struct rig *rig, struct rig_desc *d, unsigned int nb)
{
	put16(d[0].b + 2, 0x11);
	rig_cmd(rig, d, nb);
	assert_int_equal(get16(d[0].b + 4), 0);
}

static void
msix_error(struct rig *rig)
{
	struct rig_desc d[PF_DESCS];

	raise_error(rig, "ppu_pf_over_8bd");
	assert_int_not_equal(rig_rd(rig, 0x20800) & 0x1ff00, 0);
	assert_int_equal(rig_rd(rig, 0x20b00), 0);
	assert_int_equal(rig->irqs[0], 1);
	query(rig, 0x1515, d, PF_DESCS);
	assert_int_equal(word_of(d, 3, 0), 1);
}

static void
ras_error(struct rig *rig)
{
	struct rig_desc d[MPF_DESCS];

	raise_error(rig, "igu_common");
	assert_int_not_equal(rig_rd(rig, 0x20b00) & 0xff00, 0);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	assert_int_equal(rig->irqs[0], 1);
	query(rig, 0x1511, d, MPF_DESCS);
	assert_int_equal(word_of(d, 3, 0), 1);
}

static void
clearing(struct rig *rig)
{
	struct rig_desc d[MPF_DESCS];

	raise_error(rig, "ppu_pf_over_8bd");
	raise_error(rig, "mac_afifo_tnl");
	query(rig, 0x1514, d, MPF_DESCS);
	assert_int_equal(word_of(d, 1, 0), 1);
	clear(rig, d, MPF_DESCS);
	assert_int_not_equal(rig_rd(rig, 0x20800) & 0x1ff00, 0); /* the other stays */
	query(rig, 0x1515, d, PF_DESCS);
	clear(rig, d, PF_DESCS);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	query(rig, 0x1515, d, PF_DESCS);
	assert_int_equal(word_of(d, 3, 0), 0);
}

static void
not_by_register(struct rig *rig)
{
	raise_error(rig, "ppu_pf_over_8bd");
	rig_wr(rig, 0x20700, 0xffffffff);
	rig_service(rig);
	assert_int_not_equal(rig_rd(rig, 0x20800) & 0x1ff00, 0);
}

static void
counts(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x1510, 0x19, d), 0);
	assert_true(get32(d) >= 10 && get32(d + 4) >= 4);
	memset(d, 0, sizeof(d));
	assert_int_equal(rig_cmd1(rig, 0x1513, 0x19, d), 0);
	assert_true(get32(d) >= 10 && get32(d + 4) >= 4);
	memset(d, 0, sizeof(d));
	assert_int_equal(rig_cmd1(rig, 0x1516, 0x19, d), 0);
	assert_int_not_equal(get32(d), 0);
}

static void
disabled(struct rig *rig)
{
	enable(rig, 0x0b42, 0);
	enable(rig, 0x1806, 0x660); /* the disable form */
	assert_true(emu_err_raise(rig->dev, "ppu_pf_over_8bd") < 0);
	assert_true(emu_err_raise(rig->dev, "igu_common") < 0);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	assert_int_equal(rig_rd(rig, 0x20b00), 0);
	assert_int_equal(rig->irqs[0], 0);
}

static void
msix_switch(struct rig *rig)
{
	rig_wr(rig, 0x20600, 0);
	assert_true(emu_err_raise(rig->dev, "ppu_pf_over_8bd") < 0);
	assert_int_equal(emu_err_raise(rig->dev, "igu_common"), 0);
}

static void
all_errors(struct rig *rig)
{
	struct rig_desc d[10];

	raise_error(rig, "igu_common");
	raise_error(rig, "ppu_pf_over_8bd");
	query(rig, 0x1517, d, 10);
	assert_int_equal(word_of(d, 0, 0) & 0xffff, 0x0206); /* two modules, a global reset */
	assert_int_equal(word_of(d, 0, 1) & 0xff, 3);        /* IGU_EGU */
	assert_int_equal(word_of(d, 0, 2) & 0x80, 0x80);     /* a RAS error */
	assert_int_equal(word_of(d, 0, 4) & 0xff, 8);        /* RCB_RX */
	assert_int_equal(word_of(d, 0, 5) & 0x80, 0);
	assert_int_equal(word_of(d, 1, 0), 1);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	assert_int_equal(rig_rd(rig, 0x20b00), 0);
}

/* The line stays up for the message; the error that comes again is a new cause. */
static void
again_beside_a_message(struct rig *rig)
{
	uint8_t compat[24] = { 1 };
	struct rig_desc d[PF_DESCS];

	assert_int_equal(rig_cmd1(rig, 0x701a, 0x11, compat), 0);
	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	raise_error(rig, "ppu_pf_over_8bd");
	assert_int_equal(rig->irqs[0], 2);
	query(rig, 0x1515, d, PF_DESCS);
	clear(rig, d, PF_DESCS);
	raise_error(rig, "ppu_pf_over_8bd");
	assert_int_equal(rig->irqs[0], 3);
}

static const struct conf_rule rules[] = {
	{ "CONF-RAS-01", "1:6.1",
			"an error reported by MSI-X shows in 0x20800 bits 16:8 and its query's "
			"word",
			setup, msix_error, 0 },
	{ "CONF-RAS-02", "1:6.1", "a RAS error shows in 0x20B00 bits 15:8 and its query's word",
			setup, ras_error, 0 },
	{ "CONF-RAS-03", "1:6.4", "bits sent back are cleared; the status goes with the last one",
			setup, clearing, 0 },
	{ "CONF-RAS-04", "1:6.1", "error causes are not cleared by 0x20700", setup, not_by_register,
			0 },
	{ "CONF-RAS-05", "3:8.3", "counts of status descriptors are at least 10 and 4", setup,
			counts, 0 },
	{ "CONF-RAS-06", "3:8.2", "an error whose enable is off does not show", setup, disabled,
			0 },
	{ "CONF-RAS-07", "1:2.4", "without 0x20600 bit 6 errors are not reported by MSI-X", setup,
			msix_switch, 0 },
	{ "CONF-RAS-08", "3:8.4",
			"0x1517 tells modules, types and the reset that is asked for, and clears",
			setup, all_errors, 0 },
	{ "CONF-RAS-09", "1:6.1", "an error that comes again is told, though a message is pending",
			setup, again_beside_a_message, 0 },
};

CONF_MAIN(rules)
