/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragment pools of the tests: made, put into by another thread, ended without a leak. */
#ifndef MP_FRAG_RIG_H
#define MP_FRAG_RIG_H

#include <pthread.h>

#include "mp_rig.h"
#include "ppool_frag.h"

static inline struct ppool *
pool_make(uint32_t nb_pages, uint32_t page_bytes, uint32_t bias)
{
	struct ppool_conf conf = { .nb_pages = nb_pages,
		.page_bytes = page_bytes,
		.socket_id = SOCKET_ID_ANY,
		.bias = bias };
	struct ppool *p = ppool_create("mp", &conf);

	assert_non_null(p);
	assert_ptr_equal(ppool_lookup("mp"), p);
	return p;
}

static inline void
pool_end(struct ppool *p)
{
	assert_int_equal(ppool_frag_held(p), 0);
	assert_int_equal(ppool_frag_audit(stderr, p), 0);
	assert_int_equal(ppool_destroy(p), 0);
	assert_null(ppool_lookup("mp"));
}

static inline int
leftover_free(void **state)
{
	struct ppool *p = ppool_lookup("mp");

	if (p != NULL)
		ppool_destroy(p);
	return mp_leftovers_free(state);
}

static inline struct ppool *
ext_pool_make(uint32_t nb_pages)
{
	struct ppool_conf conf = {
		.nb_pages = nb_pages, .socket_id = SOCKET_ID_ANY, .ext_bytes = 1024
	};
	struct ppool *p = ppool_create("mp", &conf);

	assert_non_null(p);
	return p;
}

struct putter {
	struct ppool *p;
	void *frag;
};

static inline void *
putter_main(void *arg)
{
	struct putter *putter = arg;

	return (void *)(intptr_t)ppool_frag_put(putter->p, putter->frag);
}

static inline void
put_by_another_thread(struct ppool *p, void *frag)
{
	struct putter putter = { p, frag };
	pthread_t thread;
	void *ret;

	assert_int_equal(pthread_create(&thread, NULL, putter_main, &putter), 0);
	pthread_join(thread, &ret);
	assert_null(ret);
}

#endif
