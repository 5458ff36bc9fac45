/* SPDX-License-Identifier: Apache-2.0 */
#include "api/json.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "weir/abi.h"

/* With one reservation: keys are half of what is written. */
static void begin_value(struct weir_json *json, const char *key)
{
	size_t size = key ? strlen(key) : 0;
	char *room, *end;

	room = weir_buffer_reserve(json->buffer, size + strlen(",\"\":"));
	if (!room)
		return;

	end = room;
	if (json->comma)
		*end++ = ',';
	json->comma = true;
	if (key) {
		*end++ = '"';
		end = mempcpy(end, key, size);
		*end++ = '"';
		*end++ = ':';
	}
	weir_buffer_commit(json->buffer, (size_t)(end - room));
}

static void open_with(struct weir_json *json, const char *key, char bracket)
{
	begin_value(json, key);
	weir_buffer_add_byte(json->buffer, bracket);
	json->comma = false;
}

static void close_with(struct weir_json *json, char bracket)
{
	weir_buffer_add_byte(json->buffer, bracket);
	json->comma = true;
}

void weir_json_open_object(struct weir_json *json, const char *key)
{
	open_with(json, key, '{');
}

void weir_json_close_object(struct weir_json *json)
{
	close_with(json, '}');
}

void weir_json_open_array(struct weir_json *json, const char *key)
{
	open_with(json, key, '[');
}

void weir_json_close_array(struct weir_json *json)
{
	close_with(json, ']');
}

static void add_escaped(struct weir_buffer *buffer, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = strchr(from, byte);

	if (known) {
		weir_buffer_add_byte(buffer, '\\');
		weir_buffer_add_byte(buffer, to[known - from]);
		return;
	}
	weir_buffer_add(buffer, "\\u00", 4);
	weir_buffer_add_byte(buffer, hex[byte >> 4]);
	weir_buffer_add_byte(buffer, hex[byte & 15]);
}

void weir_json_string(struct weir_json *json, const char *key, const char *text)
{
	const unsigned char *s = (const unsigned char *)text, *plain = s;

	begin_value(json, key);
	weir_buffer_add_byte(json->buffer, '"');
	while (*s) {
		size_t length = 1;

		if (*s >= 0x80)
			length = weir_utf8_length(s);
		else if (*s < 0x20 || *s == '"' || *s == '\\')
			length = 0;
		if (length) {
			s += length;
			continue;
		}

		weir_buffer_add(json->buffer, plain, (size_t)(s - plain));
		if (*s >= 0x80)
			weir_buffer_add_text(json->buffer, WEIR_UTF8_REPLACEMENT);
		else
			add_escaped(json->buffer, *s);
		plain = ++s;
	}
	weir_buffer_add(json->buffer, plain, (size_t)(s - plain));
	weir_buffer_add_byte(json->buffer, '"');
}

void weir_json_bool(struct weir_json *json, const char *key, bool value)
{
	begin_value(json, key);
	weir_buffer_add_text(json->buffer, value ? "true" : "false");
}

void weir_json_u64(struct weir_json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	weir_buffer_add_u64(json->buffer, value);
}

void weir_json_amount(struct weir_json *json, const char *key, uint64_t value)
{
	if (value == WEIR_INFINITE)
		weir_json_string(json, key, "Infinity");
	else
		weir_json_u64(json, key, value);
}

void weir_json_fixed(struct weir_json *json, const char *key, uint64_t value, unsigned int decimals)
{
	begin_value(json, key);
	weir_buffer_add_fixed(json->buffer, value, decimals);
}
