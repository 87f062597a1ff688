/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of conf_layout.c: values from its own headers only. Fields that the driver
 * reads as parts of a 32-bit word have no offset of their own and are compared by the golden bytes
 * of its unit tests.
 */
#include "conf_rows.h"

#include "hns3_desc.h"
#include "hns3_regs.h"

#define ROW(name, val)                                                                             \
	{                                                                                          \
		name, val                                                                          \
	}

/* Bytes from the start of a little-endian word to a half of it. */
#define HALF(mask) ((mask)&0xffffu ? 0 : 2)

const struct conf_row conf_pmd_rows[] = {
	ROW("reg.MISC_VECTOR", HNS3_REG_MISC_VECTOR),
	ROW("reg.MISC_RESET_STS", HNS3_REG_RESET_CLEAR),
	ROW("reg.OTHER_INT_STS", HNS3_REG_OTHER_INT),
	ROW("reg.CSQ_BASE_L", HNS3_REG_CSQ_BASE_L),
	ROW("reg.CSQ_BASE_H", HNS3_REG_CSQ_BASE_H),
	ROW("reg.CSQ_DEPTH", HNS3_REG_CSQ_DEPTH),
	ROW("reg.CSQ_TAIL", HNS3_REG_CSQ_TAIL),
	ROW("reg.CSQ_HEAD", HNS3_REG_CSQ_HEAD),
	ROW("reg.CRQ_BASE_L", HNS3_REG_CRQ_BASE_L),
	ROW("reg.CRQ_BASE_H", HNS3_REG_CRQ_BASE_H),
	ROW("reg.CRQ_DEPTH", HNS3_REG_CRQ_DEPTH),
	ROW("reg.CRQ_TAIL", HNS3_REG_CRQ_TAIL),
	ROW("reg.CRQ_HEAD", HNS3_REG_CRQ_HEAD),
	ROW("reg.CMDQ_SRC", HNS3_REG_CMDQ_SRC),
	ROW("reg.RPU_DROP_CNT", HNS3_REG_RPU_DROP),
	ROW("tqp.RX_BASE_L", HNS3_TQP_RX_BASE_L),
	ROW("tqp.RX_BASE_H", HNS3_TQP_RX_BASE_H),
	ROW("tqp.RX_BD_NUM", HNS3_TQP_RX_BD_NUM),
	ROW("tqp.RX_BD_LEN", HNS3_TQP_RX_BD_LEN),
	ROW("tqp.RX_HEAD", HNS3_TQP_RX_HEAD),
	ROW("tqp.RX_FBDNUM", HNS3_TQP_RX_FBDNUM),
	ROW("tqp.TX_BASE_L", HNS3_TQP_TX_BASE_L),
	ROW("tqp.TX_BASE_H", HNS3_TQP_TX_BASE_H),
	ROW("tqp.TX_BD_NUM", HNS3_TQP_TX_BD_NUM),
	ROW("tqp.TX_TC", HNS3_TQP_TX_TC),
	ROW("tqp.TX_TAIL", HNS3_TQP_TX_TAIL),
	ROW("tqp.RING_EN", HNS3_TQP_RING_EN),
	ROW("rxbd.size", sizeof(struct hns3_rx_bd)),
	ROW("rxbd.addr", offsetof(struct hns3_rx_bd, addr_le)),
	ROW("rxbd.l234", offsetof(struct hns3_rx_bd, l234_le)),
	ROW("rxbd.rss_hash", offsetof(struct hns3_rx_bd, rss_hash_le)),
	ROW("rxbd.pkt_len", offsetof(struct hns3_rx_bd, len_le) + HALF(HNS3_RXBD_PKT_LEN)),
	ROW("rxbd.buf_len", offsetof(struct hns3_rx_bd, len_le) + HALF(HNS3_RXBD_SIZE)),
	ROW("rxbd.ol_info", offsetof(struct hns3_rx_bd, ol_le)),
	ROW("rxbd.base_info", offsetof(struct hns3_rx_bd, base_le)),
	ROW("rxbd.l234.l3id", HNS3_RXBD_L3_ID),
	ROW("rxbd.l234.l4id", HNS3_RXBD_L4_ID),
	ROW("rxbd.l234.l2e", HNS3_RXBD_L2E),
	ROW("rxbd.l234.l3e", HNS3_RXBD_L3E),
	ROW("rxbd.l234.l4e", HNS3_RXBD_L4E),
	ROW("rxbd.l234.truncate", HNS3_RXBD_TRUNCATE),
	ROW("rxbd.base.vld", HNS3_RXBD_VLD),
	ROW("rxbd.base.fe", HNS3_RXBD_FE),
	ROW("rxbd.base.l3l4p", HNS3_RXBD_L3L4P),
	ROW("txbd.size", sizeof(struct hns3_tx_bd)),
	ROW("txbd.addr", offsetof(struct hns3_tx_bd, addr_le)),
	ROW("txbd.send_size", offsetof(struct hns3_tx_bd, size_vlan_le) + HALF(HNS3_TXBD_SIZE)),
	ROW("txbd.type_cs", offsetof(struct hns3_tx_bd, type_cs_le)),
	ROW("txbd.ol_type", offsetof(struct hns3_tx_bd, ol_type_le)),
	ROW("txbd.paylen", offsetof(struct hns3_tx_bd, paylen_le)),
	ROW("txbd.flags", offsetof(struct hns3_tx_bd, flags_le)),
	ROW("txbd.flags.fe", HNS3_TXBD_FE),
	ROW("txbd.flags.vld", HNS3_TXBD_VLD),
	ROW("cmd.size", sizeof(struct hns3_cmd_desc)),
	ROW("cmd.opcode", offsetof(struct hns3_cmd_desc, opcode_le)),
	ROW("cmd.flag", offsetof(struct hns3_cmd_desc, flag_le)),
	ROW("cmd.retval", offsetof(struct hns3_cmd_desc, retval_le)),
	ROW("cmd.data", offsetof(struct hns3_cmd_desc, data)),
	ROW("cmd.flag.out", HNS3_CMD_FLAG_OUT),
	ROW("cmd.flag.next", HNS3_CMD_FLAG_NEXT),
	ROW("cmd.flag.read", HNS3_CMD_FLAG_READ),
};
const size_t conf_pmd_nb_rows = sizeof(conf_pmd_rows) / sizeof(conf_pmd_rows[0]);
