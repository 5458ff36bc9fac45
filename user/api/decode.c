/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decode.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/convert.h"
#include "api/message.h"
#include "api/tree.h"
#include "base/error.h"

struct weir_call_memory {
	json_t *tree;
	struct weir_arena arena;
};

static const struct call_kind {
	const struct weir_message *message; /* of its parameters; NULL: it has none */
	bool optional; /* they may be absent */
	int (*convert)(const struct weir_conversion *c, struct weir_error *err);
} kinds[WEIR_CALL_COUNT_] = {
	[WEIR_CALL_LAUNCH_CONTAINER] = { .message = &weir_launch_message,
					 .convert = weir_convert_launch },
	[WEIR_CALL_START_CONTAINER] = { .message = &weir_start_message },
	[WEIR_CALL_UPDATE_CONTAINER] = { .message = &weir_update_message,
					 .convert = weir_convert_update },
	[WEIR_CALL_GET_CONTAINERS] = { .message = &weir_get_message, .optional = true },
	[WEIR_CALL_WAIT_CONTAINER] = { .message = &weir_named_message },
	[WEIR_CALL_KILL_CONTAINER] = { .message = &weir_kill_message },
	[WEIR_CALL_REMOVE_CONTAINER] = { .message = &weir_named_message },
	[WEIR_CALL_SET_LOGGING_LEVEL] = { .message = &weir_logging_message },
	[WEIR_CALL_SUBSCRIBE] = { .message = &weir_subscribe_message, .optional = true },
	[WEIR_CALL_GET_EVENTS] = { .message = &weir_events_message, .optional = true },
	[WEIR_CALL_EXPLAIN_CONTAINER] = { .message = &weir_named_message },
	[WEIR_CALL_PAUSE_CONTAINER] = { .message = &weir_named_message },
	[WEIR_CALL_RESUME_CONTAINER] = { .message = &weir_named_message },
	[WEIR_CALL_JOIN_CONTAINER] = { .message = &weir_join_message },
	[WEIR_CALL_ADOPT_CONTAINER] = { .message = &weir_adopt_message,
					.convert = weir_convert_adopt },
	[WEIR_CALL_RESERVE_RESOURCES] = { .message = &weir_reserve_message,
					  .convert = weir_convert_operation },
	[WEIR_CALL_UNRESERVE_RESOURCES] = { .message = &weir_unreserve_message,
					    .convert = weir_convert_operation },
	[WEIR_CALL_CREATE_VOLUMES] = { .message = &weir_volumes_message,
				       .convert = weir_convert_operation },
	[WEIR_CALL_DESTROY_VOLUMES] = { .message = &weir_volumes_message,
					.convert = weir_convert_operation },
	[WEIR_CALL_GROW_VOLUME] = { .message = &weir_grow_message,
				    .convert = weir_convert_operation },
	[WEIR_CALL_SHRINK_VOLUME] = { .message = &weir_shrink_message,
				      .convert = weir_convert_operation },
	[WEIR_CALL_RELEASE_CONTAINER] = { .message = &weir_named_message },
	[WEIR_CALL_REGISTER_AGENT_SOCKET] = { .message = &weir_register_message,
					      .convert = weir_convert_socket },
	[WEIR_CALL_SET_POLICY] = { .message = &weir_policy_message,
				   .convert = weir_convert_policy },
};

/* The parameters are absent: may they be? */
static int check_absent(enum weir_call_type type, struct weir_error *err)
{
	if (kinds[type].optional)
		return 0;
	return weir_fail(err, -EINVAL, "Expecting '%s' to be present", weir_call_parameters(type));
}

/* What the parameters, once they are in their structs, come to. */
static int convert(const struct weir_parameters *parameters, struct weir_arena *arena,
		   struct weir_call *call, struct weir_error *err)
{
	const struct call_kind *kind = &kinds[call->type];
	const struct weir_conversion c = { weir_call_parameters(call->type), parameters, arena,
					   call };

	if (weir_convert_id(&parameters->id, c.call, arena, &call->id, err) < 0)
		return err->code;
	call->pid = parameters->pid;
	call->signal = parameters->signal ? parameters->signal : SIGKILL;
	call->show_standalone = parameters->show_standalone;
	call->show_nested = parameters->show_nested;
	call->filter = parameters->filter;
	call->level = parameters->level;
	call->duration_ns = parameters->duration_ns;
	call->since = parameters->since;
	call->epoch_us = parameters->epoch_us;
	call->wait_ms = parameters->wait_ms;
	return kind->convert ? kind->convert(&c, err) : 0;
}

static int refuse_type(const char *name, struct weir_error *err)
{
	return weir_fail(err, -ENOSYS, "type: '%.64s' is not a call that is answered here", name);
}

/* ---- JSON -------------------------------------------------------------------- */

static int find_kind(const json_t *tree, enum weir_call_type *ret, struct weir_error *err)
{
	const json_t *type = json_object_get(tree, "type");
	const char *name = json_string_value(type);

	if (!json_is_object(tree))
		return weir_fail(err, -EINVAL, "the body is an array, expected an object");
	if (!type)
		return weir_fail(err, -EINVAL, "Expecting 'type' to be present");
	if (!name)
		return weir_fail(err, -EINVAL, "type: expected a string");
	*ret = weir_call_type_named(name);
	return *ret == WEIR_CALL_COUNT_ ? refuse_type(name, err) : 0;
}

static int decode_json(const char *body, size_t size, struct weir_call_memory *memory,
		       struct weir_call *call, struct weir_error *err)
{
	struct weir_parameters parameters = WEIR_PARAMETERS_INIT;
	const struct weir_message *message;
	struct weir_at at = {};
	const json_t *json;

	if (weir_tree_load(body, size, &memory->tree, err) < 0 ||
	    find_kind(memory->tree, &call->type, err) < 0)
		return err->code;
	message = kinds[call->type].message;
	if (!message)
		return 0;

	at.name = weir_call_parameters(call->type);
	json = json_object_get(memory->tree, at.name);
	if (!json)
		return check_absent(call->type, err);
	if (weir_message_decode(message, json, &at, &memory->arena, &parameters, err) < 0)
		return err->code;
	return convert(&parameters, &memory->arena, call, err);
}

/* ---- Protobuf ---------------------------------------------------------------- */

/* Of a Call: its type, and where its parameters may be. */
struct outline {
	const struct weir_wire wire;
	const ProtobufCMessageDescriptor *descriptor;
};

/* *@ret: what field @name of the call last says. 1; 0: it is not there. */
static int find_item(const struct outline *call, const char *name, struct weir_wire_item *ret,
		     struct weir_error *err)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(call->descriptor, name);
	const char *expected = field->type == PROTOBUF_C_TYPE_ENUM ? "an integer" : "a message";
	struct weir_wire left = call->wire;
	struct weir_wire_item item = {};
	int r, found = 0;

	while ((r = weir_wire_next(&left, &item)) > 0) {
		if (item.number != field->id)
			continue;
		if ((field->type == PROTOBUF_C_TYPE_ENUM) != (item.type == WEIR_WIRE_VARINT))
			return weir_fail(err, -EINVAL, "%s: expected %s, got another type", name,
					 expected);
		*ret = item;
		found = 1;
	}
	return r < 0 ? weir_fail(err, -EINVAL, "Failed to parse body into a protobuf Call") : found;
}

static int find_type(const struct outline *call, enum weir_call_type *ret, struct weir_error *err)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(call->descriptor, "type");
	const ProtobufCEnumValue *value;
	struct weir_wire_item item = {};
	char number[24];
	int r = find_item(call, "type", &item, err);

	if (r < 0)
		return r;
	if (r == 0)
		return weir_fail(err, -EINVAL, "Expecting 'type' to be present");
	value = protobuf_c_enum_descriptor_get_value(field->descriptor, (int)item.value);
	snprintf(number, sizeof(number), "%lld", (long long)item.value);
	*ret = value ? weir_call_type_named(value->name) : WEIR_CALL_COUNT_;
	return *ret == WEIR_CALL_COUNT_ ? refuse_type(value ? value->name : number, err) : 0;
}

static int decode_wire(enum weir_dialect dialect, const struct weir_wire *wire,
		       struct weir_arena *arena, struct weir_call *call, struct weir_error *err)
{
	const struct outline outline = { *wire, weir_call_descriptor(dialect) };
	struct weir_parameters parameters = WEIR_PARAMETERS_INIT;
	const ProtobufCFieldDescriptor *field;
	const struct weir_message *message;
	struct weir_wire_item item = {};
	struct weir_at at = {};
	int r;

	if (find_type(&outline, &call->type, err) < 0)
		return err->code;
	message = kinds[call->type].message;
	if (!message)
		return 0;

	at.name = weir_call_parameters(call->type);
	field = protobuf_c_message_descriptor_get_field_by_name(outline.descriptor, at.name);
	r = find_item(&outline, at.name, &item, err);
	if (r <= 0)
		return r < 0 ? r : check_absent(call->type, err);
	if (weir_message_decode_wire(message, field->descriptor, item.bytes, &at, arena,
				     &parameters, err) < 0)
		return err->code;
	return convert(&parameters, arena, call, err);
}

/* ------------------------------------------------------------------------------ */

static struct weir_call_memory *memory_free(struct weir_call_memory *memory)
{
	json_decref(memory->tree);
	weir_arena_done(&memory->arena);
	free(memory);
	return NULL;
}
WEIR_DEFINE_CLEANUP(struct weir_call_memory, memory_free);

int weir_call_decode(enum weir_media media, enum weir_dialect dialect, const char *body,
		     size_t size, struct weir_call *ret, struct weir_error *err)
{
	const unsigned char *bytes = (const unsigned char *)body;
	const struct weir_wire wire = { bytes, bytes + size };
	scoped(memory_freep) struct weir_call_memory *memory = NULL;
	struct weir_call call = {};
	int r;

	memory = calloc(1, sizeof(*memory));
	if (!memory)
		return weir_fail_memory(err);
	if (media == WEIR_MEDIA_PROTOBUF)
		r = decode_wire(dialect, &wire, &memory->arena, &call, err);
	else
		r = decode_json(body, size, memory, &call, err);
	if (r < 0)
		return r;

	call.dialect = media == WEIR_MEDIA_JSON ? weir_call_dialect(dialect, call.type) : dialect;
	call.memory = take_ptr(memory);
	*ret = call;
	return 0;
}

void weir_call_done(struct weir_call *call)
{
	weir_operation_done(&call->operation);
	if (call->memory)
		call->memory = memory_free(call->memory);
}
