/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser in front of the Rx rings: what is in a frame, and are its checksums right [2:1.3] ..
 * [2:1.9]. Data thread; no state.
 *
 * A frame has one stack of headers, or two where a tunnel carries an Ethernet frame. All offsets
 * are counted from the frame's first byte and were checked against head_bytes once; whoever follows
 * (RSS, flow director, GRO) reads at these offsets only.
 */
#ifndef EMU_PARSE_H
#define EMU_PARSE_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

#include <string.h>

#include "emu.h"

#define EMU_HEAD_BYTES   256 /* as far as headers are looked at */
#define EMU_RSS_NONE     0xffu
#define EMU_RSS_IPV4_TCP 0u
#define EMU_RSS_IPV4_UDP 1u

/* One stack of headers. */
struct emu_headers {
	uint16_t l2, l3, l4; /* offsets; l3, l4 0: there is none that can be looked at */
	uint16_t ether_type; /* behind the tags */
	uint16_t tci[2];     /* outermost first; 0 where there is no tag */
	uint8_t nb_tags;
	uint8_t l3id, l4id; /* as the Rx BD codes them [2:1.8] */
	uint8_t proto;      /* behind the IP headers; 0: none */
	bool is_frag, l3_error, l4_error, udp_no_sum;
};

struct emu_parsed {
	const uint8_t *head; /* the frame's first bytes in one piece: its own, or copy */
	uint16_t head_bytes;
	uint8_t dmac_class; /* 0 unicast, 1 multicast, 2 broadcast */
	uint8_t nb_stacks;  /* 2: h[1] is in a tunnel */
	uint8_t tunnel;     /* OL4ID [2:1.8]; 0: none */
	bool is_tunnel_mac; /* an Ethernet frame was recognised in the tunnel */
	bool is_checked;    /* L3L4P [2:1.5] */
	uint8_t rss_type;   /* index into the tuple bytes [3:4.3]; EMU_RSS_NONE */
	uint16_t tunnel_at; /* offset of the tunnel's own header */
	uint32_t l234;      /* word of the Rx BD, as far as the parser decides it [2:1.3] */
	uint32_t base;      /* likewise [2:1.5] */
	struct emu_headers h[2];
	uint8_t copy[EMU_HEAD_BYTES]; /* written only when the frame's first piece is short */
};

/* EtherTypes of VLAN tags: first and second of the frame, then of the one in a tunnel [3:2.7]. */
struct emu_tpids {
	uint16_t tpid[4];
};

void emu_parse(const struct emu_frame *frame, const struct emu_tpids *tpids,
		struct emu_parsed *out);

/* The headers that decide: those in the tunnel, if there is one. */
static inline const struct emu_headers *
emu_parsed_inner(const struct emu_parsed *p)
{
	return &p->h[p->nb_stacks - 1];
}

/* Word of the Rx BD about tunnels, or the packet type [2:1.4]. */
uint16_t emu_parsed_ol_info(const struct emu_parsed *p, bool adv_layout);
/* Packet type index of the advanced layout [2:1.9]. */
uint8_t emu_parsed_ptype(const struct emu_parsed *p);

static inline unsigned int
emu_dmac_class(const uint8_t *dmac)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (!(dmac[0] & 1))
		return 0;
	return memcmp(dmac, broadcast, 6) == 0 ? 2 : 1;
}

/* Sum of 16-bit words of bytes from..to-1 of the frame, folded, not complemented; native order of
 * network words. */
uint32_t emu_frame_sum(const struct emu_frame *frame, uint32_t from, uint32_t to, uint32_t sum);
/* CRC32c of the bytes, as SCTP wants it, with the 4 bytes at @p hole taken as 0. */
uint32_t emu_frame_crc32c(const struct emu_frame *frame, uint32_t from, uint32_t to, uint32_t hole);
/* Copy bytes; they must exist. */
void emu_frame_copy(const struct emu_frame *frame, uint32_t from, void *out, uint32_t len);

static inline uint16_t
emu_sum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static inline uint16_t
emu_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
emu_be32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, 4);
	return be32toh(word);
}

static inline void
emu_be16_put(uint8_t *p, uint32_t val)
{
	p[0] = (uint8_t)(val >> 8);
	p[1] = (uint8_t)val;
}

#endif
