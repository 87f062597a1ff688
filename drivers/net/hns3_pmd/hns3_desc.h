/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptor layouts: Rx BD [2:1], Tx BD [2:2], command [1:3.2]. Little-endian words as they lie in
 * memory; convert at the edge. Used by the rings, the command queue and the golden-byte tests.
 */
#ifndef HNS3_DESC_H
#define HNS3_DESC_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.h"

struct hns3_rx_bd {
	uint64_t addr_le;
	uint32_t l234_le; /* DW2 */
	uint32_t len_le;  /* DW3: size << 16 | pkt_len */
	uint32_t rss_hash_le;
	uint32_t vlan_fd_le; /* DW5: vlan_tag << 16 | fd_id */
	uint32_t ol_le;      /* DW6 */
	uint32_t base_le;    /* DW7: valid, frame end */
};
static_assert(sizeof(struct hns3_rx_bd) == 32, "[2:1.1]");
static_assert(offsetof(struct hns3_rx_bd, addr_le) == 0, "[2:1.1]");
static_assert(offsetof(struct hns3_rx_bd, l234_le) == 8, "[2:1.1]");
static_assert(offsetof(struct hns3_rx_bd, len_le) == 12, "[2:1.1]");
static_assert(offsetof(struct hns3_rx_bd, rss_hash_le) == 16, "[2:1.1]");
static_assert(offsetof(struct hns3_rx_bd, vlan_fd_le) == 20, "[2:1.1]");
static_assert(offsetof(struct hns3_rx_bd, ol_le) == 24, "[2:1.1]");
static_assert(offsetof(struct hns3_rx_bd, base_le) == 28, "[2:1.1]");

#define HNS3_RXBD_L3_ID    BITS32(7, 4)   /* DW2 [2:1.3] */
#define HNS3_RXBD_L4_ID    BITS32(11, 8)  /* DW2 */
#define HNS3_RXBD_L2E      BIT32(16)      /* DW2: drop */
#define HNS3_RXBD_L3E      BIT32(17)      /* DW2 */
#define HNS3_RXBD_L4E      BIT32(18)      /* DW2 */
#define HNS3_RXBD_TRUNCATE BIT32(19)      /* DW2: drop */
#define HNS3_RXBD_OL3E     BIT32(22)      /* DW2 */
#define HNS3_RXBD_OL4E     BIT32(23)      /* DW2 */
#define HNS3_RXBD_PKT_LEN  BITS32(15, 0)  /* DW3 [2:1.1] */
#define HNS3_RXBD_SIZE     BITS32(31, 16) /* DW3 */
#define HNS3_RXBD_OL3_ID   BITS32(7, 4)   /* DW6, plain layout [2:1.4] */
#define HNS3_RXBD_OL4_ID   BITS32(11, 8)  /* DW6, plain layout */
#define HNS3_RXBD_VLD      BIT32(4)       /* DW7 [2:1.5] */
#define HNS3_RXBD_FE       BIT32(8)       /* DW7: last BD of the frame */
#define HNS3_RXBD_L3L4P    BIT32(11)      /* DW7: error bits of DW2 mean something */

struct hns3_tx_bd {
	uint64_t addr_le;
	uint32_t size_vlan_le;  /* DW2: send_size << 16 | vlan_tag */
	uint32_t type_cs_le;    /* DW3 */
	uint32_t outer_vlan_le; /* DW4: tv << 16 | outer_vlan_tag */
	uint32_t ol_type_le;    /* DW5 */
	uint32_t paylen_le;     /* DW6 */
	uint32_t flags_le;      /* DW7: mss << 16 | flags */
};
static_assert(sizeof(struct hns3_tx_bd) == 32, "[2:2.1]");
static_assert(offsetof(struct hns3_tx_bd, addr_le) == 0, "[2:2.1]");
static_assert(offsetof(struct hns3_tx_bd, size_vlan_le) == 8, "[2:2.1]");
static_assert(offsetof(struct hns3_tx_bd, type_cs_le) == 12, "[2:2.1]");
static_assert(offsetof(struct hns3_tx_bd, outer_vlan_le) == 16, "[2:2.1]");
static_assert(offsetof(struct hns3_tx_bd, ol_type_le) == 20, "[2:2.1]");
static_assert(offsetof(struct hns3_tx_bd, paylen_le) == 24, "[2:2.1]");
static_assert(offsetof(struct hns3_tx_bd, flags_le) == 28, "[2:2.1]");

#define HNS3_TXBD_SIZE BITS32(31, 16) /* DW2 [2:2.1] */
#define HNS3_TXBD_FE   BIT32(4)       /* DW7 [2:2.5] */
#define HNS3_TXBD_VLD  BIT32(8)       /* DW7: the device clears it when done [2:2.7] */

#define HNS3_CMD_DATA_BYTES 24

struct hns3_cmd_desc {
	uint16_t opcode_le;
	uint16_t flag_le;
	uint16_t retval_le;
	uint16_t rsv_le;
	uint8_t data[HNS3_CMD_DATA_BYTES];
};
static_assert(sizeof(struct hns3_cmd_desc) == 32, "[1:3.2]");
static_assert(offsetof(struct hns3_cmd_desc, opcode_le) == 0, "[1:3.2]");
static_assert(offsetof(struct hns3_cmd_desc, flag_le) == 2, "[1:3.2]");
static_assert(offsetof(struct hns3_cmd_desc, retval_le) == 4, "[1:3.2]");
static_assert(offsetof(struct hns3_cmd_desc, data) == 8, "[1:3.2]");

#define HNS3_CMD_FLAG_IN      0x0001 /* [1:3.3] */
#define HNS3_CMD_FLAG_OUT     0x0002
#define HNS3_CMD_FLAG_NEXT    0x0004
#define HNS3_CMD_FLAG_READ    0x0008
#define HNS3_CMD_FLAG_NO_INTR 0x0010

/* Opcodes [1:4]. */
enum hns3_cmd_opcode {
	HNS3_CMD_FW_VERSION = 0x0001,
	HNS3_CMD_RESET_TRIGGER = 0x0020,
	HNS3_CMD_FUNC_STATUS = 0x0022,
	HNS3_CMD_PF_RESOURCES = 0x0023,
	HNS3_CMD_CONFIG_BLOCK = 0x0025,
	HNS3_CMD_STATS_64 = 0x0030,
	HNS3_CMD_STATS_32 = 0x0031,
	HNS3_CMD_STATS_MAC = 0x0032,
	HNS3_CMD_STATS_MAC_ALL = 0x0034,
	HNS3_CMD_REG_32 = 0x0041,
	HNS3_CMD_REG_64 = 0x0042,
	HNS3_CMD_RPU_DROP = 0x0048,
	HNS3_CMD_MAC_MODE = 0x0301,
	HNS3_CMD_LINK_STATUS = 0x0307,
	HNS3_CMD_MAX_FRAME = 0x0308,
	HNS3_CMD_SPEED_DUPLEX = 0x0309,
	HNS3_CMD_PAUSE_ENABLE = 0x0701,
	HNS3_CMD_PFC_ENABLE = 0x0702,
	HNS3_CMD_PAUSE_PARAM = 0x0703,
	HNS3_CMD_PRI_TO_TC = 0x0709,
	HNS3_CMD_TM_PG_TO_PRI = 0x0804,
	HNS3_CMD_TM_QS_TO_PRI = 0x0805,
	HNS3_CMD_TM_NQ_TO_QS = 0x0806,
	HNS3_CMD_TM_PG_WEIGHT = 0x0809,
	HNS3_CMD_TM_QS_WEIGHT = 0x080a,
	HNS3_CMD_TM_PRI_WEIGHT = 0x080b,
	HNS3_CMD_TM_PRI_C_SHAPER = 0x080c,
	HNS3_CMD_TM_PRI_P_SHAPER = 0x080d,
	HNS3_CMD_TM_PG_C_SHAPER = 0x080e,
	HNS3_CMD_TM_PG_P_SHAPER = 0x080f,
	HNS3_CMD_TM_PORT_SHAPER = 0x0810,
	HNS3_CMD_TM_PG_MODE = 0x0812,
	HNS3_CMD_TM_PRI_MODE = 0x0813,
	HNS3_CMD_TM_QS_MODE = 0x0814,
	HNS3_CMD_TX_BUFFER = 0x0901,
	HNS3_CMD_RX_PRIV_BUFFER = 0x0902,
	HNS3_CMD_RX_PRIV_WATERLINE = 0x0903,
	HNS3_CMD_RX_COMMON_THRESHOLD = 0x0904,
	HNS3_CMD_RX_COMMON_WATERLINE = 0x0905,
	HNS3_CMD_QUEUE_MAP = 0x0a01,
	HNS3_CMD_QUEUE_ENABLE = 0x0b20,
	HNS3_CMD_QUEUE_RESET = 0x0b22,
	HNS3_CMD_TSO_LIMITS = 0x0c01,
	HNS3_CMD_GRO = 0x0c10,
	HNS3_CMD_RSS_KEY = 0x0d01,
	HNS3_CMD_RSS_TUPLE = 0x0d02,
	HNS3_CMD_RSS_INDIRECTION = 0x0d07,
	HNS3_CMD_RSS_TC_MODE = 0x0d08,
	HNS3_CMD_PROMISC = 0x0e01,
	HNS3_CMD_VLAN_TX = 0x0f01,
	HNS3_CMD_VLAN_RX = 0x0f02,
	HNS3_CMD_MAC_ADD = 0x1000,
	HNS3_CMD_MAC_REMOVE = 0x1001,
	HNS3_CMD_VLAN_TYPES = 0x1002,
	HNS3_CMD_VLAN_INSERT_TYPES = 0x1003,
	HNS3_CMD_MAC_SPACE = 0x1004,
	HNS3_CMD_VLAN_FILTER_CTRL = 0x1100,
	HNS3_CMD_VLAN_FILTER_PORT = 0x1101,
	HNS3_CMD_VECTOR_UNBIND = 0x1504,
	HNS3_CMD_MPF_RAS = 0x1511,
	HNS3_CMD_PF_RAS = 0x1512,
	HNS3_CMD_MPF_MSIX = 0x1514,
	HNS3_CMD_PF_MSIX = 0x1515,
	HNS3_CMD_ERR_INFO = 0x1517,
	HNS3_CMD_CLEAR_HW_STATE = 0x700b,
	HNS3_CMD_FW_COMPAT = 0x701a,
	HNS3_CMD_SFP_INFO = 0x7104,
};

#define HNS3_MSG_LINK_CHANGE 201 /* data byte 0 of a pushed message [1:6.6] */

#endif
