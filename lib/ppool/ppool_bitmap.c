/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bitmap pages: contract and threads in ppool_bitmap.h. Reading order: take_some(), page_open(),
 * bitmap_take(), bitmap_give().
 */
#include "ppool_bitmap.h"

#include <errno.h>
#include <string.h>

#include "ppool_space.h"

#define OVERTAKEN_MAX 8  /* stragglers set aside per open, so that none can block the rest */
#define STALE_PROBES  2  /* stragglers looked at per open */
#define PAGES_AHEAD   6  /* pages of the FIFO that are prefetched */
#define GIVE_PAGES    16 /* pages whose words are gathered before any is written */

/* A straggler is worth reopening when this share of it is free; less, and it comes back at once. */
static inline bool
is_worth(const struct bitmap_page *page, uint64_t freed)
{
	return __builtin_popcountll(freed) * 4 >= __builtin_popcountll(page->all) * 3;
}

static inline bool
bits_are_run(uint64_t bits)
{
	uint64_t low = bits & -bits;

	return (bits & (bits + low)) == 0;
}

/* The lowest @p n bits, 1 to 64. */
static inline uint64_t
bits_of_run(uint32_t n)
{
	return UINT64_MAX >> (64 - n);
}

/* The @p n lowest of @p bits. */
static inline uint64_t
bits_lowest(uint64_t bits, uint32_t n)
{
	uint64_t rest = bits;

	if ((uint32_t)__builtin_popcountll(bits) <= n)
		return bits;
	if (n != 0 && bits_are_run(bits))
		return bits_of_run(n) << __builtin_ctzll(bits);
	while (n-- > 0)
		rest &= rest - 1;
	return bits ^ rest;
}

/* Where what is taken is listed: addresses, or runs. */
struct sink {
	void **objs;
	struct ppool_frags *runs;
	uint32_t nb_runs;
};

/* Write the addresses of @p bits, lowest first. */
static inline void
frags_list(const struct bitmap *b, const struct bitmap_page *page, uint64_t bits, void **objs)
{
	if (bits_are_run(bits)) {
		char *obj = page->obj + (size_t)__builtin_ctzll(bits) * b->stride;
		uint32_t n = (uint32_t)__builtin_popcountll(bits);

		for (uint32_t i = 0; i < n; i++, obj += b->stride)
			objs[i] = obj;
		return;
	}
	for (; bits != 0; bits &= bits - 1)
		*objs++ = page->obj + (size_t)__builtin_ctzll(bits) * b->stride;
}

/* Write @p bits as runs, lowest first. */
static inline void
runs_list(const struct bitmap *b, const struct bitmap_page *page, uint64_t bits, struct sink *to)
{
	uint32_t nr = (uint32_t)(page - b->chunks->chunk[0].pages);

	while (bits != 0) {
		uint32_t first = (uint32_t)__builtin_ctzll(bits);
		uint64_t above = ~(bits >> first);
		uint32_t nb = above != 0 ? (uint32_t)__builtin_ctzll(above) : 64;

		to->runs[to->nb_runs++] = (struct ppool_frags){ nr, first, nb };
		bits &= ~(bits_of_run(nb) << first);
	}
}

static const struct bitmap_chunk *
chunk_find(const struct bitmap_chunks *chunks, uintptr_t p)
{
	uint32_t low = 0, high = chunks->nb; /* sorted by address */

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (p < chunks->chunk[mid].base)
			high = mid;
		else if (p - chunks->chunk[mid].base >= chunks->chunk[mid].bytes)
			low = mid + 1;
		else
			return &chunks->chunk[mid];
	}
	return NULL;
}

/* The page of @p obj, or NULL. */
static inline struct bitmap_page *
page_find(const struct bitmap *b, const void *obj)
{
	const struct bitmap_chunk *c = &b->chunks->chunk[0];
	uintptr_t p = (uintptr_t)obj;

	if (__builtin_expect(b->chunks->nb != 1 || p - c->base >= c->bytes, 0)) {
		c = chunk_find(b->chunks, p);
		if (c == NULL)
			return NULL;
	}
	return &c->pages[ppool_div(p - c->base, b->page_recip)];
}

/* The bit of @p obj in @p page, or 0 if it is no fragment of it. */
static inline uint64_t
frag_bit(const struct bitmap *b, const struct bitmap_page *page, const void *obj)
{
	uint64_t off = (uintptr_t)obj - (uintptr_t)page->obj;
	uint64_t i = ppool_div(off, b->stride_recip);

	if (__builtin_expect(i >= PPOOL_BITMAP_FRAGS_MAX || i * b->stride != off, 0))
		return 0;
	return (UINT64_C(1) << i) & page->all;
}

struct bitmap_page *
bitmap_page_at(const struct bitmap *b, uint32_t nr)
{
	const struct bitmap_chunks *chunks = b->chunks;
	uint32_t i = 0;

	while (nr - chunks->chunk[i].first >= chunks->chunk[i].nb_pages)
		i++;
	return &chunks->chunk[i].pages[nr - chunks->chunk[i].first];
}

static inline uint32_t
fifo_depth(const struct bitmap_owner *o)
{
	return o->tail - o->head;
}

/* Remember @p page at the end of the FIFO; a full one forgets it, and a scan will find it. */
static inline void
fifo_push(const struct bitmap *b, struct bitmap_owner *o, struct bitmap_page *page)
{
	if (fifo_depth(o) <= b->hint_mask)
		o->fifo[o->tail++ & b->hint_mask] = page;
	else
		ppool_tally(&o->count.recycle_cache_full_pages, 1);
}

/* More than half of the page behind the head is back: the head is a straggler. */
static inline bool
head_is_overtaken(const struct bitmap *b, const struct bitmap_owner *o)
{
	const struct bitmap_page *next;

	if (fifo_depth(o) < 2)
		return false;
	next = o->fifo[(o->head + 1) & b->hint_mask];
	return __builtin_popcountll(at_load(&next->freed, relaxed)) * 2 >
	       __builtin_popcountll(next->all);
}

/*
 * The page that will be opened some pages from now, for writing: its word was last written by
 * whoever gave its fragments back, maybe on another CPU.
 */
static inline void
ahead_prefetch(const struct bitmap *b, const struct bitmap_owner *o)
{
	if (fifo_depth(o) > PAGES_AHEAD)
		__builtin_prefetch(o->fifo[(o->head + PAGES_AHEAD) & b->hint_mask], 1);
}

/* The head of the FIFO if it has come back; stragglers in front of it are set aside. */
static struct bitmap_page *
fifo_pop_ripe(const struct bitmap *b, struct bitmap_owner *o)
{
	for (int i = 0; i < OVERTAKEN_MAX && o->head != o->tail; i++) {
		struct bitmap_page *page = o->fifo[o->head & b->hint_mask];
		uint64_t freed;

		if (at_load(&page->holder, relaxed) != o->slot) {
			o->head++;
			continue;
		}
		freed = at_load(&page->freed, relaxed);
		if (freed == page->all) {
			o->head++;
			ahead_prefetch(b, o);
			ppool_tally(&o->count.alloc_refill_pages, 1);
			return page;
		}
		if (!head_is_overtaken(b, o))
			return NULL;
		o->head++;
		if (is_worth(page, freed)) {
			ppool_tally(&o->count.alloc_salvage_pages, 1);
			return page;
		}
		ppool_tally(&o->count.stale_pages, 1);
		if (o->nb_stale <= b->hint_mask)
			o->stale[o->nb_stale++] = page;
		else
			ppool_tally(&o->count.recycle_cache_full_pages, 1);
	}
	return NULL;
}

/* A straggler that is worth it, out of the few looked at. */
static struct bitmap_page *
stale_pop_worthy(struct bitmap_owner *o)
{
	for (int i = 0; i < STALE_PROBES && o->nb_stale != 0; i++) {
		struct bitmap_page *page;

		if (o->probe >= o->nb_stale)
			o->probe = 0;
		page = o->stale[o->probe];
		if (at_load(&page->holder, relaxed) == o->slot &&
				!is_worth(page, at_load(&page->freed, relaxed))) {
			o->probe++;
			continue;
		}
		o->stale[o->probe] = o->stale[--o->nb_stale];
		if (at_load(&page->holder, relaxed) != o->slot)
			continue;
		ppool_tally(&o->count.alloc_salvage_pages, 1);
		return page;
	}
	return NULL;
}

/* The pool is nearly empty: what has come back of the oldest page, or of a straggler. */
static struct bitmap_page *
hint_pop_any(const struct bitmap *b, struct bitmap_owner *o)
{
	struct bitmap_page *page = o->fifo[o->head & b->hint_mask];

	if (o->head != o->tail && at_load(&page->freed, relaxed) != 0)
		o->head++;
	else if (o->nb_stale != 0 && at_load(&o->stale[0]->freed, relaxed) != 0) {
		page = o->stale[0];
		o->stale[0] = o->stale[--o->nb_stale];
	} else {
		return NULL;
	}
	ppool_tally(&o->count.alloc_salvage_pages, 1);
	return page;
}

static struct bitmap_page *
fresh_pop(struct bitmap *b, struct bitmap_owner *o)
{
	uint32_t nr;

	if (at_load(&b->next_fresh, relaxed) >= b->nb_pages)
		return NULL;
	nr = at_fetch_add(&b->next_fresh, 1, relaxed);
	if (nr >= b->nb_pages)
		return NULL;
	ppool_tally(&o->count.alloc_fast_pages, 1);
	return bitmap_page_at(b, nr);
}

/* Any page with a free fragment, searched from where the last search ended. */
static struct bitmap_page *
scan(const struct bitmap *b, struct bitmap_owner *o)
{
	uint32_t nr = o->scan;

	ppool_tally(&o->count.alloc_slow_scans, 1);
	for (uint32_t i = 0; i < b->nb_pages; i++) {
		struct bitmap_page *page;

		if (nr >= b->nb_pages)
			nr = 0;
		page = bitmap_page_at(b, nr++);
		if (at_load(&page->freed, relaxed) != 0 &&
				at_load(&page->is_drained, relaxed) == 0) {
			o->scan = nr;
			if (at_load(&page->holder, relaxed) != o->slot)
				ppool_tally(&o->count.alloc_stolen_pages, 1);
			return page;
		}
	}
	return NULL;
}

static struct bitmap_page *
page_choose(struct bitmap *b, struct bitmap_owner *o)
{
	struct bitmap_page *page = fifo_pop_ripe(b, o);

	if (page == NULL)
		page = stale_pop_worthy(o);
	if (page == NULL)
		page = fresh_pop(b, o);
	if (page == NULL)
		page = hint_pop_any(b, o);
	return page;
}

/* Open the page to carve next; false: none has a free fragment. */
static __attribute__((noinline)) bool
page_open(struct bitmap *b, struct bitmap_owner *o)
{
	struct bitmap_page *page;

	if (o->cur != NULL)
		fifo_push(b, o, o->cur);
	do
		page = page_choose(b, o);
	while (page != NULL && __builtin_expect(at_load(&page->is_drained, relaxed) != 0, 0));
	if (page == NULL)
		page = scan(b, o);
	o->cur = page;
	if (page == NULL)
		return false;
	at_store(&page->holder, o->slot, relaxed);
	at_store(&page->opened_for, o->opens_for, relaxed);
	at_store(&page->seen_ms, 0, relaxed);
	o->avail = at_load(&page->freed, relaxed);
	return true;
}

/* Up to @p n fragments; less only if a search of all pages found no more. */
static uint32_t
take_some(struct bitmap *b, struct bitmap_owner *o, struct sink *to, uint32_t n)
{
	uint32_t got = 0;

	while (got < n) {
		uint64_t want, old;

		if (o->avail == 0 && !page_open(b, o))
			break;
		want = bits_lowest(o->avail, n - got);
		o->avail &= ~want;
		if (want == 0) /* a fresh page that others have emptied */
			continue;
		/*
		 * [FRAG-A] pairs with [FRAG-R]: who gave a fragment has finished with its bytes. If
		 * relaxed, a late store of the last user lands in the next packet.
		 */
		old = at_fetch_and(&o->cur->freed, ~want, acquire);
		want &= old; /* the rest was taken by somebody else */
		if (want == 0)
			continue;
		if (to->runs == NULL)
			frags_list(b, o->cur, want, to->objs + got);
		else
			runs_list(b, o->cur, want, to);
		got += (uint32_t)__builtin_popcountll(want);
	}
	return got;
}

/* [DRY-R] of whoever has just given something; see bits_give(). */
static inline void
wet(struct bitmap *b)
{
	if (__builtin_expect(at_load(&b->dry, seq_cst) != BITMAP_WET, 0))
		at_store(&b->dry, BITMAP_WET, seq_cst);
}

/*
 * Set bits of a page. seq_cst, like the load in wet(), because of an empty pool: a taker announces
 * that it searches, then searches; we set the bit, then look for the announcement. One of the two
 * sees the other ([DRY-R], [DRY-A]), or a pool with a free fragment would be called empty for ever.
 * Returns the bits that were set before.
 */
static inline uint64_t
bits_give(struct bitmap_page *page, uint64_t bits)
{
	/* [FRAG-R] pairs with [FRAG-A]. */
	return at_fetch_or(&page->freed, bits, seq_cst) & bits;
}

/*
 * Fragments in a row from objs[*i], upwards or, as a cache hands them out, downwards: their bits in
 * @p page; *i is then behind them.
 */
static inline uint64_t
run_collect(const struct bitmap *b, const struct bitmap_page *page, uint64_t bit, void *const *objs,
		uint32_t n, uint32_t *i)
{
	const char *prev = objs[*i];
	uint64_t bits = bit;
	uint32_t at = *i + 1;

	for (; at < n && (const char *)objs[at] - prev == b->stride && (bit << 1 & page->all);
			at++) {
		bit <<= 1;
		bits |= bit;
		prev += b->stride;
	}
	if (at != *i + 1) {
		*i = at;
		return bits;
	}
	for (; at < n && prev - (const char *)objs[at] == b->stride && bit != 1; at++) {
		bit >>= 1;
		bits |= bit;
		prev -= b->stride;
	}
	*i = at;
	return bits;
}

/* Bits of a burst, by page. */
struct gathered {
	uint32_t nb;
	struct bitmap_page *page[GIVE_PAGES];
	uint64_t bits[GIVE_PAGES];
};

/* Returns the number of refused ones. */
static uint32_t
gathered_give(struct gathered *g)
{
	uint32_t bad = 0;

	for (uint32_t i = 0; i < g->nb; i++)
		bad += (uint32_t)__builtin_popcountll(bits_give(g->page[i], g->bits[i]));
	g->nb = 0;
	return bad;
}

/* Returns the number of refused ones. */
static uint32_t
give_some(struct bitmap *b, void *const *objs, uint32_t n)
{
	uint32_t bad = 0, i = 0;
	struct gathered g;

	g.nb = 0;
	while (i < n) {
		struct bitmap_page *page = page_find(b, objs[i]);
		uint64_t bit = page != NULL ? frag_bit(b, page, objs[i]) : 0, run;

		if (__builtin_expect(bit == 0, 0)) {
			bad++;
			i++;
			continue;
		}
		run = run_collect(b, page, bit, objs, n, &i);
		if (g.nb != 0 && g.page[g.nb - 1] == page) {
			/* twice in this burst */
			bad += (uint32_t)__builtin_popcountll(g.bits[g.nb - 1] & run);
			g.bits[g.nb - 1] |= run;
			continue;
		}
		if (g.nb == GIVE_PAGES)
			bad += gathered_give(&g);
		__builtin_prefetch(page, 1); /* the waits for several pages overlap */
		g.page[g.nb] = page;
		g.bits[g.nb++] = run;
	}
	bad += gathered_give(&g);
	wet(b);
	return bad;
}

/* What was taken, when it is not enough. */
static void
give_back(struct bitmap *b, struct sink *to, uint32_t got)
{
	if (to->runs == NULL)
		give_some(b, to->objs, got);
	while (to->nb_runs > 0) {
		const struct ppool_frags *run = &to->runs[--to->nb_runs];

		bits_give(bitmap_page_at(b, run->page), bits_of_run(run->nb) << run->first);
	}
	wet(b);
}

/*
 * There seem to be less than @p n. Searched under the lock, so that of several that ask for the
 * last ones, one gets them. What another request holds for a moment, before it finds that there is
 * not enough for it either, can be missed: two that compete for the last may both be told so.
 */
static int
take_last(struct bitmap *b, struct bitmap_owner *o, struct sink *to, uint32_t n)
{
	uint32_t suspect = BITMAP_SUSPECT, got;

	at_lock_take(&b->scan_lock);
	/* [DRY-A] see bits_give(). */
	at_store(&b->dry, BITMAP_SUSPECT, seq_cst);
	at_fence_seq_cst();
	got = take_some(b, o, to, n);
	if (got == n)
		at_store(&b->dry, BITMAP_WET, seq_cst);
	else if (got != 0)
		give_back(b, to, got);
	else
		at_cas(&b->dry, &suspect, BITMAP_DRY, seq_cst); /* [DRY-A]: still nothing given */
	at_lock_give(&b->scan_lock);
	return got == n ? 0 : -ENOENT;
}

static inline struct bitmap_owner *
owner_enter(const struct bitmap *b, uint32_t slot)
{
	struct bitmap_owner *o = &b->owners[slot < b->nb_slots ? slot : b->nb_slots - 1];

	if (__builtin_expect(o->slot == b->nb_slots - 1, 0))
		at_lock_take(&o->lock);
	return o;
}

static inline void
owner_leave(const struct bitmap *b, struct bitmap_owner *o)
{
	if (__builtin_expect(o->slot == b->nb_slots - 1, 0))
		at_lock_give(&o->lock);
}

static int
take(struct bitmap *b, uint32_t slot, ppool_holder holder, struct sink *to, uint32_t n)
{
	struct bitmap_owner *o = owner_enter(b, slot);
	int ret = 0;

	o->opens_for = holder;
	if (__builtin_expect(at_load(&b->dry, relaxed) == BITMAP_DRY && n != 0, 0)) {
		ret = -ENOENT;
	} else {
		uint32_t got = take_some(b, o, to, n);

		if (__builtin_expect(got < n, 0)) {
			give_back(b, to, got);
			ret = take_last(b, o, to, n);
		}
	}
	if (ret == 0)
		ppool_tally(&o->count.alloc_frags, n);
	else
		ppool_tally(&o->count.alloc_empty, 1);
	owner_leave(b, o);
	return ret;
}

int
bitmap_take(struct bitmap *b, uint32_t slot, void **objs, uint32_t n)
{
	struct sink to = { objs, NULL, 0 };

	return take(b, slot, PPOOL_HOLDER_NONE, &to, n);
}

uint32_t
bitmap_take_runs(struct bitmap *b, uint32_t slot, ppool_holder holder, struct ppool_frags *runs,
		uint32_t n)
{
	struct sink to = { NULL, runs, 0 };

	return take(b, slot, holder, &to, n) == 0 ? to.nb_runs : 0;
}

int
bitmap_take_pages(struct bitmap *b, uint32_t slot, void **first, uint32_t n)
{
	struct bitmap_owner *o = owner_enter(b, slot);
	uint32_t got = 0;
	uint64_t full = UINT64_MAX >> (64 - b->page_frags);

	for (uint32_t nr = 0; nr < b->nb_pages && got < n; nr++) {
		struct bitmap_page *page = bitmap_page_at(b, nr);
		uint64_t all = page->all;

		/* [FRAG-A] */
		if (all == full && at_load(&page->freed, relaxed) == all &&
				at_load(&page->is_drained, relaxed) == 0 &&
				at_cas(&page->freed, &all, 0, acquire))
			first[got++] = page->obj;
	}
	if (got == n) {
		ppool_tally(&o->count.alloc_frags, (uint64_t)n * b->page_frags);
	} else {
		for (uint32_t i = 0; i < got; i++)
			bits_give(page_find(b, first[i]), full);
		wet(b);
		ppool_tally(&o->count.alloc_empty, 1);
	}
	owner_leave(b, o);
	return got == n ? 0 : -ENOENT;
}

uint32_t
bitmap_give(struct bitmap *b, uint32_t slot, void *const *objs, uint32_t n)
{
	struct bitmap_owner *o = owner_enter(b, slot);
	uint32_t bad = give_some(b, objs, n);

	ppool_tally(&o->count.recycle_cached_frags, n - bad);
	if (__builtin_expect(bad != 0, 0))
		ppool_tally(&o->count.bad_frees, bad);
	owner_leave(b, o);
	return bad;
}

uint32_t
bitmap_give_runs(struct bitmap *b, uint32_t slot, const struct ppool_frags *runs, uint32_t nb_runs)
{
	struct bitmap_owner *o = owner_enter(b, slot);
	uint32_t bad = 0, nb = 0;

	for (uint32_t i = 0; i < nb_runs; i++) {
		uint64_t bits = bits_of_run(runs[i].nb) << runs[i].first;

		nb += runs[i].nb;
		bad += (uint32_t)__builtin_popcountll(
				bits_give(&b->chunks->chunk[0].pages[runs[i].page], bits));
	}
	wet(b);
	ppool_tally(&o->count.recycle_cached_frags, nb - bad);
	if (__builtin_expect(bad != 0, 0))
		ppool_tally(&o->count.bad_frees, bad);
	owner_leave(b, o);
	return bad;
}

bool
bitmap_has(const struct bitmap *b, const void *obj)
{
	const struct bitmap_page *page = page_find(b, obj);

	return page != NULL && frag_bit(b, page, obj) != 0;
}
