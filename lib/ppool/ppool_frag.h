/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fragment API: pages split into pieces of any size, each piece counted on its page.
 *
 * A pool has pages of one size in hugepage-backed memory, contiguous for devices each. A fragment
 * is cut off the calling lcore's open page, whatever its size and alignment: several sizes live on
 * one set of pages. Nothing is written into the pages, and nothing is counted when a fragment is
 * cut: the page's count was raised when it was opened (ppool_count.h). A page is used again when it
 * is proved that all references came back; one reference that stays out keeps its page, and no
 * other.
 *
 * References: an allocation is one; whoever holds one may get more, for anybody; any thread may put
 * one. With the last put of all the bytes are the pool's. Handing a reference to another thread
 * must carry happens-before, as any ring does.
 *
 * Limits: fragments of 1 byte to a page; alignment 64 (PPOOL_FRAG_MIN) to a page; every fragment
 * takes a multiple of its alignment. A page gives page_bytes / 64 fragments at the most: 32,768 of
 * 2 MiB, which is why its count has 32 bits. At most 2^30 extra references to a page.
 *
 * Threads: everything but create and destroy from any thread. An lcore's own pages make it cheap;
 * threads without an lcore id share one owner.
 */
#ifndef PPOOL_FRAG_H
#define PPOOL_FRAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ppool.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PPOOL_FRAG_MIN 64u

struct ppool;

struct ppool_conf {
	uint32_t nb_pages;   /* 1 or more */
	uint32_t page_bytes; /* a power of two, 4 KiB to 1 GiB; 0: PPOOL_PAGE_SIZE, else 64 KiB */
	int socket_id; /* NUMA node: pages on others are drained, with a warning; or SOCKET_ID_ANY
	                */
	uint32_t bias; /* references charged to a page at once; 0: chosen */
	/*
	 * Smallest fragment that an mbuf is attached to, a power of two from 64 to a page; 0: no
	 * mbufs on this pool. Mbufs share their page's count, which then has 16 bits: no page gives
	 * more than page_bytes / ext_bytes fragments (32,766 at the most), whatever their size, nor
	 * more than 65,535 - bias extra references. The bias is 32,767 at the most, and one more
	 * than the fragments if 0.
	 */
	uint32_t ext_bytes;
	/*
	 * For many clones: a count for each place where a fragment can start (24 bytes for every
	 * ext_bytes of the pool) and up to 65,535 mbufs on each fragment, as on a stock pool.
	 * Dearer to attach and to free, and mbufs start at multiples of ext_bytes.
	 */
	bool ext_per_frag;
};

/**
 * Create a pool. Blocks: for memory.
 *
 * @param name  unique, up to 28 characters
 * @return NULL with rte_errno: EINVAL a size; ENAMETOOLONG; EEXIST; ENOMEM; ENOSPC no free memzone;
 *         E_RTE_SECONDARY
 */
struct ppool *ppool_create(const char *name, const struct ppool_conf *conf);

/** A pool by its name, in any process; NULL with rte_errno ENOENT (also if it was destroyed). */
struct ppool *ppool_lookup(const char *name);

/**
 * End a pool: nobody allocates from it any more. Returns at once; while references are out its
 * memory stays, and the put of the last one frees it.
 *
 * @return 0; -EINPROGRESS references are out; -EALREADY it was destroyed and waits for the last
 * put; -ENOENT it is no pool (any more)
 */
int ppool_destroy(struct ppool *p);

/**
 * Allocate @p n fragments of @p bytes, or none.
 *
 * @param align  a power of two up to the page size; 0: 64
 * @return 0; -EINVAL @p bytes is 0 or more than a page, or a wrong @p align; -ENOENT there are not
 *         so many; -ESHUTDOWN the pool was destroyed
 */
int ppool_frag_alloc_bulk(
		struct ppool *p, void **frags, unsigned int n, uint32_t bytes, uint32_t align);

/** One fragment, or NULL with rte_errno as above. */
void *ppool_frag_alloc(struct ppool *p, uint32_t bytes, uint32_t align);

/** One whole page, put like a fragment. */
void *ppool_page_alloc(struct ppool *p);

/**
 * Take @p nb more references to the page of @p frag, of which the caller holds one.
 *
 * @return 0; -EINVAL the address is not of this pool; -EOVERFLOW the page's count has no room
 */
int ppool_frag_get(struct ppool *p, const void *frag, uint32_t nb);

/** Put one reference. @return 0 or -EINVAL: the address is not of this pool (counted, logged) */
int ppool_frag_put(struct ppool *p, void *frag);

/** Put one reference each. @return how many addresses were refused */
unsigned int ppool_frag_put_bulk(struct ppool *p, void *const *frags, unsigned int n);

/** Where a device finds @p frag, or RTE_BAD_IOVA if it is not of this pool. */
uint64_t ppool_frag_iova(const struct ppool *p, const void *frag);

/** Bytes of a page. */
uint32_t ppool_page_size(const struct ppool *p);

/**
 * Attach @p m, an mbuf of the caller's without a buffer in use, to @p frag as its external buffer.
 *
 * The fragment's reference becomes the mbuf's, each clone has one of its own (per fragment: they
 * share it), and all are freed by any function; ppool_pktmbuf_free_bulk() frees a page's at once.
 * What DPDK's functions get and put is not in the pool's statistics. The data offset is set to
 * RTE_PKTMBUF_HEADROOM, as far as there is room.
 *
 * Limit: DPDK's functions do not look how far a 16-bit count is from its end. More than 65,535 -
 * bias clones on one page, or 65,535 of one fragment: ppool_extbuf_clone() refuses,
 * rte_pktmbuf_clone() would wrap.
 *
 * @param bytes  of the buffer, headroom included; no more than was allocated
 * @return 0; -EINVAL: not of this pool, or (per fragment) not at a multiple of ext_bytes; -ENOTSUP:
 *         ext_bytes is 0
 */
int ppool_extbuf_attach(struct ppool *p, struct rte_mbuf *m, void *frag, uint16_t bytes);

/**
 * @p n mbufs of @p headers, each on a new fragment of @p bytes; all or none. They are as
 * rte_pktmbuf_alloc() leaves them.
 *
 * @param headers  of rte_pktmbuf_pool_create(), best with a data room of 0, and not of pinned
 *        external buffers
 * @return n, or 0 with rte_errno as ppool_frag_alloc_bulk(), or ENOBUFS: no headers; ENOTSUP:
 *         ext_bytes is 0
 */
unsigned int ppool_extbuf_alloc_bulk(struct ppool *p, struct rte_mempool *headers,
		struct rte_mbuf **mbufs, unsigned int n, uint16_t bytes);

/**
 * Pages that the calling lcore opens from now on are listed under @p holder; PPOOL_HOLDER_NONE at
 * first. Threads without an lcore id share one.
 */
void ppool_frag_holder_set(struct ppool *p, ppool_holder holder);

/**
 * As ppool_inflight_list(), ppool_age(), ppool_drain() and ppool_undrain(), which see for what they
 * return; there is no error. Of a pool that was destroyed only by who holds a reference.
 */
unsigned int ppool_frag_inflight_list(
		struct ppool *p, struct ppool_inflight *list, unsigned int max);
unsigned int ppool_frag_age(struct ppool *p, uint32_t limit_ms);
unsigned int ppool_frag_drain(struct ppool *p, const void *addr, size_t bytes);
unsigned int ppool_frag_undrain(struct ppool *p, const void *addr, size_t bytes);

/**
 * rte_pktmbuf_clone() that wraps no count of external buffers, ppool's or others'.
 *
 * Threads: any, concurrently on one packet. @return the clone, the caller's, or NULL with
 * rte_errno: ENOBUFS no headers; EOVERFLOW a count is at its end: copy the packet instead
 */
struct rte_mbuf *ppool_extbuf_clone(struct rte_mbuf *m, struct rte_mempool *headers);

/** As ppool_stats_get(), ppool_held(), ppool_dump() and ppool_audit(). */
void ppool_frag_stats_get(const struct ppool *p, struct ppool_stats *stats);
int64_t ppool_frag_held(const struct ppool *p);
void ppool_frag_dump(FILE *f, struct ppool *p);
int ppool_frag_audit(FILE *f, struct ppool *p);

/** As ppool_recover(). */
unsigned int ppool_frag_recover(struct ppool *p);

/** Give up the calling lcore's pages: they come home with their last references. @return how many
 */
unsigned int ppool_frag_abandon(struct ppool *p);

#ifdef __cplusplus
}
#endif

#endif
