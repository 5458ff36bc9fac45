/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_REQUEST_INTERNAL_H
#define WEIR_REQUEST_INTERNAL_H

/* What the files that make requests have of each other. */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "weir/weir.h"

/* The API counts in CPUs and MiB. */
#define WEIR_MCPU_PER_CPU  1000.0
#define WEIR_BYTES_PER_MIB 1048576.0

/* request.c: new references, NULL: no memory, or no UTF-8. Of "EXECUTOR/TASK" the task's, with its executor as parent. */
json_t *weir_request_id(const char *id);
/* Mesos' Resource of this amount: @amount / @unit. */
json_t *weir_request_scalar(const char *name, uint64_t amount, double unit);
/* @list as member @name of @to, unless it is NULL. false: no memory, or no UTF-8. */
bool weir_request_add_list(json_t *to, const char *name, const char *const *list);

/* request_net.c: as member "net" of @to, unless there is no policy. false: no memory, or no UTF-8. */
bool weir_request_add_net(json_t *to, const struct weir_net_options *net);

/* *@ret: @body as text, for the caller to free. -ENOMEM; so it is if it was not @built. */
int weir_request_finish(const json_t *body, bool built, char **ret, struct weir_error *err);

/* NULL is fine. -EINVAL: @text, called @what, is none. */
int weir_request_check_utf8(const char *what, const char *text, struct weir_error *err);

#endif /* WEIR_REQUEST_INTERNAL_H */
