// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * shard: as cgrphash, but each CPU adds to a record of its own, without a locked instruction.
 * Readers add the shards up: the price is their time and the memory.
 */
#include "shard.h"
#include "stint.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SHARD_SLOTS *SHARD_CPUS);
	__type(key, __u32);
	__type(value, struct weir_slot);
} meter_shards SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(shard_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct meter_cpu *cpu = this_cpu();
	struct weir_slot *slot;

	if (!cpu)
		return 0;
	if (cpu->slot) {
		__u32 shard = bpf_get_smp_processor_id() * SHARD_SLOTS + cpu->slot;

		slot = bpf_map_lookup_elem(&meter_shards, &shard);
		if (slot) {
			__u64 wait_ns = prev->sched_info.run_delay - cpu->base_delay_ns;
			__u32 bucket = wait_bucket(wait_ns);

			slot->cpu_ns += prev->se.sum_exec_runtime - cpu->base_exec_ns;
			slot->wait_ns += wait_ns;
			slot->switches++;
			if (bucket < WEIR_WAIT_BUCKETS)
				slot->wait_hist[bucket]++;
		}
	}
	stint_begin(cpu, slot_of_next(cpu, next), next);
	return 0;
}
