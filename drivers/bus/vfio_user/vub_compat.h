/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that depends on how one DPDK release keeps its buses and PCI drivers. Written for 22.11; the
 * same fields hold up to 26.03. 26.07 moves device and driver lists into struct rte_bus and gets a
 * second branch here.
 */
#ifndef VUB_COMPAT_H
#define VUB_COMPAT_H

#include <pthread.h>
#include <string.h>

#include <rte_version.h>
#include <bus_driver.h>
#include <bus_pci_driver.h>
#include <dev_driver.h>
#include <ethdev_driver.h>
#include <rte_bus_pci.h>
#include <rte_lcore.h>
#include <rte_thread.h>

#if RTE_VERSION >= RTE_VERSION_NUM(26, 7, 0, 0)
#error "DPDK 26.07 changed struct rte_bus: vub_compat.h needs its branch"
#endif

/*
 * Since 23.07 the PCI bus reaches from an rte_pci_device into a larger private struct around it;
 * reads of the zeros here are harmless.
 */
struct vub_pci_slot {
	struct rte_pci_device pci;
	uint8_t private_to_pci_bus[1024];
};

/* Config space is read and written by pread/pwrite on the device fd with this one. */
#define VUB_KDRV RTE_PCI_KDRV_IGB_UIO

/* 25.11 gives the counters of queues a parameter of their own. */
#if RTE_VERSION < RTE_VERSION_NUM(25, 11, 0, 0)
#define VUB_STATS_PARAMS         struct rte_eth_dev *eth, struct rte_eth_stats *stats
#define VUB_STATS_ARGS           eth, stats
#define VUB_STATS_QUEUES_CLEAR() ((void)0)
#else
#define VUB_STATS_PARAMS                                                                           \
	struct rte_eth_dev *eth, struct rte_eth_stats *stats, struct eth_queue_stats *queues
#define VUB_STATS_ARGS eth, stats, queues
#define VUB_STATS_QUEUES_CLEAR()                                                                   \
	do {                                                                                       \
		if (queues)                                                                        \
			*queues = (struct eth_queue_stats){ 0 };                                   \
	} while (0)
#endif

/* Control threads: off the CPUs of lcores where there are others. */
#if RTE_VERSION < RTE_VERSION_NUM(23, 11, 0, 0)
typedef pthread_t vub_thread;
typedef void *vub_thread_ret;

static inline int
vub_thread_create(vub_thread *thread, const char *name, vub_thread_ret (*run)(void *), void *arg)
{
	return rte_ctrl_thread_create(thread, name, NULL, run, arg);
}

static inline void
vub_thread_join(vub_thread thread)
{
	pthread_join(thread, NULL);
}
#else
typedef rte_thread_t vub_thread;
typedef uint32_t vub_thread_ret;

static inline int
vub_thread_create(vub_thread *thread, const char *name, vub_thread_ret (*run)(void *), void *arg)
{
	return -rte_thread_create_control(thread, name, run, arg);
}

static inline void
vub_thread_join(vub_thread thread)
{
	rte_thread_join(thread, NULL);
}
#endif

#define VUB_MAX_PCI_DRIVERS 512

/*
 * The registered PCI drivers in order of registration; the bus object that holds them is not
 * exported. A driver of our own goes to the end of the list for a moment; from there the links lead
 * back to the list's head, known by its "last" pointer, which is the address of the end's own link.
 * @return how many; no more than @p size
 */
static inline unsigned int
vub_pci_drivers_get(struct rte_pci_driver **drivers, unsigned int size)
{
	/* Head and link of a TAILQ have one shape. */
	struct link {
		struct rte_pci_driver *next;  /* tqh_first or tqe_next */
		struct rte_pci_driver **prev; /* tqh_last or tqe_prev */
	} * at;
	struct rte_pci_driver end = { .driver.name = "vub_end_of_list" }, *drv;
	unsigned int nb = 0;

	_Static_assert(sizeof(struct link) == sizeof(end.next), "TAILQ link");
	rte_pci_register(&end);
	memcpy(&at, &end.next.tqe_prev, sizeof(at));
	while (at->prev != &end.next.tqe_next)
		memcpy(&at, &at->prev, sizeof(at));
	for (drv = at->next; drv && drv != &end && nb < size; drv = drv->next.tqe_next)
		drivers[nb++] = drv;
	rte_pci_unregister(&end);
	return nb;
}

#endif
