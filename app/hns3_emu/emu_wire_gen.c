/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wire "gen:size=64|imix,rate=PPS,flows=N,batch=N": a traffic generator; what the device sends is
 * discarded and counted.
 *
 * Frames are UDP over IPv4 with right checksums; flow i has its own source address and port
 * (198.18.0.0/15 is the range set aside for benchmarks, RFC 2544). size counts the FCS, as testers
 * do, so that 64 is the shortest frame of Ethernet. rate 0, the default: as fast as the device
 * takes them, nothing is dropped; else frames are due by the clock, and one that finds no free BD
 * is dropped. All frames are made at start: sending only points at them.
 */
#include "emu_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "emu_dev.h"

#define FCS_BYTES 4u
#define ETH_BYTES 14u
#define FLOWS_MAX 65536u
#define SIZE_MIN  64u
#define SIZE_MAX_ 9600u
#define BATCH_MAX 4096u

struct gen {
	uint8_t *data; /* nb_frames of stride bytes */
	uint32_t *len_bytes;
	uint32_t nb_frames, stride, next;
	uint64_t rate_pps, batch;
	uint64_t begin_ns, due_pkts; /* rate: when it began, and frames dealt with since */
	bool running;
};

/* The simple IMIX: 7 of 64, 4 of 594, 1 of 1518 bytes, spread over 12 frames. */
static const uint16_t imix[] = { 64, 594, 64, 64, 594, 64, 64, 594, 64, 64, 594, 1518 };

static uint16_t
checksum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (len & 1)
		sum += (uint32_t)(p[len - 1] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Frame of @p len bytes without FCS for @p flow. */
static void
frame_make(uint8_t *frame, uint32_t len, uint32_t flow)
{
	static const uint8_t eth[ETH_BYTES] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0 };
	uint16_t ip_len = (uint16_t)(len - ETH_BYTES), udp_len = (uint16_t)(ip_len - 20);
	uint32_t src = 0xc6120001u + (flow >> 8), dst = 0xc6130001u;
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(ip_len),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(src),
		.daddr = htonl(dst),
	};
	struct udphdr udp = {
		.source = htons((uint16_t)(1024 + (flow & 0xff))),
		.dest = htons(9), /* discard */
		.len = htons(udp_len),
	};
	uint32_t pseudo = (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) +
	                  IPPROTO_UDP + udp_len;
	uint16_t sum;

	ip.check = htons(checksum(&ip, sizeof(ip), 0));
	memcpy(frame, eth, sizeof(eth));
	memcpy(frame + ETH_BYTES, &ip, sizeof(ip));
	for (uint32_t i = 42; i < len; i++)
		frame[i] = (uint8_t)i;
	memcpy(frame + ETH_BYTES + sizeof(ip), &udp, sizeof(udp));
	sum = checksum(frame + ETH_BYTES + sizeof(ip), udp_len, pseudo);
	udp.check = htons(sum ? sum : 0xffff);
	memcpy(frame + ETH_BYTES + sizeof(ip), &udp, sizeof(udp));
}

/* @p size 0: IMIX; flows shift by one from mix to mix, so that each has all sizes. */
static int
frames_make(struct gen *g, uint32_t size, uint32_t flows)
{
	uint32_t per_flow = size ? 1 : sizeof(imix) / sizeof(imix[0]);

	g->nb_frames = flows * per_flow;
	g->stride = ((size ? size : 1518u) + 63u) & ~63u;
	g->data = malloc((size_t)g->nb_frames * g->stride);
	g->len_bytes = calloc(g->nb_frames, sizeof(*g->len_bytes));
	if (!g->data || !g->len_bytes)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->nb_frames; i++) {
		g->len_bytes[i] = (size ? size : imix[i % per_flow]) - FCS_BYTES;
		frame_make(g->data + (size_t)i * g->stride, g->len_bytes[i],
				(i / per_flow + i % per_flow) % flows);
	}
	return 0;
}

static void
gen_close(struct emu_wire *w)
{
	struct gen *g = w->priv;

	free(g->data);
	free(g->len_bytes);
	free(g);
}

static int
gen_open(struct emu_wire *w, const char *spec, char *why, size_t why_size)
{
	struct gen *g = calloc(1, sizeof(*g));
	char *copy = strdup(spec), *rest = copy, *key, *val;
	uint64_t size = 64, flows = 1;
	int ret = g && copy ? 0 : -ENOMEM;

	w->priv = g;
	if (ret == 0)
		g->batch = 32;
	else
		snprintf(why, why_size, "out of memory");
	while (ret == 0 && emu_spec_next(&rest, &key, &val)) {
		ret = -EINVAL;
		if (val && !strcmp(key, "size") && !strcmp(val, "imix"))
			size = ret = 0;
		else if (val && !strcmp(key, "size"))
			ret = emu_parse_u64(val, SIZE_MIN, SIZE_MAX_, &size);
		else if (val && !strcmp(key, "rate"))
			ret = emu_parse_u64(val, 0, 1000000000, &g->rate_pps);
		else if (val && !strcmp(key, "flows"))
			ret = emu_parse_u64(val, 1, FLOWS_MAX, &flows);
		else if (val && !strcmp(key, "batch"))
			ret = emu_parse_u64(val, 1, BATCH_MAX, &g->batch);
		if (ret)
			snprintf(why, why_size,
					"wire \"gen\": bad \"%s\"; it takes size=%u..%u or imix "
					"(bytes with "
					"FCS), rate=0..1000000000 (packets a second, 0: all that "
					"goes), "
					"flows=1..%u, batch=1..%u",
					key, SIZE_MIN, SIZE_MAX_, FLOWS_MAX, BATCH_MAX);
	}
	if (ret == 0) {
		ret = frames_make(g, (uint32_t)size, (uint32_t)flows);
		if (ret)
			snprintf(why, why_size, "wire \"gen\": too many flows for memory");
	}
	free(copy);
	if (ret && g)
		gen_close(w);
	return ret;
}

/* Frames that are due now, at most @p most. */
static uint64_t
gen_due(struct gen *g, uint64_t most)
{
	uint64_t now_ns, due;

	if (g->rate_pps == 0)
		return most;
	now_ns = deadline_now_ns();
	if (!g->running) {
		g->begin_ns = now_ns;
		g->due_pkts = 0;
		g->running = true;
	}
	due = (uint64_t)((unsigned __int128)(now_ns - g->begin_ns) * g->rate_pps / 1000000000);
	due -= g->due_pkts;
	if (due < g->batch && g->batch <= g->rate_pps / 1000)
		return 0; /* bursts of a batch, where that costs less than a millisecond's wait */
	return due < most ? due : most;
}

/* The next @p nb frames; returns with how many the device has dealt. */
static unsigned int
burst_send(struct emu_wire *w, struct gen *g, unsigned int nb)
{
	static struct emu_frame frame[EMU_BURST]; /* one data thread */
	const struct emu_frame *frames[EMU_BURST];
	uint32_t i = g->next;
	unsigned int dealt;

	for (unsigned int n = 0; n < nb; n++) {
		frame[n].len_bytes = g->len_bytes[i];
		frame[n].nb_segs = 1;
		frame[n].seg[0] =
				(struct iovec){ g->data + (size_t)i * g->stride, g->len_bytes[i] };
		frames[n] = &frame[n];
		i = i + 1 == g->nb_frames ? 0 : i + 1;
	}
	dealt = emu_wire_deliver_burst(w, frames, nb, g->rate_pps == 0);
	g->next = (g->next + dealt) % g->nb_frames;
	return dealt;
}

static unsigned int
gen_poll(struct emu_wire *w, unsigned int budget)
{
	struct gen *g = w->priv;
	unsigned int nb = 0;
	uint64_t due;

	if (!emu_dev_rx_is_ready(w->dev)) {
		g->running = false;
		return 0;
	}
	due = gen_due(g, g->batch > budget ? g->batch : budget);
	while (nb < due) {
		unsigned int want = due - nb < EMU_BURST ? (unsigned int)(due - nb) : EMU_BURST;
		unsigned int dealt = burst_send(w, g, want);

		nb += dealt;
		if (dealt < want)
			break;
	}
	g->due_pkts += nb;
	return nb;
}

const struct emu_wire_ops emu_wire_gen = {
	.kind = "gen",
	.open = gen_open,
	.poll = gen_poll,
	.tx_burst = emu_wire_discard,
	.close = gen_close,
};
