/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launching: admit, place, limit, and only then execute.
 *
 *	ledger -> cgroups -> knobs -> slot and index -> first process -> store
 *
 * Each step is taken back in reverse when a later one fails.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "kern/process.h"

#define REAP_PATIENCE_MS 100

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int weir_controller_identify(struct weir_controller *controller, const char *id,
			     struct weir_bpf_identity *ret, struct weir_error *err)
{
	const struct weir_groups *groups = &controller->groups;

	if (weir_cgroup_id(groups, id, -1, &ret->cgroup2_id, err) < 0 ||
	    weir_cgroup_id(groups, id, WEIR_SUBSYS_CPU, &ret->cpu_id, err) < 0 ||
	    weir_cgroup_id(groups, id, WEIR_SUBSYS_MEMORY, &ret->memory_id, err) < 0)
		return err->code;
	return 0;
}

/* A copy that keeps "not given" apart from "no memory". */
static bool copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

static bool copy_labels(struct weir_container *container, const struct weir_launch *launch)
{
	if (launch->n_labels == 0)
		return true;
	container->labels = calloc(launch->n_labels, sizeof(*container->labels));
	if (!container->labels)
		return false;
	for (size_t i = 0; i < launch->n_labels; i++) {
		container->n_labels = i + 1;
		if (!copy_text(&container->labels[i].key, launch->labels[i].key) ||
		    !copy_text(&container->labels[i].value, launch->labels[i].value))
			return false;
	}
	return true;
}

static int describe(const struct weir_controller *controller, const struct weir_launch *launch,
		    struct weir_container **ret, struct weir_notes *notes, struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *container = NULL;

	if (weir_id_check(launch->id, err) < 0 ||
	    (launch->role && weir_role_check(launch->role, err) < 0))
		return err->code;
	if (!launch->argv || !launch->argv[0])
		return weir_fail(err, -EINVAL, "container '%s': no command", launch->id);
	if (launch->n_labels > WEIR_MAX_LABELS)
		return weir_fail(err, -EINVAL, "container '%s': %zu labels, at most %d", launch->id,
				 launch->n_labels, WEIR_MAX_LABELS);
	container = weir_container_new(launch->id);
	if (!container)
		return weir_fail_memory(err);
	container->ask = launch->ask;
	container->cpu_default = controller->tunables.default_cpu_limit;
	container->foreground = launch->foreground;
	container->keep = launch->keep;
	container->exempt = launch->exempt;
	container->created_us = weir_now_us(CLOCK_REALTIME);
	container->argv = weir_strv_copy(launch->argv);
	container->env = launch->env ? weir_strv_copy(launch->env) : NULL;
	free(container->role);
	if (!container->argv || (launch->env && !container->env) ||
	    !copy_text(&container->role, launch->role ? launch->role : "*") ||
	    !copy_text(&container->user, launch->user) ||
	    !copy_text(&container->workdir, launch->workdir) || !copy_labels(container, launch))
		return weir_fail_memory(err);
	if (weir_figures_resolve(&container->ask, container->cpu_default, &container->figures,
				 notes, err) < 0)
		return weir_fail_in(err, "container '%s'", launch->id);
	*ret = take_ptr(container);
	return 0;
}

/* Into the ledger, where readers may see it from now on; it owns the container. */
static int admit(struct weir_controller *controller, struct weir_container **container,
		 struct weir_error *err)
{
	int r;

	if (!weir_live_new(controller, *container))
		return weir_fail_memory(err);
	pthread_rwlock_wrlock(&controller->lock);
	r = weir_ledger_admit(controller->ledger, *container, err);
	pthread_rwlock_unlock(&controller->lock);
	if (r < 0) {
		weir_live_free((*container)->live);
		return r;
	}
	*container = NULL;
	weir_controller_publish_node(controller);
	return 0;
}

void weir_controller_undo(struct weir_controller *controller, struct weir_container *container)
{
	const struct weir_live *live = container->live;
	struct pollfd watch = { .fd = live->pidfd, .events = POLLIN };
	int status;

	if (!live->foreign && !weir_controller_clear_groups(controller, container->id))
		weir_leftovers_add(controller, container->id);
	if (watch.fd >= 0 && poll(&watch, 1, REAP_PATIENCE_MS) > 0)
		weir_pidfd_reap(watch.fd, &status);
	weir_controller_forget(controller, container);
	weir_controller_publish_node(controller);
}

/* An empty group may be left of a container that took its time to die; one in use is somebody's. */
static int make_groups(struct weir_controller *controller, struct weir_container *container,
		       struct weir_error *err)
{
	const struct weir_groups *groups = &controller->groups;
	struct weir_live *live = container->live;
	struct weir_error ignored = {};
	int r;

	r = weir_cgroup_create(groups, container->id, err);
	if (r == -EEXIST && weir_cgroup_remove(groups, container->id, &ignored) == 0)
		r = weir_cgroup_create(groups, container->id, err);
	if (r != -EEXIST)
		return r;
	live->foreign = true;
	return weir_fail(err, -EIO, "a cgroup of its name is there, and not weir's to use");
}

/* Cgroups, knobs, slot: everything that has to be there before the first process. */
static int place(struct weir_controller *controller, struct weir_container *container,
		 struct weir_error *err)
{
	struct weir_live *live = container->live;
	struct weir_bpf_identity identity;

	live->applied = (struct weir_applied)WEIR_APPLIED_FRESH;
	if (make_groups(controller, container, err) < 0 ||
	    weir_cgroup_set_swap_off(&controller->groups, container->id, err) < 0 ||
	    weir_controller_actuate(controller, container, err) < 0 ||
	    weir_controller_identify(controller, container->id, &identity, err) < 0)
		return err->code;
	if (weir_bpf_claim(controller->bpf, &identity, container->id, container->role,
			   &container->slot, &container->generation, err) < 0)
		return err->code;
	weir_controller_publish(controller, container);
	return 0;
}

/* Places in an environment, by name, and those of one name as they were given. */
static int compare_variables(const void *a, const void *b)
{
	char *const *one = *(char *const *const *)a, *const *other = *(char *const *const *)b;
	size_t one_size = strcspn(*one, "="), other_size = strcspn(*other, "=");
	int r = strncmp(*one, *other, (one_size > other_size ? one_size : other_size) + 1);

	return r ? r : (one > other) - (one < other);
}

/* Of variables with one name the last holds. A client may send many, hence the sorting. */
static char **merge_env(char *const *env, size_t n)
{
	scoped(freep) char *const **sorted = calloc(n, sizeof(*sorted));
	scoped(freep) char **merged = calloc(n + 1, sizeof(*merged));
	size_t n_merged = 0;

	if (!sorted || !merged)
		return NULL;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &env[i];
	qsort(sorted, n, sizeof(*sorted), compare_variables);
	for (size_t i = 0; i < n; i++) {
		size_t name_size = strcspn(*sorted[i], "=") + 1;

		if (i + 1 == n || strncmp(*sorted[i], *sorted[i + 1], name_size) != 0)
			merged[n_merged++] = *sorted[i];
	}
	return weir_strv_copy(merged);
}

/* What the command finds in its environment: weir's own, and over it what was given. */
static char **make_env(const struct weir_container *container)
{
	char id[sizeof("WEIR_CONTAINER_ID=") + WEIR_ID_MAX];
	char *own[] = { (char *)DEFAULT_PATH, (char *)"HOME=/", (char *)"LANG=C.UTF-8", id };
	scoped(freep) char **all = NULL;
	size_t n_given = 0;

	snprintf(id, sizeof(id), "WEIR_CONTAINER_ID=%s", container->id);
	while (container->env && container->env[n_given])
		n_given++;
	all = calloc(ARRAY_SIZE(own) + n_given, sizeof(*all));
	if (!all)
		return NULL;
	memcpy(all, own, sizeof(own));
	for (size_t i = 0; i < n_given; i++)
		all[ARRAY_SIZE(own) + i] = container->env[i];
	return merge_env(all, ARRAY_SIZE(own) + n_given);
}

static void note_started(struct weir_controller *controller, struct weir_container *container,
			 pid_t pid)
{
	struct weir_error err = {};
	uint64_t ticks = 0;

	/* Gone already: the pidfd will say so, and the slot how. */
	if (weir_process_start_ticks(pid, &ticks, &err) < 0)
		ticks = 0;
	pthread_rwlock_wrlock(&controller->lock);
	container->pid = pid;
	container->pid_start_ticks = ticks;
	container->started_us = weir_now_us(CLOCK_REALTIME);
	container->state = WEIR_STATE_RUNNING;
	pthread_rwlock_unlock(&controller->lock);
}

static int execute(struct weir_controller *controller, struct weir_container *container,
		   const char *program, struct weir_error *err)
{
	scoped(closep) int out = -1;
	scoped(closep) int errors = -1;
	scoped(closep) int pidfd = -1;
	scoped(weir_join_done) struct weir_join join = WEIR_JOIN_INIT;
	char **env = NULL;
	struct weir_spawn spawn;
	pid_t pid;
	int r;

	if (weir_logs_open(controller, container, &out, &errors, err) < 0 ||
	    weir_join_open(&controller->groups, container->id, &join, err) < 0)
		return err->code;
	env = make_env(container);
	if (!env)
		return weir_fail_memory(err);
	spawn = (struct weir_spawn){
		.join = &join,
		.program = program,
		.argv = container->argv,
		.env = env,
		.user = container->user,
		.workdir = container->workdir,
		.stdout_fd = out,
		.stderr_fd = errors,
		.oom_score_adj =
			weir_oom_score_adj(&container->figures, controller->machine.mem_bytes),
	};
	r = weir_spawn(&spawn, &pid, &pidfd, err);
	weir_strv_free(env);
	if (r < 0)
		return r;
	note_started(controller, container, pid);
	return weir_controller_watch(controller, container, take_fd(pidfd), err);
}

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

static int watch_caller(struct weir_controller *controller, struct weir_container *container,
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

static void fill_join(const struct weir_controller *controller, const char *id,
		      struct weir_join_paths *join)
{
	const struct weir_groups *groups = &controller->groups;

	join->n = 0;
	for (size_t i = 0; i < groups->h.n && i < WEIR_MAX_JOIN_PATHS; i++) {
		join->list[i].version = groups->h.list[i].version;
		snprintf(join->list[i].path, sizeof(join->list[i].path), "%s/%s%s",
			 groups->h.list[i].path, groups->prefix, id);
		join->n++;
	}
}

/* Told first, so that nothing is done to it before: an event of a move would come out of the blue. */
static void announce(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_error err = {};

	weir_tell_launched(controller, container);
	if (weir_pacer_add(controller->pacer, container, &err) < 0)
		weir_warn("container '%s' keeps the normal class: %s", container->id, err.text);
}

int weir_controller_launch(struct weir_controller *controller, const struct weir_launch *launch,
			   struct weir_notes *notes, struct weir_join_paths *join,
			   struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *fresh = NULL;
	struct weir_container *container;
	int r;

	notes->n = 0;
	join->n = 0;
	if (describe(controller, launch, &fresh, notes, err) < 0)
		return err->code;
	container = fresh;
	if (admit(controller, &fresh, err) < 0)
		return err->code;

	r = place(controller, container, err);
	if (r == 0)
		r = launch->foreground ? watch_caller(controller, container, &launch->peer, err)
				       : execute(controller, container, launch->program, err);
	/* What is not written down the next daemon would take for an orphan, and kill. */
	if (r == 0)
		r = weir_store_put(controller->store, container, err);
	if (r < 0) {
		weir_controller_undo(controller, container);
		return weir_fail_in(err, "container '%s'", launch->id);
	}
	if (launch->foreground)
		fill_join(controller, launch->id, join);
	else
		announce(controller, container);
	return 0;
}

int weir_controller_start(struct weir_controller *controller, const char *id, pid_t pid,
			  const struct weir_peer *peer, struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);
	scoped(closep) int pidfd = -1;
	pid_t parent;
	int inside;

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	if (container->state != WEIR_STATE_LAUNCHING)
		return weir_fail(err, -EALREADY, "container '%s' was started already", id);
	/* The pidfd first: from here on the number can't become somebody else. */
	if (weir_pidfd_open(pid, &pidfd, err) < 0 || weir_process_parent(pid, &parent, err) < 0)
		return weir_fail_in(err, "container '%s'", id);
	if (parent != peer->pid)
		return weir_fail(err, -EPERM, "container '%s': process %d is no child of yours", id,
				 pid);

	inside = weir_cgroup_holds(&controller->groups, id, pid, err);
	if (inside < 0 ||
	    (inside == 0 && weir_cgroup_move(&controller->groups, id, pid, err) < 0) ||
	    weir_process_set_oom_score_adj(
		    pid, weir_oom_score_adj(&container->figures, controller->machine.mem_bytes),
		    err) < 0)
		return weir_fail_in(err, "container '%s'", id);
	note_started(controller, container, pid);
	announce(controller, container);
	if (weir_controller_watch(controller, container, take_fd(pidfd), err) < 0)
		return err->code;
	return weir_store_put(controller->store, container, err);
}
