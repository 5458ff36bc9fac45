/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/decode.h"
#include "client/request.h"

#define ANSWER(events, more) "{\"type\":\"GET_EVENTS\",\"get_events\":{\"events\":" events more "}}"
#define MARKS		     ",\"next\":9,\"lost\":2,\"epoch_us\":1764000000000000"
#define NAMED		     "\"seq\":8,\"kind\":\"ended\",\"container_id\":{\"value\":\"web\"}"

static int decode(const char *text, struct weir_event_list *list, struct weir_error *err)
{
	return weir_decode_events(text, strlen(text), list, err);
}

static void events_come_with_all_that_was_said(void **state)
{
	static const char text[] =
		ANSWER("[{" NAMED ",\"time_us\":1764000000000007,\"cause\":\"limit\","
		       "\"text\":\"it was too much\",\"novelty\":{},\"figures\":{"
		       "\"mem_peak_bytes\":4096,\"mem_limit_bytes\":\"Infinity\"}},"
		       "{\"seq\":9,\"kind\":\"new\"}]",
		       MARKS);
	struct weir_event_list list = {};
	const struct weir_event_info *event;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(decode(text, &list, &err), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.next, 9);
	assert_int_equal(list.lost, 2);
	assert_int_equal(list.epoch_us, 1764000000000000);

	event = &list.list[0];
	assert_int_equal(event->seq, 8);
	assert_int_equal(event->time_us, 1764000000000007);
	assert_string_equal(event->kind, "ended");
	assert_string_equal(event->id, "web");
	assert_string_equal(event->cause, "limit");
	assert_string_equal(event->text, "it was too much");
	assert_int_equal(event->n_figures, 2);
	assert_string_equal(event->figures[0].name, "mem_peak_bytes");
	assert_int_equal(event->figures[0].value, 4096);
	assert_true(event->figures[1].value == WEIR_INFINITE);

	event = &list.list[1];
	assert_string_equal(event->id, ""); /* it is about all of them */
	assert_string_equal(event->cause, "");
	assert_string_equal(event->text, "");
	assert_int_equal(event->n_figures, 0);
	weir_event_list_free(&list);
	assert_int_equal(list.n, 0);
	weir_event_list_free(&list);
}

static void none_is_no_failure(void **state)
{
	struct weir_event_list list = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(decode(ANSWER("[]", MARKS), &list, &err), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(list.next, 9);
	weir_event_list_free(&list);
}

static const struct {
	const char *text, *error;
} bad[] = {
	{ "{}", "the daemon's answer: 'get_events' is not there" },
	{ ANSWER("[]", ""), "the daemon's answer: 'next' is not there" },
	{ ANSWER("[]", ",\"next\":-1"), "the daemon's answer: 'next' is not a whole number" },
	{ ANSWER("{}", MARKS), "the daemon's answer: 'events' is not a list" },
	{ ANSWER("[7]", MARKS), "the daemon's answer: an event without a number or kind" },
	{ ANSWER("[{\"seq\":1,\"container_id\":{\"value\":\"web\"}}]", MARKS),
	  "the daemon's answer: an event without a number or kind" },
	{ ANSWER("[{" NAMED ",\"text\":7}]", MARKS), "the daemon's answer: 'text' is not text" },
	{ ANSWER("[{" NAMED ",\"figures\":[]}]", MARKS),
	  "the daemon's answer: 'figures' is not an object" },
	{ ANSWER("[{" NAMED ",\"figures\":{\"a\":1,\"b\":true}}]", MARKS),
	  "the daemon's answer: 'b' is not a whole number" },
};

static void what_is_wrong_is_named(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct weir_event_list list = {};
		struct weir_error err = {};

		assert_int_equal(decode(bad[i].text, &list, &err), -EIO);
		assert_string_equal(err.text, bad[i].error);
		assert_null(list.owner); /* untouched on failure */
	}
}

static void a_request_has_what_is_asked_for(void **state)
{
	struct weir_error err = {};
	char *text = NULL;

	(void)state;

	assert_int_equal(weir_request_events(NULL, 7, 0, 0, &text, &err), 0);
	assert_string_equal(text, "{\"type\":\"GET_EVENTS\",\"get_events\":{\"since\":7,\"epoch_"
				  "us\":0,\"wait_ms\":0}}");
	free(text);
	assert_int_equal(weir_request_events("web", INT64_MAX, 9, 60000, &text, &err), 0);
	assert_string_equal(
		text, "{\"type\":\"GET_EVENTS\",\"get_events\":{\"since\":9223372036854775807,"
		      "\"epoch_us\":9,\"wait_ms\":60000,\"container_id\":{\"value\":\"web\"}}}");
	free(text);
	assert_int_equal(weir_request_events(NULL, (uint64_t)INT64_MAX + 1, 0, 0, &text, &err),
			 -EINVAL);
	assert_int_equal(weir_request_events("\xff", 0, 0, 0, &text, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_with_all_that_was_said),
		cmocka_unit_test(none_is_no_failure),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_request_has_what_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
