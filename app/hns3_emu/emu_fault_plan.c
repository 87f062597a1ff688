/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of a fault plan; what becomes of it is in emu_fault.c. */
#include "emu_fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu_dev.h"
#include "emu_spec.h"

/* clang-format off: a table */
const struct emu_fault_info emu_fault_kinds[EMU_FAULT_NB] = {
	[EMU_FAULT_CMD_LOST] = { "cmd-lost", "opcode", .count = 1 },
	[EMU_FAULT_CMD_LATE] = { "cmd-late", "opcode", .has_ms = true, .ms = 40, .count = 1 },
	[EMU_FAULT_CMD_ERROR] = { "cmd-error", "opcode", .val = 6, .val_max = 0xffff, .count = 1 },
	[EMU_FAULT_FW_DEAD] = { "fw-dead", NULL, .count = 0 },
	[EMU_FAULT_RESET] = { "reset", "opcode", .val = EMU_RESET_GLOBAL,
			.val_max = EMU_RESET_NB - 1, .count = 1 },
	[EMU_FAULT_MBX_LOST] = { "mbx-lost", "code", .count = 1 },
	[EMU_FAULT_MBX_LATE] = { "mbx-late", "code", .has_ms = true, .ms = 20, .count = 1 },
	[EMU_FAULT_MBX_DUP] = { "mbx-dup", "code", .count = 1 },
	[EMU_FAULT_IRQ_LOST] = { "irq-lost", "vector", .count = 1 },
	[EMU_FAULT_IRQ_SPURIOUS] = { "irq-spurious", "vector", .has_ms = true, .ms = 10,
			.count = 1 },
	[EMU_FAULT_LINK_FLAP] = { "link-flap", NULL, .has_ms = true, .ms = 100, .count = 1 },
	[EMU_FAULT_FRAME_BAD_FCS] = { "frame-bad-fcs", NULL, .val_max = 1, .count = 1 },
	[EMU_FAULT_FRAME_TRUNCATED] = { "frame-truncated", NULL, .val = 32, .val_min = 1,
			.val_max = 0xffff, .count = 1 },
	[EMU_FAULT_BD_TORN] = { "bd-torn", "queue", .has_us = true, .us = 50, .count = 1 },
	[EMU_FAULT_BD_LATE] = { "bd-late", "queue", .has_us = true, .us = 50, .count = 1 },
	[EMU_FAULT_BD_BAD_LEN] = { "bd-bad-len", "queue", .val = 65535, .val_max = 0xffff,
			.count = 1 },
	[EMU_FAULT_BD_BAD_COUNT] = { "bd-bad-count", "queue", .count = 1 },
	[EMU_FAULT_BD_BAD_INDEX] = { "bd-bad-index", "queue", .count = 1 },
	[EMU_FAULT_DMA_REFUSED] = { "dma-refused", NULL, .count = 1 },
};
/* clang-format on */

const char emu_fault_usage[] =
		"PLAN is KIND[:KEY=VALUE,...]; kinds, with the keys of their own:\n"
		"  cmd-lost      opcode=  a command has no answer; the next one goes on\n"
		"  cmd-late      opcode= ms=   it is answered late\n"
		"  cmd-error     opcode= val=  it is answered with return code val (6)\n"
		"  fw-dead                no command is answered any more\n"
		"  reset         opcode= val=  when a command comes, a reset begins: val 0 "
		"function,\n"
		"                         1 global (the default), 2 IMP, 3 FLR\n"
		"  mbx-lost      code=    a message to the function is lost (an answer has the\n"
		"                         code of its question)\n"
		"  mbx-late      code= ms=     it comes late\n"
		"  mbx-dup       code=    it comes twice\n"
		"  irq-lost      vector=  an interrupt is not raised\n"
		"  irq-spurious  vector= ms=   one without a cause, each ms milliseconds\n"
		"  link-flap     ms=      the link is down for ms, then up for ms\n"
		"  frame-bad-fcs val=     a frame comes to a PF with a wrong FCS; val 0: the MAC "
		"drops\n"
		"                         it, 1: it is passed on, and its BD says so\n"
		"  frame-truncated val=   no more than val bytes of a frame are left, and the BD "
		"says "
		"so\n"
		"  bd-torn       queue= us=    an Rx BD is valid us before its other words are\n"
		"  bd-late       queue= us=    its valid bit comes us after the others\n"
		"  bd-bad-len    queue= val=   its lengths are val (65535)\n"
		"  bd-bad-count  queue=   a frame's last BD does not say so\n"
		"  bd-bad-index  queue=   rule id and packet types are out of range\n"
		"  dma-refused            an access to a ring or buffer is refused as unmapped\n"
		"Keys of all: name= (the kind), port= (all), nth= the first time it strikes, "
		"counted\n"
		"from 1 (1), every= so many times from then on (1), count= so often (1; 0: "
		"without\n"
		"end), p= with that probability (1), seed= of the dice (1).\n";

/* A number into a field of 32 bits; what is right in *hint. */
static int
key_u32(const char *val, uint32_t lo, uint32_t hi, uint32_t *out, const char **hint)
{
	uint64_t v;

	*hint = "a number in its range";
	if (!val || emu_parse_u64(val, lo, hi, &v))
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

static int
key_u64(const char *val, uint64_t lo, uint64_t *out, const char **hint)
{
	*hint = lo ? "a number from 1" : "a number from 0";
	return val ? emu_parse_u64(val, lo, UINT64_MAX, out) : -EINVAL;
}

static int
key_chance(const char *val, uint64_t *out, const char **hint)
{
	char *end;
	double p = val ? strtod(val, &end) : -1;

	*hint = "a probability above 0, at most 1";
	if (!val || *end || !(p > 0 && p <= 1))
		return -EINVAL;
	*out = (uint64_t)(p * 4294967296.0);
	return 0;
}

/* One key of a plan; -ENOENT: the kind has none of that name. */
static int
plan_key(struct emu_fault *f, const char *key, const char *val, const char **hint)
{
	uint32_t port;
	int ret;

	if (!strcmp(key, "name")) {
		*hint = "a name of up to 31 characters";
		if (!val || !*val || strlen(val) >= sizeof(f->name))
			return -EINVAL;
		strcpy(f->name, val); /* it fits */
		return 0;
	}
	if (!strcmp(key, "port")) {
		ret = key_u32(val, 0, EMU_PORTS_MAX - 1, &port, hint);
		f->port = ret ? -1 : (int)port;
		return ret;
	}
	if (!strcmp(key, "nth"))
		return key_u64(val, 1, &f->nth, hint);
	if (!strcmp(key, "every"))
		return key_u64(val, 1, &f->every, hint);
	if (!strcmp(key, "count"))
		return key_u64(val, 0, &f->count, hint);
	if (!strcmp(key, "seed"))
		return key_u64(val, 0, &f->seed, hint);
	if (!strcmp(key, "p"))
		return key_chance(val, &f->chance, hint);
	if (emu_fault_kinds[f->kind].match && !strcmp(key, emu_fault_kinds[f->kind].match))
		return key_u32(val, 0, 0xffff, &f->match, hint);
	if (emu_fault_kinds[f->kind].has_ms && !strcmp(key, "ms"))
		return key_u32(val, 1, 60000, &f->ms, hint);
	if (emu_fault_kinds[f->kind].has_us && !strcmp(key, "us"))
		return key_u32(val, 1, 10000, &f->us, hint);
	if (emu_fault_kinds[f->kind].val_max && !strcmp(key, "val"))
		return key_u32(val, emu_fault_kinds[f->kind].val_min,
				emu_fault_kinds[f->kind].val_max, &f->val, hint);
	return -ENOENT;
}

static int
plan_kind(struct emu_fault *f, const char *name, char *why, size_t why_size)
{
	int at;

	for (unsigned int k = 0; k < EMU_FAULT_NB; k++) {
		if (strcmp(emu_fault_kinds[k].name, name) != 0)
			continue;
		*f = (struct emu_fault){ .kind = k,
			.port = -1,
			.match = EMU_FAULT_ANY,
			.nth = 1,
			.every = 1,
			.count = emu_fault_kinds[k].count,
			.chance = UINT64_C(1) << 32,
			.seed = 1,
			.ms = emu_fault_kinds[k].ms,
			.us = emu_fault_kinds[k].us,
			.val = emu_fault_kinds[k].val };
		strcpy(f->name, emu_fault_kinds[k].name); /* they all fit */
		return 0;
	}
	at = snprintf(why, why_size, "there is no fault \"%.32s\"; there are", name);
	for (unsigned int k = 0; k < EMU_FAULT_NB && at < (int)why_size; k++)
		at += snprintf(why + at, why_size - (size_t)at, "%s %s", k ? "," : "",
				emu_fault_kinds[k].name);
	return -EINVAL;
}

int
emu_fault_parse(const char *text, struct emu_fault *f, char *why, size_t why_size)
{
	char *copy = strdup(text), *keys, *key, *val;
	const char *hint = "";
	int ret;

	if (!copy) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	keys = strchr(copy, ':');
	if (keys)
		*keys++ = '\0';
	ret = plan_kind(f, copy, why, why_size);
	while (ret == 0 && emu_spec_next(&keys, &key, &val)) {
		ret = plan_key(f, key, val, &hint);
		if (ret == -ENOENT)
			snprintf(why, why_size,
					"%s has no key \"%.32s\"; there are name, port, nth, "
					"every, "
					"count, p, seed%s%s%s%s%s",
					f->name, key, emu_fault_kinds[f->kind].match ? ", " : "",
					emu_fault_kinds[f->kind].match
							? emu_fault_kinds[f->kind].match
							: "",
					emu_fault_kinds[f->kind].has_ms ? ", ms" : "",
					emu_fault_kinds[f->kind].has_us ? ", us" : "",
					emu_fault_kinds[f->kind].val_max ? ", val" : "");
		else if (ret)
			snprintf(why, why_size, "%s: %.32s takes %s", copy, key, hint);
		ret = ret ? -EINVAL : 0;
	}
	free(copy);
	return ret;
}
