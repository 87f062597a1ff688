/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hns3_emu: start and end. Opens the ports, runs the loop (emu_loop.c) until a signal, writes the
 * report. Read next: emu.h (frames, threads), emu_port.c (one port), emu_dev.h (the device).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "emu_ctl.h"
#include "emu_loop.h"
#include "emu_opts.h"
#include "log.h"

#define MODULE "emu"

static bool stop; /* set by a signal */

static void
on_signal(int sig)
{
	(void)sig;
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED); /* a flag alone */
}

static void
signals_set(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Clients share memory by one descriptor for each huge page, unless told otherwise. */
static void
fd_limit_raise(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

/* Open @p path (NULL: none) for writing; 0 or a negative errno, logged. */
static int
output_open(FILE **f, const char *what, const char *path)
{
	int ret;

	*f = NULL;
	if (!path)
		return 0;
	*f = fopen(path, "w");
	if (*f)
		return 0;
	ret = -errno;
	base_log(BASE_LOG_ERR, MODULE, "cannot write the %s \"%s\": %s", what, path,
			strerror(-ret));
	return ret;
}

/* To @p f, or to standard output if that is NULL. */
static int
report_write(FILE *f, const struct emu_port *ports, unsigned int nb_ports)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	int ret = 0;

	json_object_object_add(root, "ports", list);
	for (unsigned int i = 0; i < nb_ports; i++)
		json_object_array_add(list, emu_port_report(&ports[i]));
	f = f ? f : stdout;
	if (fprintf(f, "%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY)) < 0 ||
			fflush(f)) {
		base_log(BASE_LOG_ERR, MODULE, "cannot write the report: %s", strerror(errno));
		ret = -EIO;
	}
	json_object_put(root);
	return ret;
}

struct background {
	FILE *trace;
	struct emu_ctl *ctl;
};

/* What is written now and then while it runs. */
static void
on_tick(void *arg)
{
	FILE *trace = ((struct background *)arg)->trace;

	if (trace)
		fflush(trace);
}

static unsigned int
on_serve(void *arg)
{
	struct emu_ctl *ctl = ((struct background *)arg)->ctl;

	return ctl ? emu_ctl_serve(ctl) : 0;
}

/* PFs first: VFs become part of their NICs. */
static int
ports_open(const struct emu_opts *o, struct emu_port *ports, FILE *trace)
{
	int ret = 0;

	for (unsigned int i = 0; ret == 0 && i < o->nb_ports; i++) {
		if (o->port[i].vf_of < 0)
			ret = emu_port_open(&ports[i], i, &o->port[i], NULL, trace);
	}
	for (unsigned int i = 0; ret == 0 && i < o->nb_ports; i++) {
		int pf = o->port[i].vf_of;

		if (pf >= 0)
			ret = emu_port_open(&ports[i], i, &o->port[i], ports[pf].dev, trace);
	}
	return ret;
}

/* Those that were opened, VFs first. */
static void
ports_close(const struct emu_opts *o, struct emu_port *ports)
{
	for (unsigned int i = 0; i < o->nb_ports; i++) {
		if (ports[i].opts && o->port[i].vf_of >= 0)
			emu_port_close(&ports[i]);
	}
	for (unsigned int i = 0; i < o->nb_ports; i++) {
		if (ports[i].opts && o->port[i].vf_of < 0)
			emu_port_close(&ports[i]);
	}
}

/* Arm what the command line asks for. */
static int
faults_arm(const struct emu_opts *o, struct emu_port *ports)
{
	int ret = 0;

	for (unsigned int i = 0; ret == 0 && i < o->nb_faults; i++) {
		for (unsigned int p = 0; ret == 0 && p < o->nb_ports; p++) {
			if (o->fault[i].port < 0 || o->fault[i].port == (int)p)
				ret = emu_fault_arm(ports[p].dev, &o->fault[i]);
		}
	}
	return ret;
}

static int
run(const struct emu_opts *o, struct emu_port *ports, FILE *trace)
{
	bool to_file = o->report && strcmp(o->report, "-") != 0;
	struct background bg = { .trace = trace };
	struct emu_loop_ops ops = { .tick = on_tick, .serve = on_serve, .fd = -1, .arg = &bg };
	FILE *report = NULL;
	int ret;

	ret = ports_open(o, ports, trace);
	for (unsigned int i = 0; ret == 0 && i < o->nb_ports; i++)
		ret = emu_port_connect(&ports[i], ports, o->nb_ports);
	for (unsigned int i = 0; ret == 0 && i < o->nb_ports; i++)
		ret = emu_port_listen(&ports[i]);
	if (ret == 0)
		ret = faults_arm(o, ports);
	if (ret == 0) /* now, because after the run it would be too late to say so */
		ret = output_open(&report, "report", to_file ? o->report : NULL);
	if (ret == 0 && o->ctl) {
		bg.ctl = emu_ctl_create(o->ctl, ports, o->nb_ports, &ret);
		ops.fd = bg.ctl ? emu_ctl_fd(bg.ctl) : -1;
	}
	if (ret == 0) {
		base_log(BASE_LOG_INFO, MODULE, "%u port%s ready", o->nb_ports,
				o->nb_ports == 1 ? " is" : "s are");
		ret = emu_loop_run(ports, o->nb_ports, &stop, &ops);
		if (ret)
			base_log(BASE_LOG_ERR, MODULE, "cannot start a thread: %s", strerror(-ret));
		else if (o->report)
			ret = report_write(report, ports, o->nb_ports);
	}
	emu_ctl_destroy(bg.ctl);
	if (report)
		fclose(report);
	ports_close(o, ports);
	return ret;
}

int
main(int argc, char **argv)
{
	struct emu_port *ports;
	struct emu_opts o;
	FILE *trace = NULL;
	char why[1024] = "";
	int ret = emu_opts_parse(&o, argc, argv, why, sizeof(why));

	if (ret || o.help) {
		if (ret)
			fprintf(stderr, "hns3_emu: %s\n", why);
		else
			printf("%s\n%s", emu_opts_usage, emu_fault_usage);
		emu_opts_free(&o);
		return ret ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	if (o.verbose)
		base_log_level_set(BASE_LOG_DEBUG);
	signals_set();
	fd_limit_raise();
	ports = calloc(o.nb_ports, sizeof(*ports));
	if (!ports) {
		base_log(BASE_LOG_ERR, MODULE, "out of memory");
		ret = -ENOMEM;
	}
	if (ret == 0)
		ret = output_open(&trace, "trace", o.trace);
	if (ret == 0)
		ret = run(&o, ports, trace);
	if (trace)
		fclose(trace);
	free(ports);
	emu_opts_free(&o);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
