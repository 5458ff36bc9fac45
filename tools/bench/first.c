/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first: the command of the launch benchmark. Says when it came to life, and is done.
 *
 *	first [FILE]
 *
 * CLOCK_MONOTONIC in ns, 8 bytes in the machine's order, to FILE or standard output. Linked
 * statically, so that what is measured is the launcher and not the dynamic loader.
 */
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	struct timespec ts;
	uint64_t now_ns;
	int fd;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now_ns = (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
	fd = argc > 1 ? open(argv[1], O_WRONLY | O_CLOEXEC) : STDOUT_FILENO;
	return write(fd, &now_ns, sizeof(now_ns)) != sizeof(now_ns);
}
