/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for the cores under test: malloc, made to fail at the nth call on request. */
#ifndef POOL_RIG_H
#define POOL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ppool_alloc.h"

struct pool_rig {
	int live;    /* allocations not freed */
	int fail_in; /* the call that fails, counted from 1; 0: none */
};

static inline void *
pool_rig_zalloc(void *ctx, size_t bytes, size_t align)
{
	struct pool_rig *rig = (struct pool_rig *)ctx;
	void *p;

	if (rig->fail_in != 0 && --rig->fail_in == 0)
		return NULL;
	p = aligned_alloc(align < 64 ? 64 : align, (bytes + 127) / 128 * 128);
	assert_non_null(p);
	memset(p, 0, bytes);
	rig->live++;
	return p;
}

static inline void
pool_rig_free(void *ctx, void *p)
{
	((struct pool_rig *)ctx)->live -= p != NULL;
	free(p);
}

static inline struct ppool_alloc
pool_rig_alloc(struct pool_rig *rig)
{
	return (struct ppool_alloc){ pool_rig_zalloc, pool_rig_free, rig };
}

/* An audit's violations are the test's failures. */
static inline void
pool_rig_say(void *ctx, const char *what)
{
	(void)ctx;
	print_message("audit: %s\n", what);
}

#endif
