/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	scoped(freep) char *json = NULL;
	int r;

	(void)data;

	if (!client)
		return WEIR_EXIT_FAILED;
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
		   "and what they take, is in api.md.",
	.min_operands = 1,
	.max_operands = 2,
	.run = run,
};
