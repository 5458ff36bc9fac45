// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pidhash: the textbook run-queue latency tool. Time stamps in hashes keyed by pid, taken at
 * wake-up and switch; totals in a hash keyed by cgroup id.
 */
#include "common.h"

struct stamps {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, __u32);
	__type(value, __u64);
} meter_queued SEC(".maps"), meter_running SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct weir_slot);
} meter_totals SEC(".maps");

static __always_inline int stamp_queued(struct task_struct *task)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 pid = task->pid;

	bpf_map_update_elem(&meter_queued, &pid, &now, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(pidhash_wakeup, struct task_struct *task)
{
	return stamp_queued(task);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(pidhash_new, struct task_struct *task)
{
	return stamp_queued(task);
}

/* Time since @pid's stamp, which is used up; 0: there was none. */
static __always_inline __u64 since(void *stamps, __u32 pid, __u64 now)
{
	__u64 *then = bpf_map_lookup_elem(stamps, &pid);
	__u64 ns;

	if (!then)
		return 0;
	ns = now - *then;
	bpf_map_delete_elem(stamps, &pid);
	return ns;
}

static __always_inline struct weir_slot *totals(struct task_struct *task)
{
	__u64 id = container_id(task);

	return id ? bpf_map_lookup_elem(&meter_totals, &id) : NULL;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(pidhash_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	__u64 now = bpf_ktime_get_ns(), ns;
	__u32 pid = next->pid;
	struct weir_slot *slot;

	ns = since(&meter_running, prev->pid, now);
	slot = totals(prev);
	if (slot)
		add_cpu(slot, ns);
	if (prev_state == 0 && prev->pid)
		stamp_queued(prev);

	if (!pid)
		return 0;
	ns = since(&meter_queued, pid, now);
	slot = totals(next);
	if (slot)
		add_wait(slot, ns);
	bpf_map_update_elem(&meter_running, &pid, &now, BPF_ANY);
	return 0;
}
