/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <strings.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/subscribe.h"
#include "weir/weir.h"

static void weir_unsubscribep(struct weir_subscription **subscription)
{
	weir_subscription_free(*subscription);
}

/* A record a line of its own, until it ends: what is read by pieces would never be seen whole. */
static int follow(struct weir_client *client)
{
	scoped(weir_unsubscribep) struct weir_subscription *subscription = NULL;
	struct weir_told told;
	int r;

	r = weir_client_subscribe(client, 0, 0, &subscription);
	if (r < 0)
		return weir_failed(client, r);
	while ((r = weir_subscription_next(subscription, -1, &told)) > 0) {
		if (puts(told.json) == EOF || fflush(stdout) == EOF)
			return WEIR_EXIT_FAILED;
	}
	weir_say("%s", weir_subscription_error(subscription));
	return WEIR_EXIT_FAILED;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	scoped(freep) char *json = NULL;
	int r;

	(void)data;

	if (!client)
		return WEIR_EXIT_FAILED;
	if (strcasecmp(operands[0], "SUBSCRIBE") == 0 && n_operands == 1)
		return follow(client);
	r = weir_client_ask(client, operands[0], n_operands > 1 ? operands[1] : NULL, &json);
	if (r < 0)
		return weir_failed(client, r);
	if (*json)
		weir_put_json(stdout, json);
	return WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_api = {
	.name = "api",
	.operands = "CALL [JSON]",
	.summary = "send any call of the control socket, and print its answer",
	.details = "JSON are the call's parameters, an object; the answer is indented. What calls "
		   "there are,\n"
		   "and what they take, is in api.md. SUBSCRIBE prints what happens, a record a "
		   "line,\n"
		   "until it is interrupted.",
	.min_operands = 1,
	.max_operands = 2,
	.run = run,
};
