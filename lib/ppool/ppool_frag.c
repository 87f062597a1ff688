/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fragment API over count pages, in memory from EAL. A pool is one memzone: this struct, and
 * behind it the data pages, aligned to their size, so that an address is a page by one shift.
 *
 * Life: SERVING -> CLOSED (ppool_destroy); the memzone goes when every page is home, freed by
 * whoever brought the last one, and only after all who were inside have left (ppool_count.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "ppool_frag_priv.h"

#define FRAG_MZ_PREFIX   "PF_"
#define FRAG_DATA_PREFIX "PD_"
#define FRAG_RUNS        64 /* fragments in one take that needs no heap */

static void
pool_free(struct ppool *p)
{
	struct ppool_alloc mem = ppool_eal_alloc(p->socket_id);
	const struct rte_memzone *mz = p->mz;

	count_fini(&p->count, &mem);
	rte_free(p->ext);
	ppool_pages_free(&p->pages);
	rte_memzone_free(mz);
}

void
ppool_frag_end(struct ppool *p)
{
	count_wait_users(&p->count);
	pool_free(p);
}

static int
conf_check(const char *name, const struct ppool_conf *conf, uint32_t *page_bytes)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -E_RTE_SECONDARY;
	if (name == NULL || conf == NULL || conf->nb_pages == 0 || conf->bias > 1u << 30)
		return -EINVAL;
	if (strlen(name) + sizeof(FRAG_MZ_PREFIX) > RTE_MEMZONE_NAMESIZE)
		return -ENAMETOOLONG;
	if (ppool_page_bytes(conf->page_bytes, PPOOL_FRAG_MIN, UINT32_MAX, page_bytes) != 0)
		return -EINVAL;
	if (conf->ext_bytes != 0 &&
			(conf->ext_bytes < PPOOL_FRAG_MIN || conf->ext_bytes > *page_bytes ||
					!rte_is_power_of_2(conf->ext_bytes)))
		return -EINVAL;
	return 0;
}

static int
data_reserve(struct ppool *p, const struct ppool_conf *conf, uint32_t page_bytes)
{
	int ret = ppool_pages_reserve(&p->pages, FRAG_DATA_PREFIX, p->name, page_bytes,
			conf->nb_pages, conf->socket_id);

	if (ret != 0)
		return ret;
	p->base = (uintptr_t)p->pages.mz->addr;
	p->bytes = (uint64_t)conf->nb_pages * page_bytes;
	p->page_shift = rte_bsf32(page_bytes);
	return 0;
}

/* Fragments of a page at the most. */
static uint32_t
cuts_max(const struct ppool_conf *conf, uint32_t page_bytes)
{
	bool is_limited = conf->ext_bytes != 0 && !conf->ext_per_frag;

	return page_bytes / (is_limited ? conf->ext_bytes : PPOOL_FRAG_MIN);
}

static uint32_t
bias_of(const struct ppool_conf *conf, uint32_t cuts)
{
	if (conf->bias != 0)
		return conf->bias;
	if (conf->ext_bytes != 0 && !conf->ext_per_frag)
		return cuts + 1; /* 16 bits: the less, the more clones */
	return RTE_MAX(PPOOL_BIAS, 2 * cuts);
}

struct ppool *
ppool_create(const char *name, const struct ppool_conf *conf)
{
	struct ppool_alloc mem;
	const struct rte_memzone *mz;
	uint32_t page_bytes, cuts;
	struct ppool *p;
	char mz_name[RTE_MEMZONE_NAMESIZE];
	int ret = conf_check(name, conf, &page_bytes);

	if (ret != 0) {
		rte_errno = -ret;
		return NULL;
	}
	cuts = cuts_max(conf, page_bytes);
	snprintf(mz_name, sizeof(mz_name), FRAG_MZ_PREFIX "%s", name);
	mz = rte_memzone_reserve_aligned(mz_name, sizeof(*p), conf->socket_id, 0, 128);
	if (mz == NULL)
		return NULL;
	p = mz->addr;
	memset(p, 0, sizeof(*p));
	p->mz = mz;
	for (unsigned int i = 0; i < PPOOL_NB_SLOTS; i++)
		at_store(&p->holder[i], PPOOL_HOLDER_NONE, relaxed);
	p->socket_id = conf->socket_id;
	snprintf(p->name, sizeof(p->name), "%s", name);
	mem = ppool_eal_alloc(conf->socket_id);
	ret = (uint64_t)conf->nb_pages * cuts > UINT32_MAX ? -EINVAL
	                                                   : data_reserve(p, conf, page_bytes);
	if (ret == 0)
		ret = count_init_sized(&p->count, &mem, conf->nb_pages * cuts, cuts, page_bytes,
				PPOOL_NB_SLOTS, bias_of(conf, cuts));
	if (ret == 0 && conf->ext_bytes != 0)
		ret = ppool_extbuf_init(p, conf);
	if (ret == 0)
		ppool_life_waive(&p->count, NULL, &p->pages, p->name, conf->socket_id);
	if (ret != 0) {
		pool_free(p);
		rte_errno = -ret;
		return NULL;
	}
	return p;
}

struct ppool *
ppool_lookup(const char *name)
{
	char mz_name[RTE_MEMZONE_NAMESIZE];
	const struct rte_memzone *mz;
	struct ppool *p;

	snprintf(mz_name, sizeof(mz_name), FRAG_MZ_PREFIX "%s", name);
	mz = rte_memzone_lookup(mz_name);
	p = mz != NULL ? mz->addr : NULL;
	if (p == NULL || at_load(&p->is_closed, relaxed) != 0) {
		rte_errno = ENOENT;
		return NULL;
	}
	return p;
}

struct pool_search {
	const void *addr;
	bool is_found;
};

static void
pool_match(const struct rte_memzone *mz, void *arg)
{
	struct pool_search *s = arg;

	if (mz->addr == s->addr && strncmp(mz->name, FRAG_MZ_PREFIX, strlen(FRAG_MZ_PREFIX)) == 0)
		s->is_found = true;
}

int
ppool_destroy(struct ppool *p)
{
	struct pool_search search = { .addr = p };

	rte_memzone_walk(pool_match, &search);
	if (!search.is_found)
		return -ENOENT;
	if (at_exchange(&p->is_closed, 1, relaxed) != 0)
		return -EALREADY;
	if (!count_close(&p->count)) {
		/* from here on the pool may be gone at any moment */
		return -EINPROGRESS;
	}
	ppool_frag_end(p);
	return 0;
}

int
ppool_frag_alloc_bulk(struct ppool *p, void **frags, unsigned int n, uint32_t bytes, uint32_t align)
{
	struct ppool_frags few[FRAG_RUNS], *runs = few;
	struct count_size size;
	unsigned int got = 0;
	uint32_t nb;
	int ret = size_check(p, bytes, align, &size);

	if (unlikely(ret != 0 || n == 0))
		return ret;
	if (unlikely(n > FRAG_RUNS)) {
		runs = malloc(n * sizeof(*runs));
		if (runs == NULL)
			return -ENOENT;
	}
	nb = count_take_sized(
			&p->count, rte_lcore_id(), at_load(holder_at(p), relaxed), &size, runs, n);
	for (uint32_t i = 0; i < nb; i++) {
		char *at = (char *)p->base + ((uint64_t)runs[i].page << p->page_shift) +
		           runs[i].first;
		const uint32_t step = size.units, end = got + runs[i].nb;

#pragma GCC unroll 4
		for (; got < end; got++, at += step)
			frags[got] = at;
	}
	if (unlikely(runs != few))
		free(runs);
	return nb != 0 ? 0 : -ENOENT;
}

void *
ppool_frag_alloc(struct ppool *p, uint32_t bytes, uint32_t align)
{
	void *frag;
	int ret = ppool_frag_alloc_bulk(p, &frag, 1, bytes, align);

	if (likely(ret == 0))
		return frag;
	rte_errno = -ret;
	return NULL;
}

void *
ppool_page_alloc(struct ppool *p)
{
	return ppool_frag_alloc(p, 1u << p->page_shift, 0);
}

int
ppool_frag_get(struct ppool *p, const void *frag, uint32_t nb)
{
	struct count_owner *o;
	bool is_got;

	if (!is_ours(p, frag))
		return -EINVAL;
	o = count_enter(&p->count, rte_lcore_id());
	is_got = count_get(&p->count, o, page_of(p, frag), nb);
	count_leave(&p->count, o);
	return is_got ? 0 : -EOVERFLOW;
}

/* The first of @p frags from @p i on that is not on @p page, whose size is a power of two. */
static inline unsigned int
row_end(void *const *frags, unsigned int i, unsigned int n, uintptr_t page, uintptr_t page_bytes)
{
	while (i + 4 <= n) {
		uintptr_t any = ((uintptr_t)frags[i] - page) | ((uintptr_t)frags[i + 1] - page) |
		                ((uintptr_t)frags[i + 2] - page) | ((uintptr_t)frags[i + 3] - page);

		if (any >= page_bytes)
			break;
		i += 4;
	}
	while (i < n && (uintptr_t)frags[i] - page < page_bytes)
		i++;
	return i;
}

unsigned int
ppool_frag_put_bulk(struct ppool *p, void *const *frags, unsigned int n)
{
	struct count_owner *o = count_enter(&p->count, rte_lcore_id());
	const uintptr_t base = p->base, page_bytes = (uintptr_t)1 << p->page_shift;
	struct count_puts puts;
	unsigned int i = 0, bad = 0;
	bool is_last;

	count_puts_init(&puts);
	while (i < n) {
		const uintptr_t off = (uintptr_t)frags[i] - base;
		const uintptr_t page = base + (off & -page_bytes);
		const unsigned int first = i++;

		if (unlikely(off >= p->bytes)) {
			bad++;
			continue;
		}
		i = row_end(frags, i, n, page, page_bytes);
		count_puts_add(&p->count, o, &puts, (uint32_t)(off >> p->page_shift), i - first);
	}
	is_last = count_puts_end(&p->count, o, &puts);
	if (unlikely(bad != 0)) {
		ppool_tally(&o->count.bad_frees, bad);
		PPOOL_LOG(ERR, "pool %s: %u addresses put are not of this pool; refused", p->name,
				bad);
	}
	count_leave(&p->count, o);
	if (unlikely(is_last))
		ppool_frag_end(p);
	return bad;
}

int
ppool_frag_put(struct ppool *p, void *frag)
{
	return ppool_frag_put_bulk(p, &frag, 1) == 0 ? 0 : -EINVAL;
}

uint64_t
ppool_frag_iova(const struct ppool *p, const void *frag)
{
	uint64_t in_page = ((uintptr_t)frag - p->base) & ((UINT64_C(1) << p->page_shift) - 1);

	return is_ours(p, frag) ? p->pages.iova[page_of(p, frag)] + in_page : RTE_BAD_IOVA;
}

uint32_t
ppool_page_size(const struct ppool *p)
{
	return 1u << p->page_shift;
}

void
ppool_frag_stats_get(const struct ppool *p, struct ppool_stats *stats)
{
	count_stats_get(&p->count, stats);
}

int64_t
ppool_frag_held(const struct ppool *p)
{
	return (int64_t)count_held(&p->count);
}

unsigned int
ppool_frag_recover(struct ppool *p)
{
	return ppool_count_recover(&p->count);
}

unsigned int
ppool_frag_abandon(struct ppool *p)
{
	return count_abandon(&p->count, rte_lcore_id());
}

void
ppool_frag_holder_set(struct ppool *p, ppool_holder holder)
{
	at_store(holder_at(p), holder, relaxed);
}

unsigned int
ppool_frag_inflight_list(struct ppool *p, struct ppool_inflight *list, unsigned int max)
{
	return ppool_life_list(&p->count, &p->pages, list, max);
}

unsigned int
ppool_frag_age(struct ppool *p, uint32_t limit_ms)
{
	return count_age(&p->count, ppool_life_now_ms(), limit_ms);
}

unsigned int
ppool_frag_drain(struct ppool *p, const void *addr, size_t bytes)
{
	uint32_t first, nb = ppool_life_pages(&p->pages, addr, bytes, &first);

	return count_drain(&p->count, first, nb);
}

unsigned int
ppool_frag_undrain(struct ppool *p, const void *addr, size_t bytes)
{
	uint32_t first, nb = ppool_life_pages(&p->pages, addr, bytes, &first);

	return count_undrain(&p->count, first, nb);
}

void
ppool_frag_dump(FILE *f, struct ppool *p)
{
	struct ppool_inflight list[PPOOL_LIFE_PRINTED];
	struct ppool_stats stats;
	uint32_t nb;

	ppool_frag_stats_get(p, &stats);
	fprintf(f, "ppool %s: %u pages of %u bytes, fragments of any size%s\n", p->name,
			p->pages.nb_pages, 1u << p->page_shift,
			at_load(&p->is_closed, relaxed)
					? "; destroyed, waits for its last reference"
					: "");
	fprintf(f, "  held: %" PRId64 " references; %u pages on the free list\n",
			ppool_frag_held(p), at_load(&p->count.nb_free, relaxed));
	ppool_stats_print(f, &stats);
	nb = ppool_frag_inflight_list(p, list, RTE_DIM(list));
	ppool_life_print(f, list, nb);
}

int
ppool_frag_audit(FILE *f, struct ppool *p)
{
	struct ppool_alloc mem = ppool_eal_alloc(p->socket_id);
	struct ppool_audit_say say = { f, p->name };

	return (int)count_audit(&p->count, &mem, ppool_audit_say, &say);
}
