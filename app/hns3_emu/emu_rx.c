/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive: from a frame on the wire to filled BDs [2:10.2] [3:10.2]. Data thread.
 *
 * A BD is free only if its valid bit is clear and there is an address in it; filling it takes the
 * address out, so that a driver that clears the valid bit before it writes the new address cannot
 * lose a buffer that it has just handed out [2:10.6]. In the advanced layout the device puts a
 * 16-bit checksum there [2:1.2]: then so few bits are no address. The word with the valid bit is
 * stored last, with release.
 *
 * A burst goes through in two steps: each frame is looked at and given its BDs and buffers, which
 * are fetched meanwhile; then all are copied and published in order.
 */
#include "emu_doorbell.h"
#include "emu_gro.h"
#include "emu_pause.h"
#include "emu_rx.h"
#include "emu_rx_fcs.h"
#include "emu_rx_vlan.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

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
	/* 64 bits: a client that has the register mapped can write what makes 32 wrap around. */
	uint64_t nb_bds = (emu_bar_load(dev, num_reg) + UINT64_C(1)) * 8;
	uint32_t code;

	ring->generation = dev->cfg.iommu->generation;
	ring->va = NULL;
	ring->run = NULL;
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
	ring->nb_bds = (uint32_t)nb_bds;
	if (ring->idx >= nb_bds)
		ring->idx = 0;
	ring->va = emu_iommu_va(dev->cfg.iommu, iova, ring->nb_bds * EMU_BD_BYTES,
			EMU_DMA_READ | EMU_DMA_WRITE);
	return ring->va != NULL;
}

bool
emu_dev_rx_is_ready(const struct emu_dev *dev)
{
	if (!(dev->nic->mac_word & EMU_MAC_RX_EN) || !dev->nic->wire_up)
		return false;
	for (unsigned int f = 0; f < dev->nic->nb_funcs; f++) {
		const struct emu_dev *func = dev->nic->func[f];

		for (unsigned int q = 0; func && q < func->cfg.nb_queues; q++) {
			if (emu_rx_runs(func, q))
				return true;
		}
	}
	return false;
}

/* ---- a burst ---- */

static struct emu_rx_burst the_burst; /* one data thread */

/*
 * Buffers of the next BDs of s->ring until the slot has @p nb, all or none; moves the ring on.
 * EMU_RX_TAKEN: found.
 */
static enum emu_rx_result
buffers_find(struct emu_dev *dev, struct emu_rx_slot *s, uint32_t nb)
{
	struct emu_ring *ring = s->ring;
	uint32_t idx = ring->idx, more = nb - s->nb_bds;

	/* nothing in BDs that wait to be written tells them from free ones */
	if (more > emu_doorbell_room(dev, ring) || more > ring->nb_bds - ring->nb_placed)
		return EMU_RX_NO_BD;
	for (uint32_t i = s->nb_bds; i < nb; i++) {
		struct emu_rxbd *bd = emu_rxbd_at(ring, idx);
		/* [RXBD-A] a BD that the driver gave back has its new address. */
		uint32_t base = le32toh(__atomic_load_n(&bd->base_info_le, __ATOMIC_ACQUIRE));
		uint64_t addr = le64toh(__atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED));
		uint32_t part = s->len - i * ring->buf_bytes;

		if (base & EMU_RXBD_VLD || addr <= (s->adv_layout ? UINT16_MAX : 0)) {
			emu_doorbell_wrong(dev, ring);
			return EMU_RX_NO_BD;
		}
		if (addr % (dev->cfg.revision < 0x30 ? 64 : 128) != 0) /* [2:3.2] */
			emu_dev_violation(dev, EMU_V_RX_BUFFER_ALIGN,
					"an Rx buffer is not aligned to 64 (revision 0x30: 128) "
					"bytes");
		if (part > ring->buf_bytes || dev->gro_is_on) /* then it may be filled up later */
			part = ring->buf_bytes;
		s->buf[i] = emu_iommu_look_near(
				dev->cfg.iommu, &ring->run, addr, part, EMU_DMA_WRITE);
		if (!s->buf[i]) /* again, and now a fault counts */
			s->buf[i] = emu_iommu_va(dev->cfg.iommu, addr, part, EMU_DMA_WRITE);
		if (!s->buf[i])
			return EMU_RX_DROPPED;
		__builtin_prefetch(s->buf[i], 1);
		if (++idx == ring->nb_bds)
			idx = 0;
	}
	emu_doorbell_use(dev, ring, more);
	ring->nb_placed += more;
	s->nb_bds = nb;
	ring->idx = idx;
	/* the BDs that the next frames need, for writing */
	__builtin_prefetch(emu_rxbd_at(ring, idx + EMU_RX_BD_AHEAD < ring->nb_bds
							     ? idx + EMU_RX_BD_AHEAD
							     : 0),
			1);
	return EMU_RX_TAKEN;
}

static uint32_t
bds_needed(const struct emu_ring *ring, uint32_t len)
{
	uint32_t nb = 1;

	while (nb * ring->buf_bytes < len)
		nb++;
	return nb;
}

/* Where the next byte goes. */
struct fill {
	const struct emu_rx_slot *s;
	uint8_t *to;
	uint32_t buf, room, left; /* left: of the frame */
};

static void
fill_put(struct fill *f, const uint8_t *from, uint32_t len)
{
	if (len > f->left) /* it is cut */
		len = f->left;
	f->left -= len;
	while (len > 0) {
		uint32_t nb = len < f->room ? len : f->room;

		if (f->room == 0) {
			f->to = f->s->buf[++f->buf];
			f->room = f->s->ring->buf_bytes;
			continue;
		}
		memcpy(f->to, from, nb);
		from += nb;
		f->to += nb;
		len -= nb;
		f->room -= nb;
	}
}

/* Spread the frame without what is stripped over the buffers. */
static void
buffers_fill(const struct emu_rx_slot *s)
{
	struct fill fill = { .s = s, .to = s->buf[0], .room = s->ring->buf_bytes, .left = s->len };
	uint32_t at = 0, gap_end = s->gap_at + s->gap_bytes;

	for (uint32_t i = 0; i < s->frame->nb_segs; i++) {
		const uint8_t *from = s->frame->seg[i].iov_base;
		uint32_t left = (uint32_t)s->frame->seg[i].iov_len;

		while (left > 0) {
			uint32_t part = left;

			if (s->gap_bytes > 0 && at < gap_end) {
				uint32_t end = at < s->gap_at ? s->gap_at : gap_end;

				part = end - at < left ? end - at : left;
			}
			at += part;
			left -= part;
			if (s->gap_bytes == 0 || at <= s->gap_at || at > gap_end)
				fill_put(&fill, from, part);
			from += part;
		}
	}
	fill_put(&fill, s->tail, s->tail_bytes);
}

/* Write the BDs of a slot back in ring order; the last one carries what describes the frame. */
static void
bds_publish(const struct emu_rx_slot *s)
{
	uint32_t idx = s->first_idx, buf_bytes = s->ring->buf_bytes;

	for (unsigned int i = 0; i < s->nb_bds; i++) {
		struct emu_rxbd *bd = emu_rxbd_at(s->ring, idx);
		bool is_last = i + 1 == s->nb_bds;

		memcpy(bd, &s->last, offsetof(struct emu_rxbd, base_info_le));
		bd->size_le = htole16((uint16_t)(is_last ? s->len - i * buf_bytes : buf_bytes));
		if (!is_last)
			bd->addr_le = 0;
		/* [RXBD-R] data and the other words are visible to who sees the valid bit. */
		__atomic_store_n(&bd->base_info_le, htole32(is_last ? s->base_info : EMU_RXBD_VLD),
				__ATOMIC_RELEASE);
		if (++idx == s->ring->nb_bds)
			idx = 0;
	}
}

/* Likewise, with what is armed going wrong. */
static void
bds_publish_wrong(struct emu_rx_slot *s)
{
	uint32_t queue = s->queue, right = s->base_info;
	struct emu_rxbd *bd = emu_rxbd_at(s->ring, s->first_idx);
	const struct emu_fault *f;
	bool is_late;

	if (emu_fault_strikes(s->dev, EMU_FAULT_BD_BAD_LEN, queue, &f)) {
		s->last.pkt_len_le = htole16((uint16_t)f->val);
		s->len = f->val + (s->nb_bds - 1) * s->ring->buf_bytes;
	}
	if (emu_fault_strikes(s->dev, EMU_FAULT_BD_BAD_INDEX, queue, &f)) {
		s->last.fd_id_le = 0xffff;
		s->last.l234_le = htole32(~0u);
		right |= EMU_RXBD_LUM;
	}
	if (emu_fault_strikes(s->dev, EMU_FAULT_BD_BAD_COUNT, queue, &f))
		right &= ~EMU_RXBD_FE;
	is_late = emu_fault_strikes(s->dev, EMU_FAULT_BD_LATE, queue, &f);
	if (!is_late && emu_fault_strikes(s->dev, EMU_FAULT_BD_TORN, queue, &f)) {
		__atomic_store_n(&bd->base_info_le, htole32(s->nb_bds == 1 ? right : EMU_RXBD_VLD),
				__ATOMIC_RELAXED); /* too early, and that is the fault */
		emu_fault_wait(f);
	}
	s->base_info = is_late ? 0 : right;
	bds_publish(s);
	if (!is_late)
		return;
	emu_fault_wait(f);
	bd = emu_rxbd_at(s->ring, (s->first_idx + s->nb_bds - 1) % s->ring->nb_bds);
	/* [RXBD-R] as in time. */
	__atomic_store_n(&bd->base_info_le, htole32(right), __ATOMIC_RELEASE);
}

/* "Complete" checksum [2:1.6]: of the frame without its first header and without stripped tags. */
static uint16_t
sum_of_payload(const struct emu_rx_slot *s)
{
	uint32_t from = s->gap_bytes > 0 && s->gap_at < 14 ? 14 + s->gap_bytes : 14;
	uint32_t sum = emu_frame_sum(s->frame, from, s->frame->len_bytes, 0);

	if (s->gap_bytes > 0 && s->gap_at > 14) /* the inner of two tags: taken out again */
		sum += 0xffffu ^ emu_frame_sum(s->frame, s->gap_at, s->gap_at + s->gap_bytes, 0);
	return emu_sum_fold(sum);
}

/* What only a merged frame has [2:5.7]. */
static void
gro_describe(struct emu_rx_slot *s)
{
	struct emu_gro *g = s->gro;

	emu_gro_finish(g);
	s->last.pkt_len_le = htole16((uint16_t)s->len);
	s->last.l234_le |= htole32(field_prep(EMU_RXBD_GRO_COUNT, g->nb_segments) |
				   (g->id_is_fixed ? EMU_RXBD_GRO_FIXID : 0));
	s->base_info |= field_prep(EMU_RXBD_GRO_SIZE, g->mss);
	if (s->adv_layout)
		s->last.addr_le = htole64(sum_of_payload(s));
	s->dev->gro_merged_pkts += g->nb_segments - 1;
}

/* The frames of a slot will not be delivered. */
static void
slot_drop(struct emu_rx_burst *b, const struct emu_rx_slot *s)
{
	s->dev->drops[EMU_DROP_RX_QUEUE_STOPPED] += (unsigned int)__builtin_popcount(s->members);
	b->taken &= ~s->members;
}

/* Fill and give away what the slots hold, in order. */
static void
slots_flush(struct emu_rx_burst *b)
{
	for (unsigned int i = 0; i < b->nb_slots; i++) {
		struct emu_rx_slot *s = &b->slot[i];
		struct emu_ring *ring = s->ring;

		ring->nb_placed = 0;
		/* The driver frees buffers right after it clears the enable bit [1:2.9]. */
		if (!emu_rx_runs(s->dev, s->queue)) {
			slot_drop(b, s);
			continue;
		}
		if (s->gro && s->gro->nb_segments > 1)
			gro_describe(s);
		if (s->frame->nb_segs == 1 && s->nb_bds == 1 && s->gap_bytes + s->tail_bytes == 0)
			memcpy(s->buf[0], s->frame->seg[0].iov_base, s->len);
		else
			buffers_fill(s);
		for (unsigned int k = 0; k < s->nb_bds && s->dev->cfg.iommu->bounce; k++)
			emu_iommu_written(s->dev->cfg.iommu, s->buf[k]);
		if (emu_faults_armed(s->dev, EMU_FAULTS_BD))
			bds_publish_wrong(s);
		else
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

/* What a frame is and where it goes, before room is found. */
struct rx_fate {
	const struct emu_parsed *p;
	unsigned int queue;
	uint32_t hash;
	const struct emu_fd_action *rule; /* that it hit, or NULL */
};

/* Tags out, and what the BD says of them. */
static uint32_t
tags_strip(struct emu_rx_slot *s, const struct emu_parsed *p)
{
	struct emu_rx_strip strip = emu_rx_vlan_strip(
			s->dev->rx_vlan_cfg, s->dev->cfg.revision >= 0x30, &p->h[0]);

	s->gap_at = strip.at;
	s->gap_bytes = strip.bytes;
	s->last.vlan_tag_le = htole16(strip.inner);
	s->last.ot_vlan_le = htole16(strip.outer);
	return field_prep(EMU_RXBD_STRP_TAGP, strip.status);
}

/* Words of the last BD. */
static void
bd_describe(struct emu_rx_slot *s, const struct rx_fate *fate, bool is_of_wire)
{
	const struct emu_parsed *p = fate->p;
	uint32_t l234 = p->l234;

	s->adv_layout = s->dev->cfg.caps & EMU_CAP_RXD_ADV &&
	                emu_bar_load(s->dev, EMU_RXD_ADV_LAYOUT) & 1;

	s->last = (struct emu_rxbd){ .rss_hash_le = htole32(fate->hash),
		.ol_info_le = p->nb_stacks > 1 || s->adv_layout
		                              ? htole16(emu_parsed_ol_info(p, s->adv_layout))
		                              : 0 };
	s->gap_bytes = 0;
	if (p->h[0].nb_tags && s->dev->rx_vlan_cfg)
		l234 |= tags_strip(s, p);
	s->len = s->frame->len_bytes - s->gap_bytes;
	s->tail_bytes = 0;
	if (is_of_wire && !emu_rx_fcs_is_plain(s->dev->nic))
		l234 |= emu_rx_fcs_end(s, p);
	s->last.l234_le = htole32(l234);
	s->last.pkt_len_le = htole16((uint16_t)s->len);
	s->base_info = EMU_RXBD_VLD | EMU_RXBD_FE | p->base;
	if (fate->rule && fate->rule->writes_id) {
		s->last.fd_id_le = htole16(fate->rule->rule_id);
		s->base_info |= EMU_RXBD_LUM;
	}
	if (s->adv_layout) /* the sum of what lies in the buffer behind the addresses [2:1.6] */
		s->last.addr_le = htole64(sum_of_payload(s));
}

/* Frames are merged that are nothing but what is in them. */
static bool
gro_may_join(const struct emu_rx_burst *b, const struct emu_dev *dev)
{
	return dev->gro_is_on && (!b->is_of_wire || emu_rx_fcs_is_plain(dev->nic));
}

/* Find room for frame @p i, which passed the filters, in the queue of @p dev that it goes to. */
static enum emu_rx_result
slot_make(struct emu_rx_burst *b, unsigned int i, struct emu_dev *dev, const struct rx_fate *fate)
{
	struct emu_rx_slot *s = &b->slot[b->nb_slots];
	enum emu_rx_result result;
	uint32_t nb_bds;

	s->dev = dev;
	s->ring = &dev->queue[fate->queue].rx;
	s->frame = b->frames[i];
	s->members = BIT32(i);
	bd_describe(s, fate, b->is_of_wire);
	nb_bds = bds_needed(s->ring, s->len);
	if (nb_bds > EMU_RX_BDS_MAX || nb_bds > s->ring->nb_bds)
		return drop(dev, EMU_DROP_RX_OVERSIZE);
	s->nb_bds = 0;
	s->first_idx = s->ring->idx;
	result = buffers_find(dev, s, nb_bds);
	if (result == EMU_RX_DROPPED)
		return drop(dev, EMU_DROP_RX_DMA_FAULT);
	if (result != EMU_RX_TAKEN)
		return result;
	s->gro = NULL;
	if (gro_may_join(b, dev) && emu_gro_start(&b->gro[b->nb_slots], s->frame, fate->p))
		s->gro = &b->gro[b->nb_slots];
	s->queue = fate->queue;
	b->nb_slots++;
	return EMU_RX_TAKEN;
}

/*
 * Let frame @p i join the last slot of its ring, if it belongs there and there is room; what lies
 * behind that slot could not be given more BDs.
 */
static bool
gro_join(struct emu_rx_burst *b, unsigned int i, struct emu_dev *dev, const struct rx_fate *fate)
{
	struct emu_ring *ring = &dev->queue[fate->queue].rx;
	unsigned int n = b->nb_slots;
	uint32_t data, nb_bds, old_bds, old_idx = ring->idx;
	struct emu_rx_slot *s;

	while (n > 0 && b->slot[n - 1].ring != ring)
		n--;
	if (n == 0 || !b->slot[n - 1].gro)
		return false;
	s = &b->slot[n - 1];
	data = emu_gro_fits(s->gro, fate->p);
	nb_bds = bds_needed(ring, s->gro->out.len_bytes - s->gap_bytes + data);
	if (data == 0 || nb_bds > emu_gro_bds_max(ring->buf_bytes) || nb_bds > ring->nb_bds)
		return false;
	old_bds = s->nb_bds;
	if (nb_bds > old_bds && buffers_find(dev, s, nb_bds) != EMU_RX_TAKEN)
		return false;
	if (!emu_gro_add(s->gro, b->frames[i], fate->p, data)) {
		emu_doorbell_use(dev, ring, old_bds - s->nb_bds);
		ring->nb_placed -= s->nb_bds - old_bds;
		s->nb_bds = old_bds;
		ring->idx = old_idx;
		return false;
	}
	s->frame = &s->gro->out;
	s->len = s->frame->len_bytes - s->gap_bytes;
	s->members |= BIT32(i);
	return true;
}

/* Queue of a frame: the rule's, else by its hash [3:5.8] [3:4.5]. */
static unsigned int
queue_of(const struct emu_dev *dev, const struct rx_fate *fate)
{
	const struct emu_fd_action *rule = fate->rule;

	if (rule && rule->to_queue)
		return rule->queue;
	if (rule && rule->to_region)
		return rule->queue + (fate->hash & (BIT32(rule->region_log2) - 1));
	return emu_rss_queue(&dev->rss, fate->hash, 0);
}

/* Frame @p i for one function: everything but the copying. */
static enum emu_rx_result
func_take(struct emu_rx_burst *b, unsigned int i, struct emu_dev *dev, const struct emu_parsed *p)
{
	struct rx_fate fate = { .p = p };

	if (emu_steer_vlan_is_refused(dev->nic, dev->func, p))
		return drop(dev, EMU_DROP_RX_FUNC_VLAN_FILTER);
	fate.rule = emu_fd_match(dev->nic->fd, p, dev->func);
	if (fate.rule && fate.rule->drop)
		return drop(dev, EMU_DROP_RX_FLOW_RULE);
	fate.hash = emu_rss_hash(&dev->rss, p);
	fate.queue = queue_of(dev, &fate);
	if (fate.queue >= dev->cfg.nb_queues || !emu_rx_queue_is_running(dev, fate.queue))
		return drop(dev, EMU_DROP_RX_QUEUE_STOPPED);
	if (gro_may_join(b, dev) && gro_join(b, i, dev, &fate))
		return EMU_RX_TAKEN;
	return slot_make(b, i, dev, &fate);
}

/*
 * Frame @p i for several functions. None can make it come again for another one: whoever has no
 * room has missed it.
 */
static enum emu_rx_result
funcs_take(struct emu_rx_burst *b, unsigned int i, struct emu_nic *nic, uint32_t funcs,
		const struct emu_parsed *p)
{
	enum emu_rx_result result = EMU_RX_DROPPED;

	for (; funcs != 0; funcs &= funcs - 1) {
		struct emu_dev *dev = nic->func[__builtin_ctz(funcs)];
		enum emu_rx_result one;

		if (b->nb_slots == EMU_BURST)
			slots_flush(b);
		one = func_take(b, i, dev, p);
		if (one == EMU_RX_NO_BD)
			drop(dev, EMU_DROP_RX_NO_BD);
		if (one == EMU_RX_TAKEN)
			result = EMU_RX_TAKEN;
	}
	return result;
}

/* The MAC is done with a frame, good or bad [3:7.1]. */
static void
frame_count(struct emu_nic *nic, const struct emu_frame *frame, unsigned int dmac_class)
{
	uint32_t wire_bytes = frame->len_bytes + 4; /* with FCS */

	if (emu_rx_fcs_is_bad(nic)) {
		nic->mac_stats[50] += wire_bytes; /* rx_bad_oct */
		nic->mac_stats[80]++;             /* rx_fcs_err */
	} else {
		emu_mac_count(nic, 45, wire_bytes, dmac_class);
	}
	nic->flaw = (struct emu_rx_flaw){ 0 };
}

/* Who gets frame @p i, and in which queue. */
static enum emu_rx_result
frame_take(struct emu_rx_burst *b, unsigned int i, struct emu_dev *dev, bool waits)
{
	const struct emu_frame *frame = b->frames[i];
	uint32_t wire_bytes = frame->len_bytes + 4, funcs; /* with FCS */
	struct emu_nic *nic = dev->nic;
	enum emu_rx_result result;
	struct emu_parsed p;
	unsigned int why;

	if (wire_bytes > nic->max_frame_bytes) {
		nic->mac_stats[55]++; /* rx_oversize [3:7.1] */
		return drop(dev, EMU_DROP_RX_OVERSIZE);
	}
	if (frame->len_bytes < EMU_FRAME_BYTES_MIN) {
		nic->mac_stats[54]++; /* rx_undersize */
		return drop(dev, EMU_DROP_RX_UNDERSIZE);
	}
	if (emu_faults_armed(nic->func[0], EMU_FAULTS_FRAME))
		emu_rx_flaw_judge(nic->func[0]);
	if (emu_rx_fcs_is_bad(nic) && !nic->flaw.is_passed_on) {
		frame_count(nic, frame, 0);
		return drop(dev, EMU_DROP_RX_BAD_FCS);
	}
	emu_parse(frame, &nic->tpids, &p);
	if (emu_pause_is(&p) && !emu_rx_fcs_is_bad(nic) && emu_pause_take(nic, frame, &p)) {
		frame_count(nic, frame, p.dmac_class);
		return EMU_RX_TAKEN;
	}
	funcs = emu_steer_rx(nic, &p, &why);
	if (funcs == 0)
		result = drop(dev, why);
	else if ((funcs & (funcs - 1)) == 0)
		result = func_take(b, i, nic->func[__builtin_ctz(funcs)], &p);
	else
		result = funcs_take(b, i, nic, funcs, &p);
	if (result != EMU_RX_NO_BD || !waits) /* else it comes again */
		frame_count(nic, frame, p.dmac_class);
	return result;
}

/* Likewise; its slot is written if there is no room for more. */
static enum emu_rx_result
frame_deal(struct emu_rx_burst *b, unsigned int i, struct emu_dev *dev, bool waits)
{
	enum emu_rx_result result = frame_take(b, i, dev, waits);

	if (result == EMU_RX_TAKEN)
		b->taken |= BIT32(i);
	if (b->nb_slots == EMU_BURST)
		slots_flush(b);
	return result;
}

/* Count frames that did not go the short way, of which some were dropped meanwhile. */
static void
slow_count(const struct emu_rx_burst *b, uint32_t slow, struct emu_rx_done *done)
{
	done->dropped += (unsigned int)__builtin_popcount(slow & ~b->taken);
	done->taken += (unsigned int)__builtin_popcount(b->taken);
	for (uint32_t left = b->taken; left != 0; left &= left - 1)
		done->taken_bytes += b->frames[__builtin_ctz(left)]->len_bytes;
}

unsigned int
emu_dev_rx_burst(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		bool waits, struct emu_rx_done *done)
{
	struct emu_rx_burst *b = &the_burst;
	enum emu_drop off = !(dev->nic->mac_word & EMU_MAC_RX_EN) ? EMU_DROP_RX_MAC_DISABLED
	                    : !dev->nic->wire_up && !emu_nic_loops(dev->nic) ? EMU_DROP_RX_LINK_DOWN
	                                                                     : EMU_DROP_RX_NB;
	uint32_t slow = 0;
	bool is_plain;

	*done = (struct emu_rx_done){ 0 };
	if (off != EMU_DROP_RX_NB) {
		dev->drops[off] += nb;
		done->dropped = nb;
		return nb;
	}
	if (dev->nic->steer.is_stale)
		emu_steer_plan(dev->nic);
	is_plain = emu_rx_is_plain(dev->nic);
	b->frames = frames;
	b->is_of_wire = true;
	b->nb_slots = 0;
	b->taken = 0;
	for (unsigned int i = 0; i < nb; i++) {
		unsigned int plain = is_plain ? emu_rx_plain_look(dev, frames + i, nb - i) : 0;

		if (plain > 0) {
			slots_flush(b); /* what came before is before in the rings */
			i += emu_rx_plain_give(dev, frames + i, plain, done);
			if (i == nb)
				break;
		}
		if (frame_deal(b, i, dev, waits) != EMU_RX_NO_BD) {
			slow |= BIT32(i);
			continue;
		}
		done->missed++;
		if (waits) {
			nb = i;
			break;
		}
		dev->drops[EMU_DROP_RX_NO_BD]++;
	}
	slots_flush(b);
	slow_count(b, slow, done);
	if (done->missed)
		emu_pause_no_bd(dev->nic);
	return nb;
}

void
emu_rx_from_func(struct emu_nic *nic, const struct emu_frame *frame, uint32_t funcs)
{
	struct emu_rx_burst *b = &the_burst;
	struct emu_parsed p;

	b->frames = &frame;
	b->is_of_wire = false;
	b->nb_slots = 0;
	emu_parse(frame, &nic->tpids, &p);
	funcs_take(b, 0, nic, funcs, &p);
	slots_flush(b);
}
