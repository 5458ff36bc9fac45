/* SPDX-License-Identifier: Apache-2.0 */
/* From the planner's actions to the kernel's knobs, and from figures to the slot. */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"

static bool memory_is_v1(const struct weir_controller *controller)
{
	return weir_hierarchies_version(&controller->groups.h, WEIR_SUBSYS_MEMORY) == 1;
}

static int carry_out(const struct weir_controller *controller,
		     const struct weir_container *container, const struct weir_action *action,
		     struct weir_error *err)
{
	typedef int knob_fn(const struct weir_groups *, const char *, uint64_t,
			    struct weir_error *);
	static knob_fn *const knobs[WEIR_ACTION_COUNT_] = {
		[WEIR_ACTION_SET_CPU_MAX] = weir_cgroup_set_cpu_max,
		[WEIR_ACTION_SET_CPU_BURST] = weir_cgroup_set_cpu_burst,
		[WEIR_ACTION_SET_SWAP_MAX] = weir_cgroup_set_swap_max,
		[WEIR_ACTION_SET_MEM_LOW] = weir_cgroup_set_mem_low,
		[WEIR_ACTION_SET_MEM_HIGH] = weir_cgroup_set_mem_high,
		[WEIR_ACTION_SET_MEM_MAX] = weir_cgroup_set_mem_max,
		[WEIR_ACTION_SET_OOM_GROUP] = weir_cgroup_set_oom_group,
		[WEIR_ACTION_SET_PIDS_MAX] = weir_cgroup_set_pids_max,
	};

	/* The kernel takes no weight from who is in the idle class. */
	if (action->type == WEIR_ACTION_SET_CPU_WEIGHT)
		return weir_pacer_set_weight(controller->pacer, container, action->value, err);
	return knobs[action->type](&controller->groups, container->group, action->value, err);
}

/*
 * A finite memory.high makes the kernel reclaim before the write returns, so it goes to the
 * worker. v1 has no such knob: there the worker tries the limit itself, which reclaims and says
 * EBUSY until usage fits.
 */
static int hand_over(struct weir_controller *controller, const struct weir_container *container,
		     const struct weir_action *action, struct weir_error *err)
{
	struct weir_job job = {
		.kind = memory_is_v1(controller) ? WEIR_JOB_MEM_MAX : WEIR_JOB_MEM_HIGH,
		.value = action->value,
		.generation = container->generation,
	};

	snprintf(job.id, sizeof(job.id), "%s", container->id);
	snprintf(job.group, sizeof(job.group), "%s", container->group);
	return weir_worker_submit(controller->worker, &job, err);
}

uint64_t weir_controller_memory_in_use(struct weir_controller *controller,
				       const struct weir_container *container)
{
	struct weir_cgroup_stats stats;

	weir_cgroup_read_stats(&controller->groups, container->group, &stats);
	return stats.mem_current_bytes == UINT64_MAX ? 0 : stats.mem_current_bytes;
}

/* v1 has no memory.high. */
static uint64_t hold_of(const struct weir_controller *controller, const struct weir_live *live)
{
	if (live->squeeze.high_bytes == 0 || controller->tunables.dry_run ||
	    memory_is_v1(controller))
		return WEIR_INFINITE;
	return live->squeeze.high_bytes;
}

/* *@ret_pending: the memory limit that waits, else WEIR_ABSENT. */
static int write_knobs(struct weir_controller *controller, struct weir_container *container,
		       const struct weir_figures *figures, uint64_t *ret_pending,
		       struct weir_error *err)
{
	struct weir_live *live = container->live;
	struct weir_plan plan;
	uint64_t pending, in_use = 0;

	/* Only a limit that falls can be in the way of what is in use. */
	if (container->state == WEIR_STATE_RUNNING &&
	    figures->mem_limit_bytes < live->applied.mem_max_bytes)
		in_use = weir_controller_memory_in_use(controller, container);
	/* What its engine lets it have stays, unless something else was asked for. */
	if (container->adopted && container->ask.pids_limit == WEIR_ABSENT)
		live->applied.pids_max = figures->pids_limit;
	weir_plan_static(figures, &live->applied, in_use, hold_of(controller, live), &plan,
			 &pending);
	/* A limit that waits in the worker's queue must not come behind the one that overtakes it. */
	if (container->pending_mem_limit_bytes != WEIR_ABSENT && pending == WEIR_ABSENT)
		weir_worker_cancel(controller->worker, container->id);

	for (size_t i = 0; i < plan.n; i++) {
		const struct weir_action *action = &plan.actions[i];
		bool blocks =
			action->type == WEIR_ACTION_SET_MEM_HIGH && action->value != WEIR_INFINITE;
		int r;

		r = blocks ? hand_over(controller, container, action, err)
			   : carry_out(controller, container, action, err);
		if (r == -ENOENT)
			break; /* it has just ended: news, not an error */
		if (r == -EBUSY && action->type == WEIR_ACTION_SET_MEM_MAX) {
			pending = action->value; /* it grew while we looked */
			break;
		}
		if (r < 0)
			return r;
		if (!blocks || !memory_is_v1(controller))
			weir_applied_note(&live->applied, action);
	}

	*ret_pending = pending;
	return 0;
}

int weir_controller_apply(struct weir_controller *controller, struct weir_container *container,
			  struct weir_error *err)
{
	uint64_t pending;

	/* What keeps it is its executor's, or was only to be looked at. */
	if (container->shares_cgroups || (container->adopted && !container->enforced))
		return 0;
	if ((container->is_executor &&
	     weir_family_apply_self(controller, container, false, err) < 0) ||
	    write_knobs(controller, container, &container->figures, &pending, err) < 0 ||
	    (container->is_executor &&
	     weir_family_apply_self(controller, container, true, err) < 0))
		return err->code;
	weir_controller_change(controller);
	container->pending_mem_limit_bytes = pending;
	pthread_rwlock_unlock(&controller->lock);
	return 0;
}

int weir_controller_widen(struct weir_controller *controller, struct weir_container *executor,
			  const struct weir_figures *figures, struct weir_error *err)
{
	uint64_t pending;

	return write_knobs(controller, executor, figures, &pending, err);
}

int weir_controller_actuate(struct weir_controller *controller, struct weir_container *container,
			    struct weir_error *err)
{
	int r = weir_controller_apply(controller, container, err);

	if (r == 0)
		weir_tell_pending(controller, container);
	return r;
}

void weir_controller_settle(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_error err = {};

	live->unsettled = weir_controller_actuate(controller, container, &err) < 0;
	if (live->unsettled)
		weir_warn("container '%s': %s, retrying at next tick", container->id, err.text);
}

void weir_controller_on_job(const struct weir_job *job, void *data)
{
	struct weir_controller *controller = data;
	struct weir_container *container = weir_ledger_find(controller->ledger, job->id);
	const struct weir_action written = {
		.type = job->kind == WEIR_JOB_MEM_MAX ? WEIR_ACTION_SET_MEM_MAX
						      : WEIR_ACTION_SET_MEM_HIGH,
		.value = job->error.code < 0 ? WEIR_ABSENT : job->value,
	};
	struct weir_live *live = container ? container->live : NULL;
	struct weir_error err = {};

	if (job->kind == WEIR_JOB_RECLAIM)
		return; /* what came of it shows in what is used */
	if (!live || container->generation != job->generation ||
	    container->state == WEIR_STATE_EXITED || job->error.code == -ENOENT)
		return; /* late news of one that is gone, or ending */
	/* Whatever was wanted meanwhile: this is what the kernel may have. */
	weir_applied_note(&live->applied, &written);
	if (job->kind == WEIR_JOB_MEM_MAX)
		live->applied.swap_max_bytes =
			WEIR_ABSENT; /* v1: it may have had nothing to stay beside */
	if (job->error.code < 0 && job->error.code != -EBUSY)
		weir_warn("container '%s': %s, retrying at next tick", job->id, job->error.text);
	if (job->error.code < 0 && container->pending_mem_limit_bytes != WEIR_ABSENT)
		return; /* v1: does not fit yet, tried again at the next tick */
	/*
	 * Usage has been pushed down, so that the limit that waited may fit by now; or it is wanted
	 * no more, and the one in force has to be written again.
	 */
	if (weir_controller_actuate(controller, container, &err) < 0)
		weir_warn("container '%s': %s, retrying at next tick", container->id, err.text);
}

void weir_controller_publish(struct weir_controller *controller,
			     const struct weir_container *container)
{
	struct weir_slot *slot = weir_bpf_slot(controller->bpf, container->slot);

	if (!slot || slot->generation != container->generation)
		return;
	slot->cpu_request_mcpu = container->figures.cpu_request_mcpu;
	slot->cpu_limit_mcpu = container->figures.cpu_limit_mcpu;
	slot->mem_request_bytes = container->figures.mem_request_bytes;
	slot->mem_limit_bytes = container->figures.mem_limit_bytes;
	weir_pacer_change(controller->pacer, container);
}

void weir_controller_learn_applied(struct weir_controller *controller,
				   struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_cgroup_stats stats;
	struct weir_error ignored;
	uint64_t burst = 0;

	weir_cgroup_read_stats(&controller->groups, container->group, &stats);
	if (stats.cpu_quota_mcpu == container->figures.cpu_limit_mcpu)
		live->applied.cpu_max_mcpu = stats.cpu_quota_mcpu;
	if (weir_cgroup_cpu_burst(&controller->groups, container->group, &burst, &ignored) == 0)
		live->applied.cpu_burst_mcpu = burst;
	if (stats.mem_max_bytes != UINT64_MAX || container->figures.mem_limit_bytes == UINT64_MAX)
		live->applied.mem_max_bytes = stats.mem_max_bytes;
}
