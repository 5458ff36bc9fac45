/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "kern/discover.h"

#define BIT(n) WEIR_SUBSYS_BIT(n)

const char *weir_subsys_name(enum weir_subsys subsys)
{
	static const char *const names[WEIR_SUBSYS_COUNT_] = {
		[WEIR_SUBSYS_CPU] = "cpu",	 [WEIR_SUBSYS_CPUACCT] = "cpuacct",
		[WEIR_SUBSYS_MEMORY] = "memory", [WEIR_SUBSYS_PIDS] = "pids",
		[WEIR_SUBSYS_CPUSET] = "cpuset",
	};

	return names[subsys];
}

/* Is @word one of those in @text, which has blanks between them? */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

/* "a/b"; names that lead out of the hierarchy are refused. */
static int check_parent(const char *parent, struct weir_error *err)
{
	for (const char *name = parent; *name;) {
		size_t len = strcspn(name, "/");

		if (len == 0 || len > NAME_MAX || strncmp(name, ".", len) == 0 ||
		    (len == 2 && strncmp(name, "..", 2) == 0) || (name[len] && !name[len + 1]))
			return weir_fail(
				err, -EINVAL,
				"cgroup parent '%s' is not a path of plain names like 'a/b'",
				parent);
		name += len + (name[len] == '/');
	}
	return 0;
}

/* BPF needs a cgroup2 mount; which controllers it carries does not matter. */
static int discover_or_mount(const char *private_dir, struct weir_discovery *ret, bool *ret_mounted,
			     char **ret_private, struct weir_error *err)
{
	bool ours;
	int r;

	r = weir_discover(ret, err);
	if (r < 0)
		return r;

	ours = strcmp(ret->cgroup2, private_dir) == 0;
	if (!ret->cgroup2[0]) {
		r = weir_mkdir_p(private_dir, 0755, err);
		if (r < 0)
			return r;
		if (mount("cgroup2", private_dir, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			  NULL) < 0)
			return weir_fail(err, errno == EPERM ? -EPERM : -EIO,
					 "mount cgroup2 on '%s': %s", private_dir, strerror(errno));
		ours = *ret_mounted = true;
		/* Controllers that no v1 hierarchy has taken appear only now. */
		r = weir_discover(ret, err);
		if (r < 0)
			return r;
	}

	if (ours) {
		*ret_private = strdup(ret->cgroup2);
		if (!*ret_private)
			return weir_fail_memory(err);
	}
	return 0;
}

/* The index of the hierarchy mounted at @path; -1: not one of ours yet. */
static int find_hierarchy(const struct weir_hierarchies *h, const char *path)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->list[i].path, path) == 0)
			return (int)i;
	return -1;
}

static int add_hierarchy(struct weir_hierarchies *h, int version, const char *path,
			 struct weir_error *err)
{
	struct weir_hierarchy *added = &h->list[h->n];

	*added = (struct weir_hierarchy){ .version = version, .top_fd = -1, .root_fd = -1 };
	h->n++;
	added->path = strdup(path);
	added->mount = strdup(path);
	if (!added->path || !added->mount)
		return weir_fail_memory(err);
	return (int)h->n - 1;
}

/* From places to hierarchies: co-mounted controllers share one, and all of v2 is one. */
static int gather(const struct weir_discovery *found, struct weir_hierarchies *h,
		  struct weir_error *err)
{
	int index;

	index = add_hierarchy(h, 2, found->cgroup2, err);
	if (index < 0)
		return index;

	for (int i = 0; i < WEIR_SUBSYS_COUNT_; i++) {
		const struct weir_place *place = &found->controllers[i];

		/* Beside a cpu controller on v2 a separate cpuacct would count the same twice. */
		if (place->version == 0 ||
		    (i == WEIR_SUBSYS_CPUACCT && found->controllers[WEIR_SUBSYS_CPU].version != 1))
			continue;
		index = place->version == 2 ? 0 : find_hierarchy(h, place->path);
		if (index < 0) {
			index = add_hierarchy(h, place->version, place->path, err);
			if (index < 0)
				return index;
			h->list[index].on_demand = BIT(i) & WEIR_SUBSYSTEMS_ON_DEMAND;
		}
		h->list[index].subsystems |= BIT(i);
		h->where[i] = index;
	}

	for (int i = 0; i < WEIR_SUBSYS_COUNT_; i++)
		if ((WEIR_SUBSYSTEMS_NEEDED & BIT(i)) && h->where[i] < 0)
			return weir_fail(
				err, -ENOENT,
				"no cgroup hierarchy carries the %s controller: mount one, "
				"and boot without cgroup_disable=%s",
				weir_subsys_name((enum weir_subsys)i),
				weir_subsys_name((enum weir_subsys)i));
	return 0;
}

uint32_t weir_hierarchy_enabled(int dir_fd, uint32_t subsystems)
{
	struct weir_error ignored = {};
	char enabled[512];
	uint32_t found = 0;

	if (weir_file_read(dir_fd, "cgroup.subtree_control", enabled, sizeof(enabled), &ignored) <
	    0)
		return 0;
	for (int i = 0; i < WEIR_SUBSYS_COUNT_; i++)
		if ((subsystems & BIT(i)) &&
		    has_word(enabled, weir_subsys_name((enum weir_subsys)i)))
			found |= BIT(i);
	return found;
}

int weir_hierarchy_enable(int dir_fd, const char *path, uint32_t subsystems, struct weir_error *err)
{
	/* What can't be read can't be written, and that is told. */
	uint32_t missing = subsystems & ~weir_hierarchy_enabled(dir_fd, subsystems);
	char request[128] = "";
	size_t used = 0;
	int r;

	if (!missing)
		return 0;
	for (int i = 0; i < WEIR_SUBSYS_COUNT_; i++)
		if (missing & BIT(i))
			used += (size_t)snprintf(request + used, sizeof(request) - used, "%s+%s",
						 used ? " " : "",
						 weir_subsys_name((enum weir_subsys)i));

	r = weir_file_write(dir_fd, "cgroup.subtree_control", request, err);
	if (r == -EBUSY)
		return weir_fail(
			err, r,
			"cgroup '%s' holds processes, so '%s' is refused for its children: "
			"move the processes into a group of their own",
			path, request);
	return r < 0 ? weir_fail_in(err, "%s", path) : 0;
}

/* What the group called @name below @dir_fd lacks, from the one above it. */
static int inherit_cpuset(int dir_fd, const char *name, const char *file, struct weir_error *err)
{
	const char *slash = strrchr(name, '/');
	char own[PATH_MAX], above[PATH_MAX], text[512];

	snprintf(own, sizeof(own), "%s/%s", name, file);
	snprintf(above, sizeof(above), "%.*s%s", slash ? (int)(slash + 1 - name) : 0, name, file);
	if (weir_file_read(dir_fd, above, text, sizeof(text), err) < 0)
		return err->code;
	return weir_file_write(dir_fd, own, text, err);
}

int weir_hierarchy_mkdir(const struct weir_hierarchy *h, int dir_fd, const char *name,
			 struct weir_error *err)
{
	if (mkdirat(dir_fd, name, 0755) < 0)
		return weir_fail(err, -errno, "make cgroup '%s/%s': %s", h->path, name,
				 strerror(errno));
	if (h->version == 2 || !(h->subsystems & BIT(WEIR_SUBSYS_CPUSET)))
		return 0;
	if (inherit_cpuset(dir_fd, name, "cpuset.cpus", err) < 0 ||
	    inherit_cpuset(dir_fd, name, "cpuset.mems", err) < 0) {
		unlinkat(dir_fd, name, AT_REMOVEDIR);
		return weir_fail_in(err, "cgroup '%s/%s'", h->path, name);
	}
	return 0;
}

/* One step down: make @name where it is missing and put it in the place of @fd and @path. */
static int descend(const struct weir_hierarchy *h, int *fd, char **path, const char *name,
		   struct weir_error *err)
{
	scoped(closep) int below = -1;
	scoped(freep) char *longer = NULL;

	if (asprintf(&longer, "%s/%s", *path, name) < 0) {
		longer = NULL;
		return weir_fail_memory(err);
	}
	if (weir_hierarchy_mkdir(h, *fd, name, err) < 0 && err->code != -EEXIST)
		return err->code;
	below = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (below < 0)
		return weir_fail(err, -errno, "open cgroup '%s': %s", longer, strerror(errno));

	close_fd(*fd);
	*fd = take_fd(below);
	free(*path);
	*path = take_ptr(longer);
	return h->version == 2 ? weir_hierarchy_enable(*fd, *path,
						       h->subsystems & WEIR_SUBSYSTEMS_NEEDED, err)
			       : 0;
}

/* Open the directory under which containers lie, and make the way there. */
static int open_hierarchy(struct weir_hierarchy *h, const char *parent, struct weir_error *err)
{
	char name[NAME_MAX + 1];
	int r;

	h->top_fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	h->root_fd = h->top_fd < 0 ? -1 : fcntl(h->top_fd, F_DUPFD_CLOEXEC, 0);
	if (h->root_fd < 0)
		return weir_fail(err, errno == EACCES ? -EPERM : -EIO, "open '%s': %s", h->path,
				 strerror(errno));
	if (faccessat(h->root_fd, ".", W_OK, AT_EACCESS) < 0)
		return weir_fail(err, -EPERM,
				 "cgroup directory '%s' can't be written (%s): weir-daemon needs "
				 "root and a writable cgroup file system",
				 h->path, strerror(errno));

	if (h->version == 2) {
		r = weir_hierarchy_enable(h->root_fd, h->path,
					  h->subsystems & WEIR_SUBSYSTEMS_NEEDED, err);
		if (r < 0)
			return r;
	}

	for (const char *at = parent; at && *at;) {
		size_t len = strcspn(at, "/");

		memcpy(name, at, len);
		name[len] = '\0';
		r = descend(h, &h->root_fd, &h->path, name, err);
		if (r < 0)
			return r;
		at += len + (at[len] == '/');
	}
	return 0;
}

/*
 * What a v2 root has is not yet what its children get: keep what is enabled for them, or will be when
 * somebody asks.
 */
static int keep_enabled(struct weir_hierarchies *h, struct weir_error *err)
{
	struct weir_hierarchy *cgroup2 = &h->list[0];
	char enabled[512];
	int r;

	r = (int)weir_file_read(cgroup2->root_fd, "cgroup.subtree_control", enabled,
				sizeof(enabled), err);
	if (r < 0)
		return weir_fail_in(err, "%s", cgroup2->path);

	for (int i = 0; i < WEIR_SUBSYS_COUNT_; i++) {
		if (h->where[i] != 0 || (BIT(i) & WEIR_SUBSYSTEMS_ON_DEMAND) ||
		    has_word(enabled, weir_subsys_name((enum weir_subsys)i)))
			continue;
		cgroup2->subsystems &= ~BIT(i);
		h->where[i] = -1;
	}
	return 0;
}

int weir_hierarchies_open(const char *parent, const char *private_dir, struct weir_hierarchies *ret,
			  struct weir_error *err)
{
	scoped(weir_hierarchies_done) struct weir_hierarchies h = WEIR_HIERARCHIES_INIT;
	struct weir_discovery found;
	bool mounted = false;
	int r;

	if (parent && *parent) {
		r = check_parent(parent, err);
		if (r < 0)
			return r;
		h.parent = strdup(parent);
		if (!h.parent)
			return weir_fail_memory(err);
	}

	r = discover_or_mount(private_dir, &found, &mounted, &h.private_mount, err);
	if (r == 0)
		r = gather(&found, &h, err);
	for (size_t i = 0; r == 0 && i < h.n; i++)
		r = open_hierarchy(&h.list[i], h.parent, err);
	if (r == 0)
		r = keep_enabled(&h, err);
	if (r < 0) {
		if (mounted) /* detached, as fds below it may be open still */
			umount2(private_dir, MNT_DETACH);
		return r;
	}

	*ret = h;
	h = (struct weir_hierarchies)WEIR_HIERARCHIES_INIT;
	return 0;
}

void weir_hierarchies_done(struct weir_hierarchies *h)
{
	for (size_t i = 0; i < h->n; i++) {
		close_fd(h->list[i].root_fd);
		close_fd(h->list[i].top_fd);
		free(h->list[i].path);
		free(h->list[i].mount);
	}
	free(h->parent);
	/* The private mount stays: containers outlive the daemon, and the next one finds it. */
	free(h->private_mount);
	*h = (struct weir_hierarchies)WEIR_HIERARCHIES_INIT;
}

void weir_hierarchies_describe(const struct weir_hierarchies *h, char *buf, size_t size)
{
	static const enum weir_subsys shown[] = { WEIR_SUBSYS_CPU, WEIR_SUBSYS_MEMORY };
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(shown) && used < size; i++) {
		const struct weir_hierarchy *at = &h->list[h->where[shown[i]]];

		used += (size_t)snprintf(buf + used, size - used, "%s: v%d at %s, ",
					 weir_subsys_name(shown[i]), at->version, at->path);
	}
	if (used < size)
		snprintf(buf + used, size - used, "cgroup2 at %s", h->list[0].path);
}
