/* SPDX-License-Identifier: Apache-2.0 */
/* A directory tree stands for cgroupfs: what is written where, and what is made of what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "kern/cgroup.h"
#include "weir/abi.h"

/* [0] is cgroup2; on a v1 machine cpu and cpuacct share [1], memory is [2]. */
static char top[] = "/tmp/weir-test-cgroup-XXXXXX";
static struct weir_groups v1, v2;

static void add_hierarchy(struct weir_groups *groups, int version, const char *name)
{
	struct weir_hierarchy *h = &groups->h.list[groups->h.n++];

	h->version = version;
	assert_true(asprintf(&h->path, "%s/%s", top, name) > 0);
	assert_true(mkdir(h->path, 0755) == 0 || errno == EEXIST);
	h->root_fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(h->root_fd >= 0);
}

static int make_trees(void **state)
{
	(void)state;

	v1 = v2 = (struct weir_groups){ .h = WEIR_HIERARCHIES_INIT, .prefix = "weir." };
	strcpy(top, "/tmp/weir-test-cgroup-XXXXXX");
	if (!mkdtemp(top))
		return -1;

	add_hierarchy(&v1, 2, "unified");
	add_hierarchy(&v1, 1, "cpu");
	add_hierarchy(&v1, 1, "memory");
	v1.h.where[WEIR_SUBSYS_CPU] = v1.h.where[WEIR_SUBSYS_CPUACCT] = 1;
	v1.h.where[WEIR_SUBSYS_MEMORY] = 2;

	add_hierarchy(&v2, 2, "v2");
	v2.h.where[WEIR_SUBSYS_CPU] = v2.h.where[WEIR_SUBSYS_MEMORY] = 0;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_trees(void **state)
{
	(void)state;

	weir_groups_done(&v1);
	weir_groups_done(&v2);
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the kernel would have put there. */
static void put(const struct weir_groups *groups, int index, const char *path, const char *text)
{
	scoped(closep) int fd = openat(groups->h.list[index].root_fd, path,
				       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_holds(const struct weir_groups *groups, int index, const char *path,
			 const char *text)
{
	struct weir_error err = {};
	char buf[256];

	assert_true(weir_file_read(groups->h.list[index].root_fd, path, buf, sizeof(buf), &err) >=
		    0);
	assert_string_equal(buf, text);
}

static bool exists(const struct weir_groups *groups, int index, const char *path)
{
	return faccessat(groups->h.list[index].root_fd, path, F_OK, 0) == 0;
}

static void create(const struct weir_groups *groups, const char *id)
{
	struct weir_error err = {};

	assert_int_equal(weir_cgroup_create(groups, id, &err), 0);
}

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

static void a_group_that_is_gone_is_news(void **state)
{
	struct weir_error err = {};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(knob_cases); i++)
		assert_int_equal(knob_cases[i].set(&v2, "gone", 1, &err), -ENOENT);
	assert_int_equal(weir_cgroup_populated(&v1, "gone", &err), -ENOENT);
	assert_int_equal(weir_cgroup_kill(&v1, "gone", &err), -ENOENT);
	assert_int_equal(weir_cgroup_set_swap_off(&v1, "gone", &err), -ENOENT);
	assert_int_equal(weir_cgroup_set_swap_off(&v2, "gone", &err), -ENOENT);
}

static void memsw_follows_only_where_swap_is_off(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v1, "m");
	put(&v1, 2, "weir.m/memory.limit_in_bytes", "8192");
	put(&v1, 2, "weir.m/memory.memsw.limit_in_bytes", "");
	put(&v1, 2, "weir.m/memory.swappiness", "60");
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "m", 4096, &err), 0);
	assert_holds(&v1, 2, "weir.m/memory.limit_in_bytes", "4096");
	assert_holds(&v1, 2, "weir.m/memory.memsw.limit_in_bytes", "");

	put(&v1, 2, "weir.m/memory.swappiness", "");
	assert_int_equal(weir_cgroup_set_swap_off(&v1, "m", &err), 0);
	assert_holds(&v1, 2, "weir.m/memory.swappiness", "0");
	assert_holds(&v1, 2, "weir.m/memory.memsw.limit_in_bytes", "4096");
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "m", 8192, &err), 0);
	assert_holds(&v1, 2, "weir.m/memory.limit_in_bytes", "8192");
	assert_holds(&v1, 2, "weir.m/memory.memsw.limit_in_bytes", "8192");
}

/* The second of two writes is made to fail: the first tells which it was. */
static void memsw_is_raised_first_and_lowered_last(void **state)
{
	static const char mem[] = "weir.m/memory.limit_in_bytes";
	static const char memsw[] = "weir.m/memory.memsw.limit_in_bytes";
	struct weir_error err = {};
	int fd = v1.h.list[2].root_fd;

	(void)state;

	create(&v1, "m");
	put(&v1, 2, "weir.m/memory.swappiness", "0");
	put(&v1, 2, mem, "4096");
	/* A directory can be looked up, but not written. */
	assert_int_equal(mkdirat(fd, memsw, 0755), 0);
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "m", 8192, &err), -EISDIR);
	assert_holds(&v1, 2, mem, "4096");
	assert_int_equal(weir_cgroup_set_mem_max(&v1, "m", 1024, &err), -EISDIR);
	assert_holds(&v1, 2, mem, "1024");
}

static void swap_is_left_alone_where_the_kernel_has_no_say(void **state)
{
	struct weir_error err = {};

	(void)state;

	create(&v2, "s");
	assert_int_equal(weir_cgroup_set_swap_off(&v2, "s", &err), 0);
	put(&v2, 0, "weir.s/memory.swap.max", "");
	assert_int_equal(weir_cgroup_set_swap_off(&v2, "s", &err), 0);
	assert_holds(&v2, 0, "weir.s/memory.swap.max", "0");
}

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

	weir_cgroup_read_stats(&v2, "s", &stats);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(stats.cpu_ns, 7000);
	assert_int_equal(stats.throttled_ns, 9000);
	assert_true(stats.cpu_quota_mcpu == WEIR_INFINITE);
	assert_int_equal(stats.mem_max_bytes, 65536);
	assert_int_equal(stats.oom_kills, 4);

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
	assert_int_equal(stats.failures, 5 + 1 + 4);
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

	assert_int_equal(weir_cgroup_foreach(&v1, note, &seen, &err), 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.ids[0], "a");
	assert_string_equal(seen.ids[1], "half");

	seen = (struct seen){ .answer = -ECANCELED };
	assert_int_equal(weir_cgroup_foreach(&v1, note, &seen, &err), -ECANCELED);
	assert_int_equal(seen.n, 1);
}

static void joining_needs_every_hierarchy(void **state)
{
	struct weir_join join = WEIR_JOIN_INIT;
	struct weir_error err = {};

	(void)state;

	create(&v1, "j");
	put(&v1, 1, "weir.j/tasks", "");
	assert_int_equal(weir_join_open(&v1, "j", &join, &err), -ENOENT);
	assert_int_equal(join.cgroup2_fd, -1);

	put(&v1, 2, "weir.j/tasks", "");
	assert_int_equal(weir_join_open(&v1, "j", &join, &err), 0);
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
	assert_int_equal(weir_cgroup_holds(&v1, "h", getpid(), &err), 0);
	assert_int_equal(weir_cgroup_holds(&v1, "h", 0x7ffffff0, &err), -ESRCH);
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

#define with_trees(test) cmocka_unit_test_setup_teardown(test, make_trees, remove_trees)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_trees(a_group_is_made_and_removed_in_each_hierarchy),
		with_trees(a_group_that_is_half_there_is_not_made),
		with_trees(an_id_never_leads_out_of_the_hierarchy),
		with_trees(each_knob_says_it_as_its_version_wants_it),
		with_trees(a_group_that_is_gone_is_news),
		with_trees(memsw_follows_only_where_swap_is_off),
		with_trees(memsw_is_raised_first_and_lowered_last),
		with_trees(swap_is_left_alone_where_the_kernel_has_no_say),
		with_trees(stats_are_read_from_v1),
		with_trees(stats_are_read_from_v2),
		with_trees(what_cannot_be_read_is_counted_and_left_unknown),
		with_trees(populated_is_what_cgroup2_says),
		with_trees(kill_is_one_write_where_there_is_a_knob_for_it),
		with_trees(kill_goes_by_signal_before_that),
		with_trees(groups_with_our_prefix_are_told_once),
		with_trees(joining_needs_every_hierarchy),
		with_trees(a_process_is_not_held_where_it_is_not),
		with_trees(hierarchies_are_described_in_one_line),
		cmocka_unit_test(a_bad_prefix_is_refused),
		cmocka_unit_test(a_parent_that_leads_elsewhere_is_refused),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
