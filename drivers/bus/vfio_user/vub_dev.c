/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One device: the connection to its server, what config space says it is, and its BARs, mapped from
 * the server's memory file. Hot-plug thread only, vub_dev_check() apart.
 *
 * BARs stay mapped until the device is closed, whatever becomes of the server: the file lives as
 * long as the mapping, and is sealed against shrinking, so that a dead server never costs us a
 * SIGBUS. The driver then talks to memory that does not answer and runs into its own time-outs.
 */
#include "vub_priv.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_devargs.h>
#include <rte_kvargs.h>
#include <rte_memory.h>

#define CONFIG_HDR_SIZE 64 /* type 0 header of PCI config space */
/* Addresses of BARs: above the end of EAL's memory, with room for what EAL maps behind it. */
#define BARS_GAP        (UINT64_C(4) << 30)
#define BAR_SPACE       (UINT64_C(64) << 20) /* for each */

/* --------------------------------------------------------------------------------- arguments -- */

static int
args_keep(const char *key, const char *value, void *opaque)
{
	char **kept = opaque;

	(void)key;
	if (!value || value[0] == '\0')
		return -EINVAL;
	free(*kept);
	*kept = strdup(value);
	return *kept ? 0 : -ENOMEM;
}

static void
args_fini(struct vub_args *args)
{
	free(args->socket);
	free(args->driver);
	*args = (struct vub_args){ 0 };
}

/* Ours out of the device's arguments; the others are the PCI driver's. */
static int
args_init(struct vub_dev *dev)
{
	const struct rte_devargs *devargs = dev->slot.pci.device.devargs;
	struct rte_kvargs *kvlist;
	int ret = -EINVAL;

	kvlist = rte_kvargs_parse(devargs && devargs->args ? devargs->args : "", NULL);
	if (kvlist) {
		ret = rte_kvargs_process(kvlist, "socket", args_keep, &dev->args.socket);
		if (ret == 0)
			ret = rte_kvargs_process(kvlist, "driver", args_keep, &dev->args.driver);
		rte_kvargs_free(kvlist);
	}
	if (ret || !dev->args.socket) {
		VUB_LOG(ERR,
				"%s: cannot read the arguments '%s'; wanted: -a "
				"vfio_user:%s,socket=PATH[,driver=NAME][,...]",
				dev->name, devargs && devargs->args ? devargs->args : "",
				dev->name);
		args_fini(&dev->args);
		return -EINVAL;
	}
	return 0;
}

/* ------------------------------------------------------------------------------------ regions --
 */

/* Whether the file cannot shrink under our mapping. */
static bool
region_is_sealed(const struct vup_region *region)
{
	int seals = fcntl(region->fd, F_GET_SEALS);

	return seals >= 0 && seals & F_SEAL_SHRINK;
}

static int
config_init(struct vub_dev *dev)
{
	struct rte_pci_device *pci = &dev->slot.pci;
	struct vup_region region;
	uint8_t hdr[CONFIG_HDR_SIZE];
	uint16_t word;
	int ret;

	ret = vup_client_region_info(dev->client, VUP_REGION_CONFIG, &region);
	if (ret) {
		VUB_LOG(ERR, "%s: cannot get config space: %s", dev->name, strerror(-ret));
		return ret;
	}
	dev->config_fd = region.fd;
	if (region.fd < 0 || region.offset != 0 || region.size < CONFIG_HDR_SIZE ||
			pread(region.fd, hdr, sizeof(hdr), 0) != sizeof(hdr)) {
		VUB_LOG(ERR,
				"%s: the server at %s does not offer its config space as a file: "
				"it cannot be used by this bus",
				dev->name, dev->args.socket);
		return -ENOTSUP;
	}
	memcpy(&word, hdr + 0x00, sizeof(word));
	pci->id.vendor_id = le16toh(word);
	memcpy(&word, hdr + 0x02, sizeof(word));
	pci->id.device_id = le16toh(word);
	memcpy(&word, hdr + 0x2c, sizeof(word));
	pci->id.subsystem_vendor_id = le16toh(word);
	memcpy(&word, hdr + 0x2e, sizeof(word));
	pci->id.subsystem_device_id = le16toh(word);
	pci->id.class_id = (uint32_t)hdr[0x0b] << 16 | (uint32_t)hdr[0x0a] << 8 | hdr[0x09];
	return 0;
}

static int
msl_end(const struct rte_memseg_list *msl, void *arg)
{
	uintptr_t *end = arg;

	*end = RTE_MAX(*end, (uintptr_t)msl->base_va + msl->len);
	return 0;
}

/*
 * At an address of its own above EAL's memory, so that secondary processes find it free; if that
 * cannot be, anywhere.
 */
static void *
bar_map(const struct vub_dev *dev, unsigned int i, const struct vup_region *region)
{
	unsigned int slot = (dev->slot.pci.addr.domain - VUB_DOMAIN) * VUB_NB_BARS + i;
	uintptr_t want = 0;
	void *got = MAP_FAILED;

	if (region->size <= BAR_SPACE && rte_memseg_list_walk(msl_end, &want) == 0) {
		want = RTE_ALIGN_CEIL(want, BAR_SPACE) + BARS_GAP + slot * BAR_SPACE;
		got = mmap((void *)want, region->size, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_FIXED_NOREPLACE, region->fd,
				(off_t)region->offset);
	}
	if (got == MAP_FAILED)
		got = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED, region->fd,
				(off_t)region->offset);
	return got;
}

static int
bar_init(struct vub_dev *dev, unsigned int i)
{
	struct rte_mem_resource *res = &dev->slot.pci.mem_resource[i];
	struct vup_region region;
	void *addr;
	int ret;

	ret = vup_client_region_info(dev->client, VUP_REGION_BAR0 + i, &region);
	if (ret) {
		VUB_LOG(ERR, "%s: cannot get BAR %u: %s", dev->name, i, strerror(-ret));
		return ret;
	}
	if (region.fd < 0)
		return 0; /* absent, or only to be reached by messages: then its driver fails */
	if (!region_is_sealed(&region))
		VUB_LOG(WARNING,
				"%s: the file of BAR %u is not sealed against shrinking: a broken "
				"server can crash this process",
				dev->name, i);
	addr = bar_map(dev, i, &region);
	if (addr == MAP_FAILED) {
		ret = -errno;
		VUB_LOG(ERR, "%s: cannot map BAR %u (%" PRIu64 " bytes): %s", dev->name, i,
				region.size, strerror(-ret));
		close(region.fd);
		return ret;
	}
	res->addr = addr;
	dev->bar_files[i].fd = region.fd;
	dev->bar_files[i].offset = region.offset;
	res->len = region.size;
	res->phys_addr = (uintptr_t)res->addr; /* drivers only ask whether it is 0 */
	return 0;
}

static void
bars_fini(struct vub_dev *dev)
{
	struct rte_mem_resource *res;
	unsigned int i;

	for (i = 0; i < VUB_NB_BARS; i++) {
		res = &dev->slot.pci.mem_resource[i];
		if (res->addr) {
			munmap(res->addr, res->len);
			close(dev->bar_files[i].fd);
		}
		*res = (struct rte_mem_resource){ 0 };
	}
}

/* --------------------------------------------------------------------------------- life cycle --
 */

/* EAL memory may be one file per page, and each of these passes through here. */
static void
raise_fd_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) != 0 || lim.rlim_cur == lim.rlim_max)
		return;
	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim) != 0)
		VUB_LOG(WARNING, "cannot raise the limit of open files to %ju: %s",
				(uintmax_t)lim.rlim_max, strerror(errno));
}

static int
dev_connect(struct vub_dev *dev)
{
	const struct vup_client_cfg cfg = {
		.path = dev->args.socket, .map_regions = true, .ops = &vub_dma_ops, .ctx = dev
	};
	uint32_t nb_regions, nb_irqs;
	char why[VUP_WHY_LEN];
	int ret;

	dev->client = vup_client_create(&cfg, &ret, why);
	if (!dev->client) {
		VUB_LOG(ERR, "%s: %s", dev->name, why);
		return ret;
	}
	atomic_store_explicit(&dev->lost, false, memory_order_relaxed);
	ret = vup_client_device_info(dev->client, &nb_regions, &nb_irqs);
	if (ret == 0 && (nb_regions <= VUP_REGION_CONFIG || nb_irqs <= VUP_IRQ_MSIX))
		ret = -ENODEV;
	if (ret)
		VUB_LOG(ERR, "%s: the server at %s does not offer a PCI device: %s", dev->name,
				dev->args.socket, strerror(-ret));
	return ret;
}

int
vub_dev_open(struct vub_dev *dev)
{
	unsigned int i;
	int ret;

	dev->config_fd = -1;
	ret = args_init(dev);
	if (ret)
		return ret;
	raise_fd_limit();
	ret = dev_connect(dev);
	if (ret == 0)
		ret = config_init(dev);
	for (i = 0; ret == 0 && i < VUB_NB_BARS; i++)
		ret = bar_init(dev, i);
	if (ret)
		vub_dev_close(dev);
	return ret;
}

void
vub_dev_close(struct vub_dev *dev)
{
	bars_fini(dev);
	if (dev->config_fd >= 0)
		close(dev->config_fd);
	dev->config_fd = -1;
	vup_client_destroy(dev->client);
	dev->client = NULL;
	args_fini(&dev->args);
}

void
vub_dev_check(struct vub_dev *dev)
{
	char why[VUP_WHY_LEN];

	if (vup_client_check(dev->client, why) == 0 ||
			atomic_exchange_explicit(&dev->lost, true, memory_order_relaxed))
		return;
	VUB_LOG(ERR,
			"%s: lost the device at %s (%s): its port works no more. Start the device "
			"again, then restart the application or detach and attach %s",
			dev->name, dev->args.socket, why, dev->name);
}
