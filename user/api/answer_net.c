/* SPDX-License-Identifier: Apache-2.0 */
/* What of the network a container may reach, and what its caller has to see to, in answers. */
#include "api/answer_internal.h"
#include "model/policy.h"
#include "weir/metrics.h"

void weir_answer_strings(struct weir_json *json, const char *name, char *const *strings)
{
	weir_json_open_array(json, name);
	for (; strings && *strings; strings++)
		weir_json_string(json, NULL, *strings);
	weir_json_close_array(json);
}

void weir_answer_net(struct weir_json *json, const struct weir_net *net, enum weir_tier tier)
{
	const char *gap = weir_net_gap(net, tier);

	weir_json_open_object(json, "net");
	weir_json_string(json, "policy", weir_metrics_policy_name(net->policy));
	if (net->degraded)
		weir_json_bool(json, "accept_degraded", true);
	if (gap)
		weir_json_string(json, "left_open", gap);
	if (net->policy == WEIR_POLICY_CUSTOM)
		weir_json_string(json, "default", net->allows ? "allow" : "deny");
	if (net->rules)
		weir_answer_strings(json, "rules", net->rules);
	if (net->sockets)
		weir_answer_strings(json, "sockets", net->sockets);
	weir_json_close_object(json);
}

static void add_join(struct weir_json *json, const struct weir_join_paths *join)
{
	weir_json_open_array(json, "join");
	for (size_t i = 0; i < join->n; i++) {
		weir_json_open_object(json, NULL);
		weir_json_u64(json, "version", (uint64_t)join->list[i].version);
		weir_json_string(json, "path", join->list[i].path);
		weir_json_close_object(json);
	}
	weir_json_close_array(json);
}

static void add_confinement(struct weir_json *json, const struct weir_join_paths *join)
{
	weir_json_bool(json, "fenced", true);
	weir_json_string(json, "families", weir_families_name(join->families));
	weir_json_bool(json, "delegated", join->delegated);
}

void weir_answer_seat(struct weir_json *json, const struct weir_join_paths *join)
{
	add_join(json, join);
	if (join->fenced)
		add_confinement(json, join);
	if (join->agent_socket[0])
		weir_json_string(json, "agent_socket", join->agent_socket);
}
