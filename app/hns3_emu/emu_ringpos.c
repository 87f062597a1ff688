/* SPDX-License-Identifier: BSD-3-Clause */
/* Where rings are, as registers tell; see emu_ringpos.h. */
#include "emu_ringpos.h"

#include <endian.h>

#include "deadline.h"
#include "emu_doorbell.h"
#include "emu_rx.h"

#define REFRESH_NS 1000000u

uint32_t
emu_ringpos_read(const struct emu_dev *dev, uint32_t offset)
{
	unsigned int q = (offset - EMU_TQP_BASE(0)) / 0x200;
	bool is_rx = offset % 0x200 < EMU_TQP_TX_BASE_L;
	const struct emu_ring *ring = is_rx ? &dev->queue[q].rx : &dev->queue[q].tx;
	uint32_t num = is_rx ? EMU_TQP_RX_BD_NUM : EMU_TQP_TX_BD_NUM;
	/* the register has 16 bits, whoever writes it */
	uint32_t size = ((emu_bar_load(dev, EMU_TQP_BASE(q) + num) & UINT16_MAX) + 1) * 8;
	uint32_t held = emu_doorbell_held(ring) % (size + 1);
	uint32_t idx = __atomic_load_n(&ring->idx, __ATOMIC_RELAXED); /* a moment old */

	switch (offset % 0x200) {
	case EMU_TQP_RX_TAIL: /* the device's end */
	case EMU_TQP_TX_HEAD:
		return idx % size;
	case EMU_TQP_RX_HEAD: /* the driver's end */
		return (idx + size - held) % size;
	case EMU_TQP_TX_TAIL:
		return (idx + held) % size;
	default: /* FBDNUM */
		return held;
	}
}

static bool
is_filled(const struct emu_ring *ring, uint32_t nb_back)
{
	uint32_t at = (ring->idx + ring->nb_bds - nb_back) % ring->nb_bds;
	uint32_t base_le = __atomic_load_n(
			&emu_rxbd_at(ring, at)->base_info_le, __ATOMIC_RELAXED); /* alone */

	return le32toh(base_le) & EMU_RXBD_VLD;
}

/* BDs that are filled and valid still: drivers take them in order. */
static uint32_t
filled_count(const struct emu_ring *ring)
{
	uint32_t lo = 0, hi = 1; /* lo are; hi are not, or are too many */

	while (hi <= ring->nb_bds && is_filled(ring, hi)) {
		lo = hi;
		hi *= 2;
	}
	if (hi > ring->nb_bds)
		hi = ring->nb_bds + 1;
	while (hi - lo > 1) {
		uint32_t mid = (lo + hi) / 2;

		if (is_filled(ring, mid))
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/*
 * What the driver has taken since the last look it keeps, until a doorbell gives back all of it; if
 * there were several doorbells alike, what remains is what the last one leaves.
 */
static void
rx_refresh(struct emu_dev *dev, unsigned int q)
{
	const struct emu_ring *ring = &dev->queue[q].rx;
	struct emu_ringpos *last = &dev->ringpos[q];
	uint32_t block = EMU_TQP_BASE(q), filled, taken, fbd;
	/* [BAR-A] what was taken before the doorbell is seen as taken. */
	uint32_t rung = __atomic_exchange_n(
			(uint32_t *)(void *)(dev->bar + block + EMU_TQP_RX_HEAD), 0,
			__ATOMIC_ACQ_REL);

	filled = filled_count(ring);
	taken = last->filled + (ring->idx + ring->nb_bds - last->idx) % ring->nb_bds;
	if (taken < filled) /* more than a ring went through meanwhile */
		taken += ring->nb_bds;
	last->kept += taken - filled;
	if (rung > 0)
		last->kept %= rung;
	if (last->kept > ring->nb_bds - filled)
		last->kept = ring->nb_bds - filled;
	last->idx = ring->idx;
	last->filled = filled;
	fbd = filled + last->kept;
	if (emu_bar_load(dev, block + EMU_TQP_RX_FBDNUM) != fbd)
		emu_bar_store(dev, block + EMU_TQP_RX_FBDNUM, fbd);
}

void
emu_ringpos_refresh(struct emu_dev *dev)
{
	/* Relaxed: a flag alone. */
	if (!__atomic_load_n(&dev->ringpos_is_due, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&dev->ringpos_is_due, false, __ATOMIC_RELAXED);
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		const struct emu_ring *ring = &dev->queue[q].rx;

		/* one that nobody has looked up yet is empty, and might not be there */
		if (emu_rx_runs(dev, q) && ring->va &&
				ring->generation == dev->cfg.iommu->generation)
			rx_refresh(dev, q);
	}
}

void
emu_ringpos_poll(struct emu_dev *dev)
{
	uint64_t now = deadline_now_ns();

	if (dev->sees_doorbells || now < dev->ringpos_next_ns)
		return;
	dev->ringpos_next_ns = now + REFRESH_NS;
	__atomic_store_n(&dev->ringpos_is_due, true, __ATOMIC_RELAXED); /* a flag alone */
}

void
emu_ringpos_reset(struct emu_dev *dev, unsigned int q)
{
	dev->ringpos[q] = (struct emu_ringpos){ 0 };
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RX_HEAD, 0);
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RX_FBDNUM, 0);
}
