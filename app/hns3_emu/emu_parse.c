/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser in front of the Rx rings: what is in a frame, and are its checksums right [2:1.8]
 * [2:10.2]. */
#include "emu_dev_priv.h"

#include <arpa/inet.h>
#include <string.h>

#define HEAD_BYTES 192 /* as far as headers are looked at */

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

static uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

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

/* Sum of a piece whose first byte is at an even (or odd) place of the whole. */
static uint64_t
piece_sum(const uint8_t *p, uint32_t len, bool odd)
{
	uint64_t sum = 0;
	uint32_t w;

	for (; len >= 4; p += 4, len -= 4) {
		memcpy(&w, p, 4);
		sum += w;
	}
	w = 0;
	memcpy(&w, p, len);
	sum += w;
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = emu_sum_fold((uint32_t)(sum & 0xffff) + (uint32_t)(sum >> 16));
	return odd ? (uint64_t)(((sum & 0xff) << 8) | sum >> 8) : sum;
}

uint32_t
emu_frame_sum(const struct emu_frame *frame, uint32_t from, uint32_t to, uint32_t sum)
{
	uint32_t at = 0, start = from;

	for (uint32_t i = 0; i < frame->nb_segs && from < to; i++) {
		uint32_t seg = (uint32_t)frame->seg[i].iov_len;

		if (from < at + seg) {
			uint32_t end = to < at + seg ? to : at + seg;

			sum += (uint32_t)piece_sum(
					(const uint8_t *)frame->seg[i].iov_base + (from - at),
					end - from, (from - start) & 1);
			from = end;
		}
		at += seg;
	}
	return emu_sum_fold(sum);
}

unsigned int
emu_dmac_class(const uint8_t *dmac)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (!(dmac[0] & 1))
		return 0;
	return memcmp(dmac, broadcast, 6) == 0 ? 2 : 1;
}

/* Ports and checksum of a layer 4 header at out->l4_offset; the segment ends at @p end. */
static void
parse_l4(const struct emu_frame *frame, const uint8_t *head, uint32_t head_len, uint32_t end,
		uint8_t proto, uint32_t pseudo, struct emu_parsed *out)
{
	uint32_t at = out->l4_offset, len = end - at, need;
	uint16_t sum_field;

	switch (proto) {
	case PROTO_TCP:
		out->l4id = EMU_L4ID_TCP;
		need = 20;
		break;
	case PROTO_UDP:
		out->l4id = EMU_L4ID_UDP;
		need = 8;
		break;
	case PROTO_SCTP:
		out->l4id = EMU_L4ID_SCTP;
		need = 12;
		break;
	default:
		out->l4id = proto == PROTO_GRE                             ? EMU_L4ID_GRE
		            : proto == PROTO_IGMP                          ? EMU_L4ID_IGMP
		            : proto == PROTO_ICMP || proto == PROTO_ICMPV6 ? EMU_L4ID_ICMP
		                                                           : EMU_L4ID_NONE;
		return;
	}
	if (len < need || at + need > head_len) {
		out->l4id = EMU_L4ID_NONE;
		return;
	}
	out->rss_type = (uint8_t)(out->rss_type - (proto == PROTO_TCP                  ? 3
								  : proto == PROTO_UDP ? 2
										       : 1));
	memcpy(out->rss_input + out->rss_len - 4, head + at, 4);
	if (proto == PROTO_SCTP)
		return; /* its CRC is not verified */
	sum_field = be16(head + at + (proto == PROTO_TCP ? 16 : 6));
	if (proto == PROTO_UDP && sum_field == 0) {
		out->udp_no_sum = true;
		return;
	}
	pseudo += htons(proto) + htons((uint16_t)len);
	out->l4_error = emu_frame_sum(frame, at, end, emu_sum_fold(pseudo)) != 0xffff;
}

static uint32_t
words_sum(const uint8_t *p, unsigned int len)
{
	return (uint32_t)piece_sum(p, len, false);
}

static void
parse_ipv4(const struct emu_frame *frame, const uint8_t *head, uint32_t head_len,
		struct emu_parsed *out)
{
	const uint8_t *ip = head + out->l3_offset;
	uint32_t avail = head_len - out->l3_offset, ihl, total;

	if (avail < 20 || ip[0] >> 4 != 4)
		return;
	ihl = (ip[0] & 0xfu) * 4;
	total = be16(ip + 2);
	if (ihl < 20 || ihl > avail || total < ihl || total > frame->len_bytes - out->l3_offset)
		return;
	out->l3id = ihl > 20 ? EMU_L3ID_IPV4_OPT : EMU_L3ID_IPV4;
	out->is_checked = true;
	out->l3_error = words_sum(ip, ihl) != 0xffff;
	out->rss_type = 3;
	out->rss_len = 12;
	memcpy(out->rss_input, ip + 12, 8);
	out->l4_offset = out->l3_offset + ihl;
	out->is_frag = be16(ip + 6) & 0x3fff;
	if (!out->is_frag)
		parse_l4(frame, head, head_len, out->l3_offset + total, ip[9],
				words_sum(ip + 12, 8), out);
}

static void
parse_ipv6(const struct emu_frame *frame, const uint8_t *head, uint32_t head_len,
		struct emu_parsed *out)
{
	const uint8_t *ip = head + out->l3_offset;
	uint32_t at = out->l3_offset + 40, end;
	uint8_t proto;

	if (at > head_len || ip[0] >> 4 != 6)
		return;
	end = at + be16(ip + 4);
	if (end > frame->len_bytes)
		return;
	out->l3id = EMU_L3ID_IPV6;
	out->is_checked = true;
	out->rss_type = 7;
	out->rss_len = 36;
	memcpy(out->rss_input, ip + 8, 32);
	proto = ip[6];
	while (proto == PROTO_HOPOPTS || proto == PROTO_ROUTING || proto == PROTO_DSTOPTS ||
			proto == PROTO_FRAGMENT) {
		if (at + 8 > head_len || at + 8 > end)
			return;
		out->l3id = EMU_L3ID_IPV6_EXT;
		if (proto == PROTO_FRAGMENT)
			out->is_frag = true;
		proto = head[at];
		at += out->is_frag ? 8 : 8 + 8u * head[at + 1];
		if (at > end || at > head_len)
			return;
	}
	out->l4_offset = at;
	if (!out->is_frag)
		parse_l4(frame, head, head_len, end, proto, words_sum(ip + 8, 32), out);
}

void
emu_parse(const struct emu_frame *frame, struct emu_parsed *out)
{
	uint32_t head_len = frame->len_bytes < HEAD_BYTES ? frame->len_bytes : HEAD_BYTES, at = 12;
	uint8_t copy[HEAD_BYTES];
	const uint8_t *head = frame->seg[0].iov_base;
	uint16_t type;

	if (frame->seg[0].iov_len < head_len) {
		emu_frame_copy(frame, 0, copy, head_len);
		head = copy;
	}
	memset(out, 0, sizeof(*out));
	out->l3id = EMU_L3ID_NONE;
	out->l4id = EMU_L4ID_NONE;
	out->rss_type = 0xff;
	out->dmac_class = (uint8_t)emu_dmac_class(head);
	type = be16(head + at);
	while ((type == 0x8100 || type == 0x88a8) && out->nb_vlans < 2 && at + 6 <= head_len) {
		out->vlan_tci[out->nb_vlans++] = be16(head + at + 2);
		at += 4;
		type = be16(head + at);
	}
	out->l3_offset = at + 2;
	switch (type) {
	case 0x0800:
		parse_ipv4(frame, head, head_len, out);
		break;
	case 0x86dd:
		parse_ipv6(frame, head, head_len, out);
		break;
	case 0x0806:
		out->l3id = EMU_L3ID_ARP;
		break;
	case 0x8035:
		out->l3id = EMU_L3ID_RARP;
		break;
	case 0x88cc:
		out->l3id = EMU_L3ID_LLDP;
		break;
	case 0x8808:
		out->l3id = EMU_L3ID_MAC_PAUSE;
		break;
	default:
		break;
	}
}
