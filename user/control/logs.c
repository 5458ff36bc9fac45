/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output of detached containers: STATE_DIR/logs/<id>.stdout and <id>.stderr, of a task
 * logs/<executor>.tasks/<task>.stdout.
 *
 * The container writes to the files itself, so that nobody stands between it and the disk and
 * nothing is lost when the daemon goes. They are bounded by giving the oldest blocks back to
 * the file system: offsets stay, the head becomes a hole that readers skip.
 *
 * To make a file takes several times as long as to rename one, so the files of the next launch
 * are made when there is nothing else to do.
 */
#include "control/controller_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "model/family.h"

/* All of one length, and at the end: no two ids can share a file. */
static const char *const suffixes[WEIR_LOG_STREAMS] = { ".stdout", ".stderr" };
#define SUFFIX_LEN (sizeof(".stdout") - 1)

/* Without any of the suffixes: no container's. */
static const char *const spare_names[WEIR_LOG_STREAMS] = { "spare1", "spare2" };

/* Of an executor's tasks. No file is called so: they all end in one of the suffixes above. */
#define TASKS_DIR ".tasks"
#define TASKS_LEN (sizeof(TASKS_DIR) - 1)

/* "": the directory of all. */
static int locate(const struct weir_controller *controller, const char *name, const char *suffix,
		  char **ret, struct weir_error *err)
{
	const char *task = weir_name_task(name);
	char executor[WEIR_NAME_MAX + 1] = "";

	if (task)
		weir_name_executor(name, executor);
	if (asprintf(ret, "%s/logs%s%s%s%s%s", controller->state_dir, *name ? "/" : "", executor,
		     task ? TASKS_DIR "/" : "", weir_name_own(name), suffix) < 0) {
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

	if (container->foreground || container->adopted)
		return 0;
	if (locate(controller, container->id, suffixes[0], &out, err) < 0 ||
	    locate(controller, container->id, suffixes[1], &errors, err) < 0)
		return err->code;
	/* Readers look at these under the lock. */
	weir_controller_change(controller);
	live->stdout_path = take_ptr(out);
	live->stderr_path = take_ptr(errors);
	pthread_rwlock_unlock(&controller->lock);
	return 0;
}

/* An empty one: what lies there is of a launch that nobody knows of any more. */
static int make_file(const struct weir_controller *controller, const char *path, int *ret,
		     struct weir_error *err)
{
	scoped(freep) char *dir = NULL;
	scoped(closep) int fd = -1;

	/* Readers pass through the directory; each file says who may read it. */
	if (locate(controller, "", "", &dir, err) < 0 || weir_mkdir_p(dir, 0711, err) < 0)
		return err->code;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return weir_fail(err, -errno, "open '%s': %s", path, strerror(errno));
	if (fchown(fd, 0, controller->reader_gid) < 0)
		return weir_fail(err, -errno, "chown '%s': %s", path, strerror(errno));
	*ret = take_fd(fd);
	return 0;
}

/* What can't be made now is made by the launch, which has somebody to tell. */
static int on_idle(sd_event_source *source, void *data)
{
	struct weir_controller *controller = data;
	struct weir_error err = {};

	(void)source;
	for (size_t i = 0; i < WEIR_LOG_STREAMS; i++) {
		scoped(freep) char *path = NULL;

		if (controller->spare_fds[i] < 0 &&
		    locate(controller, spare_names[i], "", &path, &err) == 0 &&
		    make_file(controller, path, &controller->spare_fds[i], &err) < 0)
			weir_debug("spare log file: %s", err.text);
	}
	return 0;
}

/* Give the spare file of a stream its name, in place of any that has it. false: there is none. */
static bool take_spare(struct weir_controller *controller, size_t stream, const char *path,
		       int *ret)
{
	scoped(closep) int fd = controller->spare_fds[stream];
	scoped(freep) char *spare = NULL;
	struct weir_error ignored = {};

	controller->spare_fds[stream] = -1;
	if (fd < 0 || locate(controller, spare_names[stream], "", &spare, &ignored) < 0 ||
	    rename(spare, path) < 0)
		return false;
	*ret = take_fd(fd);
	return true;
}

static int open_one(struct weir_controller *controller, size_t stream, const char *path, int *ret,
		    struct weir_error *err)
{
	if (take_spare(controller, stream, path, ret))
		return 0;
	return make_file(controller, path, ret, err);
}

/* Readers pass through, as through the one above. */
static int make_tasks_dir(const struct weir_controller *controller, const char *executor,
			  struct weir_error *err)
{
	scoped(freep) char *path = NULL;

	if (locate(controller, executor, TASKS_DIR, &path, err) < 0)
		return err->code;
	return weir_mkdir_p(path, 0711, err);
}

int weir_logs_open(struct weir_controller *controller, struct weir_container *container,
		   int *ret_stdout, int *ret_stderr, struct weir_error *err)
{
	const struct weir_live *live = container->live;
	scoped(closep) int out = -1;
	scoped(closep) int errors = -1;

	if (weir_logs_locate(controller, container, err) < 0 ||
	    (container->parent && make_tasks_dir(controller, container->parent->id, err) < 0) ||
	    open_one(controller, 0, live->stdout_path, &out, err) < 0 ||
	    open_one(controller, 1, live->stderr_path, &errors, err) < 0)
		return err->code;
	sd_event_source_set_enabled(controller->spare_source, SD_EVENT_ONESHOT);
	*ret_stdout = take_fd(out);
	*ret_stderr = take_fd(errors);
	return 0;
}

/* The id whose log is called so; NULL: it is none. */
static char *id_of(const char *name)
{
	size_t len = strlen(name);

	if (len <= SUFFIX_LEN || (strcmp(name + len - SUFFIX_LEN, suffixes[0]) != 0 &&
				  strcmp(name + len - SUFFIX_LEN, suffixes[1]) != 0))
		return NULL;
	return strndup(name, len - SUFFIX_LEN);
}

/*
 * Of launches that were cut short before they were written down. @executor: whose tasks' are in
 * @path; NULL: those of top-level containers are.
 */
static void clean_orphans(struct weir_controller *controller, const char *path,
			  const char *executor)
{
	scoped(closedirp) DIR *dir = opendir(path);
	const struct dirent *entry;
	struct weir_error err = {};

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		scoped(freep) char *id = id_of(entry->d_name);
		scoped(freep) char *below = NULL;
		char name[WEIR_NAME_MAX + 1];

		if (!executor && len > TASKS_LEN &&
		    strcmp(entry->d_name + len - TASKS_LEN, TASKS_DIR) == 0 &&
		    asprintf(&below, "%s/%s", path, entry->d_name) > 0) {
			snprintf(name, sizeof(name), "%.*s", (int)(len - TASKS_LEN), entry->d_name);
			clean_orphans(controller, below, name);
			if (!weir_ledger_find(controller->ledger, name))
				rmdir(below);
			continue;
		}
		if (!id || weir_id_check(id, &err) < 0)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", executor ? executor : "",
			 executor ? "/" : "", id);
		if (weir_ledger_find(controller->ledger, name))
			continue;
		weir_info("log '%s/%s' belongs to no record, removed", path, entry->d_name);
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			weir_warn("remove '%s/%s': %s", path, entry->d_name, strerror(errno));
	}
}

int weir_logs_start(struct weir_controller *controller, struct weir_error *err)
{
	scoped(freep) char *path = NULL;
	int r;

	if (locate(controller, "", "", &path, err) < 0)
		return err->code;
	clean_orphans(controller, path, NULL);
	r = sd_event_add_defer(controller->event, &controller->spare_source, on_idle, controller);
	if (r >= 0)
		r = sd_event_source_set_priority(controller->spare_source, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? weir_fail(err, r, "prepare log files: %s", strerror(-r)) : 0;
}

void weir_logs_stop(struct weir_controller *controller)
{
	struct weir_error err = {};

	sd_event_source_disable_unref(controller->spare_source);
	for (size_t i = 0; i < WEIR_LOG_STREAMS; i++) {
		scoped(freep) char *path = NULL;

		if (controller->spare_fds[i] >= 0 &&
		    locate(controller, spare_names[i], "", &path, &err) == 0)
			unlink(path);
		controller->spare_fds[i] = close_fd(controller->spare_fds[i]);
	}
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

	if (!live->stdout_path || controller->tunables.log_max_bytes == 0)
		return;
	trim(live->stdout_path, controller->tunables.log_max_bytes);
	trim(live->stderr_path, controller->tunables.log_max_bytes);
}

/* Its tasks' logs have gone with their records. */
static void remove_tasks_dir(const struct weir_controller *controller, const char *executor)
{
	struct weir_error err = {};
	scoped(freep) char *path = NULL;

	if (!weir_name_task(executor) && locate(controller, executor, TASKS_DIR, &path, &err) == 0)
		rmdir(path);
}

void weir_logs_remove(struct weir_controller *controller, const char *id)
{
	struct weir_error err = {};

	for (size_t i = 0; i < WEIR_LOG_STREAMS; i++) {
		scoped(freep) char *path = NULL;

		if (locate(controller, id, suffixes[i], &path, &err) == 0 && unlink(path) < 0 &&
		    errno != ENOENT)
			weir_warn("remove '%s': %s", path, strerror(errno));
	}
	remove_tasks_dir(controller, id);
}
