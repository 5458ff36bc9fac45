/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/auth.h"
#include "base/error.h"

#define ADMIN  100
#define READER 200
#define NOBODY ((gid_t) - 1)

static const struct {
	struct weir_auth auth;
	uid_t uid;
	gid_t groups[3];
	enum weir_level level;
} cases[] = {
	{ { ADMIN, READER }, 0, { 0, 7, 8 }, WEIR_LEVEL_MUTATE },
	{ { NOBODY, NOBODY }, 0, { 0, 7, 8 }, WEIR_LEVEL_MUTATE },
	{ { ADMIN, READER }, 1, { ADMIN, 7, 8 }, WEIR_LEVEL_MUTATE },
	{ { ADMIN, READER }, 1, { 6, 7, ADMIN }, WEIR_LEVEL_MUTATE },
	{ { ADMIN, READER }, 1, { READER, ADMIN, 8 }, WEIR_LEVEL_MUTATE },
	{ { ADMIN, READER }, 1, { 6, READER, 8 }, WEIR_LEVEL_READ },
	{ { ADMIN, READER }, 1, { 6, 7, 8 }, WEIR_LEVEL_NONE },
	{ { ADMIN, READER }, 1, { 0, 7, 8 }, WEIR_LEVEL_NONE }, /* root's group is not root */
	{ { NOBODY, NOBODY }, 1, { NOBODY, 7, 8 }, WEIR_LEVEL_NONE },
};

static void uid_and_groups_decide_what_a_peer_may_do(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(weir_auth_level(&cases[i].auth, cases[i].uid, cases[i].groups,
						 ARRAY_SIZE(cases[i].groups)),
				 cases[i].level);
}

static void the_kernel_says_who_the_peer_is(void **state)
{
	const struct weir_auth auth = { .admin_gid = getgid(), .reader_gid = NOBODY };
	struct weir_caller caller = {};
	struct weir_error err = {};
	int fds[2];

	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(weir_auth_caller(&auth, fds[0], &caller, &err), 0);
	assert_int_equal(caller.peer.pid, getpid());
	assert_int_equal(caller.peer.uid, geteuid());
	assert_int_equal(caller.peer.gid, getegid());
	assert_int_equal(caller.level, WEIR_LEVEL_MUTATE);
	close(fds[0]);
	close(fds[1]);
}

static void what_is_no_socket_has_no_peer(void **state)
{
	const struct weir_auth auth = { .admin_gid = NOBODY, .reader_gid = NOBODY };
	struct weir_caller caller = {};
	struct weir_error err = {};
	int fds[2];

	(void)state;

	assert_int_equal(pipe(fds), 0);
	assert_true(weir_auth_caller(&auth, fds[0], &caller, &err) < 0);
	assert_int_equal(caller.level, WEIR_LEVEL_NONE);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uid_and_groups_decide_what_a_peer_may_do),
		cmocka_unit_test(the_kernel_says_who_the_peer_is),
		cmocka_unit_test(what_is_no_socket_has_no_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
