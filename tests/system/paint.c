/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paint DIRECTORY FIFO N: what `weir top` reads, with no weir behind it.
 *
 * Pins tables of N containers below DIRECTORY/v1, says "ready", and moves their counters until
 * its parent has ended. N is 0, 5 (among them an executor with two tasks), or more.
 *
 * DIRECTORY/v1/refresh leads to FIFO: who wants fresh figures waits there until each counter is
 * what it has to be at that moment. So rates come out as they stand here, whenever a reader
 * looks. From a SIGUSR1 on counters stand still, and only the stint in flight goes on.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "weir/abi.h"

#define MIB	  (1ULL << 20)
#define MAX_N	  1000
#define ANY	  WEIR_INFINITE
#define BUSY_CPU  1 /* has a stint in flight, of the first container */
#define PERIOD_NS 1000000ULL /* far shorter than the kernel's, so that a share of them is exact */

/*
 * What is shown of one container: amounts, and what it does in a second. A reader sees that half a
 * percent off, since its clock goes on while it reads: no figure may lie where rounding turns, nor
 * use at its request.
 */
struct figures {
	const char *id;
	uint64_t cpu_request_mcpu, cpu_limit_mcpu;
	uint64_t mem_request_mib, mem_limit_mib, mem_mib;
	unsigned int cpu_mcpu, wait_percent, throttled_percent;
	uint32_t parent; /* slot */
};

static const struct figures five[] = {
	/* Its use is the stint in flight. */
	{ "batch", 500, ANY, 1024, ANY, 1100, 0, 40, 0, 0 },
	{ "db.a-name-that-is-longer-than-anybody-wants-to-read", 2000, 2000, 4096, 4096, 2200, 400,
	  0, 0, 0 },
	{ "exec-7", 750, 1500, 640, 1024, 512, 500, 55, 0, 0 },
	{ "t1", 250, 500, 128, 256, 64, 200, 25, 0, 3 },
	{ "t2", 0, 1000, 512, 768, 448, 300, 10, 30, 3 },
};

struct tables {
	struct weir_slot *slots;
	struct weir_cpu *cpus;
	struct weir_node *node;
};

static volatile sig_atomic_t still;

static void on_signal(int number)
{
	(void)number;
	still = 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

/* ---- What is shown ---- */

/* Of many: memory, waits and throttling of each, CPU time of those at either end. */
static struct figures figures_of(uint32_t i, uint32_t n, char *id, size_t size)
{
	static const unsigned int used_mcpu[] = { 20, 60, 90, 150, 180 };

	if (n <= sizeof(five) / sizeof(five[0]))
		return five[i];
	snprintf(id, size, "web-%04u", i);
	return (struct figures){
		.id = id,
		.cpu_request_mcpu = i % 4 * 70ULL,
		.cpu_limit_mcpu = i % 7 ? 1000 : ANY,
		.mem_request_mib = i % 3 * 64ULL,
		.mem_limit_mib = i % 11 ? 512 : ANY,
		.mem_mib = 1 + i * 37 % 500,
		.cpu_mcpu = i < 5 || i + 5 >= n ? used_mcpu[i % 5] : 0,
		.wait_percent = i % 13,
		.throttled_percent = i % 7 ? i % 17 : 0,
	};
}

static uint64_t bytes_of(uint64_t mib)
{
	return mib == ANY ? WEIR_INFINITE : mib * MIB;
}

static void open_slot(struct weir_slot *slot, uint32_t i, const struct figures *figures)
{
	slot->cgroup_id = 1000 + i;
	slot->generation = 1;
	slot->started_ns = 1;
	slot->first_pid = 1000 + i;
	slot->cpu_request_mcpu = figures->cpu_request_mcpu;
	slot->cpu_limit_mcpu = figures->cpu_limit_mcpu;
	slot->mem_request_bytes = bytes_of(figures->mem_request_mib);
	slot->mem_limit_bytes = bytes_of(figures->mem_limit_mib);
	slot->mem_current_bytes = bytes_of(figures->mem_mib);
	slot->parent = figures->parent;
	strncpy(slot->id, figures->id, sizeof(slot->id) - 1);
	slot->role[0] = '*';
	slot->state = WEIR_SLOT_RUNNING;
}

/* Slots 1 to N, a free one, and one whose container has ended. */
static void open_tables(const struct tables *tables, uint32_t n)
{
	static const struct figures ended = { .id = "ended", .cpu_limit_mcpu = ANY };
	struct weir_node *node = tables->node;
	char id[WEIR_ID_MAX];

	node->capacity_mcpu = n > 100 ? 256000 : 8000;
	node->capacity_bytes = (n > 100 ? 1024 : 16ULL) * 1024 * MIB;
	node->reserve_mcpu = 100;
	node->reserve_bytes = 256 * MIB;
	for (uint32_t i = 0; i < n; i++) {
		const struct figures figures = figures_of(i, n, id, sizeof(id));

		open_slot(&tables->slots[i + 1], i, &figures);
		if (figures.parent)
			continue;
		node->requested_mcpu += figures.cpu_request_mcpu;
		node->requested_bytes += figures.mem_request_mib * MIB;
	}
	open_slot(&tables->slots[n + 2], n + 1, &ended);
	tables->slots[n + 2].state = WEIR_SLOT_EXITED;
	if (n > 0) {
		tables->cpus[BUSY_CPU].slot = 1;
		tables->cpus[BUSY_CPU].since_ns = now_ns();
	}
	node->slot_size = sizeof(struct weir_slot);
	node->n_cpus = 4;
	node->n_slots = n + 3;
	node->abi_version = WEIR_ABI_VERSION;
}

/* What containers have done in @ns, each since it began. With none of them the daemon is gone, too. */
static void move(const struct tables *tables, uint32_t n, uint64_t ns)
{
	char id[WEIR_ID_MAX];

	if (n > 0)
		tables->node->tick_ns = now_ns();
	for (uint32_t i = 0; i < n; i++) {
		const struct figures figures = figures_of(i, n, id, sizeof(id));
		struct weir_slot *slot = &tables->slots[i + 1];

		slot->cpu_ns = ns * figures.cpu_mcpu / 1000;
		slot->wait_ns = ns * figures.wait_percent / 100;
		slot->nr_periods = ns / PERIOD_NS;
		slot->nr_throttled = ns * figures.throttled_percent / 100 / PERIOD_NS;
	}
}

/* ---- Where it is shown ---- */

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* As bpf/maps.h has it. */
static void *pin_array(const char *directory, const char *name, size_t size, uint32_t entries)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = (uint32_t)size,
		.max_entries = entries,
		.map_flags = BPF_F_MMAPABLE,
	};
	char path[4096];
	void *records;
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		err(1, "make '%s'", name);
	records = mmap(NULL, size * entries, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (records == MAP_FAILED)
		err(1, "map '%s'", name);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	attr = (union bpf_attr){ .pathname = (uintptr_t)path, .bpf_fd = (uint32_t)fd };
	if (bpf(BPF_OBJ_PIN, &attr) < 0)
		err(1, "pin %s", path);
	close(fd);
	return records;
}

static void pin_tables(const char *parent, const char *fifo, struct tables *ret)
{
	char directory[2048], link[4096];

	snprintf(directory, sizeof(directory), "%s/%s", parent, WEIR_PIN_VERSION_DIR);
	snprintf(link, sizeof(link), "%s/refresh", directory);
	if (mkdir(directory, 0700) < 0)
		err(1, "%s", directory);
	ret->slots = pin_array(directory, "slots", sizeof(*ret->slots), WEIR_MAX_CONTAINERS);
	ret->cpus = pin_array(directory, "cpus", sizeof(*ret->cpus), WEIR_MAX_CPUS);
	ret->node = pin_array(directory, "node", sizeof(*ret->node), 1);
	if (mkfifo(fifo, 0600) < 0)
		err(1, "%s", fifo);
	if (symlink(fifo, link) < 0)
		err(1, "%s", link);
}

/* One reader after the other. */
static void serve(const char *fifo, const struct tables *tables, uint32_t n)
{
	uint64_t began_ns = now_ns(), at_ns = began_ns;

	for (;;) {
		int fd = open(fifo, O_WRONLY | O_CLOEXEC); /* once somebody reads */

		if (fd < 0)
			err(1, "%s", fifo);
		if (!still)
			at_ns = now_ns();
		move(tables, n, at_ns - began_ns);
		/* The next reader finds another: at this one, the last may be there still. */
		unlink(fifo);
		if (mkfifo(fifo, 0600) < 0)
			err(1, "%s", fifo);
		close(fd); /* which is all that the reader waits for */
	}
}

int main(int argc, char *argv[])
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct tables tables;
	unsigned long n;

	if (argc != 4)
		errx(2, "usage: paint DIRECTORY FIFO N");
	n = strtoul(argv[3], NULL, 10);
	if (n != 0 && n != sizeof(five) / sizeof(five[0]) && (n <= 100 || n > MAX_N))
		errx(2, "'%s' containers: 0, 5, or 101 to %d are painted", argv[3], MAX_N);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGUSR1, &action, NULL);
	pin_tables(argv[1], argv[2], &tables);
	open_tables(&tables, (uint32_t)n);
	puts("ready");
	fflush(stdout);
	serve(argv[2], &tables, (uint32_t)n);
}
