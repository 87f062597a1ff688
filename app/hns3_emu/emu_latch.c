/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counter latch: how a client whose registers are mapped reads counters that reading clears.
 *
 * In mapped registers a read is not seen. A PF's driver sends a command before it reads, which
 * tells when to show the counters (emu_fw_stats.c); a VF's sends none. So the bus, which is ours,
 * frames the driver's read with two writes to a page that no hns3 has: an odd number into LATCH_ASK
 * shows what has been counted since the last time, the next even one makes the registers 0 again;
 * each is acknowledged in LATCH_ACK. While the latch is held a command shows counters on top of
 * those that stand there, and hides none. LATCH_MAGIC says that there is such a page. See
 * doc/adr/0009.
 *
 * Service thread.
 */
#include "emu_dev_priv.h"

#define LATCH_MAGIC 0x70000u
#define LATCH_ASK   0x70004u
#define LATCH_ACK   0x70008u
#define MAGIC       0x6c746368u

void
emu_latch_reset(struct emu_dev *dev)
{
	dev->is_latched = false;
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
	dev->is_latched = ask & 1;
	if (dev->is_latched)
		emu_counters_show(dev);
	else
		emu_counters_hide(dev);
	emu_bar_store(dev, LATCH_ACK, ask);
	return 1;
}
