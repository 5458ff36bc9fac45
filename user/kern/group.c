/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

static bool is_path_of_names(const char *id)
{
	for (const char *name = id;; name++) {
		size_t len = strcspn(name, "/");

		if (len == 0 || len > NAME_MAX || (len <= 2 && memcmp(name, "..", len) == 0))
			return false;
		name += len;
		if (!*name)
			return true;
	}
}

int weir_group_path(const struct weir_groups *groups, const char *id, const char *file,
		    char buf[WEIR_GROUP_PATH], struct weir_error *err)
{
	int n;

	if (!is_path_of_names(id))
		return weir_fail(err, -EINVAL, "'%s' can't name a cgroup", id);
	n = snprintf(buf, WEIR_GROUP_PATH, "%s%s%s%s", groups->prefix, id, file ? "/" : "",
		     file ? file : "");
	if (n < 0 || n >= WEIR_GROUP_PATH)
		return weir_fail(err, -EINVAL, "'%.32s…' is too long to name a cgroup", id);
	return 0;
}

/* The line of a place that is about the hierarchy of @index; the last holds for those beyond it. */
static const char *line_of(const char *place, size_t index, size_t *ret_len)
{
	const char *line = place;

	for (; index > 0; index--) {
		const char *end = strchr(line, '\n');

		if (!end)
			break;
		line = end + 1;
	}
	*ret_len = strcspn(line, "\n");
	return line;
}

int weir_group_at(const struct weir_groups *groups, const struct weir_hierarchy *h, const char *id,
		  const char *file, char buf[WEIR_GROUP_PATH], int *ret_fd, struct weir_error *err)
{
	const char *line;
	size_t len;
	int n;

	*ret_fd = -1;
	if (*id != '/') {
		*ret_fd = h->root_fd;
		return weir_group_path(groups, id, file, buf, err);
	}
	line = line_of(id, (size_t)(h - groups->h.list), &len);
	if (len <= 1)
		return weir_fail(err, -ENODEV, "there is no group of its own below %s", h->path);
	n = snprintf(buf, WEIR_GROUP_PATH, "%.*s%s%s", (int)len - 1, line + 1, file ? "/" : "",
		     file ? file : "");
	if (n < 0 || n >= WEIR_GROUP_PATH)
		return weir_fail(err, -EINVAL, "'%.*s' is too long", (int)len, line);
	*ret_fd = h->top_fd;
	return 0;
}

const char *weir_group_nearest(const struct weir_groups *groups, const struct weir_hierarchy *h,
			       const char *id, char buf[WEIR_GROUP_PATH])
{
	char path[WEIR_GROUP_PATH], *slash;
	struct weir_error ignored;

	/* A place has its own line for each hierarchy. */
	if (!h->on_demand || *id == '/')
		return id;
	snprintf(buf, WEIR_GROUP_PATH, "%s", id);
	for (;;) {
		if (weir_group_path(groups, buf, NULL, path, &ignored) == 0 &&
		    faccessat(h->root_fd, path, F_OK, 0) == 0)
			return buf;
		slash = strrchr(buf, '/');
		if (!slash)
			return NULL;
		*slash = '\0';
	}
}

const struct weir_hierarchy *weir_group_home(const struct weir_groups *groups, int subsys)
{
	int index = subsys < 0 ? 0 : groups->h.where[subsys];

	return &groups->h.list[index < 0 ? 0 : index];
}

/* Between rmdir and the last close the kernel says ENODEV: gone all the same. */
static int gone_is_gone(int code, struct weir_error *err)
{
	if (code == -ENODEV)
		err->code = -ENOENT;
	return code == -ENODEV ? -ENOENT : code;
}

ssize_t weir_group_read(const struct weir_groups *groups, int subsys, const char *id,
			const char *file, char *buf, size_t size, struct weir_error *err)
{
	char path[WEIR_GROUP_PATH];
	ssize_t n;
	int fd;

	if (weir_group_at(groups, weir_group_home(groups, subsys), id, file, path, &fd, err) < 0)
		return err->code;
	n = weir_file_read(fd, path, buf, size, err);
	return n < 0 ? gone_is_gone((int)n, err) : n;
}

int weir_group_write(const struct weir_groups *groups, int subsys, const char *id, const char *file,
		     const char *text, struct weir_error *err)
{
	char path[WEIR_GROUP_PATH];
	int r, fd;

	if (weir_group_at(groups, weir_group_home(groups, subsys), id, file, path, &fd, err) < 0)
		return err->code;
	r = weir_file_write(fd, path, text, err);
	return gone_is_gone(r, err);
}

bool weir_group_has(const struct weir_groups *groups, int subsys, const char *id, const char *file)
{
	char path[WEIR_GROUP_PATH];
	struct weir_error ignored;
	int fd;

	return weir_group_at(groups, weir_group_home(groups, subsys), id, file, path, &fd,
			     &ignored) == 0 &&
	       faccessat(fd, path, F_OK, 0) == 0;
}
