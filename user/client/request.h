/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_REQUEST_H
#define WEIR_REQUEST_H

/*
 * The bodies of calls, as docs/api.md has them. Texts are the caller's to free().
 *
 * JSON carries UTF-8 and nothing else: other bytes are refused by name (-EINVAL), except in
 * the arguments of a foreground command, which are sent for the record only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_error;
struct weir_amounts;
struct weir_launch_options;
struct weir_net_options;
struct weir_adopt_options;
struct weir_resource_info;
struct weir_operate_options;

int weir_request_launch(const struct weir_launch_options *options, bool foreground, char **ret,
			struct weir_error *err);
int weir_request_adopt(const struct weir_adopt_options *options, char **ret,
		       struct weir_error *err);
int weir_request_update(const char *id, const struct weir_amounts *change, char **ret,
			struct weir_error *err);

/* request_net.c */
int weir_request_policy(const char *id, const struct weir_net_options *net, char **ret,
			struct weir_error *err);
/* @path NULL: by @fd. */
int weir_request_socket(const char *name, const char *path, const char *user, int fd, char **ret,
			struct weir_error *err);

/* @id: one container, or NULL for all. */
int weir_request_containers(const char *id, char **ret, struct weir_error *err);

/* @id: of one container, or NULL for all. @epoch_us: 0: not said. */
int weir_request_events(const char *id, uint64_t since, uint64_t epoch_us, unsigned int wait_ms,
			char **ret, struct weir_error *err);
int weir_request_subscribe(uint64_t since, uint64_t epoch_us, char **ret, struct weir_error *err);

/*
 * A call that takes a container and perhaps one number: {"type": TYPE, MEMBER:
 * {"container_id": {"value": ID}, NUMBER: value}}. @number: NULL for none.
 */
int weir_request_on(const char *type, const char *member, const char *id, const char *number,
		    int value, char **ret, struct weir_error *err);

/* request_reserve.c. @options may be NULL. */

/* Some resources, as they stand in a call. */
struct weir_request_list {
	const char *name; /* of the member */
	const struct weir_resource_info *list;
	size_t n; /* 0: left out */
};

/* A call that takes lists alone, such as "RESERVE_RESOURCES", "reserve_resources". */
int weir_request_operate(const char *type, const char *member,
			 const struct weir_request_list *lists, size_t n_lists,
			 const struct weir_operate_options *options, char **ret,
			 struct weir_error *err);
int weir_request_grow(const struct weir_resource_info *volume, uint64_t bytes,
		      const struct weir_operate_options *options, char **ret,
		      struct weir_error *err);
int weir_request_shrink(const struct weir_resource_info *volume, uint64_t bytes,
			const struct weir_operate_options *options, char **ret,
			struct weir_error *err);

#endif /* WEIR_REQUEST_H */
