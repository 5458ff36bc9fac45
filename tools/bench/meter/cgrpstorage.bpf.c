// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgrpstorage: as cgrphash, but the container is found in storage kept with the cgroup. An
 * ancestor has to be acquired and released to be looked at, so groups made inside a container
 * pay twice for a call; the benchmarked ones don't.
 */
#include "stint.h"

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct weir_entry);
} meter_groups SEC(".maps");

extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgrp) __ksym;

static __always_inline __u32 slot_by_storage(struct task_struct *task)
{
	struct cgroup *cgrp = task->cgroups->dfl_cgrp;
	struct weir_entry *entry;
	__u32 slot;

	if (cgrp->level < METER_LEVEL)
		return 0;
	if (cgrp->level == METER_LEVEL) {
		entry = bpf_cgrp_storage_get(&meter_groups, cgrp, 0, 0);
		return entry ? entry->slot : 0;
	}
	cgrp = bpf_cgroup_ancestor(cgrp, METER_LEVEL);
	if (!cgrp)
		return 0;
	entry = bpf_cgrp_storage_get(&meter_groups, cgrp, 0, 0);
	slot = entry ? entry->slot : 0;
	bpf_cgroup_release(cgrp);
	return slot;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(cgrpst_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct meter_cpu *cpu = this_cpu();
	struct weir_slot *slot;

	if (!cpu)
		return 0;
	slot = stint_end(cpu);
	if (slot) {
		add_cpu(slot, prev->se.sum_exec_runtime - cpu->base_exec_ns);
		add_wait(slot, prev->sched_info.run_delay - cpu->base_delay_ns);
	}
	stint_begin(cpu, slot_by_storage(next), next);
	return 0;
}
