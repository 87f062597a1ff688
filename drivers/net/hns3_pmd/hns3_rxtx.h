/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rings and their queues. Reading order: this file, hns3_rx.c, hns3_tx.c, hns3_queue.c.
 *
 * Rx ring, positions modulo nb_desc: [rearm, next) are bare BDs (no buffer, nb_bare of them), the
 * others are armed and belong to the device or hold a frame that waits at `next`. Bare BDs still
 * show the VALID bit of their last frame, so nb_bare < nb_desc is tested before a BD is looked at.
 * Tx ring: [next_clean, next_use) are with the device or done (VALID 0), nb_free + that = nb - 1.
 *
 * Threads: one per queue for the hot path; setup, start, stop and release only while it is parked.
 * Counters are written by the queue's thread and read by any.
 */
#ifndef HNS3_RXTX_H
#define HNS3_RXTX_H

#include <stdbool.h>
#include <stdint.h>

#include <ethdev_driver.h>
#include <rte_mbuf.h>

#include <ppool.h>

#include "hns3_compat.h"
#include "hns3_desc.h"

#define HNS3_RX_REFILL_BDS 32 /* buffers per bulk get */
#define HNS3_TX_CLEAN_BDS  32 /* BDs per reclaim step */

enum hns3_rx_count {
	HNS3_RX_PKTS,
	HNS3_RX_BYTES,
	HNS3_RX_L2_ERRORS,      /* dropped: the device marked the frame bad */
	HNS3_RX_PKT_LEN_ERRORS, /* dropped: truncated, or length 0 */
	HNS3_RX_BD_ERRORS,      /* dropped: lengths or BDs that contradict each other */
	HNS3_RX_STOP_DROPS,     /* dropped: in the ring when the port was stopped */
	HNS3_RX_L3_CSUM_ERRORS, /* delivered */
	HNS3_RX_L4_CSUM_ERRORS, /* delivered */
	HNS3_RX_ALLOC_FAILED,   /* events, no frame lost */
	HNS3_RX_NB_COUNTS
};

enum hns3_tx_count {
	HNS3_TX_PKTS, /* handed to the device */
	HNS3_TX_BYTES,
	HNS3_TX_SEGS_DROPS,   /* dropped: does not fit into 8 BDs, or segments in simple mode */
	HNS3_TX_LENGTH_DROPS, /* dropped: empty, or longer than the device can send */
	HNS3_TX_PAD_DROPS,    /* dropped: too short, and no room to pad */
	HNS3_TX_ALLOC_DROPS,  /* dropped: no mbuf to linearise into */
	HNS3_TX_STOP_DROPS,   /* counted as handed over, unsent when the port was stopped */
	HNS3_TX_LINEARISED,   /* handed over as a copy in fewer segments */
	HNS3_TX_NB_COUNTS
};

struct hns3_rxq {
	struct hns3_rx_bd *ring;
	struct rte_mbuf **sw; /* buffer of each armed BD, NULL for bare ones */
	rte_iova_t ring_iova;
	uint8_t *db_reg;
	struct rte_mempool *mp;
	uint64_t rearm_data;          /* data_off, refcnt 1, nb_segs 1, port */
	uint64_t hash_flag;           /* RTE_MBUF_F_RX_RSS_HASH while RSS is on */
	int64_t iova_delta;           /* is_inplace: buffer IOVA = mbuf address + this */
	struct ppool_pktmbuf *paired; /* frag mode: the pool is a paired one; else NULL */
	ppool_holder holder;          /* what the pages of its buffers are listed under */
	uint32_t mbuf_stride;         /* paired: from mbuf to mbuf of a run, */
	uint32_t frag_bytes;          /* and from buffer to buffer */
	uint64_t buf_flags;           /* ol_flags of an mbuf that has just come from the pool */
	bool knows_flags;             /* buf_flags holds for all; else each mbuf is asked */
	bool is_inplace;              /* proved for every mbuf of the pool at setup */
	bool is_hip09;
	uint16_t nb_desc;
	uint16_t next;
	uint16_t rearm;
	uint16_t nb_bare;
	uint16_t buf_bytes;
	uint16_t queue_id;
	uint16_t port_id;
	/* Frame that is not complete yet; chain_bad: only its end is awaited. */
	struct rte_mbuf *chain_head;
	struct rte_mbuf *chain_tail;
	uint32_t chain_bytes;
	bool chain_bad;
	uint64_t count[HNS3_RX_NB_COUNTS];
	uint64_t count_base[HNS3_RX_NB_COUNTS]; /* as of the last statistics reset */
};

struct hns3_txq {
	struct hns3_tx_bd *ring;
	struct rte_mbuf **sw; /* segment of each BD, NULL when reclaimed */
	rte_iova_t ring_iova;
	uint8_t *db_reg;
	uint16_t nb_desc;
	uint16_t next_use;
	uint16_t next_clean;
	uint16_t nb_free;
	uint16_t queue_id;
	uint16_t port_id;
	bool is_fast_free;
	bool is_single; /* frames of one segment only */
	uint64_t count[HNS3_TX_NB_COUNTS];
	uint64_t count_base[HNS3_TX_NB_COUNTS];
};

uint16_t hns3_rx_burst_simple(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t hns3_rx_burst_scattered(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t hns3_tx_burst_simple(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t hns3_tx_burst_general(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);

/* Arm up to @p nb bare BDs; returns how many. No doorbell. */
uint16_t hns3_rx_arm(struct hns3_rxq *q, uint16_t nb);
/* ethdev's descriptor status and queue count; any thread that owns the queue. */
int hns3_rx_desc_status(void *queue, uint16_t offset);
int hns3_tx_desc_status(void *queue, uint16_t offset);
hns3_bd_count hns3_rx_queue_count(void *queue);
uint32_t hns3_rx_ptype(uint32_t l234, uint32_t ol);
/* Reclaim up to @p max finished BDs. */
uint16_t hns3_tx_reclaim(struct hns3_txq *q, uint16_t max);

/* All eight words of a BD; the word with VALID last. */
static inline void
hns3_tx_bd_write(struct hns3_tx_bd *bd, rte_iova_t iova, uint16_t bytes, uint32_t flags)
{
	bd->addr_le = rte_cpu_to_le_64(iova);
	bd->size_vlan_le = rte_cpu_to_le_32((uint32_t)bytes << 16);
	bd->type_cs_le = 0;
	bd->outer_vlan_le = 0;
	bd->ol_type_le = 0;
	bd->paylen_le = 0;
	/* [TXBD-R] the other words and the buffer are there for who sees VALID; the partner,
	 * [TXBD-A], is the device's read of this word. Else it sends what the ring held before. */
	__atomic_store_n(&bd->flags_le, rte_cpu_to_le_32(flags), __ATOMIC_RELEASE);
}

#endif
