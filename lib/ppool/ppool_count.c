/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Count pages: contract, identities and threads in ppool_count.h. Reading order: count_take(),
 * page_open(), page_start(), count_put(), count_abandon().
 */
#include "ppool_count.h"

#include <errno.h>
#include <string.h>

#define OVERTAKEN_MAX 8 /* stragglers set aside per open */
#define STALE_PROBES  2 /* stragglers looked at per open */

static inline uint32_t
page_frags(const struct count_pool *c, uint32_t page)
{
	return page == c->nb_pages - 1 ? c->last_frags : c->page_frags;
}

static inline void
list_push(const struct count_pool *c, struct count_list *l, uint32_t page)
{
	c->next[page] = PPOOL_NONE;
	if (l->nb++ == 0)
		l->head = page;
	else
		c->next[l->tail] = page;
	l->tail = page;
}

static inline uint32_t
list_pop(const struct count_pool *c, struct count_list *l)
{
	uint32_t page = l->head;

	l->nb--;
	l->head = c->next[page];
	return page;
}

/* References out. Owner's lock held. */
static inline uint32_t
page_held(const struct count_pool *c, uint32_t page)
{
	/*
	 * [HOME-A] pairs with [HOME-R]: whoever put has finished with the bytes before they are
	 * handed out again. If relaxed, their late stores land in the next packet.
	 */
	return at_load(&c->refs[page].refs, acquire) - c->bias[page];
}

/* [DRY-R] of whoever has just put something; pairs with [DRY-A] in take_last(). */
static inline void
wet(struct count_pool *c)
{
	if (__builtin_expect(at_load(&c->dry, seq_cst) != COUNT_WET, 0))
		at_store(&c->dry, COUNT_WET, seq_cst);
}

static void
free_push(struct count_pool *c, uint32_t page)
{
	uint32_t nb;

	at_lock_take(&c->free_lock);
	nb = at_load(&c->nb_free, relaxed);
	c->free_pages[nb] = page;
	at_store(&c->nb_free, nb + 1, relaxed);
	at_lock_give(&c->free_lock);
	wet(c);
}

static uint32_t
free_pop(struct count_pool *c)
{
	uint32_t page = PPOOL_NONE, nb;

	if (at_load(&c->nb_free, relaxed) == 0)
		return PPOOL_NONE;
	at_lock_take(&c->free_lock);
	nb = at_load(&c->nb_free, relaxed);
	if (nb != 0) {
		page = c->free_pages[nb - 1];
		at_store(&c->nb_free, nb - 1, relaxed);
	}
	at_lock_give(&c->free_lock);
	return page;
}

/* The head of the FIFO if it is idle; stragglers in front of an idle one are set aside. */
static uint32_t
fifo_pop_idle(struct count_pool *c, struct count_owner *o)
{
	for (int i = 0; i < OVERTAKEN_MAX && o->fifo.nb != 0; i++) {
		uint32_t page = o->fifo.head, next;

		if (page_held(c, page) == 0) {
			ppool_tally(&o->count.alloc_refill_pages, 1);
			return list_pop(c, &o->fifo);
		}
		if (o->fifo.nb < 2)
			break;
		next = c->next[page];
		if (page_held(c, next) * 2 >= page_frags(c, next))
			break;
		ppool_tally(&o->count.stale_pages, 1);
		list_push(c, &o->stale, list_pop(c, &o->fifo));
	}
	return PPOOL_NONE;
}

/* Up to @p probes pages of @p l: the first idle one; busy ones go to its end. */
static uint32_t
list_pop_idle(struct count_pool *c, struct count_owner *o, struct count_list *l, uint32_t probes)
{
	if (probes > l->nb)
		probes = l->nb;
	while (probes-- > 0) {
		uint32_t page = list_pop(c, l);

		if (page_held(c, page) == 0) {
			ppool_tally(&o->count.alloc_refill_pages, 1);
			return page;
		}
		list_push(c, l, page);
	}
	return PPOOL_NONE;
}

/* Cut @p page, which nobody holds and which is on no list, from its start. */
static void
page_start(struct count_pool *c, struct count_owner *o, uint32_t page)
{
	uint32_t nb = page_frags(c, page);

	if (c->bias[page] < nb + 1) { /* I3 needs 1 to stay */
		/* Nobody else has a reference, so nobody else can look: relaxed. */
		at_store(&c->refs[page].refs, c->full_bias, relaxed);
		c->bias[page] = c->full_bias;
		ppool_tally(&o->count.recycle_charges, 1);
	}
	c->bias[page] -= nb;
	at_store(&c->owner_of[page], o->slot, relaxed);
	o->page = page;
	o->first = 0;
	o->left = nb;
}

/* Close the open page: what was not cut from it was not handed out. */
static void
page_retire(struct count_pool *c, struct count_owner *o)
{
	if (o->page == PPOOL_NONE)
		return;
	c->bias[o->page] += o->left;
	list_push(c, &o->fifo, o->page);
	o->page = PPOOL_NONE;
	o->left = 0;
}

/* Open the next page. Own lock held. */
static __attribute__((noinline)) bool
page_open(struct count_pool *c, struct count_owner *o)
{
	uint32_t page;

	page_retire(c, o);
	page = fifo_pop_idle(c, o);
	if (page == PPOOL_NONE)
		page = list_pop_idle(c, o, &o->stale, STALE_PROBES);
	if (page == PPOOL_NONE) {
		page = free_pop(c);
		if (page != PPOOL_NONE)
			ppool_tally(&o->count.alloc_fast_pages, 1);
	}
	if (page == PPOOL_NONE)
		page = list_pop_idle(c, o, &o->stale, UINT32_MAX);
	if (page == PPOOL_NONE)
		page = list_pop_idle(c, o, &o->fifo, UINT32_MAX);
	if (page == PPOOL_NONE)
		return false;
	page_start(c, o, page);
	return true;
}

/* Up to @p n fragments of own and free pages. Own lock held. */
static uint32_t
take_some(struct count_pool *c, struct count_owner *o, struct count_run *runs, uint32_t *nb_runs,
		uint32_t n)
{
	uint32_t got = 0;

	while (got < n) {
		struct count_run *run = &runs[*nb_runs];

		if (o->left == 0 && !page_open(c, o))
			break;
		run->page = o->page;
		run->first = o->first;
		run->nb = n - got < o->left ? n - got : o->left;
		o->first += run->nb;
		o->left -= run->nb;
		got += run->nb;
		(*nb_runs)++;
	}
	return got;
}

/*
 * What another owner does not use: the rest of its open page as a run, and idle pages of its, which
 * go to the free list, as many as @p n takes. Its lock is taken, ours is not held.
 */
static uint32_t
take_over(struct count_pool *c, struct count_owner *victim, struct count_run *run, uint32_t n)
{
	uint32_t got = 0;

	at_lock_take(&victim->lock);
	if (victim->page != PPOOL_NONE && page_held(c, victim->page) == victim->left)
		page_retire(c, victim);
	if (victim->left != 0) {
		got = n < victim->left ? n : victim->left;
		*run = (struct count_run){ victim->page, victim->first, got };
		victim->first += got;
		victim->left -= got;
	}
	for (uint32_t freed = got; freed < n; freed += c->page_frags) {
		uint32_t page = list_pop_idle(c, victim, &victim->fifo, UINT32_MAX);

		if (page == PPOOL_NONE)
			page = list_pop_idle(c, victim, &victim->stale, UINT32_MAX);
		if (page == PPOOL_NONE)
			break;
		at_store(&c->owner_of[page], PPOOL_NONE, relaxed);
		free_push(c, page);
	}
	at_lock_give(&victim->lock);
	return got;
}

/* The rest of a request, from everywhere. Own lock held on entry and on return. */
static uint32_t
take_last(struct count_pool *c, struct count_owner *o, struct count_run *runs, uint32_t *nb_runs,
		uint32_t n)
{
	uint32_t got = 0, suspect = COUNT_SUSPECT;

	/*
	 * [DRY-A]: announce, then search; a put changes a count, then looks for the announcement
	 * [DRY-R]. One of the two sees the other.
	 */
	at_store(&c->dry, COUNT_SUSPECT, seq_cst);
	at_fence_seq_cst();
	for (uint32_t s = 0; s < c->nb_slots && got < n; s++) {
		uint32_t nb;

		if (s == o->slot)
			continue;
		at_lock_give(&o->lock); /* never two locks of owners at once */
		nb = take_over(c, &c->owners[s], &runs[*nb_runs], n - got);
		at_lock_take(&o->lock);
		if (nb != 0) {
			(*nb_runs)++;
			got += nb;
			ppool_tally(&o->count.alloc_stolen_pages, 1);
		}
		got += take_some(c, o, runs, nb_runs, n - got);
	}
	got += take_some(c, o, runs, nb_runs, n - got);
	if (got != 0)
		wet(c);
	else
		at_cas(&c->dry, &suspect, COUNT_DRY, seq_cst); /* [DRY-A]: still nothing put */
	return got;
}

/* Take @p page out of whichever of the owner's lists has it. */
static void
list_remove(const struct count_pool *c, struct count_owner *o, uint32_t page)
{
	struct count_list *lists[] = { &o->fifo, &o->stale };

	for (int l = 0; l < 2; l++)
		for (uint32_t n = lists[l]->nb; n > 0; n--) {
			uint32_t head = list_pop(c, lists[l]);

			if (head != page)
				list_push(c, lists[l], head); /* once around keeps the order */
		}
}

/* Give a run of another's page back: uncut if it was the last cut, else as a put. Own lock held. */
static void
run_return(struct count_pool *c, struct count_owner *o, const struct count_run *run)
{
	uint32_t slot = at_load(&c->owner_of[run->page], relaxed);
	bool is_uncut = false;

	if (slot != PPOOL_NONE) {
		struct count_owner *victim = &c->owners[slot];

		at_lock_give(&o->lock); /* never two locks of owners at once */
		at_lock_take(&victim->lock);
		is_uncut = victim->page == run->page && victim->first == run->first + run->nb;
		if (is_uncut) {
			victim->first -= run->nb;
			victim->left += run->nb;
		}
		at_lock_give(&victim->lock);
		at_lock_take(&o->lock);
	}
	if (!is_uncut) {
		ppool_tally(&o->count.alloc_frags, run->nb);
		count_put(c, o, run->page, run->nb);
	}
}

/* What was open before a take. */
struct cursor {
	uint32_t page, first, left;
};

/* Undo a take that did not get all it asked for, page by page. Own lock held. */
static void
take_undo(struct count_pool *c, struct count_owner *o, const struct cursor *was,
		const struct count_run *runs, uint32_t nb_runs)
{
	uint32_t open = was->left != 0 ? was->page : PPOOL_NONE;

	while (nb_runs-- > 0) {
		const struct count_run *run = &runs[nb_runs];

		if (at_load(&c->owner_of[run->page], relaxed) != o->slot)
			run_return(c, o, run);
		else if (run->page != open)
			c->bias[run->page] += run->nb;
	}
	if (o->page != open) {
		page_retire(c, o);
		if (open != PPOOL_NONE)
			list_remove(c, o, open);
	}
	o->page = open;
	o->first = was->first;
	o->left = open != PPOOL_NONE ? was->left : 0;
}

struct count_owner *
count_enter(struct count_pool *c, uint32_t slot)
{
	struct count_owner *o = &c->owners[slot < c->nb_slots ? slot : c->nb_slots - 1];

	at_lock_take(&o->lock);
	return o;
}

void
count_leave(struct count_pool *c, struct count_owner *o)
{
	at_lock_give(&o->lock);
	wet(c);
}

/* Own and free pages first; then, all undone, with everything that others leave unused. */
static uint32_t
take_all(struct count_pool *c, struct count_owner *o, struct count_run *runs, uint32_t *nb_runs,
		uint32_t n)
{
	struct cursor was = { o->page, o->first, o->left };
	uint32_t got = take_some(c, o, runs, nb_runs, n);

	if (__builtin_expect(got == n, 1))
		return n;
	take_undo(c, o, &was, runs, *nb_runs);
	*nb_runs = 0;
	if (o->page != PPOOL_NONE && page_held(c, o->page) == o->left)
		page_retire(c, o); /* all that was cut from it is back: cut it anew */
	was = (struct cursor){ o->page, o->first, o->left };
	got = take_some(c, o, runs, nb_runs, n);
	if (got < n)
		got += take_last(c, o, runs, nb_runs, n - got);
	if (got < n)
		take_undo(c, o, &was, runs, *nb_runs);
	return got;
}

uint32_t
count_take(struct count_pool *c, uint32_t slot, struct count_run *runs, uint32_t n)
{
	uint32_t nb_runs = 0, got;
	struct count_owner *o;

	if (n == 0)
		return 0;
	o = count_enter(c, slot);
	got = at_load(&c->dry, relaxed) == COUNT_DRY && o->left < n
	                      ? 0
	                      : take_all(c, o, runs, &nb_runs, n);
	if (__builtin_expect(got < n, 0)) {
		ppool_tally(&o->count.alloc_empty, 1);
		count_leave(c, o);
		return 0;
	}
	ppool_tally(&o->count.alloc_frags, n);
	at_lock_give(&o->lock);
	return nb_runs;
}

void
count_put(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb)
{
	/* Ours: nobody but us can change that while we hold the lock and the reference (I5). */
	if (__builtin_expect(at_load(&c->owner_of[page], relaxed) == o->slot, 1)) {
		c->bias[page] += nb;
		ppool_tally(&o->count.recycle_cached_frags, nb);
		return;
	}
	ppool_tally(&o->count.recycle_ring_frags, nb);
	/*
	 * [HOME-R] pairs with [HOME-A]. acq_rel, because we may be the last of an abandoned page
	 * and then hand it on ourselves; seq_cst because of [DRY-R].
	 */
	if (at_fetch_sub(&c->refs[page].refs, nb, seq_cst) == nb)
		free_push(c, page); /* the last one of an abandoned page: it is ours alone */
}

void
count_get(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb)
{
	ppool_tally(&o->count.get_refs, nb);
	/* Under a held reference, so the page cannot go meanwhile: relaxed. */
	at_fetch_add(&c->refs[page].refs, nb, relaxed);
}

/* Take the owner's share out of R; true if the page came home at once. Owner's lock held. */
static bool
page_abandon(struct count_pool *c, uint32_t page)
{
	uint32_t share = c->bias[page];

	at_store(&c->owner_of[page], PPOOL_NONE, relaxed);
	c->bias[page] = 0; /* now: below, the page may be somebody else's already */
	/* Who brings R to 0 owns the page, and sees what we wrote: [HOME-R], [HOME-A]. */
	if (at_fetch_sub(&c->refs[page].refs, share, seq_cst) != share)
		return false;
	free_push(c, page);
	return true;
}

uint32_t
count_abandon(struct count_pool *c, uint32_t slot)
{
	struct count_owner *o = count_enter(c, slot);
	uint32_t nb = 0;

	page_retire(c, o);
	while (o->fifo.nb != 0)
		nb += !page_abandon(c, list_pop(c, &o->fifo));
	while (o->stale.nb != 0)
		nb += !page_abandon(c, list_pop(c, &o->stale));
	ppool_tally(&o->count.abandoned_pages, nb);
	count_leave(c, o);
	return nb;
}

uint64_t
count_held(const struct count_pool *c)
{
	struct ppool_stats sum;
	uint64_t back;

	count_stats_get(c, &sum);
	back = sum.recycle_cached_frags + sum.recycle_ring_frags;
	return sum.alloc_frags + sum.get_refs - back;
}

/* Pages of a list, each counted in @p seen. */
static uint32_t
list_audit(const struct count_pool *c, const struct count_list *l, uint8_t *seen)
{
	uint32_t nb = 0;

	for (uint32_t page = l->head; nb < l->nb && page < c->nb_pages; page = c->next[page]) {
		seen[page]++;
		nb++;
	}
	return nb != l->nb;
}

uint32_t
count_audit(struct count_pool *c, const struct ppool_alloc *mem,
		void (*say)(void *ctx, const char *what), void *ctx)
{
	uint8_t *seen = mem->zalloc(mem->ctx, c->nb_pages, 1);
	uint64_t held = 0, uncut = 0;
	uint32_t nb = 0;

	if (seen == NULL) {
		say(ctx, "no memory for the audit");
		return 1;
	}
	for (uint32_t i = 0; i < at_load(&c->nb_free, relaxed); i++)
		seen[c->free_pages[i]]++;
	for (uint32_t s = 0; s < c->nb_slots; s++) {
		const struct count_owner *o = &c->owners[s];

		uncut += o->left;
		if (o->page != PPOOL_NONE)
			seen[o->page]++;
		if (list_audit(c, &o->fifo, seen) + list_audit(c, &o->stale, seen) != 0) {
			say(ctx, "a list of pages is broken");
			nb++;
		}
	}
	for (uint32_t page = 0; page < c->nb_pages; page++) {
		uint32_t refs = at_load(&c->refs[page].refs, relaxed), bias = c->bias[page];
		bool is_lost = seen[page] == 0 && (bias != 0 || refs == 0);

		held += refs - bias;
		if (seen[page] > 1 || is_lost) {
			say(ctx, is_lost ? "a page is nowhere" : "a page is in two places");
			nb++;
		}
		if (refs < bias || (bias == 0 && refs != 0 && seen[page] != 0)) {
			say(ctx, "a page's count is below its owner's share");
			nb++;
		}
	}
	if (held - uncut != count_held(c)) {
		say(ctx, "references out and the statistics disagree");
		nb++;
	}
	mem->free(mem->ctx, seen);
	return nb;
}

void
count_stats_get(const struct count_pool *c, struct ppool_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	for (uint32_t s = 0; s < c->nb_slots; s++)
		ppool_stats_add(stats, &c->owners[s].count);
}

int
count_init(struct count_pool *c, const struct ppool_alloc *mem, uint32_t nb_frags,
		uint32_t page_frags, uint32_t nb_slots, uint32_t bias)
{
	if (nb_frags == 0 || page_frags == 0 || nb_slots == 0 || bias <= page_frags ||
			bias > UINT32_C(1) << 30)
		return -EINVAL;
	memset(c, 0, sizeof(*c));
	c->page_frags = page_frags;
	c->nb_pages = (nb_frags - 1) / page_frags + 1;
	c->last_frags = nb_frags - (c->nb_pages - 1) * page_frags;
	c->nb_slots = nb_slots;
	c->full_bias = bias;
	c->refs = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->refs), 64);
	c->bias = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->bias), 64);
	c->next = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->next), 64);
	c->owner_of = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->owner_of), 64);
	c->free_pages = mem->zalloc(mem->ctx, c->nb_pages * sizeof(*c->free_pages), 64);
	c->owners = mem->zalloc(mem->ctx, nb_slots * sizeof(*c->owners), 128);
	if (!c->refs || !c->bias || !c->next || !c->owner_of || !c->free_pages || !c->owners) {
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

void
count_fini(struct count_pool *c, const struct ppool_alloc *mem)
{
	mem->free(mem->ctx, c->refs);
	mem->free(mem->ctx, c->bias);
	mem->free(mem->ctx, c->next);
	mem->free(mem->ctx, c->owner_of);
	mem->free(mem->ctx, c->free_pages);
	mem->free(mem->ctx, c->owners);
	memset(c, 0, sizeof(*c));
}
