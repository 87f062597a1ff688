/* SPDX-License-Identifier: BSD-3-Clause */
/* What the pool tests share: take everything, look at it, give it back. */
#ifndef MP_RIG_H
#define MP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "ppool.h"
#include "ppool_frag.h"

static inline int
mp_ptr_cmp(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

/* All of @p mp in bursts of @p burst: n different objects, then none; all bytes of each are ours.
 */
static inline void **
mp_take_all(struct rte_mempool *mp, uint32_t burst, size_t write_bytes)
{
	void **objs = calloc(mp->size + 1, sizeof(*objs)), **sorted;
	uint32_t nb = 0;

	assert_non_null(objs);
	while (nb < mp->size) {
		uint32_t n = RTE_MIN(burst, mp->size - nb);

		assert_int_equal(rte_mempool_get_bulk(mp, objs + nb, n), 0);
		nb += n;
	}
	assert_int_not_equal(rte_mempool_get(mp, objs + nb), 0);
	for (uint32_t i = 0; i < nb; i++)
		memset(objs[i], (int)i, write_bytes);
	sorted = malloc(nb * sizeof(*objs));
	assert_non_null(sorted);
	memcpy(sorted, objs, nb * sizeof(*objs));
	qsort(sorted, nb, sizeof(*sorted), mp_ptr_cmp);
	for (uint32_t i = 1; i < nb; i++)
		assert_true((char *)sorted[i] - (char *)sorted[i - 1] >= (ptrdiff_t)mp->elt_size);
	free(sorted);
	for (uint32_t i = 0; i < nb; i++) /* nobody wrote over another's */
		for (size_t b = 0; b < write_bytes; b += 61)
			assert_int_equal(((uint8_t *)objs[i])[b], (uint8_t)i);
	return objs;
}

static inline void
mp_give_all(struct rte_mempool *mp, void **objs, uint32_t burst)
{
	for (uint32_t i = 0; i < mp->size; i += burst)
		rte_mempool_put_bulk(mp, objs + i, RTE_MIN(burst, mp->size - i));
	free(objs);
	assert_int_equal(rte_mempool_avail_count(mp), mp->size);
	assert_int_equal(ppool_audit(stderr, mp), 0);
}

/* A case that failed must not fail the next ones. */
static inline int
mp_leftovers_free(void **state)
{
	static const char *const names[] = { "mp", "plain", "hdrs", "x" };
	struct ppool *p = ppool_lookup("mp");

	(void)state;
	if (p != NULL)
		ppool_destroy(p);
	for (unsigned int i = 0; i < RTE_DIM(names); i++)
		rte_mempool_free(rte_mempool_lookup(names[i]));
	unsetenv("PPOOL_PAGE_SIZE");
	return 0;
}

#define MP_CASE(name) cmocka_unit_test_teardown(name, mp_leftovers_free)

static inline int
mp_end(int failures)
{
	rte_eal_cleanup();
	return failures;
}

/* All that main() does; a macro since cmocka wants the array. */
#define MP_MAIN(argc, argv, tests)                                                                 \
	(rte_eal_init(argc, argv) < 0 ? 1 : mp_end(cmocka_run_group_tests(tests, NULL, NULL)))

struct mp_lcore {
	struct rte_mempool *mp;
	int ret;
};

/* For another thread: takes all and gives all. */
static inline int
mp_all_once(void *arg)
{
	struct mp_lcore *job = arg;
	void **objs = calloc(job->mp->size, sizeof(*objs));

	job->ret = rte_mempool_get_bulk(job->mp, objs, job->mp->size);
	if (job->ret == 0)
		rte_mempool_put_bulk(job->mp, objs, job->mp->size);
	free(objs);
	return job->ret;
}

static inline void *
mp_thread_main(void *arg)
{
	mp_all_once(arg);
	return NULL;
}

#endif
