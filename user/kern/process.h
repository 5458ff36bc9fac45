/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PROCESS_H
#define WEIR_PROCESS_H

/*
 * First processes: born inside their cgroups, or moved there before they execute.
 *
 * The child of clone3() does only async-signal-safe work; whatever needs memory or the
 * name service has been looked up before. Nothing of the daemon leaks into it: fds,
 * signal mask and handlers, scheduling policy, oom_score_adj, session.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/binds.h"
#include "base/confine.h"
#include "kern/cgroup.h"

struct weir_error;

struct weir_spawn {
	const struct weir_join *join;
	const char *program; /* looked up in the child's PATH; NULL: argv[0] */
	char *const *argv;
	char *const *env; /* the child's whole environment, NULL-terminated */
	const char *user; /* "name", "uid", "name:group", "uid:gid"; NULL: as the daemon */
	/* See base/privileges.h and base/user.h; NULL, false: no others. */
	const char *const *rlimits, *const *groups;
	const char *capabilities;
	bool new_privileges;
	/* It is executed only if the fence holds it (base/canary.h), and is confined to it (base/confine.h). */
	bool fenced;
	enum weir_families families;
	const char *const *writable;
	/* Directories that it has in place of others, in mounts of its own. */
	const struct weir_bind *binds;
	size_t n_binds;
	const char *workdir; /* NULL: "/" */
	int stdout_fd, stderr_fd; /* borrowed; stdin is /dev/null */
	int oom_score_adj;
};

/*
 * Start it, in a session of its own. On success the command has been executed: *@ret_pid and
 * *@ret_pidfd (owned) are its. On failure nothing is left running or unreaped.
 *
 * -ENOENT: no such command; -EACCES: it can't be executed; -EINVAL: no such user, group, limit,
 * capability or directory (the text names it), or one that the kernel refuses. Anything else: the
 * kernel would not have it; -ENOTCONN: it should be fenced, and is not.
 */
int weir_spawn(const struct weir_spawn *spawn, pid_t *ret_pid, int *ret_pidfd,
	       struct weir_error *err);

/* A pidfd of a running process. -ESRCH. */
int weir_pidfd_open(pid_t pid, int *ret, struct weir_error *err);
/* -ESRCH: it has exited. */
int weir_pidfd_signal(int pidfd, int sig, struct weir_error *err);
/* Reap a child of ours through its pidfd. 0 and *@ret_status; -ECHILD: not ours; -EAGAIN: still running. */
int weir_pidfd_reap(int pidfd, int *ret_status);

/*
 * What it has open as @fd, open here, too: for a peer that waits for the answer, and so is still who it was.
 * -EBADF: it has no such fd; -ESRCH.
 */
int weir_process_fd(pid_t pid, int fd, struct weir_error *err);

/* Fields of /proc/PID/stat. -ESRCH: no such process. */
int weir_process_start_ticks(pid_t pid, uint64_t *ret, struct weir_error *err);
int weir_process_parent(pid_t pid, pid_t *ret, struct weir_error *err);

/* Write /proc/PID/oom_score_adj. -ESRCH. */
int weir_process_set_oom_score_adj(pid_t pid, int value, struct weir_error *err);

#endif /* WEIR_PROCESS_H */
