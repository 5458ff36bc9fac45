/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_QUEUES_H
#define WEIR_BPF_QUEUES_H

/*
 * What is on a run queue and on those below it. Up to 6.13 threads that went to sleep and were left
 * on the queue until the kernel owes them nothing are counted, too.
 */

#include "kernel.h"

/*
 * From 7.x on a group's queues are per-CPU data, and this is the address of the kernel's
 * __per_cpu_offset; where they are an array of pointers it is 0. Set before load.
 */
extern const volatile __u64 weir_per_cpu_offset;

/* The queue of @tg on @cpu. NULL: it can't be had. */
static __always_inline struct cfs_rq *queue_of(struct task_group *tg, __u32 cpu)
{
	__u64 queues = (__u64)BPF_CORE_READ(tg, cfs_rq), offset = 0;
	struct cfs_rq *queue = NULL;

	if (!weir_per_cpu_offset) {
		bpf_probe_read_kernel(&queue, sizeof(queue), (struct cfs_rq **)queues + cpu);
		return queue;
	}
	if (bpf_probe_read_kernel(&offset, sizeof(offset),
				  (const __u64 *)weir_per_cpu_offset + cpu))
		return NULL;
	return (struct cfs_rq *)(queues + offset);
}

/* Running or waiting, of whatever class a group is in. */
static __always_inline __u32 threads_on(const struct cfs_rq *queue)
{
	if (bpf_core_field_exists(queue->h_nr_runnable))
		return BPF_CORE_READ(queue, h_nr_runnable);
	return BPF_CORE_READ((const struct cfs_rq___old *)queue, h_nr_running);
}

/* Those in the idle class. */
static __always_inline __u32 idle_threads_on(const struct cfs_rq *queue)
{
	if (bpf_core_field_exists(queue->h_nr_idle))
		return BPF_CORE_READ(queue, h_nr_idle);
	return BPF_CORE_READ((const struct cfs_rq___old *)queue, idle_h_nr_running);
}

#endif /* WEIR_BPF_QUEUES_H */
