/* SPDX-License-Identifier: Apache-2.0 */
/* `weir why`: who delayed a container, what was done to it, and the figures that made it so. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/text.h"
#include "cli/why_net.h"
#include "weir/weir.h"

struct options {
	bool json, net;
};

static const struct weir_option options[] = {
	{ "net", 0, NULL, NULL, offsetof(struct options, net),
	  "what it may reach, and what was denied to it" },
	{ "json", 0, NULL, NULL, offsetof(struct options, json), "print one object" },
	WEIR_OPTIONS_END,
};

/* ---- For programs ---- */

static void put_culprits(struct weir_json_out *json, const struct weir_explanation_info *why)
{
	weir_json_out_open(json, "culprits", '[');
	for (size_t i = 0; i < why->n_culprits; i++) {
		const struct weir_culprit_info *culprit = &why->culprits[i];

		weir_json_out_open(json, NULL, '{');
		weir_json_out_text(json, "id", culprit->id, strlen(culprit->id));
		weir_json_out_u64(json, "ns", culprit->ns);
		weir_json_out_u64(json, "waits", culprit->waits);
		weir_json_out_close(json, '}');
	}
	weir_json_out_close(json, ']');
}

static void print_json(const struct weir_explanation_info *why)
{
	struct weir_json_out json = { .file = stdout };

	weir_json_out_open(&json, NULL, '{');
	weir_json_out_text(&json, "id", why->id, strlen(why->id));
	weir_json_out_u64(&json, "cpu_request_mcpu", why->amounts.cpu_request_mcpu);
	weir_json_out_u64(&json, "cpu_limit_mcpu", why->amounts.cpu_limit_mcpu);
	weir_json_out_u64(&json, "mem_request_bytes", why->amounts.mem_request_bytes);
	weir_json_out_u64(&json, "mem_limit_bytes", why->amounts.mem_limit_bytes);
	if (why->pending_mem_limit_bytes != WEIR_ABSENT)
		weir_json_out_u64(&json, "pending_mem_limit_bytes", why->pending_mem_limit_bytes);
	weir_json_out_text(&json, "band", why->band, strlen(why->band));
	weir_json_out_u64(&json, "band_since_us", why->band_since_us);
	weir_json_out_u64(&json, "band_changes", why->band_changes);
	weir_json_out_u64(&json, "cpu_saved_ns", why->cpu_saved_ns);
	weir_json_out_bool(&json, "exempt", why->exempt);
	weir_json_out_u64(&json, "wait_ns", why->wait_ns);
	weir_json_out_u64(&json, "wait_self_ns", why->wait_self_ns);
	weir_json_out_u64(&json, "wait_neighbour_ns", why->wait_neighbour_ns);
	weir_json_out_u64(&json, "wait_limit_ns", why->wait_limit_ns);
	weir_json_out_u64(&json, "wait_system_ns", why->wait_system_ns);
	weir_json_out_u64(&json, "wait_short_ns", why->wait_short_ns);
	weir_json_out_u64(&json, "wait_unknown_ns", why->wait_unknown_ns);
	weir_json_out_u64(&json, "inflicted_ns", why->inflicted_ns);
	put_culprits(&json, why);
	weir_json_out_text(&json, "squeeze", why->squeeze, strlen(why->squeeze));
	weir_json_out_u64(&json, "mem_high_bytes", why->mem_high_bytes);
	weir_json_out_close(&json, '}');
	putchar('\n');
}

/* ---- For people ---- */

static void print_band(const struct weir_explanation_info *why)
{
	uint64_t now_us = (uint64_t)time(NULL) * 1000000;
	char band[WEIR_BAND], figure[WEIR_FIGURE];
	bool burst = strcmp(why->band, "burst") == 0;

	printf("CPU     %s requested:limit; ",
	       weir_short_band(why->amounts.cpu_request_mcpu, why->amounts.cpu_limit_mcpu,
			       weir_short_cpu, band));
	fputs(burst ? "over its request, it gives way" : "it gives way to nobody", stdout);
	fputs(why->exempt ? " (exempt)" : "", stdout);
	if (why->band_since_us && why->band_since_us < now_us)
		printf(", for %s", weir_short_age((now_us - why->band_since_us) / 1000000, figure));
	printf(" (moved %" PRIu64 " times); its request covers another %s\n", why->band_changes,
	       weir_short_time(why->cpu_saved_ns, figure));
}

static void print_memory(const struct weir_explanation_info *why)
{
	char band[WEIR_BAND], figure[WEIR_FIGURE];

	printf("memory  %s requested:limit",
	       weir_short_band(why->amounts.mem_request_bytes, why->amounts.mem_limit_bytes,
			       weir_short_memory, band));
	if (why->pending_mem_limit_bytes != WEIR_ABSENT)
		printf("; a limit of %s waits for usage to fall",
		       weir_short_memory(why->pending_mem_limit_bytes, figure));
	if (strcmp(why->squeeze, "none") != 0)
		printf("; the node is short: %s", why->squeeze);
	if (why->mem_high_bytes)
		printf(" at %s", weir_short_memory(why->mem_high_bytes, figure));
	putchar('\n');
}

static void print_culprits(const struct weir_explanation_info *why)
{
	char figure[WEIR_FIGURE];

	for (size_t i = 0; i < why->n_culprits; i++) {
		fputs(i == 0 ? ": " : ", ", stdout);
		weir_put_escaped(stdout, why->culprits[i].id[0] ? why->culprits[i].id
								: "(one that is gone)");
		printf(" %s", weir_short_time(why->culprits[i].ns, figure));
	}
}

static void print_waits(const struct weir_explanation_info *why)
{
	const struct {
		uint64_t ns;
		const char *text;
		bool has_culprits;
	} causes[] = {
		{ why->wait_neighbour_ns, "for other containers", true },
		{ why->wait_self_ns, "for its own threads", false },
		{ why->wait_limit_ns, "for its own CPU limit", false },
		{ why->wait_system_ns, "for what is in no container", false },
		{ why->wait_short_ns, "too briefly to ask for whom", false },
		{ why->wait_unknown_ns, "too long to know for whom", false },
	};
	char figure[WEIR_FIGURE];

	printf("waited  %s for a CPU since its launch\n", weir_short_time(why->wait_ns, figure));
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].ns == 0 || why->wait_ns == 0)
			continue;
		printf("  %5.1f %%  %8s  %s", 100.0 * (double)causes[i].ns / (double)why->wait_ns,
		       weir_short_time(causes[i].ns, figure), causes[i].text);
		if (causes[i].has_culprits)
			print_culprits(why);
		putchar('\n');
	}
	printf("others waited %s for it\n", weir_short_time(why->inflicted_ns, figure));
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	scoped(freep) char *id = NULL;
	scoped(weir_explanation_free) struct weir_explanation_info why = {};
	const struct options *chosen = data;
	int code = weir_connect_for(globals, operands[0], &client, &id), r;

	(void)n_operands;
	if (code != WEIR_EXIT_OK)
		return code;
	if (chosen->net)
		return weir_why_net(globals, client, id, chosen->json);
	r = weir_client_explain(client, id, &why);
	if (r < 0)
		return weir_failed(client, r);
	if (chosen->json) {
		print_json(&why);
		return WEIR_EXIT_OK;
	}
	print_band(&why);
	print_memory(&why);
	print_waits(&why);
	return weir_print_lately(client, id, NULL);
}

const struct weir_verb weir_verb_why = {
	.name = "why",
	.operands = "ID",
	.summary = "tell who delayed a container, what was done to it, what it was denied",
	.options = options,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
