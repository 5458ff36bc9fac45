/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decode_net.h"

#include <errno.h>
#include <string.h>

#include "api/decode.h"
#include "api/field.h"
#include "api/message.h"
#include "base/error.h"
#include "base/user.h"
#include "model/policy.h"

static int decode_default(const char *verdict, struct weir_net *net, struct weir_error *err)
{
	net->allows = verdict && strcmp(verdict, "allow") == 0;
	if (!verdict || net->allows || strcmp(verdict, "deny") == 0)
		return 0;
	return weir_fail(err, -EINVAL, "default '%.64s': expected allow or deny", verdict);
}

int weir_decode_net(const struct weir_net_info *from, const char *call, struct weir_arena *arena,
		    const struct weir_net **ret, struct weir_error *err)
{
	struct weir_net *net;

	*ret = NULL;
	if (!from->policy)
		return 0;
	net = weir_arena_alloc(arena, sizeof(*net));
	if (!net)
		return weir_fail_memory(err);
	net->degraded = from->degraded;
	/* Borrowed, and not written to by whoever takes a const struct weir_net. */
	net->rules = (char **)from->rules.list;
	net->sockets = (char **)from->sockets.list;
	if (weir_policy_from_name(from->policy, &net->policy, err) < 0)
		return weir_fail_in(err, "%s.net.policy", call);
	if (decode_default(from->verdict, net, err) < 0 || weir_net_validate(net, err) < 0)
		return weir_fail_in(err, "%s.net", call);
	*ret = net;
	return 0;
}

int weir_decode_socket(const struct weir_parameters *from, const char *call,
		       struct weir_socket_call *ret, struct weir_error *err)
{
	scoped(weir_user_done) struct weir_user user = WEIR_USER_INIT;
	bool has_fd = from->socket.fd != UINT64_MAX;

	if (has_fd == !!from->socket.path)
		return weir_fail(err, -EINVAL, "%s: expected fd or path", call);
	if (has_fd && from->socket.user)
		return weir_fail(err, -EINVAL,
				 "%s.user: who has it open is whose it is: expected none", call);
	*ret = (struct weir_socket_call){ .name = from->socket.name,
					  .path = from->socket.path,
					  .fd = has_fd ? (int)from->socket.fd : -1 };
	if (!ret->name)
		ret->name = WEIR_AGENT_NAME;
	if (!from->socket.user)
		return 0;
	if (weir_user_lookup(from->socket.user, &user, err) < 0)
		return weir_fail_in(err, "%s.user", call);
	ret->uid = user.uid;
	return 0;
}
