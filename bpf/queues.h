/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_QUEUES_H
#define WEIR_BPF_QUEUES_H

/*
 * What is on a run queue and on those below it. Up to 6.13 threads that went to sleep and were left
 * on the queue until the kernel owes them nothing are counted, too.
 */

#include "kernel.h"

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
