/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spin: a batch job that takes every cycle it is given. N busy loops that make no system call,
 * until killed or for a time; says how much CPU time it got.
 */
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "options.h"

static void *loop(void *arg)
{
	(void)arg;
	for (;;)
		__asm__ volatile("" ::: "memory");
	return NULL;
}

static const char usage[] = "usage: spin [OPTION]...\n"
			    "  -t, --threads N     busy loops (1)\n"
			    "  -d, --duration S    end after that many seconds (never)\n"
			    "  -h, --help          this text\n";

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "threads", required_argument, NULL, 't' },
		{ "duration", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	unsigned int n_threads = 1;
	double duration_s = 0;
	struct timespec duration;
	int c;

	while ((c = getopt_long(argc, argv, "t:d:h", options, NULL)) >= 0) {
		switch (c) {
		case 't':
			n_threads = option_count(optarg, "threads", 1, 1024);
			break;
		case 'd':
			duration_s = option_number(optarg, "seconds", 0.001, 86400);
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (optind < argc)
		errx(2, "'%s' is not expected", argv[optind]);

	for (unsigned int i = 0; i < n_threads; i++) {
		pthread_t thread;

		errno = pthread_create(&thread, NULL, loop, NULL);
		if (errno)
			err(1, "thread %u", i);
	}
	if (duration_s == 0)
		pause();
	duration = to_timespec((uint64_t)(duration_s * NS_PER_S));
	nanosleep(&duration, NULL);
	printf("%.3f s of CPU time\n", (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / NS_PER_S);
	return 0; /* and the loops with it */
}
