/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: see plan.h. The order of the list is the order of the writes. */

#include "model/plan.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/quantity.h"

/* Nothing is written twice: a quota that is written again is a quota that is refilled. */
static void set(struct weir_plan *plan, enum weir_action_type type, uint64_t have, uint64_t want)
{
	if (have == want)
		return;

	assert(plan->n < WEIR_PLAN_MAX);
	plan->actions[plan->n++] = (struct weir_action){ type, want };
}

/* A burst is never above its limit, so what falls falls first. One that is not known may be. */
static void plan_cpu(const struct weir_figures *want, const struct weir_applied *have,
		     struct weir_plan *plan)
{
	uint64_t burst = want->cpu_limit_mcpu == WEIR_INFINITE ? 0 : want->cpu_burst_mcpu;
	uint64_t before = have->cpu_burst_mcpu;

	if (before == WEIR_ABSENT || burst < before) {
		set(plan, WEIR_ACTION_SET_CPU_BURST, before, before == WEIR_ABSENT ? 0 : burst);
		before = before == WEIR_ABSENT ? 0 : burst;
	}
	set(plan, WEIR_ACTION_SET_CPU_MAX, have->cpu_max_mcpu, want->cpu_limit_mcpu);
	set(plan, WEIR_ACTION_SET_CPU_BURST, before, burst);
}

/*
 * v1 limits memory and swap together, and keeps the difference when the limit of memory changes; from
 * no limit at all there is none to keep.
 */
static void plan_swap(const struct weir_figures *want, const struct weir_applied *have,
		      struct weir_plan *plan)
{
	bool anew = false;

	for (size_t i = 0; i < plan->n; i++)
		anew |= plan->actions[i].type == WEIR_ACTION_SET_MEM_MAX &&
			have->mem_max_bytes == WEIR_INFINITE;
	set(plan, WEIR_ACTION_SET_SWAP_MAX, anew ? WEIR_ABSENT : have->swap_max_bytes,
	    want->swap_limit_bytes);
}

/* Returns the limit that has to wait, or WEIR_ABSENT. */
static uint64_t plan_memory(const struct weir_figures *want, const struct weir_applied *have,
			    uint64_t current, uint64_t hold, struct weir_plan *plan)
{
	/* By its value a limit that is not known counts as just below infinite: one to lower. */
	bool raises = want->mem_limit_bytes > have->mem_max_bytes;
	bool lowers = want->mem_limit_bytes < have->mem_max_bytes;

	if (raises)
		set(plan, WEIR_ACTION_SET_MEM_MAX, have->mem_max_bytes, want->mem_limit_bytes);
	set(plan, WEIR_ACTION_SET_MEM_LOW, have->mem_low_bytes, want->mem_request_bytes);

	if (lowers && current > want->mem_limit_bytes) {
		/* A max below what is in use kills; a high squeezes. */
		set(plan, WEIR_ACTION_SET_MEM_HIGH, have->mem_high_bytes,
		    hold < want->mem_limit_bytes ? hold : want->mem_limit_bytes);
		return want->mem_limit_bytes;
	}

	if (lowers)
		set(plan, WEIR_ACTION_SET_MEM_MAX, have->mem_max_bytes, want->mem_limit_bytes);
	/* A high that stays throttles whoever lives near it. One of before a restart goes, too. */
	set(plan, WEIR_ACTION_SET_MEM_HIGH, have->mem_high_bytes, hold);
	return WEIR_ABSENT;
}

void weir_plan_static(const struct weir_figures *want, const struct weir_applied *have,
		      uint64_t mem_current_bytes, uint64_t hold_bytes, struct weir_plan *ret,
		      uint64_t *ret_pending)
{
	struct weir_plan plan = { .n = 0 };

	set(&plan, WEIR_ACTION_SET_CPU_WEIGHT, have->cpu_weight_mcpu, want->cpu_request_mcpu);
	plan_cpu(want, have, &plan);
	/* Before the limit that could call for it. */
	set(&plan, WEIR_ACTION_SET_OOM_GROUP, have->oom_group, 1);
	set(&plan, WEIR_ACTION_SET_PIDS_MAX, have->pids_max, want->pids_limit);
	*ret_pending = plan_memory(want, have, mem_current_bytes, hold_bytes, &plan);
	plan_swap(want, have, &plan);
	*ret = plan;
}

static const char *format_number(uint64_t number, char buf[WEIR_QUANTITY_TEXT])
{
	snprintf(buf, WEIR_QUANTITY_TEXT, "%" PRIu64, number);
	return buf;
}

static const char *format_count(uint64_t number, char buf[WEIR_QUANTITY_TEXT])
{
	if (number == WEIR_INFINITE)
		snprintf(buf, WEIR_QUANTITY_TEXT, "max");
	else
		format_number(number, buf);
	return buf;
}

/* By type: how the knob is called, how its value reads, where it is remembered. */
static const struct {
	const char *knob;
	const char *(*format)(uint64_t value, char buf[WEIR_QUANTITY_TEXT]);
	size_t applied; /* offset in struct weir_applied */
} knobs[] = {
#define KNOB(name, format, field) { name, format, offsetof(struct weir_applied, field) }
	[WEIR_ACTION_SET_CPU_WEIGHT] = KNOB("cpu.weight", weir_format_cpu, cpu_weight_mcpu),
	[WEIR_ACTION_SET_CPU_MAX] = KNOB("cpu.max", weir_format_cpu, cpu_max_mcpu),
	[WEIR_ACTION_SET_CPU_BURST] = KNOB("cpu.max.burst", weir_format_cpu, cpu_burst_mcpu),
	[WEIR_ACTION_SET_SWAP_MAX] =
		KNOB("memory.swap.max", weir_format_memory_exact, swap_max_bytes),
	[WEIR_ACTION_SET_MEM_LOW] = KNOB("memory.low", weir_format_memory_exact, mem_low_bytes),
	[WEIR_ACTION_SET_MEM_HIGH] = KNOB("memory.high", weir_format_memory_exact, mem_high_bytes),
	[WEIR_ACTION_SET_MEM_MAX] = KNOB("memory.max", weir_format_memory_exact, mem_max_bytes),
	[WEIR_ACTION_SET_OOM_GROUP] = KNOB("memory.oom.group", format_number, oom_group),
	[WEIR_ACTION_SET_PIDS_MAX] = KNOB("pids.max", format_count, pids_max),
#undef KNOB
};
static_assert(ARRAY_SIZE(knobs) == WEIR_ACTION_COUNT_, "each action has a knob");

void weir_applied_note(struct weir_applied *have, const struct weir_action *action)
{
	assert(action->type < WEIR_ACTION_COUNT_);
	*(uint64_t *)((char *)have + knobs[action->type].applied) = action->value;
}

const char *weir_action_text(const struct weir_action *action, char *buf, size_t size)
{
	char value[WEIR_QUANTITY_TEXT];

	assert(action->type < WEIR_ACTION_COUNT_);
	snprintf(buf, size, "%s = %s", knobs[action->type].knob,
		 knobs[action->type].format(action->value, value));
	return buf;
}
