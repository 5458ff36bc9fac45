/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_SOURCES_H
#define WEIR_BPF_SOURCES_H

/* Where the kernel keeps a container's figures: found once, at its first exec. See maps.h. */

#include "kernel.h"
#include "maps.h"

/* The container's own objects among those @task belongs to, by the ids that the daemon gave. */
static __noinline int find_sources(__u32 index, struct task_struct *task)
{
	struct weir_source *source = bpf_map_lookup_elem(&weir_sources, &index);
	struct cgroup_subsys_state *css = NULL;
	struct task_group *tg;
	__u64 at;

	if (!source || !task)
		return 0;

	tg = BPF_CORE_READ(task, sched_task_group);
	for (int i = 0; i < 16 && tg; i++) {
		if (BPF_CORE_READ(tg, css.cgroup, kn, id) == source->cpu_id) {
			source->task_group = (__u64)tg;
			break;
		}
		tg = BPF_CORE_READ(tg, parent);
	}

	at = (__u64)BPF_CORE_READ(task, cgroups) + bpf_core_field_offset(struct css_set, subsys) +
	     bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id) * sizeof(css);
	bpf_probe_read_kernel(&css, sizeof(css), (void *)at);
	for (int i = 0; i < 16 && css; i++) {
		if (BPF_CORE_READ(css, cgroup, kn, id) == source->memory_id) {
			source->mem_cgroup =
				(__u64)css - bpf_core_field_offset(struct mem_cgroup, css);
			break;
		}
		css = BPF_CORE_READ(css, parent);
	}
	return 0;
}

#endif /* WEIR_BPF_SOURCES_H */
