/* SPDX-License-Identifier: Apache-2.0 */
/* The controller's own life, and its tick. See controller.h for the map. */
#include "control/controller_internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "control/operations.h"
#include "control/static_roles.h"
#include "kern/keep.h"

#define TICK_US		 1000000
#define TICK_ACCURACY_US 50000
#define IDLE_REFRESH_US	 3500000 /* at each fourth tick */
#define LOG_TRIM_TICKS \
	8 /* the files of each container that ran are looked at once in so many ticks, */
#define LOG_TRIM_ALL 64 /* and all of them in so many: the meter may have been taken away */

uint64_t weir_now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

struct weir_live *weir_live_new(struct weir_controller *controller,
				struct weir_container *container)
{
	struct weir_live *live = calloc(1, sizeof(*live));

	if (!live)
		return NULL;
	live->controller = controller;
	live->container = container;
	live->pidfd = live->caller_pidfd = live->fence_level = -1;
	live->applied = (struct weir_applied)WEIR_APPLIED_NOTHING;
	live->told_pending_bytes = WEIR_ABSENT;
	live->self_cpu_mcpu = live->self_mem_bytes = WEIR_ABSENT;
	container->live = live;
	return live;
}

struct weir_live *weir_live_free(struct weir_live *live)
{
	if (!live)
		return NULL;
	if (live->controller->pacer)
		weir_pacer_remove(live->controller->pacer, live->container);
	while (live->waiters) {
		struct weir_waiter *waiter = live->waiters;

		live->waiters = waiter->next;
		live->controller->n_waiters--;
		waiter->fn(NULL, waiter->data);
		free(waiter);
	}
	sd_event_source_disable_unref(live->exit_source);
	sd_event_source_disable_unref(live->caller_source);
	sd_event_source_disable_unref(live->finish_source);
	close_fd(live->pidfd);
	close_fd(live->caller_pidfd);
	free(live->stdout_path);
	free(live->stderr_path);
	live->container->live = NULL;
	free(live);
	return NULL;
}

void weir_controller_save(struct weir_controller *controller,
			  const struct weir_container *container)
{
	struct weir_error err = {};

	if (weir_store_put(controller->store, container, &err) < 0)
		weir_err("container '%s': not written down, a restart would lose it: %s",
			 container->id, err.text);
}

void weir_controller_publish_node(struct weir_controller *controller)
{
	struct weir_node *node = weir_bpf_node(controller->bpf);
	const struct weir_capacity *capacity = weir_ledger_capacity(controller->ledger);

	node->capacity_mcpu = capacity->total_mcpu;
	node->capacity_bytes = capacity->total_bytes;
	node->reserve_mcpu = capacity->reserve_mcpu;
	node->reserve_bytes = capacity->reserve_bytes;
	weir_ledger_requested(controller->ledger, &node->requested_mcpu, &node->requested_bytes);
	node->daemon_pid = (uint32_t)getpid();
	memcpy(node->boot_id, controller->machine.boot_id, sizeof(node->boot_id));
	weir_parent_settle(controller);
}

/* Of sleepers nothing is asked: who has not run has written nothing. */
static void tick_logs(struct weir_controller *controller, const struct weir_container *container,
		      size_t turn)
{
	struct weir_live *live = container->live;
	uint64_t cpu_ns;

	if ((turn + controller->n_ticks) % LOG_TRIM_TICKS != 0)
		return;
	cpu_ns = weir_bpf_cpu_ns(controller->bpf, container->slot);
	if (cpu_ns == live->trimmed_cpu_ns && (turn + controller->n_ticks) % LOG_TRIM_ALL != 0)
		return;
	weir_logs_trim(controller, container);
	live->trimmed_cpu_ns = cpu_ns;
}

static void tick_container(struct weir_controller *controller, struct weir_container *container,
			   size_t turn)
{
	const struct weir_live *live = container->live;

	if (container->state != WEIR_STATE_RUNNING)
		return;
	if (live->unsettled || container->pending_mem_limit_bytes != WEIR_ABSENT)
		weir_controller_settle(controller, container);
	tick_logs(controller, container, turn);
}

/* Readers tell by this whether there is a daemon. */
static void note_tick(struct weir_controller *controller)
{
	weir_bpf_node(controller->bpf)->tick_ns = weir_now_us(CLOCK_MONOTONIC) * 1000;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct weir_controller *controller = data;
	struct weir_container *const *all;
	size_t n;

	weir_controller_refresh(controller, IDLE_REFRESH_US);
	controller->n_ticks++;
	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++)
		tick_container(controller, all[i], i);
	weir_adopt_tick(controller);
	weir_contest_tick(controller);
	weir_sockets_tick(controller);
	weir_oom_tick(controller);
	weir_leftovers_clear(controller);
	note_tick(controller);

	sd_event_source_set_time(source, usec + TICK_US);
	return 0;
}

static int start_tick(struct weir_controller *controller, struct weir_error *err)
{
	int r;

	r = sd_event_add_time_relative(controller->event, &controller->tick_source, CLOCK_MONOTONIC,
				       TICK_US, TICK_ACCURACY_US, on_tick, controller);
	if (r >= 0)
		r = sd_event_source_set_enabled(controller->tick_source, SD_EVENT_ON);
	return r < 0 ? weir_fail(err, r, "start the tick: %s", strerror(-r)) : 0;
}

static int init_lock(struct weir_controller *controller, struct weir_error *err)
{
	pthread_rwlockattr_t attr;
	int r;

	pthread_rwlockattr_init(&attr);
	/* A stream of readers must never hold up the one who changes things. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	r = pthread_rwlock_init(&controller->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return r ? weir_fail(err, -r, "make a lock: %s", strerror(r)) : 0;
}

static void log_bpf_start(enum weir_bpf_start start, const char *pin_dir)
{
	static const char *const text[] = {
		[WEIR_BPF_FRESH] = "loaded and pinned below",
		[WEIR_BPF_ADOPTED] = "taken over as they were pinned below",
		[WEIR_BPF_REPLACED] = "replaced, over the maps pinned below",
		[WEIR_BPF_MIGRATED] = "loaded, and records migrated, below",
	};

	weir_info("BPF programs %s '%s'", text[start], pin_dir);
}

static int open_kernel_side(struct weir_controller *controller,
			    const struct weir_controller_options *options, struct weir_error *err)
{
	struct weir_bpf_options bpf = { .pin_dir = options->pin_dir,
					.reader_gid = options->reader_gid };
	enum weir_bpf_start start;
	char where[512];
	int r;

	if (weir_machine_read(&controller->machine, err) < 0 ||
	    weir_groups_open(options->cgroup_prefix, options->cgroup_parent, options->run_dir,
			     &controller->groups, err) < 0)
		return err->code;
	weir_hierarchies_describe(&controller->groups.h, where, sizeof(where));
	weir_info("%s", where);

	if (weir_bpf_open(&bpf, &controller->bpf, &start, err) < 0)
		return err->code;
	log_bpf_start(start, options->pin_dir);
	r = weir_metrics_open(&controller->metrics, options->pin_dir);
	if (r < 0)
		return weir_fail(err, r, "map what is pinned below '%s': %s", options->pin_dir,
				 strerror(-r));
	weir_controller_open_fence(controller,
				   start == WEIR_BPF_FRESH || start == WEIR_BPF_MIGRATED);
	controller->keeps = options->keep_controllers;
	weir_contest_keep(controller);
	return 0;
}

static int open_ledger(struct weir_controller *controller,
		       const struct weir_controller_options *options, struct weir_error *err)
{
	struct weir_disks *disks;
	struct weir_capacity capacity = {
		.total_mcpu = controller->machine.cpus * 1000,
		.total_bytes = controller->machine.mem_bytes,
		.reserve_mcpu = options->reserve_mcpu,
		.reserve_bytes = options->reserve_bytes,
		.reserved_only = options->reserved_only,
	};

	controller->operations = calloc(1, sizeof(*controller->operations));
	if (!controller->operations)
		return weir_fail_memory(err);
	disks = &controller->operations->disks;
	if (weir_disks_find(options->state_dir, options->disk_bytes,
			    options->disks ? options->disks : "", disks, err) < 0)
		return err->code;
	capacity.disks = disks->list;
	capacity.n_disks = disks->n;
	if (weir_ledger_new(&capacity, WEIR_MAX_CONTAINERS - 1, &controller->ledger, err) < 0)
		return err->code;
	return weir_operations_open(controller, options, err);
}

/* After the containers: what they have is nobody's to reserve. */
static int apply_statics(struct weir_controller *controller,
			 const struct weir_controller_options *options, struct weir_error *err)
{
	const char *text = options->static_roles ? options->static_roles : "";

	return weir_statics_apply(controller, text, err) < 0
		       ? weir_fail_in(err, "static reservations")
		       : 0;
}

static int open_pacer(struct weir_controller *controller,
		      const struct weir_controller_options *options, struct weir_error *err)
{
	const struct weir_pacer_options pacer = {
		.groups = &controller->groups,
		.bpf = controller->bpf,
		.events = controller->events,
		.n_cpus = (unsigned int)controller->machine.cpus,
		.rules = weir_controller_pacer_rules(&options->tunables),
	};

	return weir_pacer_new(&pacer, &controller->pacer, err);
}

int weir_controller_new(sd_event *event, const struct weir_controller_options *options,
			struct weir_controller **ret, struct weir_error *err)
{
	scoped(weir_controller_freep) struct weir_controller *controller = NULL;

	controller = calloc(1, sizeof(*controller));
	if (!controller)
		return weir_fail_memory(err);
	controller->groups.h = (struct weir_hierarchies)WEIR_HIERARCHIES_INIT;
	for (size_t i = 0; i < WEIR_LOG_STREAMS; i++)
		controller->spare_fds[i] = -1;
	controller->parent_low_bytes = WEIR_ABSENT;
	controller->event = sd_event_ref(event);
	controller->tunables = options->tunables;
	controller->reload = options->reload;
	controller->flags = options->flags;
	controller->reload_data = options->reload_data;
	controller->reader_gid = options->reader_gid;
	if (init_lock(controller, err) < 0)
		return err->code;
	controller->state_dir = strdup(options->state_dir);
	if (!controller->state_dir)
		return weir_fail_memory(err);

	if (weir_events_new(event, &controller->events, err) < 0)
		return err->code;
	/* Then the store: its lock keeps a second daemon from touching anything. */
	if (weir_store_open(options->state_dir, &controller->store, err) < 0 ||
	    open_kernel_side(controller, options, err) < 0 ||
	    open_ledger(controller, options, err) < 0 || open_pacer(controller, options, err) < 0 ||
	    weir_worker_new(event, &controller->groups, weir_controller_on_job, controller,
			    &controller->worker, err) < 0 ||
	    (options->tunables.squeeze &&
	     weir_squeezer_new(controller, &controller->squeezer, err) < 0) ||
	    weir_controller_recover(controller, err) < 0 ||
	    apply_statics(controller, options, err) < 0 ||
	    weir_pacer_start(controller->pacer, err) < 0 || weir_logs_start(controller, err) < 0 ||
	    start_tick(controller, err) < 0)
		return err->code;
	weir_controller_publish_node(controller);
	note_tick(controller);

	*ret = take_ptr(controller);
	return 0;
}

struct weir_controller *weir_controller_free(struct weir_controller *controller)
{
	struct weir_container *const *all;
	bool needed = false;
	size_t n = 0;

	if (!controller)
		return NULL;
	/* One that did not come up does not know who runs. */
	needed = !controller->tick_source;
	sd_event_source_disable_unref(controller->tick_source);
	sd_event_source_disable_unref(controller->verbose_source);
	weir_logs_stop(controller);
	controller->squeezer = weir_squeezer_free(controller->squeezer);
	weir_worker_free(controller->worker);
	controller->pacer = weir_pacer_free(controller->pacer);
	all = controller->ledger ? weir_ledger_all(controller->ledger, &n) : NULL;
	for (size_t i = 0; i < n; i++) {
		needed |= all[i]->state == WEIR_STATE_RUNNING;
		weir_live_free(all[i]->live);
	}
	if (controller->keeps && !needed)
		weir_groups_unkeep(&controller->groups);
	weir_leftovers_free(controller);
	weir_operations_close(controller);
	weir_ledger_free(controller->ledger);
	weir_controller_close_fence(controller);
	weir_metrics_close(&controller->metrics);
	weir_bpf_close(controller->bpf);
	weir_groups_done(&controller->groups);
	weir_store_close(controller->store);
	weir_events_free(controller->events);
	pthread_rwlock_destroy(&controller->lock);
	free(controller->state_dir);
	sd_event_unref(controller->event);
	free(controller);
	return NULL;
}
