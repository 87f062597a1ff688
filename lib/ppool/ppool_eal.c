/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory from EAL, and page sizes from the environment. */
#include "ppool_eal.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

RTE_LOG_REGISTER(ppool_logtype, lib.ppool, NOTICE);

static void *
eal_zalloc(void *ctx, size_t bytes, size_t align)
{
	return rte_zmalloc_socket("ppool", bytes, (unsigned int)align, (int)(intptr_t)ctx);
}

static void
eal_free(void *ctx, void *p)
{
	(void)ctx;
	rte_free(p);
}

struct ppool_alloc
ppool_eal_alloc(int socket_id)
{
	return (struct ppool_alloc){ eal_zalloc, eal_free, (void *)(intptr_t)socket_id };
}

/* PPOOL_PAGE_SIZE: bytes, or with a K or M behind. 0: not set; UINT32_MAX: not a size. */
static uint32_t
page_size_env(void)
{
	const char *text = getenv("PPOOL_PAGE_SIZE");
	unsigned long long v;
	char *end;

	if (text == NULL || *text == '\0')
		return 0;
	v = strtoull(text, &end, 0);
	if (*end == 'K' || *end == 'k')
		v <<= 10, end++;
	else if (*end == 'M' || *end == 'm')
		v <<= 20, end++;
	return *end != '\0' || v == 0 || v > PPOOL_PAGE_BYTES_MAX ? UINT32_MAX : (uint32_t)v;
}

int
ppool_page_bytes(uint32_t asked, uint32_t stride, uint32_t frags_max, uint32_t *page_bytes)
{
	const char *from = asked != 0 ? "configuration" : "PPOOL_PAGE_SIZE";
	uint64_t bytes = asked != 0 ? asked : page_size_env();

	if (bytes == 0)
		bytes = PPOOL_PAGE_BYTES;
	if (bytes < PPOOL_PAGE_BYTES_MIN || bytes > PPOOL_PAGE_BYTES_MAX ||
			!rte_is_power_of_2(bytes)) {
		PPOOL_LOG(ERR, "page size from %s: give a power of two from 4K to 1024M", from);
		return -EINVAL;
	}
	while (bytes < stride)
		bytes *= 2;
	while (bytes / stride > frags_max)
		bytes /= 2;
	if (bytes > PPOOL_PAGE_BYTES_MAX) {
		PPOOL_LOG(ERR, "elements of %u bytes are larger than the largest page", stride);
		return -EINVAL;
	}
	*page_bytes = (uint32_t)bytes;
	return 0;
}

uint32_t
ppool_hint_pages(uint32_t nb_frags, uint32_t page_frags)
{
	uint32_t pages = nb_frags / page_frags + 1;

	return rte_align32pow2(RTE_MAX(8u, RTE_MIN(pages, 4096u)));
}

/* Where devices find each page. */
static int
pages_iova(const char *name, const struct ppool_pages *pages, uint32_t page_bytes,
		uint32_t nb_pages)
{
	for (uint32_t i = 0; i < nb_pages; i++) {
		const char *page = (const char *)pages->mz->addr + (size_t)i * page_bytes;

		pages->iova[i] = rte_mem_virt2iova(page);
		if (pages->iova[i] != RTE_BAD_IOVA &&
				rte_mem_virt2iova(page + page_bytes - 1) ==
						pages->iova[i] + page_bytes - 1)
			continue;
		PPOOL_LOG(ERR,
				"pool %s: a page of %u bytes is not contiguous for devices; "
				"use --iova-mode=va or a smaller PPOOL_PAGE_SIZE",
				name, page_bytes);
		return -EINVAL;
	}
	return 0;
}

int
ppool_pages_reserve(struct ppool_pages *pages, const char *prefix, const char *name,
		uint32_t page_bytes, uint32_t nb_pages, int socket_id)
{
	unsigned int flags = RTE_MEMZONE_SIZE_HINT_ONLY;
	char mz_name[RTE_MEMZONE_NAMESIZE];
	int ret;

	if (rte_eal_iova_mode() == RTE_IOVA_PA && page_bytes > RTE_PGSIZE_4K)
		flags |= RTE_MEMZONE_2MB; /* a page must be contiguous for devices */
	ret = snprintf(mz_name, sizeof(mz_name), "%s%s", prefix, name);
	if (ret < 0 || ret >= (int)sizeof(mz_name))
		return -ENAMETOOLONG;
	pages->mz = rte_memzone_reserve_aligned(mz_name, (size_t)nb_pages * page_bytes, socket_id,
			flags, RTE_MIN(page_bytes, (uint32_t)RTE_PGSIZE_2M));
	if (pages->mz == NULL)
		return -rte_errno;
	pages->page_bytes = page_bytes;
	pages->nb_pages = nb_pages;
	pages->iova = rte_zmalloc_socket("ppool", nb_pages * sizeof(*pages->iova), 64, socket_id);
	return pages->iova == NULL ? -ENOMEM : pages_iova(name, pages, page_bytes, nb_pages);
}

void
ppool_pages_free(struct ppool_pages *pages)
{
	rte_memzone_free(pages->mz);
	rte_free(pages->iova);
}
