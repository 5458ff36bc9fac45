/* SPDX-License-Identifier: Apache-2.0 */
/* What of the network a container may reach, in requests. */
#include "client/request.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/error.h"
#include "client/request_internal.h"

bool weir_request_add_net(json_t *to, const struct weir_net_options *net)
{
	json_t *json;

	if (!net->policy)
		return true;
	json = json_pack("{s:s, s:b}", "policy", net->policy, "accept_degraded",
			 net->accept_degraded);
	return !json_object_set_new(to, "net", json) &&
	       (!net->default_allow ||
		!json_object_set_new(json, "default", json_string("allow"))) &&
	       weir_request_add_list(json, "rules", net->rules) &&
	       weir_request_add_list(json, "sockets", net->sockets);
}

static int finish(const char *type, const char *parameters, json_t *call, char **ret,
		  struct weir_error *err)
{
	json_t *body = json_pack("{s:s, s:o}", "type", type, parameters, call);

	*ret = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	return *ret ? 0 : weir_fail_memory(err);
}

int weir_request_policy(const char *id, const struct weir_net_options *net, char **ret,
			struct weir_error *err)
{
	json_t *call = json_pack("{s:o}", "container_id", weir_request_id(id));

	/* jansson takes no other bytes. */
	if (!call || !weir_request_add_net(call, net)) {
		json_decref(call);
		return weir_fail(err, -EINVAL, "the container's id or the policy is no UTF-8 text");
	}
	return finish("SET_POLICY", "set_policy", call, ret, err);
}

int weir_request_socket(const char *name, const char *path, const char *user, int fd, char **ret,
			struct weir_error *err)
{
	json_t *call = json_pack("{s:s*, s:s*, s:s*}", "name", name, "path", path, "user", user);

	if (!call || (!path && json_object_set_new(call, "fd", json_integer(fd)))) {
		json_decref(call);
		return weir_fail(err, -EINVAL, "the socket's name, path or user is no UTF-8 text");
	}
	return finish("REGISTER_AGENT_SOCKET", "register_agent_socket", call, ret, err);
}
