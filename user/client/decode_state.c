/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks, executors and frameworks, as Mesos tells them. */
#include "client/decode.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"
#include "client/request_internal.h"
#include "weir/state.h"

/* An id is an object with a value. It has to be there. */
static int decode_id(const json_t *json, const char *key, const char **ret, struct weir_error *err)
{
	const json_t *id = NULL;
	int r;

	r = weir_member_object(json, key, &id, err);
	if (r == 0)
		r = weir_member_text(id, "value", ret, err);
	if (r == 0 && !*ret)
		r = weir_fail(err, -EIO, "the daemon's answer: '%s' is not there", key);
	return r;
}

static int decode_labels(const json_t *json, const struct weir_label_info **ret, size_t *ret_n,
			 struct weir_error *err)
{
	const json_t *labels = NULL;
	int r = weir_member_object(json, "labels", &labels, err);

	return r < 0 ? r : weir_member_labels(labels, "labels", ret, ret_n, err);
}

/* ---- Resources ---------------------------------------------------------------------- */

/* What is of one kind may come in parts, which differ in who holds them. */
struct sums {
	uint64_t mcpu, mem_bytes, disk_bytes;
	const char *role; /* of the last that is allocated; NULL: of none */
};

static int add_part(const json_t *json, struct sums *sums, struct weir_error *err)
{
	const struct {
		const char *name;
		double unit;
		uint64_t *sum;
	} kinds[] = {
		{ "cpus", WEIR_MCPU_PER_CPU, &sums->mcpu },
		{ "mem", WEIR_BYTES_PER_MIB, &sums->mem_bytes },
		{ "disk", WEIR_BYTES_PER_MIB, &sums->disk_bytes },
	};
	const json_t *allocation = NULL;
	const char *name = "";
	int r;

	r = weir_member_text(json, "name", &name, err);
	if (r == 0)
		r = weir_member_object(json, "allocation_info", &allocation, err);
	if (r == 0)
		r = weir_member_text(allocation, "role", &sums->role, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		uint64_t amount = 0;

		if (strcmp(kinds[i].name, name) != 0)
			continue;
		r = weir_member_amount(json, "scalar", kinds[i].unit, &amount, err);
		*kinds[i].sum += amount;
	}
	return r;
}

/* @ret is empty before. */
static int add_up(const json_t *json, struct sums *ret, struct weir_error *err)
{
	const json_t *parts = NULL;
	int r = weir_member_array(json, "resources", &parts, err);

	for (size_t i = 0; r == 0 && i < json_array_size(parts); i++)
		r = add_part(json_array_get(parts, i), ret, err);
	return r;
}

int weir_decode_agent(const char *text, size_t size, struct weir_agent_info *ret,
		      struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	struct weir_agent_info agent = { .hostname = "" };
	const json_t *object, *info = NULL;
	struct sums sums = {};
	int r;

	r = weir_member_root(text, size, "get_agent", &root, &object, err);
	if (r == 0)
		r = weir_member_object(object, "agent_info", &info, err);
	if (r == 0)
		r = decode_id(info, "id", &agent.id, err);
	if (r == 0)
		r = weir_member_text(info, "hostname", &agent.hostname, err);
	if (r == 0)
		r = add_up(info, &sums, err);
	if (r < 0)
		return r;
	agent.mcpu = sums.mcpu;
	agent.mem_bytes = sums.mem_bytes;
	agent.disk_bytes = sums.disk_bytes;
	agent.owner = take_ptr(root);
	*ret = agent;
	return 0;
}

/* ---- Tasks -------------------------------------------------------------------------- */

static void task_done(void *item)
{
	const struct weir_task_info *task = item;

	free((void *)(uintptr_t)task->labels);
}

/* Its own id says which it is in its executor. In full it lies in the tree, as all texts do. */
static int name_in_full(const json_t *json, struct weir_task_info *task, struct weir_error *err)
{
	const json_t *executor = NULL;
	json_t *name;

	if (decode_id(json, "task_id", &task->id, err) < 0 ||
	    weir_member_object(json, "executor_id", &executor, err) < 0 ||
	    weir_member_text(executor, "value", &task->executor_id, err) < 0)
		return err->code;
	if (!task->executor_id)
		return 0;
	name = json_sprintf("%s/%s", task->executor_id, task->id);
	if (json_object_set_new((json_t *)(uintptr_t)json, "weir_name", name) < 0)
		return weir_fail_memory(err);
	task->id = json_string_value(name);
	return 0;
}

/* The last thing that became of it. */
static int decode_status(const json_t *json, struct weir_task_info *task, struct weir_error *err)
{
	const json_t *statuses = NULL, *last, *container = NULL;
	int pid = 0, r;

	r = weir_member_array(json, "statuses", &statuses, err);
	if (r < 0)
		return r;
	last = json_array_get(statuses, json_array_size(statuses) - 1);
	r = weir_member_text(last, "message", &task->message, err);
	if (r == 0)
		r = weir_member_object(last, "container_status", &container, err);
	if (r == 0)
		r = weir_member_int(container, "executor_pid", &pid, err);
	task->pid = pid;
	return r;
}

static int decode_limits(const json_t *json, struct weir_task_info *task, struct weir_error *err)
{
	const json_t *limits = NULL;
	int r;

	task->cpu_limit_mcpu = task->mem_limit_bytes = WEIR_INFINITE;
	r = weir_member_object(json, "limits", &limits, err);
	if (r == 0)
		r = weir_member_amount(limits, "cpus", WEIR_MCPU_PER_CPU, &task->cpu_limit_mcpu,
				       err);
	if (r == 0)
		r = weir_member_amount(limits, "mem", WEIR_BYTES_PER_MIB, &task->mem_limit_bytes,
				       err);
	return r;
}

static int decode_task(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_task_info *task = item;
	struct sums sums = {};
	int r;

	task->state = "";
	r = name_in_full(json, task, err);
	if (r == 0)
		r = decode_id(json, "framework_id", &task->framework_id, err);
	if (r == 0)
		r = weir_member_text(json, "user", &task->user, err);
	if (r == 0)
		r = weir_member_text(json, "state", &task->state, err);
	if (r == 0)
		r = decode_status(json, task, err);
	if (r == 0)
		r = add_up(json, &sums, err);
	if (r < 0)
		return r;
	task->cpu_request_mcpu = sums.mcpu;
	task->mem_request_bytes = sums.mem_bytes;
	task->role = sums.role;
	r = decode_limits(json, task, err);
	return r < 0 ? r : decode_labels(json, &task->labels, &task->n_labels, err);
}

/* ---- Executors and frameworks ------------------------------------------------------- */

static void executor_done(void *item)
{
	const struct weir_executor_info *executor = item;

	free((void *)(uintptr_t)executor->labels);
}

static int decode_executor(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_executor_info *executor = item;
	const json_t *info = NULL;
	struct sums sums = {};
	int r;

	r = weir_member_object(json, "executor_info", &info, err);
	if (r == 0)
		r = decode_id(info, "executor_id", &executor->id, err);
	if (r == 0)
		r = decode_id(info, "framework_id", &executor->framework_id, err);
	if (r == 0)
		r = add_up(info, &sums, err);
	if (r < 0)
		return r;
	executor->cpu_request_mcpu = sums.mcpu;
	executor->mem_request_bytes = sums.mem_bytes;
	return decode_labels(info, &executor->labels, &executor->n_labels, err);
}

static void framework_done(void *item)
{
	const struct weir_framework_info *framework = item;

	free((void *)(uintptr_t)framework->roles);
}

static int decode_framework(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_framework_info *framework = item;
	const json_t *info = NULL;
	int r;

	framework->name = "";
	r = weir_member_object(json, "framework_info", &info, err);
	if (r == 0)
		r = decode_id(info, "id", &framework->id, err);
	if (r == 0)
		r = weir_member_text(info, "name", &framework->name, err);
	if (r == 0)
		r = weir_member_text(info, "user", &framework->user, err);
	return r < 0 ? r : weir_member_texts(info, "roles", &framework->roles, err);
}

/* ---- All of it ---------------------------------------------------------------------- */

/* Two lists as one, in which the items of the second are marked. */
struct both {
	const char *current, *completed;
	size_t flag; /* where in an item the mark is */
	struct weir_item_kind kind;
};

static int decode_both(const json_t *object, const struct both *both, void **ret, size_t *ret_n,
		       struct weir_error *err)
{
	const json_t *first = NULL, *second = NULL;
	char *item;
	int r;

	if (weir_member_array(object, both->current, &first, err) < 0 ||
	    weir_member_array(object, both->completed, &second, err) < 0)
		return err->code;
	if (first && second &&
	    json_array_extend((json_t *)(uintptr_t)first, (json_t *)(uintptr_t)second))
		return weir_fail_memory(err);
	r = weir_member_items(object, first ? both->current : both->completed, &both->kind, ret,
			      ret_n, err);
	if (r < 0)
		return r;
	item = (char *)*ret + (*ret_n - json_array_size(second)) * both->kind.size;
	for (size_t i = 0; i < json_array_size(second); i++, item += both->kind.size)
		*(bool *)(item + both->flag) = true;
	return 0;
}

static int decode_tasks(const json_t *object, struct weir_state *ret, struct weir_error *err)
{
	static const struct both both = {
		.current = "launched_tasks",
		.completed = "completed_tasks",
		.flag = offsetof(struct weir_task_info, completed),
		.kind = { .size = sizeof(*ret->tasks), .decode = decode_task, .done = task_done },
	};
	void *list = NULL;
	int r = decode_both(object, &both, &list, &ret->n_tasks, err);

	ret->tasks = list;
	return r;
}

static int decode_executors(const json_t *object, struct weir_state *ret, struct weir_error *err)
{
	static const struct both both = {
		.current = "executors",
		.completed = "completed_executors",
		.flag = offsetof(struct weir_executor_info, completed),
		.kind = { .size = sizeof(*ret->executors),
			  .decode = decode_executor,
			  .done = executor_done },
	};
	void *list = NULL;
	int r = decode_both(object, &both, &list, &ret->n_executors, err);

	ret->executors = list;
	return r;
}

static int decode_frameworks(const json_t *object, struct weir_state *ret, struct weir_error *err)
{
	static const struct both both = {
		.current = "frameworks",
		.completed = "completed_frameworks",
		.flag = offsetof(struct weir_framework_info, completed),
		.kind = { .size = sizeof(*ret->frameworks),
			  .decode = decode_framework,
			  .done = framework_done },
	};
	void *list = NULL;
	int r = decode_both(object, &both, &list, &ret->n_frameworks, err);

	ret->frameworks = list;
	return r;
}

static const struct {
	const char *member;
	int (*decode)(const json_t *object, struct weir_state *ret, struct weir_error *err);
} parts[] = {
	[WEIR_STATE_TASKS] = { "get_tasks", decode_tasks },
	[WEIR_STATE_EXECUTORS] = { "get_executors", decode_executors },
	[WEIR_STATE_FRAMEWORKS] = { "get_frameworks", decode_frameworks },
};

int weir_decode_state(const char *text, size_t size, enum weir_state_part part,
		      struct weir_state *ret, struct weir_error *err)
{
	scoped(weir_state_free) struct weir_state state = {};
	const json_t *object, *one = NULL;
	json_t *root = NULL;
	int r;

	r = weir_member_root(text, size, part == WEIR_STATE_ALL ? "get_state" : parts[part].member,
			     &root, &object, err);
	if (r < 0)
		return r;
	state.owner = root;
	if (part != WEIR_STATE_ALL)
		r = parts[part].decode(object, &state, err);
	for (size_t i = WEIR_STATE_TASKS; part == WEIR_STATE_ALL && r == 0 && i < ARRAY_SIZE(parts);
	     i++) {
		r = weir_member_object(object, parts[i].member, &one, err);
		if (r == 0)
			r = parts[i].decode(one, &state, err);
	}
	if (r < 0)
		return r;
	*ret = state;
	state = (struct weir_state){};
	return 0;
}

void weir_state_free(struct weir_state *state)
{
	for (size_t i = 0; i < state->n_tasks; i++)
		task_done(&state->tasks[i]);
	for (size_t i = 0; i < state->n_executors; i++)
		executor_done(&state->executors[i]);
	for (size_t i = 0; i < state->n_frameworks; i++)
		framework_done(&state->frameworks[i]);
	free(state->tasks);
	free(state->executors);
	free(state->frameworks);
	json_decref(state->owner);
	*state = (struct weir_state){};
}

void weir_agent_info_free(struct weir_agent_info *agent)
{
	json_decref(agent->owner);
	*agent = (struct weir_agent_info){};
}
