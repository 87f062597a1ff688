/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this bus has to do at certain calls of an ethdev whose driver knows nothing of it: the
 * driver's table of operations is copied, and the copy, with ours in front of some of them, is what
 * ethdev calls. The driver's own table is not touched.
 *
 * dev_start: stopping a port closes the event fds of Rx interrupts (rte_intr_efd_disable()) and
 * forgets how many there were; a driver that starts again expects to find them.
 *
 * The port also says of itself that it reports removal, which is this bus's to notice.
 *
 * Threads: init in the hot-plug thread; the operations where ethdev calls them.
 */
#include "vub_priv.h"

#include <rte_ethdev.h>

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
	eth->dev_ops = &dev->ops.ours;
}

void
vub_ops_removed(struct vub_dev *dev)
{
	struct rte_eth_dev *eth = ops_port(dev);

	if (eth && eth->data->dev_conf.intr_conf.rmv)
		rte_eth_dev_callback_process(eth, RTE_ETH_EVENT_INTR_RMV, NULL);
}
