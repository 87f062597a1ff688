/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way through Rx: common frames (emu_parse_plain.h) for a PF without VFs, flow rules,
 * GRO, advanced layout or FCS, with room for them in one BD. What it does not take goes through
 * emu_rx.c, which would do the same with what it does take: test_emu_rx_plain.c compares them.
 */
#include "emu_rx.h"

#include <endian.h>
#include <string.h>

#include "emu_parse_plain.h"
#include "emu_rx_fcs.h"

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
	       !(pf->cfg.caps & EMU_CAP_RXD_ADV);
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

bool
emu_rx_plain_take(struct emu_rx_burst *b, unsigned int i, struct emu_dev *dev)
{
	const struct emu_frame *frame = b->frames[i];
	struct emu_rx_slot *s = &b->slot[b->nb_slots];
	struct emu_nic *nic = dev->nic;
	uint32_t len = frame->len_bytes, hash, base;
	struct emu_parsed p;
	struct emu_ring *ring;
	struct emu_rxbd *bd;
	unsigned int q;
	uint64_t addr;

	if (len < EMU_FRAME_BYTES_MIN || len + 4 > nic->max_frame_bytes ||
			!emu_parse_plain(frame, &nic->tpids, &p) || p.dmac_class != 0 ||
			(!(nic->steer.promisc[0] & 1) &&
					!emu_steer_is_pf(nic, frame->seg[0].iov_base)))
		return false;
	hash = plain_hash(&dev->rss, frame->seg[0].iov_base, p.rss_type);
	q = emu_rss_queue(&dev->rss, hash, 0);
	if (q >= dev->cfg.nb_queues || !emu_rx_queue_is_running(dev, q))
		return false;
	ring = &dev->queue[q].rx;
	bd = emu_rxbd_at(ring, ring->idx);
	/* [RXBD-A] a BD that the driver gave back has its new address. */
	base = le32toh(__atomic_load_n(&bd->base_info_le, __ATOMIC_ACQUIRE));
	addr = le64toh(__atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED));
	if (base & EMU_RXBD_VLD || addr == 0 || addr % (dev->cfg.revision < 0x30 ? 64 : 128) != 0 ||
			len > ring->buf_bytes)
		return false;
	s->buf[0] = emu_iommu_look_near(dev->cfg.iommu, &ring->run, addr, len, EMU_DMA_WRITE);
	if (!s->buf[0])
		return false;
	__builtin_prefetch(s->buf[0], 1);
	s->first_idx = ring->idx;
	if (++ring->idx == ring->nb_bds)
		ring->idx = 0;
	if (ring->idx + EMU_RX_BD_AHEAD < ring->nb_bds)
		__builtin_prefetch(emu_rxbd_at(ring, ring->idx + EMU_RX_BD_AHEAD), 1);
	s->dev = dev;
	s->ring = ring;
	s->frame = frame;
	s->nb_bds = 1;
	s->len = len;
	s->gap_bytes = 0;
	s->tail_bytes = 0;
	s->queue = q;
	s->base_info = EMU_RXBD_VLD | EMU_RXBD_FE | p.base;
	s->gro = NULL;
	s->members = BIT32(i);
	s->last = (struct emu_rxbd){ .l234_le = htole32(p.l234),
		.pkt_len_le = htole16((uint16_t)len),
		.rss_hash_le = htole32(hash) };
	b->nb_slots++;
	emu_mac_count(nic, 45, len + 4, 0);
	return true;
}
