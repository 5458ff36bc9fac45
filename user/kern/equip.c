/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers that only some containers ask for, and their knobs: pids and cpuset. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "kern/group.h"
#include "weir/abi.h"

#define CPUS_TEXT 512

int weir_hierarchies_enable(const struct weir_hierarchies *h, uint32_t subsystems,
			    struct weir_error *err)
{
	const struct weir_hierarchy *cgroup2 = &h->list[0];
	char path[PATH_MAX] = ".";
	size_t used = 1;

	for (const char *at = h->parent ? h->parent : "";;) {
		scoped(closep) int fd =
			openat(cgroup2->top_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		size_t len = strcspn(at, "/");

		if (fd < 0)
			return weir_fail(err, -errno, "open cgroup '%s/%s': %s", cgroup2->mount,
					 path, strerror(errno));
		if (weir_hierarchy_enable(fd, path, subsystems, err) < 0)
			return err->code;
		if (len == 0)
			return 0;
		used += (size_t)snprintf(path + used, sizeof(path) - used, "/%.*s", (int)len, at);
		if (used >= sizeof(path))
			return weir_fail(err, -EINVAL, "cgroup parent '%s' is too long", h->parent);
		at += len + (at[len] == '/');
	}
}

/* The groups of a path that are missing, from the outside in. */
static int make_path(const struct weir_groups *groups, const struct weir_hierarchy *h,
		     const char *id, struct weir_error *err)
{
	char part[WEIR_GROUP_PATH], name[WEIR_GROUP_PATH];

	for (const char *slash = strchr(id, '/');; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", slash ? (int)(slash - id) : (int)strlen(id),
			 id);
		if (weir_group_path(groups, part, NULL, name, err) < 0)
			return err->code;
		if (faccessat(h->root_fd, name, F_OK, 0) < 0 &&
		    weir_hierarchy_mkdir(h, h->root_fd, name, err) < 0)
			return err->code;
		if (!slash)
			return 0;
	}
}

/* For the children of the group that it lies in: the top's, and of a task its executor's. */
static int enable_above(const struct weir_groups *groups, const char *id, enum weir_subsys subsys,
			struct weir_error *err)
{
	const char *slash = strrchr(id, '/');
	char above[WEIR_GROUP_PATH], name[WEIR_GROUP_PATH];
	scoped(closep) int fd = -1;

	if (weir_hierarchies_enable(&groups->h, WEIR_SUBSYS_BIT(subsys), err) < 0)
		return err->code;
	if (!slash)
		return 0;
	snprintf(above, sizeof(above), "%.*s", (int)(slash - id), id);
	if (weir_group_path(groups, above, NULL, name, err) < 0)
		return err->code;
	fd = openat(groups->h.list[0].root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return weir_fail(err, -errno, "open cgroup '%s': %s", name, strerror(errno));
	return weir_hierarchy_enable(fd, name, WEIR_SUBSYS_BIT(subsys), err);
}

int weir_cgroup_equip(const struct weir_groups *groups, const char *id, enum weir_subsys subsys,
		      struct weir_error *err)
{
	const struct weir_hierarchy *h;

	if (groups->h.where[subsys] < 0)
		return weir_fail(err, -EOPNOTSUPP, "this machine has no %s controller",
				 weir_subsys_name(subsys));
	h = weir_group_home(groups, (int)subsys);
	return h->version == 2 ? enable_above(groups, id, subsys, err)
			       : make_path(groups, h, id, err);
}

int weir_cgroup_set_pids_max(const struct weir_groups *groups, const char *id, uint64_t n,
			     struct weir_error *err)
{
	const struct weir_hierarchy *h = weir_group_home(groups, WEIR_SUBSYS_PIDS);
	char text[32] = "max";

	if (!weir_group_has(groups, WEIR_SUBSYS_PIDS, id, "pids.max")) {
		if (n == WEIR_INFINITE)
			return 0;
		if (h->version != 2)
			return weir_fail(err, -EOPNOTSUPP,
					 "it was launched without a limit of pids, and cgroup v1 "
					 "takes up none later");
		if (weir_cgroup_equip(groups, id, WEIR_SUBSYS_PIDS, err) < 0)
			return err->code;
	}
	if (n != WEIR_INFINITE)
		snprintf(text, sizeof(text), "%" PRIu64, n);
	return weir_group_write(groups, WEIR_SUBSYS_PIDS, id, "pids.max", text, err);
}

static int read_cpus(const struct weir_groups *groups, const char *id, const char *file,
		     char text[CPUS_TEXT], struct weir_error *err)
{
	return weir_group_read(groups, WEIR_SUBSYS_CPUSET, id, file, text, CPUS_TEXT, err) < 0
		       ? err->code
		       : 0;
}

int weir_cgroup_set_cpus(const struct weir_groups *groups, const char *id, const char *list,
			 struct weir_error *err)
{
	bool v2 = weir_group_home(groups, WEIR_SUBSYS_CPUSET)->version == 2;
	const char *effective = v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
	char before[CPUS_TEXT], said[CPUS_TEXT], had[CPUS_TEXT];
	int r;

	if (read_cpus(groups, id, effective, before, err) < 0)
		return err->code;
	r = weir_group_write(groups, WEIR_SUBSYS_CPUSET, id, "cpuset.cpus", list, err);
	if (r == -EINVAL || r == -ERANGE || r == -EACCES || r == -ENOSPC || r == -EOVERFLOW)
		return weir_fail(err, -EINVAL, "CPUs '%.64s': expected some of %s, as 0-3,6", list,
				 before);
	if (r < 0 || read_cpus(groups, id, "cpuset.cpus", said, err) < 0 ||
	    read_cpus(groups, id, effective, had, err) < 0)
		return err->code;
	/* v2 takes any list, and with none of it to be had gives all. */
	if (strcmp(said, had) != 0)
		return weir_fail(err, -EINVAL, "CPUs '%.64s': expected some of %s", list, before);
	return 0;
}
