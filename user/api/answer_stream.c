/* SPDX-License-Identifier: Apache-2.0 */
#include "api/answer_stream.h"

#include <stdlib.h>
#include <string.h>

#include "api/answer_internal.h"
#include "api/state.h"
#include "model/family.h"
#include "weir/v1/master.pb-c.h"

#define TYPE(name) WEIR__V1__MASTER__EVENT__TYPE__##name, #name

static void on_state(const struct weir_state_view *state, void *data)
{
	struct weir_walk *walk = data;

	weir_walk_begin(walk, state);
	weir_out_open(walk->out, 1, "get_state");
	weir_walk_state(walk);
	weir_out_close(walk->out);
}

void weir_answer_subscribed(struct weir_out *out, struct weir_controller *controller,
			    uint64_t since, bool resumes, unsigned int heartbeat_s)
{
	struct weir_walk walk = { .out = out };

	weir_out_open(out, 0, NULL);
	weir_out_enum(out, 1, "type", TYPE(SUBSCRIBED));
	weir_out_open(out, 2, "subscribed");
	if (!resumes)
		weir_controller_read_state(controller, on_state, &walk);
	weir_out_fixed(out, 2, "heartbeat_interval_seconds", heartbeat_s, 0);
	weir_out_open(out, 1000, "weir");
	weir_out_u64(out, 1, "since", since);
	weir_out_u64(out, 2, "epoch_us", weir_controller_events_epoch_us(controller));
	weir_out_close(out);
	weir_out_close(out);
	weir_out_close(out);
}

void weir_answer_heartbeat(struct weir_out *out)
{
	weir_out_open(out, 0, NULL);
	weir_out_enum(out, 1, "type", TYPE(HEARTBEAT));
	weir_out_close(out);
}

void weir_answer_happening(struct weir_out *out, const struct weir_event *event)
{
	weir_out_open(out, 0, NULL);
	weir_out_enum(out, 1, "type", TYPE(WEIR));
	weir_answer_event(out, 1000, "weir", event);
	weir_out_close(out);
}

static int by_id(const void *key, const void *entry)
{
	const struct weir_container *const *c = entry;

	return strcmp(key, (*c)->id);
}

/* NULL: its record has gone. One of the same name that came later is another. */
static const struct weir_container *find(const struct weir_state_view *state,
					 const struct weir_event *event)
{
	struct weir_container *const *found =
		bsearch(event->id, state->all, state->n, sizeof(*state->all), by_id);

	return found && (*found)->created_us <= event->at_us ? *found : NULL;
}

bool weir_answer_is_of_task(const struct weir_event *event, const struct weir_state_view *state)
{
	const struct weir_container *c = find(state, event);

	return (event->kind == WEIR_EVENT_LAUNCHED || event->kind == WEIR_EVENT_ENDED) &&
	       !(c ? c->is_executor : event->is_executor);
}

static void add_updated(struct weir_walk *walk, const struct weir_container *c)
{
	weir_out_enum(walk->out, 1, "type", TYPE(TASK_UPDATED));
	weir_out_open(walk->out, 4, "task_updated");
	weir_answer_value(walk->out, 1, "framework_id", weir_framework_of(c));
	weir_walk_status(walk, 2, "status", c);
	weir_answer_task_state(walk->out, 3, c);
	weir_out_close(walk->out);
}

/* One whose record has gone, by what the event says of it. Texts are the event's, and nobody writes to them. */
struct gone {
	struct weir_container task, executor;
	struct weir_label framework;
	char executor_id[WEIR_NAME_MAX + 1];
};

static const struct weir_container *bring_back(const struct weir_event *event, struct gone *ret)
{
	struct weir_container *whose;
	struct weir_figures *figures;

	*ret = (struct gone){ .framework = { (char *)(uintptr_t)"framework_id",
					     (char *)(uintptr_t)event->framework } };
	ret->task.id = (char *)(uintptr_t)event->id;
	ret->task.pid = event->pid;
	whose = &ret->task;
	if (weir_name_task(event->id)) {
		ret->executor.id =
			(char *)(uintptr_t)weir_name_executor(event->id, ret->executor_id);
		ret->task.parent = whose = &ret->executor;
	}
	whose->labels = &ret->framework;
	whose->n_labels = strcmp(event->framework, WEIR_FRAMEWORK) != 0;
	figures = &ret->task.figures;
	*figures = (struct weir_figures){ .cpu_limit_mcpu = WEIR_INFINITE,
					  .mem_limit_bytes = WEIR_INFINITE };
	for (size_t i = 0; i < event->n_figures; i++) {
		const struct weir_event_figure *figure = &event->figures[i];

		if (strcmp(figure->name, "exit_status") == 0) {
			ret->task.status = (int)figure->value;
			ret->task.status_known = true;
		} else if (strcmp(figure->name, "cpu_request_mcpu") == 0) {
			figures->cpu_request_mcpu = figure->value;
		} else if (strcmp(figure->name, "cpu_limit_mcpu") == 0) {
			figures->cpu_limit_mcpu = figure->value;
		} else if (strcmp(figure->name, "mem_request_bytes") == 0) {
			figures->mem_request_bytes = figure->value;
		} else if (strcmp(figure->name, "mem_limit_bytes") == 0) {
			figures->mem_limit_bytes = figure->value;
		}
	}
	return &ret->task;
}

/* As it was when it was launched, whatever has become of it. */
static void add_added(struct weir_walk *walk, const struct weir_container *c,
		      const struct weir_event *event)
{
	struct weir_container then = *c;

	then.state = WEIR_STATE_RUNNING;
	then.started_us = event->at_us;
	weir_out_enum(walk->out, 1, "type", TYPE(TASK_ADDED));
	weir_out_open(walk->out, 3, "task_added");
	weir_walk_task(walk, 1, "task", &then);
	weir_out_close(walk->out);
}

static void add_end(struct weir_walk *walk, const struct weir_container *c,
		    const struct weir_event *event)
{
	struct weir_container then = *c;

	if (c->state == WEIR_STATE_EXITED)
		return add_updated(walk, c);
	then.state = WEIR_STATE_EXITED;
	then.ended_us = event->at_us;
	weir_reason_from_name(event->cause, &then.reason);
	memcpy(then.message, event->text, sizeof(then.message) - 1);
	add_updated(walk, &then);
}

void weir_answer_task_event(struct weir_out *out, const struct weir_event *event,
			    const struct weir_state_view *state)
{
	const struct weir_container *c = find(state, event);
	struct weir_walk walk = { .out = out, .state = state };
	struct gone gone;

	if (!c)
		c = bring_back(event, &gone);
	weir_out_open(out, 0, NULL);
	if (event->kind == WEIR_EVENT_LAUNCHED)
		add_added(&walk, c, event);
	else
		add_end(&walk, c, event);
	weir_out_close(out);
}
