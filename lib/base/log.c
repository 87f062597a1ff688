/* SPDX-License-Identifier: BSD-3-Clause */
/* The standard error sink of log.h; see there. */
#include "log.h"

#include <stdio.h>
#include <unistd.h>

static base_log_sink log_sink;
static enum base_log_level log_level = BASE_LOG_INFO;

void
base_log_sink_set(base_log_sink sink)
{
	log_sink = sink;
}

void
base_log_level_set(enum base_log_level level)
{
	log_level = level;
}

static const char *
level_name(enum base_log_level level)
{
	switch (level) {
	case BASE_LOG_ERR:
		return "error: ";
	case BASE_LOG_WARNING:
		return "warning: ";
	case BASE_LOG_NOTICE:
	case BASE_LOG_INFO:
	case BASE_LOG_DEBUG:
		break;
	}
	return "";
}

static void
log_stderr(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	char line[1024];
	int head = snprintf(line, sizeof(line), "%s: %s", module, level_name(level));
	size_t len = head < 0 ? 0 : (size_t)head;
	int body;

	if (len > sizeof(line) / 2)
		len = sizeof(line) / 2; /* an absurd module name must not push out the message */
	body = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	if (body > 0)
		len += (size_t)body;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2; /* cut; room for the newline stays */
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nowhere left to complain */
}

void
base_log(enum base_log_level level, const char *module, const char *fmt, ...)
{
	va_list ap;

	if (!log_sink && level > log_level)
		return;
	va_start(ap, fmt);
	if (log_sink)
		log_sink(level, module, fmt, ap);
	else
		log_stderr(level, module, fmt, ap);
	va_end(ap);
}
