/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive: from a frame on the wire to filled BDs [2:10.2] [3:10.2]. Data thread.
 *
 * A BD is free only if its valid bit is clear and its address is not 0; filling it sets the address
 * to 0, so that a driver that clears the valid bit before it writes the new address cannot lose a
 * buffer that it has just handed out [2:10.6]. The word with the valid bit is stored last, with
 * release.
 *
 * A burst goes through in two steps: each frame is looked at and given its BDs and buffers, which
 * are fetched meanwhile; then all are copied and published in order.
 */
#include "emu_dev_priv.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#define RX_BDS_MAX 19 /* the longest frame in the smallest buffers [2:3.2] */
#define BD_AHEAD   16 /* BDs that are fetched before they are needed */

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
 * Describe in @p bd the tags that are taken out as configured [2:1.7]: "tag 2" is the outermost,
 * "tag 1" the next. A single stripped tag is reported as an inner one. Returns how many bytes go,
 * from behind the addresses on.
 */
static uint32_t
vlan_strip(const struct emu_dev *dev, const struct emu_parsed *p, struct emu_rxbd *bd,
		uint32_t *l234)
{
	unsigned int nb;

	if (p->nb_vlans == 0 || !(dev->rx_vlan_cfg & BIT32(1)))
		return 0;
	nb = dev->rx_vlan_cfg & BIT32(0) && p->nb_vlans > 1 ? 2 : 1;
	if (p->nb_vlans == 1) {
		bd->vlan_tag_le = htole16(p->vlan_tci[0]);
		*l234 |= field_prep(EMU_RXBD_STRP_TAGP, EMU_STRP_INNER);
	} else {
		bd->ot_vlan_le = htole16(p->vlan_tci[0]);
		bd->vlan_tag_le = nb == 2 ? htole16(p->vlan_tci[1]) : 0;
		*l234 |= field_prep(EMU_RXBD_STRP_TAGP, nb == 2 ? EMU_STRP_BOTH : EMU_STRP_OUTER);
	}
	return 4 * nb;
}

static uint32_t
l234_make(const struct emu_parsed *p)
{
	return field_prep(EMU_RXBD_DMAC, p->dmac_class) | field_prep(EMU_RXBD_L3ID, p->l3id) |
	       field_prep(EMU_RXBD_L4ID, p->l4id) | (p->is_frag ? EMU_RXBD_FRAG : 0) |
	       (p->l3_error ? EMU_RXBD_L3E : 0) | (p->l4_error ? EMU_RXBD_L4E : 0);
}

/* ---- a burst ---- */

/* A frame on its way into the BDs of one ring. */
struct rx_slot {
	struct emu_dev *dev;
	struct emu_ring *ring;
	const struct emu_frame *frame;
	uint32_t first_idx, nb_bds;
	uint32_t len, strip_bytes; /* of what is written; strip: not written, behind the addresses
	                            */
	uint32_t enable_reg, base_info;
	unsigned int i; /* of the burst */
	struct emu_rxbd tmpl;
	uint8_t *buf[RX_BDS_MAX];
};

struct rx_burst {
	const struct emu_frame *const *frames;
	enum emu_rx_result *results;
	unsigned int nb_slots;
	struct rx_slot slot[EMU_BURST];
};

static struct rx_burst the_burst; /* one data thread */

static struct emu_rxbd *
rxbd_at(const struct emu_ring *ring, uint32_t idx)
{
	return (struct emu_rxbd *)(void *)(ring->va + (size_t)idx * EMU_BD_BYTES);
}

/* Buffers of the next BDs of s->ring, all or none; moves the ring on. EMU_RX_TAKEN: found. */
static enum emu_rx_result
buffers_find(struct emu_dev *dev, struct rx_slot *s)
{
	struct emu_ring *ring = s->ring;
	uint32_t idx = ring->idx, len = s->len;

	for (unsigned int i = 0; i < s->nb_bds; i++) {
		struct emu_rxbd *bd = rxbd_at(ring, idx);
		/* [RXBD-A] a BD that the driver gave back has its new address. */
		uint32_t base = le32toh(__atomic_load_n(&bd->base_info_le, __ATOMIC_ACQUIRE));
		uint64_t addr = le64toh(__atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED));
		uint32_t part = len < ring->buf_bytes ? len : ring->buf_bytes;

		if (base & EMU_RXBD_VLD || addr == 0)
			return EMU_RX_NO_BD;
		if (addr % 64 != 0)
			emu_dev_violation(dev, EMU_V_RX_BUFFER_ALIGN,
					"an Rx buffer is not 64-byte aligned");
		s->buf[i] = emu_iommu_va(dev->cfg.iommu, addr, part, EMU_DMA_WRITE);
		if (!s->buf[i])
			return EMU_RX_DROPPED;
		__builtin_prefetch(s->buf[i], 1);
		len -= part;
		if (++idx == ring->nb_bds)
			idx = 0;
	}
	s->first_idx = ring->idx;
	ring->idx = idx;
	/* the BDs that the next frames need, for writing */
	__builtin_prefetch(rxbd_at(ring, idx + BD_AHEAD < ring->nb_bds ? idx + BD_AHEAD : 0), 1);
	return EMU_RX_TAKEN;
}

/* Spread the frame without what is stripped over the buffers. */
static void
buffers_fill(const struct rx_slot *s)
{
	uint32_t room = s->ring->buf_bytes, buf = 0, at = 0, gap_end = 12 + s->strip_bytes;
	uint8_t *to = s->buf[0];

	for (uint32_t i = 0; i < s->frame->nb_segs; i++) {
		const uint8_t *from = s->frame->seg[i].iov_base;
		uint32_t left = (uint32_t)s->frame->seg[i].iov_len;

		while (left > 0) {
			uint32_t part = left;

			if (s->strip_bytes > 0 && at < gap_end) {
				uint32_t end = at < 12 ? 12 : gap_end;

				part = end - at < left ? end - at : left;
			}
			at += part;
			left -= part;
			if (s->strip_bytes > 0 && at > 12 && at <= gap_end) {
				from += part;
				continue;
			}
			while (part > 0) {
				uint32_t nb = part < room ? part : room;

				if (room == 0) {
					to = s->buf[++buf];
					room = s->ring->buf_bytes;
					continue;
				}
				memcpy(to, from, nb);
				from += nb;
				to += nb;
				part -= nb;
				room -= nb;
			}
		}
	}
}

/* Write the BDs of a slot back in ring order; the last one carries what describes the frame. */
static void
bds_publish(const struct rx_slot *s)
{
	uint32_t idx = s->first_idx, buf_bytes = s->ring->buf_bytes;

	for (unsigned int i = 0; i < s->nb_bds; i++) {
		struct emu_rxbd *bd = rxbd_at(s->ring, idx);
		bool is_last = i + 1 == s->nb_bds;
		struct emu_rxbd fill = s->tmpl;

		fill.size_le = htole16((uint16_t)(is_last ? s->len - i * buf_bytes : buf_bytes));
		memcpy(bd, &fill, offsetof(struct emu_rxbd, base_info_le));
		/* [RXBD-R] data and the other words are visible to who sees the valid bit. */
		__atomic_store_n(&bd->base_info_le, htole32(is_last ? s->base_info : EMU_RXBD_VLD),
				__ATOMIC_RELEASE);
		if (++idx == s->ring->nb_bds)
			idx = 0;
	}
}

/* Fill and give away what the slots hold, in order. */
static void
slots_flush(struct rx_burst *b)
{
	for (unsigned int i = 0; i < b->nb_slots; i++) {
		struct rx_slot *s = &b->slot[i];
		struct emu_ring *ring = s->ring;

		/* The driver frees buffers right after it clears the enable bit [1:2.9]. */
		if (!(emu_bar_load(s->dev, s->enable_reg) & 1)) {
			b->results[s->i] = drop(s->dev, EMU_DROP_RX_QUEUE_STOPPED);
			continue;
		}
		if (s->frame->nb_segs == 1 && s->nb_bds == 1 && s->strip_bytes == 0)
			memcpy(s->buf[0], s->frame->seg[0].iov_base, s->len);
		else
			buffers_fill(s);
		bds_publish(s);
		__atomic_store_n(&ring->pkts, ring->pkts + 1, __ATOMIC_RELAXED);
		ring->bytes += s->len;
		ring->has_news = true;
	}
	for (unsigned int i = 0; i < b->nb_slots; i++) {
		struct emu_ring *ring = b->slot[i].ring;

		if (ring->has_news)
			emu_ring_event(b->slot[i].dev, ring);
		ring->has_news = false;
	}
	b->nb_slots = 0;
}

/* Find room in queue @p q of @p dev for frame @p i, which passed the filters. */
static enum emu_rx_result
slot_make(struct rx_burst *b, unsigned int i, struct emu_dev *dev, unsigned int q,
		const struct emu_parsed *p, uint32_t hash)
{
	struct rx_slot *s = &b->slot[b->nb_slots];
	uint32_t l234 = l234_make(p);
	enum emu_rx_result result;

	s->dev = dev;
	s->ring = &dev->queue[q].rx;
	s->frame = b->frames[i];
	s->i = i;
	s->tmpl = (struct emu_rxbd){ .rss_hash_le = htole32(hash) };
	s->strip_bytes = p->nb_vlans ? vlan_strip(dev, p, &s->tmpl, &l234) : 0;
	s->len = s->frame->len_bytes - s->strip_bytes;
	s->nb_bds = 1;
	while (s->nb_bds * s->ring->buf_bytes < s->len)
		s->nb_bds++;
	if (s->nb_bds > RX_BDS_MAX || s->nb_bds > s->ring->nb_bds)
		return drop(dev, EMU_DROP_RX_OVERSIZE);
	result = buffers_find(dev, s);
	if (result == EMU_RX_DROPPED)
		return drop(dev, EMU_DROP_RX_DMA_FAULT);
	if (result != EMU_RX_TAKEN)
		return result;
	s->tmpl.l234_le = htole32(l234);
	s->tmpl.pkt_len_le = htole16((uint16_t)s->len);
	s->base_info = EMU_RXBD_VLD | EMU_RXBD_FE | (p->udp_no_sum ? EMU_RXBD_UDP0 : 0) |
	               (p->is_checked ? EMU_RXBD_L3L4P : 0);
	s->enable_reg = EMU_TQP_BASE(q) + EMU_TQP_RING_EN;
	b->nb_slots++;
	return EMU_RX_TAKEN;
}

/* Filters, queue, room: everything but the copying of frame @p i. */
static enum emu_rx_result
frame_take(struct rx_burst *b, unsigned int i, struct emu_dev *dev, bool waits)
{
	const struct emu_frame *frame = b->frames[i];
	uint32_t wire_bytes = frame->len_bytes + 4, hash; /* with FCS */
	enum emu_rx_result result;
	struct emu_parsed p;
	unsigned int q;
	bool hashed;

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
		result = slot_make(b, i, dev, q, &p, hash);
	if (result != EMU_RX_NO_BD || !waits) /* else it comes again */
		emu_mac_count(dev->nic, 45, wire_bytes, p.dmac_class);
	return result;
}

unsigned int
emu_dev_rx_burst(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		bool waits, enum emu_rx_result *results)
{
	struct rx_burst *b = &the_burst;
	enum emu_drop off = !(dev->nic->mac_word & EMU_MAC_RX_EN) ? EMU_DROP_RX_MAC_DISABLED
	                    : !dev->nic->wire_up                  ? EMU_DROP_RX_LINK_DOWN
	                                                          : EMU_DROP_RX_NB;
	unsigned int i;

	b->frames = frames;
	b->results = results;
	b->nb_slots = 0;
	for (i = 0; i < nb; i++) {
		results[i] = off == EMU_DROP_RX_NB ? frame_take(b, i, dev, waits) : drop(dev, off);
		if (results[i] == EMU_RX_NO_BD) {
			if (waits)
				break;
			dev->drops[EMU_DROP_RX_NO_BD]++;
		}
		if (b->nb_slots == EMU_BURST)
			slots_flush(b);
	}
	slots_flush(b);
	return i;
}

enum emu_rx_result
emu_dev_rx(struct emu_dev *dev, const struct emu_frame *frame)
{
	enum emu_rx_result result;

	emu_dev_rx_burst(dev, &frame, 1, true, &result);
	return result;
}
