/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode macswap: destination and source address change places. */
#include "stream.h"

static uint16_t
macswap_burst(struct tpf_stream *fs)
{
	uint16_t nb = tpf_stream_rx(fs);

	if (nb == 0)
		return 0;
	for (uint16_t i = 0; i < nb; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(fs->pkts[i], struct rte_ether_hdr *);
		struct rte_ether_addr dst = eth->dst_addr;

		rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
		rte_ether_addr_copy(&dst, &eth->src_addr);
	}
	tpf_stream_tx(fs, nb);
	return nb;
}

const struct tpf_engine tpf_macswap_engine = {
	.name = "macswap",
	.receives = true,
	.transmits = true,
	.burst = macswap_burst,
};
