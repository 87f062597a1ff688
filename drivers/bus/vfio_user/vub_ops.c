/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this bus has to do at certain calls of an ethdev whose driver knows nothing of it: the
 * driver's table of operations is copied, and the copy, with ours in front of some of them, is what
 * ethdev calls. The driver's own table is not touched.
 *
 * dev_start: stopping a port closes the event fds of Rx interrupts (rte_intr_efd_disable()) and
 * forgets how many there were; a driver that starts again expects to find them.
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

void
vub_ops_init(struct vub_dev *dev)
{
	struct rte_eth_dev *eth;
	uint16_t port;

	RTE_ETH_FOREACH_DEV_OF(port, &dev->slot.pci.device)
	{
		eth = &rte_eth_devices[port];
		dev->ops.driver = eth->dev_ops;
		dev->ops.ours = *eth->dev_ops;
		dev->ops.ours.dev_start = ops_start;
		eth->dev_ops = &dev->ops.ours;
		return; /* a function has one port */
	}
}
