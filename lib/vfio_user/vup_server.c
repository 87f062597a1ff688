/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side: connections, the order of messages, answers. One client at a time; another one
 * is heard only to be told EBUSY. Everything runs in the thread that calls vup_server_poll().
 *
 * A message passes: vup_sock (size, descriptors) -> conn_message (kind, order) -> the command's
 * handler (contents: vup_msg; bounds: here) -> callback -> reply. A handler returns NULL, or in
 * words what makes the client unbearable; the error that it set still goes out, then the connection
 * ends.
 *
 * Read next: vup_server_cmd.c (the handlers).
 */
#include "vup_server_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "deadline.h"

#define SERVER_BUDGET       16 /* messages per poll: command queues wait meanwhile */
#define SERVER_NEGOTIATE_MS 2000

static void
conn_close(struct vup_server *srv, struct vup_conn *conn)
{
	pthread_mutex_lock(&srv->io);
	vup_conn_forget(conn);
	close(conn->sock);
	conn->sock = -1;
	conn->generation++;
	conn->max_xfer = 0;
	conn->negotiated = false;
	pthread_mutex_unlock(&srv->io);
}

/* The end of a connection, whoever wanted it. */
static void
conn_end(struct vup_server *srv, struct vup_conn *conn, enum base_log_level level, const char *why)
{
	bool was_client = conn->negotiated;

	conn_close(srv, conn);
	if (conn != &srv->client)
		return; /* the refused one was never here */
	base_log(level, VUP_LOG, "%s: client gone: %s", srv->name, why);
	vup_ranges_fini(&srv->maps);
	if (was_client && srv->ops->client_gone)
		srv->ops->client_gone(srv->ctx, why);
}

/* Answer; false: the client does not read its answers. */
static bool
conn_reply(struct vup_server *srv, struct vup_conn *conn, const struct vup_reply *reply)
{
	size_t len = reply->err ? 0 : reply->len;
	struct vup_hdr hdr = {
		.id = conn->rx.hdr.id,
		.cmd = conn->rx.hdr.cmd,
		.size = VUP_HDR_SIZE + (uint32_t)len,
		.flags = VUP_TYPE_REPLY | (reply->err ? VUP_ERROR : 0),
		.error = (uint32_t)reply->err,
	};
	int ret;

	if (conn->rx.hdr.flags & VUP_NO_REPLY)
		return true;
	vup_hdr_encode(srv->tx, &hdr);
	pthread_mutex_lock(&srv->io);
	ret = vup_sock_send(conn->sock, srv->tx, hdr.size, &reply->fd,
			!reply->err && reply->fd >= 0, NULL);
	pthread_mutex_unlock(&srv->io);
	return ret == 0;
}

/* Find the handler and check what can be checked before it. NULL: go on. */
static const char *
conn_admit(const struct vup_conn *conn, const struct vup_cmd_row *row, struct vup_reply *reply)
{
	const struct vup_hdr *hdr = &conn->rx.hdr;

	reply->err = EINVAL;
	if ((hdr->flags & VUP_TYPE_MASK) == VUP_TYPE_REPLY)
		return "a reply that nobody asked for";
	if (!row)
		return "unknown command";
	if (!conn->negotiated && hdr->cmd != VUP_CMD_VERSION)
		return "command before version negotiation";
	if (conn->negotiated && hdr->cmd == VUP_CMD_VERSION)
		return "version negotiated twice";
	if (conn->rx.nb_fds > row->max_fds)
		return "file descriptors where none belong";
	reply->err = 0;
	return NULL;
}

/* A complete message is in conn->rx. false: the connection is gone. */
static bool
conn_message(struct vup_server *srv, struct vup_conn *conn)
{
	struct vup_reply reply = { .fd = -1 };
	const struct vup_cmd_row *row = vup_cmd_row(conn->rx.hdr.cmd);
	const char *wrong;
	char why[VUP_WHY_LEN];

	if (conn == &srv->refused) {
		reply.err = EBUSY;
		conn_reply(srv, conn, &reply);
		conn_end(srv, conn, BASE_LOG_INFO, "busy");
		return false;
	}
	wrong = conn_admit(conn, row, &reply);
	if (!wrong)
		wrong = row->handle(srv, conn, conn->rx.buf + VUP_HDR_SIZE,
				conn->rx.hdr.size - VUP_HDR_SIZE, &reply);
	if (wrong && !reply.err)
		reply.err = EINVAL;
	if ((conn->rx.hdr.flags & VUP_TYPE_MASK) == VUP_TYPE_CMD &&
			!conn_reply(srv, conn, &reply) && !wrong)
		wrong = "it does not read its answers";
	if (wrong) {
		snprintf(why, sizeof(why), "thrown out: %s %u: %s", vup_cmd_name(conn->rx.hdr.cmd),
				conn->rx.hdr.cmd, wrong);
		conn_end(srv, conn, BASE_LOG_WARNING, why);
		return false;
	}
	vup_rx_next(&conn->rx);
	return true;
}

/* Read and answer up to @p budget messages. @return messages, and 1 for an end */
static unsigned int
conn_serve(struct vup_server *srv, struct vup_conn *conn, unsigned int budget)
{
	const char *why = NULL;
	unsigned int done = 0;
	bool clean;
	int ret;

	while (done < budget && conn->sock >= 0) {
		ret = vup_conn_step(srv, conn, &why);
		if (ret == 0)
			break;
		done++;
		if (ret > 0) {
			conn_message(srv, conn);
			continue;
		}
		clean = ret == -ECONNRESET && conn->in.have == 0;
		conn_end(srv, conn, clean ? BASE_LOG_INFO : BASE_LOG_WARNING, why);
	}
	return done;
}

static bool
conn_open(struct vup_server *srv, struct vup_conn *conn, int sock)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = conn };

	vup_rx_init(&conn->rx);
	vup_rx_init(&conn->in);
	conn->sock = sock;
	conn->negotiated = false;
	conn->negotiate_by = deadline_in_ms(SERVER_NEGOTIATE_MS);
	if (epoll_ctl(srv->epoll, EPOLL_CTL_ADD, sock, &event) == 0)
		return true;
	base_log(BASE_LOG_ERR, VUP_LOG, "%s: cannot watch a new connection: %s", srv->name,
			strerror(errno));
	conn_close(srv, conn);
	return false;
}

static unsigned int
server_accept(struct vup_server *srv)
{
	int sock = vup_sock_accept(srv->listener);
	struct vup_conn *conn = &srv->client;

	if (sock < 0)
		return 0;
	if (conn->sock >= 0 && !conn->negotiated && deadline_has_passed(&conn->negotiate_by))
		conn_end(srv, conn, BASE_LOG_WARNING,
				"it did not negotiate, and another one waits");
	if (conn->sock >= 0) {
		conn = &srv->refused;
		if (conn->sock >= 0)
			conn_end(srv, conn, BASE_LOG_INFO, "busy");
		base_log(BASE_LOG_WARNING, VUP_LOG, "%s: another client refused: busy", srv->name);
	}
	return conn_open(srv, conn, sock);
}

/* What came in while somebody waited for a DMA answer lies in no socket any more. */
static unsigned int
server_deferred(struct vup_server *srv)
{
	unsigned int done = 0;

	if (srv->client.sock >= 0)
		done = conn_serve(srv, &srv->client, SERVER_BUDGET);
	vup_server_dma_drain(srv);
	return done;
}

unsigned int
vup_server_poll(struct vup_server *srv)
{
	struct epoll_event events[4];
	unsigned int done = 0;
	int i, nb = epoll_wait(srv->epoll, events, 4, 0);

	/* Connections first: an accept may reuse the slot of one that has just ended. */
	for (i = 0; i < nb; i++)
		if (events[i].data.ptr == srv)
			done += server_deferred(srv);
		else if (events[i].data.ptr)
			done += conn_serve(srv, events[i].data.ptr, SERVER_BUDGET);
	for (i = 0; i < nb; i++)
		if (!events[i].data.ptr)
			done += server_accept(srv);
	return done;
}

int
vup_server_fd(const struct vup_server *srv)
{
	return srv->epoll;
}

bool
vup_server_has_client(const struct vup_server *srv)
{
	return srv->client.negotiated;
}

void
vup_server_drop_client(struct vup_server *srv, const char *why)
{
	if (srv->client.sock >= 0)
		conn_end(srv, &srv->client, BASE_LOG_NOTICE, why);
}

static int
server_check_cfg(const struct vup_server_cfg *cfg)
{
	const struct vup_region *region;
	unsigned int i;

	for (i = 0; i < VUP_NB_REGIONS; i++) {
		region = &cfg->regions[i];
		if (region->size > 0 && region->flags & VUP_REGION_MMAP && region->fd < 0) {
			base_log(BASE_LOG_ERR, VUP_LOG,
					"%s: region %u is to be mapped and has no file", cfg->name,
					i);
			return -EINVAL;
		}
	}
	for (i = 0; i < VUP_NB_IRQS; i++)
		if (cfg->nb_vectors[i] > VUP_MAX_VECTORS) {
			base_log(BASE_LOG_ERR, VUP_LOG,
					"%s: interrupt index %u has %u vectors, %u are possible",
					cfg->name, i, cfg->nb_vectors[i], VUP_MAX_VECTORS);
			return -EINVAL;
		}
	return 0;
}

static int
server_open(struct vup_server *srv)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct epoll_event wake = { .events = EPOLLIN, .data.ptr = srv };
	char why[VUP_WHY_LEN];
	int ret;

	ret = vup_sock_listen(srv->path, &srv->file_id, why);
	if (ret < 0) {
		base_log(BASE_LOG_ERR, VUP_LOG, "%s: %s", srv->name, why);
		return ret;
	}
	srv->listener = ret;
	srv->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (srv->epoll < 0 || epoll_ctl(srv->epoll, EPOLL_CTL_ADD, srv->listener, &event) != 0 ||
			epoll_ctl(srv->epoll, EPOLL_CTL_ADD, srv->wake_fd, &wake) != 0) {
		ret = -errno;
		base_log(BASE_LOG_ERR, VUP_LOG, "%s: cannot create an epoll set: %s", srv->name,
				strerror(-ret));
		return ret;
	}
	return 0;
}

struct vup_server *
vup_server_create(const struct vup_server_cfg *cfg, int *err)
{
	struct vup_server *srv;

	*err = server_check_cfg(cfg);
	if (*err)
		return NULL;
	*err = -ENOMEM;
	srv = calloc(1, sizeof(*srv));
	if (!srv) {
		base_log(BASE_LOG_ERR, VUP_LOG, "%s: out of memory", cfg->name);
		return NULL;
	}
	srv->listener = srv->epoll = srv->client.sock = srv->refused.sock = -1;
	*err = vup_server_dma_init(srv);
	if (*err) {
		base_log(BASE_LOG_ERR, VUP_LOG, "%s: cannot create an eventfd: %s", cfg->name,
				strerror(-*err));
		vup_server_destroy(srv);
		return NULL;
	}
	*err = -ENOMEM;
	srv->ops = cfg->ops;
	srv->ctx = cfg->ctx;
	memcpy(srv->regions, cfg->regions, sizeof(srv->regions));
	memcpy(srv->nb_vectors, cfg->nb_vectors, sizeof(srv->nb_vectors));
	vup_ranges_init(&srv->maps, VUP_MAX_DMA_MAPS);
	srv->path = strdup(cfg->path);
	srv->name = strdup(cfg->name);
	if (srv->path && srv->name)
		*err = server_open(srv);
	else
		base_log(BASE_LOG_ERR, VUP_LOG, "%s: out of memory", cfg->name);
	if (*err) {
		vup_server_destroy(srv);
		return NULL;
	}
	return srv;
}

void
vup_server_destroy(struct vup_server *srv)
{
	if (!srv)
		return;
	if (srv->refused.sock >= 0)
		conn_end(srv, &srv->refused, BASE_LOG_INFO, "busy");
	vup_server_drop_client(srv, "the device shuts down");
	if (srv->listener >= 0) {
		close(srv->listener);
		vup_sock_unlink(srv->path, &srv->file_id);
	}
	if (srv->epoll >= 0)
		close(srv->epoll);
	vup_ranges_fini(&srv->maps);
	vup_server_dma_fini(srv);
	free(srv->path);
	free(srv->name);
	free(srv);
}
