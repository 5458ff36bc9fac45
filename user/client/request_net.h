/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_REQUEST_NET_H
#define WEIR_REQUEST_NET_H

/* Of requests, the part about what a container may reach: for request.c, which has the rest. */

#include <stdbool.h>

#include <jansson.h>

#include "weir/weir.h"

/* As member "net" of @to, unless there is no policy. false: no memory, or no UTF-8. */
bool weir_request_add_net(json_t *to, const struct weir_net_options *net);

#endif /* WEIR_REQUEST_NET_H */
