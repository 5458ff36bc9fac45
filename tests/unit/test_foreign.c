/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_fixture.h"

#include "kern/foreign.h"

static void make_group(const struct weir_groups *groups, const char *path)
{
	for (size_t i = 0; i < groups->h.n; i++)
		assert_int_equal(mkdirat(groups->h.list[i].top_fd, path, 0755), 0);
}

static void assert_place(const struct weir_groups *groups, const char *path, const char *place)
{
	struct weir_error err = {};
	char *got = NULL;

	assert_int_equal(weir_foreign_of_path(groups, path, &got, &err), 0);
	assert_string_equal(got, place);
	free(got);
}

static void assert_no_place(const struct weir_groups *groups, const char *path, int code,
			    const char *text)
{
	struct weir_error err = {};
	char *got = NULL;

	assert_int_equal(weir_foreign_of_path(groups, path, &got, &err), code);
	assert_null(got);
	assert_non_null(strstr(err.text, text));
}

static void a_path_is_told_in_each_hierarchy(void **state)
{
	char mounted[512];

	(void)state;
	make_group(&v1, "engine");
	make_group(&v1, "engine/db");
	assert_place(&v1, "/engine/db", "/engine/db\n/engine/db\n/engine/db");
	assert_place(&v1, "engine/db/", "/engine/db\n/engine/db\n/engine/db");
	snprintf(mounted, sizeof(mounted), "%s/engine/db", v1.h.list[2].mount);
	assert_place(&v1, mounted, "/engine/db\n/engine/db\n/engine/db");
	/* Not there on one of them: nothing of its own. */
	assert_int_equal(mkdirat(v1.h.list[0].top_fd, "alone", 0755), 0);
	assert_place(&v1, "/alone", "/alone\n/\n/");
}

static void what_is_no_place_is_refused(void **state)
{
	(void)state;
	create(&v1, "own");
	assert_no_place(&v1, "/", -EINVAL, "no cgroup of its own");
	assert_no_place(&v1, "/weir.own", -EINVAL, "weir's own");
	assert_no_place(&v1, "/gone", -ENOENT, "no cgroup 'gone'");
	assert_no_place(&v1, "/a/../b", -EINVAL, "no plain path");
	assert_no_place(&v1, "/a\nb", -EINVAL, "no plain path");
}

static void a_place_is_read_and_written_but_never_removed(void **state)
{
	struct weir_error err = {};

	(void)state;
	make_group(&v1, "e");
	put(&v1, 1, "e/cpu.shares", "999");
	assert_int_equal(weir_cgroup_set_cpu_weight(&v1, "/e", 500, &err), 0);
	assert_holds(&v1, 1, "e/cpu.shares", "512");
	assert_int_equal(weir_cgroup_remove(&v1, "/e", &err), -EINVAL);
	assert_int_equal(weir_cgroup_create(&v1, "/f", &err), -EINVAL);
	/* The root is nobody's. */
	assert_int_equal(weir_cgroup_set_cpu_weight(&v1, "/e\n/\n/e", 500, &err), -ENODEV);
}

static void knobs_come_back_as_they_were(void **state)
{
	struct weir_error err = {};
	char *kept = NULL;

	(void)state;
	make_group(&v2, "e");
	put(&v2, 0, "e/cpu.weight", "42");
	put(&v2, 0, "e/cpu.max", "max 100000");
	put(&v2, 0, "e/memory.low", "0");
	put(&v2, 0, "e/memory.max", "1048576");
	put(&v2, 0, "e/memory.current", "4096");
	assert_int_equal(weir_foreign_can_limit(&v2, "/e", &err), 0);
	assert_int_equal(weir_foreign_keep(&v2, "/e", &kept, &err), 0);
	assert_string_equal(kept, "cpu.weight=42\ncpu.max=max 100000\nmemory.low=0\n"
				  "memory.max=1048576\n");

	/* As long as before, since no kernel is here to forget what was there. */
	put(&v2, 0, "e/cpu.weight", "99");
	put(&v2, 0, "e/cpu.max", "2000 10000");
	put(&v2, 0, "e/memory.max", "max");
	/* To lower a limit below what is in use would kill. */
	put(&v2, 0, "e/memory.current", "2097152");
	assert_int_equal(weir_foreign_restore(&v2, "/e", kept, &err), -EBUSY);
	assert_holds(&v2, 0, "e/cpu.weight", "99");
	put(&v2, 0, "e/memory.current", "4096");
	assert_int_equal(weir_foreign_restore(&v2, "/e", kept, &err), 0);
	assert_holds(&v2, 0, "e/cpu.weight", "42");
	assert_holds(&v2, 0, "e/cpu.max", "max 100000");
	assert_holds(&v2, 0, "e/memory.max", "1048576");
	free(kept);
}

static void a_group_without_controllers_cant_be_limited(void **state)
{
	struct weir_error err = {};

	(void)state;
	make_group(&v2, "bare");
	assert_int_equal(weir_foreign_can_limit(&v2, "/bare", &err), -ENODEV);
	assert_non_null(strstr(err.text, "no cpu controller of its own"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(a_path_is_told_in_each_hierarchy),
		with_trees(what_is_no_place_is_refused),
		with_trees(a_place_is_read_and_written_but_never_removed),
		with_trees(knobs_come_back_as_they_were),
		with_trees(a_group_without_controllers_cant_be_limited),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
