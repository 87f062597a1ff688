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

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire_netrig.h"

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
	wire_open(*state, "tap:emut0");
	net_sent_come_out(*state, net_socket("emut0", NET_TYPE, false));
}

static void
frames_of_the_interface_arrive(void **state)
{
	wire_open(*state, "tap:emut0");
	net_sent_to_arrive(*state, net_socket("emut0", NET_TYPE, false));
}

static void
without_room_frames_wait(void **state)
{
	wire_open(*state, "tap:emut0");
	net_without_room_they_wait(*state, net_socket("emut0", NET_TYPE, false));
}

static void
bursts_stay_together(void **state)
{
	wire_open(*state, "tap:emut0");
	net_bursts_stay_together(*state, net_socket("emut0", NET_TYPE, false));
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
	int fd;

	wire_open(rig, "tap:emut0");
	fd = net_socket("emut0", NET_ALL, true); /* the kernel looks what it is */
	assert_int_equal(writev(fd, iov, 2), (ssize_t)sizeof(h) + 3054);
	wire_poll_until(rig, 3);
	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *f = rig->dev.kept[i].bytes;
		uint32_t len = i < 2 ? 1254 : 654;

		assert_int_equal(rig->dev.kept[i].len, len);
		assert_int_equal(net_fold(f + 26, len - 26, 6 + len - 34), 0xffff);
	}
	close(fd);
}

static void
an_interface_that_is_down(void **state)
{
	wire_open(*state, "tap:emut0");
	if_set_down("emut0");
	net_nothing_passes(*state);
}

/* Why this cannot run here, or NULL. */
static const char *
obstacle(void)
{
	const char *why = net_namespace();
	int fd;

	if (why)
		return why;
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
		CASE(without_room_frames_wait),
		CASE(bursts_stay_together),
		CASE(the_kernel_finishes_its_frames),
		CASE(an_interface_that_is_down),
	};
	const char *why = obstacle();

	if (why) {
		print_message("SKIP emu_wire_tap: %s: %s\n", why, strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
