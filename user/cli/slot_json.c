/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/slot_json.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cli/json_out.h"
#include "metrics/sample.h"

struct field {
	const char *name;
	size_t offset, size;
};

#define FIELD(type, name) \
	{ #name, offsetof(struct type, name), sizeof(((struct type *)NULL)->name) }

static const struct field slot_fields[] = {
	FIELD(weir_slot, cgroup_id),
	FIELD(weir_slot, generation),
	FIELD(weir_slot, started_ns),
	FIELD(weir_slot, first_pid),
	FIELD(weir_slot, cpu_request_mcpu),
	FIELD(weir_slot, cpu_limit_mcpu),
	FIELD(weir_slot, mem_request_bytes),
	FIELD(weir_slot, mem_limit_bytes),
	FIELD(weir_slot, cpu_ns),
	FIELD(weir_slot, cpu_beyond_ns),
	FIELD(weir_slot, wait_ns),
	FIELD(weir_slot, switches),
	FIELD(weir_slot, forks),
	FIELD(weir_slot, refreshed_ns),
	FIELD(weir_slot, nr_periods),
	FIELD(weir_slot, nr_throttled),
	FIELD(weir_slot, throttled_ns),
	FIELD(weir_slot, mem_current_bytes),
	FIELD(weir_slot, mem_peak_bytes),
	FIELD(weir_slot, mem_beyond_bytes),
	FIELD(weir_slot, oom_kills),
	FIELD(weir_slot, exit_ns),
	FIELD(weir_slot, wait_self_ns),
	FIELD(weir_slot, wait_neighbour_ns),
	FIELD(weir_slot, wait_limit_ns),
	FIELD(weir_slot, wait_system_ns),
	FIELD(weir_slot, wait_unknown_ns),
	FIELD(weir_slot, inflicted_ns),
	FIELD(weir_slot, band_changes),
	FIELD(weir_slot, band_since_ns),
};

static const struct field node_fields[] = {
	FIELD(weir_node, abi_version),	    FIELD(weir_node, n_cpus),
	FIELD(weir_node, capacity_mcpu),    FIELD(weir_node, capacity_bytes),
	FIELD(weir_node, reserve_mcpu),	    FIELD(weir_node, reserve_bytes),
	FIELD(weir_node, requested_mcpu),   FIELD(weir_node, requested_bytes),
	FIELD(weir_node, tick_ns),	    FIELD(weir_node, daemon_pid),
	FIELD(weir_node, refresh_failures),
};

static void put_fields(struct weir_json_out *json, const void *record, const struct field *fields,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *at = (const char *)record + fields[i].offset;

		weir_json_out_u64(json, fields[i].name,
				  fields[i].size == sizeof(uint64_t)
					  ? *(const uint64_t *)(const void *)at
					  : *(const uint32_t *)(const void *)at);
	}
}

void weir_slot_json(struct weir_json_out *json, const struct weir_sampled *one)
{
	const struct weir_slot *slot = &one->slot;

	weir_json_out_open(json, NULL, '{');
	weir_json_out_text(json, "id", one->name, sizeof(one->name));
	weir_json_out_text(json, "role", slot->role, sizeof(slot->role));
	weir_json_out_text(json, "state", weir_slot_state_word(slot), SIZE_MAX);
	weir_json_out_text(json, "band", slot->band == WEIR_BAND_BURST ? "burst" : "guaranteed",
			   SIZE_MAX);
	put_fields(json, slot, slot_fields, ARRAY_SIZE(slot_fields));
	weir_json_out_u64(json, "wait_short_ns", weir_metrics_wait_short_ns(slot));
	weir_json_out_text(json, "policy", weir_metrics_policy_name(slot->policy), SIZE_MAX);
	weir_json_out_open(json, "denials", '{');
	for (uint32_t i = 0; i < WEIR_DENIAL_COUNT_; i++)
		weir_json_out_u64(json, weir_metrics_denial_name(i), slot->denials[i]);
	weir_json_out_close(json, '}');
	weir_json_out_u64(json, "denials_untold", slot->denials_untold);
	if (slot->exit_ns)
		weir_json_out_u64(json, "exit_status", slot->exit_status);
	weir_json_out_open(json, "wait_hist", '[');
	for (size_t i = 0; i < WEIR_WAIT_BUCKETS; i++)
		weir_json_out_u64(json, NULL, slot->wait_hist[i]);
	weir_json_out_close(json, ']');
	weir_json_out_close(json, '}');
}

void weir_node_json(struct weir_json_out *json, const char *key, const struct weir_node *node)
{
	weir_json_out_open(json, key, '{');
	put_fields(json, node, node_fields, ARRAY_SIZE(node_fields));
	weir_json_out_text(json, "fence_tier", weir_metrics_tier_name(node->fence_tier), SIZE_MAX);
	weir_json_out_close(json, '}');
}

void weir_sample_json(const struct weir_sample *sample)
{
	struct weir_json_out json = { .file = stdout };

	weir_json_out_open(&json, NULL, '{');
	weir_node_json(&json, "node", &sample->node);
	weir_json_out_open(&json, "containers", '[');
	for (size_t i = 0; i < sample->n; i++)
		weir_slot_json(&json, &sample->list[i]);
	weir_json_out_close(&json, ']');
	weir_json_out_close(&json, '}');
	putchar('\n');
}
