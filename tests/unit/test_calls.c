/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"

#define POLICY(id, policy)                                                                  \
	"{\"type\":\"SET_POLICY\",\"set_policy\":{\"container_id\":{\"value\":\"" id "\"}," \
	"\"net\":{\"policy\":\"" policy "\"}}}"
#define REGISTER(members) \
	"{\"type\":\"REGISTER_AGENT_SOCKET\",\"register_agent_socket\":{" members "}}"
#define WITH(type, member, id, more)                                                               \
	"{\"type\":\"" type "\",\"" member "\":{\"container_id\":{\"value\":\"" id "\"}," more "}" \
	"}"
#define ON(type, member, id) \
	"{\"type\":\"" type "\",\"" member "\":{\"container_id\":{\"value\":\"" id "\"}}}"

static const struct {
	const char *body;
	int status;
	const char *answer;
} call_cases[] = {
	{ "{\"type\":\"GET_VERSION\"}", 200,
	  "{\"type\":\"GET_VERSION\",\"get_version\":{\"version_info\":{\"version\":\"" WEIR_VERSION
	  "\",\"git_sha\":\"" WEIR_GIT_SHA "\"}}}" },
	{ LAUNCH("a"), 200, LAUNCHED("a") },
	{ LAUNCH("a"), 202, "container 'a' is there already" },
	{ LAUNCH("full"), 409, "cpus: 9 wanted, 1 is free" },
	{ LAUNCH("broken"), 500, "container 'broken': the kernel would not have it" },
	{ LAUNCH("a/b"), 400, NULL },
	{ "{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":{\"value\":\"fg\"}"
	  ","
	  "\"command\":{\"value\":\"vi\"},\"weir\":{\"foreground\":true},\"resources\":["
	  "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.001}}]}}",
	  200,
	  "{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":{\"value\":\"fg\"}"
	  ","
	  "\"notes\":[\"cpus request raised\"],"
	  "\"join\":[{\"version\":2,\"path\":\"/sys/fs/cgroup/weir.a\"}]}}" },
	{ "{\"type\":\"START_CONTAINER\",\"start_container\":{\"container_id\":{\"value\":\"fg\"},"
	  "\"pid\":7}}",
	  200, "" },
	{ "{\"type\":\"START_CONTAINER\",\"start_container\":{\"container_id\":{\"value\":\"fg\"},"
	  "\"pid\":7}}",
	  400, "container 'fg' was started" },
	{ "{\"type\":\"START_CONTAINER\",\"start_container\":{\"container_id\":{\"value\":\"fg\"},"
	  "\"pid\":1}}",
	  403, NULL },
	{ "{\"type\":\"UPDATE_CONTAINER\",\"update_container\":{\"container_id\":{\"value\":\"a\"},"
	  "\"limits\":{\"mem\":{\"value\":1}}}}",
	  200,
	  "{\"type\":\"UPDATE_CONTAINER\",\"update_container\":{\"container_id\":{\"value\":\"a\"},"
	  "\"notes\":[],\"pending\":true}}" },
	{ "{\"type\":\"UPDATE_CONTAINER\",\"update_container\":{\"container_id\":{\"value\":\"a\"},"
	  "\"limits\":{\"cpus\":{\"value\":0.001}}}}",
	  400, "cpus: limit 0.001 is below request 0.5" },
	{ "{\"type\":\"UPDATE_CONTAINER\",\"update_container\":{\"container_id\":{\"value\":\"b\"}}"
	  "}",
	  404, "container 'b': there is none" },
	{ WAIT("b"), 404, "container 'b': there is none" },
	{ KILL("b"), 404, "container 'b': there is none" },
	{ REMOVE("b"), 500, "container 'b': there is none" },
	{ REMOVE("a"), 500, "container 'a' runs" },
	{ KILL("a"), 200, "" },
	{ KILL("a"), 404, "container 'a': there is none" },
	{ WAIT("a"), 200, KILLED },
	{ REMOVE("a"), 200, "" },
	{ LAUNCH("b"), 200, LAUNCHED("b") },
	{ "{\"type\":\"KILL_CONTAINER\",\"kill_container\":{\"container_id\":{\"value\":\"b\"},"
	  "\"signal\":65}}",
	  400, "65 is no signal" },
	{ "{\"type\":\"KILL_CONTAINER\",\"kill_container\":{\"container_id\":{\"value\":\"b\"},"
	  "\"signal\":15}}",
	  200, "" },
	{ WAIT("b"), 200,
	  "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"exit_status\":0,\"state\":"
	  "\"TASK_FINISHED\",\"message\":\"it ended\",\"weir\":{\"reason\":\"self\"}}}" },
	{ LAUNCH("c"), 200, LAUNCHED("c") },
	{ "{\"type\":\"KILL_CONTAINER\",\"kill_container\":{\"container_id\":{\"value\":\"c\"},"
	  "\"signal\":6}}",
	  200, "" },
	{ WAIT("c"), 200,
	  "{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"exit_status\":6,\"state\":"
	  "\"TASK_FAILED\",\"reason\":\"REASON_CONTAINER_LIMITATION_MEMORY\","
	  "\"message\":\"it ended\",\"weir\":{\"reason\":\"limit\"}}}" },
	{ "{\"type\":\"EXPLAIN_CONTAINER\",\"explain_container\":{\"container_id\":{\"value\":"
	  "\"z\"}}"
	  "}",
	  404, "container 'z': there is none" },
	{ LAUNCH("why"), 200, LAUNCHED("why") },
	{ "{\"type\":\"EXPLAIN_CONTAINER\",\"explain_container\":{\"container_id\":{\"value\":"
	  "\"why\"}"
	  "}}",
	  200, NULL },
	{ ON("PAUSE_CONTAINER", "pause_container", "z"), 404, "container 'z': there is none" },
	{ ON("PAUSE_CONTAINER", "pause_container", "why"), 200, "" },
	{ ON("RESUME_CONTAINER", "resume_container", "why"), 200, "" },
	{ ON("JOIN_CONTAINER", "join_container", "z"), 404, "container 'z': there is none" },
	{ ON("JOIN_CONTAINER", "join_container", "why"), 200,
	  "{\"type\":\"JOIN_CONTAINER\",\"join_container\":{\"container_id\":{\"value\":\"why\"},"
	  "\"join\":[{\"version\":2,\"path\":\"/sys/fs/cgroup/weir.a\"}]}}" },
	{ WITH("JOIN_CONTAINER", "join_container", "why", "\"pid\":7"), 200, "" },
	{ WITH("JOIN_CONTAINER", "join_container", "why", "\"pid\":1"), 403, NULL },
	{ WITH("JOIN_CONTAINER", "join_container", "why", "\"pid\":2"), 400,
	  "there is no process 2" },
	{ WITH("ADOPT_CONTAINER", "adopt_container", "ad", "\"pid\":7"), 200,
	  "{\"type\":\"ADOPT_CONTAINER\",\"adopt_container\":{\"container_id\":{\"value\":\"ad\"}}"
	  "}" },
	{ WITH("ADOPT_CONTAINER", "adopt_container", "ad", "\"pid\":1"), 404,
	  "there is no process 1" },
	{ WITH("ADOPT_CONTAINER", "adopt_container", "why", "\"pid\":7"), 409,
	  "container 'why' is there already" },
	{ WITH("ADOPT_CONTAINER", "adopt_container", "ad", "\"cgroup\":\"/x\",\"enforce\":true"),
	  409, "it has no cpu controller of its own" },
	{ ON("RELEASE_CONTAINER", "release_container", "z"), 404, "container 'z': there is none" },
	{ ON("RELEASE_CONTAINER", "release_container", "why"), 409,
	  "it uses more memory than its limit was" },
	{ POLICY("z", "open"), 404, "container 'z': there is none" },
	{ POLICY("why", "deny-agent-tcp"), 200, "" },
	{ POLICY("why", "agent-socket-only"), 500,
	  "policy agent-socket-only can't be kept on this machine: unix sockets of others can be "
	  "reached (weir doctor says why); expected accept_degraded, or another policy" },
	{ POLICY("why",
		 "agent-socket-only\",\"accept_degraded\":true,\"sockets\":[\"mesos\"],\"x\":\""),
	  200, "" },
	{ POLICY("why", "shut"), 400,
	  "set_policy.net.policy: there is no policy 'shut': expected open, deny-agent-tcp, "
	  "agent-socket-only or custom" },
	{ POLICY("why", "custom\",\"default\":\"allow\",\"rules\":[\"deny 10.0.0.0/8\"],\"x\":\""),
	  200, "" },
	{ POLICY("why", "custom\",\"default\":\"maybe\",\"x\":\""), 400,
	  "set_policy.net: default 'maybe': expected allow or deny" },
	{ POLICY("why", "custom\",\"rules\":[\"allow any\",\"deny 10/8\"],\"x\":\""), 400,
	  "set_policy.net: rule 2: 'deny 10/8': '10' is no address: expected one of v4 or v6, with "
	  "or without a /PREFIX, or any" },
	{ POLICY("why", "open\",\"rules\":[\"allow any\"],\"x\":\""), 400,
	  "set_policy.net: policy open has no rules: expected custom" },
	{ REGISTER("\"path\":\"/run/agent\""), 200, "" },
	{ REGISTER("\"name\":\"full\",\"path\":\"/run/agent\""), 409,
	  "'/run/agent' is one too many" },
	{ REGISTER("\"fd\":7"), 200, "" },
	{ REGISTER("\"fd\":0"), 400, "fd 0: it is no unix socket" },
	{ REGISTER("\"name\":\"agent\""), 400, "register_agent_socket: expected fd or path" },
	{ REGISTER("\"fd\":7,\"path\":\"/run/agent\""), 400,
	  "register_agent_socket: expected fd or path" },
	{ REGISTER("\"fd\":7,\"user\":\"root\""), 400,
	  "register_agent_socket.user: who has it open is whose it is: expected none" },
	{ REGISTER("\"path\":\"/run/agent\",\"user\":\"nobody-at-all\""), 400, NULL },
	{ "{\"type\":\"RELOAD\"}", 409, "weir.conf:7: no such thing" },
	{ "{\"type\":\"RESET_KNOBS\"}", 200, "" },
};

static void each_call_has_the_status_that_the_documents_say(void **state)
{
	int fd = dial();

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(call_cases); i++) {
		struct reply reply = call(fd, call_cases[i].body);

		if (reply.status != call_cases[i].status)
			fail_msg("%s: %d %s", call_cases[i].body, reply.status, reply.body);
		if (call_cases[i].answer)
			assert_string_equal(reply.body, call_cases[i].answer);
		free(reply.body);
	}
	assert_int_equal(fake.last_peer.pid, getpid());
	assert_int_equal(fake.last_peer.uid, geteuid());
	close(fd);
}

#define GET(more) \
	"{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"show_standalone\":true" more "}}"
#define NONE "{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"containers\":[]}}"

static void containers_are_told_with_all_that_is_known(void **state)
{
	int fd = dial();
	struct reply reply;

	(void)state;

	assert_call(fd, GET(), 200, NONE);
	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_call(fd, LAUNCH("b"), 200, LAUNCHED("b"));
	assert_call(fd, "{\"type\":\"GET_CONTAINERS\"}", 200, NONE);
	assert_call(fd, GET(",\"weir\":{\"container_id\":{\"value\":\"x\"}}"), 404,
		    "container 'x': there is none");

	reply = call(fd, GET(",\"weir\":{\"container_id\":{\"value\":\"b\"}}"));
	assert_int_equal(reply.status, 200);
	assert_null(strstr(reply.body, "{\"value\":\"a\"}"));
	assert_non_null(
		strstr(reply.body,
		       "{\"container_id\":{\"value\":\"b\"},\"container_status\":{\"container_id\":"
		       "{\"value\":\"b\"},\"executor_pid\":4711},\"resource_statistics\":{"
		       "\"timestamp\":"));
	assert_non_null(strstr(
		reply.body,
		",\"cpus_user_time_secs\":1.25,\"cpus_limit\":2,\"cpus_soft_limit\":0.5,"
		"\"cpus_nr_periods\":0,\"cpus_nr_throttled\":0,\"cpus_throttled_time_secs\":0.12,"
		"\"mem_total_bytes\":1048576,\"mem_limit_bytes\":134217728,"
		"\"mem_soft_limit_bytes\":67108864},\"weir\":{\"state\":\"running\",\"reason\":"
		"\"none\","
		"\"message\":\"\",\"role\":\"*\",\"user\":\"root\","
		"\"argv\":[\"/bin/sh\",\"-c\",\"sleep "
		"60\"],\"net\":{\"policy\":\"open\"},\"foreground\":false,\"exempt\":false,"
		"\"slot\":0,"));
	assert_non_null(strstr(reply.body, "\"cpu_limit_mcpu\":\"Infinity\","));
	assert_non_null(strstr(
		reply.body, "\"stdout_path\":\"/var/lib/weir/logs/a.stdout\",\"labels\":[]}}]}}"));
	free(reply.body);
	close(fd);
}

static void a_thousand_containers_come_in_one_answer(void **state)
{
	struct reply reply;
	int fd = dial();

	(void)state;

	for (int i = 0; i < 1000; i++) {
		char body[512];

		snprintf(body, sizeof(body),
			 "{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":"
			 "{\"value\":\"c%d\"},\"command\":{\"value\":\"true\"}}}",
			 i);
		reply = call(fd, body);
		assert_int_equal(reply.status, 200);
		free(reply.body);
	}
	reply = call(fd, GET());
	assert_int_equal(reply.status, 200);
	assert_true(strlen(reply.body) > 500000);
	assert_non_null(strstr(reply.body, "{\"value\":\"c999\"}"));
	free(reply.body);
	assert_call(fd, HEALTH, 200, HEALTHY);
	close(fd);
}

#define EVENTS(more) "{\"type\":\"GET_EVENTS\",\"get_events\":{" more "}}"
#define EVENT(seq, kind, id, cause)                                                         \
	"{\"seq\":" seq ",\"time_us\":1764000000000001,\"kind\":\"" kind                    \
	"\",\"container_id\":{\"value\":\"" id "\"},\"cause\":\"" cause                     \
	"\",\"text\":\"it \\\"" kind "\\\"\",\"figures\":{\"cpu_limit_mcpu\":\"Infinity\"," \
	"\"cpu_ns\":7}}"
#define TOLD(events, next, lost)                                                          \
	"{\"type\":\"GET_EVENTS\",\"get_events\":{\"events\":[" events "],\"next\":" next \
	",\"lost\":" lost ",\"epoch_us\":1764000000000000}}"

static void events_are_told_by_number(void **state)
{
	int fd = dial();

	(void)state;

	assert_call(fd, "{\"type\":\"GET_EVENTS\"}", 200, TOLD("", "0", "0"));
	assert_call(fd, EVENTS("\"wait_ms\":1"), 200, TOLD("", "0", "0"));
	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_call(fd, LAUNCH("b"), 200, LAUNCHED("b"));
	assert_call(fd, EVENTS(""), 200,
		    TOLD(EVENT("1", "launched", "a", "detached") "," EVENT("2", "launched", "b",
									   "detached"),
			 "2", "0"));
	assert_call(fd, EVENTS("\"since\":1,\"wait_ms\":60000"), 200,
		    TOLD(EVENT("2", "launched", "b", "detached"), "2", "0"));
	assert_call(fd, EVENTS("\"since\":1,\"epoch_us\":1764000000000000"), 200,
		    TOLD(EVENT("2", "launched", "b", "detached"), "2", "0"));
	assert_call(fd, EVENTS("\"since\":2,\"epoch_us\":1763000000000000,\"wait_ms\":60000"), 200,
		    TOLD(EVENT("1", "launched", "a", "detached") "," EVENT("2", "launched", "b",
									   "detached"),
			 "2", "0"));
	assert_call(fd, EVENTS("\"container_id\":{\"value\":\"a\"}"), 200,
		    TOLD(EVENT("1", "launched", "a", "detached"), "2", "0"));
	assert_call(fd, EVENTS("\"container_id\":{\"value\":\"nobody\"}"), 200, TOLD("", "2", "0"));
	assert_call(fd, KILL("a"), 200, "");
	assert_call(fd, KILL("b"), 200, "");
	assert_call(fd, EVENTS("\"container_id\":{\"value\":\"a\"}"), 200,
		    TOLD(EVENT("3", "ended", "a", "killed"), "4", "1"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_call_has_the_status_that_the_documents_say),
		cmocka_unit_test_setup_teardown(containers_are_told_with_all_that_is_known,
						setup_one_thread, teardown),
		TEST(events_are_told_by_number),
		TEST(a_thousand_containers_come_in_one_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
