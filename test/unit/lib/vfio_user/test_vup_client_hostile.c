/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/vfio_user/vup_client.c against servers that refuse, lie, stop or leave: what ends the
 * connection and with what words, and that nothing leaks.
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
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_rig.h"
#include "deadline.h"
#include "golden.h"

#define ERROR_16(id_cmd, err) id_cmd "10000000 21000000 " err

/* ---- negotiation ---- */

static void
hostile_negotiation(void **state)
{
	static const struct {
		const char *reply;
		int err;
		const char *why;
		unsigned int nb_fds;
	} rows[] = {
		{ "", -EPROTO, "connection closed", 0 },
		{ "0100 0100 77", -EPROTO, "truncated header", 0 },
		{ ERROR_16("0100 0100", "10000000"), -EBUSY, "busy, another client", 0 },
		{ ERROR_16("0100 0100", "16000000"), -EINVAL, "vfio-user server?", 0 },
		{ ERROR_16("0100 0100", "00000000"), -EIO, "vfio-user server?", 0 },
		{ ERROR_16("0100 0100", "00100000"), -EIO, "vfio-user server?", 0 },
		{ ERROR_16("0100 0100", "eaffffff"), -EIO, "vfio-user server?", 0 },
		{ "0100 0100 14000000 01000000 00000000 0100 0000", -EPROTONOSUPPORT,
				"another version of vfio-user than ours (0.0)", 0 },
		{ "0100 0100 14000000 01000000 00000000 0000 0100", -EPROTO,
				"a newer minor version than proposed", 0 },
		{ "0200 0100 14000000 01000000 00000000 0000 0000", -EPROTO,
				"awaited the reply to VERSION, message 1", 0 },
		{ "0100 0400 14000000 01000000 00000000 0000 0000", -EPROTO,
				"got one to DEVICE_GET_INFO 4, message 1", 0 },
		{ "0100 0100 14000000 00000000 00000000 0000 0000", -EPROTO,
				"the server sent VERSION 1, which we do not serve", 0 },
		{ "0100 0100 0f000000 01000000 00000000", -EPROTO, "smaller than a header", 0 },
		{ "0100 0100 21400000 01000000 00000000", -EPROTO, "larger than any message", 0 },
		{ "0100 0100 14000000 03000000 00000000", -EPROTO, "neither command nor reply", 0 },
		{ "0100 0100 10000000 01000000 00000000", -EPROTO, "truncated version", 0 },
		{ "0100 0100 16000000 01000000 00000000 0000 0000 '{}'", -EPROTO,
				"no terminating NUL", 0 },
		{ "0100 0100 16000000 01000000 00000000 0000 0000 '{' 00", -EPROTO, "not JSON", 0 },
		{ "0100 0100 37000000 01000000 00000000 0000 0000 "
		  "'{\"capabilities\":{\"max_msg_fds\":0}}' 00",
				-EPROTO, "max_msg_fds is 0", 0 },
		{ GOLD_VERSION_REPLY, -EPROTO, "descriptors where none belong", 1 },
		{ GOLD_VERSION_REPLY, -EPROTO, "descriptors where none belong", 4 },
	};
	struct cl_rig *rig = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cl_create(rig, rows[i].reply, rows[i].nb_fds);
		assert_null(rig->cl);
		if (rig->err != rows[i].err || !strstr(rig->why, rows[i].why))
			fail_msg("%s: %d '%s'", rows[i].reply, rig->err, rig->why);
		assert_non_null(strstr(rig->why, rig->dir.sock));
		cl_detach(rig);
	}
}

static void
a_server_that_does_not_answer(void **state)
{
	struct cl_rig *rig = *state;
	struct vup_client_cfg cfg = { .path = rig->dir.sock, .timeout_ms = 60 };

	assert_null(vup_client_create(&cfg, &rig->err, rig->why)); /* nobody accepts */
	assert_int_equal(rig->err, -ETIMEDOUT);
	assert_non_null(strstr(rig->why, "no reply to VERSION within 60 ms"));
	close(accept(rig->g.listener, NULL, NULL));
	cfg.path = rig->dir.path;
	assert_null(vup_client_create(&cfg, &rig->err, rig->why));
	assert_int_equal(rig->err, -ENOTSOCK);
	cfg.path = "/nonexistent/sock";
	assert_null(vup_client_create(&cfg, &rig->err, rig->why));
	assert_int_equal(rig->err, -ENOENT);
	assert_non_null(strstr(rig->why, "no such socket"));
}

/* ---- hostile answers ---- */

static int
ask_info(struct vup_client *cl)
{
	uint32_t nb_regions, nb_irqs;

	return vup_client_device_info(cl, &nb_regions, &nb_irqs);
}

static int
ask_region0(struct vup_client *cl)
{
	struct vup_region region;
	int ret = vup_client_region_info(cl, 0, &region);

	assert_int_equal(region.fd, -1); /* the rows below succeed never */
	return ret;
}

static int
ask_irq(struct vup_client *cl)
{
	uint32_t nb = 77;
	int ret = vup_client_irq_info(cl, 2, &nb);

	assert_int_equal(nb, 0);
	return ret;
}

static int
ask_map(struct vup_client *cl)
{
	return vup_client_dma_map(cl, UINT64_C(0x540000000), 0x200000, 3, -1, 0);
}

static int
ask_unmap(struct vup_client *cl)
{
	return vup_client_dma_unmap(cl, UINT64_C(0x540000000), 0x200000);
}

static int
ask_read(struct vup_client *cl)
{
	uint8_t guarded[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	int ret = vup_client_region_read(cl, 2, 0x2010, guarded + 4, 4);

	fp_same(guarded, 12, "010203040506070809 0a0b0c"); /* no row gives data */
	return ret;
}

static int
ask_write(struct vup_client *cl)
{
	return vup_client_region_write(cl, 2, 0x2010, "abcd", 4);
}

static int
ask_clear(struct vup_client *cl)
{
	return vup_client_clear_irqs(cl, 2);
}

struct hostile {
	int (*ask)(struct vup_client *cl);
	const char *reply, *why;
	unsigned int nb_fds;
};

static const struct hostile hostile_rows[] = {
	/* not the answer */
	{ vup_client_reset, "0300 0d00 10000000 01000000 00000000", "message 3", 0 },
	{ vup_client_reset, "0200 0400 10000000 01000000 00000000", "got one to DEVICE_GET_INFO",
			0 },
	{ vup_client_reset, "0200 0b00 10000000 00000000 00000000",
			"the server sent a broken DMA_READ: wrong size", 0 },
	{ vup_client_reset, "0200 0d00 10000000 00000000 00000000",
			"the server sent DEVICE_RESET 13, which we do not serve", 0 },
	{ vup_client_reset, GOLD_RESET_ASK, "which we do not serve", 2 },
	{ vup_client_reset, "0200 0d00 0f000000 01000000 00000000", "smaller than a header", 1 },
	{ vup_client_reset, "0200 0d00 ffffffff 01000000 00000000", "larger than any", 16 },
	{ vup_client_reset, "0200 0d00 10000000 07000000 00000000", "neither command", 0 },
	/* more than the answer */
	{ vup_client_reset, "0200 0d00 11000000 01000000 00000000 00", "DEVICE_RESET is broken",
			0 },
	{ ask_map, "0200 0200 14000000 01000000 00000000 00000000", "wrong size", 0 },
	{ ask_clear, "0200 0800 14000000 01000000 00000000 00000000", "wrong size", 0 },
	{ vup_client_reset, GOLD_RESET_REPLY, "descriptors where none belong", 1 },
	{ vup_client_reset, GOLD_RESET_REPLY, "too many file descriptors", 17 },
	{ ask_info, GOLD_INFO_REPLY, "descriptors where none belong", 1 },
	{ ask_map, GOLD_MAP_REPLY, "descriptors where none belong", 16 },
	{ ask_read, GOLD_READ_REPLY, "descriptors where none belong", 1 },
	{ ask_region0, GOLD_REGION0_MAPPED_REPLY, "descriptors where none belong", 2 },
	{ ask_region0, ERROR_16("0200 0500", "16000000"), "descriptors where none belong", 2 },
	/* less, or other */
	{ ask_info, "0200 0400 1c000000 01000000 00000000 10000000 03000000 09000000", "wrong size",
			0 },
	{ ask_info, "0200 0400 20000000 01000000 00000000 0f000000 03000000 09000000 05000000",
			"argsz", 0 },
	{ ask_info,
			"0200 0400 24000000 01000000 00000000 10000000 03000000 09000000 05000000 "
			"00000000",
			"wrong size", 0 },
	{ ask_irq, "0200 0700 10000000 01000000 00000000", "wrong size", 0 },
	{ ask_irq, "0200 0700 20000000 01000000 00000000 10000000 01000000 03000000 20000000",
			"another index", 0 },
	{ ask_irq, "0200 0700 20000000 01000000 00000000 10000000 01000000 02000000 01080000",
			"more vectors than", 0 },
	{ ask_unmap, "0200 0300 10000000 01000000 00000000", "wrong size", 0 },
	{ ask_unmap, GOLD_UNMAP_ALL_REPLY, "another range", 0 },
	{ ask_unmap,
			"0200 0300 28000000 01000000 00000000 18000000 00000000 0000004005000000 "
			"0010000000000000",
			"another range", 0 },
	{ ask_unmap,
			"0200 0300 28000000 01000000 00000000 18000000 00000000 0010004005000000 "
			"0000200000000000",
			"another range", 0 },
	/* regions: no file; too many; a file for what is not mappable; too short; another index */
	{ ask_region0, GOLD_REGION0_MAPPED_REPLY, "no file descriptor", 0 },
	{ ask_region0, GOLD_REGION0_TRAPPED_REPLY, "for what cannot be mapped", 1 },
	{ ask_region0, GOLD_REGION2_REPLY, "another index", 0 },
	{ ask_region0,
			"0200 0500 30000000 01000000 00000000 20000000 07000000 00000000 00000000 "
			"0110000000000000 0020000000000000",
			"larger than its file", 1 },
	{ ask_region0,
			"0200 0500 30000000 01000000 00000000 20000000 07000000 00000000 00000000 "
			"0010000000000000 00f0ffffffffffff",
			"larger than its file", 1 },
	{ ask_region0,
			"0200 0500 30000000 01000000 00000000 20000000 07000000 00000000 00000000 "
			"00f0ffffffffffff 0020000000000000",
			"larger than its file", 1 },
	{ ask_region0,
			"0200 0500 38000000 01000000 00000000 38000000 0b000000 00000000 20000000 "
			"0010000000000000 0000000000000000 0100010000000000",
			"wrong size", 0 },
	/* transfers: one byte more, one less, more than it says, another place */
	{ ask_read,
			"0200 0900 25000000 01000000 00000000 1020000000000000 02000000 05000000 "
			"efbeadde55",
			"another access", 0 },
	{ ask_read,
			"0200 0900 23000000 01000000 00000000 1020000000000000 02000000 03000000 "
			"efbead",
			"another access", 0 },
	{ ask_read,
			"0200 0900 25000000 01000000 00000000 1020000000000000 02000000 04000000 "
			"efbeadde55",
			"wrong size", 0 },
	{ ask_read, "0200 0900 20000000 01000000 00000000 1020000000000000 02000000 04000000",
			"wrong size", 0 },
	{ ask_read, "0200 0900 20000000 01000000 00000000 1020000000000000 02000000 ffffffff",
			"exceeds max_data_xfer_size", 0 },
	{ ask_read,
			"0200 0900 24000000 01000000 00000000 1420000000000000 02000000 04000000 "
			"efbeadde",
			"another access", 0 },
	{ ask_read,
			"0200 0900 24000000 01000000 00000000 1020000000000000 03000000 04000000 "
			"efbeadde",
			"another access", 0 },
	{ ask_write, "0200 0a00 20000000 01000000 00000000 1020000000000000 02000000 03000000",
			"another access", 0 },
	{ ask_write,
			"0200 0a00 24000000 01000000 00000000 1020000000000000 02000000 04000000 "
			"78563412",
			"wrong size", 0 },
};

/* The connection is dead for the reason @p why: nothing more is asked, and it polls as ended. */
static void
expect_dead(struct cl_rig *rig, const char *why)
{
	struct vup_region region;
	struct fp_msg rest;
	uint8_t byte;
	int fd = -1;

	assert_int_equal(vup_client_check(rig->cl, rig->why), -ENOTCONN);
	if (!strstr(rig->why, why))
		fail_msg("awaited '%s', got '%s'", why, rig->why);
	fp_recv(rig->peer, FP_MSG_MAX, &rest); /* to the end */
	fp_msg_close(&rest);
	assert_int_equal(vup_client_reset(rig->cl), -ENOTCONN);
	assert_int_equal(ask_info(rig->cl), -ENOTCONN);
	assert_int_equal(ask_irq(rig->cl), -ENOTCONN);
	assert_int_equal(vup_client_region_info(rig->cl, 0, &region), -ENOTCONN);
	assert_int_equal(region.fd, -1);
	assert_int_equal(vup_client_set_irqs(rig->cl, 2, 0, 1, &fd), -ENOTCONN);
	assert_int_equal(vup_client_clear_irqs(rig->cl, 2), -ENOTCONN);
	assert_int_equal(ask_map(rig->cl), -ENOTCONN);
	assert_int_equal(ask_unmap(rig->cl), -ENOTCONN);
	assert_int_equal(vup_client_region_read(rig->cl, 2, 0, &byte, 1), -ENOTCONN);
	assert_int_equal(vup_client_region_write(rig->cl, 2, 0, &byte, 1), -ENOTCONN);
	/* The first reason stays. */
	rig->why[0] = '\0';
	assert_int_equal(vup_client_check(rig->cl, NULL), -ENOTCONN);
	assert_int_equal(vup_client_check(rig->cl, rig->why), -ENOTCONN);
	assert_non_null(strstr(rig->why, why));
}

static void
broken_answers_kill_the_connection(void **state)
{
	struct cl_rig *rig = *state;
	int fds[17], ret;

	for (size_t i = 0; i < sizeof(hostile_rows) / sizeof(hostile_rows[0]); i++) {
		fp_files(fds, 17, 0x3000);
		cl_attach(rig);
		fp_send_fds(rig->peer, hostile_rows[i].reply, fds, hostile_rows[i].nb_fds);
		fp_close_all(fds, 17);
		ret = hostile_rows[i].ask(rig->cl);
		if (ret != -EPROTO)
			fail_msg("%s: %d", hostile_rows[i].reply, ret);
		expect_dead(rig, hostile_rows[i].why);
		cl_detach(rig); /* looks for descriptors left open */
	}
}

/* A refusal is the request's, not the connection's; and it cannot pass for a broken connection. */
static void
refusals_leave_the_connection_alive(void **state)
{
	static const struct {
		const char *reply;
		int err;
	} rows[] = {
		{ ERROR_16("0200 0d00", "16000000"), -EINVAL },
		{ ERROR_16("0200 0d00", "5f000000"), -ENOTSUP },
		{ ERROR_16("0200 0d00", "00000000"), -EIO },
		{ ERROR_16("0200 0d00", "ff0f0000"), -4095 },
		{ ERROR_16("0200 0d00", "00100000"), -EIO },
		{ ERROR_16("0200 0d00", "ffffffff"), -EIO },
		{ ERROR_16("0200 0d00", "6b000000"), -EIO },                  /* ENOTCONN */
		{ ERROR_16("0200 0d00", "6e000000"), -EIO },                  /* ETIMEDOUT */
		{ ERROR_16("0200 0d00", "47000000"), -EIO },                  /* EPROTO */
		{ "0200 0d00 14000000 21000000 16000000 12345678", -EINVAL }, /* with a payload */
	};
	struct cl_rig *rig = *state;
	int file;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cl_await(rig, rows[i].reply, NULL, 0);
		assert_int_equal(vup_client_reset(rig->cl), rows[i].err);
		fp_expect(rig->peer, GOLD_RESET_ASK);
		assert_int_equal(vup_client_check(rig->cl, rig->why), 0);
		fp_send(rig->peer, "0300 0d00 10000000 01000000 00000000");
		assert_int_equal(vup_client_reset(rig->cl), 0);
		fp_expect(rig->peer, "0300 0d00 10000000 00000000 00000000");
	}
	/* A descriptor with a refusal is closed, at the latest by destroy. */
	cl_detach(rig);
	fp_files(&file, 1, 0x3000);
	cl_await(rig, ERROR_16("0200 0500", "16000000"), &file, 1);
	close(file);
	assert_int_equal(ask_region0(rig->cl), -EINVAL);
	assert_int_equal(vup_client_check(rig->cl, NULL), 0);
}

static void
answers_that_do_not_come(void **state)
{
	static const char *const rows[] = { "", "0200 09", "0200 0900 24000000 01000000 00000000",
		"0200 0900 24000000 01000000 00000000 1020000000000000 02000000 04000000 efbead" };
	struct cl_rig *rig = *state;
	int file;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cl_attach_hasty(rig);
		fp_files(&file, 1, 4096);
		if (i > 0) /* in the middle of a message, with a descriptor that must not leak */
			fp_send_fds(rig->peer, rows[i], &file, 1);
		close(file);
		assert_int_equal(ask_read(rig->cl), -ETIMEDOUT);
		expect_dead(rig, "no reply to REGION_READ within 60 ms");
		cl_detach(rig);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cl_attach(rig);
		if (i > 0)
			fp_send(rig->peer, rows[i]);
		shutdown(rig->peer, SHUT_WR);
		assert_int_equal(ask_read(rig->cl), -ENOTCONN);
		expect_dead(rig, i == 0   ? "REGION_READ: connection closed"
				 : i == 1 ? "after a truncated header"
					  : "in the middle of a message");
		cl_detach(rig);
	}
}

static void
a_server_that_is_gone(void **state)
{
	struct cl_rig *rig = *state;

	cl_attach(rig);
	close(rig->peer);
	rig->peer = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(vup_client_reset(rig->cl), -ENOTCONN);
	expect_dead(rig, "sending DEVICE_RESET failed");
}

/* 16 KiB writes that the server answers and never reads. */
static void
a_server_that_does_not_read(void **state)
{
	static const uint8_t data[16384];
	struct cl_rig *rig = *state;
	uint8_t reply[32];
	int ret = 0;

	cl_attach_hasty(rig);
	fp_bytes("0200 0a00 20000000 01000000 00000000 0000000000000000 02000000 00400000", reply,
			sizeof(reply));
	for (int i = 0; i < 100 && ret == 0; i++) {
		assert_true(fp_try_send(rig->peer, reply, 32, NULL, 0));
		ret = vup_client_region_write(rig->cl, 2, 0, data, 16384);
		reply[0]++;
	}
	assert_int_equal(ret, -ETIMEDOUT);
	assert_int_equal(vup_client_check(rig->cl, rig->why), -ENOTCONN);
	assert_non_null(strstr(rig->why, "did not take REGION_WRITE for 60 ms"));
}

static void
what_nobody_asked_for_kills(void **state)
{
	struct cl_rig *rig = *state;

	cl_attach(rig);
	assert_int_equal(vup_client_check(rig->cl, rig->why), 0);
	fp_send(rig->peer, "0100 0d00 10000000 0100"); /* not all of it yet */
	assert_int_equal(vup_client_check(rig->cl, rig->why), 0);
	fp_send(rig->peer, "0000 00000000");
	assert_int_equal(vup_client_check(rig->cl, rig->why), -ENOTCONN);
	assert_string_equal(rig->why, "the server sent a message that nobody asked for");
	cl_detach(rig);
	cl_attach(rig);
	shutdown(rig->peer, SHUT_WR);
	assert_int_equal(vup_client_check(rig->cl, rig->why), -ENOTCONN);
	assert_string_equal(rig->why, "connection closed");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, cl_setup, cl_teardown)

/* ---- a server that asks without end ---- */

#define FLOOD_MS 10000

static struct {
	int sock;
	atomic_bool stop, is_over;
	bool by_time; /* it was not the client that ended it */
} flood;

static void *
flood_run(void *arg)
{
	struct deadline d = deadline_in_ms(FLOOD_MS);
	uint8_t asks[100 * 32], answer[4096]; /* so many that there is always another one */

	for (size_t i = 0; i < sizeof(asks); i += 32)
		fp_bytes("0900 0b00 20000000 00000000 00000000 0010000000000000 0100000000000000",
				asks + i, 32);
	while (!atomic_load(&flood.stop) && !flood.by_time) {
		while (recv(flood.sock, answer, sizeof(answer), MSG_DONTWAIT) > 0)
			continue;
		if (send(flood.sock, asks, sizeof(asks), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
				errno != EAGAIN)
			break;
		flood.by_time = deadline_has_passed(&d);
	}
	atomic_store(&flood.is_over, true);
	return arg;
}

static pthread_t
flood_start(struct cl_rig *rig)
{
	pthread_t thread;

	memset(&flood, 0, sizeof(flood));
	flood.sock = rig->peer;
	assert_int_equal(pthread_create(&thread, NULL, flood_run, NULL), 0);
	return thread;
}

static void
requests_without_end_do_not_hold_a_request_up(void **state)
{
	struct cl_rig *rig = *state;
	pthread_t thread;

	cl_attach(rig);
	thread = flood_start(rig);
	assert_int_equal(vup_client_reset(rig->cl), -ETIMEDOUT);
	pthread_join(thread, NULL);
	assert_false(flood.by_time);
	assert_int_equal(vup_client_check(rig->cl, rig->why), -ENOTCONN);
	assert_string_equal(rig->why, "no reply to DEVICE_RESET within 1000 ms");
}

static void
requests_without_end_do_not_hold_a_check_up(void **state)
{
	struct cl_rig *rig = *state;
	pthread_t thread;

	cl_attach(rig);
	thread = flood_start(rig);
	usleep(20000); /* there is something to do */
	assert_int_equal(vup_client_check(rig->cl, rig->why), 0);
	assert_false(atomic_load(&flood.is_over));
	atomic_store(&flood.stop, true);
	pthread_join(thread, NULL);
	assert_false(flood.by_time);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(hostile_negotiation),
		CASE(a_server_that_does_not_answer),
		CASE(broken_answers_kill_the_connection),
		CASE(refusals_leave_the_connection_alive),
		CASE(answers_that_do_not_come),
		CASE(a_server_that_is_gone),
		CASE(a_server_that_does_not_read),
		CASE(what_nobody_asked_for_kills),
		CASE(requests_without_end_do_not_hold_a_request_up),
		CASE(requests_without_end_do_not_hold_a_check_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
