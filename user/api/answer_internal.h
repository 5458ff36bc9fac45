/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_ANSWER_INTERNAL_H
#define WEIR_ANSWER_INTERNAL_H

/* What answers have in common; for the files behind answer.h. */

#include "api/answer.h"
#include "api/out.h"

/* {"type": NAME, PARAMETERS: {…}}: every answer stands in one of these. */
void weir_answer_open(struct weir_out *out, enum weir_call_type type);
void weir_answer_close(struct weir_out *out);
/* "container_id", of a task with its executor as parent. */
void weir_answer_id(struct weir_out *out, uint32_t number, const char *id);
/* What it may reach, as "net" of a record, and what of that can't be kept by the tier in force. */
void weir_answer_net(struct weir_out *out, const struct weir_net *net, enum weir_tier tier);
/* Where a child of the caller's joins, and what the caller has to do to it: of a placement. */
void weir_answer_seat(struct weir_out *out, const struct weir_join_paths *join);
/* {"value": TEXT}, as Mesos' ids are. */
void weir_answer_value(struct weir_out *out, uint32_t number, const char *name, const char *text);
/* One event, as a Happening. */
void weir_answer_event(struct weir_out *out, uint32_t number, const char *name,
		       const struct weir_event *event);
/* "container_status", "labels" in an array. */
void weir_answer_status(struct weir_out *out, uint32_t number, const struct weir_container *c);
void weir_answer_labels(struct weir_out *out, uint32_t number, const struct weir_container *c);
/* "state", as Mesos' TaskState; of an end; and its "reason", where Mesos has one. */
void weir_answer_task_state(struct weir_out *out, uint32_t number, const struct weir_container *c);
void weir_answer_end_state(struct weir_out *out, uint32_t number, const struct weir_end *end);
void weir_answer_reason(struct weir_out *out, uint32_t number, enum weir_reason reason);
/* Texts in an array. */
void weir_answer_strings(struct weir_out *out, uint32_t number, const char *name,
			 char *const *strings);
/* In force, and what waits. They have numbers in this order everywhere; @first is that of cpu_request_mcpu. */
void weir_answer_amounts(struct weir_out *out, uint32_t first, const struct weir_container *c);

#endif /* WEIR_ANSWER_INTERNAL_H */
