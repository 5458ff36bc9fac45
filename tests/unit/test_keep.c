/* SPDX-License-Identifier: Apache-2.0 */
/* The group that keeps controllers on. That the kernel then refuses to take them is for tests/system. */

#include "cgroup_fixture.h"

#include "kern/keep.h"

#define BITS ((1U << WEIR_SUBSYS_CPU) | (1U << WEIR_SUBSYS_MEMORY))

static void put_keeper(const char *enabled)
{
	mkdirat(v2.h.list[0].root_fd, WEIR_KEEPER, 0755);
	put(&v2, 0, WEIR_KEEPER "/cgroup.subtree_control", enabled);
}

static void where_all_is_kept_nothing_is_written(void **state)
{
	struct weir_error err = {};

	(void)state;

	v2.h.list[0].subsystems = BITS;
	put_keeper("cpu memory pids");
	assert_int_equal(weir_groups_keep(&v2, &err), 0);
	assert_holds(&v2, 0, WEIR_KEEPER "/cgroup.subtree_control", "cpu memory pids");
}

static void what_is_lacking_is_written_from_above_and_told(void **state)
{
	struct weir_error err = {};

	(void)state;

	v2.h.list[0].subsystems = BITS;
	put(&v2, 0, "cgroup.subtree_control", "");
	put_keeper("");
	assert_int_equal(weir_groups_keep(&v2, &err), 1);
	assert_holds(&v2, 0, "cgroup.subtree_control", "+cpu +memory");
	assert_holds(&v2, 0, WEIR_KEEPER "/cgroup.subtree_control", "+cpu +memory");
}

static void one_that_was_only_removed_is_made_and_nothing_told(void **state)
{
	struct weir_error err = {};

	(void)state;

	v2.h.list[0].subsystems = BITS;
	put(&v2, 0, "cgroup.subtree_control", "cpu memory");
	put_keeper(""); /* as the kernel makes it */
	assert_int_equal(weir_groups_keep(&v2, &err), 0);
	assert_holds(&v2, 0, WEIR_KEEPER "/cgroup.subtree_control", "+cpu +memory");
}

static void below_a_parent_it_lies_there(void **state)
{
	struct weir_hierarchy *cgroup2 = &v2.h.list[0];
	struct weir_error err = {};

	(void)state;

	cgroup2->subsystems = BITS;
	put(&v2, 0, "cgroup.subtree_control", "");
	assert_int_equal(mkdirat(cgroup2->top_fd, "p", 0755), 0);
	put(&v2, 0, "p/cgroup.subtree_control", "memory");
	v2.h.parent = strdup("p");
	close(cgroup2->root_fd);
	cgroup2->root_fd = openat(cgroup2->top_fd, "p", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put_keeper("");
	assert_int_equal(weir_groups_keep(&v2, &err), 1);
	/* Relative to the parent now. A plain file keeps what is beyond what was written. */
	assert_holds(&v2, 0, "cgroup.subtree_control", "+cpury");
	assert_holds(&v2, 0, "../cgroup.subtree_control", "+cpu +memory");
	assert_holds(&v2, 0, WEIR_KEEPER "/cgroup.subtree_control", "+cpu +memory");
}

static void without_controllers_there_is_nothing_to_keep(void **state)
{
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_groups_keep(&v1, &err), 0);
	assert_false(exists(&v1, 0, WEIR_KEEPER));
	weir_groups_unkeep(&v1); /* and nothing to remove */
}

static void it_is_nobodys_container(void **state)
{
	static const char first[] = { WEIR_KEEPER[0], '\0' };
	struct weir_groups groups;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_groups_open(first, NULL, "/nowhere", &groups, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(where_all_is_kept_nothing_is_written),
		with_trees(what_is_lacking_is_written_from_above_and_told),
		with_trees(one_that_was_only_removed_is_made_and_nothing_told),
		with_trees(below_a_parent_it_lies_there),
		with_trees(without_controllers_there_is_nothing_to_keep),
		with_trees(it_is_nobodys_container),
	};

	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
