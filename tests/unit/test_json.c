/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/json.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "weir/abi.h"

static void assert_written(struct weir_buffer *buffer, const char *expected)
{
	assert_int_equal(buffer->failed, 0);
	assert_int_equal(buffer->size, strlen(expected));
	assert_memory_equal(buffer->data, expected, buffer->size);
	weir_buffer_done(buffer);
}

static void commas_stand_between_values_and_nowhere_else(void **state)
{
	struct weir_buffer buffer = WEIR_BUFFER_INIT(4096);
	struct weir_json json = WEIR_JSON_INIT(&buffer);

	(void)state;

	weir_json_open_object(&json, NULL);
	weir_json_open_array(&json, "empty");
	weir_json_close_array(&json);
	weir_json_open_array(&json, "list");
	weir_json_u64(&json, NULL, 0);
	weir_json_bool(&json, NULL, true);
	weir_json_open_object(&json, NULL);
	weir_json_close_object(&json);
	weir_json_string(&json, NULL, "");
	weir_json_close_array(&json);
	weir_json_bool(&json, "last", false);
	weir_json_close_object(&json);

	assert_written(&buffer, "{\"empty\":[],\"list\":[0,true,{},\"\"],\"last\":false}");
}

static const struct {
	const char *text, *json;
} string_cases[] = {
	{ "", "\"\"" },
	{ "plain", "\"plain\"" },
	{ "\"\\/", "\"\\\"\\\\/\"" },
	{ "a\b\f\n\r\tz", "\"a\\b\\f\\n\\r\\tz\"" },
	{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
	{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	{ "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" }, /* U+10FFFF, the last */
	{ "\xff", "\"\xef\xbf\xbd\"" },
	{ "a\x80z", "\"a\xef\xbf\xbdz\"" }, /* a stray continuation */
	{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" }, /* cut */
	{ "\xe2\x82z", "\"\xef\xbf\xbd\xef\xbf\xbdz\"" },
	{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" }, /* overlong */
	{ "\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xf0\x80\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* a surrogate */
	{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xf8\x88\x80\x80\x80",
	  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
};

static void strings_are_escaped_and_what_is_not_utf8_is_replaced(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(string_cases); i++) {
		struct weir_buffer buffer = WEIR_BUFFER_INIT(4096);
		struct weir_json json = WEIR_JSON_INIT(&buffer);

		weir_json_string(&json, NULL, string_cases[i].text);
		assert_written(&buffer, string_cases[i].json);
	}
}

static const struct {
	uint64_t value;
	unsigned int decimals;
	const char *json;
} fixed_cases[] = {
	{ 0, 3, "0" },
	{ 500, 3, "0.5" },
	{ 2000, 3, "2" },
	{ 1234, 3, "1.234" },
	{ 10, 3, "0.01" },
	{ 1, 3, "0.001" },
	{ 7, 0, "7" },
	{ 1764000000123000, 6, "1764000000.123" },
	{ 1000000001, 9, "1.000000001" },
	{ UINT64_MAX, 9, "18446744073.709551615" },
};

static void fractions_are_exact_and_as_short_as_they_can_be(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(fixed_cases); i++) {
		struct weir_buffer buffer = WEIR_BUFFER_INIT(4096);
		struct weir_json json = WEIR_JSON_INIT(&buffer);

		weir_json_fixed(&json, NULL, fixed_cases[i].value, fixed_cases[i].decimals);
		assert_written(&buffer, fixed_cases[i].json);
	}
}

static void an_infinite_amount_is_the_string_that_mesos_writes(void **state)
{
	struct weir_buffer buffer = WEIR_BUFFER_INIT(4096);
	struct weir_json json = WEIR_JSON_INIT(&buffer);

	(void)state;

	weir_json_open_object(&json, NULL);
	weir_json_amount(&json, "a", WEIR_INFINITE);
	weir_json_amount(&json, "b", 268435456);
	weir_json_close_object(&json);
	assert_written(&buffer, "{\"a\":\"Infinity\",\"b\":268435456}");
}

static void a_full_buffer_is_noticed_once_at_the_end(void **state)
{
	struct weir_buffer buffer = WEIR_BUFFER_INIT(8);
	struct weir_json json = WEIR_JSON_INIT(&buffer);

	(void)state;

	weir_json_string(&json, NULL, "nine bytes");
	weir_json_u64(&json, NULL, 1);
	assert_int_equal(buffer.failed, -EFBIG);
	weir_buffer_done(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_between_values_and_nowhere_else),
		cmocka_unit_test(strings_are_escaped_and_what_is_not_utf8_is_replaced),
		cmocka_unit_test(fractions_are_exact_and_as_short_as_they_can_be),
		cmocka_unit_test(an_infinite_amount_is_the_string_that_mesos_writes),
		cmocka_unit_test(a_full_buffer_is_noticed_once_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
