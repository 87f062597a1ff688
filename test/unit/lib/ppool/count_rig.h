/* SPDX-License-Identifier: BSD-3-Clause */
/* A pool of count pages under test. */
#ifndef COUNT_RIG_H
#define COUNT_RIG_H

#include "pool_rig.h"

#include "ppool_count_inline.h"

#define SLOTS 4

struct fixture {
	struct pool_rig rig;
	struct ppool_alloc mem;
	struct count_pool c;
};

static inline void
pool_make(struct fixture *f, uint32_t nb, uint32_t page_frags, uint32_t bias)
{
	memset(f, 0, sizeof(*f));
	f->mem = pool_rig_alloc(&f->rig);
	assert_int_equal(count_init(&f->c, &f->mem, nb, page_frags, SLOTS, bias), 0);
}

static inline void
pool_end(struct fixture *f)
{
	assert_int_equal(count_audit(&f->c, &f->mem, pool_rig_say, NULL), 0);
	count_fini(&f->c, &f->mem);
	assert_int_equal(f->rig.live, 0);
}

static inline uint32_t
refs(const struct fixture *f, uint32_t page)
{
	return at_load(&f->c.refs[page].refs, relaxed);
}

static inline void
put(struct fixture *f, uint32_t slot, uint32_t page, uint32_t nb)
{
	struct count_owner *o = count_enter(&f->c, slot);

	count_put(&f->c, o, page, nb);
	count_leave(&f->c, o);
}

static inline uint32_t
runs_sum(const struct ppool_frags *runs, uint32_t nb)
{
	uint32_t sum = 0;

	while (nb-- > 0)
		sum += runs[nb].nb;
	return sum;
}

#endif
