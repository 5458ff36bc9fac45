/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_NET_H
#define WEIR_NET_H

/* What of the network containers may reach: the part of weir/weir.h that is about policies. */

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir_client;

/* What of the network a container may reach. All is borrowed; zeroed it says nothing. */
struct weir_net_options {
	/*
	 * "open", "deny-agent-tcp", "agent-socket-only", "custom"; NULL: as the daemon's configuration has it, and
	 * nothing below counts.
	 */
	const char *policy;
	bool accept_degraded; /* of the policy, as much as this machine can keep */
	const char *
		left_open; /* of an answer: what of it this machine can't keep, for people; NULL: nothing */
	bool default_allow; /* custom: what no rule is about */
	/* custom: NULL-terminated "allow|deny ADDRESS[/PREFIX]|any [tcp|udp|icmp|any [PORT[-PORT]]]" */
	const char *const *rules;
	/*
	 * custom: names of unix sockets that are registered, NULL-terminated. agent-socket-only: at most one, a name
	 * or the path at which the agent is bound; NULL: "agent".
	 */
	const char *const *sockets;
};

/*
 * What a container may reach from now on. -EOPNOTSUPP (500): this machine can't keep it; -ENOENT: no such
 * container, or it has ended.
 */
int weir_client_set_policy(struct weir_client *client, const char *id,
			   const struct weir_net_options *net);

/*
 * For an agent, after listen(): @fd is the unix socket by which policies may leave it to containers, under
 * @name (NULL: "agent"). It is so as long as it is open; whoever listens anew registers anew. The daemon takes a
 * look at the fd in this process, nothing is sent. -EINVAL: it is no unix socket that listens.
 */
int weir_client_register_socket(struct weir_client *client, const char *name, int fd);
/*
 * The same of whatever listens at @path, now or later, as long as it is @user's (NULL: root's): the daemon
 * finds it, and its next one, by itself.
 */
int weir_client_register_path(struct weir_client *client, const char *name, const char *path,
			      const char *user);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_NET_H */
