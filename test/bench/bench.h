/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How speed is measured here: never alone. The sides of a group (peers and ours) all exist at once
 * and take turns in windows of well under a scheduler's time slice; a side's figure in a run is the
 * lower quartile of its windows, a row's is the median over runs of the best peer over the best of
 * ours, and its interval is of order statistics. Windows in which a thread lost its CPU are
 * measured again.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "ppool.h"
#include "ppool_frag.h"

#define BENCH_RUNS_MAX  64
#define BENCH_SIDES_MAX 12
#define BENCH_POOL_BUFS 24576u
#define BENCH_OBJ_BYTES 2368u /* of RTE_MBUF_DEFAULT_BUF_SIZE: data, mbuf and object header */

struct bench_rxq;
struct rte_mbuf;

struct bench_conf {
	uint32_t runs;        /* pools are made anew for each */
	uint32_t rounds;      /* windows of each side in a run */
	uint32_t window_bufs; /* buffers of a window */
	const char *only;     /* rows whose name contains it, or NULL */
	const char *build;    /* suffix of all names */
};

extern struct bench_conf bench;

/* One competitor. What is not said is 0. */
struct bench_side {
	/*
	 * How the pool is made: ops of an ordinary pool, or NULL for a paired one. With frag_bytes
	 * the buffers are in a pool beside it, and `ops` makes the headers, if any: fragments on
	 * pages of frag_page_bytes, or if that is 0, objects of another ordinary pool.
	 */
	const char *ops;
	uint32_t cache, nb_bufs;
	uint16_t room;
	uint32_t frag_bytes, frag_page_bytes;
	struct ppool_pktmbuf_conf paired;
	bool is_pinned; /* an ordinary one with pinned external buffers, DPDK's data apart */

	/* How it is used. */
	void (*turns)(struct bench_side *s, uint32_t nb_bursts); /* on the main lcore */
	int (*consume)(void *side); /* on the other one, until is_over and an empty ring */
	unsigned int (*alloc)(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n);
	void (*free)(struct bench_side *s, struct rte_mbuf **mbufs, unsigned int n);
	uint32_t burst, in_flight;
	bool is_ours;

	/* State of a run. */
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *mp;
	struct rte_mempool *data_mp;
	struct ppool_pktmbuf *pp;
	const struct rte_memzone *pinned_mz;
	struct ppool *fp;
	struct rte_mbuf **q; /* [in_flight], q[at] the oldest */
	uint32_t at, nb_q;
	struct rte_ring *ring;
	struct bench_rxq *rxq;
	uint64_t sum;       /* of what was read, so that it is read */
	uint64_t other_sum; /* the same of the other lcore */
	bool is_over;
	long other_switches;

	double cycles[BENCH_RUNS_MAX]; /* per buffer, by run */
};

struct bench_stat {
	double median, low, high; /* 95 %; the extremes if there are too few values */
};

/* Parse what EAL has left of the arguments; exits on a wrong one. */
void bench_conf_parse(int argc, char **argv);
bool bench_is_wanted(const char *name);
/* Say what went wrong, and exit. */
void bench_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Pools of a side, and back. */
uint32_t bench_nb_bufs(const struct bench_side *s);
void bench_pool_create(struct bench_side *s);
void bench_pool_destroy(struct bench_side *s); /* checks first that all buffers are back */
void bench_pool_free(struct bench_side *s);

/* Measure all sides of a group; `prime` and `drain` fill and empty what a side keeps in flight. */
void bench_group_run(struct bench_side *sides, uint32_t nb, void (*prime)(struct bench_side *s),
		void (*drain)(struct bench_side *s));

double bench_quartile(double *values, uint32_t nb);
struct bench_stat bench_median(const double *values, uint32_t nb);
void bench_result(const char *name, struct bench_stat stat, const char *unit, const char *note);
/* Best peer / best of ours whose cache is @p cache (UINT32_MAX: of any). */
void bench_result_ratio(
		const char *name, const struct bench_side *sides, uint32_t nb, uint32_t cache);

/* bench_loop.c: buffers in flight on one lcore. */
void bench_fifo_turns(struct bench_side *s, uint32_t nb_bursts);
void bench_fifo_prime(struct bench_side *s);
void bench_fifo_drain(struct bench_side *s);
/* Two lcores; the shuffling one keeps in_flight buffers, a power of two, and frees any of them. */
void bench_ring_turns(struct bench_side *s, uint32_t nb_bursts);
int bench_ring_consume(void *side);
int bench_shuffle_consume(void *side);
void bench_shuffle_drain(struct bench_side *s);
void bench_nothing(struct bench_side *s);
/* The same 1,024 buffers in flight, out of pools of three sizes: the largest over the least. */
void bench_pool_sizes(const char *name, struct bench_side side);

/* bench_rx.c: the Rx loop; in_flight 0: the other lcore frees. */
void bench_rx_run(struct bench_side *sides, uint32_t nb, uint32_t in_flight);

/* Groups of cases. */
void bench_handler(void);
void bench_rx(void);
void bench_frag(void);
void bench_extbuf(void);
void bench_mem(void);

#endif
