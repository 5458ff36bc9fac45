/* SPDX-License-Identifier: Apache-2.0 */
/* Probes of knobs: do groups of this kernel have them? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "kern/probe_internal.h"

struct knob {
	const char *mount; /* of its hierarchy; "": there is none */
	const char *witness; /* a knob as old as the controller: is it enabled for a child? */
	const char *name;
	unsigned int since; /* the release that brought it */
};

/*
 * Does a group below the mount have the knob? The root does not show it, and making a group
 * to look is not ours to do here: any child will do that has the controller at all.
 * 1, 0; -1: there is no such child.
 */
static int child_has(const struct knob *knob)
{
	scoped(closedirp) DIR *dir = opendir(knob->mount);
	const struct dirent *entry;
	char path[NAME_MAX + 64];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", entry->d_name, knob->witness);
		if (faccessat(dirfd(dir), path, F_OK, 0) < 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", entry->d_name, knob->name);
		return faccessat(dirfd(dir), path, F_OK, 0) == 0;
	}
	return -1;
}

static enum weir_probe_state check_knob(const struct weir_probed *machine, const struct knob *knob,
					char *found, size_t size)
{
	int has = child_has(knob);
	bool there = has < 0 ? machine->release >= knob->since : has;

	snprintf(found, size, "%s is %s%s", knob->name, there ? "there" : "not there",
		 has < 0 ? ", by the kernel's release" : "");
	return there ? WEIR_PROBE_OK : WEIR_PROBE_DEGRADED;
}

enum weir_probe_state weir_probe_kill(const struct weir_probed *machine, char *found, size_t size)
{
	const struct knob knob = { machine->mounts.cgroup2, "cgroup.procs", "cgroup.kill",
				   weir_probe_release(5, 14) };

	return check_knob(machine, &knob, found, size);
}

enum weir_probe_state weir_probe_idle(const struct weir_probed *machine, char *found, size_t size)
{
	const struct weir_place *place = weir_probe_place(machine, WEIR_SUBSYS_CPU);
	const struct knob knob = { place->path, place->version == 2 ? "cpu.weight" : "cpu.shares",
				   "cpu.idle", weir_probe_release(5, 15) };

	return check_knob(machine, &knob, found, size);
}

enum weir_probe_state weir_probe_burst(const struct weir_probed *machine, char *found, size_t size)
{
	const struct weir_place *place = weir_probe_place(machine, WEIR_SUBSYS_CPU);
	const struct knob v1 = { place->path, "cpu.cfs_quota_us", "cpu.cfs_burst_us",
				 weir_probe_release(5, 14) };
	const struct knob v2 = { place->path, "cpu.max", "cpu.max.burst",
				 weir_probe_release(5, 14) };

	return check_knob(machine, place->version == 2 ? &v2 : &v1, found, size);
}

enum weir_probe_state weir_probe_freezer(const struct weir_probed *machine, char *found,
					 size_t size)
{
	const struct knob knob = { machine->mounts.cgroup2, "cgroup.procs", "cgroup.freeze",
				   weir_probe_release(5, 2) };

	return check_knob(machine, &knob, found, size);
}

enum weir_probe_state weir_probe_peak(const struct weir_probed *machine, char *found, size_t size)
{
	const struct weir_place *place = weir_probe_place(machine, WEIR_SUBSYS_MEMORY);
	const struct knob v1 = { place->path, "memory.usage_in_bytes", "memory.max_usage_in_bytes",
				 0 };
	const struct knob v2 = { place->path, "memory.current", "memory.peak",
				 weir_probe_release(5, 19) };

	return check_knob(machine, place->version == 2 ? &v2 : &v1, found, size);
}

enum weir_probe_state weir_probe_reclaim(const struct weir_probed *machine, char *found,
					 size_t size)
{
	const struct weir_place *place = weir_probe_place(machine, WEIR_SUBSYS_MEMORY);
	const struct knob knob = { place->path, "memory.current", "memory.reclaim",
				   weir_probe_release(5, 19) };

	if (place->version == 2)
		return check_knob(machine, &knob, found, size);
	snprintf(found, size, "only v2 has memory.reclaim");
	return WEIR_PROBE_DEGRADED;
}

enum weir_probe_state weir_probe_swap(const struct weir_probed *machine, char *found, size_t size)
{
	const struct weir_place *place = weir_probe_place(machine, WEIR_SUBSYS_MEMORY);
	const struct knob v1 = { place->path, "memory.usage_in_bytes",
				 "memory.memsw.limit_in_bytes", weir_probe_release(5, 8) };
	const struct knob v2 = { place->path, "memory.current", "memory.swap.max",
				 weir_probe_release(5, 8) };
	char text[4096];
	struct weir_error ignored;
	bool known = weir_file_read(AT_FDCWD, "/proc/swaps", text, sizeof(text), &ignored) >= 0;

	/* One line is the header. */
	if (known && !strchr(text, '\n')) {
		snprintf(found, size, "there is no swap");
		return WEIR_PROBE_OK;
	}
	return check_knob(machine, place->version == 2 ? &v2 : &v1, found, size);
}
