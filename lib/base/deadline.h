/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deadlines: every wait of the project takes one, and its timeout error names what was awaited.
 * Monotonic clock; usable from any thread; no state beyond the struct.
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct deadline {
	uint64_t end_ns; /* CLOCK_MONOTONIC */
};

static inline uint64_t
deadline_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static inline struct deadline
deadline_in_us(uint64_t us)
{
	return (struct deadline){ .end_ns = deadline_now_ns() + us * 1000 };
}

static inline struct deadline
deadline_in_ms(uint64_t ms)
{
	return deadline_in_us(ms * 1000);
}

static inline bool
deadline_has_passed(const struct deadline *d)
{
	return deadline_now_ns() >= d->end_ns;
}

/* Time left in whole milliseconds, rounded up, for poll(2): 0 only when the deadline has passed. */
static inline int
deadline_left_ms(const struct deadline *d)
{
	uint64_t now = deadline_now_ns();

	uint64_t left_ms = now >= d->end_ns ? 0 : (d->end_ns - now + 999999) / 1000000;

	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

#endif
