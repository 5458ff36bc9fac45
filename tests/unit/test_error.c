/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"

static void a_failure_keeps_its_code_and_its_text(void **state)
{
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_fail(&err, -ENOENT, "open %s: gone", "cpu.max"), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.text, "open cpu.max: gone");
}

static void context_goes_in_front_and_keeps_the_code(void **state)
{
	struct weir_error err = {};

	(void)state;

	weir_fail(&err, -EACCES, "Permission denied");
	assert_int_equal(weir_fail_in(&err, "write to %s", "memory.high"), -EACCES);
	assert_int_equal(weir_fail_in(&err, "cgroup '%s'", "exec-7"), -EACCES);
	assert_string_equal(err.text, "cgroup 'exec-7': write to memory.high: Permission denied");
}

static void a_text_may_be_made_from_the_one_that_is_there(void **state)
{
	struct weir_error err = {};

	(void)state;

	weir_fail(&err, -EIO, "disk");
	weir_fail(&err, -EINVAL, "not '%s'", err.text);
	assert_string_equal(err.text, "not 'disk'");
	weir_fail_in(&err, "<%s>", err.text);
	assert_string_equal(err.text, "<not 'disk'>: not 'disk'");
}

static void what_is_too_long_loses_its_oldest_detail(void **state)
{
	struct weir_error err = {};
	char detail[2 * WEIR_ERROR_TEXT];

	(void)state;

	memset(detail, 'd', sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = '\0';

	weir_fail(&err, -EIO, "%s", detail);
	assert_int_equal(strlen(err.text), WEIR_ERROR_TEXT - 1);

	weir_fail_in(&err, "container 'a'");
	assert_int_equal(strlen(err.text), WEIR_ERROR_TEXT - 1);
	assert_memory_equal(err.text, "container 'a': ddd", strlen("container 'a': ddd"));

	weir_fail_in(&err, "%s", detail);
	assert_int_equal(strlen(err.text), WEIR_ERROR_TEXT - 1);
	assert_null(strchr(err.text, ':'));
}

static void want_of_memory_has_one_text(void **state)
{
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_fail_memory(&err), -ENOMEM);
	assert_string_equal(err.text, "out of memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_keeps_its_code_and_its_text),
		cmocka_unit_test(context_goes_in_front_and_keeps_the_code),
		cmocka_unit_test(a_text_may_be_made_from_the_one_that_is_there),
		cmocka_unit_test(what_is_too_long_loses_its_oldest_detail),
		cmocka_unit_test(want_of_memory_has_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
