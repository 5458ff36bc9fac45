/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_ENDS_H
#define BENCH_ENDS_H

/* What fence-ops and fence-target have to agree on. All but the port lies in a directory that both are told. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../options.h"

#define PORT	 7001 /* of TCP and UDP, at the loopback */
#define STREAM	 "stream"
#define DATAGRAM "dgram"
/* FIFOs: a byte asks to take what has come, and is answered by another. A socket would be fenced, too. */
#define TAKE	 "take"
#define TAKEN	 "taken"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

static inline union address inet_address(void)
{
	return (union address){ .in = { .sin_family = AF_INET,
					.sin_port = htons(PORT),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
}

static inline union address unix_address(const char *dir, const char *name)
{
	union address address = { .un.sun_family = AF_UNIX };
	int n = snprintf(address.un.sun_path, sizeof(address.un.sun_path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(address.un.sun_path))
		errx(2, "%s: too long for a socket's name", dir);
	return address;
}

static inline socklen_t address_size(const union address *address)
{
	return address->any.sa_family == AF_UNIX ? sizeof(address->un) : sizeof(address->in);
}

/* Both ends run on one CPU: the one waits while the other works, and nothing is measured of two. */
static inline void stay_on_cpu(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		err(1, "CPU %u", cpu);
}

#endif /* BENCH_ENDS_H */
