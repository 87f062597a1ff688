/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_iommu.c against clients that misbehave: files that shrink, more faults than a
 * log can take, maps that fail half-way; and that nothing of a client stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu_iommu.h"
#include "log.h"

#define RW (EMU_DMA_READ | EMU_DMA_WRITE)

struct bench {
	struct emu_iommu mmu;
	int fd; /* 1 MiB of 0x5a */
};

static unsigned int nb_lines;

static void
sink(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	(void)ap;
	(void)level;
	(void)fmt;
	assert_string_equal(module, "emu.iommu");
	nb_lines++;
}

static int
setup(void **state)
{
	static struct bench b;
	static uint8_t bytes[0x100000];

	nb_lines = 0;
	base_log_sink_set(sink);
	memset(bytes, 0x5a, sizeof(bytes));
	b.fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(b.fd >= 0);
	assert_int_equal(write(b.fd, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(emu_iommu_init(&b.mmu, "port 7"), 0);
	*state = &b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	emu_iommu_fini(&b->mmu);
	close(b->fd);
	base_log_sink_set(NULL);
	return 0;
}

/* How many maps of memory files this process has. */
static unsigned int
client_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned int nb = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		nb += strstr(line, "memfd:client") != NULL;
	fclose(f);
	return nb;
}

/* Permissions of the page at @p at, as in /proc/self/maps; "" if nothing is there. */
static const char *
perms_at(const uint8_t *at)
{
	static char perms[8];
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	uintptr_t lo, hi;
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, perms) == 3)
			found = (uintptr_t)at >= lo && (uintptr_t)at < hi;
	}
	fclose(f);
	return found ? perms : "";
}

/* In the middle of an access: the access goes on in zero pages, and the client can be ended. */
static void
a_file_that_shrinks(void **state)
{
	struct bench *b = *state;
	uint8_t buf[0x3000];
	uint8_t *va;

	assert_int_equal(emu_iommu_guard_install(&b->mmu), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x10000, 0x80000, b->fd, 0, RW), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x90000, 0x1000, b->fd, 0x1000, EMU_DMA_READ), 0);
	va = emu_iommu_va(&b->mmu, 0x10000, 0x80000, RW);
	assert_int_equal(ftruncate(b->fd, 0x2000), 0);
	/* what is left of the file is as good as ever */
	assert_int_equal(emu_dma_read(&b->mmu, 0x11000, buf, 0x1000), 0);
	assert_int_equal(buf[0xfff], 0x5a);
	assert_false(b->mmu.broken);
	memset(buf, 1, sizeof(buf));
	assert_int_equal(emu_dma_read(&b->mmu, 0x14000, buf, 0x3000), 0);
	assert_true(b->mmu.broken);
	assert_int_equal(buf[0], 0);
	assert_int_equal(buf[0x2fff], 0);
	memset(buf, 2, sizeof(buf));
	assert_int_equal(emu_dma_write(&b->mmu, 0x10000, buf, 0x3000), 0);
	assert_int_equal(va[0x2fff], 2); /* addresses that are kept stay good */
	/* the file is the client's: it does not see this any more */
	assert_int_equal(pread(b->fd, buf, 1, 0), 1);
	assert_int_equal(buf[0], 0x5a);
	/* the next client begins unbroken */
	emu_iommu_unmap_all(&b->mmu);
	assert_false(b->mmu.broken);
	assert_int_equal(client_maps(), 0);
	assert_int_equal(ftruncate(b->fd, 0x100000), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x10000, 0x80000, b->fd, 0, RW), 0);
	assert_int_equal(emu_dma_read(&b->mmu, 0x10000, buf, 0x3000), 0);
	assert_int_equal(buf[0x1fff], 0x5a);
	assert_int_equal(buf[0x2000], 0);
	assert_false(b->mmu.broken);
}

static void
a_map_for_reading_that_shrinks(void **state)
{
	struct bench *b = *state;
	uint8_t byte = 9;

	assert_int_equal(emu_iommu_guard_install(&b->mmu), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x10000, 0x1000, b->fd, 0, EMU_DMA_READ), 0);
	assert_int_equal(ftruncate(b->fd, 0), 0);
	assert_int_equal(emu_dma_read(&b->mmu, 0x10fff, &byte, 1), 0);
	assert_int_equal(byte, 0);
	assert_true(b->mmu.broken);
	assert_int_equal(emu_dma_write(&b->mmu, 0x10000, &byte, 1), -EFAULT);
}

/* Only the IOMMU whose file shrank is broken. */
static void
the_others_go_on(void **state)
{
	struct bench *b = *state;
	struct emu_iommu other;
	uint8_t byte;

	assert_int_equal(emu_iommu_init(&other, "port 8"), 0);
	assert_int_equal(emu_iommu_guard_install(&other), 0);
	assert_int_equal(emu_iommu_guard_install(&b->mmu), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x10000, 0x1000, b->fd, 0, RW), 0);
	assert_int_equal(ftruncate(b->fd, 0), 0);
	assert_int_equal(emu_dma_read(&b->mmu, 0x10000, &byte, 1), 0);
	assert_true(b->mmu.broken);
	assert_false(other.broken);
	emu_iommu_fini(&other);
}

/* A bus error outside all maps is nobody's to forgive: the process ends of it. */
static void
other_bus_errors_are_fatal(void **state)
{
	struct bench *b = *state;
	uint8_t *own = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, b->fd, 0xff000);
	int status;
	pid_t pid;

	assert_true(own != MAP_FAILED);
	assert_int_equal(emu_iommu_guard_install(&b->mmu), 0);
	assert_int_equal(emu_iommu_map(&b->mmu, 0x10000, 0x1000, b->fd, 0, RW), 0);
	assert_int_equal(ftruncate(b->fd, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		alarm(10);
		_exit(*(volatile uint8_t *)own);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
	munmap(own, 0x1000);
}

static void
guards_are_limited(void **state)
{
	struct emu_iommu mmu[33];

	(void)state;
	for (unsigned int i = 0; i < 33; i++)
		assert_int_equal(emu_iommu_init(&mmu[i], "many"), 0);
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(emu_iommu_guard_install(&mmu[i]), 0);
	assert_int_equal(emu_iommu_guard_install(&mmu[32]), -ENOSPC);
	emu_iommu_fini(&mmu[5]);
	assert_int_equal(emu_iommu_guard_install(&mmu[32]), 0);
	assert_int_equal(emu_iommu_init(&mmu[5], "many"), 0);
	for (unsigned int i = 0; i < 33; i++)
		emu_iommu_fini(&mmu[i]);
}

/* 16 one by one, then each 4096th: 20000 faults are 16 + 4 lines. */
static void
faults_are_logged_at_a_bounded_rate(void **state)
{
	struct bench *b = *state;
	uint8_t byte;

	for (unsigned int i = 0; i < 20000; i++)
		assert_int_equal(emu_dma_read(&b->mmu, 0x1000, &byte, 1), -EFAULT);
	assert_int_equal(b->mmu.faults_read, 20000);
	assert_int_equal(b->mmu.faults_write, 0);
	assert_int_equal(nb_lines, 20);
}

/* What a client leaves: nothing is mapped, all is counted, and addresses stay reserved. */
static void
all_is_dropped_at_once(void **state)
{
	struct bench *b = *state;
	uint8_t *first;

	emu_iommu_unmap_all(&b->mmu);
	assert_int_equal(b->mmu.nb_unmapped, 0);
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(emu_iommu_map(&b->mmu, 0x10000 + i * 0x3000, 0x1000, b->fd,
						 i * 0x1000, RW),
				0);
	/* less than a page: outside of the reserved addresses */
	assert_int_equal(emu_iommu_map(&b->mmu, 0x1000000, 0x10, b->fd, 0x18, RW), 0);
	first = emu_iommu_va(&b->mmu, 0x10000, 1, RW);
	assert_true(client_maps() > 0);
	emu_iommu_unmap_all(&b->mmu);
	assert_int_equal(client_maps(), 0);
	assert_int_equal(b->mmu.nb_maps, 0);
	assert_int_equal(b->mmu.live_bytes, 0);
	assert_int_equal(b->mmu.nb_mapped, 101);
	assert_int_equal(b->mmu.nb_unmapped, 101);
	assert_int_equal(b->mmu.peak_maps, 101);
	assert_null(emu_iommu_va(&b->mmu, 0x10000, 1, RW));
	assert_string_equal(perms_at(first), "---p");
	emu_iommu_fini(&b->mmu);
	assert_string_equal(perms_at(first), "");
	assert_int_equal(emu_iommu_init(&b->mmu, "port 7"), 0);
}

/* mmap(2) that fails may have unmapped what was at its place, which must stay reserved. */
static void
a_map_that_fails_leaves_its_place_reserved(void **state)
{
	struct bench *b = *state;
	int huge = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | (21u << MAP_HUGE_SHIFT));
	uint8_t *first, byte;
	int ret;

	if (huge < 0)
		skip(); /* no hugepages in this kernel */
	assert_int_equal(ftruncate(huge, INT64_C(0x4000000000)), 0); /* more than there are */
	assert_int_equal(emu_iommu_map(&b->mmu, 0x40000000, 0x1000, b->fd, 0, RW), 0);
	first = emu_iommu_va(&b->mmu, 0x40000000, 1, RW);
	ret = emu_iommu_map(&b->mmu, 0x40200000, 0x4000000000, huge, 0, RW);
	close(huge);
	assert_true(ret < 0);
	assert_int_equal(b->mmu.nb_maps, 1);
	assert_string_equal(perms_at(first + 0x200000), "---p");
	assert_string_equal(perms_at(first + 0x200000 + 0x3fffffffff), "---p");
	assert_int_equal(emu_dma_read(&b->mmu, 0x40000000, &byte, 1), 0);
	assert_int_equal(byte, 0x5a);
}

/* Hugepages: maps are whole pages of theirs. */
static void
hugepages(void **state)
{
	struct bench *b = *state;
	int fd = memfd_create("client", MFD_CLOEXEC | MFD_HUGETLB | (21u << MAP_HUGE_SHIFT));
	uint8_t byte = 3;

	if (fd < 0)
		skip();
	assert_int_equal(ftruncate(fd, 0x400000), 0);
	if (emu_iommu_map(&b->mmu, 0x40000000, 0x200000, fd, 0x200000, RW)) {
		close(fd);
		skip(); /* none are free */
	}
	assert_int_equal(emu_iommu_map(&b->mmu, 0x40200000, 0x1000, b->fd, 0, RW), 0);
	assert_int_equal(emu_dma_write(&b->mmu, 0x401fffff, &byte, 1), 0);
	assert_non_null(emu_iommu_va(&b->mmu, 0x40000000, 0x201000, RW));
	assert_int_equal(emu_iommu_unmap(&b->mmu, 0x40000000, 0x200000), 0);
	assert_int_equal(emu_dma_read(&b->mmu, 0x40200000, &byte, 1), 0);
	assert_int_equal(byte, 0x5a);
	close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_file_that_shrinks),
		CASE(a_map_for_reading_that_shrinks),
		CASE(the_others_go_on),
		CASE(other_bus_errors_are_fatal),
		CASE(guards_are_limited),
		CASE(faults_are_logged_at_a_bounded_rate),
		CASE(all_is_dropped_at_once),
		CASE(a_map_that_fails_leaves_its_place_reserved),
		CASE(hugepages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
