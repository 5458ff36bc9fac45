/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers that only some containers ask for. */

#include "cgroup_fixture.h"

#include "kern/group.h"

/* [3] on the v1 machine: pids alone. */
static void add_pids(void)
{
	add_hierarchy(&v1, 1, "pids");
	v1.h.list[3].on_demand = true;
	v1.h.list[3].subsystems = 1U << WEIR_SUBSYS_PIDS;
	v1.h.where[WEIR_SUBSYS_PIDS] = 3;
	v2.h.where[WEIR_SUBSYS_PIDS] = 0;
}

static void on_v1_only_who_asks_has_a_group_there(void **state)
{
	struct weir_error err = {};

	(void)state;
	add_pids();
	create(&v1, "plain");
	create(&v1, "asks");
	assert_int_equal(weir_cgroup_equip(&v1, "asks", WEIR_SUBSYS_PIDS, &err), 0);
	assert_true(exists(&v1, 1, "weir.plain") && !exists(&v1, 3, "weir.plain"));
	assert_true(exists(&v1, 3, "weir.asks"));
	assert_int_equal(weir_cgroup_equip(&v1, "asks", WEIR_SUBSYS_PIDS, &err), 0);

	put(&v1, 3, "weir.asks/pids.max", "");
	assert_int_equal(weir_cgroup_set_pids_max(&v1, "asks", 12, &err), 0);
	assert_holds(&v1, 3, "weir.asks/pids.max", "12");
	put(&v1, 3, "weir.asks/pids.max", "");
	assert_int_equal(weir_cgroup_set_pids_max(&v1, "asks", WEIR_INFINITE, &err), 0);
	assert_holds(&v1, 3, "weir.asks/pids.max", "max");

	assert_int_equal(weir_cgroup_set_pids_max(&v1, "plain", WEIR_INFINITE, &err), 0);
	assert_int_equal(weir_cgroup_set_pids_max(&v1, "plain", 12, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "launched without"));

	assert_int_equal(unlinkat(v1.h.list[3].root_fd, "weir.asks/pids.max", 0), 0);
	assert_int_equal(weir_cgroup_remove(&v1, "asks", &err), 0);
	assert_false(exists(&v1, 3, "weir.asks"));
}

static void a_task_lies_in_the_nearest_there_is(void **state)
{
	const struct weir_hierarchy *pids, *cpu;
	char buf[WEIR_GROUP_PATH];
	struct weir_error err = {};

	(void)state;
	add_pids();
	pids = &v1.h.list[3];
	cpu = &v1.h.list[1];
	assert_null(weir_group_nearest(&v1, pids, "e/self", buf));
	assert_string_equal(weir_group_nearest(&v1, cpu, "e/self", buf), "e/self");
	assert_int_equal(weir_cgroup_equip(&v1, "e", WEIR_SUBSYS_PIDS, &err), 0);
	assert_string_equal(weir_group_nearest(&v1, pids, "e/self", buf), "e");
	assert_string_equal(weir_group_nearest(&v1, pids, "e/t", buf), "e");
	assert_int_equal(weir_cgroup_equip(&v1, "e/t", WEIR_SUBSYS_PIDS, &err), 0);
	assert_string_equal(weir_group_nearest(&v1, pids, "e/t", buf), "e/t");
	/* Who lies below one that has none gets that, too, or it could not be below it. */
	assert_int_equal(weir_cgroup_equip(&v1, "f/t", WEIR_SUBSYS_PIDS, &err), 0);
	assert_string_equal(weir_group_nearest(&v1, pids, "f/u", buf), "f");
	assert_string_equal(weir_group_nearest(&v1, pids, "/docker/a\n/docker/b", buf),
			    "/docker/a\n/docker/b");
}

static void on_v2_it_is_enabled_from_the_top_down(void **state)
{
	struct weir_error err = {};

	(void)state;
	v2.h.where[WEIR_SUBSYS_PIDS] = 0;
	create(&v2, "e");
	put(&v2, 0, "cgroup.subtree_control", "");
	put(&v2, 0, "weir.e/cgroup.subtree_control", "cpu pids");
	assert_int_equal(weir_cgroup_equip(&v2, "e", WEIR_SUBSYS_PIDS, &err), 0);
	assert_holds(&v2, 0, "cgroup.subtree_control", "+pids");
	put(&v2, 0, "cgroup.subtree_control", "cpu pids");
	put(&v2, 0, "weir.e/cgroup.subtree_control", "");
	assert_int_equal(weir_cgroup_equip(&v2, "e/t", WEIR_SUBSYS_PIDS, &err), 0);
	assert_holds(&v2, 0, "cgroup.subtree_control", "cpu pids");
	assert_holds(&v2, 0, "weir.e/cgroup.subtree_control", "+pids");
}

static void what_the_machine_has_not_is_said(void **state)
{
	struct weir_error err = {};

	(void)state;
	create(&v2, "c");
	assert_int_equal(weir_cgroup_equip(&v2, "c", WEIR_SUBSYS_CPUSET, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "this machine has no cpuset controller");
}

static void a_list_of_cpus_has_to_be_had_in_full(void **state)
{
	struct weir_error err = {};

	(void)state;
	v2.h.where[WEIR_SUBSYS_CPUSET] = 0;
	create(&v2, "c");
	put(&v2, 0, "weir.c/cpuset.cpus", "");
	put(&v2, 0, "weir.c/cpuset.cpus.effective", "0-1");
	assert_int_equal(weir_cgroup_set_cpus(&v2, "c", "0-1", &err), 0);
	assert_int_equal(weir_cgroup_set_cpus(&v2, "c", "7", &err), -EINVAL);
	assert_string_equal(err.text, "CPUs '7': expected some of 0-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(on_v1_only_who_asks_has_a_group_there),
		with_trees(a_task_lies_in_the_nearest_there_is),
		with_trees(on_v2_it_is_enabled_from_the_top_down),
		with_trees(what_the_machine_has_not_is_said),
		with_trees(a_list_of_cpus_has_to_be_had_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
