/* SPDX-License-Identifier: Apache-2.0 */
/* The allocation is always one byte larger than the capacity, so that a NUL has room behind it. */

#include "base/buffer.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define FIRST_CAPACITY 256

void weir_buffer_done(struct weir_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct weir_buffer)WEIR_BUFFER_INIT(buffer->max);
}

char *weir_buffer_reserve(struct weir_buffer *buffer, size_t size)
{
	size_t capacity;
	char *data;

	assert(buffer->max < PTRDIFF_MAX);

	if (buffer->failed)
		return NULL;

	if (size > buffer->max - buffer->size) {
		buffer->failed = -EFBIG;
		return NULL;
	}
	if (buffer->data && size <= buffer->capacity - buffer->size)
		return buffer->data + buffer->size;

	/* Doubling keeps many small appends linear; the ceiling bounds what it wastes. */
	capacity = buffer->capacity ? buffer->capacity * 2 : FIRST_CAPACITY;
	if (capacity < buffer->size + size)
		capacity = buffer->size + size;
	if (capacity > buffer->max)
		capacity = buffer->max;

	data = realloc(buffer->data, capacity + 1);
	if (!data) {
		buffer->failed = -ENOMEM;
		return NULL;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return data + buffer->size;
}

void weir_buffer_commit(struct weir_buffer *buffer, size_t size)
{
	assert(size <= buffer->capacity - buffer->size);
	buffer->size += size;
}

void weir_buffer_add(struct weir_buffer *buffer, const void *data, size_t size)
{
	char *room;

	/* Nothing may come with a NULL pointer, which memcpy() does not take. */
	if (!size)
		return;

	room = weir_buffer_reserve(buffer, size);
	if (!room)
		return;

	memcpy(room, data, size);
	weir_buffer_commit(buffer, size);
}

void weir_buffer_add_text(struct weir_buffer *buffer, const char *text)
{
	weir_buffer_add(buffer, text, strlen(text));
}

void weir_buffer_add_byte(struct weir_buffer *buffer, char byte)
{
	weir_buffer_add(buffer, &byte, 1);
}

/* By hand: answers are mostly numbers, and printf() is several times slower. */
void weir_buffer_add_u64(struct weir_buffer *buffer, uint64_t value)
{
	char digits[sizeof("18446744073709551615")];
	char *end = digits + sizeof(digits), *first = end;

	do {
		*--first = (char)('0' + value % 10);
		value /= 10;
	} while (value);

	weir_buffer_add(buffer, first, (size_t)(end - first));
}

void weir_buffer_add_fixed(struct weir_buffer *buffer, uint64_t value, unsigned int decimals)
{
	char fraction[10]; /* the point and nine digits */
	size_t size = 0;

	assert(decimals < sizeof(fraction));
	for (unsigned int i = decimals; i > 0; i--) {
		fraction[i] = (char)('0' + value % 10);
		value /= 10;
		if (!size && fraction[i] != '0')
			size = i + 1;
	}
	fraction[0] = '.';
	weir_buffer_add_u64(buffer, value);
	weir_buffer_add(buffer, fraction, size);
}

void weir_buffer_printf(struct weir_buffer *buffer, const char *fmt, ...)
{
	va_list args;
	char *room;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0) {
		buffer->failed = buffer->failed ? buffer->failed : -ENOMEM;
		return;
	}

	room = weir_buffer_reserve(buffer, (size_t)len);
	if (!room)
		return;

	va_start(args, fmt);
	vsnprintf(room, (size_t)len + 1, fmt, args);
	va_end(args);
	weir_buffer_commit(buffer, (size_t)len);
}

void weir_buffer_reset(struct weir_buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = 0;
}

char *weir_buffer_take_text(struct weir_buffer *buffer)
{
	char *text;

	if (!weir_buffer_reserve(buffer, 0))
		return NULL;

	text = take_ptr(buffer->data);
	text[buffer->size] = '\0';
	weir_buffer_done(buffer);
	return text;
}
