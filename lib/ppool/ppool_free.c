/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Freeing mbufs of any pools in bulk: paired ones and fragments go back page by page, the rest to
 * their mempools. What the fast ways cannot be sure of takes DPDK's own.
 */
#include <string.h>

#include <rte_mbuf.h>

#include "ppool_frag_priv.h"

#define FREE_BATCH 64
#define PLAIN_RUNS 64

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

/* An mbuf that is alone on a fragment: take that off without the callback. Else the stock way. */
static inline void
extbuf_strip(struct free_batch *b, struct rte_mbuf *m)
{
	struct ppool *p = ppool_extbuf_alone(m);

	if (p == NULL)
		return;
	ppool_clone_fence();
	if (unlikely(p != b->frag_pool || b->nb_frags == FREE_BATCH)) {
		batch_flush_frags(b);
		b->frag_pool = p;
	}
	b->frags[b->nb_frags++] = m->buf_addr;
	ppool_extbuf_strip(p, m);
}

/*
 * How many of @p mbufs, the first of which is paired and has shared information @p ext, follow each
 * other in memory and are as Rx hands them out: alone (refcnt 1, one segment, so next is NULL), on
 * their own fragments, and nobody has a clone. Such mbufs need no write before they go back, and
 * their second cache lines are not looked at. What any of them has set and what all have is
 * gathered and tested once; only if that is not plain, one by one.
 */
static inline unsigned int
plain_row(const struct ppool_pktmbuf *pp, struct rte_mbuf *const *mbufs, unsigned int n,
		const struct rte_mbuf_ext_shared_info *ext)
{
	const ppool_word_pair mask = PPOOL_PLAIN_MASK, plain = PPOOL_PLAIN;
	const char *m = (const char *)mbufs[0];
	ppool_word_pair any = plain, all = plain, odds;
	const uint32_t stride = pp->stride;
	uint32_t refs = 0;
	unsigned int i, j;

#pragma GCC unroll 4
	for (i = 0; i < n; i++, m += stride) {
		if ((const char *)mbufs[i] != m)
			break;
		any |= ppool_rearm_and_flags(m);
		all &= ppool_rearm_and_flags(m);
		refs += rte_mbuf_ext_refcnt_read(&ext[i]); /* 1 at least, each */
	}
	odds = ((any ^ plain) | (all ^ plain)) & mask;
	if (likely((odds[0] | odds[1] | (refs ^ i)) == 0))
		return i;
	for (j = 0; j < i; j++) {
		odds = (ppool_rearm_and_flags(mbufs[j]) ^ plain) & mask;
		if ((odds[0] | odds[1]) != 0 || rte_mbuf_ext_refcnt_read(&ext[j]) != 1)
			break;
	}
	return j;
}

/* The run of plain mbufs of one page of @p pp that @p mbufs begins with; false: there is none. */
static inline bool
plain_run(const struct ppool_pktmbuf *pp, struct rte_mbuf *const *mbufs, unsigned int n,
		struct ppool_frags *run)
{
	uint64_t off = (uintptr_t)mbufs[0] - pp->mbufs;
	uint32_t nr = (uint32_t)ppool_div(off, pp->stride_recip);

	if (unlikely(off >= pp->mbuf_bytes))
		return false;
	run->page = (uint32_t)ppool_div(off, pp->span_recip);
	run->first = nr - run->page * pp->page_frags;
	run->nb = plain_row(pp, mbufs, RTE_MIN(n, pp->page_frags - run->first), &pp->exts[nr]);
	ppool_clone_fence();
	return run->nb != 0;
}

/* Free the plain mbufs of @p pp that @p mbufs begins with; returns how many. */
static unsigned int
plain_free(struct ppool_pktmbuf *pp, struct rte_mbuf *const *mbufs, unsigned int n)
{
	struct ppool_frags run, runs[PLAIN_RUNS];
	struct count_puts puts;
	unsigned int i = 0, nb_runs = 0;
	struct count_owner *o;

	if (pp->kind == PPOOL_KIND_BITMAP) {
		while (i < n && nb_runs < PLAIN_RUNS && plain_run(pp, mbufs + i, n - i, &run)) {
			runs[nb_runs++] = run;
			i += run.nb;
		}
		if (nb_runs != 0)
			ppool_paired_give_runs(pp, runs, nb_runs);
		return i;
	}
	count_puts_init(&puts);
	o = count_enter(&pp->count, rte_lcore_id());
	for (; i < n && plain_run(pp, mbufs + i, n - i, &run); i += run.nb)
		count_puts_add(&pp->count, o, &puts, run.page, run.nb);
	count_puts_end(&pp->count, o, &puts);
	count_leave(&pp->count, o);
	return i;
}

/* Mbufs from the first on that can go without a look at each as a chain; how many. */
static inline unsigned int
rows_free(struct rte_mbuf **mbufs, unsigned int n)
{
	struct ppool_pktmbuf *pp = ppool_paired_of(mbufs[0]->pool);

	if (pp != NULL)
		return plain_free(pp, mbufs, n);
	return RTE_MBUF_HAS_EXTBUF(mbufs[0]) ? ppool_extbuf_free(mbufs, n) : 0;
}

static inline void
chain_free(struct free_batch *b, struct rte_mbuf *m)
{
	struct rte_mbuf *next;

	for (; m != NULL; m = next) {
		next = m->next;
		if (RTE_MBUF_HAS_EXTBUF(m))
			extbuf_strip(b, m);
		m = rte_pktmbuf_prefree_seg(m);
		if (m == NULL)
			continue;
		if (unlikely(m->pool != b->mp || b->nb == FREE_BATCH)) {
			batch_flush(b);
			b->mp = m->pool;
			b->pp = ppool_paired_of(b->mp);
		}
		b->mbufs[b->nb++] = m;
	}
}

void
ppool_pktmbuf_free_bulk(struct rte_mbuf **mbufs, unsigned int n)
{
	struct free_batch b; /* not zeroed whole: its arrays are larger than all else here */

	b.mp = NULL;
	b.frag_pool = NULL;
	b.nb = 0;
	b.nb_frags = 0;
	b.pp = NULL;
	for (unsigned int i = 0; i < n;) {
		struct rte_mbuf *m = mbufs[i];
		unsigned int nb = 0;

		/* Ordinary mbufs come many of one pool, of which this need not be asked again. */
		if (m != NULL && (m->pool != b.mp || b.pp != NULL || RTE_MBUF_HAS_EXTBUF(m)))
			nb = rows_free(mbufs + i, n - i);
		if (nb == 0)
			chain_free(&b, mbufs[i++]);
		i += nb;
	}
	batch_flush(&b);
	batch_flush_frags(&b);
}
