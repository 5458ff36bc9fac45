/* SPDX-License-Identifier: Apache-2.0 */
/* Calls in protobuf. What is good is packed by protobuf-c, what is not is written by hand. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/decode.h"
#include "api/wire.h"
#include "base/buffer.h"
#include "base/error.h"
#include "weir/v1/agent.pb-c.h"

typedef Weir__V1__Agent__Call Call;
typedef Weir__V1__Agent__Call__LaunchContainer Launch;

static int decode(const struct weir_buffer *bytes, struct weir_call *call, struct weir_error *err)
{
	return weir_call_decode(WEIR_MEDIA_PROTOBUF, WEIR_DIALECT_AGENT, bytes->data, bytes->size,
				call, err);
}

static void pack(const Call *call, struct weir_buffer *bytes)
{
	char *room = weir_buffer_reserve(bytes, weir__v1__agent__call__get_packed_size(call));

	weir_buffer_commit(bytes, weir__v1__agent__call__pack(call, (uint8_t *)room));
}

/* "web", with a bit of everything that a launch can say. */
static void pack_launch(struct weir_buffer *bytes)
{
	Weir__V1__ContainerID id = WEIR__V1__CONTAINER_ID__INIT;
	Weir__V1__Environment__Variable variable = WEIR__V1__ENVIRONMENT__VARIABLE__INIT;
	Weir__V1__Environment__Variable *variables[] = { &variable };
	Weir__V1__Environment environment = WEIR__V1__ENVIRONMENT__INIT;
	Weir__V1__CommandInfo command = WEIR__V1__COMMAND_INFO__INIT;
	char *arguments[] = { (char[]){ "sleep" }, (char[]){ "60" } };
	Weir__V1__Value__Scalar half = WEIR__V1__VALUE__SCALAR__INIT;
	Weir__V1__Value__Scalar all = WEIR__V1__VALUE__SCALAR__INIT;
	Weir__V1__Resource cpus = WEIR__V1__RESOURCE__INIT, *resources[] = { &cpus };
	Weir__V1__Agent__Call__LaunchContainer__LimitsEntry limit =
		WEIR__V1__AGENT__CALL__LAUNCH_CONTAINER__LIMITS_ENTRY__INIT;
	Weir__V1__Agent__Call__LaunchContainer__LimitsEntry *limits[] = { &limit };
	Weir__V1__CapabilityInfo__Capability kept[] = {
		WEIR__V1__CAPABILITY_INFO__CAPABILITY__CHOWN,
		WEIR__V1__CAPABILITY_INFO__CAPABILITY__KILL,
	};
	Weir__V1__CapabilityInfo capabilities = WEIR__V1__CAPABILITY_INFO__INIT;
	Weir__V1__LinuxInfo linux_info = WEIR__V1__LINUX_INFO__INIT;
	Weir__V1__RLimitInfo__RLimit rlimit = WEIR__V1__RLIMIT_INFO__RLIMIT__INIT;
	Weir__V1__RLimitInfo__RLimit *rlimits[] = { &rlimit };
	Weir__V1__RLimitInfo rlimit_info = WEIR__V1__RLIMIT_INFO__INIT;
	Weir__V1__ContainerInfo container = WEIR__V1__CONTAINER_INFO__INIT;
	Weir__V1__Label label = WEIR__V1__LABEL__INIT, *labels[] = { &label };
	Weir__V1__ContainerExtra extra = WEIR__V1__CONTAINER_EXTRA__INIT;
	Launch launch = WEIR__V1__AGENT__CALL__LAUNCH_CONTAINER__INIT;
	Call call = WEIR__V1__AGENT__CALL__INIT;

	id.value = (char[]){ "web" };
	variable.name = (char[]){ "LANG" };
	variable.value = (char[]){ "C" };
	environment.n_variables = 1;
	environment.variables = variables;
	command.environment = &environment;
	command.has_shell = true;
	command.shell = false;
	command.value = (char[]){ "/bin/sleep" };
	command.n_arguments = 2;
	command.arguments = arguments;
	half.value = 0.5;
	all.value = (double)INFINITY;
	cpus.name = (char[]){ "cpus" };
	cpus.type = WEIR__V1__VALUE__TYPE__SCALAR;
	cpus.scalar = &half;
	limit.key = (char[]){ "cpus" };
	limit.value = &all;
	capabilities.n_capabilities = 2;
	capabilities.capabilities = kept;
	linux_info.effective_capabilities = &capabilities;
	rlimit.has_type = rlimit.has_soft = rlimit.has_hard = true;
	rlimit.type = WEIR__V1__RLIMIT_INFO__RLIMIT__TYPE__RLMT_NOFILE;
	rlimit.soft = 1024;
	rlimit.hard = 4096;
	rlimit_info.n_rlimits = 1;
	rlimit_info.rlimits = rlimits;
	container.type = WEIR__V1__CONTAINER_INFO__TYPE__MESOS;
	container.linux_info = &linux_info;
	container.rlimit_info = &rlimit_info;
	label.key = (char[]){ "tier" };
	extra.n_labels = 1;
	extra.labels = labels;
	extra.has_keep = extra.keep = true;
	launch.container_id = &id;
	launch.command = &command;
	launch.n_resources = 1;
	launch.resources = resources;
	launch.n_limits = 1;
	launch.limits = limits;
	launch.container = &container;
	launch.weir = &extra;
	call.has_type = true;
	call.type = WEIR__V1__AGENT__CALL__TYPE__LAUNCH_CONTAINER;
	call.launch_container = &launch;
	pack(&call, bytes);
}

static void a_launch_has_all_that_was_said(void **state)
{
	struct weir_buffer bytes = WEIR_BUFFER_INIT(4096);
	const struct weir_launch *launch;
	struct weir_error err = {};
	struct weir_call call = {};

	(void)state;

	pack_launch(&bytes);
	if (decode(&bytes, &call, &err) < 0)
		fail_msg("%s", err.text);
	launch = &call.launch;
	assert_int_equal(call.type, WEIR_CALL_LAUNCH_CONTAINER);
	assert_string_equal(launch->id, "web");
	assert_string_equal(launch->program, "/bin/sleep");
	assert_string_equal(launch->argv[1], "60");
	assert_null(launch->argv[2]);
	assert_string_equal(launch->env[0], "LANG=C");
	assert_int_equal(launch->ask.cpu_request_mcpu, 500);
	assert_true(launch->ask.cpu_limit_mcpu == WEIR_INFINITE);
	assert_string_equal(launch->capabilities, "CHOWN,KILL");
	assert_string_equal(launch->rlimits[0], "NOFILE=1024:4096");
	assert_string_equal(launch->labels[0].key, "tier");
	assert_string_equal(launch->labels[0].value, ""); /* the default of one without */
	assert_true(launch->keep && !launch->foreground && !launch->shares_cgroups);
	weir_call_done(&call);
	weir_buffer_done(&bytes);
}

static void no_beginning_of_a_launch_is_one(void **state)
{
	struct weir_buffer bytes = WEIR_BUFFER_INIT(4096);
	size_t whole;

	(void)state;

	pack_launch(&bytes);
	whole = bytes.size;
	for (bytes.size = 0; bytes.size < whole; bytes.size++) {
		struct weir_error err = {};
		struct weir_call call = {};

		assert_int_equal(decode(&bytes, &call, &err), -EINVAL);
		assert_true(*err.text);
	}
	weir_buffer_done(&bytes);
}

/* What stands at @number of a launch of "x", which is good without it. */
static void add_part(struct weir_buffer *bytes, uint32_t number, const char *part, size_t size)
{
	size_t launch, inner;

	weir_wire_varint(bytes, 1, WEIR__V1__AGENT__CALL__TYPE__LAUNCH_CONTAINER);
	launch = weir_wire_open(bytes, 13);
	inner = weir_wire_open(bytes, 1);
	weir_wire_text(bytes, 1, "x");
	weir_wire_close(bytes, inner);
	inner = weir_wire_open(bytes, 2);
	weir_wire_text(bytes, 3, "true");
	weir_wire_close(bytes, inner);
	inner = weir_wire_open(bytes, number);
	weir_buffer_add(bytes, part, size);
	weir_wire_close(bytes, inner);
	weir_wire_close(bytes, launch);
}

#define PART(number, bytes) (number), (bytes), sizeof(bytes) - 1
#define IN		    "launch_container."
#define CPUS       \
	"\x0a\x04" \
	"cpus"
#define ONE "\x09\0\0\0\0\0\0\xf0\x3f"

static const struct {
	uint32_t number;
	const char *part;
	size_t size;
	const char *text; /* NULL: it is good */
} cases[] = {
	{ PART(1, "\x0a\x01y"), NULL }, /* of two the later counts */
	{ PART(1, "\x0a\x01\xff"), IN "container_id.value: expected UTF-8 without a NUL" },
	{ PART(1, "\x0a\x02z\0"), IN "container_id.value: expected UTF-8 without a NUL" },
	{ PART(1, "\x08\x01"), IN "container_id.value: expected a string, got another type" },
	{ PART(1, ""), "Expecting '" IN "container_id.value' to be present" },
	{ PART(1, "\x0a\x01y\x12\x08\x0a\x01z\x12\x03\x0a\x01t"),
	  IN "container_id.parent.parent: there are two levels" },
	{ PART(1, "\x0a\x05y"), IN "container_id: cut off, or no protobuf" },
	{ PART(3, CPUS "\x10\x00\x1a\x09" ONE), NULL },
	{ PART(3, CPUS "\x10\x63\x1a\x09" ONE),
	  IN "resources[0].type: there is no Type of number 99" },
	{ PART(3, CPUS "\x10\x00\x1a\x02\x08\x01"),
	  IN "resources[0].scalar.value: expected a double, got another type" },
	{ PART(3, CPUS "\x10\x00\x18\x01"), IN "resources[0].scalar: expected a message" },
	{ PART(3, CPUS "\x12\x01x\x1a\x09" ONE), IN "resources[0].type: expected an integer" },
	{ PART(5, CPUS "\x12\x09" ONE), NULL },
	{ PART(5, "\x0a\x04"
		  "disk\x12\x09" ONE),
	  IN "limits.disk: no such key here" },
	{ PART(5, CPUS), "Expecting '" IN "limits.cpus.value' to be present" },
	{ PART(5, CPUS "\x10\x01"), IN "limits: expected a message, got another type" },
	{ PART(5, "\x08\x01"), IN "limits: expected a string, got another type" },
	{ PART(5, CPUS "\x1a\x01\x80\x12\x09" ONE), NULL }, /* a stranger in an entry */
	{ PART(5, CPUS "\x80"), IN "limits: cut off, or no protobuf" },
	{ PART(4, "\x08\x02\x42\x07\x1a\x05\x0a\x03\xf2\x07\x80"),
	  IN "container.linux_info.effective_capabilities.capabilities: cut off" },
	{ PART(4, "\x08\x02\x42\x08\x1a\x06\x0a\x04\xf2\x07\xcf\x0f"),
	  IN "container.linux_info.effective_capabilities.capabilities[1]: there is no" },
	{ PART(4, "\x08\x02\x42\x08\x1a\x06\x0a\x04\xf2\x07\xed\x07"), NULL },
	{ PART(4, "\x08\x02\x42\x07\x1a\x05\x0d"
		  "1234"),
	  IN "container.linux_info.effective_capabilities.capabilities[0]: expected an integer" },
	{ PART(4, "\x08\x02\x42\x02\x12\x00"),
	  IN "container.linux_info.bounding_capabilities: what is kept" },
	{ PART(4, "\x08\x02\x42\x02\x40\x00"), NULL },
	{ PART(4, "\x08\x01"), IN "container.type: expected MESOS, got 'DOCKER'" },
	{ PART(1000, "\x18\x01\xa0\x06\x05"), NULL },
	{ PART(1000, "\x1a\x01x"), IN "weir.foreground: expected an integer, got another type" },
};

static void what_is_refused_is_named_by_its_path(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct weir_buffer bytes = WEIR_BUFFER_INIT(4096);
		struct weir_error err = {};
		struct weir_call call = {};
		int r;

		add_part(&bytes, cases[i].number, cases[i].part, cases[i].size);
		r = decode(&bytes, &call, &err);
		if (cases[i].text ? r != -EINVAL || !strstr(err.text, cases[i].text) : r != 0)
			fail_msg("%zu: wanted \"%s\", got %d \"%s\"", i,
				 cases[i].text ? cases[i].text : "", r, err.text);
		weir_call_done(&call);
		weir_buffer_done(&bytes);
	}
}

/* Of two messages the later counts, and so its lists: the second has more entries than the first has room for. */
static void what_comes_twice_has_the_lists_of_the_second(void **state)
{
	struct weir_buffer bytes = WEIR_BUFFER_INIT(4096);
	struct weir_error err = {};
	struct weir_call call = {};
	size_t launch, inner, info, linux_info, set;

	(void)state;

	weir_wire_varint(&bytes, 1, WEIR__V1__AGENT__CALL__TYPE__LAUNCH_CONTAINER);
	launch = weir_wire_open(&bytes, 13);
	inner = weir_wire_open(&bytes, 1);
	weir_wire_text(&bytes, 1, "x");
	weir_wire_close(&bytes, inner);
	for (int n = 1; n <= 3; n += 2) {
		inner = weir_wire_open(&bytes, 2);
		weir_wire_text(&bytes, 3, "true");
		for (int i = 0; i < n; i++)
			weir_wire_text(&bytes, 7, "argument");
		weir_wire_close(&bytes, inner);
		info = weir_wire_open(&bytes, 4);
		linux_info = weir_wire_open(&bytes, 8);
		set = weir_wire_open(&bytes, 3);
		for (int i = 0; i < n; i++)
			weir_wire_varint(&bytes, 1, 1000 + (uint64_t)i);
		weir_wire_close(&bytes, set);
		weir_wire_close(&bytes, linux_info);
		weir_wire_close(&bytes, info);
	}
	weir_wire_close(&bytes, launch);
	if (decode(&bytes, &call, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(call.launch.capabilities, "CHOWN,DAC_OVERRIDE,DAC_READ_SEARCH");
	weir_call_done(&call);
	weir_buffer_done(&bytes);
}

static void numbers_have_their_ranges(void **state)
{
	static const struct {
		uint32_t type, parameters, number;
		uint64_t value;
		const char *text;
	} numbers[] = {
		{ 24, 15, 2, 15, NULL },
		{ 24, 15, 2, 0, "kill_container.signal: 0 is not between 1 and 2147483647" },
		{ 24, 15, 2, UINT64_MAX, "kill_container.signal: -1 is not between" },
		{ 24, 15, 2, 1ull << 31, "kill_container.signal: 2147483648 is not between" },
		{ 1008, 1008, 1, INT64_MAX, NULL },
		{ 1008, 1008, 1, 1ull << 63,
		  "get_events.since: 9223372036854775808 is not between 0 and" },
		{ 1008, 1008, 4, 60001, "get_events.wait_ms: 60001 is not between 0 and 60000" },
	};

	(void)state;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct weir_buffer bytes = WEIR_BUFFER_INIT(4096);
		struct weir_error err = {};
		struct weir_call call = {};
		size_t mark, id;
		int r;

		weir_wire_varint(&bytes, 1, numbers[i].type);
		mark = weir_wire_open(&bytes, numbers[i].parameters);
		id = weir_wire_open(&bytes, numbers[i].type == 24 ? 1 : 3);
		weir_wire_text(&bytes, 1, "x");
		weir_wire_close(&bytes, id);
		weir_wire_varint(&bytes, numbers[i].number, numbers[i].value);
		weir_wire_close(&bytes, mark);
		r = decode(&bytes, &call, &err);
		if (numbers[i].text ? r != -EINVAL || !strstr(err.text, numbers[i].text) : r != 0)
			fail_msg("%zu: got %d \"%s\"", i, r, err.text);
		weir_call_done(&call);
		weir_buffer_done(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_launch_has_all_that_was_said),
		cmocka_unit_test(no_beginning_of_a_launch_is_one),
		cmocka_unit_test(what_is_refused_is_named_by_its_path),
		cmocka_unit_test(what_comes_twice_has_the_lists_of_the_second),
		cmocka_unit_test(numbers_have_their_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
