/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ethdev face: PCI driver, device operations, life cycle (probe, configure, start, stop,
 * close). Order of start and stop: [1:9.2], [1:9.3], [2:8.1]. Next: hns3_pf.c for the device,
 * hns3_queue.c for the rings. Primary process only.
 */
#include <errno.h>
#include <stdio.h>

#include <rte_bus_pci.h>
#include <rte_malloc.h>

#include <ethdev_pci.h>

#include "hns3_dev.h"
#include "hns3_log.h"
#include "hns3_regs.h"

RTE_LOG_REGISTER(hns3_logtype, pmd.net.hns3_pmd, NOTICE)

#define HNS3_RX_OFFLOADS                                                                           \
	(RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_RSS_HASH | RTE_ETH_RX_OFFLOAD_CHECKSUM)
#define HNS3_TX_OFFLOADS (RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE)

static int
hns3_infos_get(struct rte_eth_dev *dev, struct rte_eth_dev_info *info)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	uint32_t nb = RTE_MIN(hns3->res.nb_tqps, (uint32_t)HNS3_PF_MAX_QUEUES);
	const struct rte_eth_desc_lim lim = {
		.nb_max = HNS3_RING_MAX_BDS,
		.nb_min = HNS3_RING_MIN_BDS,
		.nb_align = HNS3_RING_BDS_ALIGN,
		.nb_seg_max = HNS3_TX_MAX_BDS,
		.nb_mtu_seg_max = HNS3_TX_MAX_BDS,
	};

	info->max_rx_queues = (uint16_t)nb;
	info->max_tx_queues = (uint16_t)nb;
	info->max_rx_pktlen = HNS3_FRAME_MAX_BYTES;
	info->min_rx_bufsize = 512;
	info->max_mac_addrs = HNS3_NB_MACS;
	info->min_mtu = RTE_ETHER_MIN_MTU;
	info->max_mtu = HNS3_FRAME_MAX_BYTES - HNS3_FRAME_OVERHEAD;
	info->rx_offload_capa = HNS3_RX_OFFLOADS;
	info->tx_offload_capa = HNS3_TX_OFFLOADS;
	info->flow_type_rss_offloads = hns3_rss_types();
	info->reta_size = HNS3_RSS_NB_ENTRIES;
	info->hash_key_size = HNS3_RSS_KEY_BYTES;
	info->rx_desc_lim = lim;
	info->tx_desc_lim = lim;
	info->speed_capa = rte_eth_speed_bitflag(hns3->port_mbps, 0);
	info->default_rxportconf.ring_size = 1024;
	info->default_txportconf.ring_size = 1024;
	info->default_rxportconf.burst_size = 32;
	info->default_txportconf.burst_size = 32;
	info->default_rxportconf.nb_queues = 1;
	info->default_txportconf.nb_queues = 1;
	info->default_rxconf.rx_free_thresh = HNS3_RX_REFILL_BDS;
	info->default_rxconf.rx_drop_en = 1;
	info->default_txconf.tx_rs_thresh = HNS3_TX_CLEAN_BDS;
	return 0;
}

static int
hns3_configure(struct rte_eth_dev *dev)
{
	const struct rte_eth_conf *conf = &dev->data->dev_conf;

	if (conf->link_speeds & RTE_ETH_LINK_SPEED_FIXED || conf->intr_conf.rxq ||
			conf->lpbk_mode != 0 ||
			(conf->rxmode.mq_mode & ~RTE_ETH_MQ_RX_RSS_FLAG) != 0 ||
			conf->txmode.mq_mode != RTE_ETH_MQ_TX_NONE) {
		HNS3_LOG(ERR, "fixed speed, Rx interrupts, loopback, DCB, VMDq: not supported");
		return -ENOTSUP;
	}
	if (conf->rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG)
		dev->data->dev_conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
	return hns3_pf_mtu_apply(hns3_dev_of(dev), dev->data->mtu);
}

/* Simple bursts whenever every frame fits into one buffer and nobody asked for segments. */
static void
bursts_choose(struct rte_eth_dev *dev)
{
	const struct rte_eth_conf *conf = &dev->data->dev_conf;
	bool scattered = conf->rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER;

	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++) {
		const struct hns3_rxq *q = dev->data->rx_queues[i];

		if (dev->data->mtu + HNS3_FRAME_OVERHEAD > q->buf_bytes)
			scattered = true;
	}
	dev->data->scattered_rx = scattered;
	dev->rx_pkt_burst = scattered ? hns3_rx_burst_scattered : hns3_rx_burst_simple;
	dev->tx_pkt_burst = conf->txmode.offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS
	                                    ? hns3_tx_burst_general
	                                    : hns3_tx_burst_simple;
}

/* The library and applications skip queues that are not marked started. */
static void
queue_states_set(struct rte_eth_dev *dev, uint8_t state)
{
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++)
		dev->data->rx_queue_state[i] = state;
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++)
		dev->data->tx_queue_state[i] = state;
}

/* Silence the device and take all buffers back; they stay lost if it does not confirm. */
static int
rings_stop(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	int ret;

	ret = hns3_fw_queues_reset(&hns3->cmdq, hns3->nb_queues);
	if (ret != 0) {
		HNS3_LOG(ERR, "%s: queues not confirmed quiet (%d): their memory is given up",
				dev->data->name, ret);
		return ret;
	}
	hns3->is_running = false;
	hns3_rings_clear(dev);
	return 0;
}

static int
hns3_start(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	struct hns3_cmdq *q = &hns3->cmdq;
	int ret = 0;

	if (hns3->is_running)
		return -EIO; /* a stop that was never confirmed */
	hns3->nb_queues = RTE_MAX(dev->data->nb_rx_queues, dev->data->nb_tx_queues);
	for (uint16_t i = 0; i < hns3->nb_queues && ret == 0; i++)
		ret = hns3_tm_queue_link(q, i);
	ret = ret ? ret : hns3_fw_queues_reset(q, hns3->nb_queues);
	ret = ret ? ret : hns3_rss_apply(dev);
	if (ret != 0)
		return ret;
	hns3->is_running = true;
	ret = hns3_rings_start(dev);
	if (ret != 0)
		goto stop_rings;
	ret = hns3_fw_mac_mode_set(q, true);
	if (ret != 0)
		goto stop_rings;
	ret = hns3_fw_mac_add(q, &hns3->mac);
	if (ret != 0)
		goto stop_mac;
	hns3->mac_in_table = true;
	bursts_choose(dev);
	hns3_rings_enable(hns3, true);
	queue_states_set(dev, RTE_ETH_QUEUE_STATE_STARTED);
	hns3_link_update(dev, 0);
	return 0;

stop_mac:
	hns3_fw_mac_mode_set(q, false);
stop_rings:
	HNS3_LOG(ERR, "%s: start failed: %d", dev->data->name, ret);
	rings_stop(dev);
	return ret;
}

static int
hns3_stop(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	struct rte_eth_link link = { .link_status = RTE_ETH_LINK_DOWN };
	struct hns3_cmdq *q = &hns3->cmdq;

	dev->data->dev_started = 0;
	dev->rx_pkt_burst = rte_eth_pkt_burst_dummy;
	dev->tx_pkt_burst = rte_eth_pkt_burst_dummy;
	queue_states_set(dev, RTE_ETH_QUEUE_STATE_STOPPED);
	hns3_rings_enable(hns3, false);
	hns3_fw_mac_mode_set(q, false);
	for (unsigned int i = 0; i < HNS3_NB_MACS; i++)
		if (!rte_is_zero_ether_addr(&dev->data->mac_addrs[i]))
			hns3_fw_mac_remove(q, &dev->data->mac_addrs[i]);
	hns3->mac_in_table = false;
	rings_stop(dev);
	rte_eth_linkstatus_set(dev, &link);
	return 0;
}

static int
hns3_close(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return 0;
	if (dev->data->dev_started)
		hns3_stop(dev);
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++)
		hns3_rx_queue_release(dev, i);
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++)
		hns3_tx_queue_release(dev, i);
	if (hns3->fake_ring != NULL && !hns3->is_running)
		rte_eth_dma_zone_free(dev, "hns3_fake", 0);
	hns3_pf_fini(dev);
	return 0;
}

static int
hns3_promiscuous_enable(struct rte_eth_dev *dev)
{
	return hns3_fw_promisc_set(&hns3_dev_of(dev)->cmdq, 0, true, true, true);
}

static int
hns3_promiscuous_disable(struct rte_eth_dev *dev)
{
	return hns3_fw_promisc_set(
			&hns3_dev_of(dev)->cmdq, 0, false, dev->data->all_multicast, true);
}

static int
hns3_allmulticast_enable(struct rte_eth_dev *dev)
{
	return hns3_fw_promisc_set(&hns3_dev_of(dev)->cmdq, 0, dev->data->promiscuous, true, true);
}

static int
hns3_allmulticast_disable(struct rte_eth_dev *dev)
{
	bool promisc = dev->data->promiscuous;

	return hns3_fw_promisc_set(&hns3_dev_of(dev)->cmdq, 0, promisc, promisc, true);
}

/* The bursts are chosen at start: a running port cannot grow beyond its Rx buffers. */
static int
hns3_mtu_set(struct rte_eth_dev *dev, uint16_t mtu)
{
	if (dev->data->dev_started && !dev->data->scattered_rx) {
		for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++) {
			const struct hns3_rxq *q = dev->data->rx_queues[i];

			if (mtu + HNS3_FRAME_OVERHEAD > q->buf_bytes) {
				HNS3_LOG(ERR, "MTU %u needs scattered Rx: stop the port first",
						mtu);
				return -EBUSY;
			}
		}
	}
	return hns3_pf_mtu_apply(hns3_dev_of(dev), mtu);
}

static int
hns3_mac_addr_set(struct rte_eth_dev *dev, struct rte_ether_addr *mac)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	struct hns3_cmdq *q = &hns3->cmdq;
	int ret = 0;

	if (hns3->mac_in_table && !rte_is_same_ether_addr(mac, &hns3->mac)) {
		ret = hns3_fw_mac_add(q, mac);
		ret = ret ? ret : hns3_fw_mac_remove(q, &hns3->mac);
	}
	ret = ret ? ret : hns3_tm_pause_param_set(q, mac);
	if (ret == 0)
		rte_ether_addr_copy(mac, &hns3->mac);
	return ret;
}

static int
hns3_mac_addr_add(struct rte_eth_dev *dev, struct rte_ether_addr *mac, uint32_t idx, uint32_t vmdq)
{
	RTE_SET_USED(idx);
	RTE_SET_USED(vmdq);
	if (rte_is_multicast_ether_addr(mac))
		return -ENOTSUP;
	return hns3_fw_mac_add(&hns3_dev_of(dev)->cmdq, mac);
}

static void
hns3_mac_addr_remove(struct rte_eth_dev *dev, uint32_t idx)
{
	int ret = hns3_fw_mac_remove(&hns3_dev_of(dev)->cmdq, &dev->data->mac_addrs[idx]);

	if (ret != 0)
		HNS3_LOG(ERR, "%s: address %u not removed: %d", dev->data->name, idx, ret);
}

static int
hns3_fw_version_op(struct rte_eth_dev *dev, char *text, size_t size)
{
	uint32_t v = hns3_dev_of(dev)->fw_version;
	int nb = snprintf(text, size, "%u.%u.%u.%u", v >> 24, v >> 16 & 0xff, v >> 8 & 0xff,
			v & 0xff);

	if (nb < 0)
		return -EINVAL;
	return (size_t)nb < size ? 0 : nb + 1;
}

static const uint32_t *
hns3_ptypes_get(HNS3_PTYPES_PARAMS)
{
	static const uint32_t ptypes[] = { RTE_PTYPE_L2_ETHER, RTE_PTYPE_L2_ETHER_ARP,
		RTE_PTYPE_L2_ETHER_LLDP, RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV4_EXT,
		RTE_PTYPE_L3_IPV6, RTE_PTYPE_L3_IPV6_EXT, RTE_PTYPE_L4_UDP, RTE_PTYPE_L4_TCP,
		RTE_PTYPE_L4_SCTP, RTE_PTYPE_L4_IGMP, RTE_PTYPE_L4_ICMP, RTE_PTYPE_TUNNEL_GRE,
		RTE_PTYPE_TUNNEL_NVGRE, RTE_PTYPE_TUNNEL_GRENAT, RTE_PTYPE_INNER_L2_ETHER,
		RTE_PTYPE_INNER_L3_IPV4, RTE_PTYPE_INNER_L3_IPV4_EXT, RTE_PTYPE_INNER_L3_IPV6,
		RTE_PTYPE_INNER_L3_IPV6_EXT, RTE_PTYPE_INNER_L4_UDP, RTE_PTYPE_INNER_L4_TCP,
		RTE_PTYPE_INNER_L4_SCTP, RTE_PTYPE_INNER_L4_ICMP, RTE_PTYPE_UNKNOWN };

	RTE_SET_USED(dev);
	HNS3_PTYPES_NB_SET(RTE_DIM(ptypes) - 1);
	return ptypes;
}

static int
hns3_rx_burst_mode(struct rte_eth_dev *dev, uint16_t idx, struct rte_eth_burst_mode *mode)
{
	RTE_SET_USED(idx);
	snprintf(mode->info, sizeof(mode->info), "%s",
			dev->rx_pkt_burst == hns3_rx_burst_scattered ? "Scalar Scattered"
								     : "Scalar Simple");
	return 0;
}

static int
hns3_tx_burst_mode(struct rte_eth_dev *dev, uint16_t idx, struct rte_eth_burst_mode *mode)
{
	RTE_SET_USED(idx);
	snprintf(mode->info, sizeof(mode->info), "%s",
			dev->tx_pkt_burst == hns3_tx_burst_general ? "Scalar General"
								   : "Scalar Simple");
	return 0;
}

static const struct eth_dev_ops hns3_ops = {
	.dev_configure = hns3_configure,
	.dev_start = hns3_start,
	.dev_stop = hns3_stop,
	.dev_close = hns3_close,
	.dev_infos_get = hns3_infos_get,
	.link_update = hns3_link_update,
	.promiscuous_enable = hns3_promiscuous_enable,
	.promiscuous_disable = hns3_promiscuous_disable,
	.allmulticast_enable = hns3_allmulticast_enable,
	.allmulticast_disable = hns3_allmulticast_disable,
	.mtu_set = hns3_mtu_set,
	.mac_addr_set = hns3_mac_addr_set,
	.mac_addr_add = hns3_mac_addr_add,
	.mac_addr_remove = hns3_mac_addr_remove,
	.stats_get = hns3_stats_get,
	.stats_reset = hns3_stats_reset,
	.xstats_get = hns3_xstats_get,
	.xstats_get_names = hns3_xstats_get_names,
	.xstats_reset = hns3_stats_reset,
	.rx_queue_setup = hns3_rx_queue_setup,
	.rx_queue_release = hns3_rx_queue_release,
	.tx_queue_setup = hns3_tx_queue_setup,
	.tx_queue_release = hns3_tx_queue_release,
	.tx_done_cleanup = hns3_tx_done_cleanup,
	.rxq_info_get = hns3_rxq_info_get,
	.txq_info_get = hns3_txq_info_get,
	.fw_version_get = hns3_fw_version_op,
	.dev_supported_ptypes_get = hns3_ptypes_get,
	.rx_burst_mode_get = hns3_rx_burst_mode,
	.tx_burst_mode_get = hns3_tx_burst_mode,
};

static int
hns3_dev_init(struct rte_eth_dev *dev)
{
	struct rte_pci_device *pci = RTE_ETH_DEV_TO_PCI(dev);
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -ENOTSUP;
	hns3->pci = pci;
	hns3->data = dev->data;
	hns3->bar = pci->mem_resource[HNS3_BAR_REGS].addr;
	if (hns3->bar == NULL || pci->mem_resource[HNS3_BAR_REGS].len < HNS3_BAR_REGS_MIN_BYTES) {
		HNS3_LOG(ERR, "%s: BAR 2 is not mapped or too small", dev->data->name);
		return -ENODEV;
	}
	if (rte_pci_read_config(pci, &hns3->revision, 1, HNS3_PCI_REVISION_OFF) != 1)
		return -EIO;
	dev->data->mac_addrs = rte_calloc("hns3_macs", HNS3_NB_MACS, sizeof(hns3->mac), 0);
	if (dev->data->mac_addrs == NULL)
		return -ENOMEM;
	ret = hns3_pf_init(dev);
	if (ret != 0) {
		rte_free(dev->data->mac_addrs);
		dev->data->mac_addrs = NULL;
		return ret;
	}
	if (!rte_is_valid_assigned_ether_addr(&hns3->cfg.mac))
		rte_eth_random_addr(hns3->cfg.mac.addr_bytes);
	rte_ether_addr_copy(&hns3->cfg.mac, &hns3->mac);
	rte_ether_addr_copy(&hns3->cfg.mac, &dev->data->mac_addrs[0]);
	rte_eth_copy_pci_info(dev, pci);
	dev->data->dev_flags |= RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	if (!hns3->has_link_events)
		dev->data->dev_flags &= ~RTE_ETH_DEV_INTR_LSC;
	dev->dev_ops = &hns3_ops;
	dev->rx_descriptor_status = hns3_rx_desc_status;
	dev->tx_descriptor_status = hns3_tx_desc_status;
	dev->rx_queue_count = hns3_rx_queue_count;
	dev->rx_pkt_burst = rte_eth_pkt_burst_dummy;
	dev->tx_pkt_burst = rte_eth_pkt_burst_dummy;
	return 0;
}

static int
hns3_pci_probe(struct rte_pci_driver *drv, struct rte_pci_device *pci)
{
	RTE_SET_USED(drv);
	return rte_eth_dev_pci_generic_probe(pci, sizeof(struct hns3_dev), hns3_dev_init);
}

static int
hns3_pci_remove(struct rte_pci_device *pci)
{
	return rte_eth_dev_pci_generic_remove(pci, hns3_close);
}

static const struct rte_pci_id hns3_ids[] = {
	{ RTE_PCI_DEVICE(HNS3_PCI_VENDOR, HNS3_PCI_PF_25GE_RDMA) },
	{ .vendor_id = 0 },
};

static struct rte_pci_driver hns3_driver = {
	.id_table = hns3_ids,
	.drv_flags = RTE_PCI_DRV_NEED_MAPPING | RTE_PCI_DRV_INTR_LSC,
	.probe = hns3_pci_probe,
	.remove = hns3_pci_remove,
};

RTE_PMD_REGISTER_PCI(net_hns3_pmd, hns3_driver);
RTE_PMD_REGISTER_PCI_TABLE(net_hns3_pmd, hns3_ids);
RTE_PMD_REGISTER_KMOD_DEP(net_hns3_pmd, "* igb_uio | vfio-pci");
