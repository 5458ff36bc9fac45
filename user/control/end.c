/* SPDX-License-Identifier: Apache-2.0 */
/* How a container ended: its status, its last figures, and what they say about why. */
#include "control/controller_internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/quantity.h"
#include "kern/process.h"

/* The slot has it from the kernel, whoever the parent is; our own children we can ask too. */
static void collect_status(struct weir_controller *controller, struct weir_container *container)
{
	const struct weir_slot *slot = weir_bpf_slot(controller->bpf, container->slot);
	struct weir_live *live = container->live;
	int status;

	if (live->pidfd >= 0 && weir_pidfd_reap(live->pidfd, &status) == 0) {
		container->status = status;
		container->status_known = true;
	}
	if (slot && slot->generation == container->generation &&
	    __atomic_load_n(&slot->exit_ns, __ATOMIC_ACQUIRE)) {
		container->status = (int)slot->exit_status;
		container->status_known = true;
	}
}

static void collect_final(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;
	struct weir_slot *slot = weir_bpf_slot(controller->bpf, container->slot);
	struct weir_final *final = &container->final;
	struct weir_cgroup_stats stats;

	weir_family_read_stats(controller, container, &stats);
	/* Of one that is adopted they may be gone: what was refreshed last stands. */
	if (stats.failures && !container->adopted)
		__atomic_fetch_add(&weir_bpf_node(controller->bpf)->refresh_failures,
				   stats.failures, __ATOMIC_RELAXED);
	if (slot && slot->generation == container->generation) {
		final->cpu_ns = slot->cpu_ns;
		final->wait_ns = slot->wait_ns;
		/* The groups go: what they counted stays in the record for readers. */
		if (stats.mem_peak_bytes != UINT64_MAX)
			slot->mem_peak_bytes = stats.mem_peak_bytes;
		if (stats.oom_kills != UINT64_MAX)
			slot->oom_kills = stats.oom_kills;
		if (stats.nr_periods != UINT64_MAX)
			slot->nr_periods = stats.nr_periods;
		if (stats.nr_throttled != UINT64_MAX)
			slot->nr_throttled = stats.nr_throttled;
		if (stats.throttled_ns != UINT64_MAX)
			slot->throttled_ns = stats.throttled_ns;
		slot->mem_current_bytes = slot->mem_beyond_bytes = 0;
		final->mem_peak_bytes = slot->mem_peak_bytes;
		final->oom_kills = slot->oom_kills;
		final->nr_periods = slot->nr_periods;
		final->nr_throttled = slot->nr_throttled;
		final->throttled_ns = slot->throttled_ns;
		slot->state = WEIR_SLOT_EXITED;
	}
	if (live->oom == WEIR_OOM_NONE && !container->adopted)
		live->oom = weir_oom_look(controller, container);
}

/* Memory ran out on the node. Ours to have seen to, or the kernel was faster. */
static void blame_node(struct weir_container *container)
{
	const struct weir_live *live = container->live;
	const struct weir_figures *f = &container->figures;
	uint64_t peak = container->final.mem_peak_bytes, over = live->pressed_bytes;
	char limit[WEIR_QUANTITY_TEXT], request[WEIR_QUANTITY_TEXT], text[WEIR_QUANTITY_TEXT];

	if (over == 0 && peak != UINT64_MAX && peak > f->mem_request_bytes)
		over = peak - f->mem_request_bytes;
	container->reason = WEIR_REASON_NODE_PRESSURE;
	snprintf(container->message, sizeof(container->message),
		 "the node was short of memory%s: %s%s over its request of %s, limit %s",
		 live->pressed_bytes ? "" : " and the kernel killed in it",
		 live->pressed_bytes ? "" : "at most ", weir_format_memory(over, text),
		 weir_format_memory(f->mem_request_bytes, request),
		 weir_format_memory(f->mem_limit_bytes, limit));
}

/* A task that did not end by itself, nor by its own limit. false: that was not it. */
static bool blame_executor(struct weir_container *container)
{
	const struct weir_live *live = container->live;
	const struct weir_container *executor = container->parent;
	const struct weir_figures *f = &executor->figures;
	char limit[WEIR_QUANTITY_TEXT], request[WEIR_QUANTITY_TEXT];

	if (live->oom == WEIR_OOM_EXECUTOR) {
		container->reason = WEIR_REASON_LIMIT;
		snprintf(container->message, sizeof(container->message),
			 "the memory limit of its executor was exceeded: limit %s, requested %s",
			 weir_format_memory(f->mem_limit_bytes, limit),
			 weir_format_memory(f->mem_request_bytes, request));
		return true;
	}
	if (!live->with_executor)
		return false;
	container->reason = WEIR_REASON_KILLED;
	snprintf(container->message, sizeof(container->message), "its executor ended");
	return true;
}

/* Those from SIGRTMIN on have no name. */
static void say_killed(struct weir_container *container, int signal)
{
	const char *name = sigabbrev_np(signal);

	if (name)
		snprintf(container->message, sizeof(container->message),
			 "killed by signal %d (SIG%s)", signal, name);
	else
		snprintf(container->message, sizeof(container->message), "killed by signal %d",
			 signal);
}

static void explain(struct weir_container *container)
{
	const struct weir_live *live = container->live;
	const struct weir_figures *f = &container->figures;
	char limit[WEIR_QUANTITY_TEXT], request[WEIR_QUANTITY_TEXT], peak[WEIR_QUANTITY_TEXT];
	bool killed = container->status_known && WIFSIGNALED(container->status);
	/* Not by a signal that it took and went on: one that ended it. */
	bool on_request = killed && (live->signals & weir_signal_bit(WTERMSIG(container->status)));

	if (container->parent && !on_request && blame_executor(container))
		return;
	if ((live->pressed_bytes || live->oom == WEIR_OOM_NODE) && !on_request) {
		blame_node(container);
		return;
	}
	if (live->oom == WEIR_OOM_LIMIT && !on_request) {
		container->reason = WEIR_REASON_LIMIT;
		snprintf(container->message, sizeof(container->message),
			 "memory limit exceeded: limit %s, requested %s, peak %s",
			 weir_format_memory(f->mem_limit_bytes, limit),
			 weir_format_memory(f->mem_request_bytes, request),
			 weir_format_memory(container->final.mem_peak_bytes, peak));
		return;
	}
	container->reason = on_request ? WEIR_REASON_KILLED : WEIR_REASON_SELF;
	if (!container->status_known)
		snprintf(container->message, sizeof(container->message), "exit status unknown");
	else if (killed)
		say_killed(container, WTERMSIG(container->status));
	else
		snprintf(container->message, sizeof(container->message), "exited with %d",
			 WEXITSTATUS(container->status));
}

void weir_controller_collect(struct weir_controller *controller, struct weir_container *container)
{
	weir_controller_change(controller);
	collect_status(controller, container);
	collect_final(controller, container);
	explain(container);
	pthread_rwlock_unlock(&controller->lock);
}
