/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wire "netdev:NAME": an Ethernet interface that exists and is up, such as one end of a veth pair,
 * by a packet socket. The interface becomes promiscuous meanwhile; what the host itself sends on it
 * is not seen.
 *
 * Frames move by the batch, one system call each. The kernel leaves checksums, segmentation and the
 * outer VLAN tag of what comes to its receiver: emu_vnet.c finishes the job. Frames wait here until
 * the device has room, so that loss happens in the socket's queue only, where the kernel counts it.
 */
#include "emu_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emu_vnet.h"
#include "log.h"

#define MODULE      "emu.wire"
#define QUEUE_BYTES (4 << 20) /* of the socket */
#define ETH_ALL     0x0003
#define CTRL_BYTES  CMSG_SPACE(sizeof(struct tpacket_auxdata))
#define IOVS_MAX    (EMU_FRAME_SEGS_MAX + 1)

struct netdev {
	int fd;
	int mtu;
	char name[IFNAMSIZ];
	bool told_too_long;
	/* units read, next_unit the one being taken apart */
	unsigned int nb_units, next_unit;
	bool unit_is_open;
	struct emu_vnet unit;
	struct emu_wire_queue frames; /* made of them */
	uint8_t head[EMU_BURST][EMU_VNET_HEAD_BYTES];
	struct mmsghdr rx_msg[EMU_BURST], tx_msg[EMU_BURST];
	struct iovec rx_iov[EMU_BURST][2], tx_iov[EMU_BURST][IOVS_MAX];
	struct virtio_net_hdr rx_hdr[EMU_BURST];
	uint8_t ctrl[EMU_BURST][CTRL_BYTES] __attribute__((aligned(8)));
	uint8_t buf[EMU_BURST][EMU_FRAME_BYTES_MAX];
};

/* Look at the interface; 0 or a negative errno, and then what would be right in @p why. */
static int
interface_check(struct netdev *n, int *idx, char *why, size_t why_size)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };
	const char *what = NULL;
	int ret = 0;

	memcpy(ifr.ifr_name, n->name, IFNAMSIZ);
	if (ioctl(n->fd, SIOCGIFINDEX, &ifr)) {
		ret = -errno;
		snprintf(why, why_size,
				"wire \"netdev:%s\": there is no such interface in this network "
				"namespace; make it first, such as with: ip link add %s type veth "
				"peer name %s-peer",
				n->name, n->name, n->name);
		return ret;
	}
	*idx = ifr.ifr_ifindex;
	if (ioctl(n->fd, SIOCGIFHWADDR, &ifr) == 0 && ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		what = "it is not an Ethernet interface";
	else if (ioctl(n->fd, SIOCGIFFLAGS, &ifr) == 0 && !(ifr.ifr_flags & IFF_UP))
		what = "it is down; set it up with: ip link set dev NAME up";
	else if (ioctl(n->fd, SIOCGIFMTU, &ifr))
		what = "its MTU cannot be read";
	if (what) {
		snprintf(why, why_size, "wire \"netdev:%s\": %s", n->name, what);
		return -ENETDOWN;
	}
	n->mtu = ifr.ifr_mtu;
	if (n->mtu < 1500)
		base_log(BASE_LOG_NOTICE, MODULE,
				"netdev:%s has an MTU of %d: longer frames will be lost", n->name,
				n->mtu);
	return 0;
}

static int
socket_set(int fd, int level, int option, int val)
{
	return setsockopt(fd, level, option, &val, sizeof(val)) ? -errno : 0;
}

/* Bind the socket to interface @p idx with what we need; 0 or a negative errno. */
static int
socket_setup(int fd, int idx)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_ALL), .sll_ifindex = idx
	};
	struct packet_mreq promisc = { .mr_ifindex = idx, .mr_type = PACKET_MR_PROMISC };
	int ret = socket_set(fd, SOL_PACKET, PACKET_VNET_HDR, 1);

	if (ret == 0)
		ret = socket_set(fd, SOL_PACKET, PACKET_AUXDATA, 1);
	if (ret == 0)
		ret = socket_set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	if (ret == 0 && socket_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES))
		ret = socket_set(fd, SOL_SOCKET, SO_RCVBUF, QUEUE_BYTES);
	if (ret == 0 && (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
					setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc,
							sizeof(promisc))))
		ret = -errno;
	return ret;
}

static void
messages_prepare(struct netdev *n)
{
	static struct virtio_net_hdr nothing_left; /* of what we send */

	for (unsigned int i = 0; i < EMU_BURST; i++) {
		n->rx_iov[i][0] = (struct iovec){ &n->rx_hdr[i], sizeof(n->rx_hdr[i]) };
		n->rx_iov[i][1] = (struct iovec){ n->buf[i], EMU_FRAME_BYTES_MAX };
		n->rx_msg[i].msg_hdr.msg_iov = n->rx_iov[i];
		n->rx_msg[i].msg_hdr.msg_iovlen = 2;
		n->rx_msg[i].msg_hdr.msg_control = n->ctrl[i];
		n->tx_iov[i][0] = (struct iovec){ &nothing_left, sizeof(nothing_left) };
		n->tx_msg[i].msg_hdr.msg_iov = n->tx_iov[i];
	}
}

static int
netdev_open(struct emu_wire *w, const char *spec, char *why, size_t why_size)
{
	struct netdev *n;
	int ret = 0, idx = 0;

	if (*spec == '\0' || strlen(spec) >= IFNAMSIZ || strpbrk(spec, ",/ ")) {
		snprintf(why, why_size,
				"wire \"netdev:%s\": give one interface name of up to %d "
				"characters",
				spec, IFNAMSIZ - 1);
		return -EINVAL;
	}
	n = calloc(1, sizeof(*n));
	if (!n) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	strcpy(n->name, spec); /* it fits */
	n->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0); /* bind() starts it */
	if (n->fd < 0)
		ret = -errno;
	else if (interface_check(n, &idx, why, why_size))
		ret = -ENODEV;
	else
		ret = socket_setup(n->fd, idx);
	if (ret == 0) {
		messages_prepare(n);
		w->priv = n;
		return 0;
	}
	if (ret != -ENODEV || *why == '\0')
		snprintf(why, why_size, "wire \"netdev:%s\": cannot open a packet socket: %s%s",
				spec, strerror(-ret),
				ret == -EPERM ? " (it takes CAP_NET_RAW: run as root)" : "");
	if (n->fd >= 0)
		close(n->fd);
	free(n);
	return ret;
}

/* The tag that the kernel keeps apart: TPID and TCI; false: none. */
static bool
tag_find(struct msghdr *msg, uint16_t tag[2])
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			return false;
		tag[0] = aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : 0x8100;
		tag[1] = aux.tp_vlan_tci;
		return true;
	}
	return false;
}

/* Read units; false: there are none. */
static bool
units_read(struct netdev *n)
{
	int nb;

	for (unsigned int i = 0; i < EMU_BURST; i++)
		n->rx_msg[i].msg_hdr.msg_controllen = CTRL_BYTES;
	nb = recvmmsg(n->fd, n->rx_msg, EMU_BURST, MSG_DONTWAIT, NULL);
	n->next_unit = 0;
	n->nb_units = nb > 0 ? (unsigned int)nb : 0;
	return nb > 0;
}

/* Begin with the next unit; false: it cannot be used. */
static bool
unit_open(struct netdev *n)
{
	unsigned int i = n->next_unit++;
	struct msghdr *msg = &n->rx_msg[i].msg_hdr;
	uint32_t len = n->rx_msg[i].msg_len, hdr_len = sizeof(n->rx_hdr[i]);
	uint16_t tag[2];
	bool has_tag = tag_find(msg, tag);

	if (msg->msg_flags & MSG_TRUNC || len <= hdr_len)
		return false;
	return emu_vnet_start(&n->unit, &n->rx_hdr[i], n->buf[i], len - hdr_len,
			       has_tag ? tag : NULL) == 0;
}

/* Make frames of what has been read, or is there to read, until there is a burst of them. */
static void
frames_make(struct emu_wire *w)
{
	struct netdev *n = w->priv;
	struct emu_wire_queue *q = &n->frames;

	while (q->nb < EMU_BURST) {
		if (n->unit_is_open) {
			n->unit_is_open = emu_vnet_next(&n->unit, &q->frame[q->nb], n->head[q->nb]);
			q->nb += n->unit_is_open;
		} else if (n->next_unit < n->nb_units) {
			n->unit_is_open = unit_open(n);
			w->stats.drop_rx_error_pkts += !n->unit_is_open;
		} else if (q->nb > 0 || !units_read(n)) {
			break; /* the frames lie in the buffers that the next units want */
		}
	}
}

static unsigned int
netdev_poll(struct emu_wire *w, unsigned int budget)
{
	struct netdev *n = w->priv;

	return emu_wire_poll_queue(w, &n->frames, budget, frames_make);
}

/* What became of the frame at which sendmmsg() stopped. */
static enum emu_tx_result
send_failed(struct emu_wire *w, const struct emu_frame *frame)
{
	struct netdev *n = w->priv;

	if (errno == EAGAIN || errno == ENOBUFS)
		return EMU_TX_BUSY;
	if (errno == EMSGSIZE && !n->told_too_long) {
		n->told_too_long = true;
		base_log(BASE_LOG_WARNING, MODULE,
				"netdev:%s: a frame of %u bytes is longer than the interface's MTU "
				"of %d allows and is lost; raise it with: ip link set dev %s mtu N",
				n->name, frame->len_bytes, n->mtu, n->name);
	}
	w->stats.drop_tx_error_pkts++;
	return EMU_TX_DROPPED;
}

static unsigned int
netdev_tx_burst(struct emu_wire *w, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	struct netdev *n = w->priv;
	int sent;

	for (unsigned int i = 0; i < nb; i++) {
		memcpy(&n->tx_iov[i][1], frames[i]->seg,
				frames[i]->nb_segs * sizeof(frames[i]->seg[0]));
		n->tx_msg[i].msg_hdr.msg_iovlen = frames[i]->nb_segs + 1;
	}
	sent = sendmmsg(n->fd, n->tx_msg, nb, MSG_DONTWAIT);
	if (sent < 0) {
		*next = send_failed(w, frames[0]);
		return 0;
	}
	for (int i = 0; i < sent; i++) {
		w->stats.tx_pkts++;
		w->stats.tx_bytes += frames[i]->len_bytes;
	}
	*next = EMU_TX_TAKEN; /* if some are left, we are asked again, and learn why */
	return (unsigned int)sent;
}

/* Ask the kernel what it has lost; its counter starts over. */
static void
netdev_flush(struct emu_wire *w)
{
	struct netdev *n = w->priv;
	struct tpacket_stats st;
	socklen_t len = sizeof(st);

	if (getsockopt(n->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0)
		w->stats.drop_queue_pkts += st.tp_drops;
}

static void
netdev_close(struct emu_wire *w)
{
	struct netdev *n = w->priv;

	close(n->fd);
	free(n);
}

const struct emu_wire_ops emu_wire_netdev = {
	.kind = "netdev",
	.open = netdev_open,
	.poll = netdev_poll,
	.tx_burst = netdev_tx_burst,
	.flush = netdev_flush,
	.close = netdev_close,
};
