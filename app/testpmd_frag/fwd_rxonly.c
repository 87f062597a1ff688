/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode rxonly: received, counted, freed. */
#include "stream.h"

static uint16_t
rxonly_burst(struct tpf_stream *fs)
{
	uint16_t nb = tpf_stream_rx(fs);

	if (nb != 0) {
		fs->free_bulk(fs->pkts, nb);
		tpf_count_add(&fs->count.sunk_pkts, nb);
	}
	return nb;
}

const struct tpf_engine tpf_rxonly_engine = {
	.name = "rxonly",
	.receives = true,
	.burst = rxonly_burst,
};
