/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DMA by messages: memory that a client has mapped without a file is read and written by DMA_READ
 * and DMA_WRITE on the client's own socket.
 *
 * Any thread may ask, and waits; the client's requests may come in between, and the answer may be
 * read by the server's thread. So whoever reads the socket (under srv->io) completes messages into
 * conn->in and gives each where it belongs: the awaited reply to the one who waits
 * (dma_reply_take), all else to the server's thread, at once or by the list conn->deferred. One
 * request is out at a time (srv->dma_turn).
 *
 * A client that does not answer in time, or answers nonsense, is marked broken: no request goes to
 * it any more, and vup_server_poll() ends it. So a hostile one can hold the device up once.
 */
#include "vup_server_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DMA_TIMEOUT_MS   1000
#define DMA_SLICE_MS     10 /* between two looks at whether the client is still there */
#define DMA_DEFERRED_MAX 256

static void
fd_wake(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one)); /* full: it is awake */
}

static void
fd_drain(int fd)
{
	uint64_t told;

	(void)!read(fd, &told, sizeof(told)); /* empty: so be it */
}

/* Mark the client as one to be ended. srv->io held. */
static int
conn_break(struct vup_server *srv, struct vup_conn *conn, const char *why, int err)
{
	if (!conn->broken)
		conn->broken = why;
	fd_wake(srv->wake_fd);
	return err;
}

/* The message in conn->in is a reply to the request that is out: take it. srv->io held. */
static bool
dma_reply_take(struct vup_server *srv, struct vup_conn *conn)
{
	struct vup_dma_call *call = srv->dma_call;
	const struct vup_hdr *hdr = &conn->in.hdr;
	const uint8_t *payload = conn->in.buf + VUP_HDR_SIZE;
	struct vup_dma_rw rw;
	const char *wrong;

	if (!call || call->done || conn != &srv->client ||
			(hdr->flags & VUP_TYPE_MASK) != VUP_TYPE_REPLY || hdr->cmd != call->cmd ||
			hdr->id != call->id)
		return false;
	call->done = true;
	if (hdr->flags & VUP_ERROR) {
		call->err = -EFAULT;
	} else {
		wrong = vup_dma_rw_decode(payload, hdr->size - VUP_HDR_SIZE,
				call->cmd == VUP_CMD_DMA_READ, &rw);
		if (!wrong && (rw.iova != call->rw.iova || rw.count != call->rw.count))
			wrong = "a DMA answer is about another range";
		if (wrong)
			call->err = conn_break(srv, conn, wrong, -EPROTO);
		else if (call->cmd == VUP_CMD_DMA_READ)
			memcpy(call->buf, payload + sizeof(struct vup_wire_dma_rw), rw.count);
	}
	vup_rx_next(&conn->in);
	fd_wake(srv->dma_fd);
	return true;
}

int
vup_conn_step(struct vup_server *srv, struct vup_conn *conn, const char **why)
{
	struct vup_deferred *first = NULL;
	int ret = 0;

	pthread_mutex_lock(&srv->io);
	if (conn->nb_deferred > 0) {
		first = conn->deferred;
		conn->deferred = first->next;
		conn->nb_deferred--;
		vup_rx_move(&conn->rx, &first->rx);
		ret = 1;
	} else if (conn->broken) {
		*why = conn->broken;
		ret = -EPROTO;
	} else {
		do
			ret = vup_rx_step(conn->sock, &conn->in, why);
		while (ret > 0 && dma_reply_take(srv, conn));
		if (ret > 0)
			vup_rx_move(&conn->rx, &conn->in);
	}
	pthread_mutex_unlock(&srv->io);
	free(first);
	return ret;
}

void
vup_conn_forget(struct vup_conn *conn)
{
	struct vup_deferred *d;

	while ((d = conn->deferred) != NULL) {
		conn->deferred = d->next;
		vup_rx_next(&d->rx);
		free(d);
	}
	conn->nb_deferred = 0;
	conn->broken = NULL;
	vup_rx_next(&conn->in);
	vup_rx_next(&conn->rx);
}

/* Keep the message in conn->in for the server's thread. srv->io held. */
static int
conn_defer(struct vup_server *srv, struct vup_conn *conn)
{
	struct vup_deferred *d, **end = &conn->deferred;

	if (conn->nb_deferred == DMA_DEFERRED_MAX)
		return conn_break(srv, conn, "too many messages before a DMA answer", -EPROTO);
	d = malloc(sizeof(*d));
	if (!d)
		return conn_break(srv, conn, "out of memory", -ENOMEM);
	d->next = NULL;
	vup_rx_init(&d->rx);
	vup_rx_move(&d->rx, &conn->in);
	while (*end)
		end = &(*end)->next;
	*end = d;
	conn->nb_deferred++;
	fd_wake(srv->wake_fd);
	return 0;
}

/* Read what there is, until the answer is among it. srv->io held. 0: go on waiting, or done */
static int
dma_read_socket(struct vup_server *srv, struct vup_conn *conn)
{
	const char *why;
	int ret;

	while (!srv->dma_call->done) {
		ret = vup_rx_step(conn->sock, &conn->in, &why);
		if (ret == 0)
			return 0;
		if (ret < 0)
			return conn_break(srv, conn, why, -ENOTCONN);
		if (dma_reply_take(srv, conn))
			return 0;
		ret = conn_defer(srv, conn);
		if (ret)
			return ret;
	}
	return 0;
}

/* Send the request and wait. srv->dma_turn held. */
static int
dma_await(struct vup_server *srv, struct vup_dma_call *call, const uint8_t *msg, uint32_t len)
{
	struct deadline d = deadline_in_ms(DMA_TIMEOUT_MS);
	struct vup_conn *conn = &srv->client;
	uint64_t generation = conn->generation;
	struct pollfd fds[2];
	int ret;

	ret = vup_sock_send(conn->sock, msg, len, NULL, 0, &d);
	if (ret)
		return conn_break(srv, conn, "it takes no DMA request", ret);
	for (;;) { /* ends by the deadline */
		ret = dma_read_socket(srv, conn);
		if (ret || call->done)
			return ret ? ret : call->err;
		if (deadline_has_passed(&d))
			return conn_break(
					srv, conn, "it does not answer a DMA request", -ETIMEDOUT);
		fds[0] = (struct pollfd){ .fd = conn->sock, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = srv->dma_fd, .events = POLLIN };
		pthread_mutex_unlock(&srv->io);
		if (poll(fds, 2, DMA_SLICE_MS) > 0 && fds[1].revents)
			fd_drain(srv->dma_fd);
		pthread_mutex_lock(&srv->io);
		if (conn->generation != generation)
			return call->done ? call->err : -ENOTCONN;
	}
}

void
vup_server_dma_drain(struct vup_server *srv)
{
	pthread_mutex_lock(&srv->io);
	if (srv->client.nb_deferred == 0 && !srv->client.broken)
		fd_drain(srv->wake_fd);
	pthread_mutex_unlock(&srv->io);
}

/* One piece that the client takes at once. */
static int
dma_piece(struct vup_server *srv, uint16_t cmd, uint64_t iova, void *buf, uint32_t len)
{
	struct vup_dma_call call = { .cmd = cmd, .rw = { iova, len }, .buf = buf };
	struct vup_hdr hdr = { .cmd = cmd, .flags = VUP_TYPE_CMD };
	struct vup_conn *conn = &srv->client;
	uint32_t size = VUP_HDR_SIZE;
	int ret = -ENOTCONN;

	pthread_mutex_lock(&srv->io);
	if (conn->sock >= 0 && conn->negotiated && !conn->broken) {
		call.id = hdr.id = srv->dma_next_id++;
		size += (uint32_t)vup_dma_rw_encode(srv->dma_tx + size, &call.rw);
		if (cmd == VUP_CMD_DMA_WRITE) {
			memcpy(srv->dma_tx + size, buf, len);
			size += len;
		}
		hdr.size = size;
		vup_hdr_encode(srv->dma_tx, &hdr);
		srv->dma_call = &call;
		ret = dma_await(srv, &call, srv->dma_tx, size);
		srv->dma_call = NULL;
	}
	pthread_mutex_unlock(&srv->io);
	return ret;
}

static int
dma_do(struct vup_server *srv, uint16_t cmd, uint64_t iova, uint8_t *buf, uint32_t len)
{
	uint32_t most, part;
	int ret = 0;

	pthread_mutex_lock(&srv->dma_turn);
	while (ret == 0 && len > 0) {
		most = srv->client.max_xfer;
		part = len < most ? len : most;
		ret = part > 0 ? dma_piece(srv, cmd, iova, buf, part) : -ENOTCONN;
		iova += part;
		buf += part;
		len -= part;
	}
	pthread_mutex_unlock(&srv->dma_turn);
	return ret;
}

int
vup_server_dma_read(struct vup_server *srv, uint64_t iova, void *buf, uint32_t len)
{
	return dma_do(srv, VUP_CMD_DMA_READ, iova, buf, len);
}

int
vup_server_dma_write(struct vup_server *srv, uint64_t iova, const void *buf, uint32_t len)
{
	return dma_do(srv, VUP_CMD_DMA_WRITE, iova, (uint8_t *)(uintptr_t)buf, len);
}

int
vup_server_dma_init(struct vup_server *srv)
{
	pthread_mutex_init(&srv->io, NULL);
	pthread_mutex_init(&srv->dma_turn, NULL);
	srv->dma_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	srv->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return srv->dma_fd < 0 || srv->wake_fd < 0 ? -errno : 0;
}

void
vup_server_dma_fini(struct vup_server *srv)
{
	if (srv->dma_fd >= 0)
		close(srv->dma_fd);
	if (srv->wake_fd >= 0)
		close(srv->wake_fd);
	pthread_mutex_destroy(&srv->io);
	pthread_mutex_destroy(&srv->dma_turn);
}
