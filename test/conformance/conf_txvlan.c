/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-TXVLAN: tags of frames that are sent [2:2.8] [3:2.6]. */
#include "conf_txrig.h"

#include <string.h>

static uint8_t frame[4096];

/* Command 0x0F01 for function 0: configuration byte and default tags. */
static void
port_vlan(struct rig *rig, uint8_t cfg, uint16_t tag1, uint16_t tag2)
{
	uint8_t p[24] = { cfg, 0, 0, 0, 0, 0, 0, 0, 1 };

	put16(p + 4, tag1);
	put16(p + 6, tag2);
	assert_int_equal(rig_cmd1(rig, 0x0f01, 0x11, p), 0);
}

/* The frame, sent with these slots of the BD, has these bytes behind its addresses, then the rest.
 */
static void
leaves_with(struct rig *rig, const struct tx_ask *ask, const char *tags, uint32_t nb)
{
	assert_int_equal(tx_send(rig, frame, 100, ask), 1);
	assert_int_equal(rig->sent[0].len, 100 + nb);
	assert_memory_equal(rig->sent[0].bytes, frame, 12);
	assert_memory_equal(rig->sent[0].bytes + 12, tags, nb);
	assert_memory_equal(rig->sent[0].bytes + 12 + nb, frame + 12, 88);
}

static const struct tx_ask none = { 0 }, outer = { .dw5 = 4, .outer_tag = 0xe064 },
			   inner = { .dw3 = 0x40, .vlan_tag = 0x0065 },
			   both = { .dw3 = 0x40, .dw5 = 4, .vlan_tag = 0x65, .outer_tag = 0xc8 };

static int
setup(void **state)
{
	rig_ipv4(frame, 17, 58);
	return rig_setup_started(state);
}

static int
setup_v3(void **state)
{
	rig_ipv4(frame, 17, 58);
	return tx_setup_v3(state);
}

static void
one_tag(struct rig *rig)
{
	struct tx_ask cut = outer;

	leaves_with(rig, &outer, "\x81\x00\xe0\x64", 4);
	leaves_with(rig, &inner, "\x81\x00\x00\x65", 4);
	cut.cut[0] = 5; /* addresses in several BDs */
	cut.cut[1] = 7;
	leaves_with(rig, &cut, "\x81\x00\xe0\x64", 4);
}

static void
two_tags(struct rig *rig)
{
	leaves_with(rig, &both, "\x81\x00\x00\xc8\x81\x00\x00\x65", 8);
}

static void
types_of_tags(struct rig *rig)
{
	uint8_t types[24] = { 0xa8, 0x88, 0x00, 0x91 };

	assert_int_equal(rig_cmd1(rig, 0x1003, 0x11, types), 0);
	leaves_with(rig, &both, "\x88\xa8\x00\xc8\x91\x00\x00\x65", 8);
}

static void
pvid(struct rig *rig)
{
	port_vlan(rig, 0xe6, 0x4123, 0);
	leaves_with(rig, &none, "\x81\x00\x41\x23", 4);
	leaves_with(rig, &inner, "\x81\x00\x41\x23\x81\x00\x00\x65", 8);
	/* a tag in the packet stays inside */
	memcpy(frame + 12, "\x81\x00\x00\x09\x08\x00", 6);
	leaves_with(rig, &none, "\x81\x00\x41\x23", 4);
	port_vlan(rig, 0xe3, 0, 0);
	leaves_with(rig, &none, "", 0);
}

static void
pvid_overwrites(struct rig *rig)
{
	port_vlan(rig, 0xe6, 0x0123, 0);
	leaves_with(rig, &outer, "\x81\x00\x01\x23", 4);
	leaves_with(rig, &both, "\x81\x00\x01\x23\x81\x00\x00\x65", 8);
}

static void
pvid_shifts(struct rig *rig)
{
	port_vlan(rig, 0xe7, 0x0123, 0);
	leaves_with(rig, &none, "\x81\x00\x01\x23", 4);
	leaves_with(rig, &outer, "\x81\x00\x01\x23\x81\x00\xe0\x64", 8);
	leaves_with(rig, &inner, "\x81\x00\x01\x23\x81\x00\x00\x65", 8);
	leaves_with(rig, &both, "\x81\x00\x01\x23\x81\x00\x00\xc8\x81\x00\x00\x65", 12);
}

static void
three_tags(struct rig *rig)
{
	memcpy(frame + 12, "\x81\x00\x00\x09\x08\x00", 6);
	leaves_with(rig, &outer, "\x81\x00\xe0\x64", 4);
	tx_refused(rig, frame, 100, &both, 15);
	port_vlan(rig, 0xe6, 0x0123, 0);
	tx_refused(rig, frame, 100, &inner, 15);
	memcpy(frame + 12, "\x81\x00\x00\x09\x88\xa8\x00\x0a\x08\x00", 10);
	tx_refused(rig, frame, 100, &none, 15);
	port_vlan(rig, 0xe3, 0, 0);
	leaves_with(rig, &none, "", 0);
	tx_refused(rig, frame, 100, &outer, 15);
}

static void
accept(struct rig *rig)
{
	static const struct {
		uint8_t cfg; /* all but one of the accept bits */
		const struct tx_ask *dropped, *sent;
	} one[4] = {
		{ 0xe2, &outer, &none },
		{ 0xe1, &inner, &outer },
		{ 0xc3, &inner, &outer },
		{ 0xa3, &outer, &inner },
	};

	for (unsigned int i = 0; i < 4; i++) {
		port_vlan(rig, one[i].cfg, 0, 0);
		assert_int_equal(tx_send(rig, frame, 100, one[i].dropped), 0);
		assert_int_equal(rig_stat(rig, "tx_drops", "vlan_accept"), i + 1);
		assert_int_equal(tx_send(rig, frame, 100, one[i].sent), 1);
	}
	assert_int_equal(rig_stat(rig, "violations", NULL), 0); /* a setting, not an error */
}

static void
second_default_tag(struct rig *rig)
{
	port_vlan(rig, 0xef, 0x0123, 0x0045);
	leaves_with(rig, &none, "\x81\x00\x01\x23\x81\x00\x00\x45", 8);
}

static void
with_checksum(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x05050776, .dw5 = 4, .vlan_tag = 0x65, .outer_tag = 0xc8 };

	rig_ipv4(frame, 6, 46);
	memset(frame + 24, 0x22, 2);
	memset(frame + 50, 0x22, 2);
	assert_int_equal(tx_send(rig, frame, 100, &ask), 1);
	assert_int_equal(rig->sent[0].len, 108);
	assert_memory_equal(
			rig->sent[0].bytes + 12, "\x81\x00\x00\xc8\x81\x00\x00\x65\x08\x00", 10);
	assert_int_equal(tx_sum3(rig->sent[0].bytes, 22), 0xffff);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 22, 42, 6), 0xffff);
}

static void
with_tso(struct rig *rig)
{
	struct tx_ask ask = {
		.dw3 = 0x050507b6, .dw5 = 4, .dw6 = 2000, .mss = 900, .outer_tag = 0xc8
	};

	rig_ipv4(frame, 6, 2000);
	assert_int_equal(tx_send(rig, frame, 2054, &ask), 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(rig->sent[i].len, i < 2 ? 958 : 258);
		assert_memory_equal(rig->sent[i].bytes + 12, "\x81\x00\x00\xc8\x08\x00", 6);
		assert_int_equal(tx_sum3(rig->sent[i].bytes, 18), 0xffff);
		assert_int_equal(tx_sum4(rig->sent[i].bytes, 18, 38, 6), 0xffff);
	}
}

static const struct conf_rule rules[] = {
	{ "CONF-TXVLAN-01", "2:2.8", "one tag from either slot of the BD gives the same frame",
			setup, one_tag, 0 },
	{ "CONF-TXVLAN-02", "2:2.8", "OVLAN is the outer tag, VLAN the inner one", setup, two_tags,
			0 },
	{ "CONF-TXVLAN-03", "3:2.8", "tags have the types of command 0x1003", setup, types_of_tags,
			0 },
	{ "CONF-TXVLAN-04", "2:2.8",
			"the port's VLAN is outside of what the packet and the BD have", setup,
			pvid, 0 },
	{ "CONF-TXVLAN-05", "2:2.8", "at revision 0x21 it overwrites the tag in the OVLAN slot",
			setup, pvid_overwrites, 0 },
	{ "CONF-TXVLAN-06", "2:2.8", "at revision 0x30 the BD's tags move inward", setup_v3,
			pvid_shifts, 0 },
	{ "CONF-TXVLAN-07", "2:2.8", "at revision 0x21 there are at most two tags (TX-15)", setup,
			three_tags, 0 },
	{ "CONF-TXVLAN-08", "3:2.6", "frames that the port does not accept are dropped and counted",
			setup, accept, 0 },
	{ "CONF-TXVLAN-09", "3:2.6", "INS_TAG2_EN inserts the second default tag", setup_v3,
			second_default_tag, 0 },
	{ "CONF-TXVLAN-10", "2:2.8", "tags and checksums together", setup, with_checksum, 0 },
	{ "CONF-TXVLAN-11", "2:2.8", "every segment of a TSO frame has the tags", setup, with_tso,
			0 },
};

CONF_MAIN(rules)
