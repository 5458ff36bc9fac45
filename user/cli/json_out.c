/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_out.h"

#include <inttypes.h>
#include <string.h>

#include "weir/abi.h"

static void before_value(struct weir_json_out *json, const char *key)
{
	if (json->comma)
		fputc(',', json->file);
	if (key)
		fprintf(json->file, "\"%s\":", key);
	json->comma = true;
}

void weir_json_out_open(struct weir_json_out *json, const char *key, char bracket)
{
	before_value(json, key);
	fputc(bracket, json->file);
	json->comma = false;
}

void weir_json_out_close(struct weir_json_out *json, char bracket)
{
	fputc(bracket, json->file);
	json->comma = true;
}

/* The first character of @text, strictly; its length, or 0 if it is not UTF-8. */
static size_t decode_utf8(const unsigned char *text, size_t size, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = text[0] < 0x80   ? 1
		   : text[0] < 0xc0 ? 0
		   : text[0] < 0xe0 ? 2
		   : text[0] < 0xf0 ? 3
		   : text[0] < 0xf8 ? 4
				    : 0;
	uint32_t value = n < 2 ? text[0] : text[0] & (0x7fU >> n);

	if (n == 0 || n > size)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*ret = value;
	return n;
}

static void put_character(FILE *file, uint32_t c)
{
	if (c == '"' || c == '\\')
		fprintf(file, "\\%c", (int)c);
	else if (c >= 0x20 && c < 0x7f)
		fputc((int)c, file);
	else if (c < 0x10000)
		fprintf(file, "\\u%04" PRIx32, c);
	else
		fprintf(file, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + ((c - 0x10000) & 0x3ff));
}

void weir_json_out_text(struct weir_json_out *json, const char *key, const char *text, size_t size)
{
	before_value(json, key);
	size = strnlen(text, size);
	fputc('"', json->file);
	while (size > 0) {
		uint32_t c = 0xfffd;
		size_t n = decode_utf8((const unsigned char *)text, size, &c);

		put_character(json->file, c);
		text += n ? n : 1;
		size -= n ? n : 1;
	}
	fputc('"', json->file);
}

void weir_json_out_bool(struct weir_json_out *json, const char *key, bool value)
{
	before_value(json, key);
	fputs(value ? "true" : "false", json->file);
}

void weir_json_out_u64(struct weir_json_out *json, const char *key, uint64_t value)
{
	before_value(json, key);
	if (value == WEIR_INFINITE)
		fputs("\"Infinity\"", json->file);
	else if (value == WEIR_ABSENT)
		fputs("null", json->file);
	else
		fprintf(json->file, "%" PRIu64, value);
}

void weir_json_out_i64(struct weir_json_out *json, const char *key, int64_t value)
{
	before_value(json, key);
	fprintf(json->file, "%" PRId64, value);
}
