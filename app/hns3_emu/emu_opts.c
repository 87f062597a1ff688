/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing of the emulator's command line; nothing is opened here. */
#include "emu_opts.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char emu_opts_usage[] =
		"usage: hns3_emu --port SPEC [--port SPEC ...] [options]\n"
		"\n"
		"An emulated hns3 NIC. Each port is one PCI function behind a vfio-user socket.\n"
		"\n"
		"  --port "
		"socket=PATH[,id=a222][,rev=0x21][,mac=..][,queues=N][,caps=BITS][,fd=2k]\n"
		"         [,speed=MBPS][,reset-ms=N][,mbx=host|driver],wire=SPEC\n"
		"  --port socket=PATH,vf=PORT[,id=a22e][,mac=..][,queues=N][,caps=BITS]\n"
		"      socket=PATH   UNIX socket to listen on (mode 0600)\n"
		"      vf=PORT       a virtual function of that port's NIC, counted from 0; it has "
		"no wire\n"
		"      id=HEX        PCI device id: a PF's a220 to a226 or a228 (default a222), a "
		"VF's "
		"a22e\n"
		"                    (default) or a22f\n"
		"      rev=N         revision, 0x21 (default) or 0x30; VFs have their PF's\n"
		"      caps=BITS     capability bits, 64 (default: what is emulated on that "
		"revision)\n"
		"      fd=2k|4k      flow rules of a PF: 2,048 of 400 bits (default) or 4,096 of "
		"200\n"
		"      mbx=WHO       who serves the VFs: the emulator (host, the default) or the "
		"PF's "
		"driver\n"
		"      mac=MAC       factory address (default 02:00:00:00:00:<port>)\n"
		"      queues=N      task queue pairs (default 16)\n"
		"      speed=MBPS    a PF's (default: what its id stands for; a222: 100000)\n"
		"      reset-ms=N    how long a reset takes at least (default: 1 to 50 by its "
		"kind)\n"
		"      wire=SPEC     last, because all that follows is the wire's:\n"
		"        pcap:in=FILE,out=FILE[,loop][,lossy]   a capture in, a capture out\n"
		"        tap:NAME                               a TAP interface, made for it\n"
		"        netdev:NAME                            an interface that is there, "
		"such as a veth\n"
		"        gen:size=64|imix,rate=PPS,flows=N,batch=N   a generator\n"
		"        link:PORT                              another port, counted from 0\n"
		"        null                                   nothing comes, all is discarded\n"
		"  --report FILE   write all counters as JSON at the end (-: standard output)\n"
		"  --ctl PATH      listen there for requests while it runs, JSON lines\n"
		"                  ({\"cmd\":\"help\"} lists them)\n"
		"  --fault PLAN    let something go wrong; may be given more than once\n"
		"  --trace FILE    write each command of the driver, decoded\n"
		"  --verbose       log more\n"
		"  --help\n"
		"\n"
		"SIGINT and SIGTERM end it. Attach with the bus plugin:\n"
		"  dpdk-testpmd --no-pci -d librte_bus_vfio_user.so -a vfio_user:vfu0,socket=PATH "
		"...\n";

#define HEX_DIGITS "0123456789abcdefABCDEF"

static int
parse_mac(const char *text, uint8_t mac[6])
{
	unsigned int b[6];

	/* sscanf() alone would take blanks and signs */
	if (strlen(text) != 17 || strspn(text, HEX_DIGITS ":") != 17 ||
			sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4],
					&b[5]) != 6)
		return -EINVAL;
	if (b[0] & 1 || strspn(text, "0:") == 17) /* multicast and zero are nobody's */
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return 0;
}

/* Ids are hexadecimal with or without 0x. */
static int
parse_hex16(const char *text, uint16_t *out)
{
	size_t len;

	if (strncmp(text, "0x", 2) == 0)
		text += 2;
	len = strlen(text);
	if (len == 0 || len > 4 || strspn(text, HEX_DIGITS) != len)
		return -EINVAL;
	*out = (uint16_t)strtoul(text, NULL, 16);
	return 0;
}

/* One key of --port; 0, -EINVAL with what is right in *hint, -ENOENT unknown. */
static int
port_key(struct emu_port_opts *p, const char *key, const char *val, const char **hint)
{
	uint64_t v = 0;
	int ret = -EINVAL;

	*hint = "a value";
	if (!strcmp(key, "socket")) {
		*hint = "a path, once";
		if (val && *val && !p->socket) {
			p->socket = val;
			ret = 0;
		}
	} else if (!strcmp(key, "id")) {
		*hint = "a PCI device id such as a222";
		ret = val && !parse_hex16(val, &p->device_id) && p->device_id != 0 ? 0 : -EINVAL;
	} else if (!strcmp(key, "rev")) {
		*hint = "a revision such as 0x21";
		ret = val ? emu_parse_u64(val, 1, 0xff, &v) : -EINVAL;
		p->revision = (uint8_t)v;
	} else if (!strcmp(key, "mac")) {
		*hint = "a unicast address such as 02:00:00:00:00:01";
		ret = val ? parse_mac(val, p->mac) : -EINVAL;
	} else if (!strcmp(key, "queues")) {
		*hint = "a number of 1 to 64";
		ret = val ? emu_parse_u64(val, 1, EMU_DEV_QUEUES_MAX, &v) : -EINVAL;
		p->nb_queues = (uint16_t)v;
	} else if (!strcmp(key, "vf")) {
		*hint = "a PF's port, counted from 0";
		ret = val ? emu_parse_u64(val, 0, EMU_PORTS_MAX - 1, &v) : -EINVAL;
		p->vf_of = (int)v;
	} else if (!strcmp(key, "speed")) {
		*hint = "Mbit/s such as 25000";
		ret = val && !emu_parse_u64(val, 10, 200000, &v) && emu_speed_is_known((uint32_t)v)
		                      ? 0
		                      : -EINVAL;
		p->speed_mbps = (uint32_t)v;
	} else if (!strcmp(key, "reset-ms")) {
		*hint = "milliseconds, 1 to 10000";
		ret = val ? emu_parse_u64(val, 1, 10000, &v) : -EINVAL;
		p->reset_us = (uint32_t)v * 1000;
	} else if (!strcmp(key, "caps")) {
		*hint = "64 bits such as 0x100100";
		ret = val ? emu_parse_u64(val, 0, EMU_CAPS_DEFAULT - 1, &p->caps) : -EINVAL;
		if (ret == 0 && p->caps & 1u << 6) { /* goes with BAR 4 [1:1.4], which there is not
			                              */
			*hint = "no bit 6, Tx push, which is not emulated";
			ret = -EINVAL;
		}
	} else if (!strcmp(key, "fd")) {
		*hint = "2k (rules of 400 bits) or 4k (of 200)";
		p->fd_is_4k = val && !strcmp(val, "4k");
		ret = p->fd_is_4k || (val && !strcmp(val, "2k")) ? 0 : -EINVAL;
	} else if (!strcmp(key, "mbx")) {
		*hint = "host or driver";
		p->mbx_by_driver = val && !strcmp(val, "driver");
		ret = p->mbx_by_driver || (val && !strcmp(val, "host")) ? 0 : -EINVAL;
	} else if (!strcmp(key, "wire")) { /* without "="; port_parse() has taken the others */
		*hint = "a kind, such as wire=null";
	} else {
		ret = -ENOENT;
	}
	return ret;
}

static int
port_parse(struct emu_opts *o, const char *text, char *why, size_t why_size)
{
	struct emu_port_opts *p = &o->port[o->nb_ports];
	char *rest, *key, *val;
	const char *hint;

	if (o->nb_ports == EMU_PORTS_MAX) {
		snprintf(why, why_size, "more than %d ports", EMU_PORTS_MAX);
		return -EINVAL;
	}
	*p = (struct emu_port_opts){
		.text = strdup(text),
		.vf_of = -1,
		.caps = EMU_CAPS_DEFAULT,
		.mac = { 0x02, 0, 0, 0, 0, (uint8_t)o->nb_ports },
		.nb_queues = 16,
	};
	if (!p->text) {
		snprintf(why, why_size, "out of memory");
		return -EINVAL;
	}
	o->nb_ports++;
	rest = p->text;
	while (rest && strncmp(rest, "wire=", 5) != 0 && emu_spec_next(&rest, &key, &val)) {
		int ret = port_key(p, key, val, &hint);

		if (ret == -ENOENT)
			snprintf(why, why_size,
					"--port %s: unknown \"%s\"; there are socket, vf, id, "
					"rev, mac, queues, speed, reset-ms, caps, fd, mbx "
					"and wire",
					text, key);
		else if (ret)
			snprintf(why, why_size, "--port %s: %s takes %s", text, key, hint);
		if (ret)
			return -EINVAL;
	}
	p->wire = rest && *rest ? rest + 5 : NULL;
	if (!p->socket || (!p->wire && p->vf_of < 0)) {
		snprintf(why, why_size, "--port %s: %s is missing%s", text,
				p->socket ? "wire=SPEC" : "socket=PATH",
				p->socket ? " (it stands last); a VF has vf=PORT" : "");
		return -EINVAL;
	}
	if (p->vf_of >= 0 && (p->wire || p->mbx_by_driver)) {
		snprintf(why, why_size, "--port %s: %s is of PFs; a VF has vf=PORT instead", text,
				p->wire ? "wire=SPEC" : "mbx=WHO");
		return -EINVAL;
	}
	for (unsigned int i = 0; i + 1 < o->nb_ports; i++) {
		if (strcmp(o->port[i].socket, p->socket) == 0) {
			snprintf(why, why_size, "--port %s: port %u has that socket already", text,
					i);
			return -EINVAL;
		}
	}
	return 0;
}

/* What is known of port @p i when all are; fills in what was not said. */
static int
port_complete(struct emu_opts *o, unsigned int i, char *why, size_t why_size)
{
	struct emu_port_opts *p = &o->port[i];

	if (p->device_id == 0)
		p->device_id = p->vf_of < 0 ? 0xa222 : 0xa22e;
	if (p->vf_of >= 0) {
		unsigned int pf = (unsigned int)p->vf_of;
		uint8_t revision;

		if (pf >= o->nb_ports || o->port[pf].vf_of >= 0) {
			snprintf(why, why_size, "port %u: vf=%u names no port with a PF", i, pf);
			return -EINVAL;
		}
		revision = o->port[pf].revision ? o->port[pf].revision : 0x21;
		if (p->revision != 0 && p->revision != revision) {
			snprintf(why, why_size,
					"port %u: a VF has the revision of its PF, which is 0x%02x",
					i, revision);
			return -EINVAL;
		}
		p->revision = revision;
	}
	if (p->revision == 0)
		p->revision = 0x21;
	return 0;
}

static int
fault_parse(struct emu_opts *o, const char *text, char *why, size_t why_size)
{
	char reason[512];

	if (o->nb_faults == EMU_FAULT_PLANS_MAX) {
		snprintf(why, why_size, "more than %d fault plans", EMU_FAULT_PLANS_MAX);
		return -EINVAL;
	}
	if (emu_fault_parse(text, &o->fault[o->nb_faults], reason, sizeof(reason))) {
		snprintf(why, why_size, "--fault %.64s: %s", text, reason);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < o->nb_faults; i++) {
		if (strcmp(o->fault[i].name, o->fault[o->nb_faults].name) == 0) {
			snprintf(why, why_size,
					"--fault %.64s: there is a plan of that name; give it "
					"another "
					"one with name=",
					text);
			return -EINVAL;
		}
	}
	o->nb_faults++;
	return 0;
}

int
emu_opts_parse(struct emu_opts *o, int argc, char **argv, char *why, size_t why_size)
{
	static const struct option longopts[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "report", required_argument, NULL, 'r' },
		{ "trace", required_argument, NULL, 't' },
		{ "ctl", required_argument, NULL, 'c' },
		{ "fault", required_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, at = 1; /* the word of argv that an error is about */

	*o = (struct emu_opts){ 0 };
	optind = 0; /* so that tests can parse more than once */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:h", longopts, NULL)) != -1) { /* +: in order */
		switch (opt) {
		case 'p':
			if (port_parse(o, optarg, why, why_size))
				return -EINVAL;
			break;
		case 'r':
			o->report = optarg;
			break;
		case 't':
			o->trace = optarg;
			break;
		case 'f':
			if (fault_parse(o, optarg, why, why_size))
				return -EINVAL;
			break;
		case 'c':
			o->ctl = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'h':
			o->help = true;
			return 0;
		case ':':
			snprintf(why, why_size, "%s needs a value; see --help", argv[at]);
			return -EINVAL;
		default:
			snprintf(why, why_size, "unknown option %s; see --help", argv[at]);
			return -EINVAL;
		}
		at = optind;
	}
	if (optind < argc) {
		snprintf(why, why_size, "\"%s\" is no option; see --help", argv[optind]);
		return -EINVAL;
	}
	if (o->nb_ports == 0) {
		snprintf(why, why_size, "give at least one --port; see --help");
		return -EINVAL;
	}
	for (unsigned int i = 0; i < o->nb_ports; i++) {
		if (port_complete(o, i, why, why_size))
			return -EINVAL;
	}
	for (unsigned int i = 0; i < o->nb_faults; i++) {
		if (o->fault[i].port >= (int)o->nb_ports) {
			snprintf(why, why_size, "--fault %s: there is no port %d", o->fault[i].name,
					o->fault[i].port);
			return -EINVAL;
		}
	}
	return 0;
}

void
emu_opts_free(struct emu_opts *o)
{
	for (unsigned int i = 0; i < o->nb_ports; i++)
		free(o->port[i].text);
	o->nb_ports = 0;
}
