/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in a container's groups, and how to get there. */
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

int weir_cgroup_id(const struct weir_groups *groups, const char *id, int subsys, uint64_t *ret,
		   struct weir_error *err)
{
	/* kernfs hands out eight bytes: the id that BPF programs see. */
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(uint64_t)];
	} at = { .handle.handle_bytes = sizeof(uint64_t) };
	char name[WEIR_GROUP_PATH];
	int fd, mount_id;

	if (weir_group_at(groups, weir_group_home(groups, subsys), id, NULL, name, &fd, err) < 0)
		return err->code;
	if (name_to_handle_at(fd, name, &at.handle, &mount_id, 0) < 0)
		return weir_fail(err, -errno, "id of cgroup '%s': %s", name, strerror(errno));
	memcpy(ret, at.handle.f_handle, sizeof(*ret));
	return 0;
}

int weir_cgroup_open(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char name[WEIR_GROUP_PATH];
	int at, fd;

	if (weir_group_at(groups, &groups->h.list[0], id, NULL, name, &at, err) < 0)
		return err->code;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? weir_fail(err, -errno, "open cgroup '%s': %s", name, strerror(errno)) : fd;
}

int weir_cgroup_path(const struct weir_groups *groups, size_t index, const char *id, char *buf,
		     size_t size, struct weir_error *err)
{
	const struct weir_hierarchy *h = &groups->h.list[index];
	char name[WEIR_GROUP_PATH], nearest[WEIR_GROUP_PATH];
	const char *group = weir_group_nearest(groups, h, id, nearest);
	int fd;

	if (!group)
		return weir_fail(err, -ENODEV, "it has no group below %s", h->path);
	if (weir_group_at(groups, h, group, NULL, name, &fd, err) < 0)
		return err->code;
	snprintf(buf, size, "%s/%s", fd == h->top_fd ? h->mount : h->path, name);
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

const char *weir_places_find(const char *text, const struct weir_hierarchy *h, size_t *ret_len)
{
	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');
		const char *controllers = memchr(line, ':', (size_t)(end - line));
		const char *place = NULL;

		if (controllers++)
			place = memchr(controllers, ':', (size_t)(end - controllers));
		if (place && line_is_about(h, controllers, (size_t)(place - controllers))) {
			*ret_len = (size_t)(end - place - 1);
			return place + 1;
		}
		line = *end ? end + 1 : end;
	}
	return NULL;
}

/* Does @text, /proc/PID/cgroup, have the process at @path or below in hierarchy @h? */
static bool text_places_at(const char *text, const struct weir_hierarchy *h, const char *path)
{
	size_t path_len = strlen(path), len = 0;
	const char *place = weir_places_find(text, h, &len);

	return place && len >= path_len && strncmp(place, path, path_len) == 0 &&
	       (len == path_len || place[path_len] == '/');
}

int weir_places_read(int pid, char *text, size_t size, struct weir_error *err)
{
	char proc[64];
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/%d/cgroup", pid);
	n = weir_file_read(AT_FDCWD, proc, text, size, err);
	if (n == -ENOENT || n == -ESRCH)
		return weir_fail(err, -ESRCH, "there is no process %d", pid);
	return n < 0 ? (int)n : 0;
}

/* Does @text have the process in @id's group in @h, or below? 1, 0; 1, too, where it has none. */
static int text_places_in(const struct weir_groups *groups, const struct weir_hierarchy *h,
			  const char *text, const char *id, struct weir_error *err)
{
	const char *parent = *id == '/' ? NULL : groups->h.parent;
	char name[WEIR_GROUP_PATH], nearest[WEIR_GROUP_PATH], path[PATH_MAX];
	const char *group = weir_group_nearest(groups, h, id, nearest);
	int fd, r;

	/* Of a place only what it is limited by counts. */
	if (!group || (h->on_demand && *id == '/'))
		return 1;
	r = weir_group_at(groups, h, group, NULL, name, &fd, err);
	if (r < 0)
		return r == -ENODEV ? 1 : r;
	snprintf(path, sizeof(path), "%s%s/%s", parent ? "/" : "", parent ? parent : "", name);
	return text_places_at(text, h, path);
}

int weir_cgroup_holds(const struct weir_groups *groups, const struct weir_seat *seat, int pid,
		      struct weir_error *err)
{
	char text[WEIR_PLACES_TEXT];
	int r = weir_places_read(pid, text, sizeof(text), err) < 0 ? err->code : 1;

	for (size_t i = 0; r == 1 && i < groups->h.n; i++)
		r = text_places_in(groups, &groups->h.list[i], text,
				   i == 0 ? seat->cgroup2 : seat->v1, err);
	return r;
}

int weir_cgroup_kills(const struct weir_groups *groups, const char *id, int pid,
		      struct weir_error *err)
{
	char text[WEIR_PLACES_TEXT];

	if (weir_places_read(pid, text, sizeof(text), err) < 0)
		return err->code;
	return text_places_in(groups, &groups->h.list[0], text, id, err);
}

int weir_cgroup_move(const struct weir_groups *groups, const struct weir_seat *seat, int pid,
		     struct weir_error *err)
{
	char path[WEIR_GROUP_PATH], nearest[WEIR_GROUP_PATH], text[16];
	int fd;

	snprintf(text, sizeof(text), "%d", pid);
	for (size_t i = 0; i < groups->h.n; i++) {
		const struct weir_hierarchy *h = &groups->h.list[i];
		const char *group =
			weir_group_nearest(groups, h, i == 0 ? seat->cgroup2 : seat->v1, nearest);
		int r = group ? weir_group_at(groups, h, group, "cgroup.procs", path, &fd, err)
			      : -ENODEV;

		if (r == -ENODEV)
			continue;
		if (r < 0)
			return r;
		if (weir_file_write(fd, path, text, err) < 0)
			return weir_fail_in(err, "move process %d below %s", pid, h->path);
	}
	return 0;
}

int weir_join_open(const struct weir_groups *groups, const struct weir_seat *seat,
		   struct weir_join *ret, struct weir_error *err)
{
	scoped(weir_join_done) struct weir_join join = WEIR_JOIN_INIT;
	char name[WEIR_GROUP_PATH], tasks[WEIR_GROUP_PATH], nearest[WEIR_GROUP_PATH];
	int fd;

	if (weir_group_path(groups, seat->cgroup2, NULL, name, err) < 0)
		return err->code;

	join.cgroup2_fd = openat(groups->h.list[0].root_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (join.cgroup2_fd < 0)
		return weir_fail(err, -errno, "open cgroup '%s/%s': %s", groups->h.list[0].path,
				 name, strerror(errno));
	for (size_t i = 1; i < groups->h.n; i++) {
		const struct weir_hierarchy *h = &groups->h.list[i];
		const char *group = weir_group_nearest(groups, h, seat->v1, nearest);

		if (!group)
			continue;
		if (weir_group_path(groups, group, "tasks", tasks, err) < 0)
			return err->code;
		fd = openat(h->root_fd, tasks, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return weir_fail(err, -errno, "open '%s/%s': %s", h->path, tasks,
					 strerror(errno));
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
