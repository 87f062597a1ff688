/* SPDX-License-Identifier: BSD-3-Clause */
/* The model checker's own test: what C11 allows is found, what it forbids is not. */
#include "model.h"

static struct shared {
	at_u32 x, y;
	struct at_lock lock;
	uint32_t data, got[MODEL_THREADS][2];
} * s;

static void
setup(void)
{
	s = model_zalloc(sizeof(*s), 8);
}

/* Message passing. */
#define MESSAGE(name, store_order, load_order)                                                     \
	static void name##_send(void)                                                              \
	{                                                                                          \
		at_store(&s->x, 1, relaxed);                                                       \
		s->data = 1;                                                                       \
		model_write(&s->data);                                                             \
		at_store(&s->y, 1, store_order);                                                   \
	}                                                                                          \
	static void name##_seen(void)                                                              \
	{                                                                                          \
		if (at_load(&s->y, load_order) == 1)                                               \
			model_check(at_load(&s->x, relaxed) == 1);                                 \
	}                                                                                          \
	static void name##_data(void)                                                              \
	{                                                                                          \
		if (at_load(&s->y, load_order) == 1)                                               \
			model_read(&s->data);                                                      \
	}

MESSAGE(relaxed, relaxed, relaxed)
MESSAGE(no_release, relaxed, acquire)
MESSAGE(no_acquire, release, relaxed)
MESSAGE(paired, release, acquire)

static void
store_between(void)
{
	at_store(&s->y, 1, relaxed);
}

static void
rmw_between(void)
{
	at_fetch_add(&s->y, 0, relaxed);
}

/* Store buffering: @p kind is an order, or `fence`. */
#define BUFFERING(name, store_order, load_order, between)                                          \
	static void name##_0(void)                                                                 \
	{                                                                                          \
		at_store(&s->x, 1, store_order);                                                   \
		between;                                                                           \
		s->got[0][0] = at_load(&s->y, load_order);                                         \
	}                                                                                          \
	static void name##_1(void)                                                                 \
	{                                                                                          \
		at_store(&s->y, 1, store_order);                                                   \
		between;                                                                           \
		s->got[1][0] = at_load(&s->x, load_order);                                         \
	}

BUFFERING(sb_ra, release, acquire, (void)0)
BUFFERING(sb_sc, seq_cst, seq_cst, (void)0)
BUFFERING(sb_load, relaxed, seq_cst, (void)0)
BUFFERING(sb_fence, relaxed, relaxed, at_fence_seq_cst())

static void
sb_check(void)
{
	model_check(s->got[0][0] + s->got[1][0] > 0);
}

/* Independent reads of independent writes: two writers in thread 0 and 1, thread 1 and 2 read. */
#define READS(name, order)                                                                         \
	static void name##_write(void)                                                             \
	{                                                                                          \
		at_store(&s->x, 1, order);                                                         \
	}                                                                                          \
	static void name##_write_read(void)                                                        \
	{                                                                                          \
		at_store(&s->y, 1, order);                                                         \
		s->got[1][0] = at_load(&s->x, order);                                              \
	}                                                                                          \
	static void name##_read(void)                                                              \
	{                                                                                          \
		s->got[2][0] = at_load(&s->x, acquire);                                            \
		s->got[2][1] = at_load(&s->y, order);                                              \
	}

READS(reads_sc, seq_cst)

static void
reads_check(void)
{
	model_check(!(s->got[1][0] == 0 && s->got[2][0] == 1 && s->got[2][1] == 0));
}

static void
write_twice(void)
{
	at_store(&s->x, 1, relaxed);
	at_store(&s->x, 2, relaxed);
}

static void
read_twice(void)
{
	uint32_t first = at_load(&s->x, relaxed);

	model_check(at_load(&s->x, relaxed) >= first);
}

static void
read_old(void)
{
	model_check(!(at_load(&s->x, relaxed) == 1));
}

static void
add_one(void)
{
	at_fetch_add(&s->x, 1, relaxed);
}

static void
add_by_hand(void)
{
	at_store(&s->x, at_load(&s->x, relaxed) + 1, relaxed);
}

static void
add_by_cas(void)
{
	uint32_t old = at_load(&s->x, relaxed);

	for (int i = 0; i < 3 && !at_cas(&s->x, &old, old + 1, relaxed); i++)
		;
}

static void
three_check(void)
{
	model_check(at_load(&s->x, relaxed) == 3);
}

static void
two_check(void)
{
	model_check(at_load(&s->x, relaxed) == 2);
}

static void
lock_add(void)
{
	at_lock_take(&s->lock);
	model_read(&s->data);
	at_store(&s->x, at_load(&s->x, relaxed) + 1, relaxed);
	model_write(&s->data);
	at_lock_give(&s->lock);
}

static void
lock_not(void)
{
	model_write(&s->data);
}

static void
lock_keep(void)
{
	at_lock_take(&s->lock);
}

static void
receive_data(void)
{
	model_receive(&s->y, acquire);
	model_read(&s->data);
	model_check(at_load(&s->x, relaxed) == 1);
}

static void
receive_nothing(void)
{
	model_receive(&s->y, acquire);
}

/* The lock has been given, but the atomic behind it comes too late. */
static void
free_x(void)
{
	at_lock_take(&s->lock);
	at_lock_give(&s->lock);
	model_free(&s->x, sizeof(s->x));
}

static void
add_late(void)
{
	at_lock_take(&s->lock);
	at_lock_give(&s->lock);
	at_fetch_add(&s->x, 1, relaxed);
}

#define RACE "data race"
#define NOT  "not so"

static const struct model_scenario scenarios[] = {
	{ "message, relaxed, is lost", setup, { relaxed_send, relaxed_seen }, 0, NOT },
	{ "message, relaxed, is a race", setup, { relaxed_send, relaxed_data }, 0, RACE },
	{ "message without release", setup, { no_release_send, no_release_seen }, 0, NOT },
	{ "message without release, data", setup, { no_release_send, no_release_data }, 0, RACE },
	{ "message without acquire", setup, { no_acquire_send, no_acquire_seen }, 0, NOT },
	{ "message without acquire, data", setup, { no_acquire_send, no_acquire_data }, 0, RACE },
	{ "message, released and acquired", setup, { paired_send, paired_seen, paired_data }, 0,
			0 },
	{ "message through another's RMW", setup, { paired_send, paired_data, rmw_between }, 0, 0 },
	{ "message through a store", setup, { paired_send, store_between, paired_data }, 0, RACE },
	{ "message received", setup, { paired_send, receive_data }, 0, 0 },
	{ "message received, relaxed", setup, { relaxed_send, receive_data }, 0, RACE },
	{ "store buffering, release and acquire", setup, { sb_ra_0, sb_ra_1 }, sb_check, NOT },
	{ "store buffering, seq_cst", setup, { sb_sc_0, sb_sc_1 }, sb_check, 0 },
	{ "store buffering, one store seq_cst", setup, { sb_sc_0, sb_load_1 }, sb_check, NOT },
	{ "store buffering, fences", setup, { sb_fence_0, sb_fence_1 }, sb_check, 0 },
	{ "store buffering, fence against seq_cst", setup, { sb_fence_0, sb_sc_1 }, sb_check, 0 },
	{ "store buffering, fence against loads", setup, { sb_load_0, sb_fence_1 }, sb_check, NOT },
	{ "three threads agree, seq_cst", setup,
			{ reads_sc_write, reads_sc_write_read, reads_sc_read }, reads_check, 0 },
	{ "one variable is read in order", setup, { write_twice, read_twice, read_twice }, 0, 0 },
	{ "an old value is read", setup, { write_twice, read_old }, 0, NOT },
	{ "RMWs lose nothing", setup, { add_one, add_one, add_one }, three_check, 0 },
	{ "loads and stores do", setup, { add_by_hand, add_by_hand }, two_check, NOT },
	{ "CAS loses nothing", setup, { add_by_cas, add_by_cas, add_by_cas }, three_check, 0 },
	{ "a lock excludes", setup, { lock_add, lock_add, lock_add }, three_check, 0 },
	{ "a lock that one forgets", setup, { lock_add, lock_not }, 0, RACE },
	{ "a lock that one keeps", setup, { lock_keep, lock_add }, 0, "deadlock" },
	{ "what is freed is touched", setup, { free_x, add_late }, 0, "after it was freed" },
	{ "nothing to receive", setup, { receive_nothing, add_one }, 0, "deadlock" },
};

int
main(int argc, char **argv)
{
	return model_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
