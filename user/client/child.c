/* SPDX-License-Identifier: Apache-2.0 */
#include "client/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/canary.h"
#include "base/cleanup.h"
#include "base/error.h"

enum stage {
	STAGE_JOINED,
	STAGE_BINDS,
	STAGE_FENCE,
	STAGE_CONFINE,
	STAGE_FILTER,
	STAGE_LIMITS,
	STAGE_USER,
	STAGE_WORKDIR,
	STAGE_PRIVILEGES,
	STAGE_EXEC,
};

struct report {
	int stage; /* enum stage */
	int error; /* errno, 0 with STAGE_JOINED */
};

#define EXIT_UNBORN 125 /* seen by nobody but an eavesdropper: the parent reads the report */

/* ---- In the child: system calls only ---- */

static void tell(const struct weir_child *child, enum stage stage, int error)
{
	const struct report report = { .stage = (int)stage, .error = error };

	/* Smaller than PIPE_BUF, so whole or not at all; a parent that is gone needs no report. */
	if (write(child->report[1], &report, sizeof(report)) < 0)
		_exit(EXIT_UNBORN);
}

static void __attribute__((noreturn)) give_up(const struct weir_child *child, enum stage stage)
{
	tell(child, stage, errno);
	_exit(EXIT_UNBORN);
}

/*
 * Each write moves the writer, cheaply (by the parent it would wait for RCU). What the kernel
 * refuses, for want of rights above all, is left to the daemon: it looks before it says go.
 */
static void join_v1(const struct weir_child *child)
{
	for (int i = 0; i < child->n_tasks; i++) {
		ssize_t n;

		do {
			n = write(child->tasks_fds[i], "0", 1);
		} while (n < 0 && errno == EINTR);
	}
}

static void wait_at_gate(const struct weir_child *child)
{
	ssize_t n;
	char go;

	do {
		n = read(child->gate[0], &go, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(EXIT_UNBORN);
}

/* "Not found" of what is there, as of a script without its interpreter: then it can't be executed. */
static bool is_there(const char *command)
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX];

	if (strchr(command, '/'))
		return access(command, F_OK) == 0;
	for (size_t len; dirs; dirs = dirs[len] ? dirs + len + 1 : NULL) {
		size_t command_size = strlen(command) + 1;

		len = strcspn(dirs, ":");
		if (len + 1 + command_size > sizeof(path))
			continue;
		memcpy(path, dirs, len);
		path[len] = '/';
		memcpy(path + (len ? len + 1 : 0), command, command_size);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static void __attribute__((noreturn)) be_child(const struct weir_child *child)
{
	const struct weir_launch_options *options = child->options;

	/* Held only by the parent from here on, so that its death opens the gate with nothing. */
	close(child->gate[1]);
	if (child->in_child)
		child->in_child(child->data);
	join_v1(child);
	tell(child, STAGE_JOINED, 0);
	wait_at_gate(child);

	if (weir_binds_enter(child->binds, child->n_binds) < 0)
		give_up(child, STAGE_BINDS);
	if (child->fenced && weir_canary() < 0)
		give_up(child, STAGE_FENCE);
	if (weir_confine_enter(&child->confine) < 0)
		give_up(child, STAGE_CONFINE);
	if (weir_privileges_limit(&child->privileges) < 0)
		give_up(child, STAGE_LIMITS);
	if (weir_privileges_bound(&child->privileges) < 0)
		give_up(child, STAGE_PRIVILEGES);
	if (weir_confine_filter(&child->confine, child->privileges.gains) < 0)
		give_up(child, STAGE_FILTER);
	if (weir_user_become(&child->user) < 0)
		give_up(child, STAGE_USER);
	if (weir_privileges_keep(&child->privileges) < 0)
		give_up(child, STAGE_PRIVILEGES);
	if (options->workdir && chdir(options->workdir) < 0)
		give_up(child, STAGE_WORKDIR);

	/* On exec, not now: the report is among them. */
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		give_up(child, STAGE_EXEC);

	environ = child->env; /* whose PATH is searched, too */
	execvp(options->argv[0], (char *const *)(uintptr_t)options->argv);
	if (errno == ENOENT && *options->argv[0])
		errno = is_there(options->argv[0]) ? ELIBACC : ENOENT;
	give_up(child, STAGE_EXEC);
}

/* ---- In the parent ---- */

static int open_cgroups(struct weir_child *child, const struct weir_join_list *join,
			struct weir_error *err)
{
	for (size_t i = 0; i < join->n; i++) {
		scoped(closep) int dir = open(join->list[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		int fd;

		if (dir < 0)
			return weir_fail(err, -EIO, "open cgroup '%s': %s", join->list[i].path,
					 strerror(errno));
		if (join->list[i].version == 2) {
			close_fd(child->cgroup_fd);
			child->cgroup_fd = take_fd(dir);
			continue;
		}
		fd = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);
		if (fd >= 0)
			child->tasks_fds[child->n_tasks++] = fd;
		else if (errno != EACCES) /* not ours to write: the daemon will move the child */
			return weir_fail(err, -EIO, "open '%s/tasks': %s", join->list[i].path,
					 strerror(errno));
	}
	return 0;
}

static int prepare_confinement(struct weir_child *child, const struct weir_join_list *join,
			       struct weir_error *err)
{
	const char *writable[WEIR_MAX_JOIN + 1] = {};

	for (size_t i = 0; i < join->n; i++)
		writable[i] = join->list[i].path;
	weir_privileges_hold(&child->privileges);
	return weir_confine_prepare(&child->confine, join->families,
				    join->delegated ? writable : NULL, err);
}

int weir_child_prepare(struct weir_child *child, const struct weir_launch_options *options,
		       const struct weir_join_list *join, struct weir_error *err)
{
	int r;

	child->options = options;
	child->fenced = join->fenced;
	child->binds = join->binds;
	child->n_binds = join->n_binds;
	r = weir_child_prepare_user(child, err);
	if (r == 0)
		r = weir_privileges_parse(options->rlimits, options->capabilities,
					  options->new_privileges, &child->privileges, err);
	if (r == 0)
		r = weir_child_prepare_env(child, join->agent_socket, err);
	if (r == 0 && join->fenced)
		r = prepare_confinement(child, join, err);
	if (r == 0)
		r = open_cgroups(child, join, err);
	if (r < 0)
		return r;
	if (pipe2(child->gate, O_CLOEXEC) < 0 || pipe2(child->report, O_CLOEXEC) < 0)
		return weir_fail(err, -EIO, "pipe: %s", strerror(errno));
	return 0;
}

/* fork(), into a cgroup if @cgroup_fd is one. */
static pid_t fork_into(int cgroup_fd)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (cgroup_fd >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* One report, or the end of them: 1, 0, or -EIO. */
static int read_report(const struct weir_child *child, struct report *ret, struct weir_error *err)
{
	ssize_t n;

	do {
		n = read(child->report[0], ret, sizeof(*ret));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(*ret))
		return weir_fail(err, -EIO, "read from the child: %s",
				 strerror(n < 0 ? errno : EIO));
	return 1;
}

int weir_child_fork(struct weir_child *child, struct weir_error *err)
{
	struct report report;
	pid_t pid;
	int r;

	pid = fork_into(child->cgroup_fd);
	if (pid < 0 && (errno == EACCES || errno == EPERM)) {
		/* Not ours to enter: the daemon moves it there before it says go. */
		pid = fork_into(-1);
	}
	if (pid < 0)
		return weir_fail(err, -EIO, "clone3: %s", strerror(errno));
	if (pid == 0)
		be_child(child);

	/* gate[0] stays open here, or a child killed at the gate would mean SIGPIPE for us. */
	child->pid = pid;
	child->report[1] = close_fd(child->report[1]);
	r = read_report(child, &report, err);
	if (r == 0)
		return weir_fail(err, -EIO, "the child died before it had a command");
	return r < 0 ? r : 0;
}

static void reap(struct weir_child *child)
{
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
}

static int fail_report(const struct weir_child *child, const struct report *report,
		       int *ret_exec_errno, struct weir_error *err)
{
	const struct weir_launch_options *options = child->options;
	const char *why =
		report->error == ELIBACC ? "its interpreter is missing" : strerror(report->error);

	switch (report->stage) {
	case STAGE_BINDS:
		return weir_fail(err, -EINVAL, "mount its volumes: %s", why);
	case STAGE_FENCE:
		return weir_fail(err, -EIO,
				 "the fence is broken: what it has to deny was not denied (%s)",
				 why);
	case STAGE_CONFINE:
		if (report->error == ENOTSOCK)
			return weir_fail(
				err, -EINVAL,
				"one of its standard files is a socket, which the fence of "
				"this machine would not see used: expected a file, a pipe or "
				"a terminal");
		return weir_fail(err, -EIO, "confine it to its cgroups: %s", why);
	case STAGE_FILTER:
		return weir_fail(err, -EIO, "filter its system calls: %s", why);
	case STAGE_LIMITS:
		return weir_fail(err, -EINVAL, "set its resource limits: %s", why);
	case STAGE_USER:
		return weir_fail(err, -EINVAL, "become user '%s'%s: %s",
				 options->user ? options->user : "as before",
				 options->supplementary_groups ? " with more groups" : "", why);
	case STAGE_PRIVILEGES:
		return weir_fail(err, -EINVAL, "keep capabilities '%s': %s",
				 options->capabilities ? options->capabilities : "", why);
	case STAGE_WORKDIR:
		return weir_fail(err, -EINVAL, "enter directory '%s': %s", options->workdir, why);
	default:
		*ret_exec_errno = report->error == ELIBACC ? EACCES : report->error;
		return weir_fail(err, -ENOEXEC, "can't execute '%s': %s", options->argv[0], why);
	}
}

int weir_child_release(struct weir_child *child, int *ret_exec_errno, struct weir_error *err)
{
	struct report report;
	int r;

	if (write(child->gate[1], "", 1) != 1)
		return weir_fail(err, -EIO, "release the child: %s", strerror(errno));
	r = read_report(child, &report, err);
	if (r < 0)
		return r;
	if (r > 0) {
		reap(child);
		return fail_report(child, &report, ret_exec_errno, err);
	}
	child->pid = 0;
	return 0;
}

void weir_child_done(struct weir_child *child)
{
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		reap(child);
	}
	close_fd(child->cgroup_fd);
	for (int i = 0; i < child->n_tasks; i++)
		close_fd(child->tasks_fds[i]);
	for (int i = 0; i < 2; i++) {
		close_fd(child->gate[i]);
		close_fd(child->report[i]);
	}
	free(child->env);
	for (size_t i = 0; i < ARRAY_SIZE(child->own); i++)
		free(child->own[i]);
	weir_user_done(&child->user);
	weir_confine_done(&child->confine);
	*child = (struct weir_child)WEIR_CHILD_INIT;
}
