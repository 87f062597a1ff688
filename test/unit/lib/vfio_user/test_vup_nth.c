/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/vfio_user when the system refuses: in a whole life of a server with a client, the first, the
 * second, ... call for memory, a socket or an event set fails, until the life passes untouched.
 * After each failure nothing is left open, and who was announced was also taken leave of. And
 * interrupted calls: nobody notices those.
 *
 * The linker puts the __wrap_ functions before the libc's (meson.build); they count on threads that
 * have armed them, that is in calls of the library, not of the peer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client_rig.h"
#include "golden.h"
#include "server_rig.h"
#include "vup_ranges.h"

static _Thread_local bool armed;
static unsigned int nb_calls, fail_at;
static int fail_errno;

static bool
fails(void)
{
	if (!armed || ++nb_calls != fail_at)
		return false;
	errno = fail_errno;
	return true;
}

/* Calls that a signal may interrupt fail with EINTR, those that it may not fail with other. */
#define WRAP(type, name, failure, can_eintr, params, args)                                         \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return can_eintr == (fail_errno == EINTR) && fails() ? failure                     \
		                                                     : __real_##name args;         \
	}

WRAP(void *, calloc, NULL, false, (size_t nb, size_t size), (nb, size))
WRAP(void *, realloc, NULL, false, (void *old, size_t size), (old, size))
WRAP(char *, strdup, NULL, false, (const char *text), (text))
WRAP(int, socket, -1, false, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, listen, -1, false, (int sock, int backlog), (sock, backlog))
WRAP(int, fchmod, -1, false, (int fd, mode_t mode), (fd, mode))
WRAP(int, epoll_create1, -1, false, (int flags), (flags))
WRAP(int, epoll_ctl, -1, false, (int epoll, int op, int fd, struct epoll_event *event),
		(epoll, op, fd, event))
WRAP(int, accept4, -1, false, (int sock, struct sockaddr *addr, socklen_t *len, int flags),
		(sock, addr, len, flags))
WRAP(int, connect, -1, true, (int sock, const struct sockaddr *addr, socklen_t len),
		(sock, addr, len))
WRAP(int, poll, -1, true, (struct pollfd * fds, nfds_t nb, int timeout), (fds, nb, timeout))
WRAP(ssize_t, sendmsg, -1, (fail_errno == EINTR), (int sock, const struct msghdr *msg, int flags),
		(sock, msg, flags))
WRAP(ssize_t, recvmsg, -1, (fail_errno == EINTR), (int sock, struct msghdr *msg, int flags),
		(sock, msg, flags))

static void
run(struct srv_rig *rig)
{
	armed = true;
	for (int i = 0; i < 20; i++)
		vup_server_poll(rig->srv);
	armed = false;
}

/* What the server answers; false: it ended the connection. */
static bool
ask(struct srv_rig *rig, int peer, const char *text, const int *fds, unsigned int nb_fds)
{
	uint8_t bytes[512];
	size_t len = fp_bytes(text, bytes, sizeof(bytes));
	struct pollfd pfd = { .fd = peer, .events = POLLIN };
	struct fp_msg msg;

	if (!fp_try_send(peer, bytes, len, fds, nb_fds))
		return false;
	run(rig);
	assert_int_equal(poll(&pfd, 1, 0), 1); /* an answer or an end, never silence */
	fp_recv(peer, 16, &msg);
	if (msg.len == 0)
		return false;
	assert_int_equal(msg.len, 16);
	assert_memory_equal(msg.bytes, bytes, 4); /* id and command */
	if (msg.bytes[4] > 16)
		fp_recv(peer, msg.bytes[4] - 16u, &msg);
	return true;
}

/* A server's whole life, with a takeover, 65 maps and event fds. */
static void
live(struct srv_rig *rig, const int *fds)
{
	char map[] = "0200 0200 30000000 00000000 00000000 20000000 03000000 0000000000000000 "
		     "0000000000000000 0010000000000000";
	char *page = strrchr(map, ' ') - 8; /* bits 32 .. 39 of the address */
	int err = 0, peer;
	struct stat st;
	bool alive;

	close(fp_listen(rig->dir.sock)); /* stale */
	armed = true;
	rig->srv = vup_server_create(&rig->cfg, &err);
	armed = false;
	assert_int_equal(rig->srv == NULL, err < 0);
	if (!rig->srv) {
		assert_true(fp_log_has(4, ""));
		/* What is left, if anything, is the stale one; ours has mode 0600. */
		assert_true(stat(rig->dir.sock, &st) != 0 || (st.st_mode & 0777) != 0600);
		unlink(rig->dir.sock);
		return;
	}
	peer = fp_connect(rig->dir.sock);
	alive = ask(rig, peer, GOLD_VERSION_ASK, NULL, 0);
	for (int i = 0; i < 65 && alive; i++) {
		page[0] = "0123456789abcdef"[i / 16];
		page[1] = "0123456789abcdef"[i % 16];
		alive = ask(rig, peer, map, fds, 1);
	}
	if (alive)
		ask(rig, peer, GOLD_SET_IRQS_ASK, fds + 1, 2);
	close(peer);
	run(rig);
	vup_server_destroy(rig->srv);
	rig->srv = NULL;
}

static void
the_nth_call_of_a_server_fails(void **state)
{
	struct srv_rig *rig = *state;
	unsigned int nb_fds;
	int fds[3], err;

	vup_server_destroy(rig->srv);
	fp_files(fds, 1, 0x201000);
	fp_eventfds(fds + 1, 2);
	nb_fds = fds_count();
	fail_errno = ENOMEM;
	fail_at = 0;
	do {
		fail_at++;
		nb_calls = 0;
		rig->nb_set_irqs = 0;
		fp_log_keep();
		live(rig, fds);
		assert_int_equal(rig->nb_new, rig->nb_gone);
		assert_int_equal(rig->nb_maps, 0);
		assert_int_equal(fds_count(), nb_fds);
		assert_int_equal(access(rig->dir.sock, F_OK), -1);
	} while (nb_calls >= fail_at);
	assert_int_equal(rig->nb_set_irqs, 1); /* the untouched life came to its end */
	assert_true(fail_at > 100);
	fp_close_all(fds, 3);
	rig->srv = vup_server_create(&rig->cfg, &err);
	assert_non_null(rig->srv);
}

static void
interruptions_of_a_server_do_not_show(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	fail_errno = EINTR;
	for (fail_at = 1; fail_at <= 3; fail_at++) { /* header, payload, answer */
		nb_calls = 0;
		assert_true(ask(rig, peer, GOLD_READ_ASK, NULL, 0));
		assert_true(nb_calls >= 3);
	}
	close(peer);
	srv_run(rig);
	assert_string_equal(rig->why, "connection closed");
}

static void
the_nth_call_of_a_client_fails(void **state)
{
	struct cl_rig *rig = *state;
	struct vup_client_cfg cfg = { .path = rig->dir.sock, .timeout_ms = 10 };

	fail_errno = ENOMEM;
	for (fail_at = 1; fail_at <= 3; fail_at++) { /* memory, socket, first message */
		nb_calls = 0;
		memset(rig->why, 0, sizeof(rig->why));
		armed = true;
		assert_null(vup_client_create(&cfg, &rig->err, rig->why));
		armed = false;
		assert_int_equal(nb_calls, fail_at);
		assert_int_equal(rig->err, fail_at < 3 ? -ENOMEM : -EPROTO);
		assert_true(strlen(rig->why) > 10);
		assert_int_equal(fds_count(), rig->nb_fds_before + 1);
	}
}

static void
interruptions_of_a_client_do_not_show(void **state)
{
	struct cl_rig *rig = *state;

	fail_errno = EINTR;
	for (fail_at = 1; fail_at <= 5; fail_at++) { /* connect, send, poll, header, payload */
		nb_calls = 0;
		armed = true;
		cl_attach(rig);
		armed = false;
		assert_true(nb_calls >= 5);
		cl_detach(rig);
	}
}

/* At the first range and at the 65th, for which there is no room yet. */
static void
a_set_of_ranges_cannot_grow(void **state)
{
	struct vup_ranges set;

	(void)state;
	vup_ranges_init(&set, 1000);
	fail_errno = ENOMEM;
	for (unsigned int i = 0; i < 66; i++) {
		nb_calls = 0;
		fail_at = 1;
		armed = true;
		if (i == 0 || i == 64) {
			assert_int_equal(vup_ranges_add(&set, i * 4096, 4096), -ENOMEM);
			assert_false(vup_ranges_overlap(&set, i * 4096, 4096));
			assert_int_equal(set.nb, i);
		}
		assert_int_equal(vup_ranges_add(&set, i * 4096, 4096), 0);
		armed = false;
	}
	assert_true(vup_ranges_contain(&set, 0, 66 * 4096));
	vup_ranges_fini(&set);
}

#define SERVER_CASE(f) cmocka_unit_test_setup_teardown(f, srv_setup, srv_teardown)
#define CLIENT_CASE(f) cmocka_unit_test_setup_teardown(f, cl_setup, cl_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_of_ranges_cannot_grow),
		SERVER_CASE(the_nth_call_of_a_server_fails),
		SERVER_CASE(interruptions_of_a_server_do_not_show),
		CLIENT_CASE(the_nth_call_of_a_client_fails),
		CLIENT_CASE(interruptions_of_a_client_do_not_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
