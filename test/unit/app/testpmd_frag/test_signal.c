/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/signal.c: first signal, second, third; the watchdog. Each case is a process of
 * its own, because a request to stop cannot be taken back. */
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include "tpf.h"

/* Run @p body in a child. @return its wait status; @p err gets what it wrote to standard error */
static int
child_run(int (*body)(void), char *err, size_t size)
{
	int fds[2], status;
	ssize_t len;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		tpf_signals_init();
		_exit(body());
	}
	close(fds[1]);
	len = read(fds[0], err, size - 1);
	err[len > 0 ? len : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* @p body ends by exit(@p want) and says nothing. */
static void
child_exits(int (*body)(void), int want)
{
	char err[512];
	int status = child_run(body, err, sizeof(err));

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), want);
	assert_string_equal(err, "");
}

static int
first_body(void)
{
	if (tpf_stop_is_requested() || tpf_abort_is_requested() || tpf_signals_get() != 0)
		return 10;
	raise(SIGTERM);
	return tpf_stop_is_requested() && !tpf_abort_is_requested() && tpf_signals_get() == 1 ? 42
	                                                                                      : 11;
}

static void
the_first_asks_to_stop(void **state)
{
	(void)state;
	child_exits(first_body, 42);
}

static int
second_body(void)
{
	raise(SIGINT);
	raise(SIGTERM);
	return tpf_abort_is_requested() && tpf_signals_get() == 2 ? 42 : 11;
}

static void
the_second_asks_not_to_wait(void **state)
{
	(void)state;
	child_exits(second_body, 42);
}

static int
third_int_body(void)
{
	raise(SIGINT);
	raise(SIGTERM);
	raise(SIGINT);
	return 11;
}

static int
third_term_body(void)
{
	raise(SIGINT);
	raise(SIGINT);
	raise(SIGTERM);
	return 11;
}

static int
third_same_body(void)
{
	raise(SIGTERM);
	raise(SIGTERM);
	raise(SIGTERM);
	return 11;
}

/* Whichever of the two it is, and whichever came before. */
static void
the_third_ends_the_process(void **state)
{
	char err[512];
	int status = child_run(third_int_body, err, sizeof(err));

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	status = child_run(third_term_body, err, sizeof(err));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	status = child_run(third_same_body, err, sizeof(err));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static int
pipe_body(void)
{
	int fds[2];

	if (pipe(fds) != 0)
		return 10;
	close(fds[0]);
	if (write(fds[1], "x", 1) != -1)
		return 11;
	return tpf_stop_is_requested() ? 12 : 42;
}

static void
a_reader_that_leaves_is_no_end(void **state)
{
	(void)state;
	child_exits(pipe_body, 42);
}

static int
hang_body(void)
{
	tpf_watchdog_start(1);
	sleep(10);
	return 11;
}

static int
hang_mute_body(void)
{
	close(STDERR_FILENO);
	tpf_watchdog_start(1);
	sleep(10);
	return 11;
}

static void
the_watchdog_ends_a_shutdown_that_hangs(void **state)
{
	char err[512];
	int status = child_run(hang_body, err, sizeof(err));

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 6);
	assert_string_equal(err, "testpmd_frag: shutdown did not end in time (a driver still waits "
				 "for its device); leaving without it\n");
	child_exits(hang_mute_body, 6);
}

static int
stopped_body(void)
{
	tpf_watchdog_start(1);
	tpf_watchdog_stop();
	return sleep(2) == 0 ? 42 : 11; /* not interrupted */
}

static void
a_stopped_watchdog_sleeps(void **state)
{
	(void)state;
	child_exits(stopped_body, 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_asks_to_stop),
		cmocka_unit_test(the_second_asks_not_to_wait),
		cmocka_unit_test(the_third_ends_the_process),
		cmocka_unit_test(a_reader_that_leaves_is_no_end),
		cmocka_unit_test(the_watchdog_ends_a_shutdown_that_hangs),
		cmocka_unit_test(a_stopped_watchdog_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
