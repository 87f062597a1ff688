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
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire_netrig.h"

const struct net_wire net_wire = { "tap:emut0", "emut0", "emut0" };

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		NET_CASE(bad_names_are_refused),
		NET_CASE(the_interface_lives_as_long_as_the_wire),
		NET_CASES,
	};
	const char *why = obstacle();

	if (why) {
		print_message("SKIP emu_wire_tap: %s: %s\n", why, strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
