/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/cgroup.h"

static int open_below(int dir_fd, const char *path)
{
	return openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What has to stay: what all need, and what was enabled for those that ask. */
static uint32_t to_keep(const struct weir_groups *groups)
{
	const struct weir_hierarchy *cgroup2 = &groups->h.list[0];

	return (cgroup2->subsystems & WEIR_SUBSYSTEMS_NEEDED) |
	       weir_hierarchy_enabled(cgroup2->root_fd,
				      cgroup2->subsystems & WEIR_SUBSYSTEMS_ON_DEMAND);
}

int weir_groups_keep(const struct weir_groups *groups, struct weir_error *err)
{
	const struct weir_hierarchy *cgroup2 = &groups->h.list[0];
	uint32_t needed = cgroup2->subsystems & WEIR_SUBSYSTEMS_NEEDED, wanted = to_keep(groups);
	scoped(closep) int fd = -1;
	bool lost;

	if (!wanted)
		return 0;
	fd = open_below(cgroup2->root_fd, WEIR_KEEPER);
	if (fd >= 0 && weir_hierarchy_enabled(fd, wanted) == wanted)
		return 0;
	fd = close_fd(fd);

	/* Another daemon that has ended may have removed it, and nothing has come of that. */
	lost = weir_hierarchy_enabled(cgroup2->root_fd, needed) != needed;
	/* From above: a group has no controller that those it lies in do not hand on. */
	if (weir_hierarchies_enable(&groups->h, wanted, err) < 0)
		return err->code;
	if (mkdirat(cgroup2->root_fd, WEIR_KEEPER, 0755) < 0 && errno != EEXIST)
		return weir_fail(err, -errno, "make cgroup '%s/" WEIR_KEEPER "': %s", cgroup2->path,
				 strerror(errno));
	fd = open_below(cgroup2->root_fd, WEIR_KEEPER);
	if (fd < 0)
		return weir_fail(err, -errno, "open cgroup '%s/" WEIR_KEEPER "': %s", cgroup2->path,
				 strerror(errno));
	return weir_hierarchy_enable(fd, WEIR_KEEPER, wanted, err) < 0 ? err->code : lost;
}

void weir_groups_unkeep(const struct weir_groups *groups)
{
	if (groups->h.n > 0)
		unlinkat(groups->h.list[0].root_fd, WEIR_KEEPER, AT_REMOVEDIR);
}
