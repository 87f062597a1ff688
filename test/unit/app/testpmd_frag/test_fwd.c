/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/fwd.c: the table of modes, and the loop of an lcore from start to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tpf_rig.h"

static void
modes_are_found_by_their_whole_name(void **state)
{
	(void)state;
	assert_ptr_equal(tpf_engine_find("io"), &tpf_io_engine);
	assert_ptr_equal(tpf_engine_find("mac"), &tpf_mac_engine);
	assert_ptr_equal(tpf_engine_find("macswap"), &tpf_macswap_engine);
	assert_ptr_equal(tpf_engine_find("rxonly"), &tpf_rxonly_engine);
	assert_ptr_equal(tpf_engine_find("txonly"), &tpf_txonly_engine);
	assert_null(tpf_engine_find("macs"));
	assert_null(tpf_engine_find(""));
	assert_null(tpf_engine_find("IO"));
}

/* In a child: the request cannot be taken back. */
static void
an_abort_includes_the_stop(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		tpf_abort_request();
		_exit(tpf_abort_is_requested() && tpf_stop_is_requested() ? 42 : 11);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void
stop_at_the_tenth(struct rig_port *port)
{
	if (port->rx_calls == 10)
		tpf_stop_request();
}

/* Ten polls of port 0, of which two find packets. The other tests come after it: a request to stop
 * cannot be taken back in this process. */
static void
the_loop_polls_until_the_request(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);
	struct tpf_lcore lc = { .nb_streams = 1, .streams = &fs, .burst = tpf_io_engine.burst };
	uint64_t before = rte_rdtsc();

	(void)state;
	assert_false(tpf_stop_is_requested());
	rig_rx_add_many(0, 40);
	rig_ports[0].on_rx = stop_at_the_tenth;
	assert_int_equal(tpf_lcore_run(&lc), 0);
	assert_int_equal(rig_ports[0].rx_calls, 10);
	assert_int_equal(rig_ports[1].nb_out, 40);
	assert_int_equal(fs->count.bursts, 2);
	assert_int_equal(fs->count.rx_pkts, 40);
	assert_int_equal(fs->count.tx_pkts, 40);
	assert_true(fs->count.first_tsc >= before);
	assert_true(fs->count.last_tsc > fs->count.first_tsc);
	assert_true(fs->count.busy_cycles > 0);
	assert_true(fs->count.busy_cycles <= fs->count.last_tsc - fs->count.first_tsc);
	assert_true(tpf_stop_is_requested());
	assert_false(tpf_abort_is_requested());
	rig_stream_free(fs, &tpf_io_engine);
}

/* After the request nothing is received, and what waits gets its time. */
static void
what_waits_at_the_end_is_sent_or_named(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);
	struct tpf_lcore lc = { .nb_streams = 1, .streams = &fs, .burst = tpf_io_engine.burst };

	(void)state;
	rig_rx_add_many(0, 12);
	rig_ports[1].tx_room = 2;
	tpf_stream_tx(fs, tpf_stream_rx(fs));
	assert_int_equal(fs->nb_pend, 10);
	rig_rx_add_many(0, 5);
	rig_ports[1].tx_room = 4;
	fs->pend_until_tsc = rte_rdtsc();
	fs->retry_cycles = rte_get_tsc_hz() / 100;
	assert_int_equal(tpf_lcore_run(&lc), 0);
	assert_int_equal(rig_ports[0].rx_calls, 1);
	assert_int_equal(fs->nb_pend, 0);
	assert_int_equal(fs->count.tx_pkts, 6);
	assert_int_equal(fs->count.full_pkts, 6);
	assert_int_equal(rig_in_use(), 11); /* 6 sent, 5 not received */
	rig_stream_free(fs, &tpf_io_engine);
}

static void
an_abort_does_not_wait(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);
	struct tpf_lcore lc = { .nb_streams = 1, .streams = &fs, .burst = tpf_io_engine.burst };

	(void)state;
	rig_rx_add_many(0, 12);
	rig_ports[1].tx_room = 0;
	tpf_stream_tx(fs, tpf_stream_rx(fs));
	tpf_abort_request();
	assert_int_equal(tpf_lcore_run(&lc), 0);
	assert_int_equal(fs->count.aborted_pkts, 12);
	assert_int_equal(rig_in_use(), 0);
	rig_stream_free(fs, &tpf_io_engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_are_found_by_their_whole_name),
		cmocka_unit_test(an_abort_includes_the_stop),
		cmocka_unit_test_setup(the_loop_polls_until_the_request, rig_reset),
		cmocka_unit_test_setup(what_waits_at_the_end_is_sent_or_named, rig_reset),
		cmocka_unit_test_setup(an_abort_does_not_wait, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
