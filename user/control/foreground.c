/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a caller forks itself: the command of a foreground launch, and what joins a container later.
 *
 *	daemon                       caller
 *	makes and limits the groups
 *	says where they are   ──>    forks into them, holds the child before its exec
 *	sees it in there      <──    says its pid
 *	                      ──>    lets it go
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "control/foreground.h"
#include "control/mounts.h"
#include "kern/process.h"

/* The caller of a foreground launch went away before it started its command, or at its end. */
static int on_caller_gone(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct weir_live *live = data;
	struct weir_controller *controller = live->controller;
	struct weir_container *container = live->container;

	(void)fd;
	(void)events;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	live->caller_gone = true;
	if (container->state == WEIR_STATE_LAUNCHING) {
		weir_info("container '%s': its caller ended before the command was started, undone",
			  container->id);
		weir_controller_undo(controller, container);
	} else if (container->state == WEIR_STATE_EXITED && !container->keep) {
		weir_controller_forget(controller, container);
	}
	return 0;
}

int weir_foreground_watch(struct weir_controller *controller, struct weir_container *container,
			  const struct weir_peer *peer, struct weir_error *err)
{
	struct weir_live *live = container->live;
	int r;

	if (weir_pidfd_open(peer->pid, &live->caller_pidfd, err) < 0)
		return weir_fail_in(err, "container '%s': its caller", container->id);
	r = sd_event_add_io(controller->event, &live->caller_source, live->caller_pidfd, EPOLLIN,
			    on_caller_gone, live);
	return r < 0 ? weir_fail(err, r, "watch process %d: %s", peer->pid, strerror(-r)) : 0;
}

void weir_foreground_seat(const struct weir_controller *controller,
			  const struct weir_container *container, struct weir_join_paths *join)
{
	const struct weir_groups *groups = &controller->groups;
	char self[WEIR_GROUP_NAME];
	const struct weir_seat seat = weir_family_seat(container, self);
	struct weir_error ignored;

	for (size_t i = 0; i < groups->h.n && i < WEIR_MAX_JOIN_PATHS; i++) {
		const char *group = i == 0 ? seat.cgroup2 : seat.v1;

		/* What is adopted may have no group of its own there. */
		if (weir_cgroup_path(groups, i, group, join->list[join->n].path,
				     sizeof(join->list[join->n].path), &ignored) < 0)
			continue;
		join->list[join->n++].version = groups->h.list[i].version;
	}
	join->fenced = weir_container_is_fenced(container);
	join->families = weir_controller_families(controller, container);
	join->delegated = container->delegated;
	weir_controller_agent_path(controller, container, join->agent_socket);
}

void weir_join_paths_done(struct weir_join_paths *join)
{
	weir_mounts_done(&join->volumes);
}

int weir_foreground_mounts(struct weir_controller *controller,
			   const struct weir_container *container, const struct weir_peer *peer,
			   struct weir_join_paths *join, struct weir_error *err)
{
	if (container->mounts && peer->uid != 0)
		return weir_fail(err, -EPERM,
				 "container '%s': a command in the foreground mounts its volumes "
				 "itself, which takes root",
				 container->id);
	return weir_mounts_find(controller, container, &join->volumes, err);
}

/* A stopped child of @peer's: see that it is in there, or move it. *@ret_pidfd is the caller's. */
static int seat_child(struct weir_controller *controller, const struct weir_container *container,
		      pid_t pid, const struct weir_peer *peer, int *ret_pidfd,
		      struct weir_error *err)
{
	scoped(closep) int pidfd = -1;
	char self[WEIR_GROUP_NAME];
	struct weir_seat seat;
	pid_t parent;
	int inside;

	/* The pidfd first: from here on the number can't become somebody else. */
	if (weir_pidfd_open(pid, &pidfd, err) < 0 || weir_process_parent(pid, &parent, err) < 0)
		return weir_fail_in(err, "container '%s'", container->id);
	if (parent != peer->pid)
		return weir_fail(err, -EPERM, "container '%s': process %d is no child of yours",
				 container->id, pid);

	seat = weir_family_seat(container, self);
	inside = weir_cgroup_holds(&controller->groups, &seat, pid, err);
	if (inside < 0 ||
	    (inside == 0 && weir_cgroup_move(&controller->groups, &seat, pid, err) < 0) ||
	    weir_process_set_oom_score_adj(
		    pid, weir_oom_score_adj(&container->own, controller->machine.mem_bytes), err) <
		    0)
		return weir_fail_in(err, "container '%s'", container->id);
	*ret_pidfd = take_fd(pidfd);
	return 0;
}

int weir_controller_start(struct weir_controller *controller, const char *id, pid_t pid,
			  const struct weir_peer *peer, struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);
	scoped(closep) int pidfd = -1;

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	if (container->state != WEIR_STATE_LAUNCHING)
		return weir_fail(err, -EALREADY, "container '%s' was started already", id);
	if (seat_child(controller, container, pid, peer, &pidfd, err) < 0)
		return err->code;
	weir_controller_note_started(controller, container, pid);
	weir_controller_announce(controller, container);
	if (weir_controller_watch(controller, container, take_fd(pidfd), err) < 0)
		return err->code;
	return weir_store_put(controller->store, container, err);
}

int weir_controller_join(struct weir_controller *controller, const char *id, pid_t pid,
			 const struct weir_peer *peer, struct weir_join_paths *join,
			 struct weir_error *err)
{
	struct weir_container *container;
	scoped(closep) int pidfd = -1;
	int r;

	*join = (struct weir_join_paths){};
	r = weir_controller_find_running(controller, id, &container, err);
	if (r < 0)
		return r;
	if (weir_controller_check_thawed(controller, container, err) < 0)
		return weir_fail_in(err, "container '%s'", id);
	if (pid)
		return seat_child(controller, container, pid, peer, &pidfd, err);
	weir_foreground_seat(controller, container, join);
	return weir_foreground_mounts(controller, container, peer, join, err);
}
