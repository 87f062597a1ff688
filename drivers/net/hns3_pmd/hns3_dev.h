/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port's private data and the functions its files share.
 *
 * Threads: the control path is one thread at a time (ethdev's contract); the interrupt thread uses
 * cmdq, the link and nothing else; statistics may come from any thread.
 */
#ifndef HNS3_DEV_H
#define HNS3_DEV_H

#include <bus_pci_driver.h>
#include <ethdev_driver.h>

#include "hns3_cmdq.h"
#include "hns3_compat.h"
#include "hns3_fw.h"
#include "hns3_rxtx.h"

#define HNS3_NB_MACS 64

struct hns3_dev {
	struct rte_pci_device *pci;
	struct rte_eth_dev_data *data;
	uint8_t *bar;
	struct hns3_cmdq cmdq;
	struct hns3_fw_resources res;
	struct hns3_fw_config cfg;
	const struct rte_memzone *fake_ring; /* 64 zero BDs for missing halves [2:8.1] */
	struct rte_ether_addr mac;           /* the default address, as in the device's table */
	uint64_t imissed;
	uint32_t fw_version;
	uint32_t mac_space;
	uint32_t port_mbps;
	uint16_t nb_queues; /* the larger of Rx and Tx, as started */
	uint8_t revision;
	bool has_link_events;
	bool is_running; /* the device may use our memory: from ring start to confirmed reset */
	bool mac_in_table;
};

static inline struct hns3_dev *
hns3_dev_of(const struct rte_eth_dev *dev)
{
	return dev->data->dev_private;
}

/* hns3_pf.c: probe-time setup, interrupt, link */
int hns3_pf_init(struct rte_eth_dev *dev);
void hns3_pf_fini(struct rte_eth_dev *dev);
int hns3_pf_mtu_apply(struct hns3_dev *hns3, uint16_t mtu);
int hns3_link_update(struct rte_eth_dev *dev, int wait_to_complete);

/* hns3_rss.c */
int hns3_rss_apply(struct rte_eth_dev *dev);
uint64_t hns3_rss_types(void);

/* hns3_queue.c */
int hns3_rx_queue_setup(struct rte_eth_dev *dev, uint16_t idx, uint16_t nb_desc,
		unsigned int socket_id, const struct rte_eth_rxconf *conf, struct rte_mempool *mp);
int hns3_tx_queue_setup(struct rte_eth_dev *dev, uint16_t idx, uint16_t nb_desc,
		unsigned int socket_id, const struct rte_eth_txconf *conf);
void hns3_rx_queue_release(struct rte_eth_dev *dev, uint16_t idx);
void hns3_tx_queue_release(struct rte_eth_dev *dev, uint16_t idx);
int hns3_tx_done_cleanup(void *queue, uint32_t free_cnt);
void hns3_rxq_info_get(struct rte_eth_dev *dev, uint16_t idx, struct rte_eth_rxq_info *info);
void hns3_txq_info_get(struct rte_eth_dev *dev, uint16_t idx, struct rte_eth_txq_info *info);
int hns3_rings_start(struct rte_eth_dev *dev);
void hns3_rings_enable(struct hns3_dev *hns3, bool on);
void hns3_rings_clear(struct rte_eth_dev *dev);

/* hns3_stats.c */
int hns3_stats_get(HNS3_STATS_PARAMS);
int hns3_stats_reset(struct rte_eth_dev *dev);
int hns3_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int nb);
int hns3_xstats_get_names(
		struct rte_eth_dev *dev, struct rte_eth_xstat_name *names, unsigned int nb);

#endif
