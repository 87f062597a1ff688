/* SPDX-License-Identifier: BSD-3-Clause */
/* What a line on the control socket means; emu_ctl.c moves the lines. */
#ifndef EMU_CTL_CMD_H
#define EMU_CTL_CMD_H

#include "emu_port.h"

#define EMU_CTL_LINE_MAX 4096 /* bytes of a request, without the newline */

/* Carry out a request of @p len bytes and a newline; the answer, which the caller owns; NULL: out
 * of memory. */
struct json_object *emu_ctl_request(
		struct emu_port *ports, unsigned int nb_ports, const char *line, size_t len);

/* An answer that says what is wrong. */
struct json_object *emu_ctl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
