/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "api/hold.h"

#define KIB	  ((size_t)1 << 10)
#define MAX_BYTES (256 * KIB)

static struct weir_ceiling ceiling;
static struct weir_hold one, other;

static int set_up(void **state)
{
	(void)state;

	ceiling = (struct weir_ceiling){ .max_bytes = MAX_BYTES };
	weir_hold_init(&one, &ceiling, MAX_BYTES, 2 * MAX_BYTES);
	weir_hold_init(&other, &ceiling, MAX_BYTES, 2 * MAX_BYTES);
	return 0;
}

/* Done twice: the second time there is nothing left to give back. */
static int tear_down(void **state)
{
	(void)state;

	for (int i = 0; i < 2; i++) {
		weir_hold_done(&one);
		weir_hold_done(&other);
	}
	return atomic_load(&ceiling.held_bytes) == 0 ? 0 : -1;
}

static void grow(struct weir_buffer *buffer, size_t bytes)
{
	assert_non_null(weir_buffer_reserve(buffer, bytes));
	weir_buffer_commit(buffer, bytes);
}

static void what_is_little_is_not_counted(void **state)
{
	(void)state;

	grow(&one.body, KIB);
	grow(&one.answer, 16 * KIB);
	assert_true(weir_hold_count(&one));
	assert_int_equal(atomic_load(&ceiling.held_bytes), 0);
}

static void more_is_counted_and_given_back(void **state)
{
	(void)state;

	grow(&one.body, 100 * KIB);
	grow(&one.answer, 50 * KIB);
	assert_true(weir_hold_count(&one));
	assert_true(weir_hold_count(&one));
	assert_int_equal(atomic_load(&ceiling.held_bytes), 150 * KIB);

	weir_hold_drop(&one, &one.body);
	assert_int_equal(one.body.capacity, 0);
	assert_int_equal(atomic_load(&ceiling.held_bytes), 50 * KIB);
}

static void the_ceiling_is_that_of_all_together(void **state)
{
	(void)state;

	grow(&one.body, 200 * KIB);
	assert_true(weir_hold_count(&one));
	grow(&other.answer, 57 * KIB);
	assert_false(weir_hold_count(&other));
	assert_int_equal(atomic_load(&ceiling.held_bytes), 200 * KIB);

	/* To the last byte, once it is refused no more. */
	weir_hold_drop(&other, &other.answer);
	grow(&other.answer, 56 * KIB);
	assert_true(weir_hold_count(&other));
	assert_int_equal(atomic_load(&ceiling.held_bytes), MAX_BYTES);
}

static void a_short_buffer_keeps_its_memory_but_not_its_contents(void **state)
{
	(void)state;

	weir_buffer_add_text(&one.body, "{}");
	weir_hold_drop(&one, &one.body);
	assert_int_equal(one.body.size, 0);
	assert_true(one.body.capacity > 0);
}

static void a_buffer_that_failed_is_good_again_once_dropped(void **state)
{
	(void)state;

	assert_null(weir_buffer_reserve(&one.body, MAX_BYTES + 1));
	assert_int_equal(one.body.failed, -EFBIG);
	weir_hold_drop(&one, &one.body);
	weir_buffer_add_text(&one.body, "{}");
	assert_int_equal(one.body.size, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_little_is_not_counted),
		TEST(more_is_counted_and_given_back),
		TEST(the_ceiling_is_that_of_all_together),
		TEST(a_short_buffer_keeps_its_memory_but_not_its_contents),
		TEST(a_buffer_that_failed_is_good_again_once_dropped),
	};

	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
