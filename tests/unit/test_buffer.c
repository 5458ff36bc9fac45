/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"

static void assert_holds(const struct weir_buffer *buffer, const char *text)
{
	assert_int_equal(buffer->size, strlen(text));
	assert_memory_equal(buffer->data, text, buffer->size);
}

static void appends_follow_each_other(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(1000);

	(void)state;

	weir_buffer_add(&buffer, "abc", 2);
	weir_buffer_add_text(&buffer, "cd");
	weir_buffer_add_text(&buffer, "");
	weir_buffer_add(&buffer, NULL, 0);
	weir_buffer_add_byte(&buffer, '-');
	weir_buffer_printf(&buffer, "%s=%d", "x", -7);
	assert_int_equal(buffer.failed, 0);
	assert_holds(&buffer, "abcd-x=-7");
}

static void numbers_are_decimal(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(1000);

	(void)state;

	weir_buffer_add_u64(&buffer, 0);
	weir_buffer_add_byte(&buffer, ' ');
	weir_buffer_add_u64(&buffer, 10);
	weir_buffer_add_byte(&buffer, ' ');
	weir_buffer_add_u64(&buffer, UINT64_MAX);
	assert_holds(&buffer, "0 10 18446744073709551615");
}

static void a_buffer_grows_to_its_ceiling_and_no_further(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(10000);

	(void)state;

	for (int i = 0; i < 10000; i++)
		weir_buffer_add_byte(&buffer, (char)('a' + i % 26));
	assert_int_equal(buffer.failed, 0);
	assert_int_equal(buffer.size, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buffer.data[i], 'a' + i % 26);

	weir_buffer_add_byte(&buffer, '!');
	assert_int_equal(buffer.failed, -EFBIG);
	assert_int_equal(buffer.size, 10000);
}

static void the_first_failure_is_remembered_and_ends_appending(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(4);

	(void)state;

	weir_buffer_add_text(&buffer, "ab");
	weir_buffer_printf(&buffer, "%s", "cde");
	assert_int_equal(buffer.failed, -EFBIG);

	/* It would fit, but a text with a hole in it is worse than none. */
	weir_buffer_add_text(&buffer, "c");
	weir_buffer_printf(&buffer, "c");
	assert_null(weir_buffer_reserve(&buffer, 1));
	assert_holds(&buffer, "ab");
	assert_null(weir_buffer_take_text(&buffer));
}

static void a_reservation_that_would_overflow_is_refused(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(100);

	(void)state;

	weir_buffer_add_text(&buffer, "ab");
	assert_null(weir_buffer_reserve(&buffer, SIZE_MAX));
	assert_int_equal(buffer.failed, -EFBIG);
}

static void what_was_reserved_counts_once_it_is_committed(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(1000);
	char *room = weir_buffer_reserve(&buffer, 500);

	(void)state;

	assert_non_null(room);
	assert_int_equal(buffer.size, 0);
	memset(room, 'h', 5);
	weir_buffer_commit(&buffer, 5);
	assert_holds(&buffer, "hhhhh");
}

static void a_reset_forgets_the_failure_and_keeps_the_memory(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(4);
	const char *memory;

	(void)state;

	weir_buffer_add_text(&buffer, "abcd");
	memory = buffer.data;
	weir_buffer_add_byte(&buffer, 'e');
	weir_buffer_reset(&buffer);
	weir_buffer_add_text(&buffer, "xy");
	assert_int_equal(buffer.failed, 0);
	assert_ptr_equal(buffer.data, memory);
	assert_holds(&buffer, "xy");
}

static void a_taken_text_ends_in_nul_and_leaves_an_empty_buffer(void **state)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(4);
	scoped(freep) char *full = NULL, *empty = NULL;

	(void)state;

	/* The NUL does not count against the ceiling. */
	weir_buffer_add_text(&buffer, "abcd");
	full = weir_buffer_take_text(&buffer);
	assert_string_equal(full, "abcd");
	assert_int_equal(buffer.size, 0);
	assert_int_equal(buffer.max, 4);

	empty = weir_buffer_take_text(&buffer);
	assert_string_equal(empty, "");
}

static void done_twice_is_done_once(void **state)
{
	struct weir_buffer buffer = WEIR_BUFFER_INIT(10);

	(void)state;

	weir_buffer_add_text(&buffer, "abc");
	weir_buffer_done(&buffer);
	assert_null(buffer.data);
	weir_buffer_done(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_follow_each_other),
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(a_buffer_grows_to_its_ceiling_and_no_further),
		cmocka_unit_test(the_first_failure_is_remembered_and_ends_appending),
		cmocka_unit_test(a_reservation_that_would_overflow_is_refused),
		cmocka_unit_test(what_was_reserved_counts_once_it_is_committed),
		cmocka_unit_test(a_reset_forgets_the_failure_and_keeps_the_memory),
		cmocka_unit_test(a_taken_text_ends_in_nul_and_leaves_an_empty_buffer),
		cmocka_unit_test(done_twice_is_done_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
