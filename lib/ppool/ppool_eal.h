/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts that see EAL share: memory, sizes, logs. */
#ifndef PPOOL_EAL_H
#define PPOOL_EAL_H

#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mempool.h>
#include <rte_mbuf.h>
#include <rte_memzone.h>

#include "ppool.h"
#include "ppool_alloc.h"
#include "ppool_bitmap.h"
#include "ppool_count_inline.h"
#include "ppool_space.h"

extern int ppool_logtype;

#define PPOOL_LOG(level, fmt, ...)                                                                 \
	rte_log(RTE_LOG_##level, ppool_logtype, "ppool: " fmt "\n", ##__VA_ARGS__)

#define PPOOL_NB_SLOTS (RTE_MAX_LCORE + 1) /* the last one: threads without an lcore id */

/* EAL's heap on NUMA node @p socket_id, for the cores; the struct is the caller's. */
struct ppool_alloc ppool_eal_alloc(int socket_id);

/**
 * Bytes of a page: @p asked, else PPOOL_PAGE_SIZE, else the default; then doubled until a fragment
 * fits, and halved while more than @p frags_max do.
 *
 * @return 0, or -EINVAL with a log line
 */
int ppool_page_bytes(uint32_t asked, uint32_t stride, uint32_t frags_max, uint32_t *page_bytes);

/* Pages that an owner of a bitmap pool remembers, for a pool of @p nb_frags. */
uint32_t ppool_hint_pages(uint32_t nb_frags, uint32_t page_frags);

/* Which of the two kinds of pool @p mp is; NULL if not. */
const struct bitmap *ppool_handler_of(const struct rte_mempool *mp);

/* Data pages in one memzone; each contiguous for devices. */
struct ppool_pages {
	const struct rte_memzone *mz;
	rte_iova_t *iova; /* [nb_pages] */
};

/**
 * Reserve pages as memzone @p prefix @p name. What a failure leaves is for ppool_pages_free().
 *
 * @return 0, -ENAMETOOLONG, -ENOMEM, another error of rte_memzone_reserve(), or -EINVAL with a log
 *         line: a page is not contiguous for devices
 */
int ppool_pages_reserve(struct ppool_pages *pages, const char *prefix, const char *name,
		uint32_t page_bytes, uint32_t nb_pages, int socket_id);
void ppool_pages_free(struct ppool_pages *pages); /* also of a zeroed one */

struct ppool;

struct ppool_pktmbuf {
	/* Never written after start: mbuf i of page p lies at mbufs + p * span + i * stride. */
	uintptr_t mbufs;
	struct rte_mbuf_ext_shared_info
			*exts; /* m->shinfo of each: dense, since every free looks */
	uint64_t mbuf_bytes;   /* of all headers */
	uint64_t span_recip, stride_recip;
	uint32_t span, stride;
	uint32_t page_bytes, frag_bytes, page_frags, nb_pages;
	enum ppool_kind kind;
	struct ppool_pages pages;
	struct rte_mempool *mp;
	/* One of them, by kind. */
	struct count_pool count;
	struct bitmap bitmap;
};

/* ppool_check.c */
struct ppool_audit_say {
	FILE *f; /* or NULL */
	const char *name;
};
void ppool_audit_say(void *ctx, const char *what);
void ppool_stats_print(FILE *f, const struct ppool_stats *stats);

/* ppool_frag.c: the fragment pool that @p m is attached to, or NULL. */
struct ppool *ppool_extbuf_pool(const struct rte_mbuf *m);

/* The page of a mbuf of @p pp. */
static inline uint32_t
ppool_paired_page(const struct ppool_pktmbuf *pp, const void *m)
{
	return (uint32_t)ppool_div((uintptr_t)m - pp->mbufs, pp->span_recip);
}

static inline struct rte_mbuf_ext_shared_info *
ppool_paired_ext(const struct ppool_pktmbuf *pp, const void *m)
{
	return &pp->exts[ppool_div((uintptr_t)m - pp->mbufs, pp->stride_recip)];
}

void ppool_paired_give(struct ppool_pktmbuf *pp, void *const *mbufs, unsigned int n);
/* The same of a bitmap pool by runs of pages; every run is of mbufs that exist. */
void ppool_paired_give_runs(
		struct ppool_pktmbuf *pp, const struct ppool_frags *runs, unsigned int nb_runs);

#endif
