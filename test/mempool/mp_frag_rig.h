/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragment pools of the tests: made, put and freed into by another thread, ended without a leak. */
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

/* Where mbufs on fragments are counted. */
enum {
	PER_PAGE,
	PER_FRAG,
	NB_KINDS
};

/* Pages of 64 KiB, of 64 fragments at the most. */
static inline struct ppool *
ext_pool_make(uint32_t nb_pages, int kind)
{
	struct ppool_conf conf = { .nb_pages = nb_pages,
		.socket_id = SOCKET_ID_ANY,
		.ext_bytes = 1024,
		.ext_per_frag = kind == PER_FRAG };
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

#define NB_WAYS 4

/* Ways to free: 0 stock in bulk, 1 ours in bulk, 2 stock one by one, 3 ours one by one. */
static inline void
free_by(int way, struct rte_mbuf **m, unsigned int n)
{
	if (way == 0)
		rte_pktmbuf_free_bulk(m, n);
	else if (way == 1)
		ppool_pktmbuf_free_bulk(m, n);
	else
		for (unsigned int i = 0; i < n; i++)
			way == 2 ? rte_pktmbuf_free(m[i]) : ppool_pktmbuf_free_bulk(&m[i], 1);
}

struct freer {
	struct rte_mbuf *m;
	int way;
};

static inline void *
freer_main(void *arg)
{
	struct freer *freer = arg;

	free_by(freer->way, &freer->m, 1);
	return NULL;
}

static inline void
free_by_another_thread(int way, struct rte_mbuf *m)
{
	struct freer freer = { m, way };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, freer_main, &freer), 0);
	pthread_join(thread, NULL);
}

#endif
