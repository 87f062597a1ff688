/* SPDX-License-Identifier: BSD-3-Clause */
/* See conf_txrig.h. */
#include "conf_txrig.h"

#include <string.h>

#define DATA (RIG_BUFS + 0x400000u) /* behind the Rx buffers */

int
tx_setup_caps(void **state)
{
	rig_next_is(0x21, UINT64_MAX >> 1);
	return rig_setup_started(state);
}

int
tx_setup_v3(void **state)
{
	rig_next_is(0x30, UINT64_MAX >> 1);
	return rig_setup_started(state);
}

unsigned int
tx_send(struct rig *rig, const uint8_t *frame, uint32_t len, const struct tx_ask *ask)
{
	uint32_t first = rig_rd(rig, rig_tqp(0) + 0x5c), nb = 0, at = 0;

	while (at < len) {
		uint32_t size = ask->cut[nb] && ask->cut[nb] < len - at ? ask->cut[nb] : len - at;
		struct rig_txbd bd = { .more = at + size < len };

		if (size > 65535)
			size = 65535, bd.more = true;
		if (nb == 0) {
			bd.dw3 = ask->dw3;
			bd.dw4 = ask->outer_tag;
			bd.dw5 = ask->dw5;
			bd.dw6 = ask->dw6;
			bd.vlan_tag = ask->vlan_tag;
			bd.mss = ask->mss;
		}
		bd.size = (uint16_t)size;
		bd.buf = DATA + at + nb * 64; /* pieces do not touch */
		memcpy(rig->mem + bd.buf, frame + at, size);
		rig_tx_put(rig, 0, (first + nb++) % RIG_RING_BDS, &bd);
		at += size;
	}
	rig->nb_sent = 0;
	rig_tx_go(rig, 0, nb);
	return rig->nb_sent;
}

void
tx_refused(struct rig *rig, const uint8_t *frame, uint32_t len, const struct tx_ask *ask,
		unsigned int rule)
{
	uint64_t violations = rig_stat(rig, "violations", NULL);
	uint64_t drops = rig_stat(rig, "tx_drops", "violation");
	uint32_t first = rig_rd(rig, rig_tqp(0) + 0x5c);
	static const uint8_t zero_bd[32];

	assert_int_equal(tx_send(rig, frame, len, ask), 0);
	assert_int_equal(TX_BD_ERR(rig), rule);
	assert_int_equal(rig_stat(rig, "violations", NULL), violations + 1);
	assert_int_equal(rig_stat(rig, "tx_drops", "violation"), drops + 1);
	assert_memory_equal(rig_txbd(rig, 0, first), zero_bd, 32);
}

uint32_t
tx_ipv6(uint8_t *frame, uint8_t proto, uint32_t ext, uint32_t payload)
{
	static const uint8_t addr[32] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1, 0x20, 0x01, 0x0d,
		0xb8, [31] = 0x77 };
	uint32_t l4 = 54 + ext, head = proto == 6 ? 20 : 8, plen = ext + head + payload;
	uint32_t field = l4 + (proto == 6 ? 16 : 6);
	uint16_t sum;

	rig_ipv4(frame, 17, 0); /* addresses */
	memset(frame + 12, 0, 42 + plen);
	memcpy(frame + 12, "\x86\xdd\x60", 3);
	frame[18] = (uint8_t)(plen >> 8);
	frame[19] = (uint8_t)plen;
	frame[20] = ext ? 60 : proto;
	frame[21] = 64;
	memcpy(frame + 22, addr, 32);
	if (ext) {
		frame[54] = proto;
		frame[55] = (uint8_t)(ext / 8 - 1);
		frame[56] = 1; /* PadN */
		frame[57] = (uint8_t)(ext - 4);
	}
	memcpy(frame + l4, "\x0a\xea\x06\xe6", 4);
	if (proto == 6) {
		frame[l4 + 12] = 0x50;
		frame[l4 + 13] = 0x10;
	} else {
		frame[l4 + 4] = (uint8_t)((8 + payload) >> 8);
		frame[l4 + 5] = (uint8_t)(8 + payload);
	}
	for (uint32_t i = 0; i < payload; i++)
		frame[l4 + head + i] = (uint8_t)(i * 5 + 1);
	sum = (uint16_t)~tx_sum4(frame, 14, l4, proto);
	frame[field] = (uint8_t)(sum >> 8);
	frame[field + 1] = (uint8_t)sum;
	return 54 + plen;
}

uint32_t
tx_tunnel(uint8_t *frame, bool is_v6, uint16_t port, uint32_t opt, const uint8_t *inner,
		uint32_t len)
{
	uint32_t l4 = is_v6 ? 54 : 34, tun = l4 + (port ? 8 : 0), in = tun + 8 + opt;
	uint32_t ip_len = in + len - 14;

	if (is_v6)
		tx_ipv6(frame, 17, 0, 0);
	else
		rig_ipv4(frame, 17, 0);
	memset(frame + l4, 0, in - l4);
	memcpy(frame + in, inner, len);
	if (is_v6)
		ip_len -= 40;
	frame[is_v6 ? 18 : 16] = (uint8_t)(ip_len >> 8);
	frame[is_v6 ? 19 : 17] = (uint8_t)ip_len;
	if (!is_v6)
		memset(frame + 24, 0, 2);
	if (port) {
		frame[l4] = 0xc0; /* source port 49152 */
		frame[l4 + 2] = (uint8_t)(port >> 8);
		frame[l4 + 3] = (uint8_t)port;
		frame[l4 + 4] = (uint8_t)((in + len - l4) >> 8);
		frame[l4 + 5] = (uint8_t)(in + len - l4);
		frame[tun] = opt ? (uint8_t)(opt / 4) : 0x08;
	} else {
		frame[is_v6 ? 20 : 23] = 47;
		memcpy(frame + tun, "\x20\x00\x65\x58\x00\x00\x2a\x00", 8);
	}
	return in + len;
}

uint16_t
tx_sum3(const uint8_t *frame, uint32_t l3)
{
	return rig_fold16(rig_sum16(frame + l3, (frame[l3] & 15u) * 4, 0));
}

uint16_t
tx_sum4(const uint8_t *frame, uint32_t l3, uint32_t l4, uint8_t proto)
{
	bool is_v4 = frame[l3] >> 4 == 4;
	uint32_t end = l3 + (is_v4 ? be16(frame + l3 + 2) : 40u + be16(frame + l3 + 4));
	uint32_t sum = rig_sum16(frame + l3 + (is_v4 ? 12 : 8), is_v4 ? 8 : 32, proto + end - l4);

	return rig_fold16(rig_sum16(frame + l4, end - l4, sum));
}

uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}
