/* SPDX-License-Identifier: BSD-3-Clause */
/* Pause frames; see emu_pause.c. Data thread. */
#ifndef EMU_PAUSE_H
#define EMU_PAUSE_H

#include "emu_fw.h"

static inline bool
emu_pause_is(const struct emu_parsed *p)
{
	return p->h[0].l3id == EMU_L3ID_MAC_PAUSE || p->h[0].l3id == EMU_L3ID_PFC_PAUSE;
}

/* Count a pause frame; true: it goes no further. */
bool emu_pause_take(struct emu_nic *nic, const struct emu_frame *frame, const struct emu_parsed *p);
/* Whether the other end wants nothing now. */
bool emu_pause_holds(struct emu_nic *nic);
/* A frame found no BD: ask the other end to wait, if that is configured. Not within a burst. */
void emu_pause_no_bd(struct emu_nic *nic);

#endif
