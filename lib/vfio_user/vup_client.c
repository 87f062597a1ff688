/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side: a connection and typed requests on it.
 *
 * Threads: any; one lock is held over a whole request and its reply. Invariant: at most one request
 * is out. So a reply can only be its answer, and what arrives otherwise is a request of the
 * server's (DMA by messages), served by whoever reads it, or the server's error. The first error of
 * the connection (as opposed to a refusal by the server) makes the client dead: the reason is kept,
 * the socket is shut down (it polls as hung up) and stays open until destroy.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vup_sock.h"

#define CLIENT_TIMEOUT_MS 2000

struct vup_client {
	pthread_mutex_t lock;
	int sock;
	bool dead;
	uint32_t timeout_ms;
	uint32_t peer_max_fds;
	uint32_t peer_max_xfer;
	uint16_t next_id;
	const struct vup_client_ops *ops; /* may be NULL */
	void *ctx;
	char why[VUP_WHY_LEN]; /* of dead */
	struct vup_rx rx;
	uint8_t tx[VUP_MSG_MAX];
};

/* A request: its payload is at cl->tx + VUP_HDR_SIZE; the answer's is left in cl->rx. */
struct request {
	uint16_t cmd;
	unsigned int nb_fds;
	const int *fds;
	size_t len;
	unsigned int max_reply_fds;
};

__attribute__((format(printf, 3, 4))) static int
client_die(struct vup_client *cl, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cl->why, sizeof(cl->why), fmt, ap);
	va_end(ap);
	cl->dead = true;
	shutdown(cl->sock, SHUT_RDWR);
	return err;
}

/*
 * A refusal as negative errno. Zero is legal there, and nobody's word makes a number an errno;
 * those that say that the connection is dead are ours to give, for callers then forget their maps.
 */
static int
refusal_errno(uint32_t error)
{
	if (error == 0 || error > 4095 || error == ENOTCONN || error == ETIMEDOUT ||
			error == EPROTO)
		return -EIO;
	return -(int)error;
}

/* The reply to @p hdr is complete in cl->rx: is it one? */
static int
reply_check(struct vup_client *cl, const struct vup_hdr *hdr, const struct request *req)
{
	const struct vup_hdr *got = &cl->rx.hdr;
	const char *name = vup_cmd_name(hdr->cmd);

	if (got->id != hdr->id || got->cmd != hdr->cmd)
		return client_die(cl, -EPROTO,
				"awaited the reply to %s, message %u, got one to %s %u, message %u",
				name, hdr->id, vup_cmd_name(got->cmd), got->cmd, got->id);
	if (cl->rx.nb_fds > req->max_reply_fds)
		return client_die(cl, -EPROTO,
				"the reply to %s has file descriptors where none belong", name);
	return got->flags & VUP_ERROR ? refusal_errno(got->error) : 0;
}

/* Do what a complete message in cl->rx asks for and answer it. */
static int
client_serve(struct vup_client *cl)
{
	const struct vup_hdr asked = cl->rx.hdr;
	uint8_t *data = cl->rx.buf + VUP_HDR_SIZE + sizeof(struct vup_wire_dma_rw);
	bool is_read = asked.cmd == VUP_CMD_DMA_READ;
	struct deadline d = deadline_in_ms(cl->timeout_ms);
	struct vup_hdr hdr = { .id = asked.id, .cmd = asked.cmd, .flags = VUP_TYPE_REPLY };
	struct vup_dma_rw rw;
	const char *wrong;
	int ret = -ENOTSUP;

	if ((asked.flags & VUP_TYPE_MASK) != VUP_TYPE_CMD)
		return client_die(cl, -EPROTO, "the server sent a message that nobody asked for");
	if (!is_read && asked.cmd != VUP_CMD_DMA_WRITE)
		return client_die(cl, -EPROTO, "the server sent %s %u, which we do not serve",
				vup_cmd_name(asked.cmd), asked.cmd);
	wrong = vup_dma_rw_decode(
			cl->rx.buf + VUP_HDR_SIZE, asked.size - VUP_HDR_SIZE, !is_read, &rw);
	if (wrong || cl->rx.nb_fds)
		return client_die(cl, -EPROTO, "the server sent a broken %s: %s",
				vup_cmd_name(asked.cmd), wrong ? wrong : "file descriptors");
	hdr.size = VUP_HDR_SIZE + (uint32_t)vup_dma_rw_encode(cl->tx + VUP_HDR_SIZE, &rw);
	if (cl->ops && is_read)
		ret = cl->ops->dma_read(cl->ctx, rw.iova, cl->tx + hdr.size, rw.count);
	else if (cl->ops)
		ret = cl->ops->dma_write(cl->ctx, rw.iova, data, rw.count);
	if (ret) {
		hdr.flags |= VUP_ERROR;
		hdr.error = (uint32_t)-ret;
		hdr.size = VUP_HDR_SIZE;
	} else if (is_read) {
		hdr.size += rw.count;
	}
	vup_rx_next(&cl->rx);
	vup_hdr_encode(cl->tx, &hdr);
	ret = vup_sock_send(cl->sock, cl->tx, hdr.size, NULL, 0, &d);
	return ret ? client_die(cl, -ENOTCONN, "answering %s failed: %s", vup_cmd_name(asked.cmd),
				     strerror(-ret))
	           : 0;
}

/* Send and await the answer. Lock held. Returns as the public requests do. */
static int
client_request(struct vup_client *cl, const struct request *req)
{
	struct deadline d = deadline_in_ms(cl->timeout_ms);
	struct vup_hdr hdr = {
		.id = cl->next_id++,
		.cmd = req->cmd,
		.size = VUP_HDR_SIZE + (uint32_t)req->len,
		.flags = VUP_TYPE_CMD,
	};
	const char *name = vup_cmd_name(req->cmd);
	bool is_late = false;
	const char *why;
	int ret;

	if (cl->dead)
		return -ENOTCONN;
	if (vup_rx_is_complete(&cl->rx))
		vup_rx_next(&cl->rx); /* the last answer; else a request of the server's, in part */
	vup_hdr_encode(cl->tx, &hdr);
	ret = vup_sock_send(cl->sock, cl->tx, hdr.size, req->fds, req->nb_fds, &d);
	if (ret == -ETIMEDOUT)
		return client_die(cl, ret, "the server did not take %s for %u ms", name,
				cl->timeout_ms);
	if (ret)
		return client_die(cl, -ENOTCONN, "sending %s failed: %s", name, strerror(-ret));
	for (;;) { /* ends by the deadline */
		if (is_late || vup_sock_wait(cl->sock, &d) != 0)
			return client_die(cl, -ETIMEDOUT, "no reply to %s within %u ms", name,
					cl->timeout_ms);
		ret = vup_rx_step(cl->sock, &cl->rx, &why);
		if (ret > 0 && (cl->rx.hdr.flags & VUP_TYPE_MASK) == VUP_TYPE_CMD) {
			is_late = deadline_has_passed(&d); /* it may ask without end */
			ret = client_serve(cl);
			if (ret)
				return ret;
			continue;
		}
		if (ret > 0)
			return reply_check(cl, &hdr, req);
		if (ret == -EPROTO)
			return client_die(cl, ret, "awaiting the reply to %s: %s", name, why);
		if (ret < 0)
			return client_die(cl, -ENOTCONN, "awaiting the reply to %s: %s", name, why);
	}
}

static uint8_t *
request_payload(struct vup_client *cl)
{
	return cl->tx + VUP_HDR_SIZE;
}

static const uint8_t *
answer_payload(const struct vup_client *cl)
{
	return cl->rx.buf + VUP_HDR_SIZE;
}

static size_t
answer_len(const struct vup_client *cl)
{
	return cl->rx.hdr.size - VUP_HDR_SIZE;
}

/* The decoder's verdict (or another check's) about an answer as return value. */
static int
answer_verdict(struct vup_client *cl, const char *wrong)
{
	if (!wrong)
		return 0;
	return client_die(cl, -EPROTO, "the reply to %s is broken: %s",
			vup_cmd_name(cl->rx.hdr.cmd), wrong);
}

/* ---------------------------------------------------------------------------------- life cycle --
 */

static int
client_negotiate(struct vup_client *cl, const struct vup_client_cfg *cfg)
{
	struct vup_version ver = {
		.major = VUP_VERSION_MAJOR,
		.minor = VUP_VERSION_MINOR,
		.caps = { VUP_MAX_FDS, VUP_MAX_XFER, VUP_MAX_DMA_MAPS, cfg->map_regions },
	};
	struct request req = { .cmd = VUP_CMD_VERSION };
	int ret;

	req.len = vup_version_encode(request_payload(cl), VUP_VERSION_MAX, &ver);
	ret = client_request(cl, &req);
	if (ret == 0)
		ret = answer_verdict(
				cl, vup_version_decode(answer_payload(cl), answer_len(cl), &ver));
	if (ret)
		return ret;
	if (ver.major != VUP_VERSION_MAJOR)
		return -EPROTONOSUPPORT;
	if (ver.minor > VUP_VERSION_MINOR)
		return answer_verdict(cl, "a newer minor version than proposed");
	if (ver.caps.max_msg_fds == 0)
		return answer_verdict(cl, "max_msg_fds is 0");
	cl->peer_max_fds = ver.caps.max_msg_fds < VUP_MAX_FDS ? ver.caps.max_msg_fds : VUP_MAX_FDS;
	cl->peer_max_xfer = ver.caps.max_data_xfer_size < VUP_MAX_XFER ? ver.caps.max_data_xfer_size
	                                                               : VUP_MAX_XFER;
	return 0;
}

/* Why negotiation failed, in words. */
static void
negotiate_why(const struct vup_client *cl, const char *path, int err, char *why)
{
	switch (err) {
	case -EBUSY:
		snprintf(why, VUP_WHY_LEN, "%s: busy, another client is attached to this device",
				path);
		break;
	case -EPROTONOSUPPORT:
		snprintf(why, VUP_WHY_LEN,
				"%s: the server speaks another version of vfio-user than ours "
				"(%u.%u)",
				path, VUP_VERSION_MAJOR, VUP_VERSION_MINOR);
		break;
	default:
		snprintf(why, VUP_WHY_LEN, "%.100s: is this a vfio-user server? %.120s", path,
				cl->dead ? cl->why : strerror(-err));
	}
}

struct vup_client *
vup_client_create(const struct vup_client_cfg *cfg, int *err, char *why)
{
	struct vup_client *cl = calloc(1, sizeof(*cl));
	struct deadline d;

	if (!cl) {
		snprintf(why, VUP_WHY_LEN, "out of memory");
		*err = -ENOMEM;
		return NULL;
	}
	pthread_mutex_init(&cl->lock, NULL);
	vup_rx_init(&cl->rx);
	cl->ops = cfg->ops;
	cl->ctx = cfg->ctx;
	cl->timeout_ms = cfg->timeout_ms ? cfg->timeout_ms : CLIENT_TIMEOUT_MS;
	cl->next_id = 1;
	d = deadline_in_ms(cl->timeout_ms);
	cl->sock = vup_sock_connect(cfg->path, &d, why);
	if (cl->sock < 0) {
		*err = cl->sock;
		goto fail;
	}
	*err = client_negotiate(cl, cfg);
	if (*err == 0)
		return cl;
	negotiate_why(cl, cfg->path, *err, why);
	if (*err == -ENOTCONN)
		*err = -EPROTO; /* it connected, but hung up instead of answering */
fail:
	vup_client_destroy(cl);
	return NULL;
}

void
vup_client_destroy(struct vup_client *cl)
{
	if (!cl)
		return;
	vup_rx_next(&cl->rx);
	if (cl->sock >= 0)
		close(cl->sock);
	pthread_mutex_destroy(&cl->lock);
	free(cl);
}

int
vup_client_fd(const struct vup_client *cl)
{
	return cl->sock;
}

int
vup_client_check(struct vup_client *cl, char *why)
{
	struct deadline d;
	const char *wrong;
	int ret = 1;

	pthread_mutex_lock(&cl->lock);
	d = deadline_in_ms(cl->timeout_ms);
	if (vup_rx_is_complete(&cl->rx))
		vup_rx_next(&cl->rx); /* the last answer */
	while (!cl->dead && ret > 0 && !deadline_has_passed(&d)) {
		ret = vup_rx_step(cl->sock, &cl->rx, &wrong);
		if (ret > 0)
			client_serve(cl);
		else if (ret < 0)
			client_die(cl, 0, "%s", wrong);
	}
	ret = cl->dead ? -ENOTCONN : 0;
	if (ret && why)
		memcpy(why, cl->why, VUP_WHY_LEN);
	pthread_mutex_unlock(&cl->lock);
	return ret;
}

/* ------------------------------------------------------------------------------------ requests --
 */

int
vup_client_device_info(struct vup_client *cl, uint32_t *nb_regions, uint32_t *nb_irqs)
{
	struct request req = { .cmd = VUP_CMD_DEVICE_GET_INFO };
	struct vup_device_info info = { 0 };
	int ret;

	pthread_mutex_lock(&cl->lock);
	req.len = vup_device_info_encode(request_payload(cl), &info);
	ret = client_request(cl, &req);
	if (ret == 0)
		ret = answer_verdict(cl,
				vup_device_info_decode(answer_payload(cl), answer_len(cl), &info));
	pthread_mutex_unlock(&cl->lock);
	*nb_regions = info.nb_regions;
	*nb_irqs = info.nb_irqs;
	return ret;
}

/* What is wrong with a region answer beyond its form. */
static const char *
region_answer_check(const struct vup_rx *rx, const struct vup_region_info *info, uint32_t index)
{
	struct stat st;

	if (info->index != index)
		return "another index than asked for";
	if (!(info->flags & VUP_REGION_MMAP))
		return rx->nb_fds ? "a file descriptor for what cannot be mapped" : NULL;
	if (rx->nb_fds != 1)
		return "no file descriptor for a mappable region";
	if (fstat(rx->fds[0], &st) != 0 || info->offset > (uint64_t)st.st_size ||
			info->size > (uint64_t)st.st_size - info->offset)
		return "the region is larger than its file";
	return NULL;
}

int
vup_client_region_info(struct vup_client *cl, uint32_t index, struct vup_region *region)
{
	struct request req = { .cmd = VUP_CMD_DEVICE_GET_REGION_INFO, .max_reply_fds = 1 };
	struct vup_region_info info = { .index = index };
	const char *wrong;
	int ret;

	*region = (struct vup_region){ .fd = -1 };
	pthread_mutex_lock(&cl->lock);
	req.len = vup_region_info_encode(request_payload(cl), &info);
	ret = client_request(cl, &req);
	if (ret == 0) {
		wrong = vup_region_info_decode(answer_payload(cl), answer_len(cl), &info);
		if (!wrong)
			wrong = region_answer_check(&cl->rx, &info, index);
		ret = answer_verdict(cl, wrong);
	}
	if (ret == 0)
		*region = (struct vup_region){
			.size = info.size,
			.flags = info.flags &
			         (VUP_REGION_READ | VUP_REGION_WRITE | VUP_REGION_MMAP),
			.fd = vup_rx_take_fd(&cl->rx, 0),
			.offset = info.offset,
		};
	pthread_mutex_unlock(&cl->lock);
	return ret;
}

int
vup_client_irq_info(struct vup_client *cl, uint32_t index, uint32_t *nb_vectors)
{
	struct request req = { .cmd = VUP_CMD_DEVICE_GET_IRQ_INFO };
	struct vup_irq_info info = { .index = index };
	int ret;

	pthread_mutex_lock(&cl->lock);
	req.len = vup_irq_info_encode(request_payload(cl), &info);
	ret = client_request(cl, &req);
	if (ret == 0)
		ret = answer_verdict(
				cl, vup_irq_info_decode(answer_payload(cl), answer_len(cl), &info));
	if (ret == 0 && (info.index != index || info.count > VUP_MAX_VECTORS))
		ret = answer_verdict(
				cl, "another index, or more vectors than a PCI device can have");
	pthread_mutex_unlock(&cl->lock);
	*nb_vectors = ret == 0 ? info.count : 0;
	return ret;
}

/* A request whose reply has no payload. Takes the lock. */
static int
client_simple_request(struct vup_client *cl, const struct request *req)
{
	int ret = client_request(cl, req);

	if (ret == 0 && answer_len(cl) != 0)
		ret = answer_verdict(cl, "wrong size");
	return ret;
}

int
vup_client_set_irqs(struct vup_client *cl, uint32_t index, uint32_t start, uint32_t count,
		const int *fds)
{
	struct request req = { .cmd = VUP_CMD_DEVICE_SET_IRQS };
	struct vup_irq_set set = {
		.flags = VUP_IRQ_DATA_EVENTFD | VUP_IRQ_ACTION_TRIGGER,
		.index = index,
	};
	int ret = 0;

	pthread_mutex_lock(&cl->lock);
	while (ret == 0 && count > 0) {
		set.start = start;
		set.count = count < cl->peer_max_fds ? count : cl->peer_max_fds;
		req.len = vup_irq_set_encode(request_payload(cl), &set);
		req.fds = fds;
		req.nb_fds = set.count;
		ret = client_simple_request(cl, &req);
		start += set.count;
		fds += set.count;
		count -= set.count;
	}
	pthread_mutex_unlock(&cl->lock);
	return ret;
}

int
vup_client_clear_irqs(struct vup_client *cl, uint32_t index)
{
	struct request req = { .cmd = VUP_CMD_DEVICE_SET_IRQS };
	struct vup_irq_set set = {
		.flags = VUP_IRQ_DATA_NONE | VUP_IRQ_ACTION_TRIGGER,
		.index = index,
	};
	int ret;

	pthread_mutex_lock(&cl->lock);
	req.len = vup_irq_set_encode(request_payload(cl), &set);
	ret = client_simple_request(cl, &req);
	pthread_mutex_unlock(&cl->lock);
	return ret;
}

int
vup_client_dma_map(struct vup_client *cl, uint64_t iova, uint64_t size, uint32_t prot, int fd,
		uint64_t offset)
{
	struct vup_dma map = { .iova = iova, .size = size, .offset = offset, .prot = prot };
	struct request req = { .cmd = VUP_CMD_DMA_MAP, .fds = &fd, .nb_fds = fd >= 0 };
	int ret;

	pthread_mutex_lock(&cl->lock);
	req.len = vup_dma_map_encode(request_payload(cl), &map);
	ret = client_simple_request(cl, &req);
	pthread_mutex_unlock(&cl->lock);
	return ret;
}

int
vup_client_dma_unmap(struct vup_client *cl, uint64_t iova, uint64_t size)
{
	struct request req = { .cmd = VUP_CMD_DMA_UNMAP };
	struct vup_dma unmap = { .iova = iova, .size = size }, got;
	const char *wrong;
	int ret;

	pthread_mutex_lock(&cl->lock);
	req.len = vup_dma_unmap_encode(request_payload(cl), &unmap);
	ret = client_request(cl, &req);
	if (ret == 0) {
		wrong = vup_dma_unmap_decode(answer_payload(cl), answer_len(cl), &got);
		if (!wrong && (got.iova != iova || got.size != size))
			wrong = "another range than asked for";
		ret = answer_verdict(cl, wrong);
	}
	pthread_mutex_unlock(&cl->lock);
	return ret;
}

/* Read (@p in) or write (@p out) one piece that the peer takes at once. */
static int
client_region_rw(struct vup_client *cl, const struct vup_region_rw *rw, void *in, const void *out)
{
	struct request req = { .cmd = in ? VUP_CMD_REGION_READ : VUP_CMD_REGION_WRITE };
	struct vup_region_rw got;
	const char *wrong;
	int ret;

	if (rw->count > cl->peer_max_xfer)
		return -EMSGSIZE;
	pthread_mutex_lock(&cl->lock);
	req.len = vup_region_rw_encode(request_payload(cl), rw);
	if (out) {
		memcpy(request_payload(cl) + req.len, out, rw->count);
		req.len += rw->count;
	}
	ret = client_request(cl, &req);
	if (ret == 0) {
		wrong = vup_region_rw_decode(answer_payload(cl), answer_len(cl), in != NULL, &got);
		if (!wrong && (got.offset != rw->offset || got.region != rw->region ||
					      got.count != rw->count))
			wrong = "another access than asked for";
		ret = answer_verdict(cl, wrong);
	}
	if (ret == 0 && in)
		memcpy(in, answer_payload(cl) + sizeof(struct vup_wire_region_rw), rw->count);
	pthread_mutex_unlock(&cl->lock);
	return ret;
}

int
vup_client_region_read(
		struct vup_client *cl, uint32_t region, uint64_t offset, void *buf, uint32_t count)
{
	struct vup_region_rw rw = { .offset = offset, .region = region, .count = count };

	return client_region_rw(cl, &rw, buf, NULL);
}

int
vup_client_region_write(struct vup_client *cl, uint32_t region, uint64_t offset, const void *buf,
		uint32_t count)
{
	struct vup_region_rw rw = { .offset = offset, .region = region, .count = count };

	return client_region_rw(cl, &rw, NULL, buf);
}

int
vup_client_reset(struct vup_client *cl)
{
	struct request req = { .cmd = VUP_CMD_DEVICE_RESET };
	int ret;

	pthread_mutex_lock(&cl->lock);
	ret = client_simple_request(cl, &req);
	pthread_mutex_unlock(&cl->lock);
	return ret;
}
