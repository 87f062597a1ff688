/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --ctl PATH: a UNIX socket on which a running emulator is asked and told, one JSON object a line,
 * one answer a line ({"cmd":"help"} lists what there is; doc/emulator.md). Service thread; nothing
 * here waits for a client.
 */
#ifndef EMU_CTL_H
#define EMU_CTL_H

#include "emu_port.h"

struct emu_ctl;

/* Listen on @p path, which must not exist unless it is a socket that nobody serves. NULL and *err;
 * the reason has been logged. @p ports are kept by reference. */
struct emu_ctl *emu_ctl_create(
		const char *path, struct emu_port *ports, unsigned int nb_ports, int *err);
/* Answers that were not read are lost; the socket's file goes. NULL does nothing. */
void emu_ctl_destroy(struct emu_ctl *ctl);

/* To be polled for reading: emu_ctl_serve() has something to do. */
int emu_ctl_fd(const struct emu_ctl *ctl);

/* Take what clients sent, at most one line of each. Returns how much was done. */
unsigned int emu_ctl_serve(struct emu_ctl *ctl);

#endif
