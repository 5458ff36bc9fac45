/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from knobs, on either version: what was written there, in the same units. */

#include "cgroup_fixture.h"

static void knobs_are_read_as_they_were_written(void **state)
{
	struct weir_cgroup_knobs knobs;
	struct weir_error err = {};

	(void)state;

	create(&v2, "k");
	put(&v2, 0, "weir.k/cpu.weight", "50\n");
	put(&v2, 0, "weir.k/cpu.max", "40000 100000\n");
	put(&v2, 0, "weir.k/memory.low", "4096\n");
	put(&v2, 0, "weir.k/memory.max", "max\n");
	put(&v2, 0, "weir.k/memory.swap.max", "0\n");
	put(&v2, 0, "weir.k/memory.oom.group", "1\n");
	assert_int_equal(weir_cgroup_read_knobs(&v2, "k", &knobs, &err), 0);
	assert_int_equal(knobs.cpu_weight, weir_cgroup_weight(&v2, 500));
	assert_int_equal(knobs.cpu_max_mcpu, 400);
	assert_int_equal(knobs.mem_low_bytes, 4096);
	assert_true(knobs.mem_max_bytes == WEIR_INFINITE);
	assert_int_equal(knobs.swap_max_bytes, 0);
	assert_int_equal(knobs.oom_group, 1);
	assert_false(knobs.cpu_missing || knobs.memory_missing);

	put(&v2, 0, "weir.k/cpu.max", "max 100000\n");
	assert_int_equal(weir_cgroup_read_knobs(&v2, "k", &knobs, &err), 0);
	assert_true(knobs.cpu_max_mcpu == WEIR_INFINITE);
}

static void v1_has_other_names_and_no_limit_of_its_own_kind(void **state)
{
	struct weir_cgroup_knobs knobs;
	struct weir_error err = {};

	(void)state;

	create(&v1, "k");
	put(&v1, 1, "weir.k/cpu.shares", "512\n");
	put(&v1, 1, "weir.k/cpu.cfs_quota_us", "25000\n");
	put(&v1, 1, "weir.k/cpu.cfs_period_us", "50000\n");
	put(&v1, 2, "weir.k/memory.soft_limit_in_bytes", "9223372036854771712\n");
	put(&v1, 2, "weir.k/memory.limit_in_bytes", "8192\n");
	assert_int_equal(weir_cgroup_read_knobs(&v1, "k", &knobs, &err), 0);
	assert_int_equal(knobs.cpu_weight, weir_cgroup_weight(&v1, 500));
	assert_int_equal(knobs.cpu_max_mcpu, 500);
	assert_true(knobs.mem_low_bytes == WEIR_INFINITE);
	assert_int_equal(knobs.mem_max_bytes, 8192);
	assert_true(knobs.swap_max_bytes == WEIR_ABSENT && knobs.oom_group == WEIR_ABSENT);

	put(&v1, 1, "weir.k/cpu.cfs_quota_us", "-1\n");
	assert_int_equal(weir_cgroup_read_knobs(&v1, "k", &knobs, &err), 0);
	assert_true(knobs.cpu_max_mcpu == WEIR_INFINITE);
}

static void a_controller_that_was_taken_away_is_told(void **state)
{
	struct weir_cgroup_knobs knobs;
	struct weir_error err = {};

	(void)state;

	create(&v2, "k");
	put(&v2, 0, "weir.k/memory.low", "0\n");
	put(&v2, 0, "weir.k/memory.max", "max\n");
	assert_int_equal(weir_cgroup_read_knobs(&v2, "k", &knobs, &err), 0);
	assert_true(knobs.cpu_missing);
	assert_false(knobs.memory_missing);
	assert_true(knobs.cpu_max_mcpu == WEIR_ABSENT && knobs.cpu_weight == WEIR_ABSENT);
	assert_true(knobs.swap_max_bytes == WEIR_ABSENT); /* a kernel may have none */
	assert_int_equal(weir_cgroup_read_knobs(&v2, "gone", &knobs, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(knobs_are_read_as_they_were_written),
		with_trees(v1_has_other_names_and_no_limit_of_its_own_kind),
		with_trees(a_controller_that_was_taken_away_is_told),
	};

	return cmocka_run_group_tests_name("knob_read", tests, NULL, NULL);
}
