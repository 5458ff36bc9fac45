/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_ANSWER_STREAM_H
#define WEIR_ANSWER_STREAM_H

/* What a stream consists of: messages of the master's Event. */

#include <stdbool.h>
#include <stdint.h>

#include "api/out.h"
#include "control/controller.h"

/* The first: the state, unless one @resumes; @since and the epoch say where the rest begins. */
void weir_answer_subscribed(struct weir_out *out, struct weir_controller *controller,
			    uint64_t since, bool resumes, unsigned int heartbeat_s);

void weir_answer_heartbeat(struct weir_out *out);

/* What happened, as weir tells it. */
void weir_answer_happening(struct weir_out *out, const struct weir_event *event);

/* What the event is to Mesos, which has one for launches and ends of tasks. false: nothing. */
bool weir_answer_is_of_task(const struct weir_event *event, const struct weir_state_view *state);
void weir_answer_task_event(struct weir_out *out, const struct weir_event *event,
			    const struct weir_state_view *state);

#endif /* WEIR_ANSWER_STREAM_H */
