/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/net.h"
#include "cli/text.h"
#include "weir/weir.h"

struct options {
	struct weir_net_chosen net; /* the policy stands behind the verb */
};

static const struct weir_option options[] = {
	WEIR_NET_OPTIONS(struct options, "degraded"),
	WEIR_OPTIONS_END,
};

static void print_each(const char *before, const char *const *list)
{
	for (; *list; list++)
		printf("%s%s\n", before, *list);
}

/* Rules as --rules takes them. */
static int get_one(struct weir_client *client, const char *id, const void *data)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	int r = weir_client_containers(client, id, &list);
	const struct weir_net_options *net;

	(void)data;
	if (r < 0 || list.n == 0)
		return weir_failed(client, r);
	net = &list.list[0].net;
	puts(net->policy);
	if (strcmp(net->policy, "custom") != 0)
		return WEIR_EXIT_OK;
	printf("default %s\n", net->default_allow ? "allow" : "deny");
	print_each("socket ", net->sockets);
	print_each("", net->rules);
	return WEIR_EXIT_OK;
}

static int set_one(struct weir_client *client, const char *id, const void *data)
{
	int r = weir_client_set_policy(client, id, data);

	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	scoped(weir_net_words_done) struct weir_net_words words = {};
	struct weir_net_chosen chosen = ((const struct options *)data)->net;
	bool get = strcmp(operands[0], "get") == 0, set = strcmp(operands[0], "set") == 0;

	if ((!get && !set) || n_operands != (get ? 2 : 3)) {
		weir_say("expected 'get ID' or 'set ID POLICY'; see 'weir help policy'");
		return WEIR_EXIT_USAGE;
	}
	chosen.policy = set ? operands[2] : NULL;
	if (!weir_net_words_load(&chosen, &words))
		return WEIR_EXIT_USAGE;
	client = weir_connect(globals);
	if (!client)
		return WEIR_EXIT_FAILED;
	return weir_each(client, 1, operands + 1, get ? get_one : set_one, &words.options);
}

const struct weir_verb weir_verb_policy = {
	.name = "policy",
	.operands = "get ID | set ID POLICY",
	.summary = "what a container may reach of the network",
	.details = "POLICY is open, deny-agent-tcp, agent-socket-only or custom. What holds from "
		   "now on\n"
		   "holds for all that is in the container, and for the connections that it has. "
		   "Behind 'custom'\n"
		   "'get' shows the rules, as --rules takes them.",
	.options = options,
	.options_size = sizeof(struct options),
	.min_operands = 2,
	.max_operands = 3,
	.run = run,
};
