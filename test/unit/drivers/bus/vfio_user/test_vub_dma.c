/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * drivers/bus/vfio_user/vub_dma.c: the device sees EAL's memory, all of it and no more.
 *
 * Without argument: memory that never changes (--no-huge). With "dynamic": hugepages that EAL takes
 * and gives back while the device is there; skipped (77) without enough of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "vub_rig.h"

static struct rig_map maps[RIG_MAPS_MAX];

static struct vub_dev *
dev_open(void)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));

	rig_server_start();
	assert_int_equal(vub_dev_open(dev), 0);
	return dev;
}

/* Where the server has @p iova, or NULL. */
static uint8_t *
server_at(uint64_t iova)
{
	unsigned int nb = rig_maps_get(maps, RIG_MAPS_MAX);

	for (unsigned int i = 0; i < nb; i++)
		if (iova >= maps[i].iova && iova - maps[i].iova < maps[i].size)
			return maps[i].va + (iova - maps[i].iova);
	return NULL;
}

/* All of @p len bytes of EAL memory are the same memory at the server's. */
static void
assert_shared(uint8_t *va, size_t len)
{
	for (size_t at = 0; at < len; at += 4096) {
		uint8_t *there = server_at(rte_mem_virt2iova(va + at));

		assert_non_null(there);
		va[at] = (uint8_t)(at >> 12);
		assert_int_equal(*there, (uint8_t)(at >> 12));
		*there = 0xd1;
		assert_int_equal(va[at], 0xd1);
	}
}

static void
all_memory_is_shared(void **state)
{
	struct vub_dev *dev = dev_open();
	uint8_t *va = rte_malloc(NULL, 3 << 20, 4096);

	(void)state;
	assert_non_null(va);
	assert_int_equal(vub_dma_init(dev), 0);
	assert_shared(va, 3 << 20);
	assert_null(server_at((uintptr_t)&dev)); /* our stack is not */
	vub_dma_fini(dev);
	assert_int_equal(rig_maps_get(NULL, 0), 0);
	vub_dma_fini(dev); /* harmless */
	rte_free(va);
	vub_dev_close(dev);
}

/* One file with adjoining pages is one map, not 16384. */
static void
static_memory_is_one_map(void **state)
{
	struct vub_dev *dev = dev_open();

	(void)state;
	assert_int_equal(vub_dma_init(dev), 0);
	assert_int_equal(rig_maps_get(maps, RIG_MAPS_MAX), 1);
	assert_int_equal(maps[0].size, 64 << 20);
	assert_non_null(strstr(rig_log_take(), "vfio_user: vfu0: memory shared in 1 maps\n"));
	vub_dma_fini(dev);
	vub_dev_close(dev);
}

/* What rte_dev_dma_map() may be asked for. */
static void
only_shared_memory_can_be_mapped(void **state)
{
	struct vub_dev *dev = dev_open();
	struct rte_device *device = &dev->slot.pci.device;
	uint8_t *va = rte_malloc(NULL, 8192, 4096), on_stack[64];
	uint64_t iova = rte_mem_virt2iova(va), stack_iova = (uintptr_t)on_stack;

	(void)state;
	assert_int_equal(vub_dma_init(dev), 0);
	rig_log_take();
	assert_int_equal(vub_dma_map(device, va, iova, 8192), 0);
	assert_int_equal(vub_dma_unmap(device, va, iova, 8192), 0);
	assert_non_null(server_at(iova)); /* it stays shared */
	assert_string_equal(rig_log_take(), "");
	assert_int_equal(vub_dma_map(device, on_stack, stack_iova, 64), -1);
	assert_int_equal(rte_errno, ENOTSUP);
	assert_non_null(strstr(rig_log_take(), "is not EAL's: register it (rte_extmem_register()) "
					       "before it is mapped\n"));
	rte_errno = 0;
	assert_int_equal(vub_dma_unmap(device, on_stack, stack_iova, 64), -1);
	assert_int_equal(rte_errno, ENOENT);
	assert_int_equal(vub_dma_map(device, va, iova, 0), -1);
	assert_int_equal(vub_dma_unmap(device, va, iova, 0), -1);
	assert_int_equal(vub_dma_map(device, va, iova, 1ull << 40), -1); /* it ends inside */
	vub_dma_fini(dev);
	rte_free(va);
	vub_dev_close(dev);
}

/* The device reads and writes @p len bytes of @p va by messages. */
static void
assert_reached(uint8_t *va, uint32_t len)
{
	uint8_t bytes[3] = "abc";

	memset(va, 0x5a, len);
	assert_int_equal(rig_dma_write((uintptr_t)va + len - 3, bytes, 3), 0);
	assert_memory_equal(va + len - 5, "ZZabc", 5);
	assert_int_equal(rig_dma_read((uintptr_t)va + len - 4, bytes, 3), 0);
	assert_memory_equal(bytes, "Zab", 3);
	/* not a byte more */
	assert_int_equal(rig_dma_read((uintptr_t)va + len - 2, bytes, 3), -EFAULT);
	assert_int_equal(rig_dma_read((uintptr_t)va - 1, bytes, 1), -EFAULT);
}

static void
memory_of_the_application_is_reached_by_messages(void **state)
{
	struct vub_dev *dev = dev_open();
	struct rte_device *device = &dev->slot.pci.device;
	size_t len = 2 << 20;
	uint8_t *va = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int nb_maps;

	(void)state;
	assert_ptr_not_equal(va, MAP_FAILED);
	assert_int_equal(rte_extmem_register(va, len, NULL, 0, 4096), 0);
	assert_int_equal(vub_dma_init(dev), 0);
	assert_int_equal(vub_watch_init(dev), 0);
	nb_maps = rig_maps_get(NULL, 0);
	assert_int_equal(rig_dma_read((uintptr_t)va, maps, 1), -EFAULT); /* not asked for yet */
	assert_int_equal(vub_dma_map(device, va + 64, (uintptr_t)va + 64, 4096), -1);
	assert_int_equal(rte_errno, EINVAL);
	rig_log_take();
	assert_int_equal(vub_dma_map(device, va, (uintptr_t)va, len), 0);
	assert_non_null(strstr(rig_log_take(), "2097152 bytes, has no file: the device reaches it "
					       "by messages, slowly\n"));
	assert_int_equal(rig_maps_get(NULL, 0), nb_maps + 1);
	assert_reached(va, (uint32_t)len);
	assert_int_equal(vub_dma_map(device, va, (uintptr_t)va, len), 0); /* it is there */
	assert_int_equal(rig_maps_get(NULL, 0), nb_maps + 1);
	assert_int_equal(vub_dma_unmap(device, va, (uintptr_t)va, len / 2), -1); /* not that map */
	assert_int_equal(rte_errno, ENOENT);
	assert_int_equal(vub_dma_unmap(device, va, (uintptr_t)va, len), 0);
	assert_int_equal(rig_maps_get(NULL, 0), nb_maps);
	assert_int_equal(rig_dma_read((uintptr_t)va, maps, 1), -EFAULT);
	/* what is left at the end is taken back */
	assert_int_equal(vub_dma_map(device, va, 0, len), 0);
	vub_watch_fini(dev);
	vub_dma_fini(dev);
	assert_int_equal(rig_maps_get(NULL, 0), 0);
	assert_int_equal(rte_extmem_unregister(va, len), 0);
	munmap(va, len);
	vub_dev_close(dev);
}

/* Whichever map the server refuses: an error, and nothing stays mapped. */
static void
a_server_that_takes_no_map(void **state)
{
	struct vub_dev *dev;

	(void)state;
	rig_cfg.nb_maps_taken = 0;
	dev = dev_open();
	assert_int_equal(vub_dma_init(dev), -ENOSPC);
	assert_non_null(strstr(rig_log_take(), "vfio_user: vfu0: cannot share memory at IOVA 0x"));
	assert_int_equal(rig_maps_get(NULL, 0), 0);
	assert_false(dev->has_mem_event);
	assert_null(dev->maps.ranges);
	vub_dev_close(dev);
}

/* Nobody is there to take the maps back: not a wait for each. */
static void
a_dead_server_does_not_hold_the_end(void **state)
{
	struct vub_dev *dev = dev_open();
	uint64_t start;

	(void)state;
	assert_int_equal(vub_dma_init(dev), 0);
	rig_log_take();
	rig_server_stop();
	start = rte_rdtsc();
	vub_dma_fini(dev);
	assert_true(rte_rdtsc() - start < rte_get_tsc_hz() / 2);
	assert_null(dev->maps.ranges);
	assert_string_equal(rig_log_take(), "");
	vub_dev_close(dev);
}

/* ------------------------------------------------------------------------------ with "dynamic" --
 */

/* Pages that come while the device is there, and go again. */
static void
new_pages_are_shared_and_taken_back(void **state)
{
	struct vub_dev *dev = dev_open();
	unsigned int nb, nb_after;
	uint64_t iova;
	uint8_t *va;

	(void)state;
	assert_int_equal(vub_dma_init(dev), 0);
	assert_true(dev->has_mem_event);
	nb = rig_maps_get(NULL, 0);
	va = rte_malloc(NULL, 20 << 20, 1 << 21);
	assert_non_null(va);
	nb_after = rig_maps_get(NULL, 0);
	assert_in_range(nb_after - nb, 10, 12); /* a map for each page of 2 MiB */
	assert_shared(va, 20 << 20);
	iova = rte_mem_virt2iova(va);
	assert_int_equal(vub_dma_map(&dev->slot.pci.device, va, iova, 20 << 20), 0);
	rte_free(va);
	assert_int_equal(rig_maps_get(NULL, 0), nb);
	assert_null(server_at(iova));
	rte_errno = 0;
	assert_int_equal(vub_dma_map(&dev->slot.pci.device, va, iova, 20 << 20), -1);
	vub_dma_fini(dev);
	assert_false(dev->has_mem_event);
	assert_int_equal(rig_maps_get(NULL, 0), 0);
	vub_dev_close(dev);
}

/* What was there before is shared at the start, and gone with its page too. */
static void
old_pages_are_shared_and_taken_back(void **state)
{
	uint8_t *va = rte_malloc(NULL, 8 << 20, 1 << 21);
	struct vub_dev *dev = dev_open();
	unsigned int nb;

	(void)state;
	assert_non_null(va);
	assert_int_equal(vub_dma_init(dev), 0);
	nb = rig_maps_get(NULL, 0);
	assert_shared(va, 8 << 20);
	rte_free(va);
	assert_in_range(nb - rig_maps_get(NULL, 0), 4, 6);
	vub_dma_fini(dev);
	vub_dev_close(dev);
}

/* Events after the end do not reach the device; it is not looked at any more. */
static void
after_the_end_events_are_not_ours(void **state)
{
	struct vub_dev *dev = dev_open();
	uint8_t *va;

	(void)state;
	assert_int_equal(vub_dma_init(dev), 0);
	vub_dma_fini(dev);
	va = rte_malloc(NULL, 8 << 20, 1 << 21);
	assert_non_null(va);
	assert_int_equal(rig_maps_get(NULL, 0), 0);
	vub_dev_close(dev);
	memset(dev, 0xee, sizeof(*dev));
	rte_free(va);
}

/* The first maps are taken, a later one is not: those go back, and init says so. */
static void
a_server_that_takes_some_maps(void **state)
{
	uint8_t *va = rte_malloc(NULL, 20 << 20, 1 << 21);
	struct vub_dev *dev;

	(void)state;
	assert_non_null(va);
	rig_cfg.nb_maps_taken = 3;
	dev = dev_open();
	assert_int_equal(vub_dma_init(dev), -ENOSPC);
	assert_int_equal(rig_maps_get(NULL, 0), 0);
	assert_false(dev->has_mem_event);
	rte_free(va);
	vub_dev_close(dev);
}

/* A page that the server refuses later: said; the application goes on, and may free it. */
static void
a_new_page_that_is_refused(void **state)
{
	struct vub_dev *dev = dev_open();
	unsigned int nb;
	uint8_t *va;

	(void)state;
	assert_int_equal(vub_dma_init(dev), 0);
	nb = rig_maps_get(NULL, 0);
	rig_log_take();
	rig_cfg.nb_maps_taken = 0;
	va = rte_malloc(NULL, 4 << 20, 1 << 21);
	assert_non_null(va);
	assert_non_null(strstr(rig_log_take(), "vfio_user: vfu0: cannot share memory at IOVA 0x"));
	assert_int_equal(rig_maps_get(NULL, 0), nb);
	rte_free(va);
	assert_string_equal(rig_log_take(), "");
	assert_int_equal(rig_maps_get(NULL, 0), nb);
	vub_dma_fini(dev);
	vub_dev_close(dev);
}

/* Heaps of external memory come and go, as one map each. */
static void
new_external_heaps_are_reached_by_messages(void **state)
{
	struct vub_dev *dev = dev_open();
	size_t len = 2 << 20;
	uint8_t *va = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int nb_maps;

	(void)state;
	assert_ptr_not_equal(va, MAP_FAILED);
	assert_int_equal(vub_dma_init(dev), 0);
	assert_int_equal(vub_watch_init(dev), 0);
	nb_maps = rig_maps_get(NULL, 0);
	assert_int_equal(rte_malloc_heap_create("outside"), 0);
	assert_int_equal(rte_malloc_heap_memory_add("outside", va, len, NULL, 0, 4096), 0);
	assert_int_equal(rig_maps_get(NULL, 0), nb_maps + 1);
	assert_int_equal(rig_dma_write((uintptr_t)va + len - 3, "abc", 3), 0);
	assert_memory_equal(va + len - 3, "abc", 3);
	rig_log_take();
	assert_int_equal(rte_malloc_heap_memory_remove("outside", va, len), 0);
	assert_string_equal(rig_log_take(), "");
	assert_int_equal(rig_maps_get(NULL, 0), nb_maps);
	assert_int_equal(rig_dma_read((uintptr_t)va, maps, 1), -EFAULT);
	assert_int_equal(rte_malloc_heap_destroy("outside"), 0);
	munmap(va, len);
	vub_watch_fini(dev);
	vub_dma_fini(dev);
	vub_dev_close(dev);
}

static void
pages_come_and_go_without_a_server(void **state)
{
	struct vub_dev *dev = dev_open();
	uint8_t *va, *old;

	(void)state;
	assert_int_equal(vub_dma_init(dev), 0);
	old = rte_malloc(NULL, 4 << 20, 1 << 21);
	assert_non_null(old);
	rig_log_take();
	rig_server_stop();
	va = rte_malloc(NULL, 4 << 20, 1 << 21);
	assert_non_null(va); /* the application has its memory all the same */
	assert_int_equal(vup_client_check(dev->client, NULL), -ENOTCONN);
	rig_log_take();
	rte_free(va);
	rte_free(old);
	assert_string_equal(rig_log_take(), "");
	vub_dma_fini(dev);
	vub_dev_close(dev);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_memory_is_shared, rig_reset),
		cmocka_unit_test_setup(static_memory_is_one_map, rig_reset),
		cmocka_unit_test_setup(only_shared_memory_can_be_mapped, rig_reset),
		cmocka_unit_test_setup(memory_of_the_application_is_reached_by_messages, rig_reset),
		cmocka_unit_test_setup(a_server_that_takes_no_map, rig_reset),
		cmocka_unit_test_setup(a_dead_server_does_not_hold_the_end, rig_reset),
	};
	const struct CMUnitTest dynamic_tests[] = {
		cmocka_unit_test_setup(all_memory_is_shared, rig_reset),
		cmocka_unit_test_setup(new_pages_are_shared_and_taken_back, rig_reset),
		cmocka_unit_test_setup(old_pages_are_shared_and_taken_back, rig_reset),
		cmocka_unit_test_setup(after_the_end_events_are_not_ours, rig_reset),
		cmocka_unit_test_setup(a_server_that_takes_some_maps, rig_reset),
		cmocka_unit_test_setup(a_new_page_that_is_refused, rig_reset),
		cmocka_unit_test_setup(new_external_heaps_are_reached_by_messages, rig_reset),
		cmocka_unit_test_setup(pages_come_and_go_without_a_server, rig_reset),
	};

	if (argc == 1)
		return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
	if (strcmp(argv[1], "dynamic") != 0) {
		fprintf(stderr, "usage: test_vub_dma [dynamic]\n");
		return 2;
	}
	if (!rig_eal_start_huge()) {
		printf("EAL does not start with hugepages: are 64 MiB of 2 MiB pages free?\n");
		return 77;
	}
	return cmocka_run_group_tests(dynamic_tests, NULL, rig_group_teardown);
}
