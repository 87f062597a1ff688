/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Encode and decode of every message but the JSON inside the version message (vup_caps.c). Pure
 * functions; see vup_msg.h for the rules. Checks here need only the message itself; what depends on
 * the device (bounds of a region, live maps) is vup_server.c's.
 */
#include "vup_msg.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const cmd_names[VUP_NB_CMDS] = {
	[VUP_CMD_VERSION] = "VERSION",
	[VUP_CMD_DMA_MAP] = "DMA_MAP",
	[VUP_CMD_DMA_UNMAP] = "DMA_UNMAP",
	[VUP_CMD_DEVICE_GET_INFO] = "DEVICE_GET_INFO",
	[VUP_CMD_DEVICE_GET_REGION_INFO] = "DEVICE_GET_REGION_INFO",
	[VUP_CMD_DEVICE_GET_REGION_IO_FDS] = "DEVICE_GET_REGION_IO_FDS",
	[VUP_CMD_DEVICE_GET_IRQ_INFO] = "DEVICE_GET_IRQ_INFO",
	[VUP_CMD_DEVICE_SET_IRQS] = "DEVICE_SET_IRQS",
	[VUP_CMD_REGION_READ] = "REGION_READ",
	[VUP_CMD_REGION_WRITE] = "REGION_WRITE",
	[VUP_CMD_DMA_READ] = "DMA_READ",
	[VUP_CMD_DMA_WRITE] = "DMA_WRITE",
	[VUP_CMD_DEVICE_RESET] = "DEVICE_RESET",
	[VUP_CMD_REGION_WRITE_MULTI] = "REGION_WRITE_MULTI",
	[VUP_CMD_DEVICE_FEATURE] = "DEVICE_FEATURE",
	[VUP_CMD_MIG_DATA_READ] = "MIG_DATA_READ",
	[VUP_CMD_MIG_DATA_WRITE] = "MIG_DATA_WRITE",
};

const char *
vup_cmd_name(uint16_t cmd)
{
	return cmd < VUP_NB_CMDS && cmd_names[cmd] ? cmd_names[cmd] : "command";
}

void
vup_hdr_encode(uint8_t *buf, const struct vup_hdr *hdr)
{
	struct vup_wire_hdr wire = {
		.id_le = htole16(hdr->id),
		.cmd_le = htole16(hdr->cmd),
		.size_le = htole32(hdr->size),
		.flags_le = htole32(hdr->flags),
		.error_le = htole32(hdr->error),
	};

	memcpy(buf, &wire, sizeof(wire));
}

const char *
vup_hdr_decode(const uint8_t *buf, size_t len, struct vup_hdr *hdr)
{
	struct vup_wire_hdr wire;

	if (len < sizeof(wire))
		return "truncated header";
	memcpy(&wire, buf, sizeof(wire));
	hdr->id = le16toh(wire.id_le);
	hdr->cmd = le16toh(wire.cmd_le);
	hdr->size = le32toh(wire.size_le);
	hdr->flags = le32toh(wire.flags_le);
	hdr->error = le32toh(wire.error_le);
	if (hdr->size < VUP_HDR_SIZE)
		return "message size is smaller than a header";
	if (hdr->size > VUP_MSG_MAX)
		return "message size is larger than any message";
	if ((hdr->flags & VUP_TYPE_MASK) > VUP_TYPE_REPLY)
		return "message is neither command nor reply";
	return NULL;
}

size_t
vup_version_encode(uint8_t *buf, size_t size, const struct vup_version *ver)
{
	struct vup_wire_version wire = {
		.major_le = htole16(ver->major),
		.minor_le = htole16(ver->minor),
	};
	int len;

	memcpy(buf, &wire, sizeof(wire));
	len = snprintf((char *)buf + sizeof(wire), size - sizeof(wire),
			"{\"capabilities\":{\"max_msg_fds\":%" PRIu32
			",\"max_data_xfer_size\":%" PRIu32 ",\"max_dma_maps\":%" PRIu32
			",\"pgsizes\":%u%s}}",
			ver->caps.max_msg_fds, ver->caps.max_data_xfer_size, ver->caps.max_dma_maps,
			VUP_PAGE_SIZE,
			ver->caps.map_regions ? ",\"" VUP_CAP_MAP_REGIONS "\":true" : "");
	return sizeof(wire) + (size_t)len + 1; /* VUP_VERSION_MAX holds the longest numbers */
}

const char *
vup_version_decode(const uint8_t *buf, size_t len, struct vup_version *ver)
{
	struct vup_wire_version wire;
	const char *json = (const char *)buf + sizeof(wire);

	if (len < sizeof(wire))
		return "truncated version";
	memcpy(&wire, buf, sizeof(wire));
	ver->major = le16toh(wire.major_le);
	ver->minor = le16toh(wire.minor_le);
	len -= sizeof(wire);
	if (len > 0 && json[len - 1] != '\0')
		return "version data has no terminating NUL";
	return vup_caps_decode(json, len > 0 ? len - 1 : 0, &ver->caps);
}

/* A range of addresses that exists: not empty, page aligned, without a wrap. */
static const char *
range_check(uint64_t iova, uint64_t size)
{
	if (size == 0)
		return "empty DMA range";
	if (iova % VUP_PAGE_SIZE || size % VUP_PAGE_SIZE)
		return "DMA range is not page aligned";
	if (iova + (size - 1) < iova)
		return "DMA range wraps around";
	return NULL;
}

size_t
vup_dma_map_encode(uint8_t *buf, const struct vup_dma *map)
{
	struct vup_wire_dma_map wire = {
		.argsz_le = htole32(sizeof(wire)),
		.flags_le = htole32(map->prot),
		.offset_le = htole64(map->offset),
		.address_le = htole64(map->iova),
		.size_le = htole64(map->size),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

const char *
vup_dma_map_decode(const uint8_t *buf, size_t len, struct vup_dma *map)
{
	struct vup_wire_dma_map wire;

	if (len != sizeof(wire))
		return "wrong size";
	memcpy(&wire, buf, sizeof(wire));
	*map = (struct vup_dma){
		.iova = le64toh(wire.address_le),
		.size = le64toh(wire.size_le),
		.offset = le64toh(wire.offset_le),
		.prot = le32toh(wire.flags_le),
	};
	if (le32toh(wire.argsz_le) < sizeof(wire))
		return "argsz is smaller than the structure";
	if (map->prot == 0 || map->prot & ~(VUP_DMA_READ | VUP_DMA_WRITE))
		return "unknown or no access flags";
	if (map->offset % VUP_PAGE_SIZE)
		return "file offset is not page aligned";
	if (map->offset + map->size < map->offset || map->offset + map->size > INT64_MAX)
		return "file offset and size exceed any file";
	return range_check(map->iova, map->size);
}

size_t
vup_dma_unmap_encode(uint8_t *buf, const struct vup_dma *unmap)
{
	struct vup_wire_dma_unmap wire = {
		.argsz_le = htole32(sizeof(wire)),
		.flags_le = htole32(unmap->all ? VUP_UNMAP_ALL : 0),
		.address_le = htole64(unmap->iova),
		.size_le = htole64(unmap->size),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

const char *
vup_dma_unmap_decode(const uint8_t *buf, size_t len, struct vup_dma *unmap)
{
	struct vup_wire_dma_unmap wire;
	uint32_t flags;

	if (len != sizeof(wire))
		return "wrong size";
	memcpy(&wire, buf, sizeof(wire));
	flags = le32toh(wire.flags_le);
	*unmap = (struct vup_dma){
		.iova = le64toh(wire.address_le),
		.size = le64toh(wire.size_le),
		.all = flags == VUP_UNMAP_ALL,
	};
	if (le32toh(wire.argsz_le) < sizeof(wire))
		return "argsz is smaller than the structure";
	if (flags & ~VUP_UNMAP_ALL)
		return "unknown flags";
	if (unmap->all)
		return unmap->iova || unmap->size ? "unmap of all with an address or size" : NULL;
	return range_check(unmap->iova, unmap->size);
}

size_t
vup_device_info_encode(uint8_t *buf, const struct vup_device_info *info)
{
	struct vup_wire_device_info wire = {
		.argsz_le = htole32(sizeof(wire)),
		.flags_le = htole32(info->flags),
		.num_regions_le = htole32(info->nb_regions),
		.num_irqs_le = htole32(info->nb_irqs),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

const char *
vup_device_info_decode(const uint8_t *buf, size_t len, struct vup_device_info *info)
{
	struct vup_wire_device_info wire;

	if (len != sizeof(wire))
		return "wrong size";
	memcpy(&wire, buf, sizeof(wire));
	info->flags = le32toh(wire.flags_le);
	info->nb_regions = le32toh(wire.num_regions_le);
	info->nb_irqs = le32toh(wire.num_irqs_le);
	return le32toh(wire.argsz_le) < sizeof(wire) ? "argsz is smaller than the structure" : NULL;
}

size_t
vup_region_info_encode(uint8_t *buf, const struct vup_region_info *info)
{
	struct vup_wire_region_info wire = {
		.argsz_le = htole32(sizeof(wire)),
		.flags_le = htole32(info->flags),
		.index_le = htole32(info->index),
		.size_le = htole64(info->size),
		.offset_le = htole64(info->offset),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

const char *
vup_region_info_decode(const uint8_t *buf, size_t len, struct vup_region_info *info)
{
	struct vup_wire_region_info wire;

	if (len != sizeof(wire))
		return "wrong size";
	memcpy(&wire, buf, sizeof(wire));
	info->flags = le32toh(wire.flags_le);
	info->index = le32toh(wire.index_le);
	info->size = le64toh(wire.size_le);
	info->offset = le64toh(wire.offset_le);
	return le32toh(wire.argsz_le) < sizeof(wire) ? "argsz is smaller than the structure" : NULL;
}

size_t
vup_irq_info_encode(uint8_t *buf, const struct vup_irq_info *info)
{
	struct vup_wire_irq_info wire = {
		.argsz_le = htole32(sizeof(wire)),
		.flags_le = htole32(info->flags),
		.index_le = htole32(info->index),
		.count_le = htole32(info->count),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

const char *
vup_irq_info_decode(const uint8_t *buf, size_t len, struct vup_irq_info *info)
{
	struct vup_wire_irq_info wire;

	if (len != sizeof(wire))
		return "wrong size";
	memcpy(&wire, buf, sizeof(wire));
	info->flags = le32toh(wire.flags_le);
	info->index = le32toh(wire.index_le);
	info->count = le32toh(wire.count_le);
	return le32toh(wire.argsz_le) < sizeof(wire) ? "argsz is smaller than the structure" : NULL;
}

size_t
vup_irq_set_encode(uint8_t *buf, const struct vup_irq_set *set)
{
	uint32_t nb_bools = set->flags & VUP_IRQ_DATA_BOOL ? set->count : 0;
	struct vup_wire_irq_set wire = {
		.argsz_le = htole32((uint32_t)sizeof(wire) + nb_bools),
		.flags_le = htole32(set->flags),
		.index_le = htole32(set->index),
		.start_le = htole32(set->start),
		.count_le = htole32(set->count),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

static bool
is_one_bit(uint32_t word)
{
	return word != 0 && (word & (word - 1)) == 0;
}

const char *
vup_irq_set_decode(const uint8_t *buf, size_t len, struct vup_irq_set *set)
{
	struct vup_wire_irq_set wire;
	uint32_t nb_bools;

	if (len < sizeof(wire))
		return "wrong size";
	memcpy(&wire, buf, sizeof(wire));
	*set = (struct vup_irq_set){
		.flags = le32toh(wire.flags_le),
		.index = le32toh(wire.index_le),
		.start = le32toh(wire.start_le),
		.count = le32toh(wire.count_le),
	};
	if (set->flags & ~(VUP_IRQ_DATA_MASK | VUP_IRQ_ACTIONS) ||
			!is_one_bit(set->flags & VUP_IRQ_DATA_MASK) ||
			!is_one_bit(set->flags & VUP_IRQ_ACTIONS))
		return "flags are not one kind of data and one action";
	if (set->count > VUP_MAX_VECTORS || set->start > VUP_MAX_VECTORS)
		return "more vectors than a PCI device can have";
	nb_bools = set->flags & VUP_IRQ_DATA_BOOL ? set->count : 0;
	if (len != sizeof(wire) + nb_bools)
		return "wrong size";
	return le32toh(wire.argsz_le) < len ? "argsz is smaller than the structure" : NULL;
}

size_t
vup_region_rw_encode(uint8_t *buf, const struct vup_region_rw *rw)
{
	struct vup_wire_region_rw wire = {
		.offset_le = htole64(rw->offset),
		.region_le = htole32(rw->region),
		.count_le = htole32(rw->count),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

const char *
vup_region_rw_decode(const uint8_t *buf, size_t len, bool has_data, struct vup_region_rw *rw)
{
	struct vup_wire_region_rw wire;

	if (len < sizeof(wire))
		return "wrong size";
	memcpy(&wire, buf, sizeof(wire));
	rw->offset = le64toh(wire.offset_le);
	rw->region = le32toh(wire.region_le);
	rw->count = le32toh(wire.count_le);
	if (rw->count > VUP_MAX_XFER)
		return "transfer exceeds max_data_xfer_size";
	return len != sizeof(wire) + (has_data ? rw->count : 0) ? "wrong size" : NULL;
}

size_t
vup_dma_rw_encode(uint8_t *buf, const struct vup_dma_rw *rw)
{
	struct vup_wire_dma_rw wire = {
		.address_le = htole64(rw->iova),
		.count_le = htole64(rw->count),
	};

	memcpy(buf, &wire, sizeof(wire));
	return sizeof(wire);
}

const char *
vup_dma_rw_decode(const uint8_t *buf, size_t len, bool has_data, struct vup_dma_rw *rw)
{
	struct vup_wire_dma_rw wire = { 0 };
	uint64_t count;

	if (len < 12 || (len < sizeof(wire) && (len != 12 || has_data)))
		return "wrong size";
	memcpy(&wire, buf, len < sizeof(wire) ? len : sizeof(wire));
	rw->iova = le64toh(wire.address_le);
	count = le64toh(wire.count_le);
	if (count == 0 || count > VUP_MAX_XFER)
		return "DMA of no bytes, or more than max_data_xfer_size";
	rw->count = (uint32_t)count;
	if (len == 12)
		return NULL;
	return len != sizeof(wire) + (has_data ? count : 0) ? "wrong size" : NULL;
}
