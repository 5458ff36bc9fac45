/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups come and go here by mkdirat() and unlinkat() below the kept root directories, not
 * through libcgroup: that parses every controller into an object of its own per group, keeps
 * its errors in a global, and takes absolute paths, which would have to be looked up anew.
 */
#include "kern/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "kern/group.h"
#include "weir/abi.h"

/* Groups that a container makes in its own; deeper ones than this are not cleaned up after. */
#define MAX_DEPTH 64

/* Passes of SIGKILL without cgroup.kill; each meets what was forked during the one before. */
#define KILL_PASSES 100

int weir_groups_open(const char *prefix, const char *parent, const char *private_dir,
		     struct weir_groups *ret, struct weir_error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.-";
	struct weir_hierarchies h = WEIR_HIERARCHIES_INIT;
	size_t len = strlen(prefix);
	int r;

	if (len == 0 || len >= sizeof(ret->prefix) || strspn(prefix, allowed) != len)
		return weir_fail(err, -EINVAL,
				 "cgroup prefix '%.80s' is not 1 to %zu of [A-Za-z0-9_.-]", prefix,
				 sizeof(ret->prefix) - 1);

	r = weir_hierarchies_open(parent, private_dir, &h, err);
	if (r < 0)
		return r;
	ret->h = h;
	memcpy(ret->prefix, prefix, len + 1);
	return 0;
}

void weir_groups_done(struct weir_groups *groups)
{
	weir_hierarchies_done(&groups->h);
}

int weir_cgroup_create(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char name[WEIR_GROUP_PATH];
	int r;

	r = weir_group_path(groups, id, NULL, name, err);
	if (r < 0)
		return r;

	for (size_t i = 0; i < groups->h.n; i++) {
		const struct weir_hierarchy *h = &groups->h.list[i];

		if (h->on_demand)
			continue;
		r = weir_hierarchy_mkdir(h, h->root_fd, name, err);
		if (r == 0)
			continue;
		while (i-- > 0)
			unlinkat(groups->h.list[i].root_fd, name, AT_REMOVEDIR);
		return r;
	}
	return 0;
}

static int divide_in(const struct weir_hierarchy *h, const char *id, const char *name,
		     const char *self, struct weir_error *err)
{
	scoped(closep) int fd = -1;

	if (h->on_demand)
		return 0;
	if (weir_hierarchy_mkdir(h, h->root_fd, self, err) < 0)
		return err->code;
	if (h->version != 2)
		return 0;
	fd = openat(h->root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return weir_fail(err, -errno, "open cgroup '%s/%s': %s", h->path, name,
				 strerror(errno));
	return weir_hierarchy_enable(fd, id, h->subsystems & WEIR_SUBSYSTEMS_NEEDED, err);
}

int weir_cgroup_divide(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char name[WEIR_GROUP_PATH], self[WEIR_GROUP_PATH];
	int r;

	r = weir_group_path(groups, id, NULL, name, err);
	if (r == 0)
		r = weir_group_path(groups, id, "self", self, err);
	for (size_t i = 0; r == 0 && i < groups->h.n; i++)
		r = divide_in(&groups->h.list[i], id, name, self, err);
	return r;
}

int weir_cgroup_create_bare(const struct weir_groups *groups, const char *id,
			    struct weir_error *err)
{
	const struct weir_hierarchy *cgroup2 = &groups->h.list[0];
	char name[WEIR_GROUP_PATH];
	int r;

	r = weir_group_path(groups, id, NULL, name, err);
	return r < 0 ? r : weir_hierarchy_mkdir(cgroup2, cgroup2->root_fd, name, err);
}

/* As systemd does it: what is needed to use groups below, and nothing that limits this one. */
static const char *const delegated_files[2][4] = {
	{ "tasks", "cgroup.procs" }, /* v1 */
	{ "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" },
};

static int delegate_in(const struct weir_groups *groups, const struct weir_seat *seat, size_t index,
		       uid_t uid, gid_t gid, struct weir_error *err)
{
	const struct weir_hierarchy *h = &groups->h.list[index];
	const char *id = index == 0 ? seat->cgroup2 : seat->v1;
	char path[WEIR_GROUP_PATH];

	if (weir_group_path(groups, id, NULL, path, err) < 0)
		return err->code;
	if (h->on_demand && faccessat(h->root_fd, path, F_OK, 0) < 0)
		return 0; /* what it lies in there is not its own */
	if (fchownat(h->root_fd, path, uid, gid, 0) < 0)
		return weir_fail(err, -errno, "delegate cgroup '%s/%s': %s", h->path, path,
				 strerror(errno));
	for (size_t i = 0; delegated_files[h->version - 1][i]; i++) {
		if (weir_group_path(groups, id, delegated_files[h->version - 1][i], path, err) < 0)
			return err->code;
		if (fchownat(h->root_fd, path, uid, gid, 0) < 0)
			return weir_fail(err, -errno, "delegate '%s/%s': %s", h->path, path,
					 strerror(errno));
	}
	return 0;
}

int weir_cgroup_delegate(const struct weir_groups *groups, const struct weir_seat *seat, uid_t uid,
			 gid_t gid, struct weir_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < groups->h.n; i++)
		r = delegate_in(groups, seat, i, uid, gid, err);
	return r;
}

typedef int directory_fn(int parent_fd, const char *name, int depth, struct weir_error *err);

/*
 * Call @fn for each directory in the one called @name. A group that has gone has none.
 * 1: some call returned that.
 */
static int foreach_directory(int parent_fd, const char *name, int depth, directory_fn *fn,
			     struct weir_error *err)
{
	scoped(closedirp) DIR *dir = weir_opendir_at(parent_fd, name);
	const struct dirent *entry;
	int r, any = 0;

	if (!dir)
		return errno == ENOENT ? 0
				       : weir_fail(err, -errno, "open cgroup '%s': %s", name,
						   strerror(errno));
	if (depth >= MAX_DEPTH)
		return weir_fail(err, -ELOOP, "cgroup '%s' is more than %d levels deep", name,
				 MAX_DEPTH);

	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || weir_text_is_dots(entry->d_name))
			continue;
		r = fn(dirfd(dir), entry->d_name, depth + 1, err);
		if (r < 0)
			return r;
		any |= r;
	}
	return any;
}

static int remove_group(int parent_fd, const char *name, int depth, struct weir_error *err)
{
	int r;

	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == EBUSY || errno == ENOTEMPTY) {
		/* Processes or sub-groups: the kernel does not tell which. */
		r = foreach_directory(parent_fd, name, depth, remove_group, err);
		if (r < 0)
			return r;
		if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
	}
	if (errno == EBUSY)
		return weir_fail(err, -EBUSY, "cgroup '%s' still holds processes", name);
	return weir_fail(err, -errno, "remove cgroup '%s': %s", name, strerror(errno));
}

/*
 * v1 keeps a group's quota below its parent's until it has freed the group, some time after it was
 * removed; the parent's could not be lowered until then.
 */
static void lift_quota(const struct weir_groups *groups, const char *id)
{
	struct weir_error ignored;

	if (strchr(id, '/') && weir_group_home(groups, WEIR_SUBSYS_CPU)->version == 1)
		weir_cgroup_set_cpu_max(groups, id, WEIR_INFINITE, &ignored);
}

int weir_cgroup_remove(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char name[WEIR_GROUP_PATH];
	int r;

	lift_quota(groups, id);
	r = weir_group_path(groups, id, NULL, name, err);
	/* cgroup2 goes last: while anything is left, it is what tells and kills. */
	for (size_t i = groups->h.n; r == 0 && i-- > 0;)
		r = remove_group(groups->h.list[i].root_fd, name, 0, err);
	return r;
}

/* One SIGKILL to each process in the group and below. 1: there were some; 0: none. */
static int kill_group(int parent_fd, const char *name, int depth, struct weir_error *err)
{
	char path[NAME_MAX + sizeof("/cgroup.procs")];
	scoped(closep) int fd = -1;
	scoped(fclosep) FILE *procs = NULL;
	int pid, found;

	found = foreach_directory(parent_fd, name, depth, kill_group, err);
	if (found < 0)
		return found;

	snprintf(path, sizeof(path), "%s/cgroup.procs", name);
	fd = openat(parent_fd, path, O_RDONLY | O_CLOEXEC);
	procs = fd >= 0 ? fdopen(fd, "re") : NULL;
	if (!procs)
		return errno == ENOENT
			       ? 0
			       : weir_fail(err, -errno, "open %s: %s", path, strerror(errno));
	(void)take_fd(fd); /* the stream's now */

	while (fscanf(procs, "%d", &pid) == 1) {
		/* 0 is a process that our pid namespace can't name; kill(0) would hit us. */
		if (pid > 0 && kill(pid, SIGKILL) == 0)
			found = 1;
	}
	return found;
}

/* Before 5.14: forks race with us, so go on until nothing is left that can fork. */
static int kill_by_signals(const struct weir_groups *groups, const char *name,
			   struct weir_error *err)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };

	for (int pass = 0; pass < KILL_PASSES; pass++) {
		int r = kill_group(groups->h.list[0].root_fd, name, 0, err);

		if (r <= 0)
			return r;
		nanosleep(&pause, NULL);
	}
	return weir_fail(err, -EBUSY, "cgroup '%s' forks faster than it can be killed", name);
}

int weir_cgroup_kill(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char name[WEIR_GROUP_PATH];
	int r = weir_group_write(groups, -1, id, "cgroup.kill", "1", err);

	if (r != -ENOENT || !weir_group_has(groups, -1, id, NULL))
		return r;
	r = weir_group_path(groups, id, NULL, name, err);
	return r < 0 ? r : kill_by_signals(groups, name, err);
}

static int read_event(const struct weir_groups *groups, const char *id, const char *key,
		      struct weir_error *err)
{
	char text[256];
	uint64_t value;
	ssize_t n;

	n = weir_group_read(groups, -1, id, "cgroup.events", text, sizeof(text), err);
	if (n < 0)
		return (int)n;
	if (weir_keyed_u64(text, key, &value) < 0)
		return weir_fail(err, -EIO, "cgroup.events of '%s' does not say '%s'", id, key);
	return value != 0;
}

int weir_cgroup_populated(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	return read_event(groups, id, "populated", err);
}

int weir_cgroup_freeze(const struct weir_groups *groups, const char *id, bool on,
		       struct weir_error *err)
{
	return weir_group_write(groups, -1, id, "cgroup.freeze", on ? "1" : "0", err);
}

int weir_cgroup_frozen(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	return read_event(groups, id, "frozen", err);
}
