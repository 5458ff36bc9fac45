/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

/* What those share that tell latencies: arrivals at random, and percentiles of what came of them. */

#include <math.h>
#include <stdbool.h>

#include "options.h"

/* splitmix64: good enough for arrivals, and the same everywhere for a seed. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Between two arrivals of a Poisson process, which come @mean_ns apart on average. */
static inline uint64_t poisson_gap_ns(double mean_ns, uint64_t *random)
{
	double uniform =
		((double)(next_random(random) >> 11) + 1) / 9007199254740993.0; /* (0, 1) */

	return (uint64_t)(-log(uniform) * mean_ns);
}

static inline int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The least value that at least @permille of a thousand do not exceed, in us. */
static inline double percentile_us(const uint64_t *sorted, size_t n, size_t permille)
{
	size_t rank = (n * permille + 999) / 1000;

	return (double)sorted[rank ? rank - 1 : 0] / NS_PER_US;
}

/* Sorts @all. */
static inline void report_latencies(uint64_t *all, size_t n, bool json)
{
	static const struct {
		const char *name;
		size_t permille;
	} points[] = {
		{ "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p99.9", 999 }, { "max", 1000 }
	};

	if (!n)
		errx(1, "no request arrived in that time");
	qsort(all, n, sizeof(*all), by_size);
	printf(json ? "{\"count\": %zu" : "%zu requests", n);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		double us = percentile_us(all, n, points[i].permille);

		if (json)
			printf(", \"%s_us\": %.1f", points[i].name, us);
		else
			printf("  %s %.3f ms", points[i].name, us / 1000);
	}
	puts(json ? "}" : "");
}

#endif /* BENCH_SAMPLES_H */
