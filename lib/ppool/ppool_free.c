/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Freeing mbufs of any pools in bulk: paired ones and fragments go back page by page, the rest to
 * their mempools. What the fast ways cannot be sure of takes DPDK's own.
 */
#include <string.h>

#include <rte_mbuf.h>

#include "ppool_eal.h"
#include "ppool_frag.h"

#define FREE_BATCH 64

/* What is on its way back: mbufs of one mempool, and fragments of one pool. */
struct free_batch {
	struct rte_mempool *mp;
	struct ppool_pktmbuf *pp; /* mp, if it is a paired pool */
	struct ppool *frag_pool;
	unsigned int nb, nb_frags;
	void *mbufs[FREE_BATCH];
	void *frags[FREE_BATCH];
};

static void
batch_flush(struct free_batch *b)
{
	if (b->nb != 0 && b->pp != NULL)
		ppool_paired_give(b->pp, b->mbufs, b->nb);
	else if (b->nb != 0)
		rte_mempool_put_bulk(b->mp, b->mbufs, b->nb);
	b->nb = 0;
}

static void
batch_flush_frags(struct free_batch *b)
{
	if (b->nb_frags != 0)
		ppool_frag_put_bulk(b->frag_pool, b->frags, b->nb_frags);
	b->nb_frags = 0;
}

/*
 * A count was read as 1 by a relaxed load. [CLONE-A] pairs with [CLONE-R], which is DPDK's: whoever
 * gave up a clone did so by a releasing decrement. Without it, what that holder still does to the
 * bytes could come after they are handed out again. Once a run; nothing on x86.
 */
static inline void
clone_fence(void)
{
	rte_atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/*
 * If @p m alone is on a fragment: take that off without the callback, and the mbuf is an empty
 * direct one again, as rte_pktmbuf_detach() leaves it. Clones, or anything else, take the stock
 * way.
 */
static inline void
extbuf_strip(struct free_batch *b, struct rte_mbuf *m)
{
	struct ppool *p = ppool_extbuf_pool(m);

	if (p == NULL || rte_mbuf_refcnt_read(m) != 1 || rte_mbuf_ext_refcnt_read(m->shinfo) != 1)
		return;
	clone_fence();
	if (unlikely(p != b->frag_pool || b->nb_frags == FREE_BATCH)) {
		batch_flush_frags(b);
		b->frag_pool = p;
	}
	b->frags[b->nb_frags++] = m->buf_addr;
	m->ol_flags = 0;
	m->priv_size = rte_pktmbuf_priv_size(m->pool);
	m->buf_addr = (char *)m + sizeof(*m) + m->priv_size;
	m->buf_iova = rte_mempool_virt2iova(m) + sizeof(*m) + m->priv_size;
	m->buf_len = rte_pktmbuf_data_room_size(m->pool);
	rte_pktmbuf_reset_headroom(m);
	m->data_len = 0;
}

/*
 * A paired mbuf as Rx hands it out: alone (refcnt 1, one segment, so next is NULL), on its own
 * fragment, and nobody has a clone. It needs no write before it goes back, and its second cache
 * line is not looked at. Refcnt and nb_segs are read as one word.
 */
static inline bool
is_plain_paired(const struct rte_mbuf *m)
{
	const struct rte_mbuf_ext_shared_info *ext =
			(const void *)((const char *)m - PPOOL_PAIRED_HEADER_BYTES);
	uint32_t refs;

	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, nb_segs) !=
			 offsetof(struct rte_mbuf, refcnt) + 2);
	memcpy(&refs, &m->refcnt, sizeof(refs));
	return refs == UINT32_C(0x00010001) &&
	       (m->ol_flags & (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)) == RTE_MBUF_F_EXTERNAL &&
	       rte_mbuf_ext_refcnt_read(ext) == 1;
}

/* How many of @p mbufs, from the first, lie in [low, low + bytes) and are plain. NULL does not. */
static inline unsigned int
plain_run(struct rte_mbuf *const *mbufs, unsigned int n, uintptr_t low, uint64_t bytes)
{
	unsigned int i = 0;

	while (i < n && (uintptr_t)mbufs[i] - low < bytes && is_plain_paired(mbufs[i]))
		i++;
	clone_fence();
	return i;
}

/* Free the plain mbufs of @p pp that @p mbufs begins with; returns how many. */
static unsigned int
plain_free(struct ppool_pktmbuf *pp, struct rte_mbuf *const *mbufs, unsigned int n)
{
	unsigned int i = 0, nb;
	struct count_owner *o;

	if (pp->kind == PPOOL_KIND_BITMAP) {
		nb = plain_run(mbufs, n, pp->mbufs, pp->mbuf_bytes);
		if (nb != 0)
			ppool_paired_give(pp, (void *const *)mbufs, nb);
		return nb;
	}
	o = count_enter(&pp->count, rte_lcore_id());
	while (i < n && (uintptr_t)mbufs[i] - pp->mbufs < pp->mbuf_bytes) {
		uint32_t page = ppool_paired_page(pp, mbufs[i]);

		nb = plain_run(mbufs + i, n - i, pp->mbufs + (size_t)page * pp->span, pp->span);
		if (nb == 0)
			break;
		count_put(&pp->count, o, page, nb);
		i += nb;
	}
	count_leave(&pp->count, o);
	return i;
}

void
ppool_pktmbuf_free_bulk(struct rte_mbuf **mbufs, unsigned int n)
{
	struct free_batch b; /* not zeroed whole: its arrays are larger than all else here */

	b.mp = NULL;
	b.frag_pool = NULL;
	b.nb = 0;
	b.nb_frags = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i], *next;
		struct ppool_pktmbuf *pp = m != NULL ? ppool_pktmbuf_pool(m->pool) : NULL;

		if (pp != NULL) {
			unsigned int nb = plain_free(pp, mbufs + i, n - i);

			if (likely(nb != 0)) {
				i += nb - 1;
				continue;
			}
		}
		for (; m != NULL; m = next) {
			next = m->next;
			if (RTE_MBUF_HAS_EXTBUF(m))
				extbuf_strip(&b, m);
			m = rte_pktmbuf_prefree_seg(m);
			if (m == NULL)
				continue;
			if (unlikely(m->pool != b.mp || b.nb == FREE_BATCH)) {
				batch_flush(&b);
				b.mp = m->pool;
				b.pp = ppool_pktmbuf_pool(b.mp);
			}
			b.mbufs[b.nb++] = m;
		}
	}
	batch_flush(&b);
	batch_flush_frags(&b);
}
