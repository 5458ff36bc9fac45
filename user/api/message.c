/* SPDX-License-Identifier: Apache-2.0 */
#include "api/message.h"

#include <sys/resource.h>

#include "model/container.h"
#include "model/mounts.h"

#define MAX_RESOURCES	 16
#define MAX_STRINGS	 65536 /* arguments, variables: more than exec(2) takes */
#define MAX_CAPABILITIES 64
#define MAX_GROUPS	 1024

static const char too_deep[] = "there are two levels, executors and their tasks";
static const char one_set[] =
	"what is kept is also all that can be had: say effective_capabilities";
static const char not_plain[] = "only plain, unreserved resources are taken";

static const struct weir_field parent_fields[] = {
	{ "value", WEIR_FIELD_STRING, .required = true },
	{ "parent", WEIR_FIELD_REFUSED, .refusal = too_deep },
};
static const struct weir_message parent_message = {
	.fields = parent_fields,
	.n = ARRAY_SIZE(parent_fields),
	.size = sizeof(const char *),
};

static const struct weir_field id_fields[] = {
	{ "value", WEIR_FIELD_STRING, .offset = offsetof(struct weir_named, value),
	  .required = true },
	{ "parent", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_named, parent),
	  .message = &parent_message },
};
const struct weir_message weir_id_message = {
	.fields = id_fields,
	.n = ARRAY_SIZE(id_fields),
	.size = sizeof(struct weir_named),
};

static const struct weir_field scalar_fields[] = {
	{ "value", WEIR_FIELD_SCALAR, .required = true },
};
const struct weir_message weir_scalar_message = {
	.fields = scalar_fields,
	.n = ARRAY_SIZE(scalar_fields),
	.size = sizeof(struct weir_scalar),
};

static const struct weir_field resource_fields[] = {
	{ "name", WEIR_FIELD_STRING, .offset = offsetof(struct weir_resource, name),
	  .required = true },
	{ "type", WEIR_FIELD_STRING, .offset = offsetof(struct weir_resource, type) },
	{ "role", WEIR_FIELD_STRING, .offset = offsetof(struct weir_resource, role) },
	{ "scalar", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_resource, amount),
	  .required = true, .message = &weir_scalar_message },
	{ "reservations", WEIR_FIELD_REFUSED, .refusal = not_plain },
	{ "revocable", WEIR_FIELD_REFUSED, .refusal = not_plain },
	{ "disk", WEIR_FIELD_REFUSED, .refusal = not_plain },
};
static const struct weir_message resource_message = {
	.fields = resource_fields,
	.n = ARRAY_SIZE(resource_fields),
	.size = sizeof(struct weir_resource),
};

static const struct weir_field limits_fields[] = {
	{ "cpus", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_limits, cpus),
	  .message = &weir_scalar_message },
	{ "mem", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_limits, mem),
	  .message = &weir_scalar_message },
};
static const struct weir_message limits_message = {
	.fields = limits_fields,
	.n = ARRAY_SIZE(limits_fields),
	.size = sizeof(struct weir_limits),
	.is_map = true,
};

static const struct weir_field variable_fields[] = {
	{ "name", WEIR_FIELD_STRING, .offset = offsetof(struct weir_variable, name),
	  .required = true },
	{ "type", WEIR_FIELD_STRING, .offset = offsetof(struct weir_variable, type) },
	{ "value", WEIR_FIELD_STRING, .offset = offsetof(struct weir_variable, value),
	  .required = true },
};
static const struct weir_message variable_message = {
	.fields = variable_fields,
	.n = ARRAY_SIZE(variable_fields),
	.size = sizeof(struct weir_variable),
};

static const struct weir_field environment_fields[] = {
	{ "variables", WEIR_FIELD_ITEMS, .max = MAX_STRINGS, .message = &variable_message },
};
static const struct weir_message environment_message = {
	.fields = environment_fields,
	.n = ARRAY_SIZE(environment_fields),
	.size = sizeof(struct weir_items),
};

static const struct weir_field command_fields[] = {
	{ "shell", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_command, shell) },
	{ "value", WEIR_FIELD_STRING, .offset = offsetof(struct weir_command, value),
	  .required = true },
	{ "arguments", WEIR_FIELD_STRINGS, .offset = offsetof(struct weir_command, arguments),
	  .max = MAX_STRINGS },
	{ "user", WEIR_FIELD_STRING, .offset = offsetof(struct weir_command, user) },
	{ "environment", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_command, variables),
	  .message = &environment_message },
};
static const struct weir_command command_defaults = { .shell = true };
static const struct weir_message command_message = {
	.fields = command_fields,
	.n = ARRAY_SIZE(command_fields),
	.size = sizeof(struct weir_command),
	.defaults = &command_defaults,
};

static const struct weir_field label_fields[] = {
	{ "key", WEIR_FIELD_STRING, .offset = offsetof(struct weir_label, key), .required = true },
	{ "value", WEIR_FIELD_STRING, .offset = offsetof(struct weir_label, value) },
};
static const struct weir_label label_defaults = { .value = "" };
const struct weir_message weir_label_message = {
	.fields = label_fields,
	.n = ARRAY_SIZE(label_fields),
	.size = sizeof(struct weir_label),
	.defaults = &label_defaults,
};

#define SWAP                                                                              \
	{ "swap", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_launch_extra, swap), \
	  .message = &weir_scalar_message }
#define CPU_BURST                                                  \
	{ "cpu_burst", WEIR_FIELD_MESSAGE,                         \
	  .offset = offsetof(struct weir_launch_extra, cpu_burst), \
	  .message = &weir_scalar_message }
#define PIDS                                                                              \
	{ "pids", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_launch_extra, pids), \
	  .message = &weir_scalar_message }

#define NET                                                                             \
	{ "net", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_launch_extra, net), \
	  .message = &weir_net_message }

static const struct weir_field launch_extra_fields[] = {
	{ "working_directory", WEIR_FIELD_STRING,
	  .offset = offsetof(struct weir_launch_extra, workdir) },
	{ "role", WEIR_FIELD_STRING, .offset = offsetof(struct weir_launch_extra, role) },
	{ "foreground", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_launch_extra, foreground) },
	{ "keep", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_launch_extra, keep) },
	{ "exempt", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_launch_extra, exempt) },
	{ "executor", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_launch_extra, executor) },
	{ "autoremove", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_launch_extra, autoremove) },
	{ "delegate", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_launch_extra, delegate) },
	{ "allow_new_privileges", WEIR_FIELD_BOOL,
	  .offset = offsetof(struct weir_launch_extra, new_privileges) },
	{ "supplementary_groups", WEIR_FIELD_STRINGS,
	  .offset = offsetof(struct weir_launch_extra, supplementary_groups), .max = MAX_GROUPS },
	{ "rlimits", WEIR_FIELD_STRINGS, .offset = offsetof(struct weir_launch_extra, rlimits),
	  .max = RLIM_NLIMITS },
	{ "volumes", WEIR_FIELD_STRINGS, .offset = offsetof(struct weir_launch_extra, volumes),
	  .max = WEIR_MOUNTS_MAX },
	{ "capabilities", WEIR_FIELD_STRING,
	  .offset = offsetof(struct weir_launch_extra, capabilities) },
	{ "cpus_set", WEIR_FIELD_STRING, .offset = offsetof(struct weir_launch_extra, cpus_set) },
	NET,
	SWAP,
	CPU_BURST,
	PIDS,
	{ "labels", WEIR_FIELD_ITEMS, .offset = offsetof(struct weir_launch_extra, labels),
	  .max = WEIR_MAX_LABELS, .message = &weir_label_message },
};
static const struct weir_message launch_extra_message = {
	.fields = launch_extra_fields,
	.n = ARRAY_SIZE(launch_extra_fields),
	.size = sizeof(struct weir_launch_extra),
};

static const struct weir_field capability_fields[] = {
	{ "capabilities", WEIR_FIELD_STRINGS,
	  .offset = offsetof(struct weir_container_info, capabilities), .required = true,
	  .max = MAX_CAPABILITIES },
};
static const struct weir_message capability_message = {
	.fields = capability_fields,
	.n = ARRAY_SIZE(capability_fields),
	.size = sizeof(struct weir_container_info),
};

static const struct weir_field linux_info_fields[] = {
	{ "share_cgroups", WEIR_FIELD_CHOICE,
	  .offset = offsetof(struct weir_container_info, share_cgroups) },
	{ "effective_capabilities", WEIR_FIELD_MESSAGE, .message = &capability_message },
	{ "bounding_capabilities", WEIR_FIELD_REFUSED, .refusal = one_set },
	{ "capability_info", WEIR_FIELD_REFUSED, .refusal = one_set },
};
static const struct weir_message linux_info_message = {
	.fields = linux_info_fields,
	.n = ARRAY_SIZE(linux_info_fields),
	.size = sizeof(struct weir_container_info),
};

static const struct weir_field rlimit_fields[] = {
	{ "type", WEIR_FIELD_STRING, .offset = offsetof(struct weir_rlimit_info, type),
	  .required = true },
	{ "soft", WEIR_FIELD_U64, .offset = offsetof(struct weir_rlimit_info, soft),
	  .max = INT64_MAX },
	{ "hard", WEIR_FIELD_U64, .offset = offsetof(struct weir_rlimit_info, hard),
	  .max = INT64_MAX },
};
static const struct weir_rlimit_info rlimit_defaults = { .soft = UINT64_MAX, .hard = UINT64_MAX };
static const struct weir_message rlimit_message = {
	.fields = rlimit_fields,
	.n = ARRAY_SIZE(rlimit_fields),
	.size = sizeof(struct weir_rlimit_info),
	.defaults = &rlimit_defaults,
};

static const struct weir_field rlimit_info_fields[] = {
	{ "rlimits", WEIR_FIELD_ITEMS, .offset = offsetof(struct weir_container_info, rlimits),
	  .max = RLIM_NLIMITS, .message = &rlimit_message },
};
static const struct weir_message rlimit_info_message = {
	.fields = rlimit_info_fields,
	.n = ARRAY_SIZE(rlimit_info_fields),
	.size = sizeof(struct weir_container_info),
};

static const struct weir_field container_info_fields[] = {
	{ "type", WEIR_FIELD_STRING, .offset = offsetof(struct weir_container_info, type) },
	{ "linux_info", WEIR_FIELD_MESSAGE, .message = &linux_info_message },
	{ "rlimit_info", WEIR_FIELD_MESSAGE, .message = &rlimit_info_message },
};
static const struct weir_message container_info_message = {
	.fields = container_info_fields,
	.n = ARRAY_SIZE(container_info_fields),
	.size = sizeof(struct weir_container_info),
};

/* ---- Parameters ---------------------------------------------------------------- */

#define RESOURCES                                                                               \
	{ "resources", WEIR_FIELD_ITEMS, .offset = offsetof(struct weir_parameters, resources), \
	  .max = MAX_RESOURCES, .message = &resource_message }
#define LIMITS                                                                              \
	{ "limits", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, limits), \
	  .message = &limits_message }

static const struct weir_field launch_fields[] = {
	WEIR_CONTAINER_ID,
	RESOURCES,
	LIMITS,
	{ "command", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, command),
	  .required = true, .message = &command_message },
	{ "container", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, container),
	  .message = &container_info_message },
	{ "weir", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, extra),
	  .message = &launch_extra_message },
};
const struct weir_message weir_launch_message = {
	.fields = launch_fields,
	.n = ARRAY_SIZE(launch_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field start_fields[] = {
	WEIR_CONTAINER_ID,
	{ "pid", WEIR_FIELD_INT, .offset = offsetof(struct weir_parameters, pid),
	  .required = true },
};
const struct weir_message weir_start_message = {
	.fields = start_fields,
	.n = ARRAY_SIZE(start_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field join_fields[] = {
	WEIR_CONTAINER_ID,
	{ "pid", WEIR_FIELD_INT, .offset = offsetof(struct weir_parameters, pid) },
};
const struct weir_message weir_join_message = {
	.fields = join_fields,
	.n = ARRAY_SIZE(join_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field adopt_extra_fields[] = { NET, SWAP, CPU_BURST, PIDS };
static const struct weir_message adopt_extra_message = {
	.fields = adopt_extra_fields,
	.n = ARRAY_SIZE(adopt_extra_fields),
	.size = sizeof(struct weir_launch_extra),
};

static const struct weir_field update_extra_fields[] = { SWAP, CPU_BURST, PIDS };
static const struct weir_message update_extra_message = {
	.fields = update_extra_fields,
	.n = ARRAY_SIZE(update_extra_fields),
	.size = sizeof(struct weir_launch_extra),
};

static const struct weir_field adopt_fields[] = {
	WEIR_CONTAINER_ID,
	RESOURCES,
	LIMITS,
	{ "pid", WEIR_FIELD_INT, .offset = offsetof(struct weir_parameters, pid) },
	{ "cgroup", WEIR_FIELD_STRING, .offset = offsetof(struct weir_parameters, cgroup) },
	{ "weir", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, extra),
	  .message = &adopt_extra_message },
	{ "role", WEIR_FIELD_STRING, .offset = offsetof(struct weir_parameters, role) },
	{ "enforce", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_parameters, enforce) },
};
const struct weir_message weir_adopt_message = {
	.fields = adopt_fields,
	.n = ARRAY_SIZE(adopt_fields),
	.size = sizeof(struct weir_parameters),
};

static const struct weir_field update_fields[] = {
	WEIR_CONTAINER_ID,
	RESOURCES,
	LIMITS,
	{ "weir", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, extra),
	  .message = &update_extra_message },
};
const struct weir_message weir_update_message = {
	.fields = update_fields,
	.n = ARRAY_SIZE(update_fields),
	.size = sizeof(struct weir_parameters),
};
