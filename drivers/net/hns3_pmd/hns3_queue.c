/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queues on the control path: setup, release, programming the rings at start, emptying them at
 * stop. While dev->is_running memory that the device knows is never freed; if a stop cannot be
 * confirmed it stays allocated for good, which costs memory but corrupts nothing.
 */
#include <errno.h>

#include <rte_malloc.h>

#include "hns3_dev.h"
#include "hns3_hw.h"
#include "hns3_log.h"
#include "hns3_regs.h"

/* What rte_mempool_obj_iter must find in every mbuf of an in-place pool. */
struct inplace_proof {
	int64_t iova_delta;
	uintptr_t va_delta;
	uint32_t nb_seen;
	bool is_inplace;
};

static void
inplace_check(struct rte_mempool *mp, void *arg, void *obj, unsigned int idx)
{
	struct inplace_proof *p = arg;
	struct rte_mbuf *m = obj;
	int64_t iova_delta = (int64_t)(rte_mbuf_iova_get(m) - (uintptr_t)m);
	uintptr_t va_delta = (uintptr_t)m->buf_addr - (uintptr_t)m;

	RTE_SET_USED(idx);
	if (p->nb_seen++ == 0) {
		p->iova_delta = iova_delta;
		p->va_delta = sizeof(*m) + rte_pktmbuf_priv_size(mp);
	}
	if (!RTE_MBUF_DIRECT(m) || iova_delta != p->iova_delta || va_delta != p->va_delta ||
			m->pool != mp)
		p->is_inplace = false;
}

/* Pools with pinned external buffers, and any surprise, take the path that reads each mbuf. */
static void
inplace_prove(struct hns3_rxq *q)
{
	struct inplace_proof p = { .is_inplace = true };

	rte_mempool_obj_iter(q->mp, inplace_check, &p);
	q->is_inplace = p.is_inplace && p.nb_seen == q->mp->size &&
	                !(rte_pktmbuf_priv_flags(q->mp) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF);
	q->iova_delta = p.iova_delta;
}

/* What refill and Rx need to know of the queue's buffers. */
static void
pool_learn(struct hns3_rxq *q)
{
	q->paired = ppool_pktmbuf_pool(q->mp);
	q->holder = PPOOL_HOLDER(q->port_id, q->queue_id, 0);
	if (q->paired != NULL)
		ppool_pktmbuf_strides(q->paired, &q->mbuf_stride, &q->frag_bytes);
	else
		inplace_prove(q);
	q->knows_flags = q->paired != NULL || q->is_inplace;
	q->buf_flags = q->paired != NULL ? RTE_MBUF_F_EXTERNAL : 0;
}

/* [2:3.2] the largest size that fits; code of register 0x0c. */
static const struct {
	uint16_t bytes;
	uint8_t code;
} rx_sizes[] = {
	{ 4096, HNS3_RX_BD_LEN_4096 },
	{ 2048, HNS3_RX_BD_LEN_2048 },
	{ 1024, HNS3_RX_BD_LEN_1024 },
	{ 512, HNS3_RX_BD_LEN_512 },
};

static uint16_t
rx_size_choose(uint16_t room)
{
	for (unsigned int i = 0; i < RTE_DIM(rx_sizes); i++)
		if (rx_sizes[i].bytes <= room)
			return rx_sizes[i].bytes;
	return 0;
}

static uint32_t
rx_size_code(uint16_t bytes)
{
	unsigned int i = 0;

	while (i < RTE_DIM(rx_sizes) - 1 && rx_sizes[i].bytes != bytes)
		i++;
	return rx_sizes[i].code;
}

static int
nb_desc_check(uint16_t nb_desc)
{
	if (nb_desc >= HNS3_RING_MIN_BDS && nb_desc <= HNS3_RING_MAX_BDS &&
			nb_desc % HNS3_RING_BDS_ALIGN == 0)
		return 0;
	HNS3_LOG(ERR, "%u descriptors: must be a multiple of %u from %u to %u", nb_desc,
			HNS3_RING_BDS_ALIGN, HNS3_RING_MIN_BDS, HNS3_RING_MAX_BDS);
	return -EINVAL;
}

int
hns3_rx_queue_setup(struct rte_eth_dev *dev, uint16_t idx, uint16_t nb_desc, unsigned int socket_id,
		const struct rte_eth_rxconf *conf, struct rte_mempool *mp)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	uint16_t room = rte_pktmbuf_data_room_size(mp), bytes;
	const struct rte_memzone *mz;
	struct hns3_rxq *q;

	if (nb_desc_check(nb_desc) != 0)
		return -EINVAL;
	bytes = room > RTE_PKTMBUF_HEADROOM ? rx_size_choose(room - RTE_PKTMBUF_HEADROOM) : 0;
	if (bytes == 0 || conf->rx_deferred_start) {
		HNS3_LOG(ERR, "Rx queue %u: data room %u is too small, or deferred start asked",
				idx, room);
		return -EINVAL;
	}
	hns3_rx_queue_release(dev, idx);
	q = rte_zmalloc_socket("hns3_rxq", sizeof(*q), RTE_CACHE_LINE_SIZE, socket_id);
	if (q == NULL)
		return -ENOMEM;
	q->sw = rte_calloc_socket(
			"hns3_rxq_sw", nb_desc, sizeof(q->sw[0]), RTE_CACHE_LINE_SIZE, socket_id);
	mz = rte_eth_dma_zone_reserve(dev, "hns3_rx", idx, nb_desc * sizeof(q->ring[0]),
			HNS3_RING_BASE_ALIGN, socket_id);
	if (q->sw == NULL || mz == NULL) {
		if (mz != NULL)
			rte_memzone_free(mz);
		rte_free(q->sw);
		rte_free(q);
		return -ENOMEM;
	}
	q->ring = mz->addr;
	q->ring_iova = mz->iova;
	memset(q->ring, 0, nb_desc * sizeof(q->ring[0]));
	q->mp = mp;
	q->nb_desc = nb_desc;
	q->nb_bare = nb_desc;
	q->buf_bytes = bytes;
	q->queue_id = idx;
	q->port_id = dev->data->port_id;
	q->is_hip09 = hns3->revision >= HNS3_REVISION_HIP09;
	q->db_reg = hns3->bar + HNS3_REG_TQP(idx) + HNS3_TQP_RX_HEAD;
	pool_learn(q);
	dev->data->rx_queues[idx] = q;
	return 0;
}

int
hns3_tx_queue_setup(struct rte_eth_dev *dev, uint16_t idx, uint16_t nb_desc, unsigned int socket_id,
		const struct rte_eth_txconf *conf)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	uint64_t offloads = conf->offloads | dev->data->dev_conf.txmode.offloads;
	const struct rte_memzone *mz;
	struct hns3_txq *q;

	if (nb_desc_check(nb_desc) != 0 || conf->tx_deferred_start)
		return -EINVAL;
	hns3_tx_queue_release(dev, idx);
	q = rte_zmalloc_socket("hns3_txq", sizeof(*q), RTE_CACHE_LINE_SIZE, socket_id);
	if (q == NULL)
		return -ENOMEM;
	q->sw = rte_calloc_socket(
			"hns3_txq_sw", nb_desc, sizeof(q->sw[0]), RTE_CACHE_LINE_SIZE, socket_id);
	mz = rte_eth_dma_zone_reserve(dev, "hns3_tx", idx, nb_desc * sizeof(q->ring[0]),
			HNS3_RING_BASE_ALIGN, socket_id);
	if (q->sw == NULL || mz == NULL) {
		if (mz != NULL)
			rte_memzone_free(mz);
		rte_free(q->sw);
		rte_free(q);
		return -ENOMEM;
	}
	q->ring = mz->addr;
	q->ring_iova = mz->iova;
	memset(q->ring, 0, nb_desc * sizeof(q->ring[0]));
	q->nb_desc = nb_desc;
	q->nb_free = nb_desc - 1;
	q->queue_id = idx;
	q->port_id = dev->data->port_id;
	/* With segments or copies the links of each mbuf must be reset: not the short ways. */
	q->is_single = !(offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	q->is_fast_free = q->is_single && (offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE);
	q->db_reg = hns3->bar + HNS3_REG_TQP(idx) + HNS3_TQP_TX_TAIL;
	dev->data->tx_queues[idx] = q;
	return 0;
}

/* Take every buffer back; frames that waited are counted as dropped. Device quiet. */
static void
rxq_clear(struct hns3_rxq *q)
{
	for (; q->nb_bare < q->nb_desc; q->nb_bare++) {
		uint32_t base = hns3_bd_peek(&q->ring[q->next].base_le);
		struct rte_mbuf *m = q->sw[q->next];

		if ((base & HNS3_RXBD_VLD) && (base & HNS3_RXBD_FE))
			q->count[HNS3_RX_STOP_DROPS]++;
		if (m != NULL)
			rte_mempool_put(m->pool, m);
		q->sw[q->next] = NULL;
		q->next = q->next + 1u == q->nb_desc ? 0 : q->next + 1;
	}
	rte_pktmbuf_free(q->chain_head);
	q->chain_head = NULL;
	q->chain_bad = false;
	q->next = 0;
	q->rearm = 0;
	memset(q->ring, 0, q->nb_desc * sizeof(q->ring[0]));
}

static void
txq_clear(struct hns3_txq *q)
{
	hns3_tx_reclaim(q, q->nb_desc);
	for (; q->nb_free < q->nb_desc - 1; q->nb_free++) {
		uint32_t flags = hns3_bd_peek(&q->ring[q->next_clean].flags_le);

		if ((flags & HNS3_TXBD_VLD) && (flags & HNS3_TXBD_FE))
			q->count[HNS3_TX_STOP_DROPS]++;
		if (q->sw[q->next_clean] != NULL)
			rte_pktmbuf_free_seg(q->sw[q->next_clean]);
		q->sw[q->next_clean] = NULL;
		q->next_clean = q->next_clean + 1u == q->nb_desc ? 0 : q->next_clean + 1;
	}
	q->next_use = 0;
	q->next_clean = 0;
	memset(q->ring, 0, q->nb_desc * sizeof(q->ring[0]));
}

void
hns3_rx_queue_release(struct rte_eth_dev *dev, uint16_t idx)
{
	struct hns3_rxq *q = dev->data->rx_queues[idx];

	if (q == NULL)
		return;
	dev->data->rx_queues[idx] = NULL;
	if (hns3_dev_of(dev)->is_running)
		return;
	rxq_clear(q);
	rte_eth_dma_zone_free(dev, "hns3_rx", idx);
	rte_free(q->sw);
	rte_free(q);
}

void
hns3_tx_queue_release(struct rte_eth_dev *dev, uint16_t idx)
{
	struct hns3_txq *q = dev->data->tx_queues[idx];

	if (q == NULL)
		return;
	dev->data->tx_queues[idx] = NULL;
	if (hns3_dev_of(dev)->is_running)
		return;
	txq_clear(q);
	rte_eth_dma_zone_free(dev, "hns3_tx", idx);
	rte_free(q->sw);
	rte_free(q);
}

int
hns3_tx_done_cleanup(void *queue, uint32_t free_cnt)
{
	return hns3_tx_reclaim(queue,
			free_cnt == 0 || free_cnt > UINT16_MAX ? UINT16_MAX : (uint16_t)free_cnt);
}

void
hns3_rxq_info_get(struct rte_eth_dev *dev, uint16_t idx, struct rte_eth_rxq_info *info)
{
	const struct hns3_rxq *q = dev->data->rx_queues[idx];

	info->mp = q->mp;
	info->nb_desc = q->nb_desc;
	info->rx_buf_size = q->buf_bytes;
	info->scattered_rx = dev->data->scattered_rx;
	info->conf.rx_drop_en = 1; /* the device always drops when no BD is armed [2:3.3] */
	info->conf.rx_free_thresh = HNS3_RX_REFILL_BDS;
	info->conf.offloads = dev->data->dev_conf.rxmode.offloads;
}

void
hns3_txq_info_get(struct rte_eth_dev *dev, uint16_t idx, struct rte_eth_txq_info *info)
{
	const struct hns3_txq *q = dev->data->tx_queues[idx];

	info->nb_desc = q->nb_desc;
	info->conf.tx_rs_thresh = HNS3_TX_CLEAN_BDS;
	info->conf.offloads = dev->data->dev_conf.txmode.offloads;
}

static void
rx_ring_program(struct hns3_dev *hns3, uint16_t idx, rte_iova_t iova, uint16_t nb, uint32_t code)
{
	uint32_t at = HNS3_REG_TQP(idx);

	hns3_reg_write(hns3->bar, at + HNS3_TQP_RX_BASE_L, (uint32_t)iova);
	hns3_reg_write(hns3->bar, at + HNS3_TQP_RX_BASE_H, (uint32_t)(iova >> 32));
	hns3_reg_write(hns3->bar, at + HNS3_TQP_RX_BD_LEN, code);
	hns3_reg_write(hns3->bar, at + HNS3_TQP_RX_BD_NUM, nb / HNS3_RING_BDS_DIV - 1);
}

static void
tx_ring_program(struct hns3_dev *hns3, uint16_t idx, rte_iova_t iova, uint16_t nb)
{
	uint32_t at = HNS3_REG_TQP(idx);

	hns3_reg_write(hns3->bar, at + HNS3_TQP_TX_BASE_L, (uint32_t)iova);
	hns3_reg_write(hns3->bar, at + HNS3_TQP_TX_BASE_H, (uint32_t)(iova >> 32));
	hns3_reg_write(hns3->bar, at + HNS3_TQP_TX_BD_NUM, nb / HNS3_RING_BDS_DIV - 1);
	hns3_reg_write(hns3->bar, at + HNS3_TQP_TX_TC, 0);
}

/* Arm the whole ring, check what the device demands of addresses, program the registers. */
static int
rxq_start(struct rte_eth_dev *dev, struct hns3_rxq *q)
{
	uint64_t align = q->is_hip09 ? HNS3_RX_ALIGN_HIP09 : HNS3_RX_ALIGN_HIP08;
	bool has_rss = dev->data->dev_conf.rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG;
	struct rte_mbuf model = { .data_off = RTE_PKTMBUF_HEADROOM, .nb_segs = 1 };

	model.port = q->port_id;
	rte_mbuf_refcnt_set(&model, 1);
	memcpy(&q->rearm_data, &model.rearm_data, sizeof(q->rearm_data));
	q->hash_flag = has_rss ? RTE_MBUF_F_RX_RSS_HASH : 0;
	while (q->nb_bare != 0) {
		if (hns3_rx_arm(q, HNS3_RX_REFILL_BDS) != 0)
			continue;
		HNS3_LOG(ERR, "Rx queue %u: pool %s has no buffers for %u of %u descriptors",
				q->queue_id, q->mp->name, q->nb_bare, q->nb_desc);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < q->nb_desc; i++) {
		if (rte_le_to_cpu_64(q->ring[i].addr_le) % align == 0)
			continue;
		HNS3_LOG(ERR, "Rx queue %u: buffers of pool %s are not aligned to %u bytes",
				q->queue_id, q->mp->name, (unsigned int)align);
		return -EINVAL;
	}
	rte_io_wmb();
	rx_ring_program(hns3_dev_of(dev), q->queue_id, q->ring_iova, q->nb_desc,
			rx_size_code(q->buf_bytes));
	return 0;
}

/* Program both rings of every pair; the caller has reset the queues and enables them later. */
int
hns3_rings_start(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);

	if (dev->data->nb_rx_queues != dev->data->nb_tx_queues && hns3->fake_ring == NULL) {
		size_t bytes = HNS3_RING_MIN_BDS * sizeof(struct hns3_rx_bd);

		hns3->fake_ring = rte_eth_dma_zone_reserve(dev, "hns3_fake", 0, bytes,
				HNS3_RING_BASE_ALIGN, dev->data->numa_node);
		if (hns3->fake_ring == NULL)
			return -ENOMEM;
		memset(hns3->fake_ring->addr, 0, bytes);
	}
	for (uint16_t i = 0; i < hns3->nb_queues; i++) {
		if (i < dev->data->nb_rx_queues) {
			int ret = rxq_start(dev, dev->data->rx_queues[i]);

			if (ret != 0)
				return ret;
		} else {
			rx_ring_program(hns3, i, hns3->fake_ring->iova, HNS3_RING_MIN_BDS,
					HNS3_RX_BD_LEN_512);
		}
	}
	for (uint16_t i = 0; i < hns3->nb_queues; i++) {
		if (i < dev->data->nb_tx_queues) {
			struct hns3_txq *q = dev->data->tx_queues[i];

			tx_ring_program(hns3, i, q->ring_iova, q->nb_desc);
		} else {
			tx_ring_program(hns3, i, hns3->fake_ring->iova, HNS3_RING_MIN_BDS);
		}
	}
	return 0;
}

void
hns3_rings_enable(struct hns3_dev *hns3, bool on)
{
	for (uint16_t i = 0; i < hns3->nb_queues; i++) {
		uint32_t reg = HNS3_REG_TQP(i) + HNS3_TQP_RING_EN;
		uint32_t val = hns3_reg_read(hns3->bar, reg);

		hns3_reg_write(hns3->bar, reg, on ? val | HNS3_RING_EN_ON : val & ~HNS3_RING_EN_ON);
	}
}

void
hns3_rings_clear(struct rte_eth_dev *dev)
{
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++)
		if (dev->data->rx_queues[i] != NULL)
			rxq_clear(dev->data->rx_queues[i]);
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++)
		if (dev->data->tx_queues[i] != NULL)
			txq_clear(dev->data->tx_queues[i]);
}
