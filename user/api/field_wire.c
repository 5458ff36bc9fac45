/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of protobuf into structs. */
#include "api/field_wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"

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

static int fail_bytes(const struct weir_at *at, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	return weir_fail(err, -EINVAL, "%s: cut off, or no protobuf", weir_at_text(at, path));
}

/* An entry of a map, each of whose keys is a field of @message. */
static int decode_entry(const struct weir_part *part, struct weir_arena *arena, char *ret,
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
		const struct weir_part of = { .proto = item.number == KEY ? key : value,
					      .item = &item,
					      .at = part->at };

		if (item.number != KEY && item.number != VALUE)
			continue;
		if (weir_part_check(&of, err) < 0)
			return err->code;
		if (item.number == VALUE)
			message = item.bytes;
		else if (weir_part_text(&of, arena, &name, err) < 0)
			return err->code;
	}
	if (r < 0)
		return fail_bytes(part->at, err);

	const struct weir_at at = { .up = part->at, .name = name };

	field = weir_message_field(part->field->message, name);
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
static int make_room(const struct descent *descent, const struct weir_part *part, size_t size,
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

static int decode_packed(const struct weir_part *part, struct weir_strings *ret,
			 struct weir_error *err)
{
	struct weir_wire left = part->item->bytes;
	uint64_t number;
	int r;

	while ((r = weir_wire_next_packed(&left, &number)) > 0) {
		const struct weir_at place = { .up = part->at, .index = ret->n };
		const struct weir_part entry = { .proto = part->proto, .at = &place };

		if (weir_part_enum(&entry, number, &ret->list[ret->n], err) < 0)
			return err->code;
		ret->n++;
	}
	return r < 0 ? fail_bytes(part->at, err) : 0;
}

static int decode_strings(const struct descent *descent, const struct weir_part *part,
			  struct weir_strings *ret, struct weir_error *err)
{
	const struct weir_at place = { .up = part->at, .index = ret->n };
	struct weir_part entry = *part;
	void *list = ret->list;

	if (make_room(descent, part, sizeof(*ret->list), &list, err) < 0)
		return err->code;
	ret->list = list;
	if (part->proto->type == PROTOBUF_C_TYPE_ENUM && part->item->type == WEIR_WIRE_BYTES)
		return decode_packed(part, ret, err);

	entry.at = &place;
	if (weir_part_check(&entry, err) < 0 ||
	    weir_part_string(&entry, descent->arena, &ret->list[ret->n], err) < 0)
		return err->code;
	ret->n++;
	return 0;
}

static int decode_item(const struct descent *descent, const struct weir_part *part,
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

static int decode_message(const struct descent *descent, const struct weir_part *part, void *ret,
			  struct weir_error *err)
{
	const struct weir_field *field = part->field;

	if (field->message->is_map)
		return decode_entry(part, descent->arena, ret, err);
	return weir_message_decode_wire(field->message, part->proto->descriptor, part->item->bytes,
					part->at, descent->arena, ret, err);
}

static int decode_field(const struct descent *descent, const struct weir_part *part,
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
	if (weir_part_check(part, err) < 0)
		return err->code;

	switch (part->field->kind) {
	case WEIR_FIELD_STRING:
		return weir_part_string(part, descent->arena, ret, err);
	case WEIR_FIELD_BOOL:
		*(bool *)ret = part->item->value;
		return 0;
	case WEIR_FIELD_CHOICE:
		*(enum weir_choice *)ret = part->item->value ? WEIR_CHOICE_YES : WEIR_CHOICE_NO;
		return 0;
	case WEIR_FIELD_INT:
		return weir_part_int(part, ret, err);
	case WEIR_FIELD_U64:
		return weir_part_u64(part, ret, err);
	case WEIR_FIELD_SCALAR:
		weir_part_scalar(part, ret);
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
		const struct weir_field *field =
			proto ? weir_message_field(message, proto->name) : NULL;
		const struct weir_at place = { .up = descent->at,
					       .name = field ? field->name : NULL };
		const struct weir_part part = { field, proto, &item, &place };

		if (!field)
			continue;
		*seen |= 1ull << (field - message->fields);
		if (decode_field(descent, &part, err) < 0)
			return err->code;
	}
	return r < 0 ? fail_bytes(descent->at, err) : 0;
}

/* One that stands there twice has the lists of the second: each has room for what it has itself. */
static void clear_lists(const struct weir_message *message, char *ret)
{
	for (size_t i = 0; i < message->n; i++) {
		const struct weir_field *field = &message->fields[i];

		if (field->kind == WEIR_FIELD_STRINGS)
			*(struct weir_strings *)(ret + field->offset) = (struct weir_strings){};
		else if (field->kind == WEIR_FIELD_ITEMS)
			*(struct weir_items *)(ret + field->offset) = (struct weir_items){};
	}
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
	clear_lists(message, ret);
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
