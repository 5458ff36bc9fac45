/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_REACH_IP_H
#define WEIR_TEST_REACH_IP_H

/* Ways by IP that the kernel knows where they lead. */

#include "reach.h"

/* ---- TCP ---- */

static int tcp_v4(const char *address)
{
	struct sockaddr_in to = v4(address);

	return by_connect(AF_INET, SOCK_STREAM, 0, &to, sizeof(to));
}

static int tcp_v6(const char *address)
{
	struct sockaddr_in6 to = v6(address);

	return by_connect(AF_INET6, SOCK_STREAM, 0, &to, sizeof(to));
}

/* At the loopback, where the test has put it. */
static int tcp_link_local(const char *address)
{
	struct sockaddr_in6 to = v6(address);

	to.sin6_scope_id = if_nametoindex("lo");
	return by_connect(AF_INET6, SOCK_STREAM, 0, &to, sizeof(to));
}

static int tcp_fastopen(const char *address)
{
	struct sockaddr_in to = v4(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	return finish(fd, (int)sendto(fd, way, strlen(way), MSG_FASTOPEN | MSG_NOSIGNAL,
				      (struct sockaddr *)&to, sizeof(to)));
}

static int tcp_fastopen_connect(const char *address)
{
	struct sockaddr_in to = v4(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return finish(fd, -1);
	return finish(fd, (int)say(fd));
}

static int tcp_nonblocking(const char *address)
{
	struct sockaddr_in to = v4(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS))
		return finish(fd, -1);
	poll(&ready, 1, PATIENCE_MS);
	return finish(fd, (int)say(fd));
}

static int mptcp(const char *address)
{
	struct sockaddr_in to = v4(address);

	return by_connect(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, &to, sizeof(to));
}

static int sctp(const char *address)
{
	struct sockaddr_in to = v4(address);

	return by_connect(AF_INET, SOCK_STREAM, IPPROTO_SCTP, &to, sizeof(to));
}

static int dccp(const char *address)
{
	struct sockaddr_in to = v4(address);

	return by_connect(AF_INET, SOCK_DCCP, IPPROTO_DCCP, &to, sizeof(to));
}

/* ---- UDP ---- */

static int udp_connect(const char *address)
{
	struct sockaddr_in to = v4(address);

	return by_connect(AF_INET, SOCK_DGRAM, 0, &to, sizeof(to));
}

static int udp_v6_connect(const char *address)
{
	struct sockaddr_in6 to = v6(address);

	return by_connect(AF_INET6, SOCK_DGRAM, 0, &to, sizeof(to));
}

static int udp_sendto(const char *address)
{
	struct sockaddr_in to = v4(address);

	return by_sendto(AF_INET, 0, &to, sizeof(to));
}

static int udp_v6_sendto(const char *address)
{
	struct sockaddr_in6 to = v6(address);

	return by_sendto(AF_INET6, 0, &to, sizeof(to));
}

static int udplite_sendto(const char *address)
{
	struct sockaddr_in to = v4(address);

	return by_sendto(AF_INET, IPPROTO_UDPLITE, &to, sizeof(to));
}

/* An old libc's way: the kernel takes it for AF_INET. */
static int udp_unspec(const char *address)
{
	struct sockaddr_in to = v4(address);

	to.sin_family = AF_UNSPEC;
	return by_sendto(AF_INET, 0, &to, sizeof(to));
}

static int udp_sendmmsg(const char *address)
{
	struct sockaddr_in to = v4(address);
	struct iovec part = { .iov_base = (void *)(uintptr_t)way, .iov_len = strlen(way) };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &to,
						.msg_namelen = sizeof(to),
						.msg_iov = &part,
						.msg_iovlen = 1 } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return errno;
	return finish(fd, sendmmsg(fd, &message, 1, 0));
}

/* Connected to where nothing is forbidden, then sent elsewhere. */
static int udp_elsewhere(const char *address)
{
	struct sockaddr_in to = v4(address), harmless = to;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	harmless.sin_port = htons((uint16_t)(port + 1));
	if (fd < 0 || connect(fd, (struct sockaddr *)&harmless, sizeof(harmless)) < 0)
		return finish(fd, -1);
	return finish(fd, (int)sendto(fd, way, strlen(way), 0, (struct sockaddr *)&to, sizeof(to)));
}

#endif /* WEIR_TEST_REACH_IP_H */
