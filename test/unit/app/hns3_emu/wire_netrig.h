/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the wires into the kernel's network have in common, tap and netdev: frames with an EtherType
 * of their own, packet sockets on the other side, and what must hold for both.
 */
#ifndef WIRE_NETRIG_H
#define WIRE_NETRIG_H

#include "wire_rig.h"

#define NET_TYPE 0x88b5 /* set aside for experiments (IEEE 802) */
#define NET_ALL  0x0003

/* 02:00:00:00:00:02, 02:00:00:00:00:01, NET_TYPE, then bytes that @p seed says. */
void net_frame_fill(uint8_t *frame, uint32_t len, unsigned int seed);

/*
 * A packet socket on an interface: it sees what is of NET_TYPE and comes there, and sends what we
 * say, as @p protocol. With @p vnet_hdr each frame has a struct virtio_net_hdr in front.
 */
int net_socket(const char *ifname, uint16_t protocol, bool vnet_hdr);

/* 16-bit words of the network, folded; an odd last byte is a high one. */
uint32_t net_fold(const uint8_t *p, uint32_t len, uint32_t sum);
/* Fails unless an IPv4 frame's checksums are right; its IP header starts at byte @p l3. */
void net_sums_are_right(const uint8_t *frame, uint32_t l3);

/*
 * Cases; the wire is open, @p fd is on the other side and is closed. Frames of 60, 61 and 1,514
 * bytes come out as they were sent; some that are sent to it arrive, short ones padded; without
 * room they wait, and none is lost or overtakes another; what arrives together
 * is delivered together.
 */
void net_sent_come_out(struct wire_rig *rig, int fd);
void net_sent_to_arrive(struct wire_rig *rig, int fd);
void net_without_room_they_wait(struct wire_rig *rig, int fd);
void net_bursts_stay_together(struct wire_rig *rig, int fd);
/* On an interface that was set down meanwhile nothing goes out or comes in. */
void net_nothing_passes(struct wire_rig *rig);

/* A network namespace of this process's own, without IPv6: silent. NULL, or why not. */
const char *net_namespace(void);

#endif
