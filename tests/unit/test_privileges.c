/* SPDX-License-Identifier: Apache-2.0 */
/* What a process may have: from text, and in a child of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/privileges.h"
#include "base/user.h"

#define NOBODY 65534

static const char *const *one(const char *text)
{
	static const char *list[2];

	list[0] = text;
	return list;
}

static void limits_are_read(void **state)
{
	const char *const limits[] = { "nofile=10:20", "CORE=unlimited", "nproc=7",
				       "stack=1:unlimited", NULL };
	struct weir_privileges got = {};
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_privileges_parse(limits, NULL, false, &got, &err), 0);
	assert_int_equal(got.n_limits, 4);
	assert_int_equal(got.limits[0].resource, RLIMIT_NOFILE);
	assert_int_equal(got.limits[0].limit.rlim_cur, 10);
	assert_int_equal(got.limits[0].limit.rlim_max, 20);
	assert_int_equal(got.limits[1].resource, RLIMIT_CORE);
	assert_true(got.limits[1].limit.rlim_cur == RLIM_INFINITY);
	assert_true(got.limits[1].limit.rlim_max == RLIM_INFINITY);
	assert_int_equal(got.limits[2].limit.rlim_cur, 7);
	assert_int_equal(got.limits[2].limit.rlim_max, 7);
	assert_int_equal(got.limits[3].limit.rlim_cur, 1);
	assert_true(got.limits[3].limit.rlim_max == RLIM_INFINITY);
	assert_false(got.keeps);
}

static const char *const wrong_limits[] = {
	"",
	"nofile",
	"nofile=",
	"nofile=:",
	"nofile=1:",
	"nofile=:1",
	"nofile=-1",
	"nofile=1:2:3",
	"nofile= 1",
	"nofile=1k",
	"nofile=99999999999999999999",
	"nofile=18446744073709551615",
	"nofile=2:1",
	"nofile=unlimited:1",
	"files=1",
	"=1",
	"nofile=1 ",
};

static void a_limit_that_is_none_is_refused(void **state)
{
	const char *const twice[] = { "nofile=1", "NOFILE=2", NULL };
	struct weir_privileges got = { .n_limits = 3 };
	struct weir_error err = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong_limits); i++) {
		err.text[0] = '\0';
		assert_int_equal(
			weir_privileges_parse(one(wrong_limits[i]), NULL, false, &got, &err),
			-EINVAL);
		assert_non_null(strstr(err.text, wrong_limits[i]));
	}
	assert_int_equal(weir_privileges_parse(twice, NULL, false, &got, &err), -EINVAL);
	assert_non_null(strstr(err.text, "given before"));
	assert_int_equal(got.n_limits, 3);
}

static void capabilities_are_read(void **state)
{
	struct weir_privileges got = {};
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_privileges_parse(NULL, "chown,CAP_NET_ADMIN", false, &got, &err), 0);
	assert_true(got.keeps);
	assert_true(got.capabilities == (1ULL << CAP_CHOWN | 1ULL << CAP_NET_ADMIN));
	assert_int_equal(weir_privileges_parse(NULL, "none", true, &got, &err), 0);
	assert_true(got.keeps && got.gains && got.capabilities == 0);
	assert_int_equal(weir_privileges_parse(NULL, "ALL", false, &got, &err), 0);
	assert_true(got.capabilities == UINT64_MAX);
}

static void a_capability_that_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", ",", "chown,", "chow", "chown net_admin", "cap_", "none,chown"
	};
	struct weir_privileges got = {};
	struct weir_error err = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(weir_privileges_parse(NULL, wrong[i], false, &got, &err), -EINVAL);
		assert_non_null(strstr(err.text, "is no capability"));
	}
}

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	syscall(SYS_capget, &header, data);
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

/* As @spec with these; then @check is what the child's exit code says. */
static int in_child(const char *limit, const char *capabilities, bool gains, const char *spec,
		    bool (*check)(void))
{
	scoped(weir_user_done) struct weir_user user = WEIR_USER_INIT;
	struct weir_privileges privileges = {};
	struct weir_error err = {};
	int status = -1;
	pid_t pid;

	assert_int_equal(weir_privileges_parse(limit ? one(limit) : NULL, capabilities, gains,
					       &privileges, &err),
			 0);
	if (spec)
		assert_int_equal(weir_user_lookup(spec, &user, &err), 0);
	pid = fork();
	if (pid == 0) {
		if (weir_privileges_limit(&privileges) < 0 ||
		    weir_privileges_bound(&privileges) < 0 || weir_user_become(&user) < 0 ||
		    weir_privileges_keep(&privileges) < 0)
			_exit(2);
		_exit(check() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool has_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 10 &&
	       limit.rlim_max == 20;
}

static bool may_gain(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

static bool may_not_gain(void)
{
	return !may_gain();
}

static bool is_nobody_who_may_chown(void)
{
	return getuid() == NOBODY && effective() == 1ULL << CAP_CHOWN &&
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 1 &&
	       prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 1 &&
	       prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0) == 0;
}

static bool is_bare_nobody(void)
{
	return getuid() == NOBODY && effective() == 0;
}

static bool is_root_without_any(void)
{
	return getuid() == 0 && effective() == 0 && prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 0;
}

static void a_child_has_what_was_said_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(in_child("nofile=10:20", NULL, false, NULL, has_limit), 0);
	assert_int_equal(in_child(NULL, NULL, false, NULL, may_not_gain), 0);
	assert_int_equal(in_child(NULL, NULL, true, NULL, may_gain), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(NULL, "chown", false, "65534:65534", is_nobody_who_may_chown), 0);
	assert_int_equal(in_child(NULL, NULL, false, "65534:65534", is_bare_nobody), 0);
	assert_int_equal(in_child(NULL, "none", false, NULL, is_root_without_any), 0);
}

static void groups_are_added_to_those_of_the_user(void **state)
{
	scoped(weir_user_done) struct weir_user user = WEIR_USER_INIT;
	scoped(weir_user_done) struct weir_user nobody_else = WEIR_USER_INIT;
	const char *const groups[] = { "4242", "0", NULL };
	struct weir_error err = {};
	int n = getgroups(0, NULL);

	(void)state;
	assert_int_equal(weir_user_lookup("0:7", &user, &err), 0);
	assert_int_equal(weir_user_join(&user, groups, &err), 0);
	assert_true(user.n_groups >= 3);
	assert_int_equal(user.groups[user.n_groups - 2], 4242);
	assert_int_equal(user.groups[user.n_groups - 1], 0);
	assert_int_equal(user.gid, 7);
	assert_string_equal(user.name, "root");
	assert_non_null(user.home);

	assert_int_equal(weir_user_join(&nobody_else, NULL, &err), 0);
	assert_null(nobody_else.groups);
	assert_int_equal(weir_user_join(&nobody_else, groups, &err), 0);
	assert_int_equal(nobody_else.n_groups, n + 2);
	assert_int_equal(weir_user_join(&nobody_else, one("no-such-group"), &err), -EINVAL);
	assert_string_equal(err.text, "there is no group 'no-such-group'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_read),
		cmocka_unit_test(a_limit_that_is_none_is_refused),
		cmocka_unit_test(capabilities_are_read),
		cmocka_unit_test(a_capability_that_is_none_is_refused),
		cmocka_unit_test(a_child_has_what_was_said_and_no_more),
		cmocka_unit_test(groups_are_added_to_those_of_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
