/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulator's two threads; see emu.h. */
#ifndef EMU_LOOP_H
#define EMU_LOOP_H

#include "emu_port.h"

/* What else the service thread does. */
struct emu_loop_ops {
	void (*tick)(void *arg); /* about ten times a second */
	/* when fd (-1: none) is readable, and about a hundred times a second; says how much was
	 * done */
	unsigned int (*serve)(void *arg);
	int fd;
	void *arg;
};

/*
 * Serve @p ports until *stop: the caller's thread becomes the service thread, a second one moves
 * the data. 0 or a negative errno (no thread could be made).
 */
int emu_loop_run(struct emu_port *ports, unsigned int nb_ports, const bool *stop,
		const struct emu_loop_ops *ops);

#endif
