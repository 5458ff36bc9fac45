/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget: what the BPF programs cost the verifier on this kernel.
 *
 * Loads them as the daemon does, below a pin directory of its own, and prints a line a program: its
 * name, the instructions the verifier went through, the bytes of machine code, and the microseconds
 * that its load took; then how long loading, attaching, and all of opening took. tools/insn-budget
 * compares.
 *
 * A load is timed around bpf(BPF_PROG_LOAD), from a syscall() of our own that libbpf calls in place
 * of libc's: verifying, compiling, and nothing else. The kernel's own figure won't do. It notes
 * when each load begins (bpf_prog_info.load_time) and never when one ends, so differences also hold
 * what libbpf does in between: finding the next program's hook in BTF takes longer than verifying a
 * small program.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/bpf.h"
#include "kern/discover.h"
#include "kern/fence.h"

#define PREFIX	     "weir_" /* of our programs; libbpf also loads some to see what the kernel can do */
#define MAX_PROGRAMS 64

static struct {
	char name[BPF_OBJ_NAME_LEN];
	uint64_t ns;
} loads[MAX_PROGRAMS];
static uint64_t attach_ns;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A load that is tried again, with room for a longer log, adds up: the daemon waits for both. */
static void note_load(const char *name, uint64_t ns)
{
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return;
	for (size_t i = 0; i < MAX_PROGRAMS; i++) {
		if (!loads[i].name[0])
			snprintf(loads[i].name, sizeof(loads[i].name), "%s", name);
		if (strcmp(loads[i].name, name) == 0) {
			loads[i].ns += ns;
			return;
		}
	}
}

static void note(long command, const union bpf_attr *attr, uint64_t ns)
{
	if (command == BPF_PROG_LOAD)
		note_load(attr->prog_name, ns);
	else if (command == BPF_LINK_CREATE || command == BPF_RAW_TRACEPOINT_OPEN)
		attach_ns += ns;
}

/* In place of libc's, for libbpf too. Six words, as the kernel takes them. */
long syscall(long number, ...)
{
	static long (*real)(long number, ...);
	uint64_t began;
	va_list args;
	long a[6], r;

	va_start(args, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (!real)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	began = now_ns();
	r = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_bpf)
		note(a[0], (const union bpf_attr *)a[1], now_ns() - began);
	return r;
}

static uint64_t load_ns_of(const char *name)
{
	for (size_t i = 0; i < MAX_PROGRAMS; i++) {
		if (strcmp(loads[i].name, name) == 0)
			return loads[i].ns;
	}
	return 0;
}

/* @data: how many programs nobody saw load. */
static void print_program(const char *name, uint32_t verified_insns, uint32_t jited_bytes,
			  void *data)
{
	unsigned int *n_unseen = data;
	uint64_t ns = load_ns_of(name);

	printf("%-16s %8u %8u %8.0f\n", name, verified_insns, jited_bytes, (double)ns / 1e3);
	if (ns)
		return;
	fprintf(stderr, "budget: %s was loaded unseen: libbpf should call our syscall()\n", name);
	++*n_unseen;
}

static void print_totals(uint64_t open_ns)
{
	uint64_t load_ns = 0;

	for (size_t i = 0; i < MAX_PROGRAMS; i++)
		load_ns += loads[i].ns;
	printf("# loaded in %.1f ms, attached in %.2f ms; with BTF, maps and pins %.1f ms\n",
	       (double)load_ns / 1e6, (double)attach_ns / 1e6, (double)open_ns / 1e6);
}

/* Where cgroup2 is, as the daemon finds it. */
static int open_fence(struct weir_bpf *bpf, struct weir_fence **ret, struct weir_error *err)
{
	struct weir_discovery found = {};
	struct weir_fence_options options = { .bpf = bpf,
					      .cgroup2 = found.cgroup2,
					      .cgroup_prefix = "weirbudget.",
					      .at_most = WEIR_TIER_3 };
	int r = weir_discover(&found, err);

	return r < 0 ? r : weir_fence_open(&options, ret, err);
}

int main(void)
{
	scoped(weir_bpf_closep) struct weir_bpf *bpf = NULL;
	scoped(weir_fence_closep) struct weir_fence *fence = NULL;
	char pin_dir[64];
	const struct weir_bpf_options options = { .pin_dir = pin_dir, .reader_gid = (gid_t)-1 };
	struct weir_error err = {}, purge_err = {};
	enum weir_bpf_start start;
	unsigned int n_unseen = 0;
	uint64_t began;
	int r;

	snprintf(pin_dir, sizeof(pin_dir), "/sys/fs/bpf/weirbudget-%d", (int)getpid());
	began = now_ns();
	r = weir_bpf_open(&options, &bpf, &start, &err);
	if (r == 0)
		r = open_fence(bpf, &fence, &err);
	began = now_ns() - began;
	if (r == 0)
		r = weir_bpf_foreach_program(bpf, print_program, &n_unseen, &err);
	if (r == 0)
		r = weir_fence_foreach_program(fence, print_program, &n_unseen, &err);
	if (r == 0)
		print_totals(began);
	else
		fprintf(stderr, "budget: %s\n", err.text);
	if (weir_bpf_purge(pin_dir, &purge_err) < 0)
		fprintf(stderr, "budget: %s\n", purge_err.text);
	return r == 0 && n_unseen == 0 ? 0 : 1;
}
