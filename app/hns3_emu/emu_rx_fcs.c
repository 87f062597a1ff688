/* SPDX-License-Identifier: BSD-3-Clause */
/* FCS and flaws of received frames; see emu_rx_fcs.h. Read next: emu_rx.c. */
#include "emu_rx_fcs.h"

#include <endian.h>
#include <string.h>

uint32_t
emu_fcs(const struct emu_frame *frame)
{
	/* remainders of the polynomial, low bit first, four bits at a time */
	static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8,
		0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < frame->nb_segs; i++) {
		const uint8_t *p = frame->seg[i].iov_base;

		for (size_t j = 0; j < frame->seg[i].iov_len; j++) {
			crc ^= p[j];
			crc = crc >> 4 ^ table[crc & 0xf];
			crc = crc >> 4 ^ table[crc & 0xf];
		}
	}
	return ~crc;
}

void
emu_rx_flaw_judge(struct emu_dev *pf)
{
	struct emu_rx_flaw *flaw = &pf->nic->flaw;
	const struct emu_fault *f;

	if (flaw->is_judged) /* it comes again, for want of a BD */
		return;
	*flaw = (struct emu_rx_flaw){ .is_judged = true };
	if (emu_fault_strikes(pf, EMU_FAULT_FRAME_BAD_FCS, EMU_FAULT_ANY, &f)) {
		flaw->fcs_is_bad = true;
		flaw->is_passed_on = f->val;
	}
	if (emu_fault_strikes(pf, EMU_FAULT_FRAME_TRUNCATED, EMU_FAULT_ANY, &f))
		flaw->cut_bytes = f->val;
}

bool
emu_rx_fcs_is_bad(const struct emu_nic *nic)
{
	return nic->flaw.fcs_is_bad && nic->mac_word & EMU_MAC_FCS_CHECK;
}

/*
 * Whether the FCS is taken off although the MAC is told to leave it: of short TCP packets on
 * revision 0x21, of all short IP packets later [2:5.5].
 */
static bool
is_in_hole(const struct emu_rx_slot *s, const struct emu_parsed *p)
{
	const struct emu_headers *h = emu_parsed_inner(p);
	bool is_ip = h->l3id == EMU_L3ID_IPV4 || h->l3id == EMU_L3ID_IPV6 ||
	             h->l3id == EMU_L3ID_IPV4_OPT || h->l3id == EMU_L3ID_IPV6_EXT;

	return s->len <= 60 && is_ip && (s->dev->cfg.revision >= 0x30 || h->l4id == EMU_L4ID_TCP);
}

uint32_t
emu_rx_fcs_end(struct emu_rx_slot *s, const struct emu_parsed *p)
{
	const struct emu_nic *nic = s->dev->nic;
	const struct emu_rx_flaw *flaw = &nic->flaw;
	uint32_t l234 = emu_rx_fcs_is_bad(nic) ? EMU_RXBD_L2E : 0;

	if (flaw->cut_bytes > 0 &&
			flaw->cut_bytes < s->len) { /* and the FCS is gone with the rest */
		s->len = flaw->cut_bytes;
		return l234 | EMU_RXBD_TRUNCATE;
	}
	if (!(nic->mac_word & EMU_MAC_FCS_STRIP) && !is_in_hole(s, p)) {
		uint32_t fcs = emu_fcs(s->frame);
		uint32_t fcs_le = htole32(flaw->fcs_is_bad ? ~fcs : fcs);

		memcpy(s->tail, &fcs_le, sizeof(fcs_le));
		s->tail_bytes = sizeof(fcs_le);
		s->len += s->tail_bytes;
	}
	return l234;
}
