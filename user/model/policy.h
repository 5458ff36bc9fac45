/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

/*
 * What of the network a container may reach (design: section 8): as it is said, as it is kept, and what
 * it needs. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "weir/abi_fence.h"

struct weir_error;

#define WEIR_AGENT_NAME "agent" /* of its unix socket, unless it is called otherwise */

/* Owns its vectors, unless it is said otherwise where one is. */
struct weir_net {
	enum weir_policy policy;
	bool degraded; /* what the tier in force can't keep of it is accepted */
	bool allows; /* custom: what no rule is about */
	char **rules; /* custom: see model/rules.h; NULL: none */
	char **sockets; /* names of unix sockets; of agent-socket-only the agent's, NULL: WEIR_AGENT_NAME */
	uint32_t
		set; /* below 65536; in force: of its rules; of agent-socket-only the socket's number; 0: not yet */
};

/* All but the set. -ENOMEM, and @to is empty. */
int weir_net_copy(struct weir_net *to, const struct weir_net *from, struct weir_error *err);
void weir_net_done(struct weir_net *net);

/* The name of the socket that agent-socket-only leaves. */
const char *weir_net_agent(const struct weir_net *net);

/* Do its parts go together, and does each rule parse? -EINVAL. */
int weir_net_validate(const struct weir_net *net, struct weir_error *err);

/* -EINVAL: there is none of that name; the text has those that there are. */
int weir_policy_from_name(const char *name, enum weir_policy *ret, struct weir_error *err);

/* "connect4", "egress" … */
const char *weir_hook_name(uint32_t hook);

/*
 * Does the tier in force keep all of it? -EOPNOTSUPP: not all, and less was not accepted; the text says
 * what is not.
 */
int weir_net_check(const struct weir_net *net, enum weir_tier tier, struct weir_error *err);
/* So it is kept in part only: what it leaves open, for people; NULL: nothing. */
const char *weir_net_gap(const struct weir_net *net, enum weir_tier tier);

/* The word of struct weir_entry. */
uint32_t weir_net_word(const struct weir_net *net);

#endif /* WEIR_POLICY_H */
