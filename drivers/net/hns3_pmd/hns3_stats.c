/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics. Each call that takes values reads the device's counter once: whoever emulates it
 * counts on that (doc/adr/0011). Packets and bytes are counted per queue in software; imissed comes
 * from the device and is cleared there by the query. A reset remembers the counters, it does not
 * write them: they belong to the queues' threads. Every frame dropped is in exactly one counter of
 * the tables.
 */
#include <errno.h>
#include <stdio.h>

#include <rte_string_fns.h>

#include "hns3_dev.h"
#include "hns3_hw.h"
#include "hns3_regs.h"

static const struct {
	const char *name;
	enum hns3_rx_count count;
} rx_names[] = {
	{ "rx_l2_errors", HNS3_RX_L2_ERRORS },
	{ "rx_pkt_len_errors", HNS3_RX_PKT_LEN_ERRORS },
	{ "rx_bd_errors", HNS3_RX_BD_ERRORS },
	{ "rx_stop_drops", HNS3_RX_STOP_DROPS },
	{ "rx_l3_checksum_errors", HNS3_RX_L3_CSUM_ERRORS },
	{ "rx_l4_checksum_errors", HNS3_RX_L4_CSUM_ERRORS },
	{ "rx_mbuf_alloc_failed", HNS3_RX_ALLOC_FAILED },
};

static const struct {
	const char *name;
	enum hns3_tx_count count;
} tx_names[] = {
	{ "tx_segment_drops", HNS3_TX_SEGS_DROPS },
	{ "tx_length_drops", HNS3_TX_LENGTH_DROPS },
	{ "tx_pad_drops", HNS3_TX_PAD_DROPS },
	{ "tx_mbuf_alloc_drops", HNS3_TX_ALLOC_DROPS },
	{ "tx_stop_drops", HNS3_TX_STOP_DROPS },
	{ "tx_linearised_packets", HNS3_TX_LINEARISED },
};

#define HNS3_NB_XSTATS (RTE_DIM(rx_names) + RTE_DIM(tx_names))

static uint64_t
rx_count(const struct hns3_rxq *q, enum hns3_rx_count i)
{
	return q == NULL ? 0 : q->count[i] - q->count_base[i];
}

static uint64_t
tx_count(const struct hns3_txq *q, enum hns3_tx_count i)
{
	return q == NULL ? 0 : q->count[i] - q->count_base[i];
}

static uint64_t
rx_sum(const struct rte_eth_dev *dev, enum hns3_rx_count i)
{
	uint64_t sum = 0;

	for (uint16_t idx = 0; idx < dev->data->nb_rx_queues; idx++)
		sum += rx_count(dev->data->rx_queues[idx], i);
	return sum;
}

static uint64_t
tx_sum(const struct rte_eth_dev *dev, enum hns3_tx_count i)
{
	uint64_t sum = 0;

	for (uint16_t idx = 0; idx < dev->data->nb_tx_queues; idx++)
		sum += tx_count(dev->data->tx_queues[idx], i);
	return sum;
}

/* Frames the device dropped since the last call [3:7.2]; a dead device adds none. */
static void
imissed_update(struct hns3_dev *hns3)
{
	uint32_t drops = 0;

	if (hns3_cmdq_is_dead(&hns3->cmdq))
		return;
	if (hns3->revision >= HNS3_REVISION_HIP09)
		drops = hns3_reg_read(hns3->bar, HNS3_REG_RPU_DROP);
	else
		hns3_fw_rpu_drops_get(&hns3->cmdq, &drops);
	hns3->imissed += drops;
}

static void
queues_stats_get(const struct rte_eth_dev *dev, hns3_queue_stats *queues)
{
	for (uint16_t i = 0; i < RTE_ETHDEV_QUEUE_STAT_CNTRS; i++) {
		if (i < dev->data->nb_rx_queues) {
			queues->q_ipackets[i] = rx_count(dev->data->rx_queues[i], HNS3_RX_PKTS);
			queues->q_ibytes[i] = rx_count(dev->data->rx_queues[i], HNS3_RX_BYTES);
		}
		if (i < dev->data->nb_tx_queues) {
			queues->q_opackets[i] = tx_count(dev->data->tx_queues[i], HNS3_TX_PKTS);
			queues->q_obytes[i] = tx_count(dev->data->tx_queues[i], HNS3_TX_BYTES);
		}
	}
}

int
hns3_stats_get(HNS3_STATS_PARAMS)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);

	imissed_update(hns3);
	stats->imissed = hns3->imissed;
	stats->ipackets = rx_sum(dev, HNS3_RX_PKTS);
	stats->ibytes = rx_sum(dev, HNS3_RX_BYTES);
	stats->ierrors = rx_sum(dev, HNS3_RX_L2_ERRORS) + rx_sum(dev, HNS3_RX_PKT_LEN_ERRORS) +
	                 rx_sum(dev, HNS3_RX_BD_ERRORS);
	stats->rx_nombuf = rx_sum(dev, HNS3_RX_ALLOC_FAILED);
	stats->opackets = tx_sum(dev, HNS3_TX_PKTS);
	stats->obytes = tx_sum(dev, HNS3_TX_BYTES);
	stats->oerrors = tx_sum(dev, HNS3_TX_SEGS_DROPS) + tx_sum(dev, HNS3_TX_LENGTH_DROPS) +
	                 tx_sum(dev, HNS3_TX_PAD_DROPS) + tx_sum(dev, HNS3_TX_ALLOC_DROPS);
	if (HNS3_STATS_QUEUES != NULL)
		queues_stats_get(dev, HNS3_STATS_QUEUES);
	return 0;
}

int
hns3_stats_reset(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);

	imissed_update(hns3);
	hns3->imissed = 0;
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++) {
		struct hns3_rxq *q = dev->data->rx_queues[i];

		if (q != NULL)
			memcpy(q->count_base, q->count, sizeof(q->count));
	}
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++) {
		struct hns3_txq *q = dev->data->tx_queues[i];

		if (q != NULL)
			memcpy(q->count_base, q->count, sizeof(q->count));
	}
	return 0;
}

int
hns3_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int nb)
{
	unsigned int at = 0;

	if (xstats == NULL || nb < HNS3_NB_XSTATS)
		return HNS3_NB_XSTATS;
	imissed_update(hns3_dev_of(dev));
	for (unsigned int i = 0; i < RTE_DIM(rx_names); i++, at++) {
		xstats[at].id = at;
		xstats[at].value = rx_sum(dev, rx_names[i].count);
	}
	for (unsigned int i = 0; i < RTE_DIM(tx_names); i++, at++) {
		xstats[at].id = at;
		xstats[at].value = tx_sum(dev, tx_names[i].count);
	}
	return HNS3_NB_XSTATS;
}

int
hns3_xstats_get_names(struct rte_eth_dev *dev, struct rte_eth_xstat_name *names, unsigned int nb)
{
	unsigned int at = 0;

	RTE_SET_USED(dev);
	if (names == NULL || nb < HNS3_NB_XSTATS)
		return HNS3_NB_XSTATS;
	for (unsigned int i = 0; i < RTE_DIM(rx_names); i++, at++)
		strlcpy(names[at].name, rx_names[i].name, sizeof(names[at].name));
	for (unsigned int i = 0; i < RTE_DIM(tx_names); i++, at++)
		strlcpy(names[at].name, tx_names[i].name, sizeof(names[at].name));
	return HNS3_NB_XSTATS;
}
