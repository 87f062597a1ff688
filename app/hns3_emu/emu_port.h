/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One port: device, IOMMU, wire and the vfio-user server in front; and the options that describe
 * it. Service thread, except what emu.h says.
 */
#ifndef EMU_PORT_H
#define EMU_PORT_H

#include <json-c/json.h>

#include "emu_dev.h"
#include "emu_wire.h"
#include "vup.h"

#define EMU_VECTORS_MAX (EMU_DEV_QUEUES_MAX + 64)

/* What --port says. Strings point into the command line's copy. */
struct emu_port_opts {
	char *text; /* owned; what the others point into */
	const char *socket;
	const char *wire; /* NULL: a VF */
	int vf_of;        /* the PF's port of a VF, else -1 */
	uint16_t device_id;
	uint8_t revision;
	uint64_t caps; /* or EMU_CAPS_DEFAULT */
	bool fd_is_4k;
	uint32_t speed_mbps, reset_us; /* 0: the device's own */
	bool mbx_by_driver;
	uint8_t mac[6];
	uint16_t nb_queues;
};

/* When the service thread looked at a port's registers; 0: not yet. See own_ns() in emu_loop.c. */
struct emu_look {
	uint64_t ns, own_ns;
};

struct emu_port {
	unsigned int idx;
	char name[16]; /* "port 0" */
	const struct emu_port_opts *opts;
	struct emu_dev *dev;
	struct emu_iommu iommu;
	struct emu_wire wire;
	struct vup_server *server;
	int eventfd[EMU_VECTORS_MAX]; /* -1: none; changed with the data thread paused */
	bool has_client;
	uint64_t nb_clients, nb_irqs;
	uint64_t maps_left; /* by clients that are gone, all together */
	struct emu_look look;
	uint64_t clear_ns; /* atomic: the data thread has looked since, and nobody was waiting */
	struct {
		uint64_t nb, nb_late, nb_late_own, max_ns, max_own_ns;
	} answers; /* service thread */
};

/*
 * Open the wire, make the device (@p pf: that of the PF's port, of a VF), listen. 0 or a negative
 * errno; the reason has been logged. PFs are opened before their VFs and closed after them. The
 * wire of a port may need others: emu_port_connect() follows when all are open.
 */
int emu_port_open(struct emu_port *port, unsigned int idx, const struct emu_port_opts *opts,
		struct emu_dev *pf, FILE *trace);
int emu_port_connect(struct emu_port *port, struct emu_port *ports, unsigned int nb_ports);
int emu_port_listen(struct emu_port *port);
/* Undo whatever of the above was done. */
void emu_port_close(struct emu_port *port);

/* One round of messages and commands. Returns how much was done. */
unsigned int emu_port_service(struct emu_port *port);

/* All counters of a port; NULL if out of memory. The caller owns the object. */
struct json_object *emu_port_report(const struct emu_port *port);

#endif
