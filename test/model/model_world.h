/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the model checker among themselves; what it does is said in model.h. */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include <setjmp.h>
#include <string.h>

#include "model.h"

#define MODEL_LOCS   44   /* shared variables of a scenario */
#define MODEL_STORES 32   /* that can still be read, of one variable */
#define MODEL_ARENA  8192 /* bytes */
#define MODEL_STACK  16384
#define MODEL_NONE   0xff

#define MODEL_GRANULES (MODEL_ARENA / 4)

/* What is known: per variable the number of a store, per thread its clock. */
struct model_view {
	uint8_t seen[MODEL_LOCS];
	uint8_t clock[MODEL_THREADS + 1]; /* the last one pads */
};

struct model_store {
	uint64_t value;
	struct model_view view; /* what an acquire of it learns */
};

struct model_loc {
	uint32_t off; /* in the arena, where the newest value is, too */
	uint8_t bytes;
	uint8_t newest;
	struct model_store stores[MODEL_STORES]; /* number n at n % MODEL_STORES */
};

struct model_thread {
	struct model_view now;
	struct model_view acquirable; /* an acquire fence would learn it: read by relaxed loads */
	struct model_view fenced;     /* what a relaxed store carries: known at the last fence */
	bool is_done, is_bound;       /* bound: moves next, because it has just taken a lock */
	uint8_t loc;                  /* of the operation it is about to do, or MODEL_NONE */
	enum model_kind kind;
	enum model_order order;
	uint64_t expected;
	uint32_t last_off; /* where it looked last */
	struct model_where where;
	char *low; /* stack in use starts here */
	jmp_buf regs;
};

/* Who accessed a granule last. */
struct model_shadow {
	uint8_t writer, write_clock;
	uint8_t read_clock[MODEL_THREADS + 3];
};

/* All that a step changes, but for the stacks. */
struct model_world {
	struct model_thread threads[MODEL_THREADS];
	uint8_t sc[MODEL_LOCS]; /* the least that a seq_cst load or fence sees */
	uint32_t used;          /* of the arena */
	uint32_t freed_at, freed_end;
	uint32_t nb_locs;
	struct model_loc locs[MODEL_LOCS];
	_Alignas(128) char arena[MODEL_ARENA];
	struct model_shadow shadow[MODEL_GRANULES];
};

extern struct model_world model_w;
extern int model_running;   /* thread, or -1: set-up and checks */
extern uint32_t model_pick; /* the choice made for the operation that goes on */
extern bool model_failed, model_is_stale;

/* model_memory.c: the locations known to be shared become variables with a history. */
void model_locs_init(void);
void model_locs_forget(void);
/* In how many ways thread @p t can do its next operation; 0: it is blocked. */
uint32_t model_ways(const struct model_thread *t);
/* The oldest that any running thread has. */
void model_floor(struct model_view *floor);

/* Offset @p off is touched: fails if it is freed. */
void model_touch(size_t off);

/* model.c: leave the coroutine. */
void model_yield(void);
void model_trace_value(uint64_t value, uint32_t behind);

static inline void
model_join(uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = a[i] > b[i] ? a[i] : b[i];
}

static inline void
model_view_join(struct model_view *a, const struct model_view *b)
{
	model_join((uint8_t *)a, (const uint8_t *)b, sizeof(*a));
}

#endif
