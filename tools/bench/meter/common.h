/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef METER_COMMON_H
#define METER_COMMON_H

/*
 * What all techniques share, so that they differ in nothing but the technique: the records,
 * the index, the way from a task to its container, and what is counted per stint.
 */

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "weir/abi.h"

#define METER_LEVEL 1 /* metered groups are children of the cgroup2 root */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_MAX_CONTAINERS);
	__type(key, __u32);
	__type(value, struct weir_slot);
} meter_slots SEC(".maps");

/* cgroup2 id -> slot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct weir_entry);
} meter_index SEC(".maps");

/*
 * The cgroup2 id of the container @task would be in; 0: in none. The verifier does not follow
 * the trailing array of ancestors, so groups made inside a container pay for a checked read.
 */
static __always_inline __u64 container_id(struct task_struct *task)
{
	struct cgroup *cgrp = task->cgroups->dfl_cgrp;

	if (cgrp->level < METER_LEVEL)
		return 0;
	if (cgrp->level == METER_LEVEL)
		return cgrp->kn->id;
	return BPF_CORE_READ(cgrp, ancestors[METER_LEVEL], kn, id);
}

static __always_inline __u32 slot_by_hash(struct task_struct *task)
{
	__u64 id = container_id(task);
	struct weir_entry *entry;

	if (!id)
		return 0;
	entry = bpf_map_lookup_elem(&meter_index, &id);
	return entry ? entry->slot : 0;
}

/* Bucket 0: below the unit; i: below 2^i units; the last one everything longer. */
static __always_inline __u32 wait_bucket(__u64 ns)
{
	__u64 units = ns >> WEIR_WAIT_UNIT_SHIFT;
	__u32 bits = 0;

	if (units >> (WEIR_WAIT_BUCKETS - 2))
		return WEIR_WAIT_BUCKETS - 1;
	for (__u32 step = 16; step; step >>= 1) {
		if (units >> step) {
			units >>= step;
			bits += step;
		}
	}
	return bits + !!units;
}

static __always_inline void add_cpu(struct weir_slot *slot, __u64 cpu_ns)
{
	__sync_fetch_and_add(&slot->cpu_ns, cpu_ns);
	__sync_fetch_and_add(&slot->switches, 1);
}

static __always_inline void add_wait(struct weir_slot *slot, __u64 wait_ns)
{
	__u32 bucket = wait_bucket(wait_ns);

	__sync_fetch_and_add(&slot->wait_ns, wait_ns);
	if (bucket < WEIR_WAIT_BUCKETS)
		__sync_fetch_and_add(&slot->wait_hist[bucket], 1);
}

char LICENSE[] SEC("license") = "GPL";

#endif /* METER_COMMON_H */
