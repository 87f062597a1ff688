/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What testpmd has no command for: the register dump of port 0 in words, one a line, and the
 * driver's own description of the port. The port is started first. For stock.py.
 */
#include <rte_eal.h>
#include <rte_ethdev.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int
port_start(void)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
			"regs", 2047, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);

	return pool && rte_eth_dev_configure(0, 1, 1, &conf) == 0 &&
	       rte_eth_rx_queue_setup(0, 0, 256, SOCKET_ID_ANY, NULL, pool) == 0 &&
	       rte_eth_tx_queue_setup(0, 0, 256, SOCKET_ID_ANY, NULL) == 0 &&
	       rte_eth_dev_start(0) == 0;
}

static int
regs_dump(void)
{
	struct rte_dev_reg_info info = { 0 };
	uint32_t *words;
	int ret = rte_eth_dev_get_reg_info(0, &info);

	if (ret || info.width != sizeof(uint32_t)) {
		fprintf(stderr, "stock_regs: no size of the dump: %d, width %u\n", ret, info.width);
		return -1;
	}
	words = calloc(info.length, sizeof(*words));
	info.data = words;
	ret = words ? rte_eth_dev_get_reg_info(0, &info) : -1;
	if (ret)
		fprintf(stderr, "stock_regs: no dump: %d\n", ret);
	for (uint32_t i = 0; ret == 0 && i < info.length; i++)
		printf("word %08" PRIx32 "\n", words[i]);
	free(words);
	return ret;
}

int
main(int argc, char **argv)
{
	int ret = EXIT_FAILURE;

	if (rte_eal_init(argc, argv) < 0 || !port_start())
		return EXIT_FAILURE;
	if (regs_dump() == 0 && rte_eth_dev_priv_dump(0, stdout) == 0)
		ret = EXIT_SUCCESS;
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
	rte_eal_cleanup();
	return ret;
}
