/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames to send and what is right about those that were sent: for the rules of Tx. */
#ifndef CONF_TXRIG_H
#define CONF_TXRIG_H

#include "conf.h"

/* Rule numbers of doc/driver-rules.md, as the register TX_BD_ERR tells them. */
#define TX_BD_ERR(rig) rig_rd(rig, rig_tqp(0) + 0x74)

/* Control words of the first BD, and how the frame is cut into BDs: sizes, the last one is the
 * rest. */
struct tx_ask {
	uint32_t dw3, dw5, dw6;
	uint16_t vlan_tag, outer_tag, mss;
	uint16_t cut[64];
};

/* rig_setup_started() with all that Tx can have: revision 0x21, or 0x30, every capability bit. */
int tx_setup_caps(void **state);
int tx_setup_v3(void **state);

/* Put the frame on queue 0 and let it be sent; rig->sent[] then has what came of it alone. Returns
 * frames sent. */
unsigned int tx_send(struct rig *rig, const uint8_t *frame, uint32_t len, const struct tx_ask *ask);
/* The same, for a frame that breaks rule TX-@p rule: nothing is sent, its BDs are done. */
void tx_refused(struct rig *rig, const uint8_t *frame, uint32_t len, const struct tx_ask *ask,
		unsigned int rule);

/*
 * IPv6 with @p ext bytes (0, or a multiple of 8) of a destination options header, then TCP or UDP
 * and payload; the layer 4 sum is right. Returns its length.
 */
uint32_t tx_ipv6(uint8_t *frame, uint8_t proto, uint32_t ext, uint32_t payload);
/*
 * Around the Ethernet frame @p inner: Ethernet, IPv4 or IPv6, UDP to @p port, 8 bytes of VXLAN or
 * GENEVE with @p opt bytes of options; or, port 0, GRE with a key. The outer sums are 0. Returns
 * the length.
 */
uint32_t tx_tunnel(uint8_t *frame, bool is_v6, uint16_t port, uint32_t opt, const uint8_t *inner,
		uint32_t len);

/* Sum over an IPv4 header: 0xffff if it is right. */
uint16_t tx_sum3(const uint8_t *frame, uint32_t l3);
/* Sum over pseudo header and segment, whose header is at @p l4: likewise. */
uint16_t tx_sum4(const uint8_t *frame, uint32_t l3, uint32_t l4, uint8_t proto);
uint16_t be16(const uint8_t *p);
uint32_t be32(const uint8_t *p);

#endif
