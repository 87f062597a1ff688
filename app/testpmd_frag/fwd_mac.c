/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode mac: source = the Tx port's address, destination = that port's peer (--eth-peer). */
#include "stream.h"

static uint16_t
mac_burst(struct tpf_stream *fs)
{
	uint16_t nb = tpf_stream_rx(fs);

	if (nb == 0)
		return 0;
	for (uint16_t i = 0; i < nb; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(fs->pkts[i], struct rte_ether_hdr *);

		rte_ether_addr_copy(&fs->dst_mac, &eth->dst_addr);
		rte_ether_addr_copy(&fs->src_mac, &eth->src_addr);
	}
	tpf_stream_tx(fs, nb);
	return nb;
}

const struct tpf_engine tpf_mac_engine = {
	.name = "mac",
	.receives = true,
	.transmits = true,
	.burst = mac_burst,
};
