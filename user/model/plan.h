/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PLAN_H
#define WEIR_PLAN_H

/*
 * The planner: from what is wanted and what is seen to what has to be written.
 *
 * Its output is data: a bounded list of typed actions that state the wanted
 * value, never a delta, so that it can be logged, compared in a test, and
 * applied twice. It neither reads a clock nor knows cgroup versions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/container.h"

enum weir_action_type {
	WEIR_ACTION_SET_CPU_WEIGHT, /* value: mcpu requested; 0: the least there is */
	WEIR_ACTION_SET_CPU_MAX, /* value: mcpu, or WEIR_INFINITE */
	WEIR_ACTION_SET_CPU_BURST, /* value: mcpu; at no moment above CPU_MAX */
	WEIR_ACTION_SET_MEM_LOW, /* value: bytes (v1: the soft limit) */
	WEIR_ACTION_SET_MEM_HIGH, /* value: bytes or WEIR_INFINITE; may block: the worker's */
	WEIR_ACTION_SET_MEM_MAX, /* value: bytes or WEIR_INFINITE; may block: the worker's */
	WEIR_ACTION_SET_SWAP_MAX, /* value: bytes or WEIR_INFINITE */
	WEIR_ACTION_SET_OOM_GROUP, /* value: 1 */
	WEIR_ACTION_SET_PIDS_MAX, /* value: a number, or WEIR_INFINITE */
	WEIR_ACTION_COUNT_,
};

struct weir_action {
	enum weir_action_type type;
	uint64_t value;
};

#define WEIR_PLAN_MAX 10

struct weir_plan {
	size_t n;
	struct weir_action actions[WEIR_PLAN_MAX];
};

/* What has been written so far; WEIR_ABSENT: nothing yet, or not known. */
struct weir_applied {
	uint64_t cpu_weight_mcpu, cpu_max_mcpu, cpu_burst_mcpu;
	uint64_t mem_low_bytes, mem_high_bytes, mem_max_bytes, swap_max_bytes;
	uint64_t oom_group, pids_max;
};

#define WEIR_APPLIED_NOTHING                    \
	{                                       \
		.cpu_weight_mcpu = WEIR_ABSENT, \
		.cpu_max_mcpu = WEIR_ABSENT,    \
		.cpu_burst_mcpu = WEIR_ABSENT,  \
		.mem_low_bytes = WEIR_ABSENT,   \
		.mem_high_bytes = WEIR_ABSENT,  \
		.mem_max_bytes = WEIR_ABSENT,   \
		.swap_max_bytes = WEIR_ABSENT,  \
		.oom_group = WEIR_ABSENT,       \
		.pids_max = WEIR_ABSENT,        \
	}

/* As the kernel makes a group: no limits, nothing protected. The weight is not what we want. */
#define WEIR_APPLIED_FRESH                       \
	{                                        \
		.cpu_weight_mcpu = WEIR_ABSENT,  \
		.cpu_max_mcpu = WEIR_INFINITE,   \
		.cpu_burst_mcpu = 0,             \
		.mem_low_bytes = 0,              \
		.mem_high_bytes = WEIR_INFINITE, \
		.mem_max_bytes = WEIR_INFINITE,  \
		.swap_max_bytes = WEIR_INFINITE, \
		.oom_group = WEIR_ABSENT,        \
		.pids_max = WEIR_INFINITE,       \
	}

/*
 * The static knobs of one container (design: sections 4 and 5): weight by request, quota by
 * limit (written only when the limit changed: every write refills it), low by request, max
 * by limit, the whole group as one OOM victim, pids by limit. What is WEIR_ABSENT in @have is
 * written: a group that was just made has no high, and saying so in @have spares that write.
 *
 * A memory limit that falls below @mem_current_bytes is not written: high comes first, and
 * max when usage fits; meanwhile *@ret_pending is the limit that waits, else WEIR_ABSENT.
 * Raising: max first, then low. Lowering: low first, then max. Once max is in force, high
 * goes to @hold_bytes: what the node's shortage holds it at (model/squeeze.h), or WEIR_INFINITE.
 * The lower of the two counts while both want a high. Nothing to do: an empty plan.
 */
void weir_plan_static(const struct weir_figures *want, const struct weir_applied *have,
		      uint64_t mem_current_bytes, uint64_t hold_bytes, struct weir_plan *ret,
		      uint64_t *ret_pending);

/* Remember that @action has been carried out. */
void weir_applied_note(struct weir_applied *have, const struct weir_action *action);

/* "memory.max = 256Mi", "cpu.max = 1.5" (in CPUs): for logs and tests. Returns @buf. */
const char *weir_action_text(const struct weir_action *action, char *buf, size_t size);

#endif /* WEIR_PLAN_H */
