/* SPDX-License-Identifier: BSD-3-Clause */
/* What the models of both kinds of pages share: memory of the world, and an audit that fails it. */
#ifndef MODEL_POOL_H
#define MODEL_POOL_H

#include "model.h"
#include "ppool_alloc.h"

static inline void *
rig_zalloc(void *ctx, size_t bytes, size_t align)
{
	(void)ctx;
	return model_zalloc(bytes, align);
}

static inline void
rig_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

static const struct ppool_alloc mem = { rig_zalloc, rig_free, NULL };

static inline void
rig_say(void *ctx, const char *what)
{
	(void)ctx;
	model_fail("audit: %s", what);
}

#endif
