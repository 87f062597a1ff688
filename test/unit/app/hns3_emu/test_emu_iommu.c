/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_iommu.c: what is mapped is reached, nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu_iommu.h"
#include "log.h"

#define RW     (EMU_DMA_READ | EMU_DMA_WRITE)
#define FILE_B 0x1000000 /* 16 MiB */

/* An IOMMU and a client's file, which holds its own offsets as 32-bit words. */
struct bench {
	struct emu_iommu mmu;
	int fd;
	uint8_t *mem;
};

static unsigned int nb_lines;

static void
sink(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	(void)ap;
	assert_int_equal(level, BASE_LOG_ERR);
	assert_string_equal(module, "emu.iommu");
	assert_non_null(strstr(fmt, "fault"));
	nb_lines++;
}

static int
setup(void **state)
{
	static struct bench b;

	nb_lines = 0;
	base_log_sink_set(sink);
	b.fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(b.fd >= 0);
	assert_int_equal(ftruncate(b.fd, FILE_B), 0);
	b.mem = mmap(NULL, FILE_B, PROT_READ | PROT_WRITE, MAP_SHARED, b.fd, 0);
	assert_true(b.mem != MAP_FAILED);
	for (uint32_t i = 0; i < FILE_B; i += 4)
		memcpy(b.mem + i, &i, 4);
	assert_int_equal(emu_iommu_init(&b.mmu, "port 7"), 0);
	*state = &b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	emu_iommu_fini(&b->mmu);
	munmap(b->mem, FILE_B);
	close(b->fd);
	base_log_sink_set(NULL);
	return 0;
}

static int
map(struct bench *b, uint64_t iova, uint64_t size, uint64_t offset)
{
	return emu_iommu_map(&b->mmu, iova, size, b->fd, offset, RW);
}

static uint64_t
faults(const struct bench *b)
{
	return b->mmu.faults_read + b->mmu.faults_write;
}

/* That @p len bytes at @p iova are those at @p offset of the file, by each way to reach them. */
static void
assert_reaches(struct bench *b, uint64_t iova, uint32_t len, uint32_t offset)
{
	uint8_t *buf = malloc(len), *va = emu_iommu_va(&b->mmu, iova, len, RW);

	assert_non_null(buf);
	assert_non_null(va);
	assert_memory_equal(va, b->mem + offset, len);
	assert_int_equal(emu_dma_read(&b->mmu, iova, buf, len), 0);
	assert_memory_equal(buf, b->mem + offset, len);
	buf[0] ^= 0xff;
	assert_int_equal(emu_dma_write(&b->mmu, iova, buf, len), 0);
	assert_memory_equal(b->mem + offset, buf, len);
	buf[0] ^= 0xff;
	assert_int_equal(emu_dma_write(&b->mmu, iova, buf, len), 0);
	free(buf);
}

/* That @p len bytes at @p iova are a fault by each way, and are counted so. */
static void
assert_faults(struct bench *b, uint64_t iova, uint32_t len)
{
	uint64_t reads = b->mmu.faults_read, writes = b->mmu.faults_write;
	uint8_t *buf = calloc(1, len);

	assert_non_null(buf);
	assert_null(emu_iommu_va(&b->mmu, iova, len, EMU_DMA_READ));
	assert_null(emu_iommu_va(&b->mmu, iova, len, EMU_DMA_WRITE));
	assert_null(emu_iommu_va(&b->mmu, iova, len, RW));
	assert_int_equal(emu_dma_read(&b->mmu, iova, buf, len), -EFAULT);
	assert_int_equal(emu_dma_write(&b->mmu, iova, buf, len), -EFAULT);
	assert_int_equal(b->mmu.faults_read, reads + 2);
	assert_int_equal(b->mmu.faults_write, writes + 3);
	assert_null(emu_iommu_va_slow(&b->mmu, iova, len, RW, false)); /* only a look */
	assert_int_equal(b->mmu.faults_write, writes + 3);
	free(buf);
}

static void
nothing_is_mapped_at_first(void **state)
{
	assert_faults(*state, 0, 1);
	assert_faults(*state, 0x540000000, 64);
	assert_faults(*state, UINT64_MAX, 1);
	assert_int_equal(emu_iommu_unmap(&((struct bench *)*state)->mmu, 0, UINT64_MAX), -ENOENT);
}

static void
a_map_is_reached_up_to_its_borders(void **state)
{
	struct bench *b = *state;

	/* granules 0x2a01 (its second half) .. 0x2a04 (its first half) */
	assert_int_equal(map(b, 0x540300000, 0x600000, 0x100000), 0);
	assert_reaches(b, 0x540300000, 0x600000, 0x100000);
	assert_reaches(b, 0x540300000, 1, 0x100000);
	assert_reaches(b, 0x5408fffff, 1, 0x6fffff);
	assert_reaches(b, 0x5403ffff0, 32, 0x1ffff0); /* over a granule's border */
	assert_int_equal(faults(b), 0);
	assert_faults(b, 0x5402fffff, 1);
	assert_faults(b, 0x540900000, 1);
	assert_faults(b, 0x5408fffff, 2);
	assert_faults(b, 0x5408fffff, UINT32_MAX >> 8);
	assert_faults(b, 0x340300000, 1);
	assert_faults(b, 0x8000000540300000, 1);
	/* same slot of the hash or not: each granule around is asked for */
	for (uint64_t g = 0; g < 1024; g++)
		assert_null(emu_iommu_va_slow(&b->mmu, g << 21, 1, RW, false));
}

/* A write whose tail is outside must not touch what follows in the file. */
static void
nothing_is_written_outside(void **state)
{
	static const uint8_t ones[64] = { 1, 1, 1, 1 };
	struct bench *b = *state;
	uint8_t before[64], buf[64];

	assert_int_equal(map(b, 0x10000, 0x1000, 0x2000), 0);
	memcpy(before, b->mem + 0x3000, 64);
	assert_int_equal(emu_dma_write(&b->mmu, 0x10fe0, ones, 64), -EFAULT);
	assert_memory_equal(b->mem + 0x3000, before, 64);
	memcpy(before, b->mem + 0x1fc0, 64);
	assert_int_equal(emu_dma_write(&b->mmu, 0xfff0, ones, 64), -EFAULT);
	assert_memory_equal(b->mem + 0x1fc0, before, 64);
	assert_int_equal(b->mmu.faults_write, 2);
	memset(buf, 0x77, 64);
	assert_int_equal(emu_dma_read(&b->mmu, 0x11000, buf, 64), -EFAULT);
	assert_int_equal(buf[0], 0x77);
	assert_int_equal(b->mmu.faults_read, 1);
}

static void
permissions(void **state)
{
	struct bench *b = *state;
	uint8_t buf[64] = { 0 }, before[64];

	assert_int_equal(emu_iommu_map(&b->mmu, 0x1000, 0x1000, b->fd, 0x1000, EMU_DMA_READ), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x2000, 0x1000, b->fd, 0x2000, EMU_DMA_WRITE), 0);
	memcpy(before, b->mem + 0x1000, 64);
	assert_non_null(emu_iommu_va(&b->mmu, 0x1000, 64, EMU_DMA_READ));
	assert_null(emu_iommu_va(&b->mmu, 0x1000, 64, EMU_DMA_WRITE));
	assert_null(emu_iommu_va(&b->mmu, 0x1000, 64, RW));
	assert_int_equal(emu_dma_read(&b->mmu, 0x1000, buf, 64), 0);
	assert_int_equal(emu_dma_write(&b->mmu, 0x1000, buf + 1, 63), -EFAULT);
	assert_memory_equal(b->mem + 0x1000, before, 64);
	assert_null(emu_iommu_va(&b->mmu, 0x2000, 64, EMU_DMA_READ));
	assert_non_null(emu_iommu_va(&b->mmu, 0x2000, 64, EMU_DMA_WRITE));
	assert_int_equal(emu_dma_write(&b->mmu, 0x2000, before, 64), 0);
	assert_memory_equal(b->mem + 0x2000, before, 64);
	assert_int_equal(emu_dma_read(&b->mmu, 0x2000, buf, 64), -EFAULT);
	assert_int_equal(b->mmu.faults_read, 2);
	assert_int_equal(b->mmu.faults_write, 3);
	/* over the border of both: one of them always refuses */
	assert_null(emu_iommu_va(&b->mmu, 0x1ff0, 32, EMU_DMA_READ));
	assert_null(emu_iommu_va(&b->mmu, 0x1ff0, 32, EMU_DMA_WRITE));
	assert_int_equal(emu_dma_read(&b->mmu, 0x1ff0, buf, 32), -EFAULT);
	assert_int_equal(emu_dma_write(&b->mmu, 0x1ff0, buf, 32), -EFAULT);
	assert_int_equal(faults(b), 9);
	assert_int_equal(map(b, 0x3000, 0x1000, 0x3000), 0);
	assert_non_null(emu_iommu_va(&b->mmu, 0x3000, 0x1000, RW));
	/* alone in its granule, where the look-up is another one */
	assert_int_equal(emu_iommu_map(&b->mmu, 0x40000000, 0x1000, b->fd, 0, EMU_DMA_READ), 0);
	assert_non_null(emu_iommu_va(&b->mmu, 0x40000000, 0x1000, EMU_DMA_READ));
	assert_null(emu_iommu_va(&b->mmu, 0x40000000, 0x1000, EMU_DMA_WRITE));
	assert_null(emu_iommu_va(&b->mmu, 0x40000000, 0x1000, RW));
}

static void
bad_requests_are_refused(void **state)
{
	struct bench *b = *state;
	struct emu_iommu *m = &b->mmu;
	int fds[2];

	assert_int_equal(map(b, 0x1000, 0, 0), -EINVAL);
	assert_int_equal(map(b, 0xfffffffffffff000, 0x2000, 0), -EINVAL);
	assert_int_equal(map(b, 1, UINT64_MAX, 0), -ENOSPC); /* does not wrap, but is too much */
	assert_int_equal(map(b, 2, UINT64_MAX, 0), -EINVAL);
	assert_int_equal(emu_iommu_map(m, 0x1000, 0x1000, b->fd, 0, 0), -EINVAL);
	assert_int_equal(emu_iommu_map(m, 0x1000, 0x1000, b->fd, 0, 4), -EINVAL);
	assert_int_equal(emu_iommu_map(m, 0x1000, 0x1000, b->fd, 0, 7), -EINVAL);
	/* beyond the file's end */
	assert_int_equal(map(b, 0x1000, 0x1000, 0x1000000), -EINVAL);
	assert_int_equal(map(b, 0x1000, 0x1001, 0xfff000), -EINVAL);
	assert_int_equal(map(b, 0x1000, 0x1000, 0xfffffffffffff000), -EINVAL);
	assert_int_equal(map(b, 0x1000, 0x1000001, 0), -EINVAL);
	assert_int_equal(emu_iommu_map(m, 0x1000, 0x1000, -1, 0, RW), -EBADF);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(emu_iommu_map(m, 0x1000, 0x1000, fds[0], 0, RW), -EINVAL);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(m->nb_maps, 0);
	assert_int_equal(m->nb_mapped, 0);
	assert_int_equal(m->live_bytes, 0);
	assert_int_equal(map(b, 0xfffffffffffff000, 0x1000, 0), 0); /* the last page there is */
	assert_reaches(b, 0xfffffffffffff000, 0x1000, 0);
	assert_reaches(b, UINT64_MAX, 1, 0xfff);
}

/* A range that runs over the end of the addresses does not go on at 0. */
static void
addresses_do_not_wrap(void **state)
{
	struct bench *b = *state;

	assert_int_equal(map(b, 0, 0x1000, 0x1000), 0);
	assert_int_equal(map(b, 0xfffffffffffff000, 0x1000, 0), 0);
	assert_reaches(b, 0, 0x1000, 0x1000);
	assert_faults(b, 0xfffffffffffffff0, 32);
	assert_faults(b, 0xfffffffffffff000, 0x1001);
}

/* Read-only files: what the device may only read can be mapped, the rest cannot. */
static void
a_file_that_cannot_be_written(void **state)
{
	struct bench *b = *state;
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", b->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x1000, 0x1000, fd, 0, RW), -EACCES);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x1000, 0x1000, fd, 0, EMU_DMA_WRITE), -EACCES);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x1000, 0x1000, fd, 0, EMU_DMA_READ), 0);
	close(fd); /* the map stays */
	assert_non_null(emu_iommu_va(&b->mmu, 0x1000, 0x1000, EMU_DMA_READ));
}

static void
overlapping_maps_are_refused(void **state)
{
	static const struct {
		uint64_t iova, size;
	} bad[] = { { 0x10000, 0x4000 }, { 0x10000, 0x1000 }, { 0x13000, 0x1000 },
		{ 0xf000, 0x2000 }, { 0x13000, 0x2000 }, { 0xf000, 0x10000 }, { 0x11000, 0x1000 },
		{ 0, 0x1000000 } };
	struct bench *b = *state;

	assert_int_equal(map(b, 0x10000, 0x4000, 0x100000), 0);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(map(b, bad[i].iova, bad[i].size, 0), -EEXIST);
	assert_int_equal(b->mmu.nb_maps, 1);
	assert_int_equal(b->mmu.live_bytes, 0x4000);
	assert_reaches(b, 0x10000, 0x4000, 0x100000);
	/* right beside it is free */
	assert_int_equal(map(b, 0xf000, 0x1000, 0), 0);
	assert_int_equal(map(b, 0x14000, 0x1000, 0x1000), 0);
	assert_int_equal(b->mmu.nb_maps, 3);
}

/* Neighbours in IOVA are one piece, though they come from anywhere in the file. */
static void
neighbours_are_one_piece(void **state)
{
	static const uint32_t offset[] = { 0x5000, 0x1000, 0x9000, 0x2000 };
	struct bench *b = *state;
	uint8_t buf[0x4000], *va;

	/* mapped in any order, over the border of a granule */
	assert_int_equal(map(b, 0x401ff000, 0x1000, 0x1000), 0);
	assert_int_equal(map(b, 0x40201000, 0x1000, 0x2000), 0);
	assert_int_equal(map(b, 0x401fe000, 0x1000, 0x5000), 0);
	assert_faults(b, 0x401fe000, 0x2001);
	assert_faults(b, 0x401fe000, 0x4000); /* there is a hole */
	assert_int_equal(map(b, 0x40200000, 0x1000, 0x9000), 0);
	va = emu_iommu_va(&b->mmu, 0x401fe000, 0x4000, RW);
	assert_non_null(va);
	assert_int_equal(emu_dma_read(&b->mmu, 0x401fe000, buf, 0x4000), 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_memory_equal(buf + 0x1000 * i, b->mem + offset[i], 0x1000);
		assert_memory_equal(va + 0x1000 * i, b->mem + offset[i], 0x1000);
		assert_reaches(b, 0x401fe010 + 0x1000 * i, 0xff0, offset[i] + 0x10);
	}
	memset(buf, 0xa5, sizeof(buf));
	assert_int_equal(emu_dma_write(&b->mmu, 0x401fe800, buf, 0x3000), 0);
	assert_memory_equal(b->mem + 0x5800, buf, 0x800);
	assert_memory_equal(b->mem + 0x1000, buf, 0x1000);
	assert_memory_equal(b->mem + 0x9000, buf, 0x1000);
	assert_memory_equal(b->mem + 0x2000, buf, 0x800);
	assert_int_equal(*(uint32_t *)(void *)(b->mem + 0x2800), 0x2800);
	assert_int_equal(*(uint32_t *)(void *)(b->mem + 0x57fc), 0x57fc);
	assert_int_equal(faults(b), 10);
	/* one goes: its neighbours stay */
	assert_int_equal(emu_iommu_unmap(&b->mmu, 0x401ff000, 0x1000), 0);
	assert_faults(b, 0x401fe000, 0x1001);
	assert_faults(b, 0x401ff000, 1);
	assert_reaches(b, 0x40200000, 0x1000, 0x9000);
	assert_int_equal(emu_dma_read(&b->mmu, 0x401fe000, buf, 0x1000), 0);
}

/* Maps that are not whole pages: each is exact, and copies cross their border. */
static void
maps_of_less_than_a_page(void **state)
{
	struct bench *b = *state;
	uint8_t buf[0x300];

	assert_int_equal(map(b, 0x10000, 0x100, 0x1f80), 0);
	assert_int_equal(map(b, 0x10100, 0x200, 0x77010), 0);
	assert_reaches(b, 0x10000, 0x100, 0x1f80);
	assert_reaches(b, 0x10100, 0x200, 0x77010);
	assert_int_equal(emu_dma_read(&b->mmu, 0x10000, buf, 0x300), 0);
	assert_memory_equal(buf, b->mem + 0x1f80, 0x100);
	assert_memory_equal(buf + 0x100, b->mem + 0x77010, 0x200);
	assert_faults(b, 0xffff, 1);
	assert_faults(b, 0x10300, 1);
	assert_faults(b, 0x10001, 0x300);
	assert_int_equal(emu_iommu_unmap(&b->mmu, 0x10000, 0x100), 0);
	assert_faults(b, 0x10000, 1);
	assert_reaches(b, 0x10100, 0x200, 0x77010);
}

static void
unmap_takes_whole_maps_only(void **state)
{
	struct bench *b = *state;
	struct emu_iommu *m = &b->mmu;

	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(map(b, 0x10000 + i * 0x4000, 0x2000, i * 0x2000), 0);
	assert_int_equal(emu_iommu_unmap(m, 0x10000, 0), -EINVAL);
	assert_int_equal(emu_iommu_unmap(m, 0xfffffffffffff000, 0x1001), -EINVAL);
	/* parts */
	assert_int_equal(emu_iommu_unmap(m, 0x10000, 0x1000), -EINVAL);
	assert_int_equal(emu_iommu_unmap(m, 0x11000, 0x1000), -EINVAL);
	assert_int_equal(emu_iommu_unmap(m, 0x10800, 0x800), -EINVAL);
	assert_int_equal(emu_iommu_unmap(m, 0x11000, 0x5000), -EINVAL);
	assert_int_equal(emu_iommu_unmap(m, 0x10000, 0x5000), -EINVAL);
	assert_int_equal(emu_iommu_unmap(m, 0x10000, 0x1fff), -EINVAL);
	/* unknown */
	assert_int_equal(emu_iommu_unmap(m, 0x12000, 0x2000), -ENOENT);
	assert_int_equal(emu_iommu_unmap(m, 0xf000, 0x1000), -ENOENT);
	assert_int_equal(emu_iommu_unmap(m, 0x1e000, 0x1000), -ENOENT);
	assert_int_equal(m->nb_maps, 4);
	assert_int_equal(m->nb_unmapped, 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_reaches(b, 0x10000 + i * 0x4000, 0x2000, i * 0x2000);
	/* one; then two of three with what lies between */
	assert_int_equal(emu_iommu_unmap(m, 0x14000, 0x2000), 0);
	assert_int_equal(emu_iommu_unmap(m, 0x14000, 0x2000), -ENOENT);
	assert_faults(b, 0x14000, 1);
	assert_int_equal(emu_iommu_unmap(m, 0x17000, 0x10000), 0);
	assert_int_equal(m->nb_maps, 1);
	assert_int_equal(m->live_bytes, 0x2000);
	assert_int_equal(m->nb_mapped, 4);
	assert_int_equal(m->nb_unmapped, 3);
	assert_int_equal(m->peak_maps, 4);
	assert_reaches(b, 0x10000, 0x2000, 0);
	assert_faults(b, 0x18000, 1);
	assert_faults(b, 0x1c000, 1);
}

/* Who keeps an address sees that something changed. */
static void
changes_are_counted(void **state)
{
	struct bench *b = *state;
	uint32_t before = b->mmu.generation;

	assert_int_equal(map(b, 0x10000, 0x1000, 0), 0);
	assert_int_not_equal(b->mmu.generation, before);
	before = b->mmu.generation;
	assert_int_equal(emu_iommu_unmap(&b->mmu, 0x10000, 0x1000), 0);
	assert_int_not_equal(b->mmu.generation, before);
}

/* As with --no-huge: 4 KiB pieces, one by one, in both directions. */
static void
small_pages(void **state)
{
	struct bench *b = *state;
	uint8_t *all = malloc(0x800000);

	assert_non_null(all);
	for (uint64_t i = 0; i < 2048; i++) {
		uint64_t page = (i * 677) % 2048; /* each once, all over the place */

		assert_int_equal(map(b, 0x7f0000100000 + page * 0x1000, 0x1000, page * 0x2000), 0);
	}
	assert_int_equal(b->mmu.nb_maps, 2048);
	assert_int_equal(b->mmu.live_bytes, 0x800000);
	assert_int_equal(emu_dma_read(&b->mmu, 0x7f0000100000, all, 0x800000), 0);
	for (uint32_t page = 0; page < 2048; page++) {
		assert_memory_equal(all + page * 0x1000, b->mem + page * 0x2000, 0x1000);
		assert_non_null(emu_iommu_va(&b->mmu, 0x7f0000100ff0 + page * 0x1000,
				page < 2047 ? 32 : 16, RW));
	}
	assert_faults(b, 0x7f00000fffff, 1);
	assert_faults(b, 0x7f0000900000, 1);
	for (uint64_t page = 0; page < 2048; page += 2)
		assert_int_equal(emu_iommu_unmap(&b->mmu, 0x7f0000100000 + page * 0x1000, 0x1000),
				0);
	assert_int_equal(b->mmu.nb_maps, 1024);
	assert_faults(b, 0x7f0000100000, 1);
	assert_reaches(b, 0x7f0000101000, 0x1000, 0x2000);
	assert_faults(b, 0x7f0000101000, 0x1001);
	free(all);
}

static void
limits(void **state)
{
	struct bench *b = *state;
	int fd = memfd_create("big", MFD_CLOEXEC);
	uint8_t byte = 7;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, INT64_C(0x10000001000)), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0, 0x10000001000, fd, 0, RW), -ENOSPC);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x1000, 0x10000000000, fd, 0, RW), 0); /* 1 TiB */
	assert_int_equal(b->mmu.live_bytes, 0x10000000000);
	assert_int_equal(emu_iommu_map(&b->mmu, 0, 0x1000, fd, 0, RW), -ENOSPC);
	assert_int_equal(emu_dma_write(&b->mmu, 0x10000000fff, &byte, 1), 0);
	assert_int_equal(pread(fd, &byte, 1, INT64_C(0xffffffffff)), 1);
	assert_int_equal(byte, 7);
	assert_faults(b, 0x10000001000, 1);
	assert_int_equal(emu_iommu_unmap(&b->mmu, 0x1000, 0x10000000000), 0);
	assert_int_equal(b->mmu.live_bytes, 0);
	/* the number of maps, without making so many */
	b->mmu.nb_maps = 65536;
	assert_int_equal(emu_iommu_map(&b->mmu, 0, 0x1000, fd, 0, RW), -ENOSPC);
	b->mmu.nb_maps = 0;
	assert_int_equal(emu_iommu_map(&b->mmu, 0, 0x1000, fd, 0, RW), 0);
	close(fd);
}

/* ---- memory without a file ---- */

static uint8_t far[0x4000]; /* at IOVA 0x7000000, behind 4 KiB of the file */
static unsigned int nb_messages;
static int far_error;

static int
far_dma(void *ctx, bool is_write, uint64_t iova, void *buf, uint32_t len)
{
	assert_ptr_equal(ctx, far);
	assert_in_range(iova, 0x7000000, 0x7000000 + sizeof(far) - len);
	nb_messages++;
	if (is_write)
		memcpy(far + (iova - 0x7000000), buf, len);
	else
		memcpy(buf, far + (iova - 0x7000000), len);
	return far_error;
}

static void
remote_memory_is_reached_by_messages(void **state)
{
	struct bench *b = *state;
	uint8_t *va, bytes[8];

	for (size_t i = 0; i < sizeof(far); i++)
		far[i] = (uint8_t)i;
	nb_messages = 0;
	far_error = 0;
	b->mmu.remote = far_dma;
	b->mmu.remote_ctx = far;
	assert_int_equal(emu_iommu_map(&b->mmu, 0x6fff000, 0x1000, b->fd, 0, RW), 0);
	assert_int_equal(emu_iommu_map_remote(&b->mmu, 0x7000000, sizeof(far), RW), 0);
	assert_int_equal(emu_iommu_map_remote(&b->mmu, 0x7001000, 0x1000, RW), -EEXIST);
	/* to read: the bytes are there at once */
	va = emu_iommu_va(&b->mmu, 0x7000102, 4, EMU_DMA_READ);
	assert_memory_equal(va, "\x02\x03\x04\x05", 4);
	assert_int_equal(nb_messages, 1);
	emu_iommu_written(&b->mmu, va); /* nothing was */
	assert_int_equal(nb_messages, 1);
	/* to write: they go when they are written, that many */
	va = emu_iommu_va(&b->mmu, 0x7000200, 3, EMU_DMA_WRITE);
	memcpy(va, "xyz!", 4);
	assert_int_equal(nb_messages, 1);
	emu_iommu_written(&b->mmu, va);
	assert_memory_equal(far + 0x1ff, "\xff\x78\x79\x7a\x03", 5);
	assert_int_equal(nb_messages, 2);
	/* copies cross from a file into it */
	assert_int_equal(emu_dma_read(&b->mmu, 0x6fffffc, bytes, 8), 0);
	assert_memory_equal(bytes, "\xfc\x0f\x00\x00\x00\x01\x02\x03", 8);
	assert_int_equal(emu_dma_write(&b->mmu, 0x6fffffe, "abcd", 4), 0);
	assert_memory_equal(far, "cd", 2);
	assert_int_equal(nb_lines, 0);
	assert_int_equal(b->mmu.nb_remote, 4);
	/* a ring would be read and written; a range that leaves the map; the client's refusal */
	assert_null(emu_iommu_va(&b->mmu, 0x7000000, 64, RW));
	assert_null(emu_iommu_va(&b->mmu, 0x7003fff, 2, EMU_DMA_READ));
	far_error = -EFAULT;
	assert_null(emu_iommu_va(&b->mmu, 0x7000000, 1, EMU_DMA_READ));
	assert_int_equal(emu_dma_write(&b->mmu, 0x7000000, "a", 1), -EFAULT);
	assert_int_equal(nb_lines, 4);
	assert_int_equal(b->mmu.faults_read + b->mmu.faults_write, 4);
	assert_int_equal(emu_iommu_unmap(&b->mmu, 0x7000000, sizeof(far)), 0);
	assert_null(emu_iommu_va_slow(&b->mmu, 0x7000000, 1, EMU_DMA_READ, false));
	emu_iommu_unmap_all(&b->mmu);
}

/* Buffers are used again, but not within a burst: 2,000 of 9,000 bytes are twice what there is, and
 * the last 32 are as they were. */
static void
bounce_buffers_last_for_a_burst(void **state)
{
	struct bench *b = *state;
	uint8_t *va[32];

	far_error = 0;
	b->mmu.remote = far_dma;
	b->mmu.remote_ctx = far;
	assert_int_equal(emu_iommu_map_remote(&b->mmu, 0x7000000, sizeof(far), RW), 0);
	for (unsigned int i = 0; i < 2000; i++) {
		memset(far, (int)i, sizeof(far));
		va[i % 32] = emu_iommu_va(&b->mmu, 0x7000000, 9000, EMU_DMA_READ);
		assert_non_null(va[i % 32]);
		for (unsigned int k = 0; k < 32 && k <= i; k++)
			assert_int_equal(va[(i - k) % 32][8999], (uint8_t)(i - k));
	}
	emu_iommu_unmap_all(&b->mmu);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_mapped_at_first),
		CASE(a_map_is_reached_up_to_its_borders),
		CASE(nothing_is_written_outside),
		CASE(permissions),
		CASE(bad_requests_are_refused),
		CASE(addresses_do_not_wrap),
		CASE(a_file_that_cannot_be_written),
		CASE(overlapping_maps_are_refused),
		CASE(neighbours_are_one_piece),
		CASE(maps_of_less_than_a_page),
		CASE(unmap_takes_whole_maps_only),
		CASE(changes_are_counted),
		CASE(small_pages),
		CASE(limits),
		CASE(remote_memory_is_reached_by_messages),
		CASE(bounce_buffers_last_for_a_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
