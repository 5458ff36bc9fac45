/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_ANSWER_H
#define WEIR_ANSWER_H

/*
 * The bodies of answers, written from live state straight into where they go, in JSON or in
 * protobuf. docs/api.md shows them all. Failures stay in the buffer.
 */

#include <stdbool.h>
#include <stdint.h>

#include "api/kinds.h"
#include "control/controller.h"
#include "control/operate.h"

struct weir_call;
struct weir_out;

void weir_answer_health(struct weir_out *out, const struct weir_node_view *node);
void weir_answer_version(struct weir_out *out);
/* @join: NULL unless the command is in the foreground. */
void weir_answer_launch(struct weir_out *out, const char *id, const struct weir_notes *notes,
			const struct weir_join_paths *join);
void weir_answer_join(struct weir_out *out, const char *id, const struct weir_join_paths *join);
void weir_answer_adopt(struct weir_out *out, const char *id, const struct weir_notes *notes);
void weir_answer_update(struct weir_out *out, const char *id, const struct weir_notes *notes,
			bool pending);
void weir_answer_end(struct weir_out *out, const struct weir_end *end);

/* GET_EVENTS: those above @since of container @id (NULL: of all). */
void weir_answer_events(struct weir_out *out, struct weir_controller *controller, uint64_t since,
			const char *id);

void weir_answer_flags(struct weir_out *out, struct weir_controller *controller);
void weir_answer_logging_level(struct weir_out *out, unsigned int level);
void weir_answer_metrics(struct weir_out *out, struct weir_controller *controller);

/* What an operation on reservations and volumes came to. */
void weir_answer_operated(struct weir_out *out, enum weir_call_type type,
			  const struct weir_operate_result *result);

/* EXPLAIN_CONTAINER. */
void weir_answer_explain(struct weir_out *out, const struct weir_explanation *explanation);

/* GET_CONTAINERS: those that @call asks for. Walks under the controller's read lock. -ENOENT: the one that it names is unknown. */
int weir_answer_containers(struct weir_out *out, struct weir_controller *controller,
			   const struct weir_call *call, struct weir_error *err);

/* GET_STATE, and what it consists of by itself; GET_AGENT, GET_AGENTS, GET_ROLES, GET_OPERATIONS. All of it is of one moment. */
void weir_answer_state(struct weir_out *out, struct weir_controller *controller,
		       enum weir_call_type type);

#endif /* WEIR_ANSWER_H */
