/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demote: how soon a container that goes over its request gives way.
 *
 *	demote --worker WORD                   in the container: rests, or loops, as WORD says
 *	demote [-n N] [-p PIN_DIR] WORD ID IDLE_FILE
 *
 * The node has to be armed: somebody within their request about, and no CPU idle. A trial: the
 * worker rests, which is to run a little in every tick, until its bucket is full whatever was in
 * it (a bucket of two windows fills at the rate of the request while the container runs or
 * waits). Then it loops. The bucket is drawn here from the slot's cpu_ns, stints in flight
 * included, each 100 us; the clock starts when it is empty, and stops when the slot's band says
 * burst, which has to be what the kernel's cpu.idle says. Both are read from the mapped tables,
 * so looking disturbs nobody. WORD is a file that the two share.
 *
 * Prints JSON: the trials' times in us, and how many gave way too early, or never.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "samples.h"
#include "weir/metrics.h"

#define LOOK_NS	    (100 * NS_PER_US)
#define REST_RUN_NS (30 * NS_PER_US) /* of each REST_GAP_NS; far below any tick */
#define REST_GAP_NS (1000 * NS_PER_US)
#define NEVER_NS    (2 * NS_PER_S)
#define MAX_TRIALS  100000
#define MAX_RESTS   20 /* for one trial */

enum phase { REST, LOOP };

struct trials {
	struct weir_metrics metrics;
	uint32_t *word; /* enum phase, shared with the worker */
	uint32_t slot;
	double rate; /* the request, in CPUs */
	double bucket_ns, size_ns; /* as drawn here; when full */
	uint64_t at_ns, cpu_ns; /* of the last look */
	const char *idle_file;
	uint64_t random;
	unsigned int n, n_done, n_early, n_never;
	double *us;
};

static uint32_t *map_word(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *word;

	if (fd < 0 || ftruncate(fd, sizeof(uint32_t)) < 0)
		err(1, "%s", path);
	word = mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (word == MAP_FAILED)
		err(1, "map %s", path);
	close(fd);
	return word;
}

static void sleep_ns(uint64_t ns)
{
	struct timespec ts = to_timespec(ns);

	nanosleep(&ts, NULL);
}

static void be_worker(const uint32_t *word)
{
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	for (;;) {
		work(REST_RUN_NS);
		sleep_ns(REST_GAP_NS);
		/* Without a system call: only the stint in flight tells of it. */
		while (__atomic_load_n(word, __ATOMIC_RELAXED) == LOOP)
			;
	}
}

static const struct weir_slot *slot_of(const struct trials *trials)
{
	return weir_metrics_slot_(&trials->metrics, trials->slot);
}

static bool gives_way(const struct trials *trials)
{
	return __atomic_load_n(&slot_of(trials)->band, __ATOMIC_ACQUIRE) == WEIR_BAND_BURST;
}

/* The kernel's own word for it, at a moment when it has to agree. */
static void check_idle(const struct trials *trials, char expected)
{
	char text[8] = "";
	int fd = open(trials->idle_file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1)
		err(1, "%s", trials->idle_file);
	close(fd);
	if (text[0] != expected)
		errx(1, "%s is %c where the band says %c", trials->idle_file, text[0], expected);
}

/* Half as long again as the bucket takes to be full, however empty it was. false: it used too much. */
static bool rest_once(struct trials *trials)
{
	double used_while_resting = (double)REST_RUN_NS / REST_GAP_NS;
	double needed_ns = 1.5 * trials->size_ns / (trials->rate - used_while_resting);
	uint64_t jitter_ns = next_random(&trials->random) % (20 * 1000 * NS_PER_US);
	uint64_t cpu_ns = weir_metrics_cpu_ns(&trials->metrics, trials->slot);

	sleep_ns((uint64_t)needed_ns + jitter_ns);
	cpu_ns = weir_metrics_cpu_ns(&trials->metrics, trials->slot) - cpu_ns;
	return (double)cpu_ns <= trials->rate * needed_ns / 4;
}

/*
 * Until the bucket is full. The rest is of no certain length, so that trials begin anywhere in a
 * tick. A machine that lends its CPUs to others meanwhile counts what they took as used here.
 */
static void rest(struct trials *trials)
{
	uint64_t since_ns;
	int n = 0;

	__atomic_store_n(trials->word, REST, __ATOMIC_RELAXED);
	since_ns = clock_ns(CLOCK_MONOTONIC);
	while (gives_way(trials)) {
		if (clock_ns(CLOCK_MONOTONIC) > since_ns + 10 * NEVER_NS)
			errx(1, "it rests and is still in the idle class");
		sleep_ns(REST_GAP_NS);
	}
	while (!rest_once(trials)) {
		if (++n == MAX_RESTS)
			errx(1, "it never rests: its bucket may not be full");
	}
	trials->bucket_ns = trials->size_ns;
	check_idle(trials, '0');
}

/* What was used since the last look drains the bucket, the request's rate fills it. */
static void look(struct trials *trials)
{
	uint64_t cpu_ns = weir_metrics_cpu_ns(&trials->metrics, trials->slot);
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t used_ns = cpu_ns > trials->cpu_ns ? cpu_ns - trials->cpu_ns : 0;

	trials->bucket_ns += trials->rate * (double)(now_ns - trials->at_ns) - (double)used_ns;
	if (trials->bucket_ns > trials->size_ns)
		trials->bucket_ns = trials->size_ns;
	trials->cpu_ns = cpu_ns;
	trials->at_ns = now_ns;
}

/*
 * From the empty bucket to the idle class, in us; two seconds: it never got there. Below zero:
 * it gave way with something in the bucket, that much time before a loop would have emptied it.
 * The daemon looks at whole ticks, so that may be a fraction of one.
 */
static double loop(struct trials *trials)
{
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), empty_ns = 0;
	bool burst = false;

	trials->at_ns = start_ns;
	trials->cpu_ns = weir_metrics_cpu_ns(&trials->metrics, trials->slot);
	__atomic_store_n(trials->word, LOOP, __ATOMIC_RELAXED);
	while (!burst) {
		struct timespec next = to_timespec(trials->at_ns + LOOK_NS);

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		burst = gives_way(trials);
		look(trials);
		if (!empty_ns && trials->bucket_ns <= 0)
			empty_ns = trials->at_ns;
		if (!burst && empty_ns && trials->at_ns - empty_ns > NEVER_NS)
			return (double)NEVER_NS / NS_PER_US;
		if (!empty_ns && trials->at_ns - start_ns > 10 * NEVER_NS)
			errx(1, "it gets too little of the CPU to go over its request");
	}
	check_idle(trials, '1');
	if (!empty_ns)
		return -trials->bucket_ns / (1 - trials->rate) / NS_PER_US;
	return (double)(trials->at_ns - empty_ns) / NS_PER_US;
}

static void find(struct trials *trials, const char *id)
{
	struct weir_slot slot;

	for (uint32_t i = 1; i < weir_metrics_slots(&trials->metrics); i++) {
		if (!weir_metrics_read(&trials->metrics, i, &slot) ||
		    strncmp(slot.id, id, sizeof(slot.id)) != 0)
			continue;
		trials->slot = i;
		trials->rate = (double)slot.cpu_request_mcpu / 1000;
		trials->size_ns = trials->rate * 2 * WEIR_WINDOW_NS;
		return;
	}
	errx(1, "there is no container '%s'", id);
}

static void run(struct trials *trials)
{
	const struct sched_param first = { .sched_priority = 2 };

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	/* Above the daemon's: who looks late would call the daemon late. */
	if (sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		warn("no real-time priority: looks may come late");
	trials->us = calloc(trials->n, sizeof(*trials->us));
	if (!trials->us)
		err(1, "%u trials", trials->n);
	for (; trials->n_done < trials->n; trials->n_done++) {
		double us;

		rest(trials);
		us = loop(trials);
		trials->us[trials->n_done] = us;
		trials->n_early += us < 0;
		trials->n_never += us >= (double)NEVER_NS / NS_PER_US;
	}
	__atomic_store_n(trials->word, REST, __ATOMIC_RELAXED);
	printf("{\"hz\": %u, \"early\": %u, \"never\": %u, \"us\": [", trials->metrics.node->hz,
	       trials->n_early, trials->n_never);
	for (unsigned int i = 0; i < trials->n_done; i++)
		printf("%s%.1f", i ? ", " : "", trials->us[i]);
	puts("]}");
	free(trials->us);
}

int main(int argc, char *argv[])
{
	struct trials trials = { .n = 100, .random = (uint64_t)getpid() };
	const char *pin_dir = NULL;
	int c, r;

	if (argc == 3 && strcmp(argv[1], "--worker") == 0)
		be_worker(map_word(argv[2]));
	while ((c = getopt(argc, argv, "n:p:")) >= 0) {
		switch (c) {
		case 'n':
			trials.n = option_count(optarg, "trials", 1, MAX_TRIALS);
			break;
		case 'p':
			pin_dir = optarg;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 3)
		errx(2, "usage: demote [-n N] [-p PIN_DIR] WORD ID IDLE_FILE");
	r = weir_metrics_open(&trials.metrics, pin_dir);
	if (r < 0)
		errx(1, "tables below %s: %s", pin_dir ? pin_dir : WEIR_PIN_DIR_DEFAULT,
		     strerror(-r));
	trials.word = map_word(argv[optind]);
	find(&trials, argv[optind + 1]);
	trials.idle_file = argv[optind + 2];
	run(&trials);
	weir_metrics_close(&trials.metrics);
	return 0;
}
