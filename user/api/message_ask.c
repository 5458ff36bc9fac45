/* SPDX-License-Identifier: Apache-2.0 */
/* What is said by calls that ask for something, or that only name a container. */
#include "api/message.h"

#include <stddef.h>

#include "base/cleanup.h"

#define MAX_WAIT_MS 60000

static const struct weir_field filter_fields[] = {
	{ "container_id", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, id),
	  .message = &weir_id_message },
	{ "role", WEIR_FIELD_STRING, .offset = offsetof(struct weir_parameters, filter.role) },
	{ "id_prefix", WEIR_FIELD_STRING,
	  .offset = offsetof(struct weir_parameters, filter.id_prefix) },
	{ "over_request", WEIR_FIELD_BOOL,
	  .offset = offsetof(struct weir_parameters, filter.over_request) },
};
static const struct weir_message filter_message = {
	.fields = filter_fields,
	.n = ARRAY_SIZE(filter_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field get_fields[] = {
	{ "show_standalone", WEIR_FIELD_BOOL,
	  .offset = offsetof(struct weir_parameters, show_standalone) },
	{ "show_nested", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_parameters, show_nested) },
	{ "weir", WEIR_FIELD_MESSAGE, .message = &filter_message },
};
const struct weir_message weir_get_message = {
	.fields = get_fields,
	.n = ARRAY_SIZE(get_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field events_fields[] = {
	{ "since", WEIR_FIELD_U64, .offset = offsetof(struct weir_parameters, since),
	  .max = INT64_MAX },
	{ "epoch_us", WEIR_FIELD_U64, .offset = offsetof(struct weir_parameters, epoch_us),
	  .max = INT64_MAX },
	{ "container_id", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, id),
	  .message = &weir_id_message },
	{ "wait_ms", WEIR_FIELD_U64, .offset = offsetof(struct weir_parameters, wait_ms),
	  .max = MAX_WAIT_MS },
};
const struct weir_message weir_events_message = {
	.fields = events_fields,
	.n = ARRAY_SIZE(events_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field subscribe_fields[] = {
	{ "since", WEIR_FIELD_U64, .offset = offsetof(struct weir_parameters, since),
	  .max = INT64_MAX },
	{ "epoch_us", WEIR_FIELD_U64, .offset = offsetof(struct weir_parameters, epoch_us),
	  .max = INT64_MAX },
};
const struct weir_message weir_subscribe_message = {
	.fields = subscribe_fields,
	.n = ARRAY_SIZE(subscribe_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field kill_fields[] = {
	WEIR_CONTAINER_ID,
	{ "signal", WEIR_FIELD_INT, .offset = offsetof(struct weir_parameters, signal) },
};
const struct weir_message weir_kill_message = {
	.fields = kill_fields,
	.n = ARRAY_SIZE(kill_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field named_fields[] = { WEIR_CONTAINER_ID };
const struct weir_message weir_named_message = {
	.fields = named_fields,
	.n = ARRAY_SIZE(named_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field duration_fields[] = {
	{ "nanoseconds", WEIR_FIELD_U64, .required = true, .max = INT64_MAX },
};
static const struct weir_message duration_message = {
	.fields = duration_fields,
	.n = ARRAY_SIZE(duration_fields),
	.size = sizeof(uint64_t),
};

static const struct weir_field logging_fields[] = {
	{ "level", WEIR_FIELD_U64, .offset = offsetof(struct weir_parameters, level),
	  .required = true, .max = UINT32_MAX },
	{ "duration", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, duration_ns),
	  .required = true, .message = &duration_message },
};
const struct weir_message weir_logging_message = {
	.fields = logging_fields,
	.n = ARRAY_SIZE(logging_fields),
	.size = sizeof(struct weir_parameters),
};
