/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * mixed: a load with everything in it that a meter might miscount.
 *
 *	mixed SECONDS PROCS_FILE...
 *
 * A thread that never sleeps, slices of 1 ms to 1 s, children of a millisecond, and processes
 * that run outside and then join by themselves (by writing 0 to each PROCS_FILE). All of it has
 * ended when this ends; then the sum of the threads' run-queue delays since they joined, as
 * /proc tells it, is printed in ns.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MSEC 1000000ULL
#define SEC  1000000000ULL

static _Atomic uint64_t *waited_ns; /* shared by all */
static uint64_t end_ns;
static char *const *procs_files;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

static bool time_left(void)
{
	return clock_ns(CLOCK_MONOTONIC) < end_ns;
}

static void work(uint64_t cpu_ns)
{
	uint64_t until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + cpu_ns;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		;
}

static void rest(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / SEC), .tv_nsec = (long)(ns % SEC) };

	nanosleep(&ts, NULL);
}

/* Run-queue delay of the calling thread so far. */
static uint64_t delay_ns(void)
{
	FILE *f = fopen("/proc/thread-self/schedstat", "re");
	uint64_t ran, delay;

	if (!f || fscanf(f, "%" SCNu64 " %" SCNu64, &ran, &delay) != 2)
		err(1, "/proc/thread-self/schedstat");
	fclose(f);
	return delay;
}

static void join(void)
{
	for (char *const *file = procs_files; *file; file++) {
		int fd = open(*file, O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "0", 1) != 1)
			err(1, "join %s", *file);
		close(fd);
	}
}

static void *never_sleep(void *arg)
{
	(void)arg;
	while (time_left())
		work(10 * MSEC);
	*waited_ns += delay_ns();
	return NULL;
}

static void *slices(void *arg)
{
	uint64_t slice_ns = *(const uint64_t *)arg;

	while (time_left()) {
		work(slice_ns);
		rest(slice_ns);
	}
	*waited_ns += delay_ns();
	return NULL;
}

static void *short_thread(void *arg)
{
	(void)arg;
	work(MSEC);
	*waited_ns += delay_ns();
	return NULL;
}

/* A child and a thread, a millisecond each, over and over. */
static void *short_lives(void *arg)
{
	(void)arg;
	while (time_left()) {
		pid_t pid = fork();
		pthread_t thread;

		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			short_thread(NULL);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		if (pthread_create(&thread, NULL, short_thread, NULL) != 0)
			errx(1, "a thread could not be made");
		pthread_join(thread, NULL);
		rest(2 * MSEC);
	}
	*waited_ns += delay_ns();
	return NULL;
}

static void inside(void)
{
	static uint64_t lengths[] = { MSEC, 10 * MSEC, 100 * MSEC, SEC };
	pthread_t threads[6];
	size_t n = 0;
	uint64_t before;

	join();
	before = delay_ns();
	pthread_create(&threads[n++], NULL, never_sleep, NULL);
	pthread_create(&threads[n++], NULL, short_lives, NULL);
	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[n++], NULL, slices, &lengths[i]);
	while (n)
		pthread_join(threads[--n], NULL);
	*waited_ns += delay_ns() - before;
}

static void joiner(void)
{
	uint64_t before;

	work(20 * MSEC);
	join();
	before = delay_ns();
	work(50 * MSEC);
	*waited_ns += delay_ns() - before;
}

static pid_t start(void (*life)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		life();
		_exit(0);
	}
	return pid;
}

int main(int argc, char *argv[])
{
	int status;
	bool fine;

	if (argc < 3)
		errx(2, "usage: mixed SECONDS PROCS_FILE...");
	procs_files = argv + 2;
	end_ns = clock_ns(CLOCK_MONOTONIC) + strtoull(argv[1], NULL, 10) * SEC;
	waited_ns = mmap(NULL, sizeof(*waited_ns), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (waited_ns == MAP_FAILED)
		err(1, "mmap");

	start(inside);
	while (time_left()) {
		start(joiner);
		rest(500 * MSEC);
	}
	fine = true;
	while (wait(&status) > 0)
		fine = fine && status == 0;
	printf("%" PRIu64 "\n", (uint64_t)*waited_ns);
	return !fine;
}
