/* SPDX-License-Identifier: Apache-2.0 */
/* What of the network a container may reach, in requests. */
#include "client/request.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/error.h"
#include "client/request_net.h"

static bool add_texts(json_t *to, const char *key, const char *const *texts)
{
	json_t *array = json_array();
	bool ok = array != NULL;

	for (size_t i = 0; ok && texts && texts[i]; i++)
		ok = !json_array_append_new(array, json_string(texts[i]));
	return !json_object_set_new(to, key, array) && ok;
}

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
	       (!net->rules || add_texts(json, "rules", net->rules)) &&
	       (!net->sockets || add_texts(json, "sockets", net->sockets));
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
	json_t *call = json_pack("{s:{s:s}}", "container_id", "value", id);

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
