/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where fragments lie: pages of one size, each cut into fragments of one stride. From an address to
 * its page and to its place in the page by one multiplication each; no division after start.
 *
 * A "page" is what is counted and reused as one; it need not be a page of the MMU.
 */
#ifndef PPOOL_SPACE_H
#define PPOOL_SPACE_H

#include <assert.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 ppool_u128;

/* @p nb fragments in a row, the first one at unit @p first of a page. */
struct ppool_frags {
	uint32_t page, first, nb;
};

/* floor(2^64 / d) rounded up: ppool_div() by it is exact while a * d < 2^64. d > 1. */
static inline uint64_t
ppool_recip(uint32_t d)
{
	assert(d > 1);
	return UINT64_MAX / d + 1;
}

/* a / d for the d that @p recip was made of. */
static inline uint64_t
ppool_div(uint64_t a, uint64_t recip)
{
	return (uint64_t)(((ppool_u128)a * recip) >> 64);
}

#endif
