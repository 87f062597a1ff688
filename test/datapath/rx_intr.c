/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rx interrupts as an application uses them: arm each queue, sleep in epoll, take what is there;
 * stop the port; all of it again. dp_rx_interrupt.sh lets packets come one by one.
 *
 *   rx_intr EAL-ARGUMENTS -- ROUNDS PACKETS
 *
 * Prints for each round "round R: N packets, W wakes, E empty, Q queues" and leaves with 0 if every
 * wait ended by an interrupt.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_mbuf.h>

#define NB_QUEUES 2
#define WAIT_MS   3000

static int
port_setup(struct rte_mempool *mp)
{
	struct rte_eth_conf conf = {
		.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS,
		.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP,
		.intr_conf.rxq = 1,
	};
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(0, &info) != 0)
		return -1;
	conf.rx_adv_conf.rss_conf.rss_hf &= info.flow_type_rss_offloads;
	if (rte_eth_dev_configure(0, NB_QUEUES, NB_QUEUES, &conf) != 0)
		return -1;
	for (uint16_t q = 0; q < NB_QUEUES; q++)
		if (rte_eth_rx_queue_setup(0, q, 256, 0, NULL, mp) != 0 ||
				rte_eth_tx_queue_setup(0, q, 256, 0, NULL) != 0)
			return -1;
	return 0;
}

/* One start, @p want packets, one stop. */
static int
round_run(unsigned int round, unsigned int want)
{
	unsigned int pkts = 0, wakes = 0, empty = 0, seen[NB_QUEUES] = { 0 };
	struct rte_epoll_event event;
	struct rte_mbuf *m[32];

	if (rte_eth_dev_start(0) != 0 || rte_eth_promiscuous_enable(0) != 0)
		return -1;
	for (uint16_t q = 0; q < NB_QUEUES; q++)
		if (rte_eth_dev_rx_intr_ctl_q(0, q, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_ADD,
				    (void *)(uintptr_t)q) != 0 ||
				rte_eth_dev_rx_intr_enable(0, q) != 0)
			return -1;
	while (pkts < want) {
		uint16_t q, nb;

		if (rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, WAIT_MS) != 1) {
			printf("round %u: no interrupt within %u ms after %u packets\n", round,
					WAIT_MS, pkts);
			return -1;
		}
		q = (uint16_t)(uintptr_t)event.epdata.data;
		nb = rte_eth_rx_burst(0, q, m, RTE_DIM(m));
		rte_pktmbuf_free_bulk(m, nb);
		wakes++;
		empty += nb == 0;
		pkts += nb;
		seen[q] += nb;
		if (rte_eth_dev_rx_intr_enable(0, q) != 0)
			return -1;
	}
	for (uint16_t q = 0; q < NB_QUEUES; q++)
		rte_eth_dev_rx_intr_ctl_q(0, q, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_DEL,
				(void *)(uintptr_t)q);
	printf("round %u: %u packets, %u wakes, %u empty, %u queues\n", round, pkts, wakes, empty,
			(seen[0] > 0) + (seen[1] > 0));
	return rte_eth_dev_stop(0);
}

int
main(int argc, char **argv)
{
	int nb = rte_eal_init(argc, argv);
	struct rte_mempool *mp;

	if (nb < 0 || argc - nb != 3 || rte_eth_dev_count_avail() == 0)
		return 1;
	mp = rte_pktmbuf_pool_create("mp", 4096, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (!mp || port_setup(mp) != 0)
		return 1;
	for (unsigned int r = 1; r <= (unsigned int)atoi(argv[nb + 1]); r++)
		if (round_run(r, (unsigned int)atoi(argv[nb + 2])) != 0)
			return 1;
	rte_eth_dev_close(0);
	return rte_eal_cleanup() == 0 ? 0 : 1;
}
