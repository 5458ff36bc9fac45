/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's own files say of a container, v1 and v2. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "kern/group.h"
#include "weir/abi.h"

#define STAT_TEXT 4096

struct source {
	const struct weir_groups *groups;
	const char *id;
	struct weir_cgroup_stats *stats;
};

/* The file's text; NULL, counted, when it can't be read. */
static const char *read_text(const struct source *from, int subsys, const char *file,
			     char buf[STAT_TEXT])
{
	struct weir_error ignored;

	if (weir_group_read(from->groups, subsys, from->id, file, buf, STAT_TEXT, &ignored) >= 0)
		return buf;
	from->stats->failures++;
	return NULL;
}

static void read_number(const struct source *from, int subsys, const char *file, uint64_t *ret)
{
	char buf[STAT_TEXT];
	const char *text = read_text(from, subsys, file, buf);

	if (!text || strcmp(text, "max") == 0)
		return; /* UINT64_MAX: not known, or WEIR_INFINITE */
	if (sscanf(text, "%" SCNu64, ret) != 1)
		from->stats->failures++;
}

/* A field in microseconds, as nanoseconds. */
static void take_us(const struct source *from, const char *text, const char *key, uint64_t *ret_ns)
{
	uint64_t us;

	if (weir_keyed_u64(text, key, &us) == 0)
		*ret_ns = us * 1000;
	else
		from->stats->failures++;
}

static void take(const struct source *from, const char *text, const char *key, uint64_t *ret)
{
	if (weir_keyed_u64(text, key, ret) < 0)
		from->stats->failures++;
}

static void read_throttling(const struct source *from, const char *text)
{
	take(from, text, "nr_periods", &from->stats->nr_periods);
	take(from, text, "nr_throttled", &from->stats->nr_throttled);
}

/* On cgroup2 every group has the times, whether or not the controller is there. */
static const char *read_times(const struct source *from, char buf[STAT_TEXT])
{
	struct weir_cgroup_stats *stats = from->stats;
	const char *text = read_text(from, -1, "cpu.stat", buf);

	if (text) {
		take_us(from, text, "usage_usec", &stats->cpu_ns);
		take_us(from, text, "user_usec", &stats->user_ns);
		take_us(from, text, "system_usec", &stats->system_ns);
	}
	return text;
}

static void read_cpu(const struct source *from, bool cpu_v2)
{
	struct weir_cgroup_stats *stats = from->stats;
	char buf[STAT_TEXT];
	const char *text = read_times(from, buf);

	if (text && cpu_v2) {
		read_throttling(from, text);
		take_us(from, text, "throttled_usec", &stats->throttled_ns);
	}

	if (from->groups->h.where[WEIR_SUBSYS_CPUACCT] >= 0)
		read_number(from, WEIR_SUBSYS_CPUACCT, "cpuacct.usage", &stats->cpu_ns);
	if (cpu_v2)
		return;
	text = read_text(from, WEIR_SUBSYS_CPU, "cpu.stat", buf);
	if (text) {
		read_throttling(from, text);
		take(from, text, "throttled_time", &stats->throttled_ns);
	}
}

static void read_quota(const struct source *from, bool cpu_v2)
{
	char buf[STAT_TEXT];
	uint64_t period_us = 0;
	int64_t quota_us = 0;
	const char *text;

	text = read_text(from, WEIR_SUBSYS_CPU, cpu_v2 ? "cpu.max" : "cpu.cfs_quota_us", buf);
	if (!text || strncmp(text, "max", 3) == 0 || strcmp(text, "-1") == 0)
		return; /* WEIR_INFINITE */

	if (cpu_v2) {
		if (sscanf(text, "%" SCNd64 " %" SCNu64, &quota_us, &period_us) != 2)
			period_us = 0;
	} else {
		if (sscanf(text, "%" SCNd64, &quota_us) == 1)
			read_number(from, WEIR_SUBSYS_CPU, "cpu.cfs_period_us", &period_us);
	}
	if (quota_us > 0 && period_us > 0)
		from->stats->cpu_quota_mcpu = (uint64_t)quota_us * 1000 / period_us;
	else
		from->stats->failures++;
}

static void read_memory(const struct source *from, bool memory_v2)
{
	struct weir_cgroup_stats *stats = from->stats;
	int memory = WEIR_SUBSYS_MEMORY;
	char buf[STAT_TEXT];
	const char *text;

	read_number(from, memory, memory_v2 ? "memory.current" : "memory.usage_in_bytes",
		    &stats->mem_current_bytes);
	read_number(from, memory, memory_v2 ? "memory.peak" : "memory.max_usage_in_bytes",
		    &stats->mem_peak_bytes);
	read_number(from, memory, memory_v2 ? "memory.max" : "memory.limit_in_bytes",
		    &stats->mem_max_bytes);
	if (!memory_v2 && stats->mem_max_bytes >= WEIR_V1_NO_LIMIT)
		stats->mem_max_bytes = WEIR_INFINITE;

	text = read_text(from, memory, memory_v2 ? "memory.events" : "memory.oom_control", buf);
	if (text)
		take(from, text, "oom_kill", &stats->oom_kills);
	if (text && memory_v2)
		take(from, text, "oom", &stats->limit_hits);
	text = memory_v2 ? read_text(from, memory, "memory.events.local", buf) : NULL;
	if (text)
		take(from, text, "oom", &stats->own_limit_hits);
	/* v1 does not tell failures at a limit for memory and swap. Single pages reach it exactly. */
	if (!memory_v2 && stats->mem_peak_bytes != UINT64_MAX)
		stats->limit_hits = stats->own_limit_hits =
			stats->mem_peak_bytes >= stats->mem_max_bytes;
}

static void forget(struct weir_cgroup_stats *stats)
{
	memset(stats, 0xff, sizeof(*stats)); /* UINT64_MAX: not known */
	stats->failures = 0;
}

void weir_cgroup_read_stats(const struct weir_groups *groups, const char *id,
			    struct weir_cgroup_stats *ret)
{
	const struct source from = { .groups = groups, .id = id, .stats = ret };
	bool cpu_v2 = weir_group_home(groups, WEIR_SUBSYS_CPU)->version == 2;
	bool memory_v2 = weir_group_home(groups, WEIR_SUBSYS_MEMORY)->version == 2;

	forget(ret);
	read_cpu(&from, cpu_v2);
	read_quota(&from, cpu_v2);
	read_memory(&from, memory_v2);
}

void weir_cgroup_read_times(const struct weir_groups *groups, const char *id,
			    struct weir_cgroup_stats *ret)
{
	const struct source from = { .groups = groups, .id = id, .stats = ret };
	char buf[STAT_TEXT];

	forget(ret);
	read_times(&from, buf);
}
