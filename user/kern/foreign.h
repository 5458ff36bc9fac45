/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FOREIGN_H
#define WEIR_FOREIGN_H

/*
 * Groups that somebody else made: an engine, systemd, or hands.
 *
 * They are named by their place: a path a line, as /proc/PID/cgroup has it, in order of the hierarchies;
 * the last line stands for those that follow. Where that is "/" there is no group of its own, and nothing to be
 * limited. Wherever kern/cgroup.h takes an id it takes a place, but for what makes and removes.
 */

#include <stdbool.h>

struct weir_error;
struct weir_groups;

#define WEIR_PLACE_TEXT 4096 /* the longest place, with its NUL */

/*
 * Where the process is. *@ret is the caller's. -ESRCH: there is none; -EINVAL: it is in no group of its
 * own on cgroup2, or in one of weir's.
 */
int weir_foreign_of_pid(const struct weir_groups *groups, int pid, char **ret,
			struct weir_error *err);

/*
 * The group called @path, below the root of cgroup2 or as it is mounted; in other hierarchies the group
 * of the same path, if there is one. *@ret is the caller's. -ENOENT: not on cgroup2; -EINVAL as above.
 */
int weir_foreign_of_path(const struct weir_groups *groups, const char *path, char **ret,
			 struct weir_error *err);

/* Can all knobs be written there that weir has? -ENODEV: the text says which controller is missing. */
int weir_foreign_can_limit(const struct weir_groups *groups, const char *place,
			   struct weir_error *err);

/* Every knob that weir may write as it is now: "NAME=VALUE" a line. *@ret is the caller's. */
int weir_foreign_keep(const struct weir_groups *groups, const char *place, char **ret,
		      struct weir_error *err);

/*
 * The same back as they were. -EBUSY: more memory is in use than the limit was, and nothing is written;
 * -ENOENT: the group is gone. What else can't be written does not keep the others; the text has the first.
 */
int weir_foreign_restore(const struct weir_groups *groups, const char *place, const char *kept,
			 struct weir_error *err);

/*
 * Are there processes in its cgroup2 group that lie elsewhere on another hierarchy, where they are not
 * limited? 1: the text of @err has the first of them; 0.
 */
int weir_foreign_drift(const struct weir_groups *groups, const char *place, struct weir_error *err);

#endif /* WEIR_FOREIGN_H */
