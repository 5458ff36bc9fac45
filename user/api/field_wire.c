/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of protobuf into structs. */
#include "api/field.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/* Of an entry of a map. */
#define KEY   1
#define VALUE 2

/* A message on its way. */
struct descent {
	const struct weir_message *message;
	const ProtobufCMessageDescriptor *descriptor;
	struct weir_wire wire; /* all of it */
	const struct weir_at *at;
	struct weir_arena *arena;
	char *ret;
};

/* A field on its way: what stands in the bytes, and what it is to become. */
struct part {
	const struct weir_field *field;
	const ProtobufCFieldDescriptor *proto;
	const struct weir_wire_item *item;
	const struct weir_at *at;
};

static int fail_bytes(const struct weir_at *at, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	return weir_fail(err, -EINVAL, "%s: cut off, or no protobuf", weir_at_text(at, path));
}

/* How a value of that type is written. */
static enum weir_wire_type wire_type_of(const ProtobufCFieldDescriptor *proto)
{
	switch (proto->type) {
	case PROTOBUF_C_TYPE_DOUBLE:
		return WEIR_WIRE_FIXED64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WEIR_WIRE_BYTES;
	default:
		return WEIR_WIRE_VARINT;
	}
}

static const char *name_of(const ProtobufCFieldDescriptor *proto)
{
	switch (proto->type) {
	case PROTOBUF_C_TYPE_DOUBLE:
		return "a double";
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
		return "a string";
	case PROTOBUF_C_TYPE_MESSAGE:
		return "a message";
	default:
		return "an integer";
	}
}

static int check_type(const struct part *part, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	if (part->item->type == wire_type_of(part->proto))
		return 0;
	return weir_fail(err, -EINVAL, "%s: expected %s, got another type",
			 weir_at_text(part->at, path), name_of(part->proto));
}

static int decode_enum(const struct part *part, uint64_t number, const char **ret,
		       struct weir_error *err)
{
	const ProtobufCEnumDescriptor *descriptor = part->proto->descriptor;
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value(descriptor, (int)number);
	char path[WEIR_PATH_TEXT];

	if (!value)
		return weir_fail(err, -EINVAL, "%s: there is no %s of number %lld",
				 weir_at_text(part->at, path), descriptor->short_name,
				 (long long)number);
	*ret = value->name;
	return 0;
}

static int decode_text(const struct part *part, struct weir_arena *arena, const char **ret,
		       struct weir_error *err)
{
	const struct weir_wire *bytes = &part->item->bytes;
	size_t size = (size_t)(bytes->end - bytes->at);
	char *text = weir_arena_alloc(arena, size + 1);
	char path[WEIR_PATH_TEXT];

	if (!text)
		return weir_fail_memory(err);
	memcpy(text, bytes->at, size);
	/* A NUL ends it early, and so is found, too. */
	if (weir_utf8_span(text) != size)
		return weir_fail(err, -EINVAL, "%s: expected UTF-8 without a NUL",
				 weir_at_text(part->at, path));
	*ret = text;
	return 0;
}

static int decode_string(const struct part *part, struct weir_arena *arena, const char **ret,
			 struct weir_error *err)
{
	if (part->proto->type == PROTOBUF_C_TYPE_ENUM)
		return decode_enum(part, part->item->value, ret, err);
	return decode_text(part, arena, ret, err);
}

static int decode_int(const struct part *part, int *ret, struct weir_error *err)
{
	int64_t value = (int64_t)part->item->value;
	char path[WEIR_PATH_TEXT];

	if (value < 1 || value > INT_MAX)
		return weir_fail(err, -EINVAL, "%s: %lld is not between 1 and %d",
				 weir_at_text(part->at, path), (long long)value, INT_MAX);
	*ret = (int)value;
	return 0;
}

static int decode_u64(const struct part *part, uint64_t *ret, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	if (part->item->value > part->field->max)
		return weir_fail(err, -EINVAL, "%s: %llu is not between 0 and %zu",
				 weir_at_text(part->at, path),
				 (unsigned long long)part->item->value, part->field->max);
	*ret = part->item->value;
	return 0;
}

static void decode_scalar(const struct part *part, struct weir_scalar *ret)
{
	memcpy(&ret->value, &part->item->value, sizeof(ret->value));
	ret->present = true;
}

static const struct weir_field *find_field(const struct weir_message *message, const char *name)
{
	for (size_t i = 0; i < message->n; i++) {
		if (strcmp(message->fields[i].name, name) == 0)
			return &message->fields[i];
	}
	return NULL;
}

/* An entry of a map, each of whose keys is a field of @message. */
static int decode_entry(const struct part *part, struct weir_arena *arena, char *ret,
			struct weir_error *err)
{
	const ProtobufCMessageDescriptor *entry = part->proto->descriptor;
	const ProtobufCFieldDescriptor *key = protobuf_c_message_descriptor_get_field(entry, KEY);
	const ProtobufCFieldDescriptor *value =
		protobuf_c_message_descriptor_get_field(entry, VALUE);
	struct weir_wire left = part->item->bytes, message = {};
	const struct weir_field *field;
	struct weir_wire_item item;
	const char *name = "";
	char path[WEIR_PATH_TEXT];
	int r;

	while ((r = weir_wire_next(&left, &item)) > 0) {
		const struct part of = { .proto = item.number == KEY ? key : value,
					 .item = &item,
					 .at = part->at };

		if (item.number != KEY && item.number != VALUE)
			continue;
		if (check_type(&of, err) < 0)
			return err->code;
		if (item.number == VALUE)
			message = item.bytes;
		else if (decode_text(&of, arena, &name, err) < 0)
			return err->code;
	}
	if (r < 0)
		return fail_bytes(part->at, err);

	const struct weir_at at = { .up = part->at, .name = name };

	field = find_field(part->field->message, name);
	if (!field)
		return weir_fail(err, -EINVAL, "%s: no such key here", weir_at_text(&at, path));
	return weir_message_decode_wire(field->message, value->descriptor, message, &at, arena,
					ret + field->offset, err);
}

/* How many entries @descent's message has of @proto; those that are packed are counted. -EINVAL. */
static int count_entries(const struct descent *descent, const ProtobufCFieldDescriptor *proto,
			 size_t *ret)
{
	struct weir_wire left = descent->wire;
	struct weir_wire_item item;
	uint64_t number;
	int r;

	*ret = 0;
	while ((r = weir_wire_next(&left, &item)) > 0) {
		if (item.number != proto->id)
			continue;
		if (proto->type != PROTOBUF_C_TYPE_ENUM || item.type != WEIR_WIRE_BYTES) {
			++*ret;
			continue;
		}
		while ((r = weir_wire_next_packed(&item.bytes, &number)) > 0)
			++*ret;
		if (r < 0)
			return r;
	}
	return r;
}

/* Room for all entries of the field, made at the first of them; *@list is NULL until then. */
static int make_room(const struct descent *descent, const struct part *part, size_t size,
		     void **list, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];
	size_t n;

	if (*list)
		return 0;
	if (count_entries(descent, part->proto, &n) < 0)
		return fail_bytes(part->at, err);
	if (n > part->field->max)
		return weir_fail(err, -EINVAL, "%s: %zu entries are more than the %zu that may be",
				 weir_at_text(part->at, path), n, part->field->max);
	*list = weir_arena_alloc(descent->arena, (n + 1) * size);
	return *list ? 0 : weir_fail_memory(err);
}

static int decode_packed(const struct part *part, struct weir_strings *ret, struct weir_error *err)
{
	struct weir_wire left = part->item->bytes;
	uint64_t number;
	int r;

	while ((r = weir_wire_next_packed(&left, &number)) > 0) {
		const struct weir_at place = { .up = part->at, .index = ret->n };
		const struct part entry = { .proto = part->proto, .at = &place };

		if (decode_enum(&entry, number, &ret->list[ret->n], err) < 0)
			return err->code;
		ret->n++;
	}
	return r < 0 ? fail_bytes(part->at, err) : 0;
}

static int decode_strings(const struct descent *descent, const struct part *part,
			  struct weir_strings *ret, struct weir_error *err)
{
	const struct weir_at place = { .up = part->at, .index = ret->n };
	struct part entry = *part;
	void *list = ret->list;

	if (make_room(descent, part, sizeof(*ret->list), &list, err) < 0)
		return err->code;
	ret->list = list;
	if (part->proto->type == PROTOBUF_C_TYPE_ENUM && part->item->type == WEIR_WIRE_BYTES)
		return decode_packed(part, ret, err);

	entry.at = &place;
	if (check_type(&entry, err) < 0 ||
	    decode_string(&entry, descent->arena, &ret->list[ret->n], err) < 0)
		return err->code;
	ret->n++;
	return 0;
}

static int decode_item(const struct descent *descent, const struct part *part,
		       struct weir_items *ret, struct weir_error *err)
{
	const struct weir_message *message = part->field->message;
	const struct weir_at place = { .up = part->at, .index = ret->n };

	if (make_room(descent, part, message->size, &ret->list, err) < 0)
		return err->code;
	if (weir_message_decode_wire(message, part->proto->descriptor, part->item->bytes, &place,
				     descent->arena, (char *)ret->list + ret->n * message->size,
				     err) < 0)
		return err->code;
	ret->n++;
	return 0;
}

static int decode_message(const struct descent *descent, const struct part *part, void *ret,
			  struct weir_error *err)
{
	const struct weir_field *field = part->field;

	if (field->message->is_map)
		return decode_entry(part, descent->arena, ret, err);
	return weir_message_decode_wire(field->message, part->proto->descriptor, part->item->bytes,
					part->at, descent->arena, ret, err);
}

static int decode_field(const struct descent *descent, const struct part *part,
			struct weir_error *err)
{
	void *ret = descent->ret + part->field->offset;
	char path[WEIR_PATH_TEXT];

	/* It looks for itself: what it has may be packed. */
	if (part->field->kind == WEIR_FIELD_STRINGS)
		return decode_strings(descent, part, ret, err);
	if (part->field->kind == WEIR_FIELD_REFUSED)
		return weir_fail(err, -EINVAL, "%s: %s", weir_at_text(part->at, path),
				 part->field->refusal);
	if (check_type(part, err) < 0)
		return err->code;

	switch (part->field->kind) {
	case WEIR_FIELD_STRING:
		return decode_string(part, descent->arena, ret, err);
	case WEIR_FIELD_BOOL:
		*(bool *)ret = part->item->value;
		return 0;
	case WEIR_FIELD_CHOICE:
		*(enum weir_choice *)ret = part->item->value ? WEIR_CHOICE_YES : WEIR_CHOICE_NO;
		return 0;
	case WEIR_FIELD_INT:
		return decode_int(part, ret, err);
	case WEIR_FIELD_U64:
		return decode_u64(part, ret, err);
	case WEIR_FIELD_SCALAR:
		decode_scalar(part, ret);
		return 0;
	case WEIR_FIELD_ITEMS:
		return decode_item(descent, part, ret, err);
	default:
		return decode_message(descent, part, ret, err);
	}
}

/* All that is there. *@seen: a bit for each field of the table. */
static int decode_items(const struct descent *descent, uint64_t *seen, struct weir_error *err)
{
	const struct weir_message *message = descent->message;
	struct weir_wire left = descent->wire;
	struct weir_wire_item item;
	int r;

	while ((r = weir_wire_next(&left, &item)) > 0) {
		const ProtobufCFieldDescriptor *proto =
			protobuf_c_message_descriptor_get_field(descent->descriptor, item.number);
		const struct weir_field *field = proto ? find_field(message, proto->name) : NULL;
		const struct weir_at place = { .up = descent->at,
					       .name = field ? field->name : NULL };
		const struct part part = { field, proto, &item, &place };

		if (!field)
			continue;
		*seen |= 1ull << (field - message->fields);
		if (decode_field(descent, &part, err) < 0)
			return err->code;
	}
	return r < 0 ? fail_bytes(descent->at, err) : 0;
}

int weir_message_decode_wire(const struct weir_message *message,
			     const ProtobufCMessageDescriptor *descriptor, struct weir_wire wire,
			     const struct weir_at *at, struct weir_arena *arena, void *ret,
			     struct weir_error *err)
{
	const struct descent descent = { message, descriptor, wire, at, arena, ret };
	char path[WEIR_PATH_TEXT];
	uint64_t seen = 0;

	assert(message->n <= 64);
	if (message->defaults)
		memcpy(ret, message->defaults, message->size);
	if (decode_items(&descent, &seen, err) < 0)
		return err->code;
	for (size_t i = 0; i < message->n; i++) {
		const struct weir_field *field = &message->fields[i];
		const struct weir_at place = { .up = at, .name = field->name };

		if (field->required && !(seen & 1ull << i))
			return weir_fail(err, -EINVAL, "Expecting '%s' to be present",
					 weir_at_text(&place, path));
	}
	return 0;
}
