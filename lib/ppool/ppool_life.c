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
ppool_life_waive(struct count_pool *c, struct bitmap *b, const struct ppool_pages *pages,
		const char *name, int socket_id)
{
	uint32_t nb = 0;

	if (socket_id == SOCKET_ID_ANY || !rte_eal_has_hugepages())
		return; /* nobody knows the node of other memory */
	for (uint32_t page = 0; page < pages->nb_pages; page++) {
		uintptr_t addr = page_addr(pages, page);

		if (is_on_node(addr, socket_id) &&
				is_on_node(addr + pages->page_bytes - 1, socket_id))
			continue;
		if (c != NULL)
			count_drain(c, page, 1);
		else
			bitmap_drain(b, page, 1);
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
	struct bitmap *b = ppool_bitmap_of(mp);
	uint32_t nb;

	if (b == NULL)
		return pp != NULL ? (int)ppool_life_list(&pp->count, &pp->pages, list, max)
		                  : -EINVAL;
	nb = bitmap_inflight(b, ppool_life_now_ms(), list, max);
	for (uint32_t i = 0; pp != NULL && i < nb && i < max; i++)
		list[i].addr = (const void *)page_addr(&pp->pages, list[i].page);
	return (int)nb;
}

int
ppool_age(struct rte_mempool *mp, uint32_t limit_ms)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);

	if (ppool_bitmap_of(mp) != NULL)
		return 0;
	return pp != NULL ? (int)count_age(&pp->count, ppool_life_now_ms(), limit_ms) : -EINVAL;
}

typedef uint32_t (*count_range_t)(struct count_pool *c, uint32_t first, uint32_t nb);
typedef uint32_t (*bitmap_range_t)(struct bitmap *b, uint32_t first, uint32_t nb);

/* For each page of a handler's pool that has a byte in the range. */
static uint32_t
handler_range(struct bitmap *b, const void *addr, size_t bytes, bitmap_range_t of_bitmap)
{
	uintptr_t low = (uintptr_t)addr, high = low + bytes < low ? UINTPTR_MAX : low + bytes;
	uint32_t sum = 0;

	for (uint32_t i = 0; i < b->chunks->nb; i++)
		for (uint32_t j = 0; j < b->chunks->chunk[i].nb_pages; j++) {
			uintptr_t at = b->chunks->chunk[i].base + (uintptr_t)j * b->page_bytes;

			if (at < high && at + b->page_bytes > low)
				sum += of_bitmap(b, b->chunks->chunk[i].first + j, 1);
		}
	return sum;
}

static int
pool_range(struct rte_mempool *mp, const void *addr, size_t bytes, count_range_t of_count,
		bitmap_range_t of_bitmap)
{
	struct ppool_pktmbuf *pp = ppool_pktmbuf_pool(mp);
	struct bitmap *b = ppool_bitmap_of(mp);
	uint32_t first, nb;

	if (pp == NULL)
		return b != NULL ? (int)handler_range(b, addr, bytes, of_bitmap) : -EINVAL;
	nb = ppool_life_pages(&pp->pages, addr, bytes, &first);
	return (int)(b != NULL ? of_bitmap(b, first, nb) : of_count(&pp->count, first, nb));
}

int
ppool_drain(struct rte_mempool *mp, const void *addr, size_t bytes)
{
	return pool_range(mp, addr, bytes, count_drain, bitmap_drain);
}

int
ppool_undrain(struct rte_mempool *mp, const void *addr, size_t bytes)
{
	return pool_range(mp, addr, bytes, count_undrain, bitmap_undrain);
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
