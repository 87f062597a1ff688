/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulator's two threads; see emu.h. */
#ifndef EMU_LOOP_H
#define EMU_LOOP_H

#include "emu_port.h"

/*
 * Serve @p ports until *stop: the caller's thread becomes the service thread, a second one moves
 * the data. @p idle is called about ten times a second on the service thread. 0 or a negative errno
 * (no thread could be made).
 */
int emu_loop_run(struct emu_port *ports, unsigned int nb_ports, const bool *stop,
		void (*idle)(void *arg), void *arg);

#endif
