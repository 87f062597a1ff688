/* SPDX-License-Identifier: BSD-3-Clause */
/* Tx offloads: checksums [2:6.6], tags [2:2.8], TSO. Numbers are typed from doc/hns3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"

static const uint8_t zero_bd[32];

static uint64_t
violations(struct rig *rig)
{
	return rig_stat(rig, "violations", NULL);
}

/* Bytes to send, in client memory; offset of them. */
static uint32_t
bytes_put(struct rig *rig, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	memcpy(rig->mem + RIG_BUFS + 0x200000 + at, bytes, len);
	return RIG_BUFS + 0x200000 + at;
}

/* [2:2.9] row 2: both checksums, lengths 14/20/20; the fields hold junk [2:6.6] */
static void
tcp_checksums(void **state)
{
	struct rig *rig = *state;
	uint8_t want[1514], frame[1514];
	struct rig_txbd bd = { .size = 1514, .dw3 = 0x05050736, .dw6 = 0x5b4 };

	assert_int_equal(rig_ipv4(want, 6, 1460), 1514);
	memcpy(frame, want, 1514);
	memset(frame + 24, 0, 2);    /* IPv4 sum */
	memset(frame + 50, 0xb7, 2); /* TCP sum */
	bd.buf = bytes_put(rig, 0, frame, 1514);
	rig_tx_put(rig, 0, 0, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
	assert_int_equal(rig->sent[0].len, 1514);
	assert_memory_equal(rig->sent[0].bytes, want, 1514);
	/* the client's memory is only read */
	assert_memory_equal(rig->mem + bd.buf, frame, 1514);
}

/* [2:2.9] row 4: L4LEN may be 0; odd length; headers and data in several BDs */
static void
udp_checksum_over_segments(void **state)
{
	struct rig *rig = *state;
	uint8_t want[200], frame[200];
	uint32_t len = rig_ipv4(want, 17, 101);
	struct rig_txbd a = { .size = 37, .dw3 = 0x0005072a, .more = true };
	struct rig_txbd b = { .size = 41, .more = true };
	struct rig_txbd c = { .size = (uint16_t)(len - 78) };

	memcpy(frame, want, len);
	memset(frame + 40, 0x11, 2);
	a.buf = bytes_put(rig, 1, frame, 37);
	b.buf = bytes_put(rig, 5000, frame + 37, 41);
	c.buf = bytes_put(rig, 9001, frame + 78, len - 78);
	rig_tx_put(rig, 0, 0, &a);
	rig_tx_put(rig, 0, 1, &b);
	rig_tx_put(rig, 0, 2, &c);
	assert_int_equal(rig_tx_go(rig, 0, 3), 1);
	assert_int_equal(rig->sent[0].len, len);
	assert_memory_equal(rig->sent[0].bytes, want, len);
}

/* [2:2.8] [2:2.9] one tag through the outer slot; two tags: outer, then inner */
static void
vlan_insertion(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[100];
	struct rig_txbd one = { .size = 100, .dw4 = 0x00000064, .dw5 = 0x00000004 };
	struct rig_txbd inner = { .size = 100, .vlan_tag = 100, .dw3 = 0x00000040 };
	struct rig_txbd two = { .size = 100,
		.vlan_tag = 100,
		.dw3 = 0x00000040,
		.dw4 = 0x000000c8,
		.dw5 = 0x00000004 };

	for (unsigned int i = 0; i < 100; i++)
		frame[i] = (uint8_t)i;
	one.buf = inner.buf = two.buf = bytes_put(rig, 0, frame, 100);
	rig_tx_put(rig, 0, 0, &one);
	rig_tx_put(rig, 0, 1, &inner);
	rig_tx_put(rig, 0, 2, &two);
	assert_int_equal(rig_tx_go(rig, 0, 3), 3);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(rig->sent[i].len, 104);
		assert_memory_equal(rig->sent[i].bytes, frame, 12);
		assert_memory_equal(rig->sent[i].bytes + 12, "\x81\x00\x00\x64", 4);
		assert_memory_equal(rig->sent[i].bytes + 16, frame + 12, 88);
	}
	assert_int_equal(rig->sent[2].len, 108);
	assert_memory_equal(rig->sent[2].bytes + 12, "\x81\x00\x00\xc8\x81\x00\x00\x64", 8);
	assert_memory_equal(rig->sent[2].bytes + 20, frame + 12, 88);
}

/*
 * [2:2.9] TSO: either the segments are right, or nothing leaves and the refusal is counted; never
 * one mangled giant.
 */
static void
tso_is_done_or_refused(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[3054];
	struct rig_txbd a = {
		.size = 54, .dw3 = 0x050507b6, .dw6 = 3000, .mss = 1000, .more = true
	};
	struct rig_txbd b = { .size = 3000 };

	assert_int_equal(rig_ipv4(frame, 6, 3000), 3054);
	a.buf = bytes_put(rig, 0, frame, 54);
	b.buf = bytes_put(rig, 4096, frame + 54, 3000);
	rig_tx_put(rig, 0, 0, &a);
	rig_tx_put(rig, 0, 1, &b);
	rig_tx_go(rig, 0, 2);
	assert_memory_equal(rig_txbd(rig, 0, 0), zero_bd, 32);
	assert_memory_equal(rig_txbd(rig, 0, 1), zero_bd, 32);
	if (rig->nb_sent == 0) {
		assert_true(violations(rig) + rig_stat(rig, "tx_drops", NULL) >= 1);
		return;
	}
	assert_int_equal(rig->nb_sent, 3);
	for (unsigned int i = 0; i < 3; i++) {
		uint8_t *s = rig->sent[i].bytes;

		assert_int_equal(rig->sent[i].len, 1054);
		assert_int_equal(s[16] << 8 | s[17], 1040);
		assert_int_equal(rig_fold16(rig_sum16(s + 14, 20, 0)), 0xffff);
		assert_int_equal(rig_l4_sum(s), 0xffff);
		assert_int_equal((uint32_t)s[40] << 8 | s[41], 1000 * i);
		assert_memory_equal(s + 54, frame + 54 + 1000 * i, 1000);
	}
}

/* Offload lengths that point behind the frame: no read or write outside of it. */
static void
offload_lengths_beyond_the_frame(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[100];
	uint32_t len = rig_ipv4(frame, 6, 20), x = 7;

	for (unsigned int n = 0; n < 640; n++) {
		struct rig_txbd bd = { .size = (uint16_t)(1 + n % len) };

		x = x * 1664525 + 1013904223;
		bd.dw3 = x;
		x = x * 1664525 + 1013904223;
		bd.dw5 = x & 0xfffffffb; /* without a tag */
		bd.dw6 = x >> 3;
		bd.mss = (uint16_t)(x >> 9);
		/* at the very end of the client's memory */
		memcpy(rig->mem + RIG_MEM_BYTES - bd.size, frame, bd.size);
		bd.buf = (uint32_t)RIG_MEM_BYTES - bd.size;
		rig_tx_put(rig, 0, n % 64, &bd);
		rig->nb_sent = 0;
		rig_tx_go(rig, 0, 1);
		assert_memory_equal(rig_txbd(rig, 0, n % 64), zero_bd, 32);
	}
	assert_int_equal(rig->mmu.faults_read + rig->mmu.faults_write, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup_started, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tcp_checksums),
		CASE(udp_checksum_over_segments),
		CASE(vlan_insertion),
		CASE(tso_is_done_or_refused),
		CASE(offload_lengths_beyond_the_frame),
	};

	return RIG_RUN(tests);
}
