/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory from EAL, and page sizes from the environment. */
#include "ppool_eal.h"

#include <errno.h>
#include <stdlib.h>

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

int
ppool_pages_iova(const char *name, char *base, uint32_t page_bytes, uint32_t nb_pages,
		rte_iova_t *iovas)
{
	for (uint32_t i = 0; i < nb_pages; i++) {
		char *page = base + (size_t)i * page_bytes;

		iovas[i] = rte_mem_virt2iova(page);
		if (iovas[i] == RTE_BAD_IOVA || rte_mem_virt2iova(page + page_bytes - 1) !=
								iovas[i] + page_bytes - 1) {
			PPOOL_LOG(ERR,
					"pool %s: a page of %u bytes is not contiguous for "
					"devices; "
					"use --iova-mode=va or a smaller PPOOL_PAGE_SIZE",
					name, page_bytes);
			return -EINVAL;
		}
	}
	return 0;
}
