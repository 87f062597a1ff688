/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The JSON of the version message: {"capabilities": {...}}. A scanner for just that: it walks any
 * well-formed JSON, bounded in depth, and picks the capabilities that we use by name. Unknown keys
 * are skipped, as the specification wants; a known key of the wrong type is an error.
 */
#include "vup_msg.h"

#include <string.h>

#define CAPS_MAX_DEPTH 8

struct scan {
	const char *pos;
	const char *end;
	const char *why; /* first thing that was wrong */
};

static bool
scan_fail(struct scan *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

static void
scan_space(struct scan *s)
{
	while (s->pos < s->end && strchr(" \t\r\n", *s->pos) && *s->pos)
		s->pos++;
}

/* Skip blanks and, if the next character is @p c, that too. */
static bool
scan_try(struct scan *s, char c)
{
	scan_space(s);
	if (s->pos == s->end || *s->pos != c)
		return false;
	s->pos++;
	return true;
}

/* A string; @p str gets what is between the quotes, escapes untouched. */
static bool
scan_string(struct scan *s, const char **str, size_t *len)
{
	if (!scan_try(s, '"'))
		return scan_fail(s, "version data is not JSON: string expected");
	*str = s->pos;
	for (; s->pos < s->end; s->pos++) {
		if (*s->pos == '"') {
			*len = (size_t)(s->pos - *str);
			s->pos++;
			return true;
		}
		if (*s->pos == '\\' && ++s->pos == s->end)
			break;
	}
	return scan_fail(s, "version data is not JSON: string without end");
}

/* The text of a number, true, false or null. */
static bool
scan_word(struct scan *s, const char **word, size_t *len)
{
	scan_space(s);
	*word = s->pos;
	while (s->pos < s->end && *s->pos &&
			strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *s->pos))
		s->pos++;
	*len = (size_t)(s->pos - *word);
	return *len > 0 || scan_fail(s, "version data is not JSON: value expected");
}

static bool
word_is(const char *word, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(word, text, len) == 0;
}

/* An unsigned integer; what exceeds 32 bits is as good as the largest. */
static bool
scan_u32(struct scan *s, uint32_t *val)
{
	const char *word;
	uint64_t sum = 0;
	size_t len, i;

	if (!scan_word(s, &word, &len))
		return false;
	for (i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return scan_fail(s, "capability is not an unsigned number");
		sum = sum * 10 + (uint64_t)(word[i] - '0');
		if (sum > UINT32_MAX)
			sum = UINT32_MAX;
	}
	*val = (uint32_t)sum;
	return true;
}

static bool
scan_bool(struct scan *s, bool *val)
{
	const char *word;
	size_t len;

	if (!scan_word(s, &word, &len))
		return false;
	*val = word_is(word, len, "true");
	return *val || word_is(word, len, "false") ||
	       scan_fail(s, "capability is neither true nor false");
}

static bool scan_skip(struct scan *s, unsigned int depth);

/* Members or elements up to @p close; the opening bracket is consumed. */
static bool
scan_skip_group(struct scan *s, bool is_object, char close, unsigned int depth)
{
	const char *key;
	size_t len;

	if (depth == CAPS_MAX_DEPTH)
		return scan_fail(s, "version data is nested too deeply");
	if (scan_try(s, close))
		return true;
	do {
		if (is_object && (!scan_string(s, &key, &len) ||
						 (!scan_try(s, ':') &&
								 !scan_fail(s, "version data is "
									       "not JSON: ':' "
									       "expected"))))
			return false;
		if (!scan_skip(s, depth + 1))
			return false;
	} while (scan_try(s, ','));
	return scan_try(s, close) || scan_fail(s, "version data is not JSON: bracket not closed");
}

/* Any value. Recursion is bounded by CAPS_MAX_DEPTH. */
static bool
scan_skip(struct scan *s, unsigned int depth)
{
	const char *text;
	size_t len;

	if (scan_try(s, '{'))
		return scan_skip_group(s, true, '}', depth);
	if (scan_try(s, '['))
		return scan_skip_group(s, false, ']', depth);
	if (s->pos < s->end && *s->pos == '"')
		return scan_string(s, &text, &len);
	return scan_word(s, &text, &len);
}

static bool
scan_cap(struct scan *s, const char *key, size_t len, struct vup_caps *caps)
{
	if (word_is(key, len, "max_msg_fds"))
		return scan_u32(s, &caps->max_msg_fds);
	if (word_is(key, len, "max_data_xfer_size"))
		return scan_u32(s, &caps->max_data_xfer_size);
	if (word_is(key, len, "max_dma_maps"))
		return scan_u32(s, &caps->max_dma_maps);
	if (word_is(key, len, VUP_CAP_MAP_REGIONS))
		return scan_bool(s, &caps->map_regions);
	return scan_skip(s, 2);
}

/* An object; each member goes to scan_cap (inside "capabilities") or is looked at for that name. */
static bool
scan_object(struct scan *s, bool is_caps, struct vup_caps *caps)
{
	const char *key;
	size_t len;

	if (!scan_try(s, '{'))
		return scan_fail(s, "version data is not JSON: object expected");
	if (scan_try(s, '}'))
		return true;
	do {
		if (!scan_string(s, &key, &len))
			return false;
		if (!scan_try(s, ':'))
			return scan_fail(s, "version data is not JSON: ':' expected");
		if (is_caps                                         ? !scan_cap(s, key, len, caps)
				: word_is(key, len, "capabilities") ? !scan_object(s, true, caps)
								    : !scan_skip(s, 1))
			return false;
	} while (scan_try(s, ','));
	return scan_try(s, '}') || scan_fail(s, "version data is not JSON: bracket not closed");
}

const char *
vup_caps_decode(const char *json, size_t len, struct vup_caps *caps)
{
	struct scan s = { .pos = json, .end = json + len };

	*caps = (struct vup_caps){
		.max_msg_fds = 1,
		.max_data_xfer_size = 1048576,
		.max_dma_maps = 65535,
	};
	if (len == 0)
		return NULL; /* the data is optional */
	if (!scan_object(&s, false, caps))
		return s.why;
	scan_space(&s);
	return s.pos == s.end ? NULL : "version data has something after the JSON";
}
