/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-ID: what a function says that it is [1:1] [1:5.1] .. [1:5.4]. */
#include "conf_vfrig.h"

#include <errno.h>
#include <string.h>

/* Whether there is a device with this id, a VF of @p pf if that is not NULL. */
static bool
exists(struct rig *pf, uint16_t id, uint8_t revision)
{
	struct emu_dev_cfg cfg = {
		.name = "id",
		.device_id = id,
		.revision = revision,
		.nb_queues = 1,
		.speed_mbps = 100000,
		.iommu = &pf->mmu,
		.port = (struct emu_port *)(void *)pf,
	};
	uint8_t got[16];
	struct emu_dev *dev;
	int err;

	if (id == 0xa22e || id == 0xa22f)
		cfg.pf = pf->dev;
	dev = emu_dev_create(&cfg, &err);
	if (!dev) {
		assert_int_equal(err, -EINVAL);
		return false;
	}
	assert_int_equal(emu_dev_config_read(dev, 0, got, 16), 0);
	assert_int_equal(get16(got), 0x19e5);
	assert_int_equal(get16(got + 2), id);
	assert_int_equal(got[8], revision);
	assert_int_equal(got[11], 2); /* Ethernet */
	emu_dev_destroy(dev);
	return true;
}

static void
device_ids(struct rig *rig)
{
	for (uint16_t id = 0xa210; id < 0xa240; id++) {
		bool is_known = (id >= 0xa220 && id <= 0xa226) || id == 0xa228 || id == 0xa22e ||
		                id == 0xa22f;

		assert_int_equal(exists(rig, id, 0x21), is_known);
		assert_int_equal(exists(rig, id, 0x30), is_known);
	}
	assert_false(exists(rig, 0x1572, 0x21));
}

static void
revisions(struct rig *rig)
{
	for (unsigned int rev = 0; rev < 256; rev++)
		assert_int_equal(exists(rig, 0xa222, (uint8_t)rev), rev == 0x21 || rev == 0x30);
}

static int
setup_caps(void **state)
{
	rig_next_is(0x30, 0x400188904);
	return rig_setup_cmdq(state);
}

static int
setup_v3(void **state)
{
	rig_next_is(0x30, UINT64_MAX); /* its own capabilities */
	return rig_setup_cmdq(state);
}

static void
capability_words(struct rig *pf)
{
	struct vfrig v;

	vfrig_open(&v, pf);
	for (unsigned int f = 0; f < 2; f++) {
		uint8_t d[24] = { 0, 0, 0, 0, 0, 0, 0, 0, 1 };

		assert_int_equal(rig_cmd1(f ? &v.vf[0] : pf, 0x0001, 0x19, d), 0);
		assert_int_not_equal(get32(d), 0); /* a version */
		assert_int_equal(get32(d + 4), 0); /* the hardware word: 0x21, 0x30 as such */
		assert_int_equal(get32(d + 12), 0x00188904);
		assert_int_equal(get32(d + 16), 4);
		assert_int_equal(get32(d + 20), 0);
	}
	vfrig_close(&v);
}

static void
no_capabilities(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0001, 0x19, d), 0);
	for (unsigned int i = 4; i < 24; i++)
		assert_int_equal(d[i], 0);
}

static void
own_capabilities(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0001, 0x19, d), 0);
	assert_true(get32(d + 12) & 0x00100000);         /* GRO */
	assert_int_equal(get32(d + 12) & 0x000810c8, 0); /* not TM, RAS_IMP, PHY_IMP, push, PTP */
}

static uint16_t
specs(struct rig *rig, struct rig_desc d[4])
{
	for (unsigned int i = 0; i < 4; i++)
		d[i] = rig_desc(0x0050, i < 3 ? 0x1d : 0x19);
	rig_cmd(rig, d, 4);
	return get16(d[3].b + 4);
}

static void
specs_of_v2(struct rig *rig)
{
	struct rig_desc d[4];

	assert_int_equal(specs(rig, d), 2);
}

static void
specs_of_v3(struct rig *pf)
{
	struct vfrig v;

	vfrig_open(&v, pf);
	for (unsigned int f = 0; f < 2; f++) {
		struct rig_desc d[4];
		const uint8_t *one = d[0].b + 8, *two = d[1].b + 8;

		assert_int_equal(specs(f ? &v.vf[0] : pf, d), 0);
		assert_int_equal(get16(one + 12), 512);     /* indirection table */
		assert_int_equal(get16(one + 14), 40);      /* key */
		assert_int_equal(one[18], 18);              /* BDs */
		assert_true(get32(one + 20) >= 100000);     /* Mb/s: the port's speed */
		assert_int_equal(get16(two), 9728);         /* frame */
		assert_true(get16(two + 8) >= 384);         /* unicast addresses */
		assert_true(two[12] >= 9 && two[12] <= 33); /* shortest frame */
	}
	vfrig_close(&v);
}

static void
specs_too_short(struct rig *rig)
{
	struct rig_desc d[3];

	for (unsigned int i = 0; i < 3; i++)
		d[i] = rig_desc(0x0050, i < 2 ? 0x1d : 0x19);
	rig_cmd(rig, d, 3);
	assert_int_equal(get16(d[2].b + 4), 4);
}

static void
function_status(struct rig *pf)
{
	uint8_t d[24] = { 0 };
	struct vfrig v;

	vfrig_open(&v, pf);
	assert_int_equal(rig_cmd1(pf, 0x0022, 0x19, d), 0);
	assert_int_equal(d[16], 3); /* initialised, main */
	assert_int_equal(d[19], 1);
	assert_int_equal(d[21], 2); /* VFs */
	vfrig_close(&v);
}

/* clang-format off */
static const struct conf_rule rules[] = {
	{ "CONF-ID-01", "1:1.1", "each known device id can be a function, no other", rig_setup_cmdq, device_ids, 0 },
	{ "CONF-ID-02", "1:1.3", "revisions are 0x21 and 0x30, at offset 8 of config space", rig_setup_cmdq, revisions, 0 },
	{ "CONF-ID-03", "1:5.1", "PF and VF tell their capability bits, and a hardware word of 0", setup_caps, capability_words, 0 },
	{ "CONF-ID-04", "1:5.1", "revision 0x21 has no capability bits", rig_setup_cmdq, no_capabilities, 0 },
	{ "CONF-ID-05", "1:5.1", "revision 0x30 says GRO, and nothing that is not emulated", setup_v3, own_capabilities, 0 },
	{ "CONF-ID-06", "1:5.3", "revision 0x21 has no device specifications", rig_setup_cmdq, specs_of_v2, 0 },
	{ "CONF-ID-07", "1:5.3", "PF and VF of revision 0x30 tell specifications that drivers accept", setup_v3, specs_of_v3, 0 },
	{ "CONF-ID-08", "1:3.6", "specifications asked with three descriptors are a group that is too short", setup_v3, specs_too_short, 0 },
	{ "CONF-ID-09", "1:5.4", "the function status says ready, main PF, and how many VFs there are", rig_setup_cmdq, function_status, 0 },
};
/* clang-format on */

CONF_MAIN(rules)
