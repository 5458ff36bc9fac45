/* SPDX-License-Identifier: Apache-2.0 */
#include "api/answer_internal.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "api/json.h"
#include "base/buffer.h"
#include "model/family.h"
#include "weir/metrics.h"

#define UNKNOWN UINT64_MAX /* a counter that could not be read */

void weir_answer_open(struct weir_json *json, const char *type, const char *parameters)
{
	weir_json_open_object(json, NULL);
	weir_json_string(json, "type", type);
	weir_json_open_object(json, parameters);
}

void weir_answer_close(struct weir_json *json)
{
	weir_json_close_object(json);
	weir_json_close_object(json);
}

void weir_answer_id(struct weir_json *json, const char *id)
{
	const char *task = weir_name_task(id);
	char executor[WEIR_NAME_MAX + 1];

	weir_json_open_object(json, "container_id");
	weir_json_string(json, "value", weir_name_own(id));
	if (task) {
		weir_json_open_object(json, "parent");
		weir_json_string(json, "value", weir_name_executor(id, executor));
		weir_json_close_object(json);
	}
	weir_json_close_object(json);
}

static void add_notes(struct weir_json *json, const struct weir_notes *notes)
{
	weir_json_open_array(json, "notes");
	for (size_t i = 0; i < notes->n; i++)
		weir_json_string(json, NULL, notes->text[i]);
	weir_json_close_array(json);
}

static void add_counter(struct weir_json *json, const char *key, uint64_t value)
{
	if (value != UNKNOWN)
		weir_json_u64(json, key, value);
}

static void add_seconds(struct weir_json *json, const char *key, uint64_t ns)
{
	if (ns != UNKNOWN)
		weir_json_fixed(json, key, ns, 9);
}

void weir_answer_health(struct weir_buffer *buffer, const struct weir_node_view *node)
{
	struct weir_json json = WEIR_JSON_INIT(buffer);

	weir_answer_open(&json, "GET_HEALTH", "get_health");
	weir_json_bool(&json, "healthy", !node->recovering);
	weir_json_open_object(&json, "weir");
	weir_json_string(&json, "fence_tier", weir_metrics_tier_name(node->fence_tier));
	weir_json_close_object(&json);
	weir_answer_close(&json);
}

void weir_answer_version(struct weir_buffer *buffer)
{
	struct weir_json json = WEIR_JSON_INIT(buffer);

	weir_answer_open(&json, "GET_VERSION", "get_version");
	weir_json_open_object(&json, "version_info");
	weir_json_string(&json, "version", WEIR_VERSION);
	weir_json_string(&json, "git_sha", WEIR_GIT_SHA); /* "": not built from a repository */
	weir_json_close_object(&json);
	weir_answer_close(&json);
}

/* @notes and @join may be NULL. */
static void answer_placed(struct weir_buffer *buffer, const char *type, const char *member,
			  const char *id, const struct weir_notes *notes,
			  const struct weir_join_paths *join)
{
	struct weir_json json = WEIR_JSON_INIT(buffer);

	weir_answer_open(&json, type, member);
	weir_answer_id(&json, id);
	if (notes && notes->n)
		add_notes(&json, notes);
	if (join)
		weir_answer_seat(&json, join);
	weir_answer_close(&json);
}

void weir_answer_launch(struct weir_buffer *buffer, const char *id, const struct weir_notes *notes,
			const struct weir_join_paths *join)
{
	answer_placed(buffer, "LAUNCH_CONTAINER", "launch_container", id, notes, join);
}

void weir_answer_join(struct weir_buffer *buffer, const char *id,
		      const struct weir_join_paths *join)
{
	answer_placed(buffer, "JOIN_CONTAINER", "join_container", id, NULL, join);
}

void weir_answer_adopt(struct weir_buffer *buffer, const char *id, const struct weir_notes *notes)
{
	answer_placed(buffer, "ADOPT_CONTAINER", "adopt_container", id, notes, NULL);
}

void weir_answer_update(struct weir_buffer *buffer, const char *id, const struct weir_notes *notes,
			bool pending)
{
	struct weir_json json = WEIR_JSON_INIT(buffer);

	weir_answer_open(&json, "UPDATE_CONTAINER", "update_container");
	weir_answer_id(&json, id);
	add_notes(&json, notes);
	weir_json_bool(&json, "pending", pending);
	weir_answer_close(&json);
}

/* Mesos' TaskState for an end: a request to kill explains any status. */
static const char *task_state(const struct weir_end *end)
{
	if (end->reason == WEIR_REASON_KILLED)
		return "TASK_KILLED";
	if (end->status_known && end->status == 0)
		return "TASK_FINISHED";
	return "TASK_FAILED";
}

void weir_answer_end(struct weir_buffer *buffer, const struct weir_end *end)
{
	struct weir_json json = WEIR_JSON_INIT(buffer);

	weir_answer_open(&json, "WAIT_CONTAINER", "wait_container");
	if (end->status_known)
		weir_json_u64(&json, "exit_status", (uint32_t)end->status);
	weir_json_string(&json, "state", task_state(end));
	if (end->reason == WEIR_REASON_LIMIT || end->reason == WEIR_REASON_NODE_PRESSURE)
		weir_json_string(&json, "reason", "REASON_CONTAINER_LIMITATION_MEMORY");
	weir_json_string(&json, "message", end->message);
	weir_json_open_object(&json, "weir");
	weir_json_string(&json, "reason", weir_reason_name(end->reason));
	weir_json_close_object(&json);
	weir_answer_close(&json);
}

void weir_answer_amounts(struct weir_json *json, const struct weir_container *c)
{
	weir_json_u64(json, "cpu_request_mcpu", c->figures.cpu_request_mcpu);
	weir_json_amount(json, "cpu_limit_mcpu", c->figures.cpu_limit_mcpu);
	weir_json_u64(json, "mem_request_bytes", c->figures.mem_request_bytes);
	weir_json_amount(json, "mem_limit_bytes", c->figures.mem_limit_bytes);
	weir_json_amount(json, "swap_limit_bytes", c->figures.swap_limit_bytes);
	if (c->figures.cpu_burst_mcpu)
		weir_json_amount(json, "cpu_burst_mcpu", c->figures.cpu_burst_mcpu);
	if (c->figures.pids_limit != WEIR_INFINITE)
		weir_json_u64(json, "pids_limit", c->figures.pids_limit);
	if (c->pending_mem_limit_bytes != WEIR_ABSENT)
		weir_json_amount(json, "pending_mem_limit_bytes", c->pending_mem_limit_bytes);
}

/* ---- GET_EVENTS ---------------------------------------------------------------- */

static void on_event(const struct weir_event *event, void *data)
{
	struct weir_json *json = data;

	weir_json_open_object(json, NULL);
	weir_json_u64(json, "seq", event->seq);
	weir_json_u64(json, "time_us", event->at_us);
	weir_json_string(json, "kind", weir_event_name(event->kind));
	if (event->id[0])
		weir_answer_id(json, event->id);
	weir_json_string(json, "cause", event->cause);
	weir_json_string(json, "text", event->text);
	weir_json_open_object(json, "figures");
	for (size_t i = 0; i < event->n_figures; i++)
		weir_json_amount(json, event->figures[i].name, event->figures[i].value);
	weir_json_close_object(json);
	weir_json_close_object(json);
}

void weir_answer_events(struct weir_buffer *buffer, struct weir_controller *controller,
			uint64_t since, const char *id)
{
	struct weir_json json = WEIR_JSON_INIT(buffer);
	uint64_t next, lost;

	weir_answer_open(&json, "GET_EVENTS", "get_events");
	weir_json_open_array(&json, "events");
	next = weir_controller_read_events(controller, since, id, on_event, &json, &lost);
	weir_json_close_array(&json);
	weir_json_u64(&json, "next", next);
	weir_json_u64(&json, "lost", lost);
	weir_json_u64(&json, "epoch_us", weir_controller_events_epoch_us(controller));
	weir_answer_close(&json);
}

/* ---- GET_CONTAINERS ------------------------------------------------------------ */

struct listing {
	struct weir_json json;
	bool show_standalone, show_nested;
	struct weir_node_view node; /* stands in for limits that are infinite */
	uint64_t now_us;
};

static void add_status(struct weir_json *json, const struct weir_container *c)
{
	weir_json_open_object(json, "container_status");
	weir_answer_id(json, c->id);
	if (c->pid > 0)
		weir_json_u64(json, "executor_pid", (uint64_t)c->pid);
	weir_json_close_object(json);
}

static void add_statistics(const struct listing *list, struct weir_json *json,
			   const struct weir_view *view)
{
	const struct weir_figures *figures = &view->container->figures;
	uint64_t cpu_limit = figures->cpu_limit_mcpu, mem_limit = figures->mem_limit_bytes;

	weir_json_open_object(json, "resource_statistics");
	weir_json_fixed(json, "timestamp", list->now_us, 6);
	add_seconds(json, "cpus_user_time_secs", view->user_ns);
	add_seconds(json, "cpus_system_time_secs", view->system_ns);
	weir_json_fixed(json, "cpus_limit",
			cpu_limit == WEIR_INFINITE ? list->node.cpus * 1000 : cpu_limit, 3);
	weir_json_fixed(json, "cpus_soft_limit", figures->cpu_request_mcpu, 3);
	add_counter(json, "cpus_nr_periods", view->nr_periods);
	add_counter(json, "cpus_nr_throttled", view->nr_throttled);
	add_seconds(json, "cpus_throttled_time_secs", view->throttled_ns);
	add_counter(json, "mem_total_bytes", view->mem_current_bytes);
	weir_json_u64(json, "mem_limit_bytes",
		      mem_limit == WEIR_INFINITE ? list->node.mem_bytes : mem_limit);
	weir_json_u64(json, "mem_soft_limit_bytes", figures->mem_request_bytes);
	weir_json_close_object(json);
}

static void add_record(struct weir_json *json, const struct weir_container *c, enum weir_tier tier)
{
	weir_json_string(json, "state", weir_state_name(c->state));
	weir_json_string(json, "reason", weir_reason_name(c->reason));
	weir_json_string(json, "message", c->message);
	weir_json_string(json, "role", c->role ? c->role : "*");
	weir_json_string(json, "user", c->user ? c->user : "root");
	weir_answer_strings(json, "argv", c->argv);
	if (c->supplementary_groups)
		weir_answer_strings(json, "supplementary_groups", c->supplementary_groups);
	if (c->rlimits)
		weir_answer_strings(json, "rlimits", c->rlimits);
	if (c->capabilities)
		weir_json_string(json, "capabilities", c->capabilities);
	if (c->new_privileges)
		weir_json_bool(json, "allow_new_privileges", true);
	if (c->cpus_set)
		weir_json_string(json, "cpus_set", c->cpus_set);
	weir_answer_net(json, &c->net, tier);
	weir_json_bool(json, "foreground", c->foreground);
	weir_json_bool(json, "exempt", c->exempt);
	if (c->adopted) {
		weir_json_bool(json, "adopted", true);
		weir_json_bool(json, "enforced", c->enforced);
	}
	if (c->paused)
		weir_json_bool(json, "paused", true);
	if (c->autoremove)
		weir_json_bool(json, "autoremove", true);
	if (c->is_executor)
		weir_json_bool(json, "executor", true);
	if (c->parent)
		weir_json_bool(json, "share_cgroups", c->shares_cgroups);
	weir_json_u64(json, "slot", c->slot);
	if (c->status_known)
		weir_json_u64(json, "status", (uint32_t)c->status);
	weir_json_u64(json, "created_us", c->created_us);
	weir_json_u64(json, "started_us", c->started_us);
	weir_json_u64(json, "ended_us", c->ended_us);
	weir_answer_amounts(json, c);
}

static void add_counters(struct weir_json *json, const struct weir_view *view)
{
	add_counter(json, "cpu_ns", view->cpu_ns);
	add_counter(json, "cpu_beyond_ns", view->cpu_beyond_ns);
	add_counter(json, "wait_ns", view->wait_ns);
	add_counter(json, "nr_periods", view->nr_periods);
	add_counter(json, "nr_throttled", view->nr_throttled);
	add_counter(json, "throttled_ns", view->throttled_ns);
	add_counter(json, "mem_current_bytes", view->mem_current_bytes);
	add_counter(json, "mem_peak_bytes", view->mem_peak_bytes);
	add_counter(json, "mem_beyond_bytes", view->mem_beyond_bytes);
	add_counter(json, "oom_kills", view->oom_kills);
}

static void add_labels(struct weir_json *json, const struct weir_container *c)
{
	weir_json_open_array(json, "labels");
	for (size_t i = 0; i < c->n_labels; i++) {
		weir_json_open_object(json, NULL);
		weir_json_string(json, "key", c->labels[i].key);
		weir_json_string(json, "value", c->labels[i].value);
		weir_json_close_object(json);
	}
	weir_json_close_array(json);
}

static int on_view(const struct weir_view *view, void *data)
{
	struct listing *list = data;
	struct weir_json *json = &list->json;

	if (!(view->container->parent ? list->show_nested : list->show_standalone))
		return 0;

	weir_json_open_object(json, NULL);
	weir_answer_id(json, view->container->id);
	add_status(json, view->container);
	add_statistics(list, json, view);
	weir_json_open_object(json, "weir");
	add_record(json, view->container, list->node.fence_tier);
	add_counters(json, view);
	if (view->stdout_path)
		weir_json_string(json, "stdout_path", view->stdout_path);
	if (view->stderr_path)
		weir_json_string(json, "stderr_path", view->stderr_path);
	add_labels(json, view->container);
	weir_json_close_object(json);
	weir_json_close_object(json);
	return json->buffer->failed; /* full: the rest would be in vain */
}

int weir_answer_containers(struct weir_buffer *buffer, struct weir_controller *controller,
			   const char *id, bool show_standalone, bool show_nested,
			   struct weir_error *err)
{
	struct listing list = { .json = WEIR_JSON_INIT(buffer),
				.show_standalone = show_standalone,
				.show_nested = show_nested };
	struct timespec now;
	int r;

	clock_gettime(CLOCK_REALTIME, &now);
	list.now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	weir_controller_read_node(controller, &list.node);

	weir_answer_open(&list.json, "GET_CONTAINERS", "get_containers");
	weir_json_open_array(&list.json, "containers");
	r = weir_controller_read_containers(controller, id, on_view, &list, err);
	if (r < 0 && !buffer->failed)
		return r;
	weir_json_close_array(&list.json);
	weir_answer_close(&list.json);
	return 0;
}
