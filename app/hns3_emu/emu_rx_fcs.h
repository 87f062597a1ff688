/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a frame from the wire: its FCS, which wires do not carry, and what may be wrong with
 * it, which only fault plans make [3:1.1] [2:5.4]. Data thread.
 */
#ifndef EMU_RX_FCS_H
#define EMU_RX_FCS_H

#include "emu_dev_priv.h"
#include "emu_rx.h"

/* CRC-32 of Ethernet over the frame; as a little-endian word it is the FCS on the wire. */
uint32_t emu_fcs(const struct emu_frame *frame);

/* Whether frames reach the buffers as they are on all wires: without FCS, and nothing is wrong. */
static inline bool
emu_rx_fcs_is_plain(const struct emu_nic *nic)
{
	return nic->mac_word & EMU_MAC_FCS_STRIP && !nic->flaw.is_judged;
}

/* Ask the plans of @p pf, once for each frame, what is wrong with the one that comes next. */
void emu_rx_flaw_judge(struct emu_dev *pf);
/* The MAC takes the frame for a bad one; false also if it has been told not to look. */
bool emu_rx_fcs_is_bad(const struct emu_nic *nic);

/*
 * The slot's frame, whose length without tags is in s->len, comes from the wire: add its FCS unless
 * the MAC strips it, cut what is cut. Returns bits for the BD's l234 word.
 */
uint32_t emu_rx_fcs_end(struct emu_rx_slot *s, const struct emu_parsed *p);

#endif
