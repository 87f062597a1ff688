/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the first BD of a frame asks for, and the rules that a driver has to keep with it [2:2]
 * [2:3.2] [2:6]. Each refusal is a rule of doc/driver-rules.md. Data thread.
 */
#include "emu_tx.h"

#include <endian.h>
#include <string.h>

#define PROTO_UDP 17u

bool
emu_tx_refuse(struct emu_dev *dev, unsigned int q, enum emu_violation v, const char *detail)
{
	emu_dev_violation(dev, v, detail);
	dev->drops[EMU_DROP_TX_VIOLATION]++;
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_BD_ERR, (uint32_t)v + 1);
	return false;
}

/* The request with its reader: what every check needs. */
struct ask {
	struct emu_dev *dev;
	struct emu_tx_job *job;
	uint32_t paylen, len; /* len: of the frame as given */
};

static bool
refuse(const struct ask *a, enum emu_violation v, const char *detail)
{
	return emu_tx_refuse(a->dev, a->job->q, v, detail);
}

/* Codes and bits without a meaning [2:2.2] .. [2:2.5]. */
static bool
reserved_check(const struct ask *a)
{
	const struct emu_tx_job *job = a->job;

	if (job->bits_are_reserved)
		return refuse(a, EMU_V_TX_RESERVED, "reserved bits of a BD's flags are set");
	if (job->ol & EMU_TXBD_MACSEC ||
			(!job->is_simple &&
					FIELD_GET(EMU_TXBD_TUNTYPE, job->ol) > EMU_TX_TUN_NVGRE) ||
			a->paylen & EMU_TXBD_PAYLEN_RESERVED ||
			le16toh(job->first.mss_le) & EMU_TXBD_MSS_RESERVED)
		return refuse(a, EMU_V_TX_RESERVED,
				"a reserved code or bit is in the first BD's control words");
	return true;
}

/* Number of BDs and of bytes [2:3.2]. */
static bool
size_check(const struct ask *a)
{
	const struct emu_tx_job *job = a->job;
	bool is_tso = job->cs & EMU_TXBD_TSO && !job->is_simple;

	if (job->nb_bds > (is_tso ? EMU_TX_BDS_TSO_MAX : emu_tx_bds_max(a->dev)))
		return refuse(a, EMU_V_TX_TOO_MANY_BDS, "a frame has more BDs than allowed");
	if (a->len < 14)
		return refuse(a, EMU_V_TX_TOO_SHORT, "a frame is shorter than its Ethernet header");
	if (!is_tso && a->len + 4 > a->dev->nic->max_frame_bytes) {
		a->dev->nic->mac_stats[EMU_MAC_TX_OVERSIZE]++;
		return refuse(a, EMU_V_TX_TOO_LONG,
				"a frame is longer than the maximum frame size");
	}
	return true;
}

/* Features that a capability bit has to offer [2:0]. */
static bool
caps_check(const struct ask *a)
{
	const struct emu_tx_job *job = a->job;
	uint64_t caps = a->dev->cfg.caps;

	if (job->is_simple)
		return caps & EMU_CAP_SIMPLE_BD ||
		       refuse(a, EMU_V_TX_CAPABILITY,
				       "a simple checksum is asked for without capability bit 5");
	if (a->paylen & EMU_TXBD_OL4CS && !(caps & EMU_CAP_UDP_TUNNEL_CSUM))
		return refuse(a, EMU_V_TX_CAPABILITY,
				"an outer UDP checksum is asked for without capability bit 11");
	if (job->cs & EMU_TXBD_TSO && FIELD_GET(EMU_TXBD_L4T, job->cs) == EMU_TX_L4T_UDP &&
			!(caps & EMU_CAP_UDP_GSO))
		return refuse(a, EMU_V_TX_CAPABILITY,
				"UDP segmentation is asked for without capability bit 0");
	return true;
}

/* Copy the headers, @p bytes of them. */
static bool
head_copy(const struct ask *a, uint32_t bytes)
{
	struct emu_tx_job *job = a->job;
	uint32_t first3 = 0;

	if (bytes < EMU_TX_PEEK_BYTES)
		bytes = a->len < EMU_TX_PEEK_BYTES ? a->len : EMU_TX_PEEK_BYTES;
	if (bytes > a->len)
		return refuse(a, EMU_V_TX_HEADERS, "headers are said to be longer than the frame");
	if (bytes > EMU_TX_HEAD_BYTES)
		return refuse(a, EMU_V_TX_HEADER_SIZE, "there are more than 512 bytes of headers");
	for (uint32_t i = 0; i < 3 && i < job->in.nb_segs; i++)
		first3 += (uint32_t)job->in.seg[i].iov_len;
	if (job->mss && bytes > first3)
		return refuse(a, EMU_V_TX_HEADER_SIZE,
				"headers of a TSO frame are not within its first three BDs");
	emu_frame_copy(&job->in, 0, job->head, bytes);
	job->head_bytes = bytes;
	return true;
}

/* Whether what lies at ip->l3 is such an IP header, ip->l4 - ip->l3 long. */
static bool
ip_is_there(const struct emu_tx_job *job, const struct emu_tx_ip *ip)
{
	uint32_t bytes = ip->l4 - ip->l3;

	if (ip->is_v4)
		return bytes >= 20 && bytes <= 60 && job->head[ip->l3] == 0x40 + bytes / 4;
	return bytes >= 40 && job->head[ip->l3] >> 4 == 6;
}

/* Where the IP packet ends, by its own length. */
static uint32_t
ip_end(const struct emu_tx_job *job, const struct emu_tx_ip *ip)
{
	const uint8_t *h = job->head + ip->l3;

	return ip->l3 + (ip->is_v4 ? emu_be16(h + 2) : 40u + emu_be16(h + 4));
}

static uint32_t
l4_bytes(uint8_t l4t)
{
	return l4t == EMU_TX_L4T_TCP ? 20 : l4t == EMU_TX_L4T_UDP ? 8 : 12;
}

/* Offsets and checksums of both IP headers as the first BD tells them; nothing is read yet. */
static bool
tunnel_decode(const struct ask *a)
{
	struct emu_tx_job *job = a->job;
	uint32_t ol3t = FIELD_GET(EMU_TXBD_OL3T, job->ol),
		 tun = FIELD_GET(EMU_TXBD_TUNTYPE, job->ol);
	bool ol4cs = a->paylen & EMU_TXBD_OL4CS;

	if (!ol3t && !tun && !ol4cs)
		return true;
	if (!ol3t || !tun)
		return refuse(a, EMU_V_TX_TUNNEL, "outer layer 3 type and tunnel type go together");
	if (ol4cs && tun != EMU_TX_TUN_UDP)
		return refuse(a, EMU_V_TX_TUNNEL,
				"an outer UDP checksum is asked for without a UDP tunnel");
	job->has_outer = true;
	job->outer.l3 = FIELD_GET(EMU_TXBD_OL2LEN, job->ol) * 2;
	job->outer.l4 = job->outer.l3 + FIELD_GET(EMU_TXBD_OL3LEN, job->ol) * 4;
	job->outer.is_v4 = ol3t != EMU_TX_OL3T_IPV6;
	job->outer.l3_sum = ol3t == EMU_TX_OL3T_IPV4_SUM;
	job->outer.l4_sum = ol4cs;
	job->outer.l4t = tun == EMU_TX_TUN_UDP ? EMU_TX_L4T_UDP : 0;
	if (job->outer.l3 < 14)
		return refuse(a, EMU_V_TX_HEADERS, "the outer layer 2 header is too short");
	return true;
}

static void
inner_decode(const struct ask *a)
{
	struct emu_tx_job *job = a->job;
	uint32_t base = job->has_outer ? job->outer.l4 + FIELD_GET(EMU_TXBD_OL4LEN, job->ol) * 4
	                               : 0;

	job->ip.l3 = base + FIELD_GET(EMU_TXBD_L2LEN, job->cs) * 2;
	job->ip.l4 = job->ip.l3 + FIELD_GET(EMU_TXBD_L3LEN, job->cs) * 4;
	job->ip.is_v4 = FIELD_GET(EMU_TXBD_L3T, job->cs) == EMU_TX_L3T_IPV4;
	job->ip.l3_sum = job->cs & EMU_TXBD_L3CS;
	job->ip.l4_sum = job->cs & EMU_TXBD_L4CS;
	job->ip.l4t = (uint8_t)FIELD_GET(EMU_TXBD_L4T, job->cs);
}

/* Which layers are asked for, and whether such requests exist [2:6.3]. */
static bool
layers_check(const struct ask *a)
{
	const struct emu_tx_job *job = a->job;
	uint32_t l3t = FIELD_GET(EMU_TXBD_L3T, job->cs);

	if (job->mss && (!job->ip.l4_sum || job->ip.l4t == EMU_TX_L4T_SCTP))
		return refuse(a, EMU_V_TX_TSO,
				"TSO goes with a TCP (or UDP) checksum request only");
	if (job->ip.l3_sum && !job->ip.is_v4)
		return refuse(a, EMU_V_TX_LAYERS,
				"an IPv4 header checksum is asked for, but the layer 3 type is not "
				"IPv4");
	if (job->ip.l4_sum && (l3t == 0 || l3t == 3 || job->ip.l4t == 0))
		return refuse(a, EMU_V_TX_LAYERS,
				"a layer 4 checksum is asked for without layer 3 and 4 types");
	if ((job->ip.l3_sum || job->ip.l4_sum) && job->ip.l3 < 14)
		return refuse(a, EMU_V_TX_HEADERS, "the layer 2 header is too short");
	return true;
}

/* Bytes of headers that have to be in one piece for what is asked for. */
static uint32_t
head_need(const struct emu_tx_job *job)
{
	uint32_t need = 0;

	if (job->has_outer && (job->outer.l3_sum || job->outer.l4_sum))
		need = job->outer.l4 + (job->outer.l4_sum ? 8 : 0);
	if (job->mss)
		return job->ip.l4 + FIELD_GET(EMU_TXBD_L4LEN, job->cs) * 4;
	if (job->ip.l4_sum)
		return job->ip.l4 + l4_bytes(job->ip.l4t);
	return job->ip.l3_sum ? job->ip.l4 : need;
}

/* The outer headers, which were copied. */
static bool
outer_check(const struct ask *a)
{
	const struct emu_tx_job *job = a->job;
	const struct emu_tx_ip *o = &job->outer;

	if (!ip_is_there(job, o))
		return refuse(a, EMU_V_TX_HEADERS,
				"where the outer IP header should be there is something else");
	if (o->l4t == EMU_TX_L4T_UDP && job->ip.l3 < o->l4 + 8)
		return refuse(a, EMU_V_TX_HEADERS, "the outer layer 4 header is too short");
	if (o->is_v4 && o->l4t == EMU_TX_L4T_UDP && job->head[o->l3 + 9] != PROTO_UDP)
		return refuse(a, EMU_V_TX_HEADERS, "the outer header is not UDP's");
	if (!job->mss && (o->l3_sum || o->l4_sum) &&
			(ip_end(job, o) > a->len || ip_end(job, o) < o->l4 + (o->l4_sum ? 8 : 0)))
		return refuse(a, EMU_V_TX_IP_LENGTH, "the outer IP length does not fit the frame");
	if (job->mss && o->l4t == EMU_TX_L4T_UDP && !o->l4_sum &&
			(job->head[o->l4 + 6] | job->head[o->l4 + 7]) != 0)
		return refuse(a, EMU_V_TX_OUTER_UDP_SUM,
				"a TSO frame has an outer UDP checksum that nobody renews");
	return true;
}

/* Ports of which revision 0x21 takes the UDP checksum for a tunnel's [2:0]. */
static bool
port_is_special(const uint8_t *udp)
{
	uint32_t port = emu_be16(udp + 2);

	return port == 4789 || port == 4790 || port == 6081;
}

/* The inner, or only, headers, which were copied. */
static bool
inner_check(const struct ask *a)
{
	const struct emu_tx_job *job = a->job;
	const struct emu_tx_ip *ip = &job->ip;

	if (!ip_is_there(job, ip))
		return refuse(a, EMU_V_TX_HEADERS,
				"where the IP header should be there is something else");
	if (!job->mss && (ip_end(job, ip) > a->len ||
					 ip_end(job, ip) < ip->l4 + (ip->l4_sum ? l4_bytes(ip->l4t)
										: 0)))
		return refuse(a, EMU_V_TX_IP_LENGTH, "the IP length does not fit the frame");
	if (ip->l4_sum && ip->l4t == EMU_TX_L4T_UDP && !job->has_outer &&
			a->dev->cfg.revision < 0x30 && port_is_special(job->head + ip->l4))
		return refuse(a, EMU_V_TX_UDP_PORT,
				"a UDP checksum to a tunnel's port is asked for at revision 0x21");
	return true;
}

/* Any eight (revision 0x21) BDs in a row have to hold more than a segment [2:3.7]. */
static bool
spread_is_right(const struct ask *a)
{
	const struct emu_frame *in = &a->job->in;
	uint32_t n = emu_tx_bds_max(a->dev), sum = 0;

	for (uint32_t i = 0; i < in->nb_segs; i++) {
		sum += (uint32_t)in->seg[i].iov_len;
		if (i + 1 < n || in->nb_segs <= n)
			continue;
		if (i + 1 == n ? sum < a->job->mss + a->job->head_bytes : sum <= a->job->mss)
			return false;
		sum -= (uint32_t)in->seg[i + 1 - n].iov_len;
	}
	return true;
}

static bool
tso_check(const struct ask *a)
{
	struct emu_tx_job *job = a->job;
	const struct emu_nic *nic = a->dev->nic;
	uint32_t payload = FIELD_GET(EMU_TXBD_PAYLEN, a->paylen),
		 l4_len = FIELD_GET(EMU_TXBD_L4LEN, job->cs) * 4, longest;

	if (job->ip.l4t == EMU_TX_L4T_UDP ? l4_len != 8
					  : l4_len < 20 || job->head[job->ip.l4 + 12] >> 4 !=
									    l4_len / 4)
		return refuse(a, EMU_V_TX_HEADERS,
				"the layer 4 header of a TSO frame is not as long");
	if (job->mss < nic->tso_mss_min || job->mss > nic->tso_mss_max)
		return refuse(a, EMU_V_TX_MSS, "the MSS is outside the limits of command 0x0C01");
	if (payload + job->head_bytes != a->len)
		return refuse(a, EMU_V_TX_PAYLEN,
				"headers and PAYLEN of a TSO frame are not what its BDs hold");
	if (!spread_is_right(a))
		return refuse(a, EMU_V_TX_SPREAD,
				"a TSO frame has too little data in consecutive BDs");
	longest = job->head_bytes + (payload < job->mss ? payload : job->mss);
	if (longest + 4 > nic->max_frame_bytes) {
		a->dev->nic->mac_stats[EMU_MAC_TX_OVERSIZE]++;
		return refuse(a, EMU_V_TX_TOO_LONG,
				"segments are longer than the maximum frame size");
	}
	job->nb_frames = payload <= job->mss ? 1 : (payload + job->mss - 1) / job->mss;
	/* lengths and numbers in the headers change: so do their sums [2:6.6] */
	job->ip.l3_sum = job->ip.is_v4;
	job->outer.l3_sum = job->outer.is_v4;
	return true;
}

/* Checksum from a place to the end of the frame [2:2.6] [2:6.6]. */
static bool
simple_make(const struct ask *a)
{
	struct emu_tx_job *job = a->job;

	job->ip.l4 = FIELD_GET(EMU_TXBD_CSUM_START, job->cs) * 2;
	job->sum_at = job->ip.l4 + FIELD_GET(EMU_TXBD_CSUM_OFFSET, job->ol) * 2;
	if (job->sum_at + 2 > a->len || job->ip.l4 < 14)
		return refuse(a, EMU_V_TX_SIMPLE,
				"start or field of a simple checksum is outside the frame");
	return head_copy(a, job->sum_at + 2);
}

static bool
offloads_make(const struct ask *a)
{
	struct emu_tx_job *job = a->job;

	if (!tunnel_decode(a))
		return false;
	inner_decode(a);
	if (!layers_check(a) || !head_copy(a, head_need(job)))
		return false;
	if (job->has_outer && (job->mss || job->outer.l3_sum || job->outer.l4_sum) &&
			!outer_check(a))
		return false;
	if ((job->mss || job->ip.l3_sum || job->ip.l4_sum) && !inner_check(a))
		return false;
	return !job->mss || tso_check(a);
}

bool
emu_tx_job_make(struct emu_dev *dev, struct emu_tx_job *job)
{
	struct ask a = { dev, job, le32toh(job->first.paylen_le), job->in.len_bytes };
	uint32_t mss_word = le16toh(job->first.mss_le);
	bool has_tag;

	job->cs = le32toh(job->first.type_cs_le);
	job->ol = le32toh(job->first.ol_type_le);
	job->is_simple = mss_word & EMU_TXBD_CKST;
	job->mss = 0;
	job->has_outer = false;
	job->ip = job->outer = (struct emu_tx_ip){ 0 };
	job->nb_frames = 1;
	if (!reserved_check(&a) || !size_check(&a) || !caps_check(&a))
		return false;
	if (job->cs & EMU_TXBD_TSO && !job->is_simple) {
		job->mss = FIELD_GET(EMU_TXBD_MSS, mss_word);
		if (job->mss == 0)
			return refuse(&a, EMU_V_TX_MSS, "the MSS of a TSO frame is 0");
	}
	if (job->is_simple ? !simple_make(&a) : !offloads_make(&a))
		return false;
	has_tag = job->cs & EMU_TXBD_VLAN || job->ol & EMU_TXBD_OVLAN;
	job->is_short = a.len < (has_tag && job->has_outer ? 65u : 33u);
	return emu_tx_tags_make(dev, job);
}
