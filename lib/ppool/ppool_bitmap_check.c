/* SPDX-License-Identifier: BSD-3-Clause */
/* Bitmap pages: set-up, audit and statistics; contract in ppool_bitmap.h. */
#include "ppool_bitmap.h"

#include <errno.h>
#include <string.h>

uint32_t
bitmap_count(const struct bitmap *b)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < b->chunks->nb; i++) {
		const struct bitmap_chunk *c = &b->chunks->chunk[i];

		for (uint32_t j = 0; j < c->nb_pages; j++)
			if (at_load(&c->pages[j].is_drained, relaxed) == 0)
				sum += (uint32_t)__builtin_popcountll(
						at_load(&c->pages[j].freed, relaxed));
	}
	return sum;
}

uint32_t
bitmap_unusable(const struct bitmap *b)
{
	uint32_t sum = 0;

	for (uint32_t nr = 0; nr < b->nb_pages; nr++) {
		const struct bitmap_page *page = bitmap_page_at(b, nr);

		if (at_load(&page->is_drained, relaxed) != 0)
			sum += (uint32_t)__builtin_popcountll(at_load(&page->freed, relaxed) |
							      at_load(&page->aside, relaxed));
	}
	return sum;
}

uint32_t
bitmap_audit(const struct bitmap *b, void (*say)(void *ctx, const char *what), void *ctx)
{
	uint32_t nb = 0, frags = 0, pages = 0;

	struct ppool_stats sum;

	bitmap_stats_get(b, &sum);
	if (bitmap_count(b) + bitmap_unusable(b) + sum.alloc_frags - sum.recycle_cached_frags !=
			b->nb_frags) {
		say(ctx, "fragments out and the statistics disagree");
		nb++;
	}
	for (uint32_t nr = 0; nr < b->nb_pages; nr++) {
		const struct bitmap_page *page = bitmap_page_at(b, nr);
		uint64_t aside = at_load(&page->aside, relaxed);

		if ((aside & at_load(&page->freed, relaxed)) != 0 ||
				(aside != 0 && at_load(&page->is_drained, relaxed) == 0)) {
			say(ctx, "a fragment is aside that can be had");
			nb++;
		}
	}
	for (uint32_t i = 0; i < b->chunks->nb; i++) {
		const struct bitmap_chunk *c = &b->chunks->chunk[i];

		for (uint32_t j = 0; j < c->nb_pages; j++) {
			frags += (uint32_t)__builtin_popcountll(c->pages[j].all);
			if ((at_load(&c->pages[j].freed, relaxed) & ~c->pages[j].all) != 0) {
				say(ctx, "a page has a bit for a fragment that does not exist");
				nb++;
			}
		}
		pages += c->nb_pages;
		if (i != 0 && c->base < b->chunks->chunk[i - 1].base +
								b->chunks->chunk[i - 1].bytes) {
			say(ctx, "two chunks overlap");
			nb++;
		}
	}
	if (frags != b->nb_frags || pages != b->nb_pages) {
		say(ctx, "the chunks do not add up to the pool");
		nb++;
	}
	for (uint32_t s = 0; s < b->nb_slots; s++) {
		const struct bitmap_owner *o = &b->owners[s];

		if (o->slot != s || o->tail - o->head > b->hint_mask + 1 ||
				o->nb_stale > b->hint_mask + 1) {
			say(ctx, "an owner's hints are out of bounds");
			nb++;
		}
	}
	return nb;
}

void
bitmap_stats_get(const struct bitmap *b, struct ppool_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	for (uint32_t s = 0; s < b->nb_slots; s++)
		ppool_stats_add(stats, &b->owners[s].count);
	stats->alloc_waive_pages = at_load(&b->nb_waived, relaxed);
}

int
bitmap_init(struct bitmap *b, const struct ppool_alloc *mem, uint32_t page_bytes, uint32_t stride,
		uint32_t nb_slots, uint32_t hint_pages)
{
	if (stride < 2 || page_bytes < stride || page_bytes / stride > PPOOL_BITMAP_FRAGS_MAX ||
			nb_slots == 0 || hint_pages == 0 || (hint_pages & (hint_pages - 1)) != 0)
		return -EINVAL;
	memset(b, 0, sizeof(*b));
	b->page_bytes = page_bytes;
	b->stride = stride;
	b->page_frags = page_bytes / stride;
	b->page_recip = ppool_recip(page_bytes);
	b->stride_recip = ppool_recip(stride);
	b->nb_slots = nb_slots;
	b->hint_mask = hint_pages - 1;
	b->chunks = mem->zalloc(mem->ctx, sizeof(*b->chunks), 64);
	b->owners = mem->zalloc(mem->ctx, nb_slots * sizeof(*b->owners), 128);
	b->hints = mem->zalloc(mem->ctx,
			(size_t)nb_slots * 2 * hint_pages * sizeof(struct bitmap_page *), 128);
	if (b->chunks == NULL || b->owners == NULL || b->hints == NULL) {
		bitmap_fini(b, mem);
		return -ENOMEM;
	}
	for (uint32_t s = 0; s < nb_slots; s++) {
		b->owners[s].slot = s;
		b->owners[s].fifo = (struct bitmap_page **)b->hints + (size_t)s * 2 * hint_pages;
		b->owners[s].stale = b->owners[s].fifo + hint_pages;
	}
	return 0;
}

void
bitmap_fini(struct bitmap *b, const struct ppool_alloc *mem)
{
	for (uint32_t i = 0; b->chunks != NULL && i < b->chunks->nb; i++)
		mem->free(mem->ctx, b->chunks->chunk[i].pages);
	mem->free(mem->ctx, b->chunks);
	mem->free(mem->ctx, b->hints);
	mem->free(mem->ctx, b->owners);
	memset(b, 0, sizeof(*b));
}

/* A chunk with its page descriptors; false: no memory. */
static bool
chunk_init(const struct bitmap *b, const struct ppool_alloc *mem, struct bitmap_chunk *c,
		char *base, uint32_t first, uint32_t nb_frags)
{
	uint32_t last = nb_frags % b->page_frags;

	c->base = (uintptr_t)base;
	c->first = b->nb_pages;
	c->nb_pages = (nb_frags + b->page_frags - 1) / b->page_frags;
	c->bytes = (size_t)c->nb_pages * b->page_bytes;
	if (last != 0) /* what lies behind the last fragment is not ours */
		c->bytes -= b->page_bytes - (size_t)last * b->stride;
	c->pages = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->pages), 64);
	if (c->pages == NULL)
		return false;
	for (uint32_t i = 0; i < c->nb_pages; i++) {
		c->pages[i].obj = base + (size_t)i * b->page_bytes + first +
		                  bitmap_colour(b, i, c->nb_pages);
		c->pages[i].all = UINT64_MAX >> (64 - b->page_frags);
		at_store(&c->pages[i].holder, UINT32_MAX, relaxed);
	}
	if (last != 0)
		c->pages[c->nb_pages - 1].all = UINT64_MAX >> (64 - last);
	for (uint32_t i = 0; i < c->nb_pages; i++)
		at_store(&c->pages[i].freed, c->pages[i].all, relaxed);
	return true;
}

int
bitmap_add(struct bitmap *b, const struct ppool_alloc *mem, void *base, uint32_t first,
		uint32_t nb_frags)
{
	uint32_t nb = b->chunks->nb, at = 0;
	struct bitmap_chunks *chunks;
	struct bitmap_chunk c;

	if (nb_frags == 0 || first >= b->stride)
		return -EINVAL;
	if (!chunk_init(b, mem, &c, base, first, nb_frags))
		return -ENOMEM;
	while (at < nb && b->chunks->chunk[at].base < c.base)
		at++;
	if ((at < nb && c.base + c.bytes > b->chunks->chunk[at].base) ||
			(at > 0 && b->chunks->chunk[at - 1].base + b->chunks->chunk[at - 1].bytes >
							c.base)) {
		mem->free(mem->ctx, c.pages);
		return -EINVAL;
	}
	chunks = mem->zalloc(mem->ctx, sizeof(*chunks) + (nb + 1) * sizeof(c), 64);
	if (chunks == NULL) {
		mem->free(mem->ctx, c.pages);
		return -ENOMEM;
	}
	memcpy(chunks->chunk, b->chunks->chunk, at * sizeof(c));
	chunks->chunk[at] = c;
	memcpy(&chunks->chunk[at + 1], &b->chunks->chunk[at], (nb - at) * sizeof(c));
	chunks->nb = nb + 1;
	mem->free(mem->ctx, b->chunks);
	b->chunks = chunks;
	b->nb_pages += c.nb_pages;
	b->nb_frags += nb_frags;
	at_store(&b->dry, BITMAP_WET, relaxed); /* nobody else uses the pool now */
	return 0;
}
