// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* remember: as cgrphash, with the last look-up of each CPU kept. */
#define STINT_REMEMBER

#include "stint.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(remember_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
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
