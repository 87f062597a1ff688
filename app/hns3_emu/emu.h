/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the emulator share: frames, ports, wires.
 *
 * A port is one emulated PCI function (emu_dev.h) with a vfio-user server in front (emu_port.c), an
 * IOMMU (emu_iommu.h), and a wire behind (emu_wire_<kind>.c).
 *
 * Two threads (emu_loop.c). The service thread answers vfio-user messages and the command queues.
 * The data thread moves frames: Tx rings to wires, wires to Rx rings. Whatever the service thread
 * changes that the data thread reads (maps, interrupt eventfds, the device's existence) it changes
 * between emu_data_pause() and emu_data_resume().
 */
#ifndef EMU_H
#define EMU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define EMU_PORTS_MAX       32
#define EMU_FRAME_SEGS_MAX  68
/* Frames that are handed over at once. */
#define EMU_BURST           32
/* Longest frame that a wire carries, without FCS; the device's own limit is lower. */
#define EMU_FRAME_BYTES_MAX 65536
/* Shortest frame on a wire, without FCS: shorter ones are padded with zeros by whoever puts them
 * there. */
#define EMU_FRAME_BYTES_MIN 60

/* One frame without FCS. The bytes belong to whoever made it and are valid during the call only. */
struct emu_frame {
	uint32_t len_bytes; /* sum of the segments */
	uint32_t nb_segs;   /* >= 1 */
	struct iovec seg[EMU_FRAME_SEGS_MAX];
};

enum emu_tx_result {
	EMU_TX_TAKEN,   /* copied or delivered; the device may complete the BDs */
	EMU_TX_BUSY,    /* not now: the device leaves the BDs and tries again at its next poll */
	EMU_TX_DROPPED, /* the wire counted it by name; the device completes the BDs */
};

enum emu_rx_result {
	EMU_RX_TAKEN,   /* delivered into Rx BDs */
	EMU_RX_NO_BD,   /* the chosen queue has too few free BDs; nothing was changed or counted */
	EMU_RX_DROPPED, /* filtered, too long, disabled, ...: the device counted it by name */
};

struct emu_port;
struct emu_wire;

/* ---- offered to the device (emu_port.c) ---- */

/* Raise an MSI-X vector; one without an eventfd is ignored. Any thread. */
void emu_port_irq(struct emu_port *port, unsigned int vector);

/*
 * Hand up to EMU_BURST frames to the port's wire, in order. Returns how many it took; *next tells
 * of the one behind them: EMU_TX_TAKEN there is none, EMU_TX_BUSY it and the rest have to wait,
 * EMU_TX_DROPPED it alone is lost (counted by the wire). Data thread.
 */
unsigned int emu_port_tx(struct emu_port *port, const struct emu_frame *const *frames,
		unsigned int nb, enum emu_tx_result *next);

/* ---- the two threads (emu_loop.c) ---- */

/*
 * Keep the data thread out of devices, maps and wires until emu_data_resume(). Service thread;
 * nests. Before the data thread runs, and in unit tests without one, it does nothing.
 */
void emu_data_pause(void);
void emu_data_resume(void);

#endif
