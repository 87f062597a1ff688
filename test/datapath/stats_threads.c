/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Port 0 receives while two threads ask for its statistics as often as they can, for SECONDS;
 * beside them the driver reads the same counters once a second in EAL's interrupt thread. Then the
 * link goes down and what was received has to be what the port counts.
 *
 * stats_threads EAL-ARGUMENTS -- SECONDS prints received packets, ipackets, calls.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define NB_XSTATS 512
#define BURST     32
#define QUIET_US  1000000 /* after the link went down */

static atomic_bool asking_ends, receiving_ends;
static atomic_uint_fast64_t nb_calls;
static uint64_t received;

static void *
receive(void *arg)
{
	struct rte_mbuf *pkts[BURST];

	while (!atomic_load_explicit(&receiving_ends, memory_order_relaxed)) {
		uint16_t nb = rte_eth_rx_burst(0, 0, pkts, BURST);

		rte_pktmbuf_free_bulk(pkts, nb);
		received += nb;
		if (nb == 0)
			usleep(50);
	}
	return arg;
}

/* @p arg: of extended statistics. */
static void *
ask(void *arg)
{
	static struct rte_eth_xstat xstats[NB_XSTATS];
	struct rte_eth_stats stats;

	while (!atomic_load_explicit(&asking_ends, memory_order_relaxed)) {
		if (arg)
			rte_eth_xstats_get(0, xstats, NB_XSTATS);
		else
			rte_eth_stats_get(0, &stats);
		atomic_fetch_add_explicit(&nb_calls, 1, memory_order_relaxed);
	}
	return arg;
}

static int
port_start(void)
{
	struct rte_mempool *mp = rte_pktmbuf_pool_create(
			"stats_threads", 4096, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct rte_eth_conf conf = { 0 };

	if (!mp || rte_eth_dev_configure(0, 1, 1, &conf) ||
			rte_eth_rx_queue_setup(0, 0, 1024, SOCKET_ID_ANY, NULL, mp) ||
			rte_eth_tx_queue_setup(0, 0, 256, SOCKET_ID_ANY, NULL) ||
			rte_eth_dev_start(0))
		return -1;
	return rte_eth_promiscuous_enable(0);
}

int
main(int argc, char **argv)
{
	int args = rte_eal_init(argc, argv);
	struct rte_eth_stats stats;
	pthread_t rx, asks[2];

	if (args < 0 || args + 1 >= argc || port_start())
		return EXIT_FAILURE;
	if (pthread_create(&rx, NULL, receive, NULL) || pthread_create(&asks[0], NULL, ask, NULL) ||
			pthread_create(&asks[1], NULL, ask, &rx))
		return EXIT_FAILURE;
	sleep((unsigned int)atoi(argv[args + 1]));
	atomic_store_explicit(&asking_ends, true, memory_order_relaxed);
	pthread_join(asks[0], NULL);
	pthread_join(asks[1], NULL);
	rte_eth_dev_set_link_down(0);
	usleep(QUIET_US);
	atomic_store_explicit(&receiving_ends, true, memory_order_relaxed);
	pthread_join(rx, NULL);
	if (rte_eth_stats_get(0, &stats))
		return EXIT_FAILURE;
	printf("%" PRIu64 " %" PRIu64 " %" PRIuFAST64 "\n", received, stats.ipackets,
			atomic_load_explicit(&nb_calls, memory_order_relaxed));
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
