/* SPDX-License-Identifier: Apache-2.0 */
#include "api/out.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>

#include "api/wire.h"
#include "base/buffer.h"
#include "weir/abi.h"

/* Of an entry of a map. */
#define KEY   1
#define VALUE 2

static bool is_json(const struct weir_out *out)
{
	return out->media == WEIR_MEDIA_JSON;
}

int weir_out_failed(const struct weir_out *out)
{
	return out->json.buffer->failed;
}

void weir_out_fail(struct weir_out *out)
{
	out->json.buffer->failed = -ENOMEM;
}

static void open_wire(struct weir_out *out, uint32_t number)
{
	assert(out->depth < WEIR_OUT_DEPTH);
	out->marks[out->depth++] = weir_wire_open(out->json.buffer, number);
}

static void close_wire(struct weir_out *out)
{
	weir_wire_close(out->json.buffer, out->marks[--out->depth]);
}

void weir_out_open(struct weir_out *out, uint32_t number, const char *name)
{
	if (is_json(out))
		weir_json_open_object(&out->json, name);
	else if (number)
		open_wire(out, number);
}

void weir_out_close(struct weir_out *out)
{
	if (is_json(out))
		weir_json_close_object(&out->json);
	else if (out->depth)
		close_wire(out);
}

void weir_out_list(struct weir_out *out, const char *name)
{
	if (is_json(out))
		weir_json_open_array(&out->json, name);
}

void weir_out_list_end(struct weir_out *out)
{
	if (is_json(out))
		weir_json_close_array(&out->json);
}

void weir_out_string(struct weir_out *out, uint32_t number, const char *name, const char *text)
{
	if (is_json(out))
		weir_json_string(&out->json, name, text);
	else
		weir_wire_text(out->json.buffer, number, text);
}

#define BASE64_MAX 64 /* bytes: ids are all that there is of them */

/* As proto3's JSON has bytes: RFC 4648, section 4. */
static void encode_base64(const unsigned char *data, size_t size, char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t second = left > 1 ? data[i + 1] : 0, third = left > 2 ? data[i + 2] : 0;
		uint32_t three = (uint32_t)data[i] << 16 | second << 8 | third;

		*text++ = digits[three >> 18];
		*text++ = digits[three >> 12 & 63];
		*text++ = digits[left > 1 ? three >> 6 & 63 : 64];
		*text++ = digits[left > 2 ? three & 63 : 64];
	}
	*text = '\0';
}

void weir_out_bytes(struct weir_out *out, uint32_t number, const char *name, const void *data,
		    size_t size)
{
	char text[(BASE64_MAX + 2) / 3 * 4 + 1];

	assert(size <= BASE64_MAX);
	if (!is_json(out)) {
		weir_wire_bytes(out->json.buffer, number, data, size);
		return;
	}
	encode_base64(data, size, text);
	weir_json_string(&out->json, name, text);
}

void weir_out_bool(struct weir_out *out, uint32_t number, const char *name, bool value)
{
	if (is_json(out))
		weir_json_bool(&out->json, name, value);
	else
		weir_wire_varint(out->json.buffer, number, value);
}

void weir_out_u64(struct weir_out *out, uint32_t number, const char *name, uint64_t value)
{
	if (is_json(out))
		weir_json_u64(&out->json, name, value);
	else
		weir_wire_varint(out->json.buffer, number, value);
}

static double amount(uint64_t value)
{
	return value == WEIR_INFINITE ? (double)INFINITY : (double)value;
}

void weir_out_amount(struct weir_out *out, uint32_t number, const char *name, uint64_t value)
{
	if (is_json(out))
		weir_json_amount(&out->json, name, value);
	else
		weir_wire_double(out->json.buffer, number, amount(value));
}

void weir_out_fixed(struct weir_out *out, uint32_t number, const char *name, uint64_t value,
		    unsigned int decimals)
{
	static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };

	if (is_json(out))
		weir_json_fixed(&out->json, name, value, decimals);
	else
		weir_wire_double(out->json.buffer, number, (double)value / powers[decimals]);
}

void weir_out_enum(struct weir_out *out, uint32_t number, const char *name, uint32_t value,
		   const char *text)
{
	if (is_json(out))
		weir_json_string(&out->json, name, text);
	else
		weir_wire_varint(out->json.buffer, number, value);
}

void weir_out_map(struct weir_out *out, const char *name)
{
	if (is_json(out))
		weir_json_open_object(&out->json, name);
}

void weir_out_map_end(struct weir_out *out)
{
	if (is_json(out))
		weir_json_close_object(&out->json);
}

void weir_out_entry(struct weir_out *out, uint32_t number, const char *key)
{
	if (is_json(out))
		return weir_json_open_object(&out->json, key);
	open_wire(out, number);
	weir_wire_text(out->json.buffer, KEY, key);
	open_wire(out, VALUE);
}

void weir_out_entry_end(struct weir_out *out)
{
	if (is_json(out))
		return weir_json_close_object(&out->json);
	close_wire(out);
	close_wire(out);
}

void weir_out_amount_entry(struct weir_out *out, uint32_t number, const char *key, uint64_t value)
{
	if (is_json(out))
		return weir_json_amount(&out->json, key, value);
	open_wire(out, number);
	weir_wire_text(out->json.buffer, KEY, key);
	weir_wire_double(out->json.buffer, VALUE, amount(value));
	close_wire(out);
}
