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
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/user.h"
#include "control/foreground.h"
#include "control/mounts.h"
#include "kern/process.h"
#include "model/family.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int weir_controller_identify(struct weir_controller *controller,
			     const struct weir_container *container, struct weir_bpf_identity *ret,
			     struct weir_error *err)
{
	const struct weir_groups *groups = &controller->groups;
	const char *id = container->group;
	int r;

	*ret = (struct weir_bpf_identity){
		.parent = container->parent ? container->parent->slot : 0,
	};
	if (weir_cgroup_id(groups, id, -1, &ret->cgroup2_id, err) < 0)
		return err->code;
	if (container->shares_cgroups)
		return 0;
	r = weir_cgroup_id(groups, id, WEIR_SUBSYS_CPU, &ret->cpu_id, err);
	if (r == 0 || r == -ENODEV)
		r = weir_cgroup_id(groups, id, WEIR_SUBSYS_MEMORY, &ret->memory_id, err);
	/* One that is adopted may have none of its own there. */
	return r == -ENODEV ? 0 : r;
}

int weir_controller_admit(struct weir_controller *controller, struct weir_container **container,
			  struct weir_error *err)
{
	int r;

	if (!weir_live_new(controller, *container))
		return weir_fail_memory(err);
	weir_controller_change(controller);
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
	struct weir_live *live = container->live;
	struct weir_container *executor = container->parent;

	if (!live->foreign && !weir_controller_clear_groups(controller, container->group))
		weir_leftovers_add(controller, container->group);
	weir_live_await_end(live);
	weir_live_reap(live);
	weir_controller_forget(controller, container);
	weir_controller_publish_node(controller);
	weir_family_settle(controller, executor);
}

/* An empty group may be left of a container that took its time to die; one in use is somebody's. */
static int make_groups(struct weir_controller *controller, struct weir_container *container,
		       struct weir_error *err)
{
	const struct weir_groups *groups = &controller->groups;
	typedef int create_fn(const struct weir_groups *, const char *, struct weir_error *);
	create_fn *const create =
		container->shares_cgroups ? weir_cgroup_create_bare : weir_cgroup_create;
	struct weir_live *live = container->live;
	struct weir_error ignored = {};
	int r;

	r = create(groups, container->group, err);
	if (r == -EEXIST && weir_cgroup_remove(groups, container->group, &ignored) == 0)
		r = create(groups, container->group, err);
	if (r == 0 && container->is_executor)
		r = weir_cgroup_divide(groups, container->group, err);
	if (r != -EEXIST)
		return r;
	live->foreign = true;
	return weir_fail(err, -EIO, "a cgroup of its name is there, and not weir's to use");
}

/* With the controllers that it alone asks for, before anybody is in there. */
static int equip(const struct weir_controller *controller, const struct weir_container *container,
		 struct weir_error *err)
{
	const struct weir_groups *groups = &controller->groups;

	if (container->ask.pids_limit != WEIR_ABSENT &&
	    weir_cgroup_equip(groups, container->group, WEIR_SUBSYS_PIDS, err) < 0)
		return err->code;
	if (!container->cpus_set)
		return 0;
	if (weir_cgroup_equip(groups, container->group, WEIR_SUBSYS_CPUSET, err) < 0)
		return err->code;
	return weir_cgroup_set_cpus(groups, container->group, container->cpus_set, err);
}

/* To whom its command will run as: in the foreground to the caller, if it does not say. */
static int delegate(const struct weir_controller *controller,
		    const struct weir_container *container, const struct weir_peer *peer,
		    struct weir_error *err)
{
	scoped(weir_user_done) struct weir_user user = WEIR_USER_INIT;
	char self[WEIR_GROUP_NAME];
	const struct weir_seat seat = weir_family_seat(container, self);

	if (!container->delegated)
		return 0;
	if (container->shares_cgroups)
		return weir_fail(
			err, -EINVAL,
			"it shares its executor's cgroup (share_cgroups), which is not its to "
			"be given");
	if (container->user && weir_user_lookup(container->user, &user, err) < 0)
		return err->code;
	if (!container->user) {
		user.uid = container->foreground ? peer->uid : 0;
		user.gid = container->foreground ? peer->gid : 0;
	}
	return weir_cgroup_delegate(&controller->groups, &seat, user.uid, user.gid, err);
}

/* Cgroups, knobs, slot: everything that has to be there before the first process. */
static int place(struct weir_controller *controller, struct weir_container *container,
		 const struct weir_peer *peer, struct weir_error *err)
{
	struct weir_live *live = container->live;
	struct weir_bpf_identity identity;

	live->applied = (struct weir_applied)WEIR_APPLIED_FRESH;
	if (container->parent) {
		weir_controller_publish(controller, container->parent);
		if (weir_controller_actuate(controller, container->parent, err) < 0)
			return weir_fail_in(err, "its executor");
	}
	if (make_groups(controller, container, err) < 0 || equip(controller, container, err) < 0 ||
	    weir_controller_actuate(controller, container, err) < 0 ||
	    delegate(controller, container, peer, err) < 0 ||
	    weir_controller_identify(controller, container, &identity, err) < 0 ||
	    weir_controller_fence(controller, container, &identity, err) < 0)
		return err->code;
	if (weir_bpf_claim(controller->bpf, &identity, weir_name_own(container->id),
			   container->role, &container->slot, &container->generation, err) < 0)
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
static char **make_env(const struct weir_controller *controller,
		       const struct weir_container *container)
{
	char id[sizeof("WEIR_CONTAINER_ID=") + WEIR_NAME_MAX];
	char path[sizeof(struct weir_socket_name)];
	char agent[sizeof("WEIR_AGENT_SOCKET=") + sizeof(path)];
	char mesos[sizeof("MESOS_DOMAIN_SOCKET=") + sizeof(path)];
	char *own[] = {
		(char *)DEFAULT_PATH, (char *)"HOME=/", (char *)"LANG=C.UTF-8", id, agent, mesos
	};
	scoped(freep) char **all = NULL;
	size_t n_given = 0, n_own = ARRAY_SIZE(own);

	snprintf(id, sizeof(id), "WEIR_CONTAINER_ID=%s", container->id);
	weir_controller_agent_path(controller, container, path);
	snprintf(agent, sizeof(agent), "WEIR_AGENT_SOCKET=%s", path);
	snprintf(mesos, sizeof(mesos), "MESOS_DOMAIN_SOCKET=%s", path);
	if (!path[0])
		n_own -= 2;
	while (container->env && container->env[n_given])
		n_given++;
	all = calloc(n_own + n_given, sizeof(*all));
	if (!all)
		return NULL;
	memcpy(all, own, n_own * sizeof(*own));
	for (size_t i = 0; i < n_given; i++)
		all[n_own + i] = container->env[i];
	return merge_env(all, n_own + n_given);
}

void weir_controller_note_started(struct weir_controller *controller,
				  struct weir_container *container, pid_t pid)
{
	struct weir_error err = {};
	uint64_t ticks = 0;

	/* Gone already: the pidfd will say so, and the slot how. */
	if (weir_process_start_ticks(pid, &ticks, &err) < 0)
		ticks = 0;
	weir_controller_change(controller);
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
	scoped(weir_mounts_done) struct weir_mounts mounts = {};
	char self[WEIR_GROUP_NAME];
	const struct weir_seat seat = weir_family_seat(container, self);
	const char *writable[WEIR_MAX_JOIN_PATHS + 1] = {};
	struct weir_join_paths places = {};
	char **env = NULL;
	struct weir_spawn spawn;
	pid_t pid;
	int r;

	if (weir_logs_open(controller, container, &out, &errors, err) < 0 ||
	    weir_join_open(&controller->groups, &seat, &join, err) < 0 ||
	    weir_mounts_find(controller, container, &mounts, err) < 0)
		return err->code;
	env = make_env(controller, container);
	if (!env)
		return weir_fail_memory(err);
	if (container->delegated)
		weir_foreground_seat(controller, container, &places);
	for (size_t i = 0; i < places.n; i++)
		writable[i] = places.list[i].path;
	spawn = (struct weir_spawn){
		.join = &join,
		.program = program,
		.argv = container->argv,
		.env = env,
		.user = container->user,
		.groups = (const char *const *)container->supplementary_groups,
		.rlimits = (const char *const *)container->rlimits,
		.capabilities = container->capabilities,
		.new_privileges = container->new_privileges,
		.fenced = weir_container_is_fenced(container),
		.families = weir_controller_families(controller, container),
		.writable = container->delegated ? writable : NULL,
		.binds = mounts.list,
		.n_binds = mounts.n,
		.workdir = container->workdir,
		.stdout_fd = out,
		.stderr_fd = errors,
		.oom_score_adj = weir_oom_score_adj(&container->own, controller->machine.mem_bytes),
	};
	r = weir_spawn(&spawn, &pid, &pidfd, err);
	weir_strv_free(env);
	if (r < 0)
		return r;
	weir_controller_note_started(controller, container, pid);
	return weir_controller_watch(controller, container, take_fd(pidfd), err);
}

void weir_controller_announce(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_error err = {};

	weir_tell_launched(controller, container);
	/* The idle class is for who lies at the top: a task goes where its executor goes. */
	if (!container->parent && weir_pacer_add(controller->pacer, container, &err) < 0)
		weir_warn("container '%s' keeps the normal class: %s", container->id, err.text);
}

/* It forks the command, and is told what that has to do. */
static int wait_for_caller(struct weir_controller *controller, struct weir_container *container,
			   const struct weir_peer *peer, struct weir_join_paths *join,
			   struct weir_error *err)
{
	if (weir_foreground_mounts(controller, container, peer, join, err) < 0)
		return err->code;
	weir_foreground_seat(controller, container, join);
	return weir_foreground_watch(controller, container, peer, err);
}

int weir_controller_launch(struct weir_controller *controller, const struct weir_launch *launch,
			   struct weir_notes *notes, struct weir_join_paths *join,
			   struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *fresh = NULL;
	struct weir_container *container;
	int r;

	notes->n = 0;
	*join = (struct weir_join_paths){};
	if (weir_controller_describe(controller, launch, &fresh, notes, err) < 0)
		return err->code;
	container = fresh;
	if (weir_controller_admit(controller, &fresh, err) < 0)
		return err->code;

	r = place(controller, container, &launch->peer, err);
	if (r == 0)
		r = weir_controller_check_thawed(controller, container, err);
	if (r == 0 && launch->foreground)
		r = wait_for_caller(controller, container, &launch->peer, join, err);
	else if (r == 0)
		r = execute(controller, container, launch->program, err);
	/* What is not written down the next daemon would take for an orphan, and kill. */
	if (r == 0)
		r = weir_store_put(controller->store, container, err);
	if (r < 0) {
		weir_controller_undo(controller, container);
		return weir_fail_in(err, "container '%s'", launch->id);
	}
	if (!launch->foreground)
		weir_controller_announce(controller, container);
	return 0;
}
