/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lib/base/atomic.h includes in place of <stdatomic.h> for test_ppool_atomics.c: C11 atomics
 * that count how often a word was read, changed and written as one.
 */
#ifndef COUNTED_ATOMIC_H
#define COUNTED_ATOMIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef _Atomic(uint64_t) at_u64;
typedef _Atomic(uint32_t) at_u32;
typedef _Atomic(uint16_t) at_u16;

extern uint32_t counted_rmw;

#define at_load(p, order)         atomic_load_explicit(p, memory_order_##order)
#define at_store(p, v, order)     atomic_store_explicit(p, v, memory_order_##order)
#define at_fetch_add(p, v, order) (counted_rmw++, atomic_fetch_add(p, v))
#define at_fetch_sub(p, v, order) (counted_rmw++, atomic_fetch_sub(p, v))
#define at_fetch_or(p, v, order)  (counted_rmw++, atomic_fetch_or(p, v))
#define at_fetch_and(p, v, order) (counted_rmw++, atomic_fetch_and(p, v))
#define at_exchange(p, v, order)  (counted_rmw++, atomic_exchange(p, v))
#define at_cas(p, expected, v, order)                                                              \
	(counted_rmw++, atomic_compare_exchange_strong(p, expected, v))

#define at_fence_seq_cst() atomic_thread_fence(memory_order_seq_cst)
#define at_pause()         ((void)0)

#endif
