/* SPDX-License-Identifier: Apache-2.0 */
/* What readers see, on any thread: figures as fresh as they need, then under the read lock. */
#include "control/controller_internal.h"

#include <errno.h>

#include "base/error.h"
#include "base/log.h"
#include "metrics/sample.h"

#define READ_REFRESH_US 500000 /* a reader is given no older figures than this */

void weir_controller_refresh(struct weir_controller *controller, uint64_t max_age_us)
{
	uint64_t now = weir_now_us(CLOCK_MONOTONIC);
	uint64_t last = atomic_load(&controller->refreshed_us);
	struct weir_error err = {};

	if (now - last < max_age_us ||
	    !atomic_compare_exchange_strong(&controller->refreshed_us, &last, now))
		return;
	if (weir_bpf_refresh(controller->bpf, &err) == 0) {
		controller->refresh_failed = false;
		return;
	}
	__atomic_fetch_add(&weir_bpf_node(controller->bpf)->refresh_failures, 1, __ATOMIC_RELAXED);
	if (!atomic_exchange(&controller->refresh_failed, true))
		weir_warn("memory and throttle figures are not refreshed: %s, retrying", err.text);
}

static void fill_view(struct weir_controller *controller, const struct weir_container *container,
		      struct weir_view *view)
{
	const struct weir_live *live = container->live;
	const struct weir_slot *slot = weir_bpf_slot(controller->bpf, container->slot);

	*view = (struct weir_view){ .container = container,
				    .user_ns = UINT64_MAX,
				    .system_ns = UINT64_MAX,
				    .stdout_path = live ? live->stdout_path : NULL,
				    .stderr_path = live ? live->stderr_path : NULL };
	if (slot && slot->generation == container->generation) {
		view->cpu_ns = weir_bpf_cpu_ns(controller->bpf, container->slot);
		view->cpu_beyond_ns = slot->cpu_beyond_ns;
		view->wait_ns = slot->wait_ns;
		view->nr_periods = slot->nr_periods;
		view->nr_throttled = slot->nr_throttled;
		view->throttled_ns = slot->throttled_ns;
		view->mem_current_bytes = slot->mem_current_bytes;
		view->mem_peak_bytes = slot->mem_peak_bytes;
		view->mem_beyond_bytes = slot->mem_beyond_bytes;
		view->oom_kills = slot->oom_kills;
		view->over_request = slot->band == WEIR_BAND_BURST || slot->mem_beyond_bytes > 0;
	}
	if (container->state != WEIR_STATE_EXITED)
		return;
	view->over_request = false;
	view->mem_current_bytes = view->mem_beyond_bytes = 0;
	view->cpu_ns = container->final.cpu_ns;
	view->wait_ns = container->final.wait_ns;
	view->mem_peak_bytes = container->final.mem_peak_bytes;
	view->nr_periods = container->final.nr_periods;
	view->nr_throttled = container->final.nr_throttled;
	view->throttled_ns = container->final.throttled_ns;
	view->oom_kills = container->final.oom_kills;
}

/* The maps don't have these, and files take their time: only for one that is named. */
static void fill_times(struct weir_controller *controller, struct weir_view *view)
{
	struct weir_cgroup_stats stats;

	if (view->container->state == WEIR_STATE_EXITED)
		return;
	weir_family_read_stats(controller, view->container, &stats);
	view->user_ns = stats.user_ns;
	view->system_ns = stats.system_ns;
}

void weir_controller_change(struct weir_controller *controller)
{
	pthread_rwlock_wrlock(&controller->lock);
	controller->changes++;
}

uint64_t weir_controller_changes(const struct weir_controller *controller)
{
	return controller->changes;
}

int weir_controller_read_containers(struct weir_controller *controller, const char *id,
				    weir_view_fn *fn, void *data, struct weir_error *err)
{
	struct weir_container *const *all;
	struct weir_container *one;
	struct weir_view view;
	size_t n;
	int r = 0;

	weir_controller_refresh(controller, READ_REFRESH_US);
	pthread_rwlock_rdlock(&controller->lock);
	if (id) {
		one = weir_ledger_find(controller->ledger, id);
		all = &one;
		n = one ? 1 : 0;
		if (!one)
			r = weir_fail(err, -ENOENT, "no container '%s'", id);
	} else {
		all = weir_ledger_all(controller->ledger, &n);
	}
	for (size_t i = 0; i < n && r >= 0; i++) {
		fill_view(controller, all[i], &view);
		if (id)
			fill_times(controller, &view);
		r = fn(&view, data);
	}
	pthread_rwlock_unlock(&controller->lock);
	return r;
}

/* Under the read lock. */
static void fill_node(struct weir_controller *controller, struct weir_node_view *ret)
{
	ret->capacity = *weir_ledger_capacity(controller->ledger);
	weir_ledger_requested(controller->ledger, &ret->requested_mcpu, &ret->requested_bytes);
	weir_ledger_all(controller->ledger, &ret->n_containers);
	ret->cpus = controller->machine.cpus;
	ret->mem_bytes = controller->machine.mem_bytes;
	ret->hostname = controller->machine.hostname;
	ret->agent_id = controller->agent_id;
	ret->started_us = weir_events_epoch_us(controller->events);
	ret->recovering = false;
	ret->n_launched = controller->n_launched;
	ret->n_finished = controller->n_finished;
	ret->n_failed = controller->n_failed;
	ret->n_killed = controller->n_killed;
	ret->refresh_failures = __atomic_load_n(&weir_bpf_node(controller->bpf)->refresh_failures,
						__ATOMIC_RELAXED);
	ret->fence_tier = controller->fence ? weir_fence_tier(controller->fence) : WEIR_TIER_NONE;
}

void weir_controller_read_node(struct weir_controller *controller, struct weir_node_view *ret)
{
	pthread_rwlock_rdlock(&controller->lock);
	fill_node(controller, ret);
	pthread_rwlock_unlock(&controller->lock);
}

void weir_controller_read_state(struct weir_controller *controller, weir_state_fn *fn, void *data)
{
	struct weir_state_view state;

	pthread_rwlock_rdlock(&controller->lock);
	fill_node(controller, &state.node);
	state.all = weir_ledger_all(controller->ledger, &state.n);
	state.books = weir_ledger_books(controller->ledger);
	state.operations = controller->operations;
	fn(&state, data);
	pthread_rwlock_unlock(&controller->lock);
}

uint64_t weir_controller_read_events(struct weir_controller *controller, uint64_t since,
				     const char *id, weir_event_fn *fn, void *data, uint64_t *lost)
{
	return weir_events_read(controller->events, since, id, fn, data, lost);
}

uint64_t weir_controller_events_epoch_us(const struct weir_controller *controller)
{
	return weir_events_epoch_us(controller->events);
}

uint64_t weir_controller_lost_events(struct weir_controller *controller, uint64_t since)
{
	return weir_events_lost(controller->events, since);
}

bool weir_controller_has_events(struct weir_controller *controller, uint64_t since, const char *id)
{
	return weir_events_ready(controller->events, since, id);
}

int weir_controller_wait_events(struct weir_controller *controller, uint64_t since, const char *id,
				uint64_t wait_ms, weir_events_fn *fn, void *data,
				struct weir_error *err)
{
	return weir_events_wait(controller->events, since, id, wait_ms, fn, data, err);
}

void weir_controller_unwait_events(struct weir_controller *controller, weir_events_fn *fn,
				   void *data)
{
	weir_events_unwait(controller->events, fn, data);
}

int weir_controller_sample(struct weir_controller *controller, struct weir_sample *ret,
			   struct weir_error *err)
{
	weir_controller_refresh(controller, READ_REFRESH_US);
	return weir_sample_read(&controller->metrics, ret) < 0 ? weir_fail_memory(err) : 0;
}
