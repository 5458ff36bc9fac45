/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

int weir_group_path(const struct weir_groups *groups, const char *id, const char *file,
		    char buf[WEIR_GROUP_PATH], struct weir_error *err)
{
	int n;

	if (!*id || strchr(id, '/'))
		return weir_fail(err, -EINVAL, "'%s' can't name a cgroup", id);
	n = snprintf(buf, WEIR_GROUP_PATH, "%s%s%s%s", groups->prefix, id, file ? "/" : "",
		     file ? file : "");
	if (n < 0 || n >= WEIR_GROUP_PATH)
		return weir_fail(err, -EINVAL, "'%.32s…' is too long to name a cgroup", id);
	return 0;
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
	int r;

	r = weir_group_path(groups, id, file, path, err);
	if (r < 0)
		return r;
	n = weir_file_read(weir_group_home(groups, subsys)->root_fd, path, buf, size, err);
	return n < 0 ? gone_is_gone((int)n, err) : n;
}

int weir_group_write(const struct weir_groups *groups, int subsys, const char *id, const char *file,
		     const char *text, struct weir_error *err)
{
	char path[WEIR_GROUP_PATH];
	int r;

	r = weir_group_path(groups, id, file, path, err);
	if (r < 0)
		return r;
	r = weir_file_write(weir_group_home(groups, subsys)->root_fd, path, text, err);
	return gone_is_gone(r, err);
}

bool weir_group_has(const struct weir_groups *groups, int subsys, const char *id, const char *file)
{
	char path[WEIR_GROUP_PATH];
	struct weir_error ignored;

	return weir_group_path(groups, id, file, path, &ignored) == 0 &&
	       faccessat(weir_group_home(groups, subsys)->root_fd, path, F_OK, 0) == 0;
}
