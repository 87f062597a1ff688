/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hardware GRO: segments of one TCP stream become one frame [2:5.7]. Data thread.
 *
 * A train is a frame that others may join while a burst lasts. It refers to the bytes of its
 * frames, which outlive the burst, and has a copy of the first one's headers, that
 * emu_gro_finish() makes those of the whole.
 */
#ifndef EMU_GRO_H
#define EMU_GRO_H

#include "emu_parse.h"

#define EMU_GRO_SEGMENTS_MAX 63u    /* 6 bits of the BD [2:1.3] */
#define EMU_GRO_BYTES_MAX    64512u /* [2:3.2] */

struct emu_gro {
	struct emu_frame out; /* segment 0 is head */
	uint32_t nb_segments; /* of TCP */
	uint32_t mss, next_seq;
	uint16_t head_bytes; /* all headers */
	uint16_t l3, l4;
	bool is_ipv6, is_closed; /* closed: nothing can follow */
	bool id_is_fixed;        /* the IPv4 identification, from the second one on */
	uint8_t head[EMU_HEAD_BYTES];
};

/* Begin a train with a frame, if it is one that others can join. */
bool emu_gro_start(struct emu_gro *g, const struct emu_frame *frame, const struct emu_parsed *p);
/* Bytes that the frame would add, 0: it cannot follow. */
uint32_t emu_gro_fits(const struct emu_gro *g, const struct emu_parsed *p);
/* Add a frame that fits with @p data_bytes; false: it has too many pieces, nothing was done. */
bool emu_gro_add(struct emu_gro *g, const struct emu_frame *frame, const struct emu_parsed *p,
		uint32_t data_bytes);
/* Make the headers those of the merged frame: lengths, flags, checksums. */
void emu_gro_finish(struct emu_gro *g);
/* BDs that a merged frame may have, by the size of the buffers [2:3.2]. */
uint32_t emu_gro_bds_max(uint32_t buf_bytes);

#endif
