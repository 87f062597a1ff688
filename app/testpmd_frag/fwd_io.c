/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode io: out as it came in; no packet is looked at. */
#include "stream.h"

static uint16_t
io_burst(struct tpf_stream *fs)
{
	uint16_t nb = tpf_stream_rx(fs);

	if (nb != 0)
		tpf_stream_tx(fs, nb);
	return nb;
}

const struct tpf_engine tpf_io_engine = {
	.name = "io",
	.receives = true,
	.transmits = true,
	.burst = io_burst,
};
