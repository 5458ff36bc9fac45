/* SPDX-License-Identifier: Apache-2.0 */
#include "api/field.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct weir_arena_block {
	struct weir_arena_block *next;
	alignas(max_align_t) char data[];
};

void *weir_arena_alloc(struct weir_arena *arena, size_t size)
{
	struct weir_arena_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = arena->blocks;
	arena->blocks = block;
	return block->data;
}

void weir_arena_done(struct weir_arena *arena)
{
	while (arena->blocks) {
		struct weir_arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
}

/* Appends @at to the @length bytes that are in @buf. Returns the new length. */
static size_t add_place(const struct weir_at *at, char buf[WEIR_PATH_TEXT])
{
	size_t length = at->up ? add_place(at->up, buf) : 0;
	int n;

	if (at->name)
		n = snprintf(buf + length, WEIR_PATH_TEXT - length, "%s%.64s", at->up ? "." : "",
			     at->name);
	else
		n = snprintf(buf + length, WEIR_PATH_TEXT - length, "[%zu]", at->index);
	length += (size_t)n;
	return length < WEIR_PATH_TEXT ? length : WEIR_PATH_TEXT - 1;
}

const char *weir_at_text(const struct weir_at *at, char buf[WEIR_PATH_TEXT])
{
	add_place(at, buf);
	return buf;
}

static const char *type_name(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		break;
	}
	return "null";
}

static int fail_type(const json_t *json, const struct weir_at *at, const char *expected,
		     struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	return weir_fail(err, -EINVAL, "%s: expected %s, got %s", weir_at_text(at, path), expected,
			 type_name(json));
}

static int decode_string(const json_t *json, const struct weir_at *at, void *ret,
			 struct weir_error *err)
{
	const char *text = json_string_value(json);

	if (!text)
		return fail_type(json, at, "a string", err);
	memcpy(ret, &text, sizeof(text));
	return 0;
}

static int decode_bool(const json_t *json, const struct weir_at *at, bool *ret,
		       struct weir_error *err)
{
	if (!json_is_boolean(json))
		return fail_type(json, at, "true or false", err);
	*ret = json_is_true(json);
	return 0;
}

static int decode_choice(const json_t *json, const struct weir_at *at, enum weir_choice *ret,
			 struct weir_error *err)
{
	bool value = false;

	if (decode_bool(json, at, &value, err) < 0)
		return err->code;
	*ret = value ? WEIR_CHOICE_YES : WEIR_CHOICE_NO;
	return 0;
}

/* As in proto3's JSON a number may be a string, so that none is too large. */
static bool get_integer(const json_t *json, json_int_t *ret)
{
	const char *text = json_string_value(json);
	char *end;

	if (!text) {
		*ret = json_integer_value(json);
		return json_is_integer(json);
	}
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return errno == 0 && !*end && strspn(text, "-0123456789") == strlen(text) && *text;
}

static int decode_int(const json_t *json, const struct weir_at *at, int *ret,
		      struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];
	json_int_t value;

	if (!get_integer(json, &value))
		return fail_type(json, at, "an integer", err);
	if (value < 1 || value > INT_MAX)
		return weir_fail(err, -EINVAL, "%s: %lld is not between 1 and %d",
				 weir_at_text(at, path), (long long)value, INT_MAX);
	*ret = (int)value;
	return 0;
}

static int decode_u64(const struct weir_field *field, const json_t *json, const struct weir_at *at,
		      uint64_t *ret, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];
	json_int_t value;

	if (!get_integer(json, &value))
		return fail_type(json, at, "an integer", err);
	if (value < 0 || (uint64_t)value > field->max)
		return weir_fail(err, -EINVAL, "%s: %lld is not between 0 and %zu",
				 weir_at_text(at, path), (long long)value, field->max);
	*ret = (uint64_t)value;
	return 0;
}

static int decode_scalar(const json_t *json, const struct weir_at *at, struct weir_scalar *ret,
			 struct weir_error *err)
{
	const char *text = json_string_value(json);

	if (text && strcmp(text, "Infinity") == 0)
		ret->value = (double)INFINITY;
	else if (json_is_number(json))
		ret->value = json_number_value(json);
	else
		return fail_type(json, at, "a number or \"Infinity\"", err);
	ret->present = true;
	return 0;
}

/* Zeroed room for the entries of the array @json, of @size bytes each, and one more. NULL: failed. */
static void *alloc_entries(const struct weir_field *field, const json_t *json,
			   const struct weir_at *at, size_t size, struct weir_arena *arena,
			   struct weir_error *err)
{
	size_t n = json_array_size(json);
	char path[WEIR_PATH_TEXT];
	void *list = NULL;

	if (!json_is_array(json))
		fail_type(json, at, "an array", err);
	else if (n > field->max)
		weir_fail(err, -EINVAL, "%s: %zu entries are more than the %zu that may be",
			  weir_at_text(at, path), n, field->max);
	else if (!(list = weir_arena_alloc(arena, (n + 1) * size)))
		weir_fail_memory(err);
	return list;
}

static int decode_strings(const struct weir_field *field, const json_t *json,
			  const struct weir_at *at, struct weir_arena *arena,
			  struct weir_strings *ret, struct weir_error *err)
{
	const char **list = alloc_entries(field, json, at, sizeof(*list), arena, err);
	size_t n = json_array_size(json);

	if (!list)
		return err->code;
	for (size_t i = 0; i < n; i++) {
		const struct weir_at entry = { .up = at, .index = i };

		if (decode_string(json_array_get(json, i), &entry, &list[i], err) < 0)
			return err->code;
	}
	*ret = (struct weir_strings){ .n = n, .list = list };
	return 0;
}

static int decode_items(const struct weir_field *field, const json_t *json,
			const struct weir_at *at, struct weir_arena *arena, struct weir_items *ret,
			struct weir_error *err)
{
	size_t size = field->message->size, n = json_array_size(json);
	char *list = alloc_entries(field, json, at, size, arena, err);

	if (!list)
		return err->code;
	for (size_t i = 0; i < n; i++) {
		const struct weir_at entry = { .up = at, .index = i };

		if (weir_message_decode(field->message, json_array_get(json, i), &entry, arena,
					list + i * size, err) < 0)
			return err->code;
	}
	*ret = (struct weir_items){ .n = n, .list = list };
	return 0;
}

static int decode_field(const struct weir_field *field, const json_t *json,
			const struct weir_at *at, struct weir_arena *arena, void *ret,
			struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	switch (field->kind) {
	case WEIR_FIELD_STRING:
		return decode_string(json, at, ret, err);
	case WEIR_FIELD_BOOL:
		return decode_bool(json, at, ret, err);
	case WEIR_FIELD_CHOICE:
		return decode_choice(json, at, ret, err);
	case WEIR_FIELD_INT:
		return decode_int(json, at, ret, err);
	case WEIR_FIELD_U64:
		return decode_u64(field, json, at, ret, err);
	case WEIR_FIELD_SCALAR:
		return decode_scalar(json, at, ret, err);
	case WEIR_FIELD_STRINGS:
		return decode_strings(field, json, at, arena, ret, err);
	case WEIR_FIELD_MESSAGE:
		return weir_message_decode(field->message, json, at, arena, ret, err);
	case WEIR_FIELD_ITEMS:
		return decode_items(field, json, at, arena, ret, err);
	case WEIR_FIELD_REFUSED:
		break;
	}
	return weir_fail(err, -EINVAL, "%s: %s", weir_at_text(at, path), field->refusal);
}

const struct weir_field *weir_message_field(const struct weir_message *message, const char *name)
{
	for (size_t i = 0; i < message->n; i++) {
		if (strcmp(message->fields[i].name, name) == 0)
			return &message->fields[i];
	}
	return NULL;
}

static int refuse_unknown_keys(const struct weir_message *message, const json_t *json,
			       const struct weir_at *at, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];
	const char *key;
	json_t *value;

	/* The iteration wants it mutable, and leaves it as it is. */
	json_object_foreach((json_t *)json, key, value)
	{
		const struct weir_at place = { .up = at, .name = key };

		if (!weir_message_field(message, key))
			return weir_fail(err, -EINVAL, "%s: no such key here",
					 weir_at_text(&place, path));
	}
	return 0;
}

int weir_message_decode(const struct weir_message *message, const json_t *json,
			const struct weir_at *at, struct weir_arena *arena, void *ret,
			struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	if (!json_is_object(json))
		return fail_type(json, at, "an object", err);
	if (message->is_map && refuse_unknown_keys(message, json, at, err) < 0)
		return err->code;

	if (message->defaults)
		memcpy(ret, message->defaults, message->size);
	for (size_t i = 0; i < message->n; i++) {
		const struct weir_field *field = &message->fields[i];
		const struct weir_at place = { .up = at, .name = field->name };
		const json_t *value = json_object_get(json, field->name);

		if (!value && field->required)
			return weir_fail(err, -EINVAL, "Expecting '%s' to be present",
					 weir_at_text(&place, path));
		if (value &&
		    decode_field(field, value, &place, arena, (char *)ret + field->offset, err) < 0)
			return err->code;
	}
	return 0;
}
