/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the wires into the kernel's network have in common, tap and netdev: frames with an EtherType
 * set aside for experiments, packet sockets on the other side, and the cases of both.
 */
#ifndef WIRE_NETRIG_H
#define WIRE_NETRIG_H

#include "wire_rig.h"

/* The wire, its own interface and the one on its other side: each program says. */
struct net_wire {
	const char *spec, *near, *far;
};
extern const struct net_wire net_wire;

/* 02:00:00:00:00:02, 02:00:00:00:00:01, 0x88b5, then bytes that @p seed says. */
void net_frame_fill(uint8_t *frame, uint32_t len, unsigned int seed);
/* A packet socket on an interface; with @p vnet_hdr a struct virtio_net_hdr is before each frame.
 */
int net_socket(const char *ifname, bool vnet_hdr);
/* Opens the wire; the packet socket is on its other side. */
int net_open(struct wire_rig *rig, bool vnet_hdr);
void net_set_up(const char *ifname, bool up);
/* Fails unless an IPv4 frame's checksums are right; its IP header starts at byte @p l3. */
void net_sums_are_right(const uint8_t *frame, uint32_t l3);

#define NET_CASE(f) cmocka_unit_test_setup_teardown(f, wire_setup, wire_teardown)

/*
 * What must hold for both. Frames of 60, 61 and 1,514 bytes come out as they were sent; some that
 * are sent to it arrive, short ones padded; a TCP unit as a sender with TSO has it arrives as
 * frames; without room frames wait, and none is lost or overtakes another; what arrives together
 * is delivered together; while the interface is down nothing goes out or comes in.
 */
void net_sent_frames_come_out(void **state);
void net_frames_of_the_interface_arrive(void **state);
void net_long_tcp_units_are_cut(void **state);
void net_without_room_frames_wait(void **state);
void net_bursts_stay_together(void **state);
void net_an_interface_goes_down(void **state);
#define NET_CASES                                                                                  \
	NET_CASE(net_sent_frames_come_out), NET_CASE(net_frames_of_the_interface_arrive),          \
			NET_CASE(net_long_tcp_units_are_cut),                                      \
			NET_CASE(net_without_room_frames_wait),                                    \
			NET_CASE(net_bursts_stay_together), NET_CASE(net_an_interface_goes_down)

/* A network namespace of this process's own, without IPv6: silent. NULL, or why not. */
const char *net_namespace(void);

#endif
