/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_opts.c: what the command line means, and what is said when it means nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "emu_opts.h"

#define ARGS_MAX 80

static struct emu_opts opts;
static char why[1024];

/* Parse the words of argv, which ends with NULL. */
static int
parse(const char *const *args)
{
	char *argv[ARGS_MAX + 2] = { (char *)(uintptr_t) "hns3_emu" };
	int argc = 1;

	while (args[argc - 1]) {
		assert_true(argc < ARGS_MAX);
		argv[argc] = (char *)(uintptr_t)args[argc - 1];
		argc++;
	}
	why[0] = '\0';
	emu_opts_free(&opts); /* of the one before */
	return emu_opts_parse(&opts, argc, argv, why, sizeof(why));
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

/* The options of the one port that @p spec describes; valid until done(). */
static const struct emu_port_opts *
port(const char *spec)
{
	if (PARSE("--port", spec))
		fail_msg("--port %s is refused: %s", spec, why);
	assert_string_equal(why, "");
	assert_int_equal(opts.nb_ports, 1);
	return &opts.port[0];
}

static int
opts_end(void **state)
{
	(void)state;
	emu_opts_free(&opts);
	return 0;
}

static void
done(void)
{
	emu_opts_free(&opts);
	assert_int_equal(opts.nb_ports, 0);
}

static void
assert_why(int ret, const char *hint)
{
	if (ret != -EINVAL || !strstr(why, hint))
		fail_msg("%d with \"%s\" instead of a refusal with \"%s\"", ret, why, hint);
	assert_null(strchr(why, '\n'));
	done();
}

static void
defaults(void **state)
{
	const struct emu_port_opts *p = port("socket=/run/emu.sock,wire=null");

	(void)state;
	assert_string_equal(p->socket, "/run/emu.sock");
	assert_string_equal(p->wire, "null");
	assert_int_equal(p->device_id, 0xa222);
	assert_int_equal(p->revision, 0x21);
	assert_int_equal(p->vf_of, -1);
	assert_int_equal(p->caps, UINT64_MAX); /* the revision's own */
	assert_false(p->mbx_by_driver);
	assert_memory_equal(p->mac, "\x02\0\0\0\0\0", 6);
	assert_int_equal(p->nb_queues, 16);
	assert_null(opts.report);
	assert_null(opts.trace);
	assert_false(opts.verbose);
	assert_false(opts.help);
	done();
}

static void
every_key(void **state)
{
	const struct emu_port_opts *p = port(
			"queues=64,mac=0a:Bc:de:F0:12:34,rev=0x30,id=0xA221,socket=s,wire=null");

	(void)state;
	assert_string_equal(p->socket, "s");
	assert_int_equal(p->device_id, 0xa221);
	assert_int_equal(p->revision, 0x30);
	assert_memory_equal(p->mac, "\x0a\xbc\xde\xf0\x12\x34", 6);
	assert_int_equal(p->nb_queues, 64);
	done();
	assert_int_equal(port("socket=s,id=a226,wire=null")->device_id, 0xa226);
	done();
	assert_int_equal(port("socket=s,rev=33,wire=null")->revision, 33);
	done();
	assert_int_equal(port("socket=s,queues=1,wire=null")->nb_queues, 1);
	done();
	assert_int_equal(port("socket=s,caps=0x400100100,wire=null")->caps, 0x400100100);
	done();
	assert_int_equal(port("socket=s,caps=0,wire=null")->caps, 0);
	assert_false(port("socket=s,wire=null")->fd_is_4k);
	assert_false(port("socket=s,fd=2k,wire=null")->fd_is_4k);
	assert_true(port("socket=s,fd=4k,wire=null")->fd_is_4k);
	assert_int_equal(port("socket=s,wire=null")->speed_mbps, 0); /* the id's own */
	assert_int_equal(port("socket=s,speed=25000,wire=null")->speed_mbps, 25000);
	assert_int_equal(port("socket=s,reset-ms=30,wire=null")->reset_us, 30000);
	done();
	assert_true(port("socket=s,mbx=driver,wire=null")->mbx_by_driver);
	done();
	assert_false(port("socket=s,mbx=host,wire=null")->mbx_by_driver);
	done();
}

/* wire= stands last: all that follows is the wire's, commas and all. */
static void
every_wire(void **state)
{
	static const char *const wires[] = { "null", "link:3", "tap:emu0", "pcap:in=a.pcap",
		"pcap:out=b.pcap", "pcap:in=a,out=b", "pcap:in=a,out=b,loop,lossy", "gen",
		"gen:size=imix", "gen:size=64,rate=1000,flows=8,batch=4",
		"null,socket=other,id=1,wire=gen", "" };
	char spec[128];

	(void)state;
	for (unsigned int i = 0; i < 12; i++) {
		const struct emu_port_opts *p;

		snprintf(spec, sizeof(spec), "socket=s,queues=2,wire=%s", wires[i]);
		p = port(spec);
		assert_string_equal(p->wire, wires[i]);
		assert_string_equal(p->socket, "s");
		assert_int_equal(p->device_id, 0xa222);
		assert_int_equal(p->nb_queues, 2);
		done();
	}
}

static void
other_options(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--verbose", "--report=r.json", "--port", "socket=a,wire=null",
					 "--trace", "-", "--port=socket=b,wire=link:0"),
			0);
	assert_int_equal(opts.nb_ports, 2);
	assert_string_equal(opts.port[1].socket, "b");
	assert_string_equal(opts.port[1].wire, "link:0");
	assert_memory_equal(opts.port[1].mac, "\x02\0\0\0\0\1", 6);
	assert_string_equal(opts.report, "r.json");
	assert_string_equal(opts.trace, "-");
	assert_true(opts.verbose);
	assert_false(opts.help);
	done();
	assert_int_equal(PARSE("--help"), 0);
	assert_true(opts.help);
	done();
	assert_int_equal(PARSE("-h", "--port"), 0);
	assert_true(opts.help);
	done();
	/* each line of the usage fits a terminal */
	for (const char *line = emu_opts_usage; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 100);
}

static void
bad_keys(void **state)
{
	static const struct {
		const char *spec, *hint;
	} bad[] = {
		{ "", "socket=PATH is missing" },
		{ "wire=null", "socket=PATH is missing" },
		{ "wire=null,socket=s", "socket=PATH is missing" },
		{ "socket=s", "wire=SPEC is missing (it stands last)" },
		{ "socket=s,", "wire=SPEC is missing (it stands last)" },
		{ "socket=s,wire", "wire takes a kind, such as wire=null" },
		{ "socket=,wire=null", "socket takes a path, once" },
		{ "socket,wire=null", "socket takes a path, once" },
		{ "socket=a,socket=b,wire=null", "socket takes a path, once" },
		{ "socket=s,velocity=100,wire=null",
				"unknown \"velocity\"; there are socket, vf, id" },
		{ "socket=s,,wire=null", "unknown \"\"; there are socket, vf, id" },
		{ "socket=s,ID=a222,wire=null", "unknown \"ID\"" },
		{ "socket=s, wire=null", "unknown \" wire\"" },
		{ "socket=s,id,wire=null", "id takes a PCI device id such as a222" },
		{ "socket=s,id=,wire=null", "id takes a PCI device id such as a222" },
		{ "socket=s,id=xyz,wire=null", "id takes a PCI device id such as a222" },
		{ "socket=s,id=10000,wire=null", "id takes a PCI device id such as a222" },
		{ "socket=s,id=-1,wire=null", "id takes a PCI device id such as a222" },
		{ "socket=s,id=0000000000000000a222,wire=null", "id takes a PCI device id" },
		{ "socket=s,rev,wire=null", "rev takes a revision such as 0x21" },
		{ "socket=s,rev=256,wire=null", "rev takes a revision such as 0x21" },
		{ "socket=s,rev=x,wire=null", "rev takes a revision such as 0x21" },
		{ "socket=s,rev=0,wire=null", "rev takes a revision such as 0x21" },
		{ "socket=s,id=0,wire=null", "id takes a PCI device id such as a222" },
		{ "socket=s,fd=8k,wire=null", "fd takes 2k (rules of 400 bits) or 4k" },
		{ "socket=s,speed=26000,wire=null", "speed takes Mbit/s such as 25000" },
		{ "socket=s,reset-ms=0,wire=null", "reset-ms takes milliseconds, 1 to 10000" },
		{ "socket=s,caps,wire=null", "caps takes 64 bits such as 0x100100" },
		{ "socket=s,caps=0x40,wire=null", "caps takes no bit 6, Tx push" },
		{ "socket=s,caps=GRO,wire=null", "caps takes 64 bits such as 0x100100" },
		{ "socket=s,mbx,wire=null", "mbx takes host or driver" },
		{ "socket=s,mbx=me,wire=null", "mbx takes host or driver" },
		{ "socket=s,vf=0,wire=null", "wire=SPEC is of PFs" },
		{ "socket=s,vf=0,mbx=driver", "mbx=WHO is of PFs" },
		{ "socket=s,vf", "vf takes a PF's port, counted from 0" },
		{ "socket=s,vf=32", "vf takes a PF's port, counted from 0" },
		{ "socket=s,vf=-1", "vf takes a PF's port, counted from 0" },
		{ "socket=s,vf=0", "port 0: vf=0 names no port with a PF" },
		{ "socket=s,vf=1", "port 0: vf=1 names no port with a PF" },
		{ "vf=0", "socket=PATH is missing" },
		{ "socket=s,queues,wire=null", "queues takes a number of 1 to 64" },
		{ "socket=s,queues=0,wire=null", "queues takes a number of 1 to 64" },
		{ "socket=s,queues=65,wire=null", "queues takes a number of 1 to 64" },
		{ "socket=s,queues=-1,wire=null", "queues takes a number of 1 to 64" },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_why(PARSE("--port", bad[i].spec), bad[i].hint);
}

/* VFs in any order; what is not said comes from the PF. */
static void
vfs(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--port", "socket=a,vf=1", "--port", "socket=b,rev=0x30,wire=null",
					 "--port", "socket=c,vf=1,id=a22f,queues=3"),
			0);
	assert_int_equal(opts.nb_ports, 3);
	assert_int_equal(opts.port[0].vf_of, 1);
	assert_null(opts.port[0].wire);
	assert_int_equal(opts.port[0].device_id, 0xa22e);
	assert_int_equal(opts.port[0].revision, 0x30);
	assert_int_equal(opts.port[1].vf_of, -1);
	assert_int_equal(opts.port[1].device_id, 0xa222);
	assert_int_equal(opts.port[2].vf_of, 1);
	assert_int_equal(opts.port[2].device_id, 0xa22f);
	assert_int_equal(opts.port[2].nb_queues, 3);
	done();
	assert_int_equal(PARSE("--port", "socket=a,wire=null", "--port", "socket=b,vf=0"), 0);
	assert_int_equal(opts.port[1].revision, 0x21);
	done();
	assert_why(PARSE("--port", "socket=a,wire=null", "--port", "socket=b,vf=0", "--port",
				   "socket=c,vf=1"),
			"port 2: vf=1 names no port with a PF");
	assert_why(PARSE("--port", "socket=a,wire=null", "--port", "socket=b,rev=0x30,vf=0"),
			"port 1: a VF has the revision of its PF, which is 0x21");
}

static void
bad_addresses(void **state)
{
	static const char *const bad[] = { "", "02", "02:00:00:00:00", "02:00:00:00:00:00:00",
		"02:00:00:00:00:0", "02-00-00-00-00-01", "02:00:00:00:00:0g", "02:00:00:00:00:-1",
		"02:00:00:00:00:+1", "02:00:00:00:00: 1", "+2:00:00:00:00:01", "02:00:00:00:00:0x",
		"0x:00:00:00:00:01", "2:000:00:00:00:01", "01:00:00:00:00:01", "ff:ff:ff:ff:ff:ff",
		"00:00:00:00:00:00" };
	char spec[80];

	(void)state;
	for (unsigned int i = 0; i < 17; i++) {
		snprintf(spec, sizeof(spec), "socket=s,mac=%s,wire=null", bad[i]);
		assert_why(PARSE("--port", spec),
				"mac takes a unicast address such as 02:00:00:00:00:01");
	}
	assert_why(PARSE("--port", "socket=s,mac,wire=null"), "mac takes a unicast address");
}

static void
bad_options(void **state)
{
	(void)state;
	assert_why(parse((const char *const[]){ NULL }), "give at least one --port; see --help");
	assert_why(PARSE("--verbose"), "give at least one --port; see --help");
	assert_why(PARSE("--port"), "--port needs a value; see --help");
	assert_int_equal(PARSE("--port", "socket=s,wire=null", "--ctl", "/c", "--fault", "cmd-lost",
					 "--fault", "cmd-lost:name=b,port=0"),
			0);
	assert_string_equal(opts.ctl, "/c");
	assert_int_equal(opts.nb_faults, 2);
	assert_string_equal(opts.fault[1].name, "b");
	assert_why(PARSE("--port", "socket=s,wire=null", "--fault", "cmd-lost:nth=x"),
			"--fault cmd-lost:nth=x: cmd-lost: nth takes a number from 1");
	assert_why(PARSE("--port", "socket=s,wire=null", "--fault", "fw-dead", "--fault",
				   "fw-dead"),
			"--fault fw-dead: there is a plan of that name; give it another one with "
			"name=");
	assert_why(PARSE("--port", "socket=s,wire=null", "--fault", "fw-dead:port=1"),
			"--fault fw-dead: there is no port 1");
	assert_why(PARSE("--port", "socket=s,wire=null", "--report"),
			"--report needs a value; see --help");
	assert_why(PARSE("--ports", "x"), "unknown option --ports; see --help");
	assert_why(PARSE("-x"), "unknown option -x; see --help");
	assert_why(PARSE("--port", "socket=s,wire=null", "-xh"), "unknown option -xh; see --help");
	assert_why(PARSE("-p", "socket=s,wire=null"), "unknown option -p; see --help");
	assert_why(PARSE("--verbose=2"), "unknown option --verbose=2; see --help");
	assert_why(PARSE("-"), "\"-\" is no option; see --help");
	assert_why(PARSE("socket=s,wire=null"), "\"socket=s,wire=null\" is no option; see --help");
	assert_why(PARSE("--port", "socket=s,wire=null", "more"),
			"\"more\" is no option; see --help");
	assert_why(PARSE("--port", "socket=s,wire=null", "--", "--verbose"),
			"\"--verbose\" is no option; see --help");
}

static void
many_ports(void **state)
{
	const char *args[70] = { NULL };
	char spec[33][32];

	(void)state;
	for (unsigned int i = 0; i < 33; i++) {
		snprintf(spec[i], sizeof(spec[i]), "socket=s%u,wire=null", i);
		args[2 * i] = "--port";
		args[2 * i + 1] = spec[i];
	}
	assert_why(parse(args), "more than 32 ports");
	args[64] = NULL;
	assert_int_equal(parse(args), 0);
	assert_int_equal(opts.nb_ports, 32);
	assert_string_equal(opts.port[31].socket, "s31");
	assert_memory_equal(opts.port[31].mac, "\x02\0\0\0\0\x1f", 6);
	done();
	args[63] = "socket=s7,wire=gen";
	assert_why(parse(args), "--port socket=s7,wire=gen: port 7 has that socket already");
}

/* A reason that is longer than the room for it is cut. */
static void
long_arguments(void **state)
{
	static char spec[5000];

	(void)state;
	memset(spec, 'x', sizeof(spec) - 1);
	assert_int_equal(PARSE("--port", spec), -EINVAL);
	assert_int_equal(strlen(why), 1023);
	done();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(every_wire),
		cmocka_unit_test(other_options),
		cmocka_unit_test(bad_keys),
		cmocka_unit_test(vfs),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(many_ports),
		cmocka_unit_test(long_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, opts_end);
}
