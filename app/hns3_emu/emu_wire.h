/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wires: what an emulated port's cable ends in. One kind is one file with one struct emu_wire_ops.
 *
 * Directions are the device's: "rx" is wire to device, "tx" is device to wire. poll and tx run on
 * the data thread; open, connect and close on the service thread while the data thread does not
 * run. Every frame is counted once: delivered, or in a named drop; what the device drops it counts
 * itself (EMU_RX_DROPPED).
 */
#ifndef EMU_WIRE_H
#define EMU_WIRE_H

#include <stddef.h>

#include "emu.h"
#include "emu_spec.h"

struct emu_dev;

struct emu_wire_stats {
	uint64_t rx_pkts, rx_bytes;  /* taken by the device */
	uint64_t rx_refused_pkts;    /* the device dropped them, by a name of its own */
	uint64_t tx_pkts, tx_bytes;  /* left by the wire */
	uint64_t drop_no_bd_pkts;    /* no free Rx BD, on a wire that does not wait */
	uint64_t drop_rx_error_pkts; /* the kernel's frame cannot be taken apart */
	uint64_t drop_queue_pkts;    /* lost in the kernel's queue, as far as it tells */
	uint64_t drop_tx_error_pkts; /* the wire's file or interface refused the frame */
};

struct emu_wire {
	const struct emu_wire_ops *ops;
	struct emu_dev *dev; /* the port that it belongs to */
	struct emu_wire_stats stats;
	void *priv; /* the kind's */
};

struct emu_wire_ops {
	const char *kind;
	/*
	 * Open from the text behind "kind:" ("" if there is none). On failure a negative errno with
	 * the reason, and what would be right, in @p why.
	 */
	int (*open)(struct emu_wire *w, const char *spec, char *why, size_t why_size);
	/* Optional: all ports exist now; @p ports has @p nb entries, this wire's is @p self. */
	int (*connect)(struct emu_wire *w, struct emu_wire *const *wires, unsigned int nb,
			unsigned int self, char *why, size_t why_size);
	/* Optional: bring frames to the device, at most @p budget (gen: or one batch, if that is
	 * more). Returns how many it dealt with. */
	unsigned int (*poll)(struct emu_wire *w, unsigned int budget);
	enum emu_tx_result (*tx)(struct emu_wire *w, const struct emu_frame *frame);
	/*
	 * Instead of tx: up to EMU_BURST frames at once, at least 1. Returns how many it took; if
	 * *next is EMU_TX_TAKEN it may be asked again for the rest.
	 */
	unsigned int (*tx_burst)(struct emu_wire *w, const struct emu_frame *const *frames,
			unsigned int nb, enum emu_tx_result *next);
	/* Optional: make what was written visible outside; called when idle and before close. */
	void (*flush)(struct emu_wire *w);
	/* Optional: a client came or went; start over what starts with one. */
	void (*restart)(struct emu_wire *w);
	void (*close)(struct emu_wire *w);
};

extern const struct emu_wire_ops emu_wire_pcap, emu_wire_tap, emu_wire_netdev, emu_wire_gen,
		emu_wire_link, emu_wire_null;

/* Open @p spec ("pcap:in=a,out=b"). 0 or a negative errno with the reason in @p why. */
int emu_wire_open(struct emu_wire *w, const char *spec, char *why, size_t why_size);
void emu_wire_close(struct emu_wire *w);

/* Frames from the device, as emu_port_tx() says. */
unsigned int emu_wire_tx(struct emu_wire *w, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next);

/* tx_burst of wires that take all, count it, and forget it. */
unsigned int emu_wire_discard(struct emu_wire *w, const struct emu_frame *const *frames,
		unsigned int nb, enum emu_tx_result *next);

/*
 * Give up to EMU_BURST frames to the device and count them. Returns with how many it has dealt:
 * all, or, on a wire that @p waits, those before the first one that found no BD.
 */
unsigned int emu_wire_deliver_burst(struct emu_wire *w, const struct emu_frame *const *frames,
		unsigned int nb, bool waits);

/* Frames that a wire has read, and that wait until the device has room. */
struct emu_wire_queue {
	unsigned int nb, next;
	struct emu_frame frame[EMU_BURST];
};

/*
 * The poll of a wire that waits: give up to @p budget frames to the device, in order. When all that
 * were read are dealt with, @p fill puts the next ones into @p q, from frame 0 on; none: it is
 * over.
 */
unsigned int emu_wire_poll_queue(struct emu_wire *w, struct emu_wire_queue *q, unsigned int budget,
		void (*fill)(struct emu_wire *w));

/* Bytes of a frame in one piece: the frame's own if it has one segment, else copied into @p buf
 * (EMU_FRAME_BYTES_MAX). */
const void *emu_frame_flatten(const struct emu_frame *frame, void *buf);

#endif
