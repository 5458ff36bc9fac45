/* SPDX-License-Identifier: Apache-2.0 */
/* GET_METRICS: flat names, Mesos' where it has the thing, weir's own below "weir/". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "api/answer_internal.h"
#include "api/state.h"

#define MIB_DECIMALS 6

/* How Mesos' own begin: an agent's are "slave/…". */
static const char *const prefixes[WEIR_DIALECT_COUNT_] = {
	[WEIR_DIALECT_AGENT] = "slave/",
	[WEIR_DIALECT_MASTER] = "master/",
};

static void add(struct weir_out *out, const char *prefix, const char *name, uint64_t value,
		unsigned int decimals)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%s", prefix, name);
	weir_out_open(out, 1, NULL);
	weir_out_string(out, 1, "name", full);
	weir_out_fixed(out, 2, "value", value, decimals);
	weir_out_close(out);
}

/* Thousandths of @total. */
static uint64_t share(uint64_t part, uint64_t total)
{
	return total ? (uint64_t)((unsigned __int128)part * 1000 / total) : 0;
}

static void add_amounts(struct weir_out *out, const char *prefix, const struct weir_node_view *node)
{
	uint64_t mcpu = node->capacity.total_mcpu - node->capacity.reserve_mcpu;
	uint64_t bytes = node->capacity.total_bytes - node->capacity.reserve_bytes;

	add(out, prefix, "cpus_total", mcpu, 3);
	add(out, prefix, "cpus_used", node->requested_mcpu, 3);
	add(out, prefix, "cpus_percent", share(node->requested_mcpu, mcpu), 3);
	add(out, prefix, "mem_total", weir_mib_millionths(bytes), MIB_DECIMALS);
	add(out, prefix, "mem_used", weir_mib_millionths(node->requested_bytes), MIB_DECIMALS);
	add(out, prefix, "mem_percent", share(node->requested_bytes, bytes), 3);
}

static void add_counts(struct weir_out *out, const char *prefix,
		       const struct weir_state_view *state)
{
	size_t starting = 0, running = 0, executors = 0;

	for (size_t i = 0; i < state->n; i++) {
		const struct weir_container *c = state->all[i];

		if (c->state == WEIR_STATE_EXITED)
			continue;
		if (c->is_executor)
			executors++;
		else if (c->state == WEIR_STATE_RUNNING)
			running++;
		else
			starting++;
	}
	add(out, prefix, "executors_running", executors, 0);
	add(out, prefix, "tasks_starting", starting, 0);
	add(out, prefix, "tasks_running", running, 0);
	add(out, prefix, "tasks_finished", state->node.n_finished, 0);
	add(out, prefix, "tasks_failed", state->node.n_failed, 0);
	add(out, prefix, "tasks_killed", state->node.n_killed, 0);
}

static void add_system(struct weir_out *out)
{
	static const char *const loads[] = { "load_1min", "load_5min", "load_15min" };
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return;
	add(out, "system/", "cpus_total", (uint64_t)get_nprocs(), 0);
	for (size_t i = 0; i < 3; i++)
		add(out, "system/", loads[i], (uint64_t)info.loads[i] * 1000 >> SI_LOAD_SHIFT, 3);
	add(out, "system/", "mem_total_bytes", (uint64_t)info.totalram * info.mem_unit, 0);
	add(out, "system/", "mem_free_bytes", (uint64_t)info.freeram * info.mem_unit, 0);
}

static void add_own(struct weir_out *out, const struct weir_state_view *state)
{
	const struct weir_node_view *node = &state->node;

	add(out, "weir/", "containers", state->n, 0);
	add(out, "weir/", "containers_launched", node->n_launched, 0);
	add(out, "weir/", "reserve_cpus", node->capacity.reserve_mcpu, 3);
	add(out, "weir/", "reserve_mem_bytes", node->capacity.reserve_bytes, 0);
	add(out, "weir/", "refresh_failures", node->refresh_failures, 0);
	add(out, "weir/", "fenced", node->fence_tier != WEIR_TIER_NONE, 0);
}

static void on_state(const struct weir_state_view *state, void *data)
{
	struct weir_out *out = data;
	const char *prefix = prefixes[out->dialect];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	weir_answer_open(out, WEIR_CALL_GET_METRICS);
	weir_out_list(out, "metrics");
	add(out, prefix, "uptime_secs",
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - state->node.started_us,
	    6);
	add(out, prefix, out->dialect == WEIR_DIALECT_MASTER ? "elected" : "registered", 1, 0);
	add_amounts(out, prefix, &state->node);
	add_counts(out, prefix, state);
	add_system(out);
	add_own(out, state);
	weir_out_list_end(out);
	weir_answer_close(out);
}

void weir_answer_metrics(struct weir_out *out, struct weir_controller *controller)
{
	weir_controller_read_state(controller, on_state, out);
}
