/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_KERN_BPF_H
#define WEIR_KERN_BPF_H

/*
 * The BPF side: programs, links and maps, pinned so that they outlive the daemon.
 *
 * Opening adopts what is pinned when it is the same programs over the same ABI, replaces
 * the programs when only they differ, migrates the records when the ABI does, and loads
 * afresh where there is nothing. Only kern/bpf*.c know libbpf.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "weir/abi.h"

struct weir_error;
struct weir_bpf;

struct weir_bpf_options {
	const char *pin_dir; /* below a bpffs; the version directory is made in it */
	gid_t reader_gid; /* may read the pins; (gid_t)-1: root alone */
};

enum weir_bpf_start {
	WEIR_BPF_FRESH, /* nothing was there */
	WEIR_BPF_ADOPTED, /* kept as it was */
	WEIR_BPF_REPLACED, /* maps kept, programs new */
	WEIR_BPF_MIGRATED, /* records copied into new maps */
};

/*
 * -EPERM: not allowed to load; -ENOENT: no BTF; -EMEDIUMTYPE: @pin_dir is not on a bpffs;
 * -EBUSY: pins of a newer weir. The text says the remedy.
 */
int weir_bpf_open(const struct weir_bpf_options *options, struct weir_bpf **ret,
		  enum weir_bpf_start *ret_start, struct weir_error *err);
/* Lets go of fds and mappings; pins stay. NULL is fine. Returns NULL. */
struct weir_bpf *weir_bpf_close(struct weir_bpf *bpf);
WEIR_DEFINE_CLEANUP(struct weir_bpf, weir_bpf_close);

/* Take the pins away, and with them programs and maps. Works without weir_bpf_open(). */
int weir_bpf_purge(const char *pin_dir, struct weir_error *err);

/* The node's record, writable. */
struct weir_node *weir_bpf_node(struct weir_bpf *bpf);

/* A slot's record, writable; 0 < @slot < WEIR_MAX_CONTAINERS. NULL: it could not be mapped. */
struct weir_slot *weir_bpf_slot(struct weir_bpf *bpf, uint32_t slot);

/* What identifies a container's groups to the programs. */
struct weir_bpf_identity {
	uint64_t cgroup2_id, cpu_id,
		memory_id; /* kernel's ids of its directories; 0: it has none there */
	uint32_t parent; /* of a task: its executor's slot; else 0 */
	uint32_t fence; /* the word of struct weir_entry: what holds there; 0: no fence */
};

/*
 * Open a slot for a container: the record cleared, @id and @role in it, generation raised, the
 * state LAUNCHING, the cgroup entered in `index`. Picks the lowest free slot that has rested for
 * a window, so that tables stay short. -ENOSPC: none is free. The caller writes the figures.
 */
int weir_bpf_claim(struct weir_bpf *bpf, const struct weir_bpf_identity *identity, const char *id,
		   const char *role, uint32_t *ret_slot, uint32_t *ret_generation,
		   struct weir_error *err);

/* After a restart: @slot is still that container's. -ESTALE: it is somebody else's, or free. */
int weir_bpf_reclaim(struct weir_bpf *bpf, uint32_t slot, uint32_t generation,
		     const struct weir_bpf_identity *identity, struct weir_error *err);

/* Give a slot back: the cgroup leaves `index`, the state becomes FREE. Idempotent. */
void weir_bpf_drop(struct weir_bpf *bpf, uint32_t slot);

/* Another word for @slot, in one step. -ENOENT: it is not in use. */
int weir_bpf_fence(struct weir_bpf *bpf, uint32_t slot, uint32_t word, struct weir_error *err);

/* Slots that were in use at opening and that nobody has reclaimed: dropped. Returns how many. */
unsigned int weir_bpf_drop_unclaimed(struct weir_bpf *bpf);

/* Refresh memory and throttle figures of all slots from inside the kernel (one read). */
int weir_bpf_refresh(struct weir_bpf *bpf, struct weir_error *err);

/*
 * Have the programs take notice of threads that were in a container before it was claimed, and of its
 * kernel objects: without it their waits are not counted, nor memory and throttling. Walks all threads.
 */
int weir_bpf_follow(struct weir_bpf *bpf, struct weir_error *err);

/* CPU time of a slot with the stints in flight. */
uint64_t weir_bpf_cpu_ns(struct weir_bpf *bpf, uint32_t slot);

/*
 * Call @fn for each stint in flight at @now_ns (CLOCK_MONOTONIC), by the slot of whom it is, of a task
 * by its executor's; to be
 * added to the slot's cpu_ns as read before.
 */
typedef void weir_bpf_stint_fn(uint32_t slot, uint64_t ns, void *data);
void weir_bpf_foreach_stint(struct weir_bpf *bpf, uint64_t now_ns, weir_bpf_stint_fn *fn,
			    void *data);

/* What the CPUs have to tell, all together, at @now_ns; costs the same for a thousand containers. */
struct weir_bpf_glance {
	uint64_t idle_ns; /* so far */
	uint32_t
		delay_ns; /* in waits of WEIR_BLAME_NS or more, for other containers; wraps around */
};
void weir_bpf_glance(const struct weir_bpf *bpf, uint64_t now_ns, struct weir_bpf_glance *ret);

/*
 * How many threads of each of @n slots are on a run queue, running or waiting; 0 also for one
 * whose command was never executed. One thread at a time. Negative: the program can't be called.
 */
int weir_bpf_waiting(const struct weir_bpf *bpf, const uint32_t *slots, size_t n,
		     uint32_t *ret_waiting, struct weir_error *err);

/*
 * Who ran while threads of @victim waited, the heaviest first; at most @n of them. Returns how many,
 * 0 also when nothing can be read: it is not known then. A culprit's slot may be somebody else's
 * by now: its record has another generation then. On any thread.
 */
struct weir_bpf_culprit {
	uint32_t slot, generation;
	uint64_t ns, waits; /* what it took, and in how many waits it had a part */
	uint64_t last_ns; /* when the last of these ended, CLOCK_MONOTONIC */
};
size_t weir_bpf_blame(const struct weir_bpf *bpf, uint32_t victim, uint32_t generation,
		      struct weir_bpf_culprit *ret, size_t n);

/* Verified instructions and load times, for `make budget`. */
typedef void weir_bpf_program_fn(const char *name, uint32_t verified_insns, uint32_t jited_bytes,
				 void *data);
int weir_bpf_foreach_program(struct weir_bpf *bpf, weir_bpf_program_fn *fn, void *data,
			     struct weir_error *err);

#endif /* WEIR_KERN_BPF_H */
