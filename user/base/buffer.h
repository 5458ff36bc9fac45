/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_BUFFER_H
#define WEIR_BUFFER_H

/*
 * A byte buffer that grows, up to a ceiling.
 *
 * Appending never fails in place: the first failure (no memory, ceiling
 * reached) is remembered and later appends do nothing, so that writers need
 * one check at the end instead of one a line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_buffer {
	char *data; /* not NUL-terminated; NULL while empty */
	size_t size, capacity;
	size_t max; /* ceiling in bytes */
	int failed; /* 0, -ENOMEM, or -EFBIG when the ceiling was reached */
};

#define WEIR_BUFFER_INIT(max_bytes) \
	{                           \
		.max = (max_bytes), \
	}

void weir_buffer_done(struct weir_buffer *buffer);

void weir_buffer_add(struct weir_buffer *buffer, const void *data, size_t size);
void weir_buffer_add_text(struct weir_buffer *buffer, const char *text);
void weir_buffer_add_byte(struct weir_buffer *buffer, char byte);
void weir_buffer_add_u64(struct weir_buffer *buffer, uint64_t value); /* decimal */
/* @value / 10^@decimals (at most 9), exactly, without zeros at the end: "0.5". */
void weir_buffer_add_fixed(struct weir_buffer *buffer, uint64_t value, unsigned int decimals);
void weir_buffer_printf(struct weir_buffer *buffer, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Room for @size more bytes, to be filled and then counted with _commit(). NULL: failed. */
char *weir_buffer_reserve(struct weir_buffer *buffer, size_t size);
void weir_buffer_commit(struct weir_buffer *buffer, size_t size);

/* Forget the contents and any failure, keep the memory. */
void weir_buffer_reset(struct weir_buffer *buffer);

/* The bytes with a NUL behind them; NULL if anything failed. The caller owns them; the buffer is empty. */
char *weir_buffer_take_text(struct weir_buffer *buffer);

#endif /* WEIR_BUFFER_H */
