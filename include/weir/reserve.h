/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_RESERVE_H
#define WEIR_RESERVE_H

/*
 * Reservations and volumes from C. Conventions are those of weir.h; further, of the calls that change something:
 *
 *	-EINVAL		it is unsound: amounts that differ, mixed stacks, another's principal, a bad role (400)
 *	-EPERM		a right is missing, and the text names it (403)
 *	-ENOSPC		what is to be changed is not held so, is in use, or collides; or the version is another (409)
 *
 * What has been answered is on disk. An operation is done whole or not at all.
 */

#include "weir/weir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One level of a stack of reservations, the outermost role first. */
struct weir_level {
	const char *role;
	const char *
		principal; /* who made it; NULL: nobody is said. As an argument: NULL for the caller */
	size_t n_labels;
	const struct weir_label_info *labels;
	bool is_static; /* made by the configuration */
};

enum weir_resource_kind {
	WEIR_RESOURCE_CPUS, /* in thousandths */
	WEIR_RESOURCE_MEM, /* bytes */
	WEIR_RESOURCE_DISK, /* bytes */
};

struct weir_resource_info {
	enum weir_resource_kind kind;
	uint64_t amount;
	size_t n_levels; /* 0: unreserved */
	const struct weir_level *levels;
	const char *disk; /* of DISK: "" or NULL is the root disk, else "PATH:/a" or "MOUNT:/a" */
	const char *volume_id; /* NULL: it is no volume */
	const char *volume_principal; /* of a volume, as that of a level */
	const char *container_path; /* where it appears in a container; NULL: not said */
};

struct weir_resource_list {
	size_t n;
	struct weir_resource_info *list;
	uint64_t version; /* of the books: see weir_operate_options */
	void *owner; /* the library's */
};

/* All that the node has, by who holds it: unreserved first; volumes are parts of their disks. */
int weir_client_resources(struct weir_client *client, struct weir_resource_list *ret);
/* Leaves it empty; what is empty, all zero, is fine. */
void weir_resource_list_free(struct weir_resource_list *list);

struct weir_operate_options {
	bool dry_run; /* answer what it would, and change nothing */
	bool yield; /* containers that use what is taken give up as much of their requests, and run on */
	bool has_version; /* refuse, unless the books are still of this version */
	uint64_t version;
};

struct weir_operated {
	char operation_id[64];
	uint64_t version; /* of the books with it */
};

/*
 * @source to become @target, in one step: the same amounts of the same things, each side of one stack. Without a source
 * (@n_source 0) @target is now reserved for one level less. @options and @ret may be NULL, here and below.
 */
int weir_client_reserve(struct weir_client *client, const struct weir_resource_info *source,
			size_t n_source, const struct weir_resource_info *target, size_t n_target,
			const struct weir_operate_options *options, struct weir_operated *ret);
/* Back to the level before the last. */
int weir_client_unreserve(struct weir_client *client, const struct weir_resource_info *resources,
			  size_t n, const struct weir_operate_options *options,
			  struct weir_operated *ret);
/* Of disk that is reserved: volumes; and disk again. What is destroyed is kept for a grace period. */
int weir_client_create_volumes(struct weir_client *client, const struct weir_resource_info *volumes,
			       size_t n, const struct weir_operate_options *options,
			       struct weir_operated *ret);
int weir_client_destroy_volumes(struct weir_client *client,
				const struct weir_resource_info *volumes, size_t n,
				const struct weir_operate_options *options,
				struct weir_operated *ret);
/* @volume as it is, and by how much. */
int weir_client_grow_volume(struct weir_client *client, const struct weir_resource_info *volume,
			    uint64_t bytes, const struct weir_operate_options *options,
			    struct weir_operated *ret);
int weir_client_shrink_volume(struct weir_client *client, const struct weir_resource_info *volume,
			      uint64_t bytes, const struct weir_operate_options *options,
			      struct weir_operated *ret);

/* A role: what is reserved for it, and how much of that its containers, and those of roles below it, use. */
struct weir_role_info {
	const char *name; /* "*": what is unreserved */
	uint64_t reserved_mcpu, reserved_bytes;
	uint64_t demand_mcpu, demand_bytes; /* more than that is borne by the role above */
};

struct weir_role_list {
	size_t n;
	struct weir_role_info *list; /* in order of name */
	void *owner; /* the library's */
};

int weir_client_roles(struct weir_client *client, struct weir_role_list *ret);
void weir_role_list_free(struct weir_role_list *list);

struct weir_volume_place {
	const char *id, *role;
	const char *path; /* its directory */
	const char *disk; /* as in weir_resource_info */
	uint64_t bytes; /* that it may have; nobody holds it to that yet */
	uint64_t users; /* containers that have it */
	uint64_t
		destroyed_us; /* CLOCK_REALTIME; 0: it is there. Else it waits to be removed, and has no role any more */
	uint64_t removed_us; /* when that will be */
};

struct weir_volume_list {
	size_t n;
	struct weir_volume_place
		*list; /* in order of role and id; those that were destroyed last */
	void *owner; /* the library's */
};

int weir_client_volumes(struct weir_client *client, struct weir_volume_list *ret);
void weir_volume_list_free(struct weir_volume_list *list);

/* An operation that came to its end, as it is kept: the last thousand. */
struct weir_operation_info {
	const char *id;
	const char *kind; /* "RESERVE", "UNRESERVE", "CREATE", "DESTROY", "GROW", "SHRINK" */
	const char *principal; /* who asked for it */
	const char *state; /* "OPERATION_FINISHED", "OPERATION_FAILED" */
	const char *message; /* what it was, or why it failed, for people */
	uint64_t time_us; /* CLOCK_REALTIME */
};

struct weir_operation_list {
	size_t n;
	struct weir_operation_info *list; /* the oldest first */
	void *owner; /* the library's */
};

int weir_client_operations(struct weir_client *client, struct weir_operation_list *ret);
void weir_operation_list_free(struct weir_operation_list *list);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_RESERVE_H */
