/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-VLAN: VLAN filters and tags of received frames [3:2] [2:1.7]. */
#include "conf.h"

#include <string.h>

/* To the own address, with tags of these TCIs (0: none) and EtherType 0x8100 but for the first. */
static enum emu_rx_result
tagged(struct rig *rig, uint16_t tpid, uint16_t outer, uint16_t inner)
{
	uint8_t frame[80] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1 };
	unsigned int at = 12;

	if (outer) {
		memcpy(frame + at,
				(const uint8_t[]){ (uint8_t)(tpid >> 8), (uint8_t)tpid,
						(uint8_t)(outer >> 8), (uint8_t)outer },
				4);
		at += 4;
	}
	if (inner) {
		memcpy(frame + at,
				(const uint8_t[]){ 0x81, 0, (uint8_t)(inner >> 8), (uint8_t)inner },
				4);
		at += 4;
	}
	frame[at] = 0x12;
	frame[at + 1] = 0x34;
	return rig_rx(rig, frame, 70);
}

static void
port_entry(struct rig *rig, unsigned int vid, bool kill)
{
	uint8_t d[24] = { (uint8_t)(vid / 160), kill };

	d[4 + vid % 160 / 8] = (uint8_t)(1u << vid % 8);
	assert_int_equal(rig_cmd1(rig, 0x1101, 0x11, d), 0);
}

static void
filter(struct rig *rig, uint8_t type, uint8_t fe)
{
	uint8_t d[24] = { type, fe };

	assert_int_equal(rig_cmd1(rig, 0x1100, 0x11, d), 0);
}

static void
strip(struct rig *rig, uint8_t cfg)
{
	uint8_t d[24] = { cfg, 0, 0, 0, 0, 0, 0, 0, 1 };

	assert_int_equal(rig_cmd1(rig, 0x0f02, 0x11, d), 0);
}

static void
port_filter(struct rig *rig)
{
	port_entry(rig, 100, false);
	port_entry(rig, 4095, false);
	filter(rig, 1, 5);
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_TAKEN);
	assert_int_equal(tagged(rig, 0x8100, 0xe000 | 4095, 0), EMU_RX_TAKEN);
	assert_int_equal(tagged(rig, 0x8100, 101, 0), EMU_RX_DROPPED);
	assert_int_equal(tagged(rig, 0x8100, 101, 100), EMU_RX_DROPPED); /* the outer one counts */
	port_entry(rig, 99, false); /* in the same byte as 100 */
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_TAKEN);
	port_entry(rig, 99, true);
	assert_int_equal(tagged(rig, 0x8100, 99, 0), EMU_RX_DROPPED);
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_TAKEN);
	assert_int_equal(rig_stat(rig, "rx_drops", "vlan_filter"), 3);
	filter(rig, 1, 0);
	assert_int_equal(tagged(rig, 0x8100, 101, 0), EMU_RX_TAKEN);
}

static void
vlan_0(struct rig *rig)
{
	filter(rig, 1, 5);
	assert_int_equal(tagged(rig, 0, 0, 0), EMU_RX_DROPPED);
	port_entry(rig, 0, false);
	assert_int_equal(tagged(rig, 0, 0, 0), EMU_RX_TAKEN);
	assert_int_equal(tagged(rig, 0x8100, 0xa000, 0), EMU_RX_TAKEN); /* a priority alone */
}

static void
control_reads_back(struct rig *rig)
{
	uint8_t d[24] = { 1 }, f[24] = { 0 };

	filter(rig, 1, 5);
	filter(rig, 0, 0x0a);
	assert_int_equal(rig_cmd1(rig, 0x1100, 0x19, d), 0);
	assert_memory_equal(d, "\x01\x05\0\0\0", 5);
	assert_int_equal(rig_cmd1(rig, 0x1100, 0x19, f), 0);
	assert_memory_equal(f, "\x00\x0a\0\0\0", 5);
}

/* STRP_TAGP, inner and outer tag and length of BD @p i. */
static void
assert_tags(struct rig *rig, unsigned int i, unsigned int status, unsigned int inner,
		unsigned int outer, unsigned int len)
{
	const uint8_t *bd = rig_rxbd(rig, 0, i);

	assert_int_equal(get32(bd + 8) >> 13 & 3, status);
	assert_int_equal(get16(bd + 22), inner);
	assert_int_equal(get16(bd + 26), outer);
	assert_int_equal(get16(bd + 12), len);
	assert_int_equal(get16(bd + 14), len);
}

static void
single_tag(struct rig *rig)
{
	strip(rig, 2);
	assert_int_equal(tagged(rig, 0x8100, 0x6064, 0), EMU_RX_TAKEN);
	assert_tags(rig, 0, 2, 0x6064, 0, 66);
	assert_memory_equal(rig->mem + rig_rx_buf(0, 0) + 12, "\x12\x34", 2);
	assert_int_equal(tagged(rig, 0, 0, 0), EMU_RX_TAKEN);
	assert_tags(rig, 1, 0, 0, 0, 70);
	strip(rig, 0);
	assert_int_equal(tagged(rig, 0x8100, 0x6064, 0), EMU_RX_TAKEN);
	assert_tags(rig, 2, 0, 0, 0, 70);
}

static void
two_tags(struct rig *rig)
{
	strip(rig, 3);
	assert_int_equal(tagged(rig, 0x8100, 200, 100), EMU_RX_TAKEN);
	assert_tags(rig, 0, 3, 100, 200, 62);
	assert_memory_equal(rig->mem + rig_rx_buf(0, 0) + 12, "\x12\x34", 2);
	strip(rig, 2);
	assert_int_equal(tagged(rig, 0x8100, 200, 100), EMU_RX_TAKEN);
	assert_tags(rig, 1, 1, 0, 200, 66);
	assert_memory_equal(rig->mem + rig_rx_buf(0, 1) + 12, "\x81\0\0\x64\x12\x34", 6);
}

static void
discard_is_told(struct rig *rig)
{
	strip(rig, 0x43);
	assert_int_equal(tagged(rig, 0x8100, 200, 100), EMU_RX_TAKEN);
	assert_tags(rig, 0, 3, 100, 200, 62);
}

static void
discard_is_not_told(struct rig *rig)
{
	strip(rig, 0x43);
	assert_int_equal(tagged(rig, 0x8100, 200, 100), EMU_RX_TAKEN);
	assert_tags(rig, 0, 2, 100, 0, 62);
	assert_int_equal(tagged(rig, 0x8100, 200, 0), EMU_RX_TAKEN);
	assert_tags(rig, 1, 0, 0, 0, 66);
}

static void
priority_only(struct rig *rig)
{
	strip(rig, 0x0a);
	assert_int_equal(tagged(rig, 0x8100, 0x6064, 0), EMU_RX_TAKEN);
	assert_tags(rig, 0, 2, 0x6000, 0, 66);
}

static void
tag_types(struct rig *rig)
{
	static const uint8_t types[24] = { 0xa8, 0x88, 0x00, 0x81, 0x00, 0x81, 0x00, 0x81 };
	uint8_t d[24];

	strip(rig, 3);
	assert_int_equal(tagged(rig, 0x88a8, 200, 100), EMU_RX_TAKEN);
	assert_tags(rig, 0, 0, 0, 0, 70);
	memcpy(d, types, 24);
	assert_int_equal(rig_cmd1(rig, 0x1002, 0x11, d), 0);
	assert_int_equal(tagged(rig, 0x88a8, 200, 100), EMU_RX_TAKEN);
	assert_tags(rig, 1, 3, 100, 200, 62);
	assert_int_equal(tagged(rig, 0x8100, 200, 0), EMU_RX_TAKEN);
	assert_tags(rig, 2, 0, 0, 0, 70);
}

static void
function_filter(struct rig *rig)
{
	struct rig_desc d[2] = { rig_desc(0x1102, 0x15), rig_desc(0x1102, 0x11) };

	filter(rig, 0, 0x0a);
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_DROPPED);
	assert_int_equal(rig_stat(rig, "rx_drops", "function_vlan_filter"), 1);
	d[0].b[8] = 100;
	d[0].b[16] = 1; /* function 0 */
	rig_cmd(rig, d, 2);
	assert_int_equal(d[0].b[10], 0);
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_TAKEN);
	d[0] = rig_desc(0x1102, 0x15);
	d[1] = rig_desc(0x1102, 0x11);
	d[0].b[8] = 100;
	d[0].b[12] = 1; /* remove */
	d[0].b[16] = 1;
	rig_cmd(rig, d, 2);
	assert_int_equal(d[0].b[10], 0);
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_DROPPED);
}

static void
bypass(struct rig *rig)
{
	uint8_t d[24] = { 1 };

	filter(rig, 1, 5);
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_DROPPED);
	assert_int_equal(rig_cmd1(rig, 0x1103, 0x11, d), 0);
	assert_int_equal(tagged(rig, 0x8100, 100, 0), EMU_RX_TAKEN);
}

static void
strip_reads_back(struct rig *rig)
{
	uint8_t d[24] = { 0, 0, 0, 0, 0, 0, 0, 0, 1 };

	strip(rig, 0x43);
	assert_int_equal(rig_cmd1(rig, 0x0f02, 0x19, d), 0);
	assert_int_equal(d[0], 0x43);
}

static const struct conf_rule rules[] = {
	{ "CONF-VLAN-01", "3:2.2", "the port's filter goes by the outer tag, a bit for each VID",
			rig_setup_started, port_filter, 0 },
	{ "CONF-VLAN-02", "3:2.2", "frames without a VLAN are in VLAN 0", rig_setup_started, vlan_0,
			0 },
	{ "CONF-VLAN-03", "3:2.1", "reading the control keeps type and function", rig_setup_started,
			control_reads_back, 0 },
	{ "CONF-VLAN-04", "2:1.7", "a single stripped tag is told as an inner one",
			rig_setup_started, single_tag, 0 },
	{ "CONF-VLAN-05", "2:1.7", "of two tags one or both are stripped and told",
			rig_setup_started, two_tags, 0 },
	{ "CONF-VLAN-06", "3:2.5", "revision 0x21 tells of a tag that is to be discarded",
			rig_setup_started, discard_is_told, 0 },
	{ "CONF-VLAN-07", "3:2.5", "revision 0x30 does not tell of such a tag",
			rig_setup_v3_started, discard_is_not_told, 0 },
	{ "CONF-VLAN-08", "3:2.5", "a tag may be told with its priority alone", rig_setup_started,
			priority_only, 0 },
	{ "CONF-VLAN-09", "3:2.7", "what is a tag is set by EtherType and position",
			rig_setup_started, tag_types, 0 },
	{ "CONF-VLAN-10", "3:2.3", "a function's own filter has VIDs of its own", rig_setup_started,
			function_filter, 0 },
	{ "CONF-VLAN-11", "3:2.4", "a function may bypass the port's filter", rig_setup_started,
			bypass, 0 },
	{ "CONF-VLAN-12", "3:2.5", "the strip setting reads back", rig_setup_started,
			strip_reads_back, 0 },
};

CONF_MAIN(rules)
