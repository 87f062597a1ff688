/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole vfio-user messages, typed from the tables of the published specification (QEMU
 * docs/interop/vfio-user.rst) in the notation of fake_peer.h. One blank per field: message ID,
 * command, message size, flags, error; then the payload's fields in the order of its table. What
 * encodes, decodes, serves and asks is tested against these bytes alone.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

/* VFIO_USER_VERSION: major, minor, version data with its NUL. */
#define GOLD_VERSION_ASK                                                                           \
	"0100 0100 77000000 00000000 00000000 0000 0000"                                           \
	"'{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":16384,"                     \
	"\"max_dma_maps\":65535,\"pgsizes\":4096}}' 00"
#define GOLD_VERSION_REPLY                                                                         \
	"0100 0100 77000000 01000000 00000000 0000 0000"                                           \
	"'{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":16384,"                     \
	"\"max_dma_maps\":65535,\"pgsizes\":4096}}' 00"
#define GOLD_VERSION_MAPS_ASK                                                                      \
	"0100 0100 93000000 00000000 00000000 0000 0000"                                           \
	"'{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":16384,"                     \
	"\"max_dma_maps\":65535,\"pgsizes\":4096,\"pagelift_map_regions\":true}}' 00"
#define GOLD_VERSION_MAPS_REPLY                                                                    \
	"0100 0100 93000000 01000000 00000000 0000 0000"                                           \
	"'{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":16384,"                     \
	"\"max_dma_maps\":65535,\"pgsizes\":4096,\"pagelift_map_regions\":true}}' 00"

/* VFIO_USER_DMA_MAP: argsz, flags (readable, writeable), offset, address, size. */
#define GOLD_MAP_ASK                                                                               \
	"0200 0200 30000000 00000000 00000000 20000000 03000000 0010000000000000 "                 \
	"0000004005000000 0000200000000000"
#define GOLD_MAP_REPLY "0200 0200 10000000 01000000 00000000"

/* VFIO_USER_DMA_UNMAP: argsz, flags, address, size; the reply repeats the entry. */
#define GOLD_UNMAP_ASK                                                                             \
	"0200 0300 28000000 00000000 00000000 18000000 00000000 0000004005000000 0000200000000000"
#define GOLD_UNMAP_REPLY                                                                           \
	"0200 0300 28000000 01000000 00000000 18000000 00000000 0000004005000000 0000200000000000"
/* Flag bit 1 is VFIO_DMA_UNMAP_FLAG_ALL of linux/vfio.h. */
#define GOLD_UNMAP_ALL_ASK                                                                         \
	"0200 0300 28000000 00000000 00000000 18000000 02000000 0000000000000000 0000000000000000"
#define GOLD_UNMAP_ALL_REPLY                                                                       \
	"0200 0300 28000000 01000000 00000000 18000000 02000000 0000000000000000 0000000000000000"

/* VFIO_USER_DEVICE_GET_INFO: argsz, flags (reset, PCI), num_regions, num_irqs. */
#define GOLD_INFO_ASK   "0200 0400 20000000 00000000 00000000 10000000 00000000 00000000 00000000"
#define GOLD_INFO_REPLY "0200 0400 20000000 01000000 00000000 10000000 03000000 09000000 05000000"

/* VFIO_USER_DEVICE_GET_REGION_INFO: argsz, flags (read, write, mmap), index, cap_offset, size,
 * offset. Region 0 can be mapped, region 2 cannot. */
#define GOLD_REGION0_ASK                                                                           \
	"0200 0500 30000000 00000000 00000000 20000000 00000000 00000000 00000000 "                \
	"0000000000000000 0000000000000000"
#define GOLD_REGION0_MAPPED_REPLY                                                                  \
	"0200 0500 30000000 01000000 00000000 20000000 07000000 00000000 00000000 "                \
	"0010000000000000 0020000000000000"
#define GOLD_REGION0_TRAPPED_REPLY                                                                 \
	"0200 0500 30000000 01000000 00000000 20000000 03000000 00000000 00000000 "                \
	"0010000000000000 0000000000000000"
#define GOLD_REGION2_ASK                                                                           \
	"0200 0500 30000000 00000000 00000000 20000000 00000000 02000000 00000000 "                \
	"0000000000000000 0000000000000000"
#define GOLD_REGION2_REPLY                                                                         \
	"0200 0500 30000000 01000000 00000000 20000000 03000000 02000000 00000000 "                \
	"0080000000000000 0000000000000000"

/* VFIO_USER_DEVICE_GET_IRQ_INFO: argsz, flags (eventfd), index, count. */
#define GOLD_IRQ_ASK   "0200 0700 20000000 00000000 00000000 10000000 00000000 02000000 00000000"
#define GOLD_IRQ_REPLY "0200 0700 20000000 01000000 00000000 10000000 01000000 02000000 20000000"

/* VFIO_USER_DEVICE_SET_IRQS: argsz, flags, index, start, count, booleans. Event fds for vectors 3
 * and 4 (eventfd | trigger); all off (none | trigger); trigger 3 but not 4 (bool | trigger). */
#define GOLD_SET_IRQS_ASK                                                                          \
	"0200 0800 24000000 00000000 00000000 14000000 24000000 02000000 03000000 02000000"
#define GOLD_CLEAR_IRQS_ASK                                                                        \
	"0200 0800 24000000 00000000 00000000 14000000 21000000 02000000 00000000 00000000"
#define GOLD_BOOL_IRQS_ASK                                                                         \
	"0200 0800 26000000 00000000 00000000 16000000 22000000 02000000 03000000 02000000 01 00"
#define GOLD_SET_IRQS_REPLY "0200 0800 10000000 01000000 00000000"

/* VFIO_USER_REGION_READ and VFIO_USER_REGION_WRITE: offset, region, count, data. */
#define GOLD_READ_ASK "0200 0900 20000000 00000000 00000000 1020000000000000 02000000 04000000"
#define GOLD_READ_REPLY                                                                            \
	"0200 0900 24000000 01000000 00000000 1020000000000000 02000000 04000000 efbeadde"
#define GOLD_WRITE_ASK                                                                             \
	"0200 0a00 24000000 00000000 00000000 1020000000000000 02000000 04000000 78563412"
#define GOLD_WRITE_REPLY "0200 0a00 20000000 01000000 00000000 1020000000000000 02000000 04000000"

/* VFIO_USER_DEVICE_RESET: no payload. */
#define GOLD_RESET_ASK   "0200 0d00 10000000 00000000 00000000"
#define GOLD_RESET_REPLY "0200 0d00 10000000 01000000 00000000"

#endif
