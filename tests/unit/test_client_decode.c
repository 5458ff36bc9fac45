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

static const char two_containers[] =
	"{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"containers\":["
	"{\"container_id\":{\"value\":\"web\"},\"container_status\":{\"executor_pid\":4711},"
	"\"weir\":{\"state\":\"running\",\"reason\":\"none\",\"message\":\"\",\"role\":\"eng/ads\","
	"\"user\":\"nobody\",\"argv\":[\"sleep\",\"60\"],\"foreground\":false,\"slot\":3,"
	"\"created_us\":1764000000000000,\"cpu_request_mcpu\":500,\"cpu_limit_mcpu\":\"Infinity\","
	"\"mem_request_bytes\":268435456,\"mem_limit_bytes\":1073741824,\"cpu_ns\":7,"
	"\"stdout_path\":\"/o\",\"novelty\":[1,{}]}},"
	"{\"container_id\":{\"value\":\"db\"},\"weir\":{\"state\":\"exited\",\"status\":256,"
	"\"foreground\":true}}"
	"]}}";

static void containers_come_in_order_with_what_was_said(void **state)
{
	struct weir_container_list list = {};
	struct weir_error err = {};
	const struct weir_container_info *web, *db;

	(void)state;

	assert_int_equal(
		weir_decode_containers(two_containers, strlen(two_containers), &list, &err), 0);
	assert_int_equal(list.n, 2);
	db = &list.list[0];
	web = &list.list[1];

	assert_string_equal(web->id, "web");
	assert_string_equal(web->role, "eng/ads");
	assert_string_equal(web->argv[1], "60");
	assert_null(web->argv[2]);
	assert_int_equal(web->pid, 4711);
	assert_int_equal(web->slot, 3);
	assert_int_equal(web->amounts.cpu_request_mcpu, 500);
	assert_true(web->amounts.cpu_limit_mcpu == WEIR_INFINITE);
	assert_int_equal(web->created_us, 1764000000000000);
	assert_int_equal(web->cpu_ns, 7);
	assert_true(web->mem_current_bytes == WEIR_ABSENT); /* left out: not known, so not 0 */
	assert_false(web->status_known);
	assert_null(web->stderr_path);

	assert_string_equal(db->id, "db");
	assert_true(db->status_known && db->foreground);
	assert_int_equal(db->status, 256);
	assert_string_equal(db->role, "*");
	assert_null(db->argv[0]);
	weir_container_list_free(&list);
}

static const struct {
	const char *text, *error;
} bad_containers[] = {
	{ "", "the daemon's answer is not JSON: '[' or '{' expected near end of file at byte 0" },
	{ "{}", "the daemon's answer: 'get_containers' is not there" },
	{ "{\"get_containers\":{\"containers\":{}}}",
	  "the daemon's answer: 'containers' is not a list" },
	{ "{\"get_containers\":{\"containers\":[{}]}}",
	  "the daemon's answer: a container without an id" },
	{ "{\"get_containers\":{\"containers\":[7]}}",
	  "the daemon's answer: a container without an id" },
	{ "{\"get_containers\":{\"containers\":[{\"container_id\":{\"value\":\"a\"},"
	  "\"weir\":{\"cpu_ns\":-1}}]}}",
	  "the daemon's answer: 'cpu_ns' is not a whole number" },
	{ "{\"get_containers\":{\"containers\":[{\"container_id\":{\"value\":\"a\"},"
	  "\"weir\":{\"state\":1}}]}}",
	  "the daemon's answer: 'state' is not text" },
	{ "{\"get_containers\":{\"containers\":[{\"container_id\":{\"value\":\"a\"},"
	  "\"weir\":{\"argv\":[\"x\",null]}}]}}",
	  "the daemon's answer: 'argv' has no text at 1" },
};

static void odd_containers_are_refused_by_name(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_containers); i++) {
		struct weir_container_list list = {};
		struct weir_error err = {};
		const char *text = bad_containers[i].text;

		assert_int_equal(weir_decode_containers(text, strlen(text), &list, &err), -EIO);
		assert_string_equal(err.text, bad_containers[i].error);
		assert_int_equal(list.n, 0);
	}
}

static void a_record_is_one_container_or_nothing(void **state)
{
	static const char none[] = "{\"get_containers\":{\"containers\":[]}}";
	scoped(freep) char *json = NULL;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_record(none, strlen(none), &json, &err), -ENOENT);
	assert_null(json);
	assert_int_equal(weir_decode_record(two_containers, strlen(two_containers), &json, &err),
			 0);
	assert_non_null(strstr(json, "\"executor_pid\": 4711"));
}

static void a_launch_tells_notes_and_where_to_join(void **state)
{
	static const char text[] =
		"{\"launch_container\":{\"notes\":[\"raised\"],\"join\":["
		"{\"version\":2,\"path\":\"/u/weir.a\"},{\"version\":1,\"path\":\"/c/weir.a\"}],"
		"\"volumes\":[{\"path\":\"/v/7\",\"container_path\":\"/data\"}]}}";
	struct weir_answer_notes notes = {};
	struct weir_join_list join = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_launch(text, strlen(text), &notes, &join, &err), 0);
	assert_int_equal(notes.n, 1);
	assert_string_equal(notes.text[0], "raised");
	assert_int_equal(join.n, 2);
	assert_int_equal(join.list[0].version, 2);
	assert_string_equal(join.list[1].path, "/c/weir.a");
	assert_int_equal(join.n_binds, 1);
	assert_string_equal(join.binds[0].from, "/v/7");
	assert_string_equal(join.binds[0].to, "/data");
	weir_answer_notes_free(&notes);
	weir_join_list_done(&join);
}

static void a_join_that_is_no_absolute_path_is_refused(void **state)
{
	static const char *const texts[] = {
		"{\"launch_container\":{}}",
		"{\"launch_container\":{\"join\":[]}}",
		"{\"launch_container\":{\"join\":[{\"version\":2,\"path\":\"weir.a\"}]}}",
		"{\"launch_container\":{\"join\":[{\"version\":3,\"path\":\"/weir.a\"}]}}",
		"{\"launch_container\":{\"join\":[{\"path\":\"/weir.a\"}]}}",
		"{\"launch_container\":{\"join\":[{\"version\":2,\"path\":\"/weir.a\"}],"
		"\"volumes\":[{\"path\":\"/v/7\"}]}}",
		"{\"launch_container\":{\"join\":[{\"version\":2,\"path\":\"/weir.a\"}],"
		"\"volumes\":[{\"path\":\"/v/7\",\"container_path\":\"data\"}]}}",
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct weir_answer_notes notes = {};
		struct weir_join_list join = {};
		struct weir_error err = {};

		assert_int_equal(
			weir_decode_launch(texts[i], strlen(texts[i]), &notes, &join, &err), -EIO);
		assert_int_equal(join.n, 0);
	}
}

static void a_wait_without_a_status_says_so(void **state)
{
	static const char known[] = "{\"wait_container\":{\"exit_status\":9,\"message\":\"m\","
				    "\"weir\":{\"reason\":\"limit\"}}}";
	static const char lost[] = "{\"wait_container\":{\"weir\":{\"reason\":\"lost\"}}}";
	struct weir_wait_result result;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_wait(known, strlen(known), &result, &err), 0);
	assert_true(result.status_known);
	assert_int_equal(result.status, 9);
	assert_string_equal(result.reason, "limit");
	assert_string_equal(result.message, "m");
	assert_int_equal(weir_decode_wait(lost, strlen(lost), &result, &err), 0);
	assert_false(result.status_known);
	assert_string_equal(result.reason, "lost");
}

static void a_launch_request_has_the_shape_of_the_api(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL }, *const env[] = { "A=b=c", NULL };
	const char *const rlimits[] = { "nofile=1:2", NULL }, *const labels[] = { "tier=a=b",
										  NULL };
	const struct weir_launch_options options = {
		.rlimits = rlimits,
		.capabilities = "none",
		.id = "web",
		.argv = argv,
		.env = env,
		.workdir = "/tmp",
		.labels = labels,
		.amounts = { 500, WEIR_INFINITE, 256 << 20, WEIR_ABSENT, 64 << 20, WEIR_ABSENT, 0 },
	};
	scoped(freep) char *text = NULL;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_request_launch(&options, false, &text, &err), 0);
	assert_string_equal(
		text,
		"{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{"
		"\"container_id\":{\"value\":\"web\"},"
		"\"command\":{\"shell\":false,\"value\":\"sleep\",\"arguments\":[\"sleep\",\"60\"],"
		"\"environment\":{\"variables\":[{\"name\":\"A\",\"value\":\"b=c\"}]}},"
		"\"weir\":{\"foreground\":false,\"keep\":false,\"exempt\":false,\"executor\":false,"
		"\"autoremove\":false,\"delegate\":false,\"allow_new_privileges\":false,"
		"\"working_directory\":\"/tmp\",\"capabilities\":\"none\","
		"\"rlimits\":[\"nofile=1:2\"],"
		"\"labels\":[{\"key\":\"tier\",\"value\":\"a=b\"}],\"swap\":{\"value\":64.0}},"
		"\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5}},"
		"{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":256.0}}],"
		"\"limits\":{\"cpus\":{\"value\":\"Infinity\"}}}}");
}

static void bytes_that_json_cannot_carry_are_refused_or_shown(void **state)
{
	const char *const argv[] = { "cat", "caf\xe9", NULL }, *const env[] = { "A=b", NULL };
	struct weir_launch_options options = {
		.id = "a", .argv = argv, .env = env, .amounts = WEIR_AMOUNTS_ABSENT
	};
	scoped(freep) char *text = NULL;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_request_launch(&options, false, &text, &err), -EINVAL);
	assert_string_equal(err.text, "argument 2 is not UTF-8 text");
	options.labels = (const char *const[]){ "a=b", "c", NULL };
	assert_int_equal(weir_request_launch(&options, true, &text, &err), -EINVAL);
	assert_string_equal(err.text, "label 'c': expected KEY=VALUE");
	options.labels = NULL;

	/* In the foreground they are for the record, and the environment stays at home. */
	assert_int_equal(weir_request_launch(&options, true, &text, &err), 0);
	assert_non_null(strstr(text, "\"arguments\":[\"cat\",\"caf?\"]"));
	assert_null(strstr(text, "environment"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_come_in_order_with_what_was_said),
		cmocka_unit_test(odd_containers_are_refused_by_name),
		cmocka_unit_test(a_record_is_one_container_or_nothing),
		cmocka_unit_test(a_launch_tells_notes_and_where_to_join),
		cmocka_unit_test(a_join_that_is_no_absolute_path_is_refused),
		cmocka_unit_test(a_wait_without_a_status_says_so),
		cmocka_unit_test(a_launch_request_has_the_shape_of_the_api),
		cmocka_unit_test(bytes_that_json_cannot_carry_are_refused_or_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
