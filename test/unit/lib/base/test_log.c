/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/base/log.c: one line per call, whatever its length; levels and sinks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "log.h"

/* What standard error receives while logging @p text at @p level. */
static size_t
logged(enum base_log_level level, const char *text, char *out, size_t size)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	base_log(level, "mod.part", "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	len = read(fds[0], out, size - 1);
	close(fds[0]);
	assert_true(len >= 0);
	out[len] = '\0';
	return (size_t)len;
}

static void
lines_carry_module_and_level(void **state)
{
	char out[2048];

	(void)state;
	logged(BASE_LOG_ERR, "socket gone", out, sizeof(out));
	assert_string_equal(out, "mod.part: error: socket gone\n");
	logged(BASE_LOG_WARNING, "slow", out, sizeof(out));
	assert_string_equal(out, "mod.part: warning: slow\n");
	logged(BASE_LOG_INFO, "up", out, sizeof(out));
	assert_string_equal(out, "mod.part: up\n");
}

static void
levels_above_the_limit_are_silent(void **state)
{
	char out[2048];

	(void)state;
	assert_int_equal(logged(BASE_LOG_DEBUG, "noise", out, sizeof(out)), 0);
	base_log_level_set(BASE_LOG_DEBUG);
	assert_true(logged(BASE_LOG_DEBUG, "noise", out, sizeof(out)) > 0);
	base_log_level_set(BASE_LOG_INFO);
}

static void
an_overlong_line_is_cut_and_still_ends(void **state)
{
	char text[3000], out[4096];
	size_t len;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	len = logged(BASE_LOG_INFO, text, out, sizeof(out));
	assert_in_range(len, 900, 1024);
	assert_int_equal(out[len - 1], '\n');
	assert_int_equal(out[len - 2], 'x');
}

static char sink_line[128];

static void
sink(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	int n = snprintf(sink_line, sizeof(sink_line), "%d %s ", (int)level, module);

	vsnprintf(sink_line + n, sizeof(sink_line) - (size_t)n, fmt, ap);
}

static void
a_sink_sees_every_level(void **state)
{
	(void)state;
	base_log_sink_set(sink);
	base_log(BASE_LOG_DEBUG, "m", "%d pages", 7);
	base_log_sink_set(NULL);
	assert_string_equal(sink_line, "8 m 7 pages");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_carry_module_and_level),
		cmocka_unit_test(levels_above_the_limit_are_silent),
		cmocka_unit_test(an_overlong_line_is_cut_and_still_ends),
		cmocka_unit_test(a_sink_sees_every_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
