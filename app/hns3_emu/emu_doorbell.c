/* SPDX-License-Identifier: BSD-3-Clause */
/* Doorbells that are seen; see emu_doorbell.h for what holds. */
#include "emu_doorbell.h"

#include <endian.h>
#include <stdio.h>

/* A doorbell of @p nb BDs. */
static void
ring_add(struct emu_dev *dev, unsigned int q, struct emu_ring *ring, uint32_t nb)
{
	uint32_t reg = ring->is_rx ? EMU_TQP_RX_BD_NUM : EMU_TQP_TX_BD_NUM;
	uint32_t size = (emu_bar_load(dev, EMU_TQP_BASE(q) + reg) + 1) * 8;
	uint32_t held = emu_doorbell_held(ring), most = ring->is_rx ? held : size - held;
	char detail[96];

	if (held > size || nb > most) {
		snprintf(detail, sizeof(detail), "%s queue %u: %u BDs, of at most %u",
				ring->is_rx ? "Rx" : "Tx", q, nb, held > size ? 0 : most);
		emu_dev_violation(dev, EMU_V_DOORBELL_TOO_MANY, detail);
		nb = held > size ? 0 : most;
	}
	__atomic_store_n(&ring->has_rung, true, __ATOMIC_RELAXED); /* a flag alone */
	/* [BELL-R] the client wrote the BDs before its doorbell, which we have been told of since.
	 */
	__atomic_fetch_add(&ring->held, ring->is_rx ? 0 - nb : nb, __ATOMIC_RELEASE);
}

/* A queue is stopped: a BD behind the last doorbell would never have been sent. */
static void
tx_is_stopped(struct emu_dev *dev, unsigned int q)
{
	struct emu_ring *ring = &dev->queue[q].tx;
	uint32_t held, at;
	const struct emu_txbd *bd;
	char detail[64];

	emu_data_pause();
	held = emu_doorbell_held(ring);
	if (ring->va && ring->generation == dev->cfg.iommu->generation && held < ring->nb_bds) {
		at = (ring->idx + held) % ring->nb_bds;
		bd = (const struct emu_txbd *)(const void *)(ring->va + (size_t)at * EMU_BD_BYTES);
		if (le16toh(bd->flags_le) & EMU_TXBD_VLD) {
			snprintf(detail, sizeof(detail), "Tx queue %u is stopped with BD %u", q,
					at);
			emu_dev_violation(dev, EMU_V_DOORBELL_MISSING, detail);
		}
	}
	emu_data_resume();
}

void
emu_doorbell_write(struct emu_dev *dev, uint32_t offset, uint32_t val)
{
	unsigned int q;

	if (!dev->sees_doorbells || offset < EMU_TQP_BASE(0))
		return;
	q = (offset - EMU_TQP_BASE(0)) / 0x200;
	switch (offset % 0x200) {
	case EMU_TQP_TX_TAIL:
		ring_add(dev, q, &dev->queue[q].tx, val);
		break;
	case EMU_TQP_RX_HEAD:
		ring_add(dev, q, &dev->queue[q].rx, val);
		break;
	case EMU_TQP_RING_EN:
		if (!(val & 1))
			tx_is_stopped(dev, q);
		break;
	default:
		break;
	}
}

void
emu_doorbell_wrong(struct emu_dev *dev, struct emu_ring *ring)
{
	/* Rings that no driver uses are enabled, with BDs that have no address [2:10.4]. */
	if (!dev->sees_doorbells || !__atomic_exchange_n(&ring->has_rung, false, __ATOMIC_RELAXED))
		return;
	if (ring->is_rx)
		emu_dev_violation(dev, EMU_V_RX_BD_NOT_FREE,
				"an Rx BD was given back without a buffer, or valid");
	else
		emu_dev_violation(dev, EMU_V_TX_BD_NOT_VALID,
				"a doorbell counts a Tx BD that is not valid");
}

void
emu_dev_trap(struct emu_dev *dev, bool is_trapped)
{
	emu_data_pause();
	dev->sees_doorbells = is_trapped;
	emu_data_resume();
}
