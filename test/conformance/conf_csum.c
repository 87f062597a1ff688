/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-CSUM: checksums that sent frames get [2:2] [2:6]. */
#include "conf_txrig.h"

#include <string.h>

static uint8_t frame[4096], want[4096], inner[4096];

/* [2:2.9] row 2: 14/20/20, IPv4 and TCP */
static void
ipv4_and_tcp(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x05050736, .dw6 = 0x5b4, .cut = { 30, 11, 700 } };

	assert_int_equal(rig_ipv4(want, 6, 1460), 1514);
	memcpy(frame, want, 1514);
	memset(frame + 24, 0xa5, 2);
	memset(frame + 50, 0x5a, 2);
	assert_int_equal(tx_send(rig, frame, 1514, &ask), 1);
	assert_int_equal(rig->sent[0].len, 1514);
	assert_memory_equal(rig->sent[0].bytes, want, 1514);
}

/* The sum of this datagram is 0: it has to leave as 0xffff. */
static void
udp_zero_is_ffff(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x0205072a };
	uint16_t sum;

	rig_ipv4(frame, 17, 20);
	memset(frame + 40, 0, 2);
	memset(frame + 60, 0, 2);
	sum = (uint16_t)~rig_l4_sum(frame);
	frame[60] = (uint8_t)(sum >> 8);
	frame[61] = (uint8_t)sum;
	assert_int_equal(tx_send(rig, frame, 62, &ask), 1);
	assert_int_equal(be16(rig->sent[0].bytes + 40), 0xffff);
}

/* The sum of this segment is 0, and in TCP 0 is a sum like any other. */
static void
tcp_zero_stays(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x05050726 };
	uint16_t sum;

	rig_ipv4(frame, 6, 20);
	memset(frame + 50, 0, 2);
	memset(frame + 54, 0, 2);
	sum = (uint16_t)~tx_sum4(frame, 14, 34, 6);
	frame[54] = (uint8_t)(sum >> 8);
	frame[55] = (uint8_t)sum;
	assert_int_equal(tx_send(rig, frame, 74, &ask), 1);
	assert_int_equal(be16(rig->sent[0].bytes + 50), 0);
}

/* Pseudo-header sum with the length, without it, and anything: always the same frame. */
static void
field_does_not_matter(struct rig *rig)
{
	static const uint16_t junk[4] = { 0x0000, 0xffff, 0x1234, 0x8001 };
	struct tx_ask ask = { .dw3 = 0x0005072a }; /* l4_len 0: row 4 */
	uint32_t len = rig_ipv4(want, 17, 101);

	for (unsigned int i = 0; i < 4; i++) {
		memcpy(frame, want, len);
		put16(frame + 40, junk[i]);
		assert_int_equal(tx_send(rig, frame, len, &ask), 1);
		assert_memory_equal(rig->sent[0].bytes, want, len);
	}
}

static void
sctp_crc(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x0305072e };
	uint32_t crc = UINT32_MAX, len = rig_ipv4(frame, 17, 33);

	frame[23] = 132;
	memset(frame + 42, 0xee, 4);
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	/* bit by bit, the definition: reflected polynomial 0x1edc6f41, field 0 */
	memset(frame + 42, 0, 4);
	for (uint32_t i = 34; i < len; i++) {
		crc ^= frame[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ UINT32_C(0x82f63b78) : crc >> 1;
	}
	assert_int_equal(get32(rig->sent[0].bytes + 42), (uint32_t)~crc);
}

static void
ipv6_extension_header(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050c0725 }; /* 14/48/20 */
	uint32_t len = tx_ipv6(want, 6, 8, 77);

	memcpy(frame, want, len);
	memset(frame + 62 + 16, 0x77, 2);
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_memory_equal(rig->sent[0].bytes, want, len);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 14, 62, 6), 0xffff);
}

/* [2:2.9] row 7: VXLAN, outer 14/20, 16 bytes, inner 14/20/20 */
static void
outer_ipv4(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x05050736, .dw5 = 0x04050713 };
	uint32_t len = rig_ipv4(inner, 6, 200);

	memset(inner + 24, 0, 2);
	memset(inner + 50, 0, 2);
	len = tx_tunnel(frame, false, 4789, 0, inner, len);
	frame[24] = 0x31;
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_int_equal(tx_sum3(rig->sent[0].bytes, 14), 0xffff);
	assert_int_equal(tx_sum3(rig->sent[0].bytes, 64), 0xffff);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 64, 84, 6), 0xffff);
	ask.dw5 = 0x04050712; /* without */
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_int_equal(be16(rig->sent[0].bytes + 24), 0x3100);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 64, 84, 6), 0xffff);
}

static void
outer_udp(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x0205072a, .dw5 = 0x040a0711, .dw6 = 0x400000 };
	uint32_t len = rig_ipv4(inner, 17, 201);

	memset(inner + 40, 0x99, 2);
	len = tx_tunnel(frame, true, 4789, 0, inner, len);
	memset(frame + 60, 0x42, 2);
	ask.cut[0] = 75;
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 14, 54, 17), 0xffff);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 84, 104, 17), 0xffff);
	assert_int_not_equal(be16(rig->sent[0].bytes + 60), 0);
}

/* Options are counted as inner layer 2: 12 + 14 bytes. */
static void
geneve_options(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x05050d36, .dw5 = 0x04050713 };
	uint32_t len = rig_ipv4(inner, 6, 99);

	memset(inner + 50, 0, 2);
	len = tx_tunnel(frame, false, 6081, 12, inner, len);
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_int_equal(tx_sum3(rig->sent[0].bytes, 14), 0xffff);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 76, 96, 6), 0xffff);
}

static void
nvgre(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050a0725, .dw5 = 0x02050723 };
	uint32_t len = tx_ipv6(inner, 6, 0, 99);

	memset(inner + 70, 0, 2);
	len = tx_tunnel(frame, false, 0, 0, inner, len);
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_int_equal(tx_sum3(rig->sent[0].bytes, 14), 0xffff);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 56, 96, 6), 0xffff);
}

/* [2:2.9] last rows: start 34, field 16 behind it; the field holds the pseudo header's sum */
static void
simple_mode(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x00001100, .dw5 = 0x00000800, .mss = 0x4000 };
	uint32_t len = rig_ipv4(want, 6, 333);
	uint16_t seed;

	memcpy(frame, want, len);
	seed = rig_fold16(rig_sum16(frame + 26, 8, 6 + 20 + 333));
	frame[50] = (uint8_t)(seed >> 8);
	frame[51] = (uint8_t)seed;
	ask.cut[0] = 51;
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_memory_equal(rig->sent[0].bytes, want, len);
	/* a start behind the frame's end */
	ask.dw3 = 0x00ffff00;
	tx_refused(rig, frame, len, &ask, 18);
}

/* DW3 has the codes of TSO and all checksums, too: only start and place count. */
static void
simple_mode_ignores_the_rest(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x050011b6, .dw5 = 0x00000803, .mss = 0x4000 };
	uint32_t len = rig_ipv4(want, 6, 33);
	uint16_t seed;

	memcpy(frame, want, len);
	seed = rig_fold16(rig_sum16(frame + 26, 8, 6 + 20 + 33));
	frame[50] = (uint8_t)(seed >> 8);
	frame[51] = (uint8_t)seed;
	frame[24] ^= 1; /* the IPv4 sum stays wrong */
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_int_equal(rig->sent[0].bytes[24], want[24] ^ 1);
	assert_memory_equal(rig->sent[0].bytes + 26, want + 26, len - 26);
}

static void
udp_port_of_a_tunnel(struct rig *rig)
{
	static const uint16_t port[3] = { 4789, 4790, 6081 };
	struct tx_ask ask = { .dw3 = 0x0205072a };
	uint32_t len = rig_ipv4(frame, 17, 40);

	for (unsigned int i = 0; i < 3; i++) {
		frame[36] = (uint8_t)(port[i] >> 8);
		frame[37] = (uint8_t)port[i];
		tx_refused(rig, frame, len, &ask, 16);
	}
	frame[37]++;
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
}

static void
udp_port_of_a_tunnel_v3(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x0205072a };
	uint32_t len = rig_ipv4(frame, 17, 40);

	memcpy(frame + 36, "\x12\xb5", 2);
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	assert_int_equal(tx_sum4(rig->sent[0].bytes, 14, 34, 17), 0xffff);
}

static void
headers_that_are_not_there(struct rig *rig)
{
	static const struct {
		uint32_t dw3, dw5;
		unsigned int rule;
	} bad[] = {
		{ 0x05060736, 0, 4 },           /* 24 bytes of IPv4 */
		{ 0x050a0725, 0, 4 },           /* IPv6 */
		{ 0x05050836, 0, 4 },           /* 2 bytes off */
		{ 0x05ff0736, 0, 4 },           /* behind the frame's end */
		{ 0x05050036, 0, 4 },           /* no layer 2 */
		{ 0x05050734, 0, 6 },           /* no layer 3 type */
		{ 0x05050735, 0, 6 },           /* IPv4 sum of IPv6 */
		{ 0x05050732, 0, 6 },           /* no layer 4 type */
		{ 0x05050737, 0, 6 },           /* layer 3 type 3 */
		{ 0x05050736, 0x04050710, 12 }, /* a tunnel without its layer 3 */
		{ 0x05050736, 0x04050703, 12 }, /* and the other way round */
		{ 0x05050736, 0x04050711, 4 },  /* outer IPv6 that is none */
	};
	uint32_t len = rig_ipv4(frame, 6, 300);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tx_ask ask = { .dw3 = bad[i].dw3, .dw5 = bad[i].dw5 };

		tx_refused(rig, frame, len, &ask, bad[i].rule);
	}
}

/* Bytes behind the IP packet are not in the sum, and stay; a packet behind the frame is an error.
 */
static void
ip_length_decides(struct rig *rig)
{
	struct tx_ask ask = { .dw3 = 0x05050736 };
	uint32_t len = rig_ipv4(want, 6, 100);

	memset(want + len, 0xdb, 9);
	memcpy(frame, want, len + 9);
	memset(frame + 50, 1, 2);
	assert_int_equal(tx_send(rig, frame, len + 9, &ask), 1);
	assert_int_equal(rig->sent[0].len, len + 9);
	assert_memory_equal(rig->sent[0].bytes, want, len + 9);
	tx_refused(rig, frame, len - 1, &ask, 5);
	/* the same of the outer packet, where its sum is asked for */
	ask = (struct tx_ask){ .dw5 = 0x04050713 };
	len = tx_tunnel(frame, false, 4789, 0, inner, rig_ipv4(inner, 6, 200));
	assert_int_equal(tx_send(rig, frame, len, &ask), 1);
	tx_refused(rig, frame, len - 1, &ask, 5);
}

static const struct conf_rule rules[] = {
	{ "CONF-CSUM-01", "2:2.9", "IPv4 header and TCP checksum, over any BDs", rig_setup_started,
			ipv4_and_tcp, 0 },
	{ "CONF-CSUM-02", "2:6.6", "a UDP checksum of 0 leaves as 0xffff", rig_setup_started,
			udp_zero_is_ffff, 0 },
	{ "CONF-CSUM-03", "2:6.6",
			"a layer 4 checksum is right whatever its field holds, L4LEN may be 0",
			rig_setup_started, field_does_not_matter, 0 },
	{ "CONF-CSUM-04", "2:6.3", "SCTP gets its CRC32c, low byte first", rig_setup_started,
			sctp_crc, 0 },
	{ "CONF-CSUM-05", "2:6.6", "IPv6 extension headers are skipped as L3LEN says",
			rig_setup_started, ipv6_extension_header, 0 },
	{ "CONF-CSUM-06", "2:2.3", "OL3T 3 inserts the outer IPv4 checksum, 2 leaves it",
			rig_setup_started, outer_ipv4, 0 },
	{ "CONF-CSUM-07", "2:2.4", "OL4CS inserts the outer UDP checksum, over the inner one",
			tx_setup_caps, outer_udp, 0 },
	{ "CONF-CSUM-08", "2:6.3", "options of a tunnel header may be counted as inner layer 2",
			rig_setup_started, geneve_options, 0 },
	{ "CONF-CSUM-09", "2:6.3", "inner and outer checksums of NVGRE", rig_setup_started, nvgre,
			0 },
	{ "CONF-CSUM-10", "2:6.6", "the simple checksum sums from a place on, with the seed there",
			tx_setup_caps, simple_mode, 0 },
	{ "CONF-CSUM-11", "2:10.3", "with a simple checksum no other request is looked at",
			tx_setup_v3, simple_mode_ignores_the_rest, 0 },
	{ "CONF-CSUM-12", "2:6.1",
			"a UDP checksum to a tunnel's port is refused at revision 0x21 (TX-16)",
			rig_setup_started, udp_port_of_a_tunnel, 0 },
	{ "CONF-CSUM-13", "2:6.1", "a UDP checksum to a tunnel's port is right at revision 0x30",
			tx_setup_v3, udp_port_of_a_tunnel_v3, 0 },
	{ "CONF-CSUM-14", "2:2.2",
			"a request that does not describe the frame is refused (TX-04, TX-06, "
			"TX-12)",
			rig_setup_started, headers_that_are_not_there, 0 },
	{ "CONF-CSUM-15", "2:6.6",
			"the IP length tells where the sum ends, and has to fit the frame (TX-05)",
			rig_setup_started, ip_length_decides, 0 },
	{ "CONF-CSUM-16", "2:6.6", "a TCP checksum of 0 leaves as 0", rig_setup_started,
			tcp_zero_stays, 0 },
};

CONF_MAIN(rules)
