/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Glue of one port: vfio-user requests become calls of the device and its IOMMU.
 *
 * Whatever the data thread reads is changed between emu_data_pause() and emu_data_resume(), and so
 * a reply to an unmap leaves only when no thread can touch the memory any more.
 */
#include "emu_port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define MODULE     "emu.port"
#define BAR0_BYTES 0x10000u                             /* MSI-X table and pending bits [1:1.4] */
#define BAR4_BYTES (2u * 0x10000u * EMU_DEV_QUEUES_MAX) /* RoCE's half, the NIC's half [1:1.4] */

void
emu_port_irq(struct emu_port *port, unsigned int vector)
{
	uint64_t one = 1;

	if (vector >= EMU_VECTORS_MAX || port->eventfd[vector] < 0)
		return;
	__atomic_fetch_add(&port->nb_irqs, 1, __ATOMIC_RELAXED); /* a counter of both threads */
	/* EAGAIN: 2^64 - 1 unread events; the client has been told often enough */
	if (write(port->eventfd[vector], &one, sizeof(one)) < 0 && errno != EAGAIN)
		base_log(BASE_LOG_WARNING, MODULE, "%s: cannot raise vector %u: %s", port->name,
				vector, strerror(errno));
}

unsigned int
emu_port_tx(struct emu_port *port, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	return emu_wire_tx(&port->wire, frames, nb, next);
}

/* Close eventfds of vectors start .. start + count - 1 and put @p fds (or none) in place. */
static void
eventfds_set(struct emu_port *port, uint32_t start, uint32_t count, const int *fds)
{
	for (uint32_t i = 0; i < count; i++) {
		if (port->eventfd[start + i] >= 0)
			close(port->eventfd[start + i]);
		port->eventfd[start + i] = fds ? fds[i] : -1;
	}
}

static void
on_client_new(void *ctx, bool maps_regions)
{
	struct emu_port *port = ctx;

	port->has_client = true;
	port->nb_clients++;
	base_log(BASE_LOG_NOTICE, MODULE, "%s: client attached, registers %s", port->name,
			maps_regions ? "mapped" : "trapped");
	emu_data_pause();
	emu_dev_attached(port->dev, true);
	emu_dev_trap(port->dev, !maps_regions);
	if (port->wire.ops->restart)
		port->wire.ops->restart(&port->wire);
	emu_data_resume();
}

static void
on_client_gone(void *ctx, const char *why)
{
	struct emu_port *port = ctx;

	(void)why; /* logged by the server */
	emu_data_pause();
	emu_dev_reset(port->dev);
	emu_dev_attached(port->dev, false);
	eventfds_set(port, 0, EMU_VECTORS_MAX, NULL);
	port->maps_left += port->iommu.nb_maps;
	emu_iommu_unmap_all(&port->iommu);
	if (port->wire.ops->flush)
		port->wire.ops->flush(&port->wire);
	emu_data_resume();
	port->has_client = false;
}

static int
on_dma_map(void *ctx, uint64_t iova, uint64_t size, uint32_t prot, int fd, uint64_t offset)
{
	struct emu_port *port = ctx;
	int ret;

	prot = (prot & VUP_DMA_READ ? EMU_DMA_READ : 0) |
	       (prot & VUP_DMA_WRITE ? EMU_DMA_WRITE : 0);
	emu_data_pause();
	/* Without a file: an application's own memory, a ROM, another device's BAR. */
	ret = fd < 0 ? emu_iommu_map_remote(&port->iommu, iova, size, prot)
	             : emu_iommu_map(&port->iommu, iova, size, fd, offset, prot);
	emu_data_resume();
	if (ret)
		base_log(BASE_LOG_WARNING, MODULE,
				"%s: refused to map IOVA 0x%llx, 0x%llx bytes: %s", port->name,
				(unsigned long long)iova, (unsigned long long)size, strerror(-ret));
	return ret;
}

/* The IOMMU's DMA by messages. */
static int
remote_dma(void *ctx, bool is_write, uint64_t iova, void *buf, uint32_t len)
{
	struct emu_port *port = ctx;

	return is_write ? vup_server_dma_write(port->server, iova, buf, len)
	                : vup_server_dma_read(port->server, iova, buf, len);
}

static int
on_dma_unmap(void *ctx, uint64_t iova, uint64_t size)
{
	struct emu_port *port = ctx;
	int ret;

	emu_data_pause();
	ret = emu_iommu_unmap(&port->iommu, iova, size);
	emu_data_resume();
	return ret;
}

static int
on_region_read(void *ctx, uint32_t region, uint64_t offset, void *buf, uint32_t count)
{
	struct emu_port *port = ctx;

	switch (region) {
	case VUP_REGION_BAR2:
		return emu_dev_bar2_read(port->dev, offset, buf, count);
	case VUP_REGION_CONFIG:
		return emu_dev_config_read(port->dev, offset, buf, count);
	default: /* BAR 0: no vector is pending; BAR 4 reads so [1:1.4] */
		memset(buf, region == VUP_REGION_BAR4 ? 0xff : 0, count);
		return 0;
	}
}

static int
on_region_write(void *ctx, uint32_t region, uint64_t offset, const void *buf, uint32_t count)
{
	struct emu_port *port = ctx;

	switch (region) {
	case VUP_REGION_BAR2:
		return emu_dev_bar2_write(port->dev, offset, buf, count);
	case VUP_REGION_CONFIG:
		return emu_dev_config_write(port->dev, offset, buf, count);
	default: /* the MSI-X table is the client's; BAR 4's doorbells take a capability that is not
	            reported */
		return 0;
	}
}

static int
on_set_irqs(void *ctx, uint32_t index, uint32_t start, uint32_t count, const int *fds)
{
	struct emu_port *port = ctx;

	if (index != VUP_IRQ_MSIX)
		return -EINVAL;
	emu_data_pause();
	eventfds_set(port, start, count, fds);
	emu_data_resume();
	return 0;
}

static int
on_reset(void *ctx)
{
	struct emu_port *port = ctx;

	emu_data_pause();
	emu_dev_reset(port->dev);
	emu_data_resume();
	return 0;
}

static const struct vup_server_ops server_ops = {
	.client_new = on_client_new,
	.client_gone = on_client_gone,
	.dma_map = on_dma_map,
	.dma_unmap = on_dma_unmap,
	.region_read = on_region_read,
	.region_write = on_region_write,
	.set_irqs = on_set_irqs,
	.reset = on_reset,
};

/* In place of a wire: what a VF sends goes through its PF's port. */
static void
vf_wire_close(struct emu_wire *w)
{
	(void)w;
}

static const struct emu_wire_ops vf_wire = { .kind = "vf", .close = vf_wire_close };

int
emu_port_open(struct emu_port *port, unsigned int idx, const struct emu_port_opts *opts,
		struct emu_dev *pf, FILE *trace)
{
	struct emu_dev_cfg cfg = {
		.name = port->name,
		.device_id = opts->device_id,
		.revision = opts->revision,
		.nb_queues = opts->nb_queues,
		.caps = opts->caps,
		.fd_is_4k = opts->fd_is_4k,
		.speed_mbps = opts->speed_mbps,
		.reset_us = opts->reset_us,
		.mbx_by_driver = opts->mbx_by_driver,
		.pf = pf,
		.iommu = &port->iommu,
		.port = port,
		.trace = trace,
	};
	char why[512] = "";
	int ret;

	*port = (struct emu_port){ .idx = idx, .opts = opts };
	snprintf(port->name, sizeof(port->name), "port %u", idx);
	memcpy(cfg.mac, opts->mac, sizeof(cfg.mac));
	for (unsigned int i = 0; i < EMU_VECTORS_MAX; i++)
		port->eventfd[i] = -1;
	ret = emu_iommu_init(&port->iommu, port->name);
	if (ret == 0)
		ret = emu_iommu_guard_install(&port->iommu);
	if (ret == 0 && pf)
		port->wire.ops = &vf_wire;
	else if (ret == 0)
		ret = emu_wire_open(&port->wire, opts->wire, why, sizeof(why));
	if (ret == 0) {
		port->dev = emu_dev_create(&cfg, &ret);
		port->wire.dev = port->dev;
		if (!port->dev)
			snprintf(why, sizeof(why),
					"cannot emulate device %04x revision 0x%02x with %u "
					"queues: %s",
					opts->device_id, opts->revision, opts->nb_queues,
					ret != -EINVAL ? strerror(-ret)
						       : "a PF is a220 to a226 or a228, "
							 "a VF (vf=PORT) a22e or a22f, of revision "
							 "0x21 or "
							 "0x30");
	}
	if (ret)
		base_log(BASE_LOG_ERR, MODULE, "%s: %s", port->name, *why ? why : strerror(-ret));
	return ret;
}

int
emu_port_connect(struct emu_port *port, struct emu_port *ports, unsigned int nb_ports)
{
	struct emu_wire *wires[EMU_PORTS_MAX];
	char why[512] = "";
	int ret;

	if (!port->wire.ops->connect)
		return 0;
	for (unsigned int i = 0; i < nb_ports; i++)
		wires[i] = &ports[i].wire;
	ret = port->wire.ops->connect(&port->wire, wires, nb_ports, port->idx, why, sizeof(why));
	if (ret)
		base_log(BASE_LOG_ERR, MODULE, "%s: %s", port->name, why);
	return ret;
}

int
emu_port_listen(struct emu_port *port)
{
	struct vup_server_cfg cfg = {
		.path = port->opts->socket,
		.name = port->name,
		.ops = &server_ops,
		.ctx = port,
	};
	int err;

	for (unsigned int i = 0; i < VUP_NB_REGIONS; i++)
		cfg.regions[i].fd = -1;
	cfg.regions[VUP_REGION_BAR0] = (struct vup_region){
		.size = BAR0_BYTES,
		.flags = VUP_REGION_READ | VUP_REGION_WRITE,
		.fd = -1,
	};
	cfg.regions[VUP_REGION_BAR4] = cfg.regions[VUP_REGION_BAR0];
	cfg.regions[VUP_REGION_BAR4].size = BAR4_BYTES;
	cfg.regions[VUP_REGION_BAR2] = (struct vup_region){
		.size = emu_dev_bar2_bytes(port->dev),
		.flags = VUP_REGION_READ | VUP_REGION_WRITE | VUP_REGION_MMAP,
		.fd = emu_dev_bar2_fd(port->dev),
	};
	cfg.regions[VUP_REGION_CONFIG] = (struct vup_region){
		.size = emu_dev_config_bytes(port->dev),
		.flags = VUP_REGION_READ | VUP_REGION_WRITE | VUP_REGION_MMAP,
		.fd = emu_dev_config_fd(port->dev),
	};
	cfg.nb_vectors[VUP_IRQ_MSIX] = emu_dev_nb_vectors(port->dev);
	port->iommu.remote = remote_dma;
	port->iommu.remote_ctx = port;
	port->server = vup_server_create(&cfg, &err); /* logs why not */
	return port->server ? 0 : err;
}

void
emu_port_close(struct emu_port *port)
{
	vup_server_destroy(port->server);
	emu_wire_close(&port->wire);
	if (port->dev)
		emu_dev_destroy(port->dev);
	emu_iommu_fini(&port->iommu);
	port->server = NULL;
	port->dev = NULL;
}

unsigned int
emu_port_service(struct emu_port *port)
{
	unsigned int nb = vup_server_poll(port->server);

	/* Relaxed: a flag alone; the pages behind it have been replaced already. */
	if (__atomic_load_n(&port->iommu.broken, __ATOMIC_RELAXED))
		vup_server_drop_client(
				port->server, "it truncated a file that it had given for DMA");
	if (port->has_client)
		nb += emu_dev_service(port->dev);
	return nb;
}

static void
add_u64(struct json_object *obj, const char *key, uint64_t val)
{
	json_object_object_add(obj, key, json_object_new_uint64(val));
}

/* Each group of the device's counters is an object of its own. */
static void
report_emit(void *arg, const char *group, const char *name, uint64_t value)
{
	struct json_object *device = arg, *obj;

	if (!json_object_object_get_ex(device, group, &obj)) {
		obj = json_object_new_object();
		json_object_object_add(device, group, obj);
	}
	add_u64(obj, name, value);
}

struct json_object *
emu_port_report(const struct emu_port *port)
{
	const struct emu_wire_stats *ws = &port->wire.stats;
	struct json_object *root = json_object_new_object();
	struct json_object *wire = json_object_new_object();
	struct json_object *drops = json_object_new_object();
	struct json_object *iommu = json_object_new_object();
	struct json_object *device = json_object_new_object();
	struct json_object *answers = json_object_new_object();

	json_object_object_add(root, "port", json_object_new_int((int)port->idx));
	json_object_object_add(root, "socket", json_object_new_string(port->opts->socket));
	json_object_object_add(root, "client_attached", json_object_new_boolean(port->has_client));
	add_u64(root, "clients", port->nb_clients);
	add_u64(root, "interrupts", port->nb_irqs);

	add_u64(answers, "nb", port->answers.nb);
	add_u64(answers, "late", port->answers.nb_late);
	add_u64(answers, "late_own", port->answers.nb_late_own);
	add_u64(answers, "max_us", port->answers.max_ns / 1000);
	add_u64(answers, "max_own_us", port->answers.max_own_ns / 1000);
	json_object_object_add(root, "answers", answers);

	json_object_object_add(wire, "kind", json_object_new_string(port->wire.ops->kind));
	add_u64(wire, "rx_pkts", ws->rx_pkts);
	add_u64(wire, "rx_bytes", ws->rx_bytes);
	add_u64(wire, "rx_refused_pkts", ws->rx_refused_pkts);
	add_u64(wire, "tx_pkts", ws->tx_pkts);
	add_u64(wire, "tx_bytes", ws->tx_bytes);
	add_u64(drops, "no_bd", ws->drop_no_bd_pkts);
	add_u64(drops, "rx_error", ws->drop_rx_error_pkts);
	add_u64(drops, "queue", ws->drop_queue_pkts);
	add_u64(drops, "tx_error", ws->drop_tx_error_pkts);
	json_object_object_add(wire, "drops", drops);
	json_object_object_add(root, "wire", wire);

	add_u64(iommu, "faults", port->iommu.faults_read + port->iommu.faults_write);
	add_u64(iommu, "faults_read", port->iommu.faults_read);
	add_u64(iommu, "faults_write", port->iommu.faults_write);
	add_u64(iommu, "refused", port->iommu.nb_refused);
	add_u64(iommu, "maps_left", port->maps_left);
	add_u64(iommu, "live_maps", port->iommu.nb_maps);
	add_u64(iommu, "live_bytes", port->iommu.live_bytes);
	add_u64(iommu, "peak_maps", port->iommu.peak_maps);
	add_u64(iommu, "by_message", port->iommu.nb_remote);
	add_u64(iommu, "mapped", port->iommu.nb_mapped);
	add_u64(iommu, "unmapped", port->iommu.nb_unmapped);
	json_object_object_add(root, "iommu", iommu);

	emu_dev_stats(port->dev, report_emit, device);
	json_object_object_add(root, "device", device);
	return root;
}
