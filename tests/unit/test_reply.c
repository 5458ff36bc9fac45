/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/reply.h"

#define MAX_BODY 64

static const struct {
	const char *bytes;
	int status;
	const char *body; /* NULL: refused */
	bool keep_alive;
} cases[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true },
	{ "HTTP/1.1 200 OK\r\ncontent-length:5  \r\nX: y\r\n\r\nhello", 200, "hello", true },
	{ "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", true },
	{ "HTTP/1.1 404 Not Found\nContent-Length: 2\n\nno", 404, "no", true },
	{ "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, "x", false },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false },
	{ "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x",
	  true },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
	  "chunked\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n"
	  "0\r\nTrailer: t\r\n\r\n",
	  200, "abc0123456789", true },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n", 200, "x", false },

	{ "SSH-2.0-OpenSSH_9.2\r\n", 0, NULL, false },
	{ "HTTP/2.0 200 OK\r\n", 0, NULL, false },
	{ "HTTP/1.1 20x OK\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 0, NULL,
	  false },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n", 0, NULL, false },
	{ "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", 0, NULL, false },
};

/* Feed @bytes in pieces of @step; the result of the last feed. */
static int feed(struct weir_reply *reply, const char *bytes, size_t size, size_t step,
		struct weir_error *err)
{
	int r = 0;

	for (size_t at = 0; at < size && r >= 0; at += step)
		r = weir_reply_feed(reply, bytes + at, size - at < step ? size - at : step, err);
	return r;
}

static void answers_are_understood_however_they_are_cut(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = strlen(cases[i].bytes);

		for (size_t step = 1; step <= size; step++) {
			scoped(weir_reply_done) struct weir_reply reply = WEIR_REPLY_INIT(MAX_BODY);
			struct weir_error err = {};
			int r = feed(&reply, cases[i].bytes, size, step, &err);

			if (!cases[i].body) {
				assert_int_equal(r, -EIO);
				assert_true(err.text[0] != '\0');
				continue;
			}
			assert_int_equal(r, 1);
			assert_int_equal(reply.status, cases[i].status);
			assert_int_equal(reply.body.size, strlen(cases[i].body));
			if (reply.body.size)
				assert_memory_equal(reply.body.data, cases[i].body,
						    reply.body.size);
			assert_int_equal(reply.keep_alive, cases[i].keep_alive);
		}
	}
}

static void an_answer_cut_anywhere_is_told_from_a_whole_one(void **state)
{
	static const char whole[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				    "5\r\nhello\r\n0\r\n\r\n";

	(void)state;

	for (size_t size = 0; size < sizeof(whole) - 1; size++) {
		scoped(weir_reply_done) struct weir_reply reply = WEIR_REPLY_INIT(MAX_BODY);
		struct weir_error err = {};

		assert_int_equal(weir_reply_feed(&reply, whole, size, &err), 0);
		assert_int_equal(weir_reply_finish(&reply, &err), -EIO);
		assert_string_equal(err.text, "the daemon's answer was cut: the daemon closed the "
					      "connection");
	}
}

static void without_a_length_the_body_ends_with_the_connection(void **state)
{
	static const char bytes[] = "HTTP/1.1 500 Oops\r\n\r\nall of this";
	scoped(weir_reply_done) struct weir_reply reply = WEIR_REPLY_INIT(MAX_BODY);
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_reply_feed(&reply, bytes, sizeof(bytes) - 1, &err), 0);
	assert_int_equal(weir_reply_finish(&reply, &err), 0);
	assert_int_equal(reply.body.size, strlen("all of this"));
	assert_false(reply.keep_alive);
}

static void a_body_above_the_ceiling_is_refused(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n";
	scoped(weir_reply_done) struct weir_reply reply = WEIR_REPLY_INIT(MAX_BODY);
	struct weir_error err = {};
	char body[MAX_BODY + 1];

	(void)state;

	memset(body, 'x', sizeof(body));
	assert_int_equal(weir_reply_feed(&reply, head, sizeof(head) - 1, &err), 0);
	assert_int_equal(weir_reply_feed(&reply, body, sizeof(body), &err), -EIO);
	assert_string_equal(err.text, "the daemon's answer is larger than 64 bytes");
}

static void endless_headers_are_refused(void **state)
{
	static const char start[] = "HTTP/1.1 200 OK\r\n", line[] = "X: y\r\n";
	scoped(weir_reply_done) struct weir_reply many = WEIR_REPLY_INIT(MAX_BODY);
	scoped(weir_reply_done) struct weir_reply wide = WEIR_REPLY_INIT(MAX_BODY);
	struct weir_error err = {};
	int r = 0;

	(void)state;

	assert_int_equal(weir_reply_feed(&many, start, sizeof(start) - 1, &err), 0);
	for (int i = 0; i < WEIR_REPLY_MAX_HEADERS; i++)
		assert_int_equal(weir_reply_feed(&many, line, sizeof(line) - 1, &err), 0);
	assert_int_equal(weir_reply_feed(&many, line, sizeof(line) - 1, &err), -EIO);

	for (int i = 0; i <= WEIR_REPLY_MAX_LINE && r == 0; i++)
		r = weir_reply_feed(&wide, "H", 1, &err);
	assert_int_equal(r, -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_understood_however_they_are_cut),
		cmocka_unit_test(an_answer_cut_anywhere_is_told_from_a_whole_one),
		cmocka_unit_test(without_a_length_the_body_ends_with_the_connection),
		cmocka_unit_test(a_body_above_the_ceiling_is_refused),
		cmocka_unit_test(endless_headers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
