/* SPDX-License-Identifier: Apache-2.0 */
#include "api/wire.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

#define MAX_VARINT 10 /* bytes of 64 bits, seven in each */

/* ---- Writing ---------------------------------------------------------------- */

static char *put_varint(char *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (char)(value | 0x80);
		value >>= 7;
	}
	*at++ = (char)value;
	return at;
}

static char *put_tag(char *at, uint32_t number, enum weir_wire_type type)
{
	return put_varint(at, (uint64_t)number << 3 | type);
}

static void commit(struct weir_buffer *buffer, const char *room, const char *end)
{
	weir_buffer_commit(buffer, (size_t)(end - room));
}

void weir_wire_varint(struct weir_buffer *buffer, uint32_t number, uint64_t value)
{
	char *room = weir_buffer_reserve(buffer, (size_t)2 * MAX_VARINT);

	if (room)
		commit(buffer, room, put_varint(put_tag(room, number, WEIR_WIRE_VARINT), value));
}

void weir_wire_double(struct weir_buffer *buffer, uint32_t number, double value)
{
	char *room = weir_buffer_reserve(buffer, MAX_VARINT + sizeof(value));
	uint64_t bits;

	if (!room)
		return;
	memcpy(&bits, &value, sizeof(bits));
	bits = htole64(bits);
	commit(buffer, room,
	       mempcpy(put_tag(room, number, WEIR_WIRE_FIXED64), &bits, sizeof(bits)));
}

void weir_wire_bytes(struct weir_buffer *buffer, uint32_t number, const void *data, size_t size)
{
	char *room = weir_buffer_reserve(buffer, (size_t)2 * MAX_VARINT + size);

	if (room)
		commit(buffer, room,
		       mempcpy(put_varint(put_tag(room, number, WEIR_WIRE_BYTES), size), data,
			       size));
}

void weir_wire_text(struct weir_buffer *buffer, uint32_t number, const char *text)
{
	size_t mark, size = weir_utf8_span(text);

	if (!text[size])
		return weir_wire_bytes(buffer, number, text, size);

	/* A string is written as a message is. */
	mark = weir_wire_open(buffer, number);
	for (; *text; text += size) {
		size = weir_utf8_span(text);
		weir_buffer_add(buffer, text, size);
		if (text[size]) {
			weir_buffer_add_text(buffer, WEIR_UTF8_REPLACEMENT);
			size++;
		}
	}
	weir_wire_close(buffer, mark);
}

/* The length comes first and is known last: there is room for a short one, and what is longer moves up. */
size_t weir_wire_open(struct weir_buffer *buffer, uint32_t number)
{
	char *room = weir_buffer_reserve(buffer, MAX_VARINT + 1);

	if (room)
		commit(buffer, room, put_tag(room, number, WEIR_WIRE_BYTES) + 1);
	return buffer->size;
}

void weir_wire_close(struct weir_buffer *buffer, size_t mark)
{
	size_t size = buffer->size - mark;
	char length[MAX_VARINT];
	size_t more = (size_t)(put_varint(length, size) - length) - 1;

	if (!weir_buffer_reserve(buffer, more))
		return;
	if (more)
		memmove(buffer->data + mark + more, buffer->data + mark, size);
	memcpy(buffer->data + mark - 1, length, more + 1);
	weir_buffer_commit(buffer, more);
}

/* ---- Reading ---------------------------------------------------------------- */

static bool take_varint(struct weir_wire *wire, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 7 * MAX_VARINT && wire->at < wire->end; shift += 7) {
		unsigned char byte = *wire->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = value;
			return shift < 63 || byte <= 1; /* what is above 64 bits is no number */
		}
	}
	return false;
}

static bool take_fixed(struct weir_wire *wire, size_t size, uint64_t *ret)
{
	uint64_t bits = 0;

	if ((size_t)(wire->end - wire->at) < size)
		return false;
	memcpy(&bits, wire->at, size);
	*ret = le64toh(bits);
	wire->at += size;
	return true;
}

static bool take_bytes(struct weir_wire *wire, struct weir_wire *ret)
{
	uint64_t size;

	if (!take_varint(wire, &size) || size > (size_t)(wire->end - wire->at))
		return false;
	*ret = (struct weir_wire){ wire->at, wire->at + size };
	wire->at += size;
	return true;
}

static bool take_value(struct weir_wire *wire, struct weir_wire_item *ret)
{
	switch (ret->type) {
	case WEIR_WIRE_VARINT:
		return take_varint(wire, &ret->value);
	case WEIR_WIRE_FIXED64:
		return take_fixed(wire, 8, &ret->value);
	case WEIR_WIRE_FIXED32:
		return take_fixed(wire, 4, &ret->value);
	case WEIR_WIRE_BYTES:
		return take_bytes(wire, &ret->bytes);
	}
	return false;
}

int weir_wire_next(struct weir_wire *wire, struct weir_wire_item *ret)
{
	uint64_t tag;

	if (wire->at == wire->end)
		return 0;
	if (!take_varint(wire, &tag) || tag >> 3 == 0 || tag >> 3 > WEIR_WIRE_MAX_NUMBER)
		return -EINVAL;
	*ret = (struct weir_wire_item){ .number = (uint32_t)(tag >> 3),
					.type = (enum weir_wire_type)(tag & 7) };
	return take_value(wire, ret) ? 1 : -EINVAL;
}

int weir_wire_next_packed(struct weir_wire *wire, uint64_t *ret)
{
	if (wire->at == wire->end)
		return 0;
	return take_varint(wire, ret) ? 1 : -EINVAL;
}
