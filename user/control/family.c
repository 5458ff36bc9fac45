/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executors and their tasks: what they have in common is written here, and in which order.
 *
 * The kernel lets no child have more than its parent, at no moment: what grows, grows from above, what
 * shrinks, shrinks from below. So while a part changes its executor has the larger of what it had and
 * what it is to have, of each figure, and only then the latter.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/family.h"

int weir_family_check(const struct weir_controller *controller,
		      const struct weir_container *container, struct weir_error *err)
{
	const char *task = weir_name_task(container->id);
	const struct weir_container *executor;
	char name[WEIR_NAME_MAX + 1];

	if (!task && container->shares_cgroups)
		return weir_fail(err, -EINVAL,
				 "share_cgroups is for tasks, and this one is in no executor");
	if (!task)
		return 0;
	if (container->is_executor)
		return weir_fail(err, -EINVAL, "a task can't be an executor: there are two levels");
	executor = weir_ledger_find(controller->ledger, weir_name_executor(container->id, name));
	if (!executor)
		return weir_fail(err, -ESRCH, "there is no executor '%s'", name);
	return weir_task_check(container, executor,
			       weir_ledger_any_task(controller->ledger, executor), err);
}

struct weir_seat weir_family_seat(const struct weir_container *container, char buf[WEIR_GROUP_NAME])
{
	const struct weir_container *executor = container->is_executor	    ? container
						: container->shares_cgroups ? container->parent
									    : NULL;

	if (!executor)
		return (struct weir_seat){ container->group, container->group };
	snprintf(buf, WEIR_GROUP_NAME, "%s/" WEIR_SELF_NAME, executor->group);
	return (struct weir_seat){ container->is_executor ? buf : container->group, buf };
}

/* Of its own processes: the executor's request, and those of tasks that lie there with them. */
static struct weir_figures seated(const struct weir_controller *controller,
				  const struct weir_container *executor)
{
	struct weir_figures sum = executor->own;
	struct weir_container *const *tasks;
	size_t n;

	tasks = weir_ledger_tasks(controller->ledger, executor, &n);
	for (size_t i = 0; i < n; i++)
		if (tasks[i]->shares_cgroups && tasks[i]->state != WEIR_STATE_EXITED)
			weir_figures_add(&sum, &tasks[i]->own);
	return sum;
}

int weir_family_apply_self(struct weir_controller *controller,
			   const struct weir_container *executor, bool grow, struct weir_error *err)
{
	struct weir_live *live = executor->live;
	struct weir_figures want = seated(controller, executor);
	char self[WEIR_GROUP_NAME];

	weir_family_seat(executor, self);
	if (!grow && live->self_cpu_mcpu != want.cpu_request_mcpu) {
		if (weir_cgroup_set_cpu_weight(&controller->groups, self, want.cpu_request_mcpu,
					       err) < 0)
			return err->code;
		live->self_cpu_mcpu = want.cpu_request_mcpu;
	}
	if (live->self_mem_bytes != want.mem_request_bytes &&
	    grow == (live->self_mem_bytes == WEIR_ABSENT ||
		     want.mem_request_bytes > live->self_mem_bytes)) {
		if (weir_cgroup_set_mem_low(&controller->groups, self, want.mem_request_bytes,
					    err) < 0)
			return err->code;
		live->self_mem_bytes = want.mem_request_bytes;
	}
	return 0;
}

void weir_family_settle(struct weir_controller *controller, struct weir_container *executor)
{
	if (!executor || executor->state != WEIR_STATE_RUNNING)
		return;
	weir_controller_publish(controller, executor);
	weir_controller_settle(controller, executor);
}

void weir_family_read_stats(const struct weir_controller *controller,
			    const struct weir_container *container, struct weir_cgroup_stats *ret)
{
	if (container->shares_cgroups)
		weir_cgroup_read_times(&controller->groups, container->group, ret);
	else
		weir_cgroup_read_stats(&controller->groups, container->group, ret);
}

struct weir_container *weir_family_greediest(struct weir_controller *controller,
					     struct weir_container *container,
					     uint64_t *excess_bytes)
{
	struct weir_container *greediest = container;
	uint64_t all = *excess_bytes, most = 0, of_tasks = 0;
	struct weir_container *const *tasks;
	size_t n;

	tasks = weir_ledger_tasks(controller->ledger, container, &n);
	for (size_t i = 0; i < n; i++) {
		const struct weir_slot *slot = weir_bpf_slot(controller->bpf, tasks[i]->slot);
		uint64_t excess = slot ? slot->mem_beyond_bytes : 0;

		if (tasks[i]->state != WEIR_STATE_RUNNING || tasks[i]->shares_cgroups)
			continue;
		of_tasks += excess;
		if (excess > most) {
			most = excess;
			greediest = tasks[i];
		}
	}
	/* The rest is of its own processes; who kills those kills all. */
	if (all > of_tasks && all - of_tasks >= most)
		return container;
	*excess_bytes = most ? most : all;
	return greediest;
}

/* The next of its tasks that nothing has been done about yet. */
static struct weir_container *next_task(const struct weir_controller *controller,
					const struct weir_container *executor)
{
	struct weir_container *const *tasks;
	size_t n;

	tasks = weir_ledger_tasks(controller->ledger, executor, &n);
	for (size_t i = 0; i < n; i++) {
		const struct weir_live *live = tasks[i]->live;

		if (tasks[i]->state != WEIR_STATE_EXITED && !live->finishing)
			return tasks[i];
	}
	return NULL;
}

void weir_family_finish_tasks(struct weir_controller *controller, struct weir_container *executor)
{
	const struct weir_live *above = executor->live;
	struct weir_container *task;

	/* Each may go, with its record, so the list is looked at anew. */
	while ((task = next_task(controller, executor))) {
		struct weir_live *live = task->live;

		live->with_executor = true;
		if (above->oom != WEIR_OOM_NONE)
			live->oom = weir_oom_below(above->oom);
		if (task->state == WEIR_STATE_LAUNCHING)
			weir_controller_undo(controller, task);
		else
			weir_controller_finish(controller, task);
	}
}

void weir_family_note_kill(struct weir_controller *controller, struct weir_container *executor)
{
	struct weir_container *const *tasks;
	size_t n;

	tasks = weir_ledger_tasks(controller->ledger, executor, &n);
	for (size_t i = 0; i < n; i++) {
		struct weir_live *live = tasks[i]->live;

		live->with_executor = true;
	}
}

void weir_family_forget_tasks(struct weir_controller *controller, struct weir_container *executor)
{
	struct weir_container *const *tasks;
	size_t n;

	for (;;) {
		tasks = weir_ledger_tasks(controller->ledger, executor, &n);
		if (n == 0)
			return;
		weir_controller_forget(controller, tasks[n - 1]);
	}
}
