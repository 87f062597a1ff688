/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Count pages under the model checker: every reference has one holder, nobody writes bytes that
 * another still uses, and when all have given back what they had, everything can be taken again.
 */
#include "ppool_count_inline.h"
#include "model_pool.h"

#define FRAGS_MAX 6
#define SLOTS     3 /* 0 and 1 belong to threads 0 and 1; the last is shared: thread 2, checks */

/* What a thread has. */
struct hand {
	uint32_t frags[FRAGS_MAX], nb;
};

static struct rig {
	struct count_pool pool;
	struct hand hand[MODEL_THREADS];
	uint32_t bytes[FRAGS_MAX];   /* the users' */
	uint32_t holders[FRAGS_MAX]; /* references out */
	uint32_t nb_frags, page_frags;
	uint32_t nb_freed; /* times that a closed pool was */
	at_u32 passed;     /* from thread to thread: fragment + 1 */
} * r;

static void
setup(uint32_t nb_frags, uint32_t page_frags, uint32_t bias)
{
	r = model_zalloc(sizeof(*r), 128);
	r->nb_frags = nb_frags;
	r->page_frags = page_frags;
	model_check(count_init(&r->pool, &mem, nb_frags, page_frags, SLOTS, bias) == 0);
}

/* A fragment comes into hand @p h: nobody else has it, and its bytes are ours. */
static void
claim(struct hand *h, uint32_t frag)
{
	if (r->holders[frag]++ != 0)
		model_fail("fragment %u in two hands", frag);
	model_write(&r->bytes[frag]);
	h->frags[h->nb++] = frag;
}

static bool
take(uint32_t slot, struct hand *h, uint32_t n)
{
	struct ppool_frags runs[FRAGS_MAX] = { { 0 } };
	uint32_t nb = count_take(&r->pool, slot, runs, n), got = 0;

	for (uint32_t i = 0; i < nb; i++)
		for (uint32_t j = 0; j < runs[i].nb; j++, got++)
			claim(h, runs[i].page * r->page_frags + runs[i].first + j);
	if (got != (nb == 0 ? 0 : n))
		model_fail("%u fragments asked for, %u taken", n, got);
	return nb != 0;
}

/* The last @p n of a hand are used no more. */
static void
part(const struct hand *h, uint32_t n)
{
	for (uint32_t i = h->nb - n; i < h->nb; i++) {
		model_read(&r->bytes[h->frags[i]]);
		r->holders[h->frags[i]]--;
	}
}

/* Whoever is told that it was the last frees a closed pool: nobody looks at it any more. */
static void
pool_free(void)
{
	count_wait_users(&r->pool);
	model_write(&r->nb_freed);
	r->nb_freed++;
	model_write(&r->pool.nb_aside);
	/* From the first block to the last: whatever the pool has allocated. */
	model_free(r->pool.refs, (size_t)((char *)&r->pool.owners[SLOTS] - (char *)r->pool.refs));
}

/* Give the last @p n of a hand back in one burst. */
static void
put(uint32_t slot, struct hand *h, uint32_t n)
{
	struct count_owner *o;
	bool is_last = false;

	part(h, n);
	o = count_enter(&r->pool, slot);
	for (; n > 0; n--)
		is_last |= count_put(&r->pool, o, h->frags[--h->nb] / r->page_frags, 1);
	count_leave(&r->pool, o);
	if (is_last)
		pool_free();
}

/* The same, page by page. */
static void
put_gathered(uint32_t slot, struct hand *h)
{
	struct count_puts puts;
	struct count_owner *o;
	bool is_last;

	part(h, h->nb);
	count_puts_init(&puts);
	o = count_enter(&r->pool, slot);
	while (h->nb > 0)
		count_puts_add(&r->pool, o, &puts, h->frags[--h->nb] / r->page_frags, 1);
	is_last = count_puts_end(&r->pool, o, &puts);
	count_leave(&r->pool, o);
	if (is_last)
		pool_free();
}

/* A second reference to the fragment last taken. */
static void
get(uint32_t slot, struct hand *h)
{
	uint32_t frag = h->frags[h->nb - 1];
	struct count_owner *o = count_enter(&r->pool, slot);

	count_get(&r->pool, o, frag / r->page_frags, 1);
	count_leave(&r->pool, o);
	r->holders[frag]++;
	h->frags[h->nb++] = frag;
}

static void
move(struct hand *to, struct hand *from)
{
	to->frags[to->nb++] = from->frags[--from->nb];
}

/*
 * A pool called empty is. Then all is given back; each slot in turn, the one that was not used
 * first, can take everything.
 */
static void
check(void)
{
	model_check(count_audit(&r->pool, &mem, rig_say, NULL) == 0);
	if (at_load(&r->pool.dry, relaxed) == COUNT_DRY) {
		model_check(!take(SLOTS - 1, &r->hand[2], 1));
		at_store(&r->pool.dry, COUNT_WET, relaxed);
		if (take(SLOTS - 1, &r->hand[2], 1))
			model_fail("called empty, but something can be taken");
		at_store(&r->pool.dry, COUNT_DRY, relaxed);
	}
	for (uint32_t i = 0; i < MODEL_THREADS; i++)
		if (r->hand[i].nb != 0)
			put(SLOTS - 1, &r->hand[i], r->hand[i].nb);
	model_check(count_held(&r->pool) == 0);
	for (uint32_t slot = SLOTS; slot-- > 0;) {
		if (!take(slot, &r->hand[0], r->nb_frags))
			model_fail("lost: slot %u cannot take all", slot);
		model_check(count_audit(&r->pool, &mem, rig_say, NULL) == 0);
		put(slot == 0, &r->hand[0], r->nb_frags);
		model_check(count_audit(&r->pool, &mem, rig_say, NULL) == 0);
	}
}

/* As check(), but that nothing is put before: what has come back is found as it is. */
static void
check_home(void)
{
	for (uint32_t i = 0; i < MODEL_THREADS; i++)
		model_check(r->hand[i].nb == 0);
	check();
}

static void
put_0(void)
{
	put(0, &r->hand[0], 1);
}

static void
put_1(void)
{
	put(1, &r->hand[1], 1);
}

static void
put_2(void)
{
	put(2, &r->hand[2], 1);
}

static void
take_0(void)
{
	if (take(0, &r->hand[0], 1))
		put(0, &r->hand[0], 1);
}

static void
take_1(void)
{
	if (take(1, &r->hand[1], 1))
		put(1, &r->hand[1], 1);
}

static void
take_keep_0(void)
{
	take(0, &r->hand[0], 1);
}

static void
take_keep_2(void)
{
	take(2, &r->hand[2], 1);
}

/* One page of 2, both out: thread 0 owns it and has one, or none; the others have the rest. */
static void
setup_shared(void)
{
	setup(2, 2, 100);
	take(0, &r->hand[0], 2);
	move(&r->hand[1], &r->hand[0]);
}

static void
setup_away(void)
{
	setup_shared();
	move(&r->hand[2], &r->hand[0]);
}

static void
put_take_0(void)
{
	put_0();
	take_keep_0();
}

static void
abandon_0(void)
{
	count_abandon(&r->pool, 0);
}

static void
abandon_put_0(void)
{
	abandon_0();
	put_0();
}

static void
get_put_1(void)
{
	get(1, &r->hand[1]);
	put(1, &r->hand[1], 1);
	put(1, &r->hand[1], 1);
}

/* A page that was closed with the pool comes home with its last reference, and frees it. */
static void
close_0(void)
{
	if (count_close(&r->pool))
		pool_free();
}

static void
check_freed(void)
{
	model_check(r->nb_freed == 1);
	model_free(r, 0);
	model_check(count_held(&r->pool) == 0);
	model_check(count_audit(&r->pool, &mem, rig_say, NULL) == 0);
}

/* Two rounds: each ends with the page's bias too low for another. */
static void
setup_recharge(void)
{
	setup(2, 2, 3);
	take(0, &r->hand[0], 2);
	move(&r->hand[1], &r->hand[0]);
}

static void
recharge_0(void)
{
	put_0();
	if (take(0, &r->hand[0], 2))
		put(0, &r->hand[0], 2);
	take_keep_0();
}

/* Two pages of 1: thread 0's own comes back from thread 1, the other one is free. */
static void
setup_steal(void)
{
	setup(2, 1, 100);
	take(0, &r->hand[1], 1);
	take(0, &r->hand[2], 1);
}

static void
put_then_take_2(void)
{
	put_2();
	take_keep_2();
}

static void
put_then_take_1(void)
{
	put_1();
	take(1, &r->hand[1], 2);
}

/* An open page of 3 with two uncut. */
static void
setup_open(void)
{
	setup(3, 3, 100);
	take(0, &r->hand[2], 1);
}

static void
bulk_0(void)
{
	if (take(0, &r->hand[0], 2))
		put(0, &r->hand[0], 2);
}

static void
bulk_1(void)
{
	if (take(1, &r->hand[1], 2))
		put(1, &r->hand[1], 2);
}

static void
setup_bulk(void)
{
	setup(2, 1, 100);
	take(0, &r->hand[2], 1);
}

/* One page of 1, abandoned with its reference out. */
static void
setup_abandoned(void)
{
	setup(1, 1, 100);
	take(0, &r->hand[1], 1);
	count_abandon(&r->pool, 0);
}

/* One page of 1 out to thread 1, which passes another reference to the owner, thread 0. */
static void
setup_hand_off(void)
{
	setup(1, 1, 100);
	take(0, &r->hand[1], 1);
}

/* A take that fails leaves the rest of the page to one that does not. */
static void
refused_0(void)
{
	model_check(!take(0, &r->hand[0], 3));
	model_check(take(0, &r->hand[0], 2));
}

/* Two pages of 4 units, of which at most 2 fragments are cut. */
static void
setup_sized(void)
{
	r = model_zalloc(sizeof(*r), 128);
	model_check(count_init_sized(&r->pool, &mem, 4, 2, 4, SLOTS, 100) == 0);
}

/* What is left of the open page is too short: it is closed, and opened again. */
static void
refused_sized_0(void)
{
	static const struct count_size long_size = { 3, 1 }, size = { 2, 1 };
	struct ppool_frags runs[3];

	model_check(count_take_sized(&r->pool, 0, PPOOL_HOLDER_NONE, &long_size, runs, 1) == 1);
	model_check(count_take_sized(&r->pool, 0, PPOOL_HOLDER_NONE, &size, runs, 3) == 0);
}

static void
check_sized(void)
{
	model_check(count_held(&r->pool) == 1);
	model_check(count_audit(&r->pool, &mem, rig_say, NULL) == 0);
}

/* The rest of another's open page is as good as one's own. */
static void
rest_1(void)
{
	model_check(take(1, &r->hand[1], 2));
}

static void
bulk_three_1(void)
{
	take(1, &r->hand[1], 3);
}

/* Of an open page of 2, one is cut by its owner, the other by who then asks for too many. */
static void
setup_too_few(void)
{
	setup(2, 2, 100);
	take(0, &r->hand[0], 1);
}

static void
abandon_put_take_0(void)
{
	abandon_put_0();
	take_keep_0();
}

static void
bulk_take_1(void)
{
	bulk_1();
	take(1, &r->hand[1], 1);
}

/* Refused twice: the second time without a search. */
static void
refused_1(void)
{
	model_check(!take(1, &r->hand[1], 1));
	model_check(at_load(&r->pool.dry, relaxed) == COUNT_DRY);
	model_check(!take(1, &r->hand[1], 1));
	model_check(at_load(&r->pool.dry, relaxed) == COUNT_DRY);
}

static void
setup_empty(void)
{
	setup(1, 1, 100);
	take(0, &r->hand[0], 1);
}

/* One page of 2, abandoned with both out. */
static void
setup_coming(void)
{
	setup(2, 2, 100);
	take(0, &r->hand[2], 2);
	count_abandon(&r->pool, 0);
}

static void
put_two_2(void)
{
	put(2, &r->hand[2], 2);
}

static void
take_keep_1(void)
{
	take(1, &r->hand[1], 1);
}

/* The first look starts the clock, the second finds the page overdue. */
static void
age_1(void)
{
	count_age(&r->pool, 1, 0);
	count_age(&r->pool, 2, 0);
}

static void
age_put_1(void)
{
	age_1();
	put_1();
}

/* Told that nobody has the page: then nobody does, nor will. */
static void
drain_1(void)
{
	if (count_drain(&r->pool, 0, 1) != 0)
		return;
	for (uint32_t frag = 0; frag < r->page_frags; frag++) {
		model_check(r->holders[frag] == 0);
		model_write(&r->bytes[frag]);
		r->holders[frag] = 1;
	}
}

/* Two pages of 1: one is out, the other one drained. */
static void
setup_drained(void)
{
	setup(2, 1, 100);
	model_check(count_drain(&r->pool, 1, 1) == 0);
	take(0, &r->hand[2], 1);
}

static void
undrain_1(void)
{
	model_check(count_undrain(&r->pool, 1, 1) == 1);
}

/* One page of 2, drained with both out. */
static void
setup_draining(void)
{
	setup_away();
	model_check(count_drain(&r->pool, 0, 1) == 1);
}

static void
undrain_0(void)
{
	model_check(count_undrain(&r->pool, 0, 1) == 1);
}

static void
list_1(void)
{
	struct ppool_inflight in[2];

	for (uint32_t nb = count_inflight(&r->pool, 1, in, 2); nb > 0; nb--)
		model_check(in[nb - 1].refs <= r->page_frags);
}

/* Page 0 is out of every hand; nobody gets it until it is undrained, and then as ever. */
static void
check_drained(void)
{
	model_check(count_audit(&r->pool, &mem, rig_say, NULL) == 0);
	for (uint32_t i = 0; i < MODEL_THREADS; i++)
		if (r->hand[i].nb != 0)
			put(SLOTS - 1, &r->hand[i], r->hand[i].nb);
	model_check(count_drain(&r->pool, 0, 1) == 0);
	model_check(count_audit(&r->pool, &mem, rig_say, NULL) == 0);
	model_check(!take(0, &r->hand[0], r->nb_frags));
	for (uint32_t frag = 0; frag < r->page_frags; frag++)
		r->holders[frag] = 0;
	model_check(count_undrain(&r->pool, 0, 1) == 1);
	check();
}

/* Two pages of 1, free; page 0 is the next one. */
static void
setup_free(void)
{
	setup(2, 1, 100);
}

/* An open page of 3 with one uncut: thread 2 has one, thread 0 the other. */
static void
setup_held(void)
{
	setup(3, 3, 100);
	take(0, &r->hand[0], 2);
	move(&r->hand[2], &r->hand[0]);
}

/* Refused after it has cut what is left of the open page; then, if the owner gave that up... */
static void
bulk_three_take_1(void)
{
	if (!take(1, &r->hand[1], 3))
		take(1, &r->hand[1], 1);
}

/* Two pages of 2 that slot 0 has opened; threads 1 and 2 have one of each. */
static void
setup_spread(void)
{
	setup(4, 2, 100);
	take(0, &r->hand[0], 4);
	r->hand[1] = (struct hand){ { 0, 2 }, 2 };
	r->hand[2] = (struct hand){ { 1, 3 }, 2 };
	r->hand[0].nb = 0;
}

/* Three pages of 2, of which the first and the last are gathered in one place, and meet there. */
static void
setup_meeting(void)
{
	setup(6, 2, 100);
	take(0, &r->hand[0], 6);
	r->hand[1] = (struct hand){ { 0, 4, 1 }, 3 };
	r->hand[2] = (struct hand){ { 5, 2, 3 }, 3 };
	r->hand[0].nb = 0;
}

static void
gather_1(void)
{
	put_gathered(1, &r->hand[1]);
}

static void
gather_2(void)
{
	put_gathered(2, &r->hand[2]);
}

/* Two pages of 1, both opened by the shared slot. */
static void
setup_both(void)
{
	setup(2, 1, 100);
	take(2, &r->hand[2], 2);
}

/* One page of 3, abandoned with one out. */
static void
setup_last(void)
{
	setup(3, 3, 100);
	take(0, &r->hand[1], 1);
	count_abandon(&r->pool, 0);
}

/* Brings it home, opens it in another slot, and takes of the rest there. */
static void
put_take_rest_1(void)
{
	put_1();
	take_keep_2();
	take_keep_1();
}

static void
take_put_2(void)
{
	if (take(2, &r->hand[2], 1))
		put_2();
}

/* As setup_shared(), but that the owner's next put folds the bias. */
static void
setup_fold(void)
{
	uint32_t more;

	setup_shared();
	more = r->pool.bias_max - r->pool.bias[0];
	r->pool.bias[0] += more;
	at_fetch_add(&r->pool.refs[0].refs, more, relaxed);
}

/* Slot 0 died with its lock: what its lists say is not to be believed. */
static void
setup_dead(void)
{
	setup(4, 2, 100);
	take(0, &r->hand[0], 3);
	r->hand[1] = (struct hand){ { 0 }, 1 };
	r->hand[2] = (struct hand){ { 1, 2 }, 2 };
	r->hand[0].nb = 0;
	at_lock_take(&r->pool.owners[0].lock);
	r->pool.owners[0].fifo.head = PPOOL_NONE;
}

static void
recover_1(void)
{
	count_disown(&r->pool, &r->pool.owners[0]);
	at_lock_give(&r->pool.owners[0].lock);
	put_1();
}

#define HAND_OFF(name, store_order, load_order)                                                    \
	static void name##_1(void)                                                                 \
	{                                                                                          \
		get(1, &r->hand[1]);                                                               \
		r->hand[1].nb--;                                                                   \
		at_store(&r->passed, 1, store_order);                                              \
	}                                                                                          \
	static void name##_0(void)                                                                 \
	{                                                                                          \
		r->hand[0].frags[r->hand[0].nb++] = model_receive(&r->passed, load_order) - 1;     \
		put_0();                                                                           \
		take_keep_0();                                                                     \
	}

HAND_OFF(hand_off, release, acquire)
HAND_OFF(hand_off_relaxed, relaxed, relaxed)

static const struct model_scenario scenarios[] = {
	{ "own free, remote free", setup_shared, { put_take_0, put_1 }, check, 0 },
	{ "poll, two remote puts", setup_away, { take_keep_0, put_1, put_2 }, check, 0 },
	{ "poll, get and put", setup_shared, { put_take_0, get_put_1 }, check, 0 },
	{ "recharge", setup_recharge, { recharge_0, put_1 }, check, 0 },
	{ "abandon, last put", setup_away, { abandon_0, put_1, put_2 }, check_home, 0 },
	{ "abandon, own put", setup_shared, { abandon_put_0, put_1 }, check_home, 0 },
	{ "abandon, late get", setup_shared, { abandon_0, get_put_1 }, check, 0 },
	{ "abandon, put, take", setup_away, { abandon_0, put_1, put_then_take_2 }, check, 0 },
	{ "abandon, steal", setup_open, { abandon_0, take_1, put_2 }, check_home, 0 },
	{ "age, last put", setup_away, { NULL, age_put_1, put_2 }, check_home, 0 },
	{ "age, own put and take", setup_held, { put_take_0, age_1, put_2 }, check, 0 },
	{ "drain, puts", setup_held, { put_0, drain_1, put_2 }, check_drained, 0 },
	{ "drain, put and take", setup_held, { put_take_0, drain_1, put_2 }, check_drained, 0 },
	{ "drain, opened meanwhile", setup_free, { take_keep_0, drain_1, take_keep_2 },
			check_drained, 0 },
	{ "drain, steal", setup_bulk, { take_keep_0, drain_1, put_then_take_2 }, check_drained, 0 },
	{ "undrain, last put", setup_draining, { undrain_0, put_1, put_2 }, check_home, 0 },
	{ "dry, undrain", setup_drained, { take_keep_0, undrain_1 }, check, 0 },
	{ "close, last puts", setup_away, { close_0, put_1, put_2 }, check_freed, 0 },
	{ "close, gathered", setup_spread, { close_0, gather_1, gather_2 }, check_freed, 0 },
	{ "close, meeting", setup_meeting, { close_0, gather_1, gather_2 }, check_freed, 0 },
	{ "dead owner", setup_dead, { NULL, recover_1, put_then_take_2 }, check, 0 },
	{ "gathered, two threads", setup_spread, { take_keep_0, gather_1, gather_2 }, check, 0 },
	{ "gathered, abandoned", setup_meeting, { abandon_0, gather_1, gather_2 }, check_home, 0 },
	{ "fold", setup_fold, { put_take_0, put_1 }, check, 0 },
	{ "recharge, taken over", setup_recharge, { recharge_0, put_then_take_1 }, check, 0 },
	{ "drain, take and put", setup_held, { put_0, drain_1, take_put_2 }, check_drained, 0 },
	{ "age, put and take", setup_steal, { NULL, age_put_1, put_then_take_2 }, check, 0 },
	{ "steal, two takers", setup_both, { take_keep_0, take_keep_1, put_two_2 }, check, 0 },
	{ "refused bulk, owner abandons", setup_open, { abandon_0, bulk_three_take_1, put_2 },
			check, 0 },
	{ "steal, two puts", setup_steal, { take_keep_0, put_1, put_2 }, check, 0 },
	{ "steal from an open page", setup_open, { take_0, take_1, put_2 }, check_home, 0 },
	{ "refused bulk, steal", setup_open, { bulk_0, bulk_1 }, check, 0 },
	{ "refused bulk, rest is left", setup_open, { refused_0 }, check, 0 },
	{ "refused bulk, rest too short", setup_sized, { refused_sized_0 }, check_sized, 0 },
	{ "refused bulk, of another's rest", setup_open, { take_0, bulk_three_1, put_2 }, check,
			0 },
	{ "refused bulk, page given up", setup_too_few, { abandon_put_take_0, bulk_take_1 }, check,
			0 },
	{ "rest of another's page", setup_open, { NULL, rest_1 }, check, 0 },
	{ "dry stays dry", setup_empty, { NULL, refused_1 }, check, 0 },
	{ "dry, rest taken meanwhile", setup_last, { take_keep_0, put_take_rest_1 }, check, 0 },
	{ "dry, last put", setup_abandoned, { take_0, put_1 }, check, 0 },
	{ "hand-off", setup_hand_off, { hand_off_0, hand_off_1 }, check, 0 },
	{ "relaxed hand-off", setup_hand_off, { hand_off_relaxed_0, hand_off_relaxed_1 }, check,
			"in two hands" },
	/* The large ones last: what is wrong shows sooner. */
	{ "age, steal", setup_steal, { take_keep_0, age_put_1, put_2 }, check, 0 },
	{ "list, put and take", setup_steal, { take_keep_0, list_1, put_then_take_2 }, check, 0 },
	{ "list, abandon, put", setup_held, { abandon_put_0, list_1, put_then_take_2 }, check, 0 },
	{ "refused bulk, put", setup_bulk, { bulk_0, take_1, put_2 }, check_home, 0 },
	{ "dry, page opened meanwhile", setup_coming, { take_keep_0, take_keep_1, put_two_2 },
			check, 0 },
	{ "dry, remote put", setup_hand_off, { take_0, put_1, take_keep_2 }, check, 0 },
};

int
main(int argc, char **argv)
{
	return model_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
