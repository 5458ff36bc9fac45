/* SPDX-License-Identifier: Apache-2.0 */
/* Groups on directory trees: made, found, emptied, removed. */

#include "cgroup_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static void a_group_is_made_and_removed_in_each_hierarchy(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "web");
	for (int i = 0; i < 3; i++)
		assert_true(exists(&v1, i, "weir.web"));
	assert_int_equal(weir_cgroup_create(&v1, "web", &err), -EEXIST);
	assert_non_null(strstr(err.text, "unified/weir.web': File exists"));

	/* Groups made inside go with it, and what is gone already is fine. */
	assert_int_equal(mkdirat(v1.h.list[1].root_fd, "weir.web/a", 0755), 0);
	assert_int_equal(mkdirat(v1.h.list[1].root_fd, "weir.web/a/b", 0755), 0);
	assert_int_equal(weir_cgroup_remove(&v1, "web", &err), 0);
	assert_int_equal(weir_cgroup_remove(&v1, "web", &err), 0);
	for (int i = 0; i < 3; i++)
		assert_false(exists(&v1, i, "weir.web"));
}

static void a_group_that_is_half_there_is_not_made(void **state)
{
	struct weir_error err = {};

	(void)state;

	assert_int_equal(mkdirat(v1.h.list[2].root_fd, "weir.web", 0755), 0);
	assert_int_equal(weir_cgroup_create(&v1, "web", &err), -EEXIST);
	assert_false(exists(&v1, 0, "weir.web"));
	assert_false(exists(&v1, 1, "weir.web"));
	assert_true(exists(&v1, 2, "weir.web"));
}

static void an_id_never_leads_out_of_the_hierarchy(void **state)
{
	struct weir_error err = {};
	char longest[300];

	(void)state;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(weir_cgroup_create(&v1, "../x", &err), -EINVAL);
	assert_string_equal(err.text, "'../x' can't name a cgroup");
	assert_int_equal(weir_cgroup_remove(&v1, "", &err), -EINVAL);
	assert_int_equal(weir_cgroup_kill(&v1, longest, &err), -EINVAL);
}

static void populated_is_what_cgroup2_says(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "p");
	put(&v1, 0, "weir.p/cgroup.events", "populated 1\nfrozen 0\n");
	assert_int_equal(weir_cgroup_populated(&v1, "p", &err), 1);
	put(&v1, 0, "weir.p/cgroup.events", "populated 0\nfrozen 0\n");
	assert_int_equal(weir_cgroup_populated(&v1, "p", &err), 0);
	put(&v1, 0, "weir.p/cgroup.events", "frozen 0\n");
	assert_int_equal(weir_cgroup_populated(&v1, "p", &err), -EIO);
}

static void a_group_that_is_gone_is_news(void **state)
{
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_cgroup_populated(&v1, "gone", &err), -ENOENT);
	assert_int_equal(weir_cgroup_kill(&v1, "gone", &err), -ENOENT);
}

static void kill_is_one_write_where_there_is_a_knob_for_it(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "k");
	put(&v1, 0, "weir.k/cgroup.kill", "");
	put(&v1, 0, "weir.k/cgroup.procs", "0\n");
	assert_int_equal(weir_cgroup_kill(&v1, "k", &err), 0);
	assert_holds(&v1, 0, "weir.k/cgroup.kill", "1");
}

static void kill_goes_by_signal_before_that(void **state)
{
	struct weir_error err = {};
	char text[32];
	int status;
	pid_t pid;

	(void)state;

	create(&v1, "k");
	assert_int_equal(mkdirat(v1.h.list[0].root_fd, "weir.k/sub", 0755), 0);
	/* 0, a process of another pid namespace, must not be taken for ourselves. */
	put(&v1, 0, "weir.k/cgroup.procs", "0\n");
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	snprintf(text, sizeof(text), "%d\n", pid);
	put(&v1, 0, "weir.k/sub/cgroup.procs", text);

	/* The list never shrinks here, so it is given up in the end; a zombie can be signalled. */
	assert_int_equal(weir_cgroup_kill(&v1, "k", &err), -EBUSY);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(weir_cgroup_kill(&v1, "k", &err), 0);
}

struct seen {
	char ids[8][32];
	size_t n;
	int answer;
};

static int note(const char *id, void *data)
{
	struct seen *seen = data;

	assert_true(seen->n < ARRAY_SIZE(seen->ids));
	snprintf(seen->ids[seen->n++], sizeof(seen->ids[0]), "%s", id);
	return seen->answer;
}

static void groups_with_our_prefix_are_told_once(void **state)
{
	struct weir_error err = {};
	struct seen seen = {};

	(void)state;

	create(&v1, "a");
	assert_int_equal(mkdirat(v1.h.list[2].root_fd, "weir.half", 0755), 0);
	assert_int_equal(mkdirat(v1.h.list[0].root_fd, "weird", 0755), 0);
	assert_int_equal(mkdirat(v1.h.list[0].root_fd, "weir.", 0755), 0);
	assert_int_equal(mkdirat(v1.h.list[0].root_fd, "system.slice", 0755), 0);
	put(&v1, 0, "weir.file", "");

	assert_int_equal(weir_cgroup_foreach(&v1, NULL, note, &seen, &err), 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.ids[0], "a");
	assert_string_equal(seen.ids[1], "half");

	seen = (struct seen){ .answer = -ECANCELED };
	assert_int_equal(weir_cgroup_foreach(&v1, NULL, note, &seen, &err), -ECANCELED);
	assert_int_equal(seen.n, 1);
}

static void groups_inside_one_are_told_whatever_their_names(void **state)
{
	struct weir_error err = {};
	struct seen seen = {};

	(void)state;

	create(&v1, "e");
	create(&v1, "e/t");
	assert_int_equal(mkdirat(v1.h.list[1].root_fd, "weir.e/half", 0755), 0);
	put(&v1, 0, "weir.e/file", "");
	assert_int_equal(weir_cgroup_foreach(&v1, "e", note, &seen, &err), 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.ids[0], "e/t");
	assert_string_equal(seen.ids[1], "e/half");

	seen = (struct seen){};
	assert_int_equal(weir_cgroup_foreach(&v1, "gone", note, &seen, &err), 0);
	assert_int_equal(seen.n, 0);
}

static void a_task_that_goes_gives_back_its_quota(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "e");
	create(&v1, "e/t");
	put(&v1, 1, "weir.e/cpu.cfs_quota_us", "50000");
	put(&v1, 1, "weir.e/t/cpu.cfs_period_us", "100000");
	put(&v1, 1, "weir.e/t/cpu.cfs_quota_us", "50");
	/* No cgroupfs: files are in the way of the removal. */
	assert_true(weir_cgroup_remove(&v1, "e/t", &err) < 0);
	assert_holds(&v1, 1, "weir.e/t/cpu.cfs_quota_us", "-1");
	assert_true(weir_cgroup_remove(&v1, "e", &err) < 0);
	assert_holds(&v1, 1, "weir.e/cpu.cfs_quota_us", "50000");
}

static void joining_needs_every_hierarchy(void **state)
{
	struct weir_join join = WEIR_JOIN_INIT;
	struct weir_error err = {};

	(void)state;

	create(&v1, "j");
	put(&v1, 1, "weir.j/tasks", "");
	assert_int_equal(weir_join_open(&v1, &(struct weir_seat){ "j", "j" }, &join, &err),
			 -ENOENT);
	assert_int_equal(join.cgroup2_fd, -1);

	put(&v1, 2, "weir.j/tasks", "");
	assert_int_equal(weir_join_open(&v1, &(struct weir_seat){ "j", "j" }, &join, &err), 0);
	assert_true(join.cgroup2_fd >= 0);
	assert_int_equal(join.n_v1, 2);
	weir_join_done(&join);
	assert_int_equal(join.cgroup2_fd, -1);
	weir_join_done(&join);
}

static void a_process_is_not_held_where_it_is_not(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "h");
	assert_int_equal(weir_cgroup_holds(&v1, &(struct weir_seat){ "h", "h" }, getpid(), &err),
			 0);
	assert_int_equal(weir_cgroup_holds(&v1, &(struct weir_seat){ "h", "h" }, 0x7ffffff0, &err),
			 -ESRCH);
	assert_int_equal(weir_cgroup_kills(&v1, "h", getpid(), &err), 0);
	assert_int_equal(weir_cgroup_kills(&v1, "h", 0x7ffffff0, &err), -ESRCH);
}

static void a_bad_prefix_is_refused(void **state)
{
	char longest[sizeof(v1.prefix) + 1];
	const char *const bad[] = { "", "a/b", "ü", "a b", longest };
	struct weir_error err = {};
	struct weir_groups groups;

	(void)state;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(weir_groups_open(bad[i], NULL, "/nonexistent", &groups, &err),
				 -EINVAL);
	assert_non_null(strstr(err.text, "1 to 64 of [A-Za-z0-9_.-]"));
}

static void a_parent_that_leads_elsewhere_is_refused(void **state)
{
	static const char *const bad[] = { "/", "/a", "a/", "a//b", "..", "a/../b", "." };
	struct weir_error err = {};
	struct weir_groups groups;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(weir_groups_open("weir.", bad[i], "/nonexistent", &groups, &err),
				 -EINVAL);
	assert_string_equal(err.text, "cgroup parent '.' is not a path of plain names like 'a/b'");
}

static void hierarchies_are_described_in_one_line(void **state)
{
	char text[512], expected[512];

	(void)state;

	weir_hierarchies_describe(&v1.h, text, sizeof(text));
	snprintf(expected, sizeof(expected),
		 "cpu: v1 at %s/cpu, memory: v1 at %s/memory, cgroup2 at %s/unified", top, top,
		 top);
	assert_string_equal(text, expected);

	weir_hierarchies_describe(&v1.h, text, 8);
	assert_string_equal(text, "cpu: v1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(a_group_is_made_and_removed_in_each_hierarchy),
		with_trees(a_group_that_is_half_there_is_not_made),
		with_trees(an_id_never_leads_out_of_the_hierarchy),
		with_trees(populated_is_what_cgroup2_says),
		with_trees(a_group_that_is_gone_is_news),
		with_trees(kill_is_one_write_where_there_is_a_knob_for_it),
		with_trees(kill_goes_by_signal_before_that),
		with_trees(groups_with_our_prefix_are_told_once),
		with_trees(groups_inside_one_are_told_whatever_their_names),
		with_trees(a_task_that_goes_gives_back_its_quota),
		with_trees(joining_needs_every_hierarchy),
		with_trees(a_process_is_not_held_where_it_is_not),
		with_trees(hierarchies_are_described_in_one_line),
		cmocka_unit_test(a_bad_prefix_is_refused),
		cmocka_unit_test(a_parent_that_leads_elsewhere_is_refused),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
