/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pingpong: context switches, on request. Two processes hand a byte to and fro through pipes;
 * pinned to one CPU, each hand-over is one switch.
 *
 * Prints their pids; then each line on standard input, a number of round trips, is answered by
 * the CPU time of the two per switch, in ns: what others ran meanwhile is not in it. The same
 * two processes serve all requests, so that programs can be attached and detached between two
 * of them: what differs from one start of a process to the next is several times what is to be
 * measured.
 */
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static clockid_t child_clock;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) < 0)
		err(1, "clock");
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static uint64_t used_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(child_clock);
}

static void pass_on(int from, int to)
{
	char byte;

	if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1)
		_exit(1);
}

int main(void)
{
	int there[2], back[2];
	char line[64];
	pid_t pid;

	if (pipe(there) < 0 || pipe(back) < 0)
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pass_on(there[0], back[1]);
	}

	if (clock_getcpuclockid(pid, &child_clock) != 0)
		errx(1, "the child has no clock");
	printf("%d %d\n", (int)getpid(), (int)pid);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long n = strtoul(line, NULL, 10);
		uint64_t since = used_ns();

		if (write(there[1], "", 1) != 1)
			err(1, "write");
		for (unsigned long i = 1; i < n; i++)
			pass_on(back[0], there[1]);
		if (read(back[0], line, 1) != 1)
			err(1, "read");
		printf("%.2f\n", (double)(used_ns() - since) / (double)n / 2);
		fflush(stdout);
	}
	return 0;
}
