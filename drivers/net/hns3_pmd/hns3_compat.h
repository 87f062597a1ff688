/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that depends on how one DPDK release calls a driver. Written for 22.11; built and tried with
 * 24.11 and 25.11 as well (test/compat/dpdk_releases.sh).
 */
#ifndef HNS3_COMPAT_H
#define HNS3_COMPAT_H

#include <ethdev_driver.h>
#include <rte_version.h>

/* Since 24.03 a list of packet types has a length, not an end; ours has both. */
#if RTE_VERSION < RTE_VERSION_NUM(24, 3, 0, 0)
#define HNS3_PTYPES_PARAMS     struct rte_eth_dev *dev
#define HNS3_PTYPES_NB_SET(nb) RTE_SET_USED(nb)
#else
#define HNS3_PTYPES_PARAMS     struct rte_eth_dev *dev, size_t *nb_ptypes
#define HNS3_PTYPES_NB_SET(nb) (*nb_ptypes = (nb))
#endif

/* Since 25.11 the counters of queues are a parameter of their own, or NULL. */
#if RTE_VERSION < RTE_VERSION_NUM(25, 11, 0, 0)
typedef struct rte_eth_stats hns3_queue_stats;
typedef uint32_t hns3_bd_count;
#define HNS3_STATS_PARAMS struct rte_eth_dev *dev, struct rte_eth_stats *stats
#define HNS3_STATS_QUEUES stats
#else
typedef struct eth_queue_stats hns3_queue_stats;
typedef int hns3_bd_count;
#define HNS3_STATS_PARAMS                                                                          \
	struct rte_eth_dev *dev, struct rte_eth_stats *stats, hns3_queue_stats *queues
#define HNS3_STATS_QUEUES queues
#endif

#endif
