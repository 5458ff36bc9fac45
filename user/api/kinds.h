/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_KINDS_H
#define WEIR_KINDS_H

/*
 * The calls that there are, and what they are called in both families of Mesos' V1 API. Numbers are
 * those of include/weir/v1, by the descriptors that are made of it.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

enum weir_call_type {
	WEIR_CALL_GET_HEALTH,
	WEIR_CALL_GET_VERSION,
	WEIR_CALL_LAUNCH_CONTAINER,
	WEIR_CALL_START_CONTAINER,
	WEIR_CALL_UPDATE_CONTAINER,
	WEIR_CALL_GET_CONTAINERS,
	WEIR_CALL_WAIT_CONTAINER,
	WEIR_CALL_KILL_CONTAINER,
	WEIR_CALL_REMOVE_CONTAINER,
	WEIR_CALL_GET_EVENTS,
	WEIR_CALL_EXPLAIN_CONTAINER,
	WEIR_CALL_PAUSE_CONTAINER,
	WEIR_CALL_RESUME_CONTAINER,
	WEIR_CALL_JOIN_CONTAINER,
	WEIR_CALL_ADOPT_CONTAINER,
	WEIR_CALL_RELEASE_CONTAINER,
	WEIR_CALL_SET_POLICY,
	WEIR_CALL_REGISTER_AGENT_SOCKET,
	WEIR_CALL_RELOAD,
	WEIR_CALL_RESET_KNOBS,
	WEIR_CALL_GET_STATE,
	WEIR_CALL_GET_TASKS,
	WEIR_CALL_GET_EXECUTORS,
	WEIR_CALL_GET_FRAMEWORKS,
	WEIR_CALL_GET_AGENT,
	WEIR_CALL_GET_AGENTS,
	WEIR_CALL_GET_ROLES,
	WEIR_CALL_GET_OPERATIONS,
	WEIR_CALL_GET_FLAGS,
	WEIR_CALL_GET_METRICS,
	WEIR_CALL_GET_LOGGING_LEVEL,
	WEIR_CALL_SET_LOGGING_LEVEL,
	WEIR_CALL_SUBSCRIBE,
	WEIR_CALL_GET_RESERVATIONS,
	WEIR_CALL_RESERVE_RESOURCES,
	WEIR_CALL_UNRESERVE_RESOURCES,
	WEIR_CALL_CREATE_VOLUMES,
	WEIR_CALL_DESTROY_VOLUMES,
	WEIR_CALL_GROW_VOLUME,
	WEIR_CALL_SHRINK_VOLUME,
	WEIR_CALL_COUNT_,
	WEIR_CALL_SCRAPE, /* GET /metrics: no call by name, but read like one */
};

/* Whose Call and Response: they say some things by other numbers, and of some another part. */
enum weir_dialect {
	WEIR_DIALECT_AGENT, /* on /api/v1 */
	WEIR_DIALECT_MASTER, /* on /master/api/v1 */
	WEIR_DIALECT_COUNT_,
};

/* "GET_HEALTH", and what its parameters, and its answer's, are called: "get_health". */
const char *weir_call_name(enum weir_call_type type);
const char *weir_call_parameters(enum weir_call_type type);

/* WEIR_CALL_COUNT_: it is none of ours. */
enum weir_call_type weir_call_type_named(const char *name);

/*
 * Whose call it is that came to @asked: its own, if it has it, else the other's. By name that goes, in JSON; by
 * number a call is what @asked says.
 */
enum weir_dialect weir_call_dialect(enum weir_dialect asked, enum weir_call_type type);

const ProtobufCMessageDescriptor *weir_call_descriptor(enum weir_dialect dialect);

/* The numbers of an answer's type, and of what it answers. 0: in this dialect it has none. */
uint32_t weir_response_type(enum weir_dialect dialect, enum weir_call_type type);
uint32_t weir_response_field(enum weir_dialect dialect, enum weir_call_type type);

#endif /* WEIR_KINDS_H */
