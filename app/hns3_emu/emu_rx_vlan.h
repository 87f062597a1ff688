/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLAN tags that the device takes out of received frames, and how it tells [2:1.7] [3:2.5]. Data
 * thread; no state.
 */
#ifndef EMU_RX_VLAN_H
#define EMU_RX_VLAN_H

#include "emu_desc.h"
#include "emu_parse.h"

/* Byte of 0x0F02. Tag 2 is the outermost one, or the only one; tag 1 the next. */
#define EMU_RX_VLAN_STRIP_TAG1   BIT32(0)
#define EMU_RX_VLAN_STRIP_TAG2   BIT32(1)
#define EMU_RX_VLAN_PRIO_TAG1    BIT32(2)
#define EMU_RX_VLAN_PRIO_TAG2    BIT32(3)
#define EMU_RX_VLAN_DISCARD_TAG1 BIT32(5)
#define EMU_RX_VLAN_DISCARD_TAG2 BIT32(6)

struct emu_rx_strip {
	uint32_t at, bytes; /* what is left out of the frame */
	uint32_t status;    /* STRP_TAGP */
	uint16_t outer, inner;
};

/* @p honours_discard: revision 0x30 does not tell of a tag that is to be discarded, 0x21 does. */
struct emu_rx_strip emu_rx_vlan_strip(
		uint32_t cfg, bool honours_discard, const struct emu_headers *h);

#endif
