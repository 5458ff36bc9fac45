// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgrphash: sched_switch alone. CPU time and wait are differences of the scheduler's own
 * counts over the stint; the container is found by its ancestor's id in a hash. Does not see
 * a wait that ended in a move to another CPU (delaystorage does).
 */
#include "stint.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(cgrphash_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
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
	stint_begin(cpu, slot_of_next(cpu, next), next);
	return 0;
}
