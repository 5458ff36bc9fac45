/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

/*
 * JSON, written straight into a buffer. There is no tree, and nothing to check on the way:
 * the buffer remembers its first failure.
 *
 * Keys are our own literals and are not escaped; a key of NULL stands for "inside an array".
 * Strings may hold any bytes: what is not UTF-8 comes out as U+FFFD.
 */

#include <stdbool.h>
#include <stdint.h>

struct weir_buffer;

struct weir_json {
	struct weir_buffer *buffer;
	bool comma; /* due before the next value */
};

#define WEIR_JSON_INIT(to)      \
	{                       \
		.buffer = (to), \
	}

void weir_json_open_object(struct weir_json *json, const char *key);
void weir_json_close_object(struct weir_json *json);
void weir_json_open_array(struct weir_json *json, const char *key);
void weir_json_close_array(struct weir_json *json);

void weir_json_string(struct weir_json *json, const char *key, const char *text);
void weir_json_bool(struct weir_json *json, const char *key, bool value);
void weir_json_u64(struct weir_json *json, const char *key, uint64_t value);

/* A number, or "Infinity" for WEIR_INFINITE. */
void weir_json_amount(struct weir_json *json, const char *key, uint64_t value);

/* @value / 10^@decimals (at most 9), exact and without trailing zeros: (500, 3) -> 0.5. */
void weir_json_fixed(struct weir_json *json, const char *key, uint64_t value,
		     unsigned int decimals);

#endif /* WEIR_JSON_H */
