/* SPDX-License-Identifier: Apache-2.0 */
#include "api/answer_internal.h"

#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"
#include "model/family.h"
#include "weir/metrics.h"
#include "weir/v1/state.pb-c.h"

void weir_answer_open(struct weir_out *out, enum weir_call_type type)
{
	weir_out_open(out, 0, NULL);
	weir_out_enum(out, 1, "type", weir_response_type(out->dialect, type), weir_call_name(type));
	weir_out_open(out, weir_response_field(out->dialect, type), weir_call_parameters(type));
}

void weir_answer_close(struct weir_out *out)
{
	weir_out_close(out);
	weir_out_close(out);
}

void weir_answer_value(struct weir_out *out, uint32_t number, const char *name, const char *text)
{
	weir_out_open(out, number, name);
	weir_out_string(out, 1, "value", text);
	weir_out_close(out);
}

void weir_answer_id(struct weir_out *out, uint32_t number, const char *id)
{
	const char *task = weir_name_task(id);
	char executor[WEIR_NAME_MAX + 1];

	weir_out_open(out, number, "container_id");
	weir_out_string(out, 1, "value", weir_name_own(id));
	if (task) {
		weir_out_open(out, 2, "parent");
		weir_out_string(out, 1, "value", weir_name_executor(id, executor));
		weir_out_close(out);
	}
	weir_out_close(out);
}

static void add_notes(struct weir_out *out, const struct weir_notes *notes)
{
	weir_out_list(out, "notes");
	for (size_t i = 0; i < notes->n; i++)
		weir_out_string(out, 2, NULL, notes->text[i]);
	weir_out_list_end(out);
}

void weir_answer_health(struct weir_out *out, const struct weir_node_view *node)
{
	weir_answer_open(out, WEIR_CALL_GET_HEALTH);
	weir_out_bool(out, 1, "healthy", !node->recovering);
	weir_out_open(out, 1000, "weir");
	weir_out_string(out, 1, "fence_tier", weir_metrics_tier_name(node->fence_tier));
	weir_out_close(out);
	weir_answer_close(out);
}

void weir_answer_version(struct weir_out *out)
{
	weir_answer_open(out, WEIR_CALL_GET_VERSION);
	weir_out_open(out, 1, "version_info");
	weir_out_string(out, 1, "version", WEIR_VERSION);
	weir_out_string(out, 5, "git_sha", WEIR_GIT_SHA); /* "": not built from a repository */
	weir_out_close(out);
	weir_answer_close(out);
}

static void on_flag(const char *name, const char *value, void *data)
{
	struct weir_out *out = data;

	weir_out_open(out, 1, NULL);
	weir_out_string(out, 1, "name", name);
	weir_out_string(out, 2, "value", value);
	weir_out_close(out);
}

void weir_answer_flags(struct weir_out *out, struct weir_controller *controller)
{
	weir_answer_open(out, WEIR_CALL_GET_FLAGS);
	weir_out_list(out, "flags");
	weir_controller_read_flags(controller, on_flag, out);
	weir_out_list_end(out);
	weir_answer_close(out);
}

void weir_answer_logging_level(struct weir_out *out, unsigned int level)
{
	weir_answer_open(out, WEIR_CALL_GET_LOGGING_LEVEL);
	weir_out_u64(out, 1, "level", level);
	weir_answer_close(out);
}

/* @notes and @join may be NULL. */
static void answer_placed(struct weir_out *out, enum weir_call_type type, const char *id,
			  const struct weir_notes *notes, const struct weir_join_paths *join)
{
	weir_answer_open(out, type);
	weir_answer_id(out, 1, id);
	if (notes && notes->n)
		add_notes(out, notes);
	if (join)
		weir_answer_seat(out, join);
	weir_answer_close(out);
}

void weir_answer_launch(struct weir_out *out, const char *id, const struct weir_notes *notes,
			const struct weir_join_paths *join)
{
	answer_placed(out, WEIR_CALL_LAUNCH_CONTAINER, id, notes, join);
}

void weir_answer_join(struct weir_out *out, const char *id, const struct weir_join_paths *join)
{
	answer_placed(out, WEIR_CALL_JOIN_CONTAINER, id, NULL, join);
}

void weir_answer_adopt(struct weir_out *out, const char *id, const struct weir_notes *notes)
{
	answer_placed(out, WEIR_CALL_ADOPT_CONTAINER, id, notes, NULL);
}

void weir_answer_update(struct weir_out *out, const char *id, const struct weir_notes *notes,
			bool pending)
{
	weir_answer_open(out, WEIR_CALL_UPDATE_CONTAINER);
	weir_answer_id(out, 1, id);
	add_notes(out, notes);
	weir_out_bool(out, 8, "pending", pending);
	weir_answer_close(out);
}

/* A request to kill explains any status. */
void weir_answer_end_state(struct weir_out *out, uint32_t number, const struct weir_end *end)
{
	if (end->reason == WEIR_REASON_KILLED)
		weir_out_enum(out, number, "state", WEIR__V1__TASK_STATE__TASK_KILLED,
			      "TASK_KILLED");
	else if (end->status_known && end->status == 0)
		weir_out_enum(out, number, "state", WEIR__V1__TASK_STATE__TASK_FINISHED,
			      "TASK_FINISHED");
	else
		weir_out_enum(out, number, "state", WEIR__V1__TASK_STATE__TASK_FAILED,
			      "TASK_FAILED");
}

void weir_answer_task_state(struct weir_out *out, uint32_t number, const struct weir_container *c)
{
	const struct weir_end end = {
		.status_known = c->status_known,
		.status = c->status,
		.reason = c->reason,
	};

	if (c->state == WEIR_STATE_EXITED)
		weir_answer_end_state(out, number, &end);
	else if (c->state == WEIR_STATE_RUNNING)
		weir_out_enum(out, number, "state", WEIR__V1__TASK_STATE__TASK_RUNNING,
			      "TASK_RUNNING");
	else
		weir_out_enum(out, number, "state", WEIR__V1__TASK_STATE__TASK_STARTING,
			      "TASK_STARTING");
}

void weir_answer_reason(struct weir_out *out, uint32_t number, enum weir_reason reason)
{
	if (reason == WEIR_REASON_LIMIT || reason == WEIR_REASON_NODE_PRESSURE)
		weir_out_enum(out, number, "reason",
			      WEIR__V1__TASK_STATUS__REASON__REASON_CONTAINER_LIMITATION_MEMORY,
			      "REASON_CONTAINER_LIMITATION_MEMORY");
}

void weir_answer_end(struct weir_out *out, const struct weir_end *end)
{
	weir_answer_open(out, WEIR_CALL_WAIT_CONTAINER);
	if (end->status_known)
		weir_out_u64(out, 1, "exit_status", (uint32_t)end->status);
	weir_answer_end_state(out, 2, end);
	weir_answer_reason(out, 3, end->reason);
	weir_out_string(out, 5, "message", end->message);
	weir_out_open(out, 1000, "weir");
	weir_out_string(out, 1, "reason", weir_reason_name(end->reason));
	weir_out_close(out);
	weir_answer_close(out);
}

void weir_answer_amounts(struct weir_out *out, uint32_t first, const struct weir_container *c)
{
	const struct weir_figures *figures = &c->figures;

	weir_out_amount(out, first, "cpu_request_mcpu", figures->cpu_request_mcpu);
	weir_out_amount(out, first + 1, "cpu_limit_mcpu", figures->cpu_limit_mcpu);
	weir_out_amount(out, first + 2, "mem_request_bytes", figures->mem_request_bytes);
	weir_out_amount(out, first + 3, "mem_limit_bytes", figures->mem_limit_bytes);
	weir_out_amount(out, first + 4, "swap_limit_bytes", figures->swap_limit_bytes);
	if (figures->cpu_burst_mcpu)
		weir_out_amount(out, first + 5, "cpu_burst_mcpu", figures->cpu_burst_mcpu);
	if (figures->pids_limit != WEIR_INFINITE)
		weir_out_amount(out, first + 6, "pids_limit", figures->pids_limit);
	if (c->pending_mem_limit_bytes != WEIR_ABSENT)
		weir_out_amount(out, first + 7, "pending_mem_limit_bytes",
				c->pending_mem_limit_bytes);
}

/* ---- GET_EVENTS ---------------------------------------------------------------- */

void weir_answer_event(struct weir_out *out, uint32_t number, const char *name,
		       const struct weir_event *event)
{
	weir_out_open(out, number, name);
	weir_out_u64(out, 1, "seq", event->seq);
	weir_out_u64(out, 2, "time_us", event->at_us);
	weir_out_string(out, 3, "kind", weir_event_name(event->kind));
	if (event->id[0])
		weir_answer_id(out, 4, event->id);
	weir_out_string(out, 5, "cause", event->cause);
	weir_out_string(out, 6, "text", event->text);
	weir_out_map(out, "figures");
	for (size_t i = 0; i < event->n_figures; i++)
		weir_out_amount_entry(out, 7, event->figures[i].name, event->figures[i].value);
	weir_out_map_end(out);
	weir_out_close(out);
}

static void on_event(const struct weir_event *event, void *data)
{
	weir_answer_event(data, 1, NULL, event);
}

void weir_answer_events(struct weir_out *out, struct weir_controller *controller, uint64_t since,
			const char *id)
{
	uint64_t next, lost;

	weir_answer_open(out, WEIR_CALL_GET_EVENTS);
	weir_out_list(out, "events");
	next = weir_controller_read_events(controller, since, id, on_event, out, &lost);
	weir_out_list_end(out);
	weir_out_u64(out, 2, "next", next);
	weir_out_u64(out, 3, "lost", lost);
	weir_out_u64(out, 4, "epoch_us", weir_controller_events_epoch_us(controller));
	weir_answer_close(out);
}
