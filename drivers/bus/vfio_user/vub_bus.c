/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The EAL bus "vfio_user": PCI devices that live in other processes, named vfu<N> in device
 * arguments
 *
 *   -a vfio_user:vfu0,socket=PATH[,driver=NAME][,arguments of the PCI driver]
 *
 * (-a vfu0,... and --vdev=vfu0,... say the same). The bus owns rte_pci_device objects and calls the
 * probe of a registered rte_pci_driver itself: the one named by driver=, else net_hns3_pmd if it
 * matches, else the first that matches. The PCI bus does not know these devices; --no-pci keeps it
 * from probing real ones beside.
 *
 * Read next: vub_priv.h (life of a device, threads), vub_dev.c.
 */
#include "vub_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_devargs.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>

#define VUB_BUS_NAME       "vfio_user"
#define VUB_NAME_PREFIX    "vfu"
#define VUB_FIRST_CHOICE   "net_hns3_pmd"
#define VUB_CANDIDATES_LEN 512

RTE_LOG_REGISTER(vub_logtype, bus.vfio_user, INFO);

static struct rte_bus vub_bus;
static TAILQ_HEAD(, vub_dev) vub_devs = TAILQ_HEAD_INITIALIZER(vub_devs);

/* ---------------------------------------------------------------------------------- the driver --
 */

static bool
driver_matches(const struct rte_pci_driver *drv, const struct rte_pci_id *have)
{
	const struct rte_pci_id *id;

	for (id = drv->id_table; id && id->vendor_id != 0; id++) {
		if ((id->vendor_id == have->vendor_id || id->vendor_id == RTE_PCI_ANY_ID) &&
				(id->device_id == have->device_id ||
						id->device_id == RTE_PCI_ANY_ID) &&
				(id->subsystem_vendor_id == have->subsystem_vendor_id ||
						id->subsystem_vendor_id == RTE_PCI_ANY_ID) &&
				(id->subsystem_device_id == have->subsystem_device_id ||
						id->subsystem_device_id == RTE_PCI_ANY_ID) &&
				(id->class_id == have->class_id ||
						id->class_id == RTE_CLASS_ANY_ID))
			return true;
	}
	return false;
}

/* Append one more name to a list for the log. */
static void
candidates_add(char *list, const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, VUB_CANDIDATES_LEN - len, "%s%s", len ? ", " : "", name);
}

/* The driver for the device, or NULL after saying what there is to choose from. */
static struct rte_pci_driver *
driver_choose(const struct vub_dev *dev)
{
	const struct rte_pci_id *id = &dev->slot.pci.id;
	struct rte_pci_driver *drivers[VUB_MAX_PCI_DRIVERS], *choice = NULL;
	unsigned int i, nb = vub_pci_drivers_get(drivers, VUB_MAX_PCI_DRIVERS);
	const char *wanted = dev->args.driver;
	char candidates[VUB_CANDIDATES_LEN] = "";
	const char *name;

	for (i = 0; i < nb; i++) {
		name = drivers[i]->driver.name;
		if (!driver_matches(drivers[i], id))
			continue;
		candidates_add(candidates, name);
		if (wanted ? strcmp(name, wanted) == 0
			   : !choice || strcmp(name, VUB_FIRST_CHOICE) == 0)
			choice = drivers[i];
	}
	if (!choice && wanted)
		VUB_LOG(ERR,
				"%s: driver=%s: no PCI driver of that name serves %04x:%04x; those "
				"that do: %s",
				dev->name, wanted, id->vendor_id, id->device_id,
				candidates[0] ? candidates : "none is loaded (-d)");
	else if (!choice)
		VUB_LOG(ERR,
				"%s: none of the %u loaded PCI drivers serves %04x:%04x (load one "
				"with -d)",
				dev->name, nb, id->vendor_id, id->device_id);
	return choice;
}

static int
driver_probe(struct vub_dev *dev, struct rte_pci_driver *drv)
{
	struct rte_pci_device *pci = &dev->slot.pci;
	int ret;

	if (drv->drv_flags & RTE_PCI_DRV_NEED_IOVA_AS_VA && rte_eal_iova_mode() != RTE_IOVA_VA) {
		VUB_LOG(ERR, "%s: %s needs IOVA as VA: start with --iova-mode=va", dev->name,
				drv->driver.name);
		return -EINVAL;
	}
	VUB_LOG(INFO, "%s: %04x:%04x at %s, driver %s", dev->name, pci->id.vendor_id,
			pci->id.device_id, dev->args.socket, drv->driver.name);
	pci->driver = drv;
	ret = drv->probe(drv, pci);
	if (ret) {
		VUB_LOG(ERR, "%s: probe by %s failed: %d%s%s", dev->name, drv->driver.name, ret,
				ret < 0 ? ", " : "", ret < 0 ? rte_strerror(-ret) : "");
		pci->driver = NULL;
		return ret < 0 ? ret : -ENODEV;
	}
	pci->device.driver = &drv->driver;
	vub_ops_init(dev);
	return 0;
}

/* ----------------------------------------------------------------------------- one device's life
 * -- */

static void
dev_fini(struct vub_dev *dev)
{
	vub_watch_fini(dev);
	vub_dma_fini(dev);
	vub_latch_fini(dev);
	vub_irq_fini(dev);
	vub_dev_close(dev);
}

static int
vub_plug(struct rte_device *device)
{
	bool is_primary = rte_eal_process_type() == RTE_PROC_PRIMARY;
	struct vub_dev *dev = vub_dev_of(device);
	struct rte_pci_driver *drv;
	int ret;

	if (device->driver)
		return -EEXIST;
	ret = is_primary ? vub_dev_open(dev) : vub_mp_open(dev);
	if (ret)
		return ret;
	drv = driver_choose(dev);
	if (!drv)
		ret = -ENODEV;
	if (ret == 0 && is_primary)
		ret = vub_irq_init(dev);
	if (ret == 0 && is_primary)
		ret = vub_latch_init(dev);
	if (ret == 0 && is_primary)
		ret = vub_dma_init(dev);
	if (ret == 0 && is_primary)
		ret = vub_watch_init(dev);
	if (ret == 0)
		ret = driver_probe(dev, drv);
	if (ret)
		dev_fini(dev);
	else
		vub_mp_publish(dev);
	return ret;
}

/* Undo vub_plug(); the driver may still send commands while it is removed. */
static int
dev_unplug(struct vub_dev *dev)
{
	struct rte_pci_device *pci = &dev->slot.pci;
	int ret;

	if (!pci->device.driver)
		return 0;
	vub_mp_withdraw(dev);
	atomic_store_explicit(&dev->is_leaving, true, memory_order_relaxed);
	ret = pci->driver->remove ? pci->driver->remove(pci) : 0;
	if (ret) {
		atomic_store_explicit(&dev->is_leaving, false, memory_order_relaxed);
		vub_mp_publish(dev);
		return ret;
	}
	pci->driver = NULL;
	pci->device.driver = NULL;
	dev_fini(dev);
	return 0;
}

static int
vub_unplug(struct rte_device *device)
{
	struct vub_dev *dev = vub_dev_of(device);
	int ret = dev_unplug(dev);

	if (ret) {
		VUB_LOG(ERR, "%s: its driver refuses to be removed: %d", dev->name, ret);
		return ret;
	}
	TAILQ_REMOVE(&vub_devs, dev, next);
	rte_devargs_remove(device->devargs);
	free(dev);
	return 0;
}

static int
vub_cleanup(void)
{
	struct vub_dev *dev;
	int ret, first_err = 0;

	while ((dev = TAILQ_FIRST(&vub_devs)) != NULL) {
		ret = dev_unplug(dev);
		TAILQ_REMOVE(&vub_devs, dev, next);
		if (ret && first_err == 0)
			first_err = ret; /* what its driver still uses must stay */
		if (!ret)
			free(dev);
	}
	return first_err;
}

/* ---------------------------------------------------------------------------------- bus operations
 * -- */

/* vfu0 .. vfu999; every bus is asked about every name. The number or -1. */
static int
name_number(const char *name)
{
	size_t prefix = strlen(VUB_NAME_PREFIX), i;

	if (strncmp(name, VUB_NAME_PREFIX, prefix) != 0)
		return -1;
	for (i = prefix; name[i] != '\0'; i++)
		if (!isdigit((unsigned char)name[i]))
			return -1;
	return i > prefix && i <= prefix + 3 ? atoi(name + prefix) : -1;
}

static int
vub_parse(const char *name, void *addr)
{
	(void)addr;
	return name_number(name) < 0 ? -EINVAL : 0;
}

static struct vub_dev *
dev_find(const char *name)
{
	struct vub_dev *dev;

	TAILQ_FOREACH (dev, &vub_devs, next) {
		if (strcmp(dev->name, name) == 0)
			return dev;
	}
	return NULL;
}

static int
dev_create(struct rte_devargs *devargs)
{
	int number = name_number(devargs->name);
	struct vub_dev *dev;
	struct rte_pci_device *pci;

	if (number < 0) {
		VUB_LOG(ERR, "'%s' is no device name of this bus: use vfu0 .. vfu999",
				devargs->name);
		return -EINVAL;
	}
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	memcpy(dev->name, devargs->name, sizeof(dev->name));
	dev->config_fd = dev->latch.park_fd = -1;
	pthread_mutex_init(&dev->latch.lock, NULL);
	pci = &dev->slot.pci;
	pci->device.name = dev->name;
	pci->device.bus = &vub_bus;
	pci->device.numa_node = SOCKET_ID_ANY;
	pci->device.devargs = devargs;
	pci->addr = (struct rte_pci_addr){ .domain = VUB_DOMAIN + (uint32_t)number };
	pci->kdrv = VUB_KDRV;
	memcpy(pci->name, dev->name, RTE_MIN(sizeof(pci->name) - 1, strlen(dev->name)));
	TAILQ_INSERT_TAIL(&vub_devs, dev, next);
	return 0;
}

static int
vub_scan(void)
{
	struct rte_devargs *devargs;
	struct vub_dev *dev;
	int ret;

	RTE_EAL_DEVARGS_FOREACH(VUB_BUS_NAME, devargs)
	{
		if (devargs->policy == RTE_DEV_BLOCKED)
			continue;
		dev = dev_find(devargs->name);
		if (dev) {
			dev->slot.pci.device.devargs =
					devargs; /* attached anew, perhaps elsewhere */
			continue;
		}
		ret = dev_create(devargs);
		if (ret)
			return ret;
	}
	return 0;
}

static int
vub_probe(void)
{
	struct vub_dev *dev;
	int ret, first_err = 0;

	if (TAILQ_EMPTY(&vub_devs))
		return 0;
	TAILQ_FOREACH (dev, &vub_devs, next) {
		ret = vub_plug(&dev->slot.pci.device);
		if (ret && ret != -EEXIST && first_err == 0)
			first_err = ret;
	}
	return first_err;
}

static struct rte_device *
vub_find_device(const struct rte_device *start, rte_dev_cmp_t cmp, const void *data)
{
	bool seen = start == NULL;
	struct vub_dev *dev;

	TAILQ_FOREACH (dev, &vub_devs, next) {
		struct rte_device *device = &dev->slot.pci.device;

		if (!seen)
			seen = device == start;
		else if (cmp(device, data) == 0)
			return device;
	}
	return NULL;
}

/* Virtual addresses serve any server; with no device we have no wish. */
static enum rte_iova_mode
vub_get_iommu_class(void)
{
	return TAILQ_EMPTY(&vub_devs) ? RTE_IOVA_DC : RTE_IOVA_VA;
}

static struct rte_bus vub_bus = {
	.scan = vub_scan,
	.probe = vub_probe,
	.find_device = vub_find_device,
	.plug = vub_plug,
	.unplug = vub_unplug,
	.parse = vub_parse,
	.dma_map = vub_dma_map,
	.dma_unmap = vub_dma_unmap,
	.get_iommu_class = vub_get_iommu_class,
	.cleanup = vub_cleanup,
};

RTE_REGISTER_BUS(vfio_user, vub_bus);
