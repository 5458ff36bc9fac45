/* SPDX-License-Identifier: Apache-2.0 */
#include "model/policy.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strv.h"
#include "model/rules.h"
#include "weir/metrics.h"

static const char *const hooks[WEIR_HOOK_COUNT_] = {
	[WEIR_HOOK_CREATE] = "create",
	[WEIR_HOOK_CONNECT4] = "connect4",
	[WEIR_HOOK_CONNECT6] = "connect6",
	[WEIR_HOOK_SENDMSG4] = "sendmsg4",
	[WEIR_HOOK_SENDMSG6] = "sendmsg6",
	[WEIR_HOOK_BIND4] = "bind4",
	[WEIR_HOOK_BIND6] = "bind6",
	[WEIR_HOOK_EGRESS] = "egress",
	[WEIR_HOOK_INGRESS] = "ingress",
	[WEIR_HOOK_FAMILY] = "socket_create",
	[WEIR_HOOK_CONNECT] = "socket_connect",
	[WEIR_HOOK_SENDMSG] = "socket_sendmsg",
	[WEIR_HOOK_LISTEN] = "socket_listen",
	[WEIR_HOOK_ACCEPT] = "socket_accept",
	[WEIR_HOOK_UNIX_STREAM] = "unix_stream_connect",
	[WEIR_HOOK_UNIX_SEND] = "unix_may_send",
	[WEIR_HOOK_RECEIVE] = "file_receive",
	[WEIR_HOOK_CONNECT_UNIX] = "connect_unix",
	[WEIR_HOOK_SENDMSG_UNIX] = "sendmsg_unix",
};

int weir_policy_from_name(const char *name, enum weir_policy *ret, struct weir_error *err)
{
	for (uint32_t i = WEIR_POLICY_OPEN; i <= WEIR_POLICY_CUSTOM; i++) {
		if (strcmp(weir_metrics_policy_name(i), name) == 0) {
			*ret = (enum weir_policy)i;
			return 0;
		}
	}
	return weir_fail(err, -EINVAL,
			 "there is no policy '%.64s': expected open, deny-agent-tcp, "
			 "agent-socket-only or custom",
			 name);
}

const char *weir_hook_name(uint32_t hook)
{
	return hook < ARRAY_SIZE(hooks) ? hooks[hook] : "unknown";
}

void weir_net_done(struct weir_net *net)
{
	weir_strv_free(net->rules);
	weir_strv_free(net->sockets);
	*net = (struct weir_net){};
}

int weir_net_copy(struct weir_net *to, const struct weir_net *from, struct weir_error *err)
{
	*to = *from;
	to->set = 0;
	to->rules = from->rules ? weir_strv_copy(from->rules) : NULL;
	to->sockets = from->sockets ? weir_strv_copy(from->sockets) : NULL;
	if (!!to->rules == !!from->rules && !!to->sockets == !!from->sockets)
		return 0;
	weir_net_done(to);
	return weir_fail_memory(err);
}

const char *weir_net_agent(const struct weir_net *net)
{
	return net->sockets && net->sockets[0] ? net->sockets[0] : WEIR_AGENT_NAME;
}

int weir_net_validate(const struct weir_net *net, struct weir_error *err)
{
	scoped(freep) struct weir_rule_entry *entries = NULL;
	bool rules = net->rules && net->rules[0], sockets = net->sockets && net->sockets[0];
	size_t n;

	if (net->policy == WEIR_POLICY_CUSTOM)
		return weir_rules_compile((const char *const *)net->rules, &entries, &n, err);
	if (rules || net->allows)
		return weir_fail(err, -EINVAL, "policy %s has no rules: expected custom",
				 weir_metrics_policy_name(net->policy));
	if (sockets && (net->policy != WEIR_POLICY_AGENT_SOCKET_ONLY || net->sockets[1]))
		return weir_fail(err, -EINVAL,
				 "policy %s has no sockets to choose from: expected custom",
				 weir_metrics_policy_name(net->policy));
	return 0;
}

const char *weir_net_gap(const struct weir_net *net, enum weir_tier tier)
{
	if (net->policy == WEIR_POLICY_OPEN)
		return NULL;
	if (tier == WEIR_TIER_NONE)
		return "nothing is held back";
	if ((net->policy == WEIR_POLICY_AGENT_SOCKET_ONLY ||
	     (net->policy == WEIR_POLICY_CUSTOM && !net->allows)) &&
	    tier < WEIR_TIER_1)
		return "unix sockets of others can be reached";
	return NULL;
}

int weir_net_check(const struct weir_net *net, enum weir_tier tier, struct weir_error *err)
{
	const char *gap = weir_net_gap(net, tier);

	/* Of a fence that does not stand at all nothing can be accepted. */
	if (!gap || (net->degraded && tier != WEIR_TIER_NONE))
		return 0;
	return weir_fail(err, -EOPNOTSUPP,
			 "policy %s can't be kept on this machine: %s (weir doctor says why)%s",
			 weir_metrics_policy_name(net->policy), gap,
			 tier == WEIR_TIER_NONE ? ""
						: "; expected accept_degraded, or another policy");
}

uint32_t weir_net_word(const struct weir_net *net)
{
	if (net->policy == WEIR_POLICY_OPEN)
		return 0;
	return (uint32_t)net->policy | (net->allows ? WEIR_FENCE_ALLOWS : 0) | net->set << 16;
}
