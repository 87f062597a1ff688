/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CONF-LAY: driver and emulator have the same picture of the device, though they share no header.
 * The table below is a third reading of doc/hns3, typed by hand; each side is compared with it row
 * by row, and a row that a side does not have is named in the output. Golden BDs are decoded by
 * the masks of each side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "conf_rows.h"

/* clang-format off */
static const struct conf_row reference[] = {
	/* [1:2.2] */
	{ "reg.CSQ_BASE_L", 0x27000 }, { "reg.CSQ_BASE_H", 0x27004 }, { "reg.CSQ_DEPTH", 0x27008 },
	{ "reg.CSQ_TAIL", 0x27010 }, { "reg.CSQ_HEAD", 0x27014 }, { "reg.CRQ_BASE_L", 0x27018 },
	{ "reg.CRQ_BASE_H", 0x2701c }, { "reg.CRQ_DEPTH", 0x27020 }, { "reg.CRQ_TAIL", 0x27024 },
	{ "reg.CRQ_HEAD", 0x27028 },
	/* [1:2.3] [1:2.4] */
	{ "reg.CMDQ_SRC", 0x27100 }, { "reg.CMDQ_STAT", 0x27104 }, { "reg.MISC_VECTOR", 0x20400 },
	{ "reg.PF_OTHER_INT", 0x20600 }, { "reg.MISC_RESET_STS", 0x20700 },
	{ "reg.OTHER_INT_STS", 0x20800 }, { "reg.GLOBAL_RESET", 0x20a00 },
	{ "reg.RAS_STS", 0x20b00 }, { "reg.FUN_RST_ING", 0x20c00 }, { "reg.VF_RST_ING", 0x07008 },
	{ "reg.RPU_DROP_CNT", 0x28004 }, { "reg.RXD_ADV_LAYOUT", 0x28008 },
	/* [1:2.6] */
	{ "tqp.RX_BASE_L", 0x00 }, { "tqp.RX_BASE_H", 0x04 }, { "tqp.RX_BD_NUM", 0x08 },
	{ "tqp.RX_BD_LEN", 0x0c }, { "tqp.RX_TAIL", 0x18 }, { "tqp.RX_HEAD", 0x1c },
	{ "tqp.RX_FBDNUM", 0x20 }, { "tqp.RX_PKTNUM", 0x2c }, { "tqp.RX_BD_ERR", 0x34 },
	{ "tqp.TX_BASE_L", 0x40 }, { "tqp.TX_BASE_H", 0x44 }, { "tqp.TX_BD_NUM", 0x48 },
	{ "tqp.TX_TC", 0x50 }, { "tqp.TX_TAIL", 0x58 }, { "tqp.TX_HEAD", 0x5c },
	{ "tqp.TX_FBDNUM", 0x60 }, { "tqp.TX_PKTNUM", 0x6c }, { "tqp.TX_BD_ERR", 0x74 },
	{ "tqp.RING_EN", 0x90 }, { "tqp.RX_EN", 0x98 }, { "tqp.TX_EN", 0xd4 },
	{ "reset.tqp.RING_EN", 0 }, { "reset.tqp.RX_EN", 1 }, { "reset.tqp.TX_EN", 1 },
	{ "reset.reg.OTHER_INT_STS", 0 }, { "reset.reg.MISC_VECTOR", 0 },
	/* [1:2.7] */
	{ "vec.VEC_CTRL", 0x20000 }, { "vec.VEC_GL0", 0x20100 }, { "vec.VEC_GL1", 0x20200 },
	{ "vec.VEC_GL2", 0x20300 }, { "vec.VEC_RL", 0x20900 }, { "vec.VEC_TX_QL", 0x20e00 },
	{ "vec.VEC_RX_QL", 0x20f00 },
	/* [2:1.1] */
	{ "rxbd.size", 32 }, { "rxbd.addr", 0 }, { "rxbd.l234", 8 }, { "rxbd.pkt_len", 12 },
	{ "rxbd.buf_len", 14 }, { "rxbd.rss_hash", 16 }, { "rxbd.fd_id", 20 },
	{ "rxbd.vlan_tag", 22 }, { "rxbd.ol_info", 24 }, { "rxbd.ot_vlan_tag", 26 },
	{ "rxbd.base_info", 28 },
	/* [2:1.3] [2:1.5] [2:1.7] [2:1.8] */
	{ "rxbd.l234.dmac", 0x3 }, { "rxbd.l234.l3id", 0xf0 }, { "rxbd.l234.l4id", 0xf00 },
	{ "rxbd.l234.strp_tagp", 0x6000 }, { "rxbd.l234.l2e", 0x10000 },
	{ "rxbd.l234.l3e", 0x20000 }, { "rxbd.l234.l4e", 0x40000 },
	{ "rxbd.l234.truncate", 0x80000 }, { "rxbd.base.vld", 0x10 }, { "rxbd.base.fe", 0x100 },
	{ "rxbd.base.lum", 0x200 }, { "rxbd.base.l3l4p", 0x800 },
	{ "strp.outer", 1 }, { "strp.inner", 2 }, { "strp.both", 3 },
	{ "l3id.ipv4", 0 }, { "l3id.ipv6", 1 }, { "l3id.arp", 2 }, { "l3id.ipv4_opt", 4 },
	{ "l3id.ipv6_ext", 5 }, { "l3id.lldp", 6 },
	{ "l4id.udp", 0 }, { "l4id.tcp", 1 }, { "l4id.gre", 2 }, { "l4id.sctp", 3 },
	{ "l4id.igmp", 4 }, { "l4id.icmp", 5 }, { "l4id.none", 15 },
	/* [2:2.1] to [2:2.6] */
	{ "txbd.size", 32 }, { "txbd.addr", 0 }, { "txbd.vlan_tag", 8 }, { "txbd.send_size", 10 },
	{ "txbd.type_cs", 12 }, { "txbd.outer_vlan_tag", 16 }, { "txbd.ol_type", 20 },
	{ "txbd.paylen", 24 }, { "txbd.flags", 28 }, { "txbd.mss", 30 },
	{ "txbd.cs.l3t", 0x3 }, { "txbd.cs.l4t", 0xc }, { "txbd.cs.l3cs", 0x10 },
	{ "txbd.cs.l4cs", 0x20 }, { "txbd.cs.vlan", 0x40 }, { "txbd.cs.tso", 0x80 },
	{ "txbd.cs.l2len", 0xff00 }, { "txbd.cs.l3len", 0xff0000 },
	{ "txbd.cs.l4len", 0xff000000 }, { "txbd.ol.ol3t", 0x3 }, { "txbd.ol.ovlan", 0x4 },
	{ "txbd.ol.tuntype", 0xf0 }, { "txbd.ol4cs", 0x400000 }, { "txbd.flags.fe", 0x10 },
	{ "txbd.flags.vld", 0x100 }, { "txbd.flags.tsyn", 0x800 },
	{ "tx.l3t.ipv6", 1 }, { "tx.l3t.ipv4", 2 }, { "tx.l4t.tcp", 1 }, { "tx.l4t.udp", 2 },
	{ "tx.l4t.sctp", 3 },
	/* [1:3.2] [1:3.3] [1:3.6] */
	{ "cmd.size", 32 }, { "cmd.opcode", 0 }, { "cmd.flag", 2 }, { "cmd.retval", 4 },
	{ "cmd.data", 8 }, { "cmd.flag.out", 2 }, { "cmd.flag.next", 4 }, { "cmd.flag.read", 8 },
	{ "ret.ok", 0 }, { "ret.no_auth", 1 }, { "ret.not_supported", 2 }, { "ret.next_err", 4 },
	{ "ret.para_err", 6 },
};
/* clang-format on */
#define NB_REFERENCE (sizeof(reference) / sizeof(reference[0]))

struct side {
	const char *name;
	const struct conf_row *rows;
	size_t nb_rows;
};

static const struct conf_row *
row_find(const struct conf_row *rows, size_t nb_rows, const char *name)
{
	for (size_t i = 0; i < nb_rows; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

/* Every row of the side equals the reference's; reports all that do not before it fails. */
static void
side_compare(const struct side *side)
{
	unsigned int nb_same = 0, nb_wrong = 0;

	for (size_t i = 0; i < NB_REFERENCE; i++) {
		const struct conf_row *want = &reference[i];
		const struct conf_row *row = row_find(side->rows, side->nb_rows, want->name);

		if (!row) {
			print_message("%s: no row %s\n", side->name, want->name);
		} else if (row->value == want->value) {
			nb_same++;
		} else {
			print_error("%s: %s is 0x%" PRIx64 ", doc/hns3 says 0x%" PRIx64 "\n",
					side->name, want->name, row->value, want->value);
			nb_wrong++;
		}
	}
	print_message("%s: %u rows as in doc/hns3, %u wrong\n", side->name, nb_same, nb_wrong);
	assert_int_equal(nb_wrong, 0);
	assert_true(nb_same >= 60); /* an empty table agrees with everything */
}

static uint64_t
val(const struct side *side, const char *name)
{
	const struct conf_row *row = row_find(side->rows, side->nb_rows, name);

	if (!row)
		fail_msg("%s has no row %s", side->name, name);
	return row->value;
}

static uint32_t
field(const struct side *side, const uint8_t *bd, const char *word, const char *mask)
{
	const uint8_t *p = bd + val(side, word);
	uint32_t m = (uint32_t)val(side, mask);
	uint32_t w = p[0] | (uint32_t)p[1] << 8;

	if (m > 0xffff)
		w |= (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	return (w & m) / (m & -m);
}

/* [2:1.10] rows 3, 5 and [2:2.9] row 2, as bytes in memory */
static const uint8_t vlan_rx[32] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x41, 0, 0, 0xea, 0x05, 0xea,
	0x05, 0, 0, 0, 0, 0, 0, 0x64, 0, 0, 0, 0, 0, 0x10, 0x09, 0, 0 };
static const uint8_t bad_l4_rx[32] = {
	[8] = 0x00, [9] = 0x01, [10] = 0x04, [28] = 0x10, [29] = 0x09
};
static const uint8_t tcp_tx[32] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xea, 0x05, 0x36, 0x07, 0x05,
	0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0xb4, 0x05, 0, 0, 0x10, 0x01, 0, 0 };

/* What every driver has to know. */
static void
golden_decode(const struct side *side)
{
	assert_int_equal(field(side, vlan_rx, "rxbd.l234", "rxbd.l234.l3id"), 0);
	assert_int_equal(field(side, vlan_rx, "rxbd.base_info", "rxbd.base.vld"), 1);
	assert_int_equal(field(side, vlan_rx, "rxbd.base_info", "rxbd.base.fe"), 1);
	assert_int_equal(field(side, vlan_rx, "rxbd.base_info", "rxbd.base.l3l4p"), 1);
	assert_int_equal(field(side, bad_l4_rx, "rxbd.l234", "rxbd.l234.l4e"), 1);
	assert_int_equal(field(side, bad_l4_rx, "rxbd.l234", "rxbd.l234.l3e"), 0);
	assert_int_equal(vlan_rx[val(side, "rxbd.pkt_len")], 0xea);
	assert_int_equal(vlan_rx[val(side, "rxbd.buf_len") + 1], 0x05);
	assert_int_equal(tcp_tx[val(side, "txbd.send_size")], 0xea);
	assert_int_equal(field(side, tcp_tx, "txbd.flags", "txbd.flags.fe"), 1);
	assert_int_equal(field(side, tcp_tx, "txbd.flags", "txbd.flags.vld"), 1);
}

/* Offloads: the driver joins when it offers them. */
static void
golden_offloads_decode(const struct side *side)
{
	assert_int_equal(field(side, vlan_rx, "rxbd.l234", "rxbd.l234.strp_tagp"),
			val(side, "strp.inner"));
	assert_int_equal(
			field(side, vlan_rx, "rxbd.l234", "rxbd.l234.l4id"), val(side, "l4id.tcp"));
	assert_int_equal(vlan_rx[val(side, "rxbd.vlan_tag")], 100);
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.l3t"),
			val(side, "tx.l3t.ipv4"));
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.l4t"),
			val(side, "tx.l4t.tcp"));
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.l3cs"), 1);
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.l4cs"), 1);
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.tso"), 0);
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.l2len"), 7); /* x 2 = 14 */
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.l3len"), 5); /* x 4 = 20 */
	assert_int_equal(field(side, tcp_tx, "txbd.type_cs", "txbd.cs.l4len"), 5);
}

static void
conf_lay_01_emulator(void **state)
{
	const struct side emu = { "hns3_emu", conf_emu_rows, conf_emu_nb_rows };

	(void)state;
	side_compare(&emu);
	golden_decode(&emu);
	golden_offloads_decode(&emu);
}

#ifdef CONF_HAS_PMD
static void
conf_lay_02_driver(void **state)
{
	const struct side pmd = { "hns3_pmd", conf_pmd_rows, conf_pmd_nb_rows };

	(void)state;
	side_compare(&pmd);
	golden_decode(&pmd);
}

/* Rows that both have but the reference table lacks: at least they have to agree. */
static void
conf_lay_03_pair_by_pair(void **state)
{
	unsigned int nb_pairs = 0;

	(void)state;
	for (size_t i = 0; i < conf_pmd_nb_rows; i++) {
		const struct conf_row *pmd = &conf_pmd_rows[i];
		const struct conf_row *emu = row_find(conf_emu_rows, conf_emu_nb_rows, pmd->name);

		if (!emu)
			continue;
		if (emu->value != pmd->value)
			fail_msg("%s: driver 0x%" PRIx64 ", emulator 0x%" PRIx64, pmd->name,
					pmd->value, emu->value);
		nb_pairs++;
	}
	print_message("%u pairs agree\n", nb_pairs);
	assert_true(nb_pairs >= 60);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conf_lay_01_emulator),
#ifdef CONF_HAS_PMD
		cmocka_unit_test(conf_lay_02_driver),
		cmocka_unit_test(conf_lay_03_pair_by_pair),
#endif
	};

	return cmocka_run_group_tests_name("CONF-LAY", tests, NULL, NULL);
}
