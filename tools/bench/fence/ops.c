/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence-ops: what reaching somebody costs, in ns an operation.
 *
 *	fence-ops [-c CPU] [-n N] DIR OPERATION...
 *
 * N of each operation towards the fence-target that serves DIR, in batches. Only the calls themselves are timed,
 * one after the other: sockets are made before, closed after, and the target takes what has come between two
 * batches. The figure is that of the median batch, since a tick of the kernel may fall into any. Prints
 * {"OPERATION": NS, ...}.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "ends.h"

#define MAX_BATCH   64
/* As many datagrams as a unix socket queues are a sysctl of its namespace: 10, if nobody has changed it. */
#define SMALL_BATCH 8

struct operation {
	const char *name;
	int family, type;
	const char *path; /* of a unix one */
	bool sends; /* else it connects */
	unsigned int batch;
};

static const struct operation operations[] = {
	{ "tcp-connect", AF_INET, SOCK_STREAM, NULL, false, MAX_BATCH },
	{ "udp-connect", AF_INET, SOCK_DGRAM, NULL, false, MAX_BATCH },
	{ "udp-sendto", AF_INET, SOCK_DGRAM, NULL, true, MAX_BATCH },
	{ "unix-connect", AF_UNIX, SOCK_STREAM, STREAM, false, MAX_BATCH },
	{ "unix-sendto", AF_UNIX, SOCK_DGRAM, DATAGRAM, true, SMALL_BATCH },
};

/* The other end. */
struct peer {
	const char *dir;
	int take_fd, taken_fd;
};

static int open_in(const char *dir, const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void let_take(const struct peer *peer)
{
	char byte = 0;

	if (write(peer->take_fd, &byte, 1) != 1 || read(peer->taken_fd, &byte, 1) != 1)
		errx(1, "there is no fence-target at %s any more", peer->dir);
}

/* A stream connects once; datagrams can always be sent elsewhere. */
static unsigned int n_sockets(const struct operation *operation)
{
	return operation->type == SOCK_STREAM ? operation->batch : 1;
}

/* A connection that is reset when it is closed leaves nothing behind that would take up a port for a minute. */
static int make_socket(const struct operation *operation)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int fd = socket(operation->family, operation->type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "%s: socket", operation->name);
	if (operation->family == AF_INET && operation->type == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		err(1, "%s: linger", operation->name);
	return fd;
}

static uint64_t batch_ns(const struct operation *operation, const int *fds, unsigned int n_fds,
			 const union address *to)
{
	socklen_t size = address_size(to);
	uint64_t since_ns = clock_ns(CLOCK_MONOTONIC);

	for (unsigned int i = 0; i < operation->batch; i++) {
		int fd = fds[i % n_fds];
		ssize_t r = operation->sends ? sendto(fd, "", 1, 0, &to->any, size)
					     : connect(fd, &to->any, size);

		if (r < 0)
			err(1, "%s", operation->name);
	}
	return clock_ns(CLOCK_MONOTONIC) - since_ns;
}

static uint64_t whole_batch_ns(const struct operation *operation, const union address *to,
			       const struct peer *peer)
{
	unsigned int n = n_sockets(operation);
	int fds[MAX_BATCH];
	uint64_t ns;

	for (unsigned int i = 0; i < n; i++)
		fds[i] = make_socket(operation);
	ns = batch_ns(operation, fds, n, to);
	for (unsigned int i = 0; i < n; i++)
		close(fds[i]);
	let_take(peer);
	return ns;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double median_ns(const struct operation *operation, unsigned int n_batches,
			const struct peer *peer)
{
	const union address to =
		operation->path ? unix_address(peer->dir, operation->path) : inet_address();
	uint64_t *all = calloc(n_batches, sizeof(*all)), ns;

	if (!all)
		errx(1, "no memory");
	for (unsigned int i = 0; i <= n_batches / 10; i++)
		whole_batch_ns(operation, &to, peer); /* warm, as those that count are */
	for (unsigned int i = 0; i < n_batches; i++)
		all[i] = whole_batch_ns(operation, &to, peer);
	qsort(all, n_batches, sizeof(*all), by_size);
	ns = all[n_batches / 2];
	free(all);
	return (double)ns / operation->batch;
}

static const struct operation *find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	errx(2, "there is no operation '%s'", name);
}

int main(int argc, char *argv[])
{
	struct peer peer;
	unsigned int n = 10000;
	int c;

	while ((c = getopt(argc, argv, "+c:n:")) >= 0) {
		switch (c) {
		case 'c':
			stay_on_cpu(option_count(optarg, "a CPU", 0, CPU_SETSIZE - 1));
			break;
		case 'n':
			n = option_count(optarg, "operations", 1, 100000000);
			break;
		default:
			return 2;
		}
	}
	if (argc - optind < 2)
		errx(2, "usage: fence-ops [-c CPU] [-n N] DIR OPERATION...");
	peer.dir = argv[optind];
	peer.take_fd = open_in(peer.dir, TAKE, O_WRONLY);
	peer.taken_fd = open_in(peer.dir, TAKEN, O_RDONLY);
	for (int i = optind + 1; i < argc; i++) {
		const struct operation *operation = find(argv[i]);
		unsigned int n_batches = (n + operation->batch - 1) / operation->batch;

		printf("%s\"%s\": %.1f", i == optind + 1 ? "{" : ", ", operation->name,
		       median_ns(operation, n_batches, &peer));
	}
	puts("}");
	return 0;
}
