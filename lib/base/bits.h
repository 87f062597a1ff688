/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of 32- and 64-bit words. Mechanisms only: no device facts live here, so that the driver
 * and the emulator can share it without sharing a mistake.
 *
 * A field is one constant, its shifted mask; the shift is derived and cannot disagree with it.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <assert.h>
#include <stdint.h>

#define BIT32(n)       (UINT32_C(1) << (n))
#define BITS32(hi, lo) ((UINT32_MAX >> (31 - (hi))) & (UINT32_MAX << (lo)))
#define BIT64(n)       (UINT64_C(1) << (n))
#define BITS64(hi, lo) ((UINT64_MAX >> (63 - (hi))) & (UINT64_MAX << (lo)))

/* Value of a field. With a constant mask the compiler makes a shift of the division. */
#define FIELD_GET(mask, word) (((word) & (mask)) / ((mask) & -(mask)))

/* @p val placed into the field @p mask of an otherwise zero word; @p val must fit. */
static inline uint32_t
field_prep(uint32_t mask, uint32_t val)
{
	uint32_t lsb = mask & -mask;

	assert(val <= mask / lsb);
	return val * lsb;
}

/* @p word with the field @p mask replaced by @p val, which must fit. */
static inline uint32_t
field_set(uint32_t mask, uint32_t word, uint32_t val)
{
	return (word & ~mask) | field_prep(mask, val);
}

#endif
