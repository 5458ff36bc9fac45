/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FENCE_INTERNAL_H
#define WEIR_FENCE_INTERNAL_H

/* What kern/fence*.c share among themselves; nobody else includes this. */

#include <sys/sysmacros.h>

#include "kern/bpf_internal.h"
#include "kern/fence.h"

enum weir_fence_map {
	WEIR_FENCE_SETTINGS,
	WEIR_FENCE_LOCALS,
	WEIR_FENCE_RULES,
	WEIR_FENCE_DENIALS,
	WEIR_FENCE_AGENTS,
	WEIR_FENCE_PEERS,
	WEIR_FENCE_SOCKETS,
	WEIR_FENCE_PATHS,
	WEIR_FENCE_GUARDED,
	WEIR_FENCE_MAPS_,
};

struct weir_fence_program {
	const char *name;
	const char *pin; /* of its link, below "fence/" */
	enum bpf_attach_type attach;
	enum weir_tier tier; /* from which on it is part of it; */
	enum weir_tier until; /* and up to which */
	/* Sees every packet of the machine: attached only while somebody is fenced; the program has a pin, too. */
	const char *program_pin;
};

#define WEIR_FENCE_PROGRAMS 28
extern const struct weir_fence_program weir_fence_table[WEIR_FENCE_PROGRAMS];

#define WEIR_FENCE_LEVEL_PIN "fence/level" /* a program that is called */
#define WEIR_FENCE_ARM_PIN   "fence/arm" /* another that is called, of tier T3 */
#define WEIR_FENCE_TAG_PIN   "fence/tag" /* an iterator that is read, as of tier T1 */

#define WEIR_FENCE_DEEPEST 64 /* levels below the top */

struct weir_fence {
	struct weir_bpf *bpf;
	int top_fd; /* of cgroup2 */
	int map_fds[WEIR_FENCE_MAPS_];
	struct weir_fence_node *settings; /* mapped */
	enum weir_tier tier; /* that its programs come to */
	unsigned int held[WEIR_FENCE_DEEPEST]; /* how many fenced containers lie on each level */
	unsigned int n_held;
	struct ring_buffer *ring;
	weir_denied_fn *on_denied;
	void *data;
};

/* Take over, or load, attach and pin; fills map_fds and the tier. */
int weir_fence_load(struct weir_fence *fence, const struct weir_fence_options *options,
		    struct weir_error *err);
/* The kernel's own way to write a device's number. */
static inline uint64_t weir_fence_kernel_dev(dev_t dev)
{
	return (uint64_t)major(dev) << 20 | minor(dev);
}

/* Is it part of the tier in force? */
bool weir_fence_has(const struct weir_fence *fence, const struct weir_fence_program *program);

/* Attached at the top of cgroup2? Else to the kernel as a whole. */
bool weir_fence_of_cgroup(const struct weir_fence_program *program);

/* The programs that see packets: attached or not. What is so already is fine. */
int weir_fence_watch_packets(struct weir_fence *fence, bool on, struct weir_error *err);

/*
 * From now on nobody else changes what is pinned, as long as this process lives. Below tier 3 nothing is
 * done. Again, after pins have come or gone, is fine.
 */
int weir_fence_arm(struct weir_fence *fence, struct weir_error *err);

#endif /* WEIR_FENCE_INTERNAL_H */
