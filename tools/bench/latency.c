/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency: a small service that tells how long its requests took.
 *
 * Open loop: requests arrive by the clock, at fixed intervals or as a Poisson process, whether
 * or not the one before is done, and latency runs from the intended arrival to the end of the
 * work. So a stall is paid by every request that arrives in it (no coordinated omission). Each
 * thread serves its own arrivals. Work is an amount of CPU time by the thread's own clock: time
 * in which it did not run, or the hypervisor ran somebody else, is latency and not work.
 */
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "samples.h"

struct service {
	unsigned int n_threads;
	uint64_t work_ns, period_ns, duration_ns, start_ns, seed;
	bool poisson, json;
};

struct thread {
	const struct service *service;
	pthread_t id;
	unsigned int number;
	size_t n, max;
	uint64_t *latencies_ns;
};

static uint64_t gap_ns(const struct service *service, uint64_t *random)
{
	return service->poisson ? poisson_gap_ns((double)service->period_ns, random)
				: service->period_ns;
}

static void *serve(void *arg)
{
	struct thread *thread = arg;
	const struct service *service = thread->service;
	uint64_t random = service->seed + thread->number;
	/* Fixed arrivals of the threads lie evenly between each other's. */
	uint64_t arrival_ns =
		service->start_ns +
		(service->poisson ? gap_ns(service, &random)
				  : service->period_ns * thread->number / service->n_threads);

	/* The default slack of 50 us would be counted as latency. */
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);

	while (arrival_ns < service->start_ns + service->duration_ns && thread->n < thread->max) {
		struct timespec at = to_timespec(arrival_ns);

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
			;
		work(service->work_ns);
		thread->latencies_ns[thread->n++] = clock_ns(CLOCK_MONOTONIC) - arrival_ns;
		arrival_ns += gap_ns(service, &random);
	}
	return NULL;
}

/* Room for what will arrive, touched now: page faults are not the service's latency. */
static void prepare(struct thread *thread, const struct service *service, unsigned int number)
{
	size_t expected = (size_t)(service->duration_ns / service->period_ns) + 1;
	size_t max = service->poisson ? 2 * expected + 1000 : expected + 1;

	*thread = (struct thread){ .service = service, .number = number, .max = max };
	thread->latencies_ns = malloc(max * sizeof(uint64_t));
	if (!thread->latencies_ns)
		err(1, "%zu requests", max);
	memset(thread->latencies_ns, 1, max * sizeof(uint64_t));
}

static void run(struct service *service)
{
	struct thread *threads = calloc(service->n_threads, sizeof(*threads));
	uint64_t *all = NULL;
	size_t n = 0;

	if (!threads)
		err(1, "%u threads", service->n_threads);
	for (unsigned int i = 0; i < service->n_threads; i++)
		prepare(&threads[i], service, i);
	service->start_ns = clock_ns(CLOCK_MONOTONIC) + 10 * 1000 * NS_PER_US;
	for (unsigned int i = 0; i < service->n_threads; i++) {
		errno = pthread_create(&threads[i].id, NULL, serve, &threads[i]);
		if (errno)
			err(1, "thread %u", i);
	}
	for (unsigned int i = 0; i < service->n_threads; i++) {
		pthread_join(threads[i].id, NULL);
		all = reallocarray(all, n + threads[i].n + 1, sizeof(*all));
		if (!all)
			err(1, "%zu requests", n + threads[i].n);
		memcpy(all + n, threads[i].latencies_ns, threads[i].n * sizeof(*all));
		n += threads[i].n;
		free(threads[i].latencies_ns);
	}
	report_latencies(all, n, service->json);
	free(all);
	free(threads);
}

static const char usage[] =
	"usage: latency [OPTION]...\n"
	"A service that measures its own latency, from the intended arrival of each request.\n"
	"  -t, --threads N     threads, each with arrivals of its own (1)\n"
	"  -w, --work US       CPU time per request, in us (1000)\n"
	"  -p, --period US     time between arrivals, in us (5000)\n"
	"  -P, --poisson       arrivals at random, --period apart on average\n"
	"  -d, --duration S    how long requests arrive, in seconds (10)\n"
	"  -s, --seed N        another sequence of random arrivals (1)\n"
	"  -j, --json          one line of JSON\n"
	"  -h, --help          this text\n";

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "threads", required_argument, NULL, 't' },
		{ "work", required_argument, NULL, 'w' },
		{ "period", required_argument, NULL, 'p' },
		{ "poisson", no_argument, NULL, 'P' },
		{ "duration", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	double work_us = 1000, period_us = 5000, duration_s = 10;
	struct service service = { .n_threads = 1, .seed = 1 };
	int c;

	while ((c = getopt_long(argc, argv, "t:w:p:Pd:s:jh", options, NULL)) >= 0) {
		switch (c) {
		case 't':
			service.n_threads = option_count(optarg, "threads", 1, 1024);
			break;
		case 'w':
			work_us = option_number(optarg, "microseconds", 1, 1e7);
			break;
		case 'p':
			period_us = option_number(optarg, "microseconds", 10, 1e8);
			break;
		case 'P':
			service.poisson = true;
			break;
		case 'd':
			duration_s = option_number(optarg, "seconds", 0.01, 86400);
			break;
		case 's':
			service.seed = option_count(optarg, "sequences", 0, UINT32_MAX) * 7919ULL;
			break;
		case 'j':
			service.json = true;
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (optind < argc)
		errx(2, "'%s' is not expected", argv[optind]);
	if (work_us >= period_us)
		errx(2, "%g us of work every %g us can never be done: requests would pile up",
		     work_us, period_us);

	service.work_ns = (uint64_t)(work_us * NS_PER_US);
	service.period_ns = (uint64_t)(period_us * NS_PER_US);
	service.duration_ns = (uint64_t)(duration_s * NS_PER_S);
	run(&service);
	return 0;
}
