/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/decode.h"
#include "base/error.h"

static const char launch_body[] =
	"{\"type\": \"LAUNCH_CONTAINER\", \"launch_container\": {"
	"\"container_id\": {\"value\": \"web\"},"
	"\"command\": {\"shell\": false, \"value\": \"/bin/sleep\", \"arguments\": [\"sleep\", "
	"\"60\"],"
	"\"user\": \"nobody\", \"environment\": {\"variables\": ["
	"{\"name\": \"LANG\", \"value\": \"C\"}, {\"name\": \"A\", \"type\": \"VALUE\", \"value\": "
	"\"\"}]}},"
	"\"resources\": [{\"name\": \"cpus\", \"type\": \"SCALAR\", \"scalar\": {\"value\": 0.5}},"
	"{\"name\": \"mem\", \"type\": \"SCALAR\", \"scalar\": {\"value\": 256}, \"role\": \"*\"}],"
	"\"limits\": {\"cpus\": {\"value\": 2}, \"mem\": {\"value\": \"Infinity\"}},"
	"\"weir\": {\"working_directory\": \"/tmp\", \"role\": \"eng/ads\", \"foreground\": true,"
	"\"keep\": true, \"exempt\": true, \"labels\": [{\"key\": \"tier\", \"value\": \"gold\"}, "
	"{\"key\": "
	"\"bare\"}]}}}";

#define DECODE(...) weir_call_decode(WEIR_MEDIA_JSON, WEIR_DIALECT_AGENT, __VA_ARGS__)
static int decode(const char *body, struct weir_call *call, struct weir_error *err)
{
	return DECODE(body, strlen(body), call, err);
}

static void a_launch_has_all_that_was_said(void **state)
{
	struct weir_call call = {};
	struct weir_error err = {};
	const struct weir_launch *launch = &call.launch;

	(void)state;

	assert_int_equal(decode(launch_body, &call, &err), 0);
	assert_int_equal(call.type, WEIR_CALL_LAUNCH_CONTAINER);
	assert_string_equal(launch->id, "web");
	assert_string_equal(launch->role, "eng/ads");
	assert_string_equal(launch->user, "nobody");
	assert_string_equal(launch->workdir, "/tmp");
	assert_string_equal(launch->program, "/bin/sleep");
	assert_string_equal(launch->argv[0], "sleep");
	assert_string_equal(launch->argv[1], "60");
	assert_null(launch->argv[2]);
	assert_string_equal(launch->env[0], "LANG=C");
	assert_string_equal(launch->env[1], "A=");
	assert_null(launch->env[2]);
	assert_int_equal(launch->ask.cpu_request_mcpu, 500);
	assert_int_equal(launch->ask.cpu_limit_mcpu, 2000);
	assert_int_equal(launch->ask.mem_request_bytes, 256ULL << 20);
	assert_true(launch->ask.mem_limit_bytes == WEIR_INFINITE);
	assert_int_equal(launch->n_labels, 2);
	assert_string_equal(launch->labels[0].key, "tier");
	assert_string_equal(launch->labels[0].value, "gold");
	assert_string_equal(launch->labels[1].value, "");
	assert_true(launch->foreground && launch->keep && launch->exempt);
	weir_call_done(&call);
	weir_call_done(&call);
}

static void a_launch_that_says_little_gets_the_shell_and_no_figures(void **state)
{
	struct weir_call call = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(
		decode("{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{"
		       "\"container_id\":{\"value\":\"a\"},\"command\":{\"value\":\"exit 3\"}}}",
		       &call, &err),
		0);
	assert_null(call.launch.program);
	assert_string_equal(call.launch.argv[0], "/bin/sh");
	assert_string_equal(call.launch.argv[1], "-c");
	assert_string_equal(call.launch.argv[2], "exit 3");
	assert_null(call.launch.argv[3]);
	assert_null(call.launch.env);
	assert_null(call.launch.user);
	assert_null(call.launch.role);
	assert_int_equal(call.launch.n_labels, 0);
	assert_false(call.launch.foreground || call.launch.keep || call.launch.exempt);
	assert_true(call.launch.ask.cpu_request_mcpu == WEIR_ABSENT);
	assert_true(call.launch.ask.mem_limit_bytes == WEIR_ABSENT);
	weir_call_done(&call);

	assert_int_equal(
		decode("{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":"
		       "{\"value\":\"a\"},\"command\":{\"shell\":false,\"value\":\"/bin/true\"}}}",
		       &call, &err),
		0);
	assert_string_equal(call.launch.argv[0], "/bin/true");
	assert_null(call.launch.argv[1]);
	weir_call_done(&call);
}

static void an_update_leaves_absent_what_is_not_named(void **state)
{
	struct weir_call call = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(
		decode("{\"type\":\"UPDATE_CONTAINER\",\"update_container\":{\"container_id\":"
		       "{\"value\":\"a\"},\"limits\":{\"cpus\":{\"value\":\"Infinity\"}}}}",
		       &call, &err),
		0);
	assert_string_equal(call.id, "a");
	assert_true(call.change.cpu_request_mcpu == WEIR_ABSENT);
	assert_true(call.change.cpu_limit_mcpu == WEIR_INFINITE);
	assert_true(call.change.mem_request_bytes == WEIR_ABSENT);
	assert_true(call.change.mem_limit_bytes == WEIR_ABSENT);
	weir_call_done(&call);
}

#define ON(type, member, more) \
	"{\"type\":\"" type "\",\"" member "\":{\"container_id\":{\"value\":\"a\"}" more "}}"

static const struct {
	const char *body;
	enum weir_call_type type;
	const char *id;
	int pid, signal;
	bool show_standalone;
} good_cases[] = {
	{ "{\"type\":\"GET_HEALTH\"}", WEIR_CALL_GET_HEALTH, NULL, 0, 0, false },
	{ "{\"type\":\"GET_VERSION\",\"get_version\":7}", WEIR_CALL_GET_VERSION, NULL, 0, 0,
	  false },
	{ "{\"type\":\"GET_CONTAINERS\"}", WEIR_CALL_GET_CONTAINERS, NULL, 0, 0, false },
	{ "{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"show_standalone\":true}}",
	  WEIR_CALL_GET_CONTAINERS, NULL, 0, 9, true },
	{ "{\"get_containers\":{\"weir\":{\"container_id\":{\"value\":\"a\"}}},\"type\":\"GET_"
	  "CONTAINERS\"}",
	  WEIR_CALL_GET_CONTAINERS, "a", 0, 9, false },
	{ "{\"type\":\"START_CONTAINER\",\"start_container\":{\"container_id\":{\"value\":\"a\"},"
	  "\"pid\":7}}",
	  WEIR_CALL_START_CONTAINER, "a", 7, 9, false },
	{ ON("KILL_CONTAINER", "kill_container", ""), WEIR_CALL_KILL_CONTAINER, "a", 0, 9, false },
	{ ON("KILL_CONTAINER", "kill_container", ",\"signal\":15"), WEIR_CALL_KILL_CONTAINER, "a",
	  0, 15, false },
	{ "{\"type\":\"WAIT_CONTAINER\",\"x\":[],\"wait_container\":{\"y\":1,\"container_id\":{"
	  "\"value\":\"a\"}}}",
	  WEIR_CALL_WAIT_CONTAINER, "a", 0, 9, false },
	{ "{\"type\":\"REMOVE_CONTAINER\",\"remove_container\":{\"container_id\":{\"value\":\"a\"}}"
	  "}",
	  WEIR_CALL_REMOVE_CONTAINER, "a", 0, 9, false },
	{ "{\"type\":\"PAUSE_CONTAINER\",\"pause_container\":{\"container_id\":{\"value\":\"t\","
	  "\"parent\":{\"value\":\"e\"}}}}",
	  WEIR_CALL_PAUSE_CONTAINER, "e/t", 0, 9, false },
	{ ON("JOIN_CONTAINER", "join_container", ",\"pid\":7"), WEIR_CALL_JOIN_CONTAINER, "a", 7, 9,
	  false },
	{ ON("ADOPT_CONTAINER", "adopt_container", ",\"pid\":7"), WEIR_CALL_ADOPT_CONTAINER, "a", 7,
	  9, false },
};

static void every_call_is_known_and_unknown_fields_are_passed_over(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good_cases); i++) {
		struct weir_call call = {};
		struct weir_error err = {};

		if (decode(good_cases[i].body, &call, &err) < 0)
			fail_msg("%s: %s", good_cases[i].body, err.text);
		assert_int_equal(call.type, good_cases[i].type);
		assert_int_equal(call.pid, good_cases[i].pid);
		assert_int_equal(call.signal, good_cases[i].signal);
		assert_int_equal(call.show_standalone, good_cases[i].show_standalone);
		if (good_cases[i].id)
			assert_string_equal(call.id, good_cases[i].id);
		else
			assert_null(call.id);
		weir_call_done(&call);
	}
}

/* The parameters of a launch around one part that is wrong. */
#define LAUNCH(part)                                                                        \
	"{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":{\"value\":" \
	"\"a\"}," part "}}"
#define COMMAND	       "\"command\":{\"value\":\"true\"}"
#define RESOURCE(part) LAUNCH(COMMAND ",\"resources\":[{" part "}]")
#define KILL(part)                                                                            \
	"{\"type\":\"KILL_CONTAINER\",\"kill_container\":{\"container_id\":{\"value\":\"a\"}" \
	"," part "}}"

static const struct {
	const char *body;
	int code;
	const char *text; /* what the error begins with */
} bad_cases[] = {
	{ "", -EINVAL, "Failed to parse body into JSON: line 1, column 0: " },
	{ "{", -EINVAL, "Failed to parse body into JSON: " },
	{ "{} {}", -EINVAL, "Failed to parse body into JSON: " },
	{ "\"GET_HEALTH\"", -EINVAL, "Failed to parse body into JSON: " },
	{ "{\"type\":\"GET_HEALTH\",\"type\":\"GET_HEALTH\"}", -EINVAL,
	  "Failed to parse body into JSON: line 1, column 27: duplicate object key" },
	{ "{\"type\":\"GET_HEALTH\",\"x\":NaN}", -EINVAL, "Failed to parse body into JSON: " },
	{ "{\"type\":\"GET_HEALTH\",\"x\":1e400}", -EINVAL,
	  "Failed to parse body into JSON: line 1, column 30: real number overflow" },
	{ "{\"type\":\"GET_HEALTH\",\"x\":99999999999999999999}", -EINVAL,
	  "Failed to parse body into JSON: line 1, column 45: too big integer" },
	{ "{\"type\":\"GET_HEALTH\",\"x\":\"\xff\"}", -EINVAL, "Failed to parse body into JSON: " },
	{ "{\"type\":\"GET_HEALTH\",\"x\":\"\\u0000\"}", -EINVAL,
	  "Failed to parse body into JSON: " },
	{ "[]", -EINVAL, "the body is an array, expected an object" },
	{ "{}", -EINVAL, "Expecting 'type' to be present" },
	{ "{\"type\":7}", -EINVAL, "type: expected a string" },
	{ "{\"type\":\"UNKNOWN\"}", -ENOSYS,
	  "type: 'UNKNOWN' is not a call that is answered here" },
	{ "{\"type\":\"get_health\"}", -ENOSYS, "type: 'get_health' is not" },
	{ "{\"type\":\"WAIT_CONTAINER\"}", -EINVAL, "Expecting 'wait_container' to be present" },
	{ "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":7}", -EINVAL,
	  "wait_container: expected an object, got an integer" },
	{ "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{}}", -EINVAL,
	  "Expecting 'wait_container.container_id' to be present" },
	{ "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"container_id\":{}}}", -EINVAL,
	  "Expecting 'wait_container.container_id.value' to be present" },
	{ "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"container_id\":{\"value\":\"..\"}}}",
	  -EINVAL, "wait_container.container_id.value: " },
	{ "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"container_id\":{\"value\":\"a\","
	  "\"parent\":{\"value\":\"b\",\"parent\":{\"value\":\"c\"}}}}}",
	  -EINVAL,
	  "wait_container.container_id.parent.parent: there are two levels, executors and their "
	  "tasks" },
	{ "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"container_id\":{\"value\":\"self\","
	  "\"parent\":{\"value\":\"b\"}}}}",
	  -EINVAL,
	  "wait_container.container_id: a task can't be called 'self': that is where its "
	  "executor's "
	  "own processes are" },
	{ KILL("\"signal\":\"TERM\""), -EINVAL,
	  "kill_container.signal: expected an integer, got a string" },
	{ KILL("\"signal\":1.0"), -EINVAL,
	  "kill_container.signal: expected an integer, got a number" },
	{ KILL("\"signal\":0"), -EINVAL,
	  "kill_container.signal: 0 is not between 1 and 2147483647" },
	{ KILL("\"signal\":-9"), -EINVAL, "kill_container.signal: -9 is not between" },
	{ KILL("\"signal\":4294967305"), -EINVAL, "kill_container.signal: 4294967305 is not" },
	{ LAUNCH("\"x\":0"), -EINVAL, "Expecting 'launch_container.command' to be present" },
	{ LAUNCH("\"command\":{}"), -EINVAL,
	  "Expecting 'launch_container.command.value' to be present" },
	{ LAUNCH("\"command\":{\"value\":null}"), -EINVAL,
	  "launch_container.command.value: expected a string, got null" },
	{ LAUNCH("\"command\":{\"value\":\"a\",\"shell\":1}"), -EINVAL,
	  "launch_container.command.shell: expected true or false, got an integer" },
	{ LAUNCH("\"command\":{\"value\":\"a\",\"arguments\":{}}"), -EINVAL,
	  "launch_container.command.arguments: expected an array, got an object" },
	{ LAUNCH("\"command\":{\"value\":\"a\",\"arguments\":[\"a\",7]}"), -EINVAL,
	  "launch_container.command.arguments[1]: expected a string, got an integer" },
	{ LAUNCH("\"command\":{\"value\":\"a\",\"environment\":{\"variables\":[{\"name\":\"A\"}]}"
		 "}"),
	  -EINVAL,
	  "Expecting 'launch_container.command.environment.variables[0].value' to be present" },
	{ LAUNCH("\"command\":{\"value\":\"a\",\"environment\":{\"variables\":["
		 "{\"name\":\"A=B\",\"value\":\"\"}]}}"),
	  -EINVAL,
	  "launch_container.command.environment.variables[0].name: 'A=B' can't name a variable" },
	{ LAUNCH("\"command\":{\"value\":\"a\",\"environment\":{\"variables\":["
		 "{\"name\":\"A\",\"type\":\"SECRET\",\"value\":\"\"}]}}"),
	  -EINVAL,
	  "launch_container.command.environment.variables[0].type: expected VALUE, got 'SECRET'" },
	{ LAUNCH(COMMAND ",\"limits\":{\"cpus\":{\"value\":\"2\"}}"), -EINVAL,
	  "launch_container.limits.cpus.value: expected a number or \"Infinity\", got a string" },
	{ LAUNCH(COMMAND ",\"limits\":{\"cpus\":2}"), -EINVAL,
	  "launch_container.limits.cpus: expected an object, got an integer" },
	{ LAUNCH(COMMAND ",\"limits\":{\"mem\":{\"value\":\"NaN\"}}"), -EINVAL,
	  "launch_container.limits.mem.value: expected a number or \"Infinity\", got a string" },
	{ LAUNCH(COMMAND ",\"limits\":{\"mem\":{\"value\":\"-Infinity\"}}"), -EINVAL,
	  "launch_container.limits.mem.value: " },
	{ LAUNCH(COMMAND ",\"limits\":{\"mem\":{\"value\":-1}}"), -EINVAL,
	  "launch_container.limits.mem.value" },
	{ LAUNCH(COMMAND ",\"limits\":{\"mem\":{\"value\":1e300}}"), -ERANGE,
	  "launch_container.limits.mem.value" },
	{ LAUNCH(COMMAND ",\"limits\":{\"gpus\":{\"value\":1}}"), -EINVAL,
	  "launch_container.limits.gpus: no such key here" },
	{ RESOURCE("\"name\":\"gpus\",\"scalar\":{\"value\":1}"), -EINVAL,
	  "launch_container.resources[0].name: expected cpus or mem, got 'gpus'" },
	{ RESOURCE("\"name\":\"cpus\",\"type\":\"SET\",\"scalar\":{\"value\":1}"), -EINVAL,
	  "launch_container.resources[0].type: expected SCALAR, got 'SET'" },
	{ RESOURCE("\"name\":\"cpus\",\"role\":\"eng\",\"scalar\":{\"value\":1}"), -EINVAL,
	  "launch_container.resources[0].role: expected '*', got 'eng'" },
	{ RESOURCE("\"name\":\"cpus\",\"reservations\":[],\"scalar\":{\"value\":1}"), -EINVAL,
	  "launch_container.resources[0].reservations: only plain, unreserved resources are "
	  "taken" },
	{ RESOURCE("\"name\":\"cpus\",\"scalar\":{\"value\":\"Infinity\"}"), -EINVAL,
	  "launch_container.resources[0].scalar.value" },
	{ RESOURCE("\"name\":\"cpus\""), -EINVAL,
	  "Expecting 'launch_container.resources[0].scalar' to be present" },
	{ RESOURCE("\"name\":\"mem\",\"scalar\":{\"value\":1}},{\"name\":\"mem\",\"scalar\":{"
		   "\"value\":1}"),
	  -EINVAL, "launch_container.resources[1].scalar.value: mem was given before" },
	{ LAUNCH(COMMAND ",\"resources\":[0]"), -EINVAL,
	  "launch_container.resources[0]: expected an object, got an integer" },
	{ LAUNCH(COMMAND ",\"resources\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"), -EINVAL,
	  "launch_container.resources: 17 entries are more than the 16 that may be" },
	{ LAUNCH(COMMAND ",\"weir\":{\"labels\":[{\"value\":\"x\"}]}"), -EINVAL,
	  "Expecting 'launch_container.weir.labels[0].key' to be present" },
};

static void what_is_refused_is_named_by_its_path(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		struct weir_call call = {};
		struct weir_error err = {};
		int r = decode(bad_cases[i].body, &call, &err);

		if (r != bad_cases[i].code ||
		    strncmp(err.text, bad_cases[i].text, strlen(bad_cases[i].text)) != 0)
			fail_msg("%s: %d, %s", bad_cases[i].body, r, err.text);
		assert_null(call.memory); /* untouched on failure */
	}
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	(void)state;

	for (size_t size = 0; size < strlen(launch_body); size++) {
		struct weir_call call = {};
		struct weir_error err = {};

		assert_int_equal(DECODE(launch_body, size, &call, &err), -EINVAL);
	}
}

/* @head, @n times @part, @tail. */
static char *repeat(const char *head, const char *part, size_t n, const char *tail)
{
	size_t size = strlen(part);
	char *body = malloc(strlen(head) + n * size + strlen(tail) + 1), *end;

	assert_non_null(body);
	end = stpcpy(body, head);
	for (size_t i = 0; i < n; i++)
		end = stpcpy(end, part);
	strcpy(end, tail);
	return body;
}

static const struct {
	const char *head, *part;
	size_t n;
	const char *tail;
	int code;
} long_cases[] = {
	{ "", "[", 10000, "", -EINVAL },
	{ "", "{\"a\":", 10000, "", -EINVAL },
	{ "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"container_id\":{\"value\":\"", "a",
	  1 << 20, "\"}}}", -EINVAL },
	{ "{\"type\":\"", "a", 1 << 20, "\"}", -ENOSYS },
	{ "{\"type\":\"GET_HEALTH\",\"x\":[", "{},", 300000, "0]}", -E2BIG },
	{ "{\"type\":\"GET_HEALTH\",\"x\":[", "[],", 300000, "0]}", -E2BIG },
	{ "{\"type\":\"GET_HEALTH\",\"x\":[", "0,", 200000, "0]}", 0 },
};

static void a_long_body_costs_a_bounded_amount_of_memory(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(long_cases); i++) {
		scoped(freep) char *body = repeat(long_cases[i].head, long_cases[i].part,
						  long_cases[i].n, long_cases[i].tail);
		struct weir_call call = {};
		struct weir_error err = {};

		assert_int_equal(decode(body, &call, &err), long_cases[i].code);
		weir_call_done(&call);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_launch_has_all_that_was_said),
		cmocka_unit_test(a_launch_that_says_little_gets_the_shell_and_no_figures),
		cmocka_unit_test(an_update_leaves_absent_what_is_not_named),
		cmocka_unit_test(every_call_is_known_and_unknown_fields_are_passed_over),
		cmocka_unit_test(what_is_refused_is_named_by_its_path),
		cmocka_unit_test(a_body_cut_anywhere_is_refused),
		cmocka_unit_test(a_long_body_costs_a_bounded_amount_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
