/* SPDX-License-Identifier: BSD-3-Clause */
/* What all wires share: choosing the kind, taking specs apart, delivering and counting. */
#include "emu_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "emu_dev.h"

static const struct emu_wire_ops *const kinds[] = {
	&emu_wire_pcap,
	&emu_wire_tap,
	&emu_wire_netdev,
	&emu_wire_gen,
	&emu_wire_link,
	&emu_wire_null,
};

int
emu_wire_open(struct emu_wire *w, const char *spec, char *why, size_t why_size)
{
	size_t len = strcspn(spec, ":");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int ret;

		if (strlen(kinds[i]->kind) != len || strncmp(kinds[i]->kind, spec, len))
			continue;
		*w = (struct emu_wire){ .ops = kinds[i] };
		ret = kinds[i]->open(w, spec[len] ? spec + len + 1 : "", why, why_size);
		if (ret)
			w->ops = NULL;
		return ret;
	}
	snprintf(why, why_size,
			"unknown wire \"%.*s\"; there are pcap, tap, netdev, gen, link and null%s",
			(int)len, spec, strchr(spec, ',') ? ", and wire= stands last" : "");
	return -EINVAL;
}

void
emu_wire_close(struct emu_wire *w)
{
	if (!w->ops)
		return;
	if (w->ops->flush)
		w->ops->flush(w);
	w->ops->close(w);
	w->ops = NULL;
}

unsigned int
emu_wire_tx(struct emu_wire *w, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	*next = EMU_TX_TAKEN;
	for (unsigned int done = 0; done < nb;) {
		if (w->ops->tx_burst) {
			done += w->ops->tx_burst(w, frames + done, nb - done, next);
		} else {
			*next = w->ops->tx(w, frames[done]);
			done += *next == EMU_TX_TAKEN;
		}
		if (*next != EMU_TX_TAKEN)
			return done;
	}
	return nb;
}

unsigned int
emu_wire_discard(struct emu_wire *w, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	*next = EMU_TX_TAKEN;
	w->stats.tx_pkts += nb;
	for (unsigned int i = 0; i < nb; i++)
		w->stats.tx_bytes += frames[i]->len_bytes;
	return nb;
}

unsigned int
emu_wire_deliver_burst(struct emu_wire *w, const struct emu_frame *const *frames, unsigned int nb,
		bool waits)
{
	struct emu_rx_done done;
	unsigned int dealt = emu_dev_rx_burst(w->dev, frames, nb, waits, &done);

	w->stats.rx_pkts += done.taken;
	w->stats.rx_bytes += done.taken_bytes;
	w->stats.rx_refused_pkts += done.dropped;
	if (!waits)
		w->stats.drop_no_bd_pkts += done.missed;
	return dealt;
}

unsigned int
emu_wire_poll_queue(struct emu_wire *w, struct emu_wire_queue *q, unsigned int budget,
		void (*fill)(struct emu_wire *w))
{
	const struct emu_frame *frames[EMU_BURST];
	unsigned int nb = 0;

	while (nb < budget) {
		unsigned int want = 0, dealt;

		if (q->next == q->nb) {
			q->next = q->nb = 0;
			fill(w);
		}
		for (; q->next + want < q->nb && nb + want < budget; want++)
			frames[want] = &q->frame[q->next + want];
		if (want == 0)
			break;
		dealt = emu_wire_deliver_burst(w, frames, want, true);
		q->next += dealt;
		nb += dealt;
		if (dealt < want)
			break;
	}
	return nb;
}

const void *
emu_frame_flatten(const struct emu_frame *frame, void *buf)
{
	uint8_t *out = buf;

	if (frame->nb_segs == 1)
		return frame->seg[0].iov_base;
	for (uint32_t i = 0; i < frame->nb_segs; i++) {
		memcpy(out, frame->seg[i].iov_base, frame->seg[i].iov_len);
		out += frame->seg[i].iov_len;
	}
	return buf;
}
