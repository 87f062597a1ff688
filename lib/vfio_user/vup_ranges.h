/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The set of live DMA maps: disjoint address ranges, sorted, in one array. Lookup is a binary
 * search, insertion moves the tail (maps come in ascending order mostly, so that is cheap).
 * Single-threaded.
 *
 * Invariant: first <= last of each, and last of one < first of the next.
 */
#ifndef VUP_RANGES_H
#define VUP_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vup_range {
	uint64_t first;
	uint64_t last; /* inclusive, so that a range may end at the end of the address space */
};

struct vup_ranges {
	struct vup_range *ranges;
	size_t nb;
	size_t size;   /* allocated */
	size_t nb_max; /* more are refused */
};

void vup_ranges_init(struct vup_ranges *set, size_t nb_max);
void vup_ranges_fini(struct vup_ranges *set);

/** Whether a live range has an address in common with this one. */
bool vup_ranges_overlap(const struct vup_ranges *set, uint64_t addr, uint64_t size);

/** Whether every address of this range is in live ranges, of which it may span several. */
bool vup_ranges_contain(const struct vup_ranges *set, uint64_t addr, uint64_t size);

/** The last range that starts at or before @p addr; false: there is none. */
bool vup_ranges_last(const struct vup_ranges *set, uint64_t addr, struct vup_range *range);

/** Whether a live range lies partly inside this one and partly outside. */
bool vup_ranges_are_cut(const struct vup_ranges *set, uint64_t addr, uint64_t size);

/** @return 0; -EEXIST overlaps one that is there; -ENOSPC nb_max reached; -ENOMEM */
int vup_ranges_add(struct vup_ranges *set, uint64_t addr, uint64_t size);

/** @return 0; -ENOENT no range is exactly this one */
int vup_ranges_remove(struct vup_ranges *set, uint64_t addr, uint64_t size);

#endif
