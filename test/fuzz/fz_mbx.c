/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any message from a VF, served by the host that firmware plays or handed to the PF's driver, and
 * any answer of that: tables stay sound, every message's command is answered.
 *
 * Input: u8 revision, who serves; then messages: u8 sender and shape, u8 code, u8 subcode, 12
 * bytes.
 */
#include "fz_rig.h"

#include <endian.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
message(struct fz_rig *rig, struct fz_input *in, unsigned int tail[2])
{
	uint8_t shape = fz_u8(in);
	struct emu_dev *dev = shape & 1 ? rig->pf : rig->vf;
	struct emu_cmd_desc *d = (void *)fz_desc(rig, dev, tail[dev->func]);

	memset(d, 0, sizeof(*d));
	d->opcode_le = htole16(shape & 1 ? 0x2000 : 0x2001);
	d->flag_le = htole16(0x11);
	d->data[1] = shape & 1 ? 1 : 0; /* a message of the PF names its receiver */
	d->data[2] = shape >> 1 & 1;    /* an answer is wanted */
	d->data[6] = shape;
	d->data[8] = fz_u8(in);
	d->data[9] = fz_u8(in);
	fz_bytes(in, d->data + 10, 14);
	if (shape & 0x80)
		fz_bytes(in, d->data, 8);
	tail[dev->func] = (tail[dev->func] + 1) % 64;
	fz_ring(dev, tail[dev->func]);
	if (shape & 4) { /* the receivers have read what they got */
		for (unsigned int i = 0; i < 2; i++) {
			struct emu_dev *to = i ? rig->vf : rig->pf;

			fz_wr(to, EMU_CRQ_HEAD, emu_bar_load(to, EMU_CRQ_TAIL));
		}
	}
	fz_run(rig);
	/* while firmware is not away for a reset */
	if (!rig->pf->reset.is_on && !rig->vf->reset.is_on && !rig->pf->nic->reset.is_on &&
			!rig->vf->reset_is_held && !rig->pf->nic->vfs_wait)
		FZ_CHECK(emu_bar_load(dev, EMU_CSQ_HEAD) == tail[dev->func]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz_input in = { data, data + size };
	uint8_t how = fz_u8(&in);
	struct fz_rig *rig = fz_open(how & 1);
	unsigned int tail[2] = { 0, 0 };
	static const uint8_t bytes[60] = { 2, 0, 0, 0, 0, 0x0e };
	struct emu_frame f = { .len_bytes = 60, .nb_segs = 1, .seg[0] = { (void *)bytes, 60 } };

	rig->pf->nic->mbx_by_driver = how & 2;
	fz_start(rig, 64);
	while (fz_left(&in) > 0)
		message(rig, &in, tail);
	fz_rx(rig, &f); /* by what the messages have made of the tables */
	fz_run(rig);
	return 0;
}
