/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this bus has to do at certain calls of an ethdev whose driver knows nothing of it: the
 * driver's table of operations is copied, and the copy, with ours in front of some of them, is what
 * ethdev calls. The driver's own table is not touched.
 *
 * dev_start: stopping a port closes the event fds of Rx interrupts (rte_intr_efd_disable()) and
 * forgets how many there were; a driver that starts again expects to find them.
 *
 * Statistics of a VF: its driver takes reading for clearing, which memory does not do. A server of
 * ours shows the counters between two writes to a page of its own, which frame each such call
 * (doc/adr/0009). The page also holds the lock under which that is done, because any thread of any
 * process may call.
 *
 * The port also says of itself that it reports removal, which is this bus's to notice.
 *
 * Threads: init in the hot-plug thread; the operations where ethdev calls them.
 */
#include "vub_priv.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "deadline.h"

/* The page in BAR 2: words of it. */
#define LATCH_BAR     2
#define LATCH_PAGE    0x70000u
#define LATCH_MAGIC   0 /* says that there is one */
#define LATCH_ASK     1 /* odd: show; even: hide */
#define LATCH_ACK     2
#define LATCH_LOCK    3
#define LATCH_IS_HERE 0x6c746368u
#define LATCH_MS      50

/* The page, or NULL: this device needs none, or the server is none of ours. */
static uint32_t *
latch_page(struct vub_dev *dev)
{
	const struct rte_pci_device *pci = &dev->slot.pci;
	const struct rte_mem_resource *bar = &pci->mem_resource[LATCH_BAR];
	uint32_t *page = RTE_PTR_ADD(bar->addr, LATCH_PAGE);

	if (pci->id.vendor_id != 0x19e5 ||
			(pci->id.device_id != 0xa22e && pci->id.device_id != 0xa22f) ||
			!bar->addr || bar->len < LATCH_PAGE + 4096)
		return NULL;
	return __atomic_load_n(&page[LATCH_MAGIC], __ATOMIC_RELAXED) == LATCH_IS_HERE ? page : NULL;
}

/* Ask for the next state and wait for it. A dead server is not waited for twice: it is lost. */
static void
latch_ask(struct vub_dev *dev, uint32_t *page)
{
	struct deadline d = deadline_in_ms(LATCH_MS);
	uint32_t ask = __atomic_load_n(&page[LATCH_ASK], __ATOMIC_RELAXED) + 1;

	__atomic_store_n(&page[LATCH_ASK], ask, __ATOMIC_RELEASE); /* [LATCH-R] reads are done */
	/* [LATCH-A] the counters are there, or gone. */
	while (__atomic_load_n(&page[LATCH_ACK], __ATOMIC_ACQUIRE) != ask) {
		if (deadline_has_passed(&d)) {
			VUB_LOG(DEBUG, "%s: its counters are not latched", dev->name);
			return;
		}
		rte_delay_us_sleep(10);
	}
}

static uint32_t *
latch_take(struct vub_dev *dev)
{
	struct deadline d = deadline_in_ms(LATCH_MS * 4); /* then its holder was killed */
	uint32_t *page = latch_page(dev), is_free = 0;

	if (!page || atomic_load_explicit(&dev->lost, memory_order_relaxed))
		return NULL;
	/* [LATCH-A] after the last holder's reads; failing that, nothing is ordered. */
	while (!__atomic_compare_exchange_n(&page[LATCH_LOCK], &is_free, 1, false, __ATOMIC_ACQUIRE,
			__ATOMIC_RELAXED)) {
		if (deadline_has_passed(&d))
			break;
		is_free = 0;
		rte_delay_us_sleep(10);
	}
	/* Even: what a killed one has left shown is hidden first. */
	if (__atomic_load_n(&page[LATCH_ASK], __ATOMIC_RELAXED) & 1)
		latch_ask(dev, page);
	latch_ask(dev, page);
	return page;
}

static void
latch_give(struct vub_dev *dev, uint32_t *page)
{
	if (!page)
		return;
	latch_ask(dev, page);
	__atomic_store_n(&page[LATCH_LOCK], 0, __ATOMIC_RELEASE); /* [LATCH-R] all is hidden */
}

static int
ops_stats_get(VUB_STATS_PARAMS)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	uint32_t *page = latch_take(dev);
	int ret = dev->ops.driver->stats_get(VUB_STATS_ARGS);

	latch_give(dev, page);
	return ret;
}

static int
ops_stats_reset(struct rte_eth_dev *eth)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	uint32_t *page = latch_take(dev);
	int ret = dev->ops.driver->stats_reset(eth);

	latch_give(dev, page);
	return ret;
}

static int
ops_xstats_get(struct rte_eth_dev *eth, struct rte_eth_xstat *stats, unsigned int nb)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	uint32_t *page = latch_take(dev);
	int ret = dev->ops.driver->xstats_get(eth, stats, nb);

	latch_give(dev, page);
	return ret;
}

static int
ops_xstats_get_by_id(
		struct rte_eth_dev *eth, const uint64_t *ids, uint64_t *values, unsigned int nb)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	uint32_t *page = latch_take(dev);
	int ret = dev->ops.driver->xstats_get_by_id(eth, ids, values, nb);

	latch_give(dev, page);
	return ret;
}

static int
ops_xstats_reset(struct rte_eth_dev *eth)
{
	struct vub_dev *dev = vub_dev_of(eth->device);
	uint32_t *page = latch_take(dev);
	int ret = dev->ops.driver->xstats_reset(eth);

	latch_give(dev, page);
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
	if (latch_page(dev))
		ops_latch(&dev->ops.ours);
	eth->dev_ops = &dev->ops.ours;
}

void
vub_ops_removed(struct vub_dev *dev)
{
	struct rte_eth_dev *eth = ops_port(dev);

	if (eth && eth->data->dev_conf.intr_conf.rmv)
		rte_eth_dev_callback_process(eth, RTE_ETH_EVENT_INTR_RMV, NULL);
}
