/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wire "tap:NAME": a TAP interface of the network namespace that the emulator runs in. The
 * interface is created, set up, and gone when the emulator ends; it may be moved into another
 * namespace meanwhile.
 *
 * Frames are read by the burst, so that what arrives together may be merged. They wait here until
 * the device has room, so that loss happens in the kernel's queue only.
 */
#include "emu_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct tap {
	int fd;
	struct emu_wire_queue frames;
	uint8_t buf[EMU_BURST][EMU_FRAME_BYTES_MAX];
};

/* Create the interface; the descriptor or a negative errno, with what failed in @p why. */
static int
tap_create(const char *name, char *why, size_t why_size)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	const char *what = "open /dev/net/tun";
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), sock = -1, ret;

	if (fd < 0)
		goto fail;
	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	what = "create the interface";
	if (ioctl(fd, TUNSETIFF, &ifr))
		goto fail;
	what = "set the interface up";
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &ifr))
		goto fail;
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &ifr))
		goto fail;
	close(sock);
	return fd;
fail:
	ret = -errno;
	snprintf(why, why_size, "wire \"tap:%s\": cannot %s: %s%s", name, what, strerror(-ret),
			ret == -EPERM ? " (it takes CAP_NET_ADMIN: run as root)" : "");
	if (sock >= 0)
		close(sock);
	if (fd >= 0)
		close(fd);
	return ret;
}

static int
tap_open(struct emu_wire *w, const char *spec, char *why, size_t why_size)
{
	struct tap *t;
	int fd;

	if (*spec == '\0' || strlen(spec) >= IFNAMSIZ || strpbrk(spec, ",/ %")) {
		snprintf(why, why_size,
				"wire \"tap:%s\": give one interface name of up to %d characters",
				spec, IFNAMSIZ - 1);
		return -EINVAL;
	}
	fd = tap_create(spec, why, why_size);
	if (fd < 0)
		return fd;
	t = calloc(1, sizeof(*t));
	if (!t) {
		snprintf(why, why_size, "out of memory");
		close(fd);
		return -ENOMEM;
	}
	t->fd = fd;
	w->priv = t;
	return 0;
}

/* Read what there is, up to a burst of frames. */
static void
tap_read(struct emu_wire *w)
{
	struct tap *t = w->priv;
	struct emu_wire_queue *q = &t->frames;

	for (; q->nb < EMU_BURST; q->nb++) {
		uint8_t *buf = t->buf[q->nb];
		struct emu_frame *frame = &q->frame[q->nb];
		ssize_t len = read(t->fd, buf, EMU_FRAME_BYTES_MAX);

		if (len <= 0)
			break;
		if (len < EMU_FRAME_BYTES_MIN) {
			memset(buf + len, 0, EMU_FRAME_BYTES_MIN - (size_t)len);
			len = EMU_FRAME_BYTES_MIN;
		}
		frame->len_bytes = (uint32_t)len;
		frame->nb_segs = 1;
		frame->seg[0] = (struct iovec){ buf, (size_t)len };
	}
}

static unsigned int
tap_poll(struct emu_wire *w, unsigned int budget)
{
	struct tap *t = w->priv;

	return emu_wire_poll_queue(w, &t->frames, budget, tap_read);
}

static enum emu_tx_result
tap_tx(struct emu_wire *w, const struct emu_frame *frame)
{
	struct tap *t = w->priv;
	ssize_t len = writev(t->fd, frame->seg, (int)frame->nb_segs);

	if (len < 0 && errno == EAGAIN)
		return EMU_TX_BUSY;
	if (len != (ssize_t)frame->len_bytes) { /* the interface is down, or the frame too long for
		                                   it */
		w->stats.drop_tx_error_pkts++;
		return EMU_TX_DROPPED;
	}
	w->stats.tx_pkts++;
	w->stats.tx_bytes += frame->len_bytes;
	return EMU_TX_TAKEN;
}

static void
tap_close(struct emu_wire *w)
{
	struct tap *t = w->priv;

	close(t->fd);
	free(t);
}

const struct emu_wire_ops emu_wire_tap = {
	.kind = "tap",
	.open = tap_open,
	.poll = tap_poll,
	.tx = tap_tx,
	.close = tap_close,
};
