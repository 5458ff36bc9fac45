/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_REQUEST_NET_H
#define WEIR_REQUEST_NET_H

/* What request.c, and request_net.c about what a container may reach, have of each other. */

#include <stdbool.h>

#include <jansson.h>

#include "weir/weir.h"

/* request.c: new references, NULL: no memory, or no UTF-8. Of "EXECUTOR/TASK" the task's, with its executor as parent. */
json_t *weir_request_id(const char *id);
/* @list as member @name of @to, unless it is NULL. false: no memory, or no UTF-8. */
bool weir_request_add_list(json_t *to, const char *name, const char *const *list);

/* request_net.c: as member "net" of @to, unless there is no policy. false: no memory, or no UTF-8. */
bool weir_request_add_net(json_t *to, const struct weir_net_options *net);

#endif /* WEIR_REQUEST_NET_H */
