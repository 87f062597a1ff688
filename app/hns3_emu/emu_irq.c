/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts: vector 0 (service thread) and the queues' vectors (data thread). Nothing is lost: an
 * event that comes while a vector is off, or too soon after the last one, is remembered.
 *
 * Vector 0 is level-like: signalled when it is enabled and there is a cause that has not been told,
 * and again, ever more rarely, while one stays: where registers are plain memory a driver may mask,
 * clear and unmask between two looks at them, and nothing would tell us that it waits [1:6.3].
 *
 * A queue's vector fires once and is armed again by the driver (CTRL) [2:8.4]. Between two firings
 * lies the gap of the ring's limiter (GL0 Rx, GL1 Tx) or of the vector's rate limiter (RL); a
 * quantity limiter (QL) cuts the former short [1:2.7]. The clock is read only for an event that
 * meets an armed vector with a limit.
 */
#include "emu_trace.h"

#include "deadline.h"

#define RESIGNAL_NS     UINT64_C(5000000) /* first repetition; doubled each time */
#define RESIGNAL_NS_MAX UINT64_C(640000000)
#define RAS_PENDING     0x0300ff00u /* 0x20B00 [1:2.4] */
#define OTHER_W1C       0x000000e1u /* 0x20700 */

static void
raise_vector(struct emu_dev *dev, uint32_t vector)
{
	if (emu_faults_armed(dev, EMU_FAULT_BIT(IRQ_LOST)) &&
			emu_fault_strikes(dev, EMU_FAULT_IRQ_LOST, vector, NULL))
		return;
	if (emu_trace_is_on(dev))
		emu_trace_event(dev, "irq vector=%u", vector);
	emu_port_irq(dev->cfg.port, vector);
}

/* What makes vector 0 pending: bits of any register, apart from each other. */
static uint64_t
vector0_causes(struct emu_dev *dev)
{
	uint32_t clear = emu_bar_load(dev, EMU_MISC_RESET_STS);
	uint32_t status = emu_bar_load(dev, EMU_OTHER_INT_STS);
	uint32_t source = emu_bar_load(dev, EMU_CMDQ_SRC) & dev->cmdq_pending;

	if (clear) { /* write 1 to clear [1:2.9] */
		status &= ~(clear & OTHER_W1C);
		emu_bar_store(dev, EMU_OTHER_INT_STS, status);
		emu_bar_store(dev, EMU_MISC_RESET_STS, 0);
	}
	/* A write clears bits and never sets one; the status is an alias [1:2.3]. */
	dev->cmdq_pending = source;
	if (emu_bar_load(dev, EMU_CMDQ_SRC) != source)
		emu_bar_store(dev, EMU_CMDQ_SRC, source);
	if (emu_bar_load(dev, EMU_CMDQ_STAT) != source)
		emu_bar_store(dev, EMU_CMDQ_STAT, source);
	return source | (uint64_t)status << 3 |
	       (uint64_t)(emu_bar_load(dev, EMU_RAS_STS) & RAS_PENDING) << 32;
}

unsigned int
emu_vector0_poll(struct emu_dev *dev)
{
	uint64_t causes = vector0_causes(dev), now;

	if (!(emu_bar_load(dev, EMU_MISC_VECTOR) & 1) || causes == 0) {
		dev->vector0_told = 0;
		return 0;
	}
	dev->vector0_told &= causes;
	now = deadline_now_ns();
	if (dev->vector0_told == causes) {
		if (now < dev->vector0_again_ns)
			return 0;
		dev->vector0_gap_ns = dev->vector0_gap_ns < RESIGNAL_NS_MAX
		                                      ? 2 * dev->vector0_gap_ns
		                                      : RESIGNAL_NS_MAX;
	} else {
		dev->vector0_gap_ns = RESIGNAL_NS;
	}
	dev->vector0_told = causes;
	dev->vector0_again_ns = now + dev->vector0_gap_ns;
	raise_vector(dev, 0);
	return 1;
}

void
emu_cmdq_cause_set(struct emu_dev *dev, uint32_t bits)
{
	vector0_causes(dev); /* what the driver has cleared is cleared before the bit comes anew */
	dev->cmdq_pending |= bits;
	dev->vector0_told &= ~(uint64_t)bits;
	emu_bar_store(dev, EMU_CMDQ_SRC, dev->cmdq_pending);
	emu_bar_store(dev, EMU_CMDQ_STAT, dev->cmdq_pending);
}

void
emu_other_cause_set(struct emu_dev *dev, uint32_t bits)
{
	vector0_causes(dev);
	dev->vector0_told &= ~((uint64_t)bits << 3);
	emu_bar_store(dev, EMU_OTHER_INT_STS, emu_bar_load(dev, EMU_OTHER_INT_STS) | bits);
}

/* Gap that the limiters of register index @p i ask for after a firing of @p ring. */
static uint64_t
gap_ns(const struct emu_dev *dev, uint32_t i, const struct emu_ring *ring)
{
	uint32_t gl = emu_bar_load(dev, (ring->is_rx ? EMU_VEC_GL0 : EMU_VEC_GL1) + 4 * i);
	uint32_t rl = emu_bar_load(dev, EMU_VEC_RL + 4 * i);
	uint64_t gl_us = gl & 0xfff, rl_us = rl & BIT32(6) ? (rl & 0x3fu) * 4 : 0;

	if (dev->cfg.revision < 0x30)
		gl_us *= 2; /* counts of 2 us, and no unit flag */
	return 1000 * (gl_us > rl_us ? gl_us : rl_us);
}

/* Whether as many packets have come as the quantity limiter waits for, which no rate limit holds.
 */
static bool
quantity_is_reached(const struct emu_dev *dev, uint32_t i, const struct emu_ring *ring)
{
	uint32_t ql = emu_bar_load(dev, (ring->is_rx ? EMU_VEC_RX_QL : EMU_VEC_TX_QL) + 4 * i) &
	              0x3ff;

	return ql != 0 && ring->pkts - ring->pkts_fired >= ql &&
	       !(emu_bar_load(dev, EMU_VEC_RL + 4 * i) & BIT32(6));
}

/* Fire if armed and not too soon; firing disarms [2:8.4]. */
static bool
vector_fire(struct emu_dev *dev, struct emu_ring *ring)
{
	uint32_t i = (uint32_t)ring->vector - 1;
	uint64_t gap, now = 0;

	if (!(emu_bar_load(dev, EMU_VEC_CTRL + 4 * i) & 1))
		return false;
	gap = gap_ns(dev, i, ring);
	if (gap) {
		now = deadline_now_ns();
		if (now < dev->vector_next_ns[i] && !quantity_is_reached(dev, i, ring))
			return false;
	}
	dev->vector_next_ns[i] = now + gap;
	ring->pkts_fired = ring->pkts;
	emu_bar_store(dev, EMU_VEC_CTRL + 4 * i, 0);
	raise_vector(dev, (uint32_t)ring->vector);
	return true;
}

void
emu_ring_event(struct emu_dev *dev, struct emu_ring *ring)
{
	if (ring->vector <= 0 || ring->irq_pending)
		return; /* a pending one is looked at in each round */
	ring->irq_pending = !vector_fire(dev, ring);
	dev->irqs_pending |= ring->irq_pending;
}

void
emu_ring_events_poll(struct emu_dev *dev)
{
	bool left = false;

	if (!dev->irqs_pending)
		return;
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		struct emu_queue *queue = &dev->queue[q];

		if (queue->rx.irq_pending)
			queue->rx.irq_pending = !vector_fire(dev, &queue->rx);
		if (queue->tx.irq_pending)
			queue->tx.irq_pending = !vector_fire(dev, &queue->tx);
		left |= queue->rx.irq_pending || queue->tx.irq_pending;
	}
	dev->irqs_pending = left;
}
