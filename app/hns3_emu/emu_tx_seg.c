/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of a Tx job: each is a copy of the headers, with what differs from segment to segment, the
 * tags and the checksums, in front of a piece of the payload where the client has it [2:6.6]. Data
 * thread.
 */
#include "emu_tx.h"

#include <endian.h>
#include <string.h>

#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

/* A frame being made. Offsets of the job count from @p h, except those within the addresses. */
struct making {
	const struct emu_tx_job *job;
	struct emu_frame *out;
	uint8_t *h;
	uint32_t shift; /* how far the tags have moved everything */
	uint32_t end;   /* of the frame as it would be without tags */
};

static void
be32_put(uint8_t *p, uint32_t val)
{
	emu_be16_put(p, val >> 16);
	emu_be16_put(p + 2, val & 0xffff);
}

/* Sums are in the order of the words in memory. In UDP a 0 means that there is none. */
static void
sum_put(uint8_t *at, uint32_t sum, bool zero_is_ffff)
{
	uint16_t val = (uint16_t)~sum;

	if (val == 0 && zero_is_ffff)
		val = 0xffff;
	memcpy(at, &val, sizeof(val));
}

static uint32_t
sum(const struct making *m, uint32_t from, uint32_t to, uint32_t start)
{
	return emu_frame_sum(m->out, m->shift + from, m->shift + to, start);
}

/* Pieces of the payload, from .. from + len of the frame as given, behind what @p out has. */
static void
payload_add(const struct emu_frame *in, uint32_t from, uint32_t len, struct emu_frame *out)
{
	for (uint32_t i = 0; len > 0 && i < in->nb_segs; i++) {
		uint32_t seg = (uint32_t)in->seg[i].iov_len, nb;

		if (from >= seg) {
			from -= seg;
			continue;
		}
		nb = seg - from < len ? seg - from : len;
		out->seg[out->nb_segs++] =
				(struct iovec){ (uint8_t *)in->seg[i].iov_base + from, nb };
		out->len_bytes += nb;
		len -= nb;
		from = 0;
	}
}

/* Lengths and IPv4's number in segment @p i. */
static void
ip_patch(const struct making *m, const struct emu_tx_ip *ip, uint32_t i)
{
	uint8_t *h = m->h + ip->l3;

	if (ip->is_v4) {
		emu_be16_put(h + 2, m->end - ip->l3);
		emu_be16_put(h + 4, emu_be16(h + 4) + i);
	} else {
		emu_be16_put(h + 4, m->end - ip->l3 - 40);
	}
	if (ip->l4t == EMU_TX_L4T_UDP)
		emu_be16_put(m->h + ip->l4 + 4, m->end - ip->l4);
}

static void
tcp_patch(const struct making *m, uint32_t i)
{
	uint8_t *h = m->h + m->job->ip.l4;

	be32_put(h + 4, emu_be32(h + 4) + i * m->job->mss);
	if (i + 1 < m->job->nb_frames)
		h[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (i > 0)
		h[13] &= (uint8_t)~TCP_CWR;
}

/* The layer 4 sum is made from scratch: its field may hold a pseudo-header sum or anything. */
static void
l4_sum_insert(const struct making *m, const struct emu_tx_ip *ip)
{
	const uint8_t *h = m->h + ip->l3;
	uint32_t end = ip->l3 + (ip->is_v4 ? emu_be16(h + 2) : 40u + emu_be16(h + 4)), addr,
		 addr_len, field, pseudo;

	if (ip->l4t == EMU_TX_L4T_SCTP) {
		uint32_t crc = htole32(emu_frame_crc32c(
				m->out, m->shift + ip->l4, m->shift + end, m->shift + ip->l4 + 8));

		memcpy(m->h + ip->l4 + 8, &crc, sizeof(crc));
		return;
	}
	field = ip->l4 + (ip->l4t == EMU_TX_L4T_TCP ? 16 : 6);
	addr = ip->l3 + (ip->is_v4 ? 12 : 8);
	addr_len = ip->is_v4 ? 8 : 32;
	memset(m->h + field, 0, 2);
	pseudo = sum(m, addr, addr + addr_len, 0) + htobe16(ip->l4t == EMU_TX_L4T_TCP ? 6 : 17) +
	         htobe16((uint16_t)(end - ip->l4));
	sum_put(m->h + field, sum(m, ip->l4, end, emu_sum_fold(pseudo)), ip->l4t == EMU_TX_L4T_UDP);
}

static void
sums_insert(const struct making *m, const struct emu_tx_ip *ip)
{
	if (ip->l4_sum)
		l4_sum_insert(m, ip);
	if (ip->l3_sum) {
		memset(m->h + ip->l3 + 10, 0, 2);
		sum_put(m->h + ip->l3 + 10, sum(m, ip->l3, ip->l4, 0), false);
	}
}

void
emu_tx_job_frame(const struct emu_tx_job *job, uint32_t i, struct emu_frame *out, uint8_t *buf)
{
	uint32_t rest = job->in.len_bytes - job->head_bytes - i * job->mss;
	uint32_t payload = job->mss && rest > job->mss ? job->mss : rest;
	struct making m = { job, out, buf + job->nb_tag_bytes, job->nb_tag_bytes,
		job->head_bytes + payload };
	uint32_t pad_at = job->nb_tag_bytes + job->head_bytes;

	memcpy(buf, job->head, 12);
	memcpy(buf + 12, job->tags, job->nb_tag_bytes);
	memcpy(m.h + 12, job->head + 12, job->head_bytes - 12);
	out->nb_segs = 1;
	out->seg[0] = (struct iovec){ buf, pad_at };
	out->len_bytes = pad_at;
	payload_add(&job->in, job->head_bytes + i * job->mss, payload, out);
	if (job->mss) {
		if (job->has_outer)
			ip_patch(&m, &job->outer, i);
		ip_patch(&m, &job->ip, i);
		if (job->ip.l4t == EMU_TX_L4T_TCP)
			tcp_patch(&m, i);
	}
	/* inner sums first: the outer layer 4 sum covers them */
	if (job->is_simple) {
		sum_put(m.h + job->sum_at, sum(&m, job->ip.l4, m.end, 0), true);
	} else {
		sums_insert(&m, &job->ip);
		sums_insert(&m, &job->outer);
	}
	if (out->len_bytes < EMU_FRAME_BYTES_MIN) {
		uint32_t pad = EMU_FRAME_BYTES_MIN - out->len_bytes;

		memset(buf + pad_at, 0, pad);
		out->seg[out->nb_segs++] = (struct iovec){ buf + pad_at, pad };
		out->len_bytes += pad;
	}
}
