/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_OUT_H
#define WEIR_OUT_H

/*
 * Where an answer goes: one description of a message, written as JSON or as protobuf while it is
 * walked over. There is no tree and no second pass; failures stay in the buffer.
 *
 * A field has its number and its name of include/weir/v1. What is repeated stands between
 * weir_out_list() and weir_out_list_end(), each of its entries with the list's number and NULL for a
 * name. Names are our own literals.
 */

#include <stdbool.h>
#include <stdint.h>

#include "api/json.h"
#include "api/kinds.h"
#include "api/media.h"

struct weir_buffer;

#define WEIR_OUT_DEPTH 16 /* messages that can be open at once */

struct weir_out {
	struct weir_json json; /* and the buffer */
	enum weir_media media;
	enum weir_dialect dialect; /* whose answer it is */
	unsigned int depth;
	size_t marks[WEIR_OUT_DEPTH]; /* of the messages that are open, in protobuf */
};

#define WEIR_OUT_INIT(to, as, of)           \
	{                                   \
		.json = { .buffer = (to) }, \
		.media = (as),              \
		.dialect = (of),            \
	}

/* What has failed in the buffer so far; 0: nothing. */
int weir_out_failed(const struct weir_out *out);
/* There was no memory for what should be written; so it has failed. */
void weir_out_fail(struct weir_out *out);

/* A message. The outermost has number 0: in protobuf it has neither tag nor length. */
void weir_out_open(struct weir_out *out, uint32_t number, const char *name);
void weir_out_close(struct weir_out *out);

void weir_out_list(struct weir_out *out, const char *name);
void weir_out_list_end(struct weir_out *out);

void weir_out_string(struct weir_out *out, uint32_t number, const char *name, const char *text);
/* Bytes: in JSON their base64. */
void weir_out_bytes(struct weir_out *out, uint32_t number, const char *name, const void *data,
		    size_t size);
void weir_out_bool(struct weir_out *out, uint32_t number, const char *name, bool value);
/* Of all types of integers, for values that are not below 0. */
void weir_out_u64(struct weir_out *out, uint32_t number, const char *name, uint64_t value);
/* A double: @value, or infinity for WEIR_INFINITE. */
void weir_out_amount(struct weir_out *out, uint32_t number, const char *name, uint64_t value);
/* A double: @value / 10^@decimals (at most 9); in JSON it is exact. */
void weir_out_fixed(struct weir_out *out, uint32_t number, const char *name, uint64_t value,
		    unsigned int decimals);
/* An enum: @value in protobuf, @text in JSON. */
void weir_out_enum(struct weir_out *out, uint32_t number, const char *name, uint32_t value,
		   const char *text);

/*
 * A map. Its entries have the map's number and a key; of _entry() the value is a message, which
 * weir_out_entry_end() ends.
 */
void weir_out_map(struct weir_out *out, const char *name);
void weir_out_map_end(struct weir_out *out);
void weir_out_entry(struct weir_out *out, uint32_t number, const char *key);
void weir_out_entry_end(struct weir_out *out);
void weir_out_amount_entry(struct weir_out *out, uint32_t number, const char *key, uint64_t value);

#endif /* WEIR_OUT_H */
