/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_JSON_OUT_H
#define WEIR_CLI_JSON_OUT_H

/*
 * JSON for --json, written as it goes: pure ASCII, so it may go to a terminal.
 *
 * Keys are literals of ours; a key of NULL stands for an element of an array. Bytes of texts
 * that are not UTF-8 become U+FFFD.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct weir_json_out {
	FILE *file;
	bool comma; /* due before the next value */
};

void weir_json_out_open(struct weir_json_out *json, const char *key, char bracket); /* '{' or '[' */
void weir_json_out_close(struct weir_json_out *json, char bracket);

/* At most @size bytes, up to a NUL. */
void weir_json_out_text(struct weir_json_out *json, const char *key, const char *text, size_t size);
void weir_json_out_bool(struct weir_json_out *json, const char *key, bool value);
/* "Infinity" for WEIR_INFINITE, null for WEIR_ABSENT. */
void weir_json_out_u64(struct weir_json_out *json, const char *key, uint64_t value);
void weir_json_out_i64(struct weir_json_out *json, const char *key, int64_t value);

#endif /* WEIR_CLI_JSON_OUT_H */
