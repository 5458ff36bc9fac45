/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CHILD_H
#define WEIR_CHILD_H

/*
 * A foreground command between fork and exec: born in its cgroups, held at a
 * gate, and let go once the daemon has limited it.
 *
 * What needs memory or the name service is looked up before the fork: the
 * caller may have threads, so the child makes system calls and nothing else.
 * It knows nothing of the daemon.
 */

#include <sys/types.h>

#include "base/confine.h"
#include "base/privileges.h"
#include "base/user.h"
#include "client/decode.h"

struct weir_error;

struct weir_child {
	/* Looked up before the fork. */
	const struct weir_launch_options *options; /* borrowed */
	char **env; /* the caller's, with the options' over it */
	char *own
		[5]; /* "HOME=…", "USER=…", "LOGNAME=…" of another user, and where the agent is; or NULL */
	struct weir_user user;
	struct weir_privileges privileges;
	void (*in_child)(void *data);
	void *data;

	const struct weir_bind *binds; /* to be mounted; borrowed */
	size_t n_binds;
	bool fenced; /* the command is executed only if the fence holds it, */
	struct weir_confine confine; /* and confined to it */
	int cgroup_fd; /* of the cgroup2 directory; -1: there is none */
	int tasks_fds[WEIR_MAX_JOIN], n_tasks;
	int gate[2]; /* a byte lets the child go; its end makes it exit */
	int report[2]; /* what the child has to say; ends when it executes */
	pid_t pid; /* 0: not forked, or given away */
};

#define WEIR_CHILD_INIT \
	{ .user = WEIR_USER_INIT, .cgroup_fd = -1, .gate = { -1, -1 }, .report = { -1, -1 } }

/* -EINVAL: no such user, group, limit or capability; -EIO: the cgroups or pipes can't be opened. */
int weir_child_prepare(struct weir_child *child, const struct weir_launch_options *options,
		       const struct weir_join_list *join, struct weir_error *err);

/* Fork. On success the child stands in its cgroups, as far as the caller's rights reach, and waits. */
int weir_child_fork(struct weir_child *child, struct weir_error *err);

/*
 * Let it go, and see that it executes. -ENOEXEC: it could not, *@ret_exec_errno says why;
 * -EINVAL: it could not become the user, be limited so, or enter the directory. It has exited then.
 */
int weir_child_release(struct weir_child *child, int *ret_exec_errno, struct weir_error *err);

/* child_env.c: what _prepare() looks up. */
int weir_child_prepare_user(struct weir_child *child, struct weir_error *err);
/* @agent_socket: where the agent is, or NULL. */
int weir_child_prepare_env(struct weir_child *child, const char *agent_socket,
			   struct weir_error *err);

/* Kill and reap what still is the child's, close and free the rest. */
void weir_child_done(struct weir_child *child);

#endif /* WEIR_CHILD_H */
