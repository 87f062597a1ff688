/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst of received frames on its way into BDs; shared by emu_rx.c (any frame, any configuration)
 * and emu_rx_plain.c (the common ones). Data thread.
 */
#ifndef EMU_RX_H
#define EMU_RX_H

#include "emu_dev_priv.h"
#include "emu_gro.h"

#define EMU_RX_BDS_MAX  63 /* of a merged frame in the smallest buffers [2:3.2] */
#define EMU_RX_BD_AHEAD 8  /* BDs that are fetched before they are needed */

/* A frame on its way into the BDs of one ring. */
struct emu_rx_slot {
	struct emu_dev *dev;
	struct emu_ring *ring;
	const struct emu_frame *frame;
	uint32_t first_idx, nb_bds;
	uint32_t len;               /* of what is written */
	uint32_t gap_at, gap_bytes; /* what is not: tags that are stripped */
	uint32_t tail_bytes;        /* of len: the FCS behind the frame, if it is kept */
	uint8_t tail[4];
	uint32_t queue, base_info;
	bool adv_layout;      /* [2:1.9] */
	struct emu_rxbd last; /* BD, as it is written but for size and base_info */
	struct emu_gro *gro;  /* others may join; or NULL */
	uint32_t members;     /* frames of the burst that are in it, a bit each */
	uint8_t *buf[EMU_RX_BDS_MAX];
};

struct emu_rx_burst {
	const struct emu_frame *const *frames;
	bool is_of_wire; /* not from another function */
	uint32_t taken;  /* a bit each: frames that are in slots, or were written */
	unsigned int nb_slots;
	struct emu_rx_slot slot[EMU_BURST];
	struct emu_gro gro[EMU_BURST]; /* of the slots */
};

static inline struct emu_rxbd *
emu_rxbd_at(const struct emu_ring *ring, uint32_t idx)
{
	return (struct emu_rxbd *)(void *)(ring->va + (size_t)idx * EMU_BD_BYTES);
}

static inline bool
emu_rx_queue_is_running(struct emu_dev *dev, unsigned int q)
{
	struct emu_ring *ring = &dev->queue[q].rx;

	if (!emu_rx_runs(dev, q))
		return false;
	if (ring->va && ring->generation == dev->cfg.iommu->generation)
		return true;
	return emu_ring_open(dev, q, ring, true);
}

/* Whether the NIC is configured so that emu_rx_plain_look() may be asked; looked at once a burst.
 */
bool emu_rx_is_plain(const struct emu_nic *nic);

/* How many of the frames, from the first on, are of the common kind and for function 0. */
unsigned int emu_rx_plain_look(
		struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb);
/*
 * Deliver them, as far as there are BDs for them; what is done, counted and written is what
 * emu_rx.c would have. Returns how many, and adds to *done.
 */
unsigned int emu_rx_plain_give(struct emu_dev *dev, const struct emu_frame *const *frames,
		unsigned int nb, struct emu_rx_done *done);

#endif
