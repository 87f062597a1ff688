/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulator's side of conf_layout.c: values from its own headers only. */
#include "conf_rows.h"

#include "emu_desc.h"

#define ROW(name, val)                                                                             \
	{                                                                                          \
		name, val                                                                          \
	}

const struct conf_row conf_emu_rows[] = {
/* registers: name in lower case, value the offset; of queue and vector blocks within them */
#define EMU_REG(name, offset, reset, writable, read, source) { "reg." #name, offset },
#define EMU_TQP(name, offset, reset, writable, read, source) { "tqp." #name, offset },
#define EMU_VEC(name, offset, reset, writable, read, source) { "vec." #name, offset },
#include "emu_regs.def"
#undef EMU_REG
#undef EMU_TQP
#undef EMU_VEC
#define EMU_REG(name, offset, reset, writable, read, source) { "reset.reg." #name, reset },
#define EMU_TQP(name, offset, reset, writable, read, source) { "reset.tqp." #name, reset },
#define EMU_VEC(name, offset, reset, writable, read, source) { "reset.vec." #name, reset },
#include "emu_regs.def"
#undef EMU_REG
#undef EMU_TQP
#undef EMU_VEC
	ROW("rxbd.size", sizeof(struct emu_rxbd)),
	ROW("rxbd.addr", offsetof(struct emu_rxbd, addr_le)),
	ROW("rxbd.l234", offsetof(struct emu_rxbd, l234_le)),
	ROW("rxbd.pkt_len", offsetof(struct emu_rxbd, pkt_len_le)),
	ROW("rxbd.buf_len", offsetof(struct emu_rxbd, size_le)),
	ROW("rxbd.rss_hash", offsetof(struct emu_rxbd, rss_hash_le)),
	ROW("rxbd.fd_id", offsetof(struct emu_rxbd, fd_id_le)),
	ROW("rxbd.vlan_tag", offsetof(struct emu_rxbd, vlan_tag_le)),
	ROW("rxbd.ol_info", offsetof(struct emu_rxbd, ol_info_le)),
	ROW("rxbd.ot_vlan_tag", offsetof(struct emu_rxbd, ot_vlan_le)),
	ROW("rxbd.base_info", offsetof(struct emu_rxbd, base_info_le)),
	ROW("rxbd.l234.dmac", EMU_RXBD_DMAC),
	ROW("rxbd.l234.l3id", EMU_RXBD_L3ID),
	ROW("rxbd.l234.l4id", EMU_RXBD_L4ID),
	ROW("rxbd.l234.strp_tagp", EMU_RXBD_STRP_TAGP),
	ROW("rxbd.l234.l2e", EMU_RXBD_L2E),
	ROW("rxbd.l234.l3e", EMU_RXBD_L3E),
	ROW("rxbd.l234.l4e", EMU_RXBD_L4E),
	ROW("rxbd.l234.truncate", EMU_RXBD_TRUNCATE),
	ROW("rxbd.base.vld", EMU_RXBD_VLD),
	ROW("rxbd.base.fe", EMU_RXBD_FE),
	ROW("rxbd.base.lum", EMU_RXBD_LUM),
	ROW("rxbd.base.l3l4p", EMU_RXBD_L3L4P),
	ROW("l3id.ipv4", EMU_L3ID_IPV4),
	ROW("l3id.ipv6", EMU_L3ID_IPV6),
	ROW("l3id.arp", EMU_L3ID_ARP),
	ROW("l3id.ipv4_opt", EMU_L3ID_IPV4_OPT),
	ROW("l3id.ipv6_ext", EMU_L3ID_IPV6_EXT),
	ROW("l3id.lldp", EMU_L3ID_LLDP),
	ROW("l4id.udp", EMU_L4ID_UDP),
	ROW("l4id.tcp", EMU_L4ID_TCP),
	ROW("l4id.gre", EMU_L4ID_GRE),
	ROW("l4id.sctp", EMU_L4ID_SCTP),
	ROW("l4id.igmp", EMU_L4ID_IGMP),
	ROW("l4id.icmp", EMU_L4ID_ICMP),
	ROW("l4id.none", EMU_L4ID_NONE),
	ROW("strp.outer", EMU_STRP_OUTER),
	ROW("strp.inner", EMU_STRP_INNER),
	ROW("strp.both", EMU_STRP_BOTH),
	ROW("txbd.size", sizeof(struct emu_txbd)),
	ROW("txbd.addr", offsetof(struct emu_txbd, addr_le)),
	ROW("txbd.vlan_tag", offsetof(struct emu_txbd, vlan_tag_le)),
	ROW("txbd.send_size", offsetof(struct emu_txbd, send_size_le)),
	ROW("txbd.type_cs", offsetof(struct emu_txbd, type_cs_le)),
	ROW("txbd.outer_vlan_tag", offsetof(struct emu_txbd, outer_vlan_le)),
	ROW("txbd.ol_type", offsetof(struct emu_txbd, ol_type_le)),
	ROW("txbd.paylen", offsetof(struct emu_txbd, paylen_le)),
	ROW("txbd.flags", offsetof(struct emu_txbd, flags_le)),
	ROW("txbd.mss", offsetof(struct emu_txbd, mss_le)),
	ROW("txbd.cs.l3t", EMU_TXBD_L3T),
	ROW("txbd.cs.l4t", EMU_TXBD_L4T),
	ROW("txbd.cs.l3cs", EMU_TXBD_L3CS),
	ROW("txbd.cs.l4cs", EMU_TXBD_L4CS),
	ROW("txbd.cs.vlan", EMU_TXBD_VLAN),
	ROW("txbd.cs.tso", EMU_TXBD_TSO),
	ROW("txbd.cs.l2len", EMU_TXBD_L2LEN),
	ROW("txbd.cs.l3len", EMU_TXBD_L3LEN),
	ROW("txbd.cs.l4len", EMU_TXBD_L4LEN),
	ROW("txbd.ol.ovlan", EMU_TXBD_OVLAN),
	ROW("txbd.ol.ol3t", EMU_TXBD_OL3T),
	ROW("txbd.ol.tuntype", EMU_TXBD_TUNTYPE),
	ROW("txbd.ol4cs", EMU_TXBD_OL4CS),
	ROW("txbd.flags.fe", EMU_TXBD_FE),
	ROW("txbd.flags.vld", EMU_TXBD_VLD),
	ROW("txbd.flags.tsyn", EMU_TXBD_TSYN),
	ROW("tx.l3t.ipv6", EMU_TX_L3T_IPV6),
	ROW("tx.l3t.ipv4", EMU_TX_L3T_IPV4),
	ROW("tx.l4t.tcp", EMU_TX_L4T_TCP),
	ROW("tx.l4t.udp", EMU_TX_L4T_UDP),
	ROW("tx.l4t.sctp", EMU_TX_L4T_SCTP),
	ROW("cmd.size", sizeof(struct emu_cmd_desc)),
	ROW("cmd.opcode", offsetof(struct emu_cmd_desc, opcode_le)),
	ROW("cmd.flag", offsetof(struct emu_cmd_desc, flag_le)),
	ROW("cmd.retval", offsetof(struct emu_cmd_desc, retval_le)),
	ROW("cmd.data", offsetof(struct emu_cmd_desc, data)),
	ROW("cmd.flag.out", EMU_CMD_OUT),
	ROW("cmd.flag.next", EMU_CMD_NEXT),
	ROW("cmd.flag.read", EMU_CMD_READ),
	ROW("ret.ok", EMU_FW_OK),
	ROW("ret.no_auth", EMU_FW_NO_AUTH),
	ROW("ret.not_supported", EMU_FW_NOT_SUPPORTED),
	ROW("ret.next_err", EMU_FW_NEXT_ERR),
	ROW("ret.para_err", EMU_FW_PARA_ERR),
};
const size_t conf_emu_nb_rows = sizeof(conf_emu_rows) / sizeof(conf_emu_rows[0]);
