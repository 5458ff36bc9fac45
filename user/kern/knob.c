/* SPDX-License-Identifier: Apache-2.0 */
/* The knobs of a container's groups, v1 and v2: from millicores and bytes to what each wants. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "kern/group.h"
#include "weir/abi.h"

#define PERIOD_US    100000 /* what the kernel gives a new group, too */
#define MIN_QUOTA_US 1000 /* the kernel's own floor */

#define V1_MEM_MAX   "memory.limit_in_bytes"
#define V1_MEMSW_MAX "memory.memsw.limit_in_bytes"

#define V1_SWAPPINESS "60" /* the kernel's default */

/* Room for any u64, or a quota and its period. */
#define VALUE_TEXT 48

static bool is_v2(const struct weir_groups *groups, int subsys)
{
	return weir_group_home(groups, subsys)->version == 2;
}

static uint64_t clamp_u64(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

static int write_number(const struct weir_groups *groups, int subsys, const char *id,
			const char *knob, uint64_t value, struct weir_error *err)
{
	char text[VALUE_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return weir_group_write(groups, subsys, id, knob, text, err);
}

/* A number of bytes, or what the version has for "no limit". */
static int write_bytes(const struct weir_groups *groups, const char *id, const char *knob,
		       uint64_t bytes, struct weir_error *err)
{
	if (bytes == WEIR_INFINITE)
		return weir_group_write(groups, WEIR_SUBSYS_MEMORY, id, knob,
					is_v2(groups, WEIR_SUBSYS_MEMORY) ? "max" : "-1", err);
	return write_number(groups, WEIR_SUBSYS_MEMORY, id, knob, bytes, err);
}

static int read_number(const struct weir_groups *groups, int subsys, const char *id,
		       const char *knob, uint64_t *ret, struct weir_error *err)
{
	char path[WEIR_GROUP_PATH];
	int fd;

	if (weir_group_at(groups, weir_group_home(groups, subsys), id, knob, path, &fd, err) < 0)
		return err->code;
	return weir_file_read_u64(fd, path, ret, err);
}

/* A knob that the kernel may have been built without: its absence is fine, the group's is not. */
static int write_optional(const struct weir_groups *groups, const char *id, const char *knob,
			  const char *text, struct weir_error *err)
{
	int r = weir_group_write(groups, WEIR_SUBSYS_MEMORY, id, knob, text, err);

	return r == -ENOENT && weir_group_has(groups, WEIR_SUBSYS_MEMORY, id, NULL) ? 0 : r;
}

uint64_t weir_cgroup_weight(const struct weir_groups *groups, uint64_t mcpu)
{
	/* Far above any machine, and small enough for the products below. */
	uint64_t amount = clamp_u64(mcpu, 0, WEIR_MAX_MCPU);

	if (is_v2(groups, WEIR_SUBSYS_CPU))
		return clamp_u64((amount * 100 + 500) / 1000, 1, 10000);
	return clamp_u64((amount * 1024 + 500) / 1000, 2, 262144);
}

int weir_cgroup_set_cpu_weight(const struct weir_groups *groups, const char *id, uint64_t mcpu,
			       struct weir_error *err)
{
	return write_number(groups, WEIR_SUBSYS_CPU, id,
			    is_v2(groups, WEIR_SUBSYS_CPU) ? "cpu.weight" : "cpu.shares",
			    weir_cgroup_weight(groups, mcpu), err);
}

/* In the idle class the kernel refuses a weight, and out of it the weight is the default again. */
int weir_cgroup_set_cpu_idle(const struct weir_groups *groups, const char *id, uint64_t on,
			     struct weir_error *err)
{
	return weir_group_write(groups, WEIR_SUBSYS_CPU, id, "cpu.idle", on ? "1" : "0", err);
}

int weir_cgroup_cpu_idle(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	char text[VALUE_TEXT];
	ssize_t n =
		weir_group_read(groups, WEIR_SUBSYS_CPU, id, "cpu.idle", text, sizeof(text), err);

	return n < 0 ? (int)n : strcmp(text, "1") == 0;
}

/* One that was adopted may have another. Of no quota the kernel can think it too much meanwhile. */
static int set_period_v1(const struct weir_groups *groups, const char *id, struct weir_error *err)
{
	uint64_t us = 0;
	int r = read_number(groups, WEIR_SUBSYS_CPU, id, "cpu.cfs_period_us", &us, err);

	if (r < 0 || us == PERIOD_US)
		return r;
	r = weir_group_write(groups, WEIR_SUBSYS_CPU, id, "cpu.cfs_quota_us", "-1", err);
	if (r == 0)
		r = write_number(groups, WEIR_SUBSYS_CPU, id, "cpu.cfs_period_us", PERIOD_US, err);
	return r;
}

int weir_cgroup_set_cpu_max(const struct weir_groups *groups, const char *id, uint64_t mcpu,
			    struct weir_error *err)
{
	uint64_t quota_us = clamp_u64(clamp_u64(mcpu, 0, WEIR_MAX_MCPU) * (PERIOD_US / 1000),
				      MIN_QUOTA_US, UINT64_MAX);
	bool v2 = is_v2(groups, WEIR_SUBSYS_CPU);
	char text[VALUE_TEXT];

	if (!v2 && set_period_v1(groups, id, err) < 0)
		return err->code;
	if (mcpu == WEIR_INFINITE)
		snprintf(text, sizeof(text), v2 ? "max %d" : "-1", PERIOD_US);
	else
		snprintf(text, sizeof(text), v2 ? "%" PRIu64 " %d" : "%" PRIu64, quota_us,
			 PERIOD_US);
	return weir_group_write(groups, WEIR_SUBSYS_CPU, id, v2 ? "cpu.max" : "cpu.cfs_quota_us",
				text, err);
}

static const char *burst_file(const struct weir_groups *groups)
{
	return is_v2(groups, WEIR_SUBSYS_CPU) ? "cpu.max.burst" : "cpu.cfs_burst_us";
}

int weir_cgroup_set_cpu_burst(const struct weir_groups *groups, const char *id, uint64_t mcpu,
			      struct weir_error *err)
{
	const char *file = burst_file(groups);
	int r = write_number(groups, WEIR_SUBSYS_CPU, id, file, mcpu * (PERIOD_US / 1000), err);

	if (r != -ENOENT || !weir_group_has(groups, WEIR_SUBSYS_CPU, id, NULL))
		return r;
	return mcpu == 0 ? 0
			 : weir_fail(err, -EOPNOTSUPP, "this kernel has no %s, so no CPU burst",
				     file);
}

int weir_cgroup_cpu_burst(const struct weir_groups *groups, const char *id, uint64_t *ret_mcpu,
			  struct weir_error *err)
{
	char text[VALUE_TEXT];
	uint64_t us = 0;
	ssize_t n = weir_group_read(groups, WEIR_SUBSYS_CPU, id, burst_file(groups), text,
				    sizeof(text), err);

	if (n < 0 && n != -ENOENT)
		return (int)n;
	if (n > 0 && sscanf(text, "%" SCNu64, &us) != 1)
		return weir_fail(err, -EIO, "%s of '%s' holds '%s'", burst_file(groups), id, text);
	*ret_mcpu = us * 1000 / PERIOD_US;
	return 0;
}

int weir_cgroup_set_mem_low(const struct weir_groups *groups, const char *id, uint64_t bytes,
			    struct weir_error *err)
{
	bool v2 = is_v2(groups, WEIR_SUBSYS_MEMORY);

	return write_bytes(groups, id, v2 ? "memory.low" : "memory.soft_limit_in_bytes", bytes,
			   err);
}

int weir_cgroup_set_mem_high(const struct weir_groups *groups, const char *id, uint64_t bytes,
			     struct weir_error *err)
{
	if (!is_v2(groups, WEIR_SUBSYS_MEMORY))
		return 0;
	return write_bytes(groups, id, "memory.high", bytes, err);
}

/* v1: memory and swap together, as it is now. WEIR_INFINITE: no limit, or none is kept. */
static int read_memsw(const struct weir_groups *groups, const char *id, uint64_t *ret,
		      struct weir_error *err)
{
	int r = read_number(groups, WEIR_SUBSYS_MEMORY, id, V1_MEMSW_MAX, ret, err);

	if (r == -ENOENT || (r == 0 && *ret >= WEIR_V1_NO_LIMIT)) {
		*ret = WEIR_INFINITE;
		return 0;
	}
	return r;
}

static int set_mem_max_v1(const struct weir_groups *groups, const char *id, uint64_t bytes,
			  struct weir_error *err)
{
	uint64_t now = 0, memsw = 0;
	bool along, raise;
	int r = read_number(groups, WEIR_SUBSYS_MEMORY, id, V1_MEM_MAX, &now, err);

	if (r == 0)
		r = read_memsw(groups, id, &memsw, err);
	if (r < 0)
		return r;

	/* memsw must not be below mem at any moment. As much swap as before is left beside it. */
	raise = bytes > now;
	along = memsw != WEIR_INFINITE;
	memsw = bytes == WEIR_INFINITE ? bytes : bytes + (memsw - now);
	if (along && raise)
		r = write_bytes(groups, id, V1_MEMSW_MAX, memsw, err);
	if (r == 0)
		r = write_bytes(groups, id, V1_MEM_MAX, bytes, err);
	if (r == 0 && along && !raise)
		r = write_bytes(groups, id, V1_MEMSW_MAX, memsw, err);
	if (r == -EBUSY)
		return weir_fail(err, r, "'%s' uses more than %" PRIu64 " bytes of memory now", id,
				 bytes);
	return r;
}

int weir_cgroup_set_mem_max(const struct weir_groups *groups, const char *id, uint64_t bytes,
			    struct weir_error *err)
{
	if (is_v2(groups, WEIR_SUBSYS_MEMORY))
		return write_bytes(groups, id, "memory.max", bytes, err);
	return set_mem_max_v1(groups, id, bytes, err);
}

int weir_cgroup_reclaim(const struct weir_groups *groups, const char *id, uint64_t down_to,
			struct weir_error *err)
{
	uint64_t now = 0;
	int r;

	if (!is_v2(groups, WEIR_SUBSYS_MEMORY))
		return 0;
	r = read_number(groups, WEIR_SUBSYS_MEMORY, id, "memory.current", &now, err);
	if (r < 0 || now <= down_to)
		return r;
	r = write_number(groups, WEIR_SUBSYS_MEMORY, id, "memory.reclaim", now - down_to, err);
	return r == -EAGAIN ? 0 : r;
}

int weir_cgroup_set_oom_group(const struct weir_groups *groups, const char *id, uint64_t on,
			      struct weir_error *err)
{
	/* v1 has no such thing: the kernel picks one process there. */
	if (!is_v2(groups, WEIR_SUBSYS_MEMORY))
		return 0;
	return weir_group_write(groups, WEIR_SUBSYS_MEMORY, id, "memory.oom.group", on ? "1" : "0",
				err);
}

/* Memory and swap together may be so much more than memory alone. */
static int set_swap_max_v1(const struct weir_groups *groups, const char *id, uint64_t bytes,
			   struct weir_error *err)
{
	uint64_t mem = 0;
	int r;

	r = write_optional(groups, id, "memory.swappiness", bytes == 0 ? "0" : V1_SWAPPINESS, err);
	if (r == 0)
		r = read_number(groups, WEIR_SUBSYS_MEMORY, id, V1_MEM_MAX, &mem, err);
	if (r < 0 || !weir_group_has(groups, WEIR_SUBSYS_MEMORY, id, V1_MEMSW_MAX))
		return r;
	if (mem >= WEIR_V1_NO_LIMIT || bytes == WEIR_INFINITE)
		return write_bytes(groups, id, V1_MEMSW_MAX, WEIR_INFINITE, err);
	return write_bytes(groups, id, V1_MEMSW_MAX, mem + bytes, err);
}

int weir_cgroup_set_swap_max(const struct weir_groups *groups, const char *id, uint64_t bytes,
			     struct weir_error *err)
{
	char text[VALUE_TEXT] = "max";

	if (!is_v2(groups, WEIR_SUBSYS_MEMORY))
		return set_swap_max_v1(groups, id, bytes, err);
	if (bytes != WEIR_INFINITE)
		snprintf(text, sizeof(text), "%" PRIu64, bytes);
	return write_optional(groups, id, "memory.swap.max", text, err);
}
