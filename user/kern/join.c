/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in a container's groups, and how to get there. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "kern/group.h"

#define PLACES_TEXT 16384 /* of a /proc/PID/cgroup */

int weir_cgroup_id(const struct weir_groups *groups, const char *id, int subsys, uint64_t *ret,
		   struct weir_error *err)
{
	/* kernfs hands out eight bytes: the id that BPF programs see. */
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(uint64_t)];
	} at = { .handle.handle_bytes = sizeof(uint64_t) };
	char name[WEIR_GROUP_PATH];
	int r, mount_id;

	r = weir_group_path(groups, id, NULL, name, err);
	if (r < 0)
		return r;
	if (name_to_handle_at(weir_group_home(groups, subsys)->root_fd, name, &at.handle, &mount_id,
			      0) < 0)
		return weir_fail(err, -errno, "id of cgroup '%s': %s", name, strerror(errno));
	memcpy(ret, at.handle.f_handle, sizeof(*ret));
	return 0;
}

/* Is it this hierarchy that a line "N:CONTROLLERS:PATH" of /proc/PID/cgroup is about? */
static bool line_is_about(const struct weir_hierarchy *h, const char *controllers, size_t len)
{
	if (h->version == 2)
		return len == 0;

	for (int i = 0; i < WEIR_SUBSYS_COUNT_; i++) {
		const char *name = weir_subsys_name((enum weir_subsys)i);
		size_t name_len = strlen(name);

		if (!(h->subsystems & (1U << i)))
			continue;
		for (const char *at = controllers; at < controllers + len;) {
			size_t n = strcspn(at, ",:");

			if (n == name_len && strncmp(at, name, n) == 0)
				return true;
			at += n + 1;
		}
	}
	return false;
}

/* Does @text, /proc/PID/cgroup, have the process at @path or below in hierarchy @h? */
static bool text_places_at(const char *text, const struct weir_hierarchy *h, const char *path)
{
	size_t path_len = strlen(path);

	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');
		const char *controllers = memchr(line, ':', (size_t)(end - line));
		const char *place = NULL;

		if (controllers++)
			place = memchr(controllers, ':', (size_t)(end - controllers));
		if (place && line_is_about(h, controllers, (size_t)(place - controllers))) {
			place++;
			return strncmp(place, path, path_len) == 0 &&
			       (place + path_len == end || place[path_len] == '/');
		}
		line = *end ? end + 1 : end;
	}
	return false;
}

/*
 * Read /proc/@pid/cgroup into @text. Returns the path that @id's groups have in each hierarchy,
 * which is the caller's, or NULL with @err set.
 */
static char *read_places(const struct weir_groups *groups, const char *id, int pid, char *text,
			 size_t size, struct weir_error *err)
{
	const char *parent = groups->h.parent;
	char proc[64], name[WEIR_GROUP_PATH], *path;
	ssize_t n;

	if (weir_group_path(groups, id, NULL, name, err) < 0)
		return NULL;
	snprintf(proc, sizeof(proc), "/proc/%d/cgroup", pid);
	n = weir_file_read(AT_FDCWD, proc, text, size, err);
	if (n == -ENOENT || n == -ESRCH)
		weir_fail(err, -ESRCH, "there is no process %d", pid);
	if (n < 0)
		return NULL;
	if (asprintf(&path, "%s%s/%s", parent ? "/" : "", parent ? parent : "", name) < 0) {
		weir_fail_memory(err);
		return NULL;
	}
	return path;
}

int weir_cgroup_holds(const struct weir_groups *groups, const char *id, int pid,
		      struct weir_error *err)
{
	char text[PLACES_TEXT];
	scoped(freep) char *path = read_places(groups, id, pid, text, sizeof(text), err);

	if (!path)
		return err->code;
	for (size_t i = 0; i < groups->h.n; i++)
		if (!text_places_at(text, &groups->h.list[i], path))
			return 0;
	return 1;
}

int weir_cgroup_kills(const struct weir_groups *groups, const char *id, int pid,
		      struct weir_error *err)
{
	char text[PLACES_TEXT];
	scoped(freep) char *path = read_places(groups, id, pid, text, sizeof(text), err);

	if (!path)
		return err->code;
	return text_places_at(text, &groups->h.list[0], path);
}

int weir_cgroup_move(const struct weir_groups *groups, const char *id, int pid,
		     struct weir_error *err)
{
	char path[WEIR_GROUP_PATH], text[16];
	int r;

	r = weir_group_path(groups, id, "cgroup.procs", path, err);
	snprintf(text, sizeof(text), "%d", pid);
	for (size_t i = 0; r == 0 && i < groups->h.n; i++) {
		r = weir_file_write(groups->h.list[i].root_fd, path, text, err);
		if (r < 0)
			return weir_fail_in(err, "move process %d below %s", pid,
					    groups->h.list[i].path);
	}
	return r;
}

int weir_join_open(const struct weir_groups *groups, const char *id, struct weir_join *ret,
		   struct weir_error *err)
{
	scoped(weir_join_done) struct weir_join join = WEIR_JOIN_INIT;
	char name[WEIR_GROUP_PATH], tasks[WEIR_GROUP_PATH];
	int r, fd;

	r = weir_group_path(groups, id, NULL, name, err);
	if (r == 0)
		r = weir_group_path(groups, id, "tasks", tasks, err);
	if (r < 0)
		return r;

	join.cgroup2_fd = openat(groups->h.list[0].root_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (join.cgroup2_fd < 0)
		return weir_fail(err, -errno, "open cgroup '%s/%s': %s", groups->h.list[0].path,
				 name, strerror(errno));
	for (size_t i = 1; i < groups->h.n; i++) {
		fd = openat(groups->h.list[i].root_fd, tasks, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return weir_fail(err, -errno, "open '%s/%s': %s", groups->h.list[i].path,
					 tasks, strerror(errno));
		join.v1_tasks_fd[join.n_v1++] = fd;
	}

	*ret = join;
	join = (struct weir_join)WEIR_JOIN_INIT;
	return 0;
}

void weir_join_done(struct weir_join *join)
{
	for (size_t i = 0; i < join->n_v1; i++)
		close_fd(join->v1_tasks_fd[i]);
	close_fd(join->cgroup2_fd);
	*join = (struct weir_join)WEIR_JOIN_INIT;
}
