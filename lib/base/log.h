/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Logging for code without EAL (the emulator, lib/vfio_user, cores under unit test). Code with EAL
 * gives the same calls an EAL log type through base_log_sink_set(). One line per call: what failed,
 * with which values, what happens now.
 *
 * Levels: ERR a promise was broken; WARNING degraded but serving; NOTICE a rare transition; INFO
 * life cycle; DEBUG the rest. Threads: any; a line is written by one write(2), so lines of several
 * threads do not mix.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>

enum base_log_level {
	BASE_LOG_ERR = 4, /* the values of rte_log and syslog + 1, so that a sink can pass them on
	                   */
	BASE_LOG_WARNING = 5,
	BASE_LOG_NOTICE = 6,
	BASE_LOG_INFO = 7,
	BASE_LOG_DEBUG = 8,
};

/** Where lines go. @p module is the log type's name, @p fmt ends without a newline. */
typedef void (*base_log_sink)(
		enum base_log_level level, const char *module, const char *fmt, va_list ap);

/** Replace the sink (NULL: back to standard error). Call before other threads log. */
void base_log_sink_set(base_log_sink sink);

/** Highest level that the standard error sink prints (default INFO). Call before other threads log.
 */
void base_log_level_set(enum base_log_level level);

void base_log(enum base_log_level level, const char *module, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

#endif
