/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Speed of lib/ppool, as ratios to rte_mempool within one run. Started by run.sh; rows are printed
 * as `RESULT name value unit [95 % interval] note`. Names of rows begin with the API that is used:
 *
 *   ppool_handler_   rte_mempool_get_bulk(), rte_mempool_put_bulk() on the handler "ppool"
 *   ppool_paired_    ppool_pktmbuf_alloc_runs(), ppool_pktmbuf_free_bulk() in an Rx loop
 *   ppool_paired_over_pinned_  the same against rte_pktmbuf_pool_create_extbuf()
 *   ppool_bulkfree_  the same loop; rte_pktmbuf_free_bulk() on the peer, ours as above
 *   ppool_ordinary_  ppool_pktmbuf_free_bulk() on ordinary mbufs, too
 *   ppool_stockfree_ the same loop, but mbufs are freed by rte_pktmbuf_free_bulk() on both sides
 *   ppool_frag_      ppool_frag_alloc_bulk(), ppool_frag_put_bulk()
 *   ppool_extbuf_    ppool_extbuf_alloc_bulk(), ppool_pktmbuf_free_bulk() in the Rx loop, against
 *                    stock external buffers; _stockfree: freed by rte_pktmbuf_free_bulk();
 *                    _over_stockfree: against that
 */
#include <rte_eal.h>

#include "bench.h"

int
main(int argc, char **argv)
{
	int ret = rte_eal_init(argc, argv);

	if (ret < 0)
		bench_fail("EAL did not start");
	bench_conf_parse(argc - ret, argv + ret);
	bench_handler();
	bench_rx();
	bench_frag();
	bench_extbuf();
	bench_mem();
	return rte_eal_cleanup();
}
