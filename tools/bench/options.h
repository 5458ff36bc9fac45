/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

/* What the small programs here share: strict numbers, time, and one way to say how. */

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_US 1000ULL
#define NS_PER_S  1000000000ULL

/* @text as a number of @what, @least to @most; anything else ends the program. */
static inline double option_number(const char *text, const char *what, double least, double most)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (errno || end == text || *end || !(value >= least && value <= most))
		errx(2, "'%s' is not a number of %s from %g to %g", text, what, least, most);
	return value;
}

/* The same for what can't be divided. */
static inline unsigned int option_count(const char *text, const char *what, unsigned int least,
					unsigned int most)
{
	double value = option_number(text, what, least, most);

	if (value != (unsigned int)value)
		errx(2, "'%s' is not a whole number of %s", text, what);
	return (unsigned int)value;
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static inline struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				  .tv_nsec = (long)(ns % NS_PER_S) };
}

/* By the thread's own clock: time in which it did not run is no work. */
static inline void work(uint64_t cpu_ns)
{
	uint64_t until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + cpu_ns;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		;
}

#endif /* BENCH_OPTIONS_H */
