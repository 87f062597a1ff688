/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers that tell where a ring is: head, tail, and BDs that wait (FBDNUM) [2:3.1].
 *
 * Where accesses are trapped they are exact. In mapped registers nobody sees the doorbells one by
 * one, so RX_FBDNUM is put there once a millisecond, from the BDs that are valid still and from
 * what the doorbell register held meanwhile: right as soon as the driver has rung no more than once
 * in that time, and never wrong by more than it rings for at once.
 */
#ifndef EMU_RINGPOS_H
#define EMU_RINGPOS_H

#include "emu_dev_priv.h"

/* What the register at @p offset of a queue says now; doorbells are seen. Service thread. */
uint32_t emu_ringpos_read(const struct emu_dev *dev, uint32_t offset);

/* Service thread, in each round: have registers refreshed when it is time. */
void emu_ringpos_poll(struct emu_dev *dev);
/* Data thread, in each round: refresh them if it is. */
void emu_ringpos_refresh(struct emu_dev *dev);

/* The queue starts over; the data thread is paused. */
void emu_ringpos_reset(struct emu_dev *dev, unsigned int q);

#endif
