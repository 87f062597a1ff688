/* SPDX-License-Identifier: BSD-3-Clause */
/* Specs of the command line: "key=value,flag,..." */
#ifndef EMU_SPEC_H
#define EMU_SPEC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Take the next "key=value" or "flag" off *spec (which is cut at commas). *val is NULL for a flag.
 * False at the end.
 */
bool emu_spec_next(char **spec, char **key, char **val);

/* 0, or -EINVAL if @p text is not a number of lo .. hi, in decimal or with 0x. */
int emu_parse_u64(const char *text, uint64_t lo, uint64_t hi, uint64_t *out);

#endif
