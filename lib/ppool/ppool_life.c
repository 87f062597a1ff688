/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a page's life under EAL: who holds it, pages held too long, pages whose memory shall
 * go or is of no use, and packets that leave their pages. The cores are ppool_age.c and
 * ppool_drain.c.
 *
 * Threads: any, but for creation.
 */
#include <errno.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_memory.h>

#include "ppool_eal.h"

uint32_t
ppool_life_now_ms(void)
{
	return (uint32_t)(rte_get_timer_cycles() / (rte_get_timer_hz() / 1000));
}

static inline uintptr_t
page_addr(const struct ppool_pages *pages, uint32_t page)
{
	return (uintptr_t)pages->mz->addr + (uintptr_t)page * pages->page_bytes;
}

uint32_t
ppool_life_list(struct count_pool *c, const struct ppool_pages *pages, struct ppool_inflight *list,
		uint32_t max)
{
	uint32_t nb = count_inflight(c, ppool_life_now_ms(), list, max);

	for (uint32_t i = 0; i < nb && i < max; i++)
		list[i].addr = (const void *)page_addr(pages, list[i].page);
	return nb;
}

/* A part of a line; all ones are nothing. */
static void
field_print(FILE *f, const char *name, uint32_t v, uint32_t none)
{
	if (v != none)
		fprintf(f, ", %s %u", name, v);
}

void
ppool_life_print(FILE *f, const struct ppool_inflight *list, uint32_t nb)
{
	fprintf(f, "  pages in flight: %u\n", nb);
	for (uint32_t i = 0; i < nb && i < PPOOL_LIFE_PRINTED; i++) {
		const struct ppool_inflight *in = &list[i];

		fprintf(f, "    page %u at %p: %u out for %u ms", in->page, in->addr, in->refs,
				in->age_ms);
		field_print(f, "lcore", in->lcore, UINT32_MAX);
		field_print(f, "port", in->port, UINT16_MAX);
		field_print(f, "queue", in->queue, UINT16_MAX);
		field_print(f, "tag", in->tag, UINT32_MAX);
		fprintf(f, "%s\n", in->is_abandoned ? ", given up" : "");
	}
	if (nb > PPOOL_LIFE_PRINTED)
		fprintf(f, "    and %u younger ones\n", nb - PPOOL_LIFE_PRINTED);
}

uint32_t
ppool_life_pages(const struct ppool_pages *pages, const void *addr, size_t bytes, uint32_t *first)
{
	uintptr_t low = (uintptr_t)addr, high = low + bytes < low ? UINTPTR_MAX : low + bytes;
	uintptr_t base = page_addr(pages, 0);

	low = RTE_MAX(low, base);
	high = RTE_MIN(high, page_addr(pages, pages->nb_pages));
	*first = 0;
	if (low >= high)
		return 0;
	*first = (uint32_t)((low - base) / pages->page_bytes);
	return (uint32_t)((high - 1 - base) / pages->page_bytes) - *first + 1;
}

static bool
is_on_node(uintptr_t addr, int socket_id)
{
	const struct rte_memseg *ms = rte_mem_virt2memseg((const void *)addr, NULL);

	return ms == NULL || ms->socket_id == socket_id;
}

void
ppool_life_waive(struct count_pool *c, const struct ppool_pages *pages, const char *name,
		int socket_id)
{
	uint32_t nb = 0;

	if (socket_id == SOCKET_ID_ANY || !rte_eal_has_hugepages())
		return; /* nobody knows the node of other memory */
	for (uint32_t page = 0; page < pages->nb_pages; page++) {
		uintptr_t addr = page_addr(pages, page);

		if (is_on_node(addr, socket_id) &&
				is_on_node(addr + pages->page_bytes - 1, socket_id))
			continue;
		count_drain(c, page, 1);
		nb++;
	}
	if (nb != 0)
		PPOOL_LOG(WARNING, "pool %s: %u of %u pages are not on NUMA node %d; left unused",
				name, nb, pages->nb_pages, socket_id);
}

int
ppool_inflight_list(const struct rte_mempool *mp, struct ppool_inflight *list, unsigned int max)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	const struct bitmap *b = pp != NULL ? &pp->bitmap : ppool_handler_of(mp);

	if (pp != NULL && pp->kind == PPOOL_KIND_COUNT)
		return (int)ppool_life_list(&pp->count, &pp->pages, list, max);
	return b != NULL ? (int)bitmap_inflight(b, list, max) : -EINVAL;
}

/* The count pages of @p mp, or why there are none. */
static int
count_pages_of(const struct rte_mempool *mp, struct ppool_pktmbuf **pp)
{
	*pp = ppool_pktmbuf_pool(mp);
	if (*pp != NULL && (*pp)->kind == PPOOL_KIND_COUNT)
		return 0;
	return *pp != NULL || ppool_handler_of(mp) != NULL ? -ENOTSUP : -EINVAL;
}

int
ppool_age(struct rte_mempool *mp, uint32_t limit_ms)
{
	struct ppool_pktmbuf *pp;
	int ret = count_pages_of(mp, &pp);

	if (ret == 0)
		return (int)count_age(&pp->count, ppool_life_now_ms(), limit_ms);
	return ret == -ENOTSUP ? 0 : ret;
}

int
ppool_drain(struct rte_mempool *mp, const void *addr, size_t bytes)
{
	struct ppool_pktmbuf *pp;
	int ret = count_pages_of(mp, &pp);
	uint32_t first, nb;

	if (ret != 0)
		return ret;
	nb = ppool_life_pages(&pp->pages, addr, bytes, &first);
	return (int)count_drain(&pp->count, first, nb);
}

int
ppool_undrain(struct rte_mempool *mp, const void *addr, size_t bytes)
{
	struct ppool_pktmbuf *pp;
	int ret = count_pages_of(mp, &pp);
	uint32_t first, nb;

	if (ret != 0)
		return ret;
	nb = ppool_life_pages(&pp->pages, addr, bytes, &first);
	return (int)count_undrain(&pp->count, first, nb);
}

struct rte_mbuf *
ppool_unpin(struct rte_mbuf *m, struct rte_mempool *to)
{
	struct rte_mbuf *copy;

	/* DPDK's copy clears the flag of pinned mbufs, and finds no end without room. */
	if ((rte_pktmbuf_priv_flags(to) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF) != 0 ||
			rte_pktmbuf_data_room_size(to) <= RTE_PKTMBUF_HEADROOM ||
			rte_pktmbuf_pkt_len(m) == 0) {
		rte_errno = EINVAL;
		return NULL;
	}
	copy = rte_pktmbuf_copy(m, to, 0, UINT32_MAX);
	if (copy == NULL) {
		rte_errno = ENOBUFS;
		return NULL;
	}
	rte_pktmbuf_free(m);
	return copy;
}
