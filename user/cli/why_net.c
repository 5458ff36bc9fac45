/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/why_net.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/maps.h"
#include "cli/text.h"
#include "metrics/sample.h"
#include "weir/weir.h"

#define LATELY 5 /* events */

static void print_event(const struct weir_event_info *event)
{
	time_t seconds = (time_t)(event->time_us / 1000000);
	struct tm parts = {};
	char day[32];

	localtime_r(&seconds, &parts);
	strftime(day, sizeof(day), "%F %T", &parts);
	printf("%s  %s (%s): ", day, event->kind, event->cause);
	weir_put_escaped(stdout, event->text);
	putchar('\n');
}

int weir_print_lately(struct weir_client *client, const char *id, const char *kind)
{
	scoped(weir_event_list_free) struct weir_event_list list = {};
	const struct weir_event_info *last[LATELY];
	int r = weir_client_events(client, id, 0, 0, 0, &list);
	size_t n = 0;

	if (r < 0)
		return weir_failed(client, r);
	for (size_t i = list.n; i-- > 0 && n < LATELY;)
		if (!kind || strcmp(list.list[i].kind, kind) == 0)
			last[n++] = &list.list[i];
	while (n-- > 0)
		print_event(last[n]);
	return WEIR_EXIT_OK;
}

static void print_json(const char *id, const struct weir_net_options *net,
		       const struct weir_slot *slot, uint32_t tier)
{
	struct weir_json_out json = { .file = stdout };
	const char *tier_name = weir_metrics_tier_name(tier);

	weir_json_out_open(&json, NULL, '{');
	weir_json_out_text(&json, "id", id, strlen(id));
	weir_json_out_text(&json, "policy", net->policy, strlen(net->policy));
	weir_json_out_text(&json, "tier", tier_name, strlen(tier_name));
	if (net->left_open)
		weir_json_out_text(&json, "left_open", net->left_open, strlen(net->left_open));
	weir_json_out_open(&json, "denials", '{');
	for (uint32_t i = 0; i < WEIR_DENIAL_COUNT_; i++)
		weir_json_out_u64(&json, weir_metrics_denial_name(i), slot->denials[i]);
	weir_json_out_close(&json, '}');
	weir_json_out_u64(&json, "denials_untold", slot->denials_untold);
	weir_json_out_close(&json, '}');
	putchar('\n');
}

static void print_denials(const struct weir_slot *slot)
{
	static const char *const texts[WEIR_DENIAL_COUNT_] = {
		[WEIR_DENIAL_FAMILY] = "sockets of a family that it may not have",
		[WEIR_DENIAL_PROTOCOL] = "sockets that build packets, or that no hook sees connect",
		[WEIR_DENIAL_AGENT] = "the agent, by its address and port",
		[WEIR_DENIAL_ADDRESS] = "addresses that it may not reach",
		[WEIR_DENIAL_PEER] = "unix sockets of others",
		[WEIR_DENIAL_LISTEN] = "to be reached itself",
		[WEIR_DENIAL_PACKET] = "packets that no other hook has seen",
		[WEIR_DENIAL_FILE] = "sockets that somebody else has made",
	};
	uint64_t total = 0;

	for (uint32_t i = 0; i < WEIR_DENIAL_COUNT_; i++) {
		total += slot->denials[i];
		if (slot->denials[i])
			printf("  %8" PRIu64 "  %-8s  %s\n", slot->denials[i],
			       weir_metrics_denial_name(i), texts[i]);
	}
	if (!total)
		puts("  nothing yet");
	else if (slot->denials_untold)
		printf("  of them %" PRIu64 " are in no event: there were too many at once\n",
		       slot->denials_untold);
}

/* Of a task its executor's policy holds; what is denied to it is counted to itself. */
static int find_net(struct weir_client *client, const char *id, struct weir_container_list *list)
{
	const char *slash = strchr(id, '/');
	char executor[WEIR_NAME_MAX + 1];

	snprintf(executor, sizeof(executor), "%.*s", slash ? (int)(slash - id) : (int)strlen(id),
		 id);
	return weir_client_containers(client, executor, list);
}

int weir_why_net(const struct weir_globals *globals, struct weir_client *client, const char *id,
		 bool json)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	scoped(weir_sample_done) struct weir_sample sample = {};
	scoped(weir_metrics_close) struct weir_metrics metrics = {};
	const struct weir_sampled *one;
	int r = find_net(client, id, &list), code;

	if (r < 0 || list.n == 0)
		return weir_failed(client, r);
	code = weir_open_maps(globals, &metrics);
	if (code != WEIR_EXIT_OK)
		return code;
	if (weir_sample_take(&metrics, &sample) < 0 || !(one = weir_sample_find(&sample, id))) {
		weir_say("container '%s' has no record in the maps: it was denied nothing, or has "
			 "ended long ago",
			 id);
		return WEIR_EXIT_FAILED;
	}
	if (json) {
		print_json(id, &list.list[0].net, &one->slot, sample.node.fence_tier);
		return WEIR_EXIT_OK;
	}
	printf("policy  %s, by tier %s", list.list[0].net.policy,
	       weir_metrics_tier_name(sample.node.fence_tier));
	if (list.list[0].net.left_open)
		printf("; left open: %s", list.list[0].net.left_open);
	puts("\ndenied");
	print_denials(&one->slot);
	return weir_print_lately(client, id, "denied");
}
