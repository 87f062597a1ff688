/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals. First SIGINT or SIGTERM: stop and drain. Second: stop without waiting for anything.
 * Third: the system's default, which ends the process. The watchdog is the last resort of a bounded
 * shutdown: a driver that waits for a device that is no more cannot hold the process.
 *
 * Threads: handlers may run on any thread; they touch atomics and call write(2) and _exit(2) only.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tpf.h"

static atomic_int nb_signals;

static void
on_stop_signal(int sig)
{
	int n = atomic_fetch_add_explicit(&nb_signals, 1, memory_order_relaxed) + 1;

	(void)sig;
	if (n == 1) {
		tpf_stop_request();
		return;
	}
	tpf_abort_request();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

static void
on_watchdog(int sig)
{
	static const char text[] = "testpmd_frag: shutdown did not end in time (a driver still "
				   "waits for its device); leaving without it\n";

	(void)sig;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(TPF_EXIT_SHUTDOWN); /* nobody left to tell */
	_exit(TPF_EXIT_SHUTDOWN);
}

void
tpf_signals_init(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_stop_signal;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = on_watchdog;
	sigaction(SIGALRM, &sa, NULL);
	/* A reader of our output that goes away is an error of that write, not our end. */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

int
tpf_signals_get(void)
{
	return atomic_load_explicit(&nb_signals, memory_order_relaxed);
}

void
tpf_watchdog_start(unsigned int seconds)
{
	alarm(seconds);
}

void
tpf_watchdog_stop(void)
{
	alarm(0);
}
