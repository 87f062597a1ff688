/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock of a PF with the PTP capability [1:2.5] [2:9] [3:8.1]: it runs from power-on, by the
 * host's monotonic clock, and can be set, moved, and made faster or slower. Packets have no
 * timestamps. Service thread.
 */
#ifndef EMU_PTP_H
#define EMU_PTP_H

#include "emu_dev_priv.h"

/* Whether the function has the registers. */
static inline bool
emu_ptp_is_there(const struct emu_dev *dev)
{
	return dev->func == 0 && dev->cfg.caps & EMU_CAP_PTP;
}

static inline bool
emu_ptp_has(uint32_t offset)
{
	return offset >= EMU_PTP_TX_SEQID && offset <= EMU_PTP_CUR_NSEC;
}

/* Time 0 and 1 ns a tick; registers are all 0. */
void emu_ptp_reset(struct emu_dev *dev);

/* Do what the driver wrote since the last time, and show the time in the registers. */
void emu_ptp_poll(struct emu_dev *dev);

#endif
