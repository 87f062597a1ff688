/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this bus has to do at certain calls of an ethdev whose driver knows nothing of it: the
 * driver's table of operations is copied, and the copy, with ours in front of some of them, is what
 * ethdev calls. The driver's own table is not touched.
 *
 * dev_start: stopping a port closes the event fds of Rx interrupts (rte_intr_efd_disable()) and
 * forgets how many there were; a driver that starts again expects to find them.
 *
 * Statistics: a driver takes reading a counter for clearing it, which memory does not do; each call
 * that reads counters is framed (vub_latch.c). Drivers read a counter once in such a call (stock
 * net_hns3, PF and VF, of 22.11: seen by watchpoints on the registers); one that fails before it
 * reads says so by its status, but for xstats_get, which reads first.
 *
 * The port also says of itself that it reports removal, which is this bus's to notice.
 *
 * Threads: init in the hot-plug thread; the operations where ethdev calls them.
 */
#include "vub_priv.h"

#include <rte_eal.h>
#include <rte_ethdev.h>

static int
ops_stats_get(VUB_STATS_PARAMS)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	const struct rte_eth_stats given = *stats; /* which drivers add to */
	bool is_taken;
	int ret;

	do {
		*stats = given;
		VUB_STATS_QUEUES_CLEAR();
		is_taken = vub_latch_take(dev);
		ret = dev->ops.driver->stats_get(VUB_STATS_ARGS);
	} while (vub_latch_give(dev, is_taken, ret == 0));
	return ret;
}

static int
ops_stats_reset(struct rte_eth_dev *eth)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	bool is_taken;
	int ret;

	do {
		is_taken = vub_latch_take(dev);
		ret = dev->ops.driver->stats_reset(eth);
	} while (vub_latch_give(dev, is_taken, ret == 0));
	return ret;
}

static int
ops_xstats_get(struct rte_eth_dev *eth, struct rte_eth_xstat *stats, unsigned int nb)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	bool is_taken;
	int ret = dev->ops.driver->xstats_get(eth, NULL, 0);

	if (!stats || ret < 0 || nb < (unsigned int)ret) /* who asks how many reads nothing */
		return dev->ops.driver->xstats_get(eth, stats, nb);
	do {
		is_taken = vub_latch_take(dev);
		ret = dev->ops.driver->xstats_get(eth, stats, nb);
	} while (vub_latch_give(dev, is_taken, true));
	return ret;
}

static int
ops_xstats_get_by_id(
		struct rte_eth_dev *eth, const uint64_t *ids, uint64_t *values, unsigned int nb)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	bool is_taken;
	int ret;

	if (!values)
		return dev->ops.driver->xstats_get_by_id(eth, ids, values, nb);
	do {
		is_taken = vub_latch_take(dev);
		ret = dev->ops.driver->xstats_get_by_id(eth, ids, values, nb);
	} while (vub_latch_give(dev, is_taken, true));
	return ret;
}

static int
ops_xstats_reset(struct rte_eth_dev *eth)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	bool is_taken;
	int ret;

	do {
		is_taken = vub_latch_take(dev);
		ret = dev->ops.driver->xstats_reset(eth);
	} while (vub_latch_give(dev, is_taken, ret == 0));
	return ret;
}

static int
ops_start(struct rte_eth_dev *eth)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	int ret = vub_irq_refill(dev);

	return ret ? ret : dev->ops.driver->dev_start(eth);
}

/* The ethdev of the device, or NULL. */
static struct rte_eth_dev *
ops_port(struct vub_dev *dev)
{
	uint16_t port;

	RTE_ETH_FOREACH_DEV_OF(port, &dev->slot.pci.device)
	{
		return &rte_eth_devices[port]; /* a function has one port */
	}
	return NULL;
}

/* Frame what reads counters, as far as the driver has it. */
static void
ops_latch(struct eth_dev_ops *ops)
{
	ops->stats_get = ops->stats_get ? ops_stats_get : NULL;
	ops->stats_reset = ops->stats_reset ? ops_stats_reset : NULL;
	ops->xstats_get = ops->xstats_get ? ops_xstats_get : NULL;
	ops->xstats_get_by_id = ops->xstats_get_by_id ? ops_xstats_get_by_id : NULL;
	ops->xstats_reset = ops->xstats_reset ? ops_xstats_reset : NULL;
}

void
vub_ops_init(struct vub_dev *dev)
{
	struct rte_eth_dev *eth = ops_port(dev);

	if (!eth)
		return;
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		eth->data->dev_flags |= RTE_ETH_DEV_INTR_RMV;
	dev->ops.driver = eth->dev_ops;
	dev->ops.ours = *eth->dev_ops;
	dev->ops.ours.dev_start = ops_start;
	if (dev->latch.park_fd >= 0)
		ops_latch(&dev->ops.ours);
	eth->dev_ops = &dev->ops.ours;
	/* From here on the server shows counters to who asks alone. */
	vub_latch_give(dev, vub_latch_take(dev), false);
}

void
vub_ops_removed(struct vub_dev *dev)
{
	struct rte_eth_dev *eth = ops_port(dev);

	if (eth && eth->data->dev_conf.intr_conf.rmv)
		rte_eth_dev_callback_process(eth, RTE_ETH_EVENT_INTR_RMV, NULL);
}
