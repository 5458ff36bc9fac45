/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/reply.h"
#include "client/transport.h"

#define OK_HELLO	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define MAX_CONNECTIONS 2

/* A daemon that follows a script, one line of it for each connection. */
struct server {
	char dir[32], path[64];
	int listen_fd;
	int n_connections;
	struct {
		int answered; /* calls, before it closes the connection */
		bool reads_another; /* and does not answer it */
	} script[MAX_CONNECTIONS];
	const char *reply;
	int served; /* calls answered in all */
	pthread_t thread;
};

/* One request: the header, and a body of the length it says. false: the client is gone. */
static bool read_request(int fd)
{
	char buf[4096] = "", *end = NULL;
	size_t size = 0, body = 0;

	while (!end || size < (size_t)(end - buf) + 4 + body) {
		ssize_t n = read(fd, buf + size, sizeof(buf) - 1 - size);

		if (n <= 0)
			return false;
		size += (size_t)n;
		buf[size] = '\0';
		end = strstr(buf, "\r\n\r\n");
		if (end && strstr(buf, "Content-Length: "))
			body = strtoul(strstr(buf, "Content-Length: ") + 16, NULL, 10);
	}
	return true;
}

static void *serve(void *data)
{
	struct server *server = data;

	for (int i = 0; i < server->n_connections; i++) {
		scoped(closep) int fd = accept(server->listen_fd, NULL, NULL);
		size_t size = strlen(server->reply);

		for (int n = 0; n < server->script[i].answered && read_request(fd); n++) {
			if (write(fd, server->reply, size) != (ssize_t)size)
				break;
			server->served++;
		}
		if (server->script[i].reads_another)
			read_request(fd);
	}
	return NULL;
}

static void start(struct server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(server->dir, "/tmp/weir-transport-XXXXXX");
	assert_non_null(mkdtemp(server->dir));
	snprintf(server->path, sizeof(server->path), "%s/sock", server->dir);
	strcpy(address.sun_path, server->path);
	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->listen_fd >= 0);
	assert_return_code(bind(server->listen_fd, (struct sockaddr *)&address, sizeof(address)),
			   0);
	assert_return_code(listen(server->listen_fd, 8), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server, struct weir_transport *transport)
{
	weir_transport_done(transport);
	pthread_join(server->thread, NULL);
	close(server->listen_fd);
	unlink(server->path);
	rmdir(server->dir);
}

static int post(struct weir_transport *transport, bool repeatable, int timeout_ms,
		struct weir_error *err)
{
	scoped(weir_reply_done) struct weir_reply reply = WEIR_REPLY_INIT(1024);
	int r;

	r = weir_transport_post(transport, &(struct weir_post){ "{}", 2, repeatable, timeout_ms },
				&reply, err);
	if (r == 0) {
		assert_int_equal(reply.status, 200);
		assert_memory_equal(reply.body.data, "hello", 5);
	}
	return r;
}

static void a_connection_is_kept_for_the_next_call(void **state)
{
	struct server server = { .n_connections = 1,
				 .script = { { 3, false } },
				 .reply = OK_HELLO };
	struct weir_transport transport;
	struct weir_error err = {};

	(void)state;

	start(&server);
	assert_int_equal(weir_transport_init(&transport, server.path), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(post(&transport, false, 5000, &err), 0);
	stop(&server, &transport);
	assert_int_equal(server.served, 3);
}

static void an_idle_connection_that_was_closed_is_replaced(void **state)
{
	struct server server = { .n_connections = 2,
				 .script = { { 1, false }, { 1, false } },
				 .reply = OK_HELLO };
	struct weir_transport transport;
	struct weir_error err = {};
	char byte;

	(void)state;

	start(&server);
	assert_int_equal(weir_transport_init(&transport, server.path), 0);
	assert_int_equal(post(&transport, false, 5000, &err), 0);

	/* Nothing was sent on it yet, so this holds for calls that change something, too. */
	assert_int_equal(recv(transport.fd, &byte, 1, MSG_PEEK), 0);
	assert_int_equal(post(&transport, false, 5000, &err), 0);
	stop(&server, &transport);
	assert_int_equal(server.served, 2);
}

static void only_a_read_is_sent_again(void **state)
{
	static const struct {
		bool repeatable;
		int result, served, n_connections;
	} table[] = { { true, 0, 2, 2 }, { false, -EIO, 1, 1 } };

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct server server = { .n_connections = table[i].n_connections,
					 .script = { { 1, true }, { 1, false } },
					 .reply = OK_HELLO };
		struct weir_transport transport;
		struct weir_error err = {};

		start(&server);
		assert_int_equal(weir_transport_init(&transport, server.path), 0);
		assert_int_equal(post(&transport, false, 5000, &err), 0);
		assert_int_equal(post(&transport, table[i].repeatable, 5000, &err),
				 table[i].result);
		stop(&server, &transport);
		assert_int_equal(server.served, table[i].served);
	}
}

static void a_daemon_that_says_nothing_is_given_up(void **state)
{
	/* It answers half and holds the connection until the client closes it. */
	struct server server = { .n_connections = 1,
				 .script = { { 1, true } },
				 .reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe" };
	struct weir_transport transport;
	struct weir_error err = {};

	(void)state;

	start(&server);
	assert_int_equal(weir_transport_init(&transport, server.path), 0);
	assert_int_equal(post(&transport, true, 50, &err), -ETIMEDOUT);
	assert_int_equal(transport.fd, -1);
	stop(&server, &transport);
}

static void a_cut_answer_is_not_asked_for_again(void **state)
{
	struct server server = { .n_connections = 1,
				 .script = { { 1, false } },
				 .reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe" };
	struct weir_transport transport;
	struct weir_error err = {};

	(void)state;

	start(&server);
	assert_int_equal(weir_transport_init(&transport, server.path), 0);
	assert_int_equal(post(&transport, true, 5000, &err), -EIO);
	stop(&server, &transport);
	assert_int_equal(server.served, 1);
}

static void nobody_listening_is_said_with_the_path(void **state)
{
	struct weir_transport transport;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_transport_init(&transport, "/nonexistent/weir.sock"), 0);
	assert_int_equal(post(&transport, true, 5000, &err), -ECONNREFUSED);
	assert_string_equal(err.text, "no daemon at '/nonexistent/weir.sock': No such file or "
				      "directory; is weir-daemon running?");
}

static void a_path_of_107_bytes_fits_and_one_of_108_does_not(void **state)
{
	struct weir_transport transport;
	char path[109] = "";

	(void)state;

	memset(path, 'p', 107);
	assert_int_equal(weir_transport_init(&transport, path), 0);
	assert_string_equal(transport.path, path);
	path[107] = 'p';
	assert_int_equal(weir_transport_init(&transport, path), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_kept_for_the_next_call),
		cmocka_unit_test(an_idle_connection_that_was_closed_is_replaced),
		cmocka_unit_test(only_a_read_is_sent_again),
		cmocka_unit_test(a_daemon_that_says_nothing_is_given_up),
		cmocka_unit_test(a_cut_answer_is_not_asked_for_again),
		cmocka_unit_test(nobody_listening_is_said_with_the_path),
		cmocka_unit_test(a_path_of_107_bytes_fits_and_one_of_108_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
