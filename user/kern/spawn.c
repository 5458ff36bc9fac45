/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir_spawn(): from a specification to an executed command.
 *
 * Everything that allocates, asks a name service or opens by name happens before clone3().
 * The child goes down a table of steps; the first that fails is told through a pipe which
 * closes by itself when the command is executed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/borrow.h"
#include "kern/spawn_internal.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Far more than anybody's PATH asks for: a client may send a long one, and a long name. */
#define MAX_CANDIDATES (1u << 20)

#define LAUNCH_INIT { .user = WEIR_USER_INIT, .stdio = { -1, -1, -1 }, .report_fd = -1 }

static void launch_done(struct launch *launch)
{
	weir_user_done(&launch->user);
	weir_confine_done(&launch->confine);
	free(launch->candidates);
	for (size_t i = 0; i < ARRAY_SIZE(launch->stdio); i++)
		close_fd(launch->stdio[i]);
	close_fd(launch->report_fd);
	*launch = (struct launch)LAUNCH_INIT;
}

static const char *path_of(char *const *env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return DEFAULT_PATH;
}

static const char *program_of(const struct weir_spawn *spawn)
{
	return spawn->program ? spawn->program : spawn->argv[0];
}

/* What execvp() would try, written down. */
static int list_candidates(const struct weir_spawn *spawn, char **ret, struct weir_error *err)
{
	const char *command = program_of(spawn), *dirs = path_of(spawn->env);
	scoped(freep) char *list = NULL;
	size_t command_size = strlen(command) + 1, n_dirs = 1, size;
	char *at;

	if (command_size == 1)
		return weir_fail(err, -ENOENT, "the command is empty");
	if (command_size > PATH_MAX)
		return weir_fail(err, -EACCES,
				 "command '%.64s…' can't be executed: its name has %zu bytes, at "
				 "most %d",
				 command, command_size - 1, PATH_MAX - 1);

	if (strchr(command, '/'))
		dirs = "";
	for (const char *p = dirs; *p; p++)
		n_dirs += *p == ':';
	/* Each: the directory, a slash, the command, its NUL; and the final "". */
	size = strlen(dirs) + n_dirs * (command_size + 1) + 1;
	if (size > MAX_CANDIDATES)
		return weir_fail(
			err, -EACCES,
			"command '%.64s' can't be executed: PATH is too long to look for it",
			command);
	list = malloc(size);
	if (!list)
		return weir_fail_memory(err);

	at = list;
	if (strchr(command, '/')) {
		at = stpcpy(at, command) + 1;
		n_dirs = 0;
	}
	while (n_dirs-- > 0) {
		size_t len = strcspn(dirs, ":");

		/* An empty one is the working directory. */
		at += sprintf(at, "%.*s%s%s", (int)len, dirs, len ? "/" : "", command) + 1;
		dirs += len + 1;
	}
	*at = '\0';
	*ret = take_ptr(list);
	return 0;
}

/* A copy of @fd above the standard three. */
static int copy_fd(int fd, int *ret, struct weir_error *err)
{
	*ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (*ret < 0)
		return weir_fail(err, -EIO, "duplicate file descriptor %d: %s", fd,
				 strerror(errno));
	return 0;
}

static int prepare(const struct weir_spawn *spawn, struct launch *launch, int *ret_report_in,
		   struct weir_error *err)
{
	scoped(closep) int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r, ends[2];

	launch->spawn = spawn;
	snprintf(launch->oom_score_adj, sizeof(launch->oom_score_adj), "%d", spawn->oom_score_adj);
	if ((spawn->user && weir_user_lookup(spawn->user, &launch->user, err) < 0) ||
	    weir_user_join(&launch->user, spawn->groups, err) < 0 ||
	    weir_privileges_parse(spawn->rlimits, spawn->capabilities, spawn->new_privileges,
				  &launch->privileges, err) < 0)
		return err->code;
	if (spawn->fenced) {
		weir_privileges_hold(&launch->privileges);
		if (weir_confine_prepare(&launch->confine, spawn->families, spawn->writable, err) <
		    0)
			return err->code;
	}
	r = list_candidates(spawn, &launch->candidates, err);
	if (r < 0)
		return r;

	if (null_fd < 0)
		return weir_fail(err, -EIO, "open /dev/null: %s", strerror(errno));
	r = copy_fd(null_fd, &launch->stdio[0], err);
	if (r == 0)
		r = copy_fd(spawn->stdout_fd, &launch->stdio[1], err);
	if (r == 0)
		r = copy_fd(spawn->stderr_fd, &launch->stdio[2], err);
	if (r < 0)
		return r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return weir_fail(err, -EIO, "make a pipe: %s", strerror(errno));
	*ret_report_in = ends[0];
	r = copy_fd(ends[1], &launch->report_fd, err);
	close(ends[1]);
	return r;
}

/* A user's other processes must never meet a child that has the daemon's memory. */
static pid_t clone_into(struct clone_args *args, const struct launch *launch)
{
	pid_t pid = -ENOSYS;

	if (!launch->spawn->user)
		pid = weir_clone_borrowing(args, run_child, launch);
	if (pid != -ENOSYS)
		return pid;
	pid = (pid_t)syscall(SYS_clone3, args, sizeof(*args));
	if (pid == 0)
		run_child(launch);
	return pid < 0 ? -errno : pid;
}

/* With all signals blocked, so that none of the daemon's handlers runs in the child. */
static int clone_child(const struct launch *launch, pid_t *ret_pid, int *ret_pidfd,
		       struct weir_error *err)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)launch->spawn->join->cgroup2_fd,
	};
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = clone_into(&args, launch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	if (pid < 0)
		return weir_fail(err, -EIO, "start a process in the cgroup: %s", strerror(-pid));
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}

/* Then it is the client who can do something about it. */
static bool was_asked_for(enum step step)
{
	return step == STEP_BINDS || step == STEP_LIMITS || step == STEP_BOUND || step == STEP_KEEP;
}

/* Codes that the header documents are for the steps that a client can do something about. */
static int explain(const struct weir_spawn *spawn, const struct report *report,
		   struct weir_error *err)
{
	const char *command = program_of(spawn), *why = strerror(report->error);

	if (report->step == STEP_WORKDIR)
		return weir_fail(err, -EINVAL, "working directory '%s': %s",
				 spawn->workdir ? spawn->workdir : "/", why);
	if (report->step == STEP_CANARY)
		return weir_fail(err, -ENOTCONN,
				 "the fence is broken: what it has to deny was not denied (%s)",
				 why);
	if (report->step != STEP_EXEC)
		return weir_fail(err, was_asked_for(report->step) ? -EINVAL : -EIO, "%s: %s",
				 step_name(report->step), why);

	if (report->error == ENOENT)
		return weir_fail(err, -ENOENT, "command '%s' not found", command);
	if (report->error == ELIBACC)
		why = "its interpreter is missing";
	return weir_fail(err, -EACCES, "command '%s' can't be executed: %s", command, why);
}

int weir_spawn(const struct weir_spawn *spawn, pid_t *ret_pid, int *ret_pidfd,
	       struct weir_error *err)
{
	scoped(launch_done) struct launch launch = LAUNCH_INIT;
	scoped(closep) int report_in = -1, pidfd = -1;
	struct report report;
	siginfo_t info;
	pid_t pid = -1;
	ssize_t n;
	int r;

	r = prepare(spawn, &launch, &report_in, err);
	if (r == 0)
		r = clone_child(&launch, &pid, &pidfd, err);
	if (r < 0)
		return r;

	/* The child's end is the only one left: nothing to read means that it was executed. */
	launch.report_fd = close_fd(launch.report_fd);
	do {
		n = read(report_in, &report, sizeof(report));
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(report)) {
		while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
			;
		return explain(spawn, &report, err);
	}

	*ret_pid = pid;
	*ret_pidfd = take_fd(pidfd);
	return 0;
}
