/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The register BAR: reset image, and accesses that are trapped. A client that maps the BAR reads
 * and writes the same memory unseen; whatever has to happen then happens when the threads poll it,
 * and so it is for a trapped client.
 */
#include "emu_doorbell.h"
#include "emu_ptp.h"
#include "emu_ringpos.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum read_kind {
	PLAIN,
	CLEAR, /* reading clears */
	RING,  /* where a ring is: emu_ringpos.h */
};

struct reg {
	const char *name;
	uint32_t offset, reset, writable;
	enum read_kind read;
};

static const struct reg regs[] = {
#define EMU_REG(name, offset, reset, writable, read, source)                                       \
	{ #name, offset, reset, writable, read },
#define EMU_TQP(...)
#define EMU_VEC(...)
#include "emu_regs.def"
#undef EMU_REG
#undef EMU_TQP
#undef EMU_VEC
};

static const struct reg tqp_regs[] = {
#define EMU_REG(...)
#define EMU_TQP(name, offset, reset, writable, read, source)                                       \
	{ #name, offset, reset, writable, read },
#define EMU_VEC(...)
#include "emu_regs.def"
#undef EMU_REG
#undef EMU_TQP
#undef EMU_VEC
};

static const struct reg vec_regs[] = {
#define EMU_REG(...)
#define EMU_TQP(...)
#define EMU_VEC(name, offset, reset, writable, read, source)                                       \
	{ #name, offset, reset, writable, read },
#include "emu_regs.def"
#undef EMU_REG
#undef EMU_TQP
#undef EMU_VEC
};

#define NB(array) (sizeof(array) / sizeof((array)[0]))

void
emu_regs_reset(struct emu_dev *dev)
{
	static const uint8_t zeros[4096];

	/* The client may watch: words that keep their value must not flicker, and no word may be
	 * torn. Most pages have no registers. */
	for (uint32_t page = 0; page < EMU_BAR2_BYTES; page += sizeof(zeros)) {
		if (page == EMU_LATCH_PAGE || memcmp(dev->bar + page, zeros, sizeof(zeros)) == 0)
			continue;
		for (uint32_t at = page; at < page + sizeof(zeros); at += 4) {
			if (emu_bar_load(dev, at) != 0)
				emu_bar_store(dev, at, 0);
		}
	}
	for (unsigned int i = 0; i < NB(regs); i++)
		emu_bar_store(dev, regs[i].offset, regs[i].reset);
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		for (unsigned int i = 0; i < NB(tqp_regs); i++)
			emu_bar_store(dev, EMU_TQP_BASE(q) + tqp_regs[i].offset, tqp_regs[i].reset);
	}
}

/* The register at @p offset, or NULL. */
static const struct reg *
reg_find(const struct emu_dev *dev, uint32_t offset)
{
	const struct reg *table = regs;
	unsigned int nb = NB(regs);
	uint32_t at = offset;

	if (emu_ptp_has(offset) && !emu_ptp_is_there(dev))
		return NULL;
	if (offset >= EMU_TQP_BASE(0)) {
		if (offset >= EMU_TQP_BASE((uint32_t)dev->cfg.nb_queues))
			return NULL;
		table = tqp_regs;
		nb = NB(tqp_regs);
		at = (offset - EMU_TQP_BASE(0)) % 0x200;
	} else if (offset >= 0x20000 && offset < 0x21000 && offset % 0x100 < 4 * EMU_VECTOR_MAX) {
		for (unsigned int i = 0; i < NB(vec_regs); i++) {
			if ((offset & ~0xffu) == vec_regs[i].offset)
				return &vec_regs[i];
		}
	}
	for (unsigned int i = 0; i < nb; i++) {
		if (table[i].offset == at)
			return &table[i];
	}
	return NULL;
}

static bool
access_is_valid(uint64_t offset, uint32_t len)
{
	return offset % 4 == 0 && len % 4 == 0 && offset <= EMU_BAR2_BYTES &&
	       len <= EMU_BAR2_BYTES - offset;
}

int
emu_dev_bar2_read(struct emu_dev *dev, uint64_t offset, void *buf, uint32_t len)
{
	if (!access_is_valid(offset, len)) {
		emu_dev_violation(dev, EMU_V_REG_ACCESS, "a read is not of aligned words");
		return -EINVAL;
	}
	dev->is_trapped = true;
	for (uint32_t i = 0; i < len; i += 4) {
		const struct reg *r = reg_find(dev, (uint32_t)offset + i);
		uint32_t val;

		if (emu_ptp_has((uint32_t)offset + i))
			emu_ptp_poll(dev);
		val = emu_bar_load(dev, (uint32_t)offset + i);

		if (r && r->read == CLEAR)
			val = emu_counter_take(dev, (uint32_t)offset + i);
		else if (r && r->read == RING && dev->sees_doorbells)
			val = emu_ringpos_read(dev, (uint32_t)offset + i);
		memcpy((uint8_t *)buf + i, &val, 4);
	}
	return 0;
}

int
emu_dev_bar2_write(struct emu_dev *dev, uint64_t offset, const void *buf, uint32_t len)
{
	char detail[64];

	if (!access_is_valid(offset, len)) {
		emu_dev_violation(dev, EMU_V_REG_ACCESS, "a write is not of aligned words");
		return -EINVAL;
	}
	dev->is_trapped = true;
	for (uint32_t i = 0; i < len; i += 4) {
		uint32_t at = (uint32_t)offset + i, val;
		const struct reg *r = reg_find(dev, at);

		memcpy(&val, (const uint8_t *)buf + i, 4);
		if (!r) {
			snprintf(detail, sizeof(detail), "write of 0x%x at 0x%05x", val, at);
			emu_dev_violation(dev, EMU_V_REG_UNKNOWN, detail);
			continue;
		}
		if (val & ~r->writable &&
				(val & ~r->writable) != (emu_bar_load(dev, at) & ~r->writable)) {
			snprintf(detail, sizeof(detail), "write of 0x%x to %s", val, r->name);
			emu_dev_violation(dev, EMU_V_REG_READ_ONLY, detail);
		}
		/* read-only bits keep their value */
		val = (val & r->writable) | (emu_bar_load(dev, at) & ~r->writable);
		emu_bar_store(dev, at, val);
		emu_doorbell_write(dev, at, val);
		if (emu_ptp_has(at))
			emu_ptp_poll(dev);
		/* a driver may mask, clear and unmask before the next look at the registers */
		if (at >= EMU_MISC_VECTOR && at <= EMU_CMDQ_STAT)
			emu_vector0_poll(dev);
	}
	return 0;
}
