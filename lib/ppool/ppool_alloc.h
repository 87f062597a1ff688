/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the cores get memory for descriptors from: EAL's heap, or malloc in unit tests. */
#ifndef PPOOL_ALLOC_H
#define PPOOL_ALLOC_H

#include <stddef.h>

struct ppool_alloc {
	void *(*zalloc)(void *ctx, size_t bytes, size_t align); /* zeroed; NULL: no memory */
	void (*free)(void *ctx, void *p);                       /* p may be NULL */
	void *ctx;
};

#endif
