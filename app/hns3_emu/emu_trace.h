/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --trace: one line for each command, message, interrupt, reset and change of the link, in a format
 * that stays (doc/emulator.md). Whoever has something to tell asks emu_trace_is_on() first. Any
 * thread; a line is written whole.
 */
#ifndef EMU_TRACE_H
#define EMU_TRACE_H

#include "emu_dev_priv.h"

struct emu_cmd;

static inline bool
emu_trace_is_on(const struct emu_dev *dev)
{
	return __builtin_expect(dev->cfg.trace != NULL, 0);
}

/* A command, as it came and as it was answered. */
void emu_trace_command(struct emu_dev *dev, const struct emu_cmd *request,
		const struct emu_cmd *answer, unsigned int ret);
/* A message that is posted to the function's driver. */
void emu_trace_message(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24]);
/* "irq vector=0", ... */
void emu_trace_event(struct emu_dev *dev, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));

/* What drivers call an opcode [1:4], or NULL. */
const char *emu_opcode_name(uint16_t opcode);

#endif
