/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/decode.h"
#include "base/error.h"

#define EVENTS(part) "{\"type\":\"GET_EVENTS\",\"get_events\":{" part "}}"

static const struct {
	const char *body, *id;
	uint64_t since, wait_ms, epoch_us;
} good_cases[] = {
	{ "{\"type\":\"GET_EVENTS\"}", NULL, 0, 0, 0 },
	{ EVENTS(""), NULL, 0, 0, 0 },
	{ EVENTS("\"since\":0,\"wait_ms\":0,\"novelty\":[]"), NULL, 0, 0, 0 },
	{ EVENTS("\"since\":9223372036854775807,\"wait_ms\":60000"), NULL, INT64_MAX, 60000, 0 },
	{ EVENTS("\"since\":9,\"epoch_us\":8"), NULL, 9, 0, 8 },
	/* As in proto3's JSON. */
	{ EVENTS("\"since\":\"9223372036854775807\",\"wait_ms\":\"7\""), NULL, INT64_MAX, 7, 0 },
	{ EVENTS("\"container_id\":{\"value\":\"a\"},\"since\":7"), "a", 7, 0, 0 },
};

static void all_of_it_may_be_left_out(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good_cases); i++) {
		struct weir_call call = {};
		struct weir_error err = {};

		if (weir_call_decode(WEIR_MEDIA_JSON, WEIR_DIALECT_AGENT, good_cases[i].body,
				     strlen(good_cases[i].body), &call, &err) < 0)
			fail_msg("%s: %s", good_cases[i].body, err.text);
		assert_int_equal(call.type, WEIR_CALL_GET_EVENTS);
		assert_int_equal(call.since, good_cases[i].since);
		assert_int_equal(call.wait_ms, good_cases[i].wait_ms);
		assert_int_equal(call.epoch_us, good_cases[i].epoch_us);
		if (good_cases[i].id)
			assert_string_equal(call.id, good_cases[i].id);
		else
			assert_null(call.id);
		weir_call_done(&call);
	}
}

static const struct {
	const char *body, *text;
} bad_cases[] = {
	{ EVENTS("\"wait_ms\":60001"), "get_events.wait_ms: 60001 is not between 0 and 60000" },
	{ EVENTS("\"wait_ms\":-1"), "get_events.wait_ms: -1 is not between 0 and 60000" },
	{ EVENTS("\"wait_ms\":1.5"), "get_events.wait_ms: expected an integer, got a number" },
	{ EVENTS("\"wait_ms\":null"), "get_events.wait_ms: expected an integer, got null" },
	{ EVENTS("\"since\":-1"), "get_events.since: -1 is not between 0 and 9223372036854775807" },
	{ EVENTS("\"since\":\"7x\""), "get_events.since: expected an integer, got a string" },
	{ EVENTS("\"since\":\" 7\""), "get_events.since: expected an integer, got a string" },
	{ EVENTS("\"since\":\"+7\""), "get_events.since: expected an integer, got a string" },
	{ EVENTS("\"since\":\"0x7\""), "get_events.since: expected an integer, got a string" },
	{ EVENTS("\"since\":\"\""), "get_events.since: expected an integer, got a string" },
	{ EVENTS("\"since\":\"-1\""),
	  "get_events.since: -1 is not between 0 and 9223372036854775807" },
	{ EVENTS("\"since\":\"9223372036854775808\""),
	  "get_events.since: expected an integer, got a string" },
	{ EVENTS("\"container_id\":\"a\""),
	  "get_events.container_id: expected an object, got a string" },
	{ EVENTS("\"container_id\":{}"),
	  "Expecting 'get_events.container_id.value' to be present" },
	{ EVENTS("\"container_id\":{\"value\":\"a/b\"}"), "get_events.container_id.value: " },
	{ "{\"type\":\"GET_EVENTS\",\"get_events\":[]}",
	  "get_events: expected an object, got an array" },
};

static void what_is_refused_is_named_by_its_path(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		struct weir_call call = {};
		struct weir_error err = {};

		assert_int_equal(weir_call_decode(WEIR_MEDIA_JSON, WEIR_DIALECT_AGENT,
						  bad_cases[i].body, strlen(bad_cases[i].body),
						  &call, &err),
				 -EINVAL);
		if (strncmp(err.text, bad_cases[i].text, strlen(bad_cases[i].text)) != 0)
			fail_msg("%s: %s", bad_cases[i].body, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_may_be_left_out),
		cmocka_unit_test(what_is_refused_is_named_by_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
