/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace; see emu_trace.h. What fields commands have is in emu_trace.def, their names are in
 * emu_opcodes.def. */
#include "emu_trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "deadline.h"
#include "emu_fw.h"
#include "emu_mbx.h"

#define MSG_PF    0x10000u /* pseudo-opcodes: messages to the PF, by code */
#define MSG_VF    0x11000u
#define LIST_FULL 16 /* longer lists show what is not 0 */

enum direction {
	W = 1,
	R = 2,
	RW = 3,
};

struct field {
	uint32_t opcode;
	uint8_t dir;
	char form;
	const char *name;
	uint8_t desc, at, bytes, count;
	uint32_t mask;
};

static const struct field fields[] = {
#define U(op, dir, name, desc, at, bytes)       { op, dir, 'U', name, desc, at, bytes, 1, ~0u },
#define X(op, dir, name, desc, at, bytes)       { op, dir, 'X', name, desc, at, bytes, 1, ~0u },
#define B(op, dir, name, desc, at, bytes, mask) { op, dir, 'U', name, desc, at, bytes, 1, mask },
#define M(op, dir, name, desc, at)              { op, dir, 'M', name, desc, at, 6, 1, ~0u },
#define H(op, dir, name, desc, at, len)         { op, dir, 'H', name, desc, at, len, 1, ~0u },
#define A(op, dir, name, desc, at, bytes, count)                                                   \
	{ op, dir, 'A', name, desc, at, bytes, count, ~0u },
#define L(op, dir, name, desc, at, bytes, count)                                                   \
	{ op, dir, 'L', name, desc, at, bytes, count, ~0u },
#include "emu_trace.def"
#undef U
#undef X
#undef B
#undef M
#undef H
#undef A
#undef L
};

static const struct {
	uint16_t opcode;
	const char *name;
} names[] = {
#define EMU_OPCODE(opcode, name) { opcode, name },
#include "emu_opcodes.def"
#undef EMU_OPCODE
};

#define NB(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t start_ns;

__attribute__((constructor)) static void
start_set(void)
{
	start_ns = deadline_now_ns();
}

const char *
emu_opcode_name(uint16_t opcode)
{
	for (size_t i = 0; i < NB(names); i++) {
		if (names[i].opcode == opcode)
			return names[i].name;
	}
	return NULL;
}

/* ---- fields ---- */

/* Bytes @p at .. @p at + @p len - 1 of a descriptor's data, or NULL: the command is shorter. */
static const uint8_t *
bytes_at(const struct emu_cmd *cmd, unsigned int desc, unsigned int at, unsigned int len)
{
	unsigned int have = cmd->is_raw ? 32 * cmd->nb_desc - 8 : 24;

	if (desc >= cmd->nb_desc || (cmd->is_raw && desc > 0) || at + len > have)
		return NULL;
	return (const uint8_t *)&cmd->d[desc] + offsetof(struct emu_cmd_desc, data) + at;
}

static uint64_t
number(const struct field *f, const uint8_t *p)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < f->bytes; i++)
		val |= (uint64_t)p[i] << 8 * i;
	if (f->mask != ~0u)
		val = (val & f->mask) / (f->mask & -f->mask); /* the lowest bit is the unit */
	return val;
}

static void
number_print(FILE *out, const struct field *f, const uint8_t *p)
{
	fprintf(out, f->form == 'X' || f->form == 'L' ? "0x%llx" : "%llu",
			(unsigned long long)number(f, p));
}

static void
bytes_print(FILE *out, const uint8_t *p, unsigned int len, const char *between)
{
	for (unsigned int i = 0; i < len; i++)
		fprintf(out, "%s%02x", i ? between : "", p[i]);
}

static void
list_print(FILE *out, const struct field *f, const struct emu_cmd *cmd)
{
	bool is_long = f->count > LIST_FULL;

	if (!is_long)
		fprintf(out, " %s=[", f->name);
	for (unsigned int i = 0; i < f->count; i++) {
		const uint8_t *p = bytes_at(cmd, f->desc, f->at + i * f->bytes, f->bytes);

		if (!p)
			break;
		if (is_long && number(f, p) == 0)
			continue;
		if (is_long)
			fprintf(out, " %s[%u]=", f->name, i);
		else if (i)
			fputc(',', out);
		number_print(out, f, p);
	}
	if (!is_long)
		fputc(']', out);
}

static bool
is_zero(const uint8_t *p, unsigned int len)
{
	while (len > 0 && p[len - 1] == 0)
		len--;
	return len == 0;
}

/* Fields of @p opcode that lie in one of the directions; with @p some only those that are not 0. */
static void
fields_print(FILE *out, uint32_t opcode, const struct emu_cmd *cmd, unsigned int dirs, bool some)
{
	for (size_t i = 0; i < NB(fields); i++) {
		const struct field *f = &fields[i];
		const uint8_t *p;

		if (f->opcode != opcode || !(dirs >> f->dir & 1))
			continue;
		p = bytes_at(cmd, f->desc, f->at, f->bytes);
		if (!p || (some && is_zero(p, f->bytes)))
			continue;
		if (f->form == 'A' || f->form == 'L') {
			list_print(out, f, cmd);
			continue;
		}
		fprintf(out, " %s=", f->name);
		if (f->form == 'M')
			bytes_print(out, p, 6, ":");
		else if (f->form == 'H')
			bytes_print(out, p, f->bytes, "");
		else
			number_print(out, f, p);
	}
}

/* Bytes that no field tells of, and that are not 0. */
static void
rest_print(FILE *out, uint32_t opcode, const struct emu_cmd *cmd)
{
	bool known[EMU_CMD_DESCS_MAX][24] = { { false } };

	for (size_t i = 0; i < NB(fields); i++) {
		const struct field *f = &fields[i];

		for (unsigned int b = 0; f->opcode == opcode && b < f->bytes * f->count; b++) {
			if (f->at + b < 24)
				known[f->desc][f->at + b] = true;
		}
	}
	for (unsigned int d = 0; d < (cmd->is_raw ? 1 : cmd->nb_desc); d++) {
		for (unsigned int b = 0; b < 24; b++) {
			if (!known[d][b] && cmd->d[d].data[b])
				fprintf(out, " ?d%u+%u=0x%02x", d, b, cmd->d[d].data[b]);
		}
	}
}

/* ---- lines ---- */

static FILE *
line_begin(struct emu_dev *dev)
{
	FILE *out = dev->cfg.trace;
	uint64_t us = (deadline_now_ns() - start_ns) / 1000;

	flockfile(out);
	fprintf(out, "%llu.%06u ", (unsigned long long)(us / 1000000),
			(unsigned int)(us % 1000000));
	for (const char *c = dev->cfg.name; *c; c++) {
		if (*c != ' ')
			fputc(*c, out);
	}
	return out;
}

static void
line_end(FILE *out)
{
	fputc('\n', out);
	funlockfile(out);
}

/* What a message says, behind its command. */
static void
message_print(FILE *out, bool to_pf, const uint8_t data[24])
{
	struct emu_cmd cmd = { .nb_desc = 1 };
	unsigned int code = data[8];
	const char *name = code == 200   ? "GET_VF_FLR_STATUS"
	                   : code == 201 ? "PUSH_LINK_STATUS"
	                   : code == 202 ? "NCSI_ERROR"
	                                 : emu_mbx_name(code);

	memcpy(cmd.d[0].data, data, 24);
	fprintf(out, " %s func=%u", name ? name : "?", data[to_pf ? 1 : 0]);
	if (to_pf)
		fprintf(out, " need_resp=%u", data[2] & 1u);
	fprintf(out, " match_id=%u code=%u", emu_get16(data, 6), code);
	fields_print(out, (to_pf ? MSG_PF : MSG_VF) + code, &cmd, 1u << W, false);
}

void
emu_trace_command(struct emu_dev *dev, const struct emu_cmd *request, const struct emu_cmd *answer,
		unsigned int ret)
{
	const char *name = emu_opcode_name(request->opcode);
	FILE *out = line_begin(dev);

	fprintf(out, " cmd 0x%04x %s %s n=%u ret=%u", request->opcode, name ? name : "?",
			request->is_read ? "read" : "write", request->nb_desc, ret);
	if (request->opcode == 0x2000 || request->opcode == 0x2001) {
		message_print(out, request->opcode == 0x2001, request->d[0].data);
	} else {
		fields_print(out, request->opcode, request, 1u << W | 1u << RW, request->is_read);
		rest_print(out, request->opcode, request);
		fputs(" ->", out);
		fields_print(out, request->opcode, answer,
				1u << R | (request->is_read ? 1u << RW : 0), false);
	}
	line_end(out);
}

void
emu_trace_message(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24])
{
	FILE *out = line_begin(dev);

	fprintf(out, " msg 0x%04x", opcode);
	message_print(out, opcode == 0x2001, data);
	line_end(out);
}

void
emu_trace_event(struct emu_dev *dev, const char *fmt, ...)
{
	FILE *out = line_begin(dev);
	va_list ap;

	fputc(' ', out);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	line_end(out);
}
