/* SPDX-License-Identifier: BSD-3-Clause */
/* The search: coroutines, snapshots, worlds seen. Rules in model.h. */
#include "model_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define MAX_DEPTH  4096     /* steps of an execution */
#define MAX_STATES 20000000 /* worlds of a scenario */
#define SLACK      256      /* below the frame that left a coroutine */
#define GARBAGE    2048     /* cleared below it, so that old locals do not tell worlds apart */

/* A world with more than one way on. */
struct branch {
	char *world; /* snapshot */
	uint32_t next, nb, nb_trace;
	uint8_t thread[64], pick[64];
};

struct step {
	struct model_where where;
	uint64_t value;
	enum model_kind kind;
	enum model_order order;
	uint32_t behind;
	int thread;
};

int model_running = -1;
uint32_t model_pick;
bool model_failed, model_is_stale;

static _Alignas(64) char stacks[MODEL_THREADS][MODEL_STACK];
static const struct model_scenario *scenario;
static jmp_buf searcher;
static char fault[512];
static struct branch branches[MAX_DEPTH];
static uint32_t nb_branches;
static struct step trace[MAX_DEPTH];
static uint32_t nb_trace;
static uint64_t *seen;
static size_t nb_seen, seen_mask;
static uint64_t nb_steps, nb_ends;
static bool is_alone; /* a set-up or a check runs */

void *
model_zalloc(size_t bytes, size_t align)
{
	uint32_t at;

	align = align < 8 ? 8 : align;
	at = (uint32_t)((model_w.used + align - 1) / align * align);
	if (at + bytes > MODEL_ARENA) {
		fprintf(stderr, "the arena is too small\n");
		abort();
	}
	model_w.used = (uint32_t)((at + bytes + 7) / 8 * 8);
	memset(model_w.arena + at, 0, bytes);
	return model_w.arena + at;
}

int
model_self(void)
{
	return model_running;
}

__attribute__((noinline)) void
model_yield(void)
{
	struct model_thread *t = &model_w.threads[model_running];

	t->low = __builtin_frame_address(0);
	if (_setjmp(t->regs) == 0)
		_longjmp(searcher, 1);
}

void
model_fail(const char *format, ...)
{
	va_list ap;

	if (!model_failed) {
		va_start(ap, format);
		vsnprintf(fault, sizeof(fault), format, ap);
		va_end(ap);
	}
	model_failed = true;
	if (model_running >= 0)
		model_yield();
	if (is_alone)
		_longjmp(searcher, 1);
}

/* Set-up or check; ends with its first error. */
static __attribute__((noinline)) void
alone(void (*what)(void))
{
	is_alone = true;
	if (_setjmp(searcher) == 0)
		what();
	is_alone = false;
}

void
model_trace_value(uint64_t value, uint32_t behind)
{
	trace[nb_trace - 1].value = value;
	trace[nb_trace - 1].behind = behind;
}

static void
trace_print(void)
{
	static const char *const kinds[] = { "load", "receive", "store", "add to", "or to",
		"and to", "exchange", "cas", "fence" };
	static const char *const orders[] = { "relaxed", "acquire", "release", "acq_rel",
		"seq_cst" };

	for (uint32_t i = 0; i < nb_trace; i++) {
		const struct step *s = &trace[i];
		const char *file = strrchr(s->where.file, '/');

		printf("  T%d %s:%d %s %s (%s)", s->thread, file != NULL ? file + 1 : s->where.file,
				s->where.line, kinds[s->kind], s->where.what, orders[s->order]);
		if (s->kind != MODEL_FENCE)
			printf(s->kind == MODEL_STORE ? " := %llu" : " -> %llu",
					(unsigned long long)s->value);
		if (s->behind != 0)
			printf(", %u behind", s->behind);
		printf("\n");
	}
}

static void
thread_main(void)
{
	struct model_thread *t = &model_w.threads[model_running];

	scenario->thread[model_running]();
	memset(t, 0, sizeof(*t));
	t->is_done = true;
	t->loc = MODEL_NONE;
	_longjmp(searcher, 1);
}

/* Thread @p i up to the first operation that is a branch. */
static void
thread_begin(int i)
{
	static ucontext_t context;

	getcontext(&context);
	context.uc_stack.ss_sp = stacks[i];
	context.uc_stack.ss_size = MODEL_STACK;
	context.uc_link = NULL;
	makecontext(&context, thread_main, 0);
	model_running = i;
	if (_setjmp(searcher) == 0)
		setcontext(&context);
	model_running = -1;
}

static __attribute__((noinline)) void
thread_move(int i, uint32_t pick)
{
	struct model_thread *t = &model_w.threads[i];
	char *low = t->low - SLACK, *from = low - GARBAGE;

	if (nb_trace == MAX_DEPTH) {
		model_fail("more than %d steps", MAX_DEPTH);
		return;
	}
	trace[nb_trace++] = (struct step){ t->where, 0, t->kind, t->order, 0, i };
	nb_steps++;
	if (from < stacks[i])
		from = stacks[i];
	memset(from, 0, (size_t)(low - from));
	model_pick = pick;
	model_running = i;
	if (_setjmp(searcher) == 0)
		_longjmp(t->regs, 1);
	model_running = -1;
}

/* The parts of a world, for @p use. */
static void
world_parts(void (*use)(void *part, size_t bytes))
{
	struct model_world *w = &model_w;

	use(w, offsetof(struct model_world, locs) + w->nb_locs * sizeof(w->locs[0]));
	use(w->arena, w->used);
	use(w->shadow, w->used / 4 * sizeof(w->shadow[0]));
	for (int i = 0; i < MODEL_THREADS; i++)
		if (!w->threads[i].is_done) {
			char *low = w->threads[i].low - SLACK;

			use(low, (size_t)(stacks[i] + MODEL_STACK - low));
		}
}

static char *copy_at;

static void
part_save(void *part, size_t bytes)
{
	memcpy(copy_at, part, bytes);
	copy_at += bytes;
}

static void
part_restore(void *part, size_t bytes)
{
	memcpy(part, copy_at, bytes);
	copy_at += bytes;
}

static void
part_measure(void *part, size_t bytes)
{
	(void)part;
	copy_at += bytes;
}

static char *
world_save(char *room)
{
	if (room == NULL) {
		copy_at = NULL;
		world_parts(part_measure);
		room = malloc((size_t)copy_at + (size_t)MODEL_THREADS * MODEL_STACK);
		if (room == NULL)
			abort();
	}
	copy_at = room;
	world_parts(part_save);
	return room;
}

static void
world_restore(char *room)
{
	copy_at = room; /* the first part says where the others are */
	world_parts(part_restore);
}

static uint64_t hash;

static void
hash_word(uint64_t v)
{
	hash = (hash ^ v) * UINT64_C(0x9fb21c651e98df25);
	hash ^= hash >> 29;
}

static void
hash_part(const void *part, size_t bytes)
{
	const char *p = part;
	uint64_t v;

	for (; bytes >= 8; bytes -= 8, p += 8) {
		memcpy(&v, p, 8);
		hash_word(v);
	}
	if (bytes != 0) {
		v = 0;
		memcpy(&v, p, bytes);
		hash_word(v);
	}
}

static void
hash_view(const struct model_view *view, const struct model_view *floor)
{
	struct model_view v = *view;

	model_view_join(&v, floor);
	hash_part(v.seen, model_w.nb_locs);
	hash_part(v.clock, MODEL_THREADS);
}

static void
hash_shadow(const struct model_view *floor)
{
	for (uint32_t g = 0; g < model_w.used / 4; g++) {
		static const struct model_shadow none;
		const struct model_shadow *s = &model_w.shadow[g];

		if (memcmp(s, &none, sizeof(none)) == 0)
			continue;
		if (s->write_clock > floor->clock[s->writer])
			hash_word((uint64_t)g << 32 | s->writer << 8 | s->write_clock);
		for (uint32_t i = 0; i < MODEL_THREADS; i++)
			if (s->read_clock[i] > floor->clock[i])
				hash_word((uint64_t)g << 32 | 1u << 30 | i << 8 | s->read_clock[i]);
	}
}

static uint64_t
world_hash(void)
{
	struct model_world *w = &model_w;
	struct model_view floor;

	model_floor(&floor);
	hash = 1;
	for (int i = 0; i < MODEL_THREADS; i++) {
		struct model_thread *t = &w->threads[i];

		hash_word(t->is_done | t->is_bound << 1);
		if (t->is_done)
			continue;
		hash_view(&t->now, &floor);
		hash_view(&t->acquirable, &floor);
		hash_view(&t->fenced, &floor);
		hash_part(t->regs[0].__jmpbuf, sizeof(t->regs[0].__jmpbuf));
		hash_part(t->low, (size_t)(stacks[i] + MODEL_STACK - t->low));
	}
	for (uint32_t i = 0; i < w->nb_locs; i++) {
		struct model_loc *l = &w->locs[i];

		hash_word(w->sc[i] > floor.seen[i] ? w->sc[i] : floor.seen[i]);
		for (uint32_t n = floor.seen[i]; n <= l->newest; n++) {
			hash_word(n << 8 | l->newest);
			hash_word(l->stores[n % MODEL_STORES].value);
			hash_view(&l->stores[n % MODEL_STORES].view, &floor);
		}
	}
	hash_word(w->freed_end);
	hash_part(w->arena, w->used);
	hash_shadow(&floor);
	return hash | 1;
}

/* True if the world was seen before; it is now. */
static bool
is_seen(void)
{
	uint64_t key = world_hash();
	size_t at = key >> 20 & seen_mask;

	for (; seen[at] != 0; at = (at + 1) & seen_mask)
		if (seen[at] == key)
			return true;
	seen[at] = key;
	if (++nb_seen * 2 > seen_mask) {
		uint64_t *old = seen;
		size_t nb = seen_mask + 1;

		seen_mask = nb * 2 - 1;
		seen = calloc(nb * 2, sizeof(*seen));
		for (size_t i = 0; seen != NULL && i < nb; i++)
			if (old[i] != 0) {
				for (at = old[i] >> 20 & seen_mask; seen[at] != 0;)
					at = (at + 1) & seen_mask;
				seen[at] = old[i];
			}
		free(old);
		if (seen == NULL)
			abort();
	}
	return false;
}

/* All ways on from here, in a new branch. */
static void
branch_fill(struct branch *b)
{
	int bound = -1;

	b->next = b->nb = 0;
	b->nb_trace = nb_trace;
	for (int i = 0; i < MODEL_THREADS; i++)
		if (model_w.threads[i].is_bound && model_ways(&model_w.threads[i]) != 0)
			bound = i;
	for (int i = 0; i < MODEL_THREADS; i++) {
		uint32_t ways = model_ways(&model_w.threads[i]);

		if (bound >= 0 && i != bound)
			continue;
		for (uint32_t pick = 0; pick < ways && b->nb < 64; pick++) {
			b->thread[b->nb] = (uint8_t)i;
			b->pick[b->nb++] = (uint8_t)pick;
		}
	}
}

static bool
all_done(void)
{
	for (int i = 0; i < MODEL_THREADS; i++)
		if (!model_w.threads[i].is_done)
			return false;
	return true;
}

/* What has been reached: the end, a world seen before, a new one (true). */
static bool
is_new(void)
{
	if (model_failed || model_is_stale)
		return false;
	if (all_done()) {
		nb_ends++;
		if (scenario->check != NULL)
			alone(scenario->check);
		return false;
	}
	if (nb_seen > MAX_STATES)
		model_fail("more than %d states", MAX_STATES);
	return !is_seen();
}

static void
search(void)
{
	bool goes_on = is_new();

	nb_branches = 0;
	while (!model_failed && !model_is_stale) {
		struct branch *b = &branches[nb_branches];

		if (goes_on) {
			branch_fill(b);
			if (b->nb == 0) {
				model_fail("deadlock");
				break;
			}
			if (b->nb > 1) {
				b->world = world_save(b->world);
				nb_branches++;
			}
		} else {
			while (nb_branches > 0 && b[-1].next == b[-1].nb) {
				b--;
				nb_branches--;
			}
			if (nb_branches == 0)
				return;
			b--;
			world_restore(b->world);
			nb_trace = b->nb_trace;
		}
		thread_move(b->thread[b->next], b->pick[b->next]);
		b->next++;
		goes_on = is_new();
	}
}

/* Search once with what is known to be shared. */
static void
search_anew(void)
{
	memset(&model_w, 0, sizeof(model_w));
	memset(stacks, 0, sizeof(stacks));
	memset(seen, 0, (seen_mask + 1) * sizeof(*seen));
	nb_seen = nb_steps = nb_ends = nb_trace = 0;
	model_is_stale = false;
	for (int i = 0; i < MODEL_THREADS; i++)
		model_w.threads[i].is_done = true;
	alone(scenario->setup);
	model_locs_init();
	for (int i = 0; i < MODEL_THREADS; i++)
		if (scenario->thread[i] != NULL && !model_failed && !model_is_stale) {
			model_w.threads[i].is_done = false;
			model_w.threads[i].now.clock[i] = 1;
			thread_begin(i);
		}
	search();
}

static bool
scenario_run(const struct model_scenario *s)
{
	bool is_as_told;

	scenario = s;
	model_locs_forget();
	model_failed = false;
	fault[0] = '\0';
	do
		search_anew();
	while (model_is_stale && !model_failed);
	is_as_told = s->fault == NULL ? !model_failed : strstr(fault, s->fault) != NULL;
	printf("%s %s: %zu states, %llu executions, %llu steps%s%s\n", is_as_told ? "PASS" : "FAIL",
			s->name, nb_seen, (unsigned long long)nb_ends, (unsigned long long)nb_steps,
			model_failed ? "; found: " : "", fault);
	if (!is_as_told && model_failed)
		trace_print();
	else if (!is_as_told)
		printf("  expected it to find: %s\n", s->fault);
	fflush(stdout);
	return is_as_told;
}

int
model_main(int argc, char **argv, const struct model_scenario *s, int nb)
{
	int nb_bad = 0, nb_run = 0;

	seen_mask = (1 << 16) - 1;
	seen = calloc(seen_mask + 1, sizeof(*seen));
	if (seen == NULL)
		return 1;
	for (int i = 0; i < nb; i++) {
		if (argc > 1 && strstr(s[i].name, argv[1]) == NULL)
			continue;
		nb_bad += !scenario_run(&s[i]);
		nb_run++;
	}
	return nb_bad != 0 || nb_run == 0;
}
