/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host that serves the VFs when the PF's driver does not: it carries out what they ask for on
 * the same tables as the PF's commands, keeps what has to outlive a reset of the VF, and tells them
 * of link, resets, port VLAN and trust [1:7.4] .. [1:7.6].
 *
 * The host decides: VFs are trusted; a VF's address is the port's, and it may choose another one;
 * frames are as long as the PF's limit allows, or, while the PF has no client, as VFs ask for; VLAN
 * filters of VFs are on until they switch them off or are promiscuous. While the PF has no client,
 * the host holds the MAC up for the VFs (emu_nic_reset()).
 */
#include "emu_mbx.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <string.h>

#include "deadline.h"
#include "emu_fw.h"
#include "emu_reset.h"

#define ALIVE_NS UINT64_C(8000000000) /* without a sign of life [1:8.7] */

/* Answers are errno numbers of [1:7.2]. */
struct answer {
	uint8_t data[8];
};

static bool
is_alive(struct emu_dev *vf)
{
	if (vf->host.is_alive && deadline_now_ns() - vf->host.heard_ns > ALIVE_NS)
		vf->host.is_alive = false;
	return vf->host.is_alive;
}

/* ---- what a VF has, put into the device ---- */

static void
promisc_apply(struct emu_dev *vf)
{
	uint8_t bits = 0;

	if (vf->host.wants_bc)
		bits |= EMU_PROMISC_BC;
	if (vf->host.is_trusted && vf->host.wants_uc)
		bits |= EMU_PROMISC_UC;
	if (vf->host.is_trusted && vf->host.wants_mc)
		bits |= EMU_PROMISC_MC;
	vf->promisc = (uint8_t)(bits | EMU_PROMISC_RX | EMU_PROMISC_TX);
	/* "limited": unicast that others send is not for it [3:1.20] */
	vf->promisc_tx = vf->host.limits_promisc ? bits & (uint8_t)~EMU_PROMISC_UC : bits;
	vf->vlan_fe = vf->host.filters_vlan && !(bits & EMU_PROMISC_UC) ? EMU_VLAN_FE_EGRESS : 0;
	vf->nic->steer.is_stale = true;
}

/* Strip the port's VLAN always, another one if the VF wants it [3:2.5] [3:2.6]. */
static void
vlan_apply(struct emu_dev *vf)
{
	bool strips = vf->host.strips_vlan;

	if (vf->host.pvid_tci == 0) {
		vf->rx_vlan_cfg = strips ? 0x02 : 0x00;
		vf->tx_vlan_cfg = EMU_TX_VLAN_DEFAULT;
	} else {
		vf->rx_vlan_cfg = strips ? 0x43 : 0x42;
		vf->tx_vlan_cfg = vf->cfg.revision < 0x30 ? 0xe6 : 0xe7;
	}
	vf->tx_vlan_tag[0] = vf->host.pvid_tci;
	memcpy(vf->vlan_table, vf->host.vlan_table, sizeof(vf->vlan_table));
	if (vf->host.pvid_tci != 0) { /* nothing else comes in */
		unsigned int vid = vf->host.pvid_tci & 0xfff;

		memset(vf->vlan_table, 0, sizeof(vf->vlan_table));
		vf->vlan_table[vid / 8] = (uint8_t)(1u << vid % 8);
	}
	emu_host_port_vlans(vf->nic);
}

void
emu_host_port_vlans(struct emu_nic *nic)
{
	for (unsigned int f = 1; f < nic->nb_funcs && !nic->mbx_by_driver; f++) {
		for (unsigned int i = 0; nic->func[f] && i < sizeof(nic->vlan_table); i++)
			nic->vlan_table[i] |= nic->func[f]->vlan_table[i];
	}
}

void
emu_host_restore(struct emu_dev *vf)
{
	promisc_apply(vf);
	vlan_apply(vf);
}

void
emu_host_forget(struct emu_dev *vf)
{
	struct emu_vf_host *h = &vf->host;

	h->is_alive = h->wants_uc = h->wants_mc = h->wants_bc = h->limits_promisc = false;
	h->strips_vlan = false;
	h->filters_vlan = true;
	h->owed_level = 0;
	memset(h->vlan_table, 0, sizeof(h->vlan_table));
}

/* ---- requests: 0 or an errno number; @p req as [1:7.2] ---- */

static int
req_reset(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)req;
	(void)a;
	emu_reset_func_start(vf);
	return 0;
}

static bool
mac_is_unicast(const uint8_t *mac)
{
	static const uint8_t zero[6];

	return !(mac[0] & 1) && memcmp(mac, zero, 6) != 0;
}

static int
unicast_add(struct emu_dev *vf, const uint8_t *mac)
{
	int owner = emu_uc_owner(vf->nic, mac);

	if (!mac_is_unicast(mac))
		return EINVAL;
	if (owner >= 0 && owner != (int)vf->func)
		return EBUSY;
	return emu_uc_add(vf->nic, mac, vf->func) ? ENOSPC : 0;
}

static int
req_unicast(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	const uint8_t *mac = req + 10, *old = req + 16;
	int ret;

	(void)a;
	switch (req[9]) {
	case 0: /* modify; the first time both are the same, and in no table */
		if (vf->host.mac_is_fixed && memcmp(mac, vf->host.mac, 6) != 0)
			return EPERM;
		ret = unicast_add(vf, mac);
		if (ret == 0 && memcmp(mac, old, 6) != 0 &&
				emu_uc_owner(vf->nic, old) == (int)vf->func)
			emu_uc_remove(vf->nic, old);
		return ret;
	case 1:
		return unicast_add(vf, mac);
	case 2:
		if (emu_uc_owner(vf->nic, mac) != (int)vf->func)
			return ENOENT;
		return emu_uc_remove(vf->nic, mac) ? ENOENT : 0;
	default:
		return EINVAL;
	}
}

static int
req_multicast(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	const uint8_t *mac = req + 10;

	(void)a;
	if (!(mac[0] & 1))
		return EINVAL;
	if (req[9] == 4)
		return emu_mc_add(vf->nic, mac, vf->func) ? ENOSPC : 0;
	if (req[9] == 5)
		return emu_mc_remove(vf->nic, mac, vf->func) ? ENOENT : 0;
	return EINVAL;
}

static int
vlan_filter_entry(struct emu_dev *vf, const uint8_t *req)
{
	unsigned int vid = emu_get16(req, 11);
	uint8_t bit = (uint8_t)(1u << vid % 8);

	if (vid > 4095)
		return EINVAL;
	if (emu_get16(req, 13) != 0x8100)
		return EPROTONOSUPPORT;
	if (req[10])
		vf->host.vlan_table[vid / 8] &= (uint8_t)~bit;
	else
		vf->host.vlan_table[vid / 8] |= bit;
	vlan_apply(vf);
	return 0;
}

static int
req_vlan(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	switch (req[9]) {
	case 0:
		return vlan_filter_entry(vf, req);
	case 2:
		vf->host.strips_vlan = req[10];
		vlan_apply(vf);
		return 0;
	case 3: /* it has seen the port's VLAN */
		return 0;
	case 4:
		a->data[0] = vf->host.pvid_tci != 0;
		return 0;
	case 5:
		vf->host.filters_vlan = req[10];
		promisc_apply(vf);
		return 0;
	default:
		return EOPNOTSUPP;
	}
}

/* Rings of 6, 7 and 39: type, queue, gap limiter. NULL: there is no such ring. */
static struct emu_ring *
ring_of(struct emu_dev *vf, const uint8_t *entry)
{
	if (entry[0] > 1 || entry[1] >= vf->cfg.nb_queues)
		return NULL;
	return entry[0] == 1 ? &vf->queue[entry[1]].rx : &vf->queue[entry[1]].tx;
}

static int
req_ring_map(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	bool maps = req[8] == EMU_MBX_MAP_RING;

	(void)a;
	if (req[10] == 0 || req[10] > 4 || (maps && req[9] >= emu_dev_nb_vectors(vf)))
		return EINVAL;
	for (unsigned int i = 0; i < req[10]; i++) {
		if (!ring_of(vf, req + 11 + 3 * i))
			return EINVAL;
	}
	for (unsigned int i = 0; i < req[10]; i++) {
		struct emu_ring *ring = ring_of(vf, req + 11 + 3 * i);

		ring->vector = maps ? req[9] : -1;
		ring->irq_pending = false;
	}
	return 0;
}

static int
req_ring_vector(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	const struct emu_ring *ring = ring_of(vf, req + 11);

	if (!ring)
		return EINVAL;
	a->data[0] = req[11];
	a->data[1] = req[12];
	a->data[2] = req[11] == 1 ? 0 : 1; /* Rx uses limiter 0, Tx 1 [1:6.5] */
	a->data[3] = (uint8_t)(ring->vector > 0 ? ring->vector : 0);
	return 0;
}

static int
req_promisc(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)a;
	vf->host.wants_bc = req[9];
	vf->host.wants_uc = req[10];
	vf->host.wants_mc = req[11];
	vf->host.limits_promisc = req[12];
	promisc_apply(vf);
	return 0;
}

static int
req_qinfo(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)req;
	emu_put16(a->data, 0, vf->cfg.nb_queues);
	emu_put16(a->data, 2, vf->cfg.nb_queues); /* RSS over all */
	emu_put16(a->data, 4, 2048);
	return 0;
}

static int
req_qdepth(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)vf;
	(void)req;
	emu_put16(a->data, 0, 1024);
	emu_put16(a->data, 2, 1024);
	return 0;
}

static int
req_basic_info(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)req;
	a->data[0] = 1; /* TC 0 */
	a->data[1] = 1; /* TCs at most */
	emu_put32(a->data, 4, BIT32(0) | (vf->cfg.caps & EMU_CAP_VF_MULTI_TCS ? BIT32(1) : 0));
	return 0;
}

static int
req_rss_key(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	if (req[10] >= EMU_RSS_KEY_BYTES / 8)
		return EINVAL;
	memcpy(a->data, vf->nic->func[0]->rss.key + 8 * req[10], 8);
	return 0;
}

static int
req_mac(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)req;
	memcpy(a->data, vf->host.mac, 6);
	return 0;
}

static int
req_link(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)req;
	(void)a;
	emu_host_link_push(vf);
	return 0;
}

/* Queue 0 stands for all [1:8.6]; another one is reset alone. */
static int
req_queue_reset(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	unsigned int q = emu_get16(req, 10);

	if (q >= vf->cfg.nb_queues)
		return EINVAL;
	for (unsigned int i = q; i < (q == 0 ? vf->cfg.nb_queues : q + 1); i++)
		emu_queue_reset(vf, i);
	a->data[0] = 1;
	return 0;
}

static int
req_alive(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)a;
	vf->host.is_alive = req[8] == EMU_MBX_KEEP_ALIVE || req[10];
	vf->host.heard_ns = deadline_now_ns();
	if (req[8] == EMU_MBX_KEEP_ALIVE && vf->host.owed_level != 0) {
		emu_host_reset_push(vf, vf->host.owed_level);
		vf->host.owed_level = 0;
	}
	return 0;
}

static int
req_mtu(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	/* Ethernet header, FCS and two tags [3:1.4]; some write 16 bits, some 32 */
	uint64_t frame = (uint64_t)emu_get32(req, 10) + 26;

	(void)a;
	if (frame < 64 || frame > 9728)
		return EINVAL;
	if (!vf->nic->pf_has_client && frame > vf->nic->max_frame_bytes)
		vf->nic->max_frame_bytes = (uint32_t)frame;
	return frame > vf->nic->max_frame_bytes ? EINVAL : 0;
}

static int
req_qid(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	const struct emu_nic *nic = vf->nic;

	for (uint32_t i = 0; i < nic->nb_tqps; i++) {
		if (nic->tqp[i].func == vf->func && nic->tqp[i].vid == emu_get16(req, 10)) {
			emu_put16(a->data, 0, (uint16_t)i);
			return 0;
		}
	}
	return EINVAL;
}

static int
req_link_mode(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	const uint64_t modes = BIT64(ETHTOOL_LINK_MODE_100000baseSR4_Full_BIT) |
	                       BIT64(ETHTOOL_LINK_MODE_FIBRE_BIT);
	uint8_t msg[10];

	(void)a;
	if (req[10] > 1)
		return EINVAL;
	emu_put16(msg, 0, req[10]);
	emu_put32(msg, 2, (uint32_t)modes);
	emu_put32(msg, 6, (uint32_t)(modes >> 32));
	emu_mbx_push(vf, EMU_MBX_LINK_MODE, msg, sizeof(msg));
	return 0;
}

static int
req_media(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)vf;
	(void)req;
	a->data[0] = 1; /* fibre, as 0x0025 says [1:5.7] */
	a->data[1] = 2; /* module, as 0x7104 says [3:1.6] */
	return 0;
}

static int
req_tables_clear(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	(void)a;
	if (req[8] == EMU_MBX_HANDLE_TABLE && req[9] != 0)
		return EOPNOTSUPP;
	emu_func_tables_clear(vf);
	memset(vf->host.vlan_table, 0, sizeof(vf->host.vlan_table));
	if (req[8] == EMU_MBX_UNINIT)
		emu_host_forget(vf);
	emu_host_restore(vf);
	return 0;
}

static int
req_tc(struct emu_dev *vf, const uint8_t *req, struct answer *a)
{
	if (!(vf->cfg.caps & EMU_CAP_VF_MULTI_TCS))
		return EOPNOTSUPP;
	if (req[8] == EMU_MBX_SET_TC) /* there is one TC */
		return req[22] == 1 && emu_get32(req, 10) == 0 ? 0 : EOPNOTSUPP;
	if (req[9] == 1) {
		memset(a->data, 255, sizeof(a->data));
		a->data[0] = 100;
	}
	return req[9] > 1 ? EINVAL : 0; /* each priority is of TC 0 */
}

typedef int (*request_run)(struct emu_dev *vf, const uint8_t *req, struct answer *a);

static const request_run requests[EMU_MBX_CODES] = {
	[EMU_MBX_RESET] = req_reset,
	[EMU_MBX_SET_UNICAST] = req_unicast,
	[EMU_MBX_SET_MULTICAST] = req_multicast,
	[EMU_MBX_SET_VLAN] = req_vlan,
	[EMU_MBX_MAP_RING] = req_ring_map,
	[EMU_MBX_UNMAP_RING] = req_ring_map,
	[EMU_MBX_SET_PROMISC] = req_promisc,
	[EMU_MBX_GET_QINFO] = req_qinfo,
	[EMU_MBX_GET_QDEPTH] = req_qdepth,
	[EMU_MBX_GET_BASIC_INFO] = req_basic_info,
	[EMU_MBX_GET_RSS_KEY] = req_rss_key,
	[EMU_MBX_GET_MAC] = req_mac,
	[EMU_MBX_GET_LINK] = req_link,
	[EMU_MBX_QUEUE_RESET] = req_queue_reset,
	[EMU_MBX_KEEP_ALIVE] = req_alive,
	[EMU_MBX_SET_ALIVE] = req_alive,
	[EMU_MBX_SET_MTU] = req_mtu,
	[EMU_MBX_GET_QID] = req_qid,
	[EMU_MBX_GET_LINK_MODE] = req_link_mode,
	[EMU_MBX_GET_MEDIA] = req_media,
	[EMU_MBX_UNINIT] = req_tables_clear,
	[EMU_MBX_HANDLE_TABLE] = req_tables_clear,
	[EMU_MBX_GET_RING_VECTOR] = req_ring_vector,
	[EMU_MBX_GET_TC] = req_tc,
	[EMU_MBX_SET_TC] = req_tc,
};

void
emu_host_request(struct emu_dev *vf, const uint8_t req[24])
{
	unsigned int code = req[8];
	struct answer a = { { 0 } };
	int status = EOPNOTSUPP;
	uint8_t msg[24] = { 0 };

	if (code < EMU_MBX_CODES && requests[code])
		status = requests[code](vf, req, &a);
	else
		vf->mbx_unknown++;
	if (!(req[2] & 1))
		return;
	msg[0] = (uint8_t)vf->func; /* [1:7.2] */
	msg[4] = req[4];
	memcpy(msg + 6, req + 6, 2); /* which request this answers [1:7.3] */
	emu_put16(msg, 8, EMU_MBX_RESPONSE);
	emu_put16(msg, 10, (uint16_t)code);
	emu_put16(msg, 12, req[9]);
	emu_put16(msg, 14, (uint16_t)status);
	if (status == 0)
		memcpy(msg + 16, a.data, sizeof(a.data));
	emu_mbx_post(vf, 0x2000, msg);
}

/* ---- what the host says by itself ---- */

void
emu_host_link_push(struct emu_dev *vf)
{
	uint8_t msg[9] = { 0 };

	emu_put16(msg, 0, vf->nic->wire_up);
	emu_put32(msg, 2, emu_nic_speed_mbps(vf->nic));
	emu_put16(msg, 6, 1); /* full duplex */
	msg[8] = 1;           /* changes are pushed [1:7.5] */
	emu_mbx_push(vf, EMU_MBX_LINK_CHANGE, msg, sizeof(msg));
}

void
emu_host_link_changed(struct emu_nic *nic)
{
	for (unsigned int f = 1; f < nic->nb_funcs && !nic->mbx_by_driver; f++) {
		if (nic->func[f] && is_alive(nic->func[f]))
			emu_host_link_push(nic->func[f]);
	}
}

void
emu_host_reset_push(struct emu_dev *vf, unsigned int level)
{
	uint8_t msg[2];

	if (!is_alive(vf)) {
		vf->host.owed_level = (uint8_t)level;
		return;
	}
	emu_put16(msg, 0, (uint16_t)level);
	emu_mbx_push(vf, EMU_MBX_ASSERTING_RESET, msg, sizeof(msg));
}

void
emu_host_pf_reset(struct emu_nic *nic, unsigned int level)
{
	for (unsigned int f = 1; f < nic->nb_funcs && !nic->mbx_by_driver; f++) {
		if (!nic->func[f])
			continue;
		emu_reset_func_start(nic->func[f]);
		emu_host_reset_push(nic->func[f], level);
	}
}

int
emu_host_mac_set(struct emu_dev *vf, const uint8_t mac[6])
{
	if (vf->func == 0 || !mac_is_unicast(mac))
		return -EINVAL;
	memcpy(vf->host.mac, mac, 6);
	vf->host.mac_is_fixed = true;
	if (is_alive(vf)) /* it asks for its address when it starts over */
		emu_host_reset_push(vf, 1);
	return 0;
}

int
emu_host_pvid_set(struct emu_dev *vf, uint16_t tci)
{
	uint8_t msg[8];

	if (vf->func == 0 || (tci & 0xfff) == 0xfff)
		return -EINVAL;
	emu_data_pause();
	vf->host.pvid_tci = tci;
	vlan_apply(vf);
	emu_data_resume();
	emu_put16(msg, 0, tci != 0);
	emu_put16(msg, 2, 0x8100);
	emu_put16(msg, 4, tci >> 13);
	emu_put16(msg, 6, tci & 0xfff);
	emu_mbx_push(vf, EMU_MBX_VLAN_INFO, msg, sizeof(msg));
	return 0;
}

int
emu_host_trust_set(struct emu_dev *vf, bool trusted)
{
	uint8_t msg[2];

	if (vf->func == 0)
		return -EINVAL;
	emu_data_pause();
	vf->host.is_trusted = trusted;
	promisc_apply(vf);
	emu_data_resume();
	emu_put16(msg, 0, trusted);
	emu_mbx_push(vf, EMU_MBX_PROMISC_INFO, msg, sizeof(msg));
	return 0;
}
