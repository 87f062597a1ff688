/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wire "link:PORT": a cable to another emulated port, which has to name this one. What one port
 * sends goes straight from its Tx buffers into the other's Rx buffers. Like on a real cable, a
 * frame for which the receiver has no free BD is lost (and counted).
 */
#include "emu_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "emu_dev.h"

struct link {
	unsigned int peer_idx;
	struct emu_wire *peer;
};

static int
link_open(struct emu_wire *w, const char *spec, char *why, size_t why_size)
{
	struct link *l;
	uint64_t peer;

	if (emu_parse_u64(spec, 0, EMU_PORTS_MAX - 1, &peer)) {
		snprintf(why, why_size,
				"wire \"link:%s\": give the index of the other port, counted from "
				"0 "
				"(link:1)",
				spec);
		return -EINVAL;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	l->peer_idx = (unsigned int)peer;
	w->priv = l;
	return 0;
}

static int
link_connect(struct emu_wire *w, struct emu_wire *const *wires, unsigned int nb, unsigned int self,
		char *why, size_t why_size)
{
	struct link *l = w->priv;
	struct emu_wire *peer;

	if (l->peer_idx >= nb || !wires[l->peer_idx]) {
		snprintf(why, why_size, "wire \"link:%u\": there is no such port", l->peer_idx);
		return -EINVAL;
	}
	peer = wires[l->peer_idx];
	if (peer->ops != &emu_wire_link || ((struct link *)peer->priv)->peer_idx != self) {
		snprintf(why, why_size,
				"wire \"link:%u\": port %u must have wire=link:%u in return",
				l->peer_idx, l->peer_idx, self);
		return -EINVAL;
	}
	l->peer = peer; /* may be this port itself: a loop-back plug */
	return 0;
}

static unsigned int
link_tx_burst(struct emu_wire *w, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	*next = EMU_TX_TAKEN;
	w->stats.tx_pkts += nb;
	for (unsigned int i = 0; i < nb; i++)
		w->stats.tx_bytes += frames[i]->len_bytes;
	emu_wire_deliver_burst(((struct link *)w->priv)->peer, frames, nb, false);
	return nb;
}

static void
link_close(struct emu_wire *w)
{
	free(w->priv);
}

const struct emu_wire_ops emu_wire_link = {
	.kind = "link",
	.open = link_open,
	.connect = link_connect,
	.tx_burst = link_tx_burst,
	.close = link_close,
};
