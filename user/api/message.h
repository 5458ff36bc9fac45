/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MESSAGE_H
#define WEIR_MESSAGE_H

/*
 * The shapes of the calls' parameters, in Mesos' names; docs/api.md shows them. Tables only.
 */

#include <stdint.h>

#include "api/decode.h"
#include "api/field.h"

struct weir_resource {
	const char *name, *type, *role;
	struct weir_scalar amount;
};

struct weir_limits {
	struct weir_scalar cpus, mem;
};

struct weir_variable {
	const char *name, *type, *value;
};

struct weir_command {
	bool shell;
	const char *value, *user;
	struct weir_strings arguments;
	struct weir_items variables; /* of struct weir_variable */
};

struct weir_named { /* a ContainerID: a task's has its executor's as parent; NULL: it was not given */
	const char *value, *parent;
};

struct weir_rlimit_info { /* UINT64_MAX: it was not given */
	const char *type;
	uint64_t soft, hard;
};

struct weir_container_info { /* Mesos' ContainerInfo */
	const char *type; /* NULL: it was not given */
	enum weir_choice share_cgroups; /* linux_info.share_cgroups */
	struct weir_strings capabilities; /* linux_info.effective_capabilities.capabilities */
	struct weir_items rlimits; /* rlimit_info.rlimits, of struct weir_rlimit_info */
};

struct weir_net_info { /* NULL: it was not given */
	const char *policy, *verdict;
	bool degraded;
	struct weir_strings rules, sockets;
};

struct weir_launch_extra { /* what stands under "weir" */
	const char *workdir, *role, *cpus_set, *capabilities;
	bool foreground, keep, exempt, executor, autoremove, delegate, new_privileges;
	struct weir_scalar swap, cpu_burst, pids;
	struct weir_strings supplementary_groups, rlimits, volumes;
	struct weir_items labels; /* of struct weir_label */
	struct weir_net_info net;
};

struct weir_level_info { /* one of a stack of reservations */
	const char *type, *role, *principal;
	struct weir_items labels; /* of struct weir_label */
};

struct weir_held_resource { /* a Resource that may be reserved, and a volume */
	const char *name, *type, *role;
	struct weir_scalar amount;
	struct weir_items reservations; /* of struct weir_level_info */
	struct weir_disk_info {
		struct {
			const char *id, *principal; /* NULL: it is no volume */
		} persistence;
		struct {
			const char *container_path, *host_path, *mode;
		} volume;
		struct {
			const char *type, *path, *mount; /* the roots */
		} source;
	} disk;
};

struct weir_operate_info { /* of all calls about reservations and volumes */
	const char *agent_id;
	struct weir_items source, resources; /* of struct weir_held_resource */
	struct weir_held_resource volume, addition; /* GROW, SHRINK */
	struct weir_scalar subtract;
	struct {
		bool dry_run, yield;
		uint64_t version; /* UINT64_MAX: it was not given */
	} options;
};

/* The parameters of any call; each has some of them. */
struct weir_parameters {
	struct weir_named id;
	struct weir_container_info container;
	struct weir_items resources; /* of struct weir_resource */
	struct weir_limits limits;
	struct weir_command command;
	struct weir_launch_extra extra;
	const char *role, *cgroup;
	bool enforce;
	int pid, signal; /* 0: not said */
	bool show_standalone, show_nested;
	struct weir_filter filter;
	uint64_t level, duration_ns; /* of SET_LOGGING_LEVEL */
	uint64_t since, epoch_us, wait_ms;
	struct weir_operate_info operate;
	struct weir_socket_info { /* of REGISTER_AGENT_SOCKET; fd: UINT64_MAX: it was not given */
		const char *name, *path, *user;
		uint64_t fd;
	} socket;
};

#define WEIR_PARAMETERS_INIT                           \
	{                                              \
		.socket.fd = UINT64_MAX,               \
		.operate.options.version = UINT64_MAX, \
	}

/* All of them describe struct weir_parameters. */
extern const struct weir_message weir_launch_message;
extern const struct weir_message weir_start_message;
extern const struct weir_message weir_join_message;
extern const struct weir_message weir_adopt_message;
/* message_net.c */
extern const struct weir_message weir_policy_message;
extern const struct weir_message weir_register_message;
extern const struct weir_message weir_net_message; /* of struct weir_net_info */
extern const struct weir_message weir_id_message; /* of struct weir_named */
extern const struct weir_message weir_update_message;
extern const struct weir_message weir_get_message;
extern const struct weir_message weir_events_message;
extern const struct weir_message weir_kill_message;
extern const struct weir_message weir_logging_message;
extern const struct weir_message weir_subscribe_message;
extern const struct weir_message weir_scalar_message; /* of struct weir_scalar */
extern const struct weir_message weir_label_message; /* of struct weir_label */
/* message_reserve.c */
extern const struct weir_message weir_reserve_message;
extern const struct weir_message weir_unreserve_message;
extern const struct weir_message weir_volumes_message;
extern const struct weir_message weir_grow_message;
extern const struct weir_message weir_shrink_message;
extern const struct weir_message weir_named_message; /* nothing but a container's id */

/* A field that most of them have. */
#define WEIR_CONTAINER_ID                                                                     \
	{ "container_id", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, id), \
	  .required = true, .message = &weir_id_message }

#endif /* WEIR_MESSAGE_H */
