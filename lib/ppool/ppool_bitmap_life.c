/* SPDX-License-Identifier: BSD-3-Clause */
/* Bitmap pages in flight, and pages whose memory shall go; contract in ppool_bitmap.h. */
#include "ppool_bitmap.h"
#include "ppool_inflight.h"

uint32_t
bitmap_inflight(struct bitmap *b, uint32_t now_ms, struct ppool_inflight *list, uint32_t max)
{
	uint32_t nb = 0, all = 0;

	for (uint32_t nr = 0; nr < b->nb_pages; nr++) {
		struct bitmap_page *page = bitmap_page_at(b, nr);
		uint64_t out = page->all &
		               ~(at_load(&page->freed, relaxed) | at_load(&page->aside, relaxed));
		uint32_t slot = at_load(&page->holder, relaxed), seen_ms;
		struct ppool_inflight in = { .page = nr,
			.lcore = slot < b->nb_slots - 1 ? slot : UINT32_MAX,
			.addr = page->obj,
			.refs = (uint32_t)__builtin_popcountll(out) };

		if (out == 0)
			continue;
		seen_ms = at_load(&page->seen_ms, relaxed);
		if (seen_ms == 0) {
			seen_ms = now_ms != 0 ? now_ms : 1;
			at_store(&page->seen_ms, seen_ms, relaxed);
		}
		in.age_ms = now_ms == 0 ? 0 : now_ms - seen_ms;
		holder_describe(&in, at_load(&page->opened_for, relaxed));
		all++;
		nb = inflight_insert(list, nb, max, &in);
	}
	return all;
}

/*
 * Of a bitmap page nobody can be asked to let go: what is free of it is taken out of everybody's
 * reach, now and at each further call, until all is aside.
 *
 * Under scan_lock: is_drained and aside are one, whoever drains and undrains at once; and a search
 * that finds the pool empty has either seen what was undrained, or is over before it is told wet.
 */
uint32_t
bitmap_drain(struct bitmap *b, uint32_t first, uint32_t nb)
{
	uint32_t away = 0;

	for (uint32_t nr = first; nr < b->nb_pages && nr - first < nb; nr++) {
		struct bitmap_page *page = bitmap_page_at(b, nr);
		uint64_t was, now;

		at_lock_take(&b->scan_lock);
		at_store(&page->is_drained, 1, relaxed);
		was = at_load(&page->aside, relaxed);
		/* [FRAG-A]: whoever is told that the memory may go has the last user's stores. */
		now = was | at_exchange(&page->freed, 0, acquire);
		at_store(&page->aside, now, relaxed);
		if (now != page->all)
			away++;
		else if (was != page->all)
			at_fetch_add(&b->nb_waived, 1, relaxed);
		at_lock_give(&b->scan_lock);
	}
	return away;
}

uint32_t
bitmap_undrain(struct bitmap *b, uint32_t first, uint32_t nb)
{
	uint32_t drained = 0;

	for (uint32_t nr = first; nr < b->nb_pages && nr - first < nb; nr++) {
		struct bitmap_page *page = bitmap_page_at(b, nr);

		at_lock_take(&b->scan_lock);
		drained += at_exchange(&page->is_drained, 0, relaxed);
		/* [FRAG-R] pairs with [FRAG-A] of take_some(). */
		at_fetch_or(&page->freed, at_exchange(&page->aside, 0, relaxed), release);
		at_store(&b->dry, BITMAP_WET, relaxed);
		at_lock_give(&b->scan_lock);
	}
	return drained;
}
