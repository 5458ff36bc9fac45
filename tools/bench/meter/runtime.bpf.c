// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * runtime: CPU time from sched_stat_runtime, which carries the very amounts that the kernel
 * charges to the group, at ticks too; wait from the task's own delay at each switch.
 */
#include "delay.h"

static __always_inline struct weir_slot *slot_of(struct task_struct *task)
{
	__u32 slot = slot_by_hash(task);

	return slot ? bpf_map_lookup_elem(&meter_slots, &slot) : NULL;
}

SEC("tp_btf/sched_stat_runtime")
int BPF_PROG(runtime_charge, struct task_struct *task, __u64 ns)
{
	struct weir_slot *slot = slot_of(task);

	if (slot)
		__sync_fetch_and_add(&slot->cpu_ns, ns);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(runtime_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct weir_slot *slot = slot_of(prev);

	if (slot) {
		__sync_fetch_and_add(&slot->switches, 1);
		add_wait(slot, take_delay(prev, 0));
	}
	return 0;
}
