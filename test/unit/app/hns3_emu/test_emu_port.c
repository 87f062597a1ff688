/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_port.c: requests of a client become calls of device, IOMMU and wire; what a
 * client leaves is gone with it; the report. The vfio-user server is a fake that hands out its
 * callbacks.
 */
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
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu_port.h"
#include "fds.h"
#include "log.h"

/* ---- the fake server, and threads that are not there ---- */

struct vup_server {
	struct vup_server_cfg cfg;
	bool has_client;
	unsigned int nb_polls;
	char dropped[128];
};

static struct vup_server the_server;
static int create_err;
static int pause_depth;
static unsigned int nb_pauses;

struct vup_server *
vup_server_create(const struct vup_server_cfg *cfg, int *err)
{
	*err = create_err;
	if (create_err)
		return NULL;
	the_server = (struct vup_server){ .cfg = *cfg };
	return &the_server;
}

static void
client_ends(const char *why)
{
	if (!the_server.has_client)
		return;
	the_server.has_client = false;
	the_server.cfg.ops->client_gone(the_server.cfg.ctx, why);
}

void
vup_server_destroy(struct vup_server *srv)
{
	if (srv)
		client_ends("the server ends");
}

unsigned int
vup_server_poll(struct vup_server *srv)
{
	srv->nb_polls++;
	return 0;
}

static uint8_t remote[0x1000]; /* what only messages reach, at 0x400000 */

int
vup_server_dma_read(struct vup_server *srv, uint64_t iova, void *buf, uint32_t len)
{
	assert_ptr_equal(srv, &the_server);
	memcpy(buf, remote + (iova - 0x400000), len);
	return 0;
}

int
vup_server_dma_write(struct vup_server *srv, uint64_t iova, const void *buf, uint32_t len)
{
	assert_ptr_equal(srv, &the_server);
	memcpy(remote + (iova - 0x400000), buf, len);
	return 0;
}

void
vup_server_drop_client(struct vup_server *srv, const char *why)
{
	snprintf(srv->dropped, sizeof(srv->dropped), "%s", why);
	client_ends(why);
}

void
emu_data_pause(void)
{
	pause_depth++;
	nb_pauses++;
}

void
emu_data_resume(void)
{
	pause_depth--;
	assert_true(pause_depth >= 0);
}

/* ---- life cycle ---- */

static struct emu_port port;
static char error_line[512];
static unsigned int nb_errors;

static void
sink(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	(void)module;
	if (level > BASE_LOG_WARNING)
		return;
	nb_errors++;
	vsnprintf(error_line, sizeof(error_line), fmt, ap);
}

static struct emu_port_opts opts;
static unsigned int nb_fds;

static int
setup(void **state)
{
	(void)state;
	opts = (struct emu_port_opts){ .socket = "/run/x.sock",
		.wire = "null",
		.device_id = 0xa222,
		.revision = 0x21,
		.mac = { 2, 0, 0, 0, 0, 9 },
		.nb_queues = 4 };
	create_err = nb_errors = nb_pauses = 0;
	pause_depth = 0;
	error_line[0] = '\0';
	base_log_sink_set(sink);
	nb_fds = fds_count();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(fds_count(), nb_fds);
	assert_int_equal(pause_depth, 0);
	base_log_sink_set(NULL);
	return 0;
}

/* A port with a client that has 64 KiB mapped at 0x100000 and an eventfd on vector 1. */
static int
attach(int *memfd)
{
	const struct vup_server_ops *ops;
	int efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), fds[1] = { dup(efd) };

	assert_int_equal(emu_port_open(&port, 3, &opts, NULL, NULL), 0);
	assert_int_equal(emu_port_connect(&port, &port, 1), 0);
	assert_int_equal(emu_port_listen(&port), 0);
	ops = the_server.cfg.ops;
	the_server.has_client = true;
	ops->client_new(&port, true);
	*memfd = memfd_create("client", MFD_CLOEXEC);
	assert_int_equal(ftruncate(*memfd, 0x10000), 0);
	assert_int_equal(ops->dma_map(&port, 0x100000, 0x10000, 3, *memfd, 0), 0);
	assert_int_equal(ops->set_irqs(&port, 2, 1, 1, fds), 0);
	return efd;
}

static uint64_t
events(int efd)
{
	uint64_t nb = 0;

	return read(efd, &nb, sizeof(nb)) == sizeof(nb) ? nb : 0;
}

static void
what_the_server_is_told(void **state)
{
	int memfd, efd = attach(&memfd);
	const struct vup_server_cfg *cfg = &the_server.cfg;

	(void)state;
	assert_string_equal(cfg->path, "/run/x.sock");
	assert_string_equal(cfg->name, "port 3");
	assert_int_equal(cfg->regions[2].size, 0x100000);
	assert_int_equal(cfg->regions[2].flags, 7);
	assert_int_equal(cfg->regions[7].size, 4096);
	assert_int_equal(cfg->regions[7].flags, 7);
	for (unsigned int i = 0; i < 9; i++) {
		if (i != 2 && i != 7) {
			assert_int_equal(cfg->regions[i].size, i == 0   ? 0x10000
							       : i == 4 ? 0x800000
									: 0);
			assert_int_equal(cfg->regions[i].flags, i == 0 || i == 4 ? 3 : 0);
			assert_int_equal(cfg->regions[i].fd, -1);
		}
	}
	assert_int_equal(cfg->nb_vectors[2], 6);
	assert_int_equal(cfg->nb_vectors[0] + cfg->nb_vectors[1], 0);
	emu_port_close(&port);
	close(memfd);
	close(efd);
}

static void
regions(void **state)
{
	int memfd, efd = attach(&memfd);
	const struct vup_server_ops *ops = the_server.cfg.ops;
	uint8_t b[4] = { 1, 0, 0, 0 };

	(void)state;
	assert_int_equal(ops->region_read(&port, 7, 0, b, 4), 0);
	assert_memory_equal(b, "\xe5\x19\x22\xa2", 4);
	memcpy(b, "\1\0\0\0", 4);
	assert_int_equal(ops->region_write(&port, 2, 0x20400, b, 4), 0);
	b[0] = 0;
	assert_int_equal(ops->region_read(&port, 2, 0x20400, b, 4), 0);
	assert_int_equal(b[0], 1);
	assert_int_equal(ops->region_read(&port, 2, 0x20401, b, 4), -EINVAL);
	assert_int_equal(ops->region_write(&port, 7, 4094, b, 4), -EINVAL);
	b[0] = 2;
	assert_int_equal(ops->region_write(&port, 7, 4, b, 1), 0);
	assert_int_equal(ops->region_read(&port, 7, 4, b, 2), 0);
	assert_int_equal(b[0], 2);
	assert_int_equal(ops->region_write(&port, 0, 0, b, 4), 0);
	assert_int_equal(ops->region_read(&port, 0, 0x8000, b, 4), 0);
	assert_memory_equal(b, "\0\0\0\0", 4);
	assert_int_equal(ops->region_read(&port, 4, 0x40, b, 4), 0);
	assert_memory_equal(b, "\xff\xff\xff\xff", 4);
	assert_int_equal(ops->reset(&port), 0);
	assert_int_equal(ops->region_read(&port, 2, 0x20400, b, 4), 0);
	assert_int_equal(b[0], 0);
	assert_int_equal(port.iommu.nb_maps, 1); /* a reset leaves maps */
	emu_port_close(&port);
	close(memfd);
	close(efd);
}

static void
interrupts(void **state)
{
	int memfd, efd = attach(&memfd), efd2 = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	const struct vup_server_ops *ops = the_server.cfg.ops;
	int fds[2] = { dup(efd2), -1 };

	(void)state;
	emu_port_irq(&port, 1);
	emu_port_irq(&port, 1);
	emu_port_irq(&port, 0);   /* has none */
	emu_port_irq(&port, 128); /* is none */
	assert_int_equal(events(efd), 2);
	assert_int_equal(port.nb_irqs, 2);
	/* vector 0 gets one, vector 1 loses its */
	assert_int_equal(ops->set_irqs(&port, 2, 0, 2, fds), 0);
	emu_port_irq(&port, 0);
	emu_port_irq(&port, 1);
	assert_int_equal(events(efd), 0);
	assert_int_equal(events(efd2), 1);
	assert_int_equal(ops->set_irqs(&port, 0, 0, 1, fds), -EINVAL);
	/* one that nobody reads is full at some time: nothing waits for it */
	assert_int_equal(write(efd2, (uint64_t[]){ UINT64_MAX - 1 }, 8), 8);
	emu_port_irq(&port, 0);
	assert_int_equal(nb_errors, 0);
	emu_port_close(&port);
	close(memfd);
	close(efd);
	close(efd2);
}

static void
dma(void **state)
{
	int memfd, efd = attach(&memfd);
	const struct vup_server_ops *ops = the_server.cfg.ops;

	(void)state;
	assert_int_equal(ops->dma_map(&port, 0x200000, 0x1000, 1, memfd, 0), 0);
	assert_non_null(emu_iommu_va(&port.iommu, 0x200000, 1, 1));
	assert_null(emu_iommu_va_slow(&port.iommu, 0x200000, 1, 2, false));
	assert_int_equal(ops->dma_map(&port, 0x300000, 0x1000, 2, memfd, 0), 0);
	assert_null(emu_iommu_va_slow(&port.iommu, 0x300000, 1, 1, false));
	assert_non_null(emu_iommu_va(&port.iommu, 0x300000, 1, 2));
	assert_int_equal(nb_errors, 0);
	assert_int_equal(ops->dma_map(&port, 0x400000, 0x1000, 3, -1, 0), 0);
	memset(remote, 0x5a, sizeof(remote));
	assert_int_equal(emu_dma_write(&port.iommu, 0x400010, "abc", 3), 0);
	assert_memory_equal(remote + 15, "\x5a\x61\x62\x63\x5a", 5);
	assert_int_equal(ops->dma_unmap(&port, 0x400000, 0x1000), 0);
	assert_int_equal(ops->dma_map(&port, 0x200000, 0x1000, 3, memfd, 0), -EEXIST);
	assert_string_equal(error_line,
			"port 3: refused to map IOVA 0x200000, 0x1000 bytes: File exists");
	assert_int_equal(ops->dma_unmap(&port, 0x200000, 0x1000), 0);
	assert_null(emu_iommu_va_slow(&port.iommu, 0x200000, 1, 1, false));
	assert_int_equal(port.iommu.nb_maps, 2);
	emu_port_close(&port);
	close(memfd);
	close(efd);
}

/* Nothing of a client stays; the next one finds the device as new, and counters go on. */
static void
a_client_goes(void **state)
{
	uint8_t byte = 1, b[4];
	int memfd, efd = attach(&memfd);
	const struct vup_server_ops *ops = the_server.cfg.ops;

	(void)state;
	assert_int_equal(ops->region_write(&port, 2, 0x20400, "\1\0\0\0", 4), 0);
	assert_int_equal(emu_dma_write(&port.iommu, 0x100000, &byte, 1), 0);
	assert_int_equal(emu_dma_write(&port.iommu, 0x110000, &byte, 1), -EFAULT);
	assert_true(port.has_client);
	client_ends("it closed the connection");
	assert_false(port.has_client);
	assert_int_equal(port.iommu.nb_maps, 0);
	assert_int_equal(port.iommu.live_bytes, 0);
	assert_int_equal(emu_dma_write(&port.iommu, 0x100000, &byte, 1), -EFAULT);
	emu_port_irq(&port, 1);
	assert_int_equal(events(efd), 0);
	for (unsigned int i = 0; i < 128; i++)
		assert_int_equal(port.eventfd[i], -1);
	assert_int_equal(ops->region_read(&port, 2, 0x20400, b, 4), 0);
	assert_int_equal(b[0], 0);
	the_server.has_client = true;
	ops->client_new(&port, false);
	assert_int_equal(port.nb_clients, 2);
	assert_int_equal(port.iommu.faults_write, 2);
	assert_true(nb_pauses >= 4);
	emu_port_close(&port);
	close(memfd);
	close(efd);
}

/* The client ends, not the emulator. */
static void
a_client_truncates_its_file(void **state)
{
	int memfd, efd = attach(&memfd);
	uint8_t byte = 1;

	(void)state;
	assert_int_equal(ftruncate(memfd, 0), 0);
	emu_port_service(&port);
	assert_true(port.has_client); /* nobody has looked yet */
	assert_int_equal(emu_dma_read(&port.iommu, 0x100000, &byte, 1), 0);
	assert_int_equal(byte, 0);
	emu_port_service(&port);
	assert_string_equal(the_server.dropped, "it truncated a file that it had given for DMA");
	assert_false(port.has_client);
	assert_int_equal(port.iommu.nb_maps, 0);
	the_server.dropped[0] = '\0';
	emu_port_service(&port);
	assert_string_equal(the_server.dropped, "");
	emu_port_close(&port);
	close(memfd);
	close(efd);
}

static void
what_cannot_be_opened(void **state)
{
	(void)state;
	opts.wire = "pcap:in=/dev/null/none";
	assert_true(emu_port_open(&port, 0, &opts, NULL, NULL) < 0);
	assert_non_null(strstr(error_line, "port 0: wire \"pcap\": cannot read"));
	emu_port_close(&port);
	opts.wire = "null";
	opts.device_id = 0x1234;
	opts.revision = 0x30;
	assert_int_equal(emu_port_open(&port, 0, &opts, NULL, NULL), -EINVAL);
	assert_string_equal(error_line,
			"port 0: cannot emulate device 1234 revision 0x30 with 4 "
			"queues: a PF is a220 to a226 or a228, a VF (vf=PORT) a22e or "
			"a22f, of revision 0x21 or 0x30");
	emu_port_close(&port);
	opts.device_id = 0xa222;
	opts.revision = 0x21;
	opts.wire = "link:1";
	assert_int_equal(emu_port_open(&port, 0, &opts, NULL, NULL), 0);
	assert_int_equal(emu_port_connect(&port, &port, 1), -EINVAL);
	assert_string_equal(error_line, "port 0: wire \"link:1\": there is no such port");
	emu_port_close(&port);
	assert_int_equal(nb_errors, 3);
	opts.wire = "null";
	create_err = -EADDRINUSE;
	assert_int_equal(emu_port_open(&port, 0, &opts, NULL, NULL), 0);
	assert_int_equal(emu_port_listen(&port), -EADDRINUSE);
	emu_port_close(&port);
}

/* ---- report ---- */

static int64_t
number(struct json_object *root, const char *group, const char *name)
{
	struct json_object *obj = root, *val;

	if (group)
		assert_true(json_object_object_get_ex(root, group, &obj));
	if (!json_object_object_get_ex(obj, name, &val))
		fail_msg("the report lacks \"%s\"", name);
	return json_object_get_int64(val);
}

static void
report(void **state)
{
	int memfd, efd = attach(&memfd);
	struct emu_frame f = { .len_bytes = 60, .nb_segs = 1 };
	const struct emu_frame *frames = &f;
	enum emu_tx_result next;
	struct json_object *root, *val, *drops;
	uint8_t frame[60] = { 0 };

	(void)state;
	f.seg[0] = (struct iovec){ frame, 60 };
	assert_int_equal(emu_port_tx(&port, &frames, 1, &next), 1);
	assert_int_equal(next, EMU_TX_TAKEN);
	assert_int_equal(emu_dma_read(&port.iommu, 0, frame, 1), -EFAULT);
	emu_port_irq(&port, 1);
	root = emu_port_report(&port);
	assert_int_equal(number(root, NULL, "port"), 3);
	assert_int_equal(number(root, NULL, "clients"), 1);
	assert_int_equal(number(root, NULL, "interrupts"), 1);
	assert_true(json_object_object_get_ex(root, "client_attached", &val));
	assert_true(json_object_get_boolean(val));
	assert_true(json_object_object_get_ex(root, "socket", &val));
	assert_string_equal(json_object_get_string(val), "/run/x.sock");
	assert_int_equal(number(root, "wire", "tx_pkts"), 1);
	assert_int_equal(number(root, "wire", "tx_bytes"), 60);
	assert_int_equal(number(root, "wire", "rx_pkts"), 0);
	assert_true(json_object_object_get_ex(root, "wire", &val));
	assert_int_equal(number(val, "drops", "no_bd"), 0);
	assert_int_equal(number(val, "drops", "tx_error"), 0);
	assert_int_equal(number(root, "iommu", "faults"), 1);
	assert_int_equal(number(root, "iommu", "faults_read"), 1);
	assert_int_equal(number(root, "iommu", "live_maps"), 1);
	assert_int_equal(number(root, "iommu", "live_bytes"), 65536);
	assert_int_equal(number(root, "iommu", "mapped"), 1);
	assert_int_equal(number(root, "iommu", "unmapped"), 0);
	assert_true(json_object_object_get_ex(root, "device", &val));
	assert_int_equal(number(val, "rx", "pkts"), 0);
	assert_true(json_object_object_get_ex(val, "rx_drops", &drops));
	assert_int_equal(number(val, "tx_drops", "wire"), 0);
	json_object_put(root);
	emu_port_close(&port);
	close(memfd);
	close(efd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_the_server_is_told),
		CASE(regions),
		CASE(interrupts),
		CASE(dma),
		CASE(a_client_goes),
		CASE(a_client_truncates_its_file),
		CASE(what_cannot_be_opened),
		CASE(report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
