/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mempool handler "pool128" for the stock testpmd (-d, --mbuf-pool-ops-name): a ring, but the data
 * of mbufs begins at multiples of 128 bytes, as net_hns3 wants it for LRO, and revision 0x30 of the
 * NIC always [1:1.3]; x86 knows only 64.
 */
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#define ALIGN 128u

/* Bytes before the data, from the object's header on. */
static size_t
data_offset(const struct rte_mempool *mp)
{
	return mp->header_size + sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM;
}

static size_t
stride_of(const struct rte_mempool *mp)
{
	return RTE_ALIGN_CEIL((size_t)mp->header_size + mp->elt_size + mp->trailer_size, ALIGN);
}

static int
pool_alloc(struct rte_mempool *mp)
{
	struct rte_ring *r =
			rte_ring_create(mp->name, rte_align32pow2(mp->size + 1), mp->socket_id, 0);

	mp->pool_data = r;
	return r ? 0 : -rte_errno;
}

static void
pool_free(struct rte_mempool *mp)
{
	rte_ring_free(mp->pool_data);
}

static int
pool_enqueue(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	return rte_ring_enqueue_bulk(mp->pool_data, objs, n, NULL) == 0 ? -ENOBUFS : 0;
}

static int
pool_dequeue(struct rte_mempool *mp, void **objs, unsigned int n)
{
	return rte_ring_dequeue_bulk(mp->pool_data, objs, n, NULL) == 0 ? -ENOBUFS : 0;
}

static unsigned int
pool_count(const struct rte_mempool *mp)
{
	return rte_ring_count(mp->pool_data);
}

static ssize_t
pool_mem_size(const struct rte_mempool *mp, uint32_t nb_objs, uint32_t pg_shift,
		size_t *min_chunk_bytes, size_t *align)
{
	(void)pg_shift; /* objects may lie across pages: there are IOVAs as VA */
	*align = ALIGN;
	*min_chunk_bytes = stride_of(mp) * nb_objs + ALIGN;
	return (ssize_t)*min_chunk_bytes;
}

static int
pool_populate(struct rte_mempool *mp, unsigned int max_objs, void *vaddr, rte_iova_t iova,
		size_t len, rte_mempool_populate_obj_cb_t *obj_cb, void *obj_cb_arg)
{
	size_t off = -((uintptr_t)vaddr + data_offset(mp)) % ALIGN, stride = stride_of(mp);
	unsigned int n = 0;

	for (; n < max_objs && off + stride <= len; n++, off += stride) {
		void *obj = RTE_PTR_ADD(vaddr, off + mp->header_size);

		obj_cb(mp, obj_cb_arg, obj,
				iova == RTE_BAD_IOVA ? iova : iova + off + mp->header_size);
		pool_enqueue(mp, &obj, 1);
	}
	return (int)n;
}

static const struct rte_mempool_ops ops = {
	.name = "pool128",
	.alloc = pool_alloc,
	.free = pool_free,
	.enqueue = pool_enqueue,
	.dequeue = pool_dequeue,
	.get_count = pool_count,
	.calc_mem_size = pool_mem_size,
	.populate = pool_populate,
};

RTE_MEMPOOL_REGISTER_OPS(ops)
