/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers do in system tests.
 *
 *	load spin [MS]		use a CPU without ever sleeping, for so long or for good
 *	load slices MS		run and sleep by turns, from 1 ms to 1 s
 *	load fork MS [N]	start children one after the other, each of them a moment's work,
 *				for so long and until they were N
 *	load hold MIB [KEEP]	use so much memory; at SIGUSR1 give back all but KEEP MiB
 *	load grow MIB RATE	use so much memory at once and RATE MiB more each second, for good
 *	load nap		wait for a signal
 *	load end		nothing
 */

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1UL << 20)

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void spin_until(int64_t end_us)
{
	while (now_us() < end_us)
		;
}

static int spin(long ms)
{
	for (int64_t end = now_us() + ms * 1000; ms == 0 || now_us() < end;)
		;
	return 0;
}

static int run_slices(long ms)
{
	static const long slices_ms[] = { 1, 3, 10, 31, 100, 316, 1000 };
	int64_t end = now_us() + ms * 1000;

	for (size_t i = 0; now_us() < end; i++) {
		long slice = slices_ms[i % (sizeof(slices_ms) / sizeof(slices_ms[0]))];

		spin_until(now_us() + slice * 1000);
		usleep((useconds_t)slice * 1000 / 2);
	}
	return 0;
}

static int run_forks(long ms, long at_least)
{
	int64_t end = now_us() + ms * 1000;

	for (int64_t i = 0; i < at_least || now_us() < end; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0) {
			spin_until(now_us() + 100 + i % 10 * 500);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}

static int hold(long mib, long keep_mib)
{
	size_t bytes = (size_t)mib * MIB, keep = (size_t)keep_mib * MIB;
	sigset_t set;
	char *memory;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 1, bytes);
	puts("ready");
	fflush(stdout);
	while (sigwait(&set, &sig) == 0)
		madvise(memory + keep, bytes - keep, MADV_DONTNEED);
	return 1;
}

/* In steps of 10 ms: what could not be had in time is had later. */
static int grow(long mib, long rate)
{
	int64_t start = now_us();

	for (size_t have = 0;; usleep(10000)) {
		size_t due = ((size_t)mib + (size_t)((now_us() - start) * rate / 1000000)) * MIB;
		char *more;

		if (due <= have)
			continue;
		/* The kernel gives no piece that is larger than all it has. */
		if (due > have + 64 * MIB)
			due = have + 64 * MIB;
		more = mmap(NULL, due - have, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if (more == MAP_FAILED)
			return 1;
		memset(more, 1, due - have);
		have = due;
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long first = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	long second = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

	if (strcmp(what, "spin") == 0)
		return spin(first);
	if (strcmp(what, "slices") == 0)
		return run_slices(first);
	if (strcmp(what, "fork") == 0)
		return run_forks(first, second);
	if (strcmp(what, "hold") == 0)
		return hold(first, second);
	if (strcmp(what, "grow") == 0)
		return grow(first, second);
	if (strcmp(what, "nap") == 0)
		return pause() < 0 && errno != EINTR;
	if (strcmp(what, "end") == 0)
		return 0;
	fprintf(stderr, "usage: load spin|slices|fork|hold|grow|nap|end [N [N]]\n");
	return 2;
}
