/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about scheduling, packet buffers and offload limits [3:3.5] [3:6]: accepted and kept,
 * without an effect on packets.
 */
#include "emu_fw.h"

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

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_tm_ops[] = {
	ECHO(0x0709, "PRI_TO_TC_MAPPING"),
	ECHO(0x0804, "TM_PG_TO_PRI_LINK"),
	ECHO(0x0805, "TM_QS_TO_PRI_LINK"),
	ECHO(0x0806, "TM_NQ_TO_QS_LINK"),
	ECHO(0x0809, "TM_PG_WEIGHT"),
	ECHO(0x080a, "TM_QS_WEIGHT"),
	ECHO(0x080b, "TM_PRI_WEIGHT"),
	ECHO(0x080c, "TM_PRI_C_SHAPPING"),
	ECHO(0x080d, "TM_PRI_P_SHAPPING"),
	ECHO(0x080e, "TM_PG_C_SHAPPING"),
	ECHO(0x080f, "TM_PG_P_SHAPPING"),
	ECHO(0x0810, "TM_PORT_SHAPPING"),
	ECHO(0x0812, "TM_PG_SCH_MODE_CFG"),
	ECHO(0x0813, "TM_PRI_SCH_MODE_CFG"),
	ECHO(0x0814, "TM_QS_SCH_MODE_CFG"),
	ECHO(0x0815, "TM_BP_TO_QSET_MAPPING"),
	ECHO(0x0843, "ETS_TC_WEIGHT"),
	ECHO(0x0901, "TX_BUFF_ALLOC"),
	ECHO(0x0902, "RX_PRIV_BUFF_ALLOC"),
	ECHO(0x0903, "RX_PRIV_WL_ALLOC"),
	ECHO(0x0904, "RX_COM_THRD_ALLOC"),
	ECHO(0x0905, "RX_COM_WL_ALLOC"),
	{ 0x0c01, EMU_FW_F_PAUSE, "TSO_GENERIC_CONFIG", emu_fw_tso },
	{ 0 },
};
/* clang-format on */
