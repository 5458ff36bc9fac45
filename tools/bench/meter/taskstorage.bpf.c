// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * taskstorage: the same stamps, kept with the task (made at fork, never in the scheduler),
 * totals in an array whose slot the index tells.
 */
#include "common.h"

struct stamps {
	__u64 queued_ns, running_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct stamps);
} meter_stamps SEC(".maps");

SEC("tp_btf/task_newtask")
int BPF_PROG(ts_newtask, struct task_struct *task)
{
	bpf_task_storage_get(&meter_stamps, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

static __always_inline int stamp_queued(struct task_struct *task)
{
	struct stamps *stamps = bpf_task_storage_get(&meter_stamps, task, 0, 0);

	if (stamps)
		stamps->queued_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(ts_wakeup, struct task_struct *task)
{
	return stamp_queued(task);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(ts_new, struct task_struct *task)
{
	return stamp_queued(task);
}

static __always_inline struct weir_slot *slot_of(struct task_struct *task)
{
	__u32 slot = slot_by_hash(task);

	return slot ? bpf_map_lookup_elem(&meter_slots, &slot) : NULL;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(ts_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	struct weir_slot *slot = slot_of(prev);
	__u64 now = bpf_ktime_get_ns();
	struct stamps *stamps;

	if (slot) {
		stamps = bpf_task_storage_get(&meter_stamps, prev, 0, 0);
		if (stamps) {
			if (stamps->running_ns)
				add_cpu(slot, now - stamps->running_ns);
			stamps->running_ns = 0;
			stamps->queued_ns = prev_state == 0 ? now : 0;
		}
	}

	slot = slot_of(next);
	if (slot) {
		stamps = bpf_task_storage_get(&meter_stamps, next, 0, 0);
		if (stamps) {
			if (stamps->queued_ns)
				add_wait(slot, now - stamps->queued_ns);
			stamps->running_ns = now;
		}
	}
	return 0;
}
