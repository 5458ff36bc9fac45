/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_MAPS_H
#define WEIR_BPF_MAPS_H

/*
 * The maps that more than one program uses, as types: one source defines each, the others say
 * `extern struct weir_x_map weir_x SEC(".maps")`, and the static linker makes them one.
 */

#include "kernel.h"
#include "weir/abi.h"

/* Public, pinned, mapped by readers: see weir/abi.h. */
struct weir_slots_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_MAX_CONTAINERS);
	__type(key, __u32);
	__type(value, struct weir_slot);
};

struct weir_cpus_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct weir_cpu);
};

struct weir_node_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_node);
};

/* cgroup2 id -> slot. Filled by the daemon before a container's first process is. */
struct weir_index_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct weir_entry);
};

/*
 * Private, beside each slot: where the kernel keeps the container's throttling and memory
 * figures. The daemon says which groups (by id, in whatever hierarchy they lie), the first exec
 * inside finds the objects. The addresses are only ever read with a check that the id still
 * matches, so an object that has gone yields nothing.
 */
struct weir_source {
	__u64 cpu_id, memory_id;
	__u64 task_group, mem_cgroup; /* addresses; 0: not found yet */
};

struct weir_sources_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_MAX_CONTAINERS);
	__type(key, __u32);
	__type(value, struct weir_source);
};

/* Private: the daemon's question to weir_waiting, and the answer beside it. See user/kern/bpf.h. */
struct weir_asked_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_asked);
};

#endif /* WEIR_BPF_MAPS_H */
