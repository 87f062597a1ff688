/* SPDX-License-Identifier: BSD-3-Clause */
/* The byte-level peer; see fake_peer.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_peer.h"
#include "log.h"

#define PEER_WAIT_MS 5000
#define LOG_LINES    64
#define LOG_LINE_LEN 300

void
fp_dir_make(struct fp_dir *dir)
{
	snprintf(dir->path, sizeof(dir->path), "/tmp/pagelift-test-XXXXXX");
	assert_non_null(mkdtemp(dir->path));
	snprintf(dir->sock, sizeof(dir->sock), "%s/sock", dir->path);
}

void
fp_dir_remove(struct fp_dir *dir)
{
	unlink(dir->sock);
	assert_int_equal(rmdir(dir->path), 0);
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	if (!at)
		fail_msg("'%c' is no hex digit", c);
	return (int)(at - digits);
}

size_t
fp_bytes(const char *text, uint8_t *out, size_t size)
{
	bool quoted = false;
	size_t len = 0;

	for (; *text; text++) {
		if (*text == '\'') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && isspace((unsigned char)*text))
			continue;
		assert_true(len < size);
		if (quoted) {
			out[len++] = (uint8_t)*text;
			continue;
		}
		out[len++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text++;
	}
	assert_false(quoted);
	return len;
}

void
fp_same(const void *got, size_t len, const char *text)
{
	uint8_t want[FP_MSG_MAX];
	size_t want_len = fp_bytes(text, want, sizeof(want));

	assert_int_equal(len, want_len);
	assert_memory_equal(got, want, want_len);
}

static int
peer_socket(const char *path, struct sockaddr_un *addr)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(sock >= 0);
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	assert_true(strlen(path) < sizeof(addr->sun_path));
	memcpy(addr->sun_path, path, strlen(path));
	return sock;
}

int
fp_listen(const char *path)
{
	struct sockaddr_un addr;
	int sock = peer_socket(path, &addr);

	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(sock, 1), 0);
	return sock;
}

int
fp_connect(const char *path)
{
	struct sockaddr_un addr;
	int sock = peer_socket(path, &addr);

	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

bool
fp_try_send(int sock, const uint8_t *bytes, size_t len, const int *fds, unsigned int nb_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FP_FDS_MAX * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (nb_fds > FP_FDS_MAX)
		return false;
	if (nb_fds > 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(nb_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nb_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nb_fds * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == (ssize_t)len;
}

void
fp_send_fds(int sock, const char *text, const int *fds, unsigned int nb_fds)
{
	uint8_t bytes[FP_MSG_MAX];
	size_t len = fp_bytes(text, bytes, sizeof(bytes));

	assert_true(fp_try_send(sock, bytes, len, fds, nb_fds));
}

void
fp_send(int sock, const char *text)
{
	fp_send_fds(sock, text, NULL, 0);
}

static void
keep_fds(struct fp_msg *out, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	size_t nb;

	assert_false(msg->msg_flags & MSG_CTRUNC);
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		nb = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		assert_true(out->nb_fds + nb <= FP_FDS_MAX);
		memcpy(&out->fds[out->nb_fds], CMSG_DATA(cmsg), nb * sizeof(int));
		out->nb_fds += (unsigned int)nb;
	}
}

void
fp_recv(int sock, size_t want, struct fp_msg *out)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FP_FDS_MAX * sizeof(int))];
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	struct iovec iov;
	struct msghdr msg;
	ssize_t got;

	out->len = 0;
	out->nb_fds = 0;
	assert_true(want <= sizeof(out->bytes));
	while (out->len < want) {
		if (poll(&pfd, 1, PEER_WAIT_MS) <= 0)
			fail_msg("%zu of %zu bytes came", out->len, want);
		iov = (struct iovec){ out->bytes + out->len, want - out->len };
		msg = (struct msghdr){ .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
		if (got <= 0)
			return;
		out->len += (size_t)got;
		keep_fds(out, &msg);
	}
}

void
fp_msg_close(struct fp_msg *msg)
{
	fp_close_all(msg->fds, msg->nb_fds);
	msg->nb_fds = 0;
}

void
fp_expect_fds(int sock, const char *text, unsigned int nb_fds)
{
	uint8_t want[FP_MSG_MAX];
	struct fp_msg msg;

	fp_recv(sock, fp_bytes(text, want, sizeof(want)), &msg);
	fp_same(msg.bytes, msg.len, text);
	assert_int_equal(msg.nb_fds, nb_fds);
	fp_msg_close(&msg);
}

void
fp_expect(int sock, const char *text)
{
	fp_expect_fds(sock, text, 0);
}

void
fp_expect_end(int sock)
{
	struct fp_msg msg;

	fp_recv(sock, 1, &msg);
	assert_int_equal(msg.len, 0);
}

void
fp_expect_silence(int sock)
{
	struct pollfd pfd = { .fd = sock, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, 0), 0);
}

void
fp_files(int *fds, unsigned int nb, size_t size)
{
	for (unsigned int i = 0; i < nb; i++) {
		fds[i] = memfd_create("fake_peer", MFD_CLOEXEC);
		assert_true(fds[i] >= 0);
		assert_int_equal(ftruncate(fds[i], (off_t)size), 0);
	}
}

void
fp_eventfds(int *fds, unsigned int nb)
{
	for (unsigned int i = 0; i < nb; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC);
		assert_true(fds[i] >= 0);
	}
}

void
fp_close_all(const int *fds, unsigned int nb)
{
	for (unsigned int i = 0; i < nb; i++)
		assert_int_equal(close(fds[i]), 0);
}

/* ---- the log ---- */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int log_nb;
static struct {
	int level;
	char text[LOG_LINE_LEN];
} log_lines[LOG_LINES];

__attribute__((format(printf, 3, 0))) static void
log_sink(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	unsigned int at;

	(void)module;
	pthread_mutex_lock(&log_lock);
	at = log_nb++ % LOG_LINES;
	log_lines[at].level = (int)level;
	vsnprintf(log_lines[at].text, sizeof(log_lines[at].text), fmt, ap);
	pthread_mutex_unlock(&log_lock);
}

void
fp_log_keep(void)
{
	pthread_mutex_lock(&log_lock);
	log_nb = 0;
	pthread_mutex_unlock(&log_lock);
	base_log_sink_set(log_sink);
}

bool
fp_log_has(int level, const char *text)
{
	bool has = false;

	pthread_mutex_lock(&log_lock);
	for (unsigned int i = 0; i < log_nb && i < LOG_LINES && !has; i++)
		has = log_lines[i].level <= level && strstr(log_lines[i].text, text);
	pthread_mutex_unlock(&log_lock);
	return has;
}

unsigned int
fp_log_lines(void)
{
	return log_nb;
}
