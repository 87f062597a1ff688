/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/control.c: each reason to stop. Every case is a process of its own, because a
 * request to stop cannot be taken back. */
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

static struct tpf_app app;
static struct tpf_stream stream;
static struct tpf_stream *streams[] = { &stream };

static int
app_make(void **state)
{
	(void)state;
	memset(&app, 0, sizeof(app));
	memset(&stream, 0, sizeof(stream));
	app.streams = streams;
	app.nb_streams = 1;
	app.nb_ports = 2;
	app.opts.run_seconds = 20; /* the test fails in the end rather than hang */
	return 0;
}

/* Run the loop in a child: what it printed, then "REASON STATUS STOPPED". */
static const char *
control_run(void)
{
	static char told[1024];
	int fds[2], status;
	size_t len = 0;
	ssize_t nb;
	pid_t pid;

	fflush(stdout);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		tpf_control_run(&app);
		printf("%s %d %d", app.stop_reason, app.exit_status, tpf_stop_is_requested());
		fflush(stdout);
		_exit(0);
	}
	close(fds[1]);
	while ((nb = read(fds[0], told + len, sizeof(told) - 1 - len)) > 0)
		len += (size_t)nb;
	told[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return told;
}

static void
time_is_up(void **state)
{
	uint64_t start = rte_rdtsc();

	(void)state;
	app.opts.run_seconds = 1;
	assert_string_equal(control_run(), "--run-seconds 0 1");
	assert_true(rte_rdtsc() - start >= rte_get_tsc_hz());
}

static void
silence_after_traffic_ends_it(void **state)
{
	(void)state;
	app.opts.idle_ms = 100;
	tpf_count_add(&stream.count.rx_pkts, 1);
	assert_string_equal(control_run(), "--exit-when-idle 0 1");
}

static void
silence_before_traffic_does_not(void **state)
{
	(void)state;
	app.opts.idle_ms = 100;
	app.opts.run_seconds = 1;
	tpf_count_add(&stream.count.tx_pkts, 1);
	assert_string_equal(control_run(), "--run-seconds 0 1");
}

static void
a_port_that_goes_ends_it_with_its_status(void **state)
{
	(void)state;
	atomic_store(&app.ports[1].is_gone, true);
	assert_string_equal(control_run(), "a port was removed 5 1");
}

static void
statistics_come_once_a_period(void **state)
{
	static const char line[] = "rx 7 (0.000 Mpps)  tx 4 (0.000 Mpps)  dropped 10\n";
	char want[256];

	(void)state;
	app.opts.stats_period_s = 1;
	app.opts.run_seconds = 3;
	tpf_count_add(&stream.count.rx_pkts, 7);
	tpf_count_add(&stream.count.tx_pkts, 4);
	tpf_count_add(&stream.count.full_pkts, 1);
	tpf_count_add(&stream.count.aborted_pkts, 2);
	tpf_count_add(&stream.count.drained_pkts, 3);
	tpf_count_add(&stream.count.flushed_pkts, 4);
	tpf_count_add(&stream.count.sunk_pkts, 100); /* rxonly: that is no drop */
	snprintf(want, sizeof(want), "%s%s%s--run-seconds 0 1", line, line, line);
	assert_string_equal(control_run(), want);
}

/* Last: the children of this process would stop at once. */
static void
a_signal_ends_it(void **state)
{
	(void)state;
	tpf_stop_request();
	assert_string_equal(control_run(), "signal 0 1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(time_is_up, app_make),
		cmocka_unit_test_setup(silence_after_traffic_ends_it, app_make),
		cmocka_unit_test_setup(silence_before_traffic_does_not, app_make),
		cmocka_unit_test_setup(a_port_that_goes_ends_it_with_its_status, app_make),
		cmocka_unit_test_setup(statistics_come_once_a_period, app_make),
		cmocka_unit_test_setup(a_signal_ends_it, app_make),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
