/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-LINK: the MAC, its link and what hangs on it [3:1]. */
#include "conf.h"

#include <string.h>

static void
link_status(struct rig *rig)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, d), 0);
	assert_int_equal(d[0], 1);
	emu_dev_link_set(rig->dev, false);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, d), 0);
	assert_int_equal(d[0], 0);
}

/* The message in the receive queue. */
static const uint8_t *
message(struct rig *rig, unsigned int i)
{
	assert_int_equal(rig_rd(rig, 0x27024), i + 1);
	return rig->mem + RIG_CRQ + 32 * i;
}

static void
link_event(struct rig *rig)
{
	const uint8_t *m;

	emu_dev_link_set(rig->dev, false);
	m = message(rig, 0);
	assert_int_not_equal(get16(m), 0);
	assert_int_equal(get16(m + 2) & 2, 2);
	assert_int_equal(m[8 + 1], 0); /* from the PF itself */
	assert_int_equal(m[8 + 8], 201);
	assert_int_equal(m[8 + 9], 0);
	assert_int_equal(rig_rd(rig, 0x27100), 2);
	emu_dev_link_set(rig->dev, true);
	assert_int_equal(message(rig, 1)[8 + 9], 1);
}

static void
no_event_unasked(struct rig *rig)
{
	uint8_t off[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x701a, 0x11, off), 0);
	emu_dev_link_set(rig->dev, false);
	assert_int_equal(rig_rd(rig, 0x27024), 0);
}

static void
speed(struct rig *rig)
{
	uint8_t set[24] = { 0x82, 1 }, bad[24] = { 0x89, 1 }, sfp[24] = { 0, 0, 0, 0, 1 };

	assert_int_equal(rig_cmd1(rig, 0x0309, 0x11, set), 0);
	assert_int_equal(rig_cmd1(rig, 0x7104, 0x19, sfp), 0);
	assert_int_equal(get32(sfp), 25000);
	assert_int_equal(rig_cmd1(rig, 0x0309, 0x11, bad), 6);
	assert_int_equal(emu_dev_speed_set(rig->dev, 40000), 0);
	assert_int_equal(message(rig, 0)[8 + 8], 201);
	assert_int_equal(rig_cmd1(rig, 0x7104, 0x19, sfp), 0);
	assert_int_equal(get32(sfp), 40000);
	assert_int_equal(get32(sfp + 8), 0x3f); /* 1, 10, 25, 50, 100, 40 G */
}

static void
autoneg_and_fec(struct rig *rig)
{
	uint8_t an[24] = { 1 }, fec[24] = { 0x04 }, sfp[24] = { 0, 0, 0, 0, 1 }, back[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0304, 0x11, an), 0);
	assert_int_equal(rig_cmd1(rig, 0x031a, 0x11, fec), 0);
	assert_int_equal(rig_cmd1(rig, 0x031a, 0x19, back), 0);
	assert_int_equal(back[0], 0x04);
	assert_int_equal(rig_cmd1(rig, 0x7104, 0x19, sfp), 0);
	assert_int_equal(sfp[6], 1);
	assert_int_equal(sfp[5], 2); /* RS */
}

static void
mac_word(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };
	uint8_t d[24] = { 0 }, rx_off[24] = { 0x40 };

	assert_int_equal(rig_cmd1(rig, 0x0301, 0x19, d), 0);
	assert_int_equal(get32(d), 0x007e18c0);
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, rx_off), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
}

/* One frame to ourselves: it comes back, and does not go out. */
static void
looped(struct rig *rig)
{
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 60 };

	memcpy(rig->mem + bd.buf, "\x02\x00\x00\x00\x00\x0e\x02\x00\x00\x00\x00\x0e\x88\xb5", 14);
	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	assert_int_equal(rig->nb_sent, 0);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28) & 0x10, 0x10);
}

static void
app_loopback(struct rig *rig)
{
	uint8_t d[24] = { 0xc0, 0x98, 0x7e }; /* bit 15 */

	emu_dev_link_set(rig->dev, false);
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, d), 0);
	looped(rig);
}

static void
serdes_loopback(struct rig *rig)
{
	uint8_t on[24] = { 1, 1 }, off[24] = { 1, 0 }, link[24] = { 0 };

	emu_dev_link_set(rig->dev, false);
	assert_int_equal(rig_cmd1(rig, 0x0315, 0x11, on), 0);
	assert_int_equal(rig_cmd1(rig, 0x0315, 0x19, on), 0);
	assert_int_equal(on[2], 3);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, link), 0);
	assert_int_equal(link[0], 1);
	looped(rig);
	assert_int_equal(rig_cmd1(rig, 0x0315, 0x11, off), 0);
	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, link), 0);
	assert_int_equal(link[0], 0);
}

static void
pause_parameters(struct rig *rig)
{
	uint8_t set[24] = { 2, 0, 0, 0, 0, 1, 0x18, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0,
		1 };
	uint8_t get[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0703, 0x11, set), 0);
	assert_int_equal(rig_cmd1(rig, 0x0703, 0x19, get), 0);
	assert_memory_equal(get, set, 24);
}

/* An 802.3x frame: destination 01:80:c2:00:00:01, type 8808, opcode 1. */
static void
pause_frames(struct rig *rig)
{
	uint8_t frame[60] = { 0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1, 0, 0 };
	uint8_t on[24] = { 2 }, promisc[24] = { 0x3e };
	struct rig_desc d[22];

	assert_int_equal(rig_cmd1(rig, 0x0e01, 0x11, promisc), 0); /* who would get it */
	assert_int_equal(rig_cmd1(rig, 0x0701, 0x11, on), 0);
	assert_int_not_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28) & 0x10, 0); /* not delivered */
	memset(d, 0, sizeof(d));
	d[0] = rig_desc(0x0034, 0x19);
	rig_cmd(rig, d, 22);
	assert_int_equal(get64(d[0].b + 8 + 8), 1); /* rx_mac_pause */
	on[0] = 0;
	assert_int_equal(rig_cmd1(rig, 0x0701, 0x11, on), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28) & 0x10, 0x10); /* any frame now */
}

static void
eeprom(struct rig *rig)
{
	uint8_t exists[24] = { 0 };
	struct rig_desc d[6];

	assert_int_equal(rig_cmd1(rig, 0x7101, 0x19, exists), 0);
	assert_int_not_equal(get32(exists), 0);
	for (unsigned int i = 0; i < 6; i++)
		d[i] = rig_desc(0x7100, i < 5 ? 0x1d : 0x19);
	put16(d[0].b + 8, 0);
	put16(d[0].b + 10, 140);
	rig_cmd(rig, d, 6);
	assert_int_equal(get16(d[5].b + 4), 0);
	assert_int_equal(d[0].b[8 + 4], 0x11); /* QSFP28 */
	/* byte 128, the identifier again: 108 behind the first 20, 12 into the fifth of 24 */
	assert_int_equal(d[5].b[8 + 12], 0x11);
}

/* 65535 quanta of 512 bits at 100 Gbit/s are 335 us. */
static void
pause_holds(struct rig *rig)
{
	uint8_t frame[60] = { 0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1, 0xff,
		0xff };
	uint8_t on[24] = { 2 }, slow[24] = { 0x86, 1 }; /* 10 Mbit/s: 3.3 s */
	struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = 60 };

	assert_int_equal(rig_cmd1(rig, 0x0309, 0x11, slow), 0);
	assert_int_equal(rig_cmd1(rig, 0x0701, 0x11, on), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 0);
	frame[16] = frame[17] = 0; /* go on */
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(emu_dev_tx_poll(rig->dev, 8), 1);
}

/* The frame has the address and time of 0x0703; one for the time that it names. */
static void
pause_is_sent(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };
	uint8_t para[24] = { 2, 0, 0, 0, 0, 7, 0x18, 0, 0xcd, 0xab }, on[24] = { 1 };
	uint8_t slow[24] = { 0x86, 1 };

	assert_int_equal(rig_cmd1(rig, 0x0309, 0x11, slow), 0);
	assert_int_equal(rig_cmd1(rig, 0x0703, 0x11, para), 0);
	assert_int_equal(rig_cmd1(rig, 0x0701, 0x11, on), 0);
	for (unsigned int i = 0; i < RIG_RING_BDS; i++)
		assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_NO_BD);
	assert_int_equal(rig->nb_sent, 1);
	assert_memory_equal(rig->sent[0].bytes,
			"\x01\x80\xc2\x00\x00\x01\x02\x00\x00\x00\x00\x07\x88\x08\x00\x01\xab\xcd",
			18);
}

static const struct conf_rule rules[] = {
	{ "CONF-LINK-01", "3:1.3", "0x0307 follows the carrier", rig_setup_started, link_status,
			0 },
	{ "CONF-LINK-02", "1:6.6", "a change of the link is a message with code 201 and the state",
			rig_setup_started, link_event, 0 },
	{ "CONF-LINK-03", "1:6.6", "without compatibility bit 0 no link message is sent",
			rig_setup_started, no_event_unasked, 0 },
	{ "CONF-LINK-04", "3:1.5",
			"0x0309 sets the speed that 0x7104 tells; unknown codes are refused",
			rig_setup_started, speed, 0 },
	{ "CONF-LINK-05", "3:1.6", "autonegotiation and FEC mode are kept and told by 0x7104",
			rig_setup_started, autoneg_and_fec, 0 },
	{ "CONF-LINK-06", "3:1.1",
			"the MAC mode word reads back; without RX_EN nothing is received",
			rig_setup_started, mac_word, 0 },
	{ "CONF-LINK-07", "3:1.1", "with APP_LP what is sent is received, link or none",
			rig_setup_started, app_loopback, 0 },
	{ "CONF-LINK-08", "3:1.9", "a SerDes loop is done at once, shows a link, returns frames",
			rig_setup_started, serdes_loopback, 0 },
	{ "CONF-LINK-09", "3:1.15", "0x0703 reads back what was written", rig_setup_started,
			pause_parameters, 0 },
	{ "CONF-LINK-10", "3:10.2", "a pause frame is consumed and counted where pause is honoured",
			rig_setup_started, pause_frames, 0 },
	{ "CONF-LINK-11", "3:1.12", "the module's EEPROM comes as 20 bytes, then 24 a descriptor",
			rig_setup_started, eeprom, 0 },
	{ "CONF-LINK-12", "3:1.15", "a pause frame holds the sending for as long as it says",
			rig_setup_started, pause_holds, 0 },
	{ "CONF-LINK-13", "3:1.15", "without a free BD one pause frame is sent, if that is enabled",
			rig_setup_started, pause_is_sent, 0 },
};

CONF_MAIN(rules)
