/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One handler per command that a client may send. The message's form is checked by its decoder;
 * here comes what depends on the device: bounds of regions and vectors, live maps, sizes of files.
 * Broken form ends the client; a well-formed request that cannot be granted is an error reply.
 */
#include "vup_server_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static uint8_t *
reply_payload(struct vup_server *srv)
{
	return srv->tx + VUP_HDR_SIZE;
}

static const char *
on_version(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_version ver;
	const char *wrong = vup_version_decode(payload, len, &ver);

	if (wrong)
		return wrong;
	if (ver.major != VUP_VERSION_MAJOR) {
		reply->err = EPROTONOSUPPORT;
		return "major protocol version is not ours (0)";
	}
	conn->negotiated = true;
	conn->maps_regions = ver.caps.map_regions;
	conn->max_xfer = ver.caps.max_data_xfer_size < VUP_MAX_XFER ? ver.caps.max_data_xfer_size
	                                                            : VUP_MAX_XFER;
	ver.minor = VUP_VERSION_MINOR;
	ver.caps.max_msg_fds = VUP_MAX_FDS;
	ver.caps.max_data_xfer_size = VUP_MAX_XFER;
	ver.caps.max_dma_maps = VUP_MAX_DMA_MAPS;
	reply->len = vup_version_encode(reply_payload(srv), VUP_VERSION_MAX, &ver);
	base_log(BASE_LOG_INFO, VUP_LOG, "%s: client attached, regions are %s", srv->name,
			conn->maps_regions ? "mapped" : "trapped");
	if (srv->ops->client_new)
		srv->ops->client_new(srv->ctx, conn->maps_regions);
	return NULL;
}

/* Whether @p fd is a file that holds the range; a map beyond its end would be a trap for us. */
static const char *
file_holds(int fd, const struct vup_dma *map)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "the descriptor is no file that can be mapped";
	if (map->offset + map->size > (uint64_t)st.st_size)
		return "the map is larger than its file";
	return NULL;
}

static const char *
on_dma_map(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_dma map;
	const char *wrong = vup_dma_map_decode(payload, len, &map);
	int fd, ret;

	if (wrong)
		return wrong;
	fd = conn->rx.nb_fds ? conn->rx.fds[0] : -1; /* vup_rx_next() closes it */
	if (fd >= 0)
		wrong = file_holds(fd, &map);
	if (wrong)
		return wrong;
	ret = vup_ranges_add(&srv->maps, map.iova, map.size);
	reply->err = -ret;
	if (ret == -EEXIST)
		return "the map overlaps another one";
	if (ret)
		return NULL;
	ret = srv->ops->dma_map ? srv->ops->dma_map(srv->ctx, map.iova, map.size, map.prot, fd,
						  map.offset)
	                        : -ENOTSUP;
	if (ret)
		vup_ranges_remove(&srv->maps, map.iova, map.size);
	reply->err = -ret;
	return NULL;
}

static int
unmap_one(struct vup_server *srv, uint64_t iova, uint64_t size)
{
	int ret = vup_ranges_remove(&srv->maps, iova, size);

	if (ret)
		return ret;
	return srv->ops->dma_unmap ? srv->ops->dma_unmap(srv->ctx, iova, size) : 0;
}

/*
 * Unmap what lies in a range. Our bus unmaps what it has mapped; QEMU with an emulated IOMMU also
 * unmaps ranges that cover several maps or none, so whoever does not ask for regions to map may.
 */
static int
unmap_range(struct vup_server *srv, uint64_t iova, uint64_t size)
{
	uint64_t last = iova + (size - 1);
	struct vup_range r;
	int ret, first_err = 0;

	if (srv->client.maps_regions)
		return unmap_one(srv, iova, size);
	if (vup_ranges_are_cut(&srv->maps, iova, size))
		return -EINVAL;
	while (vup_ranges_last(&srv->maps, last, &r) && r.first >= iova) {
		ret = unmap_one(srv, r.first, r.last - r.first + 1);
		if (!first_err)
			first_err = ret;
	}
	return first_err;
}

static int
unmap_all(struct vup_server *srv)
{
	struct vup_range r;
	int ret, first_err = 0;

	while (vup_ranges_last(&srv->maps, UINT64_MAX, &r)) {
		ret = unmap_one(srv, r.first, r.last - r.first + 1);
		if (!first_err)
			first_err = ret;
	}
	return first_err;
}

static const char *
on_dma_unmap(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_dma unmap;
	const char *wrong = vup_dma_unmap_decode(payload, len, &unmap);

	(void)conn;
	if (wrong)
		return wrong;
	reply->err = -(unmap.all ? unmap_all(srv) : unmap_range(srv, unmap.iova, unmap.size));
	if (reply->err == ENOENT)
		base_log(BASE_LOG_WARNING, VUP_LOG,
				"%s: unmap of 0x%" PRIx64 " + 0x%" PRIx64
				" refused: no map is exactly that",
				srv->name, unmap.iova, unmap.size);
	reply->len = vup_dma_unmap_encode(reply_payload(srv), &unmap);
	return NULL;
}

static const char *
on_device_info(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_device_info info;
	const char *wrong = vup_device_info_decode(payload, len, &info);

	(void)conn;
	if (wrong)
		return wrong;
	info = (struct vup_device_info){
		.flags = VUP_DEVICE_PCI | (srv->ops->reset ? VUP_DEVICE_RESET : 0),
		.nb_regions = VUP_NB_REGIONS,
		.nb_irqs = VUP_NB_IRQS,
	};
	reply->len = vup_device_info_encode(reply_payload(srv), &info);
	return NULL;
}

static const char *
on_region_info(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	const struct vup_region *region;
	struct vup_region_info info;
	const char *wrong = vup_region_info_decode(payload, len, &info);

	if (wrong)
		return wrong;
	if (info.index >= VUP_NB_REGIONS) {
		reply->err = EINVAL;
		return NULL;
	}
	region = &srv->regions[info.index];
	info.flags = region->size ? region->flags & (VUP_REGION_READ | VUP_REGION_WRITE) : 0;
	info.size = region->size;
	info.offset = 0;
	if (region->size && region->flags & VUP_REGION_MMAP && conn->maps_regions) {
		info.flags |= VUP_REGION_MMAP;
		info.offset = region->offset;
		reply->fd = region->fd;
	}
	reply->len = vup_region_info_encode(reply_payload(srv), &info);
	return NULL;
}

static const char *
on_irq_info(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_irq_info info;
	const char *wrong = vup_irq_info_decode(payload, len, &info);

	(void)conn;
	if (wrong)
		return wrong;
	if (info.index >= VUP_NB_IRQS) {
		reply->err = EINVAL;
		return NULL;
	}
	info.count = srv->nb_vectors[info.index];
	info.flags = info.count ? VUP_IRQ_INFO_EVENTFD : 0;
	reply->len = vup_irq_info_encode(reply_payload(srv), &info);
	return NULL;
}

/* Hand event fds (or -1s) to the device, those of the message by ownership. */
static int
set_eventfds(struct vup_server *srv, struct vup_rx *rx, const struct vup_irq_set *set)
{
	int fds[VUP_MAX_VECTORS];
	unsigned int i;
	int ret;

	if (!srv->ops->set_irqs)
		return -ENOTSUP;
	for (i = 0; i < set->count; i++) {
		fds[i] = rx->nb_fds ? rx->fds[i] : -1;
		/* A full counter of the client's must not stop the device. */
		if (fds[i] >= 0 && fcntl(fds[i], F_SETFL, O_NONBLOCK) != 0)
			return -errno;
	}
	ret = srv->ops->set_irqs(srv->ctx, set->index, set->start, set->count, fds);
	for (i = 0; ret == 0 && i < rx->nb_fds; i++)
		vup_rx_take_fd(rx, i); /* the callback owns it now */
	return ret;
}

static const char *
on_set_irqs(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_irq_set set;
	const char *wrong = vup_irq_set_decode(payload, len, &set);
	unsigned int nb_fds = conn->rx.nb_fds;

	if (wrong)
		return wrong;
	if (nb_fds > 0 && !(set.flags & VUP_IRQ_DATA_EVENTFD))
		return "file descriptors where none belong";
	if (nb_fds > 0 && nb_fds != set.count)
		return "as many file descriptors as vectors are needed";
	if (set.index >= VUP_NB_IRQS || set.start + set.count > srv->nb_vectors[set.index]) {
		reply->err = EINVAL;
		return NULL;
	}
	if (set.flags == (VUP_IRQ_DATA_NONE | VUP_IRQ_ACTION_TRIGGER) && set.count == 0)
		set = (struct vup_irq_set){
			/* all vectors of the index off */
			.flags = VUP_IRQ_DATA_EVENTFD | VUP_IRQ_ACTION_TRIGGER,
			.index = set.index,
			.count = srv->nb_vectors[set.index],
		};
	if (set.flags != (VUP_IRQ_DATA_EVENTFD | VUP_IRQ_ACTION_TRIGGER))
		reply->err = ENOTSUP; /* masking and triggering by message */
	else if (set.count > 0)
		reply->err = -set_eventfds(srv, &conn->rx, &set);
	return NULL;
}

/* Whether an access lies inside a region that permits it. */
static bool
region_admits(const struct vup_server *srv, const struct vup_region_rw *rw, uint32_t access)
{
	const struct vup_region *region;

	if (rw->region >= VUP_NB_REGIONS)
		return false;
	region = &srv->regions[rw->region];
	return region->flags & access && rw->count > 0 && rw->offset < region->size &&
	       rw->count <= region->size - rw->offset;
}

static const char *
on_region_read(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_region_rw rw;
	const char *wrong = vup_region_rw_decode(payload, len, false, &rw);
	uint8_t *out = reply_payload(srv);
	int ret;

	(void)conn;
	if (wrong)
		return wrong;
	if (!region_admits(srv, &rw, VUP_REGION_READ)) {
		reply->err = EINVAL;
		return NULL;
	}
	reply->len = vup_region_rw_encode(out, &rw);
	memset(out + reply->len, 0, rw.count); /* never leak an earlier reply */
	ret = srv->ops->region_read ? srv->ops->region_read(srv->ctx, rw.region, rw.offset,
						      out + reply->len, rw.count)
	                            : -ENOTSUP;
	reply->len += rw.count;
	reply->err = -ret;
	return NULL;
}

static const char *
on_region_write(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	struct vup_region_rw rw;
	const char *wrong = vup_region_rw_decode(payload, len, true, &rw);
	int ret;

	(void)conn;
	if (wrong)
		return wrong;
	if (!region_admits(srv, &rw, VUP_REGION_WRITE)) {
		reply->err = EINVAL;
		return NULL;
	}
	ret = srv->ops->region_write ? srv->ops->region_write(srv->ctx, rw.region, rw.offset,
						       payload + sizeof(struct vup_wire_region_rw),
						       rw.count)
	                             : -ENOTSUP;
	reply->len = vup_region_rw_encode(reply_payload(srv), &rw);
	reply->err = -ret;
	return NULL;
}

static const char *
on_reset(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	(void)conn;
	(void)payload;
	if (len != 0)
		return "wrong size";
	reply->err = srv->ops->reset ? -srv->ops->reset(srv->ctx) : ENOTSUP;
	return NULL;
}

/* In the specification, but an option that we have not negotiated or need not have. */
static const char *
on_unsupported(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload, size_t len,
		struct vup_reply *reply)
{
	(void)srv;
	(void)conn;
	(void)payload;
	(void)len;
	reply->err = ENOTSUP;
	return NULL;
}

static const struct vup_cmd_row cmd_rows[VUP_NB_CMDS] = {
	[VUP_CMD_VERSION] = { 0, on_version },
	[VUP_CMD_DMA_MAP] = { 1, on_dma_map },
	[VUP_CMD_DMA_UNMAP] = { 0, on_dma_unmap },
	[VUP_CMD_DEVICE_GET_INFO] = { 0, on_device_info },
	[VUP_CMD_DEVICE_GET_REGION_INFO] = { 0, on_region_info },
	[VUP_CMD_DEVICE_GET_REGION_IO_FDS] = { 0, on_unsupported },
	[VUP_CMD_DEVICE_GET_IRQ_INFO] = { 0, on_irq_info },
	[VUP_CMD_DEVICE_SET_IRQS] = { VUP_MAX_FDS, on_set_irqs },
	[VUP_CMD_REGION_READ] = { 0, on_region_read },
	[VUP_CMD_REGION_WRITE] = { 0, on_region_write },
	[VUP_CMD_DEVICE_RESET] = { 0, on_reset },
	[VUP_CMD_REGION_WRITE_MULTI] = { 0, on_unsupported },
	[VUP_CMD_DEVICE_FEATURE] = { 0, on_unsupported },
	[VUP_CMD_MIG_DATA_READ] = { 0, on_unsupported },
	[VUP_CMD_MIG_DATA_WRITE] = { 0, on_unsupported },
};

const struct vup_cmd_row *
vup_cmd_row(uint16_t cmd)
{
	return cmd < VUP_NB_CMDS && cmd_rows[cmd].handle ? &cmd_rows[cmd] : NULL;
}
