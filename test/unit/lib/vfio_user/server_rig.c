/* SPDX-License-Identifier: BSD-3-Clause */
/* The device behind the tests of the server; see server_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "golden.h"
#include "server_rig.h"

#define RUN_ROUNDS_MAX 100000

static void
on_new(void *ctx, bool maps_regions)
{
	struct srv_rig *rig = ctx;

	assert_int_equal(rig->nb_new, rig->nb_gone);
	rig->nb_new++;
	rig->maps_regions = maps_regions;
}

static void
on_gone(void *ctx, const char *why)
{
	struct srv_rig *rig = ctx;

	rig->nb_gone++;
	assert_int_equal(rig->nb_new, rig->nb_gone);
	snprintf(rig->why, sizeof(rig->why), "%s", why);
	rig->nb_maps = 0;
	for (int i = 0; i < SRV_VECTORS; i++) {
		if (rig->irq_fds[i] >= 0)
			close(rig->irq_fds[i]);
		rig->irq_fds[i] = -1;
	}
}

static int
on_dma_map(void *ctx, uint64_t iova, uint64_t size, uint32_t prot, int fd, uint64_t offset)
{
	struct srv_rig *rig = ctx;

	rig->map.iova = iova;
	rig->map.size = size;
	rig->map.prot = prot;
	rig->map.has_fd = fd >= 0;
	rig->map.offset = offset;
	if (!rig->fail)
		rig->nb_maps++;
	return rig->fail;
}

static int
on_dma_unmap(void *ctx, uint64_t iova, uint64_t size)
{
	struct srv_rig *rig = ctx;

	assert_true(rig->nb_maps > 0);
	rig->map.iova = iova;
	rig->map.size = size;
	rig->nb_maps--;
	rig->nb_unmaps++;
	return rig->fail;
}

static void
note_access(struct srv_rig *rig, uint32_t region, uint64_t offset, uint32_t count)
{
	assert_true(count > 0 && count <= sizeof(rig->regs));
	assert_true(offset <= sizeof(rig->regs) - count);
	rig->nb_accesses++;
	rig->access.region = region;
	rig->access.offset = offset;
	rig->access.count = count;
}

static int
on_read(void *ctx, uint32_t region, uint64_t offset, void *buf, uint32_t count)
{
	struct srv_rig *rig = ctx;

	note_access(rig, region, offset, count);
	if (!rig->fail && !rig->lazy)
		memcpy(buf, rig->regs + offset, count);
	return rig->fail;
}

static int
on_write(void *ctx, uint32_t region, uint64_t offset, const void *buf, uint32_t count)
{
	struct srv_rig *rig = ctx;

	note_access(rig, region, offset, count);
	if (!rig->fail)
		memcpy(rig->regs + offset, buf, count);
	return rig->fail;
}

static int
on_set_irqs(void *ctx, uint32_t index, uint32_t start, uint32_t count, const int *fds)
{
	struct srv_rig *rig = ctx;

	assert_in_range(index, 2, 3);
	assert_true(count > 0 && start + count <= (index == 2 ? SRV_VECTORS : 1));
	rig->nb_set_irqs++;
	for (uint32_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			assert_int_equal(fcntl(fds[i], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	if (rig->fail)
		return rig->fail;
	for (uint32_t i = 0; i < count; i++) {
		if (rig->irq_fds[start + i] >= 0)
			close(rig->irq_fds[start + i]);
		rig->irq_fds[start + i] = fds[i];
	}
	return 0;
}

static int
on_reset(void *ctx)
{
	struct srv_rig *rig = ctx;

	rig->nb_resets++;
	return rig->fail;
}

int
srv_setup(void **state)
{
	static struct srv_rig rig;
	int err, file;

	fp_log_keep();
	memset(&rig, 0, sizeof(rig));
	memset(rig.irq_fds, 0xff, sizeof(rig.irq_fds)); /* -1 */
	rig.nb_fds_before = fds_count();
	fp_dir_make(&rig.dir);
	fp_files(&file, 1, 0x3000);
	rig.ops = (struct vup_server_ops){
		.client_new = on_new,
		.client_gone = on_gone,
		.dma_map = on_dma_map,
		.dma_unmap = on_dma_unmap,
		.region_read = on_read,
		.region_write = on_write,
		.set_irqs = on_set_irqs,
		.reset = on_reset,
	};
	rig.cfg = (struct vup_server_cfg){
		.path = rig.dir.sock,
		.name = "rig",
		.ops = &rig.ops,
		.ctx = &rig,
		.regions = { [0] = { 0x1000, 0x7, file, 0x2000 },
				[2] = { 0x8000, 0x3, -1, 0 },
				[4] = { 0x100, 0x1, -1, 0 },
				[7] = { 0x1000, 0x3, -1, 0 } },
		.nb_vectors = { [2] = SRV_VECTORS, [3] = 1 },
	};
	rig.srv = vup_server_create(&rig.cfg, &err);
	assert_non_null(rig.srv);
	assert_int_equal(err, 0);
	rig.nb_fds_idle = fds_count();
	*state = &rig;
	return 0;
}

int
srv_teardown(void **state)
{
	struct srv_rig *rig = *state;

	vup_server_destroy(rig->srv);
	assert_int_equal(access(rig->dir.sock, F_OK), -1);
	close(rig->cfg.regions[0].fd);
	assert_int_equal(rig->nb_new, rig->nb_gone);
	assert_int_equal(fds_count(), rig->nb_fds_before);
	fp_dir_remove(&rig->dir);
	return 0;
}

void
srv_run(struct srv_rig *rig)
{
	struct pollfd pfd = { .fd = vup_server_fd(rig->srv), .events = POLLIN };
	int rounds = 0;

	while (poll(&pfd, 1, 0) > 0) {
		vup_server_poll(rig->srv);
		assert_true(rounds++ < RUN_ROUNDS_MAX);
		if (rig->nb_new == rig->nb_gone + 1 && !vup_server_has_client(rig->srv))
			fail_msg("a client is attached and is not");
	}
	assert_int_equal(vup_server_poll(rig->srv), 0);
}

int
srv_client(struct srv_rig *rig)
{
	int peer = fp_connect(rig->dir.sock);

	srv_ask(rig, peer, GOLD_VERSION_ASK, GOLD_VERSION_REPLY);
	assert_true(vup_server_has_client(rig->srv));
	assert_int_equal(rig->nb_new, rig->nb_gone + 1);
	assert_false(rig->maps_regions);
	return peer;
}

int
srv_client_mapping(struct srv_rig *rig)
{
	int peer = fp_connect(rig->dir.sock);

	srv_ask(rig, peer, GOLD_VERSION_MAPS_ASK, GOLD_VERSION_MAPS_REPLY);
	assert_int_equal(rig->nb_new, rig->nb_gone + 1);
	assert_true(rig->maps_regions);
	return peer;
}

void
srv_ask_fds(struct srv_rig *rig, int peer, const char *ask, const int *fds, unsigned int nb_fds,
		const char *reply)
{
	fp_send_fds(peer, ask, fds, nb_fds);
	srv_run(rig);
	fp_expect(peer, reply);
	assert_true(rig->nb_gone == rig->nb_new || vup_server_has_client(rig->srv));
}

void
srv_ask(struct srv_rig *rig, int peer, const char *ask, const char *reply)
{
	srv_ask_fds(rig, peer, ask, NULL, 0, reply);
}

void
srv_expect_out(struct srv_rig *rig, int peer, const char *why)
{
	srv_run(rig);
	fp_expect_end(peer);
	close(peer);
	assert_false(vup_server_has_client(rig->srv));
	assert_int_equal(rig->nb_new, rig->nb_gone);
	assert_int_equal(rig->nb_maps, 0);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
	if (!fp_log_has(5, why))
		fail_msg("no warning says '%s'", why);
	fp_log_keep();
}

void
srv_expect_serves(struct srv_rig *rig)
{
	unsigned int nb_new = rig->nb_new;
	int peer = srv_client(rig), file;

	fp_files(&file, 1, 0x201000);
	srv_ask_fds(rig, peer, GOLD_MAP_ASK, &file, 1, GOLD_MAP_REPLY);
	close(file);
	assert_int_equal(rig->nb_maps, 1);
	srv_ask(rig, peer, GOLD_UNMAP_ASK, GOLD_UNMAP_REPLY);
	assert_int_equal(rig->nb_maps, 0);
	srv_ask(rig, peer, GOLD_READ_ASK,
			"0200 0900 24000000 01000000 00000000 1020000000000000 02000000 04000000 "
			"00000000");
	close(peer);
	srv_run(rig);
	assert_int_equal(rig->nb_new, nb_new + 1);
	assert_int_equal(rig->nb_gone, nb_new + 1);
	assert_string_equal(rig->why, "connection closed");
	assert_false(fp_log_has(5, ""));
	assert_int_equal(fds_count(), rig->nb_fds_idle);
	fp_log_keep();
}

int
srv_client_mapped(struct srv_rig *rig)
{
	int peer = srv_client(rig), file;

	fp_files(&file, 1, 0x201000);
	srv_ask_fds(rig, peer, GOLD_MAP_ASK, &file, 1, GOLD_MAP_REPLY);
	close(file);
	assert_int_equal(rig->nb_maps, 1);
	return peer;
}

void
srv_expect_unharmed(struct srv_rig *rig, int peer, unsigned int nb_fds)
{
	srv_ask(rig, peer, GOLD_RESET_ASK, GOLD_RESET_REPLY);
	fp_expect_silence(peer);
	assert_int_equal(fds_count(), rig->nb_fds_idle + 2 + nb_fds);
}

void
srv_leave(struct srv_rig *rig, int peer)
{
	fp_expect_silence(peer);
	close(peer);
	srv_run(rig);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
}
