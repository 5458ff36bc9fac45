/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/cleanup.h"
#include "weir/abi.h"

#define MAX_LINE 65536

/* Controls of direction print nothing, but show a line as it is not. */
static bool turns_text(wchar_t wide)
{
	return wide == 0x061c || wide == 0x200e || wide == 0x200f ||
	       (wide >= 0x202a && wide <= 0x202e) || (wide >= 0x2066 && wide <= 0x2069);
}

static bool is_plain(wchar_t wide)
{
	return iswprint((wint_t)wide) && !turns_text(wide);
}

void weir_escape(struct weir_buffer *to, const char *text, size_t size)
{
	mbstate_t state = {};

	size = strnlen(text, size);
	while (size > 0) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, text, size, &state);

		if (n == 0 || n > size || !is_plain(wide)) {
			weir_buffer_printf(to, "\\x%02x", (unsigned char)*text);
			state = (mbstate_t){};
			n = 1;
		} else {
			weir_buffer_add(to, text, n);
		}
		text += n;
		size -= n;
	}
}

void weir_put_escaped(FILE *file, const char *text)
{
	scoped(weir_buffer_done) struct weir_buffer line = WEIR_BUFFER_INIT(MAX_LINE);

	weir_escape(&line, text, MAX_LINE / 4);
	fwrite(line.data, 1, line.size, file);
}

/*
 * A JSON text holds no control bytes below 0x20 but white space, so what is left to a terminal
 * are DEL and the C1 controls, which in UTF-8 are c2 80 to c2 9f.
 */
void weir_put_json(FILE *file, const char *json)
{
	for (const unsigned char *c = (const unsigned char *)json; *c; c++) {
		if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
			fprintf(file, "\\u00%02x", *++c);
		else if (*c == 0x7f || (*c < 0x20 && !strchr("\n\r\t", *c)))
			fprintf(file, "\\u00%02x", *c);
		else
			fputc(*c, file);
	}
	fputc('\n', file);
}

void weir_say(const char *fmt, ...)
{
	scoped(freep) char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);

	/* After what stdout has so far, where both are the same terminal. */
	fflush(stdout);
	fputs("weir: ", stderr);
	weir_put_escaped(stderr, text ? text : fmt);
	fputc('\n', stderr);
}

bool weir_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t weir_width(const char *text)
{
	mbstate_t state = {};
	size_t width = 0, left = strlen(text);

	while (left > 0) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, text, left, &state);
		int columns = n == 0 || n > left ? -1 : wcwidth(wide);

		if (columns < 0) {
			state = (mbstate_t){};
			columns = 1;
			n = 1;
		}
		width += (size_t)columns;
		text += n;
		left -= n;
	}
	return width;
}

/* "max", "-", or NULL for a number. */
static const char *word_for(uint64_t value)
{
	if (value == WEIR_INFINITE)
		return "max";
	return value == WEIR_ABSENT ? "-" : NULL;
}

/* Two decimals, without zeros at the end. */
static void print_hundredths(char *buf, uint64_t hundredths)
{
	uint64_t whole = hundredths / 100, rest = hundredths % 100;

	if (rest == 0)
		snprintf(buf, WEIR_FIGURE, "%" PRIu64, whole);
	else if (rest % 10 == 0)
		snprintf(buf, WEIR_FIGURE, "%" PRIu64 ".%" PRIu64, whole, rest / 10);
	else
		snprintf(buf, WEIR_FIGURE, "%" PRIu64 ".%02" PRIu64, whole, rest);
}

const char *weir_short_cpu(uint64_t mcpu, char buf[WEIR_FIGURE])
{
	const char *word = word_for(mcpu);

	if (word)
		snprintf(buf, WEIR_FIGURE, "%s", word);
	else if (mcpu < 99995)
		print_hundredths(buf, (mcpu + 5) / 10);
	else
		snprintf(buf, WEIR_FIGURE, "%" PRIu64, (mcpu + 500) / 1000);
	return buf;
}

const char *weir_short_memory(uint64_t bytes, char buf[WEIR_FIGURE])
{
	static const char units[] = "KMGTPE";
	const char *word = word_for(bytes);
	double value = (double)bytes / 1024;
	int unit = 0;

	if (word || bytes == 0) {
		snprintf(buf, WEIR_FIGURE, "%s", word ? word : "0");
		return buf;
	}
	while (value >= 999.5 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	if (value >= 9.95 || value == (double)(uint64_t)value)
		snprintf(buf, WEIR_FIGURE, "%.0f%ci", value, units[unit]);
	else
		snprintf(buf, WEIR_FIGURE, "%.1f%ci", value, units[unit]);
	return buf;
}

const char *weir_short_age(uint64_t seconds, char buf[WEIR_FIGURE])
{
	static const struct {
		uint64_t below, unit;
		char letter;
	} steps[] = { { 120, 1, 's' }, { 7200, 60, 'm' }, { 172800, 3600, 'h' } };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (seconds < steps[i].below) {
			snprintf(buf, WEIR_FIGURE, "%" PRIu64 "%c", seconds / steps[i].unit,
				 steps[i].letter);
			return buf;
		}
	}
	snprintf(buf, WEIR_FIGURE, "%" PRIu64 "d", seconds / 86400);
	return buf;
}

const char *weir_short_time(uint64_t ns, char buf[WEIR_FIGURE])
{
	double seconds = (double)ns / 1e9;

	if (ns == WEIR_ABSENT)
		snprintf(buf, WEIR_FIGURE, "-");
	else if (seconds < 100)
		snprintf(buf, WEIR_FIGURE, "%.2fs", seconds);
	else if (seconds < 10000)
		snprintf(buf, WEIR_FIGURE, "%.0fs", seconds);
	else
		snprintf(buf, WEIR_FIGURE, "%.1fh", seconds / 3600);
	return buf;
}

const char *weir_short_band(uint64_t request, uint64_t limit,
			    const char *(*figure)(uint64_t, char *), char buf[WEIR_BAND])
{
	char from[WEIR_FIGURE], to[WEIR_FIGURE];

	snprintf(buf, WEIR_BAND, "%s:%s", request ? figure(request, from) : "-", figure(limit, to));
	return buf;
}
