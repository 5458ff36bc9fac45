/* SPDX-License-Identifier: Apache-2.0 */
#include "api/answer_stream.h"

#include <stdlib.h>
#include <string.h>

#include "api/answer_internal.h"
#include "api/state.h"
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

static const struct weir_container *find(const struct weir_state_view *state, const char *id)
{
	struct weir_container *const *found =
		bsearch(id, state->all, state->n, sizeof(*state->all), by_id);

	return found ? *found : NULL;
}

bool weir_answer_is_of_task(const struct weir_event *event, const struct weir_state_view *state)
{
	const struct weir_container *c = find(state, event->id);

	if (event->kind == WEIR_EVENT_LAUNCHED)
		return c && !c->is_executor;
	return event->kind == WEIR_EVENT_ENDED && !(c && c->is_executor);
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

/* One whose record has gone with it: what the event says of its end. */
static void add_gone(struct weir_walk *walk, const struct weir_event *event)
{
	struct weir_container gone = {
		.id = (char *)event->id, /* nobody writes to it */
		.state = WEIR_STATE_EXITED,
		.ended_us = event->at_us,
	};

	weir_reason_from_name(event->cause, &gone.reason);
	memcpy(gone.message, event->text, sizeof(gone.message) - 1);
	for (size_t i = 0; i < event->n_figures; i++) {
		if (strcmp(event->figures[i].name, "exit_status") == 0) {
			gone.status = (int)event->figures[i].value;
			gone.status_known = true;
		}
	}
	add_updated(walk, &gone);
}

void weir_answer_task_event(struct weir_out *out, const struct weir_event *event,
			    const struct weir_state_view *state)
{
	const struct weir_container *c = find(state, event->id);
	struct weir_walk walk = { .out = out, .state = state };

	weir_out_open(out, 0, NULL);
	if (event->kind == WEIR_EVENT_LAUNCHED) {
		weir_out_enum(out, 1, "type", TYPE(TASK_ADDED));
		weir_out_open(out, 3, "task_added");
		weir_walk_task(&walk, 1, "task", c);
		weir_out_close(out);
	} else if (c && c->state == WEIR_STATE_EXITED) {
		add_updated(&walk, c);
	} else {
		add_gone(&walk, event);
	}
	weir_out_close(out);
}
