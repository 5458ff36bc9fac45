/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_TEXT_H
#define WEIR_CLI_TEXT_H

/*
 * Words for people: what comes from elsewhere is escaped before a terminal sees it, figures
 * are cut to the width of a column.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"

/*
 * Bytes that the locale can't print (control bytes, invalid UTF-8) become \xNN, so that no id
 * or command can move the cursor. At most @size bytes, up to a NUL.
 */
void weir_escape(struct weir_buffer *to, const char *text, size_t size);
void weir_put_escaped(FILE *file, const char *text);

/* The same for JSON that is handed on as it came: \u00NN inside its strings. */
void weir_put_json(FILE *file, const char *json);

/* "weir: …" on stderr, escaped. */
void weir_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Can the terminal show more than ASCII? */
bool weir_is_utf8(void);

/* How many columns @text takes in the terminal. */
size_t weir_width(const char *text);

#define WEIR_FIGURE 24

/* At most 5 columns: "0.25", "12.5", "640"; "max", "-". */
const char *weir_short_cpu(uint64_t mcpu, char buf[WEIR_FIGURE]);
/* At most 6 columns, rounded: "512Mi", "1.4Gi"; "max", "-". */
const char *weir_short_memory(uint64_t bytes, char buf[WEIR_FIGURE]);
/* "12s", "5m", "3h", "12d". */
const char *weir_short_age(uint64_t seconds, char buf[WEIR_FIGURE]);
/* "0.25s", "93s", "1.2h"; "-" for WEIR_ABSENT. */
const char *weir_short_time(uint64_t ns, char buf[WEIR_FIGURE]);

/* "REQUEST:LIMIT" of two short figures. */
#define WEIR_BAND (2 * WEIR_FIGURE + 1)
const char *weir_short_band(uint64_t request, uint64_t limit,
			    const char *(*figure)(uint64_t, char *), char buf[WEIR_BAND]);

#endif /* WEIR_CLI_TEXT_H */
