/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_REACH_H
#define WEIR_TEST_REACH_H

/* What all ways of reach.c have in common. Each way returns 0, or an errno. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define PATIENCE_MS 300

static uint16_t port;
static const char *way; /* the name of the one that is tried */

/* ---- Addresses ---- */

static struct sockaddr_in v4(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, address, &to.sin_addr);
	return to;
}

static struct sockaddr_in6 v6(const char *address)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, address, &to.sin6_addr);
	return to;
}

/* ---- What all ways do. Each returns 0, or an errno. ---- */

static int finish(int fd, int r)
{
	int error = r < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

static ssize_t say(int fd)
{
	return send(fd, way, strlen(way), MSG_NOSIGNAL);
}

static int by_connect(int family, int type, int protocol, const void *to, socklen_t size)
{
	int fd = socket(family, type, protocol);

	if (fd < 0 || connect(fd, to, size) < 0)
		return finish(fd, -1);
	return finish(fd, (int)say(fd));
}

static int by_sendto(int family, int protocol, const void *to, socklen_t size)
{
	int fd = socket(family, SOCK_DGRAM, protocol);

	if (fd < 0)
		return errno;
	return finish(fd, (int)sendto(fd, way, strlen(way), 0, to, size));
}

#endif /* WEIR_TEST_REACH_H */
