/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paired pools: mbuf headers, dense and apart, each bound to one fragment of a data page for good.
 *
 *   headers  | hdr mbuf | hdr mbuf | ...   one stretch; page p owns page_frags of them in a row
 *   data     | page 0: frag frag frag .. | page 1: ...
 *
 * To DPDK it is a mempool of mbufs with pinned external buffers: m->shinfo lies in the cache line
 * in front of the mbuf that holds rte_mempool's object header too, and a clone counts there; only
 * when mbuf and clones are gone does the mbuf come to the enqueue below, which counts it back to
 * its page. Nothing is written into data pages.
 *
 * Threads: as rte_mempool.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_memzone.h>

#include "ppool_eal.h"

#define RUNS_ON_STACK 1024 /* more only when an application takes a pool in one go */

static inline struct rte_mbuf *
mbuf_at(const struct ppool_pktmbuf *pp, uint32_t page, uint32_t frag)
{
	return (struct rte_mbuf *)(pp->mbufs + (size_t)page * pp->span + (size_t)frag * pp->stride);
}

static void
count_give(struct ppool_pktmbuf *pp, void *const *mbufs, unsigned int n)
{
	struct count_owner *o = count_enter(&pp->count, rte_lcore_id());
	struct count_puts puts;
	unsigned int i = 0;

	count_puts_init(&puts);
	while (i < n) {
		uint32_t page = ppool_paired_page(pp, mbufs[i]);
		uintptr_t low = pp->mbufs + (size_t)page * pp->span;
		unsigned int first = i;

		if (unlikely((uintptr_t)mbufs[i] - pp->mbufs >= pp->mbuf_bytes)) {
			PPOOL_LOG(ERR, "pool %s: an mbuf given back is not of this pool; refused",
					pp->mp->name);
			ppool_tally(&o->count.bad_frees, 1);
			i++;
			continue;
		}
		while (++i < n && (uintptr_t)mbufs[i] - low < pp->span)
			;
		count_puts_add(&pp->count, o, &puts, page, i - first);
	}
	count_puts_end(&pp->count, o, &puts);
	count_leave(&pp->count, o);
}

static void
bad_frees_tell(const struct ppool_pktmbuf *pp)
{
	PPOOL_LOG(ERR, "pool %s: mbufs given back are free already or not of this pool; refused",
			pp->mp->name);
}

void
ppool_paired_give(struct ppool_pktmbuf *pp, void *const *mbufs, unsigned int n)
{
	if (pp->kind == PPOOL_KIND_COUNT)
		count_give(pp, mbufs, n);
	else if (unlikely(bitmap_give(&pp->bitmap, ppool_slot(), mbufs, n) != 0))
		bad_frees_tell(pp);
}

void
ppool_paired_give_runs(
		struct ppool_pktmbuf *pp, const struct ppool_frags *runs, unsigned int nb_runs)
{
	if (unlikely(bitmap_give_runs(&pp->bitmap, ppool_slot(), runs, nb_runs) != 0))
		bad_frees_tell(pp);
}

unsigned int
ppool_pktmbuf_alloc_runs(struct ppool_pktmbuf *pp, ppool_holder holder, struct ppool_run *runs,
		unsigned int n)
{
	/* The core lists its runs in the end of the same array, ahead of where ours are written. */
	struct ppool_frags *frags = (struct ppool_frags *)(runs + n) - n;
	uint32_t nb;

	RTE_BUILD_BUG_ON(sizeof(*runs) < 2 * sizeof(*frags));
	nb = pp->kind == PPOOL_KIND_COUNT
	                     ? count_take_for(&pp->count, rte_lcore_id(), holder, frags, n)
	                     : bitmap_take_runs(&pp->bitmap, ppool_slot(), holder, frags, n);
	for (uint32_t i = 0; i < nb; i++) {
		const uint32_t page = frags[i].page, first = frags[i].first, nb_row = frags[i].nb;

		runs[i].first = mbuf_at(pp, page, first);
		runs[i].iova = pp->pages.iova[page] + (rte_iova_t)first * pp->frag_bytes;
		runs[i].nb = nb_row;
	}
	return nb;
}

void
ppool_pktmbuf_strides(const struct ppool_pktmbuf *pp, uint32_t *mbuf_stride, uint32_t *frag_bytes)
{
	*mbuf_stride = pp->stride;
	*frag_bytes = pp->frag_bytes;
}

static int
count_dequeue(struct ppool_pktmbuf *pp, void **mbufs, unsigned int n)
{
	struct ppool_frags few[RUNS_ON_STACK], *runs = few;
	unsigned int got = 0;
	uint32_t nb;

	/* In one take, since only that can be undone without a loss. */
	if (unlikely(n > RUNS_ON_STACK)) {
		runs = malloc(n * sizeof(*runs));
		if (runs == NULL)
			return -ENOENT;
	}
	nb = count_take(&pp->count, rte_lcore_id(), runs, n);
	for (uint32_t i = 0; i < nb; i++) {
		const uint32_t end = got + runs[i].nb;
		char *m = (char *)mbuf_at(pp, runs[i].page, runs[i].first);

		for (; got < end; got++, m += pp->stride)
			mbufs[got] = m;
	}
	if (unlikely(runs != few))
		free(runs);
	return got == n ? 0 : -ENOENT;
}

static int
paired_enqueue(struct rte_mempool *mp, void *const *mbufs, unsigned int n)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);

	if (unlikely(pp == NULL))
		return ppool_refuse(mp);
	ppool_paired_give(pp, mbufs, n);
	return 0;
}

static int
paired_dequeue(struct rte_mempool *mp, void **mbufs, unsigned int n)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);

	if (unlikely(pp == NULL))
		return ppool_refuse(mp);
	return pp->kind == PPOOL_KIND_COUNT ? count_dequeue(pp, mbufs, n)
	                                    : bitmap_take(&pp->bitmap, ppool_slot(), mbufs, n);
}

static unsigned int
paired_count(const struct rte_mempool *mp)
{
	const struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	int64_t held;

	if (unlikely(pp == NULL))
		return (ppool_refuse(mp), 0u);
	if (pp->kind == PPOOL_KIND_BITMAP)
		return bitmap_count(&pp->bitmap);
	held = ppool_held(mp) + at_load(&pp->count.aside_frags, relaxed);
	return held < 0 ? mp->size : held > mp->size ? 0 : mp->size - (uint32_t)held;
}

struct ppool_pktmbuf *
ppool_pktmbuf_pool(const struct rte_mempool *mp)
{
	return ppool_paired_of(mp);
}

bool
ppool_driver_keeps_external(const char *driver_name)
{
	/* doc/sources.md, "ol_flags on Rx" */
	static const char *const clears[] = { "net_hns3", "net_hns3_vf", "net_virtio",
		"net_virtio_user", "net_ixgbe", "net_ixgbe_vf", "net_i40e", "net_i40e_vf",
		"net_ice", "net_iavf" };

	for (unsigned int i = 0; i < RTE_DIM(clears); i++)
		if (strcmp(driver_name, clears[i]) == 0)
			return false;
	return true;
}

int
ppool_rxq_check(uint16_t port_id, const struct rte_mempool *mp)
{
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(port_id, &info);

	if (ret != 0)
		return ret;
	if (ppool_pktmbuf_pool(mp) == NULL || ppool_driver_keeps_external(info.driver_name))
		return 0;
	PPOOL_LOG(ERR,
			"port %u: driver %s forgets on Rx that a buffer is external, which breaks "
			"clones; give it an ordinary pool instead of %s",
			port_id, info.driver_name, mp->name);
	return -ENOTSUP;
}

/* What ppool_pktmbuf_pool_create() hands to the handler's alloc. */
struct paired_conf {
	uint32_t frag_bytes, page_bytes;
	enum ppool_kind kind;
	uint32_t bias;
};

static void
paired_free(struct rte_mempool *mp)
{
	struct ppool_alloc mem = ppool_eal_alloc(mp->socket_id);
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);

	if (pp == NULL)
		return;
	count_fini(&pp->count, &mem);
	bitmap_fini(&pp->bitmap, &mem);
	rte_free(pp->exts);
	ppool_pages_free(&pp->pages);
	rte_free(pp);
	mp->pool_data = NULL;
}

static int
paired_alloc(struct rte_mempool *mp)
{
	struct ppool_alloc mem = ppool_eal_alloc(mp->socket_id);
	const struct paired_conf *conf = mp->pool_config;
	struct ppool_pktmbuf *pp;
	int ret;

	if (conf == NULL) {
		PPOOL_LOG(ERR,
				"pool %s: pools of handler " PPOOL_PAIRED_OPS_NAME
				" are made by ppool_pktmbuf_pool_create(); name " PPOOL_OPS_NAME
				" instead",
				mp->name);
		return -EINVAL;
	}
	pp = rte_zmalloc_socket("ppool", sizeof(*pp), 128, mp->socket_id);
	if (pp == NULL)
		return -ENOMEM;
	ppool_tag(mp, pp, PPOOL_TAG_PAIRED);
	pp->mp = mp;
	pp->kind = conf->kind;
	pp->frag_bytes = conf->frag_bytes;
	pp->page_frags = conf->page_bytes / conf->frag_bytes;
	pp->stride = mp->header_size + mp->elt_size + mp->trailer_size;
	pp->span = pp->stride * pp->page_frags;
	pp->mbuf_bytes = (uint64_t)pp->stride * mp->size;
	pp->stride_recip = ppool_recip(pp->stride);
	pp->span_recip = ppool_recip(pp->span);
	ret = ppool_pages_reserve(&pp->pages, "PP_", mp->name, conf->page_bytes,
			(mp->size - 1) / pp->page_frags + 1, mp->socket_id);
	pp->exts = rte_zmalloc_socket(
			NULL, sizeof(*pp->exts) * mp->size, RTE_CACHE_LINE_SIZE, mp->socket_id);
	if (ret == 0 && pp->exts == NULL)
		ret = -ENOMEM;
	if (ret == 0 && pp->kind == PPOOL_KIND_COUNT)
		ret = count_init(&pp->count, &mem, mp->size, pp->page_frags, PPOOL_NB_SLOTS,
				conf->bias != 0 ? conf->bias : PPOOL_BIAS);
	else if (ret == 0)
		ret = bitmap_init(&pp->bitmap, &mem, pp->span, pp->stride, PPOOL_NB_SLOTS,
				ppool_hint_pages(mp->size, pp->page_frags));
	if (ret == 0 && pp->kind == PPOOL_KIND_COUNT)
		ppool_life_waive(&pp->count, NULL, &pp->pages, mp->name, mp->socket_id);
	if (ret != 0)
		paired_free(mp);
	return ret;
}

static int
paired_populate(struct rte_mempool *mp, unsigned int max_objs, void *vaddr, rte_iova_t iova,
		size_t len, rte_mempool_populate_obj_cb_t *obj_cb, void *obj_cb_arg)
{
	struct ppool_alloc mem = ppool_eal_alloc(mp->socket_id);
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);

	(void)iova;
	if (pp->mbufs != 0 || max_objs != mp->size || len < (size_t)max_objs * pp->stride)
		return -EINVAL; /* all at once, since addresses are computed */
	pp->mbufs = (uintptr_t)vaddr + mp->header_size;
	if (pp->kind == PPOOL_KIND_BITMAP) {
		int ret = bitmap_add(&pp->bitmap, &mem, vaddr, mp->header_size, max_objs);

		if (ret != 0)
			return ret;
		ppool_life_waive(NULL, &pp->bitmap, &pp->pages, mp->name, mp->socket_id);
	}
	for (unsigned int i = 0; i < max_objs; i++)
		obj_cb(mp, obj_cb_arg, (void *)(pp->mbufs + (size_t)i * pp->stride), RTE_BAD_IOVA);
	return (int)max_objs;
}

static const struct rte_mempool_ops paired_ops = {
	.name = PPOOL_PAIRED_OPS_NAME,
	.alloc = paired_alloc,
	.free = paired_free,
	.enqueue = paired_enqueue,
	.dequeue = paired_dequeue,
	.get_count = paired_count,
	.populate = paired_populate,
};

RTE_MEMPOOL_REGISTER_OPS(paired_ops);

/* The last clone of a fragment is gone, after its mbuf. */
void
ppool_paired_last_put(void *buf, void *mbuf)
{
	struct rte_mbuf *m = mbuf;

	(void)buf;
	rte_mbuf_ext_refcnt_set(m->shinfo, 1);
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	m->next = NULL;
	m->nb_segs = 1;
	rte_mbuf_raw_free(m);
}

/* Bind mbuf @p idx to its fragment. */
static void
mbuf_bind(struct rte_mempool *mp, void *arg, void *obj, unsigned int idx)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	struct rte_mbuf *m = obj;
	uint32_t page = ppool_paired_page(pp, m);
	uint64_t off = (uint64_t)(((uintptr_t)m - pp->mbufs) / pp->stride % pp->page_frags) *
	               pp->frag_bytes;

	(void)idx;
	memset(m, 0, mp->elt_size);
	m->priv_size = rte_pktmbuf_priv_size(mp);
	m->buf_addr = (char *)pp->pages.mz->addr + (size_t)page * pp->pages.page_bytes + off;
	m->buf_iova = pp->pages.iova[page] + off;
	m->buf_len = rte_pktmbuf_data_room_size(mp);
	m->data_off = RTE_MIN(RTE_PKTMBUF_HEADROOM, m->buf_len);
	m->pool = mp;
	m->nb_segs = 1;
	m->port = RTE_MBUF_PORT_INVALID;
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	rte_mbuf_refcnt_set(m, 1);
	m->next = NULL;
	m->shinfo = ppool_paired_ext(pp, m);
	m->shinfo->free_cb = ppool_last_put[PPOOL_LAST_PUT_PAIRED];
	m->shinfo->fcb_opaque = m;
	rte_mbuf_ext_refcnt_set(m->shinfo, 1);
	(*(unsigned int *)arg)++;
}

/*
 * From fragment to fragment: whole 128-byte lines, since that is what the device and arm64 want,
 * and no multiple of 2048, which would put all frames' first lines into the same few cache sets.
 */
static uint32_t
frag_bytes_of(uint16_t data_room_size)
{
	uint32_t bytes = RTE_ALIGN_CEIL((uint32_t)data_room_size, 128u);

	return bytes % 2048 == 0 ? bytes + 128 : bytes;
}

static int
conf_check(struct paired_conf *paired, const struct ppool_pktmbuf_conf *conf, unsigned int n,
		uint16_t priv_size, uint16_t data_room_size)
{
	uint32_t frags_max;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -E_RTE_SECONDARY;
	if (n == 0 || data_room_size < RTE_PKTMBUF_HEADROOM ||
			RTE_ALIGN(priv_size, RTE_MBUF_PRIV_ALIGN) != priv_size ||
			(conf != NULL && conf->kind > PPOOL_KIND_BITMAP))
		return -EINVAL;
	paired->kind = conf != NULL && conf->kind != PPOOL_KIND_DEFAULT ? conf->kind
	                                                                : PPOOL_KIND_BITMAP;
	paired->bias = conf != NULL ? conf->bias : 0;
	paired->frag_bytes = frag_bytes_of(data_room_size);
	frags_max = paired->kind == PPOOL_KIND_BITMAP ? PPOOL_BITMAP_FRAGS_MAX : UINT16_MAX;
	if (conf != NULL && conf->page_bytes != 0 && conf->page_bytes < paired->frag_bytes)
		return -EINVAL;
	return ppool_page_bytes(conf != NULL ? conf->page_bytes : 0, paired->frag_bytes, frags_max,
			&paired->page_bytes);
}

static void
headers_free(struct rte_mempool_memhdr *memhdr, void *opaque)
{
	(void)memhdr;
	rte_memzone_free(opaque);
}

/* Headers, and through the handler's alloc data and core. */
static int
pool_populate(struct rte_mempool *mp)
{
	const size_t elt = mp->header_size + mp->elt_size + mp->trailer_size;
	const struct rte_memzone *mz;
	char name[RTE_MEMZONE_NAMESIZE];
	unsigned int nb = 0;
	int ret;

	if (snprintf(name, sizeof(name), "PH_%s", mp->name) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	mz = rte_memzone_reserve_aligned(name, elt * mp->size, mp->socket_id,
			RTE_MEMZONE_SIZE_HINT_ONLY, RTE_MEMPOOL_ALIGN);
	if (mz == NULL)
		return -rte_errno;
	ret = rte_mempool_populate_iova(
			mp, mz->addr, RTE_BAD_IOVA, mz->len, headers_free, (void *)(uintptr_t)mz);
	if (ret < 0) {
		rte_memzone_free(mz);
		return ret;
	}
	rte_mempool_obj_iter(mp, mbuf_bind, &nb);
	return nb == mp->size ? 0 : -EFAULT;
}

struct rte_mempool *
ppool_pktmbuf_pool_create(const char *name, unsigned int n, unsigned int cache_size,
		uint16_t priv_size, uint16_t data_room_size, int socket_id,
		const struct ppool_pktmbuf_conf *conf)
{
	struct rte_pktmbuf_pool_private priv = { .mbuf_data_room_size = data_room_size,
		.mbuf_priv_size = priv_size,
		.flags = RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF };
	struct paired_conf paired;
	struct rte_mempool *mp;
	int ret = conf_check(&paired, conf, n, priv_size, data_room_size);

	if (ret != 0) {
		rte_errno = -ret;
		return NULL;
	}
	rte_errno = ENOMEM; /* since that function leaves it alone when it finds no memory */
	mp = rte_mempool_create_empty(name, n, sizeof(struct rte_mbuf) + priv_size, cache_size,
			sizeof(priv), socket_id, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (mp == NULL)
		return NULL;
	ret = rte_mempool_set_ops_byname(mp, PPOOL_PAIRED_OPS_NAME, &paired);
	if (ret == 0) {
		rte_pktmbuf_pool_init(mp, &priv);
		ret = pool_populate(mp);
	}
	mp->pool_config = NULL;
	if (ret != 0) {
		rte_mempool_free(mp);
		rte_errno = -ret;
		return NULL;
	}
	return mp;
}
