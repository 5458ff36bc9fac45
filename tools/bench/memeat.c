/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memeat: a memory burster. Grows at a steady rate, every page touched and so charged, then
 * holds what it has.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "options.h"

#define MIB    (1ULL << 20)
#define STEP_S 0.01 /* fine enough to be a slope, coarse enough to cost nothing */

static const char usage[] = "usage: memeat [OPTION]...\n"
			    "  -r, --rate MIB      growth in MiB per second (64)\n"
			    "  -s, --size MIB      how far to grow (256)\n"
			    "  -d, --hold S        keep it for that many seconds (for ever)\n"
			    "  -h, --help          this text\n";

/* The schedule is absolute: a process held back catches up rather than growing more slowly. */
static void grow(char *memory, size_t size, double rate_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), done = 0;
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);

	for (uint64_t step = 1; done < size; step++) {
		double due_s = (double)step * STEP_S;
		size_t due =
			due_s * rate_bytes < (double)size ? (size_t)(due_s * rate_bytes) : size;
		struct timespec at = to_timespec(start_ns + (uint64_t)(due_s * NS_PER_S));

		for (; done < due; done += page)
			memset(memory + done, 0x5a, sizeof(long)); /* one word makes it ours */
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "size", required_argument, NULL, 's' },
		{ "hold", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	double rate_mib = 64, size_mib = 256, hold_s = -1;
	struct timespec hold;
	size_t size;
	char *memory;
	int c;

	while ((c = getopt_long(argc, argv, "r:s:d:h", options, NULL)) >= 0) {
		switch (c) {
		case 'r':
			rate_mib = option_number(optarg, "MiB per second", 0.1, 1e6);
			break;
		case 's':
			size_mib = option_number(optarg, "MiB", 1, 1e7);
			break;
		case 'd':
			hold_s = option_number(optarg, "seconds", 0, 86400);
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (optind < argc)
		errx(2, "'%s' is not expected", argv[optind]);

	size = (size_t)(size_mib * MIB);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "%g MiB of address space", size_mib);
	/* Whole huge pages would make the slope a staircase. */
	madvise(memory, size, MADV_NOHUGEPAGE);

	grow(memory, size, rate_mib * MIB);
	if (hold_s < 0)
		pause();
	hold = to_timespec((uint64_t)(hold_s * NS_PER_S));
	nanosleep(&hold, NULL);
	return 0;
}
