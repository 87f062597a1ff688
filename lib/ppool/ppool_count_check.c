/* SPDX-License-Identifier: BSD-3-Clause */
/* Count pages before and after use: init and fini, statistics, and the audit of every identity. */
#include "ppool_count_priv.h"

#include <errno.h>
#include <string.h>

#define BIAS_FOLD (UINT32_C(3) << 30)

int
count_init_sized(struct count_pool *c, const struct ppool_alloc *mem, uint32_t nb_frags,
		uint32_t page_frags, uint32_t page_units, uint32_t nb_slots, uint32_t bias)
{
	if (nb_frags == 0 || page_frags == 0 || page_units < page_frags || nb_slots == 0 ||
			bias <= page_frags || bias > UINT32_C(1) << 30)
		return -EINVAL;
	memset(c, 0, sizeof(*c));
	c->page_frags = page_frags;
	c->page_units = page_units;
	c->nb_pages = (nb_frags - 1) / page_frags + 1;
	c->last_frags = nb_frags - (c->nb_pages - 1) * page_frags;
	c->nb_slots = nb_slots;
	c->full_bias = bias;
	c->bias_max = BIAS_FOLD;
	c->refs_max = UINT32_MAX;
	c->refs = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->refs), 64);
	c->bias = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->bias), 64);
	c->next = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->next), 64);
	c->cut = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->cut), 64);
	c->trace = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->trace), 64);
	c->flags = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->flags), 64);
	c->owner_of = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->owner_of), 64);
	c->free_pages = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->free_pages), 64);
	c->owners = mem->zalloc(mem->ctx, nb_slots * sizeof(*c->owners), 128);
	if (!c->refs || !c->bias || !c->next || !c->cut || !c->trace || !c->flags || !c->owner_of ||
			!c->free_pages || !c->owners) {
		count_fini(c, mem);
		return -ENOMEM;
	}
	for (uint32_t s = 0; s < nb_slots; s++) {
		c->owners[s].slot = s;
		c->owners[s].page = PPOOL_NONE;
	}
	for (uint32_t page = 0; page < c->nb_pages; page++) {
		at_store(&c->owner_of[page], PPOOL_NONE, relaxed);
		c->free_pages[page] = c->nb_pages - 1 - page;
	}
	at_store(&c->nb_free, c->nb_pages, relaxed);
	return 0;
}

int
count_limit_16bit(struct count_pool *c)
{
	if (c->full_bias > UINT16_MAX / 2)
		return -EINVAL;
	c->bias_max = c->full_bias; /* so that only what is out can fill R */
	c->refs_max = UINT16_MAX;
	return 0;
}

void
count_fini(struct count_pool *c, const struct ppool_alloc *mem)
{
	mem->free(mem->ctx, c->refs);
	mem->free(mem->ctx, c->bias);
	mem->free(mem->ctx, c->next);
	mem->free(mem->ctx, c->cut);
	mem->free(mem->ctx, c->trace);
	mem->free(mem->ctx, c->flags);
	mem->free(mem->ctx, c->owner_of);
	mem->free(mem->ctx, c->free_pages);
	mem->free(mem->ctx, c->owners);
	memset(c, 0, sizeof(*c));
}

void
count_stats_get(const struct count_pool *c, struct ppool_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	for (uint32_t s = 0; s < c->nb_slots; s++)
		ppool_stats_add(stats, &c->owners[s].count);
	ppool_stats_add(stats, &c->homing);
}

/* References out, by the pages. Nobody else takes two owners' locks, so all in turn is no deadlock.
 */
static uint64_t
pages_held(const struct count_pool *c)
{
	uint64_t held = 0;

	for (uint32_t s = 0; s < c->nb_slots; s++) {
		at_lock_take(&c->owners[s].lock);
		held -= c->owners[s].left;
	}
	for (uint32_t page = 0; page < c->nb_pages; page++)
		held += page_held(c, page);
	for (uint32_t s = 0; s < c->nb_slots; s++)
		at_lock_give(&c->owners[s].lock);
	return held;
}

uint64_t
count_held(const struct count_pool *c)
{
	struct ppool_stats sum;
	uint64_t back;

	if (c->refs_max == UINT16_MAX)
		return pages_held(c);
	count_stats_get(c, &sum);
	back = sum.recycle_cached_frags + sum.recycle_ring_frags;
	return sum.alloc_frags + sum.get_refs - back;
}

struct audit {
	const struct count_pool *c;
	void (*say)(void *ctx, const char *what);
	void *ctx;
	uint8_t *seen; /* [nb_pages] in how many places each page is */
	uint32_t nb;   /* violations */
	uint32_t nb_aside, nb_abandoned;
	uint64_t held; /* by users, and what owners have not cut yet */
};

static void
expect(struct audit *a, bool is_true, const char *otherwise)
{
	if (is_true)
		return;
	a->say(a->ctx, otherwise);
	a->nb++;
}

/* Pages of a list, each counted. */
static void
list_audit(struct audit *a, const struct count_list *l)
{
	const struct count_pool *c = a->c;
	uint32_t nb = 0;

	for (uint32_t page = l->head; nb < l->nb && page < c->nb_pages; page = c->next[page]) {
		a->seen[page]++;
		nb++;
	}
	expect(a, nb == l->nb, "a list of pages is broken");
}

static void
page_audit(struct audit *a, uint32_t page)
{
	const struct count_pool *c = a->c;
	uint32_t refs = at_load(&c->refs[page].refs, relaxed), bias = c->bias[page];
	bool is_owned = at_load(&c->owner_of[page], relaxed) != PPOOL_NONE;
	bool is_drained = (c->flags[page] & COUNT_DRAINED) != 0;
	bool is_abandoned = (c->flags[page] & COUNT_ABANDONED) != 0;
	bool is_aside = (c->flags[page] & COUNT_ASIDE) != 0;
	uint32_t places = a->seen[page] + is_abandoned + is_aside;

	a->held += refs - bias;
	a->nb_aside += is_aside;
	a->nb_abandoned += is_abandoned;
	expect(a, places != 0, "a page is nowhere");
	expect(a, places < 2, "a page is in two places");
	expect(a, refs >= bias, "a page's count is below its owner's share");
	expect(a, !is_abandoned || (refs != 0 && bias == 0 && !is_owned),
			"a page was given up, and has an owner or no user");
	expect(a, is_owned || is_abandoned || refs == bias, "a page at home is in use");
	expect(a, is_drained ? !is_owned && a->seen[page] == 0 : !is_aside,
			"a drained page is not aside, or one that is not drained is");
}

static void
totals_audit(struct audit *a)
{
	const struct count_pool *c = a->c;
	struct ppool_stats sum;

	count_stats_get(c, &sum);
	expect(a, a->held == count_held(c), "references out and the statistics disagree");
	expect(a, a->nb_aside == c->nb_aside && a->nb_aside <= sum.alloc_waive_pages,
			"pages set aside and the statistics disagree");
	expect(a,
			at_load(&c->nb_free, relaxed) + a->nb_aside ==
					c->nb_pages - sum.alloc_fast_pages +
							sum.recycle_ring_pages +
							sum.recycle_released_pages,
			"pages at home and the statistics disagree");
	expect(a, a->nb_abandoned == sum.recycle_released_refcnt_pages - sum.recycle_ring_pages,
			"pages given up and the statistics disagree");
	expect(a, sum.recycle_charges <= sum.alloc_fast_pages + sum.alloc_refill_pages,
			"more pages were charged than opened");
}

uint32_t
count_audit(struct count_pool *c, const struct ppool_alloc *mem,
		void (*say)(void *ctx, const char *what), void *ctx)
{
	struct audit a = { .c = c, .say = say, .ctx = ctx };

	a.seen = mem->zalloc(mem->ctx, c->nb_pages, 1);
	if (a.seen == NULL) {
		say(ctx, "no memory for the audit");
		return 1;
	}
	for (uint32_t i = 0; i < at_load(&c->nb_free, relaxed); i++)
		a.seen[c->free_pages[i]]++;
	for (uint32_t s = 0; s < c->nb_slots; s++) {
		const struct count_owner *o = &c->owners[s];

		a.held -= o->left;
		if (o->page != PPOOL_NONE)
			a.seen[o->page]++;
		list_audit(&a, &o->fifo);
		list_audit(&a, &o->stale);
	}
	for (uint32_t page = 0; page < c->nb_pages; page++)
		page_audit(&a, page);
	totals_audit(&a);
	mem->free(mem->ctx, a.seen);
	return a.nb;
}
