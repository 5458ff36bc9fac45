/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FAMILY_H
#define WEIR_FAMILY_H

/*
 * Executors and their tasks: how they are called, what may go with what, and what they come to.
 *
 *	E          an executor: a container that may have tasks
 *	├── self   its own processes, and those of tasks that share its cgroup
 *	└── E/T    a task with a cgroup of its own
 *
 * An executor is held to the sum of its parts: its own figures and those of its tasks that have
 * not exited. There are two levels and no more. Pure: no system call, no clock.
 */

#include <stdbool.h>
#include <stddef.h>

#include "model/container.h"

struct weir_error;

/* An executor's own processes lie in a group of this name, so no task may have it. */
#define WEIR_SELF_NAME "self"

/*
 * What a task that shares its executor's cgroup is told from others by, in there, has this before its
 * id: others may be of the executor's own making.
 */
#define WEIR_SHARED_MARK "task."

/*
 * "ID" or "EXECUTOR/TASK", each as weir_id_check() wants it, and no task called "self".
 * -EINVAL: the text says which rule is broken, and by which part.
 */
int weir_name_check(const char *name, struct weir_error *err);

/* The task's own id in "EXECUTOR/TASK". NULL: @name is no task's. */
const char *weir_name_task(const char *name);

/* The executor's id in "EXECUTOR/TASK", written to @buf and returned. @name: of a task. */
const char *weir_name_executor(const char *name, char buf[WEIR_NAME_MAX + 1]);

/* What a container is called beside its siblings: the task's id, or @name as it is. */
static inline const char *weir_name_own(const char *name)
{
	const char *task = weir_name_task(name);

	return task ? task : name;
}

/* Whose group it is, by what weir_container_locate() made of the id: @group, or @buf. */
const char *weir_name_of_group(const char *group, char buf[WEIR_NAME_MAX + 1]);

/* Is @name that of a task of @executor? */
bool weir_name_is_in(const char *name, const char *executor);

/*
 * May @task, as it is described, be launched in @executor? @sibling: a task in it that has not
 * exited, or NULL. An executor's tasks all share its cgroup, or all have their own; one that shares
 * has no limits of its own, since nothing would keep it to them.
 *
 * -EINVAL: the text names share_cgroups where that is what is in the way;
 * -ESRCH: the executor has ended, or not been started yet.
 */
int weir_task_check(const struct weir_container *task, const struct weir_container *executor,
		    const struct weir_container *sibling, struct weir_error *err);

/* Does it ask for limits of its own, which a task that shares can't have? */
bool weir_ask_limits(const struct weir_ask *ask);

/* Add one part's figures to @sum. One infinite part makes the sum infinite. */
void weir_figures_add(struct weir_figures *sum, const struct weir_figures *part);

/*
 * The larger of each: what both @a and @b fit into. An executor is given this while its parts change,
 * since the kernel lets no child have more than its parent, at no moment.
 */
struct weir_figures weir_figures_widest(const struct weir_figures *a, const struct weir_figures *b);

#define WEIR_FRAMEWORK "weir" /* of what has no label that says another */

/* Whose it is, by its label "framework_id", or its executor's. */
const char *weir_framework_of(const struct weir_container *container);

#endif /* WEIR_FAMILY_H */
