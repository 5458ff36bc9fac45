/* SPDX-License-Identifier: Apache-2.0 */
/*
 * churn: a batch job that is no plain loop. Either each thread works for a while and sleeps as
 * long, so that it wakes again and again beside those it should give way to; or each process
 * forks children without end, every one of which works a little and exits, so that there is
 * always somebody the scheduler has never seen. Until killed.
 */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"

static uint64_t stint_ns = 5000000;

static void *sleep_half_the_time(void *arg)
{
	struct timespec rest = to_timespec(stint_ns);

	(void)arg;
	for (;;) {
		work(stint_ns);
		nanosleep(&rest, NULL);
	}
	return NULL;
}

static void *fork_for_ever(void *arg)
{
	(void)arg;
	for (;;) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			work(stint_ns);
			_exit(0);
		}
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return NULL;
}

static const char usage[] =
	"usage: churn [OPTION]... sleep|fork\n"
	"A batch job that sleeps half the time, or whose children come and go.\n"
	"  -t, --threads N     at the same time (1)\n"
	"  -w, --work US       CPU time until the next sleep, or of a child, in us (5000)\n"
	"  -h, --help          this text\n";

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "threads", required_argument, NULL, 't' },
		{ "work", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	void *(*job)(void *) = NULL;
	unsigned int n_threads = 1;
	int c;

	while ((c = getopt_long(argc, argv, "t:w:h", options, NULL)) >= 0) {
		switch (c) {
		case 't':
			n_threads = option_count(optarg, "threads", 1, 1024);
			break;
		case 'w':
			stint_ns = (uint64_t)(option_number(optarg, "microseconds", 1, 1e7) *
					      NS_PER_US);
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (argc - optind == 1 && strcmp(argv[optind], "sleep") == 0)
		job = sleep_half_the_time;
	else if (argc - optind == 1 && strcmp(argv[optind], "fork") == 0)
		job = fork_for_ever;
	else
		errx(2, "one of 'sleep' and 'fork' is expected");

	for (unsigned int i = 1; i < n_threads; i++) {
		pthread_t thread;

		errno = pthread_create(&thread, NULL, job, NULL);
		if (errno)
			err(1, "thread %u", i);
	}
	job(NULL);
	return 0;
}
