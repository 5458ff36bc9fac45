/* SPDX-License-Identifier: Apache-2.0 */
/* What is written to which knob, on either version. */

#include "cgroup_fixture.h"

static const struct {
	int (*set)(const struct weir_groups *groups, const char *id, uint64_t value,
		   struct weir_error *err);
	uint64_t value;
	int v1_index;
	const char *v1_knob, *v1_text; /* NULL: v1 writes nothing */
	const char *v2_knob, *v2_text;
} knob_cases[] = {
	{ weir_cgroup_set_cpu_weight, 500, 1, "cpu.shares", "512", "cpu.weight", "50" },
	{ weir_cgroup_set_cpu_weight, 0, 1, "cpu.shares", "2", "cpu.weight", "1" },
	{ weir_cgroup_set_cpu_weight, 300000, 1, "cpu.shares", "262144", "cpu.weight", "10000" },
	{ weir_cgroup_set_cpu_weight, UINT64_MAX, 1, "cpu.shares", "262144", "cpu.weight",
	  "10000" },
	{ weir_cgroup_set_cpu_max, 400, 1, "cpu.cfs_quota_us", "40000", "cpu.max", "40000 100000" },
	{ weir_cgroup_set_cpu_max, 1, 1, "cpu.cfs_quota_us", "1000", "cpu.max", "1000 100000" },
	{ weir_cgroup_set_cpu_max, WEIR_INFINITE, 1, "cpu.cfs_quota_us", "-1", "cpu.max",
	  "max 100000" },
	{ weir_cgroup_set_mem_low, 4096, 2, "memory.soft_limit_in_bytes", "4096", "memory.low",
	  "4096" },
	{ weir_cgroup_set_mem_low, WEIR_INFINITE, 2, "memory.soft_limit_in_bytes", "-1",
	  "memory.low", "max" },
	{ weir_cgroup_set_mem_high, 4096, 2, NULL, NULL, "memory.high", "4096" },
	{ weir_cgroup_set_mem_high, WEIR_INFINITE, 2, NULL, NULL, "memory.high", "max" },
	{ weir_cgroup_set_mem_max, 8192, 2, "memory.limit_in_bytes", "8192", "memory.max", "8192" },
	{ weir_cgroup_set_mem_max, WEIR_INFINITE, 2, "memory.limit_in_bytes", "-1", "memory.max",
	  "max" },
	{ weir_cgroup_set_oom_group, 1, 2, NULL, NULL, "memory.oom.group", "1" },
};

static void each_knob_says_it_as_its_version_wants_it(void **state)
{
	struct weir_error err = {};
	char path[128];

	(void)state;

	create(&v1, "k");
	create(&v2, "k");
	put(&v1, 1, "weir.k/cpu.cfs_period_us", "100000");
	for (size_t i = 0; i < ARRAY_SIZE(knob_cases); i++) {
		if (knob_cases[i].v1_knob) {
			snprintf(path, sizeof(path), "weir.k/%s", knob_cases[i].v1_knob);
			/* A limit that is read before it is written. */
			put(&v1, knob_cases[i].v1_index, path,
			    strstr(path, "limit_in_bytes") ? "1" : "");
		}
		assert_int_equal(knob_cases[i].set(&v1, "k", knob_cases[i].value, &err), 0);
		if (knob_cases[i].v1_knob)
			assert_holds(&v1, knob_cases[i].v1_index, path, knob_cases[i].v1_text);

		snprintf(path, sizeof(path), "weir.k/%s", knob_cases[i].v2_knob);
		put(&v2, 0, path, "");
		assert_int_equal(knob_cases[i].set(&v2, "k", knob_cases[i].value, &err), 0);
		assert_holds(&v2, 0, path, knob_cases[i].v2_text);
	}
}

static void a_period_that_is_not_ours_is_made_so(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "p");
	put(&v1, 1, "weir.p/cpu.cfs_period_us", "50000");
	put(&v1, 1, "weir.p/cpu.cfs_quota_us", "25000");
	assert_int_equal(weir_cgroup_set_cpu_max(&v1, "p", 400, &err), 0);
	assert_holds(&v1, 1, "weir.p/cpu.cfs_period_us", "100000");
	assert_holds(&v1, 1, "weir.p/cpu.cfs_quota_us", "40000");
}

static void a_parent_is_protected_where_levels_count(void **state)
{
	struct weir_error err = {};
	uint64_t low;

	(void)state;

	put(&v2, 0, "memory.low", "0");
	assert_int_equal(weir_cgroup_set_parent_low(&v2, 4096, &err), 0);
	assert_holds(&v2, 0, "memory.low", "0");
	v1.h.parent = strdup("above");
	v2.h.parent = strdup("above");
	assert_int_equal(weir_cgroup_set_parent_low(&v1, 4096, &err), 0);
	assert_int_equal(weir_cgroup_parent_low(&v1, &low, &err), 0);
	assert_true(low == WEIR_ABSENT);
	assert_int_equal(weir_cgroup_set_parent_low(&v2, 4096, &err), 0);
	assert_holds(&v2, 0, "memory.low", "4096");
	assert_int_equal(weir_cgroup_parent_low(&v2, &low, &err), 0);
	assert_true(low == 4096);
	put(&v2, 0, "memory.low", "max\n");
	assert_int_equal(weir_cgroup_parent_low(&v2, &low, &err), 0);
	assert_true(low == WEIR_INFINITE);
}

static void a_group_that_is_gone_is_news(void **state)
{
	struct weir_error err = {};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(knob_cases); i++)
		assert_int_equal(knob_cases[i].set(&v2, "gone", 1, &err), -ENOENT);
	assert_int_equal(weir_cgroup_set_swap_max(&v1, "gone", 0, &err), -ENOENT);
	assert_int_equal(weir_cgroup_set_swap_max(&v2, "gone", 0, &err), -ENOENT);
}

static void reclaim_asks_for_what_is_too_much(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "r");
	create(&v2, "r");
	put(&v2, 0, "weir.r/memory.current", "10000");
	put(&v2, 0, "weir.r/memory.reclaim", "");
	assert_int_equal(weir_cgroup_reclaim(&v2, "r", 10000, &err), 0);
	assert_holds(&v2, 0, "weir.r/memory.reclaim", "");
	assert_int_equal(weir_cgroup_reclaim(&v2, "r", 4000, &err), 0);
	assert_holds(&v2, 0, "weir.r/memory.reclaim", "6000");
	assert_int_equal(weir_cgroup_reclaim(&v2, "gone", 1, &err), -ENOENT);
	assert_int_equal(weir_cgroup_reclaim(&v1, "r", 1, &err), 0);
}

/* That memsw is never below mem on the way only a real kernel can tell: see test_update.sh. */
static void on_v1_swap_is_what_memsw_has_more_than_mem(void **state)
{
	static const char mem[] = "weir.m/memory.limit_in_bytes";
	static const char memsw[] = "weir.m/memory.memsw.limit_in_bytes";
	static const char none[] = "9223372036854771712";
	struct weir_error err = {};

	(void)state;

	create(&v1, "m");
	put(&v1, 2, "weir.m/memory.swappiness", "9");
	put(&v1, 2, mem, none);
	put(&v1, 2, memsw, none);
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "m", 8192, &err), 0);
	assert_holds(&v1, 2, memsw, none);
	/* What the kernel forgets of a longer text a plain file keeps: so much is done by hand. */
	put(&v1, 2, mem, "8192");
	put(&v1, 2, memsw, "9999");
	assert_int_equal(weir_cgroup_set_swap_max(&v1, "m", 0, &err), 0);
	assert_holds(&v1, 2, memsw, "8192");
	assert_holds(&v1, 2, "weir.m/memory.swappiness", "0");

	/* It stays as it is when the limit of memory goes up and down. */
	assert_int_equal(weir_cgroup_set_swap_max(&v1, "m", 1000, &err), 0);
	assert_holds(&v1, 2, memsw, "9192");
	assert_holds(&v1, 2, "weir.m/memory.swappiness", "60");
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "m", 16384, &err), 0);
	assert_holds(&v1, 2, mem, "16384");
	assert_holds(&v1, 2, memsw, "17384");
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "m", 10240, &err), 0);
	assert_holds(&v1, 2, mem, "10240");
	assert_holds(&v1, 2, memsw, "11240");
}

static void swap_is_left_alone_where_the_kernel_has_no_say(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v2, "s");
	assert_int_equal(weir_cgroup_set_swap_max(&v2, "s", 0, &err), 0);
	put(&v2, 0, "weir.s/memory.swap.max", "");
	assert_int_equal(weir_cgroup_set_swap_max(&v2, "s", 0, &err), 0);
	assert_holds(&v2, 0, "weir.s/memory.swap.max", "0");
	assert_int_equal(weir_cgroup_set_swap_max(&v2, "s", WEIR_INFINITE, &err), 0);
	assert_holds(&v2, 0, "weir.s/memory.swap.max", "max");
	create(&v1, "s");
	put(&v1, 2, "weir.s/memory.swappiness", "9");
	put(&v1, 2, "weir.s/memory.limit_in_bytes", "8192");
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "s", 4096, &err), 0);
	assert_int_equal(weir_cgroup_set_swap_max(&v1, "s", 0, &err), 0);
	assert_holds(&v1, 2, "weir.s/memory.swappiness", "0");
}

static void a_burst_needs_a_kernel_that_knows_it(void **state)
{
	struct weir_error err = {};
	uint64_t mcpu = 7;

	(void)state;

	create(&v2, "b");
	assert_int_equal(weir_cgroup_set_cpu_burst(&v2, "b", 0, &err), 0);
	assert_int_equal(weir_cgroup_set_cpu_burst(&v2, "b", 500, &err), -EOPNOTSUPP);
	assert_int_equal(weir_cgroup_cpu_burst(&v2, "b", &mcpu, &err), 0);
	assert_int_equal(mcpu, 0);
	put(&v2, 0, "weir.b/cpu.max.burst", "0");
	assert_int_equal(weir_cgroup_set_cpu_burst(&v2, "b", 500, &err), 0);
	assert_holds(&v2, 0, "weir.b/cpu.max.burst", "50000");
	assert_int_equal(weir_cgroup_cpu_burst(&v2, "b", &mcpu, &err), 0);
	assert_int_equal(mcpu, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(reclaim_asks_for_what_is_too_much),
		with_trees(each_knob_says_it_as_its_version_wants_it),
		with_trees(a_period_that_is_not_ours_is_made_so),
		with_trees(a_parent_is_protected_where_levels_count),
		with_trees(a_group_that_is_gone_is_news),
		with_trees(on_v1_swap_is_what_memsw_has_more_than_mem),
		with_trees(swap_is_left_alone_where_the_kernel_has_no_say),
		with_trees(a_burst_needs_a_kernel_that_knows_it),
	};

	return cmocka_run_group_tests_name("knob", tests, NULL, NULL);
}
