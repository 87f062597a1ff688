/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfio-user messages as pure functions on buffers: no sockets, no state, no allocation. What a
 * fuzzer and the golden-byte tests call.
 *
 * Wire structs are fixed-width little-endian words (suffix _le), laid out as in the specification's
 * tables (the section is named at each); host-order twins carry what callers use. A decoder returns
 * NULL when the message may be acted on, else what is wrong with it, in words for the log; the
 * result is then unspecified. Decoders look at nothing beyond `len`.
 */
#ifndef VUP_MSG_H
#define VUP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vup.h"

#define VUP_VERSION_MAJOR 0
#define VUP_VERSION_MINOR 0
#define VUP_PAGE_SIZE     4096u /* granularity of DMA maps (capability pgsizes) */

/* Our capability in the version message: the client maps regions itself. */
#define VUP_CAP_MAP_REGIONS "pagelift_map_regions"

/* "Commands" */
enum vup_cmd {
	VUP_CMD_VERSION = 1,
	VUP_CMD_DMA_MAP = 2,
	VUP_CMD_DMA_UNMAP = 3,
	VUP_CMD_DEVICE_GET_INFO = 4,
	VUP_CMD_DEVICE_GET_REGION_INFO = 5,
	VUP_CMD_DEVICE_GET_REGION_IO_FDS = 6,
	VUP_CMD_DEVICE_GET_IRQ_INFO = 7,
	VUP_CMD_DEVICE_SET_IRQS = 8,
	VUP_CMD_REGION_READ = 9,
	VUP_CMD_REGION_WRITE = 10,
	VUP_CMD_DMA_READ = 11,  /* server to client */
	VUP_CMD_DMA_WRITE = 12, /* server to client */
	VUP_CMD_DEVICE_RESET = 13,
	VUP_CMD_REGION_WRITE_MULTI = 15,
	VUP_CMD_DEVICE_FEATURE = 16,
	VUP_CMD_MIG_DATA_READ = 17,
	VUP_CMD_MIG_DATA_WRITE = 18,
	VUP_NB_CMDS = 19,
};

/** Name of a command for the log; "command" for unknown ones. */
const char *vup_cmd_name(uint16_t cmd);

/* "Header": precedes every message. */
struct vup_wire_hdr {
	uint16_t id_le;
	uint16_t cmd_le;
	uint32_t size_le; /* of the whole message */
	uint32_t flags_le;
	uint32_t error_le;
};
_Static_assert(sizeof(struct vup_wire_hdr) == 16, "header");
_Static_assert(offsetof(struct vup_wire_hdr, cmd_le) == 2, "command");
_Static_assert(offsetof(struct vup_wire_hdr, size_le) == 4, "message size");
_Static_assert(offsetof(struct vup_wire_hdr, flags_le) == 8, "flags");
_Static_assert(offsetof(struct vup_wire_hdr, error_le) == 12, "error");

#define VUP_HDR_SIZE ((uint32_t)sizeof(struct vup_wire_hdr))

/* flags of the header */
#define VUP_TYPE_MASK  0xfu
#define VUP_TYPE_CMD   0x0u
#define VUP_TYPE_REPLY 0x1u
#define VUP_NO_REPLY   0x10u
#define VUP_ERROR      0x20u

struct vup_hdr {
	uint16_t id;
	uint16_t cmd;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

/* "VFIO_USER_DMA_MAP" */
struct vup_wire_dma_map {
	uint32_t argsz_le;
	uint32_t flags_le; /* VUP_DMA_READ | VUP_DMA_WRITE */
	uint64_t offset_le;
	uint64_t address_le;
	uint64_t size_le;
};
_Static_assert(sizeof(struct vup_wire_dma_map) == 32, "dma map");
_Static_assert(offsetof(struct vup_wire_dma_map, flags_le) == 4, "flags");
_Static_assert(offsetof(struct vup_wire_dma_map, offset_le) == 8, "offset");
_Static_assert(offsetof(struct vup_wire_dma_map, address_le) == 16, "address");
_Static_assert(offsetof(struct vup_wire_dma_map, size_le) == 24, "size");

/* "VFIO_USER_DMA_UNMAP"; the reply repeats it */
struct vup_wire_dma_unmap {
	uint32_t argsz_le;
	uint32_t flags_le;
	uint64_t address_le;
	uint64_t size_le;
};
_Static_assert(sizeof(struct vup_wire_dma_unmap) == 24, "dma unmap");
_Static_assert(offsetof(struct vup_wire_dma_unmap, flags_le) == 4, "flags");
_Static_assert(offsetof(struct vup_wire_dma_unmap, address_le) == 8, "address");
_Static_assert(offsetof(struct vup_wire_dma_unmap, size_le) == 16, "size");

/* VFIO_DMA_UNMAP_FLAG_ALL of linux/vfio.h: everything, address and size 0 */
#define VUP_UNMAP_ALL 0x2u

struct vup_dma {
	uint64_t iova;
	uint64_t size;
	uint64_t offset; /* map only */
	uint32_t prot;   /* map only */
	bool all;        /* unmap only */
};

/* "VFIO_USER_DEVICE_GET_INFO", request and reply */
struct vup_wire_device_info {
	uint32_t argsz_le;
	uint32_t flags_le;
	uint32_t num_regions_le;
	uint32_t num_irqs_le;
};
_Static_assert(sizeof(struct vup_wire_device_info) == 16, "device info");
_Static_assert(offsetof(struct vup_wire_device_info, flags_le) == 4, "flags");
_Static_assert(offsetof(struct vup_wire_device_info, num_regions_le) == 8, "num_regions");
_Static_assert(offsetof(struct vup_wire_device_info, num_irqs_le) == 12, "num_irqs");

#define VUP_DEVICE_RESET 0x1u
#define VUP_DEVICE_PCI   0x2u

struct vup_device_info {
	uint32_t flags;
	uint32_t nb_regions;
	uint32_t nb_irqs;
};

/* "VFIO_USER_DEVICE_GET_REGION_INFO", request and reply */
struct vup_wire_region_info {
	uint32_t argsz_le;
	uint32_t flags_le; /* VUP_REGION_READ | VUP_REGION_WRITE | VUP_REGION_MMAP */
	uint32_t index_le;
	uint32_t cap_offset_le;
	uint64_t size_le;
	uint64_t offset_le;
};
_Static_assert(sizeof(struct vup_wire_region_info) == 32, "region info");
_Static_assert(offsetof(struct vup_wire_region_info, flags_le) == 4, "flags");
_Static_assert(offsetof(struct vup_wire_region_info, index_le) == 8, "index");
_Static_assert(offsetof(struct vup_wire_region_info, cap_offset_le) == 12, "cap_offset");
_Static_assert(offsetof(struct vup_wire_region_info, size_le) == 16, "size");
_Static_assert(offsetof(struct vup_wire_region_info, offset_le) == 24, "offset");

struct vup_region_info {
	uint32_t flags;
	uint32_t index;
	uint64_t size;
	uint64_t offset;
};

/* "VFIO_USER_DEVICE_GET_IRQ_INFO", request and reply */
struct vup_wire_irq_info {
	uint32_t argsz_le;
	uint32_t flags_le;
	uint32_t index_le;
	uint32_t count_le;
};
_Static_assert(sizeof(struct vup_wire_irq_info) == 16, "irq info");
_Static_assert(offsetof(struct vup_wire_irq_info, flags_le) == 4, "flags");
_Static_assert(offsetof(struct vup_wire_irq_info, index_le) == 8, "index");
_Static_assert(offsetof(struct vup_wire_irq_info, count_le) == 12, "count");

#define VUP_IRQ_INFO_EVENTFD 0x1u

struct vup_irq_info {
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

/* "VFIO_USER_DEVICE_SET_IRQS", followed by `count` booleans with VUP_IRQ_DATA_BOOL */
struct vup_wire_irq_set {
	uint32_t argsz_le;
	uint32_t flags_le;
	uint32_t index_le;
	uint32_t start_le;
	uint32_t count_le;
};
_Static_assert(sizeof(struct vup_wire_irq_set) == 20, "irq set");
_Static_assert(offsetof(struct vup_wire_irq_set, flags_le) == 4, "flags");
_Static_assert(offsetof(struct vup_wire_irq_set, index_le) == 8, "index");
_Static_assert(offsetof(struct vup_wire_irq_set, start_le) == 12, "start");
_Static_assert(offsetof(struct vup_wire_irq_set, count_le) == 16, "count");

#define VUP_IRQ_DATA_NONE      0x01u
#define VUP_IRQ_DATA_BOOL      0x02u
#define VUP_IRQ_DATA_EVENTFD   0x04u
#define VUP_IRQ_DATA_MASK      0x07u
#define VUP_IRQ_ACTION_MASK    0x08u
#define VUP_IRQ_ACTION_UNMASK  0x10u
#define VUP_IRQ_ACTION_TRIGGER 0x20u
#define VUP_IRQ_ACTIONS        0x38u

struct vup_irq_set {
	uint32_t flags; /* one data flag, one action flag */
	uint32_t index;
	uint32_t start;
	uint32_t count;
};

/* "VFIO_USER_REGION_READ" and "_WRITE"; data follows a write and the reply to a read */
struct vup_wire_region_rw {
	uint64_t offset_le;
	uint32_t region_le;
	uint32_t count_le;
};
_Static_assert(sizeof(struct vup_wire_region_rw) == 16, "region read/write");
_Static_assert(offsetof(struct vup_wire_region_rw, region_le) == 8, "region");
_Static_assert(offsetof(struct vup_wire_region_rw, count_le) == 12, "count");

struct vup_region_rw {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

/* "VFIO_USER_DMA_READ" and "_WRITE", server to client; data follows a write and the reply to a read
 */
struct vup_wire_dma_rw {
	uint64_t address_le;
	uint64_t count_le;
};
_Static_assert(sizeof(struct vup_wire_dma_rw) == 16, "dma read/write");
_Static_assert(offsetof(struct vup_wire_dma_rw, count_le) == 8, "count");

struct vup_dma_rw {
	uint64_t iova;
	uint32_t count;
};

/* "VFIO_USER_VERSION", followed by JSON and its terminating NUL */
struct vup_wire_version {
	uint16_t major_le;
	uint16_t minor_le;
};
_Static_assert(sizeof(struct vup_wire_version) == 4, "version");
_Static_assert(offsetof(struct vup_wire_version, minor_le) == 2, "minor");

/* What the "capabilities" object said, or the specification's default. */
struct vup_caps {
	uint32_t max_msg_fds;
	uint32_t max_data_xfer_size;
	uint32_t max_dma_maps;
	bool map_regions; /* VUP_CAP_MAP_REGIONS */
};

struct vup_version {
	uint16_t major;
	uint16_t minor;
	struct vup_caps caps;
};

/* The largest message that either side accepts: a region transfer, or a version's JSON. */
#define VUP_MSG_MAX (VUP_HDR_SIZE + (uint32_t)sizeof(struct vup_wire_region_rw) + VUP_MAX_XFER)

/* Room for the version message that vup_version_encode() makes. */
#define VUP_VERSION_MAX 256u

/* Encoders write the wire struct at @p buf and return the bytes written. */

void vup_hdr_encode(uint8_t *buf, const struct vup_hdr *hdr);
const char *vup_hdr_decode(const uint8_t *buf, size_t len, struct vup_hdr *hdr);

size_t vup_version_encode(uint8_t *buf, size_t size, const struct vup_version *ver);
const char *vup_version_decode(const uint8_t *buf, size_t len, struct vup_version *ver);

/** Read the capabilities out of JSON text of @p len bytes (no NUL needed); absent ones get
 * defaults. */
const char *vup_caps_decode(const char *json, size_t len, struct vup_caps *caps);

size_t vup_dma_map_encode(uint8_t *buf, const struct vup_dma *map);
const char *vup_dma_map_decode(const uint8_t *buf, size_t len, struct vup_dma *map);

size_t vup_dma_unmap_encode(uint8_t *buf, const struct vup_dma *unmap);
const char *vup_dma_unmap_decode(const uint8_t *buf, size_t len, struct vup_dma *unmap);

size_t vup_device_info_encode(uint8_t *buf, const struct vup_device_info *info);
const char *vup_device_info_decode(const uint8_t *buf, size_t len, struct vup_device_info *info);

size_t vup_region_info_encode(uint8_t *buf, const struct vup_region_info *info);
const char *vup_region_info_decode(const uint8_t *buf, size_t len, struct vup_region_info *info);

size_t vup_irq_info_encode(uint8_t *buf, const struct vup_irq_info *info);
const char *vup_irq_info_decode(const uint8_t *buf, size_t len, struct vup_irq_info *info);

/** The booleans, if any, are at @p buf + 20. */
size_t vup_irq_set_encode(uint8_t *buf, const struct vup_irq_set *set);
const char *vup_irq_set_decode(const uint8_t *buf, size_t len, struct vup_irq_set *set);

/** The data is at @p buf + 16; @p has_data: the message carries rw->count bytes of it. */
size_t vup_region_rw_encode(uint8_t *buf, const struct vup_region_rw *rw);
const char *vup_region_rw_decode(
		const uint8_t *buf, size_t len, bool has_data, struct vup_region_rw *rw);

/** The data is at @p buf + 16. A reply to a write may have a count of 4 bytes, as the specification
 * has it in one table. */
size_t vup_dma_rw_encode(uint8_t *buf, const struct vup_dma_rw *rw);
const char *vup_dma_rw_decode(const uint8_t *buf, size_t len, bool has_data, struct vup_dma_rw *rw);

#endif
