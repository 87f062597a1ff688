/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of pages in flight, for both kinds of pages. */
#ifndef PPOOL_INFLIGHT_H
#define PPOOL_INFLIGHT_H

#include "ppool.h"

/* Enter @p in into the @p nb oldest of @p list, which has room for @p max; the new nb. */
static inline uint32_t
inflight_insert(struct ppool_inflight *list, uint32_t nb, uint32_t max,
		const struct ppool_inflight *in)
{
	uint32_t at = nb;

	if (nb == max && (max == 0 || list[nb - 1].age_ms >= in->age_ms))
		return nb;
	if (nb == max)
		at--;
	else
		nb++;
	for (; at > 0 && list[at - 1].age_ms < in->age_ms; at--)
		list[at] = list[at - 1];
	list[at] = *in;
	return nb;
}

static inline void
holder_describe(struct ppool_inflight *in, ppool_holder holder)
{
	in->port = (uint16_t)(holder >> 48);
	in->queue = (uint16_t)(holder >> 32);
	in->tag = (uint32_t)holder;
}

#endif
