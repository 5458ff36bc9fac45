/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcgroup knows which controller is where, v1 and v2, and copes with co-mounting. It does
 * not report a cgroup2 mount that carries no controller, which is what BPF needs on a hybrid
 * machine, so that one is looked up here.
 */
#include "kern/discover.h"

#include <errno.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

static int find_cgroup2(char path[PATH_MAX], struct weir_error *err)
{
	scoped(fclosep) FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[2 * PATH_MAX];
	struct mntent entry;

	if (!mounts)
		return weir_fail(err, -EIO, "open /proc/self/mounts: %s", strerror(errno));

	path[0] = '\0';
	while (getmntent_r(mounts, &entry, line, sizeof(line))) {
		/* The file system is asked too: another mount may lie on top of this one. */
		if (strcmp(entry.mnt_type, "cgroup2") != 0 ||
		    weir_is_on_fs(entry.mnt_dir, CGROUP2_SUPER_MAGIC) != 1)
			continue;
		snprintf(path, PATH_MAX, "%s", entry.mnt_dir);
		break;
	}
	return 0;
}

static void note_controller(struct weir_discovery *found, const struct cgroup_mount_point *mount)
{
	for (int i = 0; i < WEIR_SUBSYS_COUNT_; i++) {
		struct weir_place *place = &found->controllers[i];

		if (strcmp(mount->name, weir_subsys_name((enum weir_subsys)i)) != 0)
			continue;
		/* libcgroup keeps the version to itself; the file system tells. */
		if (weir_is_on_fs(mount->path, CGROUP2_SUPER_MAGIC) == 1)
			place->version = 2;
		else if (weir_is_on_fs(mount->path, CGROUP_SUPER_MAGIC) == 1)
			place->version = 1;
		else
			return;
		snprintf(place->path, sizeof(place->path), "%s", mount->path);
		return;
	}
}

int weir_discover(struct weir_discovery *ret, struct weir_error *err)
{
	struct cgroup_mount_point mount;
	void *cursor = NULL;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = find_cgroup2(ret->cgroup2, err);
	if (r < 0)
		return r;

	/* The table is read anew each time: the daemon may have mounted cgroup2 in between. */
	r = cgroup_init();
	if (r == ECGROUPNOTMOUNTED)
		return 0;
	if (r == 0) {
		for (r = cgroup_get_controller_begin(&cursor, &mount); r == 0;
		     r = cgroup_get_controller_next(&cursor, &mount))
			note_controller(ret, &mount);
		cgroup_get_controller_end(&cursor);
	}
	if (r != ECGEOF)
		return weir_fail(err, -EIO, "libcgroup can't read the mounted hierarchies: %s",
				 cgroup_strerror(r));
	return 0;
}
