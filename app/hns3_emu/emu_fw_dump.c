/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register dumps that firmware gives [1:2.8] [3:7.5] [3:7.6] [3:7.7]. Most words are diagnostic
 * values of blocks that are not emulated, and 0; those that count packets or positions are true.
 */
#include "emu_fw.h"

#include <endian.h>
#include <string.h>

#define NB_32 14u /* [3:7.6] */
#define NB_64 7u

/* Descriptors of each group, opcodes 0x0044 .. 0x004f in order [3:7.5]. */
static const uint8_t group_bds[] = { 2, 10, 15, 9, 1, 2, 10, 4, 22, 10, 2, 1 };

#define NB_GROUPS (sizeof(group_bds) / sizeof(group_bds[0]))

static void
word_put(struct emu_cmd *cmd, unsigned int word, uint64_t val)
{
	if (word / 6 < cmd->nb_desc)
		emu_put32(cmd->d[word / 6].data, 4 * (word % 6), (uint32_t)val);
}

/* Positions for those who look at registers, too [1:2.6]. */
static void
positions_show(struct emu_dev *dev)
{
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RX_TAIL, dev->queue[q].rx.idx);
		emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_HEAD, dev->queue[q].tx.idx);
	}
}

static enum emu_fw_ret
emu_fw_reg_num(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, NB_32);
	emu_put32(cmd->d[0].data, 4, NB_64);
	positions_show(dev);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_regs_32(struct emu_dev *dev, struct emu_cmd *cmd)
{
	unsigned int nb = 6 + 8 * (cmd->nb_desc - 1);
	uint8_t *p = emu_cmd_raw(cmd);

	memset(p, 0, 4 * (size_t)nb);
	if (nb > 12)
		emu_put32(p, 4 * 12, (uint32_t)emu_rpu_drops(dev)); /* Rx OQ drops */
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_regs_64(struct emu_dev *dev, struct emu_cmd *cmd)
{
	unsigned int nb = 3 + 4 * (cmd->nb_desc - 1);
	uint64_t mac[EMU_MAC_STATS], val[NB_64];

	emu_mac_stats_get(dev->nic, mac);
	val[0] = mac[47]; /* PPP Rx: good frames from the port [3:7.1] */
	val[1] = mac[21]; /* PPP Tx */
	val[2] = mac[51]; /* unicast, port to host */
	val[3] = val[4] = 0;
	val[5] = mac[25]; /* unicast, host to port */
	val[6] = mac[52]; /* multicast from the port */
	memset(emu_cmd_raw(cmd), 0, 8 * (size_t)nb);
	for (unsigned int i = 0; i < NB_64 && i < nb; i++) {
		uint64_t val_le = htole64(val[i]);

		memcpy(emu_cmd_raw(cmd) + 8 * (size_t)i, &val_le, sizeof(val_le));
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_group_sizes(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->nb_desc < 4)
		return EMU_FW_NEXT_ERR;
	emu_fw_zeros(dev, cmd);
	for (unsigned int i = 0; i < NB_GROUPS; i++)
		word_put(cmd, 1 + i, group_bds[i]);
	positions_show(dev);
	return EMU_FW_OK;
}

/* 0x004e: of the queue that the first word names. */
static void
tqp_words(struct emu_dev *dev, struct emu_cmd *cmd, uint32_t q)
{
	const struct emu_queue *queue = &dev->queue[q < dev->cfg.nb_queues ? q : 0];

	word_put(cmd, 0, q);
	word_put(cmd, 1, queue->rx.idx);
	word_put(cmd, 6, queue->rx.pkts - queue->rx.pkts_shown);
	word_put(cmd, 8, queue->tx.idx);
}

static void
ppp_words(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint64_t *drops = dev->drops;

	word_put(cmd, 1,
			drops[EMU_DROP_RX_VLAN_FILTER] + drops[EMU_DROP_RX_NO_DESTINATION] +
					drops[EMU_DROP_RX_FUNC_VLAN_FILTER] +
					drops[EMU_DROP_RX_FLOW_RULE]);
	word_put(cmd, 5, drops[EMU_DROP_RX_FLOW_RULE]);
	word_put(cmd, 6, drops[EMU_DROP_RX_NO_DESTINATION]);
	word_put(cmd, 12, drops[EMU_DROP_RX_FUNC_VLAN_FILTER]);
	word_put(cmd, 13, drops[EMU_DROP_RX_VLAN_FILTER]);
}

static enum emu_fw_ret
emu_fw_group(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t selector = emu_get32(cmd->d[0].data, 0);

	emu_fw_zeros(dev, cmd);
	if (cmd->opcode == 0x004e)
		tqp_words(dev, cmd, selector);
	else if (cmd->opcode == 0x004c)
		ppp_words(dev, cmd);
	else if (cmd->opcode == 0x0045)
		word_put(cmd, 44, emu_rpu_drops(dev)); /* Rx OQ drops */
	return EMU_FW_OK;
}

/* The firmware's own statistics: one descriptor, which has none [3:7.7]. */
static enum emu_fw_ret
emu_fw_imp_stats_size(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, 1);
	return EMU_FW_OK;
}

/* A management entry by its index: what is not there has its valid bit clear [3:1.19]. */
static enum emu_fw_ret
emu_fw_managed_read(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint16_t idx = emu_get16(p, 10);
	const struct emu_managed *m = dev->nic->managed;

	memset(p, 0, 24);
	emu_put16(p, 10, idx);
	if (idx >= dev->nic->nb_managed)
		return EMU_FW_OK;
	m += idx;
	p[0] = (uint8_t)m->flags;
	p[1] = 1;
	emu_put16(p, 2, m->vid);
	memcpy(p + 4, m->mac, 6);
	emu_put16(p, 12, m->ether_type);
	p[20] = 1; /* of the port */
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_dump_ops[] = {
	{ 0x0040, 0, "QUERY_REG_NUM", emu_fw_reg_num },
	{ 0x0041, EMU_FW_F_RAW, "QUERY_32_BIT_REG", emu_fw_regs_32 },
	{ 0x0042, EMU_FW_F_RAW, "QUERY_64_BIT_REG", emu_fw_regs_64 },
	{ 0x0043, 0, "DFX_BD_NUM", emu_fw_group_sizes },
	{ 0x0044, 0, "DFX_BIOS_COMMON_REG", emu_fw_group },
	{ 0x0045, 0, "DFX_SSU_REG_0", emu_fw_group },
	{ 0x0046, 0, "DFX_SSU_REG_1", emu_fw_group },
	{ 0x0047, 0, "DFX_IGU_EGU_REG", emu_fw_group },
	{ 0x0049, 0, "DFX_RPU_REG_1", emu_fw_group },
	{ 0x004a, 0, "DFX_NCSI_REG", emu_fw_group },
	{ 0x004b, 0, "DFX_RTC_REG", emu_fw_group },
	{ 0x004c, 0, "DFX_PPP_REG", emu_fw_group },
	{ 0x004d, 0, "DFX_RCB_REG", emu_fw_group },
	{ 0x004e, 0, "DFX_TQP_REG", emu_fw_group },
	{ 0x004f, 0, "DFX_SSU_REG_2", emu_fw_group },
	{ 0x2105, 0, "MAC_ETHERTYPE_IDX_RD", emu_fw_managed_read },
	{ 0x7011, 0, "QUERY_NCL_CONFIG", emu_fw_zeros },
	{ 0x7012, 0, "IMP_STATS_BD", emu_fw_imp_stats_size },
	{ 0x7013, 0, "IMP_STATS_INFO", emu_fw_zeros },
	{ 0x7038, 0, "DFX_GEN_REG", emu_fw_zeros },
	{ 0 },
};
/* clang-format on */
