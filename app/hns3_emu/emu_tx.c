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
#define BD_AHEAD      16  /* BDs that are fetched before they are needed */
#define ZERO_NS       100000000u

struct tx_frame {
	uint32_t first_bd, nb_bds; /* of the burst's BDs */
	uint32_t ring_bytes;       /* as the driver gave it */
	struct emu_frame out;      /* last, because most of it is seldom used */
};

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
	for (uint32_t i = 0; i < nb; i++) {
		struct emu_txbd *bd = txbd_at(ring, i);

		memset(bd, 0, offsetof(struct emu_txbd, flags_le));
		/* [TXBD-R] we have read the buffer before the driver may reuse it. */
		__atomic_store_n((uint32_t *)(void *)&bd->flags_le, 0, __ATOMIC_RELEASE);
	}
	ring->idx += nb;
	if (ring->idx >= ring->nb_bds)
		ring->idx -= ring->nb_bds;
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

/* Frames that wait to be sent, in the order of the ring, refused ones left out. */
struct tx_burst {
	unsigned int nb; /* frames */
	uint32_t nb_bds; /* of the ring, that belong to what was gathered */
	bool has_job;    /* instead: one frame that is not usual */
	struct emu_tx_job job;
	struct tx_frame f[EMU_BURST];
	uint8_t head[EMU_BURST][EMU_TX_OUT_BYTES]; /* of the job's frames */
};

static struct tx_burst the_burst; /* one data thread */

/* What makes a frame unusual, in each word of its first BD. */
#define CS_ASKS     (EMU_TXBD_L3CS | EMU_TXBD_L4CS | EMU_TXBD_VLAN | EMU_TXBD_TSO)
#define OL_ASKS     (EMU_TXBD_OL3T | EMU_TXBD_TUNTYPE | EMU_TXBD_OVLAN | EMU_TXBD_MACSEC)
#define PAYLEN_ASKS (EMU_TXBD_OL4CS | EMU_TXBD_PAYLEN_RESERVED)
#define MSS_ASKS    (EMU_TXBD_CKST | EMU_TXBD_MSS_RESERVED)

static bool
bd_asks(const struct emu_txbd *bd)
{
	return (bd->type_cs_le & htole32(CS_ASKS)) | (bd->ol_type_le & htole32(OL_ASKS)) |
	       (bd->paylen_le & htole32(PAYLEN_ASKS)) | (bd->mss_le & htole16(MSS_ASKS));
}

/*
 * Whether the frame asks for nothing but to be sent, breaks no rule and can be read; then f->out is
 * what goes out. Counts nothing.
 */
static bool
frame_is_usual(struct emu_dev *dev, struct emu_ring *ring, struct tx_frame *f)
{
	if (bd_asks(txbd_at(ring, f->first_bd)) || f->nb_bds > EMU_TX_BDS_MAX)
		return false;
	f->out.len_bytes = 0;
	f->out.nb_segs = f->nb_bds;
	for (uint32_t i = 0; i < f->nb_bds; i++) {
		const struct emu_txbd *bd = txbd_at(ring, f->first_bd + i);
		uint32_t len = le16toh(bd->send_size_le);
		void *va = emu_iommu_look_near(dev->cfg.iommu, &ring->run, le64toh(bd->addr_le),
				len, EMU_DMA_READ);

		if (!va || len == 0 || bd->flags_le & htole16(EMU_TXBD_RESERVED))
			return false;
		__builtin_prefetch(va);
		f->out.seg[i] = (struct iovec){ va, len };
		f->out.len_bytes += len;
	}
	f->ring_bytes = f->out.len_bytes;
	return f->out.len_bytes >= EMU_FRAME_BYTES_MIN &&
	       f->out.len_bytes + 4 <= dev->nic->max_frame_bytes;
}

/*
 * The same for a frame of one BD, which is what there is most of, all in one: false if it is not
 * complete, too.
 */
static inline bool
frame_is_simple(struct emu_dev *dev, struct emu_ring *ring, struct tx_frame *f)
{
	const struct emu_txbd *bd = txbd_at(ring, f->first_bd);
	uint64_t addr;
	uint32_t len;
	void *va;

	if (f->first_bd == ring->nb_bds ||
			(flags_load(bd) & (EMU_TXBD_VLD | EMU_TXBD_FE | EMU_TXBD_RESERVED)) !=
					(EMU_TXBD_VLD | EMU_TXBD_FE) ||
			bd_asks(bd))
		return false;
	addr = le64toh(__atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED));
	len = le16toh(__atomic_load_n(&bd->send_size_le, __ATOMIC_RELAXED));
	if (addr == 0 || len < EMU_FRAME_BYTES_MIN || len + 4 > dev->nic->max_frame_bytes)
		return false;
	va = emu_iommu_look_near(dev->cfg.iommu, &ring->run, addr, len, EMU_DMA_READ);
	if (!va)
		return false;
	__builtin_prefetch(va);
	f->nb_bds = 1;
	f->ring_bytes = len;
	f->out.len_bytes = len;
	f->out.nb_segs = 1;
	f->out.seg[0] = (struct iovec){ va, len };
	return true;
}

/* Look the buffers of a frame that is not usual up; false: an address faults, which was counted. */
static bool
job_gather(struct emu_dev *dev, unsigned int q, const struct tx_frame *f, struct emu_tx_job *job)
{
	const struct emu_ring *ring = &dev->queue[q].tx;
	/* more of them are a driver error whatever they say */
	uint32_t nb = f->nb_bds < EMU_TX_BDS_TSO_MAX ? f->nb_bds : EMU_TX_BDS_TSO_MAX;

	job->q = q;
	job->first = *txbd_at(ring, f->first_bd);
	job->nb_bds = f->nb_bds;
	job->bits_are_reserved = false;
	job->in.nb_segs = job->in.len_bytes = 0;
	for (uint32_t i = 0; i < nb; i++) {
		const struct emu_txbd bd = *txbd_at(ring, f->first_bd + i);
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
 * Take frames off the ring's front into @p b, at most @p most; BDs are not touched. Whatever is not
 * usual goes alone, so that it is counted once even if the wire is busy and all is gathered again.
 * Returns frames taken, the refused ones counted.
 */
static unsigned int
burst_gather(struct emu_dev *dev, unsigned int q, struct tx_burst *b, unsigned int most)
{
	struct emu_ring *ring = &dev->queue[q].tx;
	bool mac_is_off = !(dev->nic->mac_word & EMU_MAC_TX_EN);
	bool is_usual = !mac_is_off && !emu_tx_vlan_is_active(dev);
	unsigned int taken = 0;
	uint32_t room;

	b->nb = 0;
	b->nb_bds = 0;
	b->has_job = false;
	if (ring->is_skipping)
		frame_skip(dev, ring);
	room = emu_doorbell_room(dev, ring);
	/* The enable bit before every frame: the driver frees buffers right after clearing it
	 * [1:2.9]. */
	while (taken < most && b->nb_bds < room && !ring->is_skipping && emu_tx_runs(dev, q)) {
		struct tx_frame *f = &b->f[b->nb];

		f->first_bd = b->nb_bds;
		if (is_usual && frame_is_simple(dev, ring, f)) {
			b->nb++;
		} else if ((f->nb_bds = frame_extent(ring, b->nb_bds)) == 0) {
			if (taken == 0 && !txbd_is_filled(txbd_at(ring, 0)))
				emu_doorbell_wrong(dev, ring);
			break;
		} else if (f->nb_bds > room - b->nb_bds) {
			break;
		} else if (is_usual && frame_is_usual(dev, ring, f)) {
			b->nb++;
		} else {
			if (taken > 0)
				break;
			is_usual = false;
		}
		b->nb_bds += f->nb_bds;
		taken++;
		if (b->nb_bds + BD_AHEAD < ring->nb_bds)
			__builtin_prefetch(txbd_at(ring, b->nb_bds + BD_AHEAD), 1);
		if (is_usual)
			continue;
		if (mac_is_off)
			dev->drops[EMU_DROP_TX_MAC_DISABLED]++;
		else
			b->has_job = job_gather(dev, q, f, &b->job) &&
			             emu_tx_job_make(dev, &b->job);
		if (!b->has_job)
			ring->seg_idx = 0;
		ring->is_skipping = f->nb_bds > EMU_TX_BDS_TSO_MAX && f->nb_bds < ring->nb_bds &&
		                    !(flags_load(txbd_at(ring, f->nb_bds - 1)) & EMU_TXBD_FE);
		break;
	}
	return taken;
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
ring_count(struct emu_ring *ring, uint32_t bytes)
{
	__atomic_store_n(&ring->pkts, ring->pkts + 1, __ATOMIC_RELAXED);
	ring->bytes += bytes;
}

static void
mac_sent(struct emu_dev *dev, const struct emu_frame *out)
{
	uint8_t dmac[6];
	const uint8_t *to = out->seg[0].iov_base;

	if (out->seg[0].iov_len < sizeof(dmac)) {
		emu_frame_copy(out, 0, dmac, sizeof(dmac));
		to = dmac;
	}
	if (dev->nic->nb_funcs == 1) /* else the switch counts what goes out */
		emu_mac_count(dev->nic, 19, out->len_bytes + 4, emu_dmac_class(to));
}

/*
 * Send the job's frames and complete its BDs; false: the wire is busy. What has gone by then is
 * remembered in the ring, and the job is made again from its BDs.
 */
static bool
job_send(struct emu_dev *dev, struct emu_ring *ring, struct tx_burst *b)
{
	const struct emu_tx_job *job = &b->job;
	const struct emu_frame *frames[EMU_BURST];
	bool has_gone = false;

	while (ring->seg_idx < job->nb_frames) {
		unsigned int nb = job->nb_frames - ring->seg_idx, gone;
		enum emu_tx_result next;

		if (nb > EMU_BURST)
			nb = EMU_BURST;
		for (unsigned int i = 0; i < nb; i++) {
			emu_tx_job_frame(job, ring->seg_idx + i, &b->f[i].out, b->head[i]);
			frames[i] = &b->f[i].out;
		}
		gone = frames_out(dev, frames, nb, &next);
		for (unsigned int i = 0; i < gone; i++)
			mac_sent(dev, frames[i]);
		has_gone |= gone > 0;
		ring->seg_idx += gone;
		if (next == EMU_TX_BUSY)
			return false;
		ring->seg_idx += next == EMU_TX_DROPPED;
	}
	ring->seg_idx = 0;
	if (has_gone)
		ring_count(ring, job->in.len_bytes);
	if (job->is_short) /* it is sent all the same [2:6.4] */
		emu_dev_violation(dev, EMU_V_TX_TOO_SHORT,
				"a frame is shorter than the driver has to make it");
	bds_complete(dev, ring, b->nb_bds);
	return true;
}

/* Send what was gathered and complete its BDs; false: the wire is busy, the rest stays in the ring.
 */
static bool
burst_send(struct emu_dev *dev, struct emu_ring *ring, struct tx_burst *b, unsigned int *done)
{
	const struct emu_frame *frames[EMU_BURST];

	*done = 0;
	if (b->has_job)
		return job_send(dev, ring, b);
	for (unsigned int i = 0; i < b->nb; i++)
		frames[i] = &b->f[i].out;
	while (*done < b->nb) {
		enum emu_tx_result next;
		unsigned int nb = frames_out(dev, frames + *done, b->nb - *done, &next);

		for (unsigned int i = 0; i < nb; i++, (*done)++) {
			ring_count(ring, b->f[*done].ring_bytes);
			mac_sent(dev, &b->f[*done].out);
		}
		if (next == EMU_TX_BUSY) {
			bds_complete(dev, ring, b->f[*done].first_bd);
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
		for (uint32_t n = 0; n < BD_AHEAD && n < ring->nb_bds; n += 2)
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
zero_gather(struct emu_dev *dev, unsigned int q, struct tx_burst *b)
{
	unsigned int taken;

	dev->tx_zero[q].bd = NULL;
	zeros_are_meant = true;
	taken = burst_gather(dev, q, b, 1);
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
		unsigned int taken = burst_gather(dev, q, &the_burst, most);

		if (taken == 0) {
			ring->has_more = false;
			if (zero_is_meant(dev, q, ring))
				taken = zero_gather(dev, q, &the_burst);
			if (taken == 0)
				break;
			ring->has_more = true;
		}
		if (!burst_send(dev, ring, &the_burst, &done)) {
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
