/* SPDX-License-Identifier: Apache-2.0 */
/* What a launch says of its process: Mesos' way, and weir's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/decode.h"
#include "base/cleanup.h"
#include "base/error.h"

/* @rest: what follows the command. */
static int decode(const char *rest, struct weir_call *call, struct weir_error *err)
{
	char body[1024];

	snprintf(body, sizeof(body),
		 "{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":"
		 "{\"value\":\"a\"},\"command\":{\"value\":\"true\"}%s}}",
		 rest);
	return weir_call_decode(WEIR_MEDIA_JSON, WEIR_DIALECT_AGENT, body, strlen(body), call, err);
}

static void nothing_said_is_nothing_kept(void **state)
{
	struct weir_call call = {};
	struct weir_error err = {};

	(void)state;
	assert_int_equal(decode("", &call, &err), 0);
	assert_null(call.launch.rlimits);
	assert_null(call.launch.capabilities);
	assert_null(call.launch.supplementary_groups);
	assert_null(call.launch.cpus_set);
	assert_false(call.launch.new_privileges);
	assert_true(call.launch.ask.pids_limit == WEIR_ABSENT);
	weir_call_done(&call);
}

static void mesos_way_is_understood(void **state)
{
	struct weir_call call = {};
	struct weir_error err = {};

	(void)state;
	assert_int_equal(
		decode(",\"container\":{\"rlimit_info\":{\"rlimits\":[{\"type\":\"RLMT_NOFILE\","
		       "\"soft\":1,\"hard\":2},{\"type\":\"RLMT_CORE\"}]},\"linux_info\":"
		       "{\"effective_capabilities\":{\"capabilities\":[\"CHOWN\",\"KILL\"]}}}",
		       &call, &err),
		0);
	assert_string_equal(call.launch.rlimits[0], "NOFILE=1:2");
	assert_string_equal(call.launch.rlimits[1], "CORE=unlimited");
	assert_null(call.launch.rlimits[2]);
	assert_string_equal(call.launch.capabilities, "CHOWN,KILL");
	weir_call_done(&call);

	assert_int_equal(decode(",\"container\":{\"linux_info\":{\"effective_capabilities\":"
				"{\"capabilities\":[]}}}",
				&call, &err),
			 0);
	assert_string_equal(call.launch.capabilities, "none");
	weir_call_done(&call);
}

static void weirs_own_way_goes_through_as_it_is(void **state)
{
	struct weir_call call = {};
	struct weir_error err = {};

	(void)state;
	assert_int_equal(
		decode(",\"container\":{\"rlimit_info\":{\"rlimits\":[{\"type\":\"RLMT_CPU\"}]}},"
		       "\"weir\":{\"rlimits\":[\"core=0\"],\"capabilities\":\"all\","
		       "\"supplementary_groups\":[\"27\"],\"cpus_set\":\"0-1\","
		       "\"allow_new_privileges\":true,\"pids\":{\"value\":9}}",
		       &call, &err),
		0);
	assert_string_equal(call.launch.rlimits[0], "CPU=unlimited");
	assert_string_equal(call.launch.rlimits[1], "core=0");
	assert_null(call.launch.rlimits[2]);
	assert_string_equal(call.launch.capabilities, "all");
	assert_string_equal(call.launch.supplementary_groups[0], "27");
	assert_null(call.launch.supplementary_groups[1]);
	assert_string_equal(call.launch.cpus_set, "0-1");
	assert_true(call.launch.new_privileges);
	assert_int_equal(call.launch.ask.pids_limit, 9);
	weir_call_done(&call);
}

static const struct {
	const char *rest, *text;
} refused[] = {
	{ ",\"container\":{\"rlimit_info\":{\"rlimits\":[{\"type\":\"NOFILE\"}]}}",
	  "launch_container.container.rlimit_info.rlimits[0].type: expected RLMT_NOFILE, say, got "
	  "'NOFILE'" },
	{ ",\"container\":{\"rlimit_info\":{\"rlimits\":[{\"type\":\"RLMT_CPU\",\"hard\":1}]}}",
	  "launch_container.container.rlimit_info.rlimits[0]: expected soft and hard, or none of "
	  "them" },
	{ ",\"container\":{\"rlimit_info\":{\"rlimits\":[{\"soft\":1}]}}",
	  "Expecting 'launch_container.container.rlimit_info.rlimits[0].type' to be present" },
	{ ",\"container\":{\"linux_info\":{\"bounding_capabilities\":{\"capabilities\":[]}}}",
	  "launch_container.container.linux_info.bounding_capabilities: what is kept is also all "
	  "that can be had: say effective_capabilities" },
	{ ",\"container\":{\"linux_info\":{\"effective_capabilities\":{\"capabilities\":[]}}},"
	  "\"weir\":{\"capabilities\":\"all\"}",
	  "launch_container.weir.capabilities: they were given as "
	  "container.linux_info.effective_capabilities" },
	{ ",\"weir\":{\"pids\":{\"value\":1.5}}",
	  "launch_container.weir.pids.value is no whole number: 1.5" },
	{ ",\"weir\":{\"pids\":{\"value\":-1}}",
	  "launch_container.weir.pids.value is negative: -1" },
};

static void what_is_refused_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct weir_call call = {};
		struct weir_error err = {};

		assert_int_equal(decode(refused[i].rest, &call, &err), -EINVAL);
		assert_string_equal(err.text, refused[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_nothing_kept),
		cmocka_unit_test(mesos_way_is_understood),
		cmocka_unit_test(weirs_own_way_goes_through_as_it_is),
		cmocka_unit_test(what_is_refused_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
