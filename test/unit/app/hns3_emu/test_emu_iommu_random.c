/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_iommu.c against a model that is one entry for each page of a small window:
 * random maps, unmaps, reads and writes have to end alike in both. Arguments: [seed [rounds]].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu_iommu.h"
#include "log.h"

#define WINDOW_IOVA  UINT64_C(0x5401f0000) /* the border of granules is inside */
#define WINDOW_PAGES 64u
#define FILE_PAGES   96u
#define PAGE         4096u

static uint64_t seed = 20240611;
static unsigned long rounds = 20000;

/* A page of the window: what the file's page is, and which map it belongs to (0: none). */
struct page {
	uint32_t map, file_page, prot;
};

struct model {
	struct page page[WINDOW_PAGES];
	uint8_t *file; /* what the client sees */
	uint8_t *want; /* what it should */
	uint32_t next_map;
	uint64_t faults_read, faults_write;
};

static uint32_t
rnd(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((seed >> 33) % below);
}

static void
sink(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	(void)level;
	(void)module;
	(void)fmt;
	(void)ap;
}

static void
do_map(struct emu_iommu *mmu, struct model *m, int fd)
{
	uint32_t first = rnd(WINDOW_PAGES), nb = 1 + rnd(6), file_page = rnd(FILE_PAGES);
	uint32_t prot = 1 + rnd(3);
	int want = 0, got;

	if (nb > WINDOW_PAGES - first)
		nb = WINDOW_PAGES - first;
	for (uint32_t i = 0; i < nb; i++) {
		if (m->page[first + i].map)
			want = -EEXIST;
	}
	if (want == 0 && file_page + nb > FILE_PAGES)
		want = -EINVAL;
	got = emu_iommu_map(mmu, WINDOW_IOVA + first * PAGE, nb * PAGE, fd, file_page * PAGE, prot);
	assert_int_equal(got, want);
	if (want)
		return;
	m->next_map++;
	for (uint32_t i = 0; i < nb; i++)
		m->page[first + i] = (struct page){ m->next_map, file_page + i, prot };
}

static void
do_unmap(struct emu_iommu *mmu, struct model *m)
{
	uint32_t first = rnd(WINDOW_PAGES), nb = 1 + rnd(10), nb_found = 0;
	int want;

	if (nb > WINDOW_PAGES - first)
		nb = WINDOW_PAGES - first;
	for (uint32_t i = 0; i < nb; i++)
		nb_found += m->page[first + i].map != 0;
	want = nb_found ? 0 : -ENOENT;
	/* does a map lie across an edge? */
	if (first > 0 && m->page[first].map && m->page[first - 1].map == m->page[first].map)
		want = -EINVAL;
	if (first + nb < WINDOW_PAGES && m->page[first + nb].map &&
			m->page[first + nb - 1].map == m->page[first + nb].map)
		want = -EINVAL;
	assert_int_equal(emu_iommu_unmap(mmu, WINDOW_IOVA + first * PAGE, nb * PAGE), want);
	if (want == 0)
		memset(&m->page[first], 0, nb * sizeof(m->page[0]));
}

/* Bytes that can be reached from @p at on, at most @p len. */
static uint32_t
reach(const struct model *m, uint32_t at, uint32_t len, uint32_t prot)
{
	uint32_t done = 0;

	while (done < len) {
		uint32_t page = (at + done) / PAGE, left = PAGE - (at + done) % PAGE;

		if (page >= WINDOW_PAGES || (m->page[page].prot & prot) != prot)
			break;
		done += left;
	}
	return done < len ? done : len;
}

static void
do_access(struct emu_iommu *mmu, struct model *m, bool write)
{
	uint8_t buf[5 * PAGE], want[5 * PAGE];
	uint32_t at = rnd(WINDOW_PAGES * PAGE), len = 1 + rnd(rnd(2) ? 64 : 5 * PAGE);
	uint32_t prot = write ? EMU_DMA_WRITE : EMU_DMA_READ;
	uint32_t can = reach(m, at, len, prot);
	void *va = emu_iommu_va_slow(mmu, WINDOW_IOVA + at, len, prot, false);
	int got;

	for (uint32_t i = 0; i < len; i++)
		buf[i] = want[i] = (uint8_t)rnd(256);
	for (uint32_t i = 0; i < can; i++) {
		uint8_t *p = m->want + m->page[(at + i) / PAGE].file_page * PAGE + (at + i) % PAGE;

		if (write)
			*p = buf[i];
		else
			want[i] = *p;
	}
	assert_int_equal(va != NULL, can == len);
	assert_ptr_equal(va, can == len ? emu_iommu_va(mmu, WINDOW_IOVA + at, len, prot) : NULL);
	got = write ? emu_dma_write(mmu, WINDOW_IOVA + at, buf, len)
	            : emu_dma_read(mmu, WINDOW_IOVA + at, buf, len);
	assert_int_equal(got, can == len ? 0 : -EFAULT);
	assert_memory_equal(buf, want, can);
	if (can < len && write)
		m->faults_write++;
	else if (can < len)
		m->faults_read++;
}

static uint32_t
nb_live(const struct model *m)
{
	uint32_t nb = 0;

	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		nb += m->page[i].map && (i == 0 || m->page[i - 1].map != m->page[i].map);
	return nb;
}

static void
like_the_model(void **state)
{
	struct model m = { .next_map = 0 };
	struct emu_iommu mmu;
	int fd = memfd_create("client", MFD_CLOEXEC);

	(void)state;
	base_log_sink_set(sink);
	print_message("seed %llu, %lu rounds\n", (unsigned long long)seed, rounds);
	assert_int_equal(ftruncate(fd, FILE_PAGES * PAGE), 0);
	m.file = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	m.want = calloc(FILE_PAGES, PAGE);
	assert_true(m.file != MAP_FAILED && m.want);
	assert_int_equal(emu_iommu_init(&mmu, "random"), 0);
	for (unsigned long i = 0; i < rounds; i++) {
		switch (rnd(8)) {
		case 0:
		case 1:
		case 2:
			do_map(&mmu, &m, fd);
			break;
		case 3:
		case 4:
			do_unmap(&mmu, &m);
			break;
		default:
			do_access(&mmu, &m, rnd(2));
			break;
		}
		assert_int_equal(mmu.nb_maps, nb_live(&m));
		if (i % 64 == 0)
			assert_memory_equal(m.file, m.want, FILE_PAGES * PAGE);
		if (i % 4096 == 4095) { /* the client goes */
			emu_iommu_unmap_all(&mmu);
			memset(m.page, 0, sizeof(m.page));
		}
	}
	assert_memory_equal(m.file, m.want, FILE_PAGES * PAGE);
	assert_int_equal(mmu.faults_read, m.faults_read);
	assert_int_equal(mmu.faults_write, m.faults_write);
	assert_int_equal(mmu.nb_mapped, m.next_map);
	emu_iommu_fini(&mmu);
	munmap(m.file, FILE_PAGES * PAGE);
	free(m.want);
	close(fd);
	base_log_sink_set(NULL);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_the_model),
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
