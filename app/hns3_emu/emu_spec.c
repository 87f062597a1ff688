/* SPDX-License-Identifier: BSD-3-Clause */
/* Specs of the command line, and the numbers in them; see emu_spec.h. */
#include "emu_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool
emu_spec_next(char **spec, char **key, char **val)
{
	char *end;

	if (!*spec || **spec == '\0')
		return false;
	*key = *spec;
	end = strchr(*spec, ',');
	*spec = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	*val = strchr(*key, '=');
	if (*val)
		*(*val)++ = '\0';
	return true;
}

int
emu_parse_u64(const char *text, uint64_t lo, uint64_t hi, uint64_t *out)
{
	int base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10; /* nobody means octal */
	char *end;
	unsigned long long v;

	if (*text < '0' || *text > '9') /* strtoull() takes blanks and signs */
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, base);
	if (errno || *end != '\0' || v < lo || v > hi)
		return -EINVAL;
	*out = v;
	return 0;
}
