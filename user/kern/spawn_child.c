/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launched process between clone3() and exec(): a table of steps, of which the first that fails
 * is told to the daemon.
 *
 * Only async-signal-safe calls. Each returns 0, or -1 with errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/canary.h"
#include "kern/spawn_internal.h"

static int reset_scheduling(const struct launch *launch)
{
	static const struct sched_param param;

	(void)launch;
	/* First of all: a real-time task is refused by v1 cpu groups. */
	if (sched_setscheduler(0, SCHED_OTHER, &param) < 0)
		return -1;
	return setpriority(PRIO_PROCESS, 0, 0);
}

static int write_oom_score(const struct launch *launch)
{
	size_t len = strlen(launch->oom_score_adj);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, launch->oom_score_adj, len) != (ssize_t)len)
		return -1;
	return close(fd);
}

/* By itself: a parent that writes the child's pid waits for an RCU grace period. */
static int join_v1(const struct launch *launch)
{
	const struct weir_join *join = launch->spawn->join;

	for (size_t i = 0; i < join->n_v1; i++)
		if (write(join->v1_tasks_fd[i], "0", 1) != 1)
			return -1;
	return 0;
}

static int bind_volumes(const struct launch *launch)
{
	return weir_binds_enter(launch->spawn->binds, launch->spawn->n_binds);
}

static int try_fence(const struct launch *launch)
{
	return launch->spawn->fenced ? weir_canary() : 0;
}

static int start_session(const struct launch *launch)
{
	(void)launch;
	umask(022);
	return setsid() < 0 ? -1 : 0;
}

/* The daemon holds many fds; a command that uses select() must not be handed some above 1,023. */
static int lower_fd_limit(const struct launch *launch)
{
	struct rlimit limit;

	(void)launch;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	if (limit.rlim_cur > FD_SETSIZE)
		limit.rlim_cur = FD_SETSIZE;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

/* exec() keeps what is ignored and what is blocked. */
static int reset_signals(const struct launch *launch)
{
	/* The kernel's struct, all zero: the default action. glibc would not touch its own two. */
	static const unsigned long action[4];
	sigset_t none;

	(void)launch;
	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, action, NULL, (size_t)NSIG / 8);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_up_fds(const struct launch *launch)
{
	for (int i = 0; i < 3; i++)
		if (dup2(launch->stdio[i], i) < 0)
			return -1;
	/* Not closed at once: the report goes through one of them. */
	return (int)syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
}

static int set_limits(const struct launch *launch)
{
	return weir_privileges_limit(&launch->privileges);
}

static int confine(const struct launch *launch)
{
	return weir_confine_enter(&launch->confine);
}

static int filter_calls(const struct launch *launch)
{
	return weir_confine_filter(&launch->confine, launch->privileges.gains);
}

static int bound_capabilities(const struct launch *launch)
{
	return weir_privileges_bound(&launch->privileges);
}

static int switch_user(const struct launch *launch)
{
	return weir_user_become(&launch->user);
}

static int keep_capabilities(const struct launch *launch)
{
	return weir_privileges_keep(&launch->privileges);
}

static int change_directory(const struct launch *launch)
{
	return chdir(launch->spawn->workdir ? launch->spawn->workdir : "/");
}

/* Returns only if no candidate could be executed. As a shell does: "not found" is the weakest. */
static int execute(const struct launch *launch)
{
	int error = ENOENT;

	for (const char *path = launch->candidates; *path; path += strlen(path) + 1) {
		execve(path, launch->spawn->argv, launch->spawn->env);
		if (errno == ENOENT && access(path, F_OK) == 0)
			errno = ELIBACC; /* it is there, what has to interpret it is not */
		if (errno != ENOENT && errno != ENOTDIR)
			error = errno;
		if (error != ENOENT && error != EACCES)
			break;
	}
	errno = error;
	return -1;
}

static const struct {
	int (*run)(const struct launch *launch);
	const char *what;
} steps[] = {
	[STEP_SCHEDULING] = { reset_scheduling, "reset the scheduling policy" },
	[STEP_OOM_SCORE] = { write_oom_score, "write oom_score_adj" },
	[STEP_JOIN] = { join_v1, "join the cgroups" },
	[STEP_BINDS] = { bind_volumes, "mount its volumes" },
	[STEP_CANARY] = { try_fence, "find the fence around it" },
	[STEP_SESSION] = { start_session, "start a session" },
	[STEP_SIGNALS] = { reset_signals, "reset signals" },
	[STEP_FD_LIMIT] = { lower_fd_limit, "lower the limit of open files" },
	[STEP_LIMITS] = { set_limits, "set its resource limits" },
	[STEP_FDS] = { set_up_fds, "set up file descriptors" },
	[STEP_CONFINE] = { confine, "confine it to its cgroups" },
	[STEP_BOUND] = { bound_capabilities, "drop capabilities" },
	[STEP_FILTER] = { filter_calls, "filter its system calls" },
	[STEP_USER] = { switch_user, "switch to the user" },
	[STEP_KEEP] = { keep_capabilities, "keep capabilities" },
	[STEP_WORKDIR] = { change_directory, "working directory" },
	[STEP_EXEC] = { execute, "execute" },
};

_Noreturn void run_child(const void *data)
{
	const struct launch *launch = data;
	struct report report = { .step = STEP_SCHEDULING };

	while (steps[report.step].run(launch) == 0)
		report.step++; /* the last one does not return 0 */
	report.error = errno;
	/* Unreported, it would pass for a command that ended: then with the shell's code. */
	_exit(write(launch->report_fd, &report, sizeof(report)) > 0 ? 0 : 127);
}

const char *step_name(enum step step)
{
	return steps[step].what;
}
