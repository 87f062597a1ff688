/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-MBX: the mailbox [1:7]: transport, the host's answers, messages that nobody asked for. */
#include "conf_vfrig.h"

#include <string.h>

#include "emu_mbx.h"

WITH_VFS(completes)
{
	uint8_t d[24] = { 0, 0, 0, 0, 0, 0, 0, 0, 28 }, msg[24];

	assert_int_equal(rig_cmd1(&v->vf[0], 0x2001, 0x11, d), 0);
	d[8] = 199; /* no such code: nobody answers what was not asked */
	assert_int_equal(rig_cmd1(&v->vf[0], 0x2001, 0x11, d), 0);
	assert_int_equal(vfrig_take(&v->vf[0], msg), 0);
	assert_int_equal(rig_cmd1(v->pf, 0x2001, 0x11, d), 1); /* it is the VFs' command */
}

WITH_VFS(answers)
{
	/* ASK() looks at match id, code, subcode, length */
	assert_int_equal(ASK(&v->vf[0], NULL, 5, 4, 0), 0);
	assert_int_equal(ASK(&v->vf[1], NULL, 11, 77, 0), 0);
	assert_int_equal(ASK(&v->vf[0], NULL, 120, 3, 0), 95);
	assert_int_equal(ASK(&v->vf[0], NULL, 0, 0, 0), 95);
	assert_int_equal(rig_stat(&v->vf[0], "mailbox", "unknown"), 2);
}

WITH_VFS(interrupts)
{
	struct rig *vf = &v->vf[0];
	unsigned int before = vf->irqs[0];
	uint8_t msg[24];

	rig_wr(vf, 0x27100, 0);
	rig_service(vf);
	TELL(vf, 26, 0, 0);
	assert_int_equal(rig_rd(vf, 0x27104) & 2, 2);
	assert_int_equal(rig_rd(vf, 0x27100) & 2, 2);
	assert_int_equal(vf->irqs[0], before + 1);
	assert_int_equal(vfrig_take(vf, msg),
			0x2000); /* never 0: that is what a VF takes for done */
}

WITH_VFS(lost)
{
	struct rig *vf = &v->vf[0];

	for (unsigned int i = 0; i < 1100; i++)
		TELL(vf, 26, 0, 0);
	/* one slot stays free, and none is written over */
	assert_int_equal((rig_rd(vf, 0x27024) + 1) % 1024, vf->crq_next);
	assert_true(rig_stat(vf, "mailbox", "lost") >= 1100 - 1023);
}

WITH_VFS(basics)
{
	uint8_t r[8];

	assert_int_equal(ASK(&v->vf[0], r, 13, 0, 0), 0);
	assert_int_equal(r[0] & 1, 1);         /* TC 0 */
	assert_int_equal(get16(r + 2), 0);     /* version */
	assert_int_equal(get32(r + 4) & 1, 1); /* its VLAN filter can be changed */
	assert_int_equal(ASK(&v->vf[0], r, 11, 0, 0), 0);
	assert_int_equal(get16(r), 4);
	assert_int_equal(get16(r + 2), 4);
	assert_int_equal(get16(r + 4), 2048);
	assert_int_equal(ASK(&v->vf[0], r, 12, 0, 0), 0);
	assert_int_equal(get16(r), 1024);
	assert_int_equal(get16(r + 2), 1024);
	assert_int_equal(ASK(&v->vf[0], r, 35, 0, 0), 0);
	assert_int_equal(r[0], 1); /* fibre */
	assert_int_equal(ASK(&v->vf[1], r, 16, 0, 0), 0);
	assert_memory_equal(r, "\x02\0\0\0\0\x22", 6);
	assert_int_equal(ASK(&v->vf[1], r, 31, 0, 2), 0);
	assert_int_equal(get16(r), 10);
	assert_int_equal(ASK(&v->vf[1], r, 31, 0, 4), 22);
}

WITH_VFS(rss_key)
{
	uint8_t d[24] = { 0x10, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 }, r[8];

	assert_int_equal(rig_cmd1(v->pf, 0x0d01, 0x11, d), 0); /* bytes 16 to 31 of the PF's key */
	assert_int_equal(ASK(&v->vf[0], r, 15, 0, 2), 0);
	assert_memory_equal(r, "\1\2\3\4\5\6\7\x8", 8);
	assert_int_equal(ASK(&v->vf[0], r, 15, 0, 5), 22);
}

#define A21 2, 0, 0, 0, 0, 0x21
#define A33 2, 0, 0, 0, 0, 0x33

WITH_VFS(unicast)
{
	struct rig *vf = &v->vf[0];

	assert_int_equal(
			ASK(vf, NULL, 3, 0, A33, A33), 0); /* the first time: new and old are one */
	vfrig_wire(v, "\2\0\0\0\0\x33", 0);
	assert_got(v, 0, 1, 0);
	assert_int_equal(ASK(vf, NULL, 3, 0, 2, 0, 0, 0, 0, 0x44, A33), 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x33", 0), EMU_RX_DROPPED);
	vfrig_wire(v, "\2\0\0\0\0\x44", 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 0);
	assert_got(v, 0, 2, 0);
	assert_int_equal(ASK(vf, NULL, 3, 2, A21), 0);
	assert_int_equal(ASK(vf, NULL, 3, 2, A21), 2); /* not there */
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 0), EMU_RX_DROPPED);
	assert_int_equal(ASK(vf, NULL, 3, 1, 3, 0, 0, 0, 0, 1), 22); /* multicast */
	assert_int_equal(ASK(vf, NULL, 3, 1, 0, 0, 0, 0, 0, 0), 22);
	assert_int_equal(ASK(vf, NULL, 3, 1, 2, 0, 0, 0, 0, 0x22), 16); /* VF 2's */
	assert_int_equal(ASK(vf, NULL, 3, 2, 2, 0, 0, 0, 0, 0x22), 2);
	vfrig_wire(v, "\2\0\0\0\0\x22", 0);
	assert_got(v, 0, 0, 1);
}

WITH_VFS(full)
{
	struct rig *vf = &v->vf[0];
	unsigned int nb = 0;
	uint16_t ret;

	do
		ret = ASK(vf, NULL, 3, 1, 2, 1, 0, 0, (uint8_t)(nb >> 8), (uint8_t)nb);
	while (ret == 0 && ++nb < 1000);
	assert_int_equal(ret, 28);
	assert_int_equal(nb, 384 - 3); /* the functions' own are in the same table */
	assert_int_equal(ASK(vf, NULL, 3, 0, 2, 2, 0, 0, 0, 1, A21), 28);
	vfrig_wire(v, "\2\0\0\0\0\x21", 0); /* the old one stays */
	assert_got(v, 0, 1, 0);
}

WITH_VFS(multicast)
{
	TELL(&v->vf[0], 4, 4, 1, 0, 0x5e, 0, 0, 1);
	TELL(&v->vf[1], 4, 4, 1, 0, 0x5e, 0, 0, 1);
	vfrig_wire(v, "\1\0\x5e\0\0\1", 0);
	assert_got(v, 0, 1, 1);
	TELL(&v->vf[0], 4, 5, 1, 0, 0x5e, 0, 0, 1);
	vfrig_wire(v, "\1\0\x5e\0\0\1", 0);
	assert_got(v, 0, 0, 1);
	assert_int_equal(ASK(&v->vf[0], NULL, 4, 5, 1, 0, 0x5e, 0, 0, 1), 2);
	assert_int_equal(ASK(&v->vf[0], NULL, 4, 4, A33), 22);
}

WITH_VFS(vlan_filter)
{
	struct rig *vf = &v->vf[0];

	vfrig_wire(v, "\2\0\0\0\0\x21", 0);
	assert_got(v, 0, 1, 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 100), EMU_RX_DROPPED);
	assert_int_equal(ASK(vf, NULL, 5, 0, 0, 100, 0, 0x00, 0x81), 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 100);
	assert_got(v, 0, 1, 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x22", 100), EMU_RX_DROPPED); /* its own alone */
	assert_int_equal(ASK(vf, NULL, 5, 0, 1, 100, 0, 0x00, 0x81), 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 100), EMU_RX_DROPPED);
	assert_int_equal(ASK(vf, NULL, 5, 0, 0, 0, 0x10, 0x00, 0x81), 22); /* 4096 */
	assert_int_equal(ASK(vf, NULL, 5, 5, 0), 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 100);
	assert_got(v, 0, 1, 0);
	assert_int_equal(ASK(vf, NULL, 5, 5, 1), 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 100), EMU_RX_DROPPED);
}

/* The VLANs of VFs pass the port's filter whatever the PF does with it. */
WITH_VFS(port_filter)
{
	uint8_t on[24] = { 1, 5 }, add[24] = { 0, 0, 0, 0, 1 };
	uint8_t kill[24] = { 0, 1 }; /* VIDs 0 to 159 */

	assert_int_equal(ASK(&v->vf[0], NULL, 5, 0, 0, 100, 0, 0x00, 0x81), 0);
	assert_int_equal(rig_cmd1(v->pf, 0x1101, 0x11, add), 0); /* VLAN 0 */
	assert_int_equal(rig_cmd1(v->pf, 0x1100, 0x11, on), 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 100);
	assert_got(v, 0, 1, 0);
	memset(kill + 4, 0xff, 20);
	assert_int_equal(rig_cmd1(v->pf, 0x1101, 0x11, kill), 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 100);
	assert_got(v, 0, 1, 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 101), EMU_RX_DROPPED);
}

WITH_VFS(strip)
{
	struct rig *vf = &v->vf[0];

	assert_int_equal(ASK(vf, NULL, 5, 5, 0), 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 7);
	assert_int_equal(get16(rig_rxbd(vf, 0, 0) + 12), 64);
	TELL(vf, 5, 2, 1);
	vfrig_wire(v, "\2\0\0\0\0\x21", 7);
	assert_int_equal(get16(rig_rxbd(vf, 0, 1) + 12), 60);
	TELL(vf, 5, 2, 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 7);
	assert_int_equal(get16(rig_rxbd(vf, 0, 2) + 12), 64);
}

WITH_VFS(ring_vectors)
{
	struct rig *vf = &v->vf[0];
	uint8_t r[8];

	assert_int_equal(ASK(vf, NULL, 7, 4, 1, 1, 0, 0), 0); /* was not mapped */
	assert_int_equal(ASK(vf, NULL, 6, 3, 2, 1, 0, 0, 0, 0, 1), 0);
	assert_int_equal(ASK(vf, r, 39, 0, 0, 1, 0, 0), 0);
	assert_memory_equal(r, "\1\0\0\3", 4); /* Rx, queue 0, limiter 0, vector 3 */
	assert_int_equal(ASK(vf, r, 39, 0, 0, 0, 0, 0), 0);
	assert_memory_equal(r, "\0\0\1\3", 4);
	rig_wr(vf, 0x20000 + 4 * 2, 1);
	vfrig_wire(v, "\2\0\0\0\0\x21", 0);
	assert_int_equal(vf->irqs[3], 1);
	assert_int_equal(ASK(vf, NULL, 7, 3, 1, 1, 0, 0), 0);
	rig_wr(vf, 0x20000 + 4 * 2, 1);
	vfrig_wire(v, "\2\0\0\0\0\x21", 0);
	assert_int_equal(vf->irqs[3], 1);
	assert_int_equal(ASK(vf, NULL, 6, 6, 1, 1, 0, 0), 22); /* vectors 0 to 5 */
	assert_int_equal(ASK(vf, NULL, 6, 1, 1, 1, 4, 0), 22); /* queues 0 to 3 */
	assert_int_equal(ASK(vf, NULL, 6, 1, 5, 1, 0, 0), 22); /* 4 entries fit */
}

WITH_VFS(trust)
{
	struct rig *vf = &v->vf[0];
	uint8_t msg[24];

	TELL(vf, 8, 1, 1, 1); /* all */
	vfrig_wire(v, "\2\0\0\0\0\x77", 0);
	vfrig_wire(v, "\1\0\x5e\0\0\1", 5); /* its VLAN filter is off meanwhile */
	assert_got(v, 0, 2, 0);
	assert_int_equal(emu_host_trust_set(vf->dev, false), 0);
	assert_true(vfrig_take_code(vf, 36, msg));
	assert_int_equal(get16(msg + 10), 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x77", 0), EMU_RX_DROPPED);
	vfrig_wire(v, "\xff\xff\xff\xff\xff\xff", 0);
	assert_got(v, 1, 1, 1);
	assert_int_equal(emu_host_trust_set(vf->dev, true), 0);
	assert_true(vfrig_take_code(vf, 36, msg));
	assert_int_equal(get16(msg + 10), 1);
	vfrig_wire(v, "\2\0\0\0\0\x77", 0);
	assert_got(v, 0, 1, 0);
}

WITH_VFS(queue_reset)
{
	struct rig *vf = &v->vf[0];
	uint8_t r[8];

	rig_wr(vf, rig_tqp(1) + 0x90, 1);
	rig_wr(vf, rig_tqp(2) + 0x90, 1);
	assert_int_equal(ASK(vf, r, 27, 0, 1, 0), 0);
	assert_int_equal(rig_rd(vf, rig_tqp(1) + 0x90), 0);
	assert_int_equal(rig_rd(vf, rig_tqp(2) + 0x90), 1);
	assert_int_equal(ASK(vf, r, 27, 0, 0, 0), 0);
	assert_int_equal(r[0], 1); /* all are done */
	assert_int_equal(rig_rd(vf, rig_tqp(2) + 0x90), 0);
	assert_int_equal(rig_rd(v->pf, rig_tqp(0) + 0x90), 1);
	assert_int_equal(ASK(vf, r, 27, 0, 4, 0), 22);
}

WITH_VFS(mtu)
{
	struct rig *vf = &v->vf[0];

	assert_int_equal(ASK(vf, NULL, 30, 0, 0xdc, 5), 0);        /* 1500 */
	assert_int_equal(ASK(vf, NULL, 30, 0, 0xdc, 5, 1, 0), 22); /* 67036, in 32 bits */
	emu_dev_attached(v->pf->dev, true);
	assert_int_equal(ASK(vf, NULL, 30, 0, 0x28, 0x23), 22); /* 9000: the PF decides */
	emu_dev_attached(v->pf->dev, false);
	assert_int_equal(ASK(vf, NULL, 30, 0, 0x28, 0x23), 0);  /* there is nobody else to */
	assert_int_equal(ASK(vf, NULL, 30, 0, 0x00, 0x26), 22); /* 9728 and headers: too long */
}

WITH_VFS(link_asked)
{
	struct rig *vf = &v->vf[0];
	uint8_t msg[24];

	TELL(vf, 26, 0, 0);
	assert_int_equal(vfrig_take(vf, msg), 0x2000);
	assert_int_equal(msg[8], 23);
	assert_int_equal(get16(msg + 6), 0); /* nobody's answer */
	assert_int_equal(get16(msg + 10), 1);
	assert_int_equal(get32(msg + 12), 100000);
	assert_int_equal(get16(msg + 16), 1);
	assert_int_equal(msg[18] & 1, 1); /* changes will be pushed */
}

WITH_VFS(link_pushed)
{
	uint8_t msg[24];

	TELL(&v->vf[0], 29, 0, 1); /* alive */
	emu_dev_link_set(v->pf->dev, false);
	assert_true(vfrig_take_code(&v->vf[0], 23, msg));
	assert_int_equal(get16(msg + 10), 0);
	assert_false(vfrig_take_code(&v->vf[1], 23, msg)); /* it has not said that it lives */
	TELL(&v->vf[1], 28, 0, 0);
	emu_dev_link_set(v->pf->dev, true);
	assert_true(vfrig_take_code(&v->vf[0], 23, msg));
	assert_int_equal(get16(msg + 10), 1);
	assert_true(vfrig_take_code(&v->vf[1], 23, msg));
	TELL(&v->vf[0], 29, 0, 0);
	emu_dev_link_set(v->pf->dev, false);
	assert_false(vfrig_take_code(&v->vf[0], 23, msg));
}

WITH_VFS(link_mode)
{
	struct rig *vf = &v->vf[0];
	uint8_t msg[24];

	TELL(vf, 33, 0, 1);
	assert_true(vfrig_take_code(vf, 32, msg));
	assert_int_equal(get16(msg + 10), 1);
	assert_int_equal(get64(msg + 12), UINT64_C(1) << 37 | 1 << 10); /* 100G SR4, fibre */
}

WITH_VFS(port_vlan)
{
	struct rig *vf = &v->vf[0];
	uint8_t msg[24], r[8], tx[24] = { 0, 0, 0, 0, 0, 0, 0, 0, 2 };

	assert_int_equal(ASK(vf, r, 5, 4, 0), 0);
	assert_int_equal(r[0], 0);
	assert_int_equal(emu_host_pvid_set(vf->dev, 5 << 13 | 100), 0);
	assert_true(vfrig_take_code(vf, 34, msg));
	assert_int_equal(get16(msg + 10), 1);
	assert_int_equal(get16(msg + 12), 0x8100);
	assert_int_equal(get16(msg + 14), 5);
	assert_int_equal(get16(msg + 16), 100);
	assert_int_equal(ASK(vf, r, 5, 4, 0), 0);
	assert_int_equal(r[0], 1);
	assert_int_equal(rig_cmd1(v->pf, 0x0f01, 0x19, tx), 0);
	assert_int_equal(tx[0], 0xe6);
	assert_int_equal(get16(tx + 4), 5 << 13 | 100);
	vfrig_wire(v, "\2\0\0\0\0\x21", 100);
	assert_int_equal(get16(rig_rxbd(vf, 0, 0) + 12), 60); /* it does not see the tag */
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 0), EMU_RX_DROPPED);
	assert_int_equal(emu_host_pvid_set(vf->dev, 0), 0);
	assert_true(vfrig_take_code(vf, 34, msg));
	assert_int_equal(get16(msg + 10), 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 0);
	assert_got(v, 0, 2, 0);
}

WITH_VFS(fixed_address)
{
	struct rig *vf = &v->vf[0];
	uint8_t msg[24], r[8];

	TELL(vf, 29, 0, 1);
	assert_int_equal(emu_host_mac_set(vf->dev, (const uint8_t *)"\2\0\0\0\0\x33"), 0);
	assert_true(vfrig_take_code(vf, 2, msg)); /* start over: level 1 */
	assert_int_equal(get16(msg + 10), 1);
	assert_int_equal(ASK(vf, r, 16, 0, 0), 0);
	assert_memory_equal(r, "\2\0\0\0\0\x33", 6);
	assert_int_equal(ASK(vf, NULL, 3, 0, 2, 0, 0, 0, 0, 0x44, A33), 1);
	assert_int_equal(ASK(vf, NULL, 3, 0, A33, A33), 0);
	assert_int_equal(emu_host_mac_set(vf->dev, (const uint8_t *)"\3\0\0\0\0\x33"), -22);
}

WITH_VFS(reset_owed)
{
	struct rig *vf = &v->vf[0];
	uint8_t msg[24];

	emu_host_reset_push(vf->dev, 2); /* it does not live yet */
	assert_false(vfrig_take_code(vf, 2, msg));
	TELL(vf, 28, 0, 0);
	assert_true(vfrig_take_code(vf, 2, msg));
	assert_int_equal(get16(msg + 10), 2);
	TELL(vf, 28, 0, 0);
	assert_false(vfrig_take_code(vf, 2, msg)); /* once */
	emu_host_reset_push(vf->dev, 3);
	assert_true(vfrig_take_code(vf, 2, msg));
	assert_int_equal(get16(msg + 10), 3);
}

/* VFs stop, are told, and wait for bit 0 of 0x20C00 until they are ready. */
static void
pf_resets(struct vfrig *v, unsigned int level)
{
	uint8_t msg[24];

	for (unsigned int i = 0; i < 2; i++) {
		struct rig *vf = &v->vf[i];

		assert_int_equal(rig_rd(vf, 0x20c00) & 1, 1);
		assert_int_equal(rig_rd(vf, rig_tqp(0) + 0x90), 0);
		if (i == 1) { /* it was not alive: it is told with its first sign of life */
			assert_false(vfrig_take_code(vf, 2, msg));
			TELL(vf, 28, 0, 0);
		}
		assert_true(vfrig_take_code(vf, 2, msg));
		assert_int_equal(get16(msg + 10), level);
		rig_wr(vf, 0x27008, 0x10080);
		for (unsigned int n = 0; n < 1000 && rig_rd(vf, 0x20c00) & 1; n++)
			rig_service(vf);
		assert_int_equal(rig_rd(vf, 0x20c00) & 1, 0);
	}
}

WITH_VFS(pf_function_reset)
{
	uint8_t d[24] = { 0x80 };

	TELL(&v->vf[0], 29, 0, 1);
	rig_wr(&v->vf[0], 0x27008, 0x80); /* running, not ready for a reset */
	rig_wr(&v->vf[1], 0x27008, 0x80);
	rig_wr(v->pf, 0x27008, 0x80);
	assert_int_equal(rig_cmd1(v->pf, 0x0020, 0x11, d), 0);
	pf_resets(v, 2);
}

WITH_VFS(pf_flr)
{
	TELL(&v->vf[0], 29, 0, 1);
	rig_wr(&v->vf[0], 0x27008, 0x80);
	rig_wr(&v->vf[1], 0x27008, 0x80);
	assert_int_equal(emu_reset_trigger(v->pf->dev, EMU_RESET_FLR), 0);
	pf_resets(v, 3);
}

/* The VF gets what is for its address and VLAN, and nothing of another VLAN. */
static void
still_served(struct vfrig *v)
{
	struct rig *vf = &v->vf[0];

	rig_cmdq_init(vf, 1024);
	rig_queue_start(vf, 0);
	vfrig_wire(v, "\2\0\0\0\0\x21", 100);
	vfrig_wire(v, "\1\0\x5e\0\0\1", 0);
	assert_got(v, 0, 2, 0);
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 101), EMU_RX_DROPPED);
}

WITH_VFS(own_reset)
{
	struct rig *vf = &v->vf[0];

	assert_int_equal(ASK(vf, NULL, 5, 0, 0, 100, 0, 0x00, 0x81), 0);
	TELL(vf, 4, 4, 1, 0, 0x5e, 0, 0, 1);
	rig_wr(vf, 0x27008, 0x80); /* not ready */
	assert_int_equal(ASK(vf, NULL, 1, 0, 0), 0);
	assert_int_equal(rig_rd(vf, 0x20c00) & 1, 1);
	assert_int_equal(rig_rd(vf, rig_tqp(0) + 0x90), 0);
	assert_int_equal(rig_rd(v->pf, rig_tqp(0) + 0x90), 1);
	rig_wr(vf, 0x27008, 0x10080);
	for (unsigned int i = 0; i < 1000 && rig_rd(vf, 0x20c00) & 1; i++)
		rig_service(vf);
	assert_int_equal(rig_rd(vf, 0x20c00) & 1, 0);
	still_served(v);
	assert_int_equal(ASK(vf, NULL, 3, 1, A21), 0); /* some drivers add it again */
}

WITH_VFS(own_flr)
{
	static const uint8_t flr[2] = { 0x30, 0xa8 };
	struct rig *vf = &v->vf[0];

	assert_int_equal(ASK(vf, NULL, 5, 0, 0, 100, 0, 0x00, 0x81), 0);
	TELL(vf, 4, 4, 1, 0, 0x5e, 0, 0, 1);
	assert_int_equal(emu_dev_config_write(vf->dev, 0x48, flr, 2), 0);
	assert_int_equal(rig_rd(vf, rig_tqp(0) + 0x90), 0);
	still_served(v);
}

WITH_VFS(leaves)
{
	struct rig *vf = &v->vf[0];

	TELL(vf, 4, 4, 1, 0, 0x5e, 0, 0, 1);
	assert_true(vfrig_is_known(v, "\2\0\0\0\0\x21"));
	TELL(vf, 38, 0, 0);
	assert_false(vfrig_is_known(v, "\2\0\0\0\0\x21"));
	assert_true(vfrig_is_known(v, "\2\0\0\0\0\x22"));
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 0), EMU_RX_DROPPED);
	assert_int_equal(vfrig_wire(v, "\1\0\x5e\0\0\1", 0), EMU_RX_DROPPED);
	assert_int_equal(ASK(vf, NULL, 3, 1, A21), 0);
	assert_int_equal(ASK(vf, NULL, 38, 1, 0), 95); /* there is one list */
	TELL(vf, 37, 0, 0);
	assert_false(vfrig_is_known(v, "\2\0\0\0\0\x21"));
	assert_int_equal(vfrig_wire(v, "\2\0\0\0\0\x21", 0), EMU_RX_DROPPED);
	vfrig_wire(v, "\xff\xff\xff\xff\xff\xff", 0);
	assert_got(v, 1, 0, 1);
}

static int
setup_tcs(void **state)
{
	rig_next_is(0x30, UINT64_C(1) << 34);
	return rig_setup_started(state);
}

WITH_VFS(tcs)
{
	struct rig *vf = &v->vf[0];
	uint8_t r[8];

	assert_int_equal(ASK(vf, r, 13, 0, 0), 0);
	assert_int_equal(get32(r + 4) & 2, 2);
	assert_int_equal(ASK(vf, r, 47, 0, 0), 0);
	assert_int_equal(get32(r), 0); /* each priority is of TC 0 */
	assert_int_equal(ASK(vf, r, 47, 1, 0), 0);
	assert_memory_equal(r, "\x64\xff\xff\xff\xff\xff\xff\xff", 8);
	assert_int_equal(ASK(vf, r, 48, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 1, 1), 0);
	assert_int_equal(ASK(vf, r, 48, 0, 0x10, 0, 0, 0, 50, 50, 0, 0, 0, 0, 0, 0, 2, 3), 95);
}

WITH_VFS(no_tcs)
{
	assert_int_equal(ASK(&v->vf[0], NULL, 47, 0, 0), 95);
	assert_int_equal(ASK(&v->vf[0], NULL, 48, 0, 0), 95);
}

static int
setup_driver(void **state)
{
	int ret;

	rig_next_serves_vfs();
	ret = rig_setup_started(state);
	rig_wr(*state, 0x20400, 1);
	rig_service(*state);
	return ret;
}

/* A scripted PF: what the VF asks comes to it, and its answer goes back. */
static void
by_driver(struct rig *pf)
{
	uint8_t msg[24], ask[24] = { 0, 9, 1, 0, 0, 0, 0x34, 0x12, 11, 0 }, answer[24] = { 2 };
	unsigned int irqs = pf->irqs[0];
	struct vfrig v;

	vfrig_open(&v, pf);
	assert_int_equal(rig_cmd1(&v.vf[1], 0x2001, 0x11, ask), 0);
	assert_int_equal(vfrig_take(&v.vf[1], msg), 0); /* nobody has answered yet */
	rig_service(pf);
	assert_int_equal(pf->irqs[0], irqs + 1);
	assert_int_equal(vfrig_take(pf, msg), 0x2001);
	assert_int_equal(msg[1], 2); /* from VF 2, whatever it says */
	assert_int_equal(msg[2], 1);
	assert_int_equal(get16(msg + 6), 0x1234);
	assert_int_equal(msg[8], 11);
	put16(answer + 6, 0x1234);
	put16(answer + 8, 17);
	put16(answer + 10, 11);
	put16(answer + 16, 4);
	assert_int_equal(rig_cmd1(pf, 0x2000, 0x11, answer), 0);
	assert_int_equal(vfrig_take(&v.vf[1], msg), 0x2000);
	assert_memory_equal(msg, answer, 24);
	assert_int_equal(vfrig_take(&v.vf[0], msg), 0); /* it was for VF 2 alone */
	answer[0] = 3;
	assert_int_equal(rig_cmd1(pf, 0x2000, 0x11, answer), 6);
	answer[0] = 0;
	assert_int_equal(rig_cmd1(pf, 0x2000, 0x11, answer), 6);
	assert_int_equal(rig_cmd1(&v.vf[0], 0x2000, 0x11, answer), 1); /* a VF must not */
	vfrig_close(&v);
}

#define STARTED rig_setup_started
/* clang-format off */
static const struct conf_rule rules[] = {
	{ "CONF-MBX-01", "1:7.1", "the command that carries a message succeeds whatever becomes of the message", STARTED, completes, 0 },
	{ "CONF-MBX-02", "1:7.2", "an answer repeats match id, code, subcode and length; an unknown code is 95", STARTED, answers, 0 },
	{ "CONF-MBX-03", "1:6.2", "a message sets bit 1 of 0x27104 and raises vector 0 of the VF", STARTED, interrupts, 0 },
	{ "CONF-MBX-04", "1:3.9", "a full receive queue is not written over", STARTED, lost, 0 },
	{ "CONF-MBX-05", "1:7.4", "the host tells TCs, queues, depths, media, address and queue numbers", STARTED, basics, 0 },
	{ "CONF-MBX-06", "1:7.4", "the host tells the PF's RSS key by blocks of 8 bytes", STARTED, rss_key, 0 },
	{ "CONF-MBX-07", "1:7.4", "a VF changes, adds and removes its own unicast addresses, and nobody else's", STARTED, unicast, 0 },
	{ "CONF-MBX-08", "1:7.4", "a full table of addresses is 28, and the address that was to be changed stays", STARTED, full, 0 },
	{ "CONF-MBX-09", "1:7.4", "a VF adds and removes itself at multicast addresses", STARTED, multicast, 0 },
	{ "CONF-MBX-10", "1:7.4", "a VF's VLAN filter takes VIDs, and can be switched off", STARTED, vlan_filter, 0 },
	{ "CONF-MBX-11", "3:2.2", "the port's filter lets the VLANs of VFs pass", STARTED, port_filter, 0 },
	{ "CONF-MBX-12", "1:7.4", "a VF switches the stripping of its tags", STARTED, strip, 0 },
	{ "CONF-MBX-13", "1:7.4", "rings of a VF are mapped to vectors, unmapped, and looked up", STARTED, ring_vectors, 0 },
	{ "CONF-MBX-14", "1:7.6", "promiscuity needs trust, and its loss is pushed", STARTED, trust, 0 },
	{ "CONF-MBX-15", "1:8.6", "a queue reset for queue 0 resets all of the VF's queues", STARTED, queue_reset, 0 },
	{ "CONF-MBX-16", "1:7.4", "an MTU above what the PF allows is 22", STARTED, mtu, 0 },
	{ "CONF-MBX-17", "1:7.5", "who asks for the link gets it pushed, with speed, duplex and the promise of more", STARTED, link_asked, 0 },
	{ "CONF-MBX-18", "1:7.5", "a change of the link is pushed to each VF that is alive", STARTED, link_pushed, 0 },
	{ "CONF-MBX-19", "1:7.4", "the link modes are pushed as a bitmap", STARTED, link_mode, 0 },
	{ "CONF-MBX-20", "1:7.6", "a port VLAN is pushed, inserted, stripped, and lets nothing else in", STARTED, port_vlan, 0 },
	{ "CONF-MBX-21", "1:7.6", "an address that the host fixed makes the VF start over and cannot be left", STARTED, fixed_address, 0 },
	{ "CONF-MBX-22", "1:7.6", "a reset is announced at once, or with the first sign of life", STARTED, reset_owed, 0 },
	{ "CONF-MBX-23", "1:8.2", "a VF's own reset keeps its addresses and VLANs", STARTED, own_reset, 0 },
	{ "CONF-MBX-30", "1:8.5", "a VF's FLR keeps its addresses and VLANs", STARTED, own_flr, 0 },
	{ "CONF-MBX-28", "1:8.5", "a function reset of the PF resets its VFs and is announced as level 2", STARTED, pf_function_reset, 0 },
	{ "CONF-MBX-29", "1:7.6", "an FLR of the PF resets its VFs and is announced as level 3", STARTED, pf_flr, 0 },
	{ "CONF-MBX-24", "1:7.4", "a VF that leaves or clears its lists is in no table any more", STARTED, leaves, 0 },
	{ "CONF-MBX-25", "1:7.4", "with the capability a VF can ask for its traffic classes", setup_tcs, tcs, 0 },
	{ "CONF-MBX-26", "1:5.1", "without it, it cannot", STARTED, no_tcs, 0 },
	{ "CONF-MBX-27", "1:7.1", "where the PF's driver serves the VFs, requests reach it and its answers reach them", setup_driver, by_driver, 0 },
};
/* clang-format on */

CONF_MAIN(rules)
