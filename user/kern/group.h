/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

/* What the files behind cgroup.h share: names and files of one group. For them alone. */

#include <stddef.h>
#include <sys/types.h>

#include "kern/cgroup.h"

struct weir_error;

/* "<prefix><id>/<file>": 64 + 128 + the longest knob, with room to spare. */
#define WEIR_GROUP_PATH 256

/* @file may be NULL. -EINVAL: @id is no name of a directory, or too long. */
int weir_group_path(const struct weir_groups *groups, const char *id, const char *file,
		    char buf[WEIR_GROUP_PATH], struct weir_error *err);

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
