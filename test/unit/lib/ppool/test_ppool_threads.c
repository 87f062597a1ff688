/* SPDX-License-Identifier: BSD-3-Clause */
/* Both cores under four threads: no fragment in two hands, none lost. Run it under TSan too. */
#include "pool_rig.h"

#include <pthread.h>

#include "ppool_bitmap.h"
#include "ppool_count_inline.h"

#define THREADS 4
#define ROUNDS  20000
#define FRAGS   700
#define STRIDE  128
#define KEEP    150

static struct bitmap bitmap;
static struct count_pool count;
static char area[FRAGS * STRIDE * 2];
static at_u32 in_use[FRAGS * 2];
static at_u32 nb_errors;

static uint32_t
rnd(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
mark(uint32_t nr, uint32_t from)
{
	if (at_exchange(&in_use[nr], 1 - from, relaxed) != from)
		at_fetch_add(&nb_errors, 1, relaxed);
}

static void *
bitmap_worker(void *arg)
{
	uint32_t slot = (uint32_t)(uintptr_t)arg, seed = slot + 1, nb = 0;
	void *held[KEEP];

	for (int i = 0; i < ROUNDS; i++) {
		uint32_t n = rnd(&seed) % 40;

		if (nb + n <= KEEP && bitmap_take(&bitmap, slot, held + nb, n) == 0) {
			for (uint32_t j = nb; j < nb + n; j++) {
				memset(held[j], (int)slot, STRIDE);
				mark((uint32_t)((char *)held[j] - area) / STRIDE, 0);
			}
			nb += n;
		} else {
			n = n < nb ? n : nb;
			for (uint32_t j = nb - n; j < nb; j++)
				mark((uint32_t)((char *)held[j] - area) / STRIDE, 1);
			nb -= n;
			if (bitmap_give(&bitmap, slot, held + nb, n) != 0)
				at_fetch_add(&nb_errors, 1, relaxed);
		}
	}
	for (uint32_t j = 0; j < nb; j++)
		mark((uint32_t)((char *)held[j] - area) / STRIDE, 1);
	bitmap_give(&bitmap, slot, held, nb);
	return NULL;
}

/* Fragments are handed to the next thread through a mailbox, so most puts are remote. */
static struct {
	struct at_lock lock;
	uint32_t nb;
	uint32_t nr[64];
} mail[THREADS];

static void
mail_read(uint32_t slot)
{
	struct count_owner *o;
	uint32_t nb, nr[64];

	at_lock_take(&mail[slot].lock);
	nb = mail[slot].nb;
	memcpy(nr, mail[slot].nr, nb * sizeof(nr[0]));
	mail[slot].nb = 0;
	at_lock_give(&mail[slot].lock);
	for (uint32_t i = 0; i < nb; i++)
		mark(nr[i], 1);
	o = count_enter(&count, slot);
	for (uint32_t i = 0; i < nb; i++)
		count_put(&count, o, nr[i] / 7, 1);
	count_leave(&count, o);
}

static void
mail_send(uint32_t slot, uint32_t nr)
{
	struct count_owner *o;

	at_lock_take(&mail[slot].lock);
	if (mail[slot].nb < 64) {
		mail[slot].nr[mail[slot].nb++] = nr;
		nr = PPOOL_NONE;
	}
	at_lock_give(&mail[slot].lock);
	if (nr == PPOOL_NONE)
		return;
	mark(nr, 1);
	o = count_enter(&count, THREADS); /* as a thread without a slot */
	count_put(&count, o, nr / 7, 1);
	count_leave(&count, o);
}

static void *
count_worker(void *arg)
{
	uint32_t slot = (uint32_t)(uintptr_t)arg, seed = slot + 1;
	struct ppool_frags runs[40];

	for (int i = 0; i < ROUNDS; i++) {
		uint32_t nb = count_take(&count, slot, runs, 1 + rnd(&seed) % 40);

		for (uint32_t r = 0; r < nb; r++)
			for (uint32_t j = 0; j < runs[r].nb; j++) {
				uint32_t nr = runs[r].page * 7 + runs[r].first + j;

				memset(area + nr * STRIDE, (int)slot, STRIDE);
				mark(nr, 0);
				mail_send((slot + 1) % THREADS, nr);
			}
		mail_read(slot);
		if (rnd(&seed) % 100 == 0)
			count_abandon(&count, slot);
	}
	return NULL;
}

static void
threads_run(void *(*worker)(void *))
{
	pthread_t threads[THREADS];

	at_store(&nb_errors, 0, relaxed);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(at_load(&nb_errors, relaxed), 0);
}

static void
bitmap_keeps_every_fragment(void **state)
{
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);

	(void)state;
	assert_int_equal(bitmap_init(&bitmap, &mem, 4096, STRIDE, THREADS + 1, 32), 0);
	assert_int_equal(bitmap_add(&bitmap, &mem, area, 0, FRAGS * 2 / 3), 0); /* runs dry often */
	threads_run(bitmap_worker);
	assert_int_equal(bitmap_count(&bitmap), FRAGS * 2 / 3);
	assert_int_equal(bitmap_audit(&bitmap, pool_rig_say, NULL), 0);
	bitmap_fini(&bitmap, &mem);
	assert_int_equal(rig.live, 0);
}

static void
count_run(uint32_t nb_frags, struct ppool_stats *stats)
{
	struct pool_rig rig = { 0 };
	struct ppool_alloc mem = pool_rig_alloc(&rig);
	struct ppool_frags runs[FRAGS];
	uint32_t nb, sum = 0;

	assert_int_equal(count_init(&count, &mem, nb_frags, 7, THREADS + 1, 50), 0);
	threads_run(count_worker);
	for (uint32_t slot = 0; slot < THREADS; slot++)
		mail_read(slot);
	assert_int_equal(count_held(&count), 0);
	assert_int_equal(count_audit(&count, &mem, pool_rig_say, NULL), 0);
	count_stats_get(&count, stats);
	nb = count_take(&count, 0, runs, nb_frags); /* every one of them can be had */
	for (uint32_t i = 0; i < nb; i++)
		sum += runs[i].nb;
	assert_int_equal(sum, nb_frags);
	count_fini(&count, &mem);
	assert_int_equal(rig.live, 0);
}

static void
count_keeps_every_fragment(void **state)
{
	struct ppool_stats stats;

	(void)state;
	count_run(FRAGS, &stats);
	assert_true(stats.recycle_charges > 0 && stats.recycle_released_refcnt_pages > 0);
}

/* So few that requests are refused, undone, and served by what others have. */
static void
a_pool_that_runs_dry_keeps_every_fragment(void **state)
{
	struct ppool_stats stats;

	(void)state;
	count_run(95, &stats);
	assert_true(stats.alloc_empty > 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bitmap_keeps_every_fragment),
		cmocka_unit_test(count_keeps_every_fragment),
		cmocka_unit_test(a_pool_that_runs_dry_keeps_every_fragment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
