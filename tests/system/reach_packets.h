/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_REACH_PACKETS_H
#define WEIR_TEST_REACH_PACKETS_H

/* Ways that build packets themselves, sockets of other families, and to be reached. */

#include "reach.h"

/* ---- Packets of one's own ---- */

static uint16_t checksum(const uint8_t *bytes, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	if (n & 1)
		sum += (uint32_t)(bytes[n - 1] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A datagram of UDP in a packet of IP; @total bytes. UDP may go without a checksum. */
static size_t build_packet(uint8_t packet[128], const char *address)
{
	size_t n = strlen(way), total = 20 + 8 + n;
	struct sockaddr_in to = v4(address);
	uint16_t sum;

	memset(packet, 0, 128);
	packet[0] = 0x45;
	packet[3] = (uint8_t)total;
	packet[8] = 64;
	packet[9] = IPPROTO_UDP;
	memcpy(packet + 12, &to.sin_addr, 4);
	memcpy(packet + 16, &to.sin_addr, 4);
	sum = htons(checksum(packet, 20, 0));
	memcpy(packet + 10, &sum, 2);
	memcpy(packet + 22, &to.sin_port, 2);
	packet[21] = 9;
	packet[25] = (uint8_t)(8 + n);
	memcpy(packet + 28, way, n);
	return total;
}

static int raw_header(const char *address)
{
	struct sockaddr_in to = v4(address);
	uint8_t packet[128];
	size_t total = build_packet(packet, address);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		return errno;
	return finish(fd, (int)sendto(fd, packet, total, 0, (struct sockaddr *)&to, sizeof(to)));
}

static int raw_udp(const char *address)
{
	struct sockaddr_in to = v4(address);
	uint8_t packet[128];
	size_t total = build_packet(packet, address);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);

	if (fd < 0)
		return errno;
	return finish(fd, (int)sendto(fd, packet + 20, total - 20, 0, (struct sockaddr *)&to,
				      sizeof(to)));
}

static int icmp(const char *address)
{
	struct sockaddr_in to = v4(address);
	uint8_t echo[8] = { 8 };
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

	to.sin_port = 0;
	if (fd < 0)
		return errno;
	return finish(fd,
		      (int)sendto(fd, echo, sizeof(echo), 0, (struct sockaddr *)&to, sizeof(to)));
}

/* ---- Families ---- */

static int family(int number, int type, int protocol)
{
	int fd = socket(number, type, protocol);

	return finish(fd, fd);
}

static int packet(const char *unused)
{
	(void)unused;
	return family(AF_PACKET, SOCK_RAW, 0);
}

static int netlink(const char *unused)
{
	(void)unused;
	return family(AF_NETLINK, SOCK_RAW, 0);
}

static int vsock(const char *unused)
{
	(void)unused;
	return family(AF_VSOCK, SOCK_STREAM, 0);
}

static int xdp(const char *unused)
{
	(void)unused;
	return family(AF_XDP, SOCK_RAW, 0);
}

static int alg(const char *unused)
{
	(void)unused;
	return family(AF_ALG, SOCK_SEQPACKET, 0);
}

/* ---- To be reached ---- */

static int listen_bound(const char *address)
{
	struct sockaddr_in at = v4(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_port = htons((uint16_t)(port + 2));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return finish(fd, -1);
	return finish(fd, listen(fd, 1));
}

static int listen_unbound(const char *unused)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)unused;
	if (fd < 0)
		return errno;
	return finish(fd, listen(fd, 1));
}

#endif /* WEIR_TEST_REACH_PACKETS_H */
