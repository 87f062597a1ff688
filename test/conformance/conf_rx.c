/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-RX: Rx BDs, what is in them and when they are written [2:1] [2:3.3]. */
#include "conf.h"

#include <string.h>

static uint32_t
dw(struct rig *rig, unsigned int bd, unsigned int word)
{
	return get32(rig_rxbd(rig, 0, bd) + 4 * word);
}

static void
take(struct rig *rig, const void *frame, uint32_t len)
{
	assert_int_equal(rig_rx(rig, frame, len), EMU_RX_TAKEN);
}

static void
max_frame(struct rig *rig, uint16_t bytes)
{
	uint8_t d[24] = { (uint8_t)bytes, (uint8_t)(bytes >> 8), 64 };

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, d), 0);
}

static void
good_tcp(struct rig *rig)
{
	uint8_t frame[1514];

	take(rig, frame, rig_ipv4(frame, 6, 1460));
	assert_int_equal(dw(rig, 0, 2), 0x00000100);
	assert_int_equal(dw(rig, 0, 3), 0x05ea05ea);
	assert_int_equal(dw(rig, 0, 5), 0);
	assert_int_equal(dw(rig, 0, 6), 0);
	assert_int_equal(dw(rig, 0, 7), 0x00000910);
	assert_memory_equal(rig->mem + rig_rx_buf(0, 0), frame, 1514);
}

static void
arp_broadcast(struct rig *rig)
{
	uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06 };

	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 2), 0x00000f22);
	assert_int_equal(dw(rig, 0, 3), 0x003c003c);
	assert_int_equal(dw(rig, 0, 7), 0x00000110);
}

static void
bad_checksums(struct rig *rig)
{
	uint8_t frame[200];
	uint32_t len = rig_ipv4(frame, 6, 100);

	frame[60] ^= 1;
	take(rig, frame, len);
	assert_int_equal(dw(rig, 0, 2), 0x00040100);
	frame[60] ^= 1;
	frame[22] ^= 1; /* time to live */
	take(rig, frame, len);
	assert_int_equal(dw(rig, 1, 2), 0x00020100);
	assert_int_equal(dw(rig, 1, 7), 0x00000910);
}

static void
udp_without_checksum(struct rig *rig)
{
	uint8_t frame[200];
	uint32_t len = rig_ipv4(frame, 17, 100);

	frame[40] = frame[41] = 0;
	take(rig, frame, len);
	assert_int_equal(dw(rig, 0, 2), 0);
	assert_int_equal(dw(rig, 0, 7), 0x00000930);
}

static void
fragments(struct rig *rig)
{
	uint8_t frame[200];
	uint32_t len = rig_ipv4(frame, 17, 100);

	frame[20] = 0x20;
	rig_ip_sum(frame + 14, 20);
	take(rig, frame, len);
	assert_int_equal(dw(rig, 0, 2), 0x00001f00);
}

static void
options(struct rig *rig)
{
	uint8_t plain[200], frame[204];
	uint32_t len = rig_ipv4(plain, 17, 60);

	memcpy(frame, plain, 34);
	memset(frame + 34, 1, 4);
	memcpy(frame + 38, plain + 34, len - 34);
	frame[14] = 0x46;
	frame[17] = (uint8_t)(frame[17] + 4);
	rig_ip_sum(frame + 14, 24);
	take(rig, frame, len + 4);
	assert_int_equal(dw(rig, 0, 2), 0x00000040);
}

/* VXLAN around an IPv4/TCP frame; all checksums but the outer UDP's, which is 0, are right. */
static uint32_t
vxlan_make(uint8_t *frame)
{
	static const uint8_t head[50] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0,
		0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x12, 0x34, 0x12, 0xb5, 0, 0,
		0, 0, 8, 0, 0, 0, 0, 0, 7, 0 };
	uint32_t len = rig_ipv4(frame + 50, 6, 30) + 50;

	memcpy(frame, head, 50);
	frame[17] = (uint8_t)(len - 14);
	frame[39] = (uint8_t)(len - 34);
	rig_ip_sum(frame + 14, 20);
	return len;
}

static void
tunnel(struct rig *rig)
{
	uint8_t frame[200];

	take(rig, frame, vxlan_make(frame));
	assert_int_equal(dw(rig, 0, 2), 0x00000100);
	assert_int_equal(dw(rig, 0, 6), 0x00000100);
	assert_int_equal(dw(rig, 0, 7), 0x00000910);
}

static void
tunnel_errors(struct rig *rig)
{
	static const struct {
		uint8_t at;
		uint32_t dw2;
	} cases[] = { { 22, 0x00400100 }, { 40, 0x00800100 }, { 72, 0x00020100 },
		{ 95, 0x00040100 } };

	for (unsigned int i = 0; i < 4; i++) {
		uint8_t frame[200];
		uint32_t len = vxlan_make(frame);

		frame[cases[i].at] ^= 0x10;
		take(rig, frame, len);
		assert_int_equal(dw(rig, i, 2), cases[i].dw2);
	}
}

static void
scatter(struct rig *rig)
{
	uint8_t frame[3000];

	max_frame(rig, 9018);
	take(rig, frame, rig_ipv4(frame, 6, 2946));
	assert_int_equal(dw(rig, 0, 7), 0x00000010);
	assert_int_equal(dw(rig, 0, 3) >> 16, 0x0800);
	assert_int_equal(dw(rig, 1, 2), 0x00000100);
	assert_int_equal(dw(rig, 1, 3), 0x03b80bb8);
	assert_int_equal(dw(rig, 1, 7), 0x00000910);
}

/* Restart queue 0 with another size code; each BD has its 2 KiB, or 4 with every other one. */
static void
buffer_sizes(struct rig *rig)
{
	uint8_t frame[9000];
	uint32_t len = rig_ipv4(frame, 6, 8946);

	max_frame(rig, 9018);
	for (uint32_t code = 0; code < 4; code++) {
		uint32_t size = 512u << code, nb = (9000 + size - 1) / size;

		rig_start(rig, 1);
		rig_wr(rig, rig_tqp(0) + 0x90, 0);
		rig_wr(rig, rig_tqp(0) + 0x0c, code);
		for (uint32_t i = 0; i < nb; i++)
			put64(rig_rxbd(rig, 0, i), RIG_IOVA + RIG_BUFS + i * 4096);
		rig_wr(rig, rig_tqp(0) + 0x90, 1);
		max_frame(rig, 9018);
		take(rig, frame, len);
		for (uint32_t i = 0; i < nb; i++) {
			uint32_t part = i + 1 < nb ? size : 9000 - i * size;

			assert_int_equal(dw(rig, i, 3) >> 16, part);
			assert_int_equal(dw(rig, i, 7), i + 1 < nb ? 0x10 : 0x910);
			assert_memory_equal(rig->mem + RIG_BUFS + i * 4096, frame + i * size, part);
		}
		assert_int_equal(dw(rig, nb, 7), 0);
	}
}

static void
longest_frame(struct rig *rig)
{
	uint8_t frame[9724];

	rig_wr(rig, rig_tqp(0) + 0x90, 0);
	rig_wr(rig, rig_tqp(0) + 0x0c, 0);
	rig_wr(rig, rig_tqp(0) + 0x90, 1);
	max_frame(rig, 9728);
	memset(frame, 0, sizeof(frame));
	frame[0] = 2;
	frame[5] = 0x0e;
	take(rig, frame, 9724);
	assert_int_equal(dw(rig, 18, 7) & 0x110, 0x110);
	assert_int_equal(dw(rig, 18, 3), (9724 - 18 * 512) << 16 | 9724);
	assert_int_equal(dw(rig, 19, 7), 0);
}

static void
all_bds_or_none(struct rig *rig)
{
	uint8_t frame[5000];

	max_frame(rig, 9018);
	rig_ipv4(frame, 6, 4946);
	memset(rig_rxbd(rig, 0, 2), 0, 32);
	assert_int_equal(rig_rx(rig, frame, 5000), EMU_RX_NO_BD);
	assert_int_equal(dw(rig, 0, 7), 0);
	assert_int_equal(dw(rig, 1, 7), 0);
	rig_rx_arm(rig, 0, 2);
	take(rig, frame, 5000);
	assert_int_equal(dw(rig, 2, 3), (5000 - 4096) << 16 | 5000);
}

static void
disabled_ring(struct rig *rig)
{
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };

	rig_wr(rig, rig_tqp(0) + 0x90, 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	assert_int_equal(dw(rig, 0, 7), 0);
	assert_int_equal(rig_stat(rig, "rx_drops", "queue_stopped"), 1);
}

static void
reset_starts_at_bd_0(struct rig *rig)
{
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };

	for (unsigned int i = 0; i < 5; i++)
		take(rig, frame, 60);
	rig_start(rig, 1);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 0, 7), 0x110);
	assert_int_equal(dw(rig, 5, 7), 0);
}

/* Counter @p i of 0x0034 since the last time it was read. */
static uint64_t
mac_counter(struct rig *rig, unsigned int i)
{
	struct rig_desc d[22] = { rig_desc(0x0034, 0x19) };

	rig_cmd(rig, d, 22);
	return get64(d[0].b + 8 + 8 * i);
}

static void
frame_sizes(struct rig *rig)
{
	uint8_t frame[1600] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };

	max_frame(rig, 1526);
	take(rig, frame, 1522);
	assert_int_equal(rig_rx(rig, frame, 1523), EMU_RX_DROPPED);
	assert_int_equal(rig_stat(rig, "rx_drops", "oversize"), 1);
	assert_int_equal(mac_counter(rig, 55), 1);
	take(rig, frame, 60);
	assert_int_equal(rig_rx(rig, frame, 59), EMU_RX_DROPPED);
	assert_int_equal(rig_stat(rig, "rx_drops", "undersize"), 1);
	assert_int_equal(mac_counter(rig, 54), 1);
	assert_int_equal(rig_stat(rig, "rx_drops", NULL), 2);
}

static void
mac_off(struct rig *rig)
{
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x12, 0x34 }, off[24] = { 0 };

	take(rig, frame, 60);
	assert_int_equal(mac_counter(rig, 45), 1);
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, off), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	assert_int_equal(mac_counter(rig, 45), 0);
	assert_int_equal(dw(rig, 1, 7), 0);
}

static void
packet_types(struct rig *rig)
{
	static const struct {
		uint8_t proto;
		uint32_t dw6;
	} cases[] = { { 6, 0x140 }, { 17, 0x130 }, { 1, 0x180 }, { 2, 0x170 }, { 99, 0x120 } };
	uint8_t frame[200];

	for (unsigned int i = 0; i < 5; i++) {
		take(rig, frame, rig_ipv4(frame, cases[i].proto, 60));
		assert_int_equal(dw(rig, i, 6), cases[i].dw6);
	}
	take(rig, frame, vxlan_make(frame));
	assert_int_equal(dw(rig, 5, 6), 0x220);
	memcpy(frame + 12, "\x08\x06", 2);
	take(rig, frame, 60);
	assert_int_equal(dw(rig, 6, 6), 0x010);
}

static void
layout_switch(struct rig *rig)
{
	uint8_t frame[200];

	rig_wr(rig, 0x28008, 0);
	take(rig, frame, vxlan_make(frame));
	assert_int_equal(dw(rig, 0, 6), 0x100);
	assert_int_equal(dw(rig, 0, 0), 0); /* and no checksum */
	rig_wr(rig, 0x28008, 1);
	take(rig, frame, vxlan_make(frame));
	assert_int_equal(dw(rig, 1, 6), 0x220);
}

/* Sum as the kernel would make it: native 16-bit words from byte 14 on. */
static uint16_t
sum_native(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 14; i < len; i++)
		sum += i % 2 ? (uint32_t)p[i] << 8 : p[i];
	return rig_fold16(sum);
}

static void
complete_checksum(struct rig *rig)
{
	uint8_t frame[3000], strip[24] = { 3, 0, 0, 0, 0, 0, 0, 0, 1 };
	uint32_t len = rig_ipv4(frame, 1, 2900);

	max_frame(rig, 9018);
	take(rig, frame, len - 1); /* an odd length */
	assert_int_equal(get64(rig_rxbd(rig, 0, 0)), 0);
	assert_int_equal(get64(rig_rxbd(rig, 0, 1)), sum_native(frame, len - 1));
	/* of what lies in the buffer: without the stripped tag */
	assert_int_equal(rig_cmd1(rig, 0x0f02, 0x11, strip), 0);
	memmove(frame + 20, frame + 12, len - 12);
	memcpy(frame + 12, "\x81\x00\x20\x64\x81\x00\x00\x65", 8);
	take(rig, frame, 128);
	assert_int_equal(get16(rig_rxbd(rig, 0, 2) + 12), 120);
	assert_int_equal(get64(rig_rxbd(rig, 0, 2)), sum_native(rig->mem + rig_rx_buf(0, 2), 120));
	/* a BD with nothing but that in its address is not free */
	for (unsigned int i = 3; i < 64; i++)
		take(rig, frame, 128);
	put32(rig_rxbd(rig, 0, 0) + 28, 0);
	put32(rig_rxbd(rig, 0, 1) + 28, 0);
	assert_int_equal(rig_rx(rig, frame, 128), EMU_RX_NO_BD);
	rig_rx_arm(rig, 0, 0);
	take(rig, frame, 128);
	assert_int_equal(rig_rx(rig, frame, 128), EMU_RX_NO_BD);
}

static void
one_counter_each(struct rig *rig)
{
	static const char *const names[] = { "no_destination", "undersize", "oversize",
		"vlan_filter", "mac_disabled" };
	uint8_t frame[1600] = { 2, 0, 0, 0, 0, 0x0f, 2, 0, 0, 0, 0, 1, 0x12, 0x34 };
	uint8_t off[24] = { 0 }, filter[24] = { 1, 5 };

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	assert_int_equal(rig_rx(rig, frame, 20), EMU_RX_DROPPED);
	assert_int_equal(rig_rx(rig, frame, 1600), EMU_RX_DROPPED);
	assert_int_equal(rig_cmd1(rig, 0x1100, 0x11, filter), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, off), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(rig_stat(rig, "rx_drops", names[i]), 1);
	assert_int_equal(rig_stat(rig, "rx_drops", NULL), 5);
}

static const struct conf_rule rules[] = {
	{ "CONF-RX-01", "2:1.10", "a good TCP frame has the words of the worked example",
			rig_setup_started, good_tcp, 0 },
	{ "CONF-RX-02", "2:1.10", "an ARP broadcast is not checked and has no layer 4 type",
			rig_setup_started, arp_broadcast, 0 },
	{ "CONF-RX-03", "2:1.3", "a wrong checksum is told, and the frame delivered",
			rig_setup_started, bad_checksums, 0 },
	{ "CONF-RX-04", "2:1.5", "a UDP checksum of zero is no error", rig_setup_started,
			udp_without_checksum, 0 },
	{ "CONF-RX-05", "2:1.8", "a fragment is told and has no layer 4 type", rig_setup_started,
			fragments, 0 },
	{ "CONF-RX-06", "2:1.8", "IPv4 with options has a type of its own", rig_setup_started,
			options, 0 },
	{ "CONF-RX-07", "2:1.8", "a tunnel has inner and outer types", rig_setup_started, tunnel,
			0 },
	{ "CONF-RX-08", "2:1.3", "errors outside and inside of a tunnel are told apart",
			rig_setup_started, tunnel_errors, 0 },
	{ "CONF-RX-09", "2:1.10", "a long frame lies in several buffers, the last BD tells all",
			rig_setup_started, scatter, 0 },
	{ "CONF-RX-10", "2:10.1", "a buffer has 512 bytes shifted by its code", rig_setup_started,
			buffer_sizes, 0 },
	{ "CONF-RX-11", "2:3.2", "the longest frame in the smallest buffers takes 19 BDs",
			rig_setup_started, longest_frame, 0 },
	{ "CONF-RX-12", "2:3.3", "without a BD for the whole frame none is written",
			rig_setup_started, all_bds_or_none, 0 },
	{ "CONF-RX-13", "2:10.4", "nothing is written while the ring is off", rig_setup_started,
			disabled_ring, 0 },
	{ "CONF-RX-14", "2:10.4", "after a queue reset the first frame goes to BD 0",
			rig_setup_started, reset_starts_at_bd_0, 0 },
	{ "CONF-RX-15", "3:1.4", "frames beyond the limits are dropped and counted by the MAC",
			rig_setup_started, frame_sizes, 0 },
	{ "CONF-RX-16", "3:1.1", "without RX_EN frames vanish and nothing is counted",
			rig_setup_started, mac_off, 0 },
	{ "CONF-RX-17", "2:1.9", "the advanced layout has a packet type index",
			rig_setup_v3_started, packet_types, 0 },
	{ "CONF-RX-18", "2:1.9", "the layout is switched by register 0x28008", rig_setup_v3_started,
			layout_switch, 0 },
	{ "CONF-RX-19", "2:1.6", "the last BD has the sum of what lies behind 14 bytes",
			rig_setup_v3_started, complete_checksum, 0 },
	{ "CONF-RX-20", "3:10.2", "a frame that is not delivered is in one counter",
			rig_setup_started, one_counter_each, 0 },
};

CONF_MAIN(rules)
