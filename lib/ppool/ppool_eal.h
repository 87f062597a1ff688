/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts that see EAL share: memory, sizes, logs. */
#ifndef PPOOL_EAL_H
#define PPOOL_EAL_H

#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
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

/*
 * mp->pool_data of our pools is a pointer with one of these in its upper bits. So it is told whose
 * a pool is without a look at anything else; and a process that has another handler at the index of
 * ours dies by SIGSEGV at its first use of the pool, instead of writing into it.
 */
#define PPOOL_TAG_HANDLER UINT64_C(0x0040000000000000)
#define PPOOL_TAG_PAIRED  UINT64_C(0x0020000000000000)
#define PPOOL_TAG_MASK    UINT64_C(0xffff000000000000)

static inline void *
ppool_tagged(const struct rte_mempool *mp, uint64_t tag)
{
	uint64_t v = (uintptr_t)mp->pool_data;

	return (v & PPOOL_TAG_MASK) == tag ? (void *)(uintptr_t)(v ^ tag) : NULL;
}

static inline void
ppool_tag(struct rte_mempool *mp, void *p, uint64_t tag)
{
	mp->pool_data = p != NULL ? (void *)((uintptr_t)p | tag) : NULL;
}

/* The bitmap behind a pool of the handler; NULL if @p mp is another kind of pool. */
static inline struct bitmap *
ppool_handler_of(const struct rte_mempool *mp)
{
	return ppool_tagged(mp, PPOOL_TAG_HANDLER);
}

/* ppool_pktmbuf_pool() where it is asked often. */
static inline struct ppool_pktmbuf *
ppool_paired_of(const struct rte_mempool *mp)
{
	return ppool_tagged(mp, PPOOL_TAG_PAIRED);
}

/* ppool_proc.c */
int ppool_refuse(const struct rte_mempool *mp); /* logs that the pool is not ours: -EINVAL */

/* 0, or all bits: another process uses one of our lcore ids. */
extern __attribute__((visibility("hidden"))) uint32_t ppool_slot_or;

/* The calling thread's slot in cores whose owners have no lock. */
static inline uint32_t
ppool_slot(void)
{
	return rte_lcore_id() | ppool_slot_or;
}

/* If @p ops are the handler's: from now on every thread of this process is one without an lcore. */
void ppool_handler_share(struct rte_mempool_ops *ops);

/* Forget the hints of @p slot, which nobody uses now; pools of other kinds are left alone. */
void ppool_slot_reset(struct rte_mempool *mp, uint32_t slot);

/* What frees the last mbuf on a buffer; the same addresses in all processes, where that can be. */
enum ppool_last_put {
	PPOOL_LAST_PUT_PAIRED,
	PPOOL_LAST_PUT_FRAG,
	PPOOL_LAST_PUT_PAGE,
	PPOOL_NB_LAST_PUTS
};
extern rte_mbuf_extbuf_free_callback_t ppool_last_put[PPOOL_NB_LAST_PUTS];
void ppool_paired_last_put(void *buf, void *mbuf);
void ppool_frag_last_put(void *frag, void *pool);
void ppool_page_last_put(void *frag, void *pool);

/* ppool_recover.c */
unsigned int ppool_count_recover(struct count_pool *c);

/* Data pages in one memzone; each contiguous for devices. */
struct ppool_pages {
	const struct rte_memzone *mz;
	rte_iova_t *iova; /* [nb_pages] */
	uint32_t page_bytes, nb_pages;
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

struct ppool_pktmbuf {
	/* Never written after start: mbuf i of page p lies at mbufs + p * span + i * stride. */
	uintptr_t mbufs;
	struct rte_mbuf_ext_shared_info
			*exts; /* m->shinfo of each: dense, since every free looks */
	uint64_t mbuf_bytes;   /* of all headers */
	uint64_t span_recip, stride_recip;
	uint32_t span, stride;
	uint32_t frag_bytes, page_frags;
	enum ppool_kind kind;
	struct ppool_pages pages;
	struct rte_mempool *mp;
	/* One of them, by kind. */
	struct count_pool count;
	struct bitmap bitmap;
};

/* The bitmap behind a pool of either sort; NULL if it is of count pages, or no ppool. */
static inline struct bitmap *
ppool_bitmap_of(const struct rte_mempool *mp)
{
	struct ppool_pktmbuf *pp = ppool_paired_of(mp);

	if (pp == NULL)
		return ppool_handler_of(mp);
	return pp->kind == PPOOL_KIND_BITMAP ? &pp->bitmap : NULL;
}

typedef uint64_t ppool_word_pair __attribute__((vector_size(16)));

/*
 * A count was read as 1 by a relaxed load. [CLONE-A] pairs with [CLONE-R], which is DPDK's: whoever
 * gave up a clone did so by a releasing decrement. Without it, what that holder still does to the
 * bytes could come after they are handed out again. Once a run; nothing on x86.
 */
static inline void
ppool_clone_fence(void)
{
	rte_atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* Refcnt, nb_segs and ol_flags of an mbuf alone on an external buffer, and where they lie. */
#define PPOOL_PLAIN_MASK                                                                           \
	{                                                                                          \
		UINT64_C(0x0000ffffffff0000), RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT            \
	}
#define PPOOL_PLAIN                                                                                \
	{                                                                                          \
		UINT64_C(0x0000000100010000), RTE_MBUF_F_EXTERNAL                                  \
	}

static inline ppool_word_pair
ppool_rearm_and_flags(const void *m)
{
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, rearm_data) % sizeof(ppool_word_pair) != 0);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, ol_flags) !=
			 offsetof(struct rte_mbuf, rearm_data) + 8);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, refcnt) !=
			 offsetof(struct rte_mbuf, rearm_data) + 2);
	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, nb_segs) !=
			 offsetof(struct rte_mbuf, rearm_data) + 4);
	return *(const ppool_word_pair *)RTE_PTR_ADD(m, offsetof(struct rte_mbuf, rearm_data));
}

/* ppool_check.c */
struct ppool_audit_say {
	FILE *f; /* or NULL */
	const char *name;
};
void ppool_audit_say(void *ctx, const char *what);
void ppool_stats_print(FILE *f, const struct ppool_stats *stats);

/* ppool_life.c: what pools of count pages share of listing, ageing and draining. */
#define PPOOL_LIFE_PRINTED 16 /* pages in flight that a dump has */
uint32_t ppool_life_now_ms(void);
/* count_inflight() with addresses. */
uint32_t ppool_life_list(struct count_pool *c, const struct ppool_pages *pages,
		struct ppool_inflight *list, uint32_t max);
/* @p list has as many of @p nb as it has room for. */
void ppool_life_print(FILE *f, const struct ppool_inflight *list, uint32_t nb);
/* Pages that have bytes of [@p addr, @p addr + @p bytes): number and the first one. */
uint32_t ppool_life_pages(
		const struct ppool_pages *pages, const void *addr, size_t bytes, uint32_t *first);
/* Drain what does not lie on @p socket_id, if that is a definite one. One of @p c, @p b is NULL. */
void ppool_life_waive(struct count_pool *c, struct bitmap *b, const struct ppool_pages *pages,
		const char *name, int socket_id);

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
