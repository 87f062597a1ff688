/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode txonly: makes UDP frames of --txpkts and sends them as fast as the port takes them.
 *
 * A frame is laid out once per stream (the template, owned by the stream); every packet is a copy
 * of it, so all bytes on the wire are defined. With --txonly-multi-flow the low half of the source
 * address counts up, which spreads a receiver's RSS; the IPv4 checksum follows by one addition.
 */
#include <errno.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_memcpy.h>
#include <rte_udp.h>

#include "stream.h"

#define TX_SRC_IP   0xc6120000u /* 198.18.0.0, RFC 2544: addresses for benchmarks */
#define TX_DST_IP   0xc6120001u
#define TX_UDP_PORT 9 /* discard */

struct tx_headers {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
} __rte_packed __rte_aligned(2);

_Static_assert(sizeof(struct tx_headers) == 42, "Ethernet 14, IPv4 20, UDP 8");

struct txonly {
	uint16_t nb_segs;
	uint16_t seg_bytes[TPF_TX_SEGS_MAX];
	uint32_t frame_bytes;
	bool multi_flow;
	uint16_t next_flow;
	uint32_t ip_sum; /* ones' complement sum of the IPv4 header without the low source half */
	struct rte_mbuf *segs[TPF_BURST_MAX * TPF_TX_SEGS_MAX];
	uint8_t frame[TPF_FRAME_MAX] __rte_aligned(2);
};

/* The checksum of the template's header with @p src_low as the source address's low half. */
static uint16_t
flow_cksum(uint32_t ip_sum, uint16_t src_low)
{
	uint32_t sum = ip_sum + src_low;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return rte_cpu_to_be_16((uint16_t)~sum);
}

static void
template_make(struct txonly *tx, const struct tpf_stream *fs)
{
	struct tx_headers *h = (struct tx_headers *)tx->frame;
	uint32_t ip_bytes = tx->frame_bytes - sizeof(h->eth);

	h->eth.dst_addr = fs->dst_mac;
	h->eth.src_addr = fs->src_mac;
	h->eth.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	h->ip.version_ihl = RTE_IPV4_VHL_DEF;
	h->ip.total_length = rte_cpu_to_be_16((uint16_t)ip_bytes);
	h->ip.time_to_live = 64;
	h->ip.next_proto_id = IPPROTO_UDP;
	h->ip.src_addr = rte_cpu_to_be_32(TX_SRC_IP);
	h->ip.dst_addr = rte_cpu_to_be_32(TX_DST_IP);
	h->udp.src_port = rte_cpu_to_be_16(TX_UDP_PORT);
	h->udp.dst_port = rte_cpu_to_be_16(TX_UDP_PORT);
	h->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(ip_bytes - sizeof(h->ip)));
	/* udp.dgram_cksum stays 0: "no checksum" (RFC 768). */
	tx->ip_sum = (uint16_t)~rte_be_to_cpu_16(rte_ipv4_cksum(&h->ip));
	h->ip.hdr_checksum = flow_cksum(tx->ip_sum, 0);
	for (uint32_t i = sizeof(*h); i < tx->frame_bytes; i++)
		tx->frame[i] = (uint8_t)i;
}

static int
txonly_init(struct tpf_stream *fs, const struct tpf_opts *opts)
{
	struct txonly *tx = rte_zmalloc("tpf_txonly", sizeof(*tx), RTE_CACHE_LINE_SIZE);

	if (tx == NULL)
		return -ENOMEM;
	tx->nb_segs = opts->nb_tx_segs;
	memcpy(tx->seg_bytes, opts->tx_seg_bytes, sizeof(tx->seg_bytes));
	tx->frame_bytes = tpf_opts_tx_bytes(opts);
	tx->multi_flow = opts->multi_flow;
	template_make(tx, fs);
	fs->engine_data = tx;
	return 0;
}

/* Link @p seg[0 .. nb_segs) into one packet that holds a copy of the template. */
static struct rte_mbuf *
packet_make(struct txonly *tx, struct rte_mbuf **seg)
{
	struct rte_mbuf *head = seg[0];
	const uint8_t *from = tx->frame;

	for (uint16_t i = 0; i < tx->nb_segs; i++) {
		rte_memcpy(rte_pktmbuf_mtod(seg[i], void *), from, tx->seg_bytes[i]);
		seg[i]->data_len = tx->seg_bytes[i];
		seg[i]->next = i + 1 < tx->nb_segs ? seg[i + 1] : NULL;
		from += tx->seg_bytes[i];
	}
	head->nb_segs = tx->nb_segs;
	head->pkt_len = tx->frame_bytes;
	if (tx->multi_flow) {
		struct tx_headers *h = rte_pktmbuf_mtod(head, struct tx_headers *);
		uint16_t flow = tx->next_flow++;

		h->ip.src_addr = rte_cpu_to_be_32(TX_SRC_IP | flow);
		h->ip.hdr_checksum = flow_cksum(tx->ip_sum, flow);
	}
	return head;
}

static uint16_t
txonly_burst(struct tpf_stream *fs)
{
	struct txonly *tx = fs->engine_data;
	uint16_t nb = fs->burst_pkts;

	if (fs->nb_pend != 0 && !tpf_stream_retry(fs))
		return 0;
	if (rte_pktmbuf_alloc_bulk(fs->mp, tx->segs, (unsigned int)nb * tx->nb_segs) != 0) {
		tpf_count_add(&fs->count.no_mbuf, 1);
		/* The buffers that we miss may wait in the Tx ring to be reclaimed. */
		rte_eth_tx_done_cleanup(fs->tx_port, fs->tx_queue, 0);
		return 0;
	}
	for (uint16_t i = 0; i < nb; i++)
		fs->pkts[i] = packet_make(tx, &tx->segs[i * tx->nb_segs]);
	tpf_count_add(&fs->count.rx_pkts, nb);
	tpf_stream_tx(fs, nb);
	return nb;
}

static void
txonly_fini(struct tpf_stream *fs)
{
	rte_free(fs->engine_data);
	fs->engine_data = NULL;
}

const struct tpf_engine tpf_txonly_engine = {
	.name = "txonly",
	.transmits = true,
	.init = txonly_init,
	.burst = txonly_burst,
	.fini = txonly_fini,
};
