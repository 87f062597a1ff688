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

/* X(name, text) */
#define PPOOL_STATS(X)                                                                             \
	X(alloc_frags, "fragments handed out")                                                     \
	X(alloc_fast_pages, "pages opened for the first time, or from the free list")              \
	X(alloc_refill_pages, "pages reopened because all references had come back")               \
	X(alloc_salvage_pages, "pages reopened with some fragments still out (bitmap)")            \
	X(alloc_slow_scans, "times that all pages were searched")                                  \
	X(alloc_stolen_pages, "pages or remainders taken over from another owner")                 \
	X(alloc_empty, "requests refused for want of fragments")                                   \
	X(get_refs, "references added to pages whose holder had one")                              \
	X(recycle_cached_frags, "fragments that came back to their owner's thread")                \
	X(recycle_ring_frags, "fragments that came back from another thread")                      \
	X(recycle_charges, "times that a page's bias was charged")                                 \
	X(stale_pages, "pages overtaken by pages opened later, set aside")                         \
	X(abandoned_pages, "pages that their owner gave up while references were out")             \
	X(bad_frees, "frees refused: free already, or not of this pool")

struct ppool_stats {
#define PPOOL_STAT_FIELD(name, text) uint64_t name;
	PPOOL_STATS(PPOOL_STAT_FIELD)
#undef PPOOL_STAT_FIELD
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
	enum ppool_kind kind; /* default: count */
	uint32_t page_bytes;  /* a power of two that holds a fragment; 0 as above */
	uint32_t bias;        /* references charged to a count page at once; 0: chosen */
};

/**
 * Create a paired pool of @p n mbufs. Free it with rte_mempool_free() when all mbufs are back.
 *
 * Threads: any EAL thread. Blocks: for memory.
 *
 * @param cache_size  per-lcore cache of the mempool; 0 is best: with count pages a fragment in a
 *        cache keeps its whole page from reuse, so that less than @p n may be had
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
 * @param runs  room for @p n
 * @return number of runs, 0 if there are not so many mbufs
 */
unsigned int ppool_pktmbuf_alloc_runs(
		struct ppool_pktmbuf *pp, struct ppool_run *runs, unsigned int n);

/** Bytes from mbuf to mbuf, and from buffer to buffer, in a run. Any thread. */
void ppool_pktmbuf_strides(
		const struct ppool_pktmbuf *pp, uint32_t *mbuf_stride, uint32_t *frag_bytes);

/**
 * The same one by one.
 *
 * @param iovas  NULL, or room for the IOVA of each buffer's start (headroom included)
 * @return n, or 0 if there are not so many
 */
unsigned int ppool_pktmbuf_alloc_bulk(
		struct ppool_pktmbuf *pp, struct rte_mbuf **mbufs, uint64_t *iovas, unsigned int n);

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

/** Print geometry, state and statistics. @return 0 or -EINVAL */
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
