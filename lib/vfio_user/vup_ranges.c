/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of live DMA maps; see vup_ranges.h. */
#include "vup_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_FIRST_SIZE 64

void
vup_ranges_init(struct vup_ranges *set, size_t nb_max)
{
	*set = (struct vup_ranges){ .nb_max = nb_max };
}

void
vup_ranges_fini(struct vup_ranges *set)
{
	free(set->ranges);
	vup_ranges_init(set, set->nb_max);
}

/* Index of the first range that ends at or after @p addr. */
static size_t
ranges_find(const struct vup_ranges *set, uint64_t addr)
{
	size_t low = 0, high = set->nb, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (set->ranges[mid].last < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
vup_ranges_overlap(const struct vup_ranges *set, uint64_t addr, uint64_t size)
{
	size_t at = ranges_find(set, addr);

	return at < set->nb && set->ranges[at].first <= addr + (size - 1);
}

bool
vup_ranges_contain(const struct vup_ranges *set, uint64_t addr, uint64_t size)
{
	uint64_t last = addr + (size - 1);
	size_t at;

	for (at = ranges_find(set, addr); at < set->nb && set->ranges[at].first <= addr; at++) {
		if (set->ranges[at].last >= last)
			return true;
		addr = set->ranges[at].last + 1;
	}
	return false;
}

bool
vup_ranges_last(const struct vup_ranges *set, uint64_t addr, struct vup_range *range)
{
	size_t at = ranges_find(set, addr);

	if (at < set->nb && set->ranges[at].first <= addr)
		at++;
	if (at == 0)
		return false;
	*range = set->ranges[at - 1];
	return true;
}

bool
vup_ranges_are_cut(const struct vup_ranges *set, uint64_t addr, uint64_t size)
{
	uint64_t last = addr + (size - 1);
	struct vup_range r;

	return (vup_ranges_last(set, addr, &r) && r.first < addr && r.last >= addr) ||
	       (vup_ranges_last(set, last, &r) && r.last > last);
}

int
vup_ranges_add(struct vup_ranges *set, uint64_t addr, uint64_t size)
{
	uint64_t last = addr + (size - 1);
	size_t at = ranges_find(set, addr), room;
	struct vup_range *more;

	if (vup_ranges_overlap(set, addr, size))
		return -EEXIST;
	if (set->nb == set->nb_max)
		return -ENOSPC;
	if (set->nb == set->size) {
		room = set->size ? 2 * set->size : RANGES_FIRST_SIZE;
		more = realloc(set->ranges, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		set->ranges = more;
		set->size = room;
	}
	memmove(&set->ranges[at + 1], &set->ranges[at], (set->nb - at) * sizeof(*more));
	set->ranges[at] = (struct vup_range){ .first = addr, .last = last };
	set->nb++;
	return 0;
}

int
vup_ranges_remove(struct vup_ranges *set, uint64_t addr, uint64_t size)
{
	size_t at = ranges_find(set, addr);

	if (at == set->nb || set->ranges[at].first != addr ||
			set->ranges[at].last != addr + (size - 1))
		return -ENOENT;
	set->nb--;
	memmove(&set->ranges[at], &set->ranges[at + 1], (set->nb - at) * sizeof(set->ranges[0]));
	return 0;
}
