/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/vfio_user/vup_msg.c: every message, encoded to and decoded from the golden bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_peer.h"
#include "golden.h"
#include "vup_msg.h"

/* A message being built: its header, and room for the payload behind it. */
static uint8_t out[1024];
static uint8_t *const payload = out + 16;

/* The payload of @p len bytes under a header gives the golden message. */
static void
expect_encoded(const char *golden, uint16_t id, uint16_t cmd, uint32_t flags, size_t len)
{
	struct vup_hdr hdr = { .id = id, .cmd = cmd, .size = (uint32_t)(16 + len), .flags = flags };

	vup_hdr_encode(out, &hdr);
	fp_same(out, 16 + len, golden);
}

/* The payload of a message in @p text, in memory of just its size; the caller frees it. */
static uint8_t *
payload_of(const char *text, size_t *len)
{
	uint8_t all[1024], *copy;

	*len = fp_bytes(text, all, sizeof(all)) - 16;
	copy = malloc(*len ? *len : 1);
	assert_non_null(copy);
	memcpy(copy, all + 16, *len);
	return copy;
}

/* Every decoder in one form; the result lands in a union of all. */
union decoded {
	struct vup_version ver;
	struct vup_dma dma;
	struct vup_device_info info;
	struct vup_region_info region;
	struct vup_irq_info irq;
	struct vup_irq_set set;
	struct vup_region_rw rw;
};
typedef const char *(*decoder)(const uint8_t *buf, size_t len, union decoded *d);

#define DECODER(name, field)                                                                       \
	static const char *name(const uint8_t *buf, size_t len, union decoded *d)                  \
	{                                                                                          \
		return vup_##name##_decode(buf, len, &d->field);                                   \
	}
DECODER(version, ver)
DECODER(dma_map, dma)
DECODER(dma_unmap, dma)
DECODER(device_info, info)
DECODER(region_info, region)
DECODER(irq_info, irq)
DECODER(irq_set, set)

static const char *
rw_bare(const uint8_t *buf, size_t len, union decoded *d)
{
	return vup_region_rw_decode(buf, len, false, &d->rw);
}

static const char *
rw_data(const uint8_t *buf, size_t len, union decoded *d)
{
	return vup_region_rw_decode(buf, len, true, &d->rw);
}

static union decoded
decoded(decoder decode, const char *text)
{
	union decoded d;
	size_t len;
	uint8_t *bytes = payload_of(text, &len);
	const char *why;

	memset(&d, 0xa5, sizeof(d));
	why = decode(bytes, len, &d);
	if (why)
		fail_msg("%s: %s", text, why);
	free(bytes);
	return d;
}

/* The payload @p text (without a header) is refused for a reason with @p why in it. */
static void
expect_refusal(decoder decode, const char *why, const char *text)
{
	uint8_t bytes[1024], *copy;
	size_t len = fp_bytes(text, bytes, sizeof(bytes));
	union decoded d;
	const char *got;

	copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	got = decode(copy, len, &d);
	free(copy);
	if (!got || !strstr(got, why))
		fail_msg("%s: awaited '%s', got '%s'", text, why, got ? got : "no complaint");
}

/* ---- header ---- */

static void
header(void **state)
{
	struct vup_hdr hdr = {
		.id = 0x1234, .cmd = 0x0506, .size = 0x1011, .flags = 0x21, .error = 0x01020304
	};
	uint8_t bytes[16];

	(void)state;
	vup_hdr_encode(bytes, &hdr);
	fp_same(bytes, 16, "3412 0605 11100000 21000000 04030201");
	memset(&hdr, 0xa5, sizeof(hdr));
	assert_null(vup_hdr_decode(bytes, 16, &hdr));
	assert_int_equal(hdr.id, 0x1234);
	assert_int_equal(hdr.cmd, 0x0506);
	assert_int_equal(hdr.size, 0x1011);
	assert_int_equal(hdr.flags, 0x21);
	assert_int_equal(hdr.error, 0x01020304);
}

static void
hostile_headers(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "0100 0100 10000000 00000000 000000", "truncated" }, { "", "truncated" },
		{ "0100 0100 0f000000 00000000 00000000", "smaller than a header" },
		{ "0100 0100 00000000 00000000 00000000", "smaller than a header" },
		{ "0100 0a00 21400000 00000000 00000000", "larger than any" },
		{ "0100 0a00 ffffffff 00000000 00000000", "larger than any" },
		{ "0100 0100 10000000 02000000 00000000", "neither command nor reply" },
		{ "0100 0100 10000000 0f000000 00000000", "neither command nor reply" },
		{ "0100 0a00 20400000 00000000 00000000", NULL }, /* 16 + 16 + 16384: largest */
		{ "0100 0100 10000000 10000000 00000000", NULL }, /* no reply wanted */
		{ "0100 0100 10000000 21000000 16000000", NULL }, /* an error reply */
	};
	struct vup_hdr hdr;
	uint8_t bytes[16];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why = vup_hdr_decode(bytes, fp_bytes(rows[i].text, bytes, 16), &hdr);
		if (!why != !rows[i].why || (why && !strstr(why, rows[i].why)))
			fail_msg("%s: '%s'", rows[i].text, why ? why : "no complaint");
	}
}

static void
commands_have_names(void **state)
{
	(void)state;
	assert_string_equal(vup_cmd_name(1), "VERSION");
	assert_string_equal(vup_cmd_name(2), "DMA_MAP");
	assert_string_equal(vup_cmd_name(3), "DMA_UNMAP");
	assert_string_equal(vup_cmd_name(4), "DEVICE_GET_INFO");
	assert_string_equal(vup_cmd_name(5), "DEVICE_GET_REGION_INFO");
	assert_string_equal(vup_cmd_name(6), "DEVICE_GET_REGION_IO_FDS");
	assert_string_equal(vup_cmd_name(7), "DEVICE_GET_IRQ_INFO");
	assert_string_equal(vup_cmd_name(8), "DEVICE_SET_IRQS");
	assert_string_equal(vup_cmd_name(9), "REGION_READ");
	assert_string_equal(vup_cmd_name(10), "REGION_WRITE");
	assert_string_equal(vup_cmd_name(11), "DMA_READ");
	assert_string_equal(vup_cmd_name(12), "DMA_WRITE");
	assert_string_equal(vup_cmd_name(13), "DEVICE_RESET");
	assert_string_equal(vup_cmd_name(15), "REGION_WRITE_MULTI");
	assert_string_equal(vup_cmd_name(16), "DEVICE_FEATURE");
	assert_string_equal(vup_cmd_name(17), "MIG_DATA_READ");
	assert_string_equal(vup_cmd_name(18), "MIG_DATA_WRITE");
	assert_string_equal(vup_cmd_name(0), "command");
	assert_string_equal(vup_cmd_name(14), "command");
	assert_string_equal(vup_cmd_name(19), "command");
	assert_string_equal(vup_cmd_name(65535), "command");
}

/* ---- golden messages ---- */

static void
golden_version(void **state)
{
	struct vup_version ver = { .caps = { 16, 16384, 65535, false } };

	(void)state;
	expect_encoded(GOLD_VERSION_ASK, 1, 1, 0, vup_version_encode(payload, 256, &ver));
	expect_encoded(GOLD_VERSION_REPLY, 1, 1, 1, vup_version_encode(payload, 256, &ver));
	ver.caps.map_regions = true;
	expect_encoded(GOLD_VERSION_MAPS_ASK, 1, 1, 0, vup_version_encode(payload, 256, &ver));
	ver = decoded(version, GOLD_VERSION_ASK).ver;
	assert_int_equal(ver.major, 0);
	assert_int_equal(ver.minor, 0);
	assert_int_equal(ver.caps.max_msg_fds, 16);
	assert_int_equal(ver.caps.max_data_xfer_size, 16384);
	assert_int_equal(ver.caps.max_dma_maps, 65535);
	assert_false(ver.caps.map_regions);
	assert_true(decoded(version, GOLD_VERSION_MAPS_REPLY).ver.caps.map_regions);
	/* The version data is optional. */
	ver = decoded(version, "0100 0100 14000000 00000000 00000000 0201 0403").ver;
	assert_int_equal(ver.major, 0x0102);
	assert_int_equal(ver.minor, 0x0304);
	assert_int_equal(ver.caps.max_msg_fds, 1);
	/* The longest numbers have room. */
	ver = (struct vup_version){ 65535, 65535, { UINT32_MAX, UINT32_MAX, UINT32_MAX, true } };
	assert_in_range(vup_version_encode(payload, 256, &ver), 100, 256);
	assert_null(vup_version_decode(payload, vup_version_encode(payload, 256, &ver), &ver));
	assert_int_equal(ver.caps.max_dma_maps, 4294967295u);
}

static void
golden_dma_map(void **state)
{
	struct vup_dma dma = {
		.iova = UINT64_C(0x540000000), .size = 0x200000, .offset = 0x1000, .prot = 3
	};

	(void)state;
	expect_encoded(GOLD_MAP_ASK, 2, 2, 0, vup_dma_map_encode(payload, &dma));
	dma = decoded(dma_map, GOLD_MAP_ASK).dma;
	assert_int_equal(dma.iova, UINT64_C(0x540000000));
	assert_int_equal(dma.size, 0x200000);
	assert_int_equal(dma.offset, 0x1000);
	assert_int_equal(dma.prot, 3);
	expect_encoded(GOLD_MAP_REPLY, 2, 2, 1, 0);
}

static void
golden_dma_unmap(void **state)
{
	struct vup_dma dma = { .iova = UINT64_C(0x540000000), .size = 0x200000 };

	(void)state;
	expect_encoded(GOLD_UNMAP_ASK, 2, 3, 0, vup_dma_unmap_encode(payload, &dma));
	expect_encoded(GOLD_UNMAP_REPLY, 2, 3, 1, vup_dma_unmap_encode(payload, &dma));
	dma = decoded(dma_unmap, GOLD_UNMAP_ASK).dma;
	assert_int_equal(dma.iova, UINT64_C(0x540000000));
	assert_int_equal(dma.size, 0x200000);
	assert_false(dma.all);
	dma = (struct vup_dma){ .all = true };
	expect_encoded(GOLD_UNMAP_ALL_ASK, 2, 3, 0, vup_dma_unmap_encode(payload, &dma));
	assert_true(decoded(dma_unmap, GOLD_UNMAP_ALL_ASK).dma.all);
}

static void
golden_device_info(void **state)
{
	struct vup_device_info info = { 0 };

	(void)state;
	expect_encoded(GOLD_INFO_ASK, 2, 4, 0, vup_device_info_encode(payload, &info));
	info = (struct vup_device_info){ .flags = 3, .nb_regions = 9, .nb_irqs = 5 };
	expect_encoded(GOLD_INFO_REPLY, 2, 4, 1, vup_device_info_encode(payload, &info));
	info = decoded(device_info, GOLD_INFO_REPLY).info;
	assert_int_equal(info.flags, 3);
	assert_int_equal(info.nb_regions, 9);
	assert_int_equal(info.nb_irqs, 5);
}

static void
golden_region_info(void **state)
{
	struct vup_region_info region = { .index = 2 };

	(void)state;
	expect_encoded(GOLD_REGION2_ASK, 2, 5, 0, vup_region_info_encode(payload, &region));
	region = (struct vup_region_info){ .flags = 7, .size = 0x1000, .offset = 0x2000 };
	expect_encoded(GOLD_REGION0_MAPPED_REPLY, 2, 5, 1,
			vup_region_info_encode(payload, &region));
	region = decoded(region_info, GOLD_REGION0_MAPPED_REPLY).region;
	assert_int_equal(region.flags, 7);
	assert_int_equal(region.index, 0);
	assert_int_equal(region.size, 0x1000);
	assert_int_equal(region.offset, 0x2000);
	assert_int_equal(decoded(region_info, GOLD_REGION2_ASK).region.index, 2);
}

static void
golden_irq_info(void **state)
{
	struct vup_irq_info irq = { .index = 2 };

	(void)state;
	expect_encoded(GOLD_IRQ_ASK, 2, 7, 0, vup_irq_info_encode(payload, &irq));
	irq = (struct vup_irq_info){ .flags = 1, .index = 2, .count = 32 };
	expect_encoded(GOLD_IRQ_REPLY, 2, 7, 1, vup_irq_info_encode(payload, &irq));
	irq = decoded(irq_info, GOLD_IRQ_REPLY).irq;
	assert_int_equal(irq.flags, 1);
	assert_int_equal(irq.index, 2);
	assert_int_equal(irq.count, 32);
}

static void
golden_set_irqs(void **state)
{
	struct vup_irq_set set = { .flags = 0x24, .index = 2, .start = 3, .count = 2 };

	(void)state;
	expect_encoded(GOLD_SET_IRQS_ASK, 2, 8, 0, vup_irq_set_encode(payload, &set));
	set.flags = 0x22;
	assert_int_equal(vup_irq_set_encode(payload, &set), 20);
	payload[20] = 1;
	payload[21] = 0;
	expect_encoded(GOLD_BOOL_IRQS_ASK, 2, 8, 0, 22);
	set = (struct vup_irq_set){ .flags = 0x21, .index = 2 };
	expect_encoded(GOLD_CLEAR_IRQS_ASK, 2, 8, 0, vup_irq_set_encode(payload, &set));
	set = decoded(irq_set, GOLD_BOOL_IRQS_ASK).set;
	assert_int_equal(set.flags, 0x22);
	assert_int_equal(set.index, 2);
	assert_int_equal(set.start, 3);
	assert_int_equal(set.count, 2);
	assert_int_equal(decoded(irq_set, GOLD_CLEAR_IRQS_ASK).set.count, 0);
	assert_int_equal(decoded(irq_set, GOLD_SET_IRQS_ASK).set.flags, 0x24);
}

static void
golden_region_read_and_write(void **state)
{
	struct vup_region_rw rw = { .offset = 0x2010, .region = 2, .count = 4 };

	(void)state;
	assert_int_equal(vup_region_rw_encode(payload, &rw), 16);
	expect_encoded(GOLD_READ_ASK, 2, 9, 0, 16);
	expect_encoded(GOLD_WRITE_REPLY, 2, 10, 1, 16);
	memcpy(payload + 16, "\xef\xbe\xad\xde", 4);
	expect_encoded(GOLD_READ_REPLY, 2, 9, 1, 20);
	memcpy(payload + 16, "\x78\x56\x34\x12", 4);
	expect_encoded(GOLD_WRITE_ASK, 2, 10, 0, 20);
	rw = decoded(rw_bare, GOLD_READ_ASK).rw;
	assert_int_equal(rw.offset, 0x2010);
	assert_int_equal(rw.region, 2);
	assert_int_equal(rw.count, 4);
	assert_int_equal(decoded(rw_data, GOLD_READ_REPLY).rw.count, 4);
	assert_int_equal(decoded(rw_data, GOLD_WRITE_ASK).rw.offset, 0x2010);
	assert_int_equal(decoded(rw_bare, GOLD_WRITE_REPLY).rw.region, 2);
}

static void
golden_reset(void **state)
{
	(void)state;
	expect_encoded(GOLD_RESET_ASK, 2, 13, 0, 0);
	expect_encoded(GOLD_RESET_REPLY, 2, 13, 1, 0);
}

/* ---- what must not pass ---- */

/* Cut anywhere, or with a byte more, no payload of fixed size is accepted. */
static void
payloads_have_one_size(void **state)
{
	static const struct {
		decoder decode;
		const char *golden;
	} rows[] = {
		{ dma_map, GOLD_MAP_ASK },
		{ dma_unmap, GOLD_UNMAP_ASK },
		{ device_info, GOLD_INFO_REPLY },
		{ region_info, GOLD_REGION0_MAPPED_REPLY },
		{ irq_info, GOLD_IRQ_REPLY },
		{ irq_set, GOLD_SET_IRQS_ASK },
		{ irq_set, GOLD_BOOL_IRQS_ASK },
		{ rw_bare, GOLD_READ_ASK },
		{ rw_data, GOLD_WRITE_ASK },
	};
	uint8_t *whole, *copy;
	union decoded d;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		whole = payload_of(rows[i].golden, &len);
		for (size_t cut = 0; cut <= len + 1; cut++) {
			copy = calloc(1, cut ? cut : 1);
			assert_non_null(copy);
			memcpy(copy, whole, cut < len ? cut : len);
			assert_int_equal(rows[i].decode(copy, cut, &d) == NULL, cut == len);
			free(copy);
		}
		free(whole);
	}
}

static void
hostile_versions(void **state)
{
	(void)state;
	expect_refusal(version, "truncated version", "000000");
	expect_refusal(version, "no terminating NUL", "0000 0000 '{}'");
	expect_refusal(version, "object expected", "0000 0000 'x' 00");
	expect_refusal(version, "after the JSON", "0000 0000 '{}' 00 00");
	expect_refusal(version, "unsigned",
			"0000 0000 '{\"capabilities\":{\"max_msg_fds\":x}}' 00");
}

static void
hostile_dma(void **state)
{
	/* argsz, flags, offset, address, size */
	static const char *const maps[][2] = {
		{ "argsz", "1f000000 03000000 0010000000000000 0000004005000000 0000200000000000" },
		{ "access flags", "20000000 00000000 0010000000000000 0000004005000000 "
				  "0000200000000000" },
		{ "access flags", "20000000 04000000 0010000000000000 0000004005000000 "
				  "0000200000000000" },
		{ "file offset is not", "20000000 03000000 0110000000000000 0000004005000000 "
					"0000200000000000" },
		{ "exceed any file", "20000000 03000000 00f0ffffffffffff 0000004005000000 "
				     "0010000000000000" },
		{ "exceed any file", "20000000 03000000 0000000000000000 0000000000000000 "
				     "0000000000000080" },
		{ "exceed any file", "20000000 03000000 00f0ffffffffff7f 0000000000000000 "
				     "0010000000000000" },
		{ "empty", "20000000 03000000 0000000000000000 0000004005000000 0000000000000000" },
		{ "not page aligned", "20000000 03000000 0000000000000000 0000004005000000 "
				      "0100000000000000" },
		{ "not page aligned", "20000000 03000000 0000000000000000 0008004005000000 "
				      "0010000000000000" },
		{ "wraps around", "20000000 03000000 0000000000000000 00f0ffffffffffff "
				  "0020000000000000" },
	};
	/* argsz, flags, address, size */
	static const char *const unmaps[][2] = {
		{ "argsz", "17000000 00000000 0000004005000000 0000200000000000" },
		{ "unknown flags", "18000000 01000000 0000004005000000 0000200000000000" },
		{ "unknown flags", "18000000 03000000 0000000000000000 0000000000000000" },
		{ "of all with", "18000000 02000000 0000004005000000 0000000000000000" },
		{ "of all with", "18000000 02000000 0000000000000000 0010000000000000" },
		{ "empty", "18000000 00000000 0000004005000000 0000000000000000" },
		{ "not page aligned", "18000000 00000000 0000004005000000 ff0f000000000000" },
		{ "wraps around", "18000000 00000000 00f0ffffffffffff 0020000000000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		expect_refusal(dma_map, maps[i][0], maps[i][1]);
	for (size_t i = 0; i < sizeof(unmaps) / sizeof(unmaps[0]); i++)
		expect_refusal(dma_unmap, unmaps[i][0], unmaps[i][1]);
	/* The last page of the address space is one like any other. */
	assert_int_equal(decoded(dma_map, "0200 0200 30000000 00000000 00000000 20000000 01000000 "
					  "0000000000000000 00f0ffffffffffff 0010000000000000")
					 .dma.iova,
			UINT64_C(0xfffffffffffff000));
}

static void
hostile_infos(void **state)
{
	(void)state;
	expect_refusal(device_info, "argsz", "0f000000 00000000 00000000 00000000");
	expect_refusal(region_info, "argsz",
			"1f000000 00000000 00000000 00000000 0000000000000000 0000000000000000");
	expect_refusal(irq_info, "argsz", "00000000 00000000 02000000 00000000");
}

static void
hostile_irq_sets(void **state)
{
	/* argsz, flags, index, start, count */
	static const char *const rows[][2] = {
		{ "argsz", "13000000 24000000 02000000 03000000 02000000" },
		{ "argsz", "15000000 22000000 02000000 03000000 02000000 0100" },
		{ "one kind", "14000000 00000000 02000000 00000000 00000000" },
		{ "one kind", "14000000 04000000 02000000 00000000 01000000" }, /* no action */
		{ "one kind", "14000000 20000000 02000000 00000000 01000000" }, /* no data */
		{ "one kind", "14000000 25000000 02000000 00000000 01000000" }, /* two data */
		{ "one kind", "14000000 34000000 02000000 00000000 01000000" }, /* two actions */
		{ "one kind", "14000000 64000000 02000000 00000000 01000000" }, /* unknown */
		{ "one kind", "14000000 24000080 02000000 00000000 01000000" },
		{ "more vectors", "14000000 24000000 02000000 00000000 01080000" },
		{ "more vectors", "14000000 24000000 02000000 01080000 01000000" },
		{ "more vectors", "14000000 24000000 02000000 ffffffff 02000000" },
		{ "more vectors", "14000000 22000000 02000000 00000000 ffffffff" },
		{ "wrong size", "15000000 22000000 02000000 00000000 02000000 01" },
		{ "wrong size", "17000000 22000000 02000000 00000000 02000000 010101" },
		{ "wrong size", "16000000 24000000 02000000 00000000 02000000 0101" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refusal(irq_set, rows[i][0], rows[i][1]);
}

static void
hostile_transfers(void **state)
{
	(void)state;
	expect_refusal(rw_bare, "exceeds max_data_xfer_size", "0000000000000000 02000000 01400000");
	expect_refusal(rw_data, "exceeds max_data_xfer_size",
			"0000000000000000 02000000 ffffffff 00");
	expect_refusal(rw_data, "wrong size", "0000000000000000 02000000 04000000 000000");
	expect_refusal(rw_data, "wrong size", "0000000000000000 02000000 00000000 00");
	expect_refusal(rw_bare, "wrong size", "0000000000000000 02000000 01000000 00");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header),
		cmocka_unit_test(hostile_headers),
		cmocka_unit_test(commands_have_names),
		cmocka_unit_test(golden_version),
		cmocka_unit_test(golden_dma_map),
		cmocka_unit_test(golden_dma_unmap),
		cmocka_unit_test(golden_device_info),
		cmocka_unit_test(golden_region_info),
		cmocka_unit_test(golden_irq_info),
		cmocka_unit_test(golden_set_irqs),
		cmocka_unit_test(golden_region_read_and_write),
		cmocka_unit_test(golden_reset),
		cmocka_unit_test(payloads_have_one_size),
		cmocka_unit_test(hostile_versions),
		cmocka_unit_test(hostile_dma),
		cmocka_unit_test(hostile_infos),
		cmocka_unit_test(hostile_irq_sets),
		cmocka_unit_test(hostile_transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
