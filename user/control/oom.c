/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Killed for memory: by whose limit, and what else has to go.
 *
 * v2 kills all of whoever is over its limit (memory.oom.group), an executor with its tasks, and
 * counts in each of them. v1 kills one process and counts it in the one group that it was in: the
 * rest of them is killed here, at the next tick.
 */
#include "control/controller_internal.h"

#include <errno.h>

#include "base/error.h"
#include "base/log.h"

enum weir_oom weir_oom_look(const struct weir_controller *controller,
			    const struct weir_container *container)
{
	const struct weir_container *executor =
		container->is_executor ? container : container->parent;
	bool has_limit = !container->is_executor && !container->shares_cgroups;
	char self[WEIR_GROUP_NAME];
	struct weir_seat seat = weir_family_seat(container, self);
	struct weir_cgroup_stats stats;

	weir_cgroup_read_stats(&controller->groups, seat.v1, &stats);
	if (stats.oom_kills == 0 || stats.oom_kills == UINT64_MAX)
		return WEIR_OOM_NONE;
	/* The limit of a group that it made in its own is its own affair. */
	if (has_limit && stats.limit_hits)
		return stats.own_limit_hits ? WEIR_OOM_LIMIT : WEIR_OOM_NONE;
	if (executor) {
		weir_cgroup_read_stats(&controller->groups, executor->group, &stats);
		if (stats.own_limit_hits && stats.own_limit_hits != UINT64_MAX)
			return container == executor ? WEIR_OOM_LIMIT : WEIR_OOM_EXECUTOR;
	}
	return WEIR_OOM_NODE;
}

enum weir_oom weir_oom_below(enum weir_oom of_executor)
{
	return of_executor == WEIR_OOM_LIMIT ? WEIR_OOM_EXECUTOR : of_executor;
}

/* Kill all of @container, its tasks too, and note why. */
static void condemn(struct weir_controller *controller, struct weir_container *container,
		    enum weir_oom why)
{
	struct weir_live *live = container->live;
	struct weir_container *const *tasks;
	struct weir_error err = {};
	size_t n;

	live->oom = why;
	tasks = weir_ledger_tasks(controller->ledger, container, &n);
	for (size_t i = 0; i < n; i++) {
		live = tasks[i]->live;
		live->oom = weir_oom_below(why);
	}
	if (weir_cgroup_kill(&controller->groups, container->group, &err) < 0 &&
	    err.code != -ENOENT)
		weir_warn(
			"container '%s': out of memory, but not killed: %s, retrying at next tick",
			container->id, err.text);
}

static void check(struct weir_controller *controller, struct weir_container *container)
{
	const struct weir_slot *slot = weir_bpf_slot(controller->bpf, container->slot);
	enum weir_oom why;

	/* What the meter has counted saves the reading, but limits hold without it. */
	if (slot && slot->oom_kills == 0 && !controller->refresh_failed && !container->is_executor)
		return;
	why = weir_oom_look(controller, container);
	if (why == WEIR_OOM_LIMIT)
		condemn(controller, container, why);
	else if (why != WEIR_OOM_NONE)
		condemn(controller, container->parent ? container->parent : container,
			why == WEIR_OOM_EXECUTOR ? WEIR_OOM_LIMIT : why);
}

void weir_oom_tick(struct weir_controller *controller)
{
	struct weir_container *const *all;
	uint64_t kills, before = controller->oom_kills;
	struct weir_error err = {};
	bool again = controller->oom_check_again;
	size_t n;

	if (weir_hierarchies_version(&controller->groups.h, WEIR_SUBSYS_MEMORY) != 1)
		return;
	if (weir_node_oom_kills(&kills, &err) < 0)
		kills = before + 1; /* then each tick is as good as any */
	controller->oom_kills = kills;
	/* The kernel counts for the node first, so the group's own count may be a tick late. */
	controller->oom_check_again = kills != before;
	if (kills == before && !again)
		return;
	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i]->state == WEIR_STATE_RUNNING && !all[i]->shares_cgroups &&
		    (!all[i]->adopted || all[i]->enforced))
			check(controller, all[i]);
}
