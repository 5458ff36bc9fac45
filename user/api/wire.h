/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_WIRE_H
#define WEIR_WIRE_H

/*
 * Protobuf's wire format, written and read without a message in memory:
 * https://protobuf.dev/programming-guides/encoding/. Failures of writing stay in the buffer.
 */

#include <stddef.h>
#include <stdint.h>

struct weir_buffer;

enum weir_wire_type {
	WEIR_WIRE_VARINT = 0,
	WEIR_WIRE_FIXED64 = 1,
	WEIR_WIRE_BYTES = 2, /* a string, a message, numbers packed */
	WEIR_WIRE_FIXED32 = 5,
};

#define WEIR_WIRE_MAX_NUMBER ((1u << 29) - 1) /* of a field */

/* ---- Writing ---- */

void weir_wire_varint(struct weir_buffer *buffer, uint32_t number, uint64_t value);
void weir_wire_double(struct weir_buffer *buffer, uint32_t number, double value);
/* What is not UTF-8 comes out as U+FFFD: readers refuse it. */
void weir_wire_bytes(struct weir_buffer *buffer, uint32_t number, const void *data, size_t size);
void weir_wire_text(struct weir_buffer *buffer, uint32_t number, const char *text);

/* A message: what is written up to weir_wire_close(), which wants what this returned. */
size_t weir_wire_open(struct weir_buffer *buffer, uint32_t number);
void weir_wire_close(struct weir_buffer *buffer, size_t mark);

/* ---- Reading ---- */

/* Bytes that are left; borrowed. */
struct weir_wire {
	const unsigned char *at, *end;
};

struct weir_wire_item {
	uint32_t number;
	enum weir_wire_type type;
	uint64_t value; /* the number, or the bits of it; 0 of BYTES */
	struct weir_wire bytes; /* of BYTES */
};

/* Takes the next field. 1; 0: there is none; -EINVAL: cut off, or no protobuf (groups are none, either). */
int weir_wire_next(struct weir_wire *wire, struct weir_wire_item *ret);

/* Takes one of the numbers that are packed. As above. */
int weir_wire_next_packed(struct weir_wire *wire, uint64_t *ret);

#endif /* WEIR_WIRE_H */
