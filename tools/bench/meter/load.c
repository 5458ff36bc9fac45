/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * meter-load: load one technique of metering, and attach it on request.
 *
 *	meter-load OBJECT.bpf.o CGROUP2_DIR... [PID]...
 *
 * The directories are metered in slots 1, 2, ...; what the technique keeps with a task is made
 * for the PIDs, which are older than its programs. Says "ready" once loaded; then each line on
 * standard input is answered by one line: "on" and "off" attach and detach, "read" tells in JSON
 * what has been counted. Ends, and detaches, when its input does. Takes the tree's linked object
 * too. Not the daemon's loader: nothing is pinned.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shard.h"
#include "weir/abi.h"

#define MAX_GROUPS 8
#define MAX_LINKS  16

struct group {
	int fd;
	uint64_t id;
};

/* The map called @prefix@name; -1: this technique has none. The tree's own meter says "weir_". */
static int map_fd(struct bpf_object *obj, const char *name)
{
	static const char *const prefixes[] = { "meter_", "weir_" };
	char full[32];

	for (size_t i = 0; i < 2; i++) {
		struct bpf_map *map;

		snprintf(full, sizeof(full), "%s%s", prefixes[i], name);
		map = bpf_object__find_map_by_name(obj, full);
		if (map)
			return bpf_map__fd(map);
	}
	return -1;
}

static struct group open_group(const char *path)
{
	struct group group = { .fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	struct stat st;

	if (group.fd < 0 || fstat(group.fd, &st) < 0)
		err(1, "%s", path);
	group.id = st.st_ino; /* kernfs: the inode number is the cgroup's id */
	return group;
}

/* Tell the programs of @group in whichever way this technique looks it up. */
static void enter(struct bpf_object *obj, const struct group *group, uint32_t slot)
{
	struct weir_entry entry = { .slot = slot };
	struct weir_slot zero = {};
	int fd;

	if (bpf_map_update_elem(map_fd(obj, "index"), &group->id, &entry, BPF_ANY) < 0)
		err(1, "index");
	fd = map_fd(obj, "totals");
	if (fd >= 0 && bpf_map_update_elem(fd, &group->id, &zero, BPF_ANY) < 0)
		err(1, "totals");
	fd = map_fd(obj, "groups");
	if (fd >= 0 && bpf_map_update_elem(fd, &group->fd, &entry, BPF_ANY) < 0)
		err(1, "groups");
}

/* What the technique keeps with a task: for one that was forked before it was attached. */
static void adopt(struct bpf_object *obj, pid_t pid)
{
	static const char *const names[] = { "delay", "stamps", "threads" };
	static const uint64_t zero[8];
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		err(1, "process %d", (int)pid);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = map_fd(obj, names[i]);

		if (fd >= 0 && bpf_map_update_elem(fd, &pidfd, zero, BPF_ANY) < 0)
			err(1, "%s of process %d", names[i], (int)pid);
	}
	close(pidfd);
}

static struct weir_slot lookup(int fd, const void *key)
{
	struct weir_slot record = {};

	if (bpf_map_lookup_elem(fd, key, &record) < 0)
		err(1, "look-up");
	return record;
}

static struct weir_slot read_slot(struct bpf_object *obj, const struct group *group, uint32_t slot)
{
	struct weir_slot sum = {};
	int fd = map_fd(obj, "shards");

	if (map_fd(obj, "totals") >= 0)
		return lookup(map_fd(obj, "totals"), &group->id);
	if (fd < 0)
		return lookup(map_fd(obj, "slots"), &slot);

	for (uint32_t cpu = 0; cpu < SHARD_CPUS; cpu++) {
		uint32_t key = cpu * SHARD_SLOTS + slot;
		struct weir_slot shard = lookup(fd, &key);

		sum.cpu_ns += shard.cpu_ns;
		sum.wait_ns += shard.wait_ns;
		sum.switches += shard.switches;
	}
	return sum;
}

static void report(struct bpf_object *obj, const struct group *groups, int n_groups)
{
	putchar('[');
	for (int i = 0; i < n_groups; i++) {
		struct weir_slot s = read_slot(obj, &groups[i], (uint32_t)i + 1);

		printf("%s{\"cpu_ns\": %" PRIu64 ", \"wait_ns\": %" PRIu64
		       ", \"switches\": %" PRIu64 "}",
		       i ? ", " : "", s.cpu_ns, s.wait_ns, s.switches);
	}
	puts("]");
	fflush(stdout);
}

struct links {
	struct bpf_link *list[MAX_LINKS];
	size_t n;
};

static void attach(struct bpf_object *obj, struct links *links)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
	{
		struct bpf_link *link;

		/*
		 * Iterators and what is called cost nothing until somebody does, and turns are
		 * taken only while somebody is in the idle class.
		 */
		if (bpf_program__expected_attach_type(prog) == BPF_TRACE_ITER ||
		    bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL ||
		    bpf_program__type(prog) == BPF_PROG_TYPE_PERF_EVENT)
			continue;
		link = links->n < MAX_LINKS ? bpf_program__attach(prog) : NULL;
		if (!link)
			err(1, "attach %s", bpf_program__name(prog));
		links->list[links->n++] = link;
	}
}

static void detach(struct links *links)
{
	while (links->n)
		bpf_link__destroy(links->list[--links->n]);
}

static void serve(struct bpf_object *obj, const struct group *groups, int n_groups)
{
	struct links links = {};
	char line[16];

	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "read\n") == 0) {
			report(obj, groups, n_groups);
			continue;
		}
		detach(&links);
		if (strcmp(line, "on\n") == 0)
			attach(obj, &links);
		fputs(line, stdout);
		fflush(stdout);
	}
}

int main(int argc, char *argv[])
{
	struct group groups[MAX_GROUPS];
	struct bpf_object *obj;
	int n_groups = 0;

	if (argc < 2)
		errx(2, "usage: meter-load OBJECT.bpf.o CGROUP2_DIR... [PID]...");
	obj = bpf_object__open_file(argv[1], NULL);
	if (!obj || bpf_object__load(obj) < 0)
		err(1, "%s", argv[1]);
	for (char **arg = argv + 2; *arg; arg++) {
		if ((*arg)[0] != '/') {
			adopt(obj, (pid_t)strtol(*arg, NULL, 10));
		} else if (n_groups < MAX_GROUPS) {
			groups[n_groups] = open_group(*arg);
			enter(obj, &groups[n_groups], (uint32_t)n_groups + 1);
			n_groups++;
		}
	}

	puts("ready");
	fflush(stdout);
	serve(obj, groups, n_groups);
	return 0;
}
