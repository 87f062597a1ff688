/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases of the wires into the kernel's network; see wire_netrig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire_netrig.h"

static const uint8_t head[14] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5 };

void
net_frame_fill(uint8_t *frame, uint32_t len, unsigned int seed)
{
	bytes_fill(frame, len, seed);
	memcpy(frame, head, 14);
}

int
net_socket(const char *ifname, bool vnet_hdr)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(ifname) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

	assert_true(fd >= 0);
	if (vnet_hdr)
		assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

int
net_open(struct wire_rig *rig, bool vnet_hdr)
{
	wire_open(rig, net_wire.spec);
	return net_socket(net_wire.far, vnet_hdr);
}

void
net_set_up(const char *ifname, bool up)
{
	struct ifreq ifr = { .ifr_flags = up ? IFF_UP : 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(ifr.ifr_name, ifname); /* at most 15 letters */
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
}

void
net_sums_are_right(const uint8_t *f, uint32_t l3)
{
	uint32_t ihl = (f[l3] & 0xfu) * 4u, len = (uint32_t)(f[l3 + 2] << 8 | f[l3 + 3]) - ihl;

	assert_int_equal(bytes_sum(f + l3, ihl, 0), 0xffff);
	assert_int_equal(bytes_sum(f + l3 + ihl, len, bytes_sum(f + l3 + 12, 8, f[l3 + 9] + len)),
			0xffff);
}

static void
send_one(int fd, uint32_t len, unsigned int seed)
{
	uint8_t frame[1514];

	net_frame_fill(frame, len, seed);
	assert_int_equal(send(fd, frame, len, 0), len);
}

void
net_sent_frames_come_out(void **state)
{
	struct wire_rig *rig = *state;
	int fd = net_open(rig, false);
	static const uint32_t len[] = { 60, 61, 1514 };
	uint8_t frame[1514], got[2000];

	for (unsigned int i = 0; i < 3; i++) {
		net_frame_fill(frame, len[i], i);
		assert_int_equal(wire_tx(rig, frame, len[i], i == 2 ? 400 : 0), EMU_TX_TAKEN);
		assert_int_equal(recv(fd, got, sizeof(got), 0), len[i]);
		assert_memory_equal(got, frame, len[i]);
	}
	assert_int_equal(rig->wire.stats.tx_pkts, 3);
	assert_int_equal(rig->wire.stats.tx_bytes, 1635);
	close(fd);
}

void
net_frames_of_the_interface_arrive(void **state)
{
	struct wire_rig *rig = *state;
	int fd = net_open(rig, false);
	static const uint32_t len[] = { 14, 42, 60, 1514 };
	uint8_t frame[1514];

	for (unsigned int i = 0; i < 4; i++)
		send_one(fd, len[i], i);
	wire_poll_until(rig, 4);
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t want = len[i] < 60 ? 60 : len[i];

		memset(frame, 0, sizeof(frame));
		net_frame_fill(frame, len[i], i);
		assert_int_equal(rig->dev.kept[i].len, want);
		assert_memory_equal(rig->dev.kept[i].bytes, frame, want);
	}
	assert_int_equal(rig->wire.stats.rx_pkts, 4);
	assert_int_equal(rig->wire.stats.rx_bytes, 1694);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
	close(fd);
}

/* A TCP unit of 5,000 bytes arrives in four frames of 1,200 and one of 200, whoever cuts it. */
void
net_long_tcp_units_are_cut(void **state)
{
	static uint8_t unit[5054];
	struct virtio_net_hdr h = { .flags = 1,
		.gso_type = 1,
		.hdr_len = 54,
		.gso_size = 1200,
		.csum_start = 34,
		.csum_offset = 16 };
	struct iovec iov[2] = { { &h, sizeof(h) }, { unit, sizeof(unit) } };
	struct wire_rig *rig = *state;
	int fd = net_open(rig, true);
	uint32_t at = 54;

	bytes_fill(unit, sizeof(unit), 3);
	memcpy(unit, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
	memcpy(unit + 12, /* with the sum of the pseudo header */
			"\x08\x00\x45\x00\x13\xb0\x00\x07\x40\x00\x40\x06\x00\x00\x0a\x09\x00\x01"
			"\x0a\x09\x00\x02\x04\x00\x00\x50\x00\x00\x00\x01\x00\x00\x00\x01\x50\x18"
			"\x10\x00\x27\xb7\x00\x00",
			42);
	assert_int_equal(writev(fd, iov, 2), (ssize_t)(sizeof(h) + sizeof(unit)));
	wire_poll_until(rig, 5);
	for (unsigned int i = 0; i < 5; i++) {
		uint32_t len = i < 4 ? 1254 : 254;

		assert_int_equal(rig->dev.kept[i].len, len);
		net_sums_are_right(rig->dev.kept[i].bytes, 14);
		assert_memory_equal(rig->dev.kept[i].bytes + 54, unit + at, len - 54);
		at += len - 54;
	}
	assert_int_equal(rig->wire.stats.drop_rx_error_pkts, 0);
	close(fd);
}

void
net_without_room_frames_wait(void **state)
{
	struct wire_rig *rig = *state;
	int fd = net_open(rig, false);
	uint8_t frame[64];

	for (unsigned int i = 0; i < 40; i++)
		send_one(fd, 64, i);
	rig->dev.room = 2;
	wire_poll_until(rig, 2);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
	rig->dev.room = 100;
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 2), 2); /* the budget */
	wire_poll_until(rig, 40);
	for (unsigned int i = 0; i < 40; i++) {
		net_frame_fill(frame, 64, i);
		assert_memory_equal(rig->dev.kept[i].bytes, frame, 64);
	}
	assert_int_equal(rig->wire.stats.drop_no_bd_pkts, 0);
	close(fd);
}

void
net_bursts_stay_together(void **state)
{
	struct wire_rig *rig = *state;
	int fd = net_open(rig, false);
	unsigned int sent = 0;

	/* the kernel may hand them on one by one when it is busy, but not for ever */
	while (rig->dev.longest_burst < 10 && sent < 4000) {
		for (unsigned int i = 0; i < 20; i++)
			send_one(fd, 64, i);
		sent += 20;
		wire_poll_until(rig, sent);
	}
	assert_true(rig->dev.longest_burst >= 10);
	assert_true(rig->dev.longest_burst <= EMU_BURST);
	close(fd);
}

void
net_an_interface_goes_down(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[64];

	wire_open(rig, net_wire.spec);
	net_set_up(net_wire.near, false);
	net_frame_fill(frame, 64, 0);
	assert_int_equal(wire_tx(rig, frame, 64, 0), EMU_TX_DROPPED);
	assert_int_equal(rig->wire.stats.drop_tx_error_pkts, 1);
	assert_int_equal(rig->wire.stats.tx_pkts, 0);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
	net_set_up(net_wire.near, true);
}

const char *
net_namespace(void)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		return "no network namespace can be made";
	fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL; /* there is none */
	if (write(fd, "1", 1) != 1)
		print_message("IPv6 cannot be switched off; its frames may be in the way\n");
	close(fd);
	return NULL;
}
