/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mempool handler "ring_align_128" for the stock driver's tests: a ring, whose mbufs lie so that
 * packet data begins at a multiple of 128. net_hns3 demands that for LRO and from revision 0x30 on,
 * and the default handlers give 64 on x86. Loaded with -d; testpmd takes it by
 * --mbuf-pool-ops-name.
 *
 * An object is a 64-byte header, then 128 bytes of mbuf, then 128 of headroom, then data: so
 * objects begin at a multiple of 128, and headers 64 before.
 */
#include <rte_errno.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <stdio.h>

#define ALIGN 128u

static int
pool_alloc(struct rte_mempool *mp)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "A128_%.20s", mp->name);
	mp->pool_data = rte_ring_create(name, rte_align32pow2(mp->size + 1), mp->socket_id, 0);
	return mp->pool_data ? 0 : -rte_errno;
}

static void
pool_free(struct rte_mempool *mp)
{
	rte_ring_free(mp->pool_data);
}

static int
pool_enqueue(struct rte_mempool *mp, void *const *objs, unsigned int nb)
{
	return rte_ring_enqueue_bulk(mp->pool_data, objs, nb, NULL) ? 0 : -ENOBUFS;
}

static int
pool_dequeue(struct rte_mempool *mp, void **objs, unsigned int nb)
{
	return rte_ring_dequeue_bulk(mp->pool_data, objs, nb, NULL) ? 0 : -ENOBUFS;
}

static unsigned int
pool_count(const struct rte_mempool *mp)
{
	return rte_ring_count(mp->pool_data);
}

static size_t
stride_bytes(const struct rte_mempool *mp)
{
	return RTE_ALIGN_CEIL((size_t)mp->header_size + mp->elt_size + mp->trailer_size, ALIGN);
}

static ssize_t
pool_mem_size(const struct rte_mempool *mp, uint32_t nb, uint32_t pg_shift, size_t *min_chunk,
		size_t *align)
{
	size_t total = nb * stride_bytes(mp) + ALIGN;

	*min_chunk = *align = pg_shift ? (size_t)1 << pg_shift : RTE_CACHE_LINE_SIZE;
	if (!pg_shift)
		*min_chunk = total;                                   /* in one piece */
	return (ssize_t)RTE_ALIGN_CEIL(total + (total >> 4), *align); /* what page ends waste */
}

static int
pool_populate(struct rte_mempool *mp, unsigned int max, void *vaddr, rte_iova_t iova, size_t len,
		rte_mempool_populate_obj_cb_t *cb, void *arg)
{
	size_t stride = stride_bytes(mp), off = mp->header_size;
	unsigned int i;

	off += RTE_ALIGN_CEIL((uintptr_t)vaddr + off, ALIGN) - ((uintptr_t)vaddr + off);
	for (i = 0; i < max && off - mp->header_size + stride <= len; i++, off += stride) {
		void *obj = (char *)vaddr + off;

		cb(mp, arg, obj, iova == RTE_BAD_IOVA ? RTE_BAD_IOVA : iova + off);
		rte_mempool_ops_enqueue_bulk(mp, &obj, 1);
	}
	return (int)i;
}

static const struct rte_mempool_ops ops = {
	.name = "ring_align_128",
	.alloc = pool_alloc,
	.free = pool_free,
	.enqueue = pool_enqueue,
	.dequeue = pool_dequeue,
	.get_count = pool_count,
	.calc_mem_size = pool_mem_size,
	.populate = pool_populate,
};

RTE_MEMPOOL_REGISTER_OPS(ops);
