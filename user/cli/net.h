/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_NET_H
#define WEIR_CLI_NET_H

/* The options that say what of the network a container may reach, for the verbs that take them. */

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"
#include "weir/weir.h"

struct weir_net_chosen {
	const char *policy, *rules_path, *agent_socket;
	bool degraded;
};

/* What the options come to, with the memory that it takes. */
struct weir_net_words {
	struct weir_net_options options;
	char *lines; /* of the file of rules */
	const char **rules, **sockets;
};

/* false: said what is wrong. weir_net_words_done() in either case. */
bool weir_net_words_load(const struct weir_net_chosen *chosen, struct weir_net_words *ret);
void weir_net_words_done(struct weir_net_words *words);

/* Behind the policy. @type: the verb's struct, which has a `struct weir_net_chosen net`. */
#define WEIR_NET_OPTIONS(type, degraded_name)                                         \
	{ "rules",                                                                    \
	  0,                                                                          \
	  "FILE",                                                                     \
	  weir_option_text,                                                           \
	  offsetof(type, net.rules_path),                                             \
	  "of policy custom: see weir(1)" },                                          \
		{ "agent-socket",                                                     \
		  0,                                                                  \
		  "PATH",                                                             \
		  weir_option_text,                                                   \
		  offsetof(type, net.agent_socket),                                   \
		  "of agent-socket-only: where the agent is, or a registered name" }, \
		{ degraded_name,                                                      \
		  0,                                                                  \
		  NULL,                                                               \
		  NULL,                                                               \
		  offsetof(type, net.degraded),                                       \
		  "of the policy as much as this machine can keep, else it is refused" }
#define WEIR_NET_POLICY(type)         \
	{ "net",                      \
	  0,                          \
	  "POLICY",                   \
	  weir_option_text,           \
	  offsetof(type, net.policy), \
	  "what it may reach: open, deny-agent-tcp, agent-socket-only, custom (open)" }

#endif /* WEIR_CLI_NET_H */
