/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit: reclaim and the two bursts. Invariants and threads: hns3_rxtx.h.
 *
 * A frame is accepted (1 returned for it), stays with the caller (no BDs), or is accepted and
 * dropped: freed and counted in exactly one counter, so that bad frames cannot block the queue.
 */
#include "hns3_rxtx.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include "hns3_hw.h"
#include "hns3_regs.h"

#define HNS3_TX_FREE_BATCH 32

/* Buffers of one pool on their way back. */
struct free_batch {
	struct rte_mempool *mp;
	unsigned int nb;
	void *objs[HNS3_TX_FREE_BATCH];
};

static inline void
batch_flush(struct free_batch *b)
{
	if (b->nb != 0)
		rte_mempool_put_bulk(b->mp, b->objs, b->nb);
	b->nb = 0;
}

static inline void
batch_add(struct free_batch *b, struct rte_mbuf *m)
{
	if (unlikely(b->nb == HNS3_TX_FREE_BATCH || m->pool != b->mp)) {
		batch_flush(b);
		b->mp = m->pool;
	}
	b->objs[b->nb++] = m;
}

/* Segments of frames: each goes its own way, so their links are not followed. */
static void
segs_free(struct rte_mbuf **segs, uint16_t nb)
{
	struct free_batch batch;

	batch.mp = NULL; /* not its array */
	batch.nb = 0;
	for (uint16_t i = 0; i < nb; i++) {
		struct rte_mbuf *m = rte_pktmbuf_prefree_seg(segs[i]);

		if (m != NULL)
			batch_add(&batch, m);
	}
	batch_flush(&batch);
}

static inline bool
is_of_pages(const struct rte_mbuf *m)
{
	return RTE_MBUF_HAS_EXTBUF(m) || ppool_pktmbuf_pool(m->pool) != NULL;
}

static inline void
bufs_free(const struct hns3_txq *q, struct rte_mbuf **bufs, uint16_t nb)
{
	if (q->is_fast_free) /* the application has promised: one pool, nobody else has them */
		rte_mempool_put_bulk(bufs[0]->pool, (void **)bufs, nb);
	else if (q->is_single && is_of_pages(bufs[0])) /* as the rest of them, mostly */
		ppool_pktmbuf_free_bulk(bufs, nb);
	else
		segs_free(bufs, nb);
	memset(bufs, 0, nb * sizeof(*bufs));
}

uint16_t
hns3_tx_reclaim(struct hns3_txq *q, uint16_t max)
{
	uint16_t used = q->nb_desc - 1 - q->nb_free, at = q->next_clean, nb = 0, first;

	max = RTE_MIN(max, used);
	/* The load of VALID orders the frees below: they depend on it [2:4]. */
	while (nb < max && !(hns3_bd_peek(&q->ring[at].flags_le) & HNS3_TXBD_VLD)) {
		nb++;
		if (++at == q->nb_desc)
			at = 0;
	}
	if (nb == 0)
		return 0;
	first = RTE_MIN(nb, (uint16_t)(q->nb_desc - q->next_clean));
	bufs_free(q, &q->sw[q->next_clean], first);
	if (first != nb)
		bufs_free(q, q->sw, nb - first);
	q->next_clean = at;
	q->nb_free += nb;
	return nb;
}

/* Whole steps whose last BD is done; then single BDs, if there is less room than wanted. */
static inline void
clean(struct hns3_txq *q, uint16_t want)
{
	while (q->nb_desc - 1 - q->nb_free >= HNS3_TX_CLEAN_BDS) {
		uint32_t last = q->next_clean + HNS3_TX_CLEAN_BDS - 1u;

		if (last >= q->nb_desc)
			last -= q->nb_desc;
		if (hns3_bd_peek(&q->ring[last].flags_le) & HNS3_TXBD_VLD)
			break;
		if (hns3_tx_reclaim(q, HNS3_TX_CLEAN_BDS) < HNS3_TX_CLEAN_BDS)
			break;
	}
	if (unlikely(q->nb_free < want))
		hns3_tx_reclaim(q, q->nb_desc);
}

static inline void
drop(struct hns3_txq *q, struct rte_mbuf *m, enum hns3_tx_count why)
{
	q->count[why]++;
	rte_pktmbuf_free(m);
}

/* The device wants 33 bytes [2:6.4]; zeros go into tailroom that nobody else can see. */
static bool
try_pad(struct rte_mbuf *m)
{
	struct rte_mbuf *last = rte_pktmbuf_lastseg(m);
	uint16_t nb = (uint16_t)(HNS3_TX_MIN_BYTES - m->pkt_len);
	char *room;

	if (rte_mbuf_refcnt_read(last) != 1 || RTE_MBUF_CLONED(last))
		return false;
	if (RTE_MBUF_HAS_EXTBUF(last) &&
			(!RTE_MBUF_HAS_PINNED_EXTBUF(last) ||
					rte_mbuf_ext_refcnt_read(last->shinfo) != 1))
		return false;
	room = rte_pktmbuf_append(m, nb);
	if (room == NULL)
		return false;
	memset(room, 0, nb);
	return true;
}

static inline void
put_seg(struct hns3_txq *q, struct rte_mbuf *seg, uint32_t flags)
{
	hns3_tx_bd_write(&q->ring[q->next_use], rte_mbuf_data_iova(seg), seg->data_len, flags);
	q->sw[q->next_use] = seg;
	if (++q->next_use == q->nb_desc)
		q->next_use = 0;
}

/* Frames of one segment, at most one BD each. */
uint16_t
hns3_tx_burst_simple(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct hns3_txq *q = queue;
	uint16_t nb = 0, nb_bds = 0;

	clean(q, nb_pkts);
	for (; nb < nb_pkts && nb_bds < q->nb_free; nb++) {
		struct rte_mbuf *m = pkts[nb];

		if (unlikely(m->nb_segs != 1)) {
			drop(q, m, HNS3_TX_SEGS_DROPS);
			continue;
		}
		if (unlikely(m->data_len < HNS3_TX_MIN_BYTES)) {
			if (m->data_len == 0 || !try_pad(m)) {
				drop(q, m,
						m->data_len == 0 ? HNS3_TX_LENGTH_DROPS
								 : HNS3_TX_PAD_DROPS);
				continue;
			}
		} else if (unlikely(m->data_len > HNS3_FRAME_MAX_BYTES)) {
			drop(q, m, HNS3_TX_LENGTH_DROPS);
			continue;
		}
		q->count[HNS3_TX_PKTS]++;
		q->count[HNS3_TX_BYTES] += m->data_len;
		put_seg(q, m, HNS3_TXBD_VLD | HNS3_TXBD_FE);
		nb_bds++;
	}
	if (nb_bds != 0) {
		q->nb_free -= nb_bds;
		hns3_doorbell(q->db_reg, nb_bds);
	}
	return nb;
}

/* A copy of @p m in at most 8 mbufs of its own pool, or NULL and the reason. */
static struct rte_mbuf *
linearise(const struct rte_mbuf *m, enum hns3_tx_count *why)
{
	struct rte_mbuf *head = NULL, *tail = NULL;
	uint32_t at = 0;

	*why = HNS3_TX_SEGS_DROPS;
	while (at < m->pkt_len) {
		struct rte_mbuf *seg = rte_pktmbuf_alloc(m->pool);
		uint32_t nb = m->pkt_len - at;
		const void *src;

		if (seg == NULL) {
			*why = HNS3_TX_ALLOC_DROPS;
			goto free_head;
		}
		nb = RTE_MIN(nb, rte_pktmbuf_tailroom(seg));
		src = rte_pktmbuf_read(m, at, nb, rte_pktmbuf_mtod(seg, void *));
		if (head == NULL)
			head = seg;
		else
			tail->next = seg;
		tail = seg;
		if (src == NULL || nb == 0 || (seg != head && ++head->nb_segs > HNS3_TX_MAX_BDS))
			goto free_head;
		if (src != rte_pktmbuf_mtod(seg, void *))
			memcpy(rte_pktmbuf_mtod(seg, void *), src, nb);
		seg->data_len = (uint16_t)nb;
		at += nb;
	}
	head->pkt_len = m->pkt_len;
	return head;
free_head:
	rte_pktmbuf_free(head);
	return NULL;
}

/* True if the segments can be BDs as they are: few enough, none empty. */
static inline bool
segs_fit(const struct rte_mbuf *m)
{
	if (m->nb_segs > HNS3_TX_MAX_BDS)
		return false;
	for (; m != NULL; m = m->next)
		if (m->data_len == 0)
			return false;
	return true;
}

/* The frame to send, possibly a copy; NULL when @p m was dropped. */
static inline struct rte_mbuf *
frame_ready(struct hns3_txq *q, struct rte_mbuf *m)
{
	enum hns3_tx_count why;
	struct rte_mbuf *copy;

	if (unlikely(m->pkt_len == 0 || m->pkt_len > HNS3_FRAME_MAX_BYTES)) {
		drop(q, m, HNS3_TX_LENGTH_DROPS);
		return NULL;
	}
	if (unlikely(m->pkt_len < HNS3_TX_MIN_BYTES && !try_pad(m))) {
		drop(q, m, HNS3_TX_PAD_DROPS);
		return NULL;
	}
	if (likely(segs_fit(m)))
		return m;
	copy = linearise(m, &why);
	if (copy == NULL) {
		drop(q, m, why);
		return NULL;
	}
	q->count[HNS3_TX_LINEARISED]++;
	rte_pktmbuf_free(m);
	return copy;
}

/* Frames of any number of segments. Room for 8 BDs is asked first, so a copy always fits. */
uint16_t
hns3_tx_burst_general(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct hns3_txq *q = queue;
	uint32_t nb_bds = 0;
	uint16_t nb;

	clean(q, RTE_MIN((uint32_t)nb_pkts * HNS3_TX_MAX_BDS, (uint32_t)q->nb_desc - 1));
	for (nb = 0; nb < nb_pkts; nb++) {
		uint32_t room = q->nb_free - nb_bds;
		struct rte_mbuf *seg, *next;

		if (room < RTE_MIN((uint32_t)pkts[nb]->nb_segs, (uint32_t)HNS3_TX_MAX_BDS) ||
				room == 0)
			break;
		if (room < HNS3_TX_MAX_BDS && !segs_fit(pkts[nb]))
			break;
		seg = frame_ready(q, pkts[nb]);
		if (seg == NULL)
			continue;
		q->count[HNS3_TX_PKTS]++;
		q->count[HNS3_TX_BYTES] += seg->pkt_len;
		for (; seg != NULL; seg = next, nb_bds++) {
			next = seg->next;
			put_seg(q, seg, next ? HNS3_TXBD_VLD : HNS3_TXBD_VLD | HNS3_TXBD_FE);
		}
	}
	if (nb_bds != 0) {
		q->nb_free -= (uint16_t)nb_bds;
		hns3_doorbell(q->db_reg, nb_bds);
	}
	return nb;
}

/* The BD @p offset behind the next one to be written. */
int
hns3_tx_desc_status(void *queue, uint16_t offset)
{
	struct hns3_txq *q = queue;
	uint32_t at = (uint32_t)q->next_use + offset;

	if (offset >= q->nb_desc)
		return -EINVAL;
	at -= at >= q->nb_desc ? q->nb_desc : 0;
	return hns3_bd_peek(&q->ring[at].flags_le) & HNS3_TXBD_VLD ? RTE_ETH_TX_DESC_FULL
	                                                           : RTE_ETH_TX_DESC_DONE;
}
