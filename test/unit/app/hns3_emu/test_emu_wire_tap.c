/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_wire_tap.c: frames through a TAP interface, in a network namespace of its own.
 * The other side is a packet socket. Skipped where no namespace or TAP interface can be made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire_rig.h"

/* 0x88b5: set aside for experiments (IEEE 802). */
static const uint8_t head[14] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5 };

static void
frame_fill(uint8_t *frame, uint32_t len, unsigned int seed)
{
	bytes_fill(frame, len, seed);
	memcpy(frame, head, 14);
}

/* A packet socket on the interface; it sees what comes and sends what we say. */
static int
packet_socket(const char *ifname)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
		.sll_protocol = htons(0x88b5),
		.sll_ifindex = (int)if_nametoindex(ifname) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static short
if_flags(const char *ifname)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(ifr.ifr_name, ifname); /* at most 15 letters */
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
	close(fd);
	return ifr.ifr_flags;
}

static void
if_set_down(const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(ifr.ifr_name, ifname); /* at most 15 letters */
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
}

static void
bad_names_are_refused(void **state)
{
	static const char *const bad[] = { "tap", "tap:", "tap:sixteen_letters_", "tap:a,b",
		"tap:a/b", "tap:a b", "tap:a%d" };

	for (unsigned int i = 0; i < 7; i++)
		wire_refused(*state, bad[i], "give one interface name of up to 15 characters");
	wire_refused(*state, "tap:.", "cannot create the interface: Invalid argument");
	wire_refused(*state, "tap:lo", "cannot create the interface: Invalid argument");
}

static void
the_interface_lives_as_long_as_the_wire(void **state)
{
	struct wire_rig *rig = *state;
	struct wire_rig *other;
	void *s;

	assert_int_equal(if_nametoindex("fifteen_letters"), 0);
	wire_open(rig, "tap:fifteen_letters");
	assert_true(if_nametoindex("fifteen_letters") > 0);
	assert_true(if_flags("fifteen_letters") & IFF_UP);
	wire_setup(&s);
	other = s;
	wire_refused(other, "tap:fifteen_letters",
			"cannot create the interface: Device or resource busy");
	wire_teardown(&s);
	wire_close(rig);
	assert_int_equal(if_nametoindex("fifteen_letters"), 0);
}

static void
sent_frames_come_out(void **state)
{
	static const uint32_t len[] = { 60, 61, 1514 };
	struct wire_rig *rig = *state;
	uint8_t frame[1514], got[2000];
	int fd;

	wire_open(rig, "tap:emut0");
	fd = packet_socket("emut0");
	for (unsigned int i = 0; i < 3; i++) {
		frame_fill(frame, len[i], i);
		assert_int_equal(wire_tx(rig, frame, len[i], i == 2 ? 400 : 0), EMU_TX_TAKEN);
		assert_int_equal(recv(fd, got, sizeof(got), 0), len[i]);
		assert_memory_equal(got, frame, len[i]);
	}
	assert_int_equal(rig->wire.stats.tx_pkts, 3);
	assert_int_equal(rig->wire.stats.tx_bytes, 1635);
	close(fd);
}

static void
frames_of_the_interface_arrive(void **state)
{
	static const uint32_t len[] = { 14, 42, 60, 1514 };
	struct wire_rig *rig = *state;
	uint8_t frame[1514];
	int fd;

	wire_open(rig, "tap:emut0");
	fd = packet_socket("emut0");
	for (unsigned int i = 0; i < 4; i++) {
		frame_fill(frame, len[i], i);
		assert_int_equal(send(fd, frame, len[i], 0), len[i]);
	}
	wire_poll_until(rig, 4);
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t want = len[i] < 60 ? 60 : len[i];

		memset(frame, 0, sizeof(frame));
		frame_fill(frame, len[i], i);
		assert_int_equal(rig->dev.kept[i].len, want);
		assert_memory_equal(rig->dev.kept[i].bytes, frame, want);
	}
	assert_int_equal(rig->wire.stats.rx_pkts, 4);
	assert_int_equal(rig->wire.stats.rx_bytes, 1694);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
	close(fd);
}

static void
without_room_a_frame_waits(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[64];
	int fd;

	wire_open(rig, "tap:emut0");
	fd = packet_socket("emut0");
	for (unsigned int i = 0; i < 5; i++) {
		frame_fill(frame, 64, i);
		assert_int_equal(send(fd, frame, 64, 0), 64);
	}
	rig->dev.room = 2;
	wire_poll_until(rig, 2);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
	rig->dev.room = 100;
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 2), 2); /* the budget */
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 2), 1);
	for (unsigned int i = 0; i < 5; i++) {
		frame_fill(frame, 64, i);
		assert_memory_equal(rig->dev.kept[i].bytes, frame, 64);
	}
	assert_int_equal(rig->wire.stats.drop_no_bd_pkts, 0);
	close(fd);
}

/*
 * The interface offers the kernel neither checksums nor segmentation, so that it does both: a long
 * TCP unit arrives as frames, with whole checksums.
 */
static void
the_kernel_finishes_its_frames(void **state)
{
	static uint8_t unit[3054] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0, 0x45, 0, 0x0b,
		0xe0, 0, 7, 0x40, 0, 0x40, 6, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2, 4, 0, 0, 0x50, 0, 0,
		0, 1, 0, 0, 0, 1, 0x50, 0x18, 0x10, 0, 0x1f,
		0xe7 }; /* with the sum of the pseudo header */
	struct virtio_net_hdr h = { .flags = 1,
		.gso_type = 1,
		.hdr_len = 54,
		.gso_size = 1200,
		.csum_start = 34,
		.csum_offset = 16 };
	struct iovec iov[2] = { { &h, sizeof(h) }, { unit, sizeof(unit) } };
	struct wire_rig *rig = *state;
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL) }; /* the kernel looks what it is */
	int fd, one = 1;

	wire_open(rig, "tap:emut0");
	addr.sll_ifindex = (int)if_nametoindex("emut0");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	assert_int_equal(writev(fd, iov, 2), (ssize_t)sizeof(h) + 3054);
	wire_poll_until(rig, 3);
	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *f = rig->dev.kept[i].bytes;
		uint32_t len = i < 2 ? 1254 : 654, sum = 6 + len - 34;

		assert_int_equal(rig->dev.kept[i].len, len);
		for (uint32_t at = 26; at < len; at++)
			sum += at % 2 ? f[at] : (uint32_t)f[at] << 8;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		assert_int_equal(sum, 0xffff);
	}
	close(fd);
}

static void
an_interface_that_is_down(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[64];

	wire_open(rig, "tap:emut0");
	if_set_down("emut0");
	frame_fill(frame, 64, 0);
	assert_int_equal(wire_tx(rig, frame, 64, 0), EMU_TX_DROPPED);
	assert_int_equal(rig->wire.stats.drop_tx_error_pkts, 1);
	assert_int_equal(rig->wire.stats.tx_pkts, 0);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
}

/* Nothing but our frames: without IPv6 an interface that comes up is silent. */
static void
ipv6_off(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		print_message("IPv6 cannot be switched off; its frames may be in the way\n");
	close(fd);
}

/* Why this cannot run here, or NULL. */
static const char *
obstacle(void)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		return "no network namespace can be made";
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return "/dev/net/tun cannot be opened";
	close(fd);
	return NULL;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, wire_setup, wire_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bad_names_are_refused),
		CASE(the_interface_lives_as_long_as_the_wire),
		CASE(sent_frames_come_out),
		CASE(frames_of_the_interface_arrive),
		CASE(without_room_a_frame_waits),
		CASE(the_kernel_finishes_its_frames),
		CASE(an_interface_that_is_down),
	};
	const char *why = obstacle();

	if (why) {
		print_message("SKIP emu_wire_tap: %s: %s\n", why, strerror(errno));
		return 77;
	}
	ipv6_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
