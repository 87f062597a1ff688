/* SPDX-License-Identifier: BSD-3-Clause */
/* A plugin for test_plugin.c: when it is loaded, it adds its name to an environment variable. */
#include <stdio.h>
#include <stdlib.h>

static void __attribute__((constructor)) mark_leave(void)
{
	const char *before = getenv("TPF_MARKS");
	char all[256];

	snprintf(all, sizeof(all), "%s%s", before != NULL ? before : "", MARK);
	setenv("TPF_MARKS", all, 1);
}
