/* SPDX-License-Identifier: Apache-2.0 */
/* What of the network a container may reach, as it is said: at a launch, an adoption, and while it runs. */
#include "api/message.h"

#include <stddef.h>

#include "api/field.h"
#include "base/cleanup.h"
#include "model/rules.h"
#include "weir/abi.h"

static const struct weir_field net_fields[] = {
	{ "policy", WEIR_FIELD_STRING, .offset = offsetof(struct weir_net_info, policy),
	  .required = true },
	{ "accept_degraded", WEIR_FIELD_BOOL, .offset = offsetof(struct weir_net_info, degraded) },
	{ "default", WEIR_FIELD_STRING, .offset = offsetof(struct weir_net_info, verdict) },
	{ "rules", WEIR_FIELD_STRINGS, .offset = offsetof(struct weir_net_info, rules),
	  .max = WEIR_MAX_RULES },
	{ "sockets", WEIR_FIELD_STRINGS, .offset = offsetof(struct weir_net_info, sockets),
	  .max = WEIR_SOCKETS_MAX },
};
const struct weir_message weir_net_message = {
	.fields = net_fields,
	.n = ARRAY_SIZE(net_fields),
	.size = sizeof(struct weir_net_info),
};

static const struct weir_field policy_fields[] = {
	WEIR_CONTAINER_ID,
	{ "net", WEIR_FIELD_MESSAGE, .offset = offsetof(struct weir_parameters, extra.net),
	  .message = &weir_net_message, .required = true },
};
static const struct weir_field register_fields[] = {
	{ "name", WEIR_FIELD_STRING, .offset = offsetof(struct weir_parameters, socket.name) },
	{ "path", WEIR_FIELD_STRING, .offset = offsetof(struct weir_parameters, socket.path) },
	{ "fd", WEIR_FIELD_U64, .offset = offsetof(struct weir_parameters, socket.fd),
	  .max = INT32_MAX },
	{ "user", WEIR_FIELD_STRING, .offset = offsetof(struct weir_parameters, socket.user) },
};
const struct weir_message weir_register_message = {
	.fields = register_fields,
	.n = ARRAY_SIZE(register_fields),
	.size = sizeof(struct weir_parameters),
};

const struct weir_message weir_policy_message = {
	.fields = policy_fields,
	.n = ARRAY_SIZE(policy_fields),
	.size = sizeof(struct weir_parameters),
};
