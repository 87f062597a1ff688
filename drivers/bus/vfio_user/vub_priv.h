/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the vfio_user bus share.
 *
 *   vub_bus.c  bus operations: scan, probe, unplug; choice of the driver; device arguments
 *   vub_dev.c  one device: connection, config space, BARs; loss of the server
 *   vub_dma.c  sharing of EAL memory with the device
 *   vub_irq.c  vectors as event fds, the interrupt handle
 *   vub_watch.c the thread at the connection
 *   vub_mp.c   secondary processes: descriptors from the primary
 *   vub_latch.c counters that reading clears
 *   vub_ops.c  what is done in front of some of the driver's ethdev operations
 *
 * Life of a device: scan makes a struct vub_dev from devargs (name only); plug does, in this order,
 * open, irq, latch, dma, watch, the driver's probe, ops; in a secondary process vub_mp_open()
 * stands for the first five; unplug does the reverse. Each *_fini undoes its *_init and is
 * harmless without it.
 *
 * Threads: EAL's hot-plug calls (scan, plug, unplug) come one at a time from one thread. The
 * interrupt thread runs the drain callback, the watch is a thread of its own; any thread may run
 * memory events, under EAL's memory lock. What these share is the client (locks inside), `lost`
 * (atomic), and the map table with its locks (vub_dma.c).
 */
#ifndef VUB_PRIV_H
#define VUB_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include <rte_dev.h>
#include <rte_interrupts.h>
#include <rte_log.h>

#include "vub_compat.h"
#include "vup.h"
#include "vup_ranges.h"

#define VUB_MAX_VECTORS 129 /* event fds per device: one misc vector, 128 queues */
#define VUB_NB_BARS     6
#define VUB_DOMAIN      0x10000u /* of vfu0; above Linux's PCI domains: addresses do not collide */

extern int vub_logtype;

#define VUB_LOG(level, fmt, ...)                                                                   \
	rte_log(RTE_LOG_##level, vub_logtype, "vfio_user: " fmt "\n", ##__VA_ARGS__)

struct vub_args {
	char *socket; /* path */
	char *driver; /* name of a PCI driver, or NULL: any that matches */
};

/* External memory: a map whose bytes travel by messages. */
struct vub_ext {
	TAILQ_ENTRY(vub_ext) next;
	uint8_t *va;
	uint64_t iova, len;
};

struct vub_dev {
	TAILQ_ENTRY(vub_dev) next;
	char name[RTE_DEV_NAME_MAX_LEN];
	struct vub_pci_slot slot;  /* slot.pci.device is what the ethdev points to */
	struct vub_args args;      /* while open */
	struct vup_client *client; /* while open */
	atomic_bool lost;          /* the server is gone, and that has been said */
	int config_fd;
	struct {
		int fd; /* of a BAR that is mapped (slot.pci.mem_resource) */
		uint64_t offset;
	} bar_files[VUB_NB_BARS];
	TAILQ_ENTRY(vub_dev) next_shared;
	bool is_shared;    /* secondary processes may ask for it */
	vub_thread watch;  /* on the connection */
	int watch_stop_fd; /* while has_watch */
	bool has_watch;
	atomic_bool is_leaving; /* being unplugged: its end is no news */
	uint32_t nb_vectors;
	int vectors[VUB_MAX_VECTORS]; /* event fds; the handle holds duplicates of 1.. */
	bool has_drain;               /* the drain callback is registered */
	bool has_dma;                 /* what follows is initialised */
	bool has_mem_event;           /* the memory event callback is registered */
	pthread_mutex_t maps_lock;    /* taken after EAL's memory lock, if that is */
	struct vup_ranges maps;       /* IOVA ranges that the server has */
	struct {
		pthread_mutex_t lock; /* innermost */
		TAILQ_HEAD(, vub_ext) list;
	} ext;
	struct {
		pthread_mutex_t lock;
		bool is_shown;                  /* of who has the lock: there are counters */
		int park_fd;                    /* event fd, or -1: no latch */
		struct rte_intr_handle *handle; /* primary: of park_fd */
	} latch;
	struct {
		const struct eth_dev_ops *driver;
		struct eth_dev_ops ours; /* the driver's but for a few */
	} ops;
};

/* ------------------------------------------------------------------------------------ vub_dev.c --
 */

/**
 * Connect and learn what the device is: fills PCI ids, BARs, args.
 * @return 0 or a negative errno; logged
 */
int vub_dev_open(struct vub_dev *dev);
void vub_dev_close(struct vub_dev *dev);

/** Say once that the server is gone, if it is. */
void vub_dev_check(struct vub_dev *dev);

/* ------------------------------------------------------------------------------------ vub_irq.c --
 */

int vub_irq_init(struct vub_dev *dev);
void vub_irq_fini(struct vub_dev *dev);

/** Take off a callback whose argument is @p dev; it may be running just now. */
void vub_irq_unregister(
		struct vub_dev *dev, struct rte_intr_handle *handle, rte_intr_callback_fn cb);

/** Put the event fds of Rx interrupts into the handle again if the driver has closed them.
 * @return 0 or a negative errno; logged */
int vub_irq_refill(struct vub_dev *dev);

/* ------------------------------------------------------------------------------------ vub_dma.c --
 */

/** Share all EAL memory, present and future. @return 0 or a negative errno; logged */
int vub_dma_init(struct vub_dev *dev);
void vub_dma_fini(struct vub_dev *dev);

/** What the server may ask for. */
extern const struct vup_client_ops vub_dma_ops;

/** rte_dev_dma_map(), rte_dev_dma_unmap(): 0 or -1 with rte_errno. */
int vub_dma_map(struct rte_device *device, void *va, uint64_t iova, size_t len);
int vub_dma_unmap(struct rte_device *device, void *va, uint64_t iova, size_t len);

/* ---------------------------------------------------------------------------------- vub_watch.c --
 */

int vub_watch_init(struct vub_dev *dev);
void vub_watch_fini(struct vub_dev *dev);

/* ------------------------------------------------------------------------------------- vub_mp.c --
 */

/** Secondaries may ask for the device from when the primary has probed it to when it unplugs it. */
void vub_mp_publish(struct vub_dev *dev);
void vub_mp_withdraw(struct vub_dev *dev);

/** Secondary: open the device as the primary has it. @return 0 or a negative errno; logged */
int vub_mp_open(struct vub_dev *dev);

/* ---------------------------------------------------------------------------------- vub_latch.c --
 */

/** Primary: a secondary gets park_fd from it. @return 0 or a negative errno; logged */
int vub_latch_init(struct vub_dev *dev);
void vub_latch_fini(struct vub_dev *dev);

/** Keep others out, and show counters in the registers, for one reading of each by the caller
 * alone; if the interrupt thread cannot come, they are 0. @return others are kept out */
bool vub_latch_take(struct vub_dev *dev);
/**
 * Empty the registers.
 * @param is_taken what vub_latch_take() said
 * @param is_read they have been read; else what stood there comes again
 * @return there is more than registers hold: repeat
 */
bool vub_latch_give(struct vub_dev *dev, bool is_taken, bool is_read);

/* ------------------------------------------------------------------------------------ vub_ops.c --
 */

/** The driver has probed: put ours in front of its ethdev's operations. */
void vub_ops_init(struct vub_dev *dev);
/** The device is gone: tell whoever configured its port for that. */
void vub_ops_removed(struct vub_dev *dev);

static inline struct vub_dev *
vub_dev_of(struct rte_device *device)
{
	return container_of(device, struct vub_dev, slot.pci.device);
}

#endif
