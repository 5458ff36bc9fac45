/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_KERN_BPF_INTERNAL_H
#define WEIR_KERN_BPF_INTERNAL_H

/* What kern/bpf*.c share among themselves; nobody else includes this. */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "kern/bpf.h"

/* Pinned maps, in the order of pinned_maps[] in bpf_load.c. */
enum weir_pinned_map {
	WEIR_MAP_NODE, /* first: it says whose the others are */
	WEIR_MAP_SLOTS,
	WEIR_MAP_CPUS,
	WEIR_MAP_INDEX,
	WEIR_MAP_SOURCES,
	WEIR_MAP_THREADS,
	WEIR_MAP_COUNT_,
};

/* Slots are mapped in chunks as they come into use, so that an idle daemon stays small. */
#define WEIR_SLOT_CHUNK	 1024u /* times the record size: whole pages, of 64 KiB too */
#define WEIR_SLOT_CHUNKS (WEIR_MAX_CONTAINERS / WEIR_SLOT_CHUNK)

struct weir_slot_use {
	uint64_t freed_ns; /* 0: never used */
	bool used, unclaimed;
};

struct weir_bpf {
	char dir[PATH_MAX]; /* with the version */
	int map_fds[WEIR_MAP_COUNT_];
	struct weir_node *node;
	struct weir_cpu *cpus;
	struct weir_slot *chunks[WEIR_SLOT_CHUNKS];
	struct weir_slot_use *slots; /* WEIR_MAX_CONTAINERS of them */
};

/* Fill map_fds from the pins, or by loading, attaching and pinning; says which. */
int weir_bpf_load(struct weir_bpf *bpf, const struct weir_bpf_options *options,
		  enum weir_bpf_start *ret_start, struct weir_error *err);

/* Map node and cpus, and learn which slots are in use. */
int weir_bpf_slots_init(struct weir_bpf *bpf, struct weir_error *err);
void weir_bpf_slots_done(struct weir_bpf *bpf);

#endif /* WEIR_KERN_BPF_INTERNAL_H */
