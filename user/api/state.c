/* SPDX-License-Identifier: Apache-2.0 */
#include "api/state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/answer_internal.h"
#include "model/family.h"
#include "weir/v1/state.pb-c.h"

static bool has_ended(const struct weir_container *c)
{
	return c->state == WEIR_STATE_EXITED;
}

bool weir_walk_shows(const struct weir_walk *walk, const struct weir_container *c)
{
	return !has_ended(c) || c->ended_us >= walk->completed_from_us;
}

/* ---- Amounts ------------------------------------------------------------------ */

uint64_t weir_mib_millionths(uint64_t bytes)
{
	return (uint64_t)(((unsigned __int128)bytes * 1000000 + (1u << 19)) >> 20);
}

/* Of a Value.Scalar. */
static void add_value(struct weir_out *out, uint64_t value, unsigned int decimals)
{
	if (value == WEIR_INFINITE)
		weir_out_amount(out, 1, "value", value);
	else
		weir_out_fixed(out, 1, "value", value, decimals);
}

static void add_resource(struct weir_out *out, uint32_t number, const char *name, uint64_t value,
			 unsigned int decimals, const char *role)
{
	weir_out_open(out, number, NULL);
	weir_out_string(out, 1, "name", name);
	weir_out_enum(out, 2, "type", WEIR__V1__VALUE__TYPE__SCALAR, "SCALAR");
	weir_out_open(out, 3, "scalar");
	add_value(out, value, decimals);
	weir_out_close(out);
	if (role) {
		weir_out_open(out, 11, "allocation_info");
		weir_out_string(out, 1, "role", role);
		weir_out_close(out);
	}
	weir_out_close(out);
}

void weir_walk_resources(struct weir_walk *walk, uint32_t number, const char *name, uint64_t mcpu,
			 uint64_t bytes, uint64_t disk_bytes, const char *role)
{
	weir_out_list(walk->out, name);
	if (mcpu)
		add_resource(walk->out, number, "cpus", mcpu, 3, role);
	if (bytes)
		add_resource(walk->out, number, "mem", weir_mib_millionths(bytes), 6, role);
	if (disk_bytes)
		add_resource(walk->out, number, "disk", weir_mib_millionths(disk_bytes), 6, role);
	weir_out_list_end(walk->out);
}

static void add_limit(struct weir_out *out, uint32_t number, const char *key, uint64_t value,
		      unsigned int decimals)
{
	weir_out_entry(out, number, key);
	add_value(out, value, decimals);
	weir_out_entry_end(out);
}

static void add_limits(struct weir_out *out, uint32_t number, const struct weir_figures *figures)
{
	uint64_t bytes = figures->mem_limit_bytes;

	weir_out_map(out, "limits");
	add_limit(out, number, "cpus", figures->cpu_limit_mcpu, 3);
	add_limit(out, number, "mem",
		  bytes == WEIR_INFINITE ? WEIR_INFINITE : weir_mib_millionths(bytes), 6);
	weir_out_map_end(out);
}

/* ---- Tasks and executors ------------------------------------------------------- */

static void add_labels(struct weir_out *out, uint32_t number, const struct weir_container *c)
{
	if (!c->n_labels)
		return;
	weir_out_open(out, number, "labels");
	weir_answer_labels(out, 1, c);
	weir_out_close(out);
}

static uint64_t changed_us(const struct weir_container *c)
{
	if (has_ended(c))
		return c->ended_us;
	return c->started_us ? c->started_us : c->created_us;
}

static void add_executor_id(struct weir_walk *walk, uint32_t number, const struct weir_container *c)
{
	if (c->parent)
		weir_answer_value(walk->out, number, "executor_id", c->parent->id);
}

void weir_walk_status(struct weir_walk *walk, uint32_t number, const char *name,
		      const struct weir_container *c)
{
	struct weir_out *out = walk->out;

	weir_out_open(out, number, name);
	weir_answer_value(walk->out, 1, "task_id", weir_name_own(c->id));
	weir_answer_task_state(out, 2, c);
	if (has_ended(c)) {
		weir_out_string(out, 4, "message", c->message);
		weir_answer_reason(out, 10, c->reason);
	}
	weir_out_enum(out, 9, "source", WEIR__V1__TASK_STATUS__SOURCE__SOURCE_AGENT,
		      "SOURCE_AGENT");
	weir_answer_value(walk->out, 5, "agent_id", walk->state->node.agent_id);
	add_executor_id(walk, 7, c);
	weir_out_fixed(out, 6, "timestamp", changed_us(c), 6);
	weir_answer_status(out, 13, c);
	weir_out_close(out);
}

void weir_walk_task(struct weir_walk *walk, uint32_t number, const char *name,
		    const struct weir_container *c)
{
	struct weir_out *out = walk->out;

	weir_out_open(out, number, name);
	weir_out_string(out, 1, "name", weir_name_own(c->id));
	weir_answer_value(walk->out, 2, "task_id", weir_name_own(c->id));
	weir_answer_value(walk->out, 3, "framework_id", weir_framework_of(c));
	add_executor_id(walk, 4, c);
	weir_answer_value(walk->out, 5, "agent_id", walk->state->node.agent_id);
	weir_answer_task_state(out, 6, c);
	weir_walk_resources(walk, 7, "resources", c->figures.cpu_request_mcpu,
			    c->figures.mem_request_bytes, 0, weir_role_of(c));
	weir_out_list(out, "statuses");
	weir_walk_status(walk, 8, NULL, c);
	weir_out_list_end(out);
	add_labels(out, 11, c);
	weir_out_string(out, 14, "user", weir_user_of(c));
	add_limits(out, 17, &c->figures);
	weir_out_close(out);
}

static void add_command(struct weir_out *out, uint32_t number, const struct weir_container *c)
{
	weir_out_open(out, number, "command");
	weir_out_bool(out, 6, "shell", false);
	if (c->argv && c->argv[0])
		weir_out_string(out, 3, "value", c->argv[0]);
	weir_answer_strings(out, 7, "arguments", c->argv);
	weir_out_string(out, 5, "user", weir_user_of(c));
	weir_out_close(out);
}

/* What it asked for itself: its tasks have theirs beside it. */
static void add_executor(struct weir_walk *walk, uint32_t number, const char *name,
			 const struct weir_container *c)
{
	struct weir_out *out = walk->out;

	weir_out_open(out, number, name);
	weir_out_open(out, 1, "executor_info");
	weir_out_enum(out, 15, "type", WEIR__V1__EXECUTOR_INFO__TYPE__CUSTOM, "CUSTOM");
	weir_answer_value(walk->out, 1, "executor_id", c->id);
	weir_answer_value(walk->out, 8, "framework_id", weir_framework_of(c));
	add_command(out, 7, c);
	weir_walk_resources(walk, 5, "resources", c->own.cpu_request_mcpu, c->own.mem_request_bytes,
			    0, weir_role_of(c));
	weir_out_string(out, 9, "name", c->id);
	add_labels(out, 14, c);
	weir_out_close(out);
	if (out->dialect == WEIR_DIALECT_MASTER)
		weir_answer_value(walk->out, 2, "agent_id", walk->state->node.agent_id);
	weir_out_close(out);
}

typedef void add_fn(struct weir_walk *walk, uint32_t number, const char *name,
		    const struct weir_container *c);

/* A list of those that are executors, or are not, and have ended, or have not. */
static void add_those(struct weir_walk *walk, uint32_t number, const char *name, bool are_executors,
		      bool have_ended, add_fn *add)
{
	const struct weir_state_view *state = walk->state;

	weir_out_list(walk->out, name);
	for (size_t i = 0; i < state->n && !weir_out_failed(walk->out); i++) {
		const struct weir_container *c = state->all[i];

		if (c->is_executor == are_executors && has_ended(c) == have_ended &&
		    weir_walk_shows(walk, c))
			add(walk, number, NULL, c);
	}
	weir_out_list_end(walk->out);
}

void weir_walk_tasks(struct weir_walk *walk)
{
	if (walk->out->dialect == WEIR_DIALECT_MASTER) {
		add_those(walk, 2, "tasks", false, false, weir_walk_task);
		add_those(walk, 3, "completed_tasks", false, true, weir_walk_task);
		return;
	}
	add_those(walk, 3, "launched_tasks", false, false, weir_walk_task);
	add_those(walk, 5, "completed_tasks", false, true, weir_walk_task);
}

void weir_walk_executors(struct weir_walk *walk)
{
	add_those(walk, 1, "executors", true, false, add_executor);
	if (walk->out->dialect == WEIR_DIALECT_AGENT)
		add_those(walk, 2, "completed_executors", true, true, add_executor);
}

/* ---- Answers ------------------------------------------------------------------- */

void weir_walk_state(struct weir_walk *walk)
{
	weir_out_open(walk->out, 1, "get_tasks");
	weir_walk_tasks(walk);
	weir_out_close(walk->out);
	weir_out_open(walk->out, 2, "get_executors");
	weir_walk_executors(walk);
	weir_out_close(walk->out);
	weir_out_open(walk->out, 3, "get_frameworks");
	weir_walk_frameworks(walk);
	weir_out_close(walk->out);
	if (walk->out->dialect != WEIR_DIALECT_MASTER)
		return;
	weir_out_open(walk->out, 4, "get_agents");
	weir_walk_agents(walk);
	weir_out_close(walk->out);
}

static void add_agent(struct weir_walk *walk)
{
	weir_out_open(walk->out, 1, "agent_info");
	weir_walk_agent_info(walk);
	weir_out_close(walk->out);
}

static void (*const parts[WEIR_CALL_COUNT_])(struct weir_walk *walk) = {
	[WEIR_CALL_GET_STATE] = weir_walk_state,
	[WEIR_CALL_GET_TASKS] = weir_walk_tasks,
	[WEIR_CALL_GET_EXECUTORS] = weir_walk_executors,
	[WEIR_CALL_GET_FRAMEWORKS] = weir_walk_frameworks,
	[WEIR_CALL_GET_AGENT] = add_agent,
	[WEIR_CALL_GET_AGENTS] = weir_walk_agents,
	[WEIR_CALL_GET_ROLES] = weir_walk_roles,
	[WEIR_CALL_GET_OPERATIONS] = weir_walk_operations,
	[WEIR_CALL_GET_RESERVATIONS] = weir_walk_reservations,
};

struct answer {
	struct weir_walk walk;
	enum weir_call_type type;
};

static int newest_first(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one > other ? -1 : one < other;
}

/* When what is still shown ended: a week ago at most, and so that there are not too many. */
static uint64_t find_completed_from(const struct weir_state_view *state)
{
	uint64_t from_us = ((uint64_t)time(NULL) - WEIR_COMPLETED_MAX_S) * 1000000;
	uint64_t *ended_us;
	size_t n = 0;

	for (size_t i = 0; i < state->n; i++)
		n += has_ended(state->all[i]);
	if (n <= WEIR_COMPLETED_MAX)
		return from_us;

	ended_us = calloc(n, sizeof(*ended_us));
	if (!ended_us)
		return UINT64_MAX; /* none rather than all */
	for (size_t i = 0, k = 0; i < state->n; i++) {
		if (has_ended(state->all[i]))
			ended_us[k++] = state->all[i]->ended_us;
	}
	qsort(ended_us, n, sizeof(*ended_us), newest_first);
	if (from_us < ended_us[WEIR_COMPLETED_MAX - 1])
		from_us = ended_us[WEIR_COMPLETED_MAX - 1];
	free(ended_us);
	return from_us;
}

void weir_walk_begin(struct weir_walk *walk, const struct weir_state_view *state)
{
	walk->state = state;
	walk->completed_from_us = find_completed_from(state);
}

static void on_state(const struct weir_state_view *state, void *data)
{
	struct answer *answer = data;
	struct weir_walk *walk = &answer->walk;

	weir_walk_begin(walk, state);
	weir_answer_open(walk->out, answer->type);
	parts[answer->type](walk);
	weir_answer_close(walk->out);
}

void weir_answer_state(struct weir_out *out, struct weir_controller *controller,
		       enum weir_call_type type)
{
	struct answer answer = { .walk = { .out = out }, .type = type };

	weir_controller_read_state(controller, on_state, &answer);
}
