/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a restart: the store says what was, the pins and cgroups what is.
 *
 * Nothing is unlimited for an instant meanwhile: limits are in the kernel, and only what differs
 * from the record is written. Groups of ours without a record are cleaned up, others left alone.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "kern/process.h"
#include "model/family.h"
#include "model/policy.h"

struct recovery {
	struct weir_controller *controller;
	bool same_boot;
	unsigned int running, ended, cleaned;
};

/* Is its first process still the one that was written down? */
static bool is_alive(const struct weir_container *container)
{
	struct weir_error err = {};
	uint64_t ticks;

	return container->pid > 0 && weir_process_start_ticks(container->pid, &ticks, &err) == 0 &&
	       ticks == container->pid_start_ticks;
}

/* Its slot; a new one when the pins are gone, with counters that start again. */
static int regain_slot(struct weir_controller *controller, struct weir_container *container,
		       struct weir_error *err)
{
	struct weir_bpf_identity identity;
	struct weir_slot *slot;

	if (weir_controller_identify(controller, container, &identity, err) < 0)
		return err->code;
	if (container->adopted && identity.cgroup2_id != container->cgroup2_id)
		return weir_fail(err, -ENOENT, "its cgroup is another one now");
	if (weir_controller_fence(controller, container, &identity, err) < 0) {
		weir_err("container '%s' is fenced as before, but that may not hold: %s",
			 container->id, err->text);
	}
	if (weir_bpf_reclaim(controller->bpf, container->slot, container->generation, &identity,
			     err) == 0)
		return 0;
	weir_warn("container '%s': its counters are lost (%s), counting anew", container->id,
		  err->text);
	if (weir_bpf_claim(controller->bpf, &identity, weir_name_own(container->id),
			   container->role, &container->slot, &container->generation, err) < 0)
		return err->code;
	slot = weir_bpf_slot(controller->bpf, container->slot);
	slot->first_pid = (uint32_t)container->pid;
	slot->state = WEIR_SLOT_RUNNING;
	weir_controller_save(controller, container);
	return 0;
}

static bool was_running(const struct recovery *recovery, const struct weir_container *container)
{
	return recovery->same_boot && container->state == WEIR_STATE_RUNNING;
}

/* From above: a task's slot is entered with its executor's. */
static void regain_slots(struct recovery *recovery, struct weir_container *const *all, size_t n,
			 bool tasks)
{
	struct weir_error err = {};

	for (size_t i = 0; i < n; i++) {
		if (!was_running(recovery, all[i]) || (all[i]->parent != NULL) != tasks ||
		    regain_slot(recovery->controller, all[i], &err) == 0)
			continue;
		weir_controller_lost(recovery->controller, all[i],
				     err.code == -ENOENT
					     ? "its cgroup was gone when the daemon came back"
					     : err.text);
		recovery->ended++;
	}
}

/* Its groups are there, which is all it takes; it may have lost its first process, if it had one. */
static void resume_adopted(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_error err = {};

	if (is_alive(container) && weir_pidfd_open(container->pid, &live->pidfd, &err) < 0)
		weir_warn("container '%s': %s", container->id, err.text);
	weir_controller_learn_applied(controller, container);
	if (weir_bpf_follow(controller->bpf, &err) < 0 ||
	    weir_controller_actuate(controller, container, &err) < 0)
		weir_err("container '%s': %s", container->id, err.text);
}

static void resume(struct weir_controller *controller, struct weir_container *container,
		   struct recovery *recovery)
{
	struct weir_error err = {};
	int pidfd;

	weir_controller_publish(controller, container);
	if (container->adopted) {
		resume_adopted(controller, container);
		recovery->running++;
		return;
	}
	if (!is_alive(container) || weir_pidfd_open(container->pid, &pidfd, &err) < 0) {
		weir_controller_finish(controller, container);
		recovery->ended++;
		return;
	}
	recovery->running++;
	weir_controller_learn_applied(controller, container);
	/* First: one that is in the idle class takes no weight. */
	if ((!container->parent && weir_pacer_add(controller->pacer, container, &err) < 0) ||
	    weir_controller_actuate(controller, container, &err) < 0 ||
	    weir_controller_watch(controller, container, pidfd, &err) < 0)
		weir_err("container '%s': %s", container->id, err.text);
}

static void recover_one(struct recovery *recovery, struct weir_container *container)
{
	struct weir_controller *controller = recovery->controller;
	struct weir_error err = {};

	if (weir_logs_locate(controller, container, &err) < 0)
		weir_err("container '%s': %s", container->id, err.text);
	if (container->state == WEIR_STATE_EXITED) {
		if (weir_bpf_reclaim(controller->bpf, container->slot, container->generation, NULL,
				     &err) < 0)
			container->slot = 0;
		recovery->ended++;
		weir_controller_leave_to_caller(controller, container);
	} else if (!recovery->same_boot) {
		container->slot = 0;
		weir_controller_lost(controller, container, "the machine was restarted");
		recovery->ended++;
	} else if (container->state == WEIR_STATE_LAUNCHING) {
		weir_info("container '%s': its launch was cut short, undone", container->id);
		weir_controller_undo(controller, container);
	} else {
		resume(controller, container, recovery);
	}
}

static int take_in(struct weir_container *container, void *data, struct weir_error *err)
{
	struct weir_controller *controller = data;

	if (!weir_live_new(controller, container))
		return weir_fail_memory(err);
	if (weir_ledger_adopt(controller->ledger, container, err) == 0)
		return 0;
	weir_live_free(container->live);
	if (err->code != -ENOENT)
		return err->code;
	weir_warn("%s any more, ignoring the record", err->text);
	weir_container_free(container);
	return 0;
}

/* What weir makes in an executor: its own processes' group, and tasks' here and there. */
static bool is_foreign(const char *group)
{
	const char *in_self = strstr(group, "/" WEIR_SELF_NAME "/");
	const char *name = strrchr(group, '/');

	if (in_self)
		return strncmp(name + 1, WEIR_SHARED_MARK, strlen(WEIR_SHARED_MARK)) != 0;
	return name && strcmp(name + 1, WEIR_SELF_NAME) == 0;
}

static int clean_orphan(const char *group, void *data)
{
	struct recovery *recovery = data;
	struct weir_controller *controller = recovery->controller;
	char buf[WEIR_NAME_MAX + 1];
	const struct weir_container *container =
		weir_ledger_find(controller->ledger, weir_name_of_group(group, buf));
	struct weir_error err = {};

	if (is_foreign(group))
		return 0;
	/* One that has ended may have been lost in some hierarchies only, or have been too busy. */
	if (container && container->state != WEIR_STATE_EXITED)
		return 0;
	if (weir_cgroup_kills(&controller->groups, group, getpid(), &err) == 1) {
		weir_warn("cgroup '%s%s' is in no record, but this daemon runs in it: left alone; "
			  "start the daemon elsewhere, or choose another cgroup_prefix",
			  controller->groups.prefix, group);
		return 0;
	}
	weir_info("cgroup '%s%s' is %s, cleaned up", controller->groups.prefix, group,
		  container ? "left of a container that has ended" : "in no record");
	recovery->cleaned++;
	if (!weir_controller_clear_groups(controller, group)) {
		weir_warn("cgroup '%s%s' still holds processes, retrying",
			  controller->groups.prefix, group);
		weir_leftovers_add(controller, group);
	}
	return 0;
}

static int clean_orphans(struct recovery *recovery, struct weir_error *err)
{
	const struct weir_groups *groups = &recovery->controller->groups;
	struct weir_container *const *all;
	char self[WEIR_GROUP_NAME];
	size_t n;

	if (weir_cgroup_foreach(groups, NULL, clean_orphan, recovery, err) < 0)
		return err->code;
	all = weir_ledger_all(recovery->controller->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		if (!all[i]->is_executor || all[i]->state == WEIR_STATE_EXITED)
			continue;
		weir_family_seat(all[i], self);
		if (weir_cgroup_foreach(groups, all[i]->group, clean_orphan, recovery, err) < 0 ||
		    weir_cgroup_foreach(groups, self, clean_orphan, recovery, err) < 0)
			return err->code;
	}
	return 0;
}

static int compare_boot(struct weir_controller *controller, bool *ret_same, struct weir_error *err)
{
	char last[64];
	int r;

	r = weir_store_get_text(controller->store, "boot_id", last, sizeof(last), err);
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_same = r == 0 && !strcmp(last, controller->machine.boot_id_text);
	return weir_store_put_text(controller->store, "boot_id", controller->machine.boot_id_text,
				   err);
}

/* A node is known by this to who has seen it before; so it is given once, and kept. */
static int know_agent(struct weir_controller *controller, struct weir_error *err)
{
	char *text = controller->agent_id;
	sd_id128_t id;
	int r;

	r = weir_store_get_text(controller->store, "agent_id", text, sizeof(controller->agent_id),
				err);
	if (r != -ENOENT)
		return r;
	r = sd_id128_randomize(&id);
	if (r < 0)
		return weir_fail(err, r, "make an id for this node: %s", strerror(-r));
	snprintf(text, sizeof(controller->agent_id), SD_ID128_UUID_FORMAT_STR "-S0",
		 SD_ID128_FORMAT_VAL(id));
	return weir_store_put_text(controller->store, "agent_id", text, err);
}

int weir_controller_recover(struct weir_controller *controller, struct weir_error *err)
{
	struct recovery recovery = { .controller = controller };
	scoped(freep) struct weir_container **all = NULL;
	struct weir_container *const *now;
	unsigned int bad = 0, dropped;
	size_t n;

	if (know_agent(controller, err) < 0 ||
	    compare_boot(controller, &recovery.same_boot, err) < 0 ||
	    weir_store_foreach(controller->store, take_in, controller, &bad, err) < 0)
		return err->code;
	if (bad)
		weir_warn("%u records can't be read, ignoring them: their cgroups are cleaned up",
			  bad);

	/* Recovering may remove from the ledger: walk a copy. */
	now = weir_ledger_all(controller->ledger, &n);
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return weir_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		all[i] = now[i];
	/* Slots from above; then tasks before their executors, which may end them. */
	regain_slots(&recovery, all, n, false);
	regain_slots(&recovery, all, n, true);
	for (size_t i = n; i-- > 0;)
		recover_one(&recovery, all[i]);

	if (clean_orphans(&recovery, err) < 0)
		return err->code;
	if (controller->fence)
		weir_fence_prune(controller->fence);
	dropped = weir_bpf_drop_unclaimed(controller->bpf);
	if (recovery.running || recovery.ended || recovery.cleaned || dropped)
		weir_info("recovered %u running and %u ended containers, cleaned up %u cgroups and "
			  "%u slots",
			  recovery.running, recovery.ended, recovery.cleaned, dropped);
	return 0;
}
