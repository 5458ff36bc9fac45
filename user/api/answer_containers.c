/* SPDX-License-Identifier: Apache-2.0 */
/* GET_CONTAINERS. */
#include <string.h>
#include <time.h>

#include "api/answer_internal.h"
#include "api/decode.h"
#include "api/state.h"
#include "model/family.h"

#define UNKNOWN UINT64_MAX /* a counter that could not be read */

static void add_counter(struct weir_out *out, uint32_t number, const char *key, uint64_t value)
{
	if (value != UNKNOWN)
		weir_out_u64(out, number, key, value);
}

static void add_seconds(struct weir_out *out, uint32_t number, const char *key, uint64_t ns)
{
	if (ns != UNKNOWN)
		weir_out_fixed(out, number, key, ns, 9);
}

struct listing {
	struct weir_out *out;
	const struct weir_call *call;
	struct weir_node_view node; /* stands in for limits that are infinite */
	uint64_t now_us;
};

void weir_answer_status(struct weir_out *out, uint32_t number, const struct weir_container *c)
{
	weir_out_open(out, number, "container_status");
	weir_answer_id(out, 4, c->id);
	if (c->pid > 0)
		weir_out_u64(out, 3, "executor_pid", (uint64_t)c->pid);
	weir_out_close(out);
}

static void add_statistics(const struct listing *list, struct weir_out *out,
			   const struct weir_view *view)
{
	const struct weir_figures *figures = &view->container->figures;
	uint64_t cpu_limit = figures->cpu_limit_mcpu, mem_limit = figures->mem_limit_bytes;

	weir_out_open(out, 6, "resource_statistics");
	weir_out_fixed(out, 1, "timestamp", list->now_us, 6);
	add_seconds(out, 2, "cpus_user_time_secs", view->user_ns);
	add_seconds(out, 3, "cpus_system_time_secs", view->system_ns);
	weir_out_fixed(out, 4, "cpus_limit",
		       cpu_limit == WEIR_INFINITE ? list->node.cpus * 1000 : cpu_limit, 3);
	weir_out_fixed(out, 45, "cpus_soft_limit", figures->cpu_request_mcpu, 3);
	add_counter(out, 7, "cpus_nr_periods", view->nr_periods);
	add_counter(out, 8, "cpus_nr_throttled", view->nr_throttled);
	add_seconds(out, 9, "cpus_throttled_time_secs", view->throttled_ns);
	add_counter(out, 36, "mem_total_bytes", view->mem_current_bytes);
	weir_out_u64(out, 6, "mem_limit_bytes",
		     mem_limit == WEIR_INFINITE ? list->node.mem_bytes : mem_limit);
	weir_out_u64(out, 38, "mem_soft_limit_bytes", figures->mem_request_bytes);
	weir_out_close(out);
}

/* As they can be asked for. */
static void add_volumes(struct weir_out *out, uint32_t number, char *const *mounts)
{
	weir_out_list(out, "volumes");
	for (; *mounts; mounts++) {
		scoped(freep) char *text = strdup(*mounts);

		if (text)
			text[strcspn(text, " ")] = '/';
		weir_out_string(out, number, NULL, text ? text : *mounts);
	}
	weir_out_list_end(out);
}

static void add_record(struct weir_out *out, const struct weir_container *c, enum weir_tier tier)
{
	weir_out_string(out, 1, "state", weir_state_name(c->state));
	weir_out_string(out, 2, "reason", weir_reason_name(c->reason));
	weir_out_string(out, 3, "message", c->message);
	weir_out_string(out, 4, "role", weir_role_of(c));
	weir_out_string(out, 5, "user", weir_user_of(c));
	weir_answer_strings(out, 6, "argv", c->argv);
	if (c->supplementary_groups)
		weir_answer_strings(out, 7, "supplementary_groups", c->supplementary_groups);
	if (c->rlimits)
		weir_answer_strings(out, 8, "rlimits", c->rlimits);
	if (c->mounts)
		add_volumes(out, 47, c->mounts);
	if (c->capabilities)
		weir_out_string(out, 9, "capabilities", c->capabilities);
	if (c->new_privileges)
		weir_out_bool(out, 10, "allow_new_privileges", true);
	if (c->cpus_set)
		weir_out_string(out, 11, "cpus_set", c->cpus_set);
	weir_answer_net(out, &c->net, tier);
	weir_out_bool(out, 13, "foreground", c->foreground);
	weir_out_bool(out, 14, "exempt", c->exempt);
	if (c->adopted) {
		weir_out_bool(out, 15, "adopted", true);
		weir_out_bool(out, 16, "enforced", c->enforced);
	}
	if (c->paused)
		weir_out_bool(out, 17, "paused", true);
	if (c->autoremove)
		weir_out_bool(out, 18, "autoremove", true);
	if (c->is_executor)
		weir_out_bool(out, 19, "executor", true);
	if (c->parent)
		weir_out_bool(out, 20, "share_cgroups", c->shares_cgroups);
	weir_out_u64(out, 21, "slot", c->slot);
	if (c->status_known)
		weir_out_u64(out, 22, "status", (uint32_t)c->status);
	weir_out_u64(out, 23, "created_us", c->created_us);
	weir_out_u64(out, 24, "started_us", c->started_us);
	weir_out_u64(out, 25, "ended_us", c->ended_us);
	weir_answer_amounts(out, 26, c);
}

static void add_counters(struct weir_out *out, const struct weir_view *view)
{
	add_counter(out, 34, "cpu_ns", view->cpu_ns);
	add_counter(out, 35, "cpu_beyond_ns", view->cpu_beyond_ns);
	add_counter(out, 36, "wait_ns", view->wait_ns);
	add_counter(out, 37, "nr_periods", view->nr_periods);
	add_counter(out, 38, "nr_throttled", view->nr_throttled);
	add_counter(out, 39, "throttled_ns", view->throttled_ns);
	add_counter(out, 40, "mem_current_bytes", view->mem_current_bytes);
	add_counter(out, 41, "mem_peak_bytes", view->mem_peak_bytes);
	add_counter(out, 42, "mem_beyond_bytes", view->mem_beyond_bytes);
	add_counter(out, 43, "oom_kills", view->oom_kills);
}

void weir_answer_labels(struct weir_out *out, uint32_t number, const struct weir_container *c)
{
	weir_out_list(out, "labels");
	for (size_t i = 0; i < c->n_labels; i++) {
		weir_out_open(out, number, NULL);
		weir_out_string(out, 1, "key", c->labels[i].key);
		weir_out_string(out, 2, "value", c->labels[i].value);
		weir_out_close(out);
	}
	weir_out_list_end(out);
}

/* Is @role this one, or below it? */
static bool is_within(const char *role, const char *top)
{
	size_t length = strlen(top);

	return strncmp(role, top, length) == 0 && (!role[length] || role[length] == '/');
}

static bool is_wanted(const struct weir_call *call, const struct weir_view *view)
{
	const struct weir_container *c = view->container;
	const struct weir_filter *filter = &call->filter;

	return (c->parent ? call->show_nested : call->show_standalone) &&
	       (!filter->role || is_within(weir_role_of(c), filter->role)) &&
	       (!filter->id_prefix ||
		strncmp(c->id, filter->id_prefix, strlen(filter->id_prefix)) == 0) &&
	       (!filter->over_request || view->over_request);
}

/* Whose it is, if it is an executor's, or an executor. */
static void add_framework(struct weir_out *out, const struct weir_container *c)
{
	const struct weir_container *executor = c->parent ? c->parent : c;

	if (!executor->is_executor)
		return;
	weir_answer_value(out, 1, "framework_id", weir_framework_of(executor));
	weir_answer_value(out, 2, "executor_id", executor->id);
	weir_out_string(out, 3, "executor_name", executor->id);
}

static int on_view(const struct weir_view *view, void *data)
{
	struct listing *list = data;
	struct weir_out *out = list->out;

	if (!is_wanted(list->call, view))
		return 0;

	weir_out_open(out, 1, NULL);
	add_framework(out, view->container);
	weir_answer_id(out, 4, view->container->id);
	weir_answer_status(out, 5, view->container);
	add_statistics(list, out, view);
	weir_out_open(out, 1000, "weir");
	add_record(out, view->container, list->node.fence_tier);
	add_counters(out, view);
	if (view->stdout_path)
		weir_out_string(out, 44, "stdout_path", view->stdout_path);
	if (view->stderr_path)
		weir_out_string(out, 45, "stderr_path", view->stderr_path);
	weir_answer_labels(out, 46, view->container);
	weir_out_close(out);
	weir_out_close(out);
	return weir_out_failed(out); /* full: the rest would be in vain */
}

int weir_answer_containers(struct weir_out *out, struct weir_controller *controller,
			   const struct weir_call *call, struct weir_error *err)
{
	struct listing list = { .out = out, .call = call };
	struct timespec now;
	int r;

	clock_gettime(CLOCK_REALTIME, &now);
	list.now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	weir_controller_read_node(controller, &list.node);

	weir_answer_open(out, WEIR_CALL_GET_CONTAINERS);
	weir_out_list(out, "containers");
	r = weir_controller_read_containers(controller, call->id, on_view, &list, err);
	if (r < 0 && !weir_out_failed(out))
		return r;
	weir_out_list_end(out);
	weir_answer_close(out);
	return 0;
}
