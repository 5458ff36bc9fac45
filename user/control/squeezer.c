/* SPDX-License-Identifier: Apache-2.0 */
#include "control/squeezer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "base/log.h"
#include "base/quantity.h"
#include "control/controller_internal.h"
#include "kern/shortage.h"
#include "model/squeeze.h"

#define CALM_TICK_US 1000000
#define WORK_TICK_US 100000

struct weir_squeezer {
	struct weir_controller *controller;
	struct weir_shortage shortage;
	struct weir_squeeze squeeze;
	sd_event_source *timer, *trigger;
	/* Of one look: those that run, side by side with who they are. */
	struct weir_squeeze_member *members;
	struct weir_live **lives;
	size_t n, size;
	bool held; /* somebody was, at the last look */
	bool blind; /* said once, until it works again */
};

/* ---- Carrying out ---- */

static void let_kernel_reclaim(struct weir_squeezer *squeezer,
			       const struct weir_container *container, uint64_t down_to)
{
	struct weir_job job = {
		.kind = WEIR_JOB_RECLAIM,
		.value = down_to,
		.generation = container->generation,
	};
	struct weir_error err = {};

	snprintf(job.id, sizeof(job.id), "%s", container->id);
	snprintf(job.group, sizeof(job.group), "%s", container->group);
	if (weir_worker_submit(squeezer->controller->worker, &job, &err) < 0)
		weir_warn("container '%s': not squeezed: %s", container->id, err.text);
}

static void kill_for_the_node(struct weir_squeezer *squeezer, struct weir_live *live,
			      uint64_t excess_bytes, uint64_t available_bytes)
{
	struct weir_controller *controller = squeezer->controller;
	struct weir_container *victim =
		weir_family_greediest(controller, live->container, &excess_bytes);
	struct weir_live *victims = victim->live;
	char excess[WEIR_QUANTITY_TEXT];
	struct weir_error err = {};

	victims->pressed_bytes = excess_bytes;
	victims->squeeze.means = WEIR_SQUEEZE_KILL;
	weir_family_note_kill(controller, victim);
	if (weir_cgroup_kill(&controller->groups, victim->group, &err) < 0) {
		if (err.code != -ENOENT)
			weir_warn("container '%s': %s over its request, but not killed: %s",
				  victim->id, weir_format_memory(excess_bytes, excess), err.text);
		return;
	}
	weir_tell_squeeze(controller, victim, available_bytes);
}

/* A stronger means, or none any more: not each step of the same. */
static void tell_change(struct weir_squeezer *squeezer, const struct weir_live *live,
			enum weir_squeeze_means before, uint64_t available_bytes)
{
	enum weir_squeeze_means now = live->squeeze.means;

	/* A kill is told where it succeeds. */
	if (now == before || (now == WEIR_SQUEEZE_KILL && !squeezer->controller->tunables.dry_run))
		return;
	weir_tell_squeeze(squeezer->controller, live->container, available_bytes);
}

static void carry_out(struct weir_squeezer *squeezer, const struct weir_squeeze_action *action,
		      uint64_t available_bytes)
{
	struct weir_live *live = squeezer->lives[action->member];
	struct weir_container *container = live->container;
	struct weir_error err = {};

	if (squeezer->controller->tunables.dry_run)
		return;
	switch (action->means) {
	case WEIR_SQUEEZE_RECLAIM:
		let_kernel_reclaim(squeezer, container, action->bytes);
		break;
	case WEIR_SQUEEZE_NONE:
	case WEIR_SQUEEZE_HOLD:
		/* Its high is in its live part by now: one planner for all that wants that knob. */
		if (weir_controller_actuate(squeezer->controller, container, &err) < 0)
			weir_warn("container '%s': %s, retrying at next tick", container->id,
				  err.text);
		break;
	case WEIR_SQUEEZE_KILL:
		kill_for_the_node(squeezer, live, action->bytes, available_bytes);
	}
}

/* ---- Looking ---- */

static int make_room(struct weir_squeezer *squeezer, size_t n, struct weir_error *err)
{
	struct weir_squeeze_member *members;
	struct weir_live **lives;

	if (n <= squeezer->size)
		return 0;
	members = reallocarray(squeezer->members, n, sizeof(*members));
	if (!members)
		return weir_fail_memory(err);
	squeezer->members = members;
	lives = reallocarray(squeezer->lives, n, sizeof(*lives));
	if (!lives)
		return weir_fail_memory(err);
	squeezer->lives = lives;
	squeezer->size = n;
	return 0;
}

static int sample(struct weir_squeezer *squeezer, struct weir_error *err)
{
	struct weir_controller *controller = squeezer->controller;
	struct weir_container *const *all;
	size_t n_all;

	if (weir_bpf_refresh(controller->bpf, err) < 0)
		return err->code;
	all = weir_ledger_all(controller->ledger, &n_all);
	if (make_room(squeezer, n_all, err) < 0)
		return err->code;
	squeezer->n = 0;
	for (size_t i = 0; i < n_all; i++) {
		const struct weir_slot *slot = weir_bpf_slot(controller->bpf, all[i]->slot);
		struct weir_squeeze_member *member = &squeezer->members[squeezer->n];
		struct weir_live *live = all[i]->live;

		/* An executor is taken from as a whole: its tasks' memory.low says from whom. */
		if (all[i]->parent || all[i]->state != WEIR_STATE_RUNNING || !live || !slot ||
		    slot->generation != all[i]->generation)
			continue;
		*member = live->squeeze;
		member->request_bytes = all[i]->figures.mem_request_bytes;
		member->used_bytes = slot->mem_current_bytes;
		member->exempt = all[i]->exempt || (all[i]->adopted && !all[i]->enforced);
		squeezer->lives[squeezer->n++] = live;
	}
	return 0;
}

static int look(struct weir_squeezer *squeezer, struct weir_error *err)
{
	uint64_t available = 0, now_ns = weir_now_us(CLOCK_MONOTONIC) * 1000;
	struct weir_squeeze_plan plan;

	if (weir_shortage_available(&squeezer->shortage, &available, err) < 0)
		return err->code;
	if (!squeezer->held && !squeezer->squeeze.is_short &&
	    available >= squeezer->squeeze.params.low_bytes)
		return 0;
	if (sample(squeezer, err) < 0)
		return err->code;

	weir_squeeze_tick(&squeezer->squeeze, available, now_ns, squeezer->members, squeezer->n,
			  &plan);
	for (size_t i = 0; i < squeezer->n; i++) {
		struct weir_live *live = squeezer->lives[i];
		enum weir_squeeze_means before = live->squeeze.means;

		live->squeeze = squeezer->members[i];
		tell_change(squeezer, live, before, available);
	}
	for (size_t i = 0; i < plan.n; i++)
		carry_out(squeezer, &plan.actions[i], available);
	squeezer->held = weir_squeeze_at_work(&squeezer->squeeze, squeezer->members, squeezer->n);
	return 0;
}

static void look_and_go_on(struct weir_squeezer *squeezer)
{
	struct weir_error err = {};

	if (look(squeezer, &err) == 0)
		squeezer->blind = false;
	else if (!squeezer->blind)
		weir_warn("whether the node is short of memory is not known: %s, retrying",
			  err.text);
	if (err.code < 0)
		squeezer->blind = true;
	sd_event_source_set_time_relative(squeezer->timer,
					  squeezer->held ? WORK_TICK_US : CALM_TICK_US);
	sd_event_source_set_enabled(squeezer->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	look_and_go_on(data);
	return 0;
}

/* A trigger that has become unusable would report errors for ever: the timer goes on without it. */
static int on_trigger(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)fd;
	if (events & EPOLLERR)
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	look_and_go_on(data);
	return 0;
}

/* ---- Its life ---- */

int weir_squeezer_new(struct weir_controller *controller, struct weir_squeezer **ret,
		      struct weir_error *err)
{
	scoped(weir_squeezer_freep) struct weir_squeezer *squeezer = NULL;
	int r;

	squeezer = calloc(1, sizeof(*squeezer));
	if (!squeezer)
		return weir_fail_memory(err);
	squeezer->controller = controller;
	squeezer->shortage = (struct weir_shortage)WEIR_SHORTAGE_INIT;
	/* Whoever an earlier daemon held is found at the first look, and let go. */
	squeezer->held = true;
	weir_squeeze_params_for(controller->machine.mem_bytes, &controller->tunables.squeeze_marks,
				&squeezer->squeeze.params);
	if (weir_shortage_open("/proc", &squeezer->shortage, err) < 0)
		return err->code;

	r = sd_event_add_time_relative(controller->event, &squeezer->timer, CLOCK_MONOTONIC,
				       CALM_TICK_US, CALM_TICK_US / 20, on_timer, squeezer);
	if (r >= 0 && squeezer->shortage.trigger_fd >= 0)
		r = sd_event_add_io(controller->event, &squeezer->trigger,
				    squeezer->shortage.trigger_fd, EPOLLPRI, on_trigger, squeezer);
	if (r < 0)
		return weir_fail(err, r, "watch the node's memory: %s", strerror(-r));
	*ret = take_ptr(squeezer);
	return 0;
}

struct weir_squeezer *weir_squeezer_free(struct weir_squeezer *squeezer)
{
	if (!squeezer)
		return NULL;
	sd_event_source_disable_unref(squeezer->timer);
	sd_event_source_disable_unref(squeezer->trigger);
	weir_shortage_close(&squeezer->shortage);
	free(squeezer->members);
	free(squeezer->lives);
	free(squeezer);
	return NULL;
}
