/* SPDX-License-Identifier: Apache-2.0 */
/* What of the network a container may reach, and what its caller has to see to, in answers. */
#include "api/answer_internal.h"
#include "model/policy.h"
#include "weir/metrics.h"

void weir_answer_strings(struct weir_out *out, uint32_t number, const char *name,
			 char *const *strings)
{
	weir_out_list(out, name);
	for (; strings && *strings; strings++)
		weir_out_string(out, number, NULL, *strings);
	weir_out_list_end(out);
}

void weir_answer_net(struct weir_out *out, const struct weir_net *net, enum weir_tier tier)
{
	const char *gap = weir_net_gap(net, tier);

	weir_out_open(out, 12, "net");
	weir_out_string(out, 1, "policy", weir_metrics_policy_name(net->policy));
	if (net->degraded)
		weir_out_bool(out, 2, "accept_degraded", true);
	if (gap)
		weir_out_string(out, 6, "left_open", gap);
	if (net->policy == WEIR_POLICY_CUSTOM)
		weir_out_string(out, 3, "default", net->allows ? "allow" : "deny");
	if (net->rules)
		weir_answer_strings(out, 4, "rules", net->rules);
	if (net->sockets)
		weir_answer_strings(out, 5, "sockets", net->sockets);
	weir_out_close(out);
}

static void add_join(struct weir_out *out, const struct weir_join_paths *join)
{
	weir_out_list(out, "join");
	for (size_t i = 0; i < join->n; i++) {
		weir_out_open(out, 3, NULL);
		weir_out_u64(out, 1, "version", (uint64_t)join->list[i].version);
		weir_out_string(out, 2, "path", join->list[i].path);
		weir_out_close(out);
	}
	weir_out_list_end(out);
}

static void add_confinement(struct weir_out *out, const struct weir_join_paths *join)
{
	weir_out_bool(out, 4, "fenced", true);
	weir_out_string(out, 5, "families", weir_families_name(join->families));
	weir_out_bool(out, 6, "delegated", join->delegated);
}

static void add_volumes(struct weir_out *out, const struct weir_mounts *volumes)
{
	weir_out_list(out, "volumes");
	for (size_t i = 0; i < volumes->n; i++) {
		weir_out_open(out, 9, NULL);
		weir_out_string(out, 1, "path", volumes->list[i].from);
		weir_out_string(out, 2, "container_path", volumes->list[i].to);
		weir_out_close(out);
	}
	weir_out_list_end(out);
}

void weir_answer_seat(struct weir_out *out, const struct weir_join_paths *join)
{
	add_join(out, join);
	if (join->fenced)
		add_confinement(out, join);
	if (join->agent_socket[0])
		weir_out_string(out, 7, "agent_socket", join->agent_socket);
	if (join->volumes.n)
		add_volumes(out, &join->volumes);
}
