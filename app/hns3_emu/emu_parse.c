/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See emu_parse.h. emu_parse_plain() knows the most common frames, any_parse() all:
 * stack_parse(), ipv4_parse(), l4_parse(), tunnel_parse().
 */
#include "emu_parse_plain.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "emu_desc.h"

enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_IGMP = 2,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
};

#define PORT_PTP_EVENT   319
#define PORT_PTP_GENERAL 320
#define TYPE_TEB         0x6558 /* an Ethernet frame, in GRE and GENEVE */

/* Where a stack's bytes lie: in @p frame up to @p end. */
struct span {
	const struct emu_frame *frame;
	uint32_t end;
};

void
emu_frame_copy(const struct emu_frame *frame, uint32_t from, void *out, uint32_t len)
{
	uint8_t *to = out;

	for (uint32_t i = 0; i < frame->nb_segs && len > 0; i++) {
		uint32_t seg = (uint32_t)frame->seg[i].iov_len, nb;

		if (from >= seg) {
			from -= seg;
			continue;
		}
		nb = seg - from < len ? seg - from : len;
		memcpy(to, (const uint8_t *)frame->seg[i].iov_base + from, nb);
		to += nb;
		len -= nb;
		from = 0;
	}
}

uint32_t
emu_frame_sum(const struct emu_frame *frame, uint32_t from, uint32_t to, uint32_t sum)
{
	uint32_t at = 0, start = from;

	for (uint32_t i = 0; i < frame->nb_segs && from < to; i++) {
		uint32_t seg = (uint32_t)frame->seg[i].iov_len;

		if (from < at + seg) {
			uint32_t end = to < at + seg ? to : at + seg;
			uint32_t part = emu_sum_fold64(emu_sum_piece(
					(const uint8_t *)frame->seg[i].iov_base + (from - at),
					end - from));

			if ((from - start) & 1)
				part = (part & 0xff) << 8 | part >> 8;
			sum += part;
			from = end;
		}
		at += seg;
	}
	return emu_sum_fold(sum);
}

static uint32_t crc32c_table[256];

/* Before main(): a constant table. The polynomial is Castagnoli's, reflected. */
__attribute__((constructor)) static void
crc32c_table_make(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
		crc32c_table[byte] = crc;
	}
}

uint32_t
emu_frame_crc32c(const struct emu_frame *frame, uint32_t from, uint32_t to, uint32_t hole)
{
	uint32_t crc = UINT32_MAX, at = 0;

	for (uint32_t i = 0; i < frame->nb_segs && at < to; i++) {
		const uint8_t *p = frame->seg[i].iov_base;

		for (size_t j = 0; j < frame->seg[i].iov_len && at < to; j++, at++) {
			uint8_t byte = at >= hole && at < hole + 4 ? 0 : p[j];

			if (at >= from)
				crc = crc >> 8 ^ crc32c_table[(crc ^ byte) & 0xff];
		}
	}
	return ~crc;
}

/* Whether the checksum of the SCTP packet at h->l4 is wrong. It is stored low byte first. */
static bool
sctp_is_bad(const struct emu_parsed *p, const struct span *s, const struct emu_headers *h)
{
	uint32_t stored;

	memcpy(&stored, p->head + h->l4 + 8, 4);
	return emu_frame_crc32c(s->frame, h->l4, s->end, h->l4 + 8u) != le32toh(stored);
}

static uint8_t
l4id_without_ports(uint8_t proto)
{
	switch (proto) {
	case PROTO_GRE:
		return EMU_L4ID_GRE;
	case PROTO_IGMP:
		return EMU_L4ID_IGMP;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return EMU_L4ID_ICMP;
	default:
		return EMU_L4ID_NONE;
	}
}

/* The segment at @p at, which ends at s->end; @p pseudo is the sum of the addresses. */
static inline void
l4_parse(struct emu_parsed *p, const struct span *s, struct emu_headers *h, uint32_t at,
		uint64_t pseudo)
{
	uint32_t len = s->end - at, need, field;

	if (h->proto == PROTO_TCP) {
		need = 20;
		field = 16;
	} else if (h->proto == PROTO_UDP) {
		need = 8;
		field = 6;
	} else {
		h->l4id = l4id_without_ports(h->proto);
		if (h->proto != PROTO_SCTP) {
			h->l4 = (uint16_t)at;
			return;
		}
		need = 12;
		field = 0;
	}
	if (len < need || at + need > p->head_bytes)
		return;
	h->l4 = (uint16_t)at;
	if (h->proto == PROTO_SCTP) {
		h->l4id = EMU_L4ID_SCTP;
		p->rss_type = (uint8_t)(p->rss_type - 1);
		h->l4_error = sctp_is_bad(p, s, h);
		return;
	}
	h->l4id = h->proto == PROTO_TCP ? EMU_L4ID_TCP : EMU_L4ID_UDP;
	p->rss_type = (uint8_t)(p->rss_type - (h->proto == PROTO_TCP ? 3 : 2));
	if (h->proto == PROTO_UDP && (p->head[at + field] | p->head[at + field + 1]) == 0) {
		h->udp_no_sum = true;
		return;
	}
	pseudo = emu_sum_add(pseudo, htons(h->proto) + (uint64_t)htons((uint16_t)len));
	if (s->frame->nb_segs == 1)
		pseudo = emu_sum_add(pseudo,
				emu_sum_piece((const uint8_t *)s->frame->seg[0].iov_base + at,
						len));
	else
		pseudo = emu_sum_add(pseudo, emu_frame_sum(s->frame, at, s->end, 0));
	h->l4_error = emu_sum_fold64(pseudo) != 0xffff;
}

static inline void
ipv4_parse(struct emu_parsed *p, struct span *s, struct emu_headers *h, uint32_t at)
{
	const uint8_t *ip = p->head + at;
	uint32_t ihl, total;

	if (at + 20 > p->head_bytes || ip[0] >> 4 != 4)
		return;
	ihl = (ip[0] & 0xfu) * 4;
	total = emu_be16(ip + 2);
	if (ihl < 20 || at + ihl > p->head_bytes || total < ihl || total > s->end - at)
		return;
	s->end = at + total;
	h->l3 = (uint16_t)at;
	h->l3id = ihl > 20 ? EMU_L3ID_IPV4_OPT : EMU_L3ID_IPV4;
	h->proto = ip[9];
	h->l3_error = emu_sum_fold64(ihl == 20 ? emu_sum_piece(ip, 20) : emu_sum_piece(ip, ihl)) !=
	              0xffff;
	h->is_frag = emu_be16(ip + 6) & 0x3fff;
	p->is_checked = true;
	p->rss_type = 3;
	if (!h->is_frag)
		l4_parse(p, s, h, at + ihl, emu_sum_piece(ip + 12, 8));
}

static bool
is_extension(uint8_t proto)
{
	return proto == PROTO_HOPOPTS || proto == PROTO_ROUTING || proto == PROTO_DSTOPTS ||
	       proto == PROTO_FRAGMENT;
}

static void
ipv6_parse(struct emu_parsed *p, struct span *s, struct emu_headers *h, uint32_t at)
{
	const uint8_t *ip = p->head + at;
	uint32_t l4 = at + 40, total;

	if (l4 > p->head_bytes || ip[0] >> 4 != 6)
		return;
	total = 40u + emu_be16(ip + 4);
	if (total > s->end - at)
		return;
	s->end = at + total;
	h->l3 = (uint16_t)at;
	h->l3id = EMU_L3ID_IPV6;
	h->proto = ip[6];
	p->is_checked = true;
	p->rss_type = 7;
	while (is_extension(h->proto)) {
		const uint8_t *ext = p->head + l4;
		uint32_t len;

		if (l4 + 8 > p->head_bytes || l4 + 8 > s->end)
			return;
		h->l3id = EMU_L3ID_IPV6_EXT;
		h->is_frag |= h->proto == PROTO_FRAGMENT;
		len = h->proto == PROTO_FRAGMENT ? 8 : 8 + 8u * ext[1];
		h->proto = ext[0];
		l4 += len;
		if (l4 > s->end || l4 > p->head_bytes)
			return;
	}
	if (!h->is_frag)
		l4_parse(p, s, h, l4, emu_sum_piece(ip + 8, 32));
}

static uint8_t
l3id_of_type(const uint8_t *mac, uint16_t type, const uint8_t *payload)
{
	static const uint8_t bridges[6] = { 0x01, 0x80, 0xc2, 0, 0, 0 };

	switch (type) {
	case 0x0806:
		return EMU_L3ID_ARP;
	case 0x8035:
		return EMU_L3ID_RARP;
	case 0x88cc:
		return EMU_L3ID_LLDP;
	case 0x8808:
		return payload && emu_be16(payload) == 0x0101 ? EMU_L3ID_PFC_PAUSE
		                                              : EMU_L3ID_MAC_PAUSE;
	case 0x22e7:
		return EMU_L3ID_CNM;
	default:
		return type < 1536 && memcmp(mac, bridges, 6) == 0 ? EMU_L3ID_BPDU : EMU_L3ID_NONE;
	}
}

/* Ethernet, tags, what follows; @p at is in the head. s->end becomes that of the packet. */
static inline void
stack_parse(struct emu_parsed *p, struct span *s, struct emu_headers *h, uint32_t l2,
		const uint16_t *tpid)
{
	uint32_t at = l2 + 12;
	uint16_t type = emu_be16(p->head + at);

	*h = (struct emu_headers){
		.l2 = (uint16_t)l2, .l3id = EMU_L3ID_NONE, .l4id = EMU_L4ID_NONE
	};
	while (h->nb_tags < 2 && type == tpid[h->nb_tags] && at + 6 <= p->head_bytes) {
		h->tci[h->nb_tags++] = emu_be16(p->head + at + 2);
		at += 4;
		type = emu_be16(p->head + at);
	}
	h->ether_type = type;
	at += 2;
	if (type == 0x0800)
		ipv4_parse(p, s, h, at);
	else if (type == 0x86dd)
		ipv6_parse(p, s, h, at);
	else
		h->l3id = l3id_of_type(
				p->head + l2, type, at + 2 <= p->head_bytes ? p->head + at : NULL);
}

/* What the UDP datagram at @p at carries: 0, or where its Ethernet frame begins; 1: no such. */
static uint32_t
udp_tunnel_find(struct emu_parsed *p, uint32_t at)
{
	const uint8_t *t = p->head + at + 8;
	uint16_t port = emu_be16(p->head + at + 2);

	if (!emu_is_tunnel_port(port))
		return 0;
	if (at + 16 > p->head_bytes)
		return 0;
	p->tunnel = EMU_OL4ID_MAC_IN_UDP;
	p->tunnel_at = (uint16_t)(at + 8);
	if (port == EMU_PORT_GENEVE)
		return emu_be16(t + 2) == TYPE_TEB ? at + 16 + 4 * (t[0] & 0x3fu) : 1;
	return port == EMU_PORT_VXLAN || t[3] == 3 ? at + 16 : 1;
}

/* Likewise of GRE: only with an Ethernet frame and a key is it NVGRE. */
static uint32_t
nvgre_find(struct emu_parsed *p, uint32_t at)
{
	uint16_t flags;

	if (at + 12 > p->head_bytes || emu_be16(p->head + at + 2) != TYPE_TEB)
		return 0;
	flags = emu_be16(p->head + at);
	if (!(flags & 0x2000))
		return 0;
	p->tunnel = EMU_OL4ID_NVGRE;
	/* the key lies behind the checksum, the sequence number behind the key */
	p->tunnel_at = (uint16_t)(at + (flags & 0x8000 ? 8 : 4));
	return p->tunnel_at + (flags & 0x1000 ? 8u : 4u);
}

/* A second stack, if the first one ends in a tunnel. */
static void
tunnel_parse(struct emu_parsed *p, struct span *s, const uint16_t *tpid)
{
	const struct emu_headers *out = &p->h[0];
	uint32_t l2 = out->l4id == EMU_L4ID_UDP ? udp_tunnel_find(p, out->l4)
	                                        : nvgre_find(p, out->l4);

	if (l2 == 0)
		return;
	p->nb_stacks = 2;
	p->rss_type = EMU_RSS_NONE;
	p->is_tunnel_mac = l2 > 1 && l2 + 14 <= p->head_bytes && l2 + 14 <= s->end;
	if (p->is_tunnel_mac)
		stack_parse(p, s, &p->h[1], l2, tpid);
	else
		p->h[1] = (struct emu_headers){ .l3id = EMU_L3ID_NONE, .l4id = EMU_L4ID_NONE };
}

static uint32_t
l234_of(const struct emu_parsed *p)
{
	const struct emu_headers *in = emu_parsed_inner(p), *out = &p->h[0];
	uint32_t dmac_class = p->dmac_class, word;

	if (p->is_tunnel_mac)
		dmac_class = emu_dmac_class(p->head + in->l2);
	word = field_prep(EMU_RXBD_DMAC, dmac_class) | field_prep(EMU_RXBD_L3ID, in->l3id) |
	       field_prep(EMU_RXBD_L4ID, in->l4id) | (in->is_frag ? EMU_RXBD_FRAG : 0) |
	       (in->l3_error ? EMU_RXBD_L3E : 0) | (in->l4_error ? EMU_RXBD_L4E : 0);
	if (p->nb_stacks > 1)
		word |= (out->l3_error ? EMU_RXBD_OL3E : 0) | (out->l4_error ? EMU_RXBD_OL4E : 0);
	return word;
}

static uint32_t
base_of(const struct emu_parsed *p)
{
	return (p->is_checked ? EMU_RXBD_L3L4P : 0) |
	       (emu_parsed_inner(p)->udp_no_sum ? EMU_RXBD_UDP0 : 0);
}

static void
any_parse(const struct emu_frame *frame, const struct emu_tpids *tpids, struct emu_parsed *out)
{
	struct span s = { .frame = frame, .end = frame->len_bytes };

	if (frame->seg[0].iov_len < out->head_bytes) {
		emu_frame_copy(frame, 0, out->copy, out->head_bytes);
		out->head = out->copy;
	}
	out->is_checked = false;
	out->rss_type = EMU_RSS_NONE;
	out->dmac_class = (uint8_t)emu_dmac_class(out->head);
	stack_parse(out, &s, &out->h[0], 0, tpids->tpid);
	if (out->h[0].l4 && (out->h[0].l4id == EMU_L4ID_UDP || out->h[0].l4id == EMU_L4ID_GRE))
		tunnel_parse(out, &s, tpids->tpid + 2);
}

void
emu_parse(const struct emu_frame *frame, const struct emu_tpids *tpids, struct emu_parsed *out)
{
	out->head = frame->seg[0].iov_base;
	out->head_bytes = (uint16_t)(frame->len_bytes < EMU_HEAD_BYTES ? frame->len_bytes
								       : EMU_HEAD_BYTES);
	out->nb_stacks = 1;
	out->tunnel = EMU_OL4ID_NONE;
	out->is_tunnel_mac = false;
	out->tunnel_at = 0;
	if (emu_parse_plain(frame, tpids, out))
		return;
	any_parse(frame, tpids, out);
	out->l234 = l234_of(out);
	out->base = base_of(out);
}

uint16_t
emu_parsed_ol_info(const struct emu_parsed *p, bool adv_layout)
{
	uint32_t word = p->nb_stacks > 1 ? field_prep(EMU_RXBD_ODMAC, p->dmac_class) : 0;

	if (adv_layout)
		return (uint16_t)(word | field_prep(EMU_RXBD_PTYPE, emu_parsed_ptype(p)));
	if (p->nb_stacks > 1)
		word |= field_prep(EMU_RXBD_OL3ID, p->h[0].l3id) |
		        field_prep(EMU_RXBD_OL4ID, p->tunnel);
	return (uint16_t)word;
}

/* ---- packet type index [2:1.9] ---- */

#define PTYPE_IPV6 94 /* from an IPv4 index to that of the same with IPv6 outside */

static bool
is_ipv6(uint8_t l3id)
{
	return l3id == EMU_L3ID_IPV6 || l3id == EMU_L3ID_IPV6_EXT;
}

static bool
is_ip(uint8_t l3id)
{
	return l3id == EMU_L3ID_IPV4 || l3id == EMU_L3ID_IPV4_OPT || is_ipv6(l3id);
}

static uint8_t
ptype_of_type(uint16_t ether_type)
{
	switch (ether_type) {
	case 0x0806:
		return 1;
	case 0x8035:
		return 2;
	case 0x88cc:
		return 3;
	case 0x22e7:
		return 7;
	case 0x88f7:
		return 8;
	default:
		return 0;
	}
}

/* Of a frame that is no tunnel. */
static unsigned int
ptype_plain(const struct emu_parsed *p)
{
	static const uint8_t of_l4id[16] = { [EMU_L4ID_UDP] = 19,
		[EMU_L4ID_TCP] = 20,
		[EMU_L4ID_GRE] = 21,
		[EMU_L4ID_SCTP] = 22,
		[EMU_L4ID_IGMP] = 23,
		[EMU_L4ID_ICMP] = 24,
		[EMU_L4ID_NONE] = 18 };
	const struct emu_headers *h = &p->h[0];
	unsigned int ptype;

	if (!is_ip(h->l3id))
		return ptype_of_type(h->ether_type);
	ptype = h->is_frag ? 17 : of_l4id[h->l4id];
	if (ptype == 19) {
		unsigned int port = emu_be16(p->head + h->l4 + 2);

		if (port == PORT_PTP_EVENT || port == PORT_PTP_GENERAL)
			ptype = 25;
	}
	return ptype + (is_ipv6(h->l3id) ? PTYPE_IPV6 : 0);
}

uint8_t
emu_parsed_ptype(const struct emu_parsed *p)
{
	static const uint8_t of_l4id[16] = { [EMU_L4ID_UDP] = 2,
		[EMU_L4ID_TCP] = 3,
		[EMU_L4ID_GRE] = 1,
		[EMU_L4ID_SCTP] = 4,
		[EMU_L4ID_IGMP] = 5,
		[EMU_L4ID_ICMP] = 6,
		[EMU_L4ID_NONE] = 1 };
	const struct emu_headers *in = emu_parsed_inner(p);
	unsigned int ptype;

	if (p->nb_stacks == 1)
		return (uint8_t)ptype_plain(p);
	if (!p->is_tunnel_mac)
		ptype = 29;
	else if (!is_ip(in->l3id))
		ptype = 30;
	else
		ptype = (is_ipv6(in->l3id) ? 39u : 31u) + (in->is_frag ? 0 : of_l4id[in->l4id]);
	return (uint8_t)(ptype + (is_ipv6(p->h[0].l3id) ? PTYPE_IPV6 : 0));
}
