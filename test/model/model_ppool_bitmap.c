/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bitmap pages under the model checker: every fragment has one holder, nobody writes bytes that
 * another still uses, and a pool with a free fragment is not called empty once all is quiet.
 */
#include "ppool_bitmap.h"
#include "model_pool.h"

#define FRAGS_MAX 4
#define SLOTS     3 /* 0 and 1 belong to threads 0 and 1; the last is shared: thread 2, checks */
#define STRIDE    4
#define BASE      0x10000 /* the pool only computes with addresses */

/* What a thread has. */
struct hand {
	void *objs[FRAGS_MAX];
	uint32_t nb;
};

static struct rig {
	struct bitmap pool;
	struct hand hand[MODEL_THREADS];
	uint32_t bytes[FRAGS_MAX]; /* the users' */
	uint32_t is_held[FRAGS_MAX];
	uint32_t nb_frags, page_frags;
	at_u32 passed; /* from thread to thread: fragments are in hand 1 */
} * r;

static void
setup(uint32_t nb_frags, uint32_t page_frags)
{
	r = model_zalloc(sizeof(*r), 128);
	r->nb_frags = nb_frags;
	r->page_frags = page_frags;
	model_check(bitmap_init(&r->pool, &mem, page_frags * STRIDE, STRIDE, SLOTS, 2) == 0);
	model_check(bitmap_add(&r->pool, &mem, (void *)BASE, 0, nb_frags) == 0);
}

static uint32_t
nr_of(const void *obj)
{
	return (uint32_t)((uintptr_t)obj - BASE) / STRIDE;
}

static void *
obj_of(uint32_t nr)
{
	return (void *)(BASE + (uintptr_t)nr * STRIDE);
}

/* A fragment comes into hand @p h: nobody else has it, and its bytes are ours. */
static void
claim(struct hand *h, void *obj)
{
	uint32_t nr = nr_of(obj);

	if (nr >= r->nb_frags || r->is_held[nr]++ != 0)
		model_fail("fragment %u in two hands", nr);
	model_write(&r->bytes[nr]);
	h->objs[h->nb++] = obj;
}

static bool
take(uint32_t slot, struct hand *h, uint32_t n)
{
	void *objs[FRAGS_MAX] = { 0 };

	if (bitmap_take(&r->pool, slot, objs, n) != 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		claim(h, objs[i]);
	return true;
}

/* The same by runs. */
static bool
take_runs(uint32_t slot, struct hand *h, uint32_t n)
{
	struct ppool_frags runs[FRAGS_MAX] = { { 0 } };
	uint32_t nb = bitmap_take_runs(&r->pool, slot, PPOOL_HOLDER_NONE, runs, n), got = 0;

	for (uint32_t i = 0; i < nb; i++)
		for (uint32_t j = 0; j < runs[i].nb; j++, got++)
			claim(h, obj_of(runs[i].page * r->page_frags + runs[i].first + j));
	if (got != (nb == 0 ? 0 : n))
		model_fail("%u fragments asked for, %u taken", n, got);
	return nb != 0;
}

static bool
take_page(uint32_t slot, struct hand *h)
{
	void *first = NULL;

	if (bitmap_take_pages(&r->pool, slot, &first, 1) != 0)
		return false;
	for (uint32_t i = 0; i < r->page_frags; i++)
		claim(h, (char *)first + (size_t)i * STRIDE);
	return true;
}

/* The last @p n of a hand are out of it, and used no more. */
static void
part(struct hand *h, uint32_t n)
{
	h->nb -= n;
	for (uint32_t i = h->nb; i < h->nb + n; i++) {
		model_write(&r->bytes[nr_of(h->objs[i])]);
		r->is_held[nr_of(h->objs[i])]--;
	}
}

/* Give the last @p n of a hand back at once. */
static void
give(uint32_t slot, struct hand *h, uint32_t n)
{
	part(h, n);
	model_check(bitmap_give(&r->pool, slot, &h->objs[h->nb], n) == 0);
}

/* The same by runs. */
static void
give_runs(uint32_t slot, struct hand *h, uint32_t n)
{
	struct ppool_frags runs[FRAGS_MAX];
	uint32_t nb = 0;

	part(h, n);
	for (uint32_t i = h->nb; i < h->nb + n; i++) {
		uint32_t page = nr_of(h->objs[i]) / r->page_frags;
		uint32_t first = nr_of(h->objs[i]) % r->page_frags;

		if (nb != 0 && runs[nb - 1].page == page &&
				runs[nb - 1].first + runs[nb - 1].nb == first)
			runs[nb - 1].nb++;
		else
			runs[nb++] = (struct ppool_frags){ page, first, 1 };
	}
	model_check(bitmap_give_runs(&r->pool, slot, runs, nb) == 0);
}

/*
 * What is free can be taken, by any slot: first with what the threads left behind, then all. The
 * order matters, since a give clears what a wrong dry flag has done.
 */
static void
check_from(uint32_t slot)
{
	struct hand rest = { .nb = 0 };
	uint32_t held = 0, free_nb;

	for (uint32_t i = 0; i < r->nb_frags; i++)
		held += r->is_held[i];
	free_nb = r->nb_frags - held;
	model_check(bitmap_audit(&r->pool, rig_say, NULL) == 0);
	if (bitmap_count(&r->pool) != free_nb)
		model_fail("lost: %u are free, the pool knows of %u", free_nb,
				bitmap_count(&r->pool));
	if (free_nb != 0 && !take(slot, &rest, free_nb))
		model_fail("lost: slot %u cannot take the free ones", slot);
	for (uint32_t i = 0; i < MODEL_THREADS; i++)
		while (r->hand[i].nb != 0)
			rest.objs[rest.nb++] = r->hand[i].objs[--r->hand[i].nb];
	for (uint32_t s = 0; s < SLOTS; s++) {
		give(SLOTS - 1 - s, &rest, r->nb_frags);
		if (!take(s, &rest, r->nb_frags))
			model_fail("lost: slot %u cannot take all", s);
	}
	give(0, &rest, r->nb_frags);
	model_check(bitmap_count(&r->pool) == r->nb_frags);
}

static void
check(void)
{
	check_from(SLOTS - 1);
}

static void
check_0(void)
{
	check_from(0);
}

#define TAKE(name, slot, n)                                                                        \
	static void name(void)                                                                     \
	{                                                                                          \
		take(slot, &r->hand[slot], n);                                                     \
	}
#define TAKE_GIVE(name, slot, n)                                                                   \
	static void name(void)                                                                     \
	{                                                                                          \
		if (take(slot, &r->hand[slot], n))                                                 \
			give(slot, &r->hand[slot], n);                                             \
	}
#define GIVE(name, slot, n)                                                                        \
	static void name(void)                                                                     \
	{                                                                                          \
		give(slot, &r->hand[slot], n);                                                     \
	}

TAKE(take_0, 0, 1)
TAKE(take_1, 1, 1)
TAKE(take_2, 2, 1)
TAKE(take_two_0, 0, 2)
TAKE_GIVE(take_give_0, 0, 1)
TAKE_GIVE(take_give_1, 1, 1)
TAKE_GIVE(take_give_two_0, 0, 2)
TAKE_GIVE(take_give_two_1, 1, 2)
GIVE(give_1, 1, 1)
GIVE(give_2, 2, 1)
GIVE(give_two_1, 1, 2)
GIVE(give_two_2, 2, 2)

static void
page_0(void)
{
	take_page(0, &r->hand[0]);
}

static void
page_give_1(void)
{
	if (take_page(1, &r->hand[1]))
		give(1, &r->hand[1], r->page_frags);
}

static void
two_pages_0(void)
{
	void *first[2] = { 0 };

	model_check(bitmap_take_pages(&r->pool, 0, first, 2) != 0);
}

static void
give_one_by_one_2(void)
{
	give_2();
	give_2();
}

static void
shared_0(void)
{
	if (take(SLOTS - 1, &r->hand[0], 1))
		give(SLOTS - 1, &r->hand[0], 1);
}

static void
give_take_1(void)
{
	give_1();
	take_1();
}

/* One page of 2, all free. */
static void
setup_free(void)
{
	setup(2, 2);
}

/* One page of 1, out to thread 1. */
static void
setup_out(void)
{
	setup(1, 1);
	take(0, &r->hand[1], 1);
}

/* One page of 2, one out to thread 1 and one to thread 2. */
static void
setup_two_out(void)
{
	setup(2, 2);
	take(0, &r->hand[1], 1);
	take(0, &r->hand[2], 1);
}

/* The same, but both are thread 1's. */
static void
setup_all_out(void)
{
	setup(2, 2);
	take(0, &r->hand[1], 2);
}

/* The same, but that they are thread 2's. */
static void
setup_away(void)
{
	setup(2, 2);
	take(0, &r->hand[2], 2);
}

/* Two pages of 1, one free. */
static void
setup_pages(void)
{
	setup(2, 1);
	take(0, &r->hand[1], 1);
}

/* Two pages of 2; thread 1 has one of the first. */
static void
setup_four(void)
{
	setup(4, 2);
	take(0, &r->hand[1], 1);
}

static void
runs_two_0(void)
{
	if (take_runs(0, &r->hand[0], 2))
		give_runs(0, &r->hand[0], 2);
}

static void
runs_two_1(void)
{
	if (take_runs(1, &r->hand[1], 2))
		give_runs(1, &r->hand[1], 2);
}

static void
runs_keep_0(void)
{
	take_runs(0, &r->hand[0], 2);
}

static void
runs_give_1(void)
{
	give_runs(1, &r->hand[1], 1);
}

/* Two pages of 2, all thread 1's. */
static void
setup_four_out(void)
{
	setup(4, 2);
	take(0, &r->hand[1], 4);
}

static void
runs_give_four_1(void)
{
	give_runs(1, &r->hand[1], 4);
}

/* Told that nobody has page 0: then nobody does, and all have finished with its bytes. */
static void
drain(void)
{
	if (bitmap_drain(&r->pool, 0, 1) != 0)
		return;
	for (uint32_t nr = 0; nr < r->page_frags; nr++) {
		model_check(r->is_held[nr] == 0);
		model_read(&r->bytes[nr]);
	}
}

static void
drain_twice(void)
{
	drain();
	drain();
}

/* The same while it may be undrained. */
static void
drain_asked(void)
{
	bitmap_drain(&r->pool, 0, 1);
}

static void
undrain(void)
{
	bitmap_undrain(&r->pool, 0, 1);
}

/* Who was told that nobody has the page may use its bytes until it is undrained. */
static void
drain_use_undrain(void)
{
	if (bitmap_drain(&r->pool, 0, 1) == 0)
		for (uint32_t nr = 0; nr < r->page_frags; nr++)
			model_write(&r->bytes[nr]);
	undrain();
}

/* Two pages of 1, free, of which page 0 is aside. */
static void
setup_aside(void)
{
	setup(2, 1);
	take(1, &r->hand[1], 2);
	r->hand[1] = (struct hand){ .objs = { obj_of(1) }, .nb = 1 };
	r->is_held[0] = 0;
	model_check(bitmap_give(&r->pool, 1, (void *[]){ obj_of(0) }, 1) == 0);
	model_check(bitmap_drain(&r->pool, 0, 1) == 0);
}

/* Page 0 can be drained by now, is nobody's until it is undrained, and then as ever. */
static void
check_drained(void)
{
	uint32_t frags = r->page_frags;

	for (uint32_t i = 0; i < MODEL_THREADS; i++)
		if (r->hand[i].nb != 0)
			give(SLOTS - 1, &r->hand[i], r->hand[i].nb);
	model_check(bitmap_drain(&r->pool, 0, 1) == 0);
	model_check(bitmap_audit(&r->pool, rig_say, NULL) == 0);
	model_check(bitmap_unusable(&r->pool) == frags);
	model_check(bitmap_count(&r->pool) == r->nb_frags - frags);
	model_check(!take(0, &r->hand[0], r->nb_frags - frags + 1));
	model_check(bitmap_undrain(&r->pool, 0, 1) == 1);
	check();
}

/* Given back meanwhile, it is not opened for that, neither by who had it nor by others. */
static void
check_unopened(void)
{
	model_check(!take(SLOTS - 1, &r->hand[0], 1));
	at_store(&r->pool.dry, BITMAP_WET, relaxed);
	model_check(!take(0, &r->hand[0], 1));
	at_store(&r->pool.dry, BITMAP_WET, relaxed);
	model_check(!take_page(1, &r->hand[1]));
	check_drained();
}

/* Drained or not: all or nothing of it is aside, and undrained, it is as ever. */
static void
check_undrained(void)
{
	model_check(bitmap_audit(&r->pool, rig_say, NULL) == 0);
	if (bitmap_unusable(&r->pool) != 0)
		model_check(bitmap_undrain(&r->pool, 0, 1) == 1);
	check_0();
}

#define HAND_OFF(name, store_order, load_order)                                                    \
	static void name##_1(void)                                                                 \
	{                                                                                          \
		at_store(&r->passed, 1, store_order);                                              \
	}                                                                                          \
	static void name##_0(void)                                                                 \
	{                                                                                          \
		model_receive(&r->passed, load_order);                                             \
		give(0, &r->hand[1], 2);                                                           \
		take_two_0();                                                                      \
	}

HAND_OFF(hand_off, release, acquire)

static void
write_hand_off_relaxed_1(void)
{
	model_write(&r->bytes[0]);
	at_store(&r->passed, 1, relaxed);
}

static void
write_hand_off_relaxed_0(void)
{
	model_receive(&r->passed, relaxed);
	give(0, &r->hand[1], 2);
}

static const struct model_scenario scenarios[] = {
	{ "take, give", setup_out, { take_0, give_1 }, check, 0 },
	{ "take, take", setup_free, { take_0, take_1 }, check, 0 },
	{ "take and give, twice", setup_free, { take_give_0, take_give_1 }, check, 0 },
	{ "two give, one takes", setup_two_out, { take_two_0, give_1, give_2 }, check_0, 0 },
	{ "all given by another", setup_all_out, { take_two_0, give_two_1 }, check, 0 },
	{ "two pages", setup_pages, { take_give_0, give_take_1 }, check, 0 },
	{ "two pages, bulk", setup_pages, { take_give_two_0, give_1 }, check, 0 },
	{ "dry, last give", setup_out, { take_0, give_1, take_2 }, check, 0 },
	{ "dry, seen by the taker", setup_out, { take_0, give_1 }, check_0, 0 },
	{ "bulk against bulk", setup_free, { take_give_two_0, take_give_two_1 }, check, 0 },
	{ "bulk refused, taken", setup_free, { take_give_two_0, take_1 }, check, 0 },
	{ "whole page, give", setup_all_out, { page_0, give_two_1 }, check, 0 },
	{ "whole page, take", setup_free, { take_0, page_give_1 }, check, 0 },
	{ "whole pages and fragments", setup_four, { page_0, give_1, take_2 }, check, 0 },
	{ "whole pages, refused", setup_four, { two_pages_0, NULL, take_2 }, check, 0 },
	{ "shared slot", setup_free, { shared_0, NULL, take_2 }, check, 0 },
	{ "runs, refused", setup_free, { runs_two_0, take_1 }, check, 0 },
	{ "runs, two pages", setup_four, { runs_keep_0, runs_give_1, take_2 }, check, 0 },
	{ "runs, of two pages", setup_four_out, { runs_keep_0, runs_give_four_1 }, check, 0 },
	{ "drain, gives", setup_two_out, { drain_twice, give_1, give_2 }, check_unopened, 0 },
	{ "drain, given later", setup_away, { NULL, drain_asked, give_two_2 }, check_unopened, 0 },
	{ "drain, another page", setup_pages, { take_0, give_1, drain_twice }, check_drained, 0 },
	{ "drain, by two", setup_away, { drain, drain_twice, give_one_by_one_2 }, check_drained,
			0 },
	{ "drain, runs", setup_four, { runs_keep_0, runs_give_1, drain }, check_drained, 0 },
	{ "drain, whole page", setup_all_out, { page_0, give_two_1, drain_twice }, check_drained,
			0 },
	{ "undrain, take", setup_aside, { take_0, take_1, undrain }, check_undrained, 0 },
	{ "undrain, dry", setup_aside, { take_give_two_0, NULL, undrain }, check_undrained, 0 },
	{ "undrain, used meanwhile", setup_free, { take_give_0, drain_use_undrain }, check, 0 },
	{ "undrain, give", setup_pages, { undrain, give_1, drain_asked }, check_undrained, 0 },
	{ "undrain, drain", setup_free, { undrain, drain_asked, take_2 }, check_undrained, 0 },
	{ "hand-off", setup_all_out, { hand_off_0, hand_off_1 }, check, 0 },
	{ "relaxed hand-off", setup_all_out, { write_hand_off_relaxed_0, write_hand_off_relaxed_1 },
			check, "data race" },
	/* The large ones last: what is wrong shows sooner. */
	{ "three take two", setup_free, { take_0, take_1, take_2 }, check, 0 },
	{ "runs against runs", setup_free, { runs_two_0, runs_two_1 }, check, 0 },
	{ "drain, take and give", setup_free, { drain, take_give_1, take_2 }, check_drained, 0 },
};

int
main(int argc, char **argv)
{
	return model_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
