/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Count pages: contract, identities and threads in ppool_count.h. Reading order: count_take(),
 * page_open(), page_start(), count_put(), count_abandon().
 */
#define PPOOL_COUNT_C
#include "ppool_count_priv.h"

#define OVERTAKEN_MAX 8 /* stragglers set aside per open */
#define STALE_PROBES  2 /* stragglers looked at per open */

/* A page without references, in nobody's hands. Free_lock held. True as for count_free_push(). */
static bool
page_home(struct count_pool *c, uint32_t page)
{
	uint32_t nb = at_load(&c->nb_free, relaxed);

	if ((c->flags[page] & COUNT_ABANDONED) != 0)
		ppool_tally(&c->homing.recycle_ring_pages, 1);
	else
		ppool_tally(&c->homing.recycle_released_pages, 1);
	c->flags[page] &= (uint8_t)~COUNT_ABANDONED;
	if (__builtin_expect((c->flags[page] & COUNT_DRAINED) != 0, 0)) {
		page_set_aside(c, page);
	} else {
		c->free_pages[nb++] = page;
		at_store(&c->nb_free, nb, relaxed);
	}
	return c->is_quarantined && nb + c->nb_aside == c->nb_pages;
}

/* True: that was the last page of a pool that waits to be freed, and the caller has to. */
bool
count_free_push(struct count_pool *c, uint32_t page)
{
	bool is_last;

	at_lock_take(&c->free_lock);
	is_last = page_home(c, page);
	at_lock_give(&c->free_lock);
	count_wet(c);
	return is_last;
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
		if (page_held(c, next) * 2 >= c->cut[next])
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

/* Written only where it changes, since neighbours' traces share the line. */
static inline void
trace_start(const struct count_pool *c, const struct count_owner *o, uint32_t page)
{
	struct count_trace *t = &c->trace[page];

	if (t->holder != o->holder || t->slot != o->slot) {
		t->holder = o->holder;
		t->slot = o->slot;
	}
	if (t->seen_ms != 0)
		t->seen_ms = 0;
}

/* Cut @p page, which nobody holds and which is on no list, from its start. */
static void
page_start(struct count_pool *c, struct count_owner *o, uint32_t page)
{
	uint32_t nb = frags_of(c, page);

	if (c->bias[page] < nb + 1) { /* I3 needs 1 to stay */
		/* Nobody else has a reference, so nobody else can look: relaxed. */
		at_store(&c->refs[page].refs, c->full_bias, relaxed);
		c->bias[page] = c->full_bias;
		ppool_tally(&o->count.recycle_charges, 1);
	}
	c->bias[page] -= nb;
	/* Who puts reads its line, which holds the owners of 16 pages: written if it changes. */
	if (at_load(&c->owner_of[page], relaxed) != o->slot)
		at_store(&c->owner_of[page], o->slot, relaxed);
	trace_start(c, o, page);
	o->page = page;
	o->next = 0;
	o->left = nb;
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
	count_wet(c); /* a search that has passed us by cannot know of it */
	return true;
}

/* The one division, when an owner's callers go over to another size. */
static __attribute__((noinline)) void
size_learn(struct count_owner *o, uint32_t units)
{
	o->cut_units = units;
	o->cut_recip = ppool_recip(units);
}

/* Fragments that can be cut off the open page from unit @p first on. */
static inline uint32_t
page_room(const struct count_pool *c, struct count_owner *o, uint32_t units, uint32_t first)
{
	uint32_t fit;

	if (units == 1)
		return o->left;
	if (__builtin_expect(o->cut_units != units, 0))
		size_learn(o, units);
	fit = (uint32_t)ppool_div(c->page_units - first, o->cut_recip);
	return fit < o->left ? fit : o->left;
}

/* Cut up to @p n fragments off the open page as one run; 0: they do not fit. */
static inline uint32_t
page_cut(const struct count_pool *c, struct count_owner *o, const struct count_size *size,
		struct ppool_frags *run, uint32_t n)
{
	uint32_t first = (o->next + size->align - 1) & -size->align;
	uint32_t nb = page_room(c, o, size->units, first);

	if (nb > n)
		nb = n;
	if (nb == 0)
		return 0;
	*run = (struct ppool_frags){ o->page, first, nb };
	o->next = first + nb * size->units;
	o->left -= nb;
	return nb;
}

/* Up to @p n fragments of own and free pages. Own lock held. */
static uint32_t
take_some(struct count_pool *c, struct count_owner *o, const struct count_size *size,
		struct ppool_frags *runs, uint32_t *nb_runs, uint32_t n)
{
	uint32_t got = 0;

	while (got < n) {
		uint32_t nb = page_cut(c, o, size, &runs[*nb_runs], n - got);

		got += nb;
		*nb_runs += nb != 0;
		if (nb == 0 && !page_open(c, o))
			break;
	}
	return got;
}

/*
 * What another owner does not use: a run off its open page, and idle pages of its, which go to the
 * free list, as many as @p n takes. Its lock is taken, ours is not held.
 */
static uint32_t
take_over(struct count_pool *c, struct count_owner *victim, const struct count_size *size,
		struct ppool_frags *run, uint32_t n)
{
	uint32_t got;

	at_lock_take(&victim->lock);
	if (victim->page != PPOOL_NONE && page_held(c, victim->page) == victim->left)
		page_retire(c, victim);
	got = page_cut(c, victim, size, run, n);
	for (uint32_t freed = got; freed < n; freed++) {
		uint32_t page = list_pop_idle(c, victim, &victim->fifo, UINT32_MAX);

		if (page == PPOOL_NONE)
			page = list_pop_idle(c, victim, &victim->stale, UINT32_MAX);
		if (page == PPOOL_NONE)
			break;
		at_store(&c->owner_of[page], PPOOL_NONE, relaxed);
		count_free_push(c, page);
		freed += size->units == 1 ? c->page_frags - 1 : 0;
	}
	at_lock_give(&victim->lock);
	return got;
}

/* take_some(), or nothing at all: every page is as it was. Own lock held throughout. */
static uint32_t
take_all(struct count_pool *c, struct count_owner *o, const struct count_size *size,
		struct ppool_frags *runs, uint32_t *nb_runs, uint32_t n)
{
	uint32_t open = o->left != 0 ? o->page : PPOOL_NONE, next = o->next, left = o->left;
	uint32_t first = *nb_runs, rest = left, got = take_some(c, o, size, runs, nb_runs, n);

	if (__builtin_expect(got == n, 1))
		return got;
	while (*nb_runs > first) {
		const struct ppool_frags *run = &runs[--*nb_runs];

		if (run->page == open && run->first < next)
			open = PPOOL_NONE; /* it was closed, idle, and opened anew */
		if (run->page == open)
			rest -= run->nb;
		else
			c->bias[run->page] += run->nb;
	}
	if (o->page != open)
		page_retire(c, o);
	if (open != PPOOL_NONE && o->page != open) {
		list_remove(c, o, open);
		c->bias[open] -= rest; /* what its retirement gave back */
		o->page = open;
	}
	o->next = next;
	o->left = open != PPOOL_NONE ? left : 0;
	return got;
}

/* Give back a run that take_over() cut off another's page. No lock held. */
static void
run_return(struct count_pool *c, const struct ppool_frags *run, uint32_t units)
{
	uint32_t slot = at_load(&c->owner_of[run->page], relaxed);
	struct count_owner *o = &c->owners[slot < c->nb_slots ? slot : 0];
	bool is_theirs;

	at_lock_take(&o->lock);
	is_theirs = slot != PPOOL_NONE && at_load(&c->owner_of[run->page], relaxed) == slot;
	if (is_theirs && o->page == run->page && o->next == run->first + run->nb * units) {
		o->next = run->first; /* as if it had not been cut */
		o->left += run->nb;
	} else if (is_theirs) {
		c->bias[run->page] += run->nb;
	}
	at_lock_give(&o->lock);
	/* [HOME-R]: abandoned meanwhile, and we may be the last. */
	if (!is_theirs && at_fetch_sub(&c->refs[run->page].refs, run->nb, seq_cst) == run->nb)
		count_free_push(c, run->page);
}

/*
 * The request once more, with what others leave unused. Own lock held on entry and on return, but
 * not throughout: never two owners' locks at once.
 */
static uint32_t
take_last(struct count_pool *c, struct count_owner *o, const struct count_size *size,
		struct ppool_frags *runs, uint32_t *nb_runs, uint32_t n)
{
	uint32_t theirs = 0, ours = 0, suspect = COUNT_SUSPECT;

	ppool_tally(&o->count.alloc_slow_scans, 1);
	/*
	 * [DRY-A]: announce, then search; a put changes a count, then looks for the announcement
	 * [DRY-R]. One of the two sees the other.
	 */
	at_store(&c->dry, COUNT_SUSPECT, seq_cst);
	at_fence_seq_cst();
	for (uint32_t s = 0; s < c->nb_slots && theirs + ours < n; s++) {
		uint32_t nb = 0;

		if (s != o->slot) {
			at_lock_give(&o->lock);
			nb = take_over(c, &c->owners[s], size, &runs[*nb_runs], n - theirs);
			at_lock_take(&o->lock);
		}
		*nb_runs += nb != 0;
		theirs += nb;
		ppool_tally(&o->count.alloc_stolen_pages, nb != 0);
		ours = take_all(c, o, size, runs, nb_runs, n - theirs);
	}
	if (theirs + ours == n) {
		count_wet(c);
		return n;
	}
	if (theirs + ours == 0 && size->units == 1)
		at_cas(&c->dry, &suspect, COUNT_DRY, seq_cst); /* [DRY-A]: still nothing put */
	at_lock_give(&o->lock);
	for (uint32_t i = 0; i < *nb_runs; i++)
		run_return(c, &runs[i], size->units);
	at_lock_take(&o->lock);
	/*
	 * Within our lock, as any put: who searches takes it, and so has announced that before we
	 * look, or finds what we have given back. Without it, both could miss each other.
	 */
	if (theirs + ours != 0)
		count_wet(c);
	*nb_runs = 0;
	return 0;
}

/* What a request tries in turn. Own lock held. */
static uint32_t
take(struct count_pool *c, struct count_owner *o, const struct count_size *size,
		struct ppool_frags *runs, uint32_t *nb_runs, uint32_t n)
{
	if (__builtin_expect(take_all(c, o, size, runs, nb_runs, n) == n, 1))
		return n;
	if (o->page != PPOOL_NONE && page_held(c, o->page) == o->left) {
		page_retire(c, o); /* all that was cut from it is back: cut it anew */
		if (take_all(c, o, size, runs, nb_runs, n) == n)
			return n;
	}
	return take_last(c, o, size, runs, nb_runs, n);
}

/* A request that the open page cannot serve. Own lock held; given on return. */
uint32_t
count_take_rest(struct count_pool *c, struct count_owner *o, ppool_holder holder,
		const struct count_size *size, struct ppool_frags *runs, uint32_t n)
{
	uint32_t nb_runs = 0, got = 0;

	o->holder = holder;
	if (__builtin_expect(at_load(&c->dry, relaxed) != COUNT_DRY || o->left >= n, 1))
		got = take(c, o, size, runs, &nb_runs, n);
	if (__builtin_expect(got == n, 1)) {
		ppool_tally(&o->count.alloc_frags, n);
	} else {
		ppool_tally(&o->count.alloc_empty, 1);
		nb_runs = 0;
	}
	at_lock_give(&o->lock); /* and if it was dry, dry it stays: nothing was put */
	return nb_runs;
}

uint32_t
count_take_sized(struct count_pool *c, uint32_t slot, ppool_holder holder,
		const struct count_size *size, struct ppool_frags *runs, uint32_t n)
{
	struct count_owner *o = count_enter(c, slot);
	uint32_t first = (o->next + size->align - 1) & -size->align;

	if (__builtin_expect(n != 0 && page_room(c, o, size->units, first) >= n, 1)) {
		page_cut(c, o, size, runs, n);
		ppool_tally(&o->count.alloc_frags, n);
		at_lock_give(&o->lock);
		return 1;
	}
	return count_take_rest(c, o, holder, size, runs, n);
}

/*
 * Gets by others that the owner puts raise R and B alike, for ever: take the same out of both
 * before R runs round to 0, which would look like the last put of an abandoned page.
 */
void
count_bias_fold(struct count_pool *c, uint32_t page)
{
	uint32_t excess = c->bias[page] - c->full_bias;

	c->bias[page] -= excess;
	at_fetch_sub(&c->refs[page].refs, excess, relaxed); /* R - B is what it was */
}

bool
count_get(struct count_pool *c, struct count_owner *o, uint32_t page, uint32_t nb)
{
	uint32_t refs = at_load(&c->refs[page].refs, relaxed);

	/* Under a held reference, so the page cannot go meanwhile: relaxed. */
	do {
		if (nb > c->refs_max - refs)
			return false;
	} while (!at_cas(&c->refs[page].refs, &refs, refs + nb, relaxed));
	ppool_tally(&o->count.get_refs, nb);
	return true;
}

bool
count_page_abandon(struct count_pool *c, uint32_t page)
{
	uint32_t share = c->bias[page];
	bool is_home;

	at_store(&c->owner_of[page], PPOOL_NONE, relaxed);
	c->bias[page] = 0;           /* now: below, the page may be somebody else's already */
	at_lock_take(&c->free_lock); /* until it is marked, its last user waits there */
	/* Who brings R to 0 owns the page, and sees what we wrote: [HOME-R], [HOME-A]. */
	is_home = at_fetch_sub(&c->refs[page].refs, share, seq_cst) == share;
	if (is_home) {
		page_home(c, page);
	} else {
		c->flags[page] |= COUNT_ABANDONED;
		ppool_tally(&c->homing.recycle_released_refcnt_pages, 1);
	}
	at_lock_give(&c->free_lock);
	count_wet(c);
	return is_home;
}

uint32_t
count_abandon(struct count_pool *c, uint32_t slot)
{
	struct count_owner *o = count_enter(c, slot);
	uint32_t nb = 0;

	page_retire(c, o);
	while (o->fifo.nb != 0)
		nb += !count_page_abandon(c, list_pop(c, &o->fifo));
	while (o->stale.nb != 0)
		nb += !count_page_abandon(c, list_pop(c, &o->stale));
	count_leave(c, o);
	return nb;
}

bool
count_close(struct count_pool *c)
{
	bool is_home;

	for (uint32_t s = 0; s < c->nb_slots; s++)
		count_abandon(c, s);
	at_lock_take(&c->free_lock);
	is_home = at_load(&c->nb_free, relaxed) + c->nb_aside == c->nb_pages;
	c->is_quarantined = !is_home;
	at_lock_give(&c->free_lock);
	return is_home;
}

void
count_wait_users(struct count_pool *c)
{
	for (uint32_t s = 0; s < c->nb_slots; s++) {
		at_lock_take(&c->owners[s].lock);
		at_lock_give(&c->owners[s].lock);
	}
	at_lock_take(&c->free_lock);
	at_lock_give(&c->free_lock);
}
