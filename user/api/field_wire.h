/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FIELD_WIRE_H
#define WEIR_FIELD_WIRE_H

/* One value in the bytes of protobuf, for field_wire.c, which knows where it goes. */

#include "api/field.h"

/* A field on its way: what stands in the bytes, and what it is to become. */
struct weir_part {
	const struct weir_field *field;
	const ProtobufCFieldDescriptor *proto;
	const struct weir_wire_item *item;
	const struct weir_at *at;
};

/* -EINVAL: it is not written as its type is; the text says what was expected. The others rely on it. */
int weir_part_check(const struct weir_part *part, struct weir_error *err);

/* The name of value @number. -EINVAL: there is none. */
int weir_part_enum(const struct weir_part *part, uint64_t number, const char **ret,
		   struct weir_error *err);
/* In @arena. -EINVAL: it is no UTF-8, or has a NUL. */
int weir_part_text(const struct weir_part *part, struct weir_arena *arena, const char **ret,
		   struct weir_error *err);
/* One of both, as the type has it. */
int weir_part_string(const struct weir_part *part, struct weir_arena *arena, const char **ret,
		     struct weir_error *err);
/* -EINVAL: out of the field's range. */
int weir_part_int(const struct weir_part *part, int *ret, struct weir_error *err);
int weir_part_u64(const struct weir_part *part, uint64_t *ret, struct weir_error *err);
void weir_part_scalar(const struct weir_part *part, struct weir_scalar *ret);

#endif /* WEIR_FIELD_WIRE_H */
