/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One small fixed program for stats.sh, which counts its instructions: bursts of 32 freed and
 * allocated with 1,024 in flight, and nothing else. Each API has a function of its own, by whose
 * name callgrind counts.
 */
#include <inttypes.h>
#include <stdio.h>

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "ppool.h"
#include "ppool_frag.h"

#define NB_BUFS    4096u
#define IN_FLIGHT  1024u
#define BURST      32u
#define TURNS      4096u
#define FRAG_BYTES 2368u

static struct rte_mempool *handler, *paired;
static struct ppool *frags;
static void *q[IN_FLIGHT];

void count_handler(uint32_t turns);
void count_paired_count(uint32_t turns);
void count_frag(uint32_t turns);

__rte_noinline void
count_handler(uint32_t turns)
{
	for (uint32_t i = 0; i < turns; i++) {
		void **at = &q[i * BURST % IN_FLIGHT];

		rte_mempool_put_bulk(handler, at, BURST);
		(void)rte_mempool_get_bulk(handler, at, BURST);
	}
}

__rte_noinline void
count_paired_count(uint32_t turns)
{
	for (uint32_t i = 0; i < turns; i++) {
		struct rte_mbuf **at = (struct rte_mbuf **)&q[i * BURST % IN_FLIGHT];

		ppool_pktmbuf_free_bulk(at, BURST);
		(void)rte_mempool_get_bulk(paired, (void **)at, BURST);
	}
}

__rte_noinline void
count_frag(uint32_t turns)
{
	for (uint32_t i = 0; i < turns; i++) {
		void **at = &q[i * BURST % IN_FLIGHT];

		ppool_frag_put_bulk(frags, at, BURST);
		(void)ppool_frag_alloc_bulk(frags, at, BURST, FRAG_BYTES, 0);
	}
}

static int
pools_create(void)
{
	const struct ppool_pktmbuf_conf count = { .kind = PPOOL_KIND_COUNT };
	const struct ppool_conf conf = { .nb_pages = NB_BUFS / 27 + 1, .socket_id = SOCKET_ID_ANY };

	handler = rte_pktmbuf_pool_create_by_ops("handler", NB_BUFS, 0, 0,
			RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, PPOOL_OPS_NAME);
	paired = ppool_pktmbuf_pool_create(
			"paired", NB_BUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, &count);
	frags = ppool_create("frags", &conf);
	if (handler == NULL || paired == NULL || frags == NULL)
		return -1;
	return 0;
}

/* What the statistics say was allocated: all, or nothing if they are compiled out. */
static void
counted_print(void)
{
	struct ppool_stats a, b, c;

	ppool_stats_get(handler, &a);
	ppool_stats_get(paired, &b);
	ppool_frag_stats_get(frags, &c);
	printf("counted %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", a.alloc_frags, b.alloc_frags,
			c.alloc_frags);
}

int
main(int argc, char **argv)
{
	if (rte_eal_init(argc, argv) < 0 || pools_create() != 0 ||
			rte_mempool_get_bulk(handler, q, IN_FLIGHT) != 0)
		return 1;
	count_handler(TURNS);
	if (rte_mempool_get_bulk(paired, q, IN_FLIGHT) != 0)
		return 1;
	count_paired_count(TURNS);
	if (ppool_frag_alloc_bulk(frags, q, IN_FLIGHT, FRAG_BYTES, 0) != 0)
		return 1;
	count_frag(TURNS);
	counted_print();
	return 0;
}
