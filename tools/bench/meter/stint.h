/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef METER_STINT_H
#define METER_STINT_H

/*
 * The per-CPU record of who runs, for the techniques that need no time stamp of their own:
 * the scheduler has added up a task's run time and run-queue delay already, so a stint is the
 * difference between switch-in and switch-out. Readers map the records, hence the sequence
 * count.
 */

#include "common.h"

struct meter_cpu {
	__u32 seq; /* odd while the record is being written */
	__u32 slot; /* whose thread runs; 0: nobody's */
	__u64 since_ns;
	__u64 base_exec_ns, base_delay_ns; /* the thread's, when it was switched in */
	__u64 sampled_clock, clock_offset_ns; /* with STINT_RQ_CLOCK */
	/* With STINT_REMEMBER: the group last looked up. */
	__u64 known_id;
	__u32 known_epoch, known_slot;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct meter_cpu);
} meter_cpus SEC(".maps");

static __always_inline struct meter_cpu *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&meter_cpus, &cpu);
}

/* The compiler must keep the order; x86 keeps stores in order, and this is a bench. */
#define barrier() asm volatile("" ::: "memory")

#ifdef STINT_RQ_CLOCK
#define SAMPLE_NS 10000000ULL

/*
 * The run queue's clock has been read by schedule() a moment ago: no need to read the hardware
 * again. Readers want CLOCK_MONOTONIC, so how far the two are apart is looked at now and then.
 */
static __always_inline __u64 stint_now(struct meter_cpu *cpu, struct task_struct *next)
{
	__u64 clock = next->se.cfs_rq->rq->clock;

	if (clock - cpu->sampled_clock > SAMPLE_NS) {
		cpu->sampled_clock = clock;
		cpu->clock_offset_ns = bpf_ktime_get_ns() - clock;
	}
	return clock + cpu->clock_offset_ns;
}
#else
static __always_inline __u64 stint_now(struct meter_cpu *cpu, struct task_struct *next)
{
	return bpf_ktime_get_ns();
}
#endif

#ifdef STINT_REMEMBER
__u32 meter_epoch = 1; /* raised by whoever changes the index */

/*
 * Each CPU remembers the last group it looked up: threads of one container, and a container
 * that sleeps and wakes, then never reach the hash.
 */
static __always_inline __u32 slot_of_next(struct meter_cpu *cpu, struct task_struct *next)
{
	__u64 id = container_id(next);
	__u32 epoch = meter_epoch;
	struct weir_entry *entry;

	if (!id)
		return 0;
	if (cpu->known_id == id && cpu->known_epoch == epoch)
		return cpu->known_slot;
	entry = bpf_map_lookup_elem(&meter_index, &id);
	cpu->known_id = id;
	cpu->known_epoch = epoch;
	cpu->known_slot = entry ? entry->slot : 0;
	return cpu->known_slot;
}
#else
static __always_inline __u32 slot_of_next(struct meter_cpu *cpu, struct task_struct *next)
{
	return slot_by_hash(next);
}
#endif

static __always_inline void stint_begin(struct meter_cpu *cpu, __u32 slot, struct task_struct *next)
{
	/* From nobody to nobody: the record says so already. */
	if (!slot && !cpu->slot)
		return;

	cpu->seq++;
	barrier();
	cpu->slot = slot;
	if (slot) {
		cpu->since_ns = stint_now(cpu, next);
		cpu->base_exec_ns = next->se.sum_exec_runtime;
		cpu->base_delay_ns = next->sched_info.run_delay;
	}
	barrier();
	cpu->seq++;
}

/* Whose stint ends on @cpu; NULL: nobody's. */
static __always_inline struct weir_slot *stint_end(struct meter_cpu *cpu)
{
	__u32 slot = cpu->slot;

	return slot ? bpf_map_lookup_elem(&meter_slots, &slot) : NULL;
}

#endif /* METER_STINT_H */
