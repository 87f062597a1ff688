/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about scheduling, packet buffers and offload limits [3:3.5] [3:6], and PTP [3:8.1]:
 * accepted and kept, of each priority, group, queue set and queue; read back; without an effect on
 * packets.
 */
#include "emu_fw.h"

#include <string.h>

/* Limits of a TSO frame's segment size [3:3.6]. */
static enum emu_fw_ret
emu_fw_tso(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint16_t least = emu_get16(cmd->d[0].data, 0) & 0x3fff;
	uint16_t most = emu_get16(cmd->d[0].data, 2) & 0x3fff;

	if (cmd->is_read || least > most)
		return EMU_FW_PARA_ERR;
	dev->nic->tso_mss_min = least;
	dev->nic->tso_mss_max = most;
	return EMU_FW_OK;
}

/* Numbers that size the driver's dumps [3:6.6]. */
static enum emu_fw_ret
emu_fw_tm_nodes(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	memset(p, 0, 24);
	p[6] = 1; /* priority groups */
	p[7] = 8; /* priorities */
	emu_put16(p, 8, (uint16_t)(8 * dev->nic->nb_funcs));
	emu_put16(p, 10, (uint16_t)dev->nic->nb_tqps);
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_tm_ops[] = {
	ECHO(0x0501, "PTP_INT_EN"),
	ECHO(0x0507, "PTP_MODE_CFG"),
	ECHO(0x0709, "PRI_TO_TC_MAPPING"),
	ECHO(0x070a, "QOS_MAP"),
	ECHO8(0x0804, "TM_PG_TO_PRI_LINK"),
	ECHO16(0x0805, "TM_QS_TO_PRI_LINK"),
	ECHO16(0x0806, "TM_NQ_TO_QS_LINK"),
	ECHO8(0x0809, "TM_PG_WEIGHT"),
	ECHO16(0x080a, "TM_QS_WEIGHT"),
	ECHO8(0x080b, "TM_PRI_WEIGHT"),
	ECHO8(0x080c, "TM_PRI_C_SHAPPING"),
	ECHO8(0x080d, "TM_PRI_P_SHAPPING"),
	ECHO8(0x080e, "TM_PG_C_SHAPPING"),
	ECHO8(0x080f, "TM_PG_P_SHAPPING"),
	ECHO(0x0810, "TM_PORT_SHAPPING"),
	ECHO16(0x0812, "TM_PG_SCH_MODE_CFG"),
	ECHO16(0x0813, "TM_PRI_SCH_MODE_CFG"),
	ECHO16(0x0814, "TM_QS_SCH_MODE_CFG"),
	ECHO8(0x0815, "TM_BP_TO_QSET_MAPPING"),
	{ 0x0816, 0, "TM_NODES", emu_fw_tm_nodes },
	ECHO(0x0843, "ETS_TC_WEIGHT"),
	{ 0x0844, 0, "QSET_DFX_STS", emu_fw_zeros },
	{ 0x0845, 0, "PRI_DFX_STS", emu_fw_zeros },
	{ 0x0846, 0, "PG_DFX_STS", emu_fw_zeros },
	{ 0x0847, 0, "PORT_DFX_STS", emu_fw_zeros },
	{ 0x0848, 0, "SCH_NQ_CNT", emu_fw_zeros },
	{ 0x0849, 0, "SCH_RQ_CNT", emu_fw_zeros },
	{ 0x0850, 0, "TM_INTERNAL_STS", emu_fw_zeros },
	{ 0x0851, 0, "TM_INTERNAL_CNT", emu_fw_zeros },
	{ 0x0852, 0, "TM_INTERNAL_STS_1", emu_fw_zeros },
	ECHO(0x0870, "TM_PORT_LIMIT_RATE"),
	ECHO(0x0871, "TM_TC_LIMIT_RATE"),
	ECHO(0x0872, "TM_FLUSH"),
	ECHO(0x0901, "TX_BUFF_ALLOC"),
	ECHO(0x0902, "RX_PRIV_BUFF_ALLOC"),
	ECHO(0x0903, "RX_PRIV_WL_ALLOC"),
	ECHO(0x0904, "RX_COM_THRD_ALLOC"),
	ECHO(0x0905, "RX_COM_WL_ALLOC"),
	{ 0x0c01, EMU_FW_F_PAUSE, "TSO_GENERIC_CONFIG", emu_fw_tso },
	{ 0x0906, 0, "RX_GBL_PKT_CNT", emu_fw_zeros },
	ECHO16(0x1a03, "QCN_SHAPPING_CFG"),
	{ 0 },
};
/* clang-format on */
