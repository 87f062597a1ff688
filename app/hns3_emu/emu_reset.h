/* SPDX-License-Identifier: BSD-3-Clause */
/* Resets of a function and of the NIC; see emu_reset.c. Service thread. */
#ifndef EMU_RESET_H
#define EMU_RESET_H

#include "emu_dev_priv.h"

/* Reset one function, as its 0x0020 asks: until its driver says that it is ready. */
void emu_reset_func_start(struct emu_dev *dev);
/* Requests in registers, ends of resets. Returns how much was done. */
unsigned int emu_reset_poll(struct emu_dev *dev);
/* Whether firmware is away: commands have to wait. */
bool emu_reset_cmdq_is_dead(const struct emu_dev *dev);
const char *emu_reset_name(enum emu_reset_kind kind);

#endif
