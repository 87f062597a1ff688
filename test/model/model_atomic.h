/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lib/base/atomic.h includes in place of <stdatomic.h> when it is compiled with
 * BASE_ATOMIC_MODEL: every operation goes to the model checker (model.h).
 */
#ifndef MODEL_ATOMIC_H
#define MODEL_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint64_t v;
} at_u64;
typedef struct {
	uint32_t v;
} at_u32;
typedef struct {
	uint16_t v;
} at_u16;

enum model_order {
	MODEL_relaxed,
	MODEL_acquire,
	MODEL_release,
	MODEL_acq_rel,
	MODEL_seq_cst
};

enum model_kind {
	MODEL_LOAD,
	MODEL_WAIT, /* a load that waits until the newest value is not 0, and returns that */
	MODEL_STORE,
	MODEL_ADD,
	MODEL_OR,
	MODEL_AND,
	MODEL_EXCHANGE,
	MODEL_CAS,
	MODEL_FENCE
};

struct model_where {
	const char *file, *what;
	int line;
};

/* One operation; returns the value that was there, or was read. */
uint64_t model_op(enum model_kind kind, void *p, size_t bytes, uint64_t arg, uint64_t expected,
		enum model_order order, const struct model_where *where);
/* A thread that calls this has found a lock held: the word it looked at last is a lock. */
void at_pause(void);

#define MODEL_HERE(text) (&(const struct model_where){ __FILE__, text, __LINE__ })
/* A statement expression, so that the value may be left unused. */
#define MODEL_OP(kind, p, arg, expected, order)                                                    \
	__extension__({                                                                            \
		(__typeof__((p)->v))model_op(kind, (void *)(uintptr_t)(p), sizeof((p)->v),         \
				(uint64_t)(arg), expected, MODEL_##order, MODEL_HERE(#p));         \
	})

#define at_load(p, order)         MODEL_OP(MODEL_LOAD, p, 0, 0, order)
#define at_store(p, v, order)     ((void)MODEL_OP(MODEL_STORE, p, v, 0, order))
#define at_fetch_add(p, v, order) MODEL_OP(MODEL_ADD, p, v, 0, order)
#define at_fetch_sub(p, v, order) MODEL_OP(MODEL_ADD, p, -(uint64_t)(v), 0, order)
#define at_fetch_or(p, v, order)  MODEL_OP(MODEL_OR, p, v, 0, order)
#define at_fetch_and(p, v, order) MODEL_OP(MODEL_AND, p, v, 0, order)
#define at_exchange(p, v, order)  MODEL_OP(MODEL_EXCHANGE, p, v, 0, order)
#define at_cas(p, expected, value, order)                                                          \
	model_cas(p, sizeof((p)->v), expected, (uint64_t)(value), MODEL_##order, MODEL_HERE(#p))
#define at_fence_seq_cst()                                                                         \
	((void)model_op(MODEL_FENCE, NULL, 0, 0, 0, MODEL_seq_cst, MODEL_HERE("fence")))

/* Of the tests: receive what another thread has stored in a word that was 0. */
#define model_receive(p, order) MODEL_OP(MODEL_WAIT, p, 0, 0, order)

bool model_cas(void *p, size_t bytes, void *expected, uint64_t v, enum model_order order,
		const struct model_where *where);

#endif
