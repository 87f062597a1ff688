/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counter latch: how a client whose registers are mapped reads counters that reading clears.
 *
 * In mapped registers a read is not seen. So the bus, which is ours, frames what reads counters
 * with two requests, through a page that no hns3 has: SHOW puts there what has been counted since
 * the last time; READ or BACK makes the registers 0 again, by which it counts as told, or not. A
 * request is a number in its upper bits, never the last one, and its kind in the lower two; written
 * into LATCH_ASK and acknowledged in LATCH_ACK. From the first one on, commands show nothing any
 * more: outside of a frame all counters read 0. LATCH_MORE: some counter has more than a register
 * holds. LATCH_MAGIC says that there is such a page; the words behind are the bus's own. See
 * doc/adr/0011.
 *
 * Service thread.
 */
#include "emu_dev_priv.h"

#define LATCH_MAGIC (EMU_LATCH_PAGE + 0x00)
#define LATCH_ASK   (EMU_LATCH_PAGE + 0x04)
#define LATCH_ACK   (EMU_LATCH_PAGE + 0x08)
#define LATCH_MORE  (EMU_LATCH_PAGE + 0x0c)
#define LATCH_END   (EMU_LATCH_PAGE + 0x20)
#define MAGIC       0x6c746369u

enum ask {
	ASK_SHOW = 1,
	ASK_READ,
	ASK_BACK,
};

void
emu_latch_reset(struct emu_dev *dev)
{
	dev->has_latch = false;
	emu_counters_reset(dev);
	for (uint32_t at = LATCH_ASK; at < LATCH_END; at += 4)
		emu_bar_store(dev, at, 0);
	emu_bar_store(dev, LATCH_MAGIC, MAGIC);
}

bool
emu_latch_is_waiting(const struct emu_dev *dev)
{
	return emu_bar_load(dev, LATCH_ASK) != emu_bar_load(dev, LATCH_ACK);
}

unsigned int
emu_latch_poll(struct emu_dev *dev)
{
	uint32_t ask = emu_bar_load(dev, LATCH_ASK);

	if (dev->is_trapped || ask == emu_bar_load(dev, LATCH_ACK))
		return 0;
	dev->has_latch = true;
	/* Also before SHOW: from before the first one, or of a client that was killed in between.
	 */
	emu_counters_drop(dev, (ask & 3) != ASK_BACK);
	if ((ask & 3) == ASK_SHOW)
		emu_bar_store(dev, LATCH_MORE, emu_counters_put(dev));
	emu_bar_store(dev, LATCH_ACK, ask);
	return 1;
}
