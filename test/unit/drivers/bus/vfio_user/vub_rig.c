/* SPDX-License-Identifier: BSD-3-Clause */
/* See vub_rig.h. */
#include "vub_rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_cycles.h>
#include <rte_devargs.h>
#include <rte_eal.h>

#define WAIT_MS 5000

struct rig_cfg rig_cfg;
static char socket_path[64];
const char *const rig_path = socket_path;

static struct {
	pthread_mutex_t lock;
	pthread_t thread;
	bool is_running;
	struct vup_server *srv;
	int stop_fd, config_fd, bar_fd;
	uint8_t *bar;
	struct rig_map maps[RIG_MAPS_MAX];
	unsigned int nb_maps, nb_map_calls, nb_gone;
	int vectors[RIG_VECTORS_MAX]; /* -1: none */
} rig = { .lock = PTHREAD_MUTEX_INITIALIZER };

static char *log_text;
static size_t log_len, log_taken;
static FILE *log_file;

/* ---------------------------------------------------------------------------- the device's side
 * -- */

static int
on_dma_map(void *ctx, uint64_t iova, uint64_t size, uint32_t prot, int fd, uint64_t offset)
{
	void *va = NULL;
	int ret = 0;

	(void)ctx;
	if (prot != (VUP_DMA_READ | VUP_DMA_WRITE))
		return -EINVAL;
	if (fd >= 0)
		va = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (va == MAP_FAILED)
		return -errno;
	pthread_mutex_lock(&rig.lock);
	if (rig.nb_map_calls++ >= rig_cfg.nb_maps_taken || rig.nb_maps == RIG_MAPS_MAX)
		ret = -ENOSPC;
	else
		rig.maps[rig.nb_maps++] = (struct rig_map){ .iova = iova, .size = size, .va = va };
	pthread_mutex_unlock(&rig.lock);
	if (ret && va)
		munmap(va, size);
	return ret;
}

int
rig_dma_read(uint64_t iova, void *buf, uint32_t len)
{
	return vup_server_dma_read(rig.srv, iova, buf, len);
}

int
rig_dma_write(uint64_t iova, const void *buf, uint32_t len)
{
	return vup_server_dma_write(rig.srv, iova, buf, len);
}

static int
on_dma_unmap(void *ctx, uint64_t iova, uint64_t size)
{
	int ret = -ENOENT;

	(void)ctx;
	pthread_mutex_lock(&rig.lock);
	for (unsigned int i = 0; i < rig.nb_maps; i++) {
		if (rig.maps[i].iova != iova || rig.maps[i].size != size)
			continue;
		if (rig.maps[i].va)
			munmap(rig.maps[i].va, size);
		rig.maps[i] = rig.maps[--rig.nb_maps];
		ret = 0;
	}
	pthread_mutex_unlock(&rig.lock);
	return ret;
}

static int
on_set_irqs(void *ctx, uint32_t index, uint32_t start, uint32_t count, const int *fds)
{
	(void)ctx;
	if (rig_cfg.irqs_are_refused || index != VUP_IRQ_MSIX || start + count > RIG_VECTORS_MAX)
		return -EINVAL;
	pthread_mutex_lock(&rig.lock);
	for (uint32_t i = 0; i < count; i++) {
		if (rig.vectors[start + i] >= 0)
			close(rig.vectors[start + i]);
		rig.vectors[start + i] = fds[i];
	}
	pthread_mutex_unlock(&rig.lock);
	return 0;
}

static void
on_client_gone(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
	pthread_mutex_lock(&rig.lock);
	while (rig.nb_maps > 0) {
		rig.nb_maps--;
		if (rig.maps[rig.nb_maps].va)
			munmap(rig.maps[rig.nb_maps].va, rig.maps[rig.nb_maps].size);
	}
	for (int i = 0; i < RIG_VECTORS_MAX; i++) {
		if (rig.vectors[i] >= 0)
			close(rig.vectors[i]);
		rig.vectors[i] = -1;
	}
	rig.nb_gone++;
	pthread_mutex_unlock(&rig.lock);
}

static const struct vup_server_ops server_ops = {
	.client_gone = on_client_gone,
	.dma_map = on_dma_map,
	.dma_unmap = on_dma_unmap,
	.set_irqs = on_set_irqs,
};

static void *
server_run(void *arg)
{
	struct pollfd fds[] = { { .fd = vup_server_fd(rig.srv), .events = POLLIN },
		{ .fd = rig.stop_fd, .events = POLLIN } };

	while (fds[1].revents == 0) {
		poll(fds, 2, -1);
		vup_server_poll(rig.srv);
	}
	vup_server_destroy(rig.srv);
	return arg;
}

/* 7357:a222 (no vendor of any driver), subsystem 1234:5678, class 0x020000, in the places of a type
 * 0 header. */
static void
config_write(void)
{
	static const uint8_t ids[] = { 0x57, 0x73, 0x22, 0xa2 }, class[] = { 0x00, 0x00, 0x02 };
	static const uint8_t subsystem[] = { 0x34, 0x12, 0x78, 0x56 };

	rig.config_fd = memfd_create("config", MFD_CLOEXEC);
	assert_int_equal(ftruncate(rig.config_fd, RIG_CONFIG_BYTES), 0);
	assert_int_equal(pwrite(rig.config_fd, ids, 4, 0x00), 4);
	assert_int_equal(pwrite(rig.config_fd, class, 3, 0x09), 3);
	assert_int_equal(pwrite(rig.config_fd, subsystem, 4, 0x2c), 4);
}

static void
bar_make(void)
{
	rig.bar_fd = memfd_create("bar", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(rig.bar_fd, RIG_BAR_BYTES + 4096), 0);
	if (!rig_cfg.bar_is_unsealed)
		assert_int_equal(fcntl(rig.bar_fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	rig.bar = mmap(NULL, RIG_BAR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, rig.bar_fd, 0);
	assert_ptr_not_equal(rig.bar, MAP_FAILED);
}

void
rig_server_start(void)
{
	struct vup_server_cfg cfg = { .path = rig_path, .name = "rig", .ops = &server_ops };
	uint32_t rw = VUP_REGION_READ | VUP_REGION_WRITE;
	int err;

	config_write();
	bar_make();
	for (int i = 0; i < VUP_NB_REGIONS; i++)
		cfg.regions[i].fd = -1;
	cfg.regions[VUP_REGION_BAR0] = (struct vup_region){ RIG_BAR_BYTES, rw | VUP_REGION_MMAP,
		rig.bar_fd, rig_cfg.bar_offset };
	cfg.regions[VUP_REGION_CONFIG] = (struct vup_region){ rig_cfg.config_bytes,
		rig_cfg.config_is_trapped ? rw : rw | VUP_REGION_MMAP,
		rig_cfg.config_is_trapped ? -1 : rig.config_fd, 0 };
	cfg.nb_vectors[VUP_IRQ_MSIX] = rig_cfg.nb_vectors;
	rig.nb_map_calls = rig.nb_gone = 0;
	rig.stop_fd = eventfd(0, EFD_CLOEXEC);
	rig.srv = vup_server_create(&cfg, &err);
	assert_non_null(rig.srv);
	assert_int_equal(pthread_create(&rig.thread, NULL, server_run, NULL), 0);
	rig.is_running = true;
}

void
rig_server_stop(void)
{
	if (!rig.is_running)
		return;
	assert_int_equal(eventfd_write(rig.stop_fd, 1), 0);
	pthread_join(rig.thread, NULL);
	munmap(rig.bar, RIG_BAR_BYTES);
	close(rig.bar_fd);
	close(rig.config_fd);
	close(rig.stop_fd);
	rig.is_running = false;
}

uint8_t *
rig_bar(void)
{
	return rig.bar;
}

unsigned int
rig_maps_get(struct rig_map maps[], unsigned int size)
{
	unsigned int nb;

	pthread_mutex_lock(&rig.lock);
	nb = rig.nb_maps;
	if (maps != NULL)
		memcpy(maps, rig.maps, RTE_MIN(nb, size) * sizeof(*maps));
	pthread_mutex_unlock(&rig.lock);
	return nb;
}

unsigned int
rig_vectors_get(void)
{
	unsigned int nb = 0;

	pthread_mutex_lock(&rig.lock);
	for (int i = 0; i < RIG_VECTORS_MAX; i++)
		nb += rig.vectors[i] >= 0;
	pthread_mutex_unlock(&rig.lock);
	return nb;
}

void
rig_vector_raise(uint32_t vector)
{
	pthread_mutex_lock(&rig.lock);
	assert_int_equal(eventfd_write(rig.vectors[vector], 1), 0);
	pthread_mutex_unlock(&rig.lock);
}

unsigned int
rig_clients_gone(void)
{
	unsigned int nb;

	pthread_mutex_lock(&rig.lock);
	nb = rig.nb_gone;
	pthread_mutex_unlock(&rig.lock);
	return nb;
}

void
rig_wait_gone(unsigned int nb)
{
	for (int ms = 0; ms < WAIT_MS && rig_clients_gone() < nb; ms++)
		rte_delay_us_sleep(1000);
	assert_int_equal(rig_clients_gone(), nb);
}

/* -------------------------------------------------------------------------------- the bus's side
 * --
 */

const char *
rig_args(const char *more)
{
	static char text[256];

	snprintf(text, sizeof(text), "socket=%s%s", rig_path, more);
	return text;
}

struct vub_dev *
rig_dev(const char *name, const char *args)
{
	static struct vub_dev dev;
	static struct rte_devargs devargs;
	static char kept[512];

	memset(&dev, 0, sizeof(dev));
	memset(&devargs, 0, sizeof(devargs));
	snprintf(dev.name, sizeof(dev.name), "%s", name);
	dev.config_fd = -1;
	dev.slot.pci.device.name = dev.name;
	if (args != NULL) {
		snprintf(kept, sizeof(kept), "%s", args);
		devargs.args = kept;
		dev.slot.pci.device.devargs = &devargs;
	}
	return &dev;
}

const char *
rig_log_take(void)
{
	static char taken[8192];

	fflush(log_file);
	snprintf(taken, sizeof(taken), "%s", log_text + log_taken);
	log_taken = log_len;
	return taken;
}

unsigned int
rig_nb_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	char path[300], what[64];
	const struct dirent *e;
	unsigned int nb = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%s", e->d_name);
		len = readlink(path, what, sizeof(what) - 1);
		if (len < 0)
			continue;
		what[len] = '\0';
		nb += strcmp(what, "anon_inode:[eventpoll]") != 0;
	}
	closedir(d);
	return nb;
}

/* ----------------------------------------------------------------------------------- life cycle --
 */

static int
eal_start(const char *memory, const char *more)
{
	static char words[][32] = { "vub_rig", "--no-pci", "--no-shconf", "--no-telemetry",
		"--lcores=0@0", "--log-level=error", "--iova-mode=va", "", "" };
	static char *args[RTE_DIM(words) + 1];
	int ret;

	snprintf(words[7], sizeof(words[7]), "%s", memory);
	snprintf(words[8], sizeof(words[8]), "%s", more);
	for (size_t i = 0; i < RTE_DIM(words); i++)
		args[i] = words[i];
	ret = rte_eal_init(RTE_DIM(words), args);
	if (ret < 0)
		return ret;
	log_file = open_memstream(&log_text, &log_len);
	assert_non_null(log_file);
	rte_openlog_stream(log_file);
	rte_log_set_level_pattern("bus.vfio_user", RTE_LOG_DEBUG);
	rte_log_set_global_level(RTE_LOG_DEBUG);
	snprintf(socket_path, sizeof(socket_path), "/dev/shm/vub-rig-%d.sock", (int)getpid());
	memset(rig.vectors, 0xff, sizeof(rig.vectors));
	return rig_reset(NULL);
}

int
rig_group_setup(void **state)
{
	(void)state;
	return eal_start("--no-huge", "-m64");
}

bool
rig_eal_start_huge(void)
{
	return eal_start("--in-memory", "--single-file-segments") == 0;
}

int
rig_group_teardown(void **state)
{
	rig_reset(state);
	rte_openlog_stream(NULL);
	fclose(log_file);
	free(log_text);
	return rte_eal_cleanup();
}

int
rig_reset(void **state)
{
	(void)state;
	rig_server_stop();
	rig_cfg = (struct rig_cfg){
		.nb_vectors = 8, .config_bytes = RIG_CONFIG_BYTES, .nb_maps_taken = UINT32_MAX
	};
	rig_log_take();
	return 0;
}
