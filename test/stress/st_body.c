/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rounds: a pool is created, used in a few phases by all threads, emptied, checked and destroyed.
 * Between phases all threads are joined while they keep what they hold, so that exact figures can
 * be compared with fragments out. Reading order: st_main(), round_run(), worker_main().
 */
#include "st_body.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 16
#define QUEUE_MAX   32
#define TAKE_MAX    80
#define WORDS       6 /* of a fragment's bytes */

/* One reference to a fragment, as its holder knows it. */
struct item {
	uint32_t nr;
	bool is_shared; /* there was a second reference: nobody may write any more */
	uint64_t stamp; /* what its bytes say */
	uint64_t due;   /* step of the holder at which it is given back */
};

/* Items on their way to one thread; bounded, so senders meet a full one. */
struct queue {
	pthread_mutex_t lock;
	uint32_t nb;
	struct item items[QUEUE_MAX];
};

struct worker {
	_Alignas(128) pthread_t thread;
	uint32_t id, slot;
	uint64_t seed, step, nb_stamps;
	uint64_t nb_taken, nb_dry, nb_sent; /* this round */
	uint32_t nb, max;
	struct item *items;
	struct queue in;
};

static const struct st_ops *ops;
static struct st_pool pool;
static struct worker workers[THREADS_MAX];
static uint32_t nb_workers;
static at_u32 users[ST_FRAGS_MAX]; /* references to each fragment */
static at_u32 nb_held;             /* fragments: counted after a take, and before a give */
static at_u32 is_over, nb_failures, nb_blocks;
static struct at_lock drain_lock;
static uint32_t drained; /* page + 1, or 0; under the lock */

void
st_fail(const char *fmt, ...)
{
	va_list ap;

	if (at_fetch_add(&nb_failures, 1, relaxed) >= 20)
		return;
	va_start(ap, fmt);
	fprintf(stderr, "%s: ", ops->name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void
st_say(void *ctx, const char *what)
{
	(void)ctx;
	st_fail("audit: %s", what);
}

uint64_t
st_rnd(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t
st_size(uint64_t *seed, uint32_t max)
{
	uint64_t r = st_rnd(seed);
	uint32_t top = r % 8 == 0 ? max : r % 8 < 4 ? 4 : 32;

	return 1 + (uint32_t)(st_rnd(seed) % (top < max ? top : max));
}

static void *
block_zalloc(void *ctx, size_t bytes, size_t align)
{
	void *p = aligned_alloc(align < 64 ? 64 : align, (bytes + 127) / 128 * 128);

	(void)ctx;
	if (p == NULL)
		abort();
	at_fetch_add(&nb_blocks, 1, relaxed);
	return memset(p, 0, bytes);
}

static void
block_free(void *ctx, void *p)
{
	(void)ctx;
	if (p != NULL)
		at_fetch_sub(&nb_blocks, 1, relaxed);
	free(p);
}

static void
item_stamp(struct worker *w, struct item *item)
{
	uint64_t *bytes = ops->bytes(&pool, item->nr);

	item->stamp = (uint64_t)(w->id + 1) << 56 | ++w->nb_stamps;
	for (uint32_t i = 0; i < WORDS; i++)
		bytes[i] = item->stamp ^ i << 16;
}

static void
item_check(const struct item *item)
{
	const uint64_t *bytes = ops->bytes(&pool, item->nr);

	for (uint32_t i = 0; i < WORDS; i++)
		if (bytes[i] != (item->stamp ^ i << 16)) {
			st_fail("fragment %" PRIu32 ": its holder wrote %#" PRIx64
				", there is %#" PRIx64,
					item->nr, item->stamp, bytes[i] ^ i << 16);
			return;
		}
}

static uint64_t
due_at(struct worker *w)
{
	uint64_t r = st_rnd(&w->seed);

	return w->step + (r % 64 == 0 ? 2000 : r % 8 == 0 ? 200 : 1 + r % 24);
}

static void
worker_take(struct worker *w)
{
	uint32_t room = w->max - w->nb, nrs[TAKE_MAX];
	uint32_t n = st_size(&w->seed, room < TAKE_MAX ? room : TAKE_MAX);

	if (pool.page_frags <= room && pool.page_frags <= TAKE_MAX && w->step % 8 == 0)
		n = pool.page_frags;
	if (!ops->take(&pool, w->slot, nrs, n)) {
		w->nb_dry++;
		return;
	}
	w->nb_taken += n;
	if (at_fetch_add(&nb_held, n, relaxed) + n > pool.nb_frags)
		st_fail("more fragments are held than the %" PRIu32 " there are", pool.nb_frags);
	for (uint32_t i = 0; i < n; i++) {
		struct item *item = &w->items[w->nb++];

		*item = (struct item){ .nr = nrs[i], .due = due_at(w) };
		if (item->nr >= pool.nb_frags || at_exchange(&users[item->nr], 1, relaxed) != 0) {
			st_fail("fragment %" PRIu32 " was handed out twice", item->nr);
			w->nb--; /* not ours to write to */
			continue;
		}
		item_stamp(w, item);
	}
}

/* Give up to @p max items, those that are due first of all; @p all: due or not. */
static void
worker_give(struct worker *w, uint32_t slot, uint32_t max, bool all)
{
	uint32_t nrs[TAKE_MAX], nb = 0;

	for (uint32_t i = 0; i < w->nb && nb < max && nb < TAKE_MAX;) {
		if (!all && w->items[i].due > w->step) {
			i++;
			continue;
		}
		item_check(&w->items[i]);
		nrs[nb++] = w->items[i].nr;
		if (at_fetch_sub(&users[w->items[i].nr], 1, relaxed) == 1)
			at_fetch_sub(&nb_held, 1, relaxed);
		w->items[i] = w->items[--w->nb];
	}
	if (nb != 0)
		ops->give(&pool, slot, nrs, nb);
}

static void
worker_send(struct worker *w)
{
	struct queue *q = &workers[st_rnd(&w->seed) % nb_workers].in;
	uint32_t n = st_size(&w->seed, 16);

	pthread_mutex_lock(&q->lock);
	while (n-- > 0 && w->nb != 0 && q->nb < QUEUE_MAX) {
		uint32_t i = (uint32_t)(st_rnd(&w->seed) % w->nb);

		q->items[q->nb++] = w->items[i];
		w->items[i] = w->items[--w->nb];
		w->nb_sent++;
	}
	pthread_mutex_unlock(&q->lock);
}

static void
worker_receive(struct worker *w)
{
	uint32_t first = w->nb;

	pthread_mutex_lock(&w->in.lock);
	while (w->in.nb != 0 && w->nb < w->max)
		w->items[w->nb++] = w->in.items[--w->in.nb];
	pthread_mutex_unlock(&w->in.lock);
	for (uint32_t i = first; i < w->nb; i++) {
		item_check(&w->items[i]);
		w->items[i].due = due_at(w);
		if (!w->items[i].is_shared)
			item_stamp(w, &w->items[i]);
	}
}

static void
worker_get(struct worker *w)
{
	struct item *item;

	if (ops->get == NULL || w->nb == 0 || w->nb == w->max)
		return;
	item = &w->items[st_rnd(&w->seed) % w->nb];
	item->is_shared = true;
	ops->get(&pool, w->slot, item->nr);
	at_fetch_add(&users[item->nr], 1, relaxed);
	w->items[w->nb] = *item;
	w->items[w->nb++].due = due_at(w);
}

/*
 * One page at a time is drained for a while. Once nobody has it, nobody will: its bytes are ours
 * until it is undrained.
 */
static void
worker_drain(uint64_t rnd)
{
	if (!at_lock_try(&drain_lock))
		return;
	if (drained == 0)
		drained = 1 + (uint32_t)(rnd / 4 % pool.nb_pages);
	if (ops->drain(&pool, drained - 1) == 0)
		memset(ops->bytes(&pool, ops->page_first(&pool, drained - 1)), (int)rnd, WORDS * 8);
	if (rnd % 4 == 0) {
		ops->undrain(&pool, drained - 1);
		drained = 0;
	}
	at_lock_give(&drain_lock);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;

	while (at_load(&is_over, relaxed) == 0) {
		uint64_t r = st_rnd(&w->seed);

		w->step++;
		if (r % 16 < 7 && w->nb < w->max)
			worker_take(w);
		else if (r % 16 < 9)
			worker_send(w);
		else if (r % 16 == 9)
			worker_get(w);
		if (w->step % 4 == 0)
			worker_receive(w);
		worker_give(w, w->slot, 1 + (uint32_t)(r >> 8) % TAKE_MAX, (r >> 16) % 512 == 0);
		if ((r >> 32) % 256 == 0)
			ops->rare(&pool, w->slot, r >> 40);
		if ((r >> 32) % 256 == 1)
			worker_drain(r >> 40);
	}
	return NULL;
}

/* No counter may step back: its writer is alone, or has the lock. */
static void
stats_watch(struct ppool_stats *was)
{
	struct ppool_stats now;

	ops->stats(&pool, &now);
#define STAT_WATCH(name, text)                                                                     \
	if (now.name < was->name)                                                                  \
		st_fail("statistic " #name " went back");
	PPOOL_STATS(STAT_WATCH)
#undef STAT_WATCH
	*was = now;
}

static void *
monitor_main(void *arg)
{
	const struct timespec pause = { .tv_nsec = 300000 };
	struct ppool_stats was;

	(void)arg;
	memset(&was, 0, sizeof(was));
	while (at_load(&is_over, relaxed) == 0) {
		uint32_t held = at_load(&nb_held, relaxed);

		if (held > pool.nb_frags)
			st_fail("%" PRIu32 " of %" PRIu32 " fragments are held", held,
					pool.nb_frags);
		ops->watch(&pool);
		stats_watch(&was);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void
thread_start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	if (pthread_create(thread, NULL, fn, arg) != 0) {
		fprintf(stderr, "no thread can be created\n");
		exit(2);
	}
}

/* All threads at work for a while; then what they hold is what the pool misses. */
static void
phase_run(uint32_t ms)
{
	const struct timespec length = { ms / 1000, (long)(ms % 1000) * 1000000 };
	uint32_t refs = 0, frags = 0;
	pthread_t monitor;

	at_store(&is_over, 0, relaxed);
	thread_start(&monitor, monitor_main, NULL);
	for (uint32_t i = 0; i < nb_workers; i++)
		thread_start(&workers[i].thread, worker_main, &workers[i]);
	nanosleep(&length, NULL);
	at_store(&is_over, 1, relaxed);
	for (uint32_t i = 0; i < nb_workers; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_join(monitor, NULL);
	for (uint32_t i = 0; i < nb_workers; i++)
		refs += workers[i].nb + workers[i].in.nb;
	for (uint32_t nr = 0; nr < pool.nb_frags; nr++)
		frags += at_load(&users[nr], relaxed) != 0;
	if (frags != at_load(&nb_held, relaxed))
		st_fail("%" PRIu32 " fragments are held, %" PRIu32 " were counted", frags,
				at_load(&nb_held, relaxed));
	if (drained != 0)
		ops->undrain(&pool, drained - 1);
	drained = 0;
	ops->check(&pool, frags, refs);
}

/* Everything comes back, through any slot; then all of it can be had at once, and one by one. */
static void
round_empty(uint64_t *seed)
{
	uint32_t *nrs = calloc(pool.nb_frags + 1, sizeof(*nrs)), nb = 0;
	uint32_t slot = (uint32_t)(st_rnd(seed) % (pool.nb_own + 1));

	for (uint32_t i = 0; i < nb_workers; i++) {
		struct worker *w = &workers[i];

		while (w->nb != 0 || w->in.nb != 0) {
			worker_receive(w);
			worker_give(w, (uint32_t)(st_rnd(seed) % (pool.nb_own + 1)), TAKE_MAX,
					true);
		}
	}
	ops->check(&pool, 0, 0);
	if (!ops->take(&pool, slot, nrs, pool.nb_frags))
		st_fail("all is back, and %" PRIu32 " cannot be had at once", pool.nb_frags);
	else
		ops->give(&pool, ST_SHARED, nrs, pool.nb_frags);
	slot = (uint32_t)(st_rnd(seed) % (pool.nb_own + 1));
	while (nb <= pool.nb_frags && ops->take(&pool, slot, nrs + nb, 1))
		nb++;
	if (nb != pool.nb_frags)
		st_fail("one by one, %" PRIu32 " of %" PRIu32 " can be had", nb, pool.nb_frags);
	ops->give(&pool, slot, nrs, nb);
	ops->check(&pool, 0, 0);
	free(nrs);
}

/* A pool from creation to destruction. */
static void
round_run(uint64_t *seed, bool is_shared)
{
	uint64_t phases = 1 + st_rnd(seed) % 3;

	pool.nb_own = is_shared ? (uint32_t)(st_rnd(seed) % nb_workers) : nb_workers;
	pool.seed = st_rnd(seed);
	ops->create(&pool);
	for (uint32_t i = 0; i < nb_workers; i++) {
		struct worker *w = &workers[i];

		w->slot = i < pool.nb_own ? i : ST_SHARED;
		w->seed = st_rnd(seed);
		w->max = 1 + pool.nb_frags * 2 / nb_workers; /* together, twice what there is */
	}
	while (phases-- > 0)
		phase_run(20 + (uint32_t)(st_rnd(seed) % 200));
	round_empty(seed);
	ops->destroy(&pool);
	if (at_load(&nb_blocks, relaxed) != 0)
		st_fail("%" PRIu32 " blocks of memory are left", at_load(&nb_blocks, relaxed));
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
workers_init(void)
{
	for (uint32_t i = 0; i < nb_workers; i++) {
		workers[i].id = i;
		workers[i].items = calloc(ST_FRAGS_MAX * 2 + 2, sizeof(struct item));
		if (workers[i].items == NULL)
			abort();
		pthread_mutex_init(&workers[i].in.lock, NULL);
	}
}

int
st_main(int argc, char **argv, const struct st_ops *pool_ops)
{
	uint32_t nb_threads = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 4;
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 5;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : (uint64_t)time(NULL), rounds = 0;
	bool is_shared = argc > 4 && strcmp(argv[4], "shared") == 0;
	uint64_t taken = 0, dry = 0, sent = 0;
	double end = now_s() + seconds;

	if (nb_threads == 0 || nb_threads > THREADS_MAX || seconds <= 0) {
		fprintf(stderr,
				"%s [THREADS [SECONDS [SEED [own|shared]]]], THREADS from 1 to "
				"%d\n",
				argv[0], THREADS_MAX);
		return 2;
	}
	ops = pool_ops;
	nb_workers = nb_threads;
	pool.mem = (struct ppool_alloc){ block_zalloc, block_free, NULL };
	printf("%s: %" PRIu32 " threads, %g s, slots %s, seed %" PRIu64 "\n", ops->name, nb_workers,
			seconds, is_shared ? "shared" : "own", seed);
	fflush(stdout);
	workers_init();
	do {
		round_run(&seed, is_shared);
		rounds++;
	} while (now_s() < end && at_load(&nb_failures, relaxed) == 0);
	for (uint32_t i = 0; i < nb_workers; i++) {
		taken += workers[i].nb_taken;
		dry += workers[i].nb_dry;
		sent += workers[i].nb_sent;
		free(workers[i].items);
	}
	if (dry == 0 || sent == 0)
		st_fail("the pools never ran dry, or nothing was handed on");
	printf("%" PRIu64 " pools, %" PRIu64 " fragments taken, %" PRIu64 " handed on, %" PRIu64
	       " times dry, %" PRIu32 " failures\n",
			rounds, taken, sent, dry, at_load(&nb_failures, relaxed));
	return at_load(&nb_failures, relaxed) != 0;
}
