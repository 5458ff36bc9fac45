/* SPDX-License-Identifier: Apache-2.0 */
/* Real HTTP over a unix socket, against a controller that is not real. */
#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/api.h"
#include "fake_controller.h"

/* ---- The daemon's side: an event loop on a thread of its own --------------------- */

static struct server {
	char dir[32], path[64];
	sd_event *event;
	struct weir_api *api;
	pthread_t thread;
	int stop_fd;
	unsigned int threads;
	bool ready;
} server;

static int on_stop(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)fd;
	(void)revents;
	(void)data;

	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void *serve(void *data)
{
	(void)data;

	sd_event_loop(server.event);
	server.api = weir_api_free(server.api);
	return NULL;
}

static int listen_here(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(server.path, 0666), 0);
	assert_int_equal(listen(fd, 1024), 0);
	return fd;
}

static int start_server(void **state)
{
	const struct weir_api_options options = {
		.admin_gid = getgid(),
		.reader_gid = (gid_t)-1,
		.threads = server.threads,
	};
	struct weir_error err = {};

	(void)state;

	strcpy(server.dir, "/tmp/weir-test-calls.XXXXXX");
	if (!mkdtemp(server.dir) || chmod(server.dir, 0711) < 0)
		return -1;
	snprintf(server.path, sizeof(server.path), "%s/sock", server.dir);
	server.stop_fd = eventfd(0, EFD_CLOEXEC);
	if (sd_event_new(&server.event) < 0 ||
	    sd_event_add_io(server.event, NULL, server.stop_fd, EPOLLIN, on_stop, NULL) < 0)
		return -1;
	if (weir_api_new(server.event, listen_here(), &options, &server.api, &err) < 0)
		fail_msg("%s", err.text);
	if (server.ready)
		weir_api_ready(server.api, &fake);
	return pthread_create(&server.thread, NULL, serve, NULL);
}

static int setup(void **state)
{
	server.threads = 2;
	server.ready = true;
	return start_server(state);
}

static int setup_one_thread(void **state)
{
	server.threads = 1;
	server.ready = true;
	return start_server(state);
}

static int setup_recovering(void **state)
{
	server.threads = 2;
	server.ready = false;
	return start_server(state);
}

/* After this nobody answers, and every connection is closed. */
static void stop_server(void)
{
	eventfd_write(server.stop_fd, 1);
	pthread_join(server.thread, NULL);
	server.event = sd_event_unref(server.event);
}

static int teardown(void **state)
{
	(void)state;

	if (server.event)
		stop_server();
	close(server.stop_fd);
	unlink(server.path);
	rmdir(server.dir);
	fake_reset();
	fake.last_pid = 0;
	return 0;
}

/* ---- The client's side ------------------------------------------------------------ */

struct reply {
	int status; /* 0: the connection was closed */
	char head[1024];
	char *body;
};

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server.path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

/* false: the server has closed. */
static bool send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static struct reply read_reply(int fd)
{
	struct reply reply = {};
	const char *length;
	size_t size = 0;

	while (size < sizeof(reply.head) - 1 && !strstr(reply.head, "\r\n\r\n")) {
		if (read(fd, reply.head + size, 1) != 1)
			return (struct reply){};
		size++;
	}
	assert_int_equal(sscanf(reply.head, "HTTP/1.1 %d", &reply.status), 1);
	length = strcasestr(reply.head, "Content-Length:");
	size = length ? strtoul(length + strlen("Content-Length:"), NULL, 10) : 0;
	reply.body = calloc(1, size + 1);
	assert_non_null(reply.body);
	for (size_t got = 0; got < size;) {
		ssize_t n = read(fd, reply.body + got, size - got);

		assert_true(n > 0);
		got += (size_t)n;
	}
	return reply;
}

static bool post_bytes(int fd, const char *body, size_t size)
{
	char head[256];
	int n = snprintf(head, sizeof(head),
			 "POST /api/v1 HTTP/1.1\r\nHost: weir\r\n"
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
			 size);

	return send_all(fd, head, (size_t)n) && send_all(fd, body, size);
}

static struct reply call(int fd, const char *body)
{
	post_bytes(fd, body, strlen(body));
	return read_reply(fd);
}

static void assert_reply(struct reply reply, int status, const char *body)
{
	assert_int_equal(reply.status, status);
	assert_string_equal(reply.body, body);
	free(reply.body);
}

static void assert_call(int fd, const char *body, int status, const char *answer)
{
	assert_reply(call(fd, body), status, answer);
}

#define HEALTH	"{\"type\":\"GET_HEALTH\"}"
#define HEALTHY "{\"type\":\"GET_HEALTH\",\"get_health\":{\"healthy\":true}}"
#define NAMED(call, parameters, id) \
	"{\"type\":\"" call "\",\"" parameters "\":{\"container_id\":{\"value\":\"" id "\"}}}"
#define LAUNCH(id)                                                                               \
	"{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":{\"value\":\"" id \
	"\"},\"command\":{\"value\":\"sleep 60\"}}}"
#define LAUNCHED(id)                                                                             \
	"{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":{\"value\":\"" id \
	"\"}}}"
#define KILL(id)   NAMED("KILL_CONTAINER", "kill_container", id)
#define WAIT(id)   NAMED("WAIT_CONTAINER", "wait_container", id)
#define REMOVE(id) NAMED("REMOVE_CONTAINER", "remove_container", id)
#define KILLED                                                                          \
	"{\"type\":\"WAIT_CONTAINER\",\"wait_container\":{\"exit_status\":9,\"state\":" \
	"\"TASK_KILLED\",\"message\":\"it ended\",\"weir\":{\"reason\":\"killed\"}}}"

/* ---- Heads -------------------------------------------------------------------------- */

#define HOST   "Host: weir\r\n"
#define TYPE   "Content-Type: application/json\r\n"
#define LENGTH "Content-Length: 21\r\n\r\n"

static const struct {
	const char *request;
	int status;
	const char *head; /* a part of it; NULL: any */
	const char *body;
} head_cases[] = {
	{ "GET /api/v1 HTTP/1.1\r\n" HOST "\r\n", 405, "Allow: POST\r\n",
	  "expected a POST to /api/v1" },
	{ "PUT /api/v1 HTTP/1.1\r\n" HOST TYPE LENGTH HEALTH, 405, "Allow: POST\r\n",
	  "expected a POST to /api/v1" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST LENGTH HEALTH, 400, "Content-Type: text/plain",
	  "Expecting 'Content-Type' to be present" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n" LENGTH HEALTH, 415, NULL,
	  "expected a Content-Type of application/json" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Accept: text/html\r\n" LENGTH HEALTH, 406, NULL,
	  "expected an Accept that application/json satisfies" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Accept: text/html\r\nContent-Length: 1\r\n\r\n{",
	  400, NULL,
	  "Failed to parse body into JSON: line 1, column 1: string or '}' expected near end of "
	  "file" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE
	  "Accept: text/html\r\nContent-Length: 18\r\n\r\n{\"type\":\"UNKNOWN\"}",
	  406, NULL, "expected an Accept that application/json satisfies" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Content-Length: 18\r\n\r\n{\"type\":\"UNKNOWN\"}",
	  501, NULL, "type: 'UNKNOWN' is not a call that is answered here" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Content-Length: 2\r\n\r\n{}", 400, NULL,
	  "Expecting 'type' to be present" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Accept: */*\r\n" LENGTH HEALTH, 200,
	  "Content-Type: application/json\r\n", HEALTHY },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE
	  "Accept: text/html\r\nAccept: application/json;q=0.5\r\n" LENGTH HEALTH,
	  200, NULL, HEALTHY },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE
	  "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"typ\r\n10\r\ne\":\"GET_HEALTH\"}\r\n0\r\n\r\n",
	  200, NULL, HEALTHY },
	{ "POST /api/v2 HTTP/1.1\r\n" HOST TYPE LENGTH HEALTH, 404, NULL,
	  "no such path, expected /api/v1 or /healthz" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Content-Length: 1048577\r\n\r\n", 413, NULL,
	  "the body is longer than 1 MiB" },
	{ "GET /healthz HTTP/1.1\r\n" HOST "\r\n", 200, "Content-Type: text/plain", "ok" },
	{ "DELETE /healthz HTTP/1.1\r\n" HOST "\r\n", 405, "Allow: GET, HEAD\r\n",
	  "expected a GET of /healthz" },
};

static void heads_are_judged_in_mesos_order(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(head_cases); i++) {
		struct reply reply;
		int fd = dial();

		assert_true(send_all(fd, head_cases[i].request, strlen(head_cases[i].request)));
		reply = read_reply(fd);
		if (reply.status != head_cases[i].status)
			fail_msg("%s: %d %s", head_cases[i].request, reply.status, reply.body);
		if (head_cases[i].head)
			assert_non_null(strstr(reply.head, head_cases[i].head));
		assert_string_equal(reply.body, head_cases[i].body);
		free(reply.body);
		close(fd);
	}
}

static void nothing_is_answered_before_recovery_is_done(void **state)
{
	int fd = dial();

	(void)state;

	assert_call(fd, HEALTH, 503, "weir-daemon has not finished recovery");
	assert_true(send_all(fd, "GET /healthz HTTP/1.1\r\n" HOST "\r\n",
			     strlen("GET /healthz HTTP/1.1\r\n" HOST "\r\n")));
	assert_reply(read_reply(fd), 503, "weir-daemon has not finished recovery");
	weir_api_ready(server.api, &fake);
	assert_call(fd, HEALTH, 200, HEALTHY);
	close(fd);
}

static void a_peer_of_no_group_gets_nothing(void **state)
{
	int status;
	pid_t pid;

	(void)state;

	if (geteuid() != 0) {
		print_message("skipped: only root can become nobody\n");
		skip();
	}
	pid = fork();
	if (pid == 0) {
		struct reply reply;

		if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		reply = call(dial(), HEALTH);
		_exit(reply.status == 403 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- Calls -------------------------------------------------------------------------- */

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
		"\"argv\":[\"/bin/sh\",\"-c\",\"sleep 60\"],\"foreground\":false,\"slot\":0,"));
	assert_non_null(strstr(reply.body, "\"cpu_limit_mcpu\":\"Infinity\","));
	assert_non_null(strstr(
		reply.body, "\"stdout_path\":\"/var/lib/weir/logs/a/stdout\",\"labels\":[]}}]}}"));
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
	assert_true(strlen(reply.body) > 500 * 1000);
	assert_non_null(strstr(reply.body, "{\"value\":\"c999\"}"));
	free(reply.body);
	assert_call(fd, HEALTH, 200, HEALTHY);
	close(fd);
}

/* ---- Waiting ------------------------------------------------------------------------ */

/* The controller's view is the loop's, so it is asked through the loop: a call that has to travel there. */
static size_t count_waiters(int fd)
{
	struct reply reply = call(fd, REMOVE("nobody"));

	free(reply.body);
	return __atomic_load_n(&fake.n_waiters, __ATOMIC_SEQ_CST);
}

static void await_waiters(int fd, size_t n)
{
	for (int i = 0; count_waiters(fd) != n; i++) {
		if (i == 5000)
			fail_msg("%zu wait, not %zu", count_waiters(fd), n);
		usleep(1000);
	}
}

static void waiting_lasts_until_the_end(void **state)
{
	int fd = dial(), other = dial();
	char byte;

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_true(post_bytes(other, WAIT("a"), strlen(WAIT("a"))));
	await_waiters(fd, 1);
	assert_int_equal(recv(other, &byte, 1, MSG_DONTWAIT), -1);
	assert_call(fd, KILL("a"), 200, "");
	assert_reply(read_reply(other), 200, KILLED);
	assert_call(other, HEALTH, 200, HEALTHY);
	close(fd);
	close(other);
}

static void a_waiter_that_hangs_up_is_forgotten(void **state)
{
	int fd = dial();

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	for (int round = 0; round < 20; round++) {
		int others[FAKE_MAX_WAITERS];

		for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
			others[i] = dial();
			assert_true(post_bytes(others[i], WAIT("a"), strlen(WAIT("a"))));
		}
		if (round & 1)
			await_waiters(fd, ARRAY_SIZE(others));
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			close(others[i]);
		await_waiters(fd, 0);
	}
	assert_call(fd, KILL("a"), 200, "");
	close(fd);
}

static void a_waiter_that_only_stops_sending_still_hears_the_end(void **state)
{
	int fd = dial(), other = dial();

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_true(post_bytes(other, WAIT("a"), strlen(WAIT("a"))));
	await_waiters(fd, 1);
	assert_int_equal(shutdown(other, SHUT_WR), 0);
	assert_int_equal(count_waiters(fd), 1);
	assert_call(fd, KILL("a"), 200, "");
	assert_reply(read_reply(other), 200, KILLED);
	close(fd);
	close(other);
}

static void one_waiter_too_many_is_told_so(void **state)
{
	int fd = dial(), others[FAKE_MAX_WAITERS];

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = dial();
		assert_true(post_bytes(others[i], WAIT("a"), strlen(WAIT("a"))));
	}
	await_waiters(fd, ARRAY_SIZE(others));
	assert_call(fd, WAIT("a"), 503, "too many wait");
	assert_call(fd, KILL("a"), 200, "");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_reply(read_reply(others[i]), 200, KILLED);
		close(others[i]);
	}
	close(fd);
}

static void at_the_end_of_the_daemon_waiters_are_answered(void **state)
{
	int fd = dial(), other = dial();

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_true(post_bytes(other, WAIT("a"), strlen(WAIT("a"))));
	await_waiters(fd, 1);
	stop_server();
	assert_int_equal(fake.n_waiters, 0);
	assert_reply(read_reply(other), 503, "weir-daemon is ending");
	assert_int_equal(read_reply(fd).status, 0);
	close(fd);
	close(other);
}

static void *hammer(void *data)
{
	static const char *const bodies[] = { HEALTH, LAUNCH("h"), WAIT("h"), KILL("h") };
	size_t *n = data;

	for (*n = 0;; ++*n) {
		int fd = dial();
		const char *body = bodies[*n % ARRAY_SIZE(bodies)];
		struct reply reply = {};

		if (post_bytes(fd, body, strlen(body)) && *n % 3)
			reply = read_reply(fd);
		close(fd);
		free(reply.body);
		if (__atomic_load_n(&server.stop_fd, __ATOMIC_SEQ_CST) < 0)
			return NULL;
	}
}

static void clients_that_come_and_go_do_not_keep_the_daemon_from_ending(void **state)
{
	int stop_fd = server.stop_fd;
	pthread_t threads[4];
	size_t counts[4];

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &counts[i]), 0);
	usleep(300000);
	/* First the clients: nobody could connect any more. */
	__atomic_store_n(&server.stop_fd, -1, __ATOMIC_SEQ_CST);
	eventfd_write(stop_fd, 1);
	pthread_join(server.thread, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	server.stop_fd = stop_fd;
	server.event = sd_event_unref(server.event);
	assert_int_equal(fake.n_waiters, 0);
}

/* ---- Rough clients ------------------------------------------------------------------ */

static void a_body_cut_anywhere_is_refused_and_the_connection_lives(void **state)
{
	int fd = dial();

	(void)state;

	for (size_t size = 0; size < strlen(LAUNCH("a")); size++) {
		struct reply reply;

		assert_true(post_bytes(fd, LAUNCH("a"), size));
		reply = read_reply(fd);
		assert_int_equal(reply.status, 400);
		free(reply.body);
	}
	assert_call(fd, HEALTH, 200, HEALTHY);
	assert_int_equal(fake.n, 0);
	close(fd);
}

static void a_client_that_leaves_in_the_middle_harms_nobody(void **state)
{
	static const char request[] = "POST /api/v1 HTTP/1.1\r\n" HOST TYPE LENGTH HEALTH;
	int fd = dial();

	(void)state;

	for (size_t size = 0; size < sizeof(request); size++) {
		int other = dial();

		assert_true(send_all(other, request, size));
		close(other);
	}
	assert_call(fd, HEALTH, 200, HEALTHY);
	close(fd);
}

static void long_bodies_get_an_answer_or_a_close(void **state)
{
	size_t size = (1 << 20) + 1;
	scoped(freep) char *body = malloc(size);
	struct reply reply;
	int fd = dial();

	(void)state;

	memset(body, 'a', size);
	memcpy(body, "{\"type\":\"", 9);
	memcpy(body + (1 << 20) - 2, "\"}", 2);
	assert_true(post_bytes(fd, body, 1 << 20)); /* just fits */
	reply = read_reply(fd);
	assert_int_equal(reply.status, 501);
	free(reply.body);

	post_bytes(fd, body, size);
	reply = read_reply(fd);
	assert_true(reply.status == 413 || reply.status == 0);
	free(reply.body);
	close(fd);
}

static bool send_chunks(int fd, size_t n)
{
	static char chunk[6 + 0x8000 + 2];
	bool sent = send_all(
		fd, "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Transfer-Encoding: chunked\r\n\r\n",
		strlen("POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Transfer-Encoding: chunked\r\n\r\n"));

	memset(chunk, ' ', sizeof(chunk));
	memcpy(chunk, "8000\r\n", 6);
	memcpy(chunk + sizeof(chunk) - 2, "\r\n", 2);
	for (size_t i = 0; sent && i < n; i++)
		sent = send_all(fd, chunk, sizeof(chunk));
	return sent && send_all(fd, "0\r\n\r\n", 5);
}

static void chunks_do_not_get_around_the_limit(void **state)
{
	int fd = dial();

	(void)state;

	assert_true(send_chunks(fd, 33));
	assert_reply(read_reply(fd), 413, "the body is longer than 1 MiB");
	assert_call(fd, HEALTH, 200, HEALTHY);
	assert_false(send_chunks(fd, 1000)); /* closed on the way */
	close(fd);
}

static void idle_and_slow_clients_do_not_keep_others_out(void **state)
{
	enum { N = 900 };
	static int idle[N];
	int fd;

	(void)state;

	for (int i = 0; i < N; i++) {
		idle[i] = dial();
		if (i % 2)
			assert_true(send_all(idle[i], "POST /api/v1 HT", 15));
	}
	fd = dial();
	assert_call(fd, HEALTH, 200, HEALTHY);
	close(fd);
	for (int i = 0; i < N; i++)
		close(idle[i]);
}

static void requests_may_come_before_answers_are_read(void **state)
{
	int fd = dial();

	(void)state;

	for (int i = 0; i < 20; i++) {
		assert_true(post_bytes(fd, HEALTH, strlen(HEALTH)));
		assert_true(post_bytes(fd, REMOVE("x"), strlen(REMOVE("x"))));
	}
	for (int i = 0; i < 20; i++) {
		assert_reply(read_reply(fd), 200, HEALTHY);
		assert_reply(read_reply(fd), 500, "container 'x': there is none");
	}
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heads_are_judged_in_mesos_order),
		cmocka_unit_test_setup_teardown(nothing_is_answered_before_recovery_is_done,
						setup_recovering, teardown),
		TEST(a_peer_of_no_group_gets_nothing),
		TEST(each_call_has_the_status_that_the_documents_say),
		cmocka_unit_test_setup_teardown(containers_are_told_with_all_that_is_known,
						setup_one_thread, teardown),
		TEST(a_thousand_containers_come_in_one_answer),
		TEST(waiting_lasts_until_the_end),
		TEST(a_waiter_that_hangs_up_is_forgotten),
		TEST(a_waiter_that_only_stops_sending_still_hears_the_end),
		TEST(one_waiter_too_many_is_told_so),
		TEST(at_the_end_of_the_daemon_waiters_are_answered),
		TEST(clients_that_come_and_go_do_not_keep_the_daemon_from_ending),
		TEST(a_body_cut_anywhere_is_refused_and_the_connection_lives),
		TEST(a_client_that_leaves_in_the_middle_harms_nobody),
		TEST(long_bodies_get_an_answer_or_a_close),
		TEST(chunks_do_not_get_around_the_limit),
		TEST(idle_and_slow_clients_do_not_keep_others_out),
		TEST(requests_may_come_before_answers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
