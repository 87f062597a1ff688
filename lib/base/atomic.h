/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shim through which lock-free code reaches its shared variables: C11 atomics in every normal
 * build, the model checker's hooks when it is compiled with BASE_ATOMIC_MODEL (test/model). So what
 * is checked is the code that runs.
 *
 * Orders are written out at each use: relaxed, acquire, release, acq_rel, seq_cst.
 */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#ifdef BASE_ATOMIC_MODEL
#include "model_atomic.h"
#else
#include <stdatomic.h>

typedef _Atomic(uint64_t) at_u64;
typedef _Atomic(uint32_t) at_u32;
typedef _Atomic(uint16_t) at_u16;

#define at_load(p, order)         atomic_load_explicit(p, memory_order_##order)
#define at_store(p, v, order)     atomic_store_explicit(p, v, memory_order_##order)
#define at_fetch_add(p, v, order) atomic_fetch_add_explicit(p, v, memory_order_##order)
#define at_fetch_sub(p, v, order) atomic_fetch_sub_explicit(p, v, memory_order_##order)
#define at_fetch_or(p, v, order)  atomic_fetch_or_explicit(p, v, memory_order_##order)
#define at_fetch_and(p, v, order) atomic_fetch_and_explicit(p, v, memory_order_##order)
#define at_exchange(p, v, order)  atomic_exchange_explicit(p, v, memory_order_##order)
/* Strong; on failure *expected is what was found, read relaxed. */
#define at_cas(p, expected, v, order)                                                              \
	atomic_compare_exchange_strong_explicit(                                                   \
			p, expected, v, memory_order_##order, memory_order_relaxed)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan" /* TSan does not follow fences; ours guards no data */
#endif
static inline void
at_fence_seq_cst(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

static inline void
at_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield");
#endif
}
#endif

/* A spin lock for a few dozen instructions: nothing inside waits, allocates or calls the kernel. */
struct at_lock {
	at_u32 is_held;
};

static inline bool
at_lock_try(struct at_lock *l)
{
	/* [LOCK-A] pairs with [LOCK-R]: what the last holder wrote is seen. */
	return at_load(&l->is_held, relaxed) == 0 && at_exchange(&l->is_held, 1, acquire) == 0;
}

static inline void
at_lock_take(struct at_lock *l)
{
	while (!at_lock_try(l))
		at_pause();
}

static inline void
at_lock_give(struct at_lock *l)
{
	/* [LOCK-R] pairs with [LOCK-A]. */
	at_store(&l->is_held, 0, release);
}

#endif
