/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lies in client memory, as the device sees it: Rx and Tx buffer descriptors and command
 * descriptors. All words are little-endian. Typed from doc/hns3 alone (ADR 0001); each row cites
 * its place.
 */
#ifndef EMU_DESC_H
#define EMU_DESC_H

#include <stddef.h>
#include <stdint.h>

#include "bits.h"

#define EMU_BD_BYTES 32u /* [2:1.1] [2:2.1] */

/* ---- Rx BD [2:1.1] ---- */
struct emu_rxbd {
	uint64_t addr_le;      /* 0: buffer, driver-written */
	uint32_t l234_le;      /* 8 */
	uint16_t pkt_len_le;   /* 12 */
	uint16_t size_le;      /* 14 */
	uint32_t rss_hash_le;  /* 16 */
	uint16_t fd_id_le;     /* 20 */
	uint16_t vlan_tag_le;  /* 22: inner tag */
	uint16_t ol_info_le;   /* 24 */
	uint16_t ot_vlan_le;   /* 26: outer tag */
	uint32_t base_info_le; /* 28 */
};
_Static_assert(sizeof(struct emu_rxbd) == EMU_BD_BYTES, "Rx BD");
_Static_assert(offsetof(struct emu_rxbd, l234_le) == 8, "Rx BD");
_Static_assert(offsetof(struct emu_rxbd, size_le) == 14, "Rx BD");
_Static_assert(offsetof(struct emu_rxbd, rss_hash_le) == 16, "Rx BD");
_Static_assert(offsetof(struct emu_rxbd, vlan_tag_le) == 22, "Rx BD");
_Static_assert(offsetof(struct emu_rxbd, ot_vlan_le) == 26, "Rx BD");
_Static_assert(offsetof(struct emu_rxbd, base_info_le) == 28, "Rx BD");

/* l234_info [2:1.3] */
#define EMU_RXBD_DMAC      BITS32(1, 0) /* 0 unicast, 1 multicast, 2 broadcast */
#define EMU_RXBD_VLAN      BITS32(3, 2)
#define EMU_RXBD_L3ID      BITS32(7, 4)  /* [2:1.8] */
#define EMU_RXBD_L4ID      BITS32(11, 8) /* [2:1.8] */
#define EMU_RXBD_FRAG      BIT32(12)
#define EMU_RXBD_STRP_TAGP BITS32(14, 13) /* [2:1.7] */
#define EMU_RXBD_L2E       BIT32(16)
#define EMU_RXBD_L3E       BIT32(17)
#define EMU_RXBD_L4E       BIT32(18)
#define EMU_RXBD_TRUNCATE  BIT32(19)
#define EMU_RXBD_OL3E      BIT32(22)
#define EMU_RXBD_OL4E      BIT32(23)
#define EMU_RXBD_GRO_COUNT BITS32(29, 24)
#define EMU_RXBD_GRO_FIXID BIT32(30)

/* ol_info [2:1.4] */
#define EMU_RXBD_ODMAC BITS32(1, 0)
#define EMU_RXBD_OL3ID BITS32(7, 4)
#define EMU_RXBD_OL4ID BITS32(11, 8)
#define EMU_RXBD_PTYPE BITS32(11, 4) /* advanced layout [2:1.9] */

/* STRP_TAGP [2:1.7] */
#define EMU_STRP_NONE  0u
#define EMU_STRP_OUTER 1u
#define EMU_STRP_INNER 2u
#define EMU_STRP_BOTH  3u

/* bd_base_info [2:1.5] */
#define EMU_RXBD_VLD      BIT32(4)
#define EMU_RXBD_UDP0     BIT32(5)
#define EMU_RXBD_FE       BIT32(8)
#define EMU_RXBD_LUM      BIT32(9)
#define EMU_RXBD_L3L4P    BIT32(11)
#define EMU_RXBD_GRO_SIZE BITS32(29, 16)

/* L3ID, L4ID [2:1.8] */
enum emu_l3id {
	EMU_L3ID_IPV4 = 0,
	EMU_L3ID_IPV6 = 1,
	EMU_L3ID_ARP = 2,
	EMU_L3ID_RARP = 3,
	EMU_L3ID_IPV4_OPT = 4,
	EMU_L3ID_IPV6_EXT = 5,
	EMU_L3ID_LLDP = 6,
	EMU_L3ID_BPDU = 7,
	EMU_L3ID_MAC_PAUSE = 8,
	EMU_L3ID_PFC_PAUSE = 9,
	EMU_L3ID_CNM = 12,
	EMU_L3ID_NONE = 15,
};
enum emu_l4id {
	EMU_L4ID_UDP = 0,
	EMU_L4ID_TCP = 1,
	EMU_L4ID_GRE = 2,
	EMU_L4ID_SCTP = 3,
	EMU_L4ID_IGMP = 4,
	EMU_L4ID_ICMP = 5,
	EMU_L4ID_NONE = 15,
};
/* OL4ID [2:1.8] */
enum emu_ol4id {
	EMU_OL4ID_NONE = 0,
	EMU_OL4ID_MAC_IN_UDP = 1,
	EMU_OL4ID_NVGRE = 2,
};

/* ---- Tx BD [2:2.1] ---- */
struct emu_txbd {
	uint64_t addr_le;       /* 0 */
	uint16_t vlan_tag_le;   /* 8: inner tag to insert */
	uint16_t send_size_le;  /* 10 */
	uint32_t type_cs_le;    /* 12 */
	uint16_t outer_vlan_le; /* 16 */
	uint16_t tv_le;         /* 18 */
	uint32_t ol_type_le;    /* 20 */
	uint32_t paylen_le;     /* 24 */
	uint16_t flags_le;      /* 28 */
	uint16_t mss_le;        /* 30 */
};
_Static_assert(sizeof(struct emu_txbd) == EMU_BD_BYTES, "Tx BD");
_Static_assert(offsetof(struct emu_txbd, send_size_le) == 10, "Tx BD");
_Static_assert(offsetof(struct emu_txbd, type_cs_le) == 12, "Tx BD");
_Static_assert(offsetof(struct emu_txbd, outer_vlan_le) == 16, "Tx BD");
_Static_assert(offsetof(struct emu_txbd, ol_type_le) == 20, "Tx BD");
_Static_assert(offsetof(struct emu_txbd, paylen_le) == 24, "Tx BD");
_Static_assert(offsetof(struct emu_txbd, flags_le) == 28, "Tx BD");
_Static_assert(offsetof(struct emu_txbd, mss_le) == 30, "Tx BD");

/* type_cs_vlan_tso_len [2:2.2] */
#define EMU_TXBD_L3T    BITS32(1, 0)
#define EMU_TXBD_L4T    BITS32(3, 2)
#define EMU_TXBD_L3CS   BIT32(4)
#define EMU_TXBD_L4CS   BIT32(5)
#define EMU_TXBD_VLAN   BIT32(6)
#define EMU_TXBD_TSO    BIT32(7)
#define EMU_TXBD_L2LEN  BITS32(15, 8)  /* 2-byte units */
#define EMU_TXBD_L3LEN  BITS32(23, 16) /* 4-byte units */
#define EMU_TXBD_L4LEN  BITS32(31, 24) /* 4-byte units */
#define EMU_TX_L3T_IPV6 1u
#define EMU_TX_L3T_IPV4 2u
#define EMU_TX_L4T_TCP  1u
#define EMU_TX_L4T_UDP  2u
#define EMU_TX_L4T_SCTP 3u

/* ol_type_vlan_len_msec [2:2.3] */
#define EMU_TXBD_OL3T        BITS32(1, 0)
#define EMU_TXBD_OVLAN       BIT32(2)
#define EMU_TXBD_MACSEC      BIT32(3)
#define EMU_TXBD_TUNTYPE     BITS32(7, 4)
#define EMU_TXBD_OL2LEN      BITS32(15, 8)  /* 2-byte units */
#define EMU_TXBD_OL3LEN      BITS32(23, 16) /* 4-byte units */
#define EMU_TXBD_OL4LEN      BITS32(31, 24) /* 4-byte units */
#define EMU_TX_OL3T_IPV6     1u
#define EMU_TX_OL3T_IPV4     2u
#define EMU_TX_OL3T_IPV4_SUM 3u
#define EMU_TX_TUN_UDP       1u
#define EMU_TX_TUN_NVGRE     2u

/* In simple-checksum mode; both in 2-byte units [2:2.2] [2:2.3] */
#define EMU_TXBD_CSUM_START  BITS32(23, 8) /* of type_cs_vlan_tso_len */
#define EMU_TXBD_CSUM_OFFSET BITS32(23, 8) /* of ol_type_vlan_len_msec */

/* paylen [2:2.4] */
#define EMU_TXBD_PAYLEN          BITS32(19, 0)
#define EMU_TXBD_OL4CS           BIT32(22)
#define EMU_TXBD_PAYLEN_RESERVED (BITS32(21, 20) | BITS32(31, 23))

/* mss [2:2.6] */
#define EMU_TXBD_MSS          BITS32(13, 0)
#define EMU_TXBD_CKST         BIT32(14) /* simple-checksum mode */
#define EMU_TXBD_MSS_RESERVED BIT32(15)

/* tp_fe_sc_vld_ra_ri [2:2.5] */
#define EMU_TXBD_FE       BIT32(4)
#define EMU_TXBD_VLD      BIT32(8)
#define EMU_TXBD_TSYN     BIT32(11)
#define EMU_TXBD_RESERVED (BITS32(3, 0) | BITS32(7, 5) | BITS32(10, 9) | BITS32(15, 12))

/* ---- command descriptor [1:3.2] ---- */
struct emu_cmd_desc {
	uint16_t opcode_le;
	uint16_t flag_le;
	uint16_t retval_le;
	uint16_t rsv_le;
	uint8_t data[24];
};
_Static_assert(sizeof(struct emu_cmd_desc) == 32, "command descriptor");
_Static_assert(offsetof(struct emu_cmd_desc, retval_le) == 4, "command descriptor");
_Static_assert(offsetof(struct emu_cmd_desc, data) == 8, "command descriptor");

/* flags [1:3.3] */
#define EMU_CMD_OUT  BIT32(1)
#define EMU_CMD_NEXT BIT32(2)
#define EMU_CMD_READ BIT32(3)

/* return codes [1:3.6] */
enum emu_fw_ret {
	EMU_FW_OK = 0,
	EMU_FW_NO_AUTH = 1,
	EMU_FW_NOT_SUPPORTED = 2,
	EMU_FW_NEXT_ERR = 4,
	EMU_FW_PARA_ERR = 6,
};

#endif
