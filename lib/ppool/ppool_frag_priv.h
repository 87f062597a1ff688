/* SPDX-License-Identifier: BSD-3-Clause */
/* A pool of fragments from inside: for ppool_frag.c, which makes it, and ppool_extbuf.c. */
#ifndef PPOOL_FRAG_PRIV_H
#define PPOOL_FRAG_PRIV_H

#include <errno.h>

#include "ppool_eal.h"
#include "ppool_frag.h"

struct ppool {
	/* Never written after create but `is_closed`. */
	uintptr_t base;
	uint64_t bytes;
	uint32_t page_shift;
	at_u32 is_closed;
	int socket_id;
	enum {
		EXT_NONE,
		EXT_PER_PAGE,
		EXT_PER_FRAG
	} ext_kind;
	bool is_iova_va;
	uint32_t ext_shift;                   /* alignment of buffers */
	struct rte_mbuf_ext_shared_info *ext; /* per fragment: [bytes >> ext_shift]; or NULL */
	struct ppool_pages pages;
	const struct rte_memzone *mz; /* this struct */
	char name[RTE_MEMZONE_NAMESIZE];
	struct count_pool count;
	at_u64 holder[PPOOL_NB_SLOTS]; /* of each lcore; read by every allocation, seldom written */
};

/* What the calling lcore's pages are listed under. */
static inline at_u64 *
holder_at(struct ppool *p)
{
	return &p->holder[RTE_MIN(rte_lcore_id(), PPOOL_NB_SLOTS - 1u)];
}

/* Free a closed pool, by whoever was told that its last page is home, after he has left it. */
void ppool_frag_end(struct ppool *p);

static inline bool
is_ours(const struct ppool *p, const void *frag)
{
	return (uintptr_t)frag - p->base < p->bytes;
}

static inline uint32_t
page_of(const struct ppool *p, const void *frag)
{
	return (uint32_t)(((uintptr_t)frag - p->base) >> p->page_shift);
}

/* What is asked for, in units; 0, -EINVAL, -ESHUTDOWN. */
static inline int
size_check(const struct ppool *p, uint32_t bytes, uint32_t align, struct count_size *size)
{
	uint32_t page_bytes = 1u << p->page_shift;

	size->align = align != 0 ? RTE_MAX(align, PPOOL_FRAG_MIN) : PPOOL_FRAG_MIN;
	if (bytes == 0 || bytes > page_bytes || !rte_is_power_of_2(size->align) ||
			size->align > page_bytes)
		return -EINVAL;
	size->units = RTE_ALIGN_CEIL(bytes, size->align);
	return at_load(&p->is_closed, relaxed) != 0 ? -ESHUTDOWN : 0;
}

/* What mbufs need, for a pool whose ext_bytes is not 0; freed with the pool. @return 0, -errno */
int ppool_extbuf_init(struct ppool *p, const struct ppool_conf *conf);

/*
 * Free what @p mbufs begins with, as long as it is single mbufs of one mempool, each alone on pages
 * of one pool; the first one is on an external buffer. Returns how many.
 */
unsigned int ppool_extbuf_free(struct rte_mbuf **mbufs, unsigned int n);

/* The pool of an mbuf with an external buffer, if a fragment's reference is all that goes with it;
 * else NULL. */
struct ppool *ppool_extbuf_alone(const struct rte_mbuf *m);
/* Make of that an empty direct mbuf, as rte_pktmbuf_detach() does; its links stay. */
void ppool_extbuf_strip(const struct ppool *p, struct rte_mbuf *m);

#endif
