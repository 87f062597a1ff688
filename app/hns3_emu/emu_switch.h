/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that a function of a NIC with VFs sends; see emu_switch.c. */
#ifndef EMU_SWITCH_H
#define EMU_SWITCH_H

#include "emu_dev_priv.h"

/* The contract of emu_port_tx(); what did not go out is counted by the function. Data thread. */
unsigned int emu_switch_out(struct emu_dev *dev, const struct emu_frame *const *frames,
		unsigned int nb, enum emu_tx_result *next);

#endif
