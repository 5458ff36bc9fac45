/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_API_FIXTURE_H
#define WEIR_API_FIXTURE_H

/* A control socket in a directory of its own, over a controller that is not real, and a client for it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

static inline int on_stop(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)fd;
	(void)revents;
	(void)data;

	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static inline void *serve(void *data)
{
	(void)data;

	sd_event_loop(server.event);
	server.api = weir_api_free(server.api);
	return NULL;
}

static inline int listen_here(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(server.path, 0666), 0);
	assert_int_equal(listen(fd, 1024), 0);
	return fd;
}

static inline int start_server(void **state)
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

static inline int setup(void **state)
{
	server.threads = 2;
	server.ready = true;
	return start_server(state);
}

static inline int setup_one_thread(void **state)
{
	server.threads = 1;
	server.ready = true;
	return start_server(state);
}

static inline int setup_recovering(void **state)
{
	server.threads = 2;
	server.ready = false;
	return start_server(state);
}

/* After this nobody answers, and every connection is closed. */
static inline void stop_server(void)
{
	eventfd_write(server.stop_fd, 1);
	pthread_join(server.thread, NULL);
	server.event = sd_event_unref(server.event);
}

static inline int teardown(void **state)
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

static inline int dial(void)
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
static inline bool send_all(int fd, const char *data, size_t size)
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

static inline struct reply read_reply(int fd)
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

static inline bool post_bytes(int fd, const char *body, size_t size)
{
	char head[256];
	int n = snprintf(head, sizeof(head),
			 "POST /api/v1 HTTP/1.1\r\nHost: weir\r\n"
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
			 size);

	return send_all(fd, head, (size_t)n) && send_all(fd, body, size);
}

static inline struct reply call(int fd, const char *body)
{
	post_bytes(fd, body, strlen(body));
	return read_reply(fd);
}

static inline void assert_reply(struct reply reply, int status, const char *body)
{
	assert_int_equal(reply.status, status);
	assert_string_equal(reply.body, body);
	free(reply.body);
}

static inline void assert_call(int fd, const char *body, int status, const char *answer)
{
	assert_reply(call(fd, body), status, answer);
}

#define HEALTH "{\"type\":\"GET_HEALTH\"}"
#define HEALTHY                                                                               \
	"{\"type\":\"GET_HEALTH\",\"get_health\":{\"healthy\":true,\"weir\":{\"fence_tier\":" \
	"\"none\"}}}"
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif /* WEIR_API_FIXTURE_H */
