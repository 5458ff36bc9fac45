/* SPDX-License-Identifier: Apache-2.0 */
/* The knobs of a container's groups as they are, v1 and v2, in millicores and bytes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kern/group.h"
#include "weir/abi.h"

#define VALUE_TEXT 64

struct source {
	const struct weir_groups *groups;
	const char *id;
	bool v2; /* of the subsystem that is read */
	enum weir_subsys subsys;
	bool *missing; /* its controller */
};

static struct source source_of(const struct weir_groups *groups, enum weir_subsys subsys,
			       const char *id, bool *missing)
{
	return (struct source){
		.groups = groups,
		.id = id,
		.v2 = weir_group_home(groups, subsys)->version == 2,
		.subsys = subsys,
		.missing = missing,
	};
}

/*
 * 1: it is in @text; 0: there is no such file, though the group is there. @needed: without it the
 * controller is missing; the kernel may have been built without others.
 */
static int read_text(const struct source *from, const char *file, bool needed,
		     char text[VALUE_TEXT], struct weir_error *err)
{
	ssize_t n =
		weir_group_read(from->groups, from->subsys, from->id, file, text, VALUE_TEXT, err);

	if (n >= 0)
		return 1;
	if (n != -ENOENT || !weir_group_has(from->groups, from->subsys, from->id, NULL))
		return (int)n;
	*from->missing |= needed;
	return 0;
}

static int parse(const char *file, const char *text, uint64_t *ret, struct weir_error *err)
{
	if (strncmp(text, "max", 3) == 0 || strcmp(text, "-1") == 0) {
		*ret = WEIR_INFINITE;
		return 0;
	}
	if (sscanf(text, "%" SCNu64, ret) != 1)
		return weir_fail(err, -EIO, "%s holds '%s'", file, text);
	return 0;
}

static int read_number(const struct source *from, const char *file, bool needed, uint64_t *ret,
		       struct weir_error *err)
{
	char text[VALUE_TEXT];
	int r = read_text(from, file, needed, text, err);

	*ret = WEIR_ABSENT;
	return r <= 0 ? r : parse(file, text, ret, err);
}

static int read_bytes(const struct source *from, const char *file, bool needed, uint64_t *ret,
		      struct weir_error *err)
{
	int r = read_number(from, file, needed, ret, err);

	if (r == 0 && !from->v2 && *ret >= WEIR_V1_NO_LIMIT && *ret != WEIR_ABSENT)
		*ret = WEIR_INFINITE;
	return r;
}

static int read_quota(const struct source *from, uint64_t *ret_mcpu, struct weir_error *err)
{
	const char *file = from->v2 ? "cpu.max" : "cpu.cfs_quota_us";
	uint64_t quota_us, period_us = 0;
	char text[VALUE_TEXT];
	int r = read_text(from, file, true, text, err);

	*ret_mcpu = WEIR_ABSENT;
	if (r <= 0)
		return r;
	if (parse(file, text, &quota_us, err) < 0)
		return err->code;
	if (from->v2)
		sscanf(text, "%*s %" SCNu64, &period_us);
	else if (read_number(from, "cpu.cfs_period_us", true, &period_us, err) < 0)
		return err->code;
	if (period_us == 0 || period_us == WEIR_ABSENT)
		return weir_fail(err, -EIO, "%s of '%s' has no period", file, from->id);
	*ret_mcpu = quota_us == WEIR_INFINITE ? WEIR_INFINITE : quota_us * 1000 / period_us;
	return 0;
}

int weir_cgroup_read_knobs(const struct weir_groups *groups, const char *id,
			   struct weir_cgroup_knobs *ret, struct weir_error *err)
{
	struct weir_cgroup_knobs knobs = { .swap_max_bytes = WEIR_ABSENT,
					   .oom_group = WEIR_ABSENT };
	struct source cpu = source_of(groups, WEIR_SUBSYS_CPU, id, &knobs.cpu_missing);
	struct source mem = source_of(groups, WEIR_SUBSYS_MEMORY, id, &knobs.memory_missing);

	if (read_number(&cpu, cpu.v2 ? "cpu.weight" : "cpu.shares", true, &knobs.cpu_weight, err) <
		    0 ||
	    read_quota(&cpu, &knobs.cpu_max_mcpu, err) < 0 ||
	    read_bytes(&mem, mem.v2 ? "memory.low" : "memory.soft_limit_in_bytes", true,
		       &knobs.mem_low_bytes, err) < 0 ||
	    read_bytes(&mem, mem.v2 ? "memory.max" : "memory.limit_in_bytes", true,
		       &knobs.mem_max_bytes, err) < 0)
		return err->code;
	if (mem.v2 && (read_bytes(&mem, "memory.swap.max", false, &knobs.swap_max_bytes, err) < 0 ||
		       read_number(&mem, "memory.oom.group", false, &knobs.oom_group, err) < 0))
		return err->code;
	*ret = knobs;
	return 0;
}
