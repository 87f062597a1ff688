/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/vfio_user/vup_sock.c: pieces of messages, descriptors in flight, deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_peer.h"
#include "fds.h"
#include "golden.h"
#include "vup_sock.h"

/* A connected pair, the receiving side of which is ours. */
struct bench {
	unsigned int nb_fds_before;
	int ours;
	int peer;
	struct vup_rx rx;
	const char *why;
};

static int
setup(void **state)
{
	static struct bench b;
	int pair[2];

	b.nb_fds_before = fds_count();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	b.ours = pair[0];
	b.peer = pair[1];
	b.why = NULL;
	vup_rx_init(&b.rx);
	*state = &b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	vup_rx_next(&b->rx);
	close(b->ours);
	if (b->peer >= 0)
		close(b->peer);
	assert_int_equal(fds_count(), b->nb_fds_before);
	return 0;
}

static int
step(struct bench *b)
{
	return vup_rx_step(b->ours, &b->rx, &b->why);
}

/* Step until a message is there or something is wrong; the peer has sent all. */
static int
steps(struct bench *b)
{
	int ret = 0;

	for (int i = 0; i < 8 && ret == 0; i++)
		ret = step(b);
	return ret;
}

/* ---- receiving ---- */

static void
a_message_comes_byte_by_byte(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];
	size_t len = fp_bytes(GOLD_WRITE_ASK, bytes, sizeof(bytes));

	assert_int_equal(step(b), 0);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(send(b->peer, bytes + i, 1, 0), 1);
		assert_int_equal(step(b), i + 1 == len);
		assert_int_equal(b->rx.have, i + 1);
	}
	assert_int_equal(b->rx.hdr.cmd, 10);
	assert_int_equal(b->rx.hdr.size, 36);
	fp_same(b->rx.buf, 36, GOLD_WRITE_ASK);
}

static void
messages_in_one_piece_stay_apart(void **state)
{
	struct bench *b = *state;

	fp_send(b->peer, GOLD_RESET_ASK GOLD_READ_ASK GOLD_RESET_ASK);
	assert_int_equal(steps(b), 1);
	fp_same(b->rx.buf, b->rx.have, GOLD_RESET_ASK);
	vup_rx_next(&b->rx);
	assert_int_equal(steps(b), 1);
	fp_same(b->rx.buf, b->rx.have, GOLD_READ_ASK);
	vup_rx_next(&b->rx);
	assert_int_equal(steps(b), 1);
	vup_rx_next(&b->rx);
	assert_int_equal(steps(b), 0);
}

static void
broken_headers_end_the_stream(void **state)
{
	struct bench *b = *state;

	fp_send(b->peer, "0100 0100 0f000000 00000000 00000000");
	assert_int_equal(step(b), -EPROTO);
	assert_non_null(strstr(b->why, "smaller than a header"));
	vup_rx_next(&b->rx);
	fp_send(b->peer, "0100 0100 21400000 00000000 00000000");
	assert_int_equal(step(b), -EPROTO);
	assert_non_null(strstr(b->why, "larger than any message"));
}

static void
the_largest_message_fits(void **state)
{
	static const uint8_t data[16384];
	struct bench *b = *state;

	fp_send(b->peer, "0100 0a00 20400000 00000000 00000000 0000000000000000 02000000 00400000");
	assert_int_equal(send(b->peer, data, sizeof(data), 0), 16384);
	assert_int_equal(steps(b), 1);
	assert_int_equal(b->rx.have, 16416);
	vup_rx_next(&b->rx);
	assert_int_equal(b->rx.have, 0);
}

static void
an_end_is_told_from_a_break(void **state)
{
	static const struct {
		const char *sent, *why;
	} rows[] = {
		{ "", "connection closed" },
		{ "0100 0100 77", "connection closed after a truncated header" },
		{ "0100 0100 77000000 00000000 00000000",
				"connection closed in the middle of a message" },
		{ "0100 0100 77000000 00000000 00000000 0000 0000 '{'",
				"connection closed in the middle of a message" },
	};
	struct bench *b = *state;
	int pair[2];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		if (rows[i].sent[0])
			fp_send(pair[1], rows[i].sent);
		assert_int_equal(vup_rx_step(pair[0], &b->rx, &b->why), 0);
		close(pair[1]);
		assert_int_equal(vup_rx_step(pair[0], &b->rx, &b->why), -ECONNRESET);
		assert_string_equal(b->why, rows[i].why);
		close(pair[0]);
		vup_rx_next(&b->rx);
	}
}

/* Data that the peer never read makes its end a reset. */
static void
a_reset_is_an_end(void **state)
{
	struct bench *b = *state;

	assert_int_equal(send(b->ours, "x", 1, 0), 1);
	close(b->peer);
	b->peer = -1;
	assert_int_equal(step(b), -ECONNRESET);
	assert_string_equal(b->why, "connection reset");
}

/* ---- descriptors ---- */

static void
descriptors_belong_to_their_message(void **state)
{
	struct bench *b = *state;
	int fds[3], taken;

	fp_eventfds(fds, 3);
	fp_send_fds(b->peer, GOLD_SET_IRQS_ASK, fds, 2);
	fp_send_fds(b->peer, GOLD_MAP_ASK, fds + 2, 1);
	fp_close_all(fds, 3);
	assert_int_equal(steps(b), 1);
	assert_int_equal(b->rx.nb_fds, 2);
	taken = vup_rx_take_fd(&b->rx, 1);
	assert_true(taken >= 0);
	assert_int_equal(fcntl(taken, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(vup_rx_take_fd(&b->rx, 1), -1);
	assert_int_equal(vup_rx_take_fd(&b->rx, 2), -1);
	vup_rx_next(&b->rx);
	assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC); /* ours, hence still open */
	close(taken);
	assert_int_equal(steps(b), 1);
	assert_int_equal(b->rx.nb_fds, 1);
}

static void
descriptors_may_come_with_any_piece(void **state)
{
	struct bench *b = *state;
	int fds[16];

	fp_eventfds(fds, 16);
	fp_send_fds(b->peer, "0200 0800", fds, 5);
	fp_send_fds(b->peer, "24000000 00000000 00000000", fds + 5, 1);
	fp_send_fds(b->peer, "14000000 24000000", fds + 6, 10);
	fp_send(b->peer, "02000000 03000000 02000000");
	fp_close_all(fds, 16);
	assert_int_equal(steps(b), 1);
	assert_int_equal(b->rx.nb_fds, 16);
	fp_same(b->rx.buf, b->rx.have, GOLD_SET_IRQS_ASK);
}

static void
too_many_descriptors_are_closed(void **state)
{
	struct bench *b = *state;
	int fds[17];

	fp_eventfds(fds, 17);
	fp_send_fds(b->peer, GOLD_SET_IRQS_ASK, fds, 17);
	assert_int_equal(step(b), -EPROTO);
	assert_non_null(strstr(b->why, "too many file descriptors"));
	assert_int_equal(b->rx.nb_fds, 16);
	vup_rx_next(&b->rx);
	assert_int_equal(b->rx.nb_fds, 0);
	fp_close_all(fds, 17);
}

static void
too_many_descriptors_in_several_pieces(void **state)
{
	struct bench *b = *state;
	int fds[17];

	fp_eventfds(fds, 17);
	fp_send_fds(b->peer, "0200 0800 24000000 00000000 00000000", fds, 16);
	fp_send_fds(b->peer, "14000000 24000000 02000000 03000000 02000000", fds, 1);
	fp_close_all(fds, 17);
	assert_int_equal(steps(b), -EPROTO);
	assert_non_null(strstr(b->why, "too many file descriptors"));
}

/* The kernel drops what the process has no room for; the message must not seem complete. */
static void
descriptors_without_room_are_noticed(void **state)
{
	struct bench *b = *state;
	struct rlimit all, few;
	int fds[4], got;

	fp_eventfds(fds, 4);
	fp_send_fds(b->peer, GOLD_SET_IRQS_ASK, fds, 2);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = all;
	few.rlim_cur = (rlim_t)fds[3] + 1;
	close(fds[3]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	got = step(b);
	setrlimit(RLIMIT_NOFILE, &all);
	fp_close_all(fds, 3);
	assert_int_equal(got, -EPROTO);
	assert_non_null(strstr(b->why, "or for this process"));
}

/* ---- sending ---- */

static void
a_message_and_its_descriptors_arrive(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];
	size_t len = fp_bytes(GOLD_SET_IRQS_ASK, bytes, sizeof(bytes));
	int fds[17];

	fp_eventfds(fds, 17);
	assert_int_equal(vup_sock_send(b->ours, bytes, len, fds, 2, NULL), 0);
	fp_expect_fds(b->peer, GOLD_SET_IRQS_ASK, 2);
	assert_int_equal(vup_sock_send(b->ours, bytes, len, fds, 16, NULL), 0);
	fp_expect_fds(b->peer, GOLD_SET_IRQS_ASK, 16);
	assert_int_equal(vup_sock_send(b->ours, bytes, len, fds, 17, NULL), -EINVAL);
	fp_expect_silence(b->peer);
	fp_close_all(fds, 17);
}

static uint8_t long_message[400000];

static void
who_does_not_read_gets_no_more(void **state)
{
	struct bench *b = *state;
	struct deadline d = deadline_in_ms(30);

	assert_int_equal(vup_sock_send(b->ours, long_message, sizeof(long_message), NULL, 0, &d),
			-ETIMEDOUT);
	assert_true(deadline_has_passed(&d));
	assert_int_equal(vup_sock_send(b->ours, long_message, 1000, NULL, 0, NULL), -EAGAIN);
	close(b->peer);
	b->peer = -1;
	assert_int_equal(vup_sock_send(b->ours, long_message, 1000, NULL, 0, NULL), -EPIPE);
}

struct slow_reader {
	int sock;
	size_t len;
	bool same;
	unsigned int nb_fds;
};

/* Reads long_message in small bites; never asserts, for it is another thread. */
static void *
read_slowly(void *arg)
{
	_Alignas(struct cmsghdr) char control[256];
	struct slow_reader *r = arg;
	uint8_t bytes[3000];
	ssize_t got = 1;

	usleep(20000);
	while (got > 0 && r->len < sizeof(long_message)) {
		struct iovec iov = { bytes, sizeof(bytes) };
		struct msghdr msg = { .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };

		got = recvmsg(r->sock, &msg, 0);
		if (got <= 0 || memcmp(bytes, long_message + r->len, (size_t)got) != 0)
			r->same = false;
		r->len += got > 0 ? (size_t)got : 0;
		if (CMSG_FIRSTHDR(&msg)) {
			r->nb_fds++;
			close(*(int *)(void *)CMSG_DATA(CMSG_FIRSTHDR(&msg)));
		}
	}
	return NULL;
}

static void
a_slow_reader_gets_all_and_descriptors_once(void **state)
{
	struct bench *b = *state;
	struct slow_reader r = { .sock = b->peer, .same = true };
	struct deadline d = deadline_in_ms(5000);
	pthread_t thread;
	int fd, ret;

	for (size_t i = 0; i < sizeof(long_message); i++)
		long_message[i] = (uint8_t)(i * 7 + i / 251);
	fp_eventfds(&fd, 1);
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
	ret = vup_sock_send(b->ours, long_message, sizeof(long_message), &fd, 1, &d);
	if (ret)
		shutdown(b->ours, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(fd);
	assert_int_equal(ret, 0);
	assert_int_equal(r.len, 400000);
	assert_true(r.same);
	assert_int_equal(r.nb_fds, 1);
}

static void
waiting_ends_by_data_or_deadline(void **state)
{
	struct bench *b = *state;
	struct deadline d = deadline_in_ms(20);

	assert_int_equal(vup_sock_wait(b->ours, &d), -ETIMEDOUT);
	assert_true(deadline_has_passed(&d));
	fp_send(b->peer, "00");
	assert_int_equal(vup_sock_wait(b->ours, &d), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_message_comes_byte_by_byte),
		CASE(messages_in_one_piece_stay_apart),
		CASE(broken_headers_end_the_stream),
		CASE(the_largest_message_fits),
		CASE(an_end_is_told_from_a_break),
		CASE(a_reset_is_an_end),
		CASE(descriptors_belong_to_their_message),
		CASE(descriptors_may_come_with_any_piece),
		CASE(too_many_descriptors_are_closed),
		CASE(too_many_descriptors_in_several_pieces),
		CASE(descriptors_without_room_are_noticed),
		CASE(a_message_and_its_descriptors_arrive),
		CASE(who_does_not_read_gets_no_more),
		CASE(a_slow_reader_gets_all_and_descriptors_once),
		CASE(waiting_ends_by_data_or_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
