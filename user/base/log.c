/* SPDX-License-Identifier: Apache-2.0 */
/* One line, one write(2): lines of two threads never mix, and nothing is buffered at a crash. */

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define TEXT_MAX 1024 /* of a message before escaping; the rest is cut */
#define HEAD_MAX 64 /* "<n>program: " */
#define ESCAPED	 4 /* "\xNN" for one byte, at worst */

static atomic_int threshold = WEIR_LOG_INFO;

void weir_log_set_level(enum weir_log_level level)
{
	atomic_store_explicit(&threshold, level, memory_order_relaxed);
}

enum weir_log_level weir_log_level(void)
{
	return atomic_load_explicit(&threshold, memory_order_relaxed);
}

int weir_log_level_from_name(const char *name, enum weir_log_level *ret)
{
	static const struct {
		const char *name;
		enum weir_log_level level;
	} levels[] = {
		{ "err", WEIR_LOG_ERR },
		{ "warning", WEIR_LOG_WARNING },
		{ "info", WEIR_LOG_INFO },
		{ "debug", WEIR_LOG_DEBUG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(levels[i].name, name) == 0) {
			*ret = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

/*
 * Bytes of the character at @s, or 0 if it must not reach a terminal as it is. The table is the
 * one of well-formed UTF-8 (Unicode 15, table 3-7) less the C1 controls, U+0080 to U+009F.
 */
static size_t printable(const unsigned char *s)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char low, high; /* of the second */
		unsigned char size;
	} forms[] = {
		{ 0xc2, 0xc2, 0xa0, 0xbf, 2 }, { 0xc3, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (s[0] >= 0x20 && s[0] < 0x7f)
		return 1;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (s[1] < forms[i].low || s[1] > forms[i].high)
			return 0;
		/* The NUL at the end is no continuation byte: this stops there. */
		for (size_t k = 2; k < forms[i].size; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		}
		return forms[i].size;
	}
	return 0;
}

/* @line has room for ESCAPED times the length of @text. Returns what was used of it. */
static size_t escape(const char *text, char *line)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;
	char *out = line;

	while (*s) {
		size_t size = printable(s);

		if (size) {
			memcpy(out, s, size);
			out += size;
			s += size;
			continue;
		}
		*out++ = '\\';
		*out++ = 'x';
		*out++ = hex[*s >> 4];
		*out++ = hex[*s & 0xf];
		s++;
	}
	return (size_t)(out - line);
}

void weir_log(enum weir_log_level level, const char *fmt, ...)
{
	char text[TEXT_MAX], line[HEAD_MAX + TEXT_MAX * ESCAPED + 1];
	int saved_errno = errno;
	size_t len;
	va_list args;

	if (level > weir_log_level())
		return;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	if (!isatty(STDERR_FILENO))
		snprintf(line, HEAD_MAX, "<%d>%s: ", (int)level, program_invocation_short_name);
	else
		snprintf(line, HEAD_MAX, "%s: ", program_invocation_short_name);
	len = strlen(line);
	len += escape(text, line + len);
	line[len++] = '\n';

	if (write(STDERR_FILENO, line, len) < 0) {
		/* There is nowhere left to say so. */
	}
	errno = saved_errno;
}
