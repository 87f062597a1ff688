/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/vfio_user/vup_client.c: what it asks, byte by byte, and what it makes of good answers; at the
 * end both sides of the library meet. Hostile answers: test_vup_client_hostile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client_rig.h"
#include "golden.h"

/* ---- negotiation ---- */

static void
negotiation_is_golden(void **state)
{
	struct cl_rig *rig = *state;

	cl_attach(rig);
	fp_same(rig->g.ask, (size_t)rig->g.ask_len, GOLD_VERSION_ASK);
	assert_int_equal(vup_client_check(rig->cl, rig->why), 0);
	assert_int_equal(fcntl(vup_client_fd(rig->cl), F_GETFD), FD_CLOEXEC);
	cl_detach(rig);
	rig->map_regions = true;
	cl_create(rig, GOLD_VERSION_MAPS_REPLY, 0);
	assert_non_null(rig->cl);
	fp_same(rig->g.ask, (size_t)rig->g.ask_len, GOLD_VERSION_MAPS_ASK);
	cl_detach(rig);
	cl_create(rig, "0100 0100 14000000 01000000 00000000 0000 0000", 0); /* all defaults */
	assert_non_null(rig->cl);
	vup_client_destroy(NULL);
}

/* ---- golden requests ---- */

static void
golden_information(void **state)
{
	struct cl_rig *rig = *state;
	uint32_t nb_regions = 0, nb_irqs = 0, nb_vectors = 0;
	struct vup_region region;
	int file;

	assert_int_equal(vup_client_device_info(cl_await(rig, GOLD_INFO_REPLY, NULL, 0),
					 &nb_regions, &nb_irqs),
			0);
	fp_expect(rig->peer, GOLD_INFO_ASK);
	assert_int_equal(nb_regions, 9);
	assert_int_equal(nb_irqs, 5);
	assert_int_equal(
			vup_client_irq_info(cl_await(rig, GOLD_IRQ_REPLY, NULL, 0), 2, &nb_vectors),
			0);
	fp_expect(rig->peer, GOLD_IRQ_ASK);
	assert_int_equal(nb_vectors, 32);
	assert_int_equal(vup_client_region_info(
					 cl_await(rig, GOLD_REGION2_REPLY, NULL, 0), 2, &region),
			0);
	fp_expect(rig->peer, GOLD_REGION2_ASK);
	assert_int_equal(region.size, 0x8000);
	assert_int_equal(region.flags, 3);
	assert_int_equal(region.fd, -1);
	cl_detach(rig);
	fp_files(&file, 1, 0x3000);
	cl_await(rig, GOLD_REGION0_MAPPED_REPLY, &file, 1);
	close(file);
	assert_int_equal(vup_client_region_info(rig->cl, 0, &region), 0);
	fp_expect(rig->peer, GOLD_REGION0_ASK);
	assert_int_equal(region.size, 0x1000);
	assert_int_equal(region.flags, 7);
	assert_int_equal(region.offset, 0x2000);
	assert_int_equal(fcntl(region.fd, F_GETFD), FD_CLOEXEC);
	close(region.fd); /* the caller's; detach finds all others closed */
}

static void
golden_memory_and_registers(void **state)
{
	struct cl_rig *rig = *state;
	uint8_t buf[4] = { 0 };
	int file;

	fp_files(&file, 1, 0x201000);
	assert_int_equal(vup_client_dma_map(cl_await(rig, GOLD_MAP_REPLY, NULL, 0),
					 UINT64_C(0x540000000), 0x200000, 3, file, 0x1000),
			0);
	fp_expect_fds(rig->peer, GOLD_MAP_ASK, 1);
	assert_int_equal(close(file), 0); /* borrowed */
	assert_int_equal(vup_client_dma_map(cl_await(rig, GOLD_MAP_REPLY, NULL, 0),
					 UINT64_C(0x540000000), 0x200000, 3, -1, 0x1000),
			0);
	fp_expect_fds(rig->peer, GOLD_MAP_ASK, 0);
	assert_int_equal(vup_client_dma_unmap(cl_await(rig, GOLD_UNMAP_REPLY, NULL, 0),
					 UINT64_C(0x540000000), 0x200000),
			0);
	fp_expect(rig->peer, GOLD_UNMAP_ASK);
	assert_int_equal(vup_client_region_read(cl_await(rig, GOLD_READ_REPLY, NULL, 0), 2, 0x2010,
					 buf, 4),
			0);
	fp_expect(rig->peer, GOLD_READ_ASK);
	fp_same(buf, 4, "efbeadde");
	assert_int_equal(vup_client_region_write(cl_await(rig, GOLD_WRITE_REPLY, NULL, 0), 2,
					 0x2010, "\x78\x56\x34\x12", 4),
			0);
	fp_expect(rig->peer, GOLD_WRITE_ASK);
	assert_int_equal(vup_client_reset(cl_await(rig, GOLD_RESET_REPLY, NULL, 0)), 0);
	fp_expect(rig->peer, GOLD_RESET_ASK);
}

static void
golden_interrupts(void **state)
{
	struct cl_rig *rig = *state;
	int fds[2];

	fp_eventfds(fds, 2);
	cl_await(rig, GOLD_SET_IRQS_REPLY, NULL, 0);
	assert_int_equal(vup_client_set_irqs(rig->cl, 2, 3, 2, fds), 0);
	fp_expect_fds(rig->peer, GOLD_SET_IRQS_ASK, 2);
	fp_close_all(fds, 2); /* borrowed */
	assert_int_equal(vup_client_clear_irqs(cl_await(rig, GOLD_SET_IRQS_REPLY, NULL, 0), 2), 0);
	fp_expect(rig->peer, GOLD_CLEAR_IRQS_ASK);
}

/* The server takes two descriptors and 4 bytes a message: five vectors are three messages. */
static void
the_servers_limits_are_kept(void **state)
{
	struct cl_rig *rig = *state;
	uint8_t buf[5];
	int fds[5];

	cl_create(rig,
			"0100 0100 4e000000 01000000 00000000 0000 0000 "
			"'{\"capabilities\":{\"max_msg_fds\":2,\"max_data_xfer_size\":4}}' 00",
			0);
	assert_non_null(rig->cl);
	fp_eventfds(fds, 5);
	fp_send(rig->peer, "0200 0800 10000000 01000000 00000000");
	assert_int_equal(vup_client_set_irqs(rig->cl, 2, 3, 2, fds), 0);
	fp_expect_fds(rig->peer, GOLD_SET_IRQS_ASK, 2);
	fp_send(rig->peer, "0300 0800 10000000 01000000 00000000"
			   "0400 0800 10000000 01000000 00000000");
	assert_int_equal(vup_client_set_irqs(rig->cl, 2, 0, 3, fds), 0);
	fp_expect_fds(rig->peer,
			"0300 0800 24000000 00000000 00000000 14000000 24000000 02000000 00000000 "
			"02000000",
			2);
	fp_expect_fds(rig->peer,
			"0400 0800 24000000 00000000 00000000 14000000 24000000 02000000 02000000 "
			"01000000",
			1);
	fp_close_all(fds, 5);
	assert_int_equal(vup_client_region_read(rig->cl, 2, 0, buf, 5), -EMSGSIZE);
	assert_int_equal(vup_client_region_write(rig->cl, 2, 0, buf, 5), -EMSGSIZE);
	fp_expect_silence(rig->peer);
	assert_int_equal(vup_client_check(rig->cl, NULL), 0);
}

/* ---- both sides of the library ---- */

#define NB_ASKERS 4
#define NB_ASKS   500

struct device {
	struct vup_server *srv;
	atomic_bool stop;
	uint8_t regs[256];
};

static int
device_read(void *ctx, uint32_t region, uint64_t offset, void *buf, uint32_t count)
{
	struct device *dev = ctx;

	memcpy(buf, dev->regs + offset, count);
	return region == 2 ? 0 : -EINVAL;
}

static int
device_write(void *ctx, uint32_t region, uint64_t offset, const void *buf, uint32_t count)
{
	struct device *dev = ctx;

	memcpy(dev->regs + offset, buf, count);
	return region == 2 ? 0 : -EINVAL;
}

static void *
device_thread(void *arg)
{
	struct device *dev = arg;

	while (!atomic_load(&dev->stop))
		if (vup_server_poll(dev->srv) == 0)
			usleep(50);
	return NULL;
}

struct asker {
	struct vup_client *cl;
	uint64_t offset;
	unsigned int nb_wrong;
};

/* Writes and reads back a word of its own. */
static void *
asker_thread(void *arg)
{
	struct asker *a = arg;
	uint32_t word;

	for (uint32_t i = 0; i < NB_ASKS; i++) {
		a->nb_wrong += vup_client_region_write(a->cl, 2, a->offset, &i, 4) != 0;
		word = ~i;
		a->nb_wrong += vup_client_region_read(a->cl, 2, a->offset, &word, 4) != 0;
		a->nb_wrong += word != i;
	}
	return NULL;
}

static void
threads_share_a_client(void **state)
{
	static const struct vup_server_ops ops = { .region_read = device_read,
		.region_write = device_write };
	static struct device dev;
	struct cl_rig *rig = *state;
	struct vup_server_cfg cfg = { .name = "dev", .ops = &ops, .ctx = &dev };
	struct vup_client_cfg client_cfg = { .timeout_ms = 5000 };
	struct asker askers[NB_ASKERS];
	pthread_t threads[NB_ASKERS + 1];
	char path[80];

	fp_log_keep();
	snprintf(path, sizeof(path), "%s/dev", rig->dir.path);
	cfg.path = client_cfg.path = path;
	cfg.regions[2] = (struct vup_region){ .size = 256, .flags = 3, .fd = -1 };
	dev.srv = vup_server_create(&cfg, &rig->err);
	assert_non_null(dev.srv);
	pthread_create(&threads[NB_ASKERS], NULL, device_thread, &dev);
	rig->cl = vup_client_create(&client_cfg, &rig->err, rig->why);
	for (int i = 0; i < NB_ASKERS && rig->cl; i++) {
		askers[i] = (struct asker){ .cl = rig->cl, .offset = (uint64_t)i * 4 };
		pthread_create(&threads[i], NULL, asker_thread, &askers[i]);
	}
	for (int i = 0; i < NB_ASKERS && rig->cl; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&dev.stop, true);
	pthread_join(threads[NB_ASKERS], NULL);
	vup_server_destroy(dev.srv);
	assert_non_null(rig->cl);
	for (int i = 0; i < NB_ASKERS; i++)
		assert_int_equal(askers[i].nb_wrong, 0);
	assert_int_equal(vup_client_check(rig->cl, NULL), -ENOTCONN);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, cl_setup, cl_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(negotiation_is_golden),
		CASE(golden_information),
		CASE(golden_memory_and_registers),
		CASE(golden_interrupts),
		CASE(the_servers_limits_are_kept),
		CASE(threads_share_a_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
