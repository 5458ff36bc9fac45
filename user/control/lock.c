/* SPDX-License-Identifier: Apache-2.0 */
#include "control/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

#define PATIENCE_MS 2000
#define RETRY_MS    10

/*
 * Locks of the open file, not of the process: they can be asked about without being taken, and
 * closing another fd of the same file does not drop them.
 */
static int lock_call(int fd, int command, struct flock *lock)
{
	*lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, command, lock);
}

/* The holder writes its pid after it has got the lock, so there may be none yet: 0. */
static long holder_of(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int fail_held(int fd, const char *path, const char *what, struct weir_error *err)
{
	long pid = holder_of(fd);

	if (pid > 0)
		return weir_fail(err, -EBUSY, "%s is in use by another weir-daemon (pid %ld)", what,
				 pid);
	return weir_fail(err, -EBUSY, "%s is in use by another process, which holds %s", what,
			 path);
}

/* 1: @fd is what @path names; 0: its last holder removed the file before we had the lock. */
static int is_current(int fd, const char *path)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 && lstat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/*
 * A daemon that is killed while it starts a command leaves its open files, and so its locks, to
 * that child, which lets go of them as it executes.
 */
static bool is_of_the_dead(int fd)
{
	long pid = holder_of(fd);

	return pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* *@ret_fd is open and locked, whatever @path has come to name. */
static int lock_file(const char *path, const char *what, int *ret_fd, struct weir_error *err)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	scoped(closep) int fd = -1;
	struct flock lock;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return weir_fail(err, -errno, "open lock file %s: %s", path, strerror(errno));
	for (int waited_ms = 0; lock_call(fd, F_OFD_SETLK, &lock) < 0; waited_ms += RETRY_MS) {
		if (errno != EAGAIN && errno != EACCES)
			return weir_fail(err, -errno, "lock %s: %s", path, strerror(errno));
		if (waited_ms >= PATIENCE_MS || !is_of_the_dead(fd))
			return fail_held(fd, path, what, err);
		nanosleep(&pause, NULL);
	}
	*ret_fd = take_fd(fd);
	return 0;
}

int weir_lock_take(const char *path, const char *what, int *ret_fd, struct weir_error *err)
{
	scoped(closep) int fd = -1;
	char text[16];
	int n;

	do {
		fd = close_fd(fd);
		if (lock_file(path, what, &fd, err) < 0)
			return err->code;
	} while (!is_current(fd, path));

	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return weir_fail(err, -EIO, "write our pid to %s: %s", path, strerror(errno));

	*ret_fd = take_fd(fd);
	return 0;
}

int weir_lock_check(const char *path, const char *what, struct weir_error *err)
{
	scoped(closep) int fd = -1;
	struct flock lock;

	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : weir_fail(err, -errno, "open lock file %s: %s", path,
						   strerror(errno));
	if (lock_call(fd, F_OFD_GETLK, &lock) < 0)
		return weir_fail(err, -errno, "look at the lock on %s: %s", path, strerror(errno));
	return lock.l_type == F_UNLCK ? 0 : fail_held(fd, path, what, err);
}

int weir_lock_drop(const char *path, int fd)
{
	/* In this order: whoever opens the file in between finds out that it is gone. */
	if (fd >= 0)
		unlink(path);
	return close_fd(fd);
}
