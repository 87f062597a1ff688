/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rte_mempool handler "ppool": objects as in any mempool, laid out page by page, free ones kept
 * in the bitmaps of ppool_bitmap.c. A page here is a power of two of bytes, counted from the start
 * of each memory chunk; elements larger than PPOOL_PAGE_SIZE get larger pages, and small ones
 * smaller pages, so that a page never has more than 64.
 *
 * Threads: as rte_mempool: take and give from any thread, the rest by the one that sets up.
 */
#include <errno.h>

#include <rte_errno.h>
#include <rte_malloc.h>

#include "ppool_eal.h"

static uint32_t
elt_bytes(const struct rte_mempool *mp)
{
	return mp->header_size + mp->elt_size + mp->trailer_size;
}

static int
page_bytes_of(const struct rte_mempool *mp, uint32_t *page_bytes)
{
	const struct ppool_mempool_conf *conf = mp->pool_config;

	return ppool_page_bytes(conf != NULL ? conf->page_bytes : 0, elt_bytes(mp),
			PPOOL_BITMAP_FRAGS_MAX, page_bytes);
}

static int
handler_alloc(struct rte_mempool *mp)
{
	struct ppool_alloc mem = ppool_eal_alloc(mp->socket_id);
	struct bitmap *b;
	uint32_t page_bytes;
	int ret = page_bytes_of(mp, &page_bytes);

	if (ret != 0)
		return ret;
	b = rte_zmalloc_socket("ppool", sizeof(*b), 128, mp->socket_id);
	if (b == NULL)
		return -ENOMEM;
	ret = bitmap_init(b, &mem, page_bytes, elt_bytes(mp), PPOOL_NB_SLOTS,
			ppool_hint_pages(mp->size, page_bytes / elt_bytes(mp)));
	if (ret != 0) {
		rte_free(b);
		return ret;
	}
	b->nb_colours = page_bytes % elt_bytes(mp) / RTE_CACHE_LINE_MIN_SIZE + 1;
	ppool_tag(mp, b, PPOOL_TAG_HANDLER);
	return 0;
}

static void
handler_free(struct rte_mempool *mp)
{
	struct ppool_alloc mem = ppool_eal_alloc(mp->socket_id);
	struct bitmap *b = ppool_handler_of(mp);

	if (b == NULL)
		return;
	bitmap_fini(b, &mem);
	rte_free(b);
	mp->pool_data = NULL;
}

static inline int
give(struct rte_mempool *mp, uint32_t slot, void *const *objs, unsigned int n)
{
	struct bitmap *b = ppool_handler_of(mp);
	uint32_t bad;

	if (unlikely(b == NULL))
		return ppool_refuse(mp);
	bad = bitmap_give(b, slot, objs, n);
	if (likely(bad == 0))
		return 0;
	PPOOL_LOG(ERR,
			"pool %s: %u of %u objects given back are free already or not of this "
			"pool; refused",
			mp->name, bad, n);
	return -EINVAL;
}

static inline int
take(struct rte_mempool *mp, uint32_t slot, void **objs, unsigned int n)
{
	struct bitmap *b = ppool_handler_of(mp);

	return likely(b != NULL) ? bitmap_take(b, slot, objs, n) : ppool_refuse(mp);
}

static int
handler_enqueue(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	return give(mp, rte_lcore_id(), objs, n);
}

static int
handler_dequeue(struct rte_mempool *mp, void **objs, unsigned int n)
{
	return take(mp, rte_lcore_id(), objs, n);
}

static int
handler_dequeue_blocks(struct rte_mempool *mp, void **first, unsigned int n)
{
	struct bitmap *b = ppool_handler_of(mp);

	return b != NULL ? bitmap_take_pages(b, ppool_slot(), first, n) : ppool_refuse(mp);
}

static int
shared_enqueue(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	return give(mp, LCORE_ID_ANY, objs, n);
}

static int
shared_dequeue(struct rte_mempool *mp, void **objs, unsigned int n)
{
	return take(mp, LCORE_ID_ANY, objs, n);
}

/* In the table, since a variable asked at each call is a cache line more: 5 % with bursts of 32. */
void
ppool_handler_share(struct rte_mempool_ops *ops)
{
	if (ops->enqueue != handler_enqueue)
		return;
	ops->enqueue = shared_enqueue;
	ops->dequeue = shared_dequeue;
}

static unsigned int
handler_count(const struct rte_mempool *mp)
{
	const struct bitmap *b = ppool_handler_of(mp);

	return b != NULL ? bitmap_count(b) : (ppool_refuse(mp), 0u);
}

static int
handler_info(const struct rte_mempool *mp, struct rte_mempool_info *info)
{
	const struct bitmap *b = ppool_handler_of(mp);
	uint32_t page_bytes;
	int ret;

	if (b != NULL) { /* pool_config is of the process that made the pool */
		info->contig_block_size = b->page_frags;
		return 0;
	}
	ret = page_bytes_of(mp, &page_bytes);
	if (ret == 0)
		info->contig_block_size = page_bytes / elt_bytes(mp);
	return ret;
}

/* Bytes for @p nb objects in stretches of @p unit bytes, each holding whole objects. */
static size_t
bytes_in_units(size_t nb, size_t unit, uint32_t elt)
{
	size_t frags = unit / elt;

	return frags == 0 ? nb * RTE_ALIGN_CEIL((size_t)elt, unit)
	                  : nb / frags * unit + nb % frags * elt;
}

static ssize_t
handler_mem_size(const struct rte_mempool *mp, uint32_t nb_objs, uint32_t pg_shift,
		size_t *min_chunk_bytes, size_t *align)
{
	uint32_t elt = elt_bytes(mp), page_bytes;
	int ret = page_bytes_of(mp, &page_bytes);
	size_t bytes, pg_bytes;

	if (ret != 0)
		return ret;
	bytes = bytes_in_units(nb_objs, page_bytes, elt);
	*min_chunk_bytes = elt;
	/* Pages that start at a multiple of their size cross no hugepage's end. */
	*align = RTE_MIN((size_t)page_bytes, rte_align64pow2(bytes));
	if (pg_shift != 0) { /* and the memory may come in stretches of this size */
		pg_bytes = (size_t)1 << pg_shift;
		*align = RTE_MIN(*align, pg_bytes);
		bytes = RTE_MAX(bytes, bytes_in_units(nb_objs, RTE_MIN(pg_bytes, page_bytes), elt));
	}
	return (ssize_t)bytes;
}

/* Objects that @p len bytes hold. */
static size_t
capacity(size_t len, uint32_t page_bytes, uint32_t elt)
{
	return len / page_bytes * (page_bytes / elt) +
	       RTE_MIN(len % page_bytes / elt, page_bytes / elt);
}

/*
 * rte_mempool frees all chunks when it cannot have the last one, and tells nobody; without a chunk
 * of its own, a mempool starts anew.
 */
static int
handler_restart(struct rte_mempool *mp)
{
	const struct bitmap *b = ppool_handler_of(mp);

	if (b != NULL && (mp->nb_mem_chunks != 0 || b->nb_pages == 0))
		return 0;
	handler_free(mp);
	return handler_alloc(mp);
}

static int
handler_populate(struct rte_mempool *mp, unsigned int max_objs, void *vaddr, rte_iova_t iova,
		size_t len, rte_mempool_populate_obj_cb_t *obj_cb, void *obj_cb_arg)
{
	struct ppool_alloc mem = ppool_eal_alloc(mp->socket_id);
	uint32_t elt = elt_bytes(mp);
	struct bitmap *b;
	size_t pad, off;
	unsigned int n;
	int ret = handler_restart(mp);

	if (ret != 0)
		return ret;
	b = ppool_handler_of(mp);
	pad = (size_t)(-(uintptr_t)vaddr & (b->page_bytes - 1));
	if (pad >= len || capacity(len - pad, b->page_bytes, elt) < max_objs)
		pad = 0; /* pages at their own size would cost objects */
	n = (unsigned int)RTE_MIN((size_t)max_objs, capacity(len - pad, b->page_bytes, elt));
	if (n == 0)
		return 0;
	ret = bitmap_add(b, &mem, RTE_PTR_ADD(vaddr, pad), mp->header_size, n);
	if (ret != 0)
		return ret;
	for (unsigned int i = 0; i < n; i++) {
		off = pad + (size_t)(i / b->page_frags) * b->page_bytes +
		      bitmap_colour(b, i / b->page_frags, (n - 1) / b->page_frags + 1) +
		      (size_t)(i % b->page_frags) * elt + mp->header_size;
		obj_cb(mp, obj_cb_arg, RTE_PTR_ADD(vaddr, off),
				iova == RTE_BAD_IOVA ? RTE_BAD_IOVA : iova + off);
	}
	return (int)n;
}

static const struct rte_mempool_ops handler_ops = {
	.name = PPOOL_OPS_NAME,
	.alloc = handler_alloc,
	.free = handler_free,
	.enqueue = handler_enqueue,
	.dequeue = handler_dequeue,
	.get_count = handler_count,
	.calc_mem_size = handler_mem_size,
	.populate = handler_populate,
	.get_info = handler_info,
	.dequeue_contig_blocks = handler_dequeue_blocks,
};

RTE_MEMPOOL_REGISTER_OPS(handler_ops);
