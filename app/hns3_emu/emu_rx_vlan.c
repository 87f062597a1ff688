/* SPDX-License-Identifier: BSD-3-Clause */
/* See emu_rx_vlan.h. */
#include "emu_rx_vlan.h"

#define TAGS_AT   12u /* behind the addresses */
#define TAG_BYTES 4u
#define PRIO_MASK 0xe000u

/* The value that is told of a stripped tag. */
static uint16_t
told(uint16_t tci, bool prio_only)
{
	return prio_only ? tci & PRIO_MASK : tci;
}

struct emu_rx_strip
emu_rx_vlan_strip(uint32_t cfg, bool honours_discard, const struct emu_headers *h)
{
	bool outer = cfg & EMU_RX_VLAN_STRIP_TAG2 && h->nb_tags > 0;
	bool inner = cfg & EMU_RX_VLAN_STRIP_TAG1 && h->nb_tags > 1;
	struct emu_rx_strip s = { .at = TAGS_AT + (outer ? 0 : TAG_BYTES),
		.bytes = TAG_BYTES * ((uint32_t)outer + inner) };

	if (honours_discard && cfg & EMU_RX_VLAN_DISCARD_TAG2)
		outer = false;
	if (honours_discard && cfg & EMU_RX_VLAN_DISCARD_TAG1)
		inner = false;
	if (outer && h->nb_tags == 1) { /* a single tag is told of as an inner one */
		s.inner = told(h->tci[0], cfg & EMU_RX_VLAN_PRIO_TAG2);
		s.status = EMU_STRP_INNER;
		return s;
	}
	if (outer)
		s.outer = told(h->tci[0], cfg & EMU_RX_VLAN_PRIO_TAG2);
	if (inner)
		s.inner = told(h->tci[1], cfg & EMU_RX_VLAN_PRIO_TAG1);
	s.status = (outer ? EMU_STRP_OUTER : 0) | (inner ? EMU_STRP_INNER : 0);
	return s;
}
