/* SPDX-License-Identifier: Apache-2.0 */
#include "api/field_wire.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

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

int weir_part_check(const struct weir_part *part, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	if (part->item->type == wire_type_of(part->proto))
		return 0;
	return weir_fail(err, -EINVAL, "%s: expected %s, got another type",
			 weir_at_text(part->at, path), name_of(part->proto));
}

int weir_part_enum(const struct weir_part *part, uint64_t number, const char **ret,
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

int weir_part_text(const struct weir_part *part, struct weir_arena *arena, const char **ret,
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

int weir_part_string(const struct weir_part *part, struct weir_arena *arena, const char **ret,
		     struct weir_error *err)
{
	if (part->proto->type == PROTOBUF_C_TYPE_ENUM)
		return weir_part_enum(part, part->item->value, ret, err);
	return weir_part_text(part, arena, ret, err);
}

int weir_part_int(const struct weir_part *part, int *ret, struct weir_error *err)
{
	int64_t value = (int64_t)part->item->value;
	char path[WEIR_PATH_TEXT];

	if (value < 1 || value > INT_MAX)
		return weir_fail(err, -EINVAL, "%s: %lld is not between 1 and %d",
				 weir_at_text(part->at, path), (long long)value, INT_MAX);
	*ret = (int)value;
	return 0;
}

int weir_part_u64(const struct weir_part *part, uint64_t *ret, struct weir_error *err)
{
	char path[WEIR_PATH_TEXT];

	if (part->item->value > part->field->max)
		return weir_fail(err, -EINVAL, "%s: %llu is not between 0 and %zu",
				 weir_at_text(part->at, path),
				 (unsigned long long)part->item->value, part->field->max);
	*ret = part->item->value;
	return 0;
}

void weir_part_scalar(const struct weir_part *part, struct weir_scalar *ret)
{
	memcpy(&ret->value, &part->item->value, sizeof(ret->value));
	ret->present = true;
}
