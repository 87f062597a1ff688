/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mbufs on fragments. DPDK wants a count for each external buffer, in a frame of its own
 * (rte_mbuf_ext_shared_info): get, put, and a callback from the put that reaches 0.
 *
 * Per page: the frame is laid over the page's R (struct count_refs), its 16-bit count over R's low
 * half. So rte_pktmbuf_clone() is a get and rte_pktmbuf_free() is a put of the page, each by DPDK's
 * own atomic; attaching writes nothing but the mbuf, and ppool_pktmbuf_free_bulk() puts a row of
 * mbufs at once. While the page is biased R does not reach 1, which DPDK takes for "nobody else";
 * of an abandoned page that is true, and the put that reaches 0 calls ppool_page_last_put(). Nobody
 * waits for such puts to be announced (DRY): fragments of several sizes never use that.
 *
 * Two widths of access to one variable: no model of C has that. x86 and Armv8 keep such accesses
 * coherent, and one low half is all that ever changes, since R has room in 16 bits
 * (count_limit_16bit()): no carry, no borrow.
 *
 * Per fragment: a frame for every place where a fragment can start, set when it is attached.
 *
 * Threads: any.
 */
#include <errno.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "ppool_frag_priv.h"

#define EXT_RUNS 64u /* fragments in one take */

_Static_assert(offsetof(struct rte_mbuf_ext_shared_info, free_cb) ==
						offsetof(struct count_refs, user[0]) &&
				offsetof(struct rte_mbuf_ext_shared_info, fcb_opaque) ==
						offsetof(struct count_refs, user[1]) &&
				offsetof(struct rte_mbuf_ext_shared_info, refcnt) ==
						offsetof(struct count_refs, refs) &&
				sizeof(struct rte_mbuf_ext_shared_info) <=
						sizeof(struct count_refs),
		"DPDK's frame lies over a page's count");
_Static_assert(sizeof(((struct rte_mbuf_ext_shared_info *)0)->refcnt) == 2 &&
				__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
		"DPDK's count is the low half of R");
_Static_assert(offsetof(struct rte_mbuf, next) == 64 && offsetof(struct rte_mbuf, buf_iova) == 8,
		"all but next, tx_offload and shinfo is on an mbuf's first line");

static inline struct rte_mbuf_ext_shared_info *
page_ext(const struct ppool *p, uint32_t page)
{
	return (struct rte_mbuf_ext_shared_info *)(void *)&p->count.refs[page];
}

/*
 * A stock put has brought the count of an abandoned page to 0: it is ours alone. [CLONE-A] in
 * ppool_eal.h: that put may have been a plain store after a relaxed load.
 */
void
ppool_page_last_put(void *frag, void *pool)
{
	struct ppool *p = pool;
	struct count_owner *o = count_enter(&p->count, rte_lcore_id());
	bool is_last;

	ppool_clone_fence();
	is_last = count_free_push(&p->count, page_of(p, frag));
	count_leave(&p->count, o);
	if (unlikely(is_last))
		ppool_frag_end(p);
}

/* The last mbuf on a fragment is gone. */
void
ppool_frag_last_put(void *frag, void *pool)
{
	ppool_clone_fence();
	ppool_frag_put(pool, frag);
}

int
ppool_extbuf_init(struct ppool *p, const struct ppool_conf *conf)
{
	p->is_iova_va = rte_eal_iova_mode() == RTE_IOVA_VA;
	if (conf->ext_per_frag) {
		p->ext_kind = EXT_PER_FRAG;
		p->ext_shift = rte_bsf32(conf->ext_bytes);
		p->ext = rte_zmalloc_socket("ppool", (p->bytes >> p->ext_shift) * sizeof(*p->ext),
				64, conf->socket_id);
		return p->ext == NULL ? -ENOMEM : 0;
	}
	p->ext_kind = EXT_PER_PAGE;
	p->ext_shift = rte_bsf32(PPOOL_FRAG_MIN);
	for (uint32_t page = 0; page < p->pages.nb_pages; page++) {
		page_ext(p, page)->free_cb = ppool_last_put[PPOOL_LAST_PUT_PAGE];
		page_ext(p, page)->fcb_opaque = p;
	}
	return count_limit_16bit(&p->count);
}

struct ppool *
ppool_extbuf_alone(const struct rte_mbuf *m)
{
	const struct rte_mbuf_ext_shared_info *ext = m->shinfo;

	if (rte_mbuf_refcnt_read(m) != 1)
		return NULL;
	if (ext->free_cb == ppool_last_put[PPOOL_LAST_PUT_FRAG] &&
			rte_mbuf_ext_refcnt_read(ext) != 1)
		return NULL;
	return ext->free_cb == ppool_last_put[PPOOL_LAST_PUT_PAGE] ||
	                                       ext->free_cb == ppool_last_put[PPOOL_LAST_PUT_FRAG]
	                       ? ext->fcb_opaque
	                       : NULL;
}

/* What the mbufs of a mempool have of their own. */
struct own_buf {
	const struct rte_mempool *mp;
	uint32_t off; /* from the mbuf */
	uint16_t len;
	bool is_iova_va;
};

static inline struct own_buf
own_buf_of(const struct ppool *p, struct rte_mempool *mp)
{
	return (struct own_buf){ mp, (uint32_t)sizeof(struct rte_mbuf) + rte_pktmbuf_priv_size(mp),
		rte_pktmbuf_data_room_size(mp), p->is_iova_va };
}

/*
 * An empty direct mbuf again, as rte_pktmbuf_detach() leaves it. Where there is no room, any IOVA
 * will do; and to see the one in the object's header costs a cache line.
 */
static __rte_always_inline void
own_restore(struct own_buf own, struct rte_mbuf *m, bool has_room)
{
	m->buf_addr = (char *)m + own.off;
	m->buf_len = own.len;
	m->ol_flags = 0;
	if (has_room) {
		m->buf_iova = (own.is_iova_va ? (uintptr_t)m : rte_mempool_virt2iova(m)) + own.off;
		m->data_off = RTE_MIN(RTE_PKTMBUF_HEADROOM, own.len);
		m->data_len = 0;
	}
}

void
ppool_extbuf_strip(const struct ppool *p, struct rte_mbuf *m)
{
	own_restore(own_buf_of(p, m->pool), m, true);
}

/*
 * How many of @p mbufs follow each other that have the shared information @p ext, are of @p mp, one
 * segment each (so next is NULL), and have one reference to the mbuf itself. What any has set and
 * what all have is gathered and tested once; only if that is not so, one by one.
 */
static inline unsigned int
page_row(struct rte_mbuf **mbufs, unsigned int n, const struct rte_mbuf_ext_shared_info *ext,
		const struct rte_mempool *mp)
{
	const ppool_word_pair mask = PPOOL_PLAIN_MASK, plain = PPOOL_PLAIN;
	ppool_word_pair any = plain, all = plain, odds;
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		const struct rte_mbuf *m = mbufs[i];

		if (m == NULL || m->shinfo != ext || m->pool != mp)
			break;
		any |= ppool_rearm_and_flags(m);
		all &= ppool_rearm_and_flags(m);
	}
	odds = ((any ^ plain) | (all ^ plain)) & mask;
	if (likely((odds[0] | odds[1]) == 0))
		return i;
	for (j = 0; j < i; j++) {
		odds = (ppool_rearm_and_flags(mbufs[j]) ^ plain) & mask;
		if ((odds[0] | odds[1]) != 0)
			break;
	}
	return j;
}

/* Free the row that @p mbufs begins with; how many. The pool is entered. */
static inline unsigned int
page_row_free(struct ppool *p, struct count_owner *o, struct rte_mbuf **mbufs, unsigned int n,
		struct own_buf own, bool *is_last)
{
	const struct rte_mbuf_ext_shared_info *ext = mbufs[0]->shinfo;
	uint64_t off = (uintptr_t)ext - (uintptr_t)p->count.refs;
	unsigned int nb;

	if (unlikely(off >= p->pages.nb_pages * sizeof(*p->count.refs)))
		return 0;
	nb = page_row(mbufs, n, ext, own.mp);
	ppool_clone_fence();
	if (own.len == 0)
		for (unsigned int i = 0; i < nb; i++)
			own_restore(own, mbufs[i], false);
	else
		for (unsigned int i = 0; i < nb; i++)
			own_restore(own, mbufs[i], true);
	if (nb != 0)
		*is_last |= count_put(&p->count, o, (uint32_t)(off / sizeof(*p->count.refs)), nb);
	return nb;
}

unsigned int
ppool_extbuf_free(struct rte_mbuf **mbufs, unsigned int n)
{
	struct rte_mempool *mp = mbufs[0]->pool;
	unsigned int nb, done = 0;
	struct count_owner *o;
	bool is_last = false;
	struct own_buf own;
	struct ppool *p;

	if (mbufs[0]->shinfo->free_cb != ppool_last_put[PPOOL_LAST_PUT_PAGE])
		return 0;
	p = mbufs[0]->shinfo->fcb_opaque;
	own = own_buf_of(p, mp);
	o = count_enter(&p->count, rte_lcore_id());
	do {
		nb = page_row_free(p, o, mbufs + done, n - done, own, &is_last);
		done += nb;
	} while (nb != 0 && done < n && mbufs[done] != NULL);
	count_leave(&p->count, o);
	if (done != 0)
		rte_mempool_put_bulk(mp, (void **)mbufs, done);
	if (unlikely(is_last))
		ppool_frag_end(p);
	return done;
}

static inline struct rte_mbuf_ext_shared_info *
frag_ext(const struct ppool *p, const void *frag)
{
	struct rte_mbuf_ext_shared_info *ext = &p->ext[((uintptr_t)frag - p->base) >> p->ext_shift];

	ext->free_cb = ppool_last_put[PPOOL_LAST_PUT_FRAG];
	ext->fcb_opaque = (void *)(uintptr_t)p;
	rte_mbuf_ext_refcnt_set(ext, 1);
	return ext;
}

int
ppool_extbuf_attach(struct ppool *p, struct rte_mbuf *m, void *frag, uint16_t bytes)
{
	struct rte_mbuf_ext_shared_info *ext;

	if (p->ext_kind == EXT_NONE)
		return -ENOTSUP;
	if (!is_ours(p, frag))
		return -EINVAL;
	if (p->ext_kind == EXT_PER_PAGE)
		ext = page_ext(p, page_of(p, frag));
	else if ((((uintptr_t)frag - p->base) & ((1u << p->ext_shift) - 1)) == 0)
		ext = frag_ext(p, frag);
	else
		return -EINVAL;
	rte_pktmbuf_attach_extbuf(m, frag, ppool_frag_iova(p, frag), bytes, ext);
	m->data_off = RTE_MIN(RTE_PKTMBUF_HEADROOM, bytes);
	return 0;
}

/* The first line of an mbuf behind the addresses, as rte_pktmbuf_alloc() and attaching leave it. */
struct line_image {
	ppool_word_pair rearm_and_flags, rx, len_and_pool;
};

static inline struct line_image
image_of(const struct rte_mempool *mp, uint16_t bytes)
{
	const uint64_t rearm = RTE_MIN(RTE_PKTMBUF_HEADROOM, bytes) | UINT64_C(1) << 16 |
	                       UINT64_C(1) << 32 | (uint64_t)RTE_MBUF_PORT_INVALID << 48;

	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, data_off) != 16);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, refcnt) != 18);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, nb_segs) != 20);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, port) != 22);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, ol_flags) != 24);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, buf_len) != 54);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, pool) != 56);
	return (struct line_image){ { rearm, RTE_MBUF_F_EXTERNAL }, { 0, 0 },
		{ (uint64_t)bytes << 48, (uintptr_t)mp } };
}

/* Headers as their mempool gives them, next NULL, on a run of fragments @p step apart. */
static __rte_always_inline void
run_attach(struct ppool *p, struct line_image image, const struct ppool_frags *run, uint32_t step,
		struct rte_mbuf **mbufs, bool is_per_page)
{
	uint64_t off = ((uint64_t)run->page << p->page_shift) + run->first;
	ppool_word_pair addrs = { p->base + off, p->pages.iova[run->page] + run->first };
	struct rte_mbuf_ext_shared_info *ext = page_ext(p, run->page);
	const uint32_t nb = run->nb;

	for (uint32_t i = 0; i < nb; i++) {
		struct rte_mbuf *m = mbufs[i];
		ppool_word_pair *line = (ppool_word_pair *)m;

		if (!is_per_page)
			ext = frag_ext(p, (void *)(uintptr_t)addrs[0]);
		line[0] = addrs;
		line[1] = image.rearm_and_flags;
		line[2] = image.rx;
		line[3] = image.len_and_pool;
		m->tx_offload = 0;
		m->shinfo = ext;
		addrs += (ppool_word_pair){ step, step };
	}
}

unsigned int
ppool_extbuf_alloc_bulk(struct ppool *p, struct rte_mempool *headers, struct rte_mbuf **mbufs,
		unsigned int n, uint16_t bytes)
{
	const struct line_image image = image_of(headers, bytes);
	struct ppool_frags runs[EXT_RUNS];
	struct count_size size;
	unsigned int done = 0;
	int ret = p->ext_kind != EXT_NONE ? size_check(p, bytes, 1u << p->ext_shift, &size)
	                                  : -ENOTSUP;

	if (ret == 0 && rte_mempool_get_bulk(headers, (void **)mbufs, n) != 0)
		ret = -ENOBUFS;
	if (unlikely(ret != 0)) {
		rte_errno = -ret;
		return 0;
	}
	for (unsigned int i = 0; i < n; i++) { /* whoever freed them had them last */
		__builtin_prefetch(mbufs[i], 1);
		__builtin_prefetch(&mbufs[i]->next, 1);
	}
	while (done < n) {
		uint32_t nb = count_take_sized(&p->count, rte_lcore_id(),
				at_load(holder_at(p), relaxed), &size, runs,
				RTE_MIN(n - done, EXT_RUNS));

		if (unlikely(nb == 0)) {
			ppool_pktmbuf_free_bulk(mbufs, done);
			rte_mempool_put_bulk(headers, (void **)mbufs + done, n - done);
			rte_errno = ENOENT;
			return 0;
		}
		for (uint32_t i = 0; i < nb; done += runs[i++].nb) {
			if (p->ext_kind == EXT_PER_PAGE)
				run_attach(p, image, &runs[i], size.units, mbufs + done, true);
			else
				run_attach(p, image, &runs[i], size.units, mbufs + done, false);
		}
	}
	return n;
}

/* One more reference to an external buffer of any kind; false: its count is at its end. */
static bool
ext_get(struct rte_mbuf_ext_shared_info *ext)
{
	uint16_t refs = rte_mbuf_ext_refcnt_read(ext);

	/* Under a held reference: relaxed. */
	do {
		if (refs == UINT16_MAX)
			return false;
	} while (!__atomic_compare_exchange_n(&ext->refcnt, &refs, (uint16_t)(refs + 1), false,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

/* rte_pktmbuf_attach() with a look at the limit. */
static bool
seg_share(struct rte_mbuf *to, struct rte_mbuf *from)
{
	struct rte_mbuf_ext_shared_info *ext = from->shinfo, elsewhere = { .refcnt = 2 };
	struct rte_mbuf seg;

	if (!RTE_MBUF_HAS_EXTBUF(from)) {
		rte_pktmbuf_attach(to, from);
		return true;
	}
	if (!ext_get(ext))
		return false;
	seg = *from;
	seg.shinfo = &elsewhere; /* where DPDK may count */
	rte_pktmbuf_attach(to, &seg);
	to->shinfo = ext;
	return true;
}

struct rte_mbuf *
ppool_extbuf_clone(struct rte_mbuf *m, struct rte_mempool *headers)
{
	struct rte_mbuf *head = NULL, **link = &head;
	uint32_t pkt_len = m->pkt_len;
	uint16_t nb_segs = 0;

	for (; m != NULL; m = m->next, nb_segs++) {
		struct rte_mbuf *seg = rte_pktmbuf_alloc(headers);

		rte_errno = ENOBUFS;
		if (seg != NULL && !seg_share(seg, m)) {
			rte_errno = EOVERFLOW;
			rte_pktmbuf_free(seg);
			seg = NULL;
		}
		if (seg == NULL) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		*link = seg;
		link = &seg->next;
	}
	head->nb_segs = nb_segs;
	head->pkt_len = pkt_len;
	return head;
}
