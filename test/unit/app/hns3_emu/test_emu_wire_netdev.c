/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_wire_netdev.c: frames through a veth pair, in a network namespace of its own.
 * The wire has one end; the other side is a packet socket, or the kernel's own UDP and TCP on the
 * other end. Skipped where no namespace or veth can be made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire_netrig.h"

const struct net_wire net_wire = { "netdev:near0", "near0", "far0" };

static void
bad_specs_are_refused(void **state)
{
	static const char *const bad[] = { "netdev", "netdev:", "netdev:sixteen_letters_",
		"netdev:a,b", "netdev:a/b", "netdev:a b" };

	for (unsigned int i = 0; i < 6; i++)
		wire_refused(*state, bad[i], "give one interface name of up to 15 characters");
	wire_refused(*state, "netdev:nothere0", "there is no such interface");
	wire_refused(*state, "netdev:lo", "it is not an Ethernet interface");
	net_set_up("near0", false);
	wire_refused(*state, "netdev:near0", "it is down; set it up with: ip link set dev NAME up");
	net_set_up("near0", true);
	assert_int_equal(seteuid(65534), 0);
	wire_refused(*state, "netdev:near0",
			"Operation not permitted (it takes CAP_NET_RAW: run as root)");
	assert_int_equal(seteuid(0), 0);
}

/* The device sees neither what it sent nor what the host did. */
static void
what_the_host_sends_is_not_seen(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[1514], got[2000];
	int fd = net_open(rig, false), host = net_socket("near0", false);

	net_frame_fill(frame, 1514, 0);
	assert_int_equal(send(host, frame, 1514, 0), 1514);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 1514);
	assert_int_equal(wire_tx(rig, frame, 1514, 0), EMU_TX_TAKEN);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 1514);
	assert_int_equal(rig->wire.ops->poll(&rig->wire, 32), 0);
	close(fd);
	close(host);
}

/* A burst in which one frame is too long for the interface: it alone is lost, and counted. */
static void
a_frame_beyond_the_mtu_is_lost(void **state)
{
	static uint8_t bytes[3][1600];
	struct wire_rig *rig = *state;
	struct emu_frame frame[3];
	const struct emu_frame *frames[3];
	enum emu_tx_result next;
	uint8_t got[2000];
	int fd = net_open(rig, false);

	for (unsigned int i = 0; i < 3; i++) {
		uint32_t len = i == 1 ? 1519 : 64;

		net_frame_fill(bytes[i], len, i);
		frame[i] = (struct emu_frame){ .len_bytes = len, .nb_segs = 1 };
		frame[i].seg[0] = (struct iovec){ bytes[i], len };
		frames[i] = &frame[i];
	}
	assert_int_equal(emu_wire_tx(&rig->wire, frames, 3, &next), 1);
	assert_int_equal(next, EMU_TX_DROPPED);
	assert_int_equal(emu_wire_tx(&rig->wire, frames + 2, 1, &next), 1);
	assert_int_equal(next, EMU_TX_TAKEN);
	for (unsigned int i = 0; i < 3; i += 2) {
		assert_int_equal(recv(fd, got, sizeof(got), 0), 64);
		assert_memory_equal(got, bytes[i], 64);
	}
	assert_int_equal(rig->wire.stats.drop_tx_error_pkts, 1);
	assert_int_equal(rig->wire.stats.tx_pkts, 2);
	close(fd);
}

/* The kernel takes the outer tag out and tells it apart; the device gets the frame as it was. */
static void
tags_arrive_in_their_place(void **state)
{
	static const char *const tags[] = { "\x81\x00\x20\x05\x88\xb5",
		"\x88\xa8\x00\x07\x81\x00\x60\x08\x88\xb5" };
	struct wire_rig *rig = *state;
	uint8_t frame[2][200];
	int fd = net_open(rig, false);

	for (unsigned int i = 0; i < 2; i++) {
		net_frame_fill(frame[i], 200, i);
		memcpy(frame[i] + 12, tags[i], i == 0 ? 6 : 10);
		assert_int_equal(send(fd, frame[i], 200, 0), 200);
	}
	wire_poll_until(rig, 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(rig->dev.kept[i].len, 200);
		assert_memory_equal(rig->dev.kept[i].bytes, frame[i], 200);
	}
	close(fd);
}

/* What the kernel's own UDP sends has half a checksum on a veth; the device gets a whole one. */
static void
kernel_checksums_are_completed(void **state)
{
	struct wire_rig *rig = *state;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	wire_open(rig, net_wire.spec);
	assert_int_equal(inet_pton(AF_INET, "10.9.0.2", &to.sin_addr), 1);
	assert_int_equal(sendto(fd, "some odd bytes!", 15, 0, (struct sockaddr *)&to, sizeof(to)),
			15);
	wire_poll_until(rig, 1);
	assert_memory_equal(rig->dev.kept[0].bytes + 12, "\x08\x00\x45", 3);
	net_sums_are_right(rig->dev.kept[0].bytes, 14);
	close(fd);
}

/* Likewise behind a tag, which the kernel takes out after the sender has said where to sum. */
static void
checksums_behind_a_tag_are_completed(void **state)
{
	static const uint8_t frame[64] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 5, 8, 0,
		0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17, 0x66, 0xca, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0,
		2, 0, 13, 0x14, 0x21, 'h', 'e', 'l', 'l', 'o' }; /* as in test_emu_vnet.c */
	struct virtio_net_hdr h = { .flags = 1, .csum_start = 38, .csum_offset = 6 };
	struct iovec iov[2] = { { &h, sizeof(h) }, { (void *)(uintptr_t)frame, 64 } };
	struct wire_rig *rig = *state;
	int fd = net_open(rig, true);

	assert_int_equal(writev(fd, iov, 2), (ssize_t)sizeof(h) + 64);
	wire_poll_until(rig, 1);
	assert_int_equal(rig->dev.kept[0].len, 64);
	assert_memory_equal(rig->dev.kept[0].bytes, frame, 44);
	assert_memory_equal(rig->dev.kept[0].bytes + 44, "\xa7\xfchello", 7);
	close(fd);
}

/* What does not fit the socket's queue is lost, and the report knows how much. */
static void
losses_of_the_queue_are_counted(void **state)
{
	struct wire_rig *rig = *state;
	uint8_t frame[1514];
	int fd = net_open(rig, false);

	for (unsigned int i = 0; i < 10000; i++) {
		net_frame_fill(frame, 1514, i);
		assert_int_equal(send(fd, frame, 1514, 0), 1514);
	}
	rig->dev.refuses = true;
	wire_poll_for(rig, 200);
	rig->wire.ops->flush(&rig->wire);
	assert_true(rig->wire.stats.drop_queue_pkts > 0);
	assert_int_equal(rig->wire.stats.rx_refused_pkts + rig->wire.stats.drop_queue_pkts, 10000);
	close(fd);
}

#define VETH                                                                                       \
	"ip link add near0 type veth peer name far0 && "                                           \
	"ip link set near0 up && ip link set far0 up && ip addr add 10.9.0.1/24 dev far0 && "      \
	"ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev far0"

/* Why this cannot run here, or NULL. */
static const char *
obstacle(void)
{
	const char *why = net_namespace();

	if (why)
		return why;
	if (system(VETH)) /* NOLINT(cert-env33-c): our own words */
		return "no veth pair can be made (is iproute2 installed?)";
	return NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		NET_CASE(bad_specs_are_refused),
		NET_CASE(what_the_host_sends_is_not_seen),
		NET_CASE(a_frame_beyond_the_mtu_is_lost),
		NET_CASE(tags_arrive_in_their_place),
		NET_CASE(kernel_checksums_are_completed),
		NET_CASE(checksums_behind_a_tag_are_completed),
		NET_CASE(losses_of_the_queue_are_counted),
		NET_CASES,
	};
	const char *why = obstacle();

	if (why) {
		print_message("SKIP emu_wire_netdev: %s: %s\n", why, strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
