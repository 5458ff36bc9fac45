// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * turn: is it time that a burster lets go of its CPU?
 *
 * Called by a timer of each CPU, every WEIR_TURN_NS while somebody is in the idle class. The answer
 * is what the timer's event does: 1 wakes the daemon's thread on this CPU, and with that the kernel
 * chooses anew who runs there.
 *
 * That is needed because the fair class owes the idle class slices, too, of 0.7 to 2.8 ms, and
 * takes a CPU back from those who have had theirs only at its tick, of 4 ms mostly. Who waits meanwhile
 * falls so far behind that it is chosen next, before whoever has just woken on that CPU, and keeps
 * it until the next tick: a service that the class should have let pass at once. If turns are no longer than
 * slices nobody falls that far behind.
 *
 * Cannot see who else is in the fair class by container: any thread that waits there counts.
 * Fails open: without it the kernel's tick ends turns.
 */
#include "kernel.h"
#include "maps.h"
#include "queues.h"

extern struct weir_slots_map weir_slots SEC(".maps");
extern struct weir_cpus_map weir_cpus SEC(".maps");

/* Does a container in the idle class run on this CPU, and since when? */
static __always_inline bool is_burst(__u64 *ret_since)
{
	__u32 key = bpf_get_smp_processor_id(), index;
	struct weir_cpu *cpu = bpf_map_lookup_elem(&weir_cpus, &key);
	struct weir_slot *slot;

	if (!cpu || !cpu->slot)
		return false;
	/* A task is in whatever class its executor is in. */
	index = cpu->parent ? cpu->parent : cpu->slot;
	*ret_since = cpu->since_ns;
	slot = bpf_map_lookup_elem(&weir_slots, &index);
	return slot && slot->band == WEIR_BAND_BURST;
}

SEC("perf_event")
int weir_turn(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u32 threads, idle;
	struct rq *rq;
	__u64 since;

	if (!is_burst(&since))
		return 0;
	rq = BPF_CORE_READ(task, se.cfs_rq, rq);
	threads = threads_on(&rq->cfs);
	idle = idle_threads_on(&rq->cfs);
	/* Somebody of the normal class waits: who owes whom may have changed since they came. */
	if (threads > idle)
		return 1;
	/* One that came late into this interval has not had its slice. */
	return idle > 1 && bpf_ktime_get_ns() - since >= WEIR_TURN_NS / 2;
}
