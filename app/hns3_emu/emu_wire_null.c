/* SPDX-License-Identifier: BSD-3-Clause */
/* Wire "null": takes every frame and sends none. */
#include "emu_wire.h"

#include <errno.h>
#include <stdio.h>

static int
null_open(struct emu_wire *w, const char *spec, char *why, size_t why_size)
{
	(void)w;
	if (*spec == '\0')
		return 0;
	snprintf(why, why_size, "wire \"null\" takes no arguments, not \"%s\"", spec);
	return -EINVAL;
}

static void
null_close(struct emu_wire *w)
{
	(void)w;
}

const struct emu_wire_ops emu_wire_null = {
	.kind = "null",
	.open = null_open,
	.tx_burst = emu_wire_discard,
	.close = null_close,
};
