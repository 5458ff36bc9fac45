/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transport.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "client/reply.h"

#define CONNECT_PATIENCE_S 10
#define RECEIVE_SIZE	   65536
#define HEADER_ROOM	   256
#define NO_DEADLINE	   UINT64_MAX

/* A kept connection was closed by the daemon before it said anything. Not an error yet. */
#define STALE 1

int weir_transport_init(struct weir_transport *transport, const char *path)
{
	size_t size = strlen(path);

	*transport = (struct weir_transport){ .fd = -1 };
	if (size > WEIR_SOCKET_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(transport->path, path, size);
	return 0;
}

void weir_transport_done(struct weir_transport *transport)
{
	transport->fd = close_fd(transport->fd);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int fail_connect(const struct weir_transport *transport, int error, struct weir_error *err)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return weir_fail(err, -ECONNREFUSED,
				 "no daemon at '%s': %s; is weir-daemon running?", transport->path,
				 strerror(error));
	case EACCES:
	case EPERM:
		return weir_fail(err, -EPERM, "connect to '%s': %s; be root or in weir's group",
				 transport->path, strerror(error));
	case EAGAIN:
		return weir_fail(err, -ETIMEDOUT, "connect to '%s': the daemon accepts nobody",
				 transport->path);
	default:
		return weir_fail(err, -EIO, "connect to '%s': %s", transport->path,
				 strerror(error));
	}
}

static int open_connection(struct weir_transport *transport, struct weir_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = CONNECT_PATIENCE_S };
	scoped(closep) int fd = -1;
	int r;

	memcpy(address.sun_path, transport->path, sizeof(transport->path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return weir_fail(err, -EIO, "socket: %s", strerror(errno));

	/* Bounds the wait for a place in the listener's queue; everything later uses poll(). */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return weir_fail(err, -EIO, "setsockopt: %s", strerror(errno));
	do {
		r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return fail_connect(transport, errno, err);

	transport->fd = take_fd(fd);
	return 0;
}

/* Nothing was asked, so a kept connection on which something can be read has been closed. */
static void drop_if_closed(struct weir_transport *transport)
{
	struct pollfd pfd = { .fd = transport->fd, .events = POLLIN };

	if (transport->fd >= 0 && poll(&pfd, 1, 0) != 0)
		transport->fd = close_fd(transport->fd);
}

static int wait_for(int fd, short events, uint64_t deadline_ms, struct weir_error *err)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	for (;;) {
		int timeout = -1, r;

		if (deadline_ms != NO_DEADLINE) {
			uint64_t now = now_ms(), left = deadline_ms > now ? deadline_ms - now : 0;

			timeout = left > INT32_MAX ? INT32_MAX : (int)left;
		}
		r = poll(&pfd, 1, timeout);
		if (r > 0)
			return 0;
		if (r == 0 && now_ms() >= deadline_ms)
			return weir_fail(err, -ETIMEDOUT, "no answer from the daemon in time");
		if (r < 0 && errno != EINTR)
			return weir_fail(err, -EIO, "poll: %s", strerror(errno));
	}
}

static int send_all(int fd, const char *data, size_t size, uint64_t deadline_ms,
		    struct weir_error *err)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			data += n;
			size -= (size_t)n;
		} else if (errno == EAGAIN) {
			int r = wait_for(fd, POLLOUT, deadline_ms, err);

			if (r < 0)
				return r;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			/* It may have refused half-way and said why: the answer is still to be read. */
			return 0;
		} else if (errno != EINTR) {
			return weir_fail(err, -EIO, "send to the daemon: %s", strerror(errno));
		}
	}
	return 0;
}

/* STALE: closed before the first byte. */
static int receive(int fd, struct weir_reply *reply, uint64_t deadline_ms, struct weir_error *err)
{
	scoped(freep) char *data = malloc(RECEIVE_SIZE);
	bool any = false;
	int r;

	if (!data)
		return weir_fail_memory(err);
	for (;;) {
		ssize_t n = recv(fd, data, RECEIVE_SIZE, MSG_DONTWAIT);

		if (n > 0) {
			any = true;
			r = weir_reply_feed(reply, data, (size_t)n, err);
			if (r != 0)
				return r < 0 ? r : 0;
		} else if (n == 0 || errno == ECONNRESET) {
			return any ? weir_reply_finish(reply, err) : STALE;
		} else if (errno == EAGAIN) {
			r = wait_for(fd, POLLIN, deadline_ms, err);
			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return weir_fail(err, -EIO, "receive from the daemon: %s", strerror(errno));
		}
	}
}

static int send_post(int fd, const struct weir_post *post, uint64_t deadline_ms,
		     struct weir_error *err)
{
	char header[HEADER_ROOM];
	int n, r;

	n = snprintf(header, sizeof(header),
		     "POST /api/v1 HTTP/1.1\r\n"
		     "Host: localhost\r\n"
		     "Content-Type: application/json\r\n"
		     "Accept: application/json\r\n"
		     "Content-Length: %zu\r\n\r\n",
		     post->size);
	r = send_all(fd, header, (size_t)n, deadline_ms, err);
	return r < 0 ? r : send_all(fd, post->body, post->size, deadline_ms, err);
}

static uint64_t deadline_of(int timeout_ms)
{
	return timeout_ms < 0 ? NO_DEADLINE : now_ms() + (uint64_t)timeout_ms;
}

int weir_transport_post(struct weir_transport *transport, const struct weir_post *post,
			struct weir_reply *reply, struct weir_error *err)
{
	uint64_t deadline_ms = deadline_of(post->timeout_ms);
	bool kept;
	int r;

	do {
		drop_if_closed(transport);
		kept = transport->fd >= 0;
		if (!kept) {
			r = open_connection(transport, err);
			if (r < 0)
				return r;
		}
		r = send_post(transport->fd, post, deadline_ms, err);
		if (r == 0)
			r = receive(transport->fd, reply, deadline_ms, err);
		if (r != 0 || !reply->keep_alive)
			transport->fd = close_fd(transport->fd);
	} while (r == STALE && kept && post->repeatable);

	if (r == STALE)
		return weir_fail(err, -EIO, "the daemon closed the connection without an answer");
	return r;
}

int weir_transport_begin(struct weir_transport *transport, const struct weir_post *post,
			 struct weir_error *err)
{
	int r = transport->fd < 0 ? open_connection(transport, err) : 0;

	return r < 0 ? r : send_post(transport->fd, post, deadline_of(post->timeout_ms), err);
}

int weir_transport_read(struct weir_transport *transport, struct weir_reply *reply, int timeout_ms,
			struct weir_error *err)
{
	uint64_t deadline_ms = deadline_of(timeout_ms);
	char data[RECEIVE_SIZE];
	ssize_t n;
	int r;

	for (;;) {
		n = recv(transport->fd, data, sizeof(data), MSG_DONTWAIT);
		if (n > 0) {
			r = weir_reply_feed(reply, data, (size_t)n, err);
			return r < 0 ? r : 1;
		}
		if (n == 0 || errno == ECONNRESET) {
			if (weir_reply_finish(reply, err) == 0)
				return 1;
			return weir_fail(err, -ECONNRESET, "the daemon closed the connection");
		}
		if (errno == EAGAIN) {
			r = wait_for(transport->fd, POLLIN, deadline_ms, err);
			if (r < 0)
				return r == -ETIMEDOUT ? 0 : r;
		} else if (errno != EINTR) {
			return weir_fail(err, -EIO, "receive from the daemon: %s", strerror(errno));
		}
	}
}
