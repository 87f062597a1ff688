/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the port: MAC, link, address tables, VLAN filters, statistics [3:1] [3:2] [3:7].
 */
#include "emu_dev_priv.h"

#include <endian.h>
#include <string.h>

/* Mb/s of each speed code [3:1.5]. */
static const uint32_t speed_mbps[] = { 1000, 10000, 25000, 40000, 50000, 100000, 10, 100, 200000 };

enum emu_fw_ret
emu_fw_mac_mode(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->is_read)
		emu_put32(cmd->d[0].data, 0, dev->mac_word);
	else
		dev->mac_word = emu_get32(cmd->d[0].data, 0);
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_autoneg(struct emu_dev *dev, struct emu_cmd *cmd)
{
	dev->autoneg = emu_get32(cmd->d[0].data, 0) & 1;
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_link(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	cmd->d[0].data[0] = dev->wire_up;
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_max_frame(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t bytes = emu_get16(cmd->d[0].data, 0);

	if (bytes < 64 || bytes > 9728) /* [3:1.4] */
		return EMU_FW_PARA_ERR;
	dev->max_frame_bytes = bytes;
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_speed(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t code = cmd->d[0].data[0] & 0x3f;

	if (code >= sizeof(speed_mbps) / sizeof(speed_mbps[0]))
		return EMU_FW_PARA_ERR;
	dev->speed_code = code;
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_sfp(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint8_t query_type = p[4];

	memset(p, 0, 24); /* [3:1.6] */
	emu_put32(p, 0, speed_mbps[dev->speed_code]);
	p[4] = query_type;
	p[6] = dev->autoneg;
	p[7] = 1; /* autonegotiation can be switched */
	emu_put32(p, 8, 0x1f);
	emu_put32(p, 12, 2);
	p[16] = 0x16;
	return EMU_FW_OK;
}

/* ---- address tables [3:1.16] ---- */

#define IS_MC(p) ((p)[12] & BIT32(1))
#define MAC_AT   4 /* data byte of the address */

static int
uc_find(const struct emu_dev *dev, const uint8_t *mac)
{
	for (uint32_t i = 0; i < dev->nb_uc; i++) {
		if (memcmp(dev->uc[i].mac, mac, 6) == 0)
			return (int)i;
	}
	return -1;
}

static int
mc_find(const struct emu_dev *dev, const uint8_t *mac)
{
	for (uint32_t i = 0; i < dev->nb_mc; i++) {
		if (memcmp(dev->mc[i].e.mac, mac, 6) == 0)
			return (int)i;
	}
	return -1;
}

static enum emu_fw_ret
mc_table(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	int i = mc_find(dev, p + MAC_AT);

	if (cmd->nb_desc < 3)
		return EMU_FW_NEXT_ERR;
	p[1] = 0;
	if (cmd->is_read) {
		p[1] = i < 0;
		if (i >= 0) {
			memcpy(cmd->d[1].data, dev->mc[i].functions, 24);
			memcpy(cmd->d[2].data, dev->mc[i].functions + 24, 8);
		}
		return EMU_FW_OK;
	}
	if (i < 0 && dev->nb_mc == EMU_MC_MAX) {
		p[1] = 3;
		return EMU_FW_OK;
	}
	if (i < 0) {
		i = (int)dev->nb_mc++;
		memcpy(dev->mc[i].e.mac, p + MAC_AT, 6);
	}
	memcpy(dev->mc[i].functions, cmd->d[1].data, 24);
	memcpy(dev->mc[i].functions + 24, cmd->d[2].data, 8);
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_mac_table(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	int i;

	if (IS_MC(p))
		return mc_table(dev, cmd);
	i = uc_find(dev, p + MAC_AT);
	p[1] = 0;
	if (cmd->is_read) {
		p[1] = i < 0;
	} else if (i < 0 && dev->nb_uc == EMU_UC_MAX) {
		p[1] = 2;
	} else if (i < 0) {
		memcpy(dev->uc[dev->nb_uc++].mac, p + MAC_AT, 6);
	}
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_mac_remove(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	int i = IS_MC(p) ? mc_find(dev, p + MAC_AT) : uc_find(dev, p + MAC_AT);

	p[1] = i < 0;
	if (i >= 0 && IS_MC(p))
		dev->mc[i] = dev->mc[--dev->nb_mc];
	else if (i >= 0)
		dev->uc[i] = dev->uc[--dev->nb_uc];
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_umv_space(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t wanted = emu_get32(p, 4);

	(void)dev;
	if (!(p[0] & 1) && wanted > EMU_UC_MAX)
		emu_put32(p, 4, EMU_UC_MAX); /* what is granted [3:1.18] */
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_promisc(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->d[0].data[1] != 0)
		return EMU_FW_PARA_ERR; /* there is no other function */
	dev->promisc = cmd->d[0].data[0];
	return EMU_FW_OK;
}

/* ---- VLAN [3:2] ---- */

enum emu_fw_ret
emu_fw_vlan_ctrl(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint8_t type = p[0];

	if (type > 1)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		p[1] = dev->vlan_filter[type][1];
		return EMU_FW_OK;
	}
	memcpy(dev->vlan_filter[type], p, 8);
	dev->vlan_port_filter = dev->vlan_filter[1][1] & 1; /* NIC ingress */
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_vlan_port(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;

	if (p[0] > 25 || p[1] > 1)
		return EMU_FW_PARA_ERR;
	for (unsigned int i = 0; i < 20; i++) { /* blocks of 160 VIDs: 20 whole bytes */
		unsigned int at = p[0] * 20u + i;

		if (at >= sizeof(dev->vlan_table))
			break;
		if (p[1] == 0)
			dev->vlan_table[at] |= p[4 + i];
		else
			dev->vlan_table[at] &= (uint8_t)~p[4 + i];
	}
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_vlan_rx(struct emu_dev *dev, struct emu_cmd *cmd)
{
	enum emu_fw_ret ret = emu_fw_echo(dev, cmd);

	if (!cmd->is_read)
		dev->rx_vlan_cfg = cmd->d[0].data[0];
	return ret;
}

/* ---- statistics [3:7] ---- */

enum emu_fw_ret
emu_fw_stat_count(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, EMU_MAC_STATS - 3); /* without the reserved ones [1:5.8] */
	return EMU_FW_OK;
}

/*
 * Put what was counted since the last time into the queues' registers, which the driver reads next;
 * they go back to 0 at the next command, as if reading had cleared them [1:2.9].
 */
static void
queue_counters_show(struct emu_dev *dev)
{
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		struct emu_ring *rx = &dev->queue[q].rx, *tx = &dev->queue[q].tx;
		uint64_t rx_pkts = __atomic_load_n(&rx->pkts, __ATOMIC_RELAXED);
		uint64_t tx_pkts = __atomic_load_n(&tx->pkts, __ATOMIC_RELAXED);

		emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RX_PKTNUM,
				(uint32_t)(rx_pkts - rx->pkts_shown));
		emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_PKTNUM,
				(uint32_t)(tx_pkts - tx->pkts_shown));
		rx->pkts_shown = rx_pkts;
		tx->pkts_shown = tx_pkts;
	}
	dev->counters_shown = true;
}

/* Raw: 64-bit counters back to back, three in the first descriptor's data, then four a slot
 * [1:3.5]. */
enum emu_fw_ret
emu_fw_mac_stats(struct emu_dev *dev, struct emu_cmd *cmd)
{
	unsigned int room = 3 + 4 * (cmd->nb_desc - 1);

	memset(cmd->d[0].data, 0, 24);
	memset(&cmd->d[1], 0, (cmd->nb_desc - 1) * sizeof(cmd->d[1]));
	for (unsigned int i = 0; i < EMU_MAC_STATS && i < room; i++) {
		uint64_t val = __atomic_load_n(&dev->mac_stats[i], __ATOMIC_RELAXED);
		uint64_t delta_le = htole64(val - dev->mac_stats_shown[i]);

		memcpy(cmd->d[0].data + 8 * (size_t)i, &delta_le, sizeof(delta_le));
		dev->mac_stats_shown[i] = val;
	}
	queue_counters_show(dev);
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_rpu_drops(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint64_t drops = __atomic_load_n(&dev->drops[EMU_DROP_RX_NO_BD], __ATOMIC_RELAXED) +
	                 __atomic_load_n(&dev->drops[EMU_DROP_RX_QUEUE_STOPPED], __ATOMIC_RELAXED);

	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 12, (uint32_t)(drops - dev->rpu_drops_shown));
	dev->rpu_drops_shown = drops;
	queue_counters_show(dev);
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_queue_stats(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t q = emu_get32(cmd->d[0].data, 0);
	struct emu_ring *ring;
	uint64_t pkts;

	if (q >= dev->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	ring = cmd->opcode == 0x0b13 ? &dev->queue[q].rx : &dev->queue[q].tx;
	pkts = __atomic_load_n(&ring->pkts, __ATOMIC_RELAXED);
	emu_put32(cmd->d[0].data, 4, (uint32_t)(pkts - ring->pkts_shown));
	ring->pkts_shown = pkts;
	return EMU_FW_OK;
}
