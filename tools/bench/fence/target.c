/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence-target: whom fence-ops reaches.
 *
 *	fence-target [-c CPU] [-n] DIR
 *
 * Listens at DIR/stream and on a port, and takes datagrams at DIR/dgram and on the same port. It sleeps until it
 * is asked to take what has come: so that nobody is woken while there is measured. -n: in a network namespace of
 * its own, where nothing else is. Says "ready"; until killed.
 */
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"

static void leave_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		err(1, "network namespace");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		err(1, "loopback");
	close(fd);
}

static int bound(const union address *address, int type)
{
	int fd = socket(address->any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, &address->any, address_size(address)) < 0)
		err(1, "bind");
	if (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0)
		err(1, "listen");
	return fd;
}

/* Both ends, so that neither side waits for the other in open(), and no end is ever told. */
static int fifo(const char *dir, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkfifo(path, 0600) < 0)
		err(1, "%s", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void take_connections(int listener)
{
	for (int fd = accept(listener, NULL, NULL); fd >= 0; fd = accept(listener, NULL, NULL))
		close(fd);
	if (errno != EAGAIN)
		err(1, "accept");
}

static void take_datagrams(int fd)
{
	char byte;

	while (recv(fd, &byte, sizeof(byte), 0) >= 0)
		;
	if (errno != EAGAIN)
		err(1, "receive");
}

static void serve(const char *dir, bool in_namespace)
{
	const union address stream = unix_address(dir, STREAM), inet = inet_address(),
			    datagram = unix_address(dir, DATAGRAM);
	int stream_fd = bound(&stream, SOCK_STREAM), datagram_fd = bound(&datagram, SOCK_DGRAM);
	int tcp_fd = in_namespace ? bound(&inet, SOCK_STREAM) : -1;
	int udp_fd = in_namespace ? bound(&inet, SOCK_DGRAM) : -1;
	int take_fd = fifo(dir, TAKE), taken_fd = fifo(dir, TAKEN);
	char byte;

	puts("ready");
	fflush(stdout);
	while (read(take_fd, &byte, 1) == 1) {
		take_connections(stream_fd);
		take_datagrams(datagram_fd);
		if (in_namespace) {
			take_connections(tcp_fd);
			take_datagrams(udp_fd);
		}
		if (write(taken_fd, &byte, 1) != 1)
			err(1, "answer");
	}
}

int main(int argc, char *argv[])
{
	bool in_namespace = false;
	int c;

	while ((c = getopt(argc, argv, "c:n")) >= 0) {
		switch (c) {
		case 'c':
			stay_on_cpu(option_count(optarg, "a CPU", 0, CPU_SETSIZE - 1));
			break;
		case 'n':
			in_namespace = true;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 1)
		errx(2, "usage: fence-target [-c CPU] [-n] DIR");
	if (in_namespace)
		leave_network();
	serve(argv[optind], in_namespace);
	return 0;
}
