/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-RSRC: how queues and vectors are divided, and what the PF may do for a VF's queues. */
#include "conf_vfrig.h"

#include <string.h>

static void
pf_resources(struct rig *pf)
{
	uint8_t d[24] = { 0 };
	struct vfrig v;

	vfrig_open(&v, pf);
	assert_int_equal(rig_cmd1(pf, 0x0023, 0x19, d), 0);
	assert_int_equal(get16(d), 4);       /* queue pairs: its own */
	assert_true(get16(d + 2) >= 0x2100); /* packet buffer */
	assert_int_equal(get16(d + 6), 6);   /* vectors: queues + 2 */
	assert_true(get16(d + 6) <= emu_dev_nb_vectors(pf->dev));
	assert_int_equal(get16(d + 8), 0);  /* none for RoCE */
	assert_int_equal(get16(d + 10), 3); /* functions */
	assert_int_equal(get16(d + 16), 0);
	vfrig_close(&v);
}

static int
setup_driver(void **state)
{
	rig_next_serves_vfs();
	return rig_setup_cmdq(state);
}

static void
all_queues(struct rig *pf)
{
	uint8_t d[24] = { 0 };
	struct vfrig v;

	vfrig_open(&v, pf);
	assert_int_equal(rig_cmd1(pf, 0x0023, 0x19, d), 0);
	assert_int_equal(get16(d), 12); /* it divides them */
	vfrig_close(&v);
}

static void
vf_resources(struct rig *pf)
{
	uint8_t d[24] = { 0 };
	struct vfrig v;

	vfrig_open(&v, pf);
	assert_int_equal(rig_cmd1(&v.vf[1], 0x0024, 0x19, d), 0);
	assert_int_equal(get16(d), 4);
	assert_int_equal(get16(d + 4), 0);
	assert_int_equal(d[8], 6);
	assert_true(d[8] <= emu_dev_nb_vectors(v.vf[1].dev));
	assert_int_equal(rig_cmd1(pf, 0x0024, 0x19, d), 1); /* a PF has the other one */
	vfrig_close(&v);
}

static void
rdma_vectors(struct rig *pf)
{
	struct emu_dev_cfg cfg = { .name = "a22f",
		.device_id = 0xa22f,
		.revision = 0x21,
		.nb_queues = 2,
		.iommu = &pf->mmu,
		.port = (struct emu_port *)(void *)pf,
		.pf = pf->dev };
	int err;
	struct emu_dev *dev = emu_dev_create(&cfg, &err);

	assert_non_null(dev);
	assert_int_equal(emu_dev_nb_vectors(dev), 5); /* the NIC's 4, and one behind them */
	emu_dev_destroy(dev);
}

static void
board(struct rig *pf)
{
	struct rig_desc d[2] = { rig_desc(0x0025, 0x19), rig_desc(0x0025, 0x19) };

	put32(d[0].b + 8, 0x04000000);
	put32(d[1].b + 8, 0x04000010);
	rig_cmd(pf, d, 2);
	assert_int_equal(d[0].b[8 + 9], 1);             /* a TC */
	assert_int_equal(get16(d[0].b + 8 + 10), 1024); /* BDs of a ring */
	assert_int_equal(d[0].b[8 + 13], 1);            /* fibre */
	assert_memory_equal(d[0].b + 8 + 16, "\x02\0\0\0\0\x0e", 6);
	assert_int_equal(d[0].b[8 + 22], 5); /* 100G */
	assert_int_equal(d[0].b[8 + 23], 4); /* RSS: a power of two, not above the queues */
	assert_true(get16(d[1].b + 8 + 14) >= 384);
}

/* Whether queue @p q of a function was reset since its enable was set here. */
static bool
is_reset(struct rig *rig, unsigned int q)
{
	bool off = rig_rd(rig, rig_tqp(q) + 0x90) == 0;

	rig_wr(rig, rig_tqp(q) + 0x90, 1);
	return off;
}

static void
enable_all(struct vfrig *v)
{
	for (unsigned int q = 0; q < 4; q++) {
		rig_wr(v->pf, rig_tqp(q) + 0x90, 1);
		rig_wr(&v->vf[0], rig_tqp(q) + 0x90, 1);
		rig_wr(&v->vf[1], rig_tqp(q) + 0x90, 1);
	}
}

/* The PF's queues are 0 to 3, VF 1's 4 to 7, VF 2's 8 to 11. */
static void
range_reset(struct rig *pf)
{
	uint8_t d[24] = { 0, 0, 2, 0, 5, 0, 4, 0 };
	struct vfrig v;

	vfrig_open(&v, pf);
	enable_all(&v);
	assert_int_equal(rig_cmd1(pf, 0x0020, 0x11, d), 0);
	assert_int_equal(d[8], 1);
	for (unsigned int q = 0; q < 4; q++) {
		assert_false(is_reset(pf, q));
		assert_int_equal(is_reset(&v.vf[0], q), q >= 1);
		assert_int_equal(is_reset(&v.vf[1], q), q == 0);
	}
	put16(d + 4, 9);
	assert_int_equal(rig_cmd1(pf, 0x0020, 0x11, d), 6); /* 9 to 12 */
	vfrig_close(&v);
}

static void
one_reset(struct rig *pf)
{
	uint8_t d[24] = { 10, 0, 1 };
	struct vfrig v;

	vfrig_open(&v, pf);
	enable_all(&v);
	assert_int_equal(rig_cmd1(pf, 0x0b22, 0x11, d), 0);
	assert_true(is_reset(&v.vf[1], 2));
	assert_false(is_reset(pf, 2));
	assert_int_equal(rig_cmd1(pf, 0x0b22, 0x19, d), 0);
	assert_int_equal(d[3] & 1, 1);
	d[0] = 12;
	assert_int_equal(rig_cmd1(pf, 0x0b22, 0x11, d), 6);
	vfrig_close(&v);
}

static void
own_numbers(struct rig *pf)
{
	uint8_t d[24] = { 1 };
	struct vfrig v;

	vfrig_open(&v, pf);
	enable_all(&v);
	assert_int_equal(rig_cmd1(&v.vf[0], 0x0b20, 0x11, d), 0);
	assert_true(is_reset(&v.vf[0], 1));
	assert_false(is_reset(pf, 1));
	d[0] = 4;
	assert_int_equal(rig_cmd1(&v.vf[0], 0x0b20, 0x11, d), 6);
	vfrig_close(&v);
}

static void
map(struct rig *pf)
{
	uint8_t d[24] = { 0, 0, 2, 3, 3, 0 }; /* pair 0 is VF 2's queue 3 */
	uint8_t reset[24] = { 0, 0, 1 }, resp[8];
	struct vfrig v;

	vfrig_open(&v, pf);
	enable_all(&v);
	assert_int_equal(rig_cmd1(pf, 0x0a01, 0x11, d), 0);
	assert_int_equal(rig_cmd1(pf, 0x0b22, 0x11, reset), 0);
	assert_true(is_reset(&v.vf[1], 3));
	assert_false(is_reset(pf, 0));
	assert_int_equal(ASK(&v.vf[1], resp, 31, 0, 3), 0); /* its number at the PF */
	assert_int_equal(get16(resp), 0);
	put16(d + 4, 4); /* VF 2 has no queue 4 */
	assert_int_equal(rig_cmd1(pf, 0x0a01, 0x11, d), 6);
	put16(d + 4, 3);
	d[2] = 3; /* there is no VF 3 */
	assert_int_equal(rig_cmd1(pf, 0x0a01, 0x11, d), 6);
	vfrig_close(&v);
}

/* clang-format off */
static const struct conf_rule rules[] = {
	{ "CONF-RSRC-01", "1:5.5", "the PF is told its queue pairs, its vectors, and the number of functions", rig_setup_cmdq, pf_resources, 0 },
	{ "CONF-RSRC-02", "1:5.5", "a PF whose driver serves the VFs has their queue pairs, too, to divide them", setup_driver, all_queues, 0 },
	{ "CONF-RSRC-03", "1:5.6", "a VF is told its queue pairs and vectors, and a PF is not", rig_setup_cmdq, vf_resources, 0 },
	{ "CONF-RSRC-04", "1:1.6", "a VF with RDMA has a vector behind those of the NIC", rig_setup_cmdq, rdma_vectors, 0 },
	{ "CONF-RSRC-05", "1:5.7", "the board's configuration holds what probes insist on", rig_setup_cmdq, board, 0 },
	{ "CONF-RSRC-06", "1:5.10", "a range of queues is reset by the PF's numbers, whosever they are", rig_setup_cmdq, range_reset, 0 },
	{ "CONF-RSRC-07", "3:3.2", "one queue is reset by the PF's number, whosever it is", rig_setup_cmdq, one_reset, 0 },
	{ "CONF-RSRC-08", "1:5.11", "a VF names its queues by its own numbers and reaches no other", rig_setup_cmdq, own_numbers, 0 },
	{ "CONF-RSRC-09", "3:3.1", "the map of queue pairs decides whose queue a number is", rig_setup_cmdq, map, 0 },
};
/* clang-format on */

CONF_MAIN(rules)
