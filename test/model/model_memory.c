/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of the model: histories, views, and who touches what. Rules in model.h. */
#include "model_world.h"

struct model_world model_w;

/* What was learnt of a location, kept over all searches of a scenario. */
static struct {
	uint8_t readers, writers; /* bit per thread */
	uint8_t bytes;
	bool is_shared, is_lock;
	uint8_t loc;
} learnt[MODEL_GRANULES];

void
model_locs_forget(void)
{
	memset(learnt, 0, sizeof(learnt));
}

void
model_locs_init(void)
{
	struct model_world *w = &model_w;

	w->nb_locs = 0;
	memset(w->locs, 0, sizeof(w->locs));
	for (uint32_t g = 0; g < MODEL_GRANULES; g++) {
		struct model_loc *l = &w->locs[w->nb_locs];

		learnt[g].loc = MODEL_NONE;
		if (!learnt[g].is_shared)
			continue;
		if (w->nb_locs == MODEL_LOCS) {
			model_fail("more than %d shared variables", MODEL_LOCS);
			return;
		}
		learnt[g].loc = (uint8_t)w->nb_locs++;
		l->off = g * 4;
		l->bytes = learnt[g].bytes;
		memcpy(&l->stores[0].value, w->arena + l->off, l->bytes);
	}
}

/* Note who touches it; true: it has just turned out to be shared. */
static bool
learn(uint32_t off, size_t bytes, enum model_kind kind)
{
	uint8_t me = (uint8_t)(1 << model_running), all;
	bool is_write = kind != MODEL_LOAD;

	learnt[off / 4].bytes = (uint8_t)bytes;
	learnt[off / 4].readers |= me;
	if (is_write)
		learnt[off / 4].writers |= me;
	all = learnt[off / 4].readers;
	if (learnt[off / 4].is_shared)
		return false;
	if (kind != MODEL_WAIT && (learnt[off / 4].writers == 0 || (all & (all - 1)) == 0))
		return false;
	learnt[off / 4].is_shared = true;
	return true;
}

void
model_floor(struct model_view *floor)
{
	bool is_first = true;

	memset(floor, 0xff, sizeof(*floor));
	for (int i = 0; i < MODEL_THREADS; i++) {
		const uint8_t *now = (const uint8_t *)&model_w.threads[i].now;

		if (model_w.threads[i].is_done)
			continue;
		for (size_t j = 0; j < sizeof(*floor); j++)
			if (is_first || now[j] < ((uint8_t *)floor)[j])
				((uint8_t *)floor)[j] = now[j];
		is_first = false;
	}
}

static inline bool
is_acquire(enum model_order o)
{
	return o == MODEL_acquire || o == MODEL_acq_rel || o == MODEL_seq_cst;
}

static inline bool
is_release(enum model_order o)
{
	return o == MODEL_release || o == MODEL_acq_rel || o == MODEL_seq_cst;
}

static inline struct model_store *
store_at(struct model_loc *l, uint32_t n)
{
	return &l->stores[n % MODEL_STORES];
}

/* How far back a load of thread @p t may look. */
static uint32_t
oldest(const struct model_thread *t)
{
	uint8_t seen = t->now.seen[t->loc];

	if (t->order == MODEL_seq_cst && t->kind != MODEL_CAS && model_w.sc[t->loc] > seen)
		seen = model_w.sc[t->loc];
	return seen;
}

uint32_t
model_ways(const struct model_thread *t)
{
	struct model_loc *l;
	uint32_t ways = 1;

	if (t->is_done)
		return 0;
	if (t->loc == MODEL_NONE)
		return 1;
	l = &model_w.locs[t->loc];
	switch (t->kind) {
	case MODEL_WAIT:
		return store_at(l, l->newest)->value != 0;
	case MODEL_LOAD:
		return l->newest - oldest(t) + 1;
	case MODEL_CAS: /* the newest, or fail by reading an old one */
		for (uint32_t n = oldest(t); n < l->newest; n++)
			ways += store_at(l, n)->value != t->expected;
		return ways;
	default:
		return !(learnt[l->off / 4].is_lock && store_at(l, l->newest)->value != 0);
	}
}

/* Read store number @p n. */
static uint64_t
read_store(struct model_thread *t, uint32_t n, enum model_order order)
{
	struct model_store *s = store_at(&model_w.locs[t->loc], n);

	t->now.seen[t->loc] = (uint8_t)n;
	model_view_join(is_acquire(order) ? &t->now : &t->acquirable, &s->view);
	return s->value;
}

/* @p over: the store that an RMW read, or NULL. */
static void
write_store(struct model_thread *t, uint64_t value, const struct model_store *over)
{
	struct model_loc *l = &model_w.locs[t->loc];
	struct model_view view = is_release(t->order) ? t->now : t->fenced, floor;
	uint8_t n = ++l->newest;

	if (over != NULL)
		model_view_join(&view, &over->view);
	view.seen[t->loc] = t->now.seen[t->loc] = n;
	if (is_release(t->order))
		t->now.clock[model_running]++;
	if (t->order == MODEL_seq_cst)
		model_w.sc[t->loc] = n;
	store_at(l, n)->value = value;
	store_at(l, n)->view = view;
	memcpy(model_w.arena + l->off, &value, l->bytes);
	model_floor(&floor);
	if (n - floor.seen[t->loc] >= MODEL_STORES - 1 || n == MODEL_NONE - 1)
		model_fail("too many stores to one variable");
}

static uint64_t
applied(enum model_kind kind, uint64_t old, uint64_t arg)
{
	switch (kind) {
	case MODEL_ADD:
		return old + arg;
	case MODEL_OR:
		return old | arg;
	case MODEL_AND:
		return old & arg;
	default:
		return arg;
	}
}

static void
fence(struct model_thread *t)
{
	model_view_join(&t->now, &t->acquirable);
	model_join(t->now.seen, model_w.sc, MODEL_LOCS);
	memcpy(model_w.sc, t->now.seen, MODEL_LOCS);
	t->fenced = t->now;
	t->now.clock[model_running]++;
}

/* The store that a failing CAS reads for choice @p pick, counted from 1. */
static uint32_t
cas_stale(const struct model_thread *t, uint32_t pick)
{
	struct model_loc *l = &model_w.locs[t->loc];
	uint32_t n = oldest(t);

	while (store_at(l, n)->value == t->expected || --pick > 0)
		n++;
	return n;
}

static uint64_t
perform(struct model_thread *t, uint64_t arg, uint64_t mask)
{
	struct model_loc *l = &model_w.locs[t->loc];
	uint32_t n = l->newest, last = n;
	uint64_t old;

	switch (t->kind) {
	case MODEL_STORE:
		write_store(t, arg & mask, NULL);
		if (!learnt[l->off / 4].is_lock) /* that was no step */
			model_trace_value(arg & mask, 0);
		return 0;
	case MODEL_LOAD:
		n = l->newest - model_pick;
		old = read_store(t, n, t->order);
		break;
	case MODEL_WAIT:
		old = read_store(t, n, t->order);
		break;
	case MODEL_CAS:
		n = model_pick == 0 ? n : cas_stale(t, model_pick);
		if (store_at(l, n)->value != t->expected) {
			old = read_store(t, n, MODEL_relaxed);
			break;
		}
		/* fall through */
	default:
		old = read_store(t, n, t->order);
		write_store(t, applied(t->kind, old, arg) & mask, store_at(l, n));
		break;
	}
	model_trace_value(old, last - n);
	return old;
}

void
model_free(const void *p, size_t bytes)
{
	model_w.freed_at = (uint32_t)((const char *)p - model_w.arena);
	model_w.freed_end = model_w.freed_at + (uint32_t)bytes;
}

void
model_touch(size_t off)
{
	if (off >= model_w.freed_at && off < model_w.freed_end)
		model_fail("arena + %zu is touched after it was freed", off);
}

/* Only one thread knows this one, or nobody runs but the check. */
static uint64_t
direct(enum model_kind kind, void *p, size_t bytes, uint64_t arg, uint64_t expected, uint64_t mask)
{
	uint64_t old = 0, v;

	if (kind == MODEL_FENCE)
		return 0;
	memcpy(&old, p, bytes);
	v = kind == MODEL_STORE ? arg : applied(kind, old, arg);
	v &= mask;
	if (kind != MODEL_LOAD && kind != MODEL_WAIT && (kind != MODEL_CAS || old == expected))
		memcpy(p, &v, bytes);
	return old;
}

uint64_t
model_op(enum model_kind kind, void *p, size_t bytes, uint64_t arg, uint64_t expected,
		enum model_order order, const struct model_where *where)
{
	uint64_t mask = bytes == 8 ? UINT64_MAX : (UINT64_C(1) << bytes * 8) - 1;
	uint32_t off = (uint32_t)((char *)p - model_w.arena);
	struct model_thread *t;
	bool is_lock = false;

	if (model_running < 0)
		return direct(kind, p, bytes, arg, expected, mask);
	t = &model_w.threads[model_running];
	t->loc = MODEL_NONE;
	if (kind != MODEL_FENCE) {
		if (off >= model_w.used)
			model_fail("%s:%d: %s is outside the arena", where->file, where->line,
					where->what);
		model_touch(off);
		if (learn(off, bytes, kind)) {
			model_is_stale = true;
			model_yield();
		}
		t->last_off = off;
		if (learnt[off / 4].loc == MODEL_NONE)
			return direct(kind, p, bytes, arg, expected, mask);
		is_lock = learnt[off / 4].is_lock;
		if (is_lock && kind == MODEL_LOAD)
			return 0; /* a hint, before the exchange that waits */
		t->loc = learnt[off / 4].loc;
	}
	t->kind = kind;
	t->order = order;
	t->expected = expected;
	t->where = *where;
	if (!is_lock || kind != MODEL_STORE)
		model_yield();
	t->is_bound = is_lock && kind == MODEL_EXCHANGE;
	if (kind == MODEL_FENCE) {
		fence(t);
		return 0;
	}
	model_touch(off);
	return perform(t, arg, mask);
}

bool
model_cas(void *p, size_t bytes, void *expected, uint64_t v, enum model_order order,
		const struct model_where *where)
{
	uint64_t want = 0, old;

	memcpy(&want, expected, bytes);
	old = model_op(MODEL_CAS, p, bytes, v, want, order, where);
	memcpy(expected, &old, bytes);
	return old == want;
}

void
at_pause(void)
{
	if (model_running < 0) {
		model_fail("a lock is held that nobody will give");
		return;
	}
	learnt[model_w.threads[model_running].last_off / 4].is_lock = true;
	model_is_stale = true; /* start anew, now that we know */
	model_yield();
}
