/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask SOCKET CONNECTIONS SECONDS [anew]: small calls, one after the other on each connection; with anew each on a
 * connection of its own. Prints how many were answered in a second.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char request[] =
	"POST /api/v1 HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n"
	"Content-Length: 21\r\n\r\n{\"type\":\"GET_HEALTH\"}";

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void say(int fd)
{
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1) {
		perror("send");
		exit(1);
	}
}

/* A short answer comes in one piece. */
static void hear(int fd)
{
	char answer[1024];
	ssize_t n = recv(fd, answer, sizeof(answer) - 1, 0);

	if (n < 12 || memcmp(answer, "HTTP/1.1 200", 12) != 0) {
		fprintf(stderr, "ask: not answered with 200\n");
		exit(1);
	}
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static unsigned long ask_anew(const char *path, double until)
{
	unsigned long n = 0;

	for (; now_s() < until; n++) {
		int fd = dial(path);

		say(fd);
		hear(fd);
		close(fd);
	}
	return n;
}

static unsigned long ask(const char *path, unsigned int connections, double until)
{
	struct epoll_event events[256];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned long answered = 0;

	for (unsigned int i = 0; i < connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = dial(path) };

		epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
		say(event.data.fd);
	}
	while (now_s() < until) {
		int n = epoll_wait(epoll, events, 256, 1000);

		for (int i = 0; i < n; i++) {
			hear(events[i].data.fd);
			say(events[i].data.fd);
			answered++;
		}
	}
	return answered;
}

int main(int argc, char **argv)
{
	double seconds;
	unsigned long n;

	if (argc < 4)
		return fprintf(stderr, "usage: ask SOCKET CONNECTIONS SECONDS [anew]\n"), 2;
	seconds = strtod(argv[3], NULL);
	if (argc > 4)
		n = ask_anew(argv[1], now_s() + seconds);
	else
		n = ask(argv[1], (unsigned int)strtoul(argv[2], NULL, 10), now_s() + seconds);
	printf("%.0f\n", (double)n / seconds);
	return 0;
}
