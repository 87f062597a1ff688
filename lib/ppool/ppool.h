/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/ppool: page pools for packet buffers, over hugepage-backed memory.
 *
 * Two things an application can have:
 *
 * 1. The mempool handler "ppool" (PPOOL_OPS_NAME): mbuf and data together, as in any mempool.
 *    `--mbuf-pool-ops-name=ppool`, or rte_mempool_set_ops_byname(mp, PPOOL_OPS_NAME, conf) with a
 *    struct ppool_mempool_conf or NULL. A pool of n gives n, from any thread; nothing is held back
 *    per lcore, so an lcore that sleeps strands nothing, and a cache is the user's choice.
 *
 * 2. Paired pools, ppool_pktmbuf_pool_create(): every page of data is split into fragments, and has
 *    a dense array of mbuf headers apart from it, each attached to its fragment once and for all,
 *    as DPDK's pinned external buffers are. For the application it is an rte_mempool of mbufs.
 *    hns3_pmd recognises it and takes buffers page by page.
 *
 * How pages are counted: ppool_count.h and ppool_bitmap.h; a page's life: doc/walk-one-page.md.
 *
 * Limits of paired pools, all of them DPDK's rules for pinned external buffers: such an mbuf can be
 * cloned, chained, copied from, adjusted and freed anywhere, but not be attached to another buffer
 * or be made by rte_pktmbuf_copy(). A driver that clears RTE_MBUF_F_EXTERNAL when it receives into
 * such a pool breaks it at the next clone (the stock net_hns3, virtio, ixgbe, i40e, ice, iavf do):
 * give those an ordinary pool.
 *
 * Several processes: pools are made and freed by the primary; a secondary that has loaded libppool
 * uses them like it, whatever the order of plugins in the two, and may free mbufs and clones that
 * another process took: see ppool_ops_check(). What DPDK asks holds here too: every process has
 * lcores of its own. A secondary that lacks libppool has another handler, or none, in the place of
 * ours: it dies by SIGSEGV at its first use of a pool, and the pool takes no harm. One that dies
 * inside a call, by SIGKILL say, keeps what it held, and maybe a lock: see ppool_recover().
 *
 * Functions set rte_errno where they return NULL; other errors are negative errno values.
 */
#ifndef PPOOL_H
#define PPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rte_mbuf;
struct rte_mempool;
struct ppool_pktmbuf;

#define PPOOL_OPS_NAME        "ppool"
#define PPOOL_PAIRED_OPS_NAME "ppool_paired"
#define PPOOL_PAGE_BYTES      65536u /* default; the environment variable PPOOL_PAGE_SIZE overrides */
#define PPOOL_PAGE_BYTES_MIN  4096u
#define PPOOL_PAGE_BYTES_MAX  (1u << 30)

/*
 * X(name, text); those of every burst first, on one line. Names are those of the kernel's page_pool
 * where the meaning is the same, and end in what is counted. Of its names there is no
 * recycle.ring_full: the free list has room for all pages; cache_full is of bitmap pages, since a
 * count page's owner has room for all, too. With nobody at work, for count pages:
 *
 *   references out   == alloc_frags + get_refs - recycle_cached_frags - recycle_ring_frags
 *   pages at home    == all - alloc_fast_pages + recycle_ring_pages + recycle_released_pages
 *   pages given up   == recycle_released_refcnt_pages - recycle_ring_pages
 *   recycle_charges  <= alloc_fast_pages + alloc_refill_pages
 *   pages aside      <= alloc_waive_pages
 *
 * and for bitmap pages: fragments out == alloc_frags - recycle_cached_frags.
 */
#define PPOOL_STATS(X)                                                                             \
	X(alloc_frags, "fragments handed out")                                                     \
	X(recycle_cached_frags, "fragments that came back to their owner's thread")                \
	X(recycle_ring_frags, "fragments that came back from another thread")                      \
	X(alloc_fast_pages, "pages opened for the first time, or from the free list")              \
	X(alloc_refill_pages, "pages reopened because all references had come back")               \
	X(alloc_salvage_pages, "pages reopened with some fragments still out (bitmap)")            \
	X(alloc_slow_scans, "times that all pages were searched")                                  \
	X(alloc_stolen_pages, "pages or remainders taken over from another owner")                 \
	X(alloc_waive_pages, "unusable pages set aside when they were home")                       \
	X(alloc_empty, "requests refused for want of fragments")                                   \
	X(get_refs, "references added to pages whose holder had one")                              \
	X(recycle_cache_full_pages, "pages that an owner had no room to remember (bitmap)")        \
	X(recycle_ring_pages, "pages sent home by their last user")                                \
	X(recycle_released_pages, "pages given to the free list with no reference out")            \
	X(recycle_released_refcnt_pages, "pages that their owner gave up with references out")     \
	X(recycle_charges, "times that a page's bias was charged")                                 \
	X(stale_pages, "pages overtaken by pages opened later, set aside")                         \
	X(bad_frees, "frees refused: free already, or not of this pool")

struct ppool_stats {
#define PPOOL_STAT_FIELD(name, text) uint64_t name;
	PPOOL_STATS(PPOOL_STAT_FIELD)
#undef PPOOL_STAT_FIELD
};

/*
 * Who a count page is opened for: what a listing shows beside the lcore. The first who takes of a
 * page names it, whoever takes the rest.
 */
typedef uint64_t ppool_holder;

#define PPOOL_HOLDER(port, queue, tag)                                                             \
	((ppool_holder)(uint16_t)(port) << 48 | (ppool_holder)(uint16_t)(queue) << 32 |            \
			(uint32_t)(tag))
#define PPOOL_HOLDER_NONE UINT64_MAX /* nobody in particular: all ones in each */

/* A page with references out. */
struct ppool_inflight {
	uint32_t page;        /* its number in the pool, from 0 */
	uint32_t lcore;       /* whose it is or was; UINT32_MAX: of a thread that has no lcore id */
	const void *addr;     /* where its fragments start */
	uint16_t port, queue; /* UINT16_MAX: not told */
	uint32_t tag;         /* UINT32_MAX: not told */
	uint32_t refs;
	uint32_t age_ms; /* never too much: since a look at the pool first found it in flight; 0 of
	                  * bitmap pages */
	bool is_abandoned; /* its owner gave it up: its last reference brings it home */
};

/* How the pages of a pool are counted. */
enum ppool_kind {
	PPOOL_KIND_DEFAULT,
	PPOOL_KIND_COUNT,  /* one elevated count a page: least work; a page waits for its last user
	                    */
	PPOOL_KIND_BITMAP, /* one bit a fragment: every free fragment can be taken */
};

/* pool_config of rte_mempool_set_ops_byname(mp, "ppool", ...); read when the pool is populated. */
struct ppool_mempool_conf {
	uint32_t page_bytes; /* a power of two; 0: PPOOL_PAGE_SIZE, else PPOOL_PAGE_BYTES */
};

/* How a paired pool differs from the defaults; zeroed means "all defaults". */
struct ppool_pktmbuf_conf {
	enum ppool_kind kind; /* default: bitmap, doc/adr/0007 */
	uint32_t page_bytes;  /* a power of two that holds a fragment; 0 as above */
	uint32_t bias;        /* references charged to a count page at once; 0: chosen */
};

/**
 * Create a paired pool of @p n mbufs. Free it with rte_mempool_free() when all mbufs are back.
 *
 * With a definite @p socket_id, pages that lie on another node are drained from the start
 * (ppool_drain()), with a warning.
 *
 * Threads: any EAL thread. Blocks: for memory.
 *
 * @param cache_size  per-lcore cache of the mempool, which hns3_pmd and ppool_pktmbuf_free_bulk()
 *        pass by; 0 is best. With count pages a fragment in a cache keeps its whole page from
 *        reuse, so that less than @p n may be had
 * @param priv_size   bytes between header and data, a multiple of RTE_MBUF_PRIV_ALIGN
 * @param data_room_size  bytes of a fragment, headroom included
 * @param conf        NULL: defaults
 * @return the pool, or NULL with rte_errno
 *         EINVAL a size is no power of two, out of range or smaller than a fragment, or priv_size
 *         is not aligned; EEXIST the name is taken; ENOMEM not enough hugepage memory;
 *         ENOSPC no free memzone; E_RTE_SECONDARY only a primary process can create pools
 */
struct rte_mempool *ppool_pktmbuf_pool_create(const char *name, unsigned int n,
		unsigned int cache_size, uint16_t priv_size, uint16_t data_room_size, int socket_id,
		const struct ppool_pktmbuf_conf *conf);

/**
 * False for drivers known to clear RTE_MBUF_F_EXTERNAL on Rx: their queues must not get a paired
 * pool. @param driver_name  as rte_eth_dev_info_get() tells it. Any thread.
 */
bool ppool_driver_keeps_external(const char *driver_name);

/**
 * Ask before rte_eth_rx_queue_setup() with a pool that may be a paired one: DPDK has no hook that
 * would refuse it there. Threads: any that may ask about the port.
 *
 * @return 0; -ENOTSUP with a log line that names the driver: it clears RTE_MBUF_F_EXTERNAL, and
 *         @p mp is a paired pool; else an error of rte_eth_dev_info_get(), -ENODEV: no such port
 */
int ppool_rxq_check(uint16_t port_id, const struct rte_mempool *mp);

/** The paired pool behind @p mp, or NULL if it is another kind of pool. Any thread. */
struct ppool_pktmbuf *ppool_pktmbuf_pool(const struct rte_mempool *mp);

/*
 * Mbufs of one page in a row: the i-th lies i mbuf strides behind the first, and its buffer i
 * fragments behind the first one's.
 */
struct ppool_run {
	struct rte_mbuf *first;
	uint64_t iova; /* of the first one's buffer, headroom included */
	uint32_t nb;
};

/**
 * Take @p n mbufs for a receive ring, past the mempool's cache, as runs: all or none.
 *
 * The caller owns the mbufs as after rte_mbuf_raw_alloc(): refcnt 1, next NULL, nb_segs 1,
 * RTE_MBUF_F_EXTERNAL set in ol_flags, to be kept; the rest is the last user's.
 * Threads: any; an lcore's own pages make it cheap.
 *
 * @param holder  what the pages are listed under that are opened for it (ppool_inflight_list())
 * @param runs    room for @p n
 * @return number of runs, 0 if there are not so many mbufs
 */
unsigned int ppool_pktmbuf_alloc_runs(struct ppool_pktmbuf *pp, ppool_holder holder,
		struct ppool_run *runs, unsigned int n);

/** Bytes from mbuf to mbuf, and from buffer to buffer, in a run. Any thread. */
void ppool_pktmbuf_strides(
		const struct ppool_pktmbuf *pp, uint32_t *mbuf_stride, uint32_t *frag_bytes);

/**
 * rte_pktmbuf_free_bulk() for mbufs of any pools: those of paired pools go back page by page, past
 * the mempool's cache. Chains, clones and NULL are fine. Threads: any.
 */
void ppool_pktmbuf_free_bulk(struct rte_mbuf **mbufs, unsigned int n);

/**
 * Compare this process's table of mempool handlers with the primary's, which is what pools' indices
 * mean; if they differ, say so with both lists, and put this one into the primary's order. A
 * handler that is not loaded here is replaced by one that refuses every call and says so once.
 *
 * rte_eal_init() has done so in every process that has loaded libppool by then; ask again after
 * loading more plugins. Threads: none may use mempools meanwhile.
 *
 * @return 0 the tables agree, maybe only now; -ENOENT this process lacks handlers; -ENXIO the
 *         primary has not loaded libppool, or it was loaded here after rte_eal_init(): not known
 */
int ppool_ops_check(void);

/**
 * A process that used the pool is dead, and had not left it: take away the locks it may hold, after
 * half a second each in which nobody gave them, and set up anew what they guard. Others may use the
 * pool meanwhile; those that wait for such a lock go on.
 *
 * Lost for good: what the dead process held, with the count pages it lies on, and a page or a run
 * that was on its way; ppool_held() and ppool_audit() may be off by these from now on.
 * Threads: one, of any process. Blocks: up to half a second for each lock.
 *
 * @return number of locks taken away, or -EINVAL (no ppool)
 */
int ppool_recover(struct rte_mempool *mp);

/** Statistics of a pool of either kind, summed over lcores. @return 0 or -EINVAL (no ppool) */
int ppool_stats_get(const struct rte_mempool *mp, struct ppool_stats *stats);

/** Fragments that users or mempool caches hold, or extra references; exact when quiescent. */
int64_t ppool_held(const struct rte_mempool *mp);

/**
 * List pages with references out, oldest first. Of bitmap pages, lcore, holder and age are those
 * of who opened them last, since fragments of several users may lie on one.
 *
 * Threads: any; while others use the pool each page is looked at by itself, so the list is no
 * picture of one moment. Blocks: never; who uses a page waits while it is looked at.
 *
 * @param list  room for @p max; NULL if that is 0
 * @return how many there are in all, or -EINVAL (no ppool)
 */
int ppool_inflight_list(
		const struct rte_mempool *mp, struct ppool_inflight *list, unsigned int max);

/**
 * Give up every page that is in flight for longer than @p limit_ms: it leaves its owner, who looks
 * at it no more, and comes home with its last reference. What is held stays valid. Call it every
 * now and then: a page's time begins when a call, or a list, first finds it in flight.
 *
 * Threads: any, as above.
 *
 * @return number of pages given up; 0 of bitmap pages, of which every free fragment is of use; or
 *         -EINVAL (no ppool)
 */
int ppool_age(struct rte_mempool *mp, uint32_t limit_ms);

/**
 * Take the pages that lie in [@p addr, @p addr + @p bytes), whole or in part, out of use: none of
 * them is opened any more, and when its references are back it stays aside. Their fragments count
 * as in use. Of bitmap pages, each call takes aside what is free by then. Ask again for how many
 * are still out: ppool_age() and ppool_unpin() help.
 *
 * Threads: any.
 *
 * @return number of pages in the range that have references out (0: nobody has one, nor will),
 *         or -EINVAL (no ppool)
 */
int ppool_drain(struct rte_mempool *mp, const void *addr, size_t bytes);

/**
 * The reverse of ppool_drain(), of pages that pool creation found on the wrong NUMA node, too.
 * Threads: any. @return number of pages that were drained, or as ppool_drain()
 */
int ppool_undrain(struct rte_mempool *mp, const void *addr, size_t bytes);

/**
 * Copy a packet that will be held for long into another pool, with all segments and what
 * rte_pktmbuf_copy() copies of its metadata, and free the original: its pages come home.
 *
 * The caller owns the copy in place of @p m. Threads: as rte_pktmbuf_alloc() and
 * rte_pktmbuf_free().
 *
 * @param to  a pool whose mbufs hold their data: no paired pool
 * @return NULL with rte_errno, and @p m is the caller's as before: EINVAL @p m is empty, or @p to
 *         is not such a pool; ENOBUFS @p to has not so many mbufs
 */
struct rte_mbuf *ppool_unpin(struct rte_mbuf *m, struct rte_mempool *to);

/** Print geometry, state, statistics and the oldest pages in flight. @return 0 or -EINVAL */
int ppool_dump(FILE *f, const struct rte_mempool *mp);

/**
 * Check every identity of the pool; nobody may use it meanwhile.
 *
 * @param f  NULL, or where each violation is told
 * @return number of violations, or -EINVAL (no ppool)
 */
int ppool_audit(FILE *f, const struct rte_mempool *mp);

#ifdef __cplusplus
}
#endif

#endif
