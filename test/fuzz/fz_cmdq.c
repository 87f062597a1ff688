/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any command with any data, any register access, and frames in between: firmware, tables and
 * registers stay sound, and every command is answered.
 *
 * Input: u8 revision; then steps, each u8 what, and what it needs (step()).
 */
#include "fz_rig.h"

#include <endian.h>
#include <string.h>

#include "emu_fw.h"
#include "emu_reset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int tail[2]; /* of the functions' send queues */

/* One command of 1 to 4 descriptors: an opcode of the table (or any), flags, data. */
static void
command(struct fz_rig *rig, struct emu_dev *dev, struct fz_input *in)
{
	uint16_t pick = fz_u16(in), opcode = pick;
	uint8_t shape = fz_u8(in);
	unsigned int nb = 1 + (shape & 3u);
	const struct emu_fw_op *op = emu_fw_op_at(pick % EMU_FW_OPS_MAX);
	unsigned int *at = &tail[dev->func];

	if (op && pick < 0xf000)
		opcode = op->opcode;
	for (unsigned int i = 0; i < nb; i++) {
		struct emu_cmd_desc d = { .opcode_le = htole16(opcode) };
		uint32_t flags = 0x11 | (shape & 4 ? EMU_CMD_READ : 0) |
		                 (i + 1 < nb && shape & 8 ? EMU_CMD_NEXT : 0);

		d.flag_le = htole16((uint16_t)flags);
		fz_bytes(in, d.data, shape & 16 ? 8 : sizeof(d.data));
		memcpy(fz_desc(rig, dev, (*at + i) % 64), &d, sizeof(d));
	}
	*at = (*at + nb) % 64;
	fz_ring(dev, *at);
}

/* A frame from the wire. */
static void
frame_in(struct fz_rig *rig, struct fz_input *in)
{
	uint8_t bytes[528];
	uint32_t len = 14 + fz_u8(in) * 2u;
	struct emu_frame f = { .len_bytes = len, .nb_segs = 2 };

	fz_bytes(in, bytes, len);
	f.seg[0] = (struct iovec){ bytes, len / 2 };
	f.seg[1] = (struct iovec){ bytes + len / 2, len - len / 2 };
	fz_rx(rig, &f);
}

static void
step(struct fz_rig *rig, struct fz_input *in)
{
	uint8_t what = fz_u8(in), bytes[16];
	struct emu_dev *dev = what & 0x80 ? rig->vf : rig->pf;
	uint32_t reg;

	switch (what & 0x0f) {
	case 0:
		reg = fz_u32(in);
		fz_wr(dev, reg & 0xffffc, fz_u32(in));
		break;
	case 1: /* a register of a queue */
		reg = fz_u16(in);
		fz_wr(dev, EMU_TQP_BASE(reg & 3u) + (reg >> 8 & 0xfcu), fz_u32(in));
		break;
	case 2:
		reg = fz_u32(in);
		emu_dev_bar2_read(dev, reg, bytes, fz_u8(in) & 15u);
		break;
	case 3:
		reg = fz_u16(in);
		fz_bytes(in, bytes, sizeof(bytes));
		emu_dev_config_write(dev, reg, bytes, fz_u8(in) & 15u);
		emu_dev_config_read(dev, reg, bytes, 4);
		break;
	case 4:
	case 5:
		frame_in(rig, in);
		break;
	case 6:
		emu_dev_link_set(rig->pf, what & 0x10);
		break;
	case 7:
		emu_dev_reset(dev);
		tail[dev->func] = 0;
		break;
	case 8: /* memory that both sides use */
		reg = fz_u16(in);
		fz_bytes(in, rig->mem + reg, 16);
		break;
	case 9: /* a word of a client that has the registers mapped: no bit is held back */
		reg = fz_u32(in);
		if (reg & 1)
			reg = EMU_TQP_BASE(reg >> 8 & 3u) + (reg >> 16 & 0x1fcu);
		emu_bar_store(dev, reg & (EMU_BAR2_BYTES - 4), fz_u32(in));
		break;
	default:
		command(rig, dev, in);
		break;
	}
	fz_run(rig);
}

static void
count(void *arg, const char *group, const char *name, uint64_t value)
{
	(void)name;
	(void)value;
	FZ_CHECK(group);
	++*(unsigned int *)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz_input in = { data, data + size };
	struct fz_rig *rig = fz_open(fz_u8(&in) & 1);
	unsigned int nb = 0;

	tail[0] = tail[1] = 0;
	fz_start(rig, 64);
	while (fz_left(&in) > 0)
		step(rig, &in);
	emu_dev_stats(rig->pf, count, &nb);
	FZ_CHECK(nb > 0);
	return 0;
}
