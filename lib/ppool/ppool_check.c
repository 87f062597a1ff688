/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics, dump and audit of pools of either kind. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ppool_eal.h"

int
ppool_stats_get(const struct rte_mempool *mp, struct ppool_stats *stats)
{
	const struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	const struct bitmap *b = ppool_bitmap_of(mp);

	memset(stats, 0, sizeof(*stats));
	if (b != NULL)
		bitmap_stats_get(b, stats);
	else if (pp != NULL)
		count_stats_get(&pp->count, stats);
	else
		return -EINVAL;
	return 0;
}

int64_t
ppool_held(const struct rte_mempool *mp)
{
	const struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	const struct bitmap *b = ppool_bitmap_of(mp);

	if (b != NULL)
		return (int64_t)b->nb_frags - bitmap_count(b) - bitmap_unusable(b);
	return pp != NULL ? (int64_t)count_held(&pp->count) : -EINVAL;
}

void
ppool_stats_print(FILE *f, const struct ppool_stats *stats)
{
#define PPOOL_STAT_PRINT(name, text)                                                               \
	fprintf(f, "  %-28s %12" PRIu64 "  %s\n", #name, stats->name, text);
	PPOOL_STATS(PPOOL_STAT_PRINT)
#undef PPOOL_STAT_PRINT
}

int
ppool_dump(FILE *f, const struct rte_mempool *mp)
{
	const struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	const struct bitmap *b = ppool_bitmap_of(mp);
	struct ppool_inflight list[PPOOL_LIFE_PRINTED];
	struct ppool_stats stats;

	if (ppool_stats_get(mp, &stats) != 0)
		return -EINVAL;
	fprintf(f, "ppool %s: %s pages, %s\n", mp->name, b != NULL ? "bitmap" : "count",
			pp != NULL ? "mbufs paired with fragments" : "mempool handler");
	if (pp != NULL)
		fprintf(f, "  %u pages of %u bytes, %u fragments of %u bytes each\n",
				pp->pages.nb_pages, pp->pages.page_bytes, pp->page_frags,
				pp->frag_bytes);
	else
		fprintf(f, "  %u pages of %u bytes, %u objects of %u bytes each\n", b->nb_pages,
				b->page_bytes, b->page_frags, b->stride);
	fprintf(f, "  held: %" PRId64 " of %u\n", ppool_held(mp), mp->size);
	ppool_stats_print(f, &stats);
	ppool_life_print(f, list, (uint32_t)ppool_inflight_list(mp, list, RTE_DIM(list)));
	return 0;
}

void
ppool_audit_say(void *ctx, const char *what)
{
	const struct ppool_audit_say *say = ctx;

	if (say->f != NULL)
		fprintf(say->f, "ppool %s: %s\n", say->name, what);
}

int
ppool_audit(FILE *f, const struct rte_mempool *mp)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	const struct bitmap *b = ppool_bitmap_of(mp);
	struct ppool_alloc mem = ppool_eal_alloc(mp->socket_id);
	struct ppool_audit_say say = { f, mp->name };

	if (b != NULL)
		return (int)bitmap_audit(b, ppool_audit_say, &say);
	return pp != NULL ? (int)count_audit(&pp->count, &mem, ppool_audit_say, &say) : -EINVAL;
}
