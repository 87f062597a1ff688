/* SPDX-License-Identifier: BSD-3-Clause */
/* Inline parts of the parser: sums, and the short cut for the frames that there are most of. */
#ifndef EMU_PARSE_PLAIN_H
#define EMU_PARSE_PLAIN_H

#include <endian.h>
#include <netinet/in.h>
#include <string.h>

#include "emu_desc.h"
#include "emu_parse.h"

/* Destination ports of tunnels [2:10.2]. */
#define EMU_PORT_VXLAN     4789
#define EMU_PORT_VXLAN_GPE 4790
#define EMU_PORT_GENEVE    6081

/*
 * Ones' complement sum of a piece whose first byte is the high one of a word in network order: 64
 * bits at a time with the carry added, which folding does not change.
 */
static inline uint64_t
emu_sum_add(uint64_t sum, uint64_t w)
{
	sum += w;
	return sum + (sum < w);
}

static inline uint64_t
emu_sum_piece(const uint8_t *p, uint32_t len)
{
	uint64_t sum = 0, w;
	uint32_t w32;
	uint16_t w16;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&w, p, 8);
		sum = emu_sum_add(sum, w);
	}
	if (len & 4) {
		memcpy(&w32, p, 4);
		sum = emu_sum_add(sum, w32);
		p += 4;
	}
	if (len & 2) {
		memcpy(&w16, p, 2);
		sum = emu_sum_add(sum, w16);
		p += 2;
	}
	return len & 1 ? emu_sum_add(sum, le16toh(*p)) : sum;
}

static inline uint32_t
emu_sum_fold64(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	return emu_sum_fold((uint32_t)sum);
}

static inline bool
emu_is_tunnel_port(uint16_t port)
{
	return port == EMU_PORT_VXLAN || port == EMU_PORT_VXLAN_GPE || port == EMU_PORT_GENEVE;
}

/*
 * The kind of frame that there is most of, all at once: one piece, no tag, IPv4 without options in
 * one fragment, TCP or UDP, no tunnel. False: it is another kind. Finds what any_parse() of
 * emu_parse.c finds.
 */
static inline bool
emu_parse_plain(const struct emu_frame *frame, const struct emu_tpids *tpids, struct emu_parsed *p)
{
	const uint8_t *f = frame->seg[0].iov_base;
	struct emu_headers *h = &p->h[0];
	uint32_t start, total, l4_bytes;
	uint16_t frag;
	uint64_t sum;
	bool is_tcp;

	if (frame->nb_segs != 1 || frame->len_bytes < 54)
		return false;
	memcpy(&start, f + 12, 4); /* EtherType, version and header length */
	memcpy(&frag, f + 20, 2);
	if ((start & htobe32(0xffffff00)) != htobe32(0x08004500) || tpids->tpid[0] == 0x0800 ||
			frag & htobe16(0x3fff))
		return false;
	is_tcp = f[23] == IPPROTO_TCP;
	total = emu_be16(f + 16);
	l4_bytes = total - 20;
	if (total < (is_tcp ? 40 : 28) || total > frame->len_bytes - 14 ||
			(!is_tcp && (f[23] != IPPROTO_UDP || emu_is_tunnel_port(emu_be16(f + 36)))))
		return false;
	*h = (struct emu_headers){ .l3 = 14,
		.l4 = 34,
		.ether_type = 0x0800,
		.l3id = EMU_L3ID_IPV4,
		.l4id = is_tcp ? EMU_L4ID_TCP : EMU_L4ID_UDP,
		.proto = f[23],
		.udp_no_sum = !is_tcp && (f[40] | f[41]) == 0 };
	h->l3_error = emu_sum_fold64(emu_sum_piece(f + 14, 20)) != 0xffff;
	if (!h->udp_no_sum) {
		sum = emu_sum_add(emu_sum_piece(f + 26, 8),
				htobe16(f[23]) + (uint64_t)htobe16((uint16_t)l4_bytes));
		sum = emu_sum_add(sum, emu_sum_piece(f + 34, l4_bytes));
		h->l4_error = emu_sum_fold64(sum) != 0xffff;
	}
	p->rss_type = (uint8_t)(is_tcp ? EMU_RSS_IPV4_TCP : EMU_RSS_IPV4_UDP);
	p->is_checked = true;
	p->dmac_class = (uint8_t)emu_dmac_class(f);
	p->l234 = field_prep(EMU_RXBD_DMAC, p->dmac_class) |
	          (is_tcp ? field_prep(EMU_RXBD_L4ID, EMU_L4ID_TCP)
			  : field_prep(EMU_RXBD_L4ID, EMU_L4ID_UDP)) |
	          (h->l3_error ? EMU_RXBD_L3E : 0) | (h->l4_error ? EMU_RXBD_L4E : 0);
	p->base = EMU_RXBD_L3L4P | (h->udp_no_sum ? EMU_RXBD_UDP0 : 0);
	return true;
}

#endif
