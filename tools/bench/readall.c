/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readall: what it costs to read the figures of all containers.
 *
 *	readall -w mmap|lookup -p PIN_DIR          from weir's tables
 *	readall -w kept|reopened FILE...           from cgroup files
 *
 * mmap is include/weir/metrics.h; lookup is one bpf() call a record; kept reads open files
 * again with pread(), reopened opens, reads and closes. Prints the records or files read and
 * the median time of a pass over all of them in us, of -n passes.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "options.h"
#include "weir/metrics.h"

struct source {
	const char *way;
	struct weir_metrics metrics;
	int slots_fd;
	char **files;
	size_t n_files;
	int *fds; /* of the files, when they are kept */
	uint64_t sink; /* what was read goes somewhere */
};

static size_t pass_mmap(struct source *source)
{
	uint32_t n_slots = weir_metrics_slots(&source->metrics);
	struct weir_slot slot;
	size_t n = 0;

	for (uint32_t i = 1; i < n_slots; i++) {
		if (!weir_metrics_read(&source->metrics, i, &slot))
			continue;
		source->sink += slot.cpu_ns;
		n++;
	}
	return n;
}

static size_t pass_lookup(struct source *source)
{
	uint32_t n_slots = weir_metrics_slots(&source->metrics);
	char record[4096];
	size_t n = 0;

	for (uint32_t i = 1; i < n_slots; i++) {
		const struct weir_slot *slot = (const void *)record;
		union bpf_attr attr = { .map_fd = (uint32_t)source->slots_fd };

		attr.key = (uintptr_t)&i;
		attr.value = (uintptr_t)record;
		if (syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) < 0)
			err(1, "look-up of slot %u", i);
		source->sink += slot->cpu_ns;
		n += slot->state != WEIR_SLOT_FREE;
	}
	return n;
}

static size_t pass_files(struct source *source)
{
	char text[8192];

	for (size_t i = 0; i < source->n_files; i++) {
		int fd =
			source->fds ? source->fds[i] : open(source->files[i], O_RDONLY | O_CLOEXEC);
		ssize_t n = pread(fd, text, sizeof(text), 0);

		if (n <= 0)
			err(1, "%s", source->files[i]);
		source->sink += (unsigned char)text[n - 1];
		if (!source->fds)
			close(fd);
	}
	return source->n_files;
}

static void open_tables(struct source *source, const char *pin_dir)
{
	union bpf_attr attr = {};
	char path[320];
	int r = weir_metrics_open(&source->metrics, pin_dir);

	if (r < 0)
		errx(1, "tables below %s: %s", pin_dir ? pin_dir : WEIR_PIN_DIR_DEFAULT,
		     strerror(-r));
	if (source->metrics.slots.size > 4096)
		errx(1, "records of %u bytes are not expected", source->metrics.slots.size);
	snprintf(path, sizeof(path), "%s/slots", source->metrics.pin_dir);
	attr.pathname = (uintptr_t)path;
	attr.file_flags = BPF_F_RDONLY;
	source->slots_fd = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (source->slots_fd < 0)
		err(1, "%s", path);
}

static void keep_files(struct source *source)
{
	source->fds = calloc(source->n_files, sizeof(*source->fds));
	if (!source->fds)
		err(1, "%zu files", source->n_files);
	for (size_t i = 0; i < source->n_files; i++) {
		source->fds[i] = open(source->files[i], O_RDONLY | O_CLOEXEC);
		if (source->fds[i] < 0)
			err(1, "%s", source->files[i]);
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(struct source *source, size_t (*pass)(struct source *), unsigned int n_passes)
{
	uint64_t *ns = calloc(n_passes, sizeof(*ns));
	size_t n = pass(source); /* warm, as a second pass would be */

	if (!ns)
		err(1, "%u passes", n_passes);
	for (unsigned int i = 0; i < n_passes; i++) {
		uint64_t since_ns = clock_ns(CLOCK_MONOTONIC);

		pass(source);
		ns[i] = clock_ns(CLOCK_MONOTONIC) - since_ns;
	}
	qsort(ns, n_passes, sizeof(*ns), by_size);
	printf("%zu %.1f\n", n, (double)ns[n_passes / 2] / NS_PER_US);
	free(ns);
}

int main(int argc, char *argv[])
{
	struct source source = { .way = "mmap", .slots_fd = -1 };
	size_t (*pass)(struct source *) = pass_files;
	const char *pin_dir = NULL;
	unsigned int n_passes = 20;
	int c;

	while ((c = getopt(argc, argv, "w:p:n:")) >= 0) {
		switch (c) {
		case 'w':
			source.way = optarg;
			break;
		case 'p':
			pin_dir = optarg;
			break;
		case 'n':
			n_passes = option_count(optarg, "passes", 1, 100000);
			break;
		default:
			return 2;
		}
	}
	source.files = argv + optind;
	source.n_files = (size_t)(argc - optind);

	if (strcmp(source.way, "mmap") == 0 || strcmp(source.way, "lookup") == 0) {
		open_tables(&source, pin_dir);
		pass = source.way[0] == 'm' ? pass_mmap : pass_lookup;
	} else if (strcmp(source.way, "kept") == 0) {
		keep_files(&source);
	} else if (strcmp(source.way, "reopened") != 0) {
		errx(2, "'%s' is not a way: mmap, lookup, kept or reopened", source.way);
	}
	measure(&source, pass, n_passes);
	return 0;
}
