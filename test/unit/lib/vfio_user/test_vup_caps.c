/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/vfio_user/vup_caps.c: the capabilities in the version message's JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "vup_msg.h"

/* Decode a copy without a byte to spare, so that a sanitizer sees a read beyond it. */
static const char *
decode(const char *json, size_t len, struct vup_caps *caps)
{
	char *copy = malloc(len ? len : 1);
	const char *why;

	assert_non_null(copy);
	memcpy(copy, json, len);
	why = vup_caps_decode(copy, len, caps);
	free(copy);
	return why;
}

static void
expect(const char *json, uint32_t fds, uint32_t xfer, uint32_t maps, bool map_regions)
{
	struct vup_caps caps;
	const char *why = decode(json, strlen(json), &caps);

	if (why)
		fail_msg("%s: %s", json, why);
	assert_int_equal(caps.max_msg_fds, fds);
	assert_int_equal(caps.max_data_xfer_size, xfer);
	assert_int_equal(caps.max_dma_maps, maps);
	assert_int_equal(caps.map_regions, map_regions);
}

static void
expect_refusal(const char *json, const char *why)
{
	struct vup_caps caps;
	const char *got = decode(json, strlen(json), &caps);

	if (!got || !strstr(got, why))
		fail_msg("%s: awaited '%s', got '%s'", json, why, got ? got : "no complaint");
}

static void
absent_capabilities_have_defaults(void **state)
{
	(void)state;
	expect("", 1, 1048576, 65535, false);
	expect("{}", 1, 1048576, 65535, false);
	expect("{\"capabilities\":{}}", 1, 1048576, 65535, false);
	expect(" { \"capabilities\" : { \"max_msg_fds\" : 8 } } ", 8, 1048576, 65535, false);
}

static void
known_capabilities_are_read(void **state)
{
	(void)state;
	expect("{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":4096,"
	       "\"max_dma_maps\":3,\"pgsizes\":4096,\"pagelift_map_regions\":true}}",
			8, 4096, 3, true);
	expect("{\"capabilities\":{\"pagelift_map_regions\":false,\"max_msg_fds\":0}}", 0, 1048576,
			65535, false);
	expect("\t{\r\n\"capabilities\":\n{\"max_dma_maps\":\t7}}\n", 1, 1048576, 7, false);
}

static void
unknown_members_are_skipped(void **state)
{
	(void)state;
	expect("{\"x\":[1,-2.5e3,{\"max_msg_fds\":9},[],{}],\"capabilities\":{\"twin_socket\":"
	       "{\"supported\":true,\"fd_index\":0},\"write_multiple\":true,\"n\":null,"
	       "\"s\":\"}]\\\"\\\\\",\"max_msg_fds\":4},\"y\":\"z\"}",
			4, 1048576, 65535, false);
	expect("{\"max_msg_fds\":9}", 1, 1048576, 65535, false); /* not a capability out here */
	expect("{\"capabilities\":{\"capabilities\":{\"max_msg_fds\":9}}}", 1, 1048576, 65535,
			false);
	expect("{\"capabilities\":{\"max_msg_fd\":9,\"max_msg_fdsx\":9,\"\":9}}", 1, 1048576, 65535,
			false);
}

static void
oversize_numbers_are_the_largest(void **state)
{
	(void)state;
	expect("{\"capabilities\":{\"max_msg_fds\":4294967295,\"max_data_xfer_size\":4294967296,"
	       "\"max_dma_maps\":99999999999999999999999999999999999999999999}}",
			4294967295u, 4294967295u, 4294967295u, false);
}

static void
known_capabilities_of_a_wrong_type_are_refused(void **state)
{
	(void)state;
	expect_refusal("{\"capabilities\":{\"max_msg_fds\":-1}}", "unsigned number");
	expect_refusal("{\"capabilities\":{\"max_msg_fds\":1.5}}", "unsigned number");
	expect_refusal("{\"capabilities\":{\"max_msg_fds\":1e3}}", "unsigned number");
	expect_refusal("{\"capabilities\":{\"max_data_xfer_size\":true}}", "unsigned number");
	expect_refusal("{\"capabilities\":{\"max_dma_maps\":\"7\"}}", "value expected");
	expect_refusal("{\"capabilities\":{\"max_dma_maps\":[7]}}", "value expected");
	expect_refusal("{\"capabilities\":{\"pagelift_map_regions\":1}}", "neither true nor false");
	expect_refusal("{\"capabilities\":{\"pagelift_map_regions\":truer}}",
			"neither true nor false");
	expect_refusal("{\"capabilities\":null}", "object expected");
	expect_refusal("{\"capabilities\":[]}", "object expected");
}

static void
what_is_not_json_is_refused(void **state)
{
	(void)state;
	expect_refusal(" ", "object expected");
	expect_refusal("max_msg_fds=8", "object expected");
	expect_refusal("[]", "object expected");
	expect_refusal("{", "string expected");
	expect_refusal("{\"a", "string without end");
	expect_refusal("{\"a\\", "string without end");
	expect_refusal("{\"a\"", "':' expected");
	expect_refusal("{\"a\" 1}", "':' expected");
	expect_refusal("{\"a\":", "value expected");
	expect_refusal("{\"a\":}", "value expected");
	expect_refusal("{\"a\":1", "bracket not closed");
	expect_refusal("{\"a\":1,}", "string expected");
	expect_refusal("{\"a\":[1 2]}", "bracket not closed");
	expect_refusal("{\"a\":{\"b\" 1}}", "':' expected");
	expect_refusal("{\"a\":{\"b\":1]}", "bracket not closed");
	expect_refusal("{\"capabilities\":{\"max_msg_fds\" 1}}", "':' expected");
	expect_refusal("{\"capabilities\":{\"max_msg_fds\":8}", "bracket not closed");
	expect_refusal("{}{}", "something after the JSON");
	expect_refusal("{\"capabilities\":{}}}", "something after the JSON");
}

static void
nesting_is_bounded(void **state)
{
	char json[16001] = "{\"a\":";

	(void)state;
	expect("{\"a\":[[[[[[]]]]]]}", 1, 1048576, 65535, false);
	expect_refusal("{\"a\":[[[[[[[[]]]]]]]]}", "nested too deeply");
	memset(json + 5, '[', sizeof(json) - 6);
	expect_refusal(json, "nested too deeply");
	for (size_t i = 5; i + 6 <= sizeof(json); i += 5)
		memcpy(json + i, "{\"b\":", 6);
	expect_refusal(json, "nested too deeply");
}

static const char whole[] = "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":16384,"
			    "\"s\":\"\\\"\",\"a\":[1,{}],\"pagelift_map_regions\":true}}";

static void
every_beginning_is_refused(void **state)
{
	struct vup_caps caps;

	(void)state;
	assert_null(decode(whole, sizeof(whole) - 1, &caps));
	for (size_t len = 1; len < sizeof(whole) - 1; len++)
		assert_non_null(decode(whole, len, &caps));
}

/* Any byte anywhere, NUL included: an answer, and no access outside. */
static void
any_byte_anywhere_gets_a_verdict(void **state)
{
	char json[sizeof(whole)];
	struct vup_caps caps;
	unsigned int refused = 0;

	(void)state;
	for (size_t at = 0; at < sizeof(whole) - 1; at++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(json, whole, sizeof(whole));
			json[at] = (char)byte;
			refused += decode(json, sizeof(whole) - 1, &caps) != NULL;
		}
	assert_true(refused > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_capabilities_have_defaults),
		cmocka_unit_test(known_capabilities_are_read),
		cmocka_unit_test(unknown_members_are_skipped),
		cmocka_unit_test(oversize_numbers_are_the_largest),
		cmocka_unit_test(known_capabilities_of_a_wrong_type_are_refused),
		cmocka_unit_test(what_is_not_json_is_refused),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(every_beginning_is_refused),
		cmocka_unit_test(any_byte_anywhere_gets_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
