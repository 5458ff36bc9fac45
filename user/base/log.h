/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

/*
 * The daemon's log: stderr, one line a message, with "<n>" priority prefixes when that is not
 * a terminal. The journal reads them, so that it needs no library of its own here.
 *
 * One failure, one report: below the controller nothing logs except at debug.
 * Bytes that are not printable are escaped, so that no client can forge a line.
 */

enum weir_log_level {
	WEIR_LOG_ERR = 3, /* values are syslog's */
	WEIR_LOG_WARNING = 4,
	WEIR_LOG_INFO = 6,
	WEIR_LOG_DEBUG = 7,
};

/* Messages above this level are dropped. Starts at WEIR_LOG_INFO. Thread-safe. */
void weir_log_set_level(enum weir_log_level level);
enum weir_log_level weir_log_level(void);

/* "err", "warning", "info", "debug" -> level; -EINVAL for another word, nothing changed. */
int weir_log_level_from_name(const char *name, enum weir_log_level *ret);

void weir_log(enum weir_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define weir_err(...)	weir_log(WEIR_LOG_ERR, __VA_ARGS__)
#define weir_warn(...)	weir_log(WEIR_LOG_WARNING, __VA_ARGS__)
#define weir_info(...)	weir_log(WEIR_LOG_INFO, __VA_ARGS__)
#define weir_debug(...) weir_log(WEIR_LOG_DEBUG, __VA_ARGS__)

#endif /* WEIR_LOG_H */
