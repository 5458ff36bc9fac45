/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what calls say beside include/weir/v1: whatever JSON has a name for, protobuf has, too. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/kinds.h"
#include "api/message.h"
#include "base/cleanup.h"

static const struct {
	enum weir_call_type type;
	const struct weir_message *message;
} calls[] = {
	{ WEIR_CALL_LAUNCH_CONTAINER, &weir_launch_message },
	{ WEIR_CALL_START_CONTAINER, &weir_start_message },
	{ WEIR_CALL_UPDATE_CONTAINER, &weir_update_message },
	{ WEIR_CALL_GET_CONTAINERS, &weir_get_message },
	{ WEIR_CALL_WAIT_CONTAINER, &weir_named_message },
	{ WEIR_CALL_KILL_CONTAINER, &weir_kill_message },
	{ WEIR_CALL_REMOVE_CONTAINER, &weir_named_message },
	{ WEIR_CALL_GET_EVENTS, &weir_events_message },
	{ WEIR_CALL_EXPLAIN_CONTAINER, &weir_named_message },
	{ WEIR_CALL_PAUSE_CONTAINER, &weir_named_message },
	{ WEIR_CALL_RESUME_CONTAINER, &weir_named_message },
	{ WEIR_CALL_JOIN_CONTAINER, &weir_join_message },
	{ WEIR_CALL_ADOPT_CONTAINER, &weir_adopt_message },
	{ WEIR_CALL_RELEASE_CONTAINER, &weir_named_message },
	{ WEIR_CALL_SET_POLICY, &weir_policy_message },
	{ WEIR_CALL_REGISTER_AGENT_SOCKET, &weir_register_message },
	{ WEIR_CALL_SET_LOGGING_LEVEL, &weir_logging_message },
	{ WEIR_CALL_SUBSCRIBE, &weir_subscribe_message },
};

static const ProtobufCFieldDescriptor *find(const ProtobufCMessageDescriptor *descriptor,
					    const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
}

/* May a field of that kind be read from one of that type? Offsets of one kind are of one C type. */
static bool goes(enum weir_field_kind kind, const ProtobufCFieldDescriptor *proto)
{
	bool repeated = proto->label == PROTOBUF_C_LABEL_REPEATED;

	switch (kind) {
	case WEIR_FIELD_STRING:
		return !repeated && (proto->type == PROTOBUF_C_TYPE_STRING ||
				     proto->type == PROTOBUF_C_TYPE_ENUM);
	case WEIR_FIELD_BOOL:
	case WEIR_FIELD_CHOICE:
		return !repeated && proto->type == PROTOBUF_C_TYPE_BOOL;
	case WEIR_FIELD_INT:
		return !repeated && proto->type == PROTOBUF_C_TYPE_INT32;
	case WEIR_FIELD_U64:
		return !repeated && (proto->type == PROTOBUF_C_TYPE_UINT64 ||
				     proto->type == PROTOBUF_C_TYPE_INT64 ||
				     proto->type == PROTOBUF_C_TYPE_UINT32);
	case WEIR_FIELD_SCALAR:
		return !repeated && proto->type == PROTOBUF_C_TYPE_DOUBLE;
	case WEIR_FIELD_STRINGS:
		return repeated && (proto->type == PROTOBUF_C_TYPE_STRING ||
				    proto->type == PROTOBUF_C_TYPE_ENUM);
	case WEIR_FIELD_MESSAGE: /* a map is a repeated message */
		return proto->type == PROTOBUF_C_TYPE_MESSAGE;
	case WEIR_FIELD_ITEMS:
		return repeated && proto->type == PROTOBUF_C_TYPE_MESSAGE;
	case WEIR_FIELD_REFUSED:
		return true;
	}
	return false;
}

static void check(const struct weir_message *message, const ProtobufCMessageDescriptor *descriptor)
{
	assert_true(message->n <= 64);
	for (size_t i = 0; i < message->n; i++) {
		const struct weir_field *field = &message->fields[i];
		const ProtobufCFieldDescriptor *proto = find(descriptor, field->name);

		if (!proto)
			fail_msg("%s has no %s", descriptor->name, field->name);
		if (!goes(field->kind, proto))
			fail_msg("%s.%s is of another type", descriptor->name, field->name);
		if (!field->message)
			continue;
		if (field->message->is_map)
			proto = find(proto->descriptor, "value");
		else
			assert_int_equal(proto->label == PROTOBUF_C_LABEL_REPEATED,
					 field->kind == WEIR_FIELD_ITEMS);
		if (field->message->is_map) {
			for (size_t k = 0; k < field->message->n; k++)
				check(field->message->fields[k].message, proto->descriptor);
		} else {
			check(field->message, proto->descriptor);
		}
	}
}

static void what_json_names_protobuf_numbers(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const ProtobufCFieldDescriptor *proto = find(
			weir_call_descriptor(weir_call_dialect(WEIR_DIALECT_AGENT, calls[i].type)),
			weir_call_parameters(calls[i].type));

		assert_non_null(proto);
		check(calls[i].message, proto->descriptor);
	}
}

static void every_call_has_its_name_and_number(void **state)
{
	char lower[64];

	(void)state;

	for (int i = 0; i < WEIR_CALL_COUNT_; i++) {
		enum weir_call_type call = (enum weir_call_type)i;
		enum weir_dialect dialect = weir_call_dialect(WEIR_DIALECT_AGENT, call);
		const ProtobufCFieldDescriptor *type = find(weir_call_descriptor(dialect), "type");
		const char *name = weir_call_name(call);
		size_t n;

		assert_non_null(
			protobuf_c_enum_descriptor_get_value_by_name(type->descriptor, name));
		assert_int_equal(weir_call_type_named(name), i);
		for (n = 0; name[n]; n++)
			lower[n] = (char)tolower((unsigned char)name[n]);
		lower[n] = '\0';
		assert_string_equal(lower, weir_call_parameters(call));
		/* Both or none: an answer is of a type, and has something of it. */
		for (int d = 0; d < WEIR_DIALECT_COUNT_; d++)
			assert_int_equal(!weir_response_type((enum weir_dialect)d, call),
					 !weir_response_field((enum weir_dialect)d, call));
	}
	assert_int_equal(weir_call_type_named("UNKNOWN"), WEIR_CALL_COUNT_);
	assert_int_equal(weir_call_type_named(""), WEIR_CALL_COUNT_);
}

static void a_call_is_of_the_family_that_has_it(void **state)
{
	(void)state;

	for (int d = 0; d < WEIR_DIALECT_COUNT_; d++) {
		enum weir_dialect asked = (enum weir_dialect)d;

		assert_int_equal(weir_call_dialect(asked, WEIR_CALL_GET_STATE), asked);
		assert_int_equal(weir_call_dialect(asked, WEIR_CALL_GET_AGENTS),
				 WEIR_DIALECT_MASTER);
		assert_int_equal(weir_call_dialect(asked, WEIR_CALL_LAUNCH_CONTAINER),
				 WEIR_DIALECT_AGENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_json_names_protobuf_numbers),
		cmocka_unit_test(every_call_has_its_name_and_number),
		cmocka_unit_test(a_call_is_of_the_family_that_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
