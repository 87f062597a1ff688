/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts: vector 0 (service thread) and the queues' vectors (data thread). Both remember an
 * event that comes while the vector is off.
 */
#include "emu_dev_priv.h"

unsigned int
emu_vector0_poll(struct emu_dev *dev)
{
	uint32_t clear = emu_bar_load(dev, EMU_MISC_RESET_STS);
	uint32_t status = emu_bar_load(dev, EMU_OTHER_INT_STS);
	uint32_t source = emu_bar_load(dev, EMU_CMDQ_SRC) & dev->cmdq_pending;
	unsigned int nb = 0;
	bool line;

	if (clear) { /* write 1 to clear [1:2.9] */
		status &= ~clear;
		emu_bar_store(dev, EMU_OTHER_INT_STS, status);
		emu_bar_store(dev, EMU_MISC_RESET_STS, 0);
		nb++;
	}
	/* A write clears bits and never sets one; the status is an alias [1:2.3]. */
	dev->cmdq_pending = source;
	if (emu_bar_load(dev, EMU_CMDQ_SRC) != source)
		emu_bar_store(dev, EMU_CMDQ_SRC, source);
	if (emu_bar_load(dev, EMU_CMDQ_STAT) != source)
		emu_bar_store(dev, EMU_CMDQ_STAT, source);
	line = (emu_bar_load(dev, EMU_MISC_VECTOR) & 1) && (source || status);
	if (line && !dev->vector0_line) {
		emu_port_irq(dev->cfg.port, 0);
		nb++;
	}
	dev->vector0_line = line;
	return nb;
}

/* Fire if armed; firing disarms [2:8.4]. */
static bool
vector_fire(struct emu_dev *dev, uint32_t vector)
{
	uint32_t ctrl = EMU_VEC_CTRL + 4 * (vector - 1);

	if (!(emu_bar_load(dev, ctrl) & 1))
		return false;
	emu_bar_store(dev, ctrl, 0);
	emu_port_irq(dev->cfg.port, vector);
	return true;
}

void
emu_ring_event(struct emu_dev *dev, struct emu_ring *ring)
{
	if (ring->vector > 0)
		ring->irq_pending = !vector_fire(dev, (uint32_t)ring->vector);
}

void
emu_ring_events_poll(struct emu_dev *dev)
{
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		if (dev->queue[q].rx.irq_pending)
			emu_ring_event(dev, &dev->queue[q].rx);
		if (dev->queue[q].tx.irq_pending)
			emu_ring_event(dev, &dev->queue[q].tx);
	}
}
