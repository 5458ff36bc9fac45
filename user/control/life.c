/* SPDX-License-Identifier: Apache-2.0 */
/* From running to exited: watching, killing, finishing, telling, forgetting. */
#include "control/controller_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "kern/process.h"

/* Groups are removed at once as a rule; what holds them up is tried again, ever more slowly. */
#define FINISH_FIRST_US 1000
#define FINISH_LAST_US	1000000
#define FINISH_GIVE_UP_US \
	10000000 /* then it counts as exited, and the groups are left to the retries */

/* For a caller that is not known, since it came to a daemon before us, to ask how it ended. */
#define CALLER_PATIENCE_US 5000000

#define REAP_PATIENCE_MS 100

static int on_first_exit(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct weir_live *live = data;

	(void)fd;
	(void)events;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	weir_controller_finish(live->controller, live->container);
	return 0;
}

int weir_controller_watch(struct weir_controller *controller, struct weir_container *container,
			  int pidfd, struct weir_error *err)
{
	struct weir_live *live = container->live;
	int r;

	live->pidfd = pidfd;
	r = sd_event_add_io(controller->event, &live->exit_source, pidfd, EPOLLIN, on_first_exit,
			    live);
	if (r < 0)
		return weir_fail(err, r, "watch process %d: %s", container->pid, strerror(-r));
	return 0;
}

/* Who is killed with others, and not watched to its end, is dead in a moment. */
void weir_live_await_end(const struct weir_live *live)
{
	struct pollfd end = { .fd = live->pidfd, .events = POLLIN };

	if (end.fd >= 0)
		poll(&end, 1, REAP_PATIENCE_MS);
}

/*
 * The source goes before its fd is closed: the next one to be opened may have the same number, and
 * would be taken out of the event loop in its place.
 */
void weir_live_reap(struct weir_live *live)
{
	int ignored;

	live->exit_source = sd_event_source_disable_unref(live->exit_source);
	if (live->pidfd >= 0)
		weir_pidfd_reap(live->pidfd, &ignored);
	live->pidfd = close_fd(live->pidfd);
}

static void tell_waiters(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_end end = { .status_known = container->status_known,
				.status = container->status,
				.reason = container->reason };

	memcpy(end.message, container->message, sizeof(end.message));
	while (live->waiters) {
		struct weir_waiter *waiter = live->waiters;

		live->waiters = waiter->next;
		controller->n_waiters--;
		waiter->fn(&end, waiter->data);
		free(waiter);
	}
}

static int on_caller_silent(sd_event_source *source, uint64_t usec, void *data)
{
	struct weir_live *live = data;

	(void)source;
	(void)usec;
	weir_controller_forget(live->controller, live->container);
	return 0;
}

void weir_controller_leave_to_caller(struct weir_controller *controller,
				     struct weir_container *container)
{
	struct weir_live *live = container->live;
	bool goes = container->adopted	    ? false
		    : container->foreground ? !container->keep
					    : container->autoremove;

	if (!goes)
		return;
	if (live->caller_gone)
		weir_controller_forget(controller, container);
	/* Never at once: whoever concludes is not done with it. And once: a recovery may come by twice. */
	else if (live->caller_pidfd < 0 && !live->caller_source &&
		 sd_event_add_time_relative(controller->event, &live->caller_source,
					    CLOCK_MONOTONIC,
					    container->foreground ? CALLER_PATIENCE_US : 0, 0,
					    on_caller_silent, live) < 0)
		weir_warn("container '%s': its record stays until it is removed", container->id);
}

static void conclude(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_container *executor = container->parent, *task;

	/* Their groups went with its own. */
	while (container->is_executor &&
	       (task = weir_ledger_any_task(controller->ledger, container)))
		conclude(controller, task);
	weir_live_reap(container->live);
	weir_controller_unfence(controller, container);
	weir_controller_change(controller);
	container->ended_us = weir_now_us(CLOCK_REALTIME);
	container->pending_mem_limit_bytes = WEIR_ABSENT;
	weir_ledger_release(controller->ledger, container);
	pthread_rwlock_unlock(&controller->lock);
	weir_controller_publish_node(controller);
	weir_controller_save(controller, container);
	weir_tell_ended(controller, container);
	weir_family_settle(controller, executor);
	tell_waiters(controller, container);
	weir_controller_leave_to_caller(controller, container);
}

static int on_finish(sd_event_source *source, uint64_t usec, void *data);

/* Is there nothing left of its groups? Else the timer is set for the next attempt. */
static bool remove_groups(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_error err = {};
	int r;

	r = weir_cgroup_remove(&controller->groups, container->group, &err);
	if (r == 0) {
		sd_event_source_disable_unref(take_ptr(live->finish_source));
		return true;
	}
	if (r != -EBUSY)
		weir_warn("container '%s': %s, retrying", container->id, err.text);
	if (weir_cgroup_kill(&controller->groups, container->group, &err) < 0 &&
	    err.code != -ENOENT)
		weir_warn("container '%s': %s, retrying", container->id, err.text);

	if (!live->finish_source)
		r = sd_event_add_time_relative(controller->event, &live->finish_source,
					       CLOCK_MONOTONIC, live->finish_delay_us, 1, on_finish,
					       live);
	else
		r = sd_event_source_set_time_relative(live->finish_source, live->finish_delay_us);
	if (r >= 0)
		r = sd_event_source_set_enabled(live->finish_source, SD_EVENT_ONESHOT);
	if (r < 0)
		weir_err("container '%s': its cgroups can't be removed: %s", container->id,
			 strerror(-r));
	live->finish_delay_us *= 2;
	if (live->finish_delay_us > FINISH_LAST_US)
		live->finish_delay_us = FINISH_LAST_US;
	return false;
}

static int on_finish(sd_event_source *source, uint64_t usec, void *data)
{
	struct weir_live *live = data;
	struct weir_controller *controller = live->controller;
	struct weir_container *container = live->container;
	bool gone = remove_groups(controller, container);

	(void)source;
	(void)usec;
	if (container->state == WEIR_STATE_EXITED)
		return 0; /* given up before */
	if (gone) {
		conclude(controller, container);
	} else if (weir_now_us(CLOCK_MONOTONIC) - live->finish_since_us > FINISH_GIVE_UP_US) {
		weir_warn("container '%s': processes in it can't be killed; counted as exited, "
			  "its cgroups stay until they are gone",
			  container->id);
		conclude(controller, container);
	}
	return 0;
}

void weir_controller_finish(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_error err = {};

	if (live->finishing)
		return;
	live->finishing = true;
	/* What the first process left behind goes with it, an executor's tasks too. */
	if (weir_cgroup_populated(&controller->groups, container->group, &err) == 1 &&
	    weir_cgroup_kill(&controller->groups, container->group, &err) < 0 &&
	    err.code != -ENOENT)
		weir_warn("container '%s': %s, retrying", container->id, err.text);
	weir_live_await_end(live);
	weir_controller_collect(controller, container);
	weir_pacer_remove(controller->pacer, container);
	/* The next container of this name is not to get its limits. */
	weir_worker_cancel(controller->worker, container->id);
	if (container->is_executor)
		weir_family_finish_tasks(controller, container);
	live->finish_delay_us = FINISH_FIRST_US;
	live->finish_since_us = weir_now_us(CLOCK_MONOTONIC);
	if (remove_groups(controller, container))
		conclude(controller, container);
}

void weir_controller_part(struct weir_controller *controller, struct weir_container *container,
			  enum weir_reason reason, const char *why)
{
	struct weir_live *live = container->live;

	live->finishing = true;
	weir_controller_collect(controller, container);
	weir_worker_cancel(controller->worker, container->id);
	weir_controller_change(controller);
	container->reason = reason;
	snprintf(container->message, sizeof(container->message), "%s", why);
	pthread_rwlock_unlock(&controller->lock);
	conclude(controller, container);
}

void weir_controller_lost(struct weir_controller *controller, struct weir_container *container,
			  const char *why)
{
	struct weir_container *task;

	while (container->is_executor &&
	       (task = weir_ledger_any_task(controller->ledger, container)))
		weir_controller_lost(controller, task, "its executor was lost");
	weir_warn("container '%s': %s", container->id, why);
	container->reason = WEIR_REASON_LOST;
	snprintf(container->message, sizeof(container->message), "%s", why);
	conclude(controller, container);
}

int weir_controller_find_running(const struct weir_controller *controller, const char *id,
				 struct weir_container **ret, struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);
	const struct weir_live *live;

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	live = container->live;
	if (container->state == WEIR_STATE_EXITED || live->finishing)
		return weir_fail(err, -ENOENT, "container '%s' has ended", id);
	if (container->state == WEIR_STATE_LAUNCHING)
		return weir_fail(err, -EINVAL, "container '%s' is not started yet", id);
	*ret = container;
	return 0;
}

int weir_controller_kill(struct weir_controller *controller, const char *id, int signal,
			 struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);
	struct weir_live *live;

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	if (signal < 1 || signal > SIGRTMAX)
		return weir_fail(err, -EINVAL, "no signal %d: expected 1 to %d", signal, SIGRTMAX);
	live = container->live;
	if (container->state == WEIR_STATE_EXITED || live->finishing)
		return weir_fail(err, -ENOENT, "container '%s' has ended", id);
	if (container->state == WEIR_STATE_LAUNCHING) {
		weir_controller_undo(controller, container);
		return 0;
	}
	if (signal == SIGKILL) {
		live->signals |= weir_signal_bit(signal);
		weir_family_note_kill(controller, container);
		return weir_cgroup_kill(&controller->groups, container->group, err);
	}
	if (live->pidfd < 0)
		return weir_fail(
			err, -EINVAL,
			"container '%s' has no first process that is known: expected signal 9, "
			"which goes to all",
			id);
	if (weir_pidfd_signal(live->pidfd, signal, err) < 0)
		return err->code == -ESRCH ? weir_fail(err, -ENOENT, "container '%s' has ended", id)
					   : err->code;
	live->signals |= weir_signal_bit(signal);
	return 0;
}

void weir_controller_forget(struct weir_controller *controller, struct weir_container *container)
{
	const struct weir_live *live = container->live;
	struct weir_error err = {};

	if (container->is_executor)
		weir_family_forget_tasks(controller, container);
	if (weir_store_delete(controller->store, container->id, &err) < 0)
		weir_err("container '%s': %s", container->id, err.text);
	weir_logs_remove(controller, container->id);
	weir_controller_unfence(controller, container);
	weir_bpf_drop(controller->bpf, container->slot);
	if (live->finish_source)
		weir_leftovers_add(controller, container->group);
	weir_live_free(container->live);
	weir_controller_change(controller);
	weir_ledger_remove(controller->ledger, container);
	pthread_rwlock_unlock(&controller->lock);
	weir_container_free(container);
}

int weir_controller_remove(struct weir_controller *controller, const char *id,
			   struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	if (container->state == WEIR_STATE_LAUNCHING) {
		weir_controller_undo(controller, container);
		return 0;
	}
	if (container->state != WEIR_STATE_EXITED)
		return weir_fail(err, -EBUSY, "container '%s' is running: %s it first", id,
				 container->adopted ? "release" : "stop");
	weir_controller_forget(controller, container);
	return 0;
}

int weir_controller_wait(struct weir_controller *controller, const char *id, weir_end_fn *fn,
			 void *data, struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);
	struct weir_live *live;
	struct weir_waiter *waiter;

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	if (controller->n_waiters >= WEIR_MAX_WAITERS)
		return weir_fail(err, -EDQUOT, "%u wait already, which is the most",
				 controller->n_waiters);
	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return weir_fail_memory(err);
	live = container->live;
	*waiter = (struct weir_waiter){ .fn = fn, .data = data, .next = live->waiters };
	live->waiters = waiter;
	controller->n_waiters++;
	if (container->state == WEIR_STATE_EXITED)
		tell_waiters(controller, container);
	return 0;
}

void weir_controller_unwait(struct weir_controller *controller, weir_end_fn *fn, void *data)
{
	struct weir_container *const *all;
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		struct weir_live *live = all[i]->live;

		for (struct weir_waiter **at = &live->waiters; *at; at = &(*at)->next) {
			struct weir_waiter *waiter = *at;

			if (waiter->fn != fn || waiter->data != data)
				continue;
			*at = waiter->next;
			controller->n_waiters--;
			free(waiter);
			return;
		}
	}
}
