/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about statistics [3:7] [3:3.8]. */
#include "emu_fw.h"

#include <endian.h>
#include <string.h>

static enum emu_fw_ret
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
static enum emu_fw_ret
emu_fw_mac_stats(struct emu_dev *dev, struct emu_cmd *cmd)
{
	unsigned int room = 3 + 4 * (cmd->nb_desc - 1);

	memset(cmd->d[0].data, 0, 24);
	memset(&cmd->d[1], 0, (cmd->nb_desc - 1) * sizeof(cmd->d[1]));
	for (unsigned int i = 0; i < EMU_MAC_STATS && i < room; i++) {
		uint64_t val = __atomic_load_n(&dev->nic->mac_stats[i], __ATOMIC_RELAXED);
		uint64_t delta_le = htole64(val - dev->nic->mac_stats_shown[i]);

		memcpy(cmd->d[0].data + 8 * (size_t)i, &delta_le, sizeof(delta_le));
		dev->nic->mac_stats_shown[i] = val;
	}
	queue_counters_show(dev);
	return EMU_FW_OK;
}

static enum emu_fw_ret
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

static enum emu_fw_ret
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

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_stats_ops[] = {
	{ 0x0033, 0, "QUERY_MAC_REG_NUM", emu_fw_stat_count },
	{ 0x0034, EMU_FW_F_RAW, "STATS_MAC_ALL", emu_fw_mac_stats },
	{ 0x0048, 0, "RPU_REG_0", emu_fw_rpu_drops },
	{ 0x0b03, EMU_FW_F_VF, "QUERY_TX_STATS", emu_fw_queue_stats },
	{ 0x0b13, EMU_FW_F_VF, "QUERY_RX_STATS", emu_fw_queue_stats },
	{ 0 },
};
/* clang-format on */
