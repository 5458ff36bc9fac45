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

		if (mkdirat(h->root_fd, name, 0755) == 0)
			continue;
		r = weir_fail(err, -errno, "make cgroup '%s/%s': %s", h->path, name,
			      strerror(errno));
		while (i-- > 0)
			unlinkat(groups->h.list[i].root_fd, name, AT_REMOVEDIR);
		return r;
	}
	return 0;
}

typedef int directory_fn(int parent_fd, const char *name, int depth, struct weir_error *err);

/*
 * Call @fn for each directory in the one called @name. A group that has gone has none.
 * 1: some call returned that.
 */
static int foreach_directory(int parent_fd, const char *name, int depth, directory_fn *fn,
			     struct weir_error *err)
{
	scoped(closep) int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(closedirp) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int r, any = 0;

	if (!dir)
		return errno == ENOENT ? 0
				       : weir_fail(err, -errno, "open cgroup '%s': %s", name,
						   strerror(errno));
	if (depth >= MAX_DEPTH)
		return weir_fail(err, -ELOOP, "cgroup '%s' is more than %d levels deep", name,
				 MAX_DEPTH);
	(void)take_fd(fd); /* the stream's now */

	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
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

int weir_cgroup_remove(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char name[WEIR_GROUP_PATH];
	int r;

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
	int r;

	r = weir_group_path(groups, id, NULL, name, err);
	if (r < 0)
		return r;
	r = weir_group_write(groups, -1, id, "cgroup.kill", "1", err);
	if (r == -ENOENT && weir_group_has(groups, -1, id, NULL))
		return kill_by_signals(groups, name, err);
	return r;
}

int weir_cgroup_populated(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char text[256];
	uint64_t populated;
	ssize_t n;

	n = weir_group_read(groups, -1, id, "cgroup.events", text, sizeof(text), err);
	if (n < 0)
		return (int)n;
	if (weir_keyed_u64(text, "populated", &populated) < 0)
		return weir_fail(err, -EIO, "cgroup.events of '%s' does not say 'populated'", id);
	return populated != 0;
}

/* Is @name in a hierarchy before that of @index? Then it has been told already. */
static bool is_known(const struct weir_groups *groups, size_t index, const char *name)
{
	for (size_t i = 0; i < index; i++)
		if (faccessat(groups->h.list[i].root_fd, name, F_OK, 0) == 0)
			return true;
	return false;
}

static int foreach_in(const struct weir_groups *groups, size_t index, weir_cgroup_fn *fn,
		      void *data, struct weir_error *err)
{
	const struct weir_hierarchy *h = &groups->h.list[index];
	size_t prefix_len = strlen(groups->prefix);
	scoped(closep) int fd = openat(h->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(closedirp) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int r;

	if (!dir)
		return weir_fail(err, -errno, "list '%s': %s", h->path, strerror(errno));
	(void)take_fd(fd); /* the stream's now */

	while ((entry = readdir(dir))) {
		const char *id = entry->d_name + prefix_len;

		if (entry->d_type != DT_DIR ||
		    strncmp(entry->d_name, groups->prefix, prefix_len) != 0 || !*id ||
		    strlen(id) > WEIR_ID_MAX || is_known(groups, index, entry->d_name))
			continue;
		r = fn(id, data);
		if (r < 0)
			return r;
	}
	return 0;
}

int weir_cgroup_foreach(const struct weir_groups *groups, weir_cgroup_fn *fn, void *data,
			struct weir_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < groups->h.n; i++)
		r = foreach_in(groups, i, fn, data, err);
	return r;
}
