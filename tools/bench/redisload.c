/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redisload: GETs and SETs for a Redis, and how long each took.
 *
 * Open loop: requests arrive as a Poisson process and are sent when they arrive, behind those
 * that were not answered yet (pipelined). Latency runs from the intended arrival to the answer,
 * so a stall of the server, or of this client, is paid by every request that arrives in it. One
 * thread, at real-time priority where the kernel allows it: what is asked is how long the
 * server takes.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "samples.h"

#define MAX_CONNECTIONS 64
#define MAX_VALUE	4096
#define BUFFER		(1U << 18) /* a connection's, of what was not sent or not yet understood */
#define PATIENCE_NS	(5 * NS_PER_S) /* for the last answers */

struct load {
	const char *path;
	unsigned int n_connections, n_keys, value_bytes, get_percent;
	double rate;
	uint64_t duration_ns, random;
	bool json;
};

/* Answers come in the order of requests: a ring of arrivals tells whose is next. */
struct connection {
	int fd;
	char out[BUFFER], in[BUFFER];
	size_t n_out, n_in;
	uint64_t *arrivals_ns;
	size_t head, tail, size; /* size is a power of two */
};

static uint64_t *latencies_ns;
static size_t n_latencies, max_latencies;

static void answered(struct connection *connection)
{
	size_t mask = connection->size - 1;

	if (connection->head == connection->tail)
		errx(1, "an answer that nobody asked for");
	if (n_latencies < max_latencies)
		latencies_ns[n_latencies++] = clock_ns(CLOCK_MONOTONIC) -
					      connection->arrivals_ns[connection->tail & mask];
	connection->tail++;
}

/* Bytes of the answer that @text begins with; 0: it is not whole yet. */
static size_t answer_length(const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);
	size_t head = end ? (size_t)(end - text) + 1 : 0;
	long value;

	if (!head)
		return 0;
	switch (text[0]) {
	case '+':
	case ':':
		return head;
	case '$':
		value = strtol(text + 1, NULL, 10);
		if (value < 0) /* no such key */
			return head;
		return n >= head + (size_t)value + 2 ? head + (size_t)value + 2 : 0;
	default:
		errx(1, "the server said: %.*s", (int)(head - 1), text);
	}
}

static void take_answers(struct connection *connection)
{
	size_t done = 0, length;
	ssize_t n =
		read(connection->fd, connection->in + connection->n_in, BUFFER - connection->n_in);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		errx(1, "the server is gone");
	connection->n_in += (size_t)n;
	while (done < connection->n_in &&
	       (length = answer_length(connection->in + done, connection->n_in - done)) > 0) {
		answered(connection);
		done += length;
	}
	connection->n_in -= done;
	memmove(connection->in, connection->in + done, connection->n_in);
}

static void flush(struct connection *connection)
{
	ssize_t n;

	if (!connection->n_out)
		return;
	n = write(connection->fd, connection->out, connection->n_out);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		err(1, "write to the server");
	if (n <= 0)
		return;
	connection->n_out -= (size_t)n;
	memmove(connection->out, connection->out + n, connection->n_out);
}

static void ask(struct load *load, struct connection *connection, uint64_t arrival_ns)
{
	static char value[MAX_VALUE];
	unsigned int key = (unsigned int)(next_random(&load->random) % load->n_keys);
	bool get = next_random(&load->random) % 100 < load->get_percent;
	size_t left = BUFFER - connection->n_out;
	int n;

	if (!value[0])
		memset(value, 'v', sizeof(value));
	if (get)
		n = snprintf(connection->out + connection->n_out, left,
			     "*2\r\n$3\r\nGET\r\n$12\r\nkey:%08u\r\n", key);
	else
		n = snprintf(connection->out + connection->n_out, left,
			     "*3\r\n$3\r\nSET\r\n$12\r\nkey:%08u\r\n$%u\r\n%.*s\r\n", key,
			     load->value_bytes, (int)load->value_bytes, value);
	if (n < 0 || (size_t)n >= left || connection->head - connection->tail == connection->size)
		errx(1, "the server falls behind: too much was asked and not answered");
	connection->n_out += (size_t)n;
	connection->arrivals_ns[connection->head++ & (connection->size - 1)] = arrival_ns;
}

static void connect_to(struct connection *connection, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		errx(2, "'%s' is too long for a socket", path);
	strcpy(address.sun_path, path);
	connection->size = 1U << 16;
	connection->arrivals_ns = calloc(connection->size, sizeof(uint64_t));
	if (!connection->arrivals_ns)
		err(1, "%zu arrivals", connection->size);
	memset(connection->arrivals_ns, 1, connection->size * sizeof(uint64_t));
	connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 ||
	    connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "%s", path);
	if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) < 0)
		err(1, "%s", path);
}

/* Until an answer comes, there is room for what was not sent, or it is @until_ns. */
static void wait_for_news(struct connection *all, unsigned int n, uint64_t until_ns)
{
	struct pollfd polled[MAX_CONNECTIONS];
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	struct timespec timeout = to_timespec(until_ns > now_ns ? until_ns - now_ns : 0);

	for (unsigned int i = 0; i < n; i++)
		polled[i] =
			(struct pollfd){ .fd = all[i].fd,
					 .events = (short)(POLLIN | (all[i].n_out ? POLLOUT : 0)) };
	if (ppoll(polled, n, &timeout, NULL) < 0 && errno != EINTR)
		err(1, "poll");
	for (unsigned int i = 0; i < n; i++) {
		if (polled[i].revents & (POLLIN | POLLHUP | POLLERR))
			take_answers(&all[i]);
		flush(&all[i]);
	}
}

static bool all_answered(const struct connection *all, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (all[i].head != all[i].tail)
			return false;
	return true;
}

static void run(struct load *load)
{
	struct connection *all = calloc(load->n_connections, sizeof(*all));
	double gap_ns = (double)NS_PER_S / load->rate;
	uint64_t arrival_ns, end_ns;
	size_t n = 0;

	max_latencies = (size_t)(2 * (double)load->duration_ns / gap_ns) + 1000;
	latencies_ns = malloc(max_latencies * sizeof(*latencies_ns));
	if (!all || !latencies_ns)
		err(1, "%zu requests", max_latencies);
	memset(latencies_ns, 1, max_latencies * sizeof(*latencies_ns));
	for (unsigned int i = 0; i < load->n_connections; i++)
		connect_to(&all[i], load->path);

	arrival_ns = clock_ns(CLOCK_MONOTONIC) + poisson_gap_ns(gap_ns, &load->random);
	end_ns = arrival_ns + load->duration_ns;
	while (arrival_ns < end_ns) {
		while (arrival_ns < end_ns && arrival_ns <= clock_ns(CLOCK_MONOTONIC)) {
			struct connection *connection = &all[n++ % load->n_connections];

			ask(load, connection, arrival_ns);
			flush(connection);
			arrival_ns += poisson_gap_ns(gap_ns, &load->random);
		}
		wait_for_news(all, load->n_connections, arrival_ns);
	}
	while (!all_answered(all, load->n_connections)) {
		if (clock_ns(CLOCK_MONOTONIC) > end_ns + PATIENCE_NS)
			errx(1, "the server does not answer");
		wait_for_news(all, load->n_connections, end_ns + PATIENCE_NS);
	}
	report_latencies(latencies_ns, n_latencies, load->json);
	free(latencies_ns);
}

/* By the default slack of 50 us, and behind bursters, the client would measure itself. */
static void take_priority(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	if (sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		warn("no real-time priority: the client's own waits are measured, too");
}

static const char usage[] =
	"usage: redisload [OPTION]... SOCKET\n"
	"GETs and SETs that arrive at random; their latency, from the intended arrival of each.\n"
	"  -r, --rate N         requests a second on average (4000)\n"
	"  -c, --connections N  by turns (4)\n"
	"  -k, --keys N         asked for (10000)\n"
	"  -b, --bytes N        of a value (100)\n"
	"  -g, --get PERCENT    of the requests; the others are SETs (80)\n"
	"  -d, --duration S     how long requests arrive, in seconds (10)\n"
	"  -s, --seed N         another sequence of random arrivals (1)\n"
	"  -j, --json           one line of JSON\n"
	"  -h, --help           this text\n";

static int take_options(struct load *load, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "connections", required_argument, NULL, 'c' },
		{ "keys", required_argument, NULL, 'k' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "get", required_argument, NULL, 'g' },
		{ "duration", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "r:c:k:b:g:d:s:jh", options, NULL)) >= 0) {
		if (c == 'r')
			load->rate = option_number(optarg, "requests a second", 1, 1e6);
		else if (c == 'c')
			load->n_connections =
				option_count(optarg, "connections", 1, MAX_CONNECTIONS);
		else if (c == 'k')
			load->n_keys = option_count(optarg, "keys", 1, 99999999);
		else if (c == 'b')
			load->value_bytes = option_count(optarg, "bytes", 1, MAX_VALUE);
		else if (c == 'g')
			load->get_percent = option_count(optarg, "percent", 0, 100);
		else if (c == 'd')
			load->duration_ns =
				(uint64_t)(option_number(optarg, "seconds", 0.01, 86400) *
					   NS_PER_S);
		else if (c == 's')
			load->random = option_count(optarg, "sequences", 0, UINT32_MAX) * 7919ULL;
		else if (c == 'j')
			load->json = true;
		else
			return c;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct load load = {
		.n_connections = 4,
		.n_keys = 10000,
		.value_bytes = 100,
		.get_percent = 80,
		.rate = 4000,
		.duration_ns = 10 * NS_PER_S,
		.random = 7919,
	};
	int c = take_options(&load, argc, argv);

	if (c || argc - optind != 1) {
		fputs(usage, c == 'h' ? stdout : stderr);
		return c == 'h' ? 0 : 2;
	}
	load.path = argv[optind];
	take_priority();
	run(&load);
	return 0;
}
