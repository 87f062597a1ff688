/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells where accesses are trapped: each one is seen, so the device takes the BDs that they
 * name and no others, and what does not agree is a driver error [2:10.1]. Where the client maps the
 * registers, BDs are followed instead [2:10.6], and all of this says yes.
 *
 * ring->held: Tx: BDs that doorbells gave and that are not done; Rx: BDs that are filled and that
 * no doorbell has given back. The service thread rings, the data thread uses what was given.
 */
#ifndef EMU_DOORBELL_H
#define EMU_DOORBELL_H

#include "emu_dev_priv.h"

/* A write of @p val to the register at @p offset, a doorbell or not; with what follows from it.
 * Service thread. */
void emu_doorbell_write(struct emu_dev *dev, uint32_t offset, uint32_t val);

static inline uint32_t
emu_doorbell_held(const struct emu_ring *ring)
{
	/* [BELL-A] with the doorbell come the BDs that it is for. */
	return __atomic_load_n(&ring->held, __ATOMIC_ACQUIRE);
}

/* Data thread: how many BDs from the front on the device may look at. */
static inline uint32_t
emu_doorbell_room(const struct emu_dev *dev, const struct emu_ring *ring)
{
	uint32_t held;

	if (!dev->sees_doorbells)
		return UINT32_MAX;
	held = emu_doorbell_held(ring);
	if (!ring->is_rx)
		return held;
	return held < ring->nb_bds ? ring->nb_bds - held : 0;
}

/* Data thread: @p nb BDs were used up. */
static inline void
emu_doorbell_use(const struct emu_dev *dev, struct emu_ring *ring, uint32_t nb)
{
	if (dev->sees_doorbells)
		__atomic_fetch_add(&ring->held, ring->is_rx ? nb : 0 - nb, __ATOMIC_RELAXED);
}

/* Data thread: the BD at the front, which the device may look at, is not what its doorbell says.
 * Counted once a doorbell. */
void emu_doorbell_wrong(struct emu_dev *dev, struct emu_ring *ring);

#endif
