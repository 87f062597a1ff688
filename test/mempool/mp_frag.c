/* SPDX-License-Identifier: BSD-3-Clause */
/* The fragment API: sizes, limits, mbufs on fragments. More of it is in mp_review.c and mp_life.c.
 */
#include <rte_malloc.h>

#include "mp_frag_rig.h"

static void
several_sizes_live_on_one_set_of_pages(void **state)
{
	static const struct {
		uint32_t bytes, align, step;
	} sizes[] = { { 1, 0, 64 }, { 2048, 0, 2048 }, { 60, 256, 256 }, { 9000, 128, 9088 },
		{ 40000, 0, 40000 }, { 65536, 0, 65536 }, { 100, 4096, 4096 } };
	struct ppool *p = pool_make(64, 65536, 0);
	uint8_t *frag[7 * 8];
	uint32_t size[7 * 8];
	int nb = 0;

	(void)state;
	for (int round = 0; round < 8; round++)
		for (int i = 0; i < 7; i++, nb++) {
			uint32_t align = RTE_MAX(sizes[i].align, 64u);

			frag[nb] = ppool_frag_alloc(p, sizes[i].bytes, sizes[i].align);
			assert_non_null(frag[nb]);
			assert_int_equal((uintptr_t)frag[nb] % align, 0);
			assert_int_equal(ppool_frag_iova(p, frag[nb]), rte_mem_virt2iova(frag[nb]));
			size[nb] = sizes[i].bytes;
			memset(frag[nb], nb, size[nb]);
		}
	for (int i = 0; i < nb; i++)
		for (uint32_t b = 0; b < size[i]; b += 17)
			assert_int_equal(frag[i][b], i);
	assert_int_equal(ppool_frag_held(p), nb);
	for (int i = 0; i < nb; i++)
		assert_int_equal(ppool_frag_put(p, frag[i * 13 % nb]), 0);
	pool_end(p);
}

/* All of it can be had, at every size, again and again; one page is 1,024 pieces of 64 bytes. */
static void
a_pool_gives_all_of_its_pages(void **state)
{
	static const uint32_t sizes[] = { 64, 128, 2048, 2176, 8192, 32768, 32832, 65536 };
	struct ppool *p = pool_make(8, 65536, 0);
	void **frags = calloc(8 * 1024 + 1, sizeof(*frags));

	(void)state;
	assert_non_null(frags);
	for (int round = 0; round < 3; round++)
		for (unsigned int s = 0; s < RTE_DIM(sizes); s++) {
			uint32_t nb = 8 * (65536 / sizes[s]);

			assert_int_equal(ppool_frag_alloc_bulk(p, frags, nb + 1, sizes[s], 0),
					-ENOENT);
			assert_int_equal(ppool_frag_held(p), 0);
			assert_int_equal(ppool_frag_alloc_bulk(p, frags, nb / 2, sizes[s], 0), 0);
			assert_int_equal(ppool_frag_alloc_bulk(p, frags + nb / 2, nb - nb / 2,
							 sizes[s], 0),
					0);
			assert_null(ppool_frag_alloc(p, sizes[s], 0));
			assert_int_equal(rte_errno, ENOENT);
			for (uint32_t i = 0; i < nb; i++)
				*(uint32_t *)frags[i] = i;
			for (uint32_t i = 0; i < nb; i++)
				assert_int_equal(*(uint32_t *)frags[i], i);
			assert_int_equal(ppool_frag_put_bulk(p, frags, nb), 0);
		}
	pool_end(p);
	free(frags);
}

static void
limits_are_checked(void **state)
{
	static const uint32_t pages[] = { 4096, 65536, 2 << 20 };
	struct ppool_conf conf = { .nb_pages = 2, .socket_id = SOCKET_ID_ANY };
	void *frags[1];

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(pages); i++) {
		struct ppool *p = pool_make(2, pages[i], 0);

		assert_int_equal(ppool_page_size(p), pages[i]);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, pages[i] + 1, 0), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, 0, 0), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, 64, 96), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 1, 64, 2 * pages[i]), -EINVAL);
		assert_int_equal(ppool_frag_alloc_bulk(p, frags, 0, 64, 0), 0);
		assert_int_equal(ppool_frag_put(p, &conf), -EINVAL);
		assert_int_equal(ppool_frag_get(p, &conf, 1), -EINVAL);
		assert_int_equal(ppool_frag_iova(p, &conf), RTE_BAD_IOVA);
		pool_end(p);
	}
	assert_null(ppool_create("x", NULL));
	assert_null(ppool_create(NULL, &conf));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(ppool_create("29 characters, one too many..", &conf));
	assert_int_equal(rte_errno, ENAMETOOLONG);
	assert_non_null(ppool_create("28 characters, the longest..", &conf));
	assert_int_equal(ppool_destroy(ppool_lookup("28 characters, the longest..")), 0);
	conf.page_bytes = 5000;
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
	conf.page_bytes = 65536;
	conf.bias = 1024; /* as many as a page has pieces: none would stay */
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
	conf.bias = 0;
	conf.nb_pages = 0;
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EINVAL);
	conf.nb_pages = 1 << 21;
	assert_null(ppool_create("x", &conf)); /* 128 GiB */
	assert_int_equal(rte_errno, ENOMEM);
	conf.nb_pages = 1;
	assert_non_null(ppool_create("x", &conf));
	assert_null(ppool_create("x", &conf));
	assert_int_equal(rte_errno, EEXIST);
	assert_int_equal(ppool_destroy(ppool_lookup("x")), 0);
	assert_int_equal(ppool_destroy((struct ppool *)&conf), -ENOENT);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		MP_CASE(several_sizes_live_on_one_set_of_pages),
		MP_CASE(a_pool_gives_all_of_its_pages),
		MP_CASE(limits_are_checked),
	};

	return MP_MAIN(argc, argv, tests);
}
