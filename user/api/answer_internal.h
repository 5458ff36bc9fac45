/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_ANSWER_INTERNAL_H
#define WEIR_ANSWER_INTERNAL_H

/* What answers have in common; for the files behind answer.h. */

#include "api/answer.h"
#include "api/json.h"
#include "base/buffer.h"

/* {"type": NAME, PARAMETERS: {…}}: every answer stands in one of these. */
void weir_answer_open(struct weir_json *json, const char *type, const char *parameters);
void weir_answer_close(struct weir_json *json);
/* Of a task with its executor as parent. */
void weir_answer_id(struct weir_json *json, const char *id);
/* What it may reach, as an object of that name, and what of that can't be kept by the tier in force. */
void weir_answer_net(struct weir_json *json, const struct weir_net *net, enum weir_tier tier);
/* Where a child of the caller's joins, and what the caller has to do to it. */
void weir_answer_seat(struct weir_json *json, const struct weir_join_paths *join);
/* Texts in an array. */
void weir_answer_strings(struct weir_json *json, const char *name, char *const *strings);
/* In force, and what waits. */
void weir_answer_amounts(struct weir_json *json, const struct weir_container *c);

#endif /* WEIR_ANSWER_INTERNAL_H */
