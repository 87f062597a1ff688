/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way through Rx: common frames (emu_parse_plain.h) for a PF without VFs, flow rules,
 * GRO, advanced layout or FCS, with room for them in one BD. What it does not take goes through
 * emu_rx.c, which would do the same with what it does take: test_emu_rx_plain.c compares them.
 *
 * The frames of a run take each step together, so that what one of them waits for in memory is
 * fetched while the others are at work: they are looked at, given BDs, and written.
 */
#include "emu_rx.h"

#include <endian.h>
#include <string.h>

#include "emu_parse_plain.h"
#include "emu_rx_fcs.h"

struct plain_run {
	/* words of the BDs */
	uint32_t l234[EMU_BURST], base[EMU_BURST], hash[EMU_BURST];
	uint32_t queue[EMU_BURST];
	struct emu_rxbd *bd[EMU_BURST];
	uint8_t *buf[EMU_BURST];
	unsigned int nb_rings; /* that the frames go to */
	struct emu_ring *ring[EMU_BURST];
};

static struct plain_run the_run; /* one data thread */

bool
emu_rx_is_plain(const struct emu_nic *nic)
{
	const struct emu_steer *s = &nic->steer;
	const struct emu_dev *pf = nic->func[0];

	return s->existing == 1 && !pf->sees_doorbells &&
	       (!s->port_filter ||
			       nic->vlan_table[0] & 1) && /* frames without a tag are in VLAN 0 */
	       (!(s->vlan_filter & 1) || pf->vlan_table[0] & 1) &&
	       emu_rx_fcs_is_plain(nic) && !emu_faults_armed(pf, EMU_FAULTS_FRAME) &&
	       nic->fd->nb_live == 0 && !pf->gro_is_on && pf->rss.algorithm == EMU_RSS_TOEPLITZ &&
	       !(pf->cfg.caps & EMU_CAP_RXD_ADV) && !emu_faults_armed(pf, EMU_FAULTS_BD);
}

/* emu_rss_hash() of a plain frame. */
static inline uint32_t
plain_hash(const struct emu_rss *rss, const uint8_t *f, unsigned int type)
{
	const struct emu_rss_mask *m = &rss->mask[type][0];
	uint32_t w[3], hash = 0;
	uint8_t input[12];

	if (!m->is_on)
		return 0;
	memcpy(w, f + 26, sizeof(w)); /* addresses and ports */
	w[0] &= (uint32_t)m->src;
	w[1] &= (uint32_t)m->dst;
	w[2] &= m->ports;
	memcpy(input, w, sizeof(input));
	for (unsigned int i = 0; i < sizeof(input); i++)
		hash ^= rss->toeplitz[i][input[i]];
	return hash;
}

unsigned int
emu_rx_plain_look(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb)
{
	struct plain_run *r = &the_run;
	const struct emu_nic *nic = dev->nic;
	bool takes_all = nic->steer.promisc[0] & 1;
	uint32_t most = nic->max_frame_bytes - 4;
	unsigned int n;

	for (n = 0; n < nb; n++) {
		const struct emu_frame *frame = frames[n];
		const uint8_t *f = frame->seg[0].iov_base;
		struct emu_parsed p;

		if (frame->len_bytes < EMU_FRAME_BYTES_MIN || frame->len_bytes > most ||
				!emu_parse_plain(frame, &nic->tpids, &p) || p.dmac_class != 0 ||
				(!takes_all && !emu_steer_is_pf(nic, f)))
			break;
		r->l234[n] = p.l234;
		r->base[n] = EMU_RXBD_VLD | EMU_RXBD_FE | p.base;
		r->hash[n] = plain_hash(&dev->rss, f, p.rss_type);
		r->queue[n] = emu_rss_queue(&dev->rss, r->hash[n], 0);
	}
	return n;
}

/* How many of @p nb, from the first on, find a BD with a buffer that is mapped. */
static unsigned int
run_place(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		struct plain_run *r)
{
	uint64_t misaligned = dev->cfg.revision < 0x30 ? 63 : 127;
	unsigned int n;

	r->nb_rings = 0;
	for (n = 0; n < nb; n++) {
		uint32_t q = r->queue[n], idx, base;
		struct emu_ring *ring = &dev->queue[q].rx;
		struct emu_rxbd *bd;
		uint64_t addr;
		uint8_t *buf;

		if (q >= dev->cfg.nb_queues ||
				(!ring->has_news && !emu_rx_queue_is_running(dev, q)))
			break;
		idx = ring->idx;
		bd = emu_rxbd_at(ring, idx);
		/* [RXBD-A] a BD that the driver gave back has its new address. */
		base = le32toh(__atomic_load_n(&bd->base_info_le, __ATOMIC_ACQUIRE));
		addr = le64toh(__atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED));
		if (base & EMU_RXBD_VLD || addr == 0 || addr & misaligned ||
				frames[n]->len_bytes > ring->buf_bytes || ring->nb_bds < nb)
			break; /* in a ring that is shorter than the run one would meet itself */
		buf = emu_iommu_in_run(ring->run, addr, frames[n]->len_bytes, EMU_DMA_WRITE);
		if (!buf)
			break; /* whoever takes the long way remembers the run */
		__builtin_prefetch(buf, 1);
		r->bd[n] = bd;
		r->buf[n] = buf;
		if (++idx == ring->nb_bds)
			idx = 0;
		ring->idx = idx;
		if (idx + EMU_RX_BD_AHEAD < ring->nb_bds)
			__builtin_prefetch(emu_rxbd_at(ring, idx + EMU_RX_BD_AHEAD), 1);
		if (!ring->has_news) {
			ring->has_news = true;
			r->ring[r->nb_rings++] = ring;
		}
	}
	return n;
}

/* Short frames are most of those that there are many of. */
static inline void
bytes_copy(uint8_t *to, const uint8_t *from, uint32_t len)
{
	if (len > 64) {
		memcpy(to, from, len);
		return;
	}
	/* 60 to 64 of them */
	memcpy(to, from, 32);
	memcpy(to + len - 32, from + len - 32, 32);
}

/*
 * Give the BDs of @p nb frames away. The first one last: a driver waits for it, and with what it
 * reads it takes the cache line away from us; so it finds all of them at once.
 */
static void
run_publish(const struct plain_run *r, const struct emu_frame *const *frames, unsigned int nb)
{
	for (unsigned int i = nb; i-- > 0;) {
		uint64_t *w = (uint64_t *)(void *)r->bd[i];
		uint64_t len = frames[i]->len_bytes;

		if (r->base[i] == 0)
			continue;
		w[0] = 0;
		w[1] = htole64(r->l234[i] | len << 32 | len << 48);
		w[2] = htole64(r->hash[i]);
		/* [RXBD-R] data and the other words are visible to who sees the valid bit. */
		__atomic_store_n(&w[3], htole64((uint64_t)r->base[i] << 32), __ATOMIC_RELEASE);
	}
}

unsigned int
emu_rx_plain_give(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		struct emu_rx_done *done)
{
	struct plain_run *r = &the_run;
	unsigned int n = run_place(dev, frames, nb, r), dropped = 0;
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t q = r->queue[i], len = frames[i]->len_bytes;
		struct emu_ring *ring = &dev->queue[q].rx;

		emu_mac_count(dev->nic, 45, len + 4, 0);
		/* The driver frees buffers right after it clears the enable bit [1:2.9]. */
		if (!emu_rx_runs(dev, q)) {
			r->base[i] = 0;
			dropped++;
			continue;
		}
		bytes_copy(r->buf[i], frames[i]->seg[0].iov_base, len);
		__atomic_store_n(&ring->pkts, ring->pkts + 1, __ATOMIC_RELAXED);
		ring->bytes += len;
		bytes += len;
	}
	run_publish(r, frames, n);
	for (unsigned int i = 0; i < r->nb_rings; i++) {
		r->ring[i]->has_news = false;
		emu_ring_event(dev, r->ring[i]);
	}
	dev->drops[EMU_DROP_RX_QUEUE_STOPPED] += dropped;
	done->dropped += dropped;
	done->taken += n - dropped;
	done->taken_bytes += bytes;
	return n;
}
