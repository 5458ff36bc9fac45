// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * waiting: which containers have threads that could run and do not.
 *
 * Called by the daemon, for those that did not run since it last looked: whether somebody starves
 * is read from the kernel's own run queues, since a counter of ours would drift with every
 * migration. Cannot see a container whose command was never executed.
 *
 * Fails open: without an answer nobody counts as starved, and bands are decided by use alone.
 */
#include <stddef.h>

#include "kernel.h"
#include "maps.h"
#include "queues.h"

extern struct weir_node_map weir_node SEC(".maps");
extern struct weir_sources_map weir_sources SEC(".maps");

struct weir_asked_map weir_asked SEC(".maps");

struct count {
	struct task_group *tg;
	__u32 threads;
};

static long count_queue(__u32 cpu, void *data)
{
	struct count *count = data;
	struct cfs_rq *queue = queue_of(count->tg, cpu);

	if (queue)
		count->threads += threads_on(queue);
	return 0;
}

static long answer(__u32 i, void *data)
{
	__u32 zero = 0, slot;
	struct weir_asked *asked = bpf_map_lookup_elem(&weir_asked, &zero);
	struct weir_source *source;
	struct count count = {};
	struct weir_node *node;
	struct task_group *tg;

	if (!asked || i >= WEIR_ASK_MAX)
		return 1;
	slot = asked->slots[i];
	asked->waiting[i] = 0;
	source = bpf_map_lookup_elem(&weir_sources, &slot);
	node = bpf_map_lookup_elem(&weir_node, &zero);
	if (!source || !node)
		return 0;
	tg = (struct task_group *)source->task_group;
	if (!tg || BPF_CORE_READ(tg, css.cgroup, kn, id) != source->cpu_id)
		return 0;
	count.tg = tg;
	bpf_loop(node->n_cpus, count_queue, &count, 0);
	asked->waiting[i] = count.threads;
	return 0;
}

SEC("syscall")
int weir_waiting(void *ctx)
{
	__u32 zero = 0;
	struct weir_asked *asked = bpf_map_lookup_elem(&weir_asked, &zero);

	if (asked)
		bpf_loop(asked->n, answer, NULL, 0);
	return 0;
}
