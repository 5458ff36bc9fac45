/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FIELD_H
#define WEIR_FIELD_H

/*
 * From a tree of JSON, or from the bytes of protobuf, into structs, by tables: a message is a list of
 * fields, a field a name, a kind and an offset. Protobuf's numbers are found by the names, in the
 * descriptors of include/weir/v1.
 *
 * Knows types and presence; what values mean is decode.c's. Unknown fields are passed over, a
 * field of the wrong type is refused by its path: "launch_container.command.shell: expected
 * true or false, got a string". Strings are borrowed from the tree, or lie in an arena, as arrays do.
 *
 * Bytes are read without a message of protobuf-c's in between: its parser goes as deep as the bytes
 * say, a table only as deep as it is.
 */

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/wire.h"
#include "base/cleanup.h"

struct weir_error;

/* Memory that is freed all at once. */
struct weir_arena {
	struct weir_arena_block *blocks;
};

/* Zeroed. NULL: no memory. */
void *weir_arena_alloc(struct weir_arena *arena, size_t size);
void weir_arena_done(struct weir_arena *arena);

/* What fields come to. */
struct weir_scalar { /* of a "value": a number, or "Infinity" */
	bool present;
	double value;
};

enum weir_choice { /* a bool of which it matters whether it was given */
		   WEIR_CHOICE_OPEN,
		   WEIR_CHOICE_NO,
		   WEIR_CHOICE_YES,
};

struct weir_strings {
	size_t n;
	const char **list; /* NULL-terminated; NULL: the field was not there */
};

struct weir_items {
	size_t n;
	void *list; /* of the field's message */
};

enum weir_field_kind {
	WEIR_FIELD_STRING, /* const char * */
	WEIR_FIELD_BOOL, /* bool */
	WEIR_FIELD_CHOICE, /* enum weir_choice */
	WEIR_FIELD_INT, /* int, not below 1 */
	WEIR_FIELD_U64, /* uint64_t */
	WEIR_FIELD_SCALAR, /* struct weir_scalar */
	WEIR_FIELD_STRINGS, /* struct weir_strings */
	WEIR_FIELD_MESSAGE, /* @message's struct, embedded */
	WEIR_FIELD_ITEMS, /* struct weir_items */
	WEIR_FIELD_REFUSED, /* may not be there: @refusal says why */
};

struct weir_message;

struct weir_field {
	const char *name;
	enum weir_field_kind kind;
	size_t offset; /* in the message's struct */
	bool required;
	size_t max; /* entries of STRINGS and ITEMS; the value of U64 */
	const struct weir_message *message; /* of MESSAGE and ITEMS */
	const char *refusal; /* of REFUSED */
};

struct weir_message {
	const struct weir_field *fields;
	size_t n;
	size_t size; /* of the struct */
	const void *defaults; /* the struct while nothing is said; NULL: zeroes */
	bool is_map; /* a key that is no field is refused */
};

/* NULL: it has none of that name. */
const struct weir_field *weir_message_field(const struct weir_message *message, const char *name);

/* A place in a body, for error texts; lives on the stack of who descends. */
struct weir_at {
	const struct weir_at *up; /* NULL: the top */
	const char *name; /* NULL: an entry of a list, */
	size_t index; /* this one */
};

#define WEIR_PATH_TEXT 256

/* "launch_container.resources[1].name"; what does not fit is cut. Returns @buf. */
const char *weir_at_text(const struct weir_at *at, char buf[WEIR_PATH_TEXT]);

/* @json, which stands at @at, into the struct at @ret. -EINVAL, -ENOMEM. */
int weir_message_decode(const struct weir_message *message, const json_t *json,
			const struct weir_at *at, struct weir_arena *arena, void *ret,
			struct weir_error *err);

/*
 * The same of the bytes of a message, of which @descriptor has the numbers. Of two of a field that is not
 * repeated the later counts. An enum becomes the name of its value.
 */
int weir_message_decode_wire(const struct weir_message *message,
			     const ProtobufCMessageDescriptor *descriptor, struct weir_wire wire,
			     const struct weir_at *at, struct weir_arena *arena, void *ret,
			     struct weir_error *err);

#endif /* WEIR_FIELD_H */
