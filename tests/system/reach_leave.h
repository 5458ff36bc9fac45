/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_REACH_LEAVE_H
#define WEIR_TEST_REACH_LEAVE_H

/* Ways out of the cgroup itself, to where no policy holds; then TCP. A child leaves, and says what came of it. */

#include <linux/sched.h>
#include <mntent.h>

#include "reach.h"

static int connect_outside(void)
{
	struct sockaddr_in to = v4("127.0.0.1");

	return by_connect(AF_INET, SOCK_STREAM, 0, &to, sizeof(to));
}

static int come_of(pid_t pid)
{
	int status;

	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(connect_outside());
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

/* By the file of processes. */
static int leave_by_file(const char *directory)
{
	char path[512];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd;

		snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		_exit(fd < 0 || write(fd, "0", 1) != 1 ? errno : connect_outside());
	}
	if (pid < 0)
		return errno;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

/* By being born there. */
static int leave_by_birth(const char *directory)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	if (fd < 0)
		return errno;
	args.cgroup = (uint64_t)fd;
	error = come_of((pid_t)syscall(SYS_clone3, &args, sizeof(args)));
	close(fd);
	return error;
}

/* At the top of each mount of cgroup2; 0 as soon as one way leads out. */
static int leave(int (*by)(const char *directory))
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	int error = ENOENT;

	while (mounts && error && (entry = getmntent(mounts)))
		if (strcmp(entry->mnt_type, "cgroup2") == 0)
			error = by(entry->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return error;
}

/* By way of what another process sees, which is somebody's outside. */
static int leave_neighbour(const char *variable)
{
	const char *pid = getenv(variable);
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	int error = ENOENT;
	char path[512];

	while (pid && *pid && mounts && error && (entry = getmntent(mounts))) {
		if (strcmp(entry->mnt_type, "cgroup2") != 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/root%s", pid, entry->mnt_dir);
		error = leave_by_file(path);
		if (error)
			error = leave_by_birth(path);
	}
	if (mounts)
		endmntent(mounts);
	return error;
}

static int leave_write(const char *unused)
{
	(void)unused;
	return leave(leave_by_file);
}

static int leave_clone(const char *unused)
{
	(void)unused;
	return leave(leave_by_birth);
}

#endif /* WEIR_TEST_REACH_LEAVE_H */
