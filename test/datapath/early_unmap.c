/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wrong application on purpose: it starts a port, frees the mbuf pool whose buffers the Rx ring
 * still holds, and lets traffic come. EAL gives the pages back, the bus unmaps them, and the device
 * must run into IOMMU faults: dp_early_unmap.sh looks for them. Touches no mbuf afterwards and
 * leaves without closing anything.
 */
#include <stdio.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

/* Enough that the pool has pages of its own, which EAL can give back. */
#define NB_MBUFS 32768

int
main(int argc, char **argv)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_mempool *mp;

	if (rte_eal_init(argc, argv) < 0 || rte_eth_dev_count_avail() == 0)
		return 1;
	mp = rte_pktmbuf_pool_create("early", NB_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (mp == NULL || rte_eth_dev_configure(0, 1, 1, &conf) != 0 ||
			rte_eth_rx_queue_setup(0, 0, 512, 0, NULL, mp) != 0 ||
			rte_eth_tx_queue_setup(0, 0, 512, 0, NULL) != 0 ||
			rte_eth_dev_start(0) != 0)
		return 1;
	rte_mempool_free(mp); /* the error */
	printf("freed\n");
	fflush(stdout);
	rte_eth_promiscuous_enable(0);
	rte_delay_us_sleep(1500000);
	_exit(0);
}
