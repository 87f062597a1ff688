/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-VF: functions of one NIC: rights, who gets a frame, what the PF configures for VF n. */
#include "conf_vfrig.h"

#include <string.h>

#define PF  "\x02\0\0\0\0\x0e"
#define VF1 "\x02\0\0\0\0\x21"
#define VF2 "\x02\0\0\0\0\x22"
#define OUT "\x02\xcc\0\0\0\x01"
#define ALL "\xff\xff\xff\xff\xff\xff"
#define MC  "\x01\0\x5e\0\0\x09"

/* Frames that have left by the wire since the last time. */
static unsigned int
left(struct vfrig *v)
{
	unsigned int nb = v->pf->nb_sent;

	v->pf->nb_sent = 0;
	return nb;
}

static void
cmd(struct vfrig *v, uint16_t opcode, uint8_t d[24])
{
	assert_int_equal(rig_cmd1(v->pf, opcode, 0x11, d), 0);
}

WITH_VFS(refused)
{
	static const uint16_t pfs[] = { 0x0020, 0x0022, 0x0023, 0x0025, 0x0026, 0x0033, 0x0034,
		0x0301, 0x0307, 0x0308, 0x0a01, 0x0b22, 0x0e01, 0x0f01, 0x0f02, 0x1000, 0x1001,
		0x1004, 0x1100, 0x1101, 0x1102, 0x1033, 0x1200, 0x1203, 0x1503, 0x1504, 0x2000,
		0x7104 };

	for (unsigned int i = 0; i < sizeof(pfs) / sizeof(pfs[0]); i++) {
		uint8_t d[24] = { 0 };

		if (rig_cmd1(&v->vf[0], pfs[i], 0x11, d) != 1)
			fail_msg("a VF may send 0x%04x", pfs[i]);
	}
	vfrig_wire(v, PF, 0); /* nothing has happened to the PF */
	assert_got(v, 1, 0, 0);
}

WITH_VFS(allowed)
{
	static const uint16_t vfs[] = { 0x0001, 0x0024, 0x0b03, 0x0b04, 0x0b13, 0x0b20, 0x0c10,
		0x0d01, 0x0d02, 0x0d07, 0x0d08, 0x701a };

	for (unsigned int i = 0; i < sizeof(vfs) / sizeof(vfs[0]); i++) {
		uint8_t d[24] = { 0 };

		if (rig_cmd1(&v->vf[0], vfs[i], i < 2 ? 0x19 : 0x11, d) != 0)
			fail_msg("a VF cannot send 0x%04x", vfs[i]);
	}
	/* what it set was its own */
	vfrig_wire(v, VF2, 0);
	vfrig_wire(v, PF, 0);
	assert_got(v, 1, 0, 1);
}

WITH_VFS(from_wire)
{
	uint8_t d[24] = { 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x55, 0, 0, 0, 0, 2 << 3 };

	vfrig_wire(v, VF1, 0);
	vfrig_wire(v, VF2, 0);
	vfrig_wire(v, VF2, 0);
	vfrig_wire(v, PF, 0);
	assert_got(v, 1, 1, 2);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x55", 0), EMU_RX_DROPPED);
	cmd(v, 0x1000, d); /* the egress port names VF 2 */
	vfrig_wire(v, "\2\0\0\0\0\x55", 0);
	assert_got(v, 0, 0, 1);
}

WITH_VFS(unknown_owner)
{
	uint8_t d[24] = { 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x55, 0, 0, 0, 0, 3 << 3 };

	assert_int_equal(rig_cmd1(v->pf, 0x1000, 0x11, d), 6); /* there are VFs 1 and 2 */
}

WITH_VFS(broadcast)
{
	vfrig_wire(v, ALL, 0);
	assert_got(v, 1, 1, 1);
	TELL(&v->vf[0], 8, 0, 0);
	vfrig_wire(v, ALL, 0);
	assert_got(v, 1, 0, 1);
}

WITH_VFS(between)
{
	vfrig_send(v, 1, VF2, VF1, 0);
	assert_got(v, 0, 0, 1);
	vfrig_send(v, 2, PF, VF2, 0);
	assert_got(v, 1, 0, 0);
	vfrig_send(v, 0, VF1, PF, 0);
	assert_got(v, 0, 1, 0);
	assert_int_equal(left(v), 0);
	assert_memory_equal(v->vf[0].mem + rig_rx_buf(0, 0),
			"\x02\0\0\0\0\x21\x02\0\0\0\0\x0e\x88\xb5", 14);
}

WITH_VFS(outwards)
{
	vfrig_send(v, 1, OUT, VF1, 0);
	assert_got(v, 0, 0, 0);
	assert_int_equal(left(v), 1);
	vfrig_send(v, 1, ALL, VF1, 0);
	assert_got(v, 1, 0, 1); /* not to who sends it */
	assert_int_equal(left(v), 1);
	TELL(&v->vf[1], 4, 4, 1, 0, 0x5e, 0, 0, 9);
	vfrig_send(v, 1, MC, VF1, 0);
	assert_got(v, 0, 0, 1);
	assert_int_equal(left(v), 1);
}

WITH_VFS(busy_wire)
{
	v->pf->tx_result = EMU_TX_BUSY;
	rig_tx_put(&v->vf[0], 0, 0, &(const struct rig_txbd){ .buf = 0x700000, .size = 60 });
	memset(v->vf[0].mem + 0x700000, 0xff, 60); /* broadcast */
	assert_int_equal(rig_tx_go(&v->vf[0], 0, 1), 0);
	assert_got(v, 0, 0, 0); /* it comes again: nobody may get it twice */
	v->pf->tx_result = EMU_TX_TAKEN;
	assert_int_equal(rig_tx_go(&v->vf[0], 0, 0), 1);
	assert_got(v, 1, 0, 1);
}

WITH_VFS(loopback)
{
	uint8_t d[24] = { 0, 0, 0, 0, 1 << 3, 0, 0, 0, 0x00, 0, 0, 0, 0xfd },
		r[24] = { 0, 0, 0, 0, 1 << 3 };

	assert_int_equal(rig_cmd1(v->pf, 0x1033, 0x19, r), 0);
	assert_int_equal(r[8], 2); /* on, nothing else */
	cmd(v, 0x1033, d);
	vfrig_send(v, 1, VF2, VF1, 0);
	assert_got(v, 0, 0, 0);
	assert_int_equal(left(v), 1);
	vfrig_send(v, 2, VF1, VF2, 0); /* of VF 1 alone */
	assert_got(v, 0, 1, 0);
}

WITH_VFS(spoof)
{
	uint8_t d[24] = { 0, 0, 0, 0, 1 << 3, 0, 0, 0, 0x01, 0, 0, 0, 0xfe };

	cmd(v, 0x1033, d);
	vfrig_send(v, 1, OUT, VF2, 0);
	assert_int_equal(left(v), 0);
	assert_int_equal(rig_stat(&v->vf[0], "tx_drops", "spoof"), 1);
	vfrig_send(v, 1, OUT, VF1, 0);
	assert_int_equal(left(v), 1);
	vfrig_send(v, 2, OUT, VF1, 0); /* VF 2 is free to */
	assert_int_equal(left(v), 1);
}

WITH_VFS(vlan_spoof)
{
	uint8_t d[24] = { 0, 1, 0, 0, 1 };

	cmd(v, 0x1100, d); /* ingress: what VF 1 sends */
	vfrig_send(v, 1, OUT, VF1, 100);
	assert_int_equal(left(v), 0);
	assert_int_equal(rig_stat(&v->vf[0], "tx_drops", "vlan_filter"), 1);
	assert_int_equal(ASK(&v->vf[0], NULL, 5, 0, 0, 100, 0, 0x00, 0x81), 0);
	vfrig_send(v, 1, OUT, VF1, 100);
	vfrig_send(v, 1, OUT, VF1, 0); /* VLAN 0 is in */
	assert_int_equal(left(v), 2);
}

/* 0x1102 for VID 100 of VFs 1 and 2; the response code. */
static uint8_t
func_vlan(struct vfrig *v, uint8_t kill)
{
	struct rig_desc d[2] = { rig_desc(0x1102, 0x15), rig_desc(0x1102, 0x11) };

	put16(d[0].b + 8, 100);
	d[0].b[8 + 4] = kill;
	d[0].b[8 + 8] = 0x06;
	rig_cmd(v->pf, d, 2);
	assert_int_equal(get16(d[1].b + 4), 0);
	return d[0].b[8 + 2];
}

static int
setup_driver(void **state)
{
	rig_next_serves_vfs();
	return rig_setup_started(state);
}

/* The PF's driver serves the VFs, so it is the only one that configures them. */
static void
pf_configures(struct rig *pf)
{
	uint8_t mac[24] = { 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 1 << 3 };
	uint8_t filter[24] = { 0, 0x0a, 0, 0, 1 };
	struct vfrig v;

	vfrig_open(&v, pf);
	rig_queue_start(&v.vf[0], 0);
	cmd(&v, 0x1000, mac);
	vfrig_wire(&v, VF1, 0);
	cmd(&v, 0x1100, filter); /* egress: what it receives */
	assert_int_equal(vfrig_wire(&v, VF1, 0), EMU_RX_DROPPED);
	assert_int_equal(func_vlan(&v, 1), 1); /* nothing to remove */
	assert_int_equal(func_vlan(&v, 0), 0);
	vfrig_wire(&v, VF1, 100);
	assert_int_equal(vfrig_wire(&v, VF1, 101), EMU_RX_DROPPED);
	assert_int_equal(func_vlan(&v, 1), 0);
	assert_int_equal(vfrig_wire(&v, VF1, 100), EMU_RX_DROPPED);
	filter[1] = 0;
	assert_int_equal(rig_cmd1(pf, 0x1100, 0x19, filter), 0);
	assert_int_equal(filter[1], 0x0a); /* type and function stay as asked */
	assert_int_equal(filter[4], 1);
	assert_got(&v, 0, 2, 0);
	vfrig_close(&v);
}

WITH_VFS(promiscuous)
{
	uint8_t all[24] = { 0x3e, 2 }, received[24] = { 0x2e, 2 }, none[24] = { 0x30, 2 };

	cmd(v, 0x0e01, all);
	vfrig_wire(v, OUT, 0);
	vfrig_wire(v, VF1, 0);
	assert_got(v, 0, 1, 2);
	vfrig_send(v, 1, OUT, VF1, 0); /* it sees what others send */
	vfrig_send(v, 1, PF, VF1, 0);
	assert_got(v, 1, 0, 2);
	cmd(v, 0x0e01, received);
	vfrig_send(v, 1, OUT, VF1, 0);
	vfrig_wire(v, OUT, 0);
	assert_got(v, 0, 0, 1);
	cmd(v, 0x0e01, none);
	assert_int_equal(vfrig_wire(v, OUT, 0), EMU_RX_DROPPED);
	vfrig_wire(v, ALL, 0);
	assert_got(v, 1, 1, 0);
	none[1] = 3;
	assert_int_equal(rig_cmd1(v->pf, 0x0e01, 0x11, none), 6);
}

static int
setup_v3(void **state)
{
	rig_next_is(0x30, 0);
	return rig_setup_started(state);
}

WITH_VFS(promiscuous_v3)
{
	uint8_t d[24] = { 0x3e, 2, 0x9c }; /* UC, MC, BC received; BC alone of what is sent */

	cmd(v, 0x0e01, d);
	vfrig_wire(v, OUT, 0);
	assert_got(v, 0, 0, 1);
	vfrig_send(v, 1, OUT, VF1, 0);
	assert_got(v, 0, 0, 0);
	vfrig_send(v, 1, ALL, VF1, 0);
	assert_got(v, 1, 0, 1);
}

WITH_VFS(vlan_config)
{
	uint8_t rx[24] = { 0x02, 0, 0, 0, 0, 0, 0, 0, 0x06 },
		tx[24] = { 0xe6, 0, 0, 0, 0x64, 0xa0, 0x65, 0, 0x02 };
	uint8_t r[24] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x04 };

	cmd(v, 0x0f02, rx); /* VFs 1 and 2 */
	assert_int_equal(rig_cmd1(v->pf, 0x0f02, 0x19, r), 0);
	assert_int_equal(r[0], 0x02);
	r[8] = 1; /* not the PF */
	assert_int_equal(rig_cmd1(v->pf, 0x0f02, 0x19, r), 0);
	assert_int_equal(r[0], 0);
	cmd(v, 0x0f01, tx); /* VF 1 */
	memset(r, 0, sizeof(r));
	r[8] = 0x02;
	assert_int_equal(rig_cmd1(v->pf, 0x0f01, 0x19, r), 0);
	assert_memory_equal(r, "\xe6\0\0\0\x64\xa0\x65\0", 8);
	r[8] = 0x04;
	assert_int_equal(rig_cmd1(v->pf, 0x0f01, 0x19, r), 0);
	assert_memory_equal(r, "\xe3\0\0\0\0\0\0\0", 8);
	r[8] = 0x08; /* there is no VF 3 */
	assert_int_equal(rig_cmd1(v->pf, 0x0f01, 0x11, r), 6);
	r[8] = 0x02;
	r[1] = 1; /* nor functions from 64 on */
	assert_int_equal(rig_cmd1(v->pf, 0x0f02, 0x11, r), 6);
}

WITH_VFS(bypass)
{
	uint8_t on[24] = { 1, 5 }, past[24] = { 1, 0, 0, 0, 1 };

	assert_int_equal(ASK(&v->vf[0], NULL, 5, 5, 0), 0);
	assert_int_equal(ASK(&v->vf[1], NULL, 5, 5, 0), 0);
	cmd(v, 0x1100, on);
	assert_int_equal(vfrig_wire(v, VF1, 100), EMU_RX_DROPPED);
	cmd(v, 0x1103, past);
	vfrig_wire(v, VF1, 100);
	assert_int_equal(vfrig_wire(v, VF2, 100), EMU_RX_DROPPED);
	assert_got(v, 0, 1, 0);
}

static void
pf_alone(struct rig *pf)
{
	vfrig_wire(&(struct vfrig){ .pf = pf }, PF, 0);
	assert_int_equal(rig_stat(pf, "rx", "pkts"), 1);
	vfrig_send(&(struct vfrig){ .pf = pf }, 0, PF, PF, 0); /* a NIC without VFs has no switch */
	assert_int_equal(pf->nb_sent, 1);
	assert_int_equal(rig_stat(pf, "rx", "pkts"), 1);
}

static void
nobody_at_pf(struct rig *pf)
{
	struct vfrig v;

	vfrig_start(&v, pf); /* the PF has done nothing */
	vfrig_wire(&v, VF1, 0);
	vfrig_wire(&v, ALL, 0);
	assert_got(&v, 0, 2, 1);
	vfrig_send(&v, 1, OUT, VF1, 0);
	assert_int_equal(left(&v), 1);
	emu_dev_attached(pf->dev, true); /* now the MAC is the PF's */
	assert_int_equal(vfrig_wire(&v, VF1, 0), EMU_RX_DROPPED);
	emu_dev_reset(pf->dev);
	emu_dev_attached(pf->dev, false);
	vfrig_wire(&v, VF1, 0); /* the VF has lost nothing */
	assert_got(&v, 0, 1, 0);
	vfrig_close(&v);
}

WITH_VFS(client_gone)
{
	assert_true(vfrig_is_known(v, VF1));
	emu_dev_reset(v->vf[0].dev);
	assert_false(vfrig_is_known(v, VF1));
	assert_true(vfrig_is_known(v, VF2));
	assert_int_equal(vfrig_wire(v, VF1, 0), EMU_RX_DROPPED);
	vfrig_wire(v, VF2, 0);
	vfrig_wire(v, ALL, 0);
	assert_got(v, 1, 0, 2);
	assert_int_equal(rig_rd(&v->vf[0], 0x27000), 0);
}

#define STARTED rig_setup_started
/* clang-format off */
static const struct conf_rule rules[] = {
	{ "CONF-VF-01", "3:9.4", "a VF that sends a command of PFs has no right to", STARTED, refused, 0 },
	{ "CONF-VF-02", "3:9.4", "a VF sends its own commands, which change itself alone", STARTED, allowed, 0 },
	{ "CONF-VF-03", "3:1.16", "a unicast frame is for the function that its address's entry names", STARTED, from_wire, 0 },
	{ "CONF-VF-04", "3:0.6", "an entry cannot name a function that does not exist", STARTED, unknown_owner, 0 },
	{ "CONF-VF-05", "3:10.2", "a broadcast frame reaches each function that wants it", STARTED, broadcast, 0 },
	{ "CONF-VF-06", "3:10.3", "frames between functions stay inside", STARTED, between, 0 },
	{ "CONF-VF-07", "3:10.3", "other frames leave; to a group they do both", STARTED, outwards, 0 },
	{ "CONF-VF-08", "3:10.3", "a frame that waits for the wire reaches nobody twice", STARTED, busy_wire, 0 },
	{ "CONF-VF-09", "3:1.21", "without loopback a function's frames leave, whatever the address", STARTED, loopback, 0 },
	{ "CONF-VF-10", "3:1.21", "anti-spoof lets a function send from its own addresses only", STARTED, spoof, 0 },
	{ "CONF-VF-11", "3:2.1", "the ingress filter lets a function send in its own VLANs only", STARTED, vlan_spoof, 0 },
	{ "CONF-VF-12", "3:2.3", "the egress filter lets a function receive from its own VLANs only", setup_driver, pf_configures, 0 },
	{ "CONF-VF-13", "3:1.20", "promiscuity of VF n covers the wire, other functions, or both", STARTED, promiscuous, 0 },
	{ "CONF-VF-14", "3:1.20", "on revision 0x30 each direction has bits of its own", setup_v3, promiscuous_v3, 0 },
	{ "CONF-VF-15", "3:2.6", "tag configurations are of the functions in the bitmap and can be read back", STARTED, vlan_config, 0 },
	{ "CONF-VF-16", "3:2.4", "a function can pass by the port's VLAN filter", STARTED, bypass, 0 },
	{ "CONF-VF-17", "3:1.21", "a NIC without VFs has no switch", STARTED, pf_alone, 0 },
	{ "CONF-VF-18", "1:7.1", "while nobody drives the PF the host holds the MAC up for the VFs", rig_setup_cmdq, nobody_at_pf, 0 },
	{ "CONF-VF-19", "1:8.3", "a VF that is reset is in no table any more, the others are", STARTED, client_gone, 0 },
};
/* clang-format on */

CONF_MAIN(rules)
