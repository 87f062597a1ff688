/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulator's command line. */
#ifndef EMU_OPTS_H
#define EMU_OPTS_H

#include "emu_fault.h"
#include "emu_port.h"

struct emu_opts {
	struct emu_port_opts port[EMU_PORTS_MAX];
	unsigned int nb_ports;
	struct emu_fault fault[EMU_FAULT_PLANS_MAX];
	unsigned int nb_faults;
	const char *report, *trace, *ctl;
	bool help, verbose;
};

/* 0, or -EINVAL with the reason and what would be right in @p why. */
int emu_opts_parse(struct emu_opts *o, int argc, char **argv, char *why, size_t why_size);
void emu_opts_free(struct emu_opts *o);

extern const char emu_opts_usage[];

#endif
