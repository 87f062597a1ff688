/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-STEER: which function gets a frame: address tables, promiscuity [3:1.16] .. [3:1.21]. */
#include "conf.h"

#include <string.h>

#define OWN   "\x02\0\0\0\0\x0e"
#define OTHER "\x02\0\0\0\0\x0f"
#define GROUP "\x01\0\x5e\0\0\x09"
#define ALL   "\xff\xff\xff\xff\xff\xff"

/* 0x1000 or 0x1001 for a unicast address; the response code. */
static uint8_t
uc(struct rig *rig, uint16_t opcode, uint16_t flag, const char *mac, unsigned int func)
{
	uint8_t d[24] = { 1 };

	memcpy(d + 4, mac, 6);
	d[14] = (uint8_t)(func << 3);
	assert_int_equal(rig_cmd1(rig, opcode, flag, d), 0);
	return d[1];
}

/* Likewise for a multicast one with three descriptors; @p functions goes in or comes out. */
static uint8_t
mc(struct rig *rig, bool is_read, const char *mac, uint8_t functions[32])
{
	uint16_t flag = is_read ? 0x19 : 0x11;
	struct rig_desc d[3] = { rig_desc(0x1000, flag | 4), rig_desc(0x1000, flag | 4),
		rig_desc(0x1000, flag) };

	d[0].b[8] = 1;
	memcpy(d[0].b + 12, mac, 6);
	d[0].b[20] = 2;
	d[0].b[21] = 1;
	memcpy(d[1].b + 8, functions, 24);
	memcpy(d[2].b + 8, functions + 24, 8);
	rig_cmd(rig, d, 3);
	assert_int_equal(get16(d[0].b + 4), 0);
	memcpy(functions, d[1].b + 8, 24);
	memcpy(functions + 24, d[2].b + 8, 8);
	return d[0].b[9];
}

static void
promisc(struct rig *rig, uint8_t byte0, uint8_t func, uint8_t byte2)
{
	uint8_t d[24] = { byte0, func, byte2 };

	assert_int_equal(rig_cmd1(rig, 0x0e01, 0x11, d), 0);
}

static void
lookup(struct rig *rig)
{
	assert_int_equal(uc(rig, 0x1000, 0x19, OWN, 0), 0);
	assert_int_equal(uc(rig, 0x1000, 0x19, OTHER, 0), 1);
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_DROPPED);
	assert_int_equal(uc(rig, 0x1000, 0x11, OTHER, 0), 0);
	assert_int_equal(uc(rig, 0x1000, 0x19, OTHER, 0), 0);
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_TAKEN);
	assert_int_equal(uc(rig, 0x1001, 0x11, OTHER, 0), 0);
	assert_int_equal(uc(rig, 0x1001, 0x11, OTHER, 0), 1);
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_DROPPED);
}

static void
unicast_overflow(struct rig *rig)
{
	char mac[7] = "\x02\x01\x02\x03\x04\x05";

	for (unsigned int i = 1; i < 384; i++) { /* one is the own address */
		mac[4] = (char)(i >> 8);
		mac[5] = (char)i;
		assert_int_equal(uc(rig, 0x1000, 0x11, mac, 0), 0);
	}
	mac[3] = 9;
	assert_int_equal(uc(rig, 0x1000, 0x11, mac, 0), 2);
	assert_int_equal(uc(rig, 0x1000, 0x19, mac, 0), 1);
	mac[3] = 3;
	assert_int_equal(rig_rx_to(rig, mac), EMU_RX_TAKEN); /* the last one that found room */
	assert_int_equal(uc(rig, 0x1001, 0x11, mac, 0), 0);
	mac[3] = 9;
	assert_int_equal(uc(rig, 0x1000, 0x11, mac, 0), 0);
}

static void
multicast_overflow(struct rig *rig)
{
	uint8_t functions[32] = { 1 };
	char mac[7] = "\x01\0\x5e\0\0\0";
	unsigned int nb = 0;
	uint8_t resp = 0;

	while (resp == 0 && nb < 5000) {
		mac[4] = (char)(nb >> 8);
		mac[5] = (char)nb++;
		resp = mc(rig, false, mac, functions);
	}
	assert_int_equal(resp, 3);
	assert_true(nb > 128);
	assert_int_equal(rig_rx_to(rig, mac), EMU_RX_DROPPED);
	mac[4] = mac[5] = 0;
	assert_int_equal(rig_rx_to(rig, mac), EMU_RX_TAKEN);
}

static void
multicast_bitmap(struct rig *rig)
{
	uint8_t functions[32] = { 0x01, [31] = 0x80 }, back[32] = { 0xff };

	assert_int_equal(mc(rig, true, GROUP, back), 1);
	assert_int_equal(mc(rig, false, GROUP, functions), 0);
	assert_int_equal(mc(rig, true, GROUP, back), 0);
	assert_int_equal(back[0], 0x01);
	assert_int_equal(back[31], 0x80);
	assert_int_equal(rig_rx_to(rig, GROUP), EMU_RX_TAKEN);
	functions[0] = 0x02; /* somebody else's */
	assert_int_equal(mc(rig, false, GROUP, functions), 0);
	assert_int_equal(rig_rx_to(rig, GROUP), EMU_RX_DROPPED);
}

static void
promisc_bits(struct rig *rig)
{
	static const struct {
		uint8_t byte0;
		bool other, group, all;
	} cases[] = { { 0x38, false, false, true }, { 0x3e, true, true, true },
		{ 0x3c, false, true, true }, { 0x30, false, false, false },
		{ 0x1e, false, false, false } };

	for (unsigned int i = 0; i < 5; i++) {
		promisc(rig, cases[i].byte0, 0, 0);
		assert_int_equal(rig_rx_to(rig, OTHER) == EMU_RX_TAKEN, cases[i].other);
		assert_int_equal(rig_rx_to(rig, GROUP) == EMU_RX_TAKEN, cases[i].group);
		assert_int_equal(rig_rx_to(rig, ALL) == EMU_RX_TAKEN, cases[i].all);
		assert_int_equal(rig_rx_to(rig, OWN), EMU_RX_TAKEN);
	}
}

static void
promisc_byte_2(struct rig *rig)
{
	promisc(rig, 0x3e, 0, 0x90); /* broadcast alone, in both directions */
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_DROPPED);
	assert_int_equal(rig_rx_to(rig, GROUP), EMU_RX_DROPPED);
	assert_int_equal(rig_rx_to(rig, ALL), EMU_RX_TAKEN);
	promisc(rig, 0x3e, 0, 0xfc);
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_TAKEN);
	promisc(rig, 0x3e, 0, 0);
	assert_int_equal(rig_rx_to(rig, GROUP), EMU_RX_TAKEN);
}

static void
promisc_byte_2_ignored(struct rig *rig)
{
	promisc(rig, 0x38, 0, 0xfc);
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_DROPPED);
}

static void
management_entry(struct rig *rig)
{
	static const uint8_t lldp[24] = { 1, 0, 0, 0, 1, 0x80, 0xc2, 0, 0, 0x0e, 0, 0, 0xcc,
		0x88, [20] = 1 };
	uint8_t frame[60] = { 1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc }, d[24];

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	memcpy(d, lldp, 24);
	assert_int_equal(rig_cmd1(rig, 0x1010, 0x11, d), 0);
	assert_int_equal(d[1], 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	memcpy(d, lldp, 24);
	assert_int_equal(rig_cmd1(rig, 0x1010, 0x11, d), 0);
	assert_int_equal(d[1], 1);
	frame[13] = 0xcd;
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
}

static void
space_allocation(struct rig *rig)
{
	uint8_t d[24] = { 0, 0, 0, 0, 0x80, 1 }, more[24] = { 0, 0, 0, 0, 0xff, 0xff };

	assert_int_equal(rig_cmd1(rig, 0x1004, 0x11, d), 0);
	assert_int_equal(get32(d + 4), 384);
	assert_int_equal(rig_cmd1(rig, 0x1004, 0x11, more), 0);
	assert_true(get32(more + 4) > 0 && get32(more + 4) <= 0xffff);
}

static unsigned int
filled(struct rig *rig)
{
	unsigned int nb = 0;

	while (nb < RIG_RING_BDS && get32(rig_rxbd(rig, 0, nb) + 28) & 0x10)
		nb++;
	return nb;
}

/* A PF and a VF: the frame's way is told by whose BDs are filled. */
static void
two_functions(struct rig *rig)
{
	static struct rig vf;
	uint8_t both[32] = { 3 }, no_filter[24] = { 0, 0, 0, 0, 1 };

	rig_open_vf(&vf, rig);
	rig_queue_start(&vf, 0);
	assert_int_equal(rig_cmd1(rig, 0x1100, 0x11, no_filter), 0);
	promisc(rig, 0x30, 1, 0);
	assert_int_equal(uc(rig, 0x1000, 0x11, OTHER, 1), 0);
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_TAKEN);
	assert_int_equal(filled(rig), 0);
	assert_int_equal(filled(&vf), 1);
	assert_int_equal(rig_rx_to(rig, OWN), EMU_RX_TAKEN);
	assert_int_equal(filled(rig), 1);
	assert_int_equal(filled(&vf), 1);
	assert_int_equal(rig_rx_to(rig, ALL), EMU_RX_TAKEN); /* the VF has no broadcast bit yet */
	assert_int_equal(filled(&vf), 1);
	promisc(rig, 0x38, 1, 0);
	assert_int_equal(rig_rx_to(rig, ALL), EMU_RX_TAKEN);
	assert_int_equal(mc(rig, false, GROUP, both), 0);
	assert_int_equal(rig_rx_to(rig, GROUP), EMU_RX_TAKEN);
	assert_int_equal(filled(rig), 4);
	assert_int_equal(filled(&vf), 3);
	rig_close(&vf);
	/* what a function that is gone had goes nowhere */
	assert_int_equal(rig_rx_to(rig, OTHER), EMU_RX_DROPPED);
}

static const struct conf_rule rules[] = {
	{ "CONF-STEER-01", "3:1.16", "a unicast address is found until it is removed",
			rig_setup_started, lookup, 0 },
	{ "CONF-STEER-02", "3:1.16", "a full unicast table is told with 2", rig_setup_started,
			unicast_overflow, 0 },
	{ "CONF-STEER-03", "3:1.16", "a full multicast table is told with 3", rig_setup_started,
			multicast_overflow, 0 },
	{ "CONF-STEER-04", "3:1.16", "a multicast address has a bit for each of 256 functions",
			rig_setup_started, multicast_bitmap, 0 },
	{ "CONF-STEER-05", "3:1.20", "promiscuous bits are absolute and need RX_EN",
			rig_setup_started, promisc_bits, 0 },
	{ "CONF-STEER-06", "3:1.20", "revision 0x30 goes by byte 2 if it is not 0",
			rig_setup_v3_started, promisc_byte_2, 0 },
	{ "CONF-STEER-07", "3:1.20", "revision 0x21 does not look at byte 2", rig_setup_started,
			promisc_byte_2_ignored, 0 },
	{ "CONF-STEER-08", "3:1.19", "the management table gives LLDP to the PF", rig_setup_started,
			management_entry, 0 },
	{ "CONF-STEER-09", "3:1.18", "the answer has the number of entries that is granted",
			rig_setup_started, space_allocation, 0 },
	{ "CONF-STEER-10", "3:10.2", "frames go to the functions that tables and bits name",
			rig_setup_started, two_functions, 0 },
};

CONF_MAIN(rules)
