/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases of the wires into the kernel's network; see wire_netrig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
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
net_socket(const char *ifname, uint16_t protocol, bool vnet_hdr)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)if_nametoindex(ifname) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(NET_TYPE)), one = 1;

	assert_true(fd >= 0);
	if (vnet_hdr)
		assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

uint32_t
net_fold(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

void
net_sums_are_right(const uint8_t *f, uint32_t l3)
{
	uint32_t ihl = (f[l3] & 0xfu) * 4u, len = (uint32_t)(f[l3 + 2] << 8 | f[l3 + 3]) - ihl;

	assert_int_equal(net_fold(f + l3, ihl, 0), 0xffff);
	assert_int_equal(net_fold(f + l3 + ihl, len, net_fold(f + l3 + 12, 8, f[l3 + 9] + len)),
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
net_sent_come_out(struct wire_rig *rig, int fd)
{
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
net_sent_to_arrive(struct wire_rig *rig, int fd)
{
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

void
net_without_room_they_wait(struct wire_rig *rig, int fd)
{
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
net_bursts_stay_together(struct wire_rig *rig, int fd)
{
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
net_nothing_passes(struct wire_rig *rig)
{
	uint8_t frame[64];

	net_frame_fill(frame, 64, 0);
	assert_int_equal(wire_tx(rig, frame, 64, 0), EMU_TX_DROPPED);
	assert_int_equal(rig->wire.stats.drop_tx_error_pkts, 1);
	assert_int_equal(rig->wire.stats.tx_pkts, 0);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
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
