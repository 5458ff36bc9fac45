/* SPDX-License-Identifier: Apache-2.0 */
/* What needs neither root nor cgroups; the rest is tested through the daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/process.h"

#define NO_PID 0x7ffffff0 /* above what any kernel hands out */

static const struct weir_join nowhere = WEIR_JOIN_INIT;

static int spawn(const char *command, const char *user, struct weir_error *err)
{
	char *argv[] = { (char *)(uintptr_t)command, NULL };
	char *env[] = { NULL };
	struct weir_spawn spawn = {
		.join = &nowhere,
		.argv = argv,
		.env = env,
		.user = user,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
	};
	pid_t pid = 7;
	int pidfd = 7, r;

	r = weir_spawn(&spawn, &pid, &pidfd, err);
	if (r < 0) {
		assert_int_equal(pid, 7); /* untouched on failure */
		assert_int_equal(pidfd, 7);
	}
	return r;
}

static const struct {
	const char *user, *text;
} user_cases[] = {
	{ "no-such-user", "there is no user 'no-such-user'" },
	{ "no-such-user:root", "there is no user 'no-such-user'" },
	{ "root:no-such-group", "there is no group 'no-such-group'" },
	{ "", "there is no user ''" },
	{ "4294967295", "there is no user '4294967295'" },
	{ "4294967290",
	  "user 4294967290 has no entry that tells its group: say '4294967290:GROUP'" },
};

static void a_user_that_is_none_is_refused_by_name(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(user_cases); i++) {
		struct weir_error err = {};

		assert_int_equal(spawn("true", user_cases[i].user, &err), -EINVAL);
		assert_string_equal(err.text, user_cases[i].text);
	}
}

static void an_empty_command_is_not_found(void **state)
{
	struct weir_error err = {};

	(void)state;

	assert_int_equal(spawn("", NULL, &err), -ENOENT);
	assert_string_equal(err.text, "the command is empty");
}

static void nothing_starts_outside_a_cgroup(void **state)
{
	struct weir_error err = {};

	(void)state;

	assert_int_equal(spawn("true", "root", &err), -EIO);
	assert_non_null(strstr(err.text, "start a process in the cgroup: "));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* A child that ends with @code, or waits for a signal where that is negative. */
static pid_t child(int code)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (code < 0)
			pause();
		_exit(code);
	}
	assert_true(pid > 0);
	return pid;
}

static int reap(int pidfd)
{
	int status = -1, r;

	do {
		r = weir_pidfd_reap(pidfd, &status);
	} while (r == -EAGAIN);
	assert_int_equal(r, 0);
	return status;
}

static void a_pidfd_reaps_what_wait_would(void **state)
{
	scoped(closep) int exits = -1, killed = -1;
	struct weir_error err = {};
	int status = -1;

	(void)state;

	assert_int_equal(weir_pidfd_open(child(200), &exits, &err), 0);
	status = reap(exits);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 200);
	assert_int_equal(weir_pidfd_reap(exits, &status), -ECHILD);

	assert_int_equal(weir_pidfd_open(child(-1), &killed, &err), 0);
	assert_int_equal(weir_pidfd_reap(killed, &status), -EAGAIN);
	assert_int_equal(weir_pidfd_signal(killed, SIGTERM, &err), 0);
	status = reap(killed);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_int_equal(weir_pidfd_signal(killed, SIGTERM, &err), -ESRCH);
}

static void a_process_that_is_none_is_told_apart(void **state)
{
	struct weir_error err = {};
	uint64_t ticks = 7;
	pid_t parent = 7;
	int fd = -1;

	(void)state;

	assert_int_equal(weir_pidfd_open(NO_PID, &fd, &err), -ESRCH);
	assert_int_equal(weir_pidfd_open(0, &fd, &err), -ESRCH);
	assert_int_equal(weir_pidfd_open(-1, &fd, &err), -ESRCH);
	assert_int_equal(fd, -1);
	assert_int_equal(weir_process_start_ticks(NO_PID, &ticks, &err), -ESRCH);
	assert_int_equal(ticks, 7);
	assert_int_equal(weir_process_parent(NO_PID, &parent, &err), -ESRCH);
	assert_int_equal(parent, 7);
	assert_int_equal(weir_process_set_oom_score_adj(NO_PID, 1, &err), -ESRCH);
	assert_string_equal(err.text, "there is no process 2147483632");
}

static void a_strange_name_does_not_shift_the_fields(void **state)
{
	struct weir_error err = {};
	uint64_t before = 0, after = 0;
	pid_t parent = 0;

	(void)state;

	assert_int_equal(weir_process_start_ticks(getpid(), &before, &err), 0);
	assert_int_equal(prctl(PR_SET_NAME, "a) R 1 (b c"), 0);
	assert_int_equal(weir_process_start_ticks(getpid(), &after, &err), 0);
	assert_int_equal(weir_process_parent(getpid(), &parent, &err), 0);
	assert_true(before > 0 && before == after);
	assert_int_equal(parent, getppid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_that_is_none_is_refused_by_name),
		cmocka_unit_test(an_empty_command_is_not_found),
		cmocka_unit_test(nothing_starts_outside_a_cgroup),
		cmocka_unit_test(a_pidfd_reaps_what_wait_would),
		cmocka_unit_test(a_process_that_is_none_is_told_apart),
		cmocka_unit_test(a_strange_name_does_not_shift_the_fields),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
