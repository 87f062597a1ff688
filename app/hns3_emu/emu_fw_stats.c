/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters as the driver sees them [3:7] [3:3.8]: each read gives what came since the last one. The
 * device itself never sets a counter back; it remembers how much was told.
 *
 * A queue's packet counters and the function's drop counter are registers that reading clears. A
 * trapped read does just that. Where registers are memory, the client says when it reads
 * (emu_latch.c). For one that does not, what came is put there with the answer to the command that
 * drivers send before they read, and taken away at the next command, as if it had been read
 * [1:2.9].
 */
#include "emu_fw.h"

#include <endian.h>
#include <string.h>

#define STATS_SHORT 84u /* valid ones that drivers of revision 0x21 know [1:5.8] */
#define TX_BASE     19u /* tx_total_pkt [3:7.1] */
#define RX_BASE     45u /* rx_total_pkt; the same order */

/* Order behind the base of a direction. */
enum {
	TOTAL_PKT,
	TOTAL_OCT,
	GOOD_PKT,
	BAD_PKT,
	GOOD_OCT,
	BAD_OCT,
	UNDERSIZE = 9,
	OVERSIZE = 10,
	BIN_64 = 11,
	BIN_1519 = 17,
	BIN_LAST = 23,
	GOOD_1519_MAX = 24,
	FCS_ERR = 35, /* of Rx alone */
};

static uint64_t
count_load(const uint64_t *count)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED); /* written by the data thread */
}

/* What follows from the counts of the data path. */
static void
direction_derive(uint64_t *s)
{
	for (unsigned int i = BIN_64; i <= BIN_LAST; i++) {
		s[GOOD_PKT] += s[i];
		if (i >= BIN_1519)
			s[GOOD_1519_MAX] += s[i];
	}
	s[BAD_PKT] = s[UNDERSIZE] + s[OVERSIZE];
	s[TOTAL_PKT] = s[GOOD_PKT] + s[BAD_PKT];
	s[TOTAL_OCT] = s[GOOD_OCT] + s[BAD_OCT];
}

void
emu_mac_stats_get(const struct emu_nic *nic, uint64_t out[EMU_MAC_STATS])
{
	for (unsigned int i = 0; i < EMU_MAC_STATS; i++)
		out[i] = count_load(&nic->mac_stats[i]);
	direction_derive(out + TX_BASE);
	direction_derive(out + RX_BASE);
	out[RX_BASE + BAD_PKT] += out[RX_BASE + FCS_ERR];
	out[RX_BASE + TOTAL_PKT] += out[RX_BASE + FCS_ERR];
	out[75] = out[TX_BASE + GOOD_PKT]; /* tx_from_app_good */
	out[81] = out[RX_BASE + GOOD_PKT]; /* rx_send_app_good */
	out[82] = out[RX_BASE + BAD_PKT];  /* rx_send_app_bad */
}

static enum emu_fw_ret
emu_fw_stat_count(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, dev->nic->mac_stats_are_long ? EMU_MAC_STATS : STATS_SHORT);
	return EMU_FW_OK;
}

uint64_t
emu_rpu_drops(const struct emu_dev *dev)
{
	return count_load(&dev->drops[EMU_DROP_RX_NO_BD]) +
	       count_load(&dev->drops[EMU_DROP_RX_QUEUE_STOPPED]);
}

/* How much @p now is above *shown, which rises by that; what a register cannot hold is left. */
static uint32_t
delta_take(uint64_t now, uint64_t *shown)
{
	uint64_t delta = now - *shown < UINT32_MAX ? now - *shown : UINT32_MAX;

	*shown += delta;
	return (uint32_t)delta;
}

static uint32_t
ring_take(struct emu_ring *ring)
{
	return delta_take(count_load(&ring->pkts), &ring->pkts_shown);
}

uint32_t
emu_counter_take(struct emu_dev *dev, uint32_t offset)
{
	uint32_t q = (offset - EMU_TQP_BASE(0)) / 0x200;

	if (offset == EMU_RPU_DROP_CNT)
		return delta_take(emu_rpu_drops(dev), &dev->rpu_drops_shown);
	return ring_take(offset == EMU_TQP_BASE(q) + EMU_TQP_RX_PKTNUM ? &dev->queue[q].rx
								       : &dev->queue[q].tx);
}

/* Add to a counter's register: two queries may have come at once. */
static bool
counter_add(struct emu_dev *dev, uint32_t offset, uint32_t delta)
{
	emu_bar_store(dev, offset, emu_bar_load(dev, offset) + delta);
	return delta == UINT32_MAX;
}

/* A counter's register is 0 again. */
static void
counter_drop(struct emu_dev *dev, uint32_t offset, uint64_t *shown, bool is_read)
{
	if (!is_read)
		*shown -= emu_bar_load(dev, offset);
	emu_bar_store(dev, offset, 0);
}

bool
emu_counters_put(struct emu_dev *dev)
{
	bool more = false;

	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		struct emu_queue *queue = &dev->queue[q];

		more |= counter_add(
				dev, EMU_TQP_BASE(q) + EMU_TQP_RX_PKTNUM, ring_take(&queue->rx));
		more |= counter_add(
				dev, EMU_TQP_BASE(q) + EMU_TQP_TX_PKTNUM, ring_take(&queue->tx));
	}
	if (dev->cfg.revision >= 0x30)
		more |= counter_add(dev, EMU_RPU_DROP_CNT,
				delta_take(emu_rpu_drops(dev), &dev->rpu_drops_shown));
	dev->counters_shown = true;
	return more;
}

void
emu_counters_drop(struct emu_dev *dev, bool is_read)
{
	if (!dev->counters_shown)
		return;
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		struct emu_queue *queue = &dev->queue[q];

		counter_drop(dev, EMU_TQP_BASE(q) + EMU_TQP_RX_PKTNUM, &queue->rx.pkts_shown,
				is_read);
		counter_drop(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_PKTNUM, &queue->tx.pkts_shown,
				is_read);
	}
	counter_drop(dev, EMU_RPU_DROP_CNT, &dev->rpu_drops_shown, is_read);
	dev->counters_shown = false;
}

void
emu_counters_reset(struct emu_dev *dev)
{
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		struct emu_queue *queue = &dev->queue[q];

		queue->rx.pkts_shown = count_load(&queue->rx.pkts);
		queue->tx.pkts_shown = count_load(&queue->tx.pkts);
	}
	dev->rpu_drops_shown = emu_rpu_drops(dev);
	dev->counters_shown = false;
}

void
emu_counters_show(struct emu_dev *dev)
{
	if (!dev->is_trapped && !dev->has_latch)
		emu_counters_put(dev);
}

void
emu_counters_hide(struct emu_dev *dev)
{
	if (!dev->has_latch)
		emu_counters_drop(dev, true);
}

/* Raw: 64-bit counters back to back, three in the first descriptor's data, then four a slot
 * [1:3.5]. 0x0032 is the older form of 0x0034, and shorter. */
static enum emu_fw_ret
emu_fw_mac_stats(struct emu_dev *dev, struct emu_cmd *cmd)
{
	unsigned int room = 3 + 4 * (cmd->nb_desc - 1);
	uint64_t now[EMU_MAC_STATS];

	emu_mac_stats_get(dev->nic, now);
	memset(cmd->d[0].data, 0, 24);
	memset(&cmd->d[1], 0, (cmd->nb_desc - 1) * sizeof(cmd->d[1]));
	for (unsigned int i = 0; i < EMU_MAC_STATS && i < room; i++) {
		uint64_t delta_le = htole64(now[i] - dev->nic->mac_stats_shown[i]);

		memcpy(emu_cmd_raw(cmd) + 8 * (size_t)i, &delta_le, sizeof(delta_le));
		dev->nic->mac_stats_shown[i] = now[i];
	}
	emu_counters_show(dev);
	return EMU_FW_OK;
}

/* Drops of revision 0x21, for 0x28004 is of later ones. */
static enum emu_fw_ret
emu_fw_rpu_drops(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	if (dev->cfg.revision < 0x30)
		emu_put32(cmd->d[0].data, 12,
				delta_take(emu_rpu_drops(dev), &dev->rpu_drops_shown));
	emu_counters_show(dev);
	return EMU_FW_OK;
}

/* The switch's buffers drop nothing: what finds no room is dropped behind them, by the RPU. */
static enum emu_fw_ret
emu_fw_ssu_drops(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t direction = cmd->d[0].data[0];

	if (cmd->nb_desc < 2)
		return EMU_FW_NEXT_ERR;
	emu_fw_zeros(dev, cmd);
	cmd->d[0].data[0] = direction;
	if (direction == 0)
		emu_counters_show(dev);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_queue_stats(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t q = emu_get32(cmd->d[0].data, 0);

	if (q >= dev->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	emu_put32(cmd->d[0].data, 4,
			ring_take(cmd->opcode == 0x0b13 ? &dev->queue[q].rx : &dev->queue[q].tx));
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_stats_ops[] = {
	{ 0x0032, EMU_FW_F_RAW, "STATS_MAC", emu_fw_mac_stats },
	{ 0x0033, 0, "QUERY_MAC_REG_NUM", emu_fw_stat_count },
	{ 0x0034, EMU_FW_F_RAW, "STATS_MAC_ALL", emu_fw_mac_stats },
	{ 0x0048, 0, "DFX_RPU_REG_0", emu_fw_rpu_drops },
	{ 0x0065, 0, "SSU_DROP_REG", emu_fw_ssu_drops },
	{ 0x0067, 0, "GET_QUEUE_ERR_VF", emu_fw_zeros },
	{ 0x0b03, EMU_FW_F_VF, "QUERY_TX_STATS", emu_fw_queue_stats },
	{ 0x0b13, EMU_FW_F_VF, "QUERY_RX_STATS", emu_fw_queue_stats },
	{ 0 },
};
/* clang-format on */
