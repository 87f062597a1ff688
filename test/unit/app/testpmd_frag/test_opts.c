/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/opts.c: each flag lands in its field and nowhere else; what is wrong gets one
 * line that names the flag and says what would be right. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tpf.h"

#define ARGS_MAX 8

static struct tpf_opts opts;
static char err[TPF_ERR_MAX];

/* Parse up to four arguments (NULL: no more). */
static int
parse(const char *a, const char *b, const char *c, const char *d)
{
	const char *given[] = { "testpmd_frag", a, b, c, d };
	char *argv[ARGS_MAX] = { NULL };
	int argc = 0, ret;

	for (size_t i = 0; i < RTE_DIM(given) && given[i] != NULL; i++)
		argv[argc++] = strdup(given[i]);
	memset(&opts, 0x5a, sizeof(opts));
	memset(err, 0, sizeof(err));
	ret = tpf_opts_parse(&opts, argc, argv, err);
	for (int i = 0; i < argc; i++) {
		if (opts.report_path != argv[i] + strlen("--report="))
			free(argv[i]); /* the report's path points into the argument */
	}
	return ret;
}

static void
defaults_are_those_of_the_usage(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, NULL, NULL, NULL), 0);
	assert_string_equal(opts.engine->name, "io");
	assert_int_equal(opts.topology, TPF_PAIRED);
	assert_int_equal(opts.nb_lcores, 1);
	assert_int_equal(opts.nb_rxq, 1);
	assert_int_equal(opts.nb_txq, 1);
	assert_int_equal(opts.nb_rxd, 0);
	assert_int_equal(opts.nb_txd, 0);
	assert_int_equal(opts.burst_pkts, 32);
	assert_int_equal(opts.mbuf_bytes, 2176);
	assert_int_equal(opts.nb_mbufs, 0);
	assert_int_equal(opts.cache_mbufs, -1);
	assert_int_equal(opts.frame_max, 0);
	assert_true(opts.port_mask == 0xffffffffffffffffull);
	assert_int_equal(opts.nb_tx_segs, 1);
	assert_int_equal(opts.tx_seg_bytes[0], 60);
	assert_int_equal(tpf_opts_tx_bytes(&opts), 60);
	assert_false(opts.multi_flow);
	assert_true(opts.flush_rx);
	assert_false(opts.scatter);
	assert_true(opts.link_check);
	assert_int_equal(opts.tx_retry_ms, 1000);
	assert_int_equal(opts.run_seconds, 0);
	assert_int_equal(opts.idle_ms, 0);
	assert_int_equal(opts.stats_period_s, 0);
	assert_null(opts.report_path);
	assert_false(opts.peer_is_set[3]);
	assert_memory_equal(opts.peer[3].addr_bytes, "\x02\x00\x00\x00\x00\x03", 6);
}

/* A flag whose value is a number: what goes in, where it is seen, and what is refused. */
struct number_case {
	const char *flag;
	size_t offset, bytes;
	const char *low, *high, *below, *above;
	uint64_t low_is, high_is;
};
#define FIELD(name) offsetof(struct tpf_opts, name), sizeof(opts.name)

/* RTE_MAX_LCORE: Debian's DPDK has 128 on x86 and 256 on arm64. */
/* clang-format off */
static const struct number_case numbers[] = {
	{ "--nb-cores",        FIELD(nb_lcores),      "1",    "127",        "0",   RTE_STR(RTE_MAX_LCORE), 1, 127 },
	{ "--rxq",             FIELD(nb_rxq),         "1",    "1",          "0",   "65",         1, 1 },
	{ "--txq",             FIELD(nb_txq),         "1",    "64",         "0",   "65",         1, 64 },
	{ "--rxd",             FIELD(nb_rxd),         "1",    "65535",      "0",   "65536",      1, 65535 },
	{ "--txd",             FIELD(nb_txd),         "1",    "65535",      "0",   "65536",      1, 65535 },
	{ "--burst",           FIELD(burst_pkts),     "1",    "512",        "0",   "513",        1, 512 },
	{ "--mbuf-size",       FIELD(mbuf_bytes),     "256",  "65535",      "255", "65536",      256, 65535 },
	{ "--total-num-mbufs", FIELD(nb_mbufs),       "512",  "0x1000000",  "511", "16777217",   512, 16777216 },
	{ "--mbcache",         FIELD(cache_mbufs),    "0",    "512",        "-1",  "513",        0, 512 },
	{ "--max-pkt-len",     FIELD(frame_max),      "64",   "9728",       "63",  "9729",       64, 9728 },
	{ "--tx-retry-ms",     FIELD(tx_retry_ms),    "0",    "60000",      "-1",  "60001",      0, 60000 },
	{ "--run-seconds",     FIELD(run_seconds),    "0",    "4294967295", "-1",  "4294967296", 0, 4294967295 },
	{ "--exit-when-idle",  FIELD(idle_ms),        "1",    "3600000",    "0",   "3600001",    1, 3600000 },
	{ "--stats-period",    FIELD(stats_period_s), "0",    "86400",      "-1",  "86401",      0, 86400 },
};
/* clang-format on */

static uint64_t
field_get(const struct number_case *c)
{
	uint64_t v = 0;

	memcpy(&v, (const char *)&opts + c->offset, c->bytes);
	return v;
}

static void
numbers_land_in_their_field_alone(void **state)
{
	char arg[64];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(numbers); i++) {
		const struct number_case *c = &numbers[i];
		struct tpf_opts before;
		uint64_t zero = 0;

		assert_int_equal(parse(NULL, NULL, NULL, NULL), 0);
		before = opts;
		snprintf(arg, sizeof(arg), "%s=%s", c->flag, c->high);
		assert_int_equal(parse(arg, NULL, NULL, NULL), 0);
		assert_true(field_get(c) == c->high_is);
		assert_int_equal(parse(c->flag, c->low, NULL, NULL), 0); /* two words */
		assert_true(field_get(c) == c->low_is);
		memcpy((char *)&opts + c->offset, &zero, c->bytes);
		memcpy((char *)&before + c->offset, &zero, c->bytes);
		assert_memory_equal(&opts, &before, sizeof(opts));
	}
}

static void
numbers_out_of_range_name_flag_and_range(void **state)
{
	char arg[64], head[128];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(numbers); i++) {
		const struct number_case *c = &numbers[i];
		const char *bad[] = { c->below, c->above, "", "x", "1x", "0x",
			"99999999999999999999", " -1" };

		for (size_t k = 0; k < RTE_DIM(bad); k++) {
			snprintf(arg, sizeof(arg), "%s=%s", c->flag, bad[k]);
			snprintf(head, sizeof(head), "%s: give a number of ", arg);
			assert_int_equal(parse(arg, NULL, NULL, NULL), -EINVAL);
			assert_memory_equal(err, head, strlen(head));
			assert_null(strchr(err, '\n'));
		}
	}
	parse("--burst=0", NULL, NULL, NULL);
	assert_string_equal(err, "--burst=0: give a number of 1 to 512");
	parse("--mbuf-size=99", NULL, NULL, NULL);
	assert_string_equal(err, "--mbuf-size=99: give a number of 256 to 65535");
}

static void
words_and_switches(void **state)
{
	static const char *const modes[] = { "io", "mac", "macswap", "rxonly", "txonly" };
	char arg[64];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(modes); i++) {
		snprintf(arg, sizeof(arg), "--forward-mode=%s", modes[i]);
		assert_int_equal(parse(arg, NULL, NULL, NULL), 0);
		assert_string_equal(opts.engine->name, modes[i]);
	}
	assert_int_equal(parse("--port-topology=paired", NULL, NULL, NULL), 0);
	assert_int_equal(opts.topology, 0);
	assert_int_equal(parse("--port-topology=chained", NULL, NULL, NULL), 0);
	assert_int_equal(opts.topology, 1);
	assert_int_equal(parse("--port-topology", "loop", NULL, NULL), 0);
	assert_int_equal(opts.topology, 2);
	assert_int_equal(parse("--rx-mode=object", NULL, NULL, NULL), 0);
	assert_int_equal(opts.rx_mode, TPF_RX_OBJECT);
	assert_int_equal(opts.page_kind, PPOOL_KIND_DEFAULT);
	assert_int_equal(parse("--page-kind=count", NULL, NULL, NULL), 0);
	assert_int_equal(opts.page_kind, PPOOL_KIND_COUNT);
	assert_int_equal(parse("--page-kind=bitmap", NULL, NULL, NULL), 0);
	assert_int_equal(opts.page_kind, PPOOL_KIND_BITMAP);
	assert_int_equal(parse("--page-kind=page", NULL, NULL, NULL), -EINVAL);
	assert_non_null(strstr(err, " count bitmap"));
	assert_int_equal(parse("--txonly-multi-flow", "--no-flush-rx", "--enable-scatter",
					 "--disable-link-check"),
			0);
	assert_true(opts.multi_flow);
	assert_false(opts.flush_rx);
	assert_true(opts.scatter);
	assert_false(opts.link_check);
	assert_int_equal(parse("--report=/dev/shm/r.json", NULL, NULL, NULL), 0);
	assert_string_equal(opts.report_path, "/dev/shm/r.json");
	free((char *)(uintptr_t)opts.report_path - strlen("--report="));
}

static void
portmask_is_hexadecimal_as_in_testpmd(void **state)
{
	(void)state;
	assert_int_equal(parse("--portmask=0x5", NULL, NULL, NULL), 0);
	assert_true(opts.port_mask == 5);
	assert_int_equal(parse("--portmask=c", NULL, NULL, NULL), 0);
	assert_true(opts.port_mask == 12);
	assert_int_equal(parse("--portmask=10", NULL, NULL, NULL), 0);
	assert_true(opts.port_mask == 16);
	assert_int_equal(parse("--portmask=ffffffffffffffff", NULL, NULL, NULL), 0);
	assert_true(opts.port_mask == 0xffffffffffffffffull);
}

static void
eth_peer_and_txpkts(void **state)
{
	(void)state;
	assert_int_equal(parse("--eth-peer=0,02:00:00:00:00:99", "--eth-peer=31,0a:1b:2c:3d:4e:5f",
					 NULL, NULL),
			0);
	assert_true(opts.peer_is_set[0]);
	assert_true(opts.peer_is_set[31]);
	assert_false(opts.peer_is_set[1]);
	assert_memory_equal(opts.peer[0].addr_bytes, "\x02\x00\x00\x00\x00\x99", 6);
	assert_memory_equal(opts.peer[31].addr_bytes, "\x0a\x1b\x2c\x3d\x4e\x5f", 6);
	assert_int_equal(parse("--txpkts=64,0x80,1,1300", NULL, NULL, NULL), 0);
	assert_int_equal(opts.nb_tx_segs, 4);
	assert_int_equal(opts.tx_seg_bytes[0], 64);
	assert_int_equal(opts.tx_seg_bytes[1], 128);
	assert_int_equal(opts.tx_seg_bytes[2], 1);
	assert_int_equal(opts.tx_seg_bytes[3], 1300);
	assert_int_equal(tpf_opts_tx_bytes(&opts), 1493);
	assert_int_equal(parse("--txpkts=2000,2000,2000,2000,1724", NULL, NULL, NULL), 0);
	assert_int_equal(tpf_opts_tx_bytes(&opts), 9724);
	assert_int_equal(parse("--txpkts=4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4", NULL, NULL, NULL), 0);
	assert_int_equal(opts.nb_tx_segs, 16);
}

/* Up to two arguments and the line they earn. */
struct bad_case {
	const char *a, *b, *text;
};

#define PEER_HELP   ": give PORT,MAC such as 0,02:00:00:00:00:01"
#define TXPKTS_HELP ": give up to 16 lengths, together 60 to 9724 bytes"
#define MASK_HELP   ": give a hexadecimal mask that is not 0, such as 0x3"

/* clang-format off */
static const struct bad_case bad_cases[] = {
	{ "--forward-mode=csum", NULL, "--forward-mode=csum: choose one of io mac macswap rxonly txonly" },
	{ "--forward-mode=", NULL, "--forward-mode=: choose one of io mac macswap rxonly txonly" },
	{ "--port-topology=ring", NULL, "--port-topology=ring: choose one of paired chained loop" },
	{ "--portmask=0", NULL, "--portmask=0" MASK_HELP },
	{ "--portmask=", NULL, "--portmask=" MASK_HELP },
	{ "--portmask=3g", NULL, "--portmask=3g" MASK_HELP },
	{ "--portmask= -1", NULL, "--portmask= -1" MASK_HELP },
	{ "--portmask=10000000000000000", NULL, "--portmask=10000000000000000" MASK_HELP },
	{ "--eth-peer=0", NULL, "--eth-peer=0" PEER_HELP },
	{ "--eth-peer=32,02:00:00:00:00:01", NULL, "--eth-peer=32,02:00:00:00:00:01" PEER_HELP },
	{ "--eth-peer=0,02:00:00:00:01", NULL, "--eth-peer=0,02:00:00:00:01" PEER_HELP },
	{ "--eth-peer=,02:00:00:00:00:01", NULL, "--eth-peer=,02:00:00:00:00:01" PEER_HELP },
	{ "--txpkts=", NULL, "--txpkts=" TXPKTS_HELP },
	{ "--txpkts=59", NULL, "--txpkts=59" TXPKTS_HELP },
	{ "--txpkts=64,0", NULL, "--txpkts=64,0" TXPKTS_HELP },
	{ "--txpkts=64,x", NULL, "--txpkts=64,x" TXPKTS_HELP },
	{ "--txpkts=64,,64", NULL, "--txpkts=64,,64" TXPKTS_HELP },
	{ "--txpkts=64,", NULL, "--txpkts=64," TXPKTS_HELP },
	{ "--txpkts=9725", NULL, "--txpkts=9725" TXPKTS_HELP },
	{ "--txpkts=4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4", NULL,
	  "--txpkts=4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4" TXPKTS_HELP },
	{ "--txpkts=2049", NULL, "--txpkts: a segment of 2049 bytes needs --mbuf-size=2177 or more" },
	{ "--txpkts=64,300", "--mbuf-size=400",
	  "--txpkts: a segment of 300 bytes needs --mbuf-size=428 or more" },
	{ "--txpkts=41,100", "--txonly-multi-flow",
	  "--txonly-multi-flow: the first length of --txpkts must be 42 or more, for the headers" },
	{ "--rxq=2", NULL, "--txq=1: each of the 2 Rx queues needs a Tx queue" },
	{ "--rxq=4", "--txq=3", "--txq=3: each of the 4 Rx queues needs a Tx queue" },
	{ "--nosuch", NULL, "--nosuch: unknown option; see --help" },
	{ "--nosuch=1", NULL, "--nosuch=1: unknown option; see --help" },
	{ "-x", NULL, "-x: unknown option; see --help" },
	{ "--rxq=1", "-xyz", "-xyz: unknown option; see --help" },
	{ "-eyz", NULL, "-eyz: unknown option; see --help" },
	{ "--no-flush-rx=1", NULL, "--no-flush-rx=1: the option takes no value; see --help" },
	{ "--rxq", NULL, "--rxq: a value is missing; see --help" },
	{ "--rxq=1", "--report", "--report: a value is missing; see --help" },
	{ "stray", NULL, "\"stray\" is no option; see --help" },
	{ "stray", "--rxq=1", "\"stray\" is no option; see --help" },
};
/* clang-format on */

static void
what_is_wrong_gets_one_clear_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(bad_cases); i++) {
		assert_int_equal(parse(bad_cases[i].a, bad_cases[i].b, NULL, NULL), -EINVAL);
		assert_string_equal(err, bad_cases[i].text);
	}
}

static void
an_unknown_rx_mode_names_the_choice(void **state)
{
	static const char want[] = "--rx-mode=page: choose one of";

	(void)state;
	assert_int_equal(parse("--rx-mode=page", NULL, NULL, NULL), -EINVAL);
	assert_memory_equal(err, want, sizeof(want) - 1);
	assert_non_null(strstr(err, " frag object"));
}

/* However long a value is, the line stays inside its buffer and ends. */
static void
endless_values_are_cut(void **state)
{
	static const char *const flags[] = { "--forward-mode=", "--port-topology=", "--rxq=",
		"--portmask=", "--eth-peer=0,", "--txpkts=64,", "--nosuch=", "" };
	char arg[1024];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(flags); i++) {
		snprintf(arg, sizeof(arg), "%s%0900dx", flags[i], 7);
		assert_int_equal(parse(arg, NULL, NULL, NULL), -EINVAL);
		assert_int_equal(strlen(err), 255);
		assert_memory_equal(err, i == 7 ? "\"" : flags[i], strlen(flags[i]));
	}
}

/* A value whose first 63 or 255 characters would do, and whose rest is nonsense. */
static void
the_end_of_a_long_value_counts(void **state)
{
	char arg[512];

	(void)state;
	snprintf(arg, sizeof(arg), "--eth-peer=%045d,02:00:00:00:00:01", 1);
	assert_int_equal(parse(arg, NULL, NULL, NULL), 0);
	snprintf(arg, sizeof(arg), "--eth-peer=%045d,02:00:00:00:00:01:77", 1);
	assert_int_equal(parse(arg, NULL, NULL, NULL), -EINVAL);
	snprintf(arg, sizeof(arg), "--txpkts=0x%0253x", 64);
	assert_int_equal(parse(arg, NULL, NULL, NULL), 0);
	snprintf(arg, sizeof(arg), "--txpkts=0x%0253x,x", 64);
	assert_int_equal(parse(arg, NULL, NULL, NULL), -EINVAL);
}

/* Rx queues without a Tx queue are fine where nothing received is sent. */
static void
rxonly_needs_no_tx_queues(void **state)
{
	(void)state;
	assert_int_equal(parse("--forward-mode=rxonly", "--rxq=8", NULL, NULL), 0);
	assert_int_equal(opts.nb_rxq, 8);
	assert_int_equal(parse("--rxq=64", "--txq=64", "--forward-mode=io", NULL), 0);
	assert_int_equal(parse("--rxq=65", NULL, NULL, NULL), -EINVAL);
}

static void
help_is_no_error_and_names_every_flag(void **state)
{
	static const char *const flags[] = { "forward-mode", "rx-mode", "page-kind", "nb-cores",
		"rxq", "txq", "rxd", "txd", "burst", "mbuf-size", "total-num-mbufs", "mbcache",
		"max-pkt-len", "port-topology", "portmask", "eth-peer", "txpkts",
		"txonly-multi-flow", "no-flush-rx", "enable-scatter", "disable-link-check",
		"tx-retry-ms", "run-seconds", "exit-when-idle", "stats-period", "report" };
	char *text = NULL, word[64];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(parse("--help", NULL, NULL, NULL), 1);
	assert_string_equal(err, "");
	assert_non_null(f);
	tpf_opts_usage(f);
	fclose(f);
	for (size_t i = 0; i < RTE_DIM(flags); i++) {
		snprintf(word, sizeof(word), " --%s", flags[i]);
		assert_non_null(strstr(text, word));
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_usage),
		cmocka_unit_test(numbers_land_in_their_field_alone),
		cmocka_unit_test(numbers_out_of_range_name_flag_and_range),
		cmocka_unit_test(words_and_switches),
		cmocka_unit_test(portmask_is_hexadecimal_as_in_testpmd),
		cmocka_unit_test(eth_peer_and_txpkts),
		cmocka_unit_test(what_is_wrong_gets_one_clear_line),
		cmocka_unit_test(an_unknown_rx_mode_names_the_choice),
		cmocka_unit_test(endless_values_are_cut),
		cmocka_unit_test(the_end_of_a_long_value_counts),
		cmocka_unit_test(rxonly_needs_no_tx_queues),
		cmocka_unit_test(help_is_no_error_and_names_every_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
