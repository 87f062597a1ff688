/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only accessors of device registers, and the two ordering rules of the rings [2:4]:
 * - taking a BD: hns3_bd_take() loads the word with VALID and orders all later loads after it;
 * - giving BDs: hns3_doorbell() orders all earlier stores before the register write.
 */
#ifndef HNS3_HW_H
#define HNS3_HW_H

#include <stdint.h>

#include <rte_atomic.h>
#include <rte_byteorder.h>
#include <rte_io.h>

static inline uint32_t
hns3_reg_read(const uint8_t *bar, uint32_t offset)
{
	return rte_le_to_cpu_32(rte_read32(bar + offset));
}

static inline void
hns3_reg_write(uint8_t *bar, uint32_t offset, uint32_t val)
{
	rte_write32(rte_cpu_to_le_32(val), bar + offset);
}

/* Tell the device about @p nb BDs; everything stored before is visible to it first. */
static inline void
hns3_doorbell(uint8_t *reg, uint32_t nb)
{
	rte_io_wmb();
	rte_write32_relaxed(rte_cpu_to_le_32(nb), reg);
}

/* A word the device writes; no order. */
static inline uint32_t
hns3_bd_peek(const uint32_t *word_le)
{
	return rte_le_to_cpu_32(__atomic_load_n(word_le, __ATOMIC_RELAXED));
}

/* The word with VALID of an Rx BD; the other words may be read after it. */
static inline uint32_t
hns3_bd_take(const uint32_t *word_le)
{
	uint32_t word = hns3_bd_peek(word_le);

	rte_io_rmb();
	return word;
}

#endif
