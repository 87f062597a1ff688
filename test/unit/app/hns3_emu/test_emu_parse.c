/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_parse.c: what is in a frame [2:1.3] [2:1.8], whatever pieces it comes in. Codes
 * are typed from doc/hns3; frames are of exactly their length, so that a sanitizer sees a step
 * outside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu_dev_priv.h"
#include "emu_rig.h"

static const struct emu_tpids tpids = { { 0x8100, 0x8100, 0x8100, 0x8100 } };
static const struct emu_tpids qinq = { { 0x88a8, 0x8100, 0x8100, 0x8100 } };

static void
assert_same(const struct emu_parsed *a, const struct emu_parsed *b)
{
	assert_int_equal(a->l234, b->l234);
	assert_int_equal(a->base, b->base);
	assert_int_equal(emu_parsed_ol_info(a, false), emu_parsed_ol_info(b, false));
	assert_int_equal(emu_parsed_ol_info(a, true), emu_parsed_ol_info(b, true));
	assert_int_equal(a->dmac_class, b->dmac_class);
	assert_int_equal(a->nb_stacks, b->nb_stacks);
	assert_int_equal(a->rss_type, b->rss_type);
	assert_int_equal(a->tunnel_at, b->tunnel_at);
	for (unsigned int i = 0; i < a->nb_stacks; i++) {
		assert_memory_equal(a->h[i].tci, b->h[i].tci, 4);
		assert_int_equal(a->h[i].nb_tags, b->h[i].nb_tags);
		assert_int_equal(a->h[i].l3, b->h[i].l3);
		assert_int_equal(a->h[i].l4, b->h[i].l4);
		assert_int_equal(a->h[i].proto, b->h[i].proto);
	}
}

/* Parse in one piece, and cut in two and in many: all must agree. */
static struct emu_parsed
parse_as(const struct emu_tpids *types, const uint8_t *bytes, uint32_t len)
{
	struct emu_frame f = { .len_bytes = len, .nb_segs = 1 };
	uint8_t *one = malloc(len), *two;
	struct emu_parsed first, p;

	assert_non_null(one);
	memcpy(one, bytes, len);
	f.seg[0] = (struct iovec){ one, len };
	emu_parse(&f, types, &first);
	f.nb_segs = 2;
	for (uint32_t cut = 1; cut < len; cut += cut < 200 ? 1 : 97) {
		two = malloc(len - cut);
		assert_non_null(two);
		memcpy(two, bytes + cut, len - cut);
		f.seg[0] = (struct iovec){ one, cut };
		f.seg[1] = (struct iovec){ two, len - cut };
		emu_parse(&f, types, &p);
		free(two);
		assert_same(&p, &first);
	}
	f.nb_segs = 0;
	for (uint32_t at = 0, nb; at < len; at += nb) {
		nb = f.nb_segs == 63 || len - at < 7 ? len - at : 7;
		f.seg[f.nb_segs++] = (struct iovec){ one + at, nb };
	}
	emu_parse(&f, types, &p);
	assert_same(&p, &first);
	free(one);
	first.head = bytes; /* the same, and longer there */
	return first;
}

static struct emu_parsed
parse(const uint8_t *bytes, uint32_t len)
{
	return parse_as(&tpids, bytes, len);
}

static void
ipv4_types(void **state)
{
	static const struct {
		uint8_t proto, l4id, rss_type;
	} cases[] = { { 6, 1, 0 }, { 17, 0, 1 }, { 47, 2, 3 }, { 2, 4, 3 }, { 1, 5, 3 },
		{ 99, 15, 3 } };
	uint8_t frame[1514];

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		uint32_t len = rig_ipv4(frame, cases[i].proto, 101);
		struct emu_parsed p = parse(frame, len);

		assert_int_equal(p.h[0].l3id, 0);
		assert_int_equal(p.h[0].l4id, cases[i].l4id);
		assert_int_equal(p.rss_type, cases[i].rss_type);
		assert_int_equal(p.h[0].l3, 14);
		assert_int_equal(p.h[0].l4, 34);
		assert_true(p.is_checked);
		assert_false(p.h[0].l3_error || p.h[0].l4_error || p.h[0].is_frag ||
				p.h[0].udp_no_sum);
		assert_int_equal(p.h[0].nb_tags, 0);
		assert_int_equal(p.dmac_class, 0);
	}
}

static void
checksums(void **state)
{
	uint8_t frame[1514];
	struct emu_parsed p;
	uint32_t len;

	(void)state;
	for (uint32_t payload = 18; payload < 80; payload++) {
		len = rig_ipv4(frame, payload & 2 ? 6 : 17, payload);
		p = parse(frame, len);
		assert_false(p.h[0].l3_error || p.h[0].l4_error);
		frame[len - 1] ^= 0x80;
		p = parse(frame, len);
		assert_false(p.h[0].l3_error);
		assert_true(p.h[0].l4_error);
		frame[len - 1] ^= 0x80;
		frame[22] ^= 1; /* TTL */
		p = parse(frame, len);
		assert_true(p.h[0].l3_error);
		assert_false(p.h[0].l4_error);
	}
	/* padding behind the packet is not part of it */
	len = rig_ipv4(frame, 17, 5);
	memset(frame + len, 0xee, 60 - len);
	p = parse(frame, 60);
	assert_false(p.h[0].l3_error || p.h[0].l4_error);
	/* UDP without a checksum [2:1.5] */
	len = rig_ipv4(frame, 17, 100);
	frame[40] = frame[41] = 0;
	p = parse(frame, len);
	assert_true(p.h[0].udp_no_sum);
	assert_false(p.h[0].l4_error);
	/* TCP has no such thing */
	len = rig_ipv4(frame, 6, 100);
	frame[50] = frame[51] = 0;
	p = parse(frame, len);
	assert_false(p.h[0].udp_no_sum);
	assert_true(p.h[0].l4_error);
}

static void
ipv4_fragments(void **state)
{
	static const struct {
		uint8_t b6, b7;
		bool frag;
	} cases[] = { { 0x40, 0, false }, { 0x20, 0, true }, { 0, 1, true }, { 0x1f, 0xff, true },
		{ 0x80, 0, false } };
	uint8_t frame[200];
	uint32_t len = rig_ipv4(frame, 6, 100);

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		struct emu_parsed p;

		frame[20] = cases[i].b6;
		frame[21] = cases[i].b7;
		rig_ip_sum(frame + 14, 20);
		p = parse(frame, len);
		assert_int_equal(p.h[0].is_frag, cases[i].frag);
		assert_int_equal(p.h[0].l4id, cases[i].frag ? 15 : 1);
		assert_int_equal(p.rss_type, cases[i].frag ? 3 : 0);
		assert_false(p.h[0].l3_error || p.h[0].l4_error);
	}
}

static void
ipv4_options(void **state)
{
	uint8_t plain[200], frame[208];
	uint32_t len = rig_ipv4(plain, 17, 40);
	struct emu_parsed p;

	(void)state;
	memcpy(frame, plain, 34);
	memset(frame + 34, 1, 8); /* no-operations */
	memcpy(frame + 42, plain + 34, len - 34);
	frame[14] = 0x47;
	frame[17] = (uint8_t)(frame[17] + 8);
	rig_ip_sum(frame + 14, 28);
	p = parse(frame, len + 8);
	assert_int_equal(p.h[0].l3id, 4);
	assert_int_equal(p.h[0].l4id, 0);
	assert_int_equal(p.h[0].l4, 42);
	assert_int_equal(p.rss_type, 1);
	assert_false(p.h[0].l3_error || p.h[0].l4_error);
}

/* Headers that promise what the frame does not hold: nothing is claimed about them. */
static void
broken_ipv4(void **state)
{
	uint8_t frame[200];
	uint32_t len;
	struct emu_parsed p;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		len = rig_ipv4(frame, 6, 40);
		if (i == 0)
			frame[14] = 0x44; /* header of 16 bytes */
		else if (i == 1)
			frame[14] = 0x65; /* version 6 */
		else if (i == 2)
			frame[17] = 81; /* one byte more than there is */
		else if (i == 3)
			frame[17] = 19; /* less than its header */
		else
			frame[16] = 0xff;
		p = parse(frame, len);
		assert_int_equal(p.h[0].l3id, 15);
		assert_int_equal(p.h[0].l4id, 15);
		assert_int_equal(p.rss_type, 0xff);
		assert_false(p.is_checked || p.h[0].l3_error || p.h[0].l4_error);
	}
	/* the packet ends inside of its layer 4 header */
	for (uint32_t l4 = 0; l4 < 20; l4++) {
		len = rig_ipv4(frame, 6, 40);
		frame[17] = (uint8_t)(20 + l4);
		rig_ip_sum(frame + 14, 20);
		p = parse(frame, len);
		assert_int_equal(p.h[0].l3id, 0);
		assert_int_equal(p.h[0].l4id, 15);
		assert_int_equal(p.rss_type, 3);
		assert_false(p.h[0].l3_error || p.h[0].l4_error);
	}
}

/* 2001:db8::1 -> 2001:db8::2, extension headers @p ext, then UDP of 12 bytes with a right sum. */
static uint32_t
ipv6_make(uint8_t *frame, const uint8_t *ext, uint32_t ext_len, uint8_t first)
{
	static const uint8_t head[54] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 0, 0, 64, 0x20, 1, 0x0d, 0xb8, [37] = 1, 0x20, 1, 0x0d,
		0xb8, [53] = 2 };
	static const uint8_t udp[12] = { 0x0a, 0xea, 0x06, 0xe6, 0, 12, 0, 0, 'd', 'a', 't', 'a' };
	uint16_t sum;

	memcpy(frame, head, 54);
	frame[19] = (uint8_t)(ext_len + 12);
	frame[20] = first;
	if (ext_len > 0)
		memcpy(frame + 54, ext, ext_len);
	memcpy(frame + 54 + ext_len, udp, 12);
	sum = (uint16_t)~rig_fold16(rig_sum16(udp, 12, rig_sum16(frame + 22, 32, 17 + 12)));
	frame[60 + ext_len] = (uint8_t)(sum >> 8);
	frame[61 + ext_len] = (uint8_t)sum;
	return 66 + ext_len;
}

static void
ipv6(void **state)
{
	/* hop-by-hop of 16 bytes, then destination options of 8, then UDP */
	static const uint8_t ext[24] = { 60, 1, 1, 12, [16] = 17, 0, 1, 4 };
	/* a fragment header, the first of several */
	static const uint8_t frag[8] = { 17, 0, 0, 1, 1, 2, 3, 4 };
	uint8_t frame[200];
	struct emu_parsed p = parse(frame, ipv6_make(frame, ext, 0, 17));

	(void)state;
	assert_int_equal(p.h[0].l3id, 1);
	assert_int_equal(p.h[0].l4id, 0);
	assert_int_equal(p.h[0].l4, 54);
	assert_int_equal(p.rss_type, 5);
	assert_true(p.is_checked);
	assert_false(p.h[0].l3_error || p.h[0].l4_error || p.h[0].is_frag);
	frame[65] ^= 1;
	assert_true(parse(frame, 66).h[0].l4_error);
	p = parse(frame, ipv6_make(frame, ext, 24, 0));
	assert_int_equal(p.h[0].l3id, 5);
	assert_int_equal(p.h[0].l4id, 0);
	assert_int_equal(p.h[0].l4, 78);
	assert_false(p.h[0].l4_error);
	p = parse(frame, ipv6_make(frame, frag, 8, 44));
	assert_int_equal(p.h[0].l3id, 5);
	assert_int_equal(p.h[0].l4id, 15);
	assert_int_equal(p.rss_type, 7);
	assert_true(p.h[0].is_frag);
	assert_false(p.h[0].l4_error);
	/* beyond the frame */
	ipv6_make(frame, ext, 0, 17);
	frame[19] = 13;
	p = parse(frame, 66);
	assert_int_equal(p.h[0].l3id, 15);
	assert_int_equal(p.rss_type, 0xff);
	/* an extension header that is longer than the packet */
	ipv6_make(frame, ext, 24, 0);
	frame[55] = 200;
	p = parse(frame, 90);
	assert_int_equal(p.h[0].l3id, 5);
	assert_int_equal(p.h[0].l4id, 15);
}

static void
vlans(void **state)
{
	static const uint8_t tags[12] = { 0x88, 0xa8, 0x30, 0x64, 0x81, 0, 0x00, 0xc8, 0x81, 0, 0,
		1 };
	uint8_t plain[200], frame[212];
	uint32_t len = rig_ipv4(plain, 6, 40);

	(void)state;
	for (uint32_t nb = 1; nb <= 3; nb++) {
		struct emu_parsed p;

		memcpy(frame, plain, 12);
		memcpy(frame + 12, tags, 4 * nb);
		memcpy(frame + 12 + 4 * nb, plain + 12, len - 12);
		p = parse_as(&qinq, frame, len + 4 * nb);
		assert_int_equal(p.h[0].nb_tags, nb < 3 ? nb : 2);
		assert_int_equal(p.h[0].tci[0], 0x3064);
		assert_int_equal(p.h[0].tci[1], nb > 1 ? 0x00c8 : 0);
		assert_int_equal(p.h[0].l3, nb < 3 ? 14 + 4 * nb : 0);
		assert_int_equal(p.h[0].l3id, nb < 3 ? 0 : 15);
		assert_int_equal(p.h[0].l4id, nb < 3 ? 1 : 15);
		assert_false(p.h[0].l3_error || p.h[0].l4_error);
	}
}

/* INIT chunk of an SCTP association as a capture shows it; the checksum is that of RFC 3309. */
static void
sctp(void **state)
{
	uint8_t frame[200];
	uint32_t len = rig_ipv4(frame, 132, 24); /* 8 bytes of header, then the payload */
	/* CRC32c of the 32 bytes with the checksum field 0, low byte first */
	static const uint8_t head[12] = { 0x0a, 0xea, 0x06, 0xe6, 1, 2, 3, 4, 0, 0, 0, 0 };
	struct emu_frame f = { .len_bytes = 9, .nb_segs = 2 };
	struct emu_parsed p;
	uint32_t crc;

	(void)state;
	/* the check value of CRC-32C */
	f.seg[0] = (struct iovec){ (void *)(uintptr_t) "1234", 4 };
	f.seg[1] = (struct iovec){ (void *)(uintptr_t) "56789", 5 };
	assert_int_equal(emu_frame_crc32c(&f, 0, 9, 9), 0xe3069283);
	memcpy(frame + 34, head, 12);
	p = parse(frame, len);
	assert_int_equal(p.h[0].l4id, 3);
	assert_int_equal(p.rss_type, 2);
	assert_true(p.h[0].l4_error);
	f = (struct emu_frame){ .len_bytes = len, .nb_segs = 1 };
	f.seg[0] = (struct iovec){ frame, len };
	crc = emu_frame_crc32c(&f, 34, len, len);
	put32(frame + 42, crc);
	p = parse(frame, len);
	assert_false(p.h[0].l4_error);
	frame[len - 1] ^= 1;
	assert_true(parse(frame, len).h[0].l4_error);
}

/* A frame with the bytes @p outer of headers in front of a whole IPv4/TCP frame. */
static uint32_t
tunnel_make(uint8_t *frame, const uint8_t *outer, uint32_t outer_len)
{
	uint32_t len = rig_ipv4(frame + outer_len, 6, 30) + outer_len, total = len - 14;

	memcpy(frame, outer, outer_len);
	frame[16] = (uint8_t)(total >> 8);
	frame[17] = (uint8_t)total;
	rig_ip_sum(frame + 14, 20);
	return len;
}

/* Ethernet, IPv4, and UDP 4660 -> @p port of the right length without checksum; or protocol 47. */
#define OUTER(proto, ...)                                                                          \
	{                                                                                          \
		0x01, 0, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64,     \
				proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, __VA_ARGS__                 \
	}

static void
tunnels(void **state)
{
	static const uint8_t vxlan[50] =
			OUTER(17, 0x12, 0x34, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0);
	static const uint8_t gpe_ip[50] =
			OUTER(17, 0x12, 0x34, 0x12, 0xb6, 0, 0, 0, 0, 12, 0, 0, 1, 0, 0, 7, 0);
	static const uint8_t geneve[58] = OUTER(17, 0x12, 0x34, 0x17, 0xc1, 0, 0, 0, 0, 2, 0, 0x65,
			0x58, 0, 0, 7, 0, 1, 1, 0, 1, 0, 0, 0, 0);
	static const uint8_t nvgre[42] = OUTER(47, 0x20, 0, 0x65, 0x58, 0, 0, 7, 0);
	static const uint8_t gre_seq_sum[50] =
			OUTER(47, 0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 1);
	static const uint8_t gre[38] = OUTER(47, 0, 0, 0x08, 0);
	static const struct {
		const uint8_t *outer;
		uint32_t len;
		uint8_t tunnel, l3id, l4id, ptype, stacks, at;
	} cases[] = {
		{ vxlan, 50, 1, 0, 1, 34, 2, 42 },
		{ gpe_ip, 50, 1, 15, 15, 29, 2, 42 }, /* no Ethernet inside */
		{ geneve, 58, 1, 0, 1, 34, 2, 42 },
		{ nvgre, 42, 2, 0, 1, 34, 2, 38 },
		{ gre_seq_sum, 50, 2, 0, 1, 34, 2, 42 },
		{ gre, 38, 0, 0, 2, 21, 1, 0 },
	};
	uint8_t frame[200];

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		uint32_t len = tunnel_make(frame, cases[i].outer, cases[i].len);
		struct emu_parsed p = parse(frame, len);
		uint32_t dw2 = p.l234;

		assert_int_equal(p.nb_stacks, cases[i].stacks);
		assert_int_equal(p.tunnel_at, cases[i].at);
		/* of the inner frame, if there is one: unicast; outside multicast [2:1.4] */
		assert_int_equal(dw2 & 3, cases[i].l3id == 0 && cases[i].tunnel ? 0 : 1);
		assert_int_equal(dw2 >> 4 & 15, cases[i].l3id);
		assert_int_equal(dw2 >> 8 & 15, cases[i].l4id);
		assert_int_equal(dw2 >> 16, 0); /* no error anywhere */
		assert_int_equal(emu_parsed_ol_info(&p, false),
				cases[i].tunnel << 8 | (cases[i].tunnel ? 1 : 0));
		assert_int_equal(emu_parsed_ptype(&p), cases[i].ptype);
		assert_int_equal(p.rss_type, cases[i].l4id == 1 ? 0 : cases[i].tunnel ? 0xff : 3);
		assert_true(p.is_checked);
	}
}

/* Errors of the inner frame are L3E, L4E; of the outer one OL3E, OL4E [2:1.3]. */
static void
tunnel_errors(void **state)
{
	static const uint8_t vxlan[50] =
			OUTER(17, 0x12, 0x34, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0);
	static const struct {
		uint8_t at;
		uint32_t error;
	} cases[] = { { 22, 0x00400000 }, { 40, 0x00800000 }, { 72, 0x00020000 },
		{ 90, 0x00040000 } };
	uint8_t frame[200];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t len = tunnel_make(frame, vxlan, 50);
		struct emu_parsed p;

		frame[39] = (uint8_t)(len - 34); /* UDP length */
		frame[cases[i].at] ^= 0x10;
		p = parse(frame, len);
		assert_int_equal(p.l234 & 0xffff0000, cases[i].error);
	}
}

/* [2:1.9] */
static void
packet_type_indexes(void **state)
{
	static const struct {
		uint8_t proto, v4, v6;
	} cases[] = { { 6, 20, 114 }, { 17, 19, 113 }, { 47, 21, 115 }, { 2, 23, 117 },
		{ 99, 18, 112 } };
	uint8_t frame[200];
	struct emu_parsed p;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		p = parse(frame, rig_ipv4(frame, cases[i].proto, 60));
		assert_int_equal(emu_parsed_ptype(&p), cases[i].v4);
		ipv6_make(frame, NULL, 0, cases[i].proto);
		if (cases[i].proto == 6)
			continue; /* 12 bytes are no TCP header */
		p = parse(frame, 66);
		assert_int_equal(emu_parsed_ptype(&p), cases[i].v6);
	}
	ipv6_make(frame, NULL, 0, 58);
	p = parse(frame, 66);
	assert_int_equal(emu_parsed_ptype(&p), 118);
	rig_ipv4(frame, 1, 60);
	p = parse(frame, 102);
	assert_int_equal(emu_parsed_ptype(&p), 24);
	rig_ipv4(frame, 17, 60);
	frame[36] = 1;
	frame[37] = 63; /* port 319: PTP */
	p = parse(frame, 102);
	assert_int_equal(emu_parsed_ptype(&p), 25);
	frame[20] = 0x20;
	p = parse(frame, 102);
	assert_int_equal(emu_parsed_ptype(&p), 17);
	memcpy(frame + 12, "\x88\xf7", 2);
	p = parse(frame, 102);
	assert_int_equal(emu_parsed_ptype(&p), 8);
	memcpy(frame + 12, "\x08\x06", 2);
	p = parse(frame, 102);
	assert_int_equal(emu_parsed_ptype(&p), 1);
	memcpy(frame + 12, "\x88\xcc", 2);
	p = parse(frame, 102);
	assert_int_equal(emu_parsed_ptype(&p), 3);
}

static void
other_types(void **state)
{
	static const struct {
		uint8_t type[2];
		uint8_t l3id;
	} cases[] = { { { 0x08, 0x06 }, 2 }, { { 0x80, 0x35 }, 3 }, { { 0x88, 0xcc }, 6 },
		{ { 0x88, 0x08 }, 8 }, { { 0x12, 0x34 }, 15 }, { { 0, 46 }, 15 } };
	static const struct {
		uint8_t dmac[6];
		uint8_t class;
	} dmacs[] = { { { 0x02, 0, 0, 0, 0, 1 }, 0 }, { { 0x01, 0, 0x5e, 0, 0, 1 }, 1 },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 2 },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe }, 1 } };
	uint8_t frame[60] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct emu_parsed p;

		memcpy(frame, dmacs[i % 4].dmac, 6);
		memcpy(frame + 12, cases[i].type, 2);
		p = parse(frame, 60);
		assert_int_equal(p.h[0].l3id, cases[i].l3id);
		assert_int_equal(p.h[0].l4id, 15);
		assert_int_equal(p.dmac_class, dmacs[i % 4].class);
		assert_int_equal(p.rss_type, 0xff);
		assert_false(p.is_checked);
	}
}

static void
copies_and_sums(void **state)
{
	uint8_t a[3] = { 1, 2, 3 }, b[4] = { 4, 5, 6, 7 }, c[2] = { 0xff, 0xff }, out[6] = { 0 };
	struct emu_frame f = { .len_bytes = 9, .nb_segs = 3 };

	(void)state;
	f.seg[0] = (struct iovec){ a, 3 };
	f.seg[1] = (struct iovec){ b, 4 };
	f.seg[2] = (struct iovec){ c, 2 };
	emu_frame_copy(&f, 2, out, 6);
	assert_memory_equal(out, "\3\4\5\6\7\xff", 6);
	memset(out, 0, 6);
	emu_frame_copy(&f, 3, out, 2);
	assert_memory_equal(out, "\4\5\0", 3);
	/* 0102 + 0304 + 0506 = 090c; 0203 + 0400 = 0603; sums are of words as they lie in memory */
	assert_int_equal(emu_frame_sum(&f, 0, 6, 0), 0x0c09);
	assert_int_equal(emu_frame_sum(&f, 1, 4, 0), 0x0306);
	assert_int_equal(emu_frame_sum(&f, 7, 9, 0), 0xffff);
	assert_int_equal(emu_frame_sum(&f, 7, 9, 2), 2); /* with the carry added in */
	assert_int_equal(emu_frame_sum(&f, 4, 4, 5), 5);
}

/* Anything at all: no step outside, and the same whatever the pieces. */
static void
random_frames(void **state)
{
	static const uint8_t types[6][2] = { { 0x08, 0 }, { 0x86, 0xdd }, { 0x81, 0 },
		{ 0x88, 0xa8 }, { 0x08, 0x06 }, { 0, 0 } };
	uint8_t frame[300];
	uint32_t x = 12345;

	(void)state;
	print_message("seed %u\n", x);
	for (unsigned int n = 0; n < 3000; n++) {
		uint32_t len = 60 + n % 241;

		for (uint32_t i = 0; i < len; i++) {
			x = x * 1664525 + 1013904223;
			frame[i] = (uint8_t)(x >> 24);
		}
		memcpy(frame + 12, types[n % 6], 2);
		memcpy(frame + 16, types[n / 6 % 6], 2);
		if (n % 6 == 0 && n % 7) {
			frame[14] = (uint8_t)(0x45 + (n % 3 ? 0 : x >> 28));
			frame[16] = 0;
			frame[23] = (uint8_t)(n % 5 ? 6 : 17);
		} else if (n % 6 == 1 && n % 7) {
			frame[14] = 0x60;
			frame[18] = 0;
			frame[20] = (uint8_t[]){ 0, 43, 44, 60, 6 }[n % 5];
		}
		parse(frame, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_types),
		cmocka_unit_test(checksums),
		cmocka_unit_test(ipv4_fragments),
		cmocka_unit_test(ipv4_options),
		cmocka_unit_test(broken_ipv4),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(vlans),
		cmocka_unit_test(sctp),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(tunnel_errors),
		cmocka_unit_test(packet_type_indexes),
		cmocka_unit_test(other_types),
		cmocka_unit_test(copies_and_sums),
		cmocka_unit_test(random_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
