/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: clients, lines in, lines out. Read next: emu_ctl_cmd.c (what they mean).
 *
 * A client has one buffer for what it sends and one for what it has not read yet; while the latter
 * holds anything it is asked for nothing more, and so memory is bounded. A line that is too long is
 * answered with an error and skipped.
 */
#include "emu_ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu_ctl_cmd.h"
#include "log.h"

#define MODULE      "emu.ctl"
#define CLIENTS_MAX 16

struct client {
	int fd; /* -1: free */
	bool is_skipping;
	bool is_gone;     /* sends no more */
	bool wants_write; /* what epoll was told */
	size_t in_len;
	char in[EMU_CTL_LINE_MAX + 1];
	char *out; /* NULL: nothing is left to be written */
	size_t out_len, out_at;
};

struct emu_ctl {
	struct emu_port *ports;
	unsigned int nb_ports;
	int epoll_fd, listen_fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client client[CLIENTS_MAX];
};

/* Remove a socket that is left over from a process that is gone. */
static void
stale_remove(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd;

	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED)
		unlink(addr->sun_path);
	close(fd);
}

static int
ctl_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, ret = 0;
	mode_t mask;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path); /* it fits */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	stale_remove(&addr);
	mask = umask(0177); /* mode 0600; other threads make no files at the start */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, CLIENTS_MAX))
		ret = -errno;
	umask(mask);
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

static int
watch(struct emu_ctl *ctl, int op, int fd, uint32_t events, struct client *c)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	return epoll_ctl(ctl->epoll_fd, op, fd, &ev) ? -errno : 0;
}

struct emu_ctl *
emu_ctl_create(const char *path, struct emu_port *ports, unsigned int nb_ports, int *err)
{
	struct emu_ctl *ctl = calloc(1, sizeof(*ctl));

	*err = -ENOMEM;
	if (!ctl)
		return NULL;
	ctl->ports = ports;
	ctl->nb_ports = nb_ports;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		ctl->client[i].fd = -1;
	ctl->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ctl->listen_fd = *err = ctl->epoll_fd < 0 ? -errno : ctl_listen(path);
	if (ctl->listen_fd >= 0) {
		strcpy(ctl->path, path); /* it has been checked */
		*err = watch(ctl, EPOLL_CTL_ADD, ctl->listen_fd, EPOLLIN, NULL);
	}
	if (*err == 0)
		return ctl;
	base_log(BASE_LOG_ERR, MODULE, "cannot listen for control on \"%s\": %s%s", path,
			strerror(-*err),
			*err == -EADDRINUSE ? "; another process serves it, or it is a file: "
					      "remove it or choose another path"
					    : "");
	emu_ctl_destroy(ctl);
	return NULL;
}

static void
client_close(struct client *c)
{
	close(c->fd); /* epoll forgets it */
	free(c->out);
	*c = (struct client){ .fd = -1 };
}

void
emu_ctl_destroy(struct emu_ctl *ctl)
{
	if (!ctl)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (ctl->client[i].fd >= 0)
			client_close(&ctl->client[i]);
	}
	if (ctl->listen_fd >= 0)
		close(ctl->listen_fd);
	if (ctl->epoll_fd >= 0)
		close(ctl->epoll_fd);
	if (*ctl->path)
		unlink(ctl->path);
	free(ctl);
}

int
emu_ctl_fd(const struct emu_ctl *ctl)
{
	return ctl->epoll_fd;
}

/* Write as much as goes. False: the client is gone. */
static bool
client_write(struct emu_ctl *ctl, struct client *c)
{
	while (c->out) {
		ssize_t nb = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);

		if (nb < 0 && errno != EAGAIN)
			return false;
		if (nb < 0)
			break;
		c->out_at += (size_t)nb;
		if (c->out_at == c->out_len) {
			free(c->out);
			c->out = NULL;
		}
	}
	if (c->wants_write != (c->out != NULL)) {
		c->wants_write = c->out != NULL;
		return watch(ctl, EPOLL_CTL_MOD, c->fd, c->out ? EPOLLOUT : EPOLLIN, c) == 0;
	}
	return true;
}

/* Answer with @p reply, which is used up. False: the client has to go. */
static bool
client_reply(struct emu_ctl *ctl, struct client *c, struct json_object *reply)
{
	const char *text = reply ? json_object_to_json_string_ext(reply,
						   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE)
	                         : NULL;

	c->out_len = text ? strlen(text) + 1 : 0;
	c->out = text ? malloc(c->out_len) : NULL;
	c->out_at = 0;
	if (c->out) {
		memcpy(c->out, text, c->out_len - 1);
		c->out[c->out_len - 1] = '\n';
	}
	json_object_put(reply);
	return c->out && client_write(ctl, c);
}

/* Take one line out of c->in; false: the client has to go. *done is increased if there was one. */
static bool
client_line(struct emu_ctl *ctl, struct client *c, unsigned int *done)
{
	char *end = memchr(c->in, '\n', c->in_len);
	size_t len = end ? (size_t)(end - c->in) : c->in_len;
	bool was_skipping = c->is_skipping;
	struct json_object *reply;

	if (!end && c->in_len <= EMU_CTL_LINE_MAX)
		return true;
	(*done)++;
	c->is_skipping = !end;
	if (was_skipping)
		reply = NULL;
	else if (end)
		reply = emu_ctl_request(ctl->ports, ctl->nb_ports, c->in, len);
	else
		reply = emu_ctl_error("a request has at most %d bytes", EMU_CTL_LINE_MAX);
	len += end != NULL; /* with its end */
	c->in_len -= len;
	memmove(c->in, c->in + len, c->in_len);
	return was_skipping || client_reply(ctl, c, reply);
}

static unsigned int
client_serve(struct emu_ctl *ctl, struct client *c)
{
	unsigned int done = 0;

	if (!client_write(ctl, c))
		goto gone;
	if (c->out)
		return 0;
	if (!c->is_gone && c->in_len < sizeof(c->in)) {
		ssize_t nb = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);

		if (nb > 0)
			c->in_len += (size_t)nb;
		else if (nb == 0 || errno != EAGAIN)
			c->is_gone = true;
	}
	if (!client_line(ctl, c, &done))
		goto gone;
	if (c->is_gone && done == 0)
		goto gone;
	return done;
gone:
	client_close(c);
	return 1;
}

static void
client_accept(struct emu_ctl *ctl)
{
	static const char full[] = "{\"ok\":false,\"error\":\"there are 16 clients already\"}\n";
	int fd = accept4(ctl->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c = ctl->client;

	if (fd < 0)
		return;
	while (c < ctl->client + CLIENTS_MAX && c->fd >= 0)
		c++;
	if (c == ctl->client + CLIENTS_MAX || watch(ctl, EPOLL_CTL_ADD, fd, EPOLLIN, c)) {
		if (send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL) < 0)
			base_log(BASE_LOG_DEBUG, MODULE, "%s", strerror(errno));
		close(fd);
		return;
	}
	c->fd = fd;
}

unsigned int
emu_ctl_serve(struct emu_ctl *ctl)
{
	struct epoll_event ev[CLIENTS_MAX + 1];
	int nb = epoll_wait(ctl->epoll_fd, ev, CLIENTS_MAX + 1, 0);
	unsigned int done = 0;

	for (int i = 0; i < nb; i++) {
		if (!ev[i].data.ptr)
			client_accept(ctl);
	}
	/* all, because lines may wait in their buffers */
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (ctl->client[i].fd >= 0)
			done += client_serve(ctl, &ctl->client[i]);
	}
	return done;
}
