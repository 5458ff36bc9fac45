/* SPDX-License-Identifier: Apache-2.0 */
/* What calls about reservations and volumes say: Mesos' Resource with its reservations and its disk. */
#include "api/message.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "model/stack.h"

#define MAX_RESOURCES 1024

static const char not_revocable[] = "revocable resources can't be reserved";
static const char not_shared[] = "a volume is for one container at a time";
static const char not_allocated[] = "what is reserved by an operator is allocated to nobody";

#define LEVEL(field) offsetof(struct weir_level_info, field)

static const struct weir_field labels_fields[] = {
	{ "labels", WEIR_FIELD_ITEMS, .max = WEIR_MAX_LABELS, .message = &weir_label_message },
};
static const struct weir_message labels_message = {
	.fields = labels_fields,
	.n = ARRAY_SIZE(labels_fields),
	.size = sizeof(struct weir_items),
};

static const struct weir_field level_fields[] = {
	{ "type", WEIR_FIELD_STRING, .offset = LEVEL(type), .required = true },
	{ "role", WEIR_FIELD_STRING, .offset = LEVEL(role), .required = true },
	{ "principal", WEIR_FIELD_STRING, .offset = LEVEL(principal) },
	{ "labels", WEIR_FIELD_MESSAGE, .offset = LEVEL(labels), .message = &labels_message },
};
static const struct weir_message level_message = {
	.fields = level_fields,
	.n = ARRAY_SIZE(level_fields),
	.size = sizeof(struct weir_level_info),
};

#define DISK(field) offsetof(struct weir_disk_info, field)

static const struct weir_field persistence_fields[] = {
	{ "id", WEIR_FIELD_STRING, .offset = DISK(persistence.id), .required = true },
	{ "principal", WEIR_FIELD_STRING, .offset = DISK(persistence.principal) },
};
static const struct weir_message persistence_message = {
	.fields = persistence_fields,
	.n = ARRAY_SIZE(persistence_fields),
	.size = sizeof(struct weir_disk_info),
};

static const struct weir_field volume_fields[] = {
	{ "container_path", WEIR_FIELD_STRING, .offset = DISK(volume.container_path),
	  .required = true },
	{ "host_path", WEIR_FIELD_STRING, .offset = DISK(volume.host_path) },
	{ "mode", WEIR_FIELD_STRING, .offset = DISK(volume.mode) },
};
static const struct weir_message volume_message = {
	.fields = volume_fields,
	.n = ARRAY_SIZE(volume_fields),
	.size = sizeof(struct weir_disk_info),
};

static const struct weir_field path_fields[] = {
	{ "root", WEIR_FIELD_STRING, .offset = DISK(source.path) },
};
static const struct weir_message path_message = {
	.fields = path_fields,
	.n = ARRAY_SIZE(path_fields),
	.size = sizeof(struct weir_disk_info),
};

static const struct weir_field mount_fields[] = {
	{ "root", WEIR_FIELD_STRING, .offset = DISK(source.mount) },
};
static const struct weir_message mount_message = {
	.fields = mount_fields,
	.n = ARRAY_SIZE(mount_fields),
	.size = sizeof(struct weir_disk_info),
};

static const struct weir_field source_fields[] = {
	{ "type", WEIR_FIELD_STRING, .offset = DISK(source.type), .required = true },
	{ "path", WEIR_FIELD_MESSAGE, .message = &path_message },
	{ "mount", WEIR_FIELD_MESSAGE, .message = &mount_message },
};
static const struct weir_message source_message = {
	.fields = source_fields,
	.n = ARRAY_SIZE(source_fields),
	.size = sizeof(struct weir_disk_info),
};

static const struct weir_field disk_fields[] = {
	{ "persistence", WEIR_FIELD_MESSAGE, .message = &persistence_message },
	{ "volume", WEIR_FIELD_MESSAGE, .message = &volume_message },
	{ "source", WEIR_FIELD_MESSAGE, .message = &source_message },
};
static const struct weir_message disk_message = {
	.fields = disk_fields,
	.n = ARRAY_SIZE(disk_fields),
	.size = sizeof(struct weir_disk_info),
};

#define HELD(field) offsetof(struct weir_held_resource, field)

static const struct weir_field held_fields[] = {
	{ "name", WEIR_FIELD_STRING, .offset = HELD(name), .required = true },
	{ "type", WEIR_FIELD_STRING, .offset = HELD(type) },
	{ "role", WEIR_FIELD_STRING, .offset = HELD(role) },
	{ "scalar", WEIR_FIELD_MESSAGE, .offset = HELD(amount), .required = true,
	  .message = &weir_scalar_message },
	{ "reservations", WEIR_FIELD_ITEMS, .offset = HELD(reservations), .max = WEIR_STACK_MAX,
	  .message = &level_message },
	{ "disk", WEIR_FIELD_MESSAGE, .offset = HELD(disk), .message = &disk_message },
	{ "revocable", WEIR_FIELD_REFUSED, .refusal = not_revocable },
	{ "shared", WEIR_FIELD_REFUSED, .refusal = not_shared },
	{ "allocation_info", WEIR_FIELD_REFUSED, .refusal = not_allocated },
};
static const struct weir_message held_message = {
	.fields = held_fields,
	.n = ARRAY_SIZE(held_fields),
	.size = sizeof(struct weir_held_resource),
};

#define OPERATE(field) offsetof(struct weir_parameters, operate.field)

static const struct weir_field agent_fields[] = {
	{ "value", WEIR_FIELD_STRING, .required = true },
};
static const struct weir_message agent_message = {
	.fields = agent_fields,
	.n = ARRAY_SIZE(agent_fields),
	.size = sizeof(const char *),
};

static const struct weir_field options_fields[] = {
	{ "dry_run", WEIR_FIELD_BOOL, .offset = OPERATE(options.dry_run) },
	{ "yield", WEIR_FIELD_BOOL, .offset = OPERATE(options.yield) },
	{ "version", WEIR_FIELD_U64, .offset = OPERATE(options.version), .max = INT64_MAX },
};
static const struct weir_message options_message = {
	.fields = options_fields,
	.n = ARRAY_SIZE(options_fields),
	.size = sizeof(struct weir_parameters),
};

#define AGENT_ID \
	{ "agent_id", WEIR_FIELD_MESSAGE, .offset = OPERATE(agent_id), .message = &agent_message }
#define OPTIONS { "weir", WEIR_FIELD_MESSAGE, .message = &options_message }
#define HELD_LIST(name, field)                                                    \
	{ name, WEIR_FIELD_ITEMS, .offset = OPERATE(field), .max = MAX_RESOURCES, \
	  .message = &held_message }

static const struct weir_field reserve_fields[] = {
	AGENT_ID,
	OPTIONS,
	HELD_LIST("source", source),
	HELD_LIST("resources", resources),
};
const struct weir_message weir_reserve_message = {
	.fields = reserve_fields,
	.n = ARRAY_SIZE(reserve_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field unreserve_fields[] = {
	AGENT_ID,
	OPTIONS,
	HELD_LIST("resources", resources),
};
const struct weir_message weir_unreserve_message = {
	.fields = unreserve_fields,
	.n = ARRAY_SIZE(unreserve_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field volumes_fields[] = {
	AGENT_ID,
	OPTIONS,
	HELD_LIST("volumes", resources),
};
const struct weir_message weir_volumes_message = {
	.fields = volumes_fields,
	.n = ARRAY_SIZE(volumes_fields),
	.size = sizeof(struct weir_parameters),
};

#define VOLUME                                                                       \
	{ "volume", WEIR_FIELD_MESSAGE, .offset = OPERATE(volume), .required = true, \
	  .message = &held_message }

static const struct weir_field grow_fields[] = {
	AGENT_ID,
	OPTIONS,
	VOLUME,
	{ "addition", WEIR_FIELD_MESSAGE, .offset = OPERATE(addition), .required = true,
	  .message = &held_message },
};
const struct weir_message weir_grow_message = {
	.fields = grow_fields,
	.n = ARRAY_SIZE(grow_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field shrink_fields[] = {
	AGENT_ID,
	OPTIONS,
	VOLUME,
	{ "subtract", WEIR_FIELD_MESSAGE, .offset = OPERATE(subtract), .required = true,
	  .message = &weir_scalar_message },
};
const struct weir_message weir_shrink_message = {
	.fields = shrink_fields,
	.n = ARRAY_SIZE(shrink_fields),
	.size = sizeof(struct weir_parameters),
};
