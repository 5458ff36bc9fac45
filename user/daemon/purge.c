/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/purge.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "control/store.h"
#include "daemon/instance.h"
#include "daemon/listen.h"
#include "daemon/options.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "kern/keep.h"
#include "kern/volumes.h"

#define MAX_NAMED     5 /* containers that the refusal tells by name */
#define MAX_TEXT      1024
#define KILL_POLL_MS  10
#define KILL_LIMIT_MS 10000
#define WALK_FDS      16

/* Ids of the groups that carry our prefix: they can't be removed while they are listed. */
struct ids {
	char **list;
	size_t n;
};

static void ids_done(struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		free(ids->list[i]);
	free(ids->list);
	*ids = (struct ids){};
}

static int ids_add(const char *id, void *data)
{
	struct ids *ids = data;
	char **list = reallocarray(ids->list, ids->n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	ids->list = list;
	list[ids->n] = strdup(id);
	if (!list[ids->n])
		return -ENOMEM;
	ids->n++;
	return 0;
}

/* A group that is on v1 alone has no say: what it holds shows when it is to be removed. */
static int is_populated(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	int r = weir_cgroup_populated(groups, id, err);

	return r == -ENOENT ? 0 : r;
}

static int refuse_running(const struct weir_groups *groups, const struct ids *ids,
			  struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer names = WEIR_BUFFER_INIT(MAX_TEXT);
	scoped(freep) char *text = NULL;
	size_t running = 0;

	for (size_t i = 0; i < ids->n; i++) {
		int r = is_populated(groups, ids->list[i], err);

		if (r < 0)
			return r;
		if (r > 0 && running++ < MAX_NAMED)
			weir_buffer_printf(&names, "%s%s", running > 1 ? ", " : "", ids->list[i]);
	}
	if (running == 0)
		return 0;
	if (running > MAX_NAMED)
		weir_buffer_printf(&names, " and %zu more", running - MAX_NAMED);
	text = weir_buffer_take_text(&names);
	if (!text)
		return weir_fail_memory(err);
	return weir_fail(err, -EBUSY, "containers still run (%s); stop them, or add --force", text);
}

/* Killed processes take a moment to leave. */
static int wait_until_empty(const struct weir_groups *groups, const char *id,
			    struct weir_error *err)
{
	const struct timespec pause = { .tv_nsec = KILL_POLL_MS * 1000000L };

	for (int waited_ms = 0; waited_ms < KILL_LIMIT_MS; waited_ms += KILL_POLL_MS) {
		int r = is_populated(groups, id, err);

		if (r <= 0)
			return r;
		nanosleep(&pause, NULL);
	}
	return weir_fail(err, -EBUSY, "it was killed, but its processes are still there after %d s",
			 KILL_LIMIT_MS / 1000);
}

static int remove_group(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	int r = is_populated(groups, id, err);

	if (r > 0) {
		r = weir_cgroup_kill(groups, id, err);
		if (r == 0 || r == -ENOENT)
			r = wait_until_empty(groups, id, err);
	}
	if (r == 0)
		r = weir_cgroup_remove(groups, id, err);
	return r < 0 ? weir_fail_in(err, "container '%s'", id) : 0;
}

static int remove_groups(const struct weir_options *options, const struct weir_groups *groups,
			 struct weir_error *err)
{
	scoped(ids_done) struct ids ids = {};

	if (weir_cgroup_foreach(groups, NULL, ids_add, &ids, err) < 0)
		return err->code;
	if (!options->force && refuse_running(groups, &ids, err) < 0)
		return err->code;
	for (size_t i = 0; i < ids.n; i++) {
		if (remove_group(groups, ids.list[i], err) < 0)
			return err->code;
	}
	weir_groups_unkeep(groups);
	/* A parent that holds something else is somebody else's too: the kernel keeps it. */
	for (size_t i = 0; options->cgroup_parent && i < groups->h.n; i++)
		rmdir(groups->h.list[i].path);
	return 0;
}

static int purge_groups(const struct weir_options *options, struct weir_error *err)
{
	struct weir_groups groups = { .h = WEIR_HIERARCHIES_INIT };
	scoped(freep) char *private_mount = NULL;
	char dir[PATH_MAX];
	int r;

	r = weir_options_cgroup_mount(options, dir, err);
	if (r == 0)
		r = weir_groups_open(options->cgroup_prefix, options->cgroup_parent, dir, &groups,
				     err);
	if (r < 0)
		return r;

	r = remove_groups(options, &groups, err);
	if (groups.h.private_mount)
		private_mount = strdup(groups.h.private_mount);
	weir_groups_done(&groups);
	if (r == 0 && private_mount && umount2(private_mount, MNT_DETACH) == 0)
		rmdir(private_mount);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_tree(const char *path, struct weir_error *err)
{
	if (nftw(path, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 &&
	    errno != ENOENT)
		return weir_fail(err, -errno, "remove %s: %s", path, strerror(errno));
	return 0;
}

static int volumes_dir(const char *state_dir, char path[static PATH_MAX], struct weir_error *err)
{
	int n = snprintf(path, PATH_MAX, "%s/volumes", state_dir);

	if (n < 0 || n >= PATH_MAX)
		return weir_fail(err, -ENAMETOOLONG, "state directory '%s': the name is too long",
				 state_dir);
	return 0;
}

/* What the daemon and its containers left in the state directory, but for volumes; the directory if it is empty. */
static int purge_state(const char *dir, int *lock_fd, struct weir_error *err)
{
	char logs[PATH_MAX], volumes[PATH_MAX];
	int n = snprintf(logs, sizeof(logs), "%s/logs", dir);

	if (n < 0 || (size_t)n >= sizeof(logs))
		return weir_fail(err, -ENAMETOOLONG, "state directory '%s': the name is too long",
				 dir);
	if (volumes_dir(dir, volumes, err) < 0 || remove_tree(logs, err) < 0 ||
	    weir_store_purge(dir, lock_fd, err) < 0)
		return err->code;
	rmdir(volumes);
	rmdir(dir);
	return 0;
}

static void count_volume(uint64_t key, void *data)
{
	size_t *n = data;

	(void)key;
	++*n;
}

/* The database alone knows whose they are. */
static int refuse_volumes(const char *state_dir, struct weir_error *err)
{
	uint64_t known = weir_store_volumes(state_dir);
	char dir[PATH_MAX];
	size_t n = 0;

	if (volumes_dir(state_dir, dir, err) < 0 ||
	    weir_volumes_each(dir, count_volume, &n, err) < 0)
		return err->code;
	/* Those on other disks the database alone knows; those of one that is gone the directory alone. */
	if (n < known)
		n = known;
	if (n == 0)
		return 0;
	return weir_fail(
		err, -EBUSY,
		"%s has %zu volume%s, and without the database nobody knows whose; destroy "
		"them, or add --force, which leaves them there",
		state_dir, n, n == 1 ? "" : "s");
}

/* By taking a dead daemon's place for a moment, and leaving it as one should. */
static int purge_socket(const char *path, struct weir_error *err)
{
	struct weir_listener listener = WEIR_LISTENER_INIT;
	int r;

	if (access(path, F_OK) < 0)
		return 0;
	r = weir_listen_open(path, WEIR_NO_GID, &listener, err);
	weir_listen_close(&listener);
	return r;
}

int weir_purge(const struct weir_options *options, struct weir_error *err)
{
	scoped(weir_instance_release) struct weir_instance instance = WEIR_INSTANCE_INIT;
	scoped(closep) int lock_fd = -1;
	bool has_state = access(options->state_dir, F_OK) == 0;

	/* All locks before anything is touched: no daemon can come up meanwhile. */
	if (weir_instance_claim(WEIR_LOCK_DIR, options, &instance, err) < 0)
		return err->code;
	if (has_state && weir_store_lock(options->state_dir, &lock_fd, err) < 0)
		return err->code;

	if (has_state && !options->force && refuse_volumes(options->state_dir, err) < 0)
		return err->code;
	if (purge_groups(options, err) < 0 || weir_bpf_purge(options->pin_dir, err) < 0)
		return err->code;
	if (has_state && purge_state(options->state_dir, &lock_fd, err) < 0)
		return err->code;
	if (purge_socket(options->socket, err) < 0)
		return err->code;
	rmdir(options->run_dir);
	return 0;
}
