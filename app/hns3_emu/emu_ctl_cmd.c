/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of the control socket: one function each, in a table. A request is an object with "cmd",
 * an answer one with "ok", true or false, and in the latter case "error". Service thread.
 */
#include "emu_ctl_cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "emu_fault.h"

#define NESTING_MAX 4

struct request {
	struct emu_port *ports;
	unsigned int nb_ports;
	struct json_object *args;
	struct json_object *reply; /* {"ok":true}, for more */
	char why[512];
};

static void
reply_add(struct request *r, const char *key, struct json_object *val)
{
	json_object_object_add(r->reply, key, val);
}

struct json_object *
emu_ctl_error(const char *fmt, ...)
{
	struct json_object *reply = json_object_new_object();
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (reply) {
		json_object_object_add(reply, "ok", json_object_new_boolean(false));
		json_object_object_add(reply, "error", json_object_new_string(text));
	}
	return reply;
}

static int
wrong(struct request *r, const char *what)
{
	snprintf(r->why, sizeof(r->why), "%s", what);
	return -EINVAL;
}

/* ---- arguments ---- */

/* The argument if it is there and of that type; NULL otherwise. */
static struct json_object *
arg(struct request *r, const char *key, enum json_type type)
{
	struct json_object *val;

	if (!json_object_object_get_ex(r->args, key, &val) || !json_object_is_type(val, type))
		return NULL;
	return val;
}

static bool
arg_is_there(struct request *r, const char *key)
{
	return json_object_object_get_ex(r->args, key, NULL);
}

static const char *
arg_string(struct request *r, const char *key)
{
	struct json_object *val = arg(r, key, json_type_string);

	return val ? json_object_get_string(val) : NULL;
}

/* The port that "port" names; NULL and why not. */
static struct emu_port *
arg_port(struct request *r)
{
	struct json_object *val = arg(r, "port", json_type_int);
	int64_t idx = val ? json_object_get_int64(val) : -1;

	if (idx >= 0 && idx < r->nb_ports)
		return &r->ports[idx];
	snprintf(r->why, sizeof(r->why), "\"port\" takes a number of 0 to %u", r->nb_ports - 1);
	return NULL;
}

/* ---- requests ---- */

static int
do_version(struct request *r)
{
	reply_add(r, "version", json_object_new_string(EMU_VERSION));
	reply_add(r, "ports", json_object_new_int((int)r->nb_ports));
	return 0;
}

static int
do_stats(struct request *r)
{
	struct json_object *list;
	struct emu_port *one = arg_is_there(r, "port") ? arg_port(r) : r->ports;

	if (!one)
		return -EINVAL;
	list = json_object_new_array();
	for (unsigned int i = 0; i < r->nb_ports; i++) {
		if (!arg_is_there(r, "port") || &r->ports[i] == one)
			json_object_array_add(list, emu_port_report(&r->ports[i]));
	}
	reply_add(r, "ports", list);
	return 0;
}

static int
do_link(struct request *r)
{
	struct json_object *up = arg(r, "up", json_type_boolean);
	struct json_object *speed = arg(r, "speed_mbps", json_type_int);
	struct emu_port *port = arg_port(r);
	int64_t mbps = speed ? json_object_get_int64(speed) : 0;

	if (!port)
		return -EINVAL;
	if ((arg_is_there(r, "up") && !up) || (arg_is_there(r, "speed_mbps") && !speed) ||
			(!up && !speed))
		return wrong(r, "link takes \"port\" and \"up\" (true or false), \"speed_mbps\" (a "
				"number), or both");
	if (port->opts->vf_of >= 0)
		return wrong(r, "that port is a VF: the link is its PF's");
	if (speed && (mbps < 0 || mbps > UINT32_MAX ||
				     emu_dev_speed_set(port->dev, (uint32_t)mbps)))
		return wrong(r, "\"speed_mbps\" takes 10, 100, 1000, 10000, 25000, 40000, 50000, "
				"100000 or 200000");
	if (up)
		emu_dev_link_set(port->dev, json_object_get_boolean(up));
	return 0;
}

static int
do_reset(struct request *r)
{
	static const char *const kinds[EMU_RESET_NB] = { [EMU_RESET_FUNC] = "function",
		[EMU_RESET_GLOBAL] = "global",
		[EMU_RESET_IMP] = "imp",
		[EMU_RESET_FLR] = "flr" };
	const char *kind = arg_string(r, "kind");
	struct emu_port *port = arg_port(r);
	int ret;

	if (!port)
		return -EINVAL;
	for (unsigned int i = 0; kind && i < EMU_RESET_NB; i++) {
		if (strcmp(kinds[i], kind) != 0)
			continue;
		ret = emu_reset_trigger(port->dev, i);
		if (ret)
			snprintf(r->why, sizeof(r->why), "the reset does not begin: %s",
					ret == -EBUSY    ? "one as great is under way"
					: ret == -EACCES ? "the driver has not enabled errors"
							 : strerror(-ret));
		return ret;
	}
	return wrong(r, "\"kind\" takes \"function\", \"global\", \"imp\" or \"flr\"; with the "
			"port of a VF, \"function\" is that VF's reset");
}

static int
do_error(struct request *r)
{
	const char *name = arg_string(r, "name");
	struct emu_port *port = arg_port(r);
	int ret, at;

	if (!port)
		return -EINVAL;
	ret = name ? emu_err_raise(port->dev, name) : -ENOENT;
	if (ret == -EACCES)
		return wrong(r, "the driver has not enabled that error");
	if (ret == 0)
		return 0;
	at = snprintf(r->why, sizeof(r->why), "\"name\" takes");
	for (unsigned int i = 0; emu_err_name(i) && at < (int)sizeof(r->why); i++)
		at += snprintf(r->why + at, sizeof(r->why) - (size_t)at, "%s \"%s\"", i ? "," : "",
				emu_err_name(i));
	return ret;
}

static int
fault_arm(struct request *r, struct emu_port *port)
{
	const char *plan = arg_string(r, "plan");
	struct emu_fault f;
	int ret;

	if (!plan)
		return wrong(r, "\"plan\" takes a fault plan, such as \"cmd-lost:nth=3\"");
	if (emu_fault_parse(plan, &f, r->why, sizeof(r->why)))
		return -EINVAL;
	ret = emu_fault_arm(port->dev, &f);
	if (ret == -EEXIST)
		return wrong(r, "there is a plan of that name; clear it, or add name= to the new "
				"one");
	return ret ? wrong(r, "there are 16 plans already; clear some") : 0;
}

static void
fault_list(struct request *r, const struct emu_port *port)
{
	const struct emu_fault_set *s = emu_fault_set_of(port->dev);
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < s->nb_plans; i++) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "name", json_object_new_string(s->plan[i].name));
		json_object_object_add(o, "kind",
				json_object_new_string(emu_fault_kinds[s->plan[i].kind].name));
		json_object_object_add(o, "seen", json_object_new_uint64(s->plan[i].seen));
		json_object_object_add(o, "strikes", json_object_new_uint64(s->plan[i].strikes));
		json_object_array_add(list, o);
	}
	reply_add(r, "faults", list);
}

static int
do_fault(struct request *r)
{
	const char *op = arg_string(r, "op");
	struct emu_port *port = arg_port(r);

	if (!port)
		return -EINVAL;
	if (op && !strcmp(op, "arm"))
		return fault_arm(r, port);
	if (op && !strcmp(op, "clear"))
		return emu_fault_clear(port->dev, arg_string(r, "name")) == 0
		                       ? 0
		                       : wrong(r, "there is no plan of that name");
	if (op && !strcmp(op, "list")) {
		fault_list(r, port);
		return 0;
	}
	return wrong(r, "\"op\" takes \"arm\" (with \"plan\"), \"clear\" (with \"name\", or all) "
			"or "
			"\"list\"");
}

static void
trace_set(struct request *r, FILE *f)
{
	for (unsigned int i = 0; i < r->nb_ports; i++)
		emu_dev_trace_set(r->ports[i].dev, f);
}

/* On: into a file of its own, or into the one of before; off: that one is kept. */
static int
do_trace(struct request *r)
{
	static FILE *opened, *kept; /* opened: by us */
	struct json_object *on = arg(r, "on", json_type_boolean);
	FILE *now = emu_dev_trace(r->ports[0].dev), *f;
	const char *path = arg_string(r, "file");

	if (!on || (arg_is_there(r, "file") && !path))
		return wrong(r, "trace takes \"on\" (true or false) and \"file\" (a path)");
	if (!json_object_get_boolean(on)) {
		kept = now ? now : kept;
		trace_set(r, NULL);
		return kept && fflush(kept) ? wrong(r, strerror(errno)) : 0;
	}
	f = path ? fopen(path, "we") : now ? now : kept;
	if (!f)
		return wrong(r, path ? strerror(errno)
				     : "there was no trace before: give \"file\"");
	trace_set(r, f);
	if (path) {
		setlinebuf(f); /* nobody else flushes it */
		if (opened)
			fclose(opened);
		opened = f;
		kept = NULL;
	}
	return 0;
}

static int do_help(struct request *r);

static const struct {
	const char *cmd;
	int (*run)(struct request *r);
	const char *help;
} commands[] = {
	{ "help", do_help, "this list" },
	{ "version", do_version, "version, number of ports" },
	{ "stats", do_stats, "[port]: what the report would say now, of one port or all" },
	{ "link", do_link, "port, up, speed_mbps: the cable of a PF" },
	{ "reset", do_reset, "port, kind (function, global, imp, flr): have one happen" },
	{ "trace", do_trace, "on, file: the trace of all ports" },
	{ "fault", do_fault, "port, op (arm, clear, list), plan, name: faults on demand" },
	{ "error", do_error, "port, name: raise a hardware error; without a name they are listed" },
};

#define NB_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
do_help(struct request *r)
{
	struct json_object *list = json_object_new_object();

	for (unsigned int i = 0; i < NB_COMMANDS; i++)
		json_object_object_add(
				list, commands[i].cmd, json_object_new_string(commands[i].help));
	reply_add(r, "commands", list);
	return 0;
}

static struct json_object *
dispatch(struct request *r)
{
	const char *cmd = arg_string(r, "cmd");

	for (unsigned int i = 0; cmd && i < NB_COMMANDS; i++) {
		if (strcmp(commands[i].cmd, cmd) != 0)
			continue;
		r->reply = json_object_new_object();
		reply_add(r, "ok", json_object_new_boolean(true));
		if (commands[i].run(r) == 0)
			return r->reply;
		json_object_put(r->reply);
		return emu_ctl_error("%s: %s", cmd, r->why);
	}
	if (cmd)
		return emu_ctl_error("there is no command \"%.32s\"; {\"cmd\":\"help\"} lists them",
				cmd);
	return emu_ctl_error("a request is an object with \"cmd\", such as {\"cmd\":\"help\"}");
}

struct json_object *
emu_ctl_request(struct emu_port *ports, unsigned int nb_ports, const char *line, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(NESTING_MAX);
	struct request r = { .ports = ports, .nb_ports = nb_ports };
	struct json_object *reply = NULL;

	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT); /* nothing may follow */
	r.args = json_tokener_parse_ex(tok, line, (int)len + 1);
	if (json_tokener_get_error(tok) == json_tokener_continue)
		reply = emu_ctl_error("the JSON of the line is not complete");
	else if (json_tokener_get_error(tok) != json_tokener_success)
		reply = emu_ctl_error("not JSON: %s, at byte %zu; a line is an object such as "
				      "{\"cmd\":\"help\"}",
				json_tokener_error_desc(json_tokener_get_error(tok)),
				json_tokener_get_parse_end(tok));
	else
		reply = dispatch(&r);
	json_object_put(r.args);
	json_tokener_free(tok);
	return reply;
}
