/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit: from BDs to a frame on the wire [2:10.3]. Data thread.
 *
 * Doorbells are increments, and in shared memory increments get lost, but not all of them: after a
 * driver has rung, the register is not 0 until it is taken here. So it tells when to look, without
 * touching BDs that the driver is about to write; how far to go is told by the BDs: they are
 * followed by their valid bits, under rules that hold for drivers whose stores come in any order
 * [2:10.6]: a BD is ready if it is valid and has an address and a length; before a frame is taken
 * to go on in the next BD, the end flag is read again after the next BD was seen ready. A BD that
 * is done is zeroed, the flags last.
 */
#include "emu_doorbell.h"
#include "emu_pause.h"
#include "emu_ringpos.h"
#include "emu_switch.h"
#include "emu_tx.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "deadline.h"

#define TX_FRAMES_MAX 128 /* of one queue before the next one's turn */
#define ZERO_NS       100000000u

static struct emu_txbd *
txbd_at(const struct emu_ring *ring, uint32_t n)
{
	uint32_t idx = ring->idx + n;

	if (idx >= ring->nb_bds)
		idx -= ring->nb_bds;
	return (struct emu_txbd *)(void *)(ring->va + (size_t)idx * EMU_BD_BYTES);
}

static uint32_t
flags_load(const struct emu_txbd *bd)
{
	/* [TXBD-A] with the valid bit come the other words and the buffer. */
	return le16toh(__atomic_load_n(&bd->flags_le, __ATOMIC_ACQUIRE));
}

/* While a frame is looked at whose sizes of 0 are known to be meant. One data thread. */
static bool zeros_are_meant;

/* Without its size, which may be 0 because it has not come yet, or for good. */
static bool
txbd_is_filled(const struct emu_txbd *bd)
{
	return flags_load(bd) & EMU_TXBD_VLD &&
	       __atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED) != 0;
}

static bool
txbd_is_ready(const struct emu_txbd *bd)
{
	return txbd_is_filled(bd) &&
	       (__atomic_load_n(&bd->send_size_le, __ATOMIC_RELAXED) != 0 || zeros_are_meant);
}

/* BDs of the frame that begins @p at BDs behind the front, 0: it is not complete yet. */
static uint32_t
frame_extent(const struct emu_ring *ring, uint32_t at)
{
	const struct emu_txbd *first = txbd_at(ring, at);
	uint32_t n = 0;

	if (at == ring->nb_bds || !txbd_is_ready(first))
		return 0;
	if (flags_load(first) & EMU_TXBD_FE)
		return 1;
	for (;;) {
		const struct emu_txbd *bd = txbd_at(ring, at + n++);
		bool next_is_ready;

		if (flags_load(bd) & EMU_TXBD_FE)
			return n;
		/* no frame is that long: it is refused, and what follows up to its end is skipped
		 */
		if (at + n == ring->nb_bds || n > EMU_TX_BDS_TSO_MAX)
			return at == 0 ? n : 0;
		next_is_ready = txbd_is_ready(txbd_at(ring, at + n));
		if (flags_load(bd) & EMU_TXBD_FE) /* it came after the valid bit [2:10.6] */
			return n;
		if (!next_is_ready)
			return 0;
	}
}

static void
bds_complete(const struct emu_dev *dev, struct emu_ring *ring, uint32_t nb)
{
	uint32_t idx = ring->idx;

	for (uint32_t i = 0; i < nb; i++) {
		uint64_t *w = (uint64_t *)(void *)(ring->va + (size_t)idx * EMU_BD_BYTES);

		w[0] = w[1] = w[2] = 0;
		/* [TXBD-R] we have read the buffer before the driver may reuse it. */
		__atomic_store_n(&w[3], 0, __ATOMIC_RELEASE);
		if (++idx == ring->nb_bds)
			idx = 0;
	}
	ring->idx = idx;
	emu_doorbell_use(dev, ring, nb);
}

/* Complete BDs at the front that belong to a frame that was refused before its end was seen. */
static void
frame_skip(const struct emu_dev *dev, struct emu_ring *ring)
{
	uint32_t n = 0, room = emu_doorbell_room(dev, ring);

	while (ring->is_skipping && n < ring->nb_bds && n < room &&
			txbd_is_ready(txbd_at(ring, n))) {
		const struct emu_txbd *bd = txbd_at(ring, n);
		bool next_is_ready = n + 1 < ring->nb_bds && txbd_is_ready(txbd_at(ring, n + 1));

		ring->is_skipping = !(flags_load(bd) & EMU_TXBD_FE);
		if (ring->is_skipping && !next_is_ready)
			break; /* its end may come yet */
		n++;
	}
	bds_complete(dev, ring, n);
}

/* ---- bursts ---- */

static struct emu_tx_burst the_burst; /* one data thread */

/* Instead of a burst: one frame that is not usual. */
static struct {
	bool is_there;
	struct emu_tx_job job;
	uint8_t head[EMU_BURST][EMU_TX_OUT_BYTES]; /* of its frames */
} the_job;

static bool
bd_asks(const struct emu_txbd *bd)
{
	return (bd->type_cs_le & htole32(EMU_TX_CS_ASKS)) |
	       (bd->ol_type_le & htole32(EMU_TX_OL_ASKS)) |
	       (bd->paylen_le & htole32(EMU_TX_PAYLEN_ASKS)) |
	       (bd->mss_le & htole16(EMU_TX_MSS_ASKS));
}

/*
 * Whether the frame asks for nothing but to be sent, breaks no rule and can be read; then @p out is
 * what goes out. Counts nothing.
 */
static bool
frame_is_usual(struct emu_dev *dev, struct emu_ring *ring, uint32_t first_bd, uint32_t nb_bds,
		struct emu_frame *out)
{
	if (bd_asks(txbd_at(ring, first_bd)) || nb_bds > EMU_TX_BDS_MAX)
		return false;
	out->len_bytes = 0;
	out->nb_segs = nb_bds;
	for (uint32_t i = 0; i < nb_bds; i++) {
		const struct emu_txbd *bd = txbd_at(ring, first_bd + i);
		uint32_t len = le16toh(bd->send_size_le);
		void *va = emu_iommu_look_near(dev->cfg.iommu, &ring->run, le64toh(bd->addr_le),
				len, EMU_DMA_READ);

		if (!va || len == 0 || bd->flags_le & htole16(EMU_TXBD_RESERVED))
			return false;
		__builtin_prefetch(va);
		out->seg[i] = (struct iovec){ va, len };
		out->len_bytes += len;
	}
	return out->len_bytes >= EMU_FRAME_BYTES_MIN &&
	       out->len_bytes + 4 <= dev->nic->max_frame_bytes;
}

/* Look the buffers of a frame that is not usual up; false: an address faults, which was counted. */
static bool
job_gather(struct emu_dev *dev, unsigned int q, uint32_t nb_bds, struct emu_tx_job *job)
{
	const struct emu_ring *ring = &dev->queue[q].tx;
	/* more of them are a driver error whatever they say */
	uint32_t nb = nb_bds < EMU_TX_BDS_TSO_MAX ? nb_bds : EMU_TX_BDS_TSO_MAX;

	job->q = q;
	job->first = *txbd_at(ring, 0);
	job->nb_bds = nb_bds;
	job->bits_are_reserved = false;
	job->in.nb_segs = job->in.len_bytes = 0;
	for (uint32_t i = 0; i < nb; i++) {
		const struct emu_txbd bd = *txbd_at(ring, i);
		uint32_t len = le16toh(bd.send_size_le);
		void *va;

		job->bits_are_reserved |= le16toh(bd.flags_le) & EMU_TXBD_RESERVED;
		if (len == 0)
			continue;
		va = emu_iommu_va(dev->cfg.iommu, le64toh(bd.addr_le), len, EMU_DMA_READ);
		if (!va) {
			dev->drops[EMU_DROP_TX_DMA_FAULT]++;
			return false;
		}
		job->in.seg[job->in.nb_segs++] = (struct iovec){ va, len };
		job->in.len_bytes += len;
	}
	return true;
}

/*
 * The frame at the front, of @p nb_bds, is not usual: make a job of it, or refuse or drop it, which
 * is counted.
 */
static void
front_take(struct emu_dev *dev, unsigned int q, uint32_t nb_bds)
{
	struct emu_ring *ring = &dev->queue[q].tx;

	the_burst.nb_bds = nb_bds;
	if (!(dev->nic->mac_word & EMU_MAC_TX_EN))
		dev->drops[EMU_DROP_TX_MAC_DISABLED]++;
	else
		the_job.is_there = job_gather(dev, q, nb_bds, &the_job.job) &&
		                   emu_tx_job_make(dev, &the_job.job);
	if (!the_job.is_there)
		ring->seg_idx = 0;
	ring->is_skipping = nb_bds > EMU_TX_BDS_TSO_MAX && nb_bds < ring->nb_bds &&
	                    !(flags_load(txbd_at(ring, nb_bds - 1)) & EMU_TXBD_FE);
}

/*
 * Take frames off the ring's front into the burst, at most @p most; BDs are not touched. Whatever
 * is not usual goes alone, so that it is counted once even if the wire is busy and all is gathered
 * again. Returns frames taken, the refused ones counted.
 */
static unsigned int
burst_gather(struct emu_dev *dev, unsigned int q, unsigned int most)
{
	struct emu_ring *ring = &dev->queue[q].tx;
	bool is_usual = dev->nic->mac_word & EMU_MAC_TX_EN && !emu_tx_vlan_is_active(dev);
	struct emu_tx_burst *b = &the_burst;
	uint32_t room, nb_bds;

	b->nb = 0;
	b->nb_bds = 0;
	the_job.is_there = false;
	if (ring->is_skipping)
		frame_skip(dev, ring);
	room = emu_doorbell_room(dev, ring);
	/* The driver frees buffers right after it clears the enable bit [1:2.9]. */
	if (ring->is_skipping || !emu_tx_runs(dev, q))
		return 0;
	if (is_usual && emu_tx_plain_gather(dev, ring, most < room ? most : room, b) > 0)
		return b->nb;
	while (b->nb < most && b->nb_bds < room && emu_tx_runs(dev, q)) {
		nb_bds = frame_extent(ring, b->nb_bds);
		if (nb_bds == 0 && b->nb == 0 && !txbd_is_filled(txbd_at(ring, 0)))
			emu_doorbell_wrong(dev, ring);
		if (nb_bds == 0 || nb_bds > room - b->nb_bds)
			break;
		if (!is_usual || !frame_is_usual(dev, ring, b->nb_bds, nb_bds, &b->f[b->nb])) {
			if (b->nb > 0)
				break;
			front_take(dev, q, nb_bds);
			return 1;
		}
		b->first_bd[b->nb] = b->nb_bds;
		b->frames[b->nb] = &b->f[b->nb];
		b->nb++;
		b->nb_bds += nb_bds;
	}
	return b->nb;
}

/* Out on the wire, or round the loop; the same contract as emu_port_tx(). */
static unsigned int
frames_out(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	struct emu_rx_done done;

	if (emu_nic_loops(dev->nic)) {
		emu_dev_rx_burst(dev->nic->func[0], frames, nb, false, &done);
		*next = EMU_TX_TAKEN;
		return nb;
	}
	if (dev->nic->nb_funcs > 1)
		return emu_switch_out(dev, frames, nb, next);
	if (!dev->nic->wire_up) {
		dev->drops[EMU_DROP_TX_LINK_DOWN]++;
		*next = EMU_TX_DROPPED;
		return 0;
	}
	nb = emu_port_tx(dev->cfg.port, frames, nb, next);
	if (*next == EMU_TX_DROPPED)
		dev->drops[EMU_DROP_TX_WIRE]++;
	return nb;
}

static void
ring_count(struct emu_ring *ring, unsigned int nb, uint64_t bytes)
{
	__atomic_store_n(&ring->pkts, ring->pkts + nb, __ATOMIC_RELAXED);
	ring->bytes += bytes;
}

/* @p nb frames have left through the MAC. */
static void
mac_sent(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb)
{
	uint64_t shortest = 0;

	if (dev->nic->nb_funcs > 1)
		return; /* the switch counts what goes out */
	for (unsigned int i = 0; i < nb; i++) {
		const struct emu_frame *out = frames[i];
		const uint8_t *to = out->seg[0].iov_base;
		uint8_t dmac[6];

		if (out->len_bytes == EMU_FRAME_BYTES_MIN && !(to[0] & 1)) {
			shortest++;
			continue;
		}
		emu_frame_copy(out, 0, dmac, sizeof(dmac));
		emu_mac_count(dev->nic, 19, out->len_bytes + 4, emu_dmac_class(dmac));
	}
	emu_mac_count_shortest(dev->nic, 19, shortest);
}

/*
 * Send the job's frames and complete its BDs; false: the wire is busy. What has gone by then is
 * remembered in the ring, and the job is made again from its BDs.
 */
static bool
job_send(struct emu_dev *dev, struct emu_ring *ring)
{
	const struct emu_tx_job *job = &the_job.job;
	struct emu_tx_burst *b = &the_burst;
	bool has_gone = false;

	while (ring->seg_idx < job->nb_frames) {
		unsigned int nb = job->nb_frames - ring->seg_idx, gone;
		enum emu_tx_result next;

		if (nb > EMU_BURST)
			nb = EMU_BURST;
		for (unsigned int i = 0; i < nb; i++) {
			emu_tx_job_frame(job, ring->seg_idx + i, &b->f[i], the_job.head[i]);
			b->frames[i] = &b->f[i];
		}
		gone = frames_out(dev, b->frames, nb, &next);
		mac_sent(dev, b->frames, gone);
		has_gone |= gone > 0;
		ring->seg_idx += gone;
		if (next == EMU_TX_BUSY)
			return false;
		ring->seg_idx += next == EMU_TX_DROPPED;
	}
	ring->seg_idx = 0;
	if (has_gone)
		ring_count(ring, 1, job->in.len_bytes);
	if (job->is_short) /* it is sent all the same [2:6.4] */
		emu_dev_violation(dev, EMU_V_TX_TOO_SHORT,
				"a frame is shorter than the driver has to make it");
	bds_complete(dev, ring, b->nb_bds);
	return true;
}

/* Send what was gathered and complete its BDs; false: the wire is busy, the rest stays in the ring.
 */
static bool
burst_send(struct emu_dev *dev, struct emu_ring *ring, unsigned int *done)
{
	const struct emu_tx_burst *b = &the_burst;

	*done = 0;
	if (the_job.is_there)
		return job_send(dev, ring);
	while (*done < b->nb) {
		const struct emu_frame *const *frames = b->frames + *done;
		enum emu_tx_result next;
		unsigned int nb = frames_out(dev, frames, b->nb - *done, &next);
		uint64_t bytes = 0;

		for (unsigned int i = 0; i < nb; i++)
			bytes += frames[i]->len_bytes;
		ring_count(ring, nb, bytes);
		mac_sent(dev, frames, nb);
		*done += nb;
		if (next == EMU_TX_BUSY) {
			bds_complete(dev, ring, b->first_bd[*done]);
			return false;
		}
		*done += next == EMU_TX_DROPPED;
	}
	bds_complete(dev, ring, b->nb_bds);
	return true;
}

/* Whether there may be BDs that have not been looked at. */
static bool
bell_is_rung(struct emu_dev *dev, unsigned int q, struct emu_ring *ring)
{
	uint32_t *bell = (uint32_t *)(void *)(dev->bar + EMU_TQP_BASE(q) + EMU_TQP_TX_TAIL);

	if (dev->sees_doorbells)
		return emu_doorbell_held(ring) > 0;
	if (__atomic_load_n(bell, __ATOMIC_RELAXED) != 0) {
		/* [BAR-A] the BDs are read after it is taken: those of a ring before are seen now,
		 * and a ring after is seen the next time. The driver orders its side. */
		__atomic_exchange_n(bell, 0, __ATOMIC_SEQ_CST);
		ring->has_more = true;
		for (uint32_t n = 0; n < EMU_TX_BD_AHEAD && n < ring->nb_bds; n += 2)
			__builtin_prefetch(txbd_at(ring, n), 1);
	}
	return ring->has_more;
}

/*
 * The ring's first frame is not complete. Where that is for a BD of 0 bytes, which is harmless
 * [2:10.3] and which drivers make of an FCS that lay in a buffer of its own, it is taken all the
 * same: at once where its doorbell was seen, else when its size has been 0 for so long that no
 * driver can be about to write it.
 */
static bool
zero_is_meant(struct emu_dev *dev, unsigned int q, struct emu_ring *ring)
{
	struct emu_tx_zero *z = &dev->tx_zero[q];
	const struct emu_txbd *bd;
	uint32_t n = 0;
	uint64_t now;

	while (n < EMU_TX_BDS_TSO_MAX && n < ring->nb_bds && txbd_is_ready(txbd_at(ring, n)))
		n++;
	bd = txbd_at(ring, n);
	if (n >= EMU_TX_BDS_TSO_MAX || n >= ring->nb_bds || !txbd_is_filled(bd))
		return false;
	if (dev->sees_doorbells)
		return n < emu_doorbell_room(dev, ring);
	now = deadline_now_ns();
	if (z->bd != bd || z->pkts != ring->pkts)
		*z = (struct emu_tx_zero){ bd, ring->pkts, now };
	ring->has_more = now - z->since_ns < ZERO_NS; /* look again */
	return !ring->has_more;
}

/* The first frame, with BDs of 0 bytes; frames taken. */
static unsigned int
zero_gather(struct emu_dev *dev, unsigned int q)
{
	unsigned int taken;

	dev->tx_zero[q].bd = NULL;
	zeros_are_meant = true;
	taken = burst_gather(dev, q, 1);
	zeros_are_meant = false;
	return taken;
}

static unsigned int
queue_poll(struct emu_dev *dev, unsigned int q, unsigned int budget)
{
	struct emu_ring *ring = &dev->queue[q].tx;
	unsigned int nb = 0;

	if (!ring->va || ring->generation != dev->cfg.iommu->generation) {
		if (!emu_ring_open(dev, q, ring, false))
			return 0;
	}
	while (nb < budget && bell_is_rung(dev, q, ring)) {
		unsigned int most = budget - nb < EMU_BURST ? budget - nb : EMU_BURST, done;
		unsigned int taken = burst_gather(dev, q, most);

		if (taken == 0) {
			ring->has_more = false;
			if (zero_is_meant(dev, q, ring))
				taken = zero_gather(dev, q);
			if (taken == 0)
				break;
			ring->has_more = true;
		}
		if (!burst_send(dev, ring, &done)) {
			nb += done;
			break;
		}
		nb += taken;
	}
	if (nb > 0) {
		emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_HEAD, ring->idx);
		emu_ring_event(dev, ring);
	}
	return nb;
}

unsigned int
emu_dev_tx_poll(struct emu_dev *dev, unsigned int budget)
{
	bool is_held = dev->nic->pause_until_ns && emu_pause_holds(dev->nic);
	unsigned int nb = 0;

	for (unsigned int q = 0; q < dev->cfg.nb_queues && !is_held; q++) {
		if (!emu_tx_runs(dev, q))
			continue;
		nb += queue_poll(dev, q, budget < TX_FRAMES_MAX ? budget : TX_FRAMES_MAX);
	}
	emu_ring_events_poll(dev);
	emu_ringpos_refresh(dev);
	return nb;
}
