/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups of ours are there, at the top and in one of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "kern/group.h"
#include "weir/abi.h"

/* One walk: those of @prefix in the directory @dir, which is "." for the top. */
struct walk {
	const struct weir_groups *groups;
	const char *dir, *prefix;
	const char *inside; /* whose sub-groups they are; NULL: nobody's */
	weir_cgroup_fn *fn;
	void *data;
};

/* Is @name in a hierarchy before that of @index? Then it has been told already. */
static bool is_known(const struct walk *walk, size_t index, const char *name)
{
	char path[WEIR_GROUP_PATH + NAME_MAX];

	snprintf(path, sizeof(path), "%s/%s", walk->dir, name);
	for (size_t i = 0; i < index; i++)
		if (faccessat(walk->groups->h.list[i].root_fd, path, F_OK, 0) == 0)
			return true;
	return false;
}

static int visit(const struct walk *walk, size_t index, const char *name)
{
	size_t prefix_len = strlen(walk->prefix);
	char id[WEIR_GROUP_PATH + NAME_MAX];

	if (strncmp(name, walk->prefix, prefix_len) != 0 || !name[prefix_len] ||
	    strlen(name + prefix_len) > WEIR_ID_MAX || is_known(walk, index, name))
		return 0;
	snprintf(id, sizeof(id), "%s%s%s", walk->inside ? walk->inside : "",
		 walk->inside ? "/" : "", name + prefix_len);
	return walk->fn(id, walk->data);
}

static int foreach_in(const struct walk *walk, size_t index, struct weir_error *err)
{
	const struct weir_hierarchy *h = &walk->groups->h.list[index];
	scoped(closedirp) DIR *dir = weir_opendir_at(h->root_fd, walk->dir);
	const struct dirent *entry;
	int r;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return weir_fail(err, -errno, "list '%s/%s': %s", h->path, walk->dir,
				 strerror(errno));

	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || weir_text_is_dots(entry->d_name))
			continue;
		r = visit(walk, index, entry->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

int weir_cgroup_foreach(const struct weir_groups *groups, const char *inside, weir_cgroup_fn *fn,
			void *data, struct weir_error *err)
{
	char dir[WEIR_GROUP_PATH] = ".";
	const struct walk walk = {
		.groups = groups,
		.dir = dir,
		.prefix = inside ? "" : groups->prefix,
		.inside = inside,
		.fn = fn,
		.data = data,
	};
	int r = 0;

	if (inside && weir_group_path(groups, inside, NULL, dir, err) < 0)
		return err->code;
	for (size_t i = 0; r == 0 && i < groups->h.n; i++)
		r = foreach_in(&walk, i, err);
	return r;
}
