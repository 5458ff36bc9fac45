/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket takes any bytes: each input is one client's, to a whole server over a controller that is not
 * real. What comes back is answers of HTTP or nothing; and everybody else is served.
 */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>

#include "api_fixture.h"

#define PATIENCE_MS 5 /* for an answer, which a cut-off request has none of */
#define GET_HEALTHZ "GET /healthz HTTP/1.1\r\nHost: weir\r\n\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is there within a moment. */
static size_t listen_for(int fd, char *room, size_t size)
{
	struct pollfd heard = { .fd = fd, .events = POLLIN };
	size_t got = 0;

	while (got < size && poll(&heard, 1, PATIENCE_MS) > 0) {
		ssize_t n = recv(fd, room + got, size - got, 0);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* One that stays; the server closes it only if it was idle for long, as where the process was stopped. */
static void others_are_served(void)
{
	static int fd = -1;
	struct reply reply = {};

	if (fd >= 0 && send_all(fd, GET_HEALTHZ, strlen(GET_HEALTHZ)))
		reply = read_reply(fd);
	if (!reply.status) {
		if (fd >= 0)
			close(fd);
		fd = dial();
		assert(send_all(fd, GET_HEALTHZ, strlen(GET_HEALTHZ)));
		reply = read_reply(fd);
	}
	assert(reply.status == 200 && strcmp(reply.body, "ok") == 0);
	free(reply.body);
}

/* A server is not fed by a corpus's end: it is one for all inputs. */
static void stop_at_exit(void)
{
	teardown(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char version[] = "HTTP/1.";
	static bool started;
	char answer[4096];
	size_t heard;
	int fd;

	if (!started) {
		assert(setup(NULL) == 0);
		atexit(stop_at_exit);
		started = true;
	}
	fd = dial();
	assert(fcntl(fd, F_SETFL, O_NONBLOCK) == 0); /* who is refused early is not read from */
	send_all(fd, (const char *)data, size);
	shutdown(fd, SHUT_WR);
	heard = listen_for(fd, answer, sizeof(answer));
	assert(!heard || heard < sizeof(version) - 1 ||
	       memcmp(answer, version, sizeof(version) - 1) == 0);
	close(fd);
	others_are_served();
	return 0;
}
