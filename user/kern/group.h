/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

/* What the files behind cgroup.h share: names and files of one group. For them alone. */

#include <stddef.h>
#include <sys/types.h>

#include "kern/cgroup.h"

struct weir_error;

/*
 * "<prefix><executor>/self/task.<task>/<file>": 64 + 128 + 11 + 128 + the longest knob. Those of somebody
 * else's may be longer; what does not fit is refused.
 */
#define WEIR_GROUP_PATH 1024

/* v1 says "no limit" with the largest multiple of the page size that a counter holds. */
#define WEIR_V1_NO_LIMIT (1ULL << 62)

/*
 * Where it is below root_fd of each hierarchy. @file may be NULL. -EINVAL: @id is no plain name, nor a
 * path of such, or too long; a place is none, so nobody else's group is made or removed by this.
 */
int weir_group_path(const struct weir_groups *groups, const char *id, const char *file,
		    char buf[WEIR_GROUP_PATH], struct weir_error *err);

/*
 * The same of a place, too: where it is in @h, in @buf, below *@ret_fd, which is @h's.
 * -ENODEV: a place that has no group of its own there.
 */
int weir_group_at(const struct weir_groups *groups, const struct weir_hierarchy *h, const char *id,
		  const char *file, char buf[WEIR_GROUP_PATH], int *ret_fd, struct weir_error *err);

/*
 * The group that whoever is in @id is in there: itself, or on a hierarchy that not all have a group on
 * the nearest above it that there is. @buf is for its id. NULL: in none of weir's.
 */
const char *weir_group_nearest(const struct weir_groups *groups, const struct weir_hierarchy *h,
			       const char *id, char buf[WEIR_GROUP_PATH]);

#define WEIR_PLACES_TEXT 16384 /* of a /proc/PID/cgroup */
/* /proc/@pid/cgroup. -ESRCH: no such process. */
int weir_places_read(int pid, char *text, size_t size, struct weir_error *err);
/* Where it says that the process is in @h: *@ret_len bytes in @text. NULL: it does not say. */
const char *weir_places_find(const char *text, const struct weir_hierarchy *h, size_t *ret_len);

/* The hierarchy of @subsys; cgroup2 where @subsys is negative or on none. */
const struct weir_hierarchy *weir_group_home(const struct weir_groups *groups, int subsys);

/* weir_file_read() and weir_file_write() of the group's @file there. -ENOENT: gone, or no such file. */
ssize_t weir_group_read(const struct weir_groups *groups, int subsys, const char *id,
			const char *file, char *buf, size_t size, struct weir_error *err);
int weir_group_write(const struct weir_groups *groups, int subsys, const char *id, const char *file,
		     const char *text, struct weir_error *err);

/* Is the file there (NULL: the group itself)? */
bool weir_group_has(const struct weir_groups *groups, int subsys, const char *id, const char *file);

#endif /* WEIR_GROUP_H */
