/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive: arming, decoding, and the two bursts. Invariants and threads: hns3_rxtx.h.
 *
 * A frame's verdicts come from its last BD (FE set); of the others only the size counts [2:1.5].
 * Everything the device says is checked before it is used as a length.
 */
#include "hns3_rxtx.h"

#include <errno.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include "hns3_hw.h"
#include "hns3_regs.h"

#define HNS3_L3_IPV4     0 /* [2:1.8] */
#define HNS3_L3_IPV6     1
#define HNS3_L3_ARP      2
#define HNS3_L3_IPV4_OPT 4
#define HNS3_L3_IPV6_EXT 5
#define HNS3_L3_LLDP     6

/* [2:1.8] codes without an entry are 0: unknown. */
static const uint32_t l3_ptype[16] = {
	[HNS3_L3_IPV4] = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4,
	[HNS3_L3_IPV6] = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV6,
	[HNS3_L3_ARP] = RTE_PTYPE_L2_ETHER_ARP,
	[HNS3_L3_IPV4_OPT] = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4_EXT,
	[HNS3_L3_IPV6_EXT] = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV6_EXT,
	[HNS3_L3_LLDP] = RTE_PTYPE_L2_ETHER_LLDP,
};
static const uint32_t l4_ptype[16] = { RTE_PTYPE_L4_UDP, RTE_PTYPE_L4_TCP, RTE_PTYPE_TUNNEL_GRE,
	RTE_PTYPE_L4_SCTP, RTE_PTYPE_L4_IGMP, RTE_PTYPE_L4_ICMP };
static const uint32_t inner_l3_ptype[16] = {
	[HNS3_L3_IPV4] = RTE_PTYPE_INNER_L2_ETHER | RTE_PTYPE_INNER_L3_IPV4,
	[HNS3_L3_IPV6] = RTE_PTYPE_INNER_L2_ETHER | RTE_PTYPE_INNER_L3_IPV6,
	[HNS3_L3_IPV4_OPT] = RTE_PTYPE_INNER_L2_ETHER | RTE_PTYPE_INNER_L3_IPV4_EXT,
	[HNS3_L3_IPV6_EXT] = RTE_PTYPE_INNER_L2_ETHER | RTE_PTYPE_INNER_L3_IPV6_EXT,
};
static const uint32_t inner_l4_ptype[16] = { RTE_PTYPE_INNER_L4_UDP, RTE_PTYPE_INNER_L4_TCP, 0,
	RTE_PTYPE_INNER_L4_SCTP, 0, RTE_PTYPE_INNER_L4_ICMP };
static const uint32_t tunnel_ptype[16] = { 0, RTE_PTYPE_L4_UDP | RTE_PTYPE_TUNNEL_GRENAT,
	RTE_PTYPE_TUNNEL_NVGRE };

static inline bool
l3_is_ip(uint32_t l3_id)
{
	return (1u << HNS3_L3_IPV4 | 1u << HNS3_L3_IPV6 | 1u << HNS3_L3_IPV4_OPT |
			       1u << HNS3_L3_IPV6_EXT) >>
	                       l3_id &
	       1;
}

uint32_t
hns3_rx_ptype(uint32_t l234, uint32_t ol)
{
	uint32_t l3 = FIELD_GET(HNS3_RXBD_L3_ID, l234), l4 = FIELD_GET(HNS3_RXBD_L4_ID, l234);
	uint32_t tunnel = tunnel_ptype[FIELD_GET(HNS3_RXBD_OL4_ID, ol)];

	if (tunnel != 0)
		return tunnel | l3_ptype[FIELD_GET(HNS3_RXBD_OL3_ID, ol)] | inner_l3_ptype[l3] |
		       inner_l4_ptype[l4];
	return l3_is_ip(l3) ? l3_ptype[l3] | l4_ptype[l4] : l3_ptype[l3];
}

/* Give @p m to the next bare BD. */
static inline void
bd_arm(struct hns3_rxq *q, struct rte_mbuf *m, rte_iova_t iova)
{
	struct hns3_rx_bd *bd = &q->ring[q->rearm];

	q->sw[q->rearm] = m;
	bd->addr_le = rte_cpu_to_le_64(iova + RTE_PKTMBUF_HEADROOM);
	bd->base_le = 0;
	if (++q->rearm == q->nb_desc)
		q->rearm = 0;
}

/* The next @p nb, or none: mbufs of a paired pool lie in rows, and their buffers too. */
static inline bool
try_arm_paired(struct hns3_rxq *q, uint16_t nb)
{
	struct ppool_run runs[HNS3_RX_REFILL_BDS];
	unsigned int nb_runs = ppool_pktmbuf_alloc_runs(q->paired, q->holder, runs, nb);

	for (unsigned int r = 0; r < nb_runs; r++) {
		struct rte_mbuf *m = runs[r].first;
		rte_iova_t iova = runs[r].iova;

		for (uint32_t i = 0; i < runs[r].nb; i++) {
			bd_arm(q, m, iova);
			m = RTE_PTR_ADD(m, q->mbuf_stride);
			iova += q->frag_bytes;
		}
	}
	return nb_runs != 0;
}

/* The same with mbufs of any pool. */
static inline bool
try_arm_any(struct hns3_rxq *q, uint16_t nb)
{
	struct rte_mbuf *bufs[HNS3_RX_REFILL_BDS];

	if (rte_mempool_get_bulk(q->mp, (void **)bufs, nb) != 0)
		return false;
	if (q->is_inplace)
		for (uint16_t i = 0; i < nb; i++)
			bd_arm(q, bufs[i],
					(rte_iova_t)((int64_t)(uintptr_t)bufs[i] + q->iova_delta));
	else
		for (uint16_t i = 0; i < nb; i++)
			bd_arm(q, bufs[i], rte_mbuf_iova_get(bufs[i]));
	return true;
}

static inline bool
try_arm(struct hns3_rxq *q, uint16_t nb)
{
	return q->paired != NULL ? try_arm_paired(q, nb) : try_arm_any(q, nb);
}

uint16_t
hns3_rx_arm(struct hns3_rxq *q, uint16_t nb)
{
	uint16_t want = RTE_MIN(RTE_MIN(nb, q->nb_bare), (uint16_t)HNS3_RX_REFILL_BDS), got = want;

	if (!try_arm(q, want)) {
		/*
		 * An exhausted pool: while enough BDs are armed, wait for a whole batch; else take
		 * what there is, so that the ring can neither run dry for good nor starve.
		 */
		q->count[HNS3_RX_ALLOC_FAILED]++;
		if (q->nb_desc - q->nb_bare >= 2 * HNS3_RX_REFILL_BDS)
			return 0;
		for (got = 0; got < want; got++)
			if (!try_arm(q, 1))
				break;
	}
	q->nb_bare -= got;
	return got;
}

/* Called by every burst, also by those that found no frame: that is what revives a bare ring. */
static inline void
refill(struct hns3_rxq *q)
{
	uint16_t nb = 0, got;

	while (q->nb_bare >= HNS3_RX_REFILL_BDS) {
		got = hns3_rx_arm(q, HNS3_RX_REFILL_BDS);
		nb += got;
		if (got < HNS3_RX_REFILL_BDS)
			break;
	}
	if (nb != 0)
		hns3_doorbell(q->db_reg, nb);
}

/* Take the buffer out of the BD at `next`, which becomes bare. */
static inline struct rte_mbuf *
bd_strip(struct hns3_rxq *q)
{
	struct rte_mbuf *m = q->sw[q->next];

	q->sw[q->next] = NULL;
	if (++q->next == q->nb_desc)
		q->next = 0;
	q->nb_bare++;
	rte_prefetch0_write(q->sw[q->next]);
	return m;
}

/* Checksum verdicts [2:5.3]; claims "good" only for what the parser names. */
static inline uint64_t
csum_flags(struct hns3_rxq *q, uint32_t l234, uint32_t base)
{
	uint32_t l3 = FIELD_GET(HNS3_RXBD_L3_ID, l234), l4 = FIELD_GET(HNS3_RXBD_L4_ID, l234);
	uint64_t flags = 0;

	if (!(base & HNS3_RXBD_L3L4P) || !l3_is_ip(l3))
		return 0;
	if (l234 & HNS3_RXBD_L3E) {
		flags |= RTE_MBUF_F_RX_IP_CKSUM_BAD;
		q->count[HNS3_RX_L3_CSUM_ERRORS]++;
	} else if (l3 == HNS3_L3_IPV4 || l3 == HNS3_L3_IPV4_OPT) {
		flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	}
	if (l234 & HNS3_RXBD_L4E) {
		flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
		q->count[HNS3_RX_L4_CSUM_ERRORS]++;
	} else if (l4 == 0 || l4 == 1 || l4 == 3) { /* UDP, TCP, SCTP */
		flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	}
	if (l234 & HNS3_RXBD_OL3E)
		flags |= RTE_MBUF_F_RX_OUTER_IP_CKSUM_BAD;
	if (l234 & HNS3_RXBD_OL4E)
		flags |= RTE_MBUF_F_RX_OUTER_L4_CKSUM_BAD;
	return flags;
}

/* A fresh mbuf's header. EXTERNAL stays: the buffer of such an mbuf is not behind it. */
static inline void
mbuf_init(const struct hns3_rxq *q, struct rte_mbuf *m, uint16_t bytes)
{
	memcpy(&m->rearm_data, &q->rearm_data, sizeof(q->rearm_data));
	m->ol_flags = q->knows_flags ? q->buf_flags : m->ol_flags & RTE_MBUF_F_EXTERNAL;
	m->data_len = bytes;
	m->next = NULL;
}

/* What the last BD says about the frame, into its first mbuf. */
static inline void
mbuf_finish(struct hns3_rxq *q, struct rte_mbuf *m, const struct hns3_rx_bd *bd, uint32_t l234,
		uint32_t base)
{
	uint64_t flags = csum_flags(q, l234, base);

	if (l3_is_ip(FIELD_GET(HNS3_RXBD_L3_ID, l234)))
		flags |= q->hash_flag;
	m->ol_flags |= flags;
	m->hash.rss = rte_le_to_cpu_32(bd->rss_hash_le);
	m->packet_type = hns3_rx_ptype(l234, rte_le_to_cpu_32(bd->ol_le));
	m->vlan_tci = 0;
	q->count[HNS3_RX_PKTS]++;
	q->count[HNS3_RX_BYTES] += m->pkt_len;
}

/* Counter of a frame that must be dropped [2:5.4], or 0 (HNS3_RX_PKTS) for a good one. */
static inline enum hns3_rx_count
frame_fault(uint32_t l234, uint32_t pkt_len)
{
	if (likely(!(l234 & (HNS3_RXBD_L2E | HNS3_RXBD_TRUNCATE)) && pkt_len != 0))
		return HNS3_RX_PKTS;
	return l234 & HNS3_RXBD_L2E ? HNS3_RX_L2_ERRORS : HNS3_RX_PKT_LEN_ERRORS;
}

/* One BD per frame; a longer frame is dropped and counted at its last BD, where the length is. */
uint16_t
hns3_rx_burst_simple(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct hns3_rxq *q = queue;
	uint16_t nb = 0;

	while (nb < nb_pkts && q->nb_bare < q->nb_desc) {
		const struct hns3_rx_bd *bd = &q->ring[q->next];
		uint32_t base = hns3_bd_take(&bd->base_le);
		uint32_t l234, len, pkt_len, fault;
		struct rte_mbuf *m;

		if (!(base & HNS3_RXBD_VLD))
			break;
		m = bd_strip(q);
		if (unlikely(!(base & HNS3_RXBD_FE))) {
			rte_mempool_put(m->pool, m);
			continue;
		}
		l234 = rte_le_to_cpu_32(bd->l234_le);
		len = rte_le_to_cpu_32(bd->len_le);
		pkt_len = FIELD_GET(HNS3_RXBD_PKT_LEN, len);
		fault = frame_fault(l234, pkt_len);
		if (fault == 0 && (pkt_len > q->buf_bytes ||
						  FIELD_GET(HNS3_RXBD_SIZE, len) != pkt_len))
			fault = HNS3_RX_BD_ERRORS;
		if (unlikely(fault != 0)) {
			q->count[fault]++;
			rte_mempool_put(m->pool, m);
			continue;
		}
		mbuf_init(q, m, (uint16_t)pkt_len);
		m->pkt_len = pkt_len;
		mbuf_finish(q, m, bd, l234, base);
		pkts[nb++] = m;
	}
	refill(q);
	return nb;
}

/* Free what there is of the frame; its remaining BDs are skipped. */
static void
chain_spoil(struct hns3_rxq *q)
{
	rte_pktmbuf_free(q->chain_head);
	q->chain_head = NULL;
	q->chain_bad = true;
}

/* Append one buffer to the frame in progress. */
static inline void
chain_append(struct hns3_rxq *q, struct rte_mbuf *m, uint32_t bytes)
{
	if (unlikely(q->chain_bad || bytes == 0 || bytes > q->buf_bytes)) {
		rte_mempool_put(m->pool, m);
		if (!q->chain_bad)
			chain_spoil(q);
		return;
	}
	mbuf_init(q, m, (uint16_t)bytes);
	if (q->chain_head == NULL) {
		q->chain_head = m;
		q->chain_bytes = bytes;
	} else {
		q->chain_tail->next = m;
		q->chain_bytes += bytes;
		if (unlikely(++q->chain_head->nb_segs > HNS3_RX_MAX_CHAIN_BDS)) {
			chain_spoil(q);
			return;
		}
	}
	q->chain_tail = m;
}

uint16_t
hns3_rx_burst_scattered(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct hns3_rxq *q = queue;
	uint16_t nb = 0;

	while (nb < nb_pkts && q->nb_bare < q->nb_desc) {
		const struct hns3_rx_bd *bd = &q->ring[q->next];
		uint32_t base = hns3_bd_take(&bd->base_le);
		uint32_t l234, len, pkt_len, fault;
		struct rte_mbuf *head;

		if (!(base & HNS3_RXBD_VLD))
			break;
		len = rte_le_to_cpu_32(bd->len_le);
		chain_append(q, bd_strip(q), FIELD_GET(HNS3_RXBD_SIZE, len));
		if (!(base & HNS3_RXBD_FE))
			continue;
		l234 = rte_le_to_cpu_32(bd->l234_le);
		pkt_len = FIELD_GET(HNS3_RXBD_PKT_LEN, len);
		fault = frame_fault(l234, pkt_len);
		if (fault == 0 && (q->chain_bad || pkt_len != q->chain_bytes))
			fault = HNS3_RX_BD_ERRORS;
		head = q->chain_head;
		q->chain_head = NULL;
		q->chain_bad = false;
		if (unlikely(fault != 0)) {
			q->count[fault]++;
			rte_pktmbuf_free(head);
			continue;
		}
		head->pkt_len = pkt_len;
		mbuf_finish(q, head, bd, l234, base);
		pkts[nb++] = head;
	}
	refill(q);
	return nb;
}

/* The BD @p offset behind the next one to be received. */
int
hns3_rx_desc_status(void *queue, uint16_t offset)
{
	struct hns3_rxq *q = queue;
	uint32_t at = (uint32_t)q->next + offset;

	if (offset >= q->nb_desc)
		return -EINVAL;
	if (offset >= q->nb_desc - q->nb_bare)
		return RTE_ETH_RX_DESC_UNAVAIL;
	at -= at >= q->nb_desc ? q->nb_desc : 0;
	return hns3_bd_peek(&q->ring[at].base_le) & HNS3_RXBD_VLD ? RTE_ETH_RX_DESC_DONE
	                                                          : RTE_ETH_RX_DESC_AVAIL;
}

/* BDs that hold received data. */
hns3_bd_count
hns3_rx_queue_count(void *queue)
{
	uint16_t nb = 0;

	while (hns3_rx_desc_status(queue, nb) == RTE_ETH_RX_DESC_DONE)
		nb++;
	return nb;
}
