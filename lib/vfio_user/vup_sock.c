/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets and descriptor passing; see vup_sock.h. No state of its own. Read next: vup_server.c. */
#include "vup_sock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCK_BACKLOG  8
#define SOCK_RETRY_MS 10

void
vup_rx_init(struct vup_rx *rx)
{
	rx->have = 0;
	rx->has_hdr = false;
	rx->nb_fds = 0;
}

void
vup_rx_next(struct vup_rx *rx)
{
	unsigned int i;

	for (i = 0; i < rx->nb_fds; i++)
		if (rx->fds[i] >= 0)
			close(rx->fds[i]);
	vup_rx_init(rx);
}

void
vup_rx_move(struct vup_rx *to, struct vup_rx *from)
{
	to->have = from->have;
	to->has_hdr = from->has_hdr;
	to->nb_fds = from->nb_fds;
	to->hdr = from->hdr;
	memcpy(to->fds, from->fds, from->nb_fds * sizeof(from->fds[0]));
	memcpy(to->buf, from->buf, from->have);
	vup_rx_init(from);
}

int
vup_rx_take_fd(struct vup_rx *rx, unsigned int i)
{
	int fd;

	if (i >= rx->nb_fds)
		return -1;
	fd = rx->fds[i];
	rx->fds[i] = -1;
	return fd;
}

/* Take over the descriptors that came with a piece; false: more than a message may carry. */
static bool
rx_keep_fds(struct vup_rx *rx, struct msghdr *msg)
{
	bool fits = !(msg->msg_flags & MSG_CTRUNC); /* the kernel has dropped what had no room */
	struct cmsghdr *cmsg;
	size_t nb, i;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		nb = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < nb; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
			if (rx->nb_fds < VUP_MAX_FDS) {
				rx->fds[rx->nb_fds++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

/* One recvmsg towards @p want bytes in all. Returns as vup_rx_step(), 1: @p want reached. */
static int
rx_piece(int sock, struct vup_rx *rx, uint32_t want, const char **why)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(VUP_MAX_FDS * sizeof(int))];
	struct iovec iov = { .iov_base = rx->buf + rx->have, .iov_len = want - rx->have };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	do
		got = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		*why = errno == ECONNRESET ? "connection reset" : "receiving failed";
		return -errno;
	}
	if (got == 0) {
		*why = rx->have == 0 ? "connection closed"
		       : rx->has_hdr ? "connection closed in the middle of a message"
		                     : "connection closed after a truncated header";
		return -ECONNRESET;
	}
	rx->have += (uint32_t)got;
	if (!rx_keep_fds(rx, &msg)) {
		*why = "too many file descriptors in one message, or for this process";
		return -EPROTO;
	}
	return rx->have == want;
}

int
vup_rx_step(int sock, struct vup_rx *rx, const char **why)
{
	int ret;

	if (!rx->has_hdr) {
		ret = rx_piece(sock, rx, VUP_HDR_SIZE, why);
		if (ret <= 0)
			return ret;
		*why = vup_hdr_decode(rx->buf, rx->have, &rx->hdr);
		if (*why)
			return -EPROTO;
		rx->has_hdr = true;
	}
	if (rx->hdr.size == VUP_HDR_SIZE)
		return 1;
	return rx_piece(sock, rx, rx->hdr.size, why);
}

int
vup_sock_wait(int sock, const struct deadline *d)
{
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	int ret;

	do {
		ret = poll(&pfd, 1, deadline_left_ms(d));
		if (ret > 0)
			return 0;
	} while (!deadline_has_passed(d));
	return -ETIMEDOUT;
}

static int
sock_wait_writable(int sock, const struct deadline *d)
{
	struct pollfd pfd = { .fd = sock, .events = POLLOUT };

	if (!d)
		return -EAGAIN;
	if (deadline_has_passed(d))
		return -ETIMEDOUT;
	poll(&pfd, 1, deadline_left_ms(d)); /* the send that follows tells */
	return 0;
}

int
vup_sock_send(int sock, const void *buf, size_t len, const int *fds, unsigned int nb_fds,
		const struct deadline *d)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(VUP_MAX_FDS * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t sent;
	int ret;

	if (nb_fds > VUP_MAX_FDS)
		return -EINVAL;
	if (nb_fds > 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(nb_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nb_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nb_fds * sizeof(int));
	}
	while (iov.iov_len > 0) {
		sent = sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent >= 0) {
			iov.iov_base = (char *)iov.iov_base + sent;
			iov.iov_len -= (size_t)sent;
			msg.msg_control = NULL;
			msg.msg_controllen = 0;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -errno;
		ret = sock_wait_writable(sock, d);
		if (ret)
			return ret;
	}
	return 0;
}

static int
sock_address(const char *path, struct sockaddr_un *addr, char *why)
{
	if (path[0] == '\0' || strlen(path) >= sizeof(addr->sun_path)) {
		snprintf(why, VUP_WHY_LEN, "socket path '%.64s%s' is %s", path,
				strlen(path) > 64 ? "..." : "",
				path[0] ? "longer than 107 bytes: choose a shorter one" : "empty");
		return path[0] ? -ENAMETOOLONG : -EINVAL;
	}
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(addr->sun_path, path, strlen(path));
	return 0;
}

static int
sock_open(char *why)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err = errno;

	if (sock >= 0)
		return sock;
	snprintf(why, VUP_WHY_LEN, "cannot create a socket: %s", strerror(err));
	return -err;
}

/* 0: the path is free now; else somebody is there. */
static int
sock_clear_stale(const char *path, const struct sockaddr_un *addr, char *why)
{
	struct stat st;
	int probe, ret;

	if (lstat(path, &st) != 0)
		return 0; /* bind says it better if it matters */
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, VUP_WHY_LEN, "%s exists and is not a socket: it is left alone", path);
		return -EEXIST;
	}
	probe = sock_open(why);
	if (probe < 0)
		return probe;
	ret = connect(probe, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? 0 : errno;
	close(probe);
	if (ret != ECONNREFUSED) {
		snprintf(why, VUP_WHY_LEN, "%s is in use%s%s", path,
				ret ? ": " : " by a running server", ret ? strerror(ret) : "");
		return ret == EACCES ? -EACCES : -EADDRINUSE;
	}
	unlink(path);
	return 0;
}

int
vup_sock_listen(const char *path, struct stat *id, char *why)
{
	struct sockaddr_un addr;
	int sock, ret;

	ret = sock_address(path, &addr, why);
	if (ret)
		return ret;
	ret = sock_clear_stale(path, &addr, why);
	if (ret)
		return ret;
	sock = sock_open(why);
	if (sock < 0)
		return sock;
	/* On Linux the file gets the mode of the unbound socket: it is never open to others. */
	if (fchmod(sock, 0600) != 0 || bind(sock, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		ret = -errno;
		goto close_sock;
	}
	if (lstat(path, id) != 0 || listen(sock, SOCK_BACKLOG) != 0) {
		ret = -errno;
		unlink(path);
		goto close_sock;
	}
	return sock;

close_sock:
	snprintf(why, VUP_WHY_LEN, "cannot listen at %s: %s", path, strerror(-ret));
	close(sock);
	return ret;
}

void
vup_sock_unlink(const char *path, const struct stat *id)
{
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_dev == id->st_dev && st.st_ino == id->st_ino)
		unlink(path);
}

/* What a failed connect means to the user. */
static const char *
connect_hint(int err)
{
	switch (err) {
	case ENOENT:
		return "there is no such socket: start the device (hns3_emu) first";
	case ECONNREFUSED:
		return "nobody listens there: the device (hns3_emu) is not running any more";
	case EACCES:
	case EPERM:
		return "no permission: run as the user that runs the device, or as root";
	case ENOTSOCK:
		return "this is not a socket";
	case ETIMEDOUT:
		return "the device does not accept connections: it hangs or is overloaded";
	default:
		return strerror(err);
	}
}

int
vup_sock_connect(const char *path, const struct deadline *d, char *why)
{
	const struct timespec pause = { .tv_nsec = SOCK_RETRY_MS * 1000000L };
	struct sockaddr_un addr;
	struct stat st;
	int sock, ret;

	ret = sock_address(path, &addr, why);
	if (ret)
		return ret;
	sock = sock_open(why);
	if (sock < 0)
		return sock;
	while (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		ret = errno;
		if (ret == EINTR)
			continue;
		if (ret == EAGAIN && !deadline_has_passed(d)) {
			nanosleep(&pause, NULL); /* its backlog is full */
			continue;
		}
		if (ret == EAGAIN)
			ret = ETIMEDOUT;
		if (ret == ECONNREFUSED && stat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
			ret = ENOTSOCK;
		snprintf(why, VUP_WHY_LEN, "cannot connect to %s: %s", path, connect_hint(ret));
		close(sock);
		return -ret;
	}
	return sock;
}

int
vup_sock_accept(int sock)
{
	int fd = accept4(sock, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
