/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/report.c: what counts as conserved, and the figures in both reports. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "report.h"
#include "tpf_rig.h"

static struct tpf_app app;
static struct tpf_stream streams[2];
static struct tpf_stream *stream_list[] = { &streams[0], &streams[1] };

/* Two streams, two ports, one pool; all balances. */
static int
app_make(void **state)
{
	(void)state;
	memset(&app, 0, sizeof(app));
	memset(streams, 0, sizeof(streams));
	app.opts.engine = &tpf_io_engine;
	app.opts.mbuf_bytes = 2176;
	app.streams = stream_list;
	app.nb_streams = 2;
	app.nb_lcores = 1;
	app.stop_reason = "--run-seconds";
	app.nb_ports = 2;
	for (uint16_t i = 0; i < 2; i++) {
		app.ports[i].id = i;
		app.ports[i].driver = "net_fake";
		app.ports[i].base.is_valid = app.ports[i].last.is_valid = true;
		streams[i].rx_port = i;
		streams[i].tx_port = 1 - i;
	}
	app.nb_pools = 1;
	app.pools[0].nb_mbufs = 4096;
	app.pools[0].in_use_at_stop = 77;
	return 0;
}

static void
each_way_out_counts_once(void **state)
{
	struct tpf_counters *c = &streams[1].count;
	_Atomic uint64_t *const ways[] = { &c->tx_pkts, &c->sunk_pkts, &c->full_pkts,
		&c->aborted_pkts, &c->drained_pkts, &c->flushed_pkts };

	(void)state;
	assert_true(tpf_report_is_conserved(&app));
	for (size_t i = 0; i < RTE_DIM(ways); i++) {
		app_make(NULL);
		tpf_count_add(&c->rx_pkts, 9);
		assert_false(tpf_report_is_conserved(&app));
		tpf_count_add(ways[i], 8);
		assert_false(tpf_report_is_conserved(&app));
		tpf_count_add(ways[i], 1);
		assert_true(tpf_report_is_conserved(&app));
		tpf_count_add(ways[i], 1);
		assert_false(tpf_report_is_conserved(&app)); /* more out than in */
	}
}

static void
what_waits_is_neither_lost_nor_sent(void **state)
{
	(void)state;
	tpf_count_add(&streams[0].count.rx_pkts, 32);
	tpf_count_add(&streams[0].count.tx_pkts, 30);
	assert_false(tpf_report_is_conserved(&app));
	streams[0].nb_pend = 2;
	assert_true(tpf_report_is_conserved(&app));
}

/* One stream's surplus does not hide the other's loss. */
static void
streams_are_judged_one_by_one(void **state)
{
	(void)state;
	tpf_count_add(&streams[0].count.rx_pkts, 1);
	tpf_count_add(&streams[1].count.tx_pkts, 1);
	assert_false(tpf_report_is_conserved(&app));
}

static void
counters_that_are_no_packets_do_not_matter(void **state)
{
	(void)state;
	tpf_count_add(&streams[0].count.waits, 3);
	tpf_count_add(&streams[0].count.no_mbuf, 3);
	tpf_count_add(&streams[0].count.bursts, 3);
	tpf_count_add(&streams[0].count.busy_cycles, 3);
	assert_true(tpf_report_is_conserved(&app));
}

/* Stream 0: 3 M packets from second 1 to 2; stream 1: 1 M from 1.5 to 3. */
static void
figures_make(void)
{
	static const uint64_t pkts[] = { 3000000, 1000000 }, cycles[] = { 240000000, 160000000 };
	uint64_t hz = rte_get_tsc_hz();

	for (int i = 0; i < 2; i++) {
		struct tpf_counters *c = &streams[i].count;

		tpf_count_add(&c->rx_pkts, pkts[i]);
		tpf_count_add(&c->tx_pkts, pkts[i]);
		tpf_count_add(&c->bursts, pkts[i] / 32);
		tpf_count_add(&c->busy_cycles, cycles[i]);
	}
	tpf_count_add(&streams[0].count.first_tsc, hz);
	tpf_count_add(&streams[0].count.last_tsc, 2 * hz);
	tpf_count_add(&streams[1].count.first_tsc, hz + hz / 2);
	tpf_count_add(&streams[1].count.last_tsc, 3 * hz);
}

static char text[16384];

static void
print(void)
{
	rig_capture_start(1);
	tpf_report_print(&app);
	rig_capture_end(text, sizeof(text));
}

static void
people_read_speed_streams_and_losses(void **state)
{
	(void)state;
	figures_make();
	app.pools[0].in_flight = 3;
	print();
	assert_non_null(strstr(text, "Stopped by --run-seconds. Mode io, 2 port(s), 2 stream(s), 1 "
				     "lcore(s).\n"));
	assert_non_null(strstr(text, "RESULT fwd_mpps 2.000000 Mpps\n"));
	assert_non_null(strstr(text, "RESULT fwd_cycles_per_pkt 100.0 cycles\n"));
	assert_non_null(strstr(text, "RESULT fwd_seconds 2.000 s\n"));
	assert_non_null(strstr(text, "4096 buffers of 2176 bytes, 77 in use when forwarding "
				     "stopped, 3 missing after the ports were closed\n"));
	assert_null(strstr(text, "NOT CONSERVED"));
	tpf_count_add(&streams[1].count.rx_pkts, 1);
	print();
	assert_non_null(strstr(text, "  NOT CONSERVED\n"));
}

static void
no_packet_means_no_speed(void **state)
{
	(void)state;
	print();
	assert_non_null(strstr(text, "RESULT fwd_mpps 0.000000 Mpps\n"));
	assert_non_null(strstr(text, "RESULT fwd_cycles_per_pkt 0.0 cycles\n"));
	assert_non_null(strstr(text, "RESULT fwd_seconds 0.000 s\n"));
}

/* What was counted before the run is not the run's; what cannot be read is not a number. */
static void
port_counters_are_those_of_the_run(void **state)
{
	char want[128];

	(void)state;
	app.ports[0].base.eth = (struct rte_eth_stats){ .ipackets = 100, .ibytes = 6000 };
	app.ports[0].last.eth = (struct rte_eth_stats){ .ipackets = 142, .ibytes = 8520 };
	app.ports[1].base.eth = (struct rte_eth_stats){ .ipackets = 100, .ibytes = 6000 };
	app.ports[1].last = (struct tpf_port_count){ 0 };
	print();
	snprintf(want, sizeof(want), "\n%-6d %-16s %14d %16d ", 0, "net_fake", 42, 2520);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "  (unreadable)\n"));
	assert_null(strstr(text, "18446744073709")); /* 2^64 and less */
}

/* A member of an object by a path of keys and indexes "a/0/b". */
static struct json_object *
json_at(struct json_object *o, const char *path)
{
	char keys[128], *save = NULL;

	snprintf(keys, sizeof(keys), "%s", path);
	for (char *k = strtok_r(keys, "/", &save); k != NULL; k = strtok_r(NULL, "/", &save)) {
		if (json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, (size_t)atoi(k));
		else
			assert_true(json_object_object_get_ex(o, k, &o));
	}
	return o;
}

static uint64_t
json_u64(struct json_object *o, const char *path)
{
	return json_object_get_uint64(json_at(o, path));
}

static void
programs_read_the_same_as_json(void **state)
{
	static struct tpf_xstat xstats[] = { { "rx_no_bd", 12 } };
	struct json_object *root;
	int fd = memfd_create("report", MFD_CLOEXEC);
	char path[64];

	(void)state;
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	figures_make();
	app.ports[0].last.eth = (struct rte_eth_stats){ .ipackets = 5, .obytes = 1ull << 40 };
	app.ports[0].xstats = xstats;
	app.ports[0].nb_xstats = 1;
	app.ports[1].base.eth.imissed = 4;
	app.ports[1].last = (struct tpf_port_count){ 0 };
	tpf_count_add(&streams[1].count.rx_pkts, 6);
	tpf_count_add(&streams[1].count.full_pkts, 6);
	tpf_count_add(&streams[0].count.rx_pkts, 1);
	streams[1].tx_queue = 3;
	app.exit_status = 5;
	assert_int_equal(tpf_report_write(&app, path), 0);
	root = json_object_from_file(path);
	assert_non_null(root);
	assert_int_equal(json_u64(root, "ports/0/ipackets"), 5);
	assert_true(json_u64(root, "ports/0/obytes") == 1099511627776ull);
	assert_int_equal(json_u64(root, "ports/0/xstats/rx_no_bd"), 12);
	assert_true(json_object_get_boolean(json_at(root, "ports/0/readable")));
	assert_false(json_object_get_boolean(json_at(root, "ports/1/readable")));
	assert_int_equal(json_u64(root, "ports/1/imissed"), 0);
	assert_int_equal(json_u64(root, "streams/1/in"), 1000006);
	assert_int_equal(json_u64(root, "streams/1/out"), 1000000);
	assert_int_equal(json_u64(root, "streams/1/drops/tx_ring_full"), 6);
	assert_int_equal(json_u64(root, "streams/1/drops/sunk"), 0);
	assert_int_equal(json_u64(root, "streams/1/tx_port"), 0);
	assert_int_equal(json_u64(root, "streams/1/tx_queue"), 3);
	assert_true(json_object_get_boolean(json_at(root, "streams/1/conserved")));
	assert_false(json_object_get_boolean(json_at(root, "streams/0/conserved")));
	assert_int_equal(json_u64(root, "pools/0/buffers"), 4096);
	assert_int_equal(json_u64(root, "pools/0/in_use_at_stop"), 77);
	assert_int_equal(json_u64(root, "exit_status"), 5);
	assert_string_equal(json_object_get_string(json_at(root, "stop_reason")), "--run-seconds");
	json_object_put(root);
	close(fd);
}

static void
a_report_that_cannot_be_written_is_said(void **state)
{
	static const char want[] = "Cannot write the report \"/dev/shm/tpf-no-such-dir/r.json\": ";

	(void)state;
	rig_capture_start(2);
	assert_int_equal(tpf_report_write(&app, "/dev/shm/tpf-no-such-dir/r.json"), -EIO);
	rig_capture_end(text, sizeof(text));
	assert_memory_equal(text, want, sizeof(want) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_way_out_counts_once, app_make),
		cmocka_unit_test_setup(what_waits_is_neither_lost_nor_sent, app_make),
		cmocka_unit_test_setup(streams_are_judged_one_by_one, app_make),
		cmocka_unit_test_setup(counters_that_are_no_packets_do_not_matter, app_make),
		cmocka_unit_test_setup(people_read_speed_streams_and_losses, app_make),
		cmocka_unit_test_setup(no_packet_means_no_speed, app_make),
		cmocka_unit_test_setup(port_counters_are_those_of_the_run, app_make),
		cmocka_unit_test_setup(programs_read_the_same_as_json, app_make),
		cmocka_unit_test_setup(a_report_that_cannot_be_written_is_said, app_make),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
