/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/vfio_user/vup_server.c: who is served, in what order and at what pace, and that a client's
 * end leaves nothing behind. What the commands do: test_vup_server_cmd.c; what clients must not
 * send: test_vup_server_hostile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "golden.h"
#include "server_rig.h"

#define ERROR_16(id_cmd, err) id_cmd "10000000 21000000 " err

/* ---- life cycle ---- */

static void
the_socket_file_is_the_owners(void **state)
{
	struct srv_rig *rig = *state;
	struct stat st;

	assert_int_equal(stat(rig->dir.sock, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(vup_server_poll(rig->srv), 0);
	assert_false(vup_server_has_client(rig->srv));
	vup_server_drop_client(rig->srv, "nobody"); /* nobody there: no-op */
	assert_int_equal(rig->nb_gone, 0);
	vup_server_destroy(NULL);
}

static void
a_server_that_lives_keeps_its_place(void **state)
{
	struct srv_rig *rig = *state;
	struct vup_server *other;
	int err = 0;

	other = vup_server_create(&rig->cfg, &err);
	assert_null(other);
	assert_int_equal(err, -EADDRINUSE);
	assert_true(fp_log_has(4, "in use by a running server"));
	fp_log_keep();
	srv_run(rig); /* it has noticed a caller that left; no client was told of */
	assert_int_equal(rig->nb_new, 0);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
	srv_expect_serves(rig);
}

static void
a_stale_socket_file_is_taken_over(void **state)
{
	struct srv_rig *rig = *state;
	int err = -1;

	vup_server_destroy(rig->srv);
	close(fp_listen(rig->dir.sock));
	assert_int_equal(access(rig->dir.sock, F_OK), 0);
	rig->srv = vup_server_create(&rig->cfg, &err);
	assert_non_null(rig->srv);
	assert_int_equal(err, 0);
	srv_expect_serves(rig);
}

static void
a_path_that_is_no_socket_is_left_alone(void **state)
{
	struct srv_rig *rig = *state;
	char path[80];
	int err = 0;

	rig->cfg.path = strcat(strcpy(path, rig->dir.path), "/file");
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_null(vup_server_create(&rig->cfg, &err));
	assert_int_equal(err, -EEXIST);
	assert_true(fp_log_has(4, "not a socket"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
}

static void
impossible_devices_are_refused_and_logged(void **state)
{
	struct srv_rig *rig = *state;
	struct vup_server_cfg cfg = rig->cfg;
	int err = 0;

	cfg.nb_vectors[2] = 2049;
	assert_null(vup_server_create(&cfg, &err));
	assert_int_equal(err, -EINVAL);
	assert_true(fp_log_has(4, "2048"));
	fp_log_keep();
	cfg = rig->cfg;
	cfg.regions[7].flags = 0x7;
	assert_null(vup_server_create(&cfg, &err));
	assert_int_equal(err, -EINVAL);
	assert_true(fp_log_has(4, "region 7"));
}

static void
a_client_comes_and_goes(void **state)
{
	struct srv_rig *rig = *state;

	for (int i = 0; i < 3; i++)
		srv_expect_serves(rig);
	assert_int_equal(rig->nb_gone, 3);
}

static void
a_client_can_be_thrown_out(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig), file;

	fp_files(&file, 1, 0x201000);
	srv_ask_fds(rig, peer, GOLD_MAP_ASK, &file, 1, GOLD_MAP_REPLY);
	close(file);
	vup_server_drop_client(rig->srv, "tired of it");
	assert_string_equal(rig->why, "tired of it");
	assert_true(fp_log_has(6, "tired of it"));
	assert_int_equal(rig->nb_unmaps, 0); /* client_gone does it */
	assert_int_equal(rig->nb_maps, 0);
	fp_expect_end(peer);
	close(peer);
	fp_log_keep();
	srv_expect_serves(rig);
}

static void
the_end_of_the_server_is_the_clients(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig), waiting = fp_connect(rig->dir.sock), err;

	srv_run(rig);
	vup_server_destroy(rig->srv);
	assert_string_equal(rig->why, "the device shuts down");
	fp_expect_end(peer);
	fp_expect_end(waiting);
	close(peer);
	close(waiting);
	assert_int_equal(access(rig->dir.sock, F_OK), -1);
	rig->srv = vup_server_create(&rig->cfg, &err);
	assert_non_null(rig->srv);
}

/* Teardown finds the other's file in place if it was not removed. */
static void
anothers_socket_file_is_not_removed(void **state)
{
	struct srv_rig *rig = *state;
	int other, err;

	unlink(rig->dir.sock);
	other = fp_listen(rig->dir.sock);
	vup_server_destroy(rig->srv);
	assert_int_equal(access(rig->dir.sock, F_OK), 0);
	close(other);
	rig->srv = vup_server_create(&rig->cfg, &err);
	assert_non_null(rig->srv);
}

static void
a_device_without_callbacks_answers(void **state)
{
	struct srv_rig *rig = *state;
	int peer;

	memset(&rig->ops, 0, sizeof(rig->ops));
	peer = fp_connect(rig->dir.sock);
	fp_send(peer, GOLD_VERSION_ASK);
	srv_run(rig);
	fp_expect(peer, GOLD_VERSION_REPLY);
	srv_ask(rig, peer, GOLD_MAP_ASK, ERROR_16("0200 0200", "5f000000"));
	srv_ask(rig, peer, GOLD_READ_ASK, ERROR_16("0200 0900", "5f000000"));
	srv_ask(rig, peer, GOLD_WRITE_ASK, ERROR_16("0200 0a00", "5f000000"));
	srv_ask(rig, peer, GOLD_SET_IRQS_ASK, ERROR_16("0200 0800", "5f000000"));
	srv_ask(rig, peer, GOLD_RESET_ASK, ERROR_16("0200 0d00", "5f000000"));
	srv_ask(rig, peer, GOLD_UNMAP_ASK, GOLD_UNMAP_REPLY); /* of nothing */
	/* Nor can it be reset: flag bit 0 of the device info is clear. */
	srv_ask(rig, peer, GOLD_INFO_ASK,
			"0200 0400 20000000 01000000 00000000 10000000 02000000 09000000 05000000");
	close(peer);
	srv_run(rig);
	assert_false(vup_server_has_client(rig->srv));
}

/* ---- another client ---- */

static void
a_second_client_is_told_busy(void **state)
{
	struct srv_rig *rig = *state;
	int first = srv_client(rig), second;

	for (int i = 0; i < 3; i++) {
		second = fp_connect(rig->dir.sock);
		fp_send(second, GOLD_VERSION_ASK);
		srv_run(rig);
		fp_expect(second, ERROR_16("0100 0100", "10000000"));
		fp_expect_end(second);
		close(second);
	}
	assert_true(fp_log_has(5, "another client refused: busy"));
	assert_int_equal(rig->nb_new, 1);
	srv_ask(rig, first, GOLD_RESET_ASK, GOLD_RESET_REPLY);
	close(first);
	srv_run(rig);
	fp_log_keep();
	srv_expect_serves(rig);
}

static void
a_refused_client_has_no_way_in(void **state)
{
	struct srv_rig *rig = *state;
	int first = srv_client(rig), second, fds[2];

	/* It speaks nonsense, with descriptors; or half a message; or nothing at all. */
	second = fp_connect(rig->dir.sock);
	fp_files(fds, 2, 4096);
	fp_send_fds(second, GOLD_MAP_ASK, fds, 2);
	srv_run(rig);
	fp_expect(second, ERROR_16("0200 0200", "10000000"));
	fp_expect_end(second);
	close(second);
	second = fp_connect(rig->dir.sock);
	fp_send_fds(second, "0100 01", fds, 1);
	srv_run(rig);
	fp_expect_silence(second);
	close(second);
	srv_run(rig);
	second = fp_connect(rig->dir.sock);
	fp_send(second, "0100 0100 00000000 00000000 00000000");
	srv_run(rig);
	fp_expect_end(second);
	close(second);
	second = fp_connect(rig->dir.sock);
	srv_run(rig);
	close(fp_connect(rig->dir.sock)); /* takes its place */
	srv_run(rig);
	fp_expect_end(second);
	close(second);
	fp_close_all(fds, 2);
	assert_int_equal(rig->nb_maps, 0);
	assert_int_equal(rig->nb_new, 1);
	srv_ask(rig, first, GOLD_RESET_ASK, GOLD_RESET_REPLY);
	close(first);
	srv_run(rig);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
}

/* The first goes and the next comes between two polls: no "busy". */
static void
a_successor_is_not_refused(void **state)
{
	struct srv_rig *rig = *state;
	int first = srv_client(rig), second;

	close(first);
	second = fp_connect(rig->dir.sock);
	fp_send(second, GOLD_VERSION_ASK);
	srv_run(rig);
	fp_expect(second, GOLD_VERSION_REPLY);
	assert_int_equal(rig->nb_new, 2);
	assert_int_equal(rig->nb_gone, 1);
	close(second);
	srv_run(rig);
}

/* Who connects and never negotiates keeps others out for two seconds, not longer. */
static void
a_silent_client_cannot_block_the_device(void **state)
{
	struct srv_rig *rig = *state;
	int silent = fp_connect(rig->dir.sock), next;

	fp_send(silent, "0100 0100 7700"); /* stops in the middle of its header */
	srv_run(rig);
	next = fp_connect(rig->dir.sock);
	fp_send(next, GOLD_VERSION_ASK);
	srv_run(rig);
	fp_expect(next, ERROR_16("0100 0100", "10000000"));
	close(next);
	usleep(2050 * 1000);
	next = fp_connect(rig->dir.sock);
	fp_send(next, GOLD_VERSION_ASK);
	srv_run(rig);
	fp_expect(next, GOLD_VERSION_REPLY);
	assert_true(fp_log_has(5, "it did not negotiate"));
	fp_expect_end(silent);
	assert_int_equal(rig->nb_gone, 0); /* it had never been announced */
	close(silent);
	close(next);
	srv_run(rig);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
}

/* ---- order and pace ---- */

static void
pipelined_commands_are_answered_in_order(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);
	unsigned int done = 0;

	for (int i = 0; i < 20; i++)
		fp_send(peer, GOLD_RESET_ASK GOLD_INFO_ASK);
	done = vup_server_poll(rig->srv);
	assert_in_range(done, 1, 39); /* other work gets its turn */
	srv_run(rig);
	for (int i = 0; i < 20; i++)
		fp_expect(peer, GOLD_RESET_REPLY GOLD_INFO_REPLY);
	fp_expect_silence(peer);
	assert_int_equal(rig->nb_resets, 20);
	close(peer);
}

static void
no_reply_is_respected(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	srv_ask(rig, peer,
			"0500 0a00 24000000 10000000 00000000 1020000000000000 02000000 04000000 "
			"efbeadde"
			"0600 0900 20000000 10000000 00000000 0000000000000000 05000000 04000000"
			"0200 0900 20000000 00000000 00000000 1020000000000000 02000000 04000000",
			GOLD_READ_REPLY);
	fp_expect_silence(peer);
	/* Nor is the end announced. */
	fp_send(peer, "0700 0e00 10000000 10000000 00000000");
	srv_expect_out(rig, peer, "unknown command");
}

static void
who_does_not_read_answers_is_thrown_out(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	for (int i = 0; i < 200 && vup_server_has_client(rig->srv); i++) {
		if (send(peer,
				    "\2\0\x9\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0"
				    "\x40\0\0",
				    32, MSG_NOSIGNAL) != 32)
			break;
		srv_run(rig);
	}
	assert_false(vup_server_has_client(rig->srv));
	assert_non_null(strstr(rig->why, "REGION_READ 9: it does not read its answers"));
	close(peer);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
	fp_log_keep();
	srv_expect_serves(rig);
}

/* In the middle of a message a client waits for itself; the server goes on. */
static void
half_a_message_blocks_nobody_else(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig), file, second;

	fp_files(&file, 1, 0x201000);
	fp_send_fds(peer, "0200 0200 30000000 00000000 00000000 20000000 0300", &file, 1);
	srv_run(rig);
	fp_expect_silence(peer);
	second = fp_connect(rig->dir.sock);
	fp_send(second, GOLD_VERSION_ASK);
	srv_run(rig);
	fp_expect(second, ERROR_16("0100 0100", "10000000"));
	close(second);
	srv_ask(rig, peer, "0000 0010000000000000 0000004005000000 0000200000000000",
			GOLD_MAP_REPLY);
	assert_true(rig->map.has_fd);
	close(file);
	close(peer);
	srv_run(rig);
	assert_int_equal(fds_count(), rig->nb_fds_idle);
}

static void
an_end_in_the_middle_is_the_end(void **state)
{
	static const char *const rows[][2] = {
		{ "0200 0200 300000", "connection closed after a truncated header" },
		{ "0200 0200 30000000 00000000 00000000",
				"connection closed in the middle of a message" },
		{ "0200 0200 30000000 00000000 00000000 20000000 03000000 0010",
				"connection closed in the middle of a message" },
	};
	struct srv_rig *rig = *state;
	int peer, fds[2];

	fp_files(fds, 2, 0x201000);
	rig->nb_fds_idle += 2;
	for (size_t i = 0; i < 3; i++) {
		peer = srv_client(rig);
		srv_ask_fds(rig, peer, GOLD_MAP_ASK, fds, 1, GOLD_MAP_REPLY);
		fp_send_fds(peer, rows[i][0], fds, 2);
		srv_run(rig);
		assert_int_equal(rig->nb_maps, 1);
		close(peer);
		srv_run(rig);
		assert_string_equal(rig->why, rows[i][1]);
		assert_true(fp_log_has(5, rows[i][1]));
		assert_int_equal(rig->nb_maps, 0);
		assert_int_equal(fds_count(), rig->nb_fds_idle);
		fp_log_keep();
		srv_expect_serves(rig);
	}
	fp_close_all(fds, 2);
}

/* 16 KiB of capabilities are read through; other minor versions and large numbers are no harm. */
static void
odd_versions_are_served(void **state)
{
	static char text[16500];
	struct srv_rig *rig = *state;
	int peer = fp_connect(rig->dir.sock);

	srv_ask(rig, peer, "0100 0100 14000000 00000000 00000000 0000 ffff", GOLD_VERSION_REPLY);
	close(peer);
	peer = fp_connect(rig->dir.sock);
	srv_ask(rig, peer,
			"0100 0100 50000000 00000000 00000000 0000 0100 "
			"'{\"capabilities\":{\"max_msg_fds\":99999999999999999999999999}}' 00",
			GOLD_VERSION_REPLY);
	close(peer);
	peer = fp_connect(rig->dir.sock);
	strcpy(text, "0100 0100 20400000 00000000 00000000 0000 0000 '{\"x\":\"");
	memset(text + strlen(text), 'a', 16416 - 20 - 1 - 8);
	strcat(text, "\"}' 00");
	srv_ask(rig, peer, text, GOLD_VERSION_REPLY);
	close(peer);
	srv_run(rig);
	assert_int_equal(rig->nb_new, 3);
}

/* No descriptor left for another connection: the client that is there does not notice. */
static void
no_room_for_connections(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig), other = fp_connect(rig->dir.sock);
	struct rlimit all, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = (rlim_t)other + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	fp_send(peer, GOLD_RESET_ASK);
	fp_send(other, GOLD_VERSION_ASK);
	for (int i = 0; i < 10; i++)
		vup_server_poll(rig->srv);
	setrlimit(RLIMIT_NOFILE, &all);
	fp_expect(peer, GOLD_RESET_REPLY);
	fp_expect_silence(other);
	srv_run(rig);
	fp_expect(other, ERROR_16("0100 0100", "10000000"));
	close(other);
	close(peer);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, srv_setup, srv_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_socket_file_is_the_owners),
		CASE(a_server_that_lives_keeps_its_place),
		CASE(a_stale_socket_file_is_taken_over),
		CASE(a_path_that_is_no_socket_is_left_alone),
		CASE(impossible_devices_are_refused_and_logged),
		CASE(a_client_comes_and_goes),
		CASE(a_client_can_be_thrown_out),
		CASE(the_end_of_the_server_is_the_clients),
		CASE(anothers_socket_file_is_not_removed),
		CASE(a_device_without_callbacks_answers),
		CASE(a_second_client_is_told_busy),
		CASE(a_refused_client_has_no_way_in),
		CASE(a_successor_is_not_refused),
		CASE(a_silent_client_cannot_block_the_device),
		CASE(pipelined_commands_are_answered_in_order),
		CASE(no_reply_is_respected),
		CASE(who_does_not_read_answers_is_thrown_out),
		CASE(half_a_message_blocks_nobody_else),
		CASE(an_end_in_the_middle_is_the_end),
		CASE(odd_versions_are_served),
		CASE(no_room_for_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
