/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "kern/group.h"

#define KEPT_TEXT  4096
#define VALUE_TEXT 256
#define PROCS_TEXT 65536

/* What weir writes; where two lie in each other's way a second pass sets it right. */
static const struct knob {
	enum weir_subsys subsys;
	int version;
	const char *file;
} knobs[] = {
	{ WEIR_SUBSYS_CPU, 2, "cpu.weight" },
	{ WEIR_SUBSYS_CPU, 2, "cpu.max" },
	{ WEIR_SUBSYS_CPU, 2, "cpu.max.burst" },
	{ WEIR_SUBSYS_CPU, 1, "cpu.shares" },
	{ WEIR_SUBSYS_CPU, 1, "cpu.cfs_period_us" },
	{ WEIR_SUBSYS_CPU, 1, "cpu.cfs_quota_us" },
	{ WEIR_SUBSYS_MEMORY, 2, "memory.low" },
	{ WEIR_SUBSYS_MEMORY, 2, "memory.high" },
	{ WEIR_SUBSYS_MEMORY, 2, "memory.max" },
	{ WEIR_SUBSYS_MEMORY, 2, "memory.swap.max" },
	{ WEIR_SUBSYS_MEMORY, 2, "memory.oom.group" },
	{ WEIR_SUBSYS_CPU, 1, "cpu.cfs_burst_us" },
	{ WEIR_SUBSYS_PIDS, 1, "pids.max" },
	{ WEIR_SUBSYS_PIDS, 2, "pids.max" },
	{ WEIR_SUBSYS_MEMORY, 1, "memory.swappiness" },
	{ WEIR_SUBSYS_MEMORY, 1, "memory.soft_limit_in_bytes" },
	{ WEIR_SUBSYS_MEMORY, 1, "memory.limit_in_bytes" },
	{ WEIR_SUBSYS_MEMORY, 1, "memory.memsw.limit_in_bytes" },
};

static bool is_here(const struct weir_groups *groups, const struct knob *knob)
{
	return weir_group_home(groups, knob->subsys)->version == knob->version;
}

/* ---- Places ---- */

/* Is @path, of cgroup2, one that weir makes itself? */
static bool is_ours(const struct weir_groups *groups, const char *path, size_t len)
{
	const char *parent = groups->h.parent ? groups->h.parent : "";
	char begin[PATH_MAX];
	int n;

	n = snprintf(begin, sizeof(begin), "%s%s/%s", *parent ? "/" : "", parent, groups->prefix);
	return n > 0 && len >= (size_t)n && strncmp(path, begin, (size_t)n) == 0;
}

static int check_own(const struct weir_groups *groups, const char *path, size_t len,
		     struct weir_error *err)
{
	if (len <= 1)
		return weir_fail(
			err, -EINVAL,
			"it is in no cgroup of its own on cgroup2, which is what tells it apart");
	if (is_ours(groups, path, len))
		return weir_fail(err, -EINVAL, "cgroup '%.*s' is weir's own", (int)len, path);
	return 0;
}

static int take_place(struct weir_buffer *place, char **ret, struct weir_error *err)
{
	*ret = weir_buffer_take_text(place);
	return *ret ? 0
		    : weir_fail(err, -ENAMETOOLONG,
				"the paths of its cgroups take more than %d bytes",
				WEIR_PLACE_TEXT - 1);
}

int weir_foreign_of_pid(const struct weir_groups *groups, int pid, char **ret,
			struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer place = WEIR_BUFFER_INIT(WEIR_PLACE_TEXT - 1);
	char text[WEIR_PLACES_TEXT];

	if (weir_places_read(pid, text, sizeof(text), err) < 0)
		return err->code;
	for (size_t i = 0; i < groups->h.n; i++) {
		size_t len = 0;
		const char *path = weir_places_find(text, &groups->h.list[i], &len);

		if (i == 0 && check_own(groups, path ? path : "/", len, err) < 0)
			return weir_fail_in(err, "process %d", pid);
		weir_buffer_printf(&place, "%s%.*s", i > 0 ? "\n" : "", path ? (int)len : 1,
				   path ? path : "/");
	}
	return take_place(&place, ret, err);
}

/* @path without the mount of a hierarchy before it, and without slashes around it. */
static int strip(const struct weir_groups *groups, const char *path, char buf[WEIR_GROUP_PATH],
		 struct weir_error *err)
{
	size_t len;

	for (size_t i = 0; i < groups->h.n; i++) {
		const char *mount = groups->h.list[i].mount;
		size_t n = strlen(mount);

		if (strncmp(path, mount, n) == 0 && (path[n] == '/' || !path[n])) {
			path += n;
			break;
		}
	}
	path += strspn(path, "/");
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len + 1 >= WEIR_GROUP_PATH)
		return weir_fail(err, -EINVAL, "'%.32s…' is too long to name a cgroup", path);
	memcpy(buf, path, len);
	buf[len] = '\0';
	if (strchr(buf, '\n') || strstr(buf, "..") || strstr(buf, "//"))
		return weir_fail(err, -EINVAL, "'%s' is no plain path of a cgroup", buf);
	return 0;
}

static bool is_group(const struct weir_hierarchy *h, const char *path)
{
	struct stat st;

	return fstatat(h->top_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int weir_foreign_of_path(const struct weir_groups *groups, const char *path, char **ret,
			 struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer place = WEIR_BUFFER_INIT(WEIR_PLACE_TEXT - 1);
	char name[WEIR_GROUP_PATH], own[WEIR_GROUP_PATH + 1];

	if (strip(groups, path, name, err) < 0)
		return err->code;
	snprintf(own, sizeof(own), "/%s", name);
	if (check_own(groups, own, strlen(own), err) < 0)
		return err->code;
	if (!is_group(&groups->h.list[0], name))
		return weir_fail(err, -ENOENT, "there is no cgroup '%s' below %s", name,
				 groups->h.list[0].mount);
	for (size_t i = 0; i < groups->h.n; i++)
		weir_buffer_printf(&place, "%s%s", i > 0 ? "\n" : "",
				   is_group(&groups->h.list[i], name) ? own : "/");
	return take_place(&place, ret, err);
}

/* ---- Knobs ---- */

int weir_foreign_can_limit(const struct weir_groups *groups, const char *place,
			   struct weir_error *err)
{
	static const char *const files[][2] = {
		[WEIR_SUBSYS_CPU] = { "cpu.cfs_quota_us", "cpu.max" },
		[WEIR_SUBSYS_MEMORY] = { "memory.limit_in_bytes", "memory.max" },
	};
	static const enum weir_subsys needed[] = { WEIR_SUBSYS_CPU, WEIR_SUBSYS_MEMORY };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int version = weir_group_home(groups, needed[i])->version;

		if (!weir_group_has(groups, needed[i], place, files[needed[i]][version - 1]))
			return weir_fail(
				err, -ENODEV,
				"it has no %s controller of its own (%s, v%d), so it can't "
				"be limited",
				weir_subsys_name(needed[i]),
				weir_group_home(groups, needed[i])->mount, version);
	}
	return 0;
}

int weir_foreign_keep(const struct weir_groups *groups, const char *place, char **ret,
		      struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer kept = WEIR_BUFFER_INIT(KEPT_TEXT);
	char value[VALUE_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		ssize_t n;

		/* A kernel may have been built without one of them. */
		if (!is_here(groups, &knobs[i]) ||
		    !weir_group_has(groups, knobs[i].subsys, place, knobs[i].file))
			continue;
		n = weir_group_read(groups, knobs[i].subsys, place, knobs[i].file, value,
				    sizeof(value), err);
		if (n < 0)
			return (int)n;
		weir_buffer_printf(&kept, "%s=%s\n", knobs[i].file, value);
	}
	*ret = weir_buffer_take_text(&kept);
	return *ret ? 0 : weir_fail_memory(err);
}

/* The value of @file in @kept, into @value. false: it was not there. */
static bool kept_value(const char *kept, const char *file, char value[VALUE_TEXT])
{
	size_t len = strlen(file);

	for (const char *line = kept; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, file, len) != 0 || line[len] != '=')
			continue;
		snprintf(value, VALUE_TEXT, "%.*s", (int)strcspn(line + len + 1, "\n"),
			 line + len + 1);
		return true;
	}
	return false;
}

/* A limit below what is in use would kill. */
static int check_room(const struct weir_groups *groups, const char *place, const char *kept,
		      struct weir_error *err)
{
	bool v2 = weir_group_home(groups, WEIR_SUBSYS_MEMORY)->version == 2;
	char limit[VALUE_TEXT], used[VALUE_TEXT];
	uint64_t limit_bytes, used_bytes;
	ssize_t n;

	if (!kept_value(kept, v2 ? "memory.max" : "memory.limit_in_bytes", limit) ||
	    sscanf(limit, "%" SCNu64, &limit_bytes) != 1)
		return 0; /* "max" */
	n = weir_group_read(groups, WEIR_SUBSYS_MEMORY, place,
			    v2 ? "memory.current" : "memory.usage_in_bytes", used, sizeof(used),
			    err);
	if (n < 0)
		return (int)n;
	if (sscanf(used, "%" SCNu64, &used_bytes) == 1 && used_bytes > limit_bytes)
		return weir_fail(
			err, -EBUSY,
			"it uses %s bytes of memory, and its limit was %s: lower its limit, "
			"and wait until it uses less",
			used, limit);
	return 0;
}

static int restore_all(const struct weir_groups *groups, const char *place, const char *kept,
		       struct weir_error *err)
{
	struct weir_error one = {};
	char value[VALUE_TEXT];
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		if (!is_here(groups, &knobs[i]) || !kept_value(kept, knobs[i].file, value) ||
		    weir_group_write(groups, knobs[i].subsys, place, knobs[i].file, value, &one) ==
			    0)
			continue;
		if (first == 0) {
			first = one.code;
			*err = one;
		}
	}
	return first;
}

int weir_foreign_restore(const struct weir_groups *groups, const char *place, const char *kept,
			 struct weir_error *err)
{
	struct weir_error ignored = {};

	if (check_room(groups, place, kept, err) < 0)
		return err->code;
	if (restore_all(groups, place, kept, &ignored) == 0)
		return 0;
	return restore_all(groups, place, kept, err);
}

/* ---- Membership ---- */

int weir_foreign_drift(const struct weir_groups *groups, const char *place, struct weir_error *err)
{
	const struct weir_seat seat = { place, place };
	scoped(freep) char *procs = malloc(PROCS_TEXT);
	struct weir_error ignored = {};
	int pid, n;

	if (!procs)
		return weir_fail_memory(err);
	if (groups->h.n == 1)
		return 0;
	/* Gone, or more than one wants to look at. */
	if (weir_group_read(groups, -1, place, "cgroup.procs", procs, PROCS_TEXT, err) < 0)
		return err->code == -ENOENT || err->code == -EFBIG ? 0 : err->code;
	for (const char *at = procs; sscanf(at, "%d%n", &pid, &n) == 1; at += n) {
		/* 0: a process that our pid namespace can't name. One that has ended is none. */
		if (pid > 0 && weir_cgroup_holds(groups, &seat, pid, &ignored) == 0) {
			weir_fail(err, -EXDEV,
				  "process %d is in it on cgroup2, but elsewhere on v1", pid);
			return 1;
		}
	}
	return 0;
}
