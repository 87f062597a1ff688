/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hot path that all engines share: receive a burst, send a burst, count.
 *
 * Owner: the stream's lcore; nothing here is called by another thread while it polls.
 * Invariant, at any moment between two calls:
 *   rx_pkts == tx_pkts + sunk_pkts + full_pkts + aborted_pkts + drained_pkts + flushed_pkts +
 * nb_pend
 */
#ifndef TPF_STREAM_H
#define TPF_STREAM_H

#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "tpf.h"

/* One writer: a relaxed load and store are plain moves, and the main thread never reads half. */
static inline void
tpf_count_add(_Atomic uint64_t *count, uint64_t nb)
{
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + nb,
			memory_order_relaxed);
}

static inline uint64_t
tpf_count_get(const _Atomic uint64_t *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

/* Try again to send what waits. @return true if nothing waits any more (sent, or dropped by name)
 */
bool tpf_stream_retry(struct tpf_stream *fs);

/* Give up what waits and count it in @p count. */
void tpf_stream_drop_pending(struct tpf_stream *fs, _Atomic uint64_t *count);

/* Receive into fs->pkts; nothing while packets wait for the Tx ring. */
static inline uint16_t
tpf_stream_rx(struct tpf_stream *fs)
{
	uint16_t nb;

	if (unlikely(fs->nb_pend != 0) && !tpf_stream_retry(fs))
		return 0;
	nb = rte_eth_rx_burst(fs->rx_port, fs->rx_queue, fs->pkts, fs->burst_pkts);
	if (nb != 0)
		tpf_count_add(&fs->count.rx_pkts, nb);
	return nb;
}

/* Send fs->pkts[0 .. nb); what the ring has no room for waits for tpf_stream_retry(). */
static inline void
tpf_stream_tx(struct tpf_stream *fs, uint16_t nb)
{
	uint16_t sent = rte_eth_tx_burst(fs->tx_port, fs->tx_queue, fs->pkts, nb);

	tpf_count_add(&fs->count.tx_pkts, sent);
	if (unlikely(sent < nb)) {
		fs->pend_first = sent;
		fs->nb_pend = nb - sent;
		fs->pend_until_tsc = rte_rdtsc() + fs->retry_cycles;
		tpf_count_add(&fs->count.waits, 1);
	}
}

#endif
