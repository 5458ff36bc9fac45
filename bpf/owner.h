/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_OWNER_H
#define WEIR_BPF_OWNER_H

/* Whose a thread is: the nearest container on the way from its group up. For meter.bpf.c, which has the maps. */

#include "kernel.h"
#include "maps.h"

/* Whose somebody is: a container's slot, and its executor's if it is a task. Zeroes: nobody's. */
struct owner {
	__u32 slot, parent;
};

#define DEEPEST 64 /* levels of a container's own groups that are climbed */

struct climb {
	struct cgroup *cgrp;
	struct owner found;
};

static long climb(__u32 i, void *data)
{
	struct climb *climb = data;
	struct cgroup *cgrp = climb->cgrp;
	__u64 id = BPF_CORE_READ(cgrp, kn, id);
	struct weir_entry *entry = bpf_map_lookup_elem(&weir_index, &id);
	struct cgroup_subsys_state *parent;

	if (entry) {
		climb->found = (struct owner){ entry->slot, entry->parent };
		return 1;
	}
	parent = BPF_CORE_READ(cgrp, self.parent);
	if (!parent)
		return 1;
	climb->cgrp = BPF_CORE_READ(parent, cgroup);
	return 0;
}

/*
 * From @task's group up to the nearest that is a container's. Rare: see owner_of_next(). Global, as
 * all that is here: the verifier walks it once, and not for each way to it.
 */
__u64 look_up(__u64 task)
{
	struct climb at = {};

	at.cgrp = BPF_CORE_READ((struct task_struct *)task, cgroups, dfl_cgrp);
	bpf_loop(DEEPEST, climb, &at, 0);
	return (__u64)at.found.parent << 32 | at.found.slot;
}

static __always_inline struct owner owner_of(struct task_struct *task)
{
	__u64 found = look_up((__u64)task);

	return (struct owner){ (__u32)found, (__u32)(found >> 32) };
}

/* The slot of @task's container; 0: it is in none. */
static __always_inline __u32 slot_of(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->level ? owner_of(task).slot : 0;
}

/*
 * The same from what this CPU remembers: a hash look-up at each switch would be a third of the
 * meter's cost. The daemon counts changes of the index, and one of them empties the memory.
 */
static __always_inline struct owner owner_of_next(struct weir_cpu *cpu, struct task_struct *task)
{
	struct cgroup *cgrp = task->cgroups->dfl_cgrp;
	__u64 id = cgrp->kn->id;
	__u32 zero = 0, way = id % WEIR_CPU_KNOWN;
	struct owner nobody = {}, found;
	struct weir_node *node;

	if (!cgrp->level)
		return nobody;
	node = bpf_map_lookup_elem(&weir_node, &zero);
	if (!node)
		return nobody;
	if (cpu->known_changes != node->index_changes) {
		__builtin_memset(cpu->known, 0, sizeof(cpu->known));
		cpu->known_changes = node->index_changes;
	}
	if (cpu->known[way].id != id) {
		found = owner_of(task);
		cpu->known[way].slot = found.slot;
		cpu->known[way].parent = found.parent;
		cpu->known[way].id = id;
	}
	return (struct owner){ cpu->known[way].slot, cpu->known[way].parent };
}

#endif /* WEIR_BPF_OWNER_H */
