/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"

static void no_text_is_the_same_as_no_text_alone(void **state)
{
	(void)state;

	assert_true(weir_text_same(NULL, NULL));
	assert_false(weir_text_same(NULL, ""));
	assert_false(weir_text_same("", NULL));
	assert_true(weir_text_same("", ""));
	assert_true(weir_text_same("a", (char[]){ 'a', 0 }));
	assert_false(weir_text_same("a", "ab"));
}

static void a_copy_of_no_text_is_none(void **state)
{
	char *copy = (char *)(uintptr_t)"before";

	(void)state;

	assert_true(weir_text_copy(NULL, &copy));
	assert_null(copy);
	assert_true(weir_text_copy("a", &copy));
	assert_string_equal(copy, "a");
	free(copy);
}

static void dots_are_one_or_two(void **state)
{
	(void)state;

	assert_true(weir_text_is_dots("."));
	assert_true(weir_text_is_dots(".."));
	assert_false(weir_text_is_dots("..."));
	assert_false(weir_text_is_dots(".a"));
	assert_false(weir_text_is_dots(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_is_the_same_as_no_text_alone),
		cmocka_unit_test(a_copy_of_no_text_is_none),
		cmocka_unit_test(dots_are_one_or_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
