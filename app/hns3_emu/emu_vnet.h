/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the Linux kernel leaves undone in frames that it hands over with a virtio_net_hdr: checksums
 * of which only the pseudo header is summed, and TCP segments that are too long for a wire.
 *
 * A unit is what one read gives; it becomes one frame, or several. Its bytes stay the caller's.
 */
#ifndef EMU_VNET_H
#define EMU_VNET_H

#include <linux/virtio_net.h>

#include "emu.h"

#define EMU_VNET_HEAD_BYTES 256 /* longest headers of a segment */

struct emu_vnet {
	uint8_t *bytes;
	uint32_t len, head_len;
	uint32_t l3, l4; /* of a unit that is cut */
	uint32_t mss;    /* payload of a segment; 0: the unit is one frame */
	uint32_t at;     /* next payload byte */
	uint32_t nb_cut; /* segments so far */
	bool is_v6, has_tag;
	uint16_t tag[2]; /* TPID and TCI to insert, network order */
};

/*
 * Take a unit of @p len bytes, for which there is room for EMU_FRAME_BYTES_MIN. Completes its
 * checksum in place. @p tag: TPID and TCI that the kernel keeps apart, in host order, or NULL. 0,
 * or -EINVAL: the header does not fit the bytes, or asks for what is not TCP over IP.
 */
int emu_vnet_start(struct emu_vnet *v, const struct virtio_net_hdr *hdr, uint8_t *bytes,
		uint32_t len, const uint16_t *tag);

/*
 * Make the next frame of the unit, with its headers in @p head (EMU_VNET_HEAD_BYTES) if they are
 * not the unit's own. False: there are no more.
 */
bool emu_vnet_next(struct emu_vnet *v, struct emu_frame *frame, uint8_t *head);

#endif
