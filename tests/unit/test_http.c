/* SPDX-License-Identifier: Apache-2.0 */
#include <grp.h>
#include <sys/wait.h>

#include "api_fixture.h"

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
	  "expected a POST of a call" },
	{ "PUT /api/v1 HTTP/1.1\r\n" HOST TYPE LENGTH HEALTH, 405, "Allow: POST\r\n",
	  "expected a POST of a call" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST LENGTH HEALTH, 400, "Content-Type: text/plain",
	  "Expecting 'Content-Type' to be present" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n" LENGTH HEALTH, 415, NULL,
	  "expected a Content-Type of application/json or application/x-protobuf" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Accept: text/html\r\n" LENGTH HEALTH, 406, NULL,
	  "expected an Accept that application/json or application/x-protobuf satisfies" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Accept: text/html\r\nContent-Length: 1\r\n\r\n{",
	  400, NULL,
	  "Failed to parse body into JSON: line 1, column 1: string or '}' expected near end of "
	  "file" },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE
	  "Accept: text/html\r\nContent-Length: 18\r\n\r\n{\"type\":\"UNKNOWN\"}",
	  406, NULL,
	  "expected an Accept that application/json or application/x-protobuf satisfies" },
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
	{ "POST /api/v1 HTTP/1.1\r\n" HOST "Content-Type: application/x-protobuf\r\n"
	  "Content-Length: 2\r\n\r\n\x08\x01",
	  200, "Content-Type: application/json\r\n", HEALTHY },
	{ "POST /api/v1 HTTP/1.1\r\n" HOST TYPE "Accept: application/x-protobuf\r\n" LENGTH HEALTH,
	  200, "Content-Type: application/x-protobuf\r\n",
	  "\x08\x01\x12\x0b\x08\x01\xc2\x3e\x06\x0a\x04none" },
	{ "POST /api/v2 HTTP/1.1\r\n" HOST TYPE LENGTH HEALTH, 404, NULL,
	  "no such path, expected /api/v1, /master/api/v1, /metrics or /healthz" },
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
	static char body[(1 << 20) + 1];
	struct reply reply;
	int fd = dial();

	(void)state;

	memset(body, 'a', sizeof(body));
	memcpy(body, "{\"type\":\"", 9);
	memcpy(body + (1 << 20) - 2, "\"}", 2);
	assert_true(post_bytes(fd, body, 1 << 20)); /* just fits */
	reply = read_reply(fd);
	assert_int_equal(reply.status, 501);
	free(reply.body);

	post_bytes(fd, body, sizeof(body));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heads_are_judged_in_mesos_order),
		cmocka_unit_test_setup_teardown(nothing_is_answered_before_recovery_is_done,
						setup_recovering, teardown),
		TEST(a_peer_of_no_group_gets_nothing),
		TEST(a_body_cut_anywhere_is_refused_and_the_connection_lives),
		TEST(a_client_that_leaves_in_the_middle_harms_nobody),
		TEST(long_bodies_get_an_answer_or_a_close),
		TEST(chunks_do_not_get_around_the_limit),
		TEST(idle_and_slow_clients_do_not_keep_others_out),
		TEST(requests_may_come_before_answers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
