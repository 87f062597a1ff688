/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_vnet.c: checksums and segments, against bytes typed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "emu_vnet.h"
#include "wire_rig.h"

/* UDP 10.0.0.1:1 -> 10.0.0.2:2 with 5 bytes; the checksum is that of the pseudo header, 0x1421. */
static const uint8_t udp[47] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, /* Ethernet */
	0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17, 0x66, 0xca, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 0, 13,
	0x14, 0x21, 'h', 'e', 'l', 'l', 'o' };
/* TCP with 12 bytes of options, sequence number 0xfffffff0, FIN PSH ACK CWR; id 0xffff. */
static const uint8_t tcp_head[66] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45, 0, 0, 0,
	0xff, 0xff, 0x40, 0, 64, 6, 0xaa, 0xaa, 10, 0, 0, 1, 10, 0, 0, 2, 0x04, 0xd2, 0x00, 0x50,
	0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 7, 0x80, 0x99, 0x10, 0, 0xbb, 0xbb, 0, 0, 1, 1, 8, 10, 0,
	0, 0, 1, 0, 0, 0, 2 };

static uint8_t bytes[4096], head[EMU_VNET_HEAD_BYTES];
static struct emu_vnet v;
static struct emu_frame frame;
static uint8_t got[4096];

/* The next frame in one piece, in got; its length, 0: none. */
static uint32_t
next(void)
{
	uint32_t at = 0;

	if (!emu_vnet_next(&v, &frame, head))
		return 0;
	for (uint32_t i = 0; i < frame.nb_segs; i++) {
		memcpy(got + at, frame.seg[i].iov_base, frame.seg[i].iov_len);
		at += (uint32_t)frame.seg[i].iov_len;
	}
	assert_int_equal(at, frame.len_bytes);
	return at;
}

static void
a_partial_checksum_is_completed(void **state)
{
	struct virtio_net_hdr h = { .flags = 1, .csum_start = 34, .csum_offset = 6 };

	(void)state;
	memcpy(bytes, udp, sizeof(udp));
	assert_int_equal(emu_vnet_start(&v, &h, bytes, sizeof(udp), NULL), 0);
	assert_int_equal(next(), 60);
	assert_int_equal(frame.nb_segs, 1);
	assert_int_equal(got[40] << 8 | got[41], 0xa7fc);
	assert_memory_equal(got, udp, 40);
	assert_memory_equal(got + 42, "hello\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
	assert_int_equal(next(), 0);
	h.flags = 0; /* nothing to be done */
	memcpy(bytes, udp, sizeof(udp));
	assert_int_equal(emu_vnet_start(&v, &h, bytes, sizeof(udp), NULL), 0);
	assert_int_equal(next(), 60);
	assert_int_equal(got[40] << 8 | got[41], 0x1421);
}

static void
a_sum_of_zero_is_sent_as_ffff(void **state)
{
	struct virtio_net_hdr h = { .flags = 1, .csum_start = 14, .csum_offset = 0 };

	(void)state;
	memset(bytes, 0, 60);
	bytes[14] = 0xff;
	bytes[15] = 0xff;
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 60, NULL), 0);
	assert_int_equal(bytes[14] << 8 | bytes[15], 0xffff);
}

static void
a_tag_apart_is_put_back(void **state)
{
	static const uint16_t tag[2] = { 0x88a8, 0x6064 };
	struct virtio_net_hdr h = { .flags = 1, .csum_start = 34, .csum_offset = 6 };

	(void)state;
	memcpy(bytes, udp, sizeof(udp));
	assert_int_equal(emu_vnet_start(&v, &h, bytes, sizeof(udp), tag), 0);
	assert_int_equal(next(), 60);
	assert_memory_equal(got, udp, 12);
	assert_memory_equal(got + 12, "\x88\xa8\x60\x64\x08\x00\x45", 7);
	assert_int_equal(got[44] << 8 | got[45], 0xa7fc);
	assert_memory_equal(got + 46, "hello\0\0\0\0\0\0\0\0\0", 14);
	assert_int_equal(next(), 0);
}

/* Expected: sequence numbers, flags, ids and lengths by hand; sums by the rule. */
static void
tcp_is_cut_into_segments(void **state)
{
	static const struct {
		uint32_t payload, seq;
		uint16_t id;
		uint8_t flags;
	} want[] = { { 100, 0xfffffff0, 0xffff, 0x90 }, { 100, 0x54, 0x0000, 0x10 },
		{ 50, 0xb8, 0x0001, 0x19 } };
	struct virtio_net_hdr h = { .flags = 1,
		.gso_type = 1 | 0x80, /* with ECN */
		.hdr_len = 66,
		.gso_size = 100,
		.csum_start = 34,
		.csum_offset = 16 };

	(void)state;
	memcpy(bytes, tcp_head, 66);
	for (unsigned int i = 0; i < 250; i++)
		bytes[66 + i] = (uint8_t)i;
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 316, NULL), 0);
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t len = 66 + want[i].payload;

		assert_int_equal(next(), len);
		assert_int_equal(got[16] << 8 | got[17], len - 14);
		assert_int_equal(got[18] << 8 | got[19], want[i].id);
		assert_int_equal((uint32_t)got[38] << 24 | got[39] << 16 | got[40] << 8 | got[41],
				want[i].seq);
		assert_int_equal(got[47], want[i].flags);
		assert_int_equal(bytes_sum(got + 14, 20, 0), 0xffff);
		assert_int_equal(
				bytes_sum(got + 34, len - 34, bytes_sum(got + 26, 8, 6 + len - 34)),
				0xffff);
		assert_memory_equal(got + 66, bytes + 66 + 100 * i, want[i].payload);
	}
	assert_int_equal(next(), 0);
}

static void
tcp_over_ipv6_with_tags(void **state)
{
	static const uint16_t tag[2] = { 0x8100, 5 };
	struct virtio_net_hdr h = {
		.flags = 1, .gso_type = 4, .gso_size = 60, .csum_start = 58, .csum_offset = 16
	};

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, tcp_head, 12);
	memcpy(bytes + 12, "\x81\x00\x00\x07\x86\xdd\x60", 7); /* the inner tag, IPv6 */
	bytes[24] = 6;
	bytes[26] = 0x20;
	bytes[41] = 1;
	bytes[42] = 0x20;
	bytes[57] = 2;
	memcpy(bytes + 58, tcp_head + 34, 32);
	bytes[70] = 0x50; /* 20 bytes of header */
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 78 + 90, tag), 0);
	for (unsigned int i = 0; i < 2; i++) {
		uint32_t payload = i == 0 ? 60 : 30;

		assert_int_equal(next(), 82 + payload);
		assert_memory_equal(got + 12, "\x81\x00\x00\x05\x81\x00\x00\x07\x86\xdd", 10);
		assert_int_equal(got[26] << 8 | got[27], 20 + payload);
		assert_int_equal(bytes_sum(got + 62, 20 + payload,
						 bytes_sum(got + 30, 32, 6 + 20 + payload)),
				0xffff);
		assert_memory_equal(got + 82, bytes + 78 + 60 * i, payload);
	}
	assert_int_equal(next(), 0);
}

static void
nonsense_is_refused(void **state)
{
	static const struct virtio_net_hdr bad[] = {
		{ .flags = 1, .csum_start = 316 },                    /* behind the frame */
		{ .flags = 1, .csum_start = 300, .csum_offset = 15 }, /* field behind the frame */
		{ .flags = 1, .csum_start = 300, .csum_offset = 0xffff },
		{ .gso_type = 3, .gso_size = 100, .csum_start = 34, .csum_offset = 16 }, /* UDP */
		{ .gso_type = 1, .gso_size = 0, .csum_start = 34, .csum_offset = 16 },
		{ .gso_type = 1,
				.gso_size = 100,
				.csum_start = 84,
				.csum_offset = 16 }, /* tunnel */
		{ .gso_type = 1, .gso_size = 100, .csum_start = 34, .csum_offset = 6 },
		{ .gso_type = 4,
				.gso_size = 100,
				.csum_start = 54,
				.csum_offset = 16 }, /* not IPv6 */
	};
	struct virtio_net_hdr h = {
		.gso_type = 1, .gso_size = 100, .csum_start = 34, .csum_offset = 16
	};

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, tcp_head, 66);
		if (emu_vnet_start(&v, &bad[i], bytes, 316, NULL) != -EINVAL)
			fail_msg("case %u is accepted", i);
	}
	memcpy(bytes, tcp_head, 66);
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 66, NULL), -EINVAL); /* no payload */
	bytes[46] = 0x40; /* a header of 16 bytes */
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 316, NULL), -EINVAL);
	bytes[46] = 0xf0; /* of 60, which a segment of 100 bytes does not have */
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 90, NULL), -EINVAL);
	memset(&h, 0, sizeof(h));
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 13, NULL), -EINVAL); /* no Ethernet */
	assert_int_equal(emu_vnet_start(&v, &h, bytes, 14, NULL), 0);
	assert_int_equal(next(), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partial_checksum_is_completed),
		cmocka_unit_test(a_sum_of_zero_is_sent_as_ffff),
		cmocka_unit_test(a_tag_apart_is_put_back),
		cmocka_unit_test(tcp_is_cut_into_segments),
		cmocka_unit_test(tcp_over_ipv6_with_tags),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
