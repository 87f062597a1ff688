/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit: from BDs to a frame on the wire [2:10.3]. Data thread.
 *
 * Doorbells are increments, and in shared memory increments get lost; so BDs are followed by their
 * valid bits, under rules that hold for drivers whose stores come in any order [2:10.6]: a BD is
 * ready if it is valid and has an address and a length; before a frame is taken to go on in the
 * next BD, the end flag is read again after the next BD was seen ready. A BD that is done is
 * zeroed, the flags last.
 */
#include "emu_dev_priv.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#define TX_FRAMES_MAX 128 /* of one queue before the next one's turn */
#define BD_AHEAD      8   /* BDs that are fetched before they are needed */

struct tx_frame {
	struct emu_frame out;
	uint32_t first_bd, nb_bds; /* of the burst's BDs */
	uint32_t ring_bytes;       /* as the driver gave it */
	struct emu_txbd first;     /* control fields of the first BD */
	uint8_t tags[8];           /* VLAN tags to insert */
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

static bool
txbd_is_ready(const struct emu_txbd *bd)
{
	return flags_load(bd) & EMU_TXBD_VLD &&
	       __atomic_load_n(&bd->addr_le, __ATOMIC_RELAXED) != 0 &&
	       __atomic_load_n(&bd->send_size_le, __ATOMIC_RELAXED) != 0;
}

/* BDs of the frame that begins @p at BDs behind the front, 0: it is not complete yet. */
static uint32_t
frame_extent(const struct emu_ring *ring, uint32_t at)
{
	uint32_t n = 0;

	if (at == ring->nb_bds || !txbd_is_ready(txbd_at(ring, at)))
		return 0;
	if (flags_load(txbd_at(ring, at)) & EMU_TXBD_FE)
		return 1;
	for (;;) {
		const struct emu_txbd *bd = txbd_at(ring, at + n++);
		bool next_is_ready;

		if (flags_load(bd) & EMU_TXBD_FE)
			return n;
		if (at + n == ring->nb_bds)
			return at == 0 ? n : 0; /* the whole ring without an end: refused later */
		next_is_ready = txbd_is_ready(txbd_at(ring, at + n));
		if (flags_load(bd) & EMU_TXBD_FE) /* it came after the valid bit [2:10.6] */
			return n;
		if (!next_is_ready)
			return 0;
	}
}

static void
bds_complete(struct emu_ring *ring, uint32_t nb)
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
}

/* Look the buffers up; false: a rule is broken or an address faults, and that was counted. */
static bool
frame_gather(struct emu_dev *dev, const struct emu_ring *ring, struct tx_frame *f)
{
	uint32_t limit;

	f->first = *txbd_at(ring, f->first_bd);
	limit = le32toh(f->first.type_cs_le) & EMU_TXBD_TSO ? EMU_TX_BDS_TSO_MAX : EMU_TX_BDS_MAX;
	if (f->nb_bds > limit) {
		emu_dev_violation(dev, EMU_V_TX_TOO_MANY_BDS, "a frame has more BDs than allowed");
		dev->drops[EMU_DROP_TX_VIOLATION]++;
		return false;
	}
	f->out.len_bytes = 0;
	f->out.nb_segs = f->nb_bds;
	for (uint32_t i = 0; i < f->nb_bds; i++) {
		const struct emu_txbd *bd = txbd_at(ring, f->first_bd + i);
		uint32_t len = le16toh(bd->send_size_le);
		void *va = emu_iommu_va(dev->cfg.iommu, le64toh(bd->addr_le), len, EMU_DMA_READ);

		if (!va) {
			dev->drops[EMU_DROP_TX_DMA_FAULT]++;
			return false;
		}
		if (le16toh(bd->flags_le) & EMU_TXBD_RESERVED)
			emu_dev_violation(dev, EMU_V_TX_RESERVED_BITS,
					"reserved bits of a Tx BD's flags are set");
		__builtin_prefetch(va);
		f->out.seg[i] = (struct iovec){ va, len };
		f->out.len_bytes += len;
	}
	return true;
}

/* Refuse what cannot be sent as asked; NULL or what is wrong. */
static const char *
frame_check(const struct emu_dev *dev, const struct tx_frame *f, enum emu_violation *v)
{
	uint32_t cs = le32toh(f->first.type_cs_le), ol = le32toh(f->first.ol_type_le);

	*v = EMU_V_TX_TOO_LONG;
	if (!(cs & EMU_TXBD_TSO) && f->out.len_bytes + 4 > dev->nic->max_frame_bytes)
		return "a frame is longer than the maximum frame size";
	*v = EMU_V_TX_TSO;
	if (cs & EMU_TXBD_TSO)
		return "segmentation is asked for, which is not emulated yet";
	*v = EMU_V_TX_TUNNEL;
	if (ol & (EMU_TXBD_OL3T | EMU_TXBD_TUNTYPE) || le32toh(f->first.paylen_le) & EMU_TXBD_OL4CS)
		return "a tunnel offload is asked for, which is not emulated yet";
	*v = EMU_V_TX_BAD_OFFLOAD;
	if (f->out.len_bytes < 14)
		return "a frame is shorter than its Ethernet header";
	return NULL;
}

static void
put_sum(uint8_t *at, uint32_t sum, bool zero_is_ffff)
{
	uint16_t val = (uint16_t)~sum;

	if (val == 0 && zero_is_ffff)
		val = 0xffff;
	memcpy(at, &val, sizeof(val)); /* sums are in the order of the words in memory */
}

/*
 * Insert the checksums that the first BD asks for, in a copy of the frame [2:6.6]. NULL or what is
 * wrong. The layer 4 sum is made from scratch: the field may hold a pseudo-header sum or anything.
 */
static const char *
checksums_insert(struct emu_frame *out, const struct tx_frame *f, uint8_t *copy)
{
	uint32_t cs = le32toh(f->first.type_cs_le), len = f->out.len_bytes;
	uint32_t l3 = FIELD_GET(EMU_TXBD_L2LEN, cs) * 2,
		 l4 = l3 + FIELD_GET(EMU_TXBD_L3LEN, cs) * 4;
	uint32_t l4t = FIELD_GET(EMU_TXBD_L4T, cs), addr_len, field, sum, end;
	bool is_v4 = FIELD_GET(EMU_TXBD_L3T, cs) == EMU_TX_L3T_IPV4;
	uint8_t proto = l4t == EMU_TX_L4T_TCP ? 6 : 17;

	emu_frame_copy(&f->out, 0, copy, len);
	out->len_bytes = len;
	out->nb_segs = 1;
	out->seg[0] = (struct iovec){ copy, len };
	if (l3 < 14 || l4 > len || l4 - l3 < (is_v4 ? 20u : 40u))
		return "header lengths of a checksum request do not fit the frame";
	end = l3 + (is_v4 ? (uint32_t)(copy[l3 + 2] << 8 | copy[l3 + 3])
			  : 40u + (uint32_t)(copy[l3 + 4] << 8 | copy[l3 + 5]));
	if (end > len || end < l4)
		return "the IP length of a frame with a checksum request does not fit it";
	if (cs & EMU_TXBD_L3CS) {
		if (!is_v4)
			return "an IPv4 header checksum is asked for without an IPv4 header";
		memset(copy + l3 + 10, 0, 2);
		put_sum(copy + l3 + 10, emu_frame_sum(out, l3, l4, 0), false);
	}
	if (!(cs & EMU_TXBD_L4CS))
		return NULL;
	field = l4 + (l4t == EMU_TX_L4T_TCP ? 16 : 6);
	if ((l4t != EMU_TX_L4T_TCP && l4t != EMU_TX_L4T_UDP) || field + 2 > end)
		return "a layer 4 checksum is asked for that is not TCP's or UDP's";
	addr_len = is_v4 ? 8 : 32;
	memset(copy + field, 0, 2);
	sum = emu_frame_sum(out, l3 + (is_v4 ? 12 : 8), l3 + (is_v4 ? 12 : 8) + addr_len, 0);
	sum += htobe16(proto) + htobe16((uint16_t)(end - l4));
	put_sum(copy + field, emu_frame_sum(out, l4, end, emu_sum_fold(sum)), true);
	return NULL;
}

/* Put the tags that the first BD asks for behind the addresses [2:2.8]. */
static void
tags_insert(struct tx_frame *f, struct emu_frame *out)
{
	uint32_t cs = le32toh(f->first.type_cs_le), ol = le32toh(f->first.ol_type_le);
	unsigned int nb = 0;
	size_t first_len = out->seg[0].iov_len;

	if (ol & EMU_TXBD_OVLAN) {
		uint16_t tci = htobe16(le16toh(f->first.outer_vlan_le));

		memcpy(f->tags, "\x81\x00", 2);
		memcpy(f->tags + 2, &tci, 2);
		nb += 4;
	}
	if (cs & EMU_TXBD_VLAN) {
		uint16_t tci = htobe16(le16toh(f->first.vlan_tag_le));

		memcpy(f->tags + nb, "\x81\x00", 2);
		memcpy(f->tags + nb + 2, &tci, 2);
		nb += 4;
	}
	if (nb == 0)
		return;
	/* the addresses lie in the first segment, checked by the caller */
	memmove(&out->seg[3], &out->seg[1], (out->nb_segs - 1) * sizeof(out->seg[0]));
	out->seg[2] = (struct iovec){ (uint8_t *)out->seg[0].iov_base + 12, first_len - 12 };
	out->seg[1] = (struct iovec){ f->tags, nb };
	out->seg[0].iov_len = 12;
	out->nb_segs += 2;
	out->len_bytes += nb;
}

/* Do what the first BD asks for; NULL or what is wrong. */
static const char *
frame_offload(struct tx_frame *f)
{
	static uint8_t copy[EMU_FRAME_BYTES_MAX]; /* one data thread, one such frame at a time */
	uint32_t cs = le32toh(f->first.type_cs_le), ol = le32toh(f->first.ol_type_le);

	if (cs & (EMU_TXBD_L3CS | EMU_TXBD_L4CS)) {
		struct emu_frame summed;
		const char *wrong = checksums_insert(&summed, f, copy);

		if (wrong)
			return wrong;
		f->out.nb_segs = 1;
		f->out.seg[0] = summed.seg[0];
	} else if ((cs & EMU_TXBD_VLAN || ol & EMU_TXBD_OVLAN) && f->out.seg[0].iov_len < 13) {
		emu_frame_copy(&f->out, 0, copy, f->out.len_bytes);
		f->out.nb_segs = 1;
		f->out.seg[0] = (struct iovec){ copy, f->out.len_bytes };
	}
	tags_insert(f, &f->out);
	return NULL;
}

/* Make f->out what goes out; false: it is refused, and that was counted. */
static bool
frame_finish(struct emu_dev *dev, struct tx_frame *f)
{
	static uint8_t zeros[EMU_FRAME_BYTES_MIN];
	enum emu_violation v;
	const char *wrong = frame_check(dev, f, &v);

	f->ring_bytes = f->out.len_bytes;
	if (!wrong)
		wrong = frame_offload(f);
	if (wrong) {
		emu_dev_violation(dev, v, wrong);
		dev->drops[EMU_DROP_TX_VIOLATION]++;
		return false;
	}
	if (f->out.len_bytes < EMU_FRAME_BYTES_MIN) {
		uint32_t pad = EMU_FRAME_BYTES_MIN - f->out.len_bytes;

		f->out.seg[f->out.nb_segs++] = (struct iovec){ zeros, pad };
		f->out.len_bytes += pad;
	}
	return true;
}

/* ---- bursts ---- */

/* Frames that wait to be sent, in the order of the ring, refused ones left out. */
struct tx_burst {
	unsigned int nb; /* frames */
	uint32_t nb_bds; /* of the ring, that belong to what was gathered */
	bool is_alone;   /* one frame that is not usual */
	struct tx_frame f[EMU_BURST];
};

static struct tx_burst the_burst; /* one data thread */

#define CS_OFFLOADS (EMU_TXBD_L3CS | EMU_TXBD_L4CS | EMU_TXBD_VLAN | EMU_TXBD_TSO)
#define OL_OFFLOADS (EMU_TXBD_OL3T | EMU_TXBD_TUNTYPE | EMU_TXBD_OVLAN)

/*
 * Whether the frame asks for nothing but to be sent, breaks no rule and can be read; then f->out is
 * what goes out. Counts nothing.
 */
static bool
frame_is_usual(struct emu_dev *dev, struct emu_ring *ring, struct tx_frame *f)
{
	const struct emu_txbd *first = txbd_at(ring, f->first_bd);

	if (first->type_cs_le & htole32(CS_OFFLOADS) || first->ol_type_le & htole32(OL_OFFLOADS) ||
			first->paylen_le & htole32(EMU_TXBD_OL4CS) || f->nb_bds > EMU_TX_BDS_MAX)
		return false;
	f->out.len_bytes = 0;
	f->out.nb_segs = f->nb_bds;
	for (uint32_t i = 0; i < f->nb_bds; i++) {
		const struct emu_txbd *bd = txbd_at(ring, f->first_bd + i);
		uint32_t len = le16toh(bd->send_size_le);
		void *va = emu_iommu_look_near(dev->cfg.iommu, &ring->run, le64toh(bd->addr_le),
				len, EMU_DMA_READ);

		if (!va || bd->flags_le & htole16(EMU_TXBD_RESERVED))
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
 * Take frames off the ring's front into @p b, at most @p most; BDs are not touched. Whatever is not
 * usual goes alone, so that it is counted once even if the wire is busy and all is gathered again.
 * Returns frames taken, the refused ones counted.
 */
static unsigned int
burst_gather(struct emu_dev *dev, unsigned int q, struct tx_burst *b, unsigned int most)
{
	struct emu_ring *ring = &dev->queue[q].tx;
	uint32_t enable_reg = EMU_TQP_BASE(q) + EMU_TQP_RING_EN;
	bool mac_is_off = !(dev->nic->mac_word & EMU_MAC_TX_EN);
	unsigned int taken = 0;

	b->nb = 0;
	b->nb_bds = 0;
	b->is_alone = false;
	/* The enable bit before every frame: the driver frees buffers right after clearing it
	 * [1:2.9]. */
	while (taken < most && emu_bar_load(dev, enable_reg) & 1) {
		struct tx_frame *f = &b->f[b->nb];

		f->first_bd = b->nb_bds;
		f->nb_bds = frame_extent(ring, b->nb_bds);
		if (f->nb_bds == 0)
			break;
		b->is_alone = mac_is_off || !frame_is_usual(dev, ring, f);
		if (b->is_alone && taken > 0) {
			b->is_alone = false;
			break;
		}
		b->nb_bds += f->nb_bds;
		taken++;
		if (b->nb_bds + BD_AHEAD < ring->nb_bds)
			__builtin_prefetch(txbd_at(ring, b->nb_bds + BD_AHEAD), 1);
		if (!b->is_alone) {
			b->nb++;
			continue;
		}
		if (mac_is_off)
			dev->drops[EMU_DROP_TX_MAC_DISABLED]++;
		else
			b->nb = frame_gather(dev, ring, f) && frame_finish(dev, f);
		break;
	}
	return taken;
}

/* Out on the wire, or round the loop; the same contract as emu_port_tx(). */
static unsigned int
frames_out(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	enum emu_rx_result results[EMU_BURST];

	if (dev->nic->mac_word & EMU_MAC_APP_LP) {
		emu_dev_rx_burst(dev, frames, nb, false, results);
		*next = EMU_TX_TAKEN;
		return nb;
	}
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
frame_sent(struct emu_dev *dev, struct emu_ring *ring, const struct tx_frame *f)
{
	uint8_t dmac[6];
	const uint8_t *to = f->out.seg[0].iov_base;

	if (f->out.seg[0].iov_len < sizeof(dmac)) {
		emu_frame_copy(&f->out, 0, dmac, sizeof(dmac));
		to = dmac;
	}
	__atomic_store_n(&ring->pkts, ring->pkts + 1, __ATOMIC_RELAXED);
	ring->bytes += f->ring_bytes;
	emu_mac_count(dev->nic, 19, f->out.len_bytes + 4, emu_dmac_class(to));
}

/* Send what was gathered and complete its BDs; false: the wire is busy, the rest stays in the ring.
 */
static bool
burst_send(struct emu_dev *dev, struct emu_ring *ring, const struct tx_burst *b, unsigned int *done)
{
	const struct emu_frame *frames[EMU_BURST];

	for (unsigned int i = 0; i < b->nb; i++)
		frames[i] = &b->f[i].out;
	*done = 0;
	while (*done < b->nb) {
		enum emu_tx_result next;
		unsigned int nb = frames_out(dev, frames + *done, b->nb - *done, &next);

		for (unsigned int i = 0; i < nb; i++)
			frame_sent(dev, ring, &b->f[(*done)++]);
		if (next == EMU_TX_BUSY) {
			bds_complete(ring, b->f[*done].first_bd);
			return false;
		}
		*done += next == EMU_TX_DROPPED;
	}
	bds_complete(ring, b->nb_bds);
	return true;
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
	while (nb < budget) {
		unsigned int most = budget - nb < EMU_BURST ? budget - nb : EMU_BURST, done;
		unsigned int taken = burst_gather(dev, q, &the_burst, most);
		bool is_free;

		if (taken == 0)
			break;
		is_free = burst_send(dev, ring, &the_burst, &done);
		nb += is_free ? taken : done;
		if (!is_free)
			break;
	}
	if (nb > 0)
		emu_ring_event(dev, ring);
	return nb;
}

unsigned int
emu_dev_tx_poll(struct emu_dev *dev, unsigned int budget)
{
	unsigned int nb = 0;

	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		if (!(emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN) & 1))
			continue;
		nb += queue_poll(dev, q, budget < TX_FRAMES_MAX ? budget : TX_FRAMES_MAX);
	}
	emu_ring_events_poll(dev);
	return nb;
}
