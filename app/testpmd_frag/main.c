/* SPDX-License-Identifier: BSD-3-Clause */
/* Start and end of a run; tpf.h tells the order. Main thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "report.h"
#include "stream.h"

#define SHUTDOWN_LIMIT_S 30

static struct tpf_app app; /* one run a process */

static void
lcores_launch(void)
{
	for (uint16_t i = 0; i < app.nb_lcores; i++)
		rte_eal_remote_launch(tpf_lcore_run, &app.lcores[i], app.lcores[i].lcore_id);
}

static void
forward(void)
{
	if (app.opts.link_check)
		tpf_ports_wait_link(&app);
	if (app.opts.flush_rx)
		tpf_streams_drain_rx(&app, true);
	printf("Forwarding: %s, %u port(s), %u stream(s) on %u lcore(s)\n", app.opts.engine->name,
			app.nb_ports, app.nb_streams, app.nb_lcores);
	fflush(stdout);
	lcores_launch();
	tpf_control_run(&app);
	tpf_watchdog_start(SHUTDOWN_LIMIT_S);
	rte_eal_mp_wait_lcore();
	tpf_streams_drain_rx(&app, false);
	tpf_ports_drain_tx(&app);
	tpf_pools_read(&app);
}

/* Everything between EAL's start and its end. */
static void
run(void)
{
	bool was_started;
	int ret = tpf_ports_find(&app);

	if (ret == 0)
		ret = tpf_pools_create(&app);
	if (ret == 0)
		ret = tpf_ports_start(&app);
	if (ret == 0)
		ret = tpf_streams_create(&app);
	was_started = ret == 0;
	if (was_started)
		forward();
	tpf_watchdog_start(SHUTDOWN_LIMIT_S);
	tpf_ports_stop(&app);
	tpf_ports_close(&app);
	if (!was_started)
		app.exit_status = TPF_EXIT_SETUP;
	else if (app.exit_status == 0 && !tpf_report_is_conserved(&app))
		app.exit_status = TPF_EXIT_CONSERVE;
	if (tpf_pools_audit(&app) != 0 && app.exit_status == 0)
		app.exit_status = TPF_EXIT_IN_FLIGHT;
	if (was_started) {
		tpf_report_print(&app);
		if (app.opts.report_path != NULL &&
				tpf_report_write(&app, app.opts.report_path) != 0 &&
				app.exit_status == 0)
			app.exit_status = TPF_EXIT_SETUP;
	}
	if (app.streams != NULL)
		tpf_streams_destroy(&app);
	tpf_pools_destroy(&app);
	for (uint16_t i = 0; i < app.nb_ports; i++)
		free(app.ports[i].xstats);
}

static bool
help_is_asked(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	char err[TPF_ERR_MAX] = "";
	int nb, ret;

	if (help_is_asked(argc, argv)) {
		tpf_opts_usage(stdout);
		return 0;
	}
	if (tpf_plugins_load(argc, argv, err) != 0) {
		fprintf(stderr, "%s\n", err);
		return TPF_EXIT_SETUP;
	}
	nb = rte_eal_init(argc, argv);
	if (nb < 0) {
		fprintf(stderr, "EAL does not start: %s (its own messages are above)\n",
				rte_strerror(rte_errno));
		return TPF_EXIT_SETUP;
	}
	ret = tpf_opts_parse(&app.opts, argc - nb, argv + nb, err);
	if (ret != 0) {
		if (ret > 0)
			tpf_opts_usage(stdout); /* --help, shortened */
		else
			fprintf(stderr, "%s\n", err);
		rte_eal_cleanup();
		return ret > 0 ? TPF_EXIT_OK : TPF_EXIT_SETUP;
	}
	tpf_signals_init();
	run();
	rte_eal_cleanup();
	tpf_watchdog_stop();
	return app.exit_status;
}
