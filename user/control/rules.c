/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policies name, put where the fence looks it up: rules, and unix sockets by their numbers.
 *
 * A set is written under a number that nobody has, and only then is the container's word changed: so whoever asks
 * meanwhile gets all of the one or all of the other.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "model/policy.h"
#include "model/rules.h"

static bool is_taken(const struct weir_controller *controller, uint32_t set)
{
	struct weir_container *const *all;
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i]->net.policy == WEIR_POLICY_CUSTOM && all[i]->net.set == set)
			return true;
	return false;
}

static int choose_set(struct weir_controller *controller, uint32_t *ret, struct weir_error *err)
{
	for (uint32_t tries = 0; tries < UINT16_MAX; tries++) {
		controller->last_set =
			controller->last_set == UINT16_MAX ? 1 : controller->last_set + 1;
		if (is_taken(controller, controller->last_set))
			continue;
		*ret = controller->last_set;
		return 0;
	}
	return weir_fail(err, -ENOSPC, "as many containers have rules as can");
}

static int fail_unregistered(const char *name, struct weir_error *err)
{
	return weir_fail(err, -EINVAL,
			 "no socket is registered by the name '%.64s' (weir agent register)", name);
}

static int put_peers(struct weir_controller *controller, const struct weir_net *net, uint32_t set,
		     struct weir_error *err)
{
	for (size_t i = 0; net->sockets && net->sockets[i]; i++) {
		struct weir_peer_key key = { .set = set };
		struct weir_socket socket;

		if (weir_fence_socket(controller->fence, net->sockets[i], &socket) < 0)
			return fail_unregistered(net->sockets[i], err);
		key.socket = socket.number;
		if (weir_fence_put_peer(controller->fence, &key, err) < 0)
			return err->code;
	}
	return 0;
}

static void drop_set(struct weir_controller *controller, const struct weir_net *net, uint32_t set)
{
	scoped(freep) struct weir_rule_entry *entries = NULL;
	struct weir_error ignored = {};
	size_t n = 0;

	weir_rules_compile((const char *const *)net->rules, &entries, &n, &ignored);
	for (size_t i = 0; entries && i < n; i++) {
		entries[i].key.set = set;
		weir_fence_drop_rule(controller->fence, &entries[i].key);
	}
	for (uint32_t number = 1; number < WEIR_SOCKETS_MAX; number++) {
		const struct weir_peer_key key = { .set = set, .socket = number };

		weir_fence_drop_peer(controller->fence, &key);
	}
}

static int put_set(struct weir_controller *controller, const struct weir_net *net, uint32_t set,
		   struct weir_error *err)
{
	scoped(freep) struct weir_rule_entry *entries = NULL;
	size_t n;

	if (weir_rules_compile((const char *const *)net->rules, &entries, &n, err) < 0)
		return err->code;
	for (size_t i = 0; i < n; i++) {
		entries[i].key.set = set;
		if (weir_fence_put_rule(controller->fence, &entries[i].key, &entries[i].rules,
					err) < 0)
			return err->code;
	}
	return put_peers(controller, net, set, err);
}

/* A path for a name: whose it is when it is said for the first time is whose it has to be. */
static int agents_number(struct weir_controller *controller, const struct weir_net *net,
			 uint32_t *ret, struct weir_error *err)
{
	const char *name = weir_net_agent(net);
	struct weir_socket socket;
	struct stat st;

	if (weir_fence_socket(controller->fence, name, &socket) < 0 &&
	    weir_socket_at(controller, name, &socket) < 0) {
		uid_t uid = lstat(name, &st) == 0 ? st.st_uid : 0;

		if (name[0] != '/')
			return fail_unregistered(name, err);
		if (weir_controller_name_path(controller, name, name, uid, err) < 0)
			return err->code;
		if (weir_fence_socket(controller->fence, name, &socket) < 0)
			return weir_fail(err, -EIO, "socket '%.64s' is gone again", name);
	}
	*ret = socket.number;
	return 0;
}

int weir_rules_enter(struct weir_controller *controller, struct weir_net *net,
		     struct weir_error *err)
{
	uint32_t set = net->set;

	switch (net->policy) {
	case WEIR_POLICY_AGENT_SOCKET_ONLY:
		return agents_number(controller, net, &net->set, err);
	case WEIR_POLICY_CUSTOM:
		if (!set && choose_set(controller, &set, err) < 0)
			return err->code;
		if (put_set(controller, net, set, err) < 0) {
			if (!net->set)
				drop_set(controller, net, set);
			return err->code;
		}
		net->set = set;
		return 0;
	default:
		return 0;
	}
}

void weir_rules_drop(struct weir_controller *controller, struct weir_net *net)
{
	if (controller->fence && net->policy == WEIR_POLICY_CUSTOM && net->set)
		drop_set(controller, net, net->set);
	net->set = 0;
}
