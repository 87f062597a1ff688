/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any BDs, any buffers: nothing that a driver writes into a Tx ring makes the device read what is
 * not mapped, send what is not a frame, or stop for good.
 *
 * Input: settings (u8 revision, u8 port VLAN configuration, u8 ring size, u8 wire, u16 maximum
 * frame size), u8 number of BDs; of each u8 kind, u16 offset, u16 size, and as the kind says
 * control words or a raw address and flags; the rest is the content of the buffers.
 */
#include "fz_rig.h"

#include <endian.h>
#include <string.h>

#define KIND_RAW_ADDR BIT32(0)
#define KIND_MORE     BIT32(1)
#define KIND_CONTROL  BIT32(2)
#define KIND_FLAGS    BIT32(3)
#define KIND_VF       BIT32(4)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
bd_put(struct fz_rig *rig, struct fz_input *in, unsigned int next[2], uint32_t nb_bds)
{
	uint8_t kind = fz_u8(in);
	unsigned int func = kind & KIND_VF ? 1 : 0;
	struct emu_txbd *bd = (void *)(rig->mem + FZ_TX + func * 0x1000 +
				       next[func]++ % nb_bds * sizeof(*bd));
	uint16_t flags = EMU_TXBD_VLD | (kind & KIND_MORE ? 0 : EMU_TXBD_FE);

	memset(bd, 0, sizeof(*bd));
	bd->addr_le = htole64(FZ_IOVA + FZ_DATA + fz_u16(in));
	bd->send_size_le = htole16(fz_u16(in));
	if (kind & KIND_CONTROL) {
		bd->type_cs_le = htole32(fz_u32(in));
		bd->ol_type_le = htole32(fz_u32(in));
		bd->paylen_le = htole32(fz_u32(in));
		bd->mss_le = htole16(fz_u16(in));
		bd->vlan_tag_le = bd->outer_vlan_le = htole16(fz_u16(in));
	}
	if (kind & KIND_RAW_ADDR)
		bd->addr_le = htole64(fz_u64(in));
	if (kind & KIND_FLAGS)
		flags = fz_u16(in);
	bd->flags_le = htole16(flags);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz_input in = { data, data + size };
	struct fz_rig *rig = fz_open(fz_u8(&in) & 1);
	uint8_t vlan = fz_u8(&in), ring = fz_u8(&in), wire = fz_u8(&in);
	uint32_t nb_bds = 8 + ring % 16 * 8u, nb;
	uint16_t max = fz_u16(&in);
	unsigned int next[2] = { 0, 0 };

	fz_start(rig, nb_bds);
	rig->pf->tx_vlan_cfg = vlan ^ EMU_TX_VLAN_DEFAULT;
	rig->pf->tx_vlan_tag[0] = 0x0123;
	rig->pf->nic->max_frame_bytes = max ? max % 9728u : 9728;
	rig->tx_result = wire % 3;
	rig->tx_after = wire / 3;
	nb = fz_u8(&in);
	for (uint32_t i = 0; i < nb; i++)
		bd_put(rig, &in, next, nb_bds);
	fz_bytes(&in, rig->mem + FZ_DATA, fz_left(&in) < 0x20000 ? fz_left(&in) : 0x20000);
	fz_wr(rig->pf, EMU_TQP_BASE(0) + EMU_TQP_TX_TAIL, next[0]);
	fz_wr(rig->vf, EMU_TQP_BASE(0) + EMU_TQP_TX_TAIL, next[1]);
	fz_run(rig);
	rig->tx_result = EMU_TX_TAKEN; /* a wire that was busy is free in the end */
	for (unsigned int i = 0; i < 64; i++)
		fz_run(rig);
	FZ_CHECK(emu_dev_tx_poll(rig->pf, 64) == 0 && emu_dev_tx_poll(rig->vf, 64) == 0);
	return 0;
}
