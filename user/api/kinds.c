/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kinds.h"

#include <string.h>

#include "base/cleanup.h"
#include "weir/v1/agent.pb-c.h"
#include "weir/v1/master.pb-c.h"

static const struct {
	const char *name, *parameters;
} kinds[] = {
	[WEIR_CALL_GET_HEALTH] = { "GET_HEALTH", "get_health" },
	[WEIR_CALL_GET_VERSION] = { "GET_VERSION", "get_version" },
	[WEIR_CALL_LAUNCH_CONTAINER] = { "LAUNCH_CONTAINER", "launch_container" },
	[WEIR_CALL_START_CONTAINER] = { "START_CONTAINER", "start_container" },
	[WEIR_CALL_UPDATE_CONTAINER] = { "UPDATE_CONTAINER", "update_container" },
	[WEIR_CALL_GET_CONTAINERS] = { "GET_CONTAINERS", "get_containers" },
	[WEIR_CALL_WAIT_CONTAINER] = { "WAIT_CONTAINER", "wait_container" },
	[WEIR_CALL_KILL_CONTAINER] = { "KILL_CONTAINER", "kill_container" },
	[WEIR_CALL_REMOVE_CONTAINER] = { "REMOVE_CONTAINER", "remove_container" },
	[WEIR_CALL_GET_EVENTS] = { "GET_EVENTS", "get_events" },
	[WEIR_CALL_EXPLAIN_CONTAINER] = { "EXPLAIN_CONTAINER", "explain_container" },
	[WEIR_CALL_PAUSE_CONTAINER] = { "PAUSE_CONTAINER", "pause_container" },
	[WEIR_CALL_RESUME_CONTAINER] = { "RESUME_CONTAINER", "resume_container" },
	[WEIR_CALL_JOIN_CONTAINER] = { "JOIN_CONTAINER", "join_container" },
	[WEIR_CALL_ADOPT_CONTAINER] = { "ADOPT_CONTAINER", "adopt_container" },
	[WEIR_CALL_RELEASE_CONTAINER] = { "RELEASE_CONTAINER", "release_container" },
	[WEIR_CALL_SET_POLICY] = { "SET_POLICY", "set_policy" },
	[WEIR_CALL_REGISTER_AGENT_SOCKET] = { "REGISTER_AGENT_SOCKET", "register_agent_socket" },
	[WEIR_CALL_RELOAD] = { "RELOAD", "reload" },
	[WEIR_CALL_RESET_KNOBS] = { "RESET_KNOBS", "reset_knobs" },
	[WEIR_CALL_GET_STATE] = { "GET_STATE", "get_state" },
	[WEIR_CALL_GET_TASKS] = { "GET_TASKS", "get_tasks" },
	[WEIR_CALL_GET_EXECUTORS] = { "GET_EXECUTORS", "get_executors" },
	[WEIR_CALL_GET_FRAMEWORKS] = { "GET_FRAMEWORKS", "get_frameworks" },
	[WEIR_CALL_GET_AGENT] = { "GET_AGENT", "get_agent" },
	[WEIR_CALL_GET_AGENTS] = { "GET_AGENTS", "get_agents" },
	[WEIR_CALL_GET_ROLES] = { "GET_ROLES", "get_roles" },
	[WEIR_CALL_GET_OPERATIONS] = { "GET_OPERATIONS", "get_operations" },
	[WEIR_CALL_GET_FLAGS] = { "GET_FLAGS", "get_flags" },
	[WEIR_CALL_GET_METRICS] = { "GET_METRICS", "get_metrics" },
	[WEIR_CALL_GET_LOGGING_LEVEL] = { "GET_LOGGING_LEVEL", "get_logging_level" },
	[WEIR_CALL_SUBSCRIBE] = { "SUBSCRIBE", "subscribe" },
	[WEIR_CALL_GET_RESERVATIONS] = { "GET_RESERVATIONS", "get_reservations" },
	[WEIR_CALL_RESERVE_RESOURCES] = { "RESERVE_RESOURCES", "reserve_resources" },
	[WEIR_CALL_UNRESERVE_RESOURCES] = { "UNRESERVE_RESOURCES", "unreserve_resources" },
	[WEIR_CALL_CREATE_VOLUMES] = { "CREATE_VOLUMES", "create_volumes" },
	[WEIR_CALL_DESTROY_VOLUMES] = { "DESTROY_VOLUMES", "destroy_volumes" },
	[WEIR_CALL_GROW_VOLUME] = { "GROW_VOLUME", "grow_volume" },
	[WEIR_CALL_SHRINK_VOLUME] = { "SHRINK_VOLUME", "shrink_volume" },
	[WEIR_CALL_SET_LOGGING_LEVEL] = { "SET_LOGGING_LEVEL", "set_logging_level" },
};

static const struct {
	const ProtobufCMessageDescriptor *call, *response;
	const ProtobufCEnumDescriptor *call_type, *response_type;
} dialects[] = {
	[WEIR_DIALECT_AGENT] = { &weir__v1__agent__call__descriptor,
				 &weir__v1__agent__response__descriptor,
				 &weir__v1__agent__call__type__descriptor,
				 &weir__v1__agent__response__type__descriptor },
	[WEIR_DIALECT_MASTER] = { &weir__v1__master__call__descriptor,
				  &weir__v1__master__response__descriptor,
				  &weir__v1__master__call__type__descriptor,
				  &weir__v1__master__response__type__descriptor },
};

const char *weir_call_name(enum weir_call_type type)
{
	return kinds[type].name;
}

const char *weir_call_parameters(enum weir_call_type type)
{
	return kinds[type].parameters;
}

enum weir_call_type weir_call_type_named(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(kinds) && strcmp(kinds[i].name, name) != 0)
		i++;
	return (enum weir_call_type)i;
}

enum weir_dialect weir_call_dialect(enum weir_dialect asked, enum weir_call_type type)
{
	if (protobuf_c_enum_descriptor_get_value_by_name(dialects[asked].call_type,
							 kinds[type].name))
		return asked;
	return asked == WEIR_DIALECT_AGENT ? WEIR_DIALECT_MASTER : WEIR_DIALECT_AGENT;
}

const ProtobufCMessageDescriptor *weir_call_descriptor(enum weir_dialect dialect)
{
	return dialects[dialect].call;
}

uint32_t weir_response_type(enum weir_dialect dialect, enum weir_call_type type)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(
		dialects[dialect].response_type, kinds[type].name);

	return value ? (uint32_t)value->value : 0;
}

uint32_t weir_response_field(enum weir_dialect dialect, enum weir_call_type type)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
		dialects[dialect].response, kinds[type].parameters);

	return field ? field->id : 0;
}
