/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One emulated hns3 function, seen from the host side of the emulator: its BAR and configuration
 * space, the thread entry points, frames in, counters out. What happens behind a register is in
 * emu_regs.c, emu_cmdq.c, emu_fw_*.c, emu_rx.c and emu_tx.c.
 *
 * Threads: emu_dev_service(), emu_dev_bar_*(), emu_dev_config_*(), emu_dev_reset() and
 * emu_dev_link_set() on the service thread; emu_dev_tx_poll(), emu_dev_rx_burst() and
 * emu_dev_rx_is_ready() on the data thread; both run at the same time, except emu_dev_reset() and
 * emu_dev_destroy(), for which the caller has paused the data thread (emu.h).
 */
#ifndef EMU_DEV_H
#define EMU_DEV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "emu.h"
#include "emu_iommu.h"

struct emu_dev;

struct emu_dev_cfg {
	const char *name; /* for logs and traces; kept by reference */
	uint16_t device_id;
	uint8_t revision;
	uint8_t mac[6];
	uint16_t nb_queues;  /* task queue pairs, 1 .. EMU_DEV_QUEUES_MAX */
	uint64_t caps;       /* capability bits [1:5.1], or EMU_CAPS_DEFAULT: the revision's */
	bool mbx_by_driver;  /* a PF whose driver serves the VFs; else the emulator does */
	bool fd_is_4k;       /* flow rules of a PF: 4,096 of 200 bits, not 2,048 of 400 [3:5.1] */
	struct emu_dev *pf;  /* NULL: this is a PF; else the next VF of that one's NIC */
	uint32_t speed_mbps; /* of the port; 0: what its id stands for */
	struct emu_iommu *iommu;
	struct emu_port *port; /* for emu_port_irq() and emu_port_tx() */
	uint32_t reset_us;     /* what a reset takes at least; 0: as long as its kind does */
	FILE *trace;           /* commands are decoded into it, or NULL; lines are whole */
};

#define EMU_DEV_QUEUES_MAX 64
#define EMU_CAPS_DEFAULT   UINT64_MAX

/* Whether a port can run at that speed [3:1.5]. */
static inline bool
emu_speed_is_known(uint32_t mbps)
{
	return mbps == 10 || mbps == 100 || mbps == 1000 || mbps == 10000 || mbps == 25000 ||
	       mbps == 40000 || mbps == 50000 || mbps == 100000 || mbps == 200000;
}

enum emu_reset_kind {
	EMU_RESET_FUNC,
	EMU_RESET_GLOBAL,
	EMU_RESET_IMP,
	EMU_RESET_FLR,
	EMU_RESET_NB,
};

/* NULL and *err: -EINVAL a device id, revision or queue count that is not emulated; -ENOSPC the PF
 * has 31 VFs already; -ENOMEM; from memfd_create(2). VFs are destroyed before their PF. */
struct emu_dev *emu_dev_create(const struct emu_dev_cfg *cfg, int *err);
void emu_dev_destroy(struct emu_dev *dev);

/* ---- regions ---- */

/* Registers: a memfd, sealed against shrinking, that the client may map. The device keeps it. */
int emu_dev_bar2_fd(const struct emu_dev *dev);
uint64_t emu_dev_bar2_bytes(const struct emu_dev *dev);
/* PCI configuration space: likewise. */
int emu_dev_config_fd(const struct emu_dev *dev);
uint32_t emu_dev_config_bytes(const struct emu_dev *dev);
/* MSI-X vectors. */
uint32_t emu_dev_nb_vectors(const struct emu_dev *dev);

/*
 * Trapped accesses, for clients that do not map (design: the same device code serves both). 0 or
 * -EINVAL (alignment, range). In mapped mode the service and data threads poll the same memory
 * instead.
 */
int emu_dev_bar2_read(struct emu_dev *dev, uint64_t offset, void *buf, uint32_t len);
int emu_dev_bar2_write(struct emu_dev *dev, uint64_t offset, const void *buf, uint32_t len);
int emu_dev_config_read(struct emu_dev *dev, uint64_t offset, void *buf, uint32_t len);
int emu_dev_config_write(struct emu_dev *dev, uint64_t offset, const void *buf, uint32_t len);

/* ---- service thread ---- */

/* Whether the client's accesses are all seen; at its start. Doorbells are then exact [2:10.1]. */
void emu_dev_trap(struct emu_dev *dev, bool is_trapped);

/* Command queue, mailbox, vector 0, write-1-to-clear registers. Returns how much was done; 0: idle.
 */
unsigned int emu_dev_service(struct emu_dev *dev);

/* Back to power-on state: registers, tables, queues. Counters for the report stay. */
void emu_dev_reset(struct emu_dev *dev);

/* Trace into that file from now on; NULL: nowhere. */
void emu_dev_trace_set(struct emu_dev *dev, FILE *trace);
FILE *emu_dev_trace(const struct emu_dev *dev);

/* A client came, or is gone (emu_dev_reset() has been called). The data thread is paused. */
void emu_dev_attached(struct emu_dev *dev, bool has_client);

/* The link of @p dev's NIC comes up or goes down; its speed changes (Mbit/s; 0 or -EINVAL). The
 * driver is told if it wants to be; VFs are told, too. */
void emu_dev_link_set(struct emu_dev *dev, bool up);
int emu_dev_speed_set(struct emu_dev *dev, uint32_t mbps);

/*
 * Have a reset happen as the hardware would begin it: of the whole NIC (global, IMP), of the
 * function by its configuration space (FLR). A PF resets itself when an error asks for it, a VF
 * when its PF tells it to (FUNC). 0; -EBUSY one as great is under way; -EACCES the driver has not
 * enabled errors; of emu_crq_post().
 */
int emu_reset_trigger(struct emu_dev *dev, enum emu_reset_kind kind);

/* Raise a hardware error of @p dev's NIC. 0; -ENOENT no such name; -EACCES it is not enabled. */
int emu_err_raise(struct emu_dev *dev, const char *name);
/* Names of errors, i = 0 ..; NULL behind the last. */
const char *emu_err_name(unsigned int i);

/* ---- data thread ---- */

/* Send what the Tx rings hold, up to about @p budget frames. Returns frames taken from rings. */
unsigned int emu_dev_tx_poll(struct emu_dev *dev, unsigned int budget);

/* What became of the frames of a burst. */
struct emu_rx_done {
	unsigned int taken, dropped;
	unsigned int missed; /* no BD was free */
	uint64_t taken_bytes;
};

/*
 * Deliver frames from the wire, in order. Returns with how many it has dealt: all, or, if the wire
 * @p waits, those before the first one for which there is no BD. A wire that does not wait has lost
 * such a frame, and the device counts it as missed.
 */
unsigned int emu_dev_rx_burst(struct emu_dev *dev, const struct emu_frame *const *frames,
		unsigned int nb, bool waits, struct emu_rx_done *done);

/* Whether frames would get as far as the filters: MAC enabled, link up, a queue running. */
bool emu_dev_rx_is_ready(const struct emu_dev *dev);

/*
 * Whether the driver waits for emu_dev_service(): a command, a message or an interrupt cause.
 * Cheap; sees what there is most of, the rest is found by calling emu_dev_service() now and then.
 */
bool emu_dev_is_waiting(const struct emu_dev *dev);

/* ---- report ---- */

/*
 * Give each counter to @p emit: group is one of "rx", "tx" (packets and bytes, total and
 * "q<N>_..."), "rx_drops", "tx_drops" (by name), "violations" (driver errors by rule), "commands"
 * (by opcode and name), "unsupported" (commands answered so). Any thread; values may be a moment
 * old.
 */
typedef void (*emu_dev_emit)(void *arg, const char *group, const char *name, uint64_t value);
void emu_dev_stats(const struct emu_dev *dev, emu_dev_emit emit, void *arg);

#endif
