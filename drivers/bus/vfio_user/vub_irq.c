/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts. We make an event fd per MSI-X vector and give them to the server; vector 0 (misc) is
 * the interrupt handle's own fd, vectors 1.. are preloaded into it as duplicates for Rx interrupts,
 * which the driver may close (rte_intr_efd_disable()); vub_irq_refill() loads fresh ones.
 *
 * The handle is of type VDEV: enabling it is no system call, and EAL leaves reading the fd to
 * callbacks. Ours is registered before the driver's, so it runs before it: drained first, an event
 * that comes during the driver's handler is not lost.
 *
 * Threads: init and fini in the hot-plug thread; the callback in EAL's interrupt thread.
 */
#include "vub_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "deadline.h"

#define UNREGISTER_MS 2000

static void
irq_drain(void *arg)
{
	struct vub_dev *dev = arg;
	uint64_t events;

	if (read(dev->vectors[0], &events, sizeof(events)) < 0 && errno != EAGAIN)
		VUB_LOG(ERR, "%s: reading the event fd of vector 0: %s", dev->name,
				strerror(errno));
}

void
vub_irq_unregister(struct vub_dev *dev, struct rte_intr_handle *handle, rte_intr_callback_fn cb)
{
	struct deadline d = deadline_in_ms(UNREGISTER_MS);
	int ret;

	do {
		ret = rte_intr_callback_unregister(handle, cb, dev);
		if (ret != -EAGAIN)
			return; /* done, or it was not there any more */
		rte_delay_us_sleep(100);
	} while (!deadline_has_passed(&d));
	VUB_LOG(ERR, "%s: an interrupt callback has not ended for %u ms", dev->name, UNREGISTER_MS);
}

static int
vectors_init(struct vub_dev *dev)
{
	uint32_t i;
	int ret;

	ret = vup_client_irq_info(dev->client, VUP_IRQ_MSIX, &dev->nb_vectors);
	if (ret == 0 && dev->nb_vectors == 0)
		ret = -ENODEV;
	if (ret) {
		VUB_LOG(ERR, "%s: the device has no MSI-X vectors: %s", dev->name, strerror(-ret));
		dev->nb_vectors = 0;
		return ret;
	}
	dev->nb_vectors = RTE_MIN(dev->nb_vectors, (uint32_t)VUB_MAX_VECTORS);
	for (i = 0; i < dev->nb_vectors; i++) {
		dev->vectors[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (dev->vectors[i] < 0) {
			ret = -errno;
			VUB_LOG(ERR, "%s: cannot create an event fd: %s", dev->name,
					strerror(-ret));
			dev->nb_vectors = i;
			return ret;
		}
	}
	ret = vup_client_set_irqs(dev->client, VUP_IRQ_MSIX, 0, dev->nb_vectors, dev->vectors);
	if (ret)
		VUB_LOG(ERR, "%s: the server refuses event fds: %s", dev->name, strerror(-ret));
	return ret;
}

/* Duplicates of vectors 1.. as the handle's event fds. */
static int
handle_efds_init(struct vub_dev *dev)
{
	struct rte_intr_handle *handle = dev->slot.pci.intr_handle;
	uint32_t i;
	int fd, ret;

	if (rte_intr_max_intr_set(handle, (int)dev->nb_vectors))
		return -EINVAL;
	for (i = 1; i < dev->nb_vectors; i++) {
		fd = dup(dev->vectors[i]);
		if (fd < 0)
			return -errno;
		ret = rte_intr_efds_index_set(handle, (int)i - 1, fd);
		if (ret == 0)
			ret = rte_intr_nb_efd_set(handle, (int)i);
		if (ret) {
			close(fd);
			return -EINVAL;
		}
	}
	return 0;
}

int
vub_irq_refill(struct vub_dev *dev)
{
	struct rte_intr_handle *handle = dev->slot.pci.intr_handle;
	int ret;

	if (!handle || dev->nb_vectors == 0 || rte_intr_nb_efd_get(handle) > 0)
		return 0;
	ret = handle_efds_init(dev);
	if (ret)
		VUB_LOG(ERR, "%s: cannot set up its Rx interrupts again: %s", dev->name,
				strerror(-ret));
	return ret;
}

/* Fill the handle that the driver will use. */
static int
handle_init(struct vub_dev *dev)
{
	struct rte_intr_handle *handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	int ret;

	dev->slot.pci.intr_handle = handle;
	if (!handle)
		return -ENOMEM;
	if (rte_intr_fd_set(handle, dev->vectors[0]) ||
			rte_intr_type_set(handle, RTE_INTR_HANDLE_VDEV) ||
			rte_intr_dev_fd_set(handle, dev->config_fd) ||
			rte_intr_efd_counter_size_set(handle, sizeof(uint64_t)))
		return -EINVAL;
	ret = handle_efds_init(dev);
	if (ret)
		return ret;
	if (rte_intr_callback_register(handle, irq_drain, dev) != 0)
		return -EIO;
	dev->has_drain = true;
	return 0;
}

int
vub_irq_init(struct vub_dev *dev)
{
	int ret = vectors_init(dev);

	if (ret == 0) {
		ret = handle_init(dev);
		if (ret)
			VUB_LOG(ERR, "%s: cannot set up its interrupts: %s", dev->name,
					strerror(-ret));
	}
	if (ret)
		vub_irq_fini(dev);
	return ret;
}

void
vub_irq_fini(struct vub_dev *dev)
{
	struct rte_intr_handle *handle = dev->slot.pci.intr_handle;
	uint32_t i;

	if (dev->has_drain)
		vub_irq_unregister(dev, handle, irq_drain);
	dev->has_drain = false;
	for (i = 0; handle && i < (uint32_t)rte_intr_nb_efd_get(handle); i++)
		close(rte_intr_efds_index_get(handle, (int)i));
	rte_intr_instance_free(handle);
	dev->slot.pci.intr_handle = NULL;
	if (dev->nb_vectors > 0)
		vup_client_clear_irqs(dev->client, VUP_IRQ_MSIX); /* fails fast if it is dead */
	for (i = 0; i < dev->nb_vectors; i++)
		close(dev->vectors[i]);
	dev->nb_vectors = 0;
}
