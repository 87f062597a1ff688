/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands by opcode. EMU_FW_F_ECHO marks those that are accepted and stored but have no effect
 * yet, so that the report can tell what a driver relies on. What is not here is answered "not
 * supported", and counted.
 */
#include "emu_dev_priv.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define ECHO(opcode, name)                                                                         \
	{                                                                                          \
		opcode, EMU_FW_F_ECHO, name, emu_fw_echo                                           \
	}

/* clang-format off: a table, sorted by opcode [1:4] */
const struct emu_fw_op emu_fw_ops[] = {
	{ 0x0001, 0, "QUERY_FW_VER", emu_fw_version },
	{ 0x0020, EMU_FW_F_PAUSE, "CFG_RST_TRIGGER", emu_fw_reset_trigger },
	{ 0x0022, 0, "QUERY_FUNC_STATUS", emu_fw_func_status },
	{ 0x0023, 0, "QUERY_PF_RSRC", emu_fw_pf_resources },
	{ 0x0025, EMU_FW_F_SINGLE, "GET_CFG_PARAM", emu_fw_board_config },
	{ 0x0033, 0, "QUERY_MAC_REG_NUM", emu_fw_stat_count },
	{ 0x0034, EMU_FW_F_RAW, "STATS_MAC_ALL", emu_fw_mac_stats },
	{ 0x0048, 0, "RPU_REG_0", emu_fw_rpu_drops },
	{ 0x0301, EMU_FW_F_PAUSE, "CONFIG_MAC_MODE", emu_fw_mac_mode },
	{ 0x0304, 0, "CONFIG_AN_MODE", emu_fw_autoneg },
	{ 0x0307, 0, "QUERY_LINK_STATUS", emu_fw_link },
	{ 0x0308, EMU_FW_F_PAUSE, "CONFIG_MAX_FRM_SIZE", emu_fw_max_frame },
	{ 0x0309, 0, "CONFIG_SPEED_DUP", emu_fw_speed },
	ECHO(0x030e, "MAC_COMMON_INT_EN"),
	ECHO(0x0311, "MAC_TNL_INT_EN"),
	ECHO(0x031a, "CONFIG_FEC_MODE"),
	ECHO(0x0701, "CFG_MAC_PAUSE_EN"),
	ECHO(0x0702, "CFG_PFC_PAUSE_EN"),
	ECHO(0x0703, "CFG_MAC_PARA"),
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
	ECHO(0x0829, "TM_SCH_ECC_INT_EN"),
	ECHO(0x0843, "ETS_TC_WEIGHT"),
	ECHO(0x0901, "TX_BUFF_ALLOC"),
	ECHO(0x0902, "RX_PRIV_BUFF_ALLOC"),
	ECHO(0x0903, "RX_PRIV_WL_ALLOC"),
	ECHO(0x0904, "RX_COM_THRD_ALLOC"),
	ECHO(0x0905, "RX_COM_WL_ALLOC"),
	ECHO(0x0989, "SSU_ECC_INT_CMD"),
	ECHO(0x098c, "SSU_COMMON_INT_CMD"),
	ECHO(0x0a01, "SET_TQP_MAP"),
	{ 0x0b03, 0, "QUERY_TX_STATS", emu_fw_queue_stats },
	{ 0x0b13, 0, "QUERY_RX_STATS", emu_fw_queue_stats },
	{ 0x0b20, EMU_FW_F_PAUSE, "CFG_COM_TQP_QUEUE", emu_fw_queue_enable },
	{ 0x0b22, EMU_FW_F_PAUSE, "RESET_TQP_QUEUE", emu_fw_queue_reset },
	ECHO(0x0b40, "PPU_MPF_ECC_INT_CMD"),
	ECHO(0x0b41, "PPU_MPF_OTHER_INT_CMD"),
	ECHO(0x0b42, "PPU_PF_OTHER_INT_CMD"),
	ECHO(0x0c01, "TSO_GENERIC_CONFIG"),
	ECHO(0x0c10, "GRO_GENERIC_CONFIG"),
	{ 0x0d01, EMU_FW_F_PAUSE, "RSS_GENERIC_CONFIG", emu_fw_rss_config },
	{ 0x0d02, EMU_FW_F_PAUSE, "RSS_INPUT_TUPLE", emu_fw_rss_tuple },
	{ 0x0d07, EMU_FW_F_PAUSE, "RSS_INDIR_TABLE", emu_fw_rss_reta },
	{ 0x0d08, EMU_FW_F_PAUSE, "RSS_TC_MODE", emu_fw_rss_tc },
	{ 0x0e01, EMU_FW_F_PAUSE, "CFG_PROMISC_MODE", emu_fw_promisc },
	ECHO(0x0f01, "VLAN_PORT_TX_CFG"),
	{ 0x0f02, EMU_FW_F_PAUSE, "VLAN_PORT_RX_CFG", emu_fw_vlan_rx },
	{ 0x1000, EMU_FW_F_PAUSE, "MAC_VLAN_ADD", emu_fw_mac_table },
	{ 0x1001, EMU_FW_F_PAUSE, "MAC_VLAN_REMOVE", emu_fw_mac_remove },
	ECHO(0x1002, "MAC_VLAN_TYPE_ID"),
	ECHO(0x1003, "MAC_VLAN_INSERT"),
	{ 0x1004, 0, "MAC_VLAN_ALLOCATE", emu_fw_umv_space },
	ECHO(0x1010, "MAC_ETHTYPE_ADD"),
	{ 0x1100, EMU_FW_F_PAUSE, "VLAN_FILTER_CTRL", emu_fw_vlan_ctrl },
	{ 0x1101, EMU_FW_F_PAUSE, "VLAN_FILTER_PF_CFG", emu_fw_vlan_port },
	{ 0x1200, 0, "FD_MODE_CTRL", emu_fw_fd_mode },
	{ 0x1201, 0, "FD_GET_ALLOCATION", emu_fw_fd_sizes },
	ECHO(0x1202, "FD_KEY_CONFIG"),
	{ 0x1203, EMU_FW_F_ECHO, "FD_TCAM_OP", emu_fw_fd_tcam },
	{ 0x1503, EMU_FW_F_PAUSE, "ADD_RING_TO_VECTOR", emu_fw_vector_add },
	{ 0x1504, EMU_FW_F_PAUSE, "DEL_RING_TO_VECTOR", emu_fw_vector_del },
	ECHO(0x1505, "COMMON_ECC_INT_CFG"),
	ECHO(0x1803, "IGU_EGU_TNL_INT_EN"),
	ECHO(0x1806, "IGU_COMMON_INT_EN"),
	ECHO(0x1a14, "TM_QCN_MEM_INT_CFG"),
	ECHO(0x2100, "PPP_CMD0_INT_CMD"),
	ECHO(0x2101, "PPP_CMD1_INT_CMD"),
	ECHO(0x2401, "NCSI_INT_EN"),
	ECHO(0x700b, "CLEAR_HW_STATE"),
	{ 0x701a, 0, "FIRMWARE_COMPAT_CFG", emu_fw_compat },
	{ 0x7104, 0, "GET_SFP_INFO", emu_fw_sfp },
};
/* clang-format on */
const unsigned int emu_fw_nb_ops = sizeof(emu_fw_ops) / sizeof(emu_fw_ops[0]);

static int
op_compare(const void *key, const void *elem)
{
	return *(const uint16_t *)key - ((const struct emu_fw_op *)elem)->opcode;
}

int
emu_fw_find(uint16_t opcode)
{
	const struct emu_fw_op *op = bsearch(
			&opcode, emu_fw_ops, emu_fw_nb_ops, sizeof(emu_fw_ops[0]), op_compare);

	return op ? (int)(op - emu_fw_ops) : -1;
}

/* Keep what is written; reading gives it back. */
enum emu_fw_ret
emu_fw_echo(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *stored = dev->stored + 24 * (size_t)emu_fw_find(cmd->opcode);

	if (cmd->is_read)
		memcpy(cmd->d[0].data, stored, 24);
	else
		memcpy(stored, cmd->d[0].data, 24);
	return EMU_FW_OK;
}

uint16_t
emu_get16(const uint8_t *p, unsigned int at)
{
	uint16_t val;

	memcpy(&val, p + at, sizeof(val));
	return le16toh(val);
}

uint32_t
emu_get32(const uint8_t *p, unsigned int at)
{
	uint32_t val;

	memcpy(&val, p + at, sizeof(val));
	return le32toh(val);
}

void
emu_put16(uint8_t *p, unsigned int at, uint16_t val)
{
	val = htole16(val);
	memcpy(p + at, &val, sizeof(val));
}

void
emu_put32(uint8_t *p, unsigned int at, uint32_t val)
{
	val = htole32(val);
	memcpy(p + at, &val, sizeof(val));
}
