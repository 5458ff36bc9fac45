/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that run already: pidfds and /proc. weir_spawn() is in spawn.c. */
#include "kern/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

static int no_such_process(pid_t pid, struct weir_error *err)
{
	return weir_fail(err, -ESRCH, "there is no process %d", pid);
}

int weir_pidfd_open(pid_t pid, int *ret, struct weir_error *err)
{
	int fd = pid > 0 ? pidfd_open(pid, 0) : -1;

	/* EINVAL: a pid that is none, or a thread's. */
	if (pid <= 0 || (fd < 0 && (errno == ESRCH || errno == EINVAL)))
		return no_such_process(pid, err);
	if (fd < 0)
		return weir_fail(err, -errno, "open a pidfd of process %d: %s", pid,
				 strerror(errno));
	*ret = fd;
	return 0;
}

int weir_process_fd(pid_t pid, int fd, struct weir_error *err)
{
	scoped(closep) int pidfd = -1;
	int r;

	if (weir_pidfd_open(pid, &pidfd, err) < 0)
		return err->code;
	r = pidfd_getfd(pidfd, fd, 0);
	return r < 0 ? weir_fail(err, -errno, "fd %d of process %d: %s", fd, pid, strerror(errno))
		     : r;
}

int weir_pidfd_signal(int pidfd, int sig, struct weir_error *err)
{
	if (pidfd_send_signal(pidfd, sig, NULL, 0) == 0)
		return 0;
	if (errno == ESRCH)
		return weir_fail(err, -ESRCH, "the process has exited");
	return weir_fail(err, -errno, "send signal %d: %s", sig, strerror(errno));
}

int weir_pidfd_reap(int pidfd, int *ret_status)
{
	siginfo_t info = {};

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0)
		return -errno;
	if (info.si_pid == 0)
		return -EAGAIN;

	/* As wait(2) would have put it. */
	if (info.si_code == CLD_EXITED)
		*ret_status = (info.si_status & 0xff) << 8;
	else
		*ret_status = info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
	return 0;
}

/* Field @number, from 3 on, of /proc/PID/stat as proc(5) counts them. */
static int read_stat_field(pid_t pid, int number, uint64_t *ret, struct weir_error *err)
{
	char path[32], text[1024];
	const char *at;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	n = weir_file_read(AT_FDCWD, path, text, sizeof(text), err);
	if (n == -ENOENT || n == -ESRCH)
		return no_such_process(pid, err);
	if (n < 0)
		return (int)n;

	/* The command's name is in parentheses and may hold anything, more of them included. */
	at = strrchr(text, ')');
	for (int field = 2; at && field < number; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, " %" SCNu64, ret) != 1)
		return weir_fail(err, -EIO, "%s has no number in field %d", path, number);
	return 0;
}

int weir_process_start_ticks(pid_t pid, uint64_t *ret, struct weir_error *err)
{
	return read_stat_field(pid, 22, ret, err);
}

int weir_process_parent(pid_t pid, pid_t *ret, struct weir_error *err)
{
	uint64_t parent = 0;
	int r;

	r = read_stat_field(pid, 4, &parent, err);
	if (r == 0)
		*ret = (pid_t)parent;
	return r;
}

int weir_process_set_oom_score_adj(pid_t pid, int value, struct weir_error *err)
{
	char path[40], text[16];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	snprintf(text, sizeof(text), "%d", value);
	r = weir_file_write(AT_FDCWD, path, text, err);
	return r == -ENOENT || r == -ESRCH ? no_such_process(pid, err) : r;
}
