/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of the figures that the kernel shows, on either version. */

#include "cgroup_fixture.h"

static void stats_are_read_from_v1(void **state)
{
	struct weir_cgroup_stats stats;

	(void)state;

	create(&v1, "s");
	put(&v1, 0, "weir.s/cpu.stat", "usage_usec 7\nuser_usec 5\nsystem_usec 2\n");
	put(&v1, 1, "weir.s/cpuacct.usage", "7123\n");
	put(&v1, 1, "weir.s/cpu.stat", "nr_periods 3\nnr_throttled 2\nthrottled_time 999\n");
	put(&v1, 1, "weir.s/cpu.cfs_quota_us", "25000\n");
	put(&v1, 1, "weir.s/cpu.cfs_period_us", "50000\n");
	put(&v1, 2, "weir.s/memory.usage_in_bytes", "4096\n");
	put(&v1, 2, "weir.s/memory.max_usage_in_bytes", "8192\n");
	put(&v1, 2, "weir.s/memory.limit_in_bytes", "9223372036854771712\n");
	put(&v1, 2, "weir.s/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");

	weir_cgroup_read_stats(&v1, "s", &stats);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(stats.cpu_ns, 7123);
	assert_int_equal(stats.user_ns, 5000);
	assert_int_equal(stats.system_ns, 2000);
	assert_int_equal(stats.nr_periods, 3);
	assert_int_equal(stats.nr_throttled, 2);
	assert_int_equal(stats.throttled_ns, 999);
	assert_int_equal(stats.cpu_quota_mcpu, 500);
	assert_int_equal(stats.mem_current_bytes, 4096);
	assert_int_equal(stats.mem_peak_bytes, 8192);
	assert_true(stats.mem_max_bytes == WEIR_INFINITE);
	assert_int_equal(stats.oom_kills, 4);
	assert_int_equal(stats.limit_hits, 0);
	put(&v1, 2, "weir.s/memory.limit_in_bytes", "8192\n");
	weir_cgroup_read_stats(&v1, "s", &stats);
	assert_int_equal(stats.limit_hits, 1);
}

static void stats_are_read_from_v2(void **state)
{
	struct weir_cgroup_stats stats;

	(void)state;

	create(&v2, "s");
	put(&v2, 0, "weir.s/cpu.stat",
	    "usage_usec 7\nuser_usec 5\nsystem_usec 2\n"
	    "nr_periods 3\nnr_throttled 2\nthrottled_usec 9\n");
	put(&v2, 0, "weir.s/cpu.max", "max 100000\n");
	put(&v2, 0, "weir.s/memory.current", "4096\n");
	put(&v2, 0, "weir.s/memory.peak", "8192\n");
	put(&v2, 0, "weir.s/memory.max", "65536\n");
	put(&v2, 0, "weir.s/memory.events", "low 0\noom 5\noom_kill 4\n");
	put(&v2, 0, "weir.s/memory.events.local", "low 0\noom 3\noom_kill 0\n");

	weir_cgroup_read_stats(&v2, "s", &stats);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(stats.cpu_ns, 7000);
	assert_int_equal(stats.throttled_ns, 9000);
	assert_true(stats.cpu_quota_mcpu == WEIR_INFINITE);
	assert_int_equal(stats.mem_max_bytes, 65536);
	assert_int_equal(stats.oom_kills, 4);
	assert_int_equal(stats.limit_hits, 5);
	assert_int_equal(stats.own_limit_hits, 3);

	put(&v2, 0, "weir.s/cpu.max", "40000 100000\n");
	weir_cgroup_read_stats(&v2, "s", &stats);
	assert_int_equal(stats.cpu_quota_mcpu, 400);
}

static void what_cannot_be_read_is_counted_and_left_unknown(void **state)
{
	struct weir_cgroup_stats stats;

	(void)state;

	create(&v2, "s");
	put(&v2, 0, "weir.s/cpu.stat", "usage_usec 7\nnonsense\n");
	put(&v2, 0, "weir.s/memory.current", "many\n");
	weir_cgroup_read_stats(&v2, "s", &stats);
	assert_int_equal(stats.cpu_ns, 7000);
	assert_true(stats.user_ns == UINT64_MAX);
	assert_true(stats.mem_current_bytes == UINT64_MAX);
	/* Five fields of cpu.stat, cpu.max, and the five files of memory. */
	assert_int_equal(stats.failures, 5 + 1 + 5);
}

static void a_bare_group_has_its_times_alone(void **state)
{
	struct weir_cgroup_stats stats;

	(void)state;

	create(&v1, "s");
	put(&v1, 0, "weir.s/cpu.stat", "usage_usec 7\nuser_usec 5\nsystem_usec 2\n");
	weir_cgroup_read_times(&v1, "s", &stats);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(stats.cpu_ns, 7000);
	assert_int_equal(stats.user_ns, 5000);
	assert_true(stats.mem_current_bytes == UINT64_MAX);
	assert_true(stats.nr_periods == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(stats_are_read_from_v1),
		with_trees(stats_are_read_from_v2),
		with_trees(what_cannot_be_read_is_counted_and_left_unknown),
		with_trees(a_bare_group_has_its_times_alone),
	};

	return cmocka_run_group_tests_name("cgroup_stats", tests, NULL, NULL);
}
