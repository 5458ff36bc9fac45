/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef METER_DELAY_H
#define METER_DELAY_H

/*
 * The run-queue delay a task had when it was last counted. Kept with the task, because a
 * task that is moved while it waits is credited with that wait before it is switched in:
 * the difference over the stint misses it. Made at fork: sched_switch must not allocate.
 * Tasks older than the meter have none.
 */

#include "common.h"

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} meter_delay SEC(".maps");

SEC("tp_btf/task_newtask")
int BPF_PROG(delay_newtask, struct task_struct *task)
{
	bpf_task_storage_get(&meter_delay, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

/* Wait of @task since it was last asked; @otherwise for one without storage. */
static __always_inline __u64 take_delay(struct task_struct *task, __u64 otherwise)
{
	__u64 *last = bpf_task_storage_get(&meter_delay, task, 0, 0);
	__u64 now = task->sched_info.run_delay, wait;

	if (!last)
		return otherwise;
	wait = now - *last;
	*last = now;
	return wait;
}

#endif /* METER_DELAY_H */
