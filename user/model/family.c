/* SPDX-License-Identifier: Apache-2.0 */
/* Executors and tasks: see family.h. */

#include "model/family.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

const char *weir_name_task(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash ? slash + 1 : NULL;
}

const char *weir_name_executor(const char *name, char buf[WEIR_NAME_MAX + 1])
{
	snprintf(buf, WEIR_NAME_MAX + 1, "%.*s", (int)(weir_name_task(name) - 1 - name), name);
	return buf;
}

const char *weir_name_of_group(const char *group, char buf[WEIR_NAME_MAX + 1])
{
	static const char below[] = "/" WEIR_SELF_NAME "/" WEIR_SHARED_MARK;
	const char *at = strstr(group, below);

	if (!at)
		return group;
	snprintf(buf, WEIR_NAME_MAX + 1, "%.*s/%s", (int)(at - group), group,
		 at + sizeof(below) - 1);
	return buf;
}

bool weir_name_is_in(const char *name, const char *executor)
{
	const char *task = weir_name_task(name);
	size_t len = strlen(executor);

	return task && (size_t)(task - 1 - name) == len && memcmp(name, executor, len) == 0;
}

int weir_name_check(const char *name, struct weir_error *err)
{
	const char *task = weir_name_task(name);
	char executor[WEIR_ID_MAX + 2]; /* one byte too long is told from what fits */
	size_t len;

	if (!task)
		return weir_id_check(name, err);
	if (strchr(task, '/'))
		return weir_fail(err, -EINVAL,
				 "the container id has more than two levels: expected ID or "
				 "EXECUTOR/TASK");
	len = (size_t)(task - 1 - name);
	if (len > WEIR_ID_MAX)
		return weir_fail(err, -EINVAL, "the executor's id has %zu bytes, at most %d", len,
				 WEIR_ID_MAX);
	memcpy(executor, name, len);
	executor[len] = '\0';
	if (weir_id_check(executor, err) < 0)
		return weir_fail_in(err, "the executor");
	if (weir_id_check(task, err) < 0)
		return weir_fail_in(err, "the task");
	if (strcmp(task, WEIR_SELF_NAME) == 0)
		return weir_fail(err, -EINVAL,
				 "a task can't be called '" WEIR_SELF_NAME
				 "': that is where its executor's own processes are");
	return 0;
}

bool weir_ask_limits(const struct weir_ask *ask)
{
	return ask->cpu_limit_mcpu != WEIR_ABSENT || ask->mem_limit_bytes != WEIR_ABSENT ||
	       ask->swap_limit_bytes != WEIR_ABSENT || ask->cpu_burst_mcpu != WEIR_ABSENT ||
	       ask->pids_limit != WEIR_ABSENT;
}

int weir_task_check(const struct weir_container *task, const struct weir_container *executor,
		    const struct weir_container *sibling, struct weir_error *err)
{
	if (!executor->is_executor)
		return weir_fail(err, -EINVAL,
				 "container '%s' is no executor: launch it as one to give it tasks",
				 executor->id);
	if (executor->state != WEIR_STATE_RUNNING)
		return weir_fail(err, -ESRCH, "executor '%s' is not running (%s)", executor->id,
				 weir_state_name(executor->state));
	if (task->shares_cgroups && (weir_ask_limits(&task->ask) || task->cpus_set))
		return weir_fail(err, -EINVAL,
				 "limits of its own need a cgroup of its own: expected "
				 "share_cgroups = false");
	if (sibling && sibling->shares_cgroups != task->shares_cgroups)
		return weir_fail(err, -EINVAL,
				 "share_cgroups is %s, but %s for '%s': expected the same for all "
				 "tasks of an executor",
				 task->shares_cgroups ? "true" : "false",
				 sibling->shares_cgroups ? "true" : "false", sibling->id);
	return 0;
}

static void add(uint64_t *sum, uint64_t part)
{
	*sum = *sum == WEIR_INFINITE || part == WEIR_INFINITE ? WEIR_INFINITE : *sum + part;
}

void weir_figures_add(struct weir_figures *sum, const struct weir_figures *part)
{
	add(&sum->cpu_request_mcpu, part->cpu_request_mcpu);
	add(&sum->cpu_limit_mcpu, part->cpu_limit_mcpu);
	add(&sum->mem_request_bytes, part->mem_request_bytes);
	add(&sum->mem_limit_bytes, part->mem_limit_bytes);
	add(&sum->swap_limit_bytes, part->swap_limit_bytes);
	add(&sum->cpu_burst_mcpu, part->cpu_burst_mcpu);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct weir_figures weir_figures_widest(const struct weir_figures *a, const struct weir_figures *b)
{
	return (struct weir_figures){
		.cpu_request_mcpu = larger(a->cpu_request_mcpu, b->cpu_request_mcpu),
		.cpu_limit_mcpu = larger(a->cpu_limit_mcpu, b->cpu_limit_mcpu),
		.mem_request_bytes = larger(a->mem_request_bytes, b->mem_request_bytes),
		.mem_limit_bytes = larger(a->mem_limit_bytes, b->mem_limit_bytes),
		.swap_limit_bytes = larger(a->swap_limit_bytes, b->swap_limit_bytes),
		.cpu_burst_mcpu = larger(a->cpu_burst_mcpu, b->cpu_burst_mcpu),
		.pids_limit = larger(a->pids_limit, b->pids_limit),
	};
}

const char *weir_framework_of(const struct weir_container *c)
{
	if (c->parent)
		return weir_framework_of(c->parent);
	for (size_t i = 0; i < c->n_labels; i++) {
		if (strcmp(c->labels[i].key, "framework_id") == 0 && *c->labels[i].value)
			return c->labels[i].value;
	}
	return WEIR_FRAMEWORK;
}
