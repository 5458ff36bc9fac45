/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_QUANTITY_H
#define WEIR_QUANTITY_H

/*
 * Amounts of CPU and memory as people write them.
 *
 * CPU is counted in millicores (mcpu), memory in bytes. Amounts are exact:
 * what can't be expressed in the unit is refused, never rounded.
 */

#include <stddef.h>
#include <stdint.h>

#include "weir/abi.h" /* WEIR_INFINITE, WEIR_ABSENT */

struct weir_error;

/* Room for any amount as text, e.g. "18446744073709551.613". */
#define WEIR_QUANTITY_TEXT 32

/*
 * "0.5", "2", "500m", "150%", "max" -> millicores. @ret is untouched on failure.
 * -EINVAL: not an amount of CPU (the text says why:
 * "'3Gi' has an unknown suffix 'Gi', expected m or %");
 * -ERANGE: more than WEIR_MAX_MCPU.
 */
int weir_parse_cpu(const char *text, uint64_t *ret_mcpu, struct weir_error *err);

/*
 * "512Mi", "1Gi", "1.5G", "1048576", "64k", "max" -> bytes (Ki Mi Gi Ti are powers of 1024,
 * k K M G T powers of 1000; a bare number is bytes). "500m" is refused: it means millibytes.
 * -EINVAL, -ERANGE (above WEIR_MAX_BYTES) as above.
 */
int weir_parse_memory(const char *text, uint64_t *ret_bytes, struct weir_error *err);

/*
 * "REQ", "REQ:LIMIT", ":LIMIT" with either parser; a part that is not given is WEIR_ABSENT.
 * "max" is a limit, not a request. -EINVAL: both parts empty, or a part is bad.
 */
typedef int weir_parse_fn(const char *text, uint64_t *ret, struct weir_error *err);
int weir_parse_band(const char *text, weir_parse_fn *parse, uint64_t *ret_request,
		    uint64_t *ret_limit, struct weir_error *err);

/* 500 -> "0.5", 2000 -> "2", WEIR_INFINITE -> "max", WEIR_ABSENT -> "-". Returns @buf. */
const char *weir_format_cpu(uint64_t mcpu, char buf[WEIR_QUANTITY_TEXT]);

/*
 * For tables: 268435456 -> "256Mi"; exact when it divides evenly, else one decimal ("1.4Gi").
 * Returns @buf.
 */
const char *weir_format_memory(uint64_t bytes, char buf[WEIR_QUANTITY_TEXT]);

/* For sentences that compare: what weir_parse_memory() reads back ("1025Mi", "1503238553"). */
const char *weir_format_memory_exact(uint64_t bytes, char buf[WEIR_QUANTITY_TEXT]);

/*
 * "10s", "500ms", "2min", "1h", or plain seconds -> milliseconds. -EINVAL; -ERANGE: more than
 * 64 bits of nanoseconds.
 */
int weir_parse_duration(const char *text, uint64_t *ret_ms, struct weir_error *err);

#endif /* WEIR_QUANTITY_H */
