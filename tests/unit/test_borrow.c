/* SPDX-License-Identifier: Apache-2.0 */
/* A child in its parent's memory: what it may do there, and what stays as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kern/borrow.h"

#define CODE 42

struct told {
	pid_t *pid;
	const char *program; /* NULL: exit with CODE */
};

static _Noreturn void child(const void *data)
{
	const struct told *told = data;
	char *argv[] = { (char *)(uintptr_t)told->program, NULL };

	*told->pid = getpid();
	if (told->program)
		execv(told->program, argv);
	_exit(told->program ? errno : CODE);
}

/* The exit status of a child that was told so, after what holds for each of them. */
static int status_of(const char *program)
{
	pid_t seen = -1, pid;
	struct told told = { .pid = &seen, .program = program };
	struct clone_args args = { .exit_signal = SIGCHLD };
	int status;

	pid = weir_clone_borrowing(&args, child, &told);
	if (pid == -ENOSYS) {
		print_message("# not under a sanitizer, nor on this architecture\n");
		skip();
	}
	assert_true(pid > 0);
	assert_int_equal(seen, pid); /* in our memory, and before we go on */
	assert_int_equal(args.flags, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_child_that_exits_lets_go(void **state)
{
	int status = status_of(NULL);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CODE);
}

static void a_child_that_executes_lets_go(void **state)
{
	int status = status_of("/bin/false");

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void what_can_not_be_executed_is_told(void **state)
{
	int status = status_of("/no/such/program");

	(void)state;
	assert_int_equal(WEXITSTATUS(status), ENOENT);
}

static void a_refusal_of_the_kernel_comes_back(void **state)
{
	pid_t seen = -1;
	const struct told told = { .pid = &seen };
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	scoped(closep) int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	(void)state;
	args.cgroup = (uint64_t)null_fd;
	pid = weir_clone_borrowing(&args, child, &told);
	if (pid == -ENOSYS) {
		print_message("# not under a sanitizer, nor on this architecture\n");
		skip();
	}
	assert_int_equal(pid, -EBADF);
	assert_int_equal(seen, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_that_exits_lets_go),
		cmocka_unit_test(a_child_that_executes_lets_go),
		cmocka_unit_test(what_can_not_be_executed_is_told),
		cmocka_unit_test(a_refusal_of_the_kernel_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
