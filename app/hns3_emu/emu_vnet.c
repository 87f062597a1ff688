/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums and segmentation that the kernel has left to the receiver; see emu_vnet.h. */
#include "emu_vnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "emu_parse_plain.h"

#define ADDR_BYTES 12 /* destination and source: tags stand behind */
#define TCP_FIN    0x01
#define TCP_PSH    0x08
#define TCP_CWR    0x80

/* The checksum of a sum of native-order words. */
static uint16_t
sum_finish(uint64_t sum)
{
	return (uint16_t)~emu_sum_fold64(sum);
}

/* Whether the unit is TCP right behind one IP header, with all headers in one piece. */
static bool
cut_prepare(struct emu_vnet *v, const struct virtio_net_hdr *hdr)
{
	uint16_t type;

	v->l3 = ADDR_BYTES + 2;
	if (v->len < v->l3 + 40)
		return false;
	type = emu_be16(v->bytes + ADDR_BYTES);
	if (type == 0x8100 || type == 0x88a8) { /* an inner tag, which is never kept apart */
		v->l3 += 4;
		type = emu_be16(v->bytes + ADDR_BYTES + 4);
	}
	v->is_v6 = type == 0x86dd;
	v->l4 = v->l3 + (v->is_v6 ? 40u : (v->bytes[v->l3] & 0xfu) * 4u);
	if ((type != 0x0800 && !v->is_v6) || v->bytes[v->l3 + (v->is_v6 ? 6 : 9)] != 6 ||
			hdr->csum_start != v->l4 || hdr->csum_offset != 16 || v->len < v->l4 + 20)
		return false;
	v->head_len = v->l4 + (v->bytes[v->l4 + 12] >> 4) * 4u;
	v->at = v->head_len;
	return v->head_len >= v->l4 + 20 && v->head_len < v->len &&
	       v->head_len <= EMU_VNET_HEAD_BYTES - 4 &&
	       v->head_len + v->mss >= EMU_FRAME_BYTES_MIN; /* only the last one may need padding */
}

int
emu_vnet_start(struct emu_vnet *v, const struct virtio_net_hdr *hdr, uint8_t *bytes, uint32_t len,
		const uint16_t *tag)
{
	uint16_t sum;

	*v = (struct emu_vnet){ .bytes = bytes, .len = len, .has_tag = tag != NULL };
	if (len < ADDR_BYTES + 2)
		return -EINVAL;
	if (tag) {
		v->tag[0] = htons(tag[0]);
		v->tag[1] = htons(tag[1]);
	}
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
			return 0;
		if (hdr->csum_start >= len || hdr->csum_offset + 2u > len - hdr->csum_start)
			return -EINVAL;
		/* the field holds the sum of the pseudo header; 0 would mean "none" in UDP */
		sum = sum_finish(emu_sum_piece(bytes + hdr->csum_start, len - hdr->csum_start))
		                      ?: 0xffff;
		memcpy(bytes + hdr->csum_start + hdr->csum_offset, &sum, 2);
		return 0;
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		v->mss = hdr->gso_size;
		return v->mss > 0 && cut_prepare(v, hdr) ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* Correct the headers in @p h of segment v->nb_cut, whose payload is @p len bytes at @p data. */
static void
segment_headers(const struct emu_vnet *v, uint8_t *h, const uint8_t *data, uint32_t len, bool last)
{
	uint8_t *ip = h + v->l3, *tcp = h + v->l4;
	uint32_t l4_len = v->head_len - v->l4 + len, seq;
	uint64_t l4_sum;
	uint16_t sum;

	if (v->is_v6) {
		emu_be16_put(ip + 4, l4_len);
	} else {
		emu_be16_put(ip + 2, v->l4 - v->l3 + l4_len);
		emu_be16_put(ip + 4, emu_be16(ip + 4) + v->nb_cut);
		emu_be16_put(ip + 10, 0);
		sum = sum_finish(emu_sum_piece(ip, v->l4 - v->l3));
		memcpy(ip + 10, &sum, 2);
	}
	memcpy(&seq, tcp + 4, 4);
	seq = htonl(ntohl(seq) + (v->at - v->head_len));
	memcpy(tcp + 4, &seq, 4);
	if (!last)
		tcp[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (v->nb_cut > 0)
		tcp[13] &= (uint8_t)~TCP_CWR;
	emu_be16_put(tcp + 16, 0);
	l4_sum = emu_sum_add(emu_sum_piece(data, len), emu_sum_piece(tcp, v->head_len - v->l4));
	l4_sum = emu_sum_add(l4_sum, emu_sum_piece(ip + (v->is_v6 ? 8 : 12), v->is_v6 ? 32 : 8));
	sum = sum_finish(emu_sum_add(l4_sum, htobe16(6) + (uint64_t)htobe32(l4_len)));
	memcpy(tcp + 16, &sum, 2);
}

bool
emu_vnet_next(struct emu_vnet *v, struct emu_frame *frame, uint8_t *head)
{
	uint32_t from = v->at, part = v->len - v->at, head_len = v->mss ? v->head_len : ADDR_BYTES;

	if (v->at == v->len)
		return false;
	if (v->mss && part > v->mss)
		part = v->mss;
	v->at += part;
	if (!v->mss && !v->has_tag) { /* as it is */
		if (v->len < EMU_FRAME_BYTES_MIN) {
			memset(v->bytes + v->len, 0, EMU_FRAME_BYTES_MIN - v->len);
			part = EMU_FRAME_BYTES_MIN;
		}
		frame->len_bytes = part;
		frame->nb_segs = 1;
		frame->seg[0] = (struct iovec){ v->bytes, part };
		return true;
	}
	memcpy(head, v->bytes, head_len);
	if (v->mss) {
		v->at = from; /* of this segment */
		segment_headers(v, head, v->bytes + from, part, from + part == v->len);
		v->at = from + part;
		v->nb_cut++;
	} else {
		from = ADDR_BYTES;
		part -= ADDR_BYTES;
	}
	if (v->has_tag) {
		memmove(head + ADDR_BYTES + 4, head + ADDR_BYTES, head_len - ADDR_BYTES);
		memcpy(head + ADDR_BYTES, v->tag, 4);
		head_len += 4;
	}
	if (head_len + part < EMU_FRAME_BYTES_MIN) { /* there is room behind a short unit */
		uint32_t want = EMU_FRAME_BYTES_MIN - head_len;

		memset(v->bytes + from + part, 0, want - part);
		part = want;
	}
	frame->len_bytes = head_len + part;
	frame->nb_segs = 2;
	frame->seg[0] = (struct iovec){ head, head_len };
	frame->seg[1] = (struct iovec){ v->bytes + from, part };
	return true;
}
