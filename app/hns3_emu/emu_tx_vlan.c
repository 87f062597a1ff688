/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLAN tags of a frame that is sent: those of its BD, and the function's own [2:2.8] [3:2.6]. In Tx
 * tag 1 is the outer one: the port's VLAN (PVID) and the BD's OVLAN slot; tag 2 the inner one, the
 * BD's VLAN slot. Data thread.
 */
#include "emu_tx.h"

#include <endian.h>
#include <string.h>

/* Tags that the frame itself begins with, at most three. */
static uint32_t
tags_in_packet(const struct emu_nic *nic, const struct emu_tx_job *job)
{
	uint32_t nb = 0;

	while (nb < 3 && 14 + 4 * nb <= job->head_bytes) {
		uint16_t type = emu_be16(job->head + 12 + 4 * nb);

		if (type != 0x8100 && type != 0x88a8 && type != nic->tx_tpid[0] &&
				type != nic->tx_tpid[1])
			break;
		nb++;
	}
	return nb;
}

static void
tag_add(struct emu_tx_job *job, uint16_t tpid, uint16_t tci)
{
	uint8_t *p = job->tags + job->nb_tag_bytes;

	p[0] = (uint8_t)(tpid >> 8);
	p[1] = (uint8_t)tpid;
	p[2] = (uint8_t)(tci >> 8);
	p[3] = (uint8_t)tci;
	job->nb_tag_bytes += 4;
}

/* Whether the function may send frames with (or without) each of the BD's tags. */
static bool
tags_are_accepted(uint8_t cfg, bool is_v3, bool has_tag1, bool has_tag2)
{
	uint8_t need1 = has_tag1 ? EMU_TX_VLAN_ACCEPT_TAG1 : EMU_TX_VLAN_ACCEPT_UNTAG1;
	uint8_t need2 = has_tag2 ? EMU_TX_VLAN_ACCEPT_TAG2 : EMU_TX_VLAN_ACCEPT_UNTAG2;

	/* revision 0x21 overwrites a tag where it inserts one */
	if (has_tag1 && !is_v3 && cfg & EMU_TX_VLAN_INSERT_TAG1)
		need1 = 0;
	return (cfg & need1) == need1 && (cfg & need2) == need2;
}

bool
emu_tx_tags_make(struct emu_dev *dev, struct emu_tx_job *job)
{
	const uint16_t *tpid = dev->nic->tx_tpid;
	uint8_t cfg = dev->tx_vlan_cfg;
	bool is_v3 = dev->cfg.revision >= 0x30;
	bool has_tag1 = job->ol & EMU_TXBD_OVLAN, has_tag2 = job->cs & EMU_TXBD_VLAN;

	job->nb_tag_bytes = 0;
	if (!tags_are_accepted(cfg, is_v3, has_tag1, has_tag2)) {
		dev->drops[EMU_DROP_TX_VLAN_ACCEPT]++;
		return false;
	}
	if (cfg & EMU_TX_VLAN_INSERT_TAG1)
		tag_add(job, tpid[0], dev->tx_vlan_tag[0]);
	if (has_tag1 && (is_v3 || !(cfg & EMU_TX_VLAN_INSERT_TAG1)))
		tag_add(job, tpid[0], le16toh(job->first.outer_vlan_le));
	if (cfg & EMU_TX_VLAN_INSERT_TAG2)
		tag_add(job, tpid[1], dev->tx_vlan_tag[1]);
	else if (has_tag2)
		tag_add(job, tpid[1], le16toh(job->first.vlan_tag_le));
	if (!is_v3 && job->nb_tag_bytes > 0 &&
			job->nb_tag_bytes / 4 + tags_in_packet(dev->nic, job) > 2)
		return emu_tx_refuse(dev, job->q, EMU_V_TX_VLAN_LAYERS,
				"a frame would leave with more than two VLAN tags");
	return true;
}
