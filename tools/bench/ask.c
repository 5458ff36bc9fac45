/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask SOCKET CONNECTIONS SECONDS WHAT [anew|late]: one request after the other on each connection; with anew each on a
 * connection of its own. WHAT is health, healthz, metrics, or a call and what it is to be answered in, as in
 * GET_STATE/json and GET_CONTAINERS/protobuf. Prints how many were answered in a second, and the bytes of an answer; with
 * late how long one took, in ms: the median, the 99th of a hundred, the longest.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_SAMPLES	1000000

struct connection {
	int fd;
	size_t left; /* bytes of the answer still to come; 0: none was begun */
	char head[1024];
	size_t head_size;
};

static char request[1024];
static size_t request_size, answer_size;

static void die(const char *what)
{
	fprintf(stderr, "ask: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_request(const char *what)
{
	char call[64], media[16] = "json", body[256];
	const char *show = "";

	if (strcmp(what, "healthz") == 0 || strcmp(what, "metrics") == 0) {
		snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\nHost: weir\r\n\r\n", what);
		request_size = strlen(request);
		return;
	}
	if (strcmp(what, "health") == 0)
		what = "GET_HEALTH/json";
	if (sscanf(what, "%63[^/]/%15s", call, media) < 1)
		die(what);
	if (strcmp(call, "GET_CONTAINERS") == 0)
		show = ",\"get_containers\":{\"show_standalone\":true,\"show_nested\":true}";
	snprintf(body, sizeof(body), "{\"type\":\"%s\"%s}", call, show);
	snprintf(request, sizeof(request),
		 "POST /api/v1 HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n"
		 "Accept: application/%s\r\nContent-Length: %zu\r\n\r\n%s",
		 strcmp(media, "json") == 0 ? "json" : "x-protobuf", strlen(body), body);
	request_size = strlen(request);
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

static void say(int fd)
{
	if (send(fd, request, request_size, MSG_NOSIGNAL) != (ssize_t)request_size)
		die("send");
}

/* The head is whole: how much of the body is still to come, of which @got bytes are here. */
static size_t body_left(const struct connection *c, size_t got)
{
	const char *length = strcasestr(c->head, "\r\nContent-Length:");

	if (memcmp(c->head, "HTTP/1.1 200", 12) != 0 || !length) {
		fprintf(stderr, "ask: not answered with 200: %s\n", c->head);
		exit(1);
	}
	answer_size = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	return answer_size - got;
}

/* What has come. true: that was all of an answer. */
static bool hear(struct connection *c)
{
	static char room[1 << 18];
	ssize_t n = recv(c->fd, room, sizeof(room), 0);
	const char *end;
	size_t taken;

	if (n <= 0)
		die("recv");
	if (c->left) {
		c->left -= (size_t)n;
		return c->left == 0;
	}
	taken = (size_t)n < sizeof(c->head) - 1 - c->head_size ? (size_t)n
							       : sizeof(c->head) - 1 - c->head_size;
	memcpy(c->head + c->head_size, room, taken);
	c->head[c->head_size + taken] = '\0';
	end = strstr(c->head, "\r\n\r\n");
	if (!end) {
		c->head_size += taken;
		return false;
	}
	c->left = body_left(c, c->head_size + (size_t)n - (size_t)(end + 4 - c->head));
	c->head_size = 0;
	return c->left == 0;
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
		struct connection c = { .fd = dial(path) };

		say(c.fd);
		while (!hear(&c))
			;
		close(c.fd);
	}
	return n;
}

static unsigned long ask(const char *path, unsigned int connections, double until)
{
	static struct connection all[MAX_CONNECTIONS];
	struct epoll_event events[MAX_CONNECTIONS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned long answered = 0;

	for (unsigned int i = 0; i < connections && i < MAX_CONNECTIONS; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &all[i] };

		all[i].fd = dial(path);
		epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
		say(all[i].fd);
	}
	while (now_s() < until) {
		int n = epoll_wait(epoll, events, MAX_CONNECTIONS, 1000);

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (!hear(c))
				continue;
			say(c->fd);
			answered++;
		}
	}
	return answered;
}

static int by_value(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return one < other ? -1 : one > other;
}

/* One a millisecond at most: it is the others' load that counts. */
static void ask_late(const char *path, double until)
{
	struct connection c = { .fd = dial(path) };
	double *ms = calloc(MAX_SAMPLES, sizeof(*ms));
	size_t n = 0;

	for (; ms && now_s() < until && n < MAX_SAMPLES; n++) {
		double began = now_s();

		say(c.fd);
		while (!hear(&c))
			;
		ms[n] = (now_s() - began) * 1000;
		usleep(1000);
	}
	if (n == 0)
		exit(1);
	qsort(ms, n, sizeof(*ms), by_value);
	printf("%.4f %.4f %.4f\n", ms[n / 2], ms[n * 99 / 100], ms[n - 1]);
}

int main(int argc, char **argv)
{
	const char *how = argc > 5 ? argv[5] : "";
	double seconds, began = now_s();
	unsigned long n;

	if (argc < 5)
		return fprintf(stderr, "usage: ask SOCKET CONNECTIONS SECONDS WHAT [anew|late]\n"),
		       2;
	seconds = strtod(argv[3], NULL);
	make_request(argv[4]);
	if (strcmp(how, "late") == 0)
		return ask_late(argv[1], began + seconds), 0;
	if (strcmp(how, "anew") == 0)
		n = ask_anew(argv[1], began + seconds);
	else
		n = ask(argv[1], (unsigned int)strtoul(argv[2], NULL, 10), began + seconds);
	printf("%.3f %zu\n", (double)n / (now_s() - began), answer_size);
	return 0;
}
