/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output of detached containers: STATE_DIR/logs/<id>/stdout and stderr.
 *
 * The container writes to the files itself, so that nobody stands between it and the disk and
 * nothing is lost when the daemon goes. They are bounded by giving the oldest blocks back to
 * the file system: offsets stay, the head becomes a hole that readers skip.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

static int locate(const struct weir_controller *controller, const char *id, const char *stream,
		  char **ret, struct weir_error *err)
{
	if (asprintf(ret, "%s/logs/%s%s%s", controller->state_dir, id, stream ? "/" : "",
		     stream ? stream : "") < 0) {
		*ret = NULL;
		weir_fail_memory(err);
		return -ENOMEM; /* in plain sight, for the analyser */
	}
	return 0;
}

int weir_logs_locate(struct weir_controller *controller, struct weir_container *container,
		     struct weir_error *err)
{
	struct weir_live *live = container->live;
	scoped(freep) char *out = NULL;
	scoped(freep) char *errors = NULL;

	if (container->foreground)
		return 0;
	if (locate(controller, container->id, "stdout", &out, err) < 0 ||
	    locate(controller, container->id, "stderr", &errors, err) < 0)
		return err->code;
	/* Readers look at these under the lock. */
	pthread_rwlock_wrlock(&controller->lock);
	live->stdout_path = take_ptr(out);
	live->stderr_path = take_ptr(errors);
	pthread_rwlock_unlock(&controller->lock);
	return 0;
}

static int open_one(const struct weir_controller *controller, const char *path, int *ret,
		    struct weir_error *err)
{
	scoped(closep) int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return weir_fail(err, -errno, "open '%s': %s", path, strerror(errno));
	if (fchown(fd, 0, controller->reader_gid) < 0)
		return weir_fail(err, -errno, "chown '%s': %s", path, strerror(errno));
	*ret = take_fd(fd);
	return 0;
}

/* Readers pass through the directory of all, and see that of one. */
static int make_dir(const struct weir_controller *controller, const char *id,
		    struct weir_error *err)
{
	scoped(freep) char *all = NULL;
	scoped(freep) char *dir = NULL;

	if (locate(controller, "", NULL, &all, err) < 0 ||
	    locate(controller, id, NULL, &dir, err) < 0 || weir_mkdir_p(all, 0711, err) < 0 ||
	    weir_mkdir_p(dir, 0750, err) < 0)
		return err->code;
	if (chown(dir, 0, controller->reader_gid) < 0)
		return weir_fail(err, -errno, "chown '%s': %s", dir, strerror(errno));
	return 0;
}

int weir_logs_open(struct weir_controller *controller, struct weir_container *container,
		   int *ret_stdout, int *ret_stderr, struct weir_error *err)
{
	const struct weir_live *live = container->live;
	scoped(closep) int out = -1;
	scoped(closep) int errors = -1;

	if (weir_logs_locate(controller, container, err) < 0 ||
	    make_dir(controller, container->id, err) < 0)
		return err->code;
	if (open_one(controller, live->stdout_path, &out, err) < 0 ||
	    open_one(controller, live->stderr_path, &errors, err) < 0)
		return err->code;
	*ret_stdout = take_fd(out);
	*ret_stderr = take_fd(errors);
	return 0;
}

/* Beyond the bound: keep the newest half, so that this happens once in a while and not each time. */
static void trim(const char *path, uint64_t max_bytes)
{
	scoped(closep) int fd = -1;
	struct stat st;
	off_t keep_from;

	if (stat(path, &st) < 0 || (uint64_t)st.st_blocks * 512 <= max_bytes)
		return;
	keep_from = st.st_size - (off_t)(max_bytes / 2);
	keep_from -= keep_from % st.st_blksize;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || keep_from <= 0)
		return;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, keep_from) == 0)
		return;
	/* A file system without holes: the bound matters more than the tail. */
	if (ftruncate(fd, 0) < 0)
		weir_warn("log '%s': %s, retrying", path, strerror(errno));
}

void weir_logs_trim(struct weir_controller *controller, const struct weir_container *container)
{
	const struct weir_live *live = container->live;

	if (!live->stdout_path || controller->log_max_bytes == 0)
		return;
	trim(live->stdout_path, controller->log_max_bytes);
	trim(live->stderr_path, controller->log_max_bytes);
}

void weir_logs_remove(struct weir_controller *controller, const char *id)
{
	static const char *const streams[] = { "stdout", "stderr", NULL };
	struct weir_error err = {};

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		scoped(freep) char *path = NULL;

		if (locate(controller, id, streams[i], &path, &err) == 0 && remove(path) < 0 &&
		    errno != ENOENT)
			weir_warn("remove '%s': %s", path, strerror(errno));
	}
}
