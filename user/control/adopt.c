/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adoption: a group that an engine, systemd or hands made is metered like a container, and held to
 * figures if that is asked for. Nothing is written there without it, and all that was written is put back
 * when the container is released. It lives as long as its group does.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "kern/process.h"

#define LOOK_TICKS 5 /* whether somebody else has been at its knobs, or at its processes */

/* ---- Taking in ---- */

static int find_place(const struct weir_controller *controller, const struct weir_adoption *what,
		      struct weir_container *container, struct weir_error *err)
{
	const struct weir_groups *groups = &controller->groups;
	int r;

	if ((what->pid > 0) == (what->path != NULL))
		return weir_fail(err, -EINVAL, "expected a process or a cgroup, and not both");
	r = what->path ? weir_foreign_of_path(groups, what->path, &container->place, err)
		       : weir_foreign_of_pid(groups, what->pid, &container->place, err);
	if (r == 0)
		r = weir_cgroup_id(groups, container->place, -1, &container->cgroup2_id, err);
	return r < 0 ? r : weir_container_locate(container, err);
}

/* Is one of the groups, by their paths on cgroup2, the other or in it? */
static bool overlap(const char *place, const char *other)
{
	size_t a = strcspn(place, "\n"), b = strcspn(other, "\n"), shorter = a < b ? a : b;

	return strncmp(place, other, shorter) == 0 &&
	       (a == b || (a < b ? other : place)[shorter] == '/');
}

static int check_alone(const struct weir_controller *controller,
		       const struct weir_container *container, struct weir_error *err)
{
	struct weir_container *const *all;
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i]->adopted && all[i]->state != WEIR_STATE_EXITED &&
		    overlap(container->place, all[i]->place))
			return weir_fail(err, -EINVAL,
					 "its cgroup is, lies in or holds that of '%s'",
					 all[i]->id);
	return 0;
}

/* What it is held to already, as far as nothing else is asked for: for readers. */
static void take_over_limits(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_figures *figures = &container->figures;
	struct weir_cgroup_stats stats;

	weir_cgroup_read_stats(&controller->groups, container->group, &stats);
	if (container->ask.cpu_limit_mcpu == WEIR_ABSENT &&
	    stats.cpu_quota_mcpu >= figures->cpu_request_mcpu)
		figures->cpu_limit_mcpu = stats.cpu_quota_mcpu;
	if (container->ask.mem_limit_bytes == WEIR_ABSENT &&
	    stats.mem_max_bytes >= figures->mem_request_bytes)
		figures->mem_limit_bytes = stats.mem_max_bytes;
}

static int describe(struct weir_controller *controller, const struct weir_adoption *what,
		    struct weir_container **ret, struct weir_notes *notes, struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *container = NULL;
	char *argv[2] = {};

	if (weir_id_check(what->id, err) < 0 ||
	    (what->role && weir_role_check(what->role, err) < 0))
		return err->code;
	container = weir_container_new(what->id);
	if (!container)
		return weir_fail_memory(err);
	container->adopted = true;
	container->enforced = what->enforce;
	container->ask = what->ask;
	if (what->net && weir_net_copy(&container->net, what->net, err) < 0)
		return err->code;
	container->cpu_default = controller->tunables.default_cpu_limit;
	container->created_us = container->started_us = weir_now_us(CLOCK_REALTIME);
	if (find_place(controller, what, container, err) < 0 ||
	    check_alone(controller, container, err) < 0 ||
	    (what->enforce &&
	     weir_foreign_can_limit(&controller->groups, container->place, err) < 0) ||
	    weir_figures_resolve(&container->ask, container->cpu_default, &container->figures,
				 notes, err) < 0)
		return weir_fail_in(err, "container '%s'", what->id);
	if (!what->enforce)
		take_over_limits(controller, container);

	/* Where it is stands for a command that nobody told us. */
	argv[0] = strndup(container->place, strcspn(container->place, "\n"));
	container->argv = argv[0] ? weir_strv_copy(argv) : NULL;
	free(argv[0]);
	free(container->role);
	container->role = strdup(what->role ? what->role : "*");
	if (!container->argv || !container->role)
		return weir_fail_memory(err);
	*ret = take_ptr(container);
	return 0;
}

/* Of a group there is no first process unless one was named; signals go to it. */
static int know_process(struct weir_container *container, pid_t pid, struct weir_error *err)
{
	struct weir_live *live = container->live;

	if (pid <= 0)
		return 0;
	if (weir_pidfd_open(pid, &live->pidfd, err) < 0 ||
	    weir_process_start_ticks(pid, &container->pid_start_ticks, err) < 0)
		return err->code;
	container->pid = pid;
	return 0;
}

/* Entered in the meter, and what was there before taken notice of. */
static int meter(struct weir_controller *controller, struct weir_container *container,
		 struct weir_error *err)
{
	struct weir_bpf_identity identity;
	struct weir_slot *slot;

	if (weir_controller_identify(controller, container, &identity, err) < 0 ||
	    weir_controller_fence(controller, container, &identity, err) < 0 ||
	    weir_bpf_claim(controller->bpf, &identity, container->id, container->role,
			   &container->slot, &container->generation, err) < 0)
		return err->code;
	slot = weir_bpf_slot(controller->bpf, container->slot);
	slot->first_pid = (uint32_t)container->pid;
	slot->started_ns = weir_now_us(CLOCK_MONOTONIC) * 1000;
	slot->state = WEIR_SLOT_RUNNING;
	weir_controller_publish(controller, container);
	return weir_bpf_follow(controller->bpf, err);
}

/* What is there is on disk before any of it is changed: the next daemon may have to put it back. */
static int hold(struct weir_controller *controller, struct weir_container *container,
		struct weir_error *err)
{
	if (container->enforced &&
	    weir_foreign_keep(&controller->groups, container->place, &container->kept, err) < 0)
		return err->code;
	if (weir_store_put(controller->store, container, err) < 0)
		return err->code;
	weir_controller_learn_applied(controller, container);
	return weir_controller_actuate(controller, container, err);
}

/* Whatever part of it was done. */
static void undo(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_error err = {};

	weir_worker_cancel(controller->worker, container->id);
	if (container->kept &&
	    weir_foreign_restore(&controller->groups, container->place, container->kept, &err) < 0)
		weir_warn("container '%s': %s", container->id, err.text);
	weir_controller_forget(controller, container);
	weir_controller_publish_node(controller);
}

int weir_controller_adopt(struct weir_controller *controller, const struct weir_adoption *what,
			  struct weir_notes *notes, struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *fresh = NULL;
	struct weir_container *container;
	int r;

	notes->n = 0;
	if (describe(controller, what, &fresh, notes, err) < 0)
		return err->code;
	container = fresh;
	if (weir_controller_admit(controller, &fresh, err) < 0)
		return err->code;
	weir_controller_change(controller);
	container->state = WEIR_STATE_RUNNING;
	pthread_rwlock_unlock(&controller->lock);

	r = know_process(container, what->pid, err);
	if (r == 0)
		r = meter(controller, container, err);
	if (r == 0)
		r = hold(controller, container, err);
	if (r < 0) {
		undo(controller, container);
		return weir_fail_in(err, "container '%s'", what->id);
	}
	weir_tell_launched(controller, container);
	return 0;
}

/* ---- Letting go ---- */

int weir_controller_release(struct weir_controller *controller, const char *id,
			    struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	if (!container->adopted)
		return weir_fail(err, -EINVAL,
				 "container '%s' was not adopted: stop it, or remove it", id);
	if (container->state != WEIR_STATE_EXITED) {
		weir_worker_cancel(controller->worker, id);
		if (container->kept &&
		    weir_foreign_restore(&controller->groups, container->place, container->kept,
					 err) < 0 &&
		    err->code != -ENOENT)
			return weir_fail_in(err, "container '%s'", id);
		if (container->paused)
			weir_cgroup_freeze(&controller->groups, container->group, false, err);
		weir_controller_part(controller, container, WEIR_REASON_RELEASED, "released");
	}
	weir_controller_forget(controller, container);
	return 0;
}

/* ---- Looking after ---- */

/* Is the group that was adopted still there? */
static bool is_there(struct weir_controller *controller, const struct weir_container *container,
		     const char **ret_why)
{
	struct weir_error err = {};
	uint64_t id;
	int r = weir_cgroup_id(&controller->groups, container->place, -1, &id, &err);

	*ret_why = r == -ENOENT ? "its cgroup was removed"
				: "its cgroup was removed, and another has its name";
	return r < 0 ? r != -ENOENT : id == container->cgroup2_id;
}

static void look_at_members(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_error err = {};
	bool drifted = weir_foreign_drift(&controller->groups, container->place, &err) == 1;

	if (drifted && !live->drifted)
		weir_warn("container '%s': %s: not all of it is limited", container->id, err.text);
	live->drifted = drifted;
}

void weir_adopt_tick(struct weir_controller *controller)
{
	struct weir_container *const *all;
	const char *why;
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		if (!all[i]->adopted || all[i]->state != WEIR_STATE_RUNNING)
			continue;
		if (!is_there(controller, all[i], &why)) {
			weir_controller_part(controller, all[i], WEIR_REASON_SELF, why);
			continue;
		}
		if (controller->n_ticks % LOOK_TICKS != 0)
			continue;
		look_at_members(controller, all[i]);
		if (all[i]->enforced)
			weir_contest_look(controller, all[i]);
	}
}
