/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knobs that are weir's and that somebody else has written: systemd, an engine, hands. That is told, and set
 * right once more: two who each believe to own a knob are worse than one who says so.
 *
 * What is there is compared with what was written last. Of an adopted container that is done by
 * adopt.c, every few ticks. Nobody has any business in the groups of one that was launched: so many of
 * them are looked at in a tick, in turn, and ten thousand cost no more than those. memory.high is
 * left out: it is the squeeze's, which looks at what is used and goes on from there.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/quantity.h"
#include "kern/keep.h"

#define LOOKS_A_TICK 4

struct contest {
	struct weir_event event;
	char what[WEIR_EVENT_TEXT]; /* has somebody else done? Empty: nothing */
};

static void find(struct contest *contest, const char *cause, const char *figure, uint64_t value,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* What is found first is the cause. */
static void find(struct contest *contest, const char *cause, const char *figure, uint64_t value,
		 const char *fmt, ...)
{
	size_t used = strlen(contest->what);
	char one[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(one, sizeof(one), fmt, args);
	va_end(args);
	snprintf(contest->what + used, sizeof(contest->what) - used, "%s%s", used ? ", " : "", one);
	if (used == 0)
		contest->event.cause = cause;
	weir_event_add(&contest->event, figure, value);
}

/* Was it written, and is something else there? Then it is written again. */
static bool is_other(uint64_t *was, uint64_t is, uint64_t grain)
{
	if (*was == WEIR_ABSENT || is == WEIR_ABSENT || *was / grain == is / grain)
		return false;
	*was = WEIR_ABSENT;
	return true;
}

static void compare_memory(const struct weir_container *container,
			   const struct weir_cgroup_knobs *is, struct contest *contest)
{
	struct weir_applied *was = &((struct weir_live *)container->live)->applied;
	/* v1 has no soft limit where v2 protects nothing. */
	bool low_is_none = was->mem_low_bytes == 0 && is->mem_low_bytes == WEIR_INFINITE;
	char text[WEIR_QUANTITY_TEXT];

	if (container->pending_mem_limit_bytes == WEIR_ABSENT &&
	    is_other(&was->mem_max_bytes, is->mem_max_bytes, WEIR_MEM_GRAIN))
		find(contest, "mem", "mem_limit_bytes", is->mem_max_bytes, "its memory limit to %s",
		     weir_format_memory(is->mem_max_bytes, text));
	if (!low_is_none && is_other(&was->mem_low_bytes, is->mem_low_bytes, WEIR_MEM_GRAIN))
		find(contest, "protection", "mem_low_bytes", is->mem_low_bytes,
		     "its protected memory to %s", weir_format_memory(is->mem_low_bytes, text));
	if (is_other(&was->swap_max_bytes, is->swap_max_bytes, WEIR_MEM_GRAIN))
		find(contest, "swap", "swap_limit_bytes", is->swap_max_bytes,
		     "its swap limit to %s", weir_format_memory(is->swap_max_bytes, text));
	if (is_other(&was->oom_group, is->oom_group, 1))
		find(contest, "oom-group", "oom_group", is->oom_group, "its memory.oom.group to %u",
		     (unsigned int)is->oom_group);
}

/* Class and weight of one that is paced are the pacer's, which has looked. */
static void compare_cpu(const struct weir_controller *controller,
			const struct weir_container *container, const struct weir_cgroup_knobs *is,
			bool paced, struct contest *contest)
{
	struct weir_applied *was = &((struct weir_live *)container->live)->applied;
	uint64_t weight = was->cpu_weight_mcpu, burst = 0;
	struct weir_error ignored;
	char text[WEIR_QUANTITY_TEXT];

	if (is_other(&was->cpu_max_mcpu, is->cpu_max_mcpu, 1)) {
		was->cpu_burst_mcpu = WEIR_ABSENT;
		find(contest, "cpu", "cpu_limit_mcpu", is->cpu_max_mcpu, "its CPU limit to %s",
		     weir_format_cpu(is->cpu_max_mcpu, text));
	}
	if (was->cpu_burst_mcpu != 0 && was->cpu_burst_mcpu != WEIR_ABSENT &&
	    weir_cgroup_cpu_burst(&controller->groups, container->group, &burst, &ignored) == 0 &&
	    is_other(&was->cpu_burst_mcpu, burst, 1))
		find(contest, "burst", "cpu_burst_mcpu", burst, "its CPU burst to %s",
		     weir_format_cpu(burst, text));
	if (paced || weight == WEIR_ABSENT || is->cpu_weight == WEIR_ABSENT ||
	    is->cpu_weight == weir_cgroup_weight(&controller->groups, weight))
		return;
	was->cpu_weight_mcpu = WEIR_ABSENT;
	find(contest, "weight", "cpu_weight", is->cpu_weight, "its CPU weight to %u",
	     (unsigned int)is->cpu_weight);
}

/* Of a group that lies elsewhere the controllers are not ours to give back. */
static void tell_unheld(struct weir_controller *controller, struct weir_container *container,
			const struct weir_cgroup_knobs *is)
{
	struct weir_live *live = container->live;
	bool unheld = is->cpu_missing || is->memory_missing;
	struct weir_event event;

	if (unheld && !live->unheld) {
		weir_event_init(&event, WEIR_EVENT_CONTESTED, container->id, "controllers");
		weir_event_say(&event,
			       "somebody else has taken %s%s%s from its group: it is not held",
			       is->cpu_missing ? "cpu" : "",
			       is->cpu_missing && is->memory_missing ? " and " : "",
			       is->memory_missing ? "memory" : "");
		weir_events_emit(controller->events, &event);
	}
	live->unheld = unheld;
}

void weir_contest_look(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_cgroup_knobs is;
	struct weir_error err = {};
	struct contest contest = {};
	bool idle = false;
	int r;

	weir_event_init(&contest.event, WEIR_EVENT_CONTESTED, container->id, "");
	r = weir_pacer_check(controller->pacer, container, &is, &idle, &err);
	if (r < 0) {
		if (r != -ENOENT) /* which says that it is about to end */
			weir_warn("container '%s': its knobs can't be looked at: %s", container->id,
				  err.text);
		return;
	}
	tell_unheld(controller, container, &is);
	compare_cpu(controller, container, &is, r != WEIR_PACER_UNPACED, &contest);
	compare_memory(container, &is, &contest);
	if (r == WEIR_PACER_CLASS)
		find(&contest, "class", "cpu_idle", idle, "its class to the %s one",
		     idle ? "idle" : "normal");
	if (r == WEIR_PACER_WEIGHT)
		find(&contest, "weight", "cpu_weight", is.cpu_weight, "its CPU weight to %u",
		     (unsigned int)is.cpu_weight);
	if (!contest.what[0])
		return;
	weir_event_say(&contest.event, "somebody else has set %s: set back", contest.what);
	weir_events_emit(controller->events, &contest.event);
	if (weir_controller_actuate(controller, container, &err) < 0)
		weir_warn("container '%s': %s, retrying", container->id, err.text);
}

bool weir_contest_keep(struct weir_controller *controller)
{
	struct weir_error err = {};
	int r = controller->keeps ? weir_groups_keep(&controller->groups, &err) : 0;

	if (r < 0 && !controller->keep_failed)
		weir_warn("the controllers of containers may be taken away, and their limits with "
			  "them: %s, retrying",
			  err.text);
	controller->keep_failed = r < 0;
	return r == 1;
}

static void tell_taken(struct weir_controller *controller)
{
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_CONTESTED, "", "controllers");
	weir_event_say(&event, "somebody else has taken cpu or memory from all containers: on "
			       "again, and all are looked at");
	weir_events_emit(controller->events, &event);
}

static bool is_ours(const struct weir_container *container)
{
	const struct weir_live *live = container->live;

	return container->state == WEIR_STATE_RUNNING && live && !live->finishing &&
	       !live->unsettled && !container->adopted && !container->shares_cgroups;
}

void weir_contest_tick(struct weir_controller *controller)
{
	bool taken = weir_contest_keep(controller);
	struct weir_container *const *all;
	size_t n, looks;

	weir_parent_look(controller);
	if (taken)
		tell_taken(controller);
	all = weir_ledger_all(controller->ledger, &n);
	looks = taken || n < LOOKS_A_TICK ? n : LOOKS_A_TICK;
	for (size_t i = 0; i < looks; i++) {
		struct weir_container *container = all[controller->n_looked++ % n];

		if (is_ours(container))
			weir_contest_look(controller, container);
	}
}
