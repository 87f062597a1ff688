/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive: from a frame on the wire to filled BDs [2:10.2] [3:10.2]. Data thread.
 *
 * A BD is free only if its valid bit is clear and its address is not 0; filling it sets the address
 * to 0, so that a driver that clears the valid bit before it writes the new address cannot lose a
 * buffer that it has just handed out [2:10.6]. The word with the valid bit is stored last, with
 * release.
 */
#include "emu_dev_priv.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#define RX_BDS_MAX 19 /* the longest frame in the smallest buffers [2:3.2] */

static enum emu_rx_result
drop(struct emu_dev *dev, enum emu_drop why)
{
	dev->drops[why]++;
	return EMU_RX_DROPPED;
}

bool
emu_ring_open(struct emu_dev *dev, unsigned int q, struct emu_ring *ring, bool is_rx)
{
	uint32_t block = EMU_TQP_BASE(q);
	uint32_t base_reg = block + (is_rx ? EMU_TQP_RX_BASE_L : EMU_TQP_TX_BASE_L);
	uint32_t num_reg = block + (is_rx ? EMU_TQP_RX_BD_NUM : EMU_TQP_TX_BD_NUM);
	uint64_t iova = (uint64_t)emu_bar_load(dev, base_reg + 4) << 32 |
	                emu_bar_load(dev, base_reg);
	uint32_t nb_bds = (emu_bar_load(dev, num_reg) + 1) * 8, code;

	ring->generation = dev->cfg.iommu->generation;
	ring->va = NULL;
	if (iova == 0)
		return false; /* not programmed */
	if (iova % 128 != 0) {
		emu_dev_violation(dev, EMU_V_RING_ALIGN, "a ring's base is not 128-byte aligned");
		return false;
	}
	if (nb_bds > 32768) {
		emu_dev_violation(dev, EMU_V_RING_SIZE, "a ring has more than 32768 BDs");
		return false;
	}
	code = is_rx ? emu_bar_load(dev, block + EMU_TQP_RX_BD_LEN) : 0;
	ring->buf_bytes = 512u << (code <= 3 ? code : 2);
	ring->nb_bds = nb_bds;
	if (ring->idx >= nb_bds)
		ring->idx = 0;
	ring->va = emu_iommu_va(
			dev->cfg.iommu, iova, nb_bds * EMU_BD_BYTES, EMU_DMA_READ | EMU_DMA_WRITE);
	return ring->va != NULL;
}

static bool
rx_queue_is_running(struct emu_dev *dev, unsigned int q)
{
	struct emu_ring *ring = &dev->queue[q].rx;

	if (!(emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN) & 1))
		return false;
	if (ring->va && ring->generation == dev->cfg.iommu->generation)
		return true;
	return emu_ring_open(dev, q, ring, true);
}

bool
emu_dev_rx_is_ready(const struct emu_dev *dev)
{
	if (!(dev->nic->mac_word & EMU_MAC_RX_EN) || !dev->nic->wire_up)
		return false;
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		if (emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN) & 1)
			return true;
	}
	return false;
}

void
emu_dev_rx_miss(struct emu_dev *dev)
{
	dev->drops[EMU_DROP_RX_NO_BD]++;
}

/* Whether the function wants a frame with this destination. */
static bool
mac_is_wanted(const struct emu_dev *dev, const uint8_t *dmac, unsigned int dmac_class)
{
	uint32_t promisc = dev->promisc & EMU_PROMISC_RX ? dev->promisc : 0;

	switch (dmac_class) {
	case 2:
		return promisc & EMU_PROMISC_BC;
	case 1:
		if (promisc & EMU_PROMISC_MC)
			return true;
		for (uint32_t i = 0; i < dev->nic->nb_mc; i++) {
			if (memcmp(dev->nic->mc[i].e.mac, dmac, 6) == 0)
				return dev->nic->mc[i].functions[0] & 1;
		}
		return false;
	default:
		if (promisc & EMU_PROMISC_UC)
			return true;
		for (uint32_t i = 0; i < dev->nic->nb_uc; i++) {
			if (memcmp(dev->nic->uc[i].mac, dmac, 6) == 0)
				return true;
		}
		return false;
	}
}

static bool
vlan_is_wanted(const struct emu_dev *dev, const struct emu_parsed *p)
{
	unsigned int vid = p->nb_vlans ? p->vlan_tci[0] & 0xfff : 0;

	return !dev->nic->vlan_port_filter || dev->nic->vlan_table[vid / 8] & 1u << vid % 8;
}

/*
 * Take tags out of the frame as configured and describe them in @p bd [2:1.7]: "tag 2" is the
 * outermost, "tag 1" the next. A single stripped tag is reported as an inner one.
 */
static void
vlan_strip(const struct emu_dev *dev, const struct emu_frame *in, const struct emu_parsed *p,
		struct emu_frame *out, struct emu_rxbd *bd, uint32_t *l234)
{
	unsigned int nb = 0;

	if (dev->rx_vlan_cfg & BIT32(1) && p->nb_vlans > 0)
		nb = dev->rx_vlan_cfg & BIT32(0) && p->nb_vlans > 1 ? 2 : 1;
	*out = *in;
	if (nb == 0)
		return;
	if (p->nb_vlans == 1) {
		bd->vlan_tag_le = htole16(p->vlan_tci[0]);
		*l234 |= field_prep(EMU_RXBD_STRP_TAGP, EMU_STRP_INNER);
	} else {
		bd->ot_vlan_le = htole16(p->vlan_tci[0]);
		bd->vlan_tag_le = nb == 2 ? htole16(p->vlan_tci[1]) : 0;
		*l234 |= field_prep(EMU_RXBD_STRP_TAGP, nb == 2 ? EMU_STRP_BOTH : EMU_STRP_OUTER);
	}
	/* addresses, then what follows the tags; these lie in the first segment or the frame is
	 * passed as it is */
	if (in->seg[0].iov_len <= 12 + 4 * (size_t)nb || in->nb_segs == EMU_FRAME_SEGS_MAX)
		return;
	out->seg[0].iov_len = 12;
	out->seg[1].iov_base = (uint8_t *)in->seg[0].iov_base + 12 + 4 * (size_t)nb;
	out->seg[1].iov_len = in->seg[0].iov_len - 12 - 4 * (size_t)nb;
	memcpy(&out->seg[2], &in->seg[1], (in->nb_segs - 1) * sizeof(in->seg[0]));
	out->nb_segs++;
	out->len_bytes -= 4 * nb;
}

static uint32_t
l234_make(const struct emu_parsed *p)
{
	return field_prep(EMU_RXBD_DMAC, p->dmac_class) | field_prep(EMU_RXBD_L3ID, p->l3id) |
	       field_prep(EMU_RXBD_L4ID, p->l4id) | (p->is_frag ? EMU_RXBD_FRAG : 0) |
	       (p->l3_error ? EMU_RXBD_L3E : 0) | (p->l4_error ? EMU_RXBD_L4E : 0);
}

/*
 * Buffers of the next @p nb BDs, all or none. EMU_RX_TAKEN: found.
 */
static enum emu_rx_result
buffers_find(struct emu_dev *dev, struct emu_ring *ring, unsigned int nb, uint32_t len,
		uint8_t **buf)
{
	uint32_t idx = ring->idx;

	for (unsigned int i = 0; i < nb; i++) {
		struct emu_rxbd *bd = (struct emu_rxbd *)(void *)(ring->va + idx * EMU_BD_BYTES);
		/* [RXBD-A] a BD that the driver gave back has its new address. */
		uint32_t base = le32toh(__atomic_load_n(&bd->base_info_le, __ATOMIC_ACQUIRE));
		uint64_t addr = le64toh(__atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED));
		uint32_t part = len < ring->buf_bytes ? len : ring->buf_bytes;

		if (base & EMU_RXBD_VLD || addr == 0)
			return EMU_RX_NO_BD;
		if (addr % 64 != 0)
			emu_dev_violation(dev, EMU_V_RX_BUFFER_ALIGN,
					"an Rx buffer is not 64-byte aligned");
		buf[i] = emu_iommu_va(dev->cfg.iommu, addr, part, EMU_DMA_WRITE);
		if (!buf[i])
			return EMU_RX_DROPPED;
		len -= part;
		if (++idx == ring->nb_bds)
			idx = 0;
	}
	return EMU_RX_TAKEN;
}

/* Spread the frame over the buffers. */
static void
buffers_fill(const struct emu_frame *frame, uint8_t **buf, uint32_t buf_bytes)
{
	uint32_t room = buf_bytes, nb = 0;
	uint8_t *to = buf[0];

	for (uint32_t i = 0; i < frame->nb_segs; i++) {
		const uint8_t *from = frame->seg[i].iov_base;
		uint32_t left = (uint32_t)frame->seg[i].iov_len;

		while (left > 0) {
			uint32_t part = left < room ? left : room;

			memcpy(to, from, part);
			from += part;
			to += part;
			left -= part;
			room -= part;
			if (room == 0 && (left > 0 || i + 1 < frame->nb_segs)) {
				to = buf[++nb];
				room = buf_bytes;
			}
		}
	}
}

/* Write @p nb BDs back in ring order; @p tmpl has what the last one carries. */
static void
bds_publish(struct emu_ring *ring, unsigned int nb, uint32_t len, const struct emu_rxbd *tmpl,
		uint32_t base_info)
{
	for (unsigned int i = 0; i < nb; i++) {
		struct emu_rxbd *bd =
				(struct emu_rxbd *)(void *)(ring->va + ring->idx * EMU_BD_BYTES);
		bool is_last = i + 1 == nb;
		uint32_t part = is_last ? len - i * ring->buf_bytes : ring->buf_bytes;
		struct emu_rxbd fill = *tmpl;

		fill.addr_le = 0;
		fill.size_le = htole16((uint16_t)part);
		memcpy(bd, &fill, offsetof(struct emu_rxbd, base_info_le));
		/* [RXBD-R] data and the other words are visible to who sees the valid bit. */
		__atomic_store_n(&bd->base_info_le, htole32(is_last ? base_info : EMU_RXBD_VLD),
				__ATOMIC_RELEASE);
		if (++ring->idx == ring->nb_bds)
			ring->idx = 0;
	}
}

/* Put a frame that passed the filters into queue @p q. */
static enum emu_rx_result
deliver(struct emu_dev *dev, unsigned int q, const struct emu_frame *frame,
		const struct emu_parsed *p, uint32_t hash)
{
	struct emu_ring *ring = &dev->queue[q].rx;
	struct emu_rxbd tmpl = { .rss_hash_le = htole32(hash) };
	uint32_t l234 = l234_make(p);
	uint8_t *buf[RX_BDS_MAX];
	enum emu_rx_result result;
	struct emu_frame stripped;
	unsigned int nb;

	if (p->nb_vlans && dev->rx_vlan_cfg & BIT32(1)) {
		vlan_strip(dev, frame, p, &stripped, &tmpl, &l234);
		frame = &stripped;
	}
	nb = 1;
	while (nb * ring->buf_bytes < frame->len_bytes)
		nb++;
	if (nb > RX_BDS_MAX || nb > ring->nb_bds)
		return drop(dev, EMU_DROP_RX_OVERSIZE);
	result = buffers_find(dev, ring, nb, frame->len_bytes, buf);
	if (result == EMU_RX_DROPPED)
		return drop(dev, EMU_DROP_RX_DMA_FAULT);
	if (result != EMU_RX_TAKEN)
		return result;
	buffers_fill(frame, buf, ring->buf_bytes);
	tmpl.l234_le = htole32(l234);
	tmpl.pkt_len_le = htole16((uint16_t)frame->len_bytes);
	bds_publish(ring, nb, frame->len_bytes, &tmpl,
			EMU_RXBD_VLD | EMU_RXBD_FE | (p->udp_no_sum ? EMU_RXBD_UDP0 : 0) |
					(p->is_checked ? EMU_RXBD_L3L4P : 0));
	__atomic_store_n(&ring->pkts, ring->pkts + 1, __ATOMIC_RELAXED);
	ring->bytes += frame->len_bytes;
	emu_ring_event(dev, ring);
	return EMU_RX_TAKEN;
}

enum emu_rx_result
emu_dev_rx(struct emu_dev *dev, const struct emu_frame *frame)
{
	uint32_t wire_bytes = frame->len_bytes + 4; /* with FCS */
	enum emu_rx_result result;
	struct emu_parsed p;
	bool hashed;
	uint32_t hash;
	unsigned int q;

	if (!(dev->nic->mac_word & EMU_MAC_RX_EN))
		return drop(dev, EMU_DROP_RX_MAC_DISABLED);
	if (!dev->nic->wire_up)
		return drop(dev, EMU_DROP_RX_LINK_DOWN);
	if (wire_bytes > dev->nic->max_frame_bytes) {
		dev->nic->mac_stats[55]++; /* rx_oversize [3:7.1] */
		return drop(dev, EMU_DROP_RX_OVERSIZE);
	}
	emu_parse(frame, &p);
	hash = emu_rss_hash(dev, &p, &hashed);
	q = emu_rss_queue(dev, hash);
	if (!vlan_is_wanted(dev, &p))
		result = drop(dev, EMU_DROP_RX_VLAN_FILTER);
	else if (!mac_is_wanted(dev, frame->seg[0].iov_base, p.dmac_class))
		result = drop(dev, EMU_DROP_RX_NO_DESTINATION);
	else if (q >= dev->cfg.nb_queues || !rx_queue_is_running(dev, q))
		result = drop(dev, EMU_DROP_RX_QUEUE_STOPPED);
	else
		result = deliver(dev, q, frame, &p, hash);
	if (result != EMU_RX_NO_BD)
		emu_mac_count(dev->nic, 45, wire_bytes, p.dmac_class);
	return result;
}
