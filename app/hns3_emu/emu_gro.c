/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See emu_gro.h. What may be joined is not told by any driver [2:12]; the rules are those that
 * leave a stream's contents and every header field that is the same throughout recoverable: one
 * stream in sequence, equal headers but for lengths, identification and checksums, data only in
 * full segments but for the last one.
 */
#include "emu_gro.h"

#include <arpa/inet.h>
#include <string.h>

#include "emu_desc.h"

#define TCP_PSH 0x08u
#define TCP_ACK 0x10u
/* Places in headers. */
#define IP4_ID  4u
#define IP4_LEN 2u
#define IP4_SUM 10u
#define IP6_LEN 4u
#define TCP_SEQ 4u
#define TCP_FLG 13u
#define TCP_SUM 16u

/* Headers and data of a frame that is TCP at all; *data_bytes 0: without data. */
static uint32_t
head_and_data(const struct emu_parsed *p, uint32_t *data_bytes)
{
	const struct emu_headers *h = &p->h[0];
	const uint8_t *ip = p->head + h->l3;
	bool is_ipv6 = h->l3id == EMU_L3ID_IPV6;
	uint32_t end = h->l3 + (is_ipv6 ? 40u + emu_be16(ip + IP6_LEN) : emu_be16(ip + IP4_LEN));
	uint32_t head = h->l4 + (p->head[h->l4 + 12] >> 4) * 4u;

	*data_bytes = head >= h->l4 + 20u && head <= p->head_bytes && head < end ? end - head : 0;
	return head;
}

/* TCP over IP without options, whole and right, with data and with no flag but ACK and PSH. */
static uint32_t
candidate_head(const struct emu_parsed *p, uint32_t *data_bytes)
{
	const struct emu_headers *h = &p->h[0];

	*data_bytes = 0;
	if (p->nb_stacks != 1 || h->l4id != EMU_L4ID_TCP || h->l3_error || h->l4_error ||
			(h->l3id != EMU_L3ID_IPV4 && h->l3id != EMU_L3ID_IPV6) ||
			(p->head[h->l4 + TCP_FLG] & ~TCP_PSH) != TCP_ACK)
		return 0;
	return head_and_data(p, data_bytes);
}

/* Refer to bytes from..from+len-1 of @p frame behind what there is; false: too many pieces. */
static bool
pieces_add(struct emu_frame *out, const struct emu_frame *frame, uint32_t from, uint32_t len)
{
	uint32_t nb = out->nb_segs, left = len;

	for (uint32_t i = 0; i < frame->nb_segs && left > 0; i++) {
		uint32_t seg = (uint32_t)frame->seg[i].iov_len, part;

		if (from >= seg) {
			from -= seg;
			continue;
		}
		if (nb == EMU_FRAME_SEGS_MAX)
			return false;
		part = seg - from < left ? seg - from : left;
		out->seg[nb++] = (struct iovec){ (uint8_t *)frame->seg[i].iov_base + from, part };
		left -= part;
		from = 0;
	}
	out->nb_segs = nb;
	out->len_bytes += len;
	return true;
}

bool
emu_gro_start(struct emu_gro *g, const struct emu_frame *frame, const struct emu_parsed *p)
{
	const struct emu_headers *h = &p->h[0];
	uint32_t data, head = candidate_head(p, &data);

	if (data == 0)
		return false;
	g->head_bytes = (uint16_t)head;
	memcpy(g->head, p->head, head);
	g->out.nb_segs = 1;
	g->out.len_bytes = head;
	g->out.seg[0] = (struct iovec){ g->head, head };
	if (!pieces_add(&g->out, frame, head, data))
		return false;
	g->nb_segments = 1;
	g->mss = data;
	g->next_seq = emu_be32(p->head + h->l4 + TCP_SEQ) + data;
	g->l3 = h->l3;
	g->l4 = h->l4;
	g->is_ipv6 = h->l3id == EMU_L3ID_IPV6;
	g->is_closed = p->head[h->l4 + TCP_FLG] & TCP_PSH;
	g->id_is_fixed = false;
	return true;
}

/* Whether bytes from..to-1 are the same in both. */
static bool
is_same(const struct emu_gro *g, const struct emu_parsed *p, uint32_t from, uint32_t to)
{
	return memcmp(g->head + from, p->head + from, to - from) == 0;
}

/* The identification goes up by one, or stays; whichever, all along. */
static bool
id_fits(const struct emu_gro *g, const struct emu_parsed *p)
{
	uint16_t step = (uint16_t)(emu_be16(p->head + g->l3 + IP4_ID) -
				   emu_be16(g->head + g->l3 + IP4_ID));

	if (g->nb_segments == 1)
		return step <= 1;
	return step == (g->id_is_fixed ? 0 : g->nb_segments);
}

uint32_t
emu_gro_fits(const struct emu_gro *g, const struct emu_parsed *p)
{
	uint32_t data, head = candidate_head(p, &data), l3 = g->l3, l4 = g->l4;

	if (data == 0 || g->is_closed || head != g->head_bytes || p->h[0].l3 != l3 ||
			p->h[0].l4 != l4 || data > g->mss ||
			g->nb_segments == EMU_GRO_SEGMENTS_MAX ||
			g->out.len_bytes + data > EMU_GRO_BYTES_MAX ||
			emu_be32(p->head + l4 + TCP_SEQ) != g->next_seq)
		return 0;
	/* addresses, tags, version and class of service */
	if (!is_same(g, p, 0, l3 + IP4_LEN) || !is_same(g, p, l4, l4 + TCP_SEQ))
		return 0;
	if (g->is_ipv6 ? !is_same(g, p, l3 + 2, l3 + IP6_LEN) || !is_same(g, p, l3 + 6, l4)
		       : !id_fits(g, p) || !is_same(g, p, l3 + 6, l3 + IP4_SUM) ||
							!is_same(g, p, l3 + 12, l4))
		return 0;
	/* acknowledgement, header length; window; options */
	if (!is_same(g, p, l4 + 8, l4 + TCP_FLG) || !is_same(g, p, l4 + 14, l4 + TCP_SUM) ||
			!is_same(g, p, l4 + 18, head))
		return 0;
	return data;
}

bool
emu_gro_add(struct emu_gro *g, const struct emu_frame *frame, const struct emu_parsed *p,
		uint32_t data_bytes)
{
	bool pushes = p->head[g->l4 + TCP_FLG] & TCP_PSH;

	if (!pieces_add(&g->out, frame, g->head_bytes, data_bytes))
		return false;
	if (!g->is_ipv6 && g->nb_segments == 1)
		g->id_is_fixed = is_same(g, p, g->l3 + IP4_ID, g->l3 + IP4_ID + 2);
	g->head[g->l4 + TCP_FLG] |= pushes ? TCP_PSH : 0;
	g->is_closed = pushes || data_bytes < g->mss;
	g->next_seq += data_bytes;
	g->nb_segments++;
	return true;
}

void
emu_gro_finish(struct emu_gro *g)
{
	uint8_t *ip = g->head + g->l3, *tcp = g->head + g->l4;
	uint32_t total = g->out.len_bytes - g->l3, sum;

	if (g->is_ipv6) {
		emu_be16_put(ip + IP6_LEN, total - 40);
	} else {
		emu_be16_put(ip + IP4_LEN, total);
		emu_be16_put(ip + IP4_SUM, 0);
		emu_be16_put(ip + IP4_SUM,
				ntohs((uint16_t)~emu_frame_sum(&g->out, g->l3, g->l4, 0)));
	}
	emu_be16_put(tcp + TCP_SUM, 0);
	sum = emu_frame_sum(&g->out, g->l3 + (g->is_ipv6 ? 8u : 12u), g->l4, 0);
	sum += htons(6) + htons((uint16_t)(g->out.len_bytes - g->l4));
	sum = emu_frame_sum(&g->out, g->l4, g->out.len_bytes, emu_sum_fold(sum));
	emu_be16_put(tcp + TCP_SUM, ntohs((uint16_t)~sum));
}

uint32_t
emu_gro_bds_max(uint32_t buf_bytes)
{
	return buf_bytes >= 4096 ? 15 : buf_bytes >= 2048 ? 31 : 63;
}
