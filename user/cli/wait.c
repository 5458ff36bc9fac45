/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "weir/weir.h"

struct options {
	uint64_t patience_ms; /* WEIR_ABSENT: for ever */
	bool json;
};

static const struct weir_option options[] = {
	{ "time", 't', "DURATION", weir_option_duration, offsetof(struct options, patience_ms),
	  "fail after so long (wait for ever)" },
	{ "json", 0, NULL, NULL, offsetof(struct options, json),
	  "print one object a line, with the reason" },
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .patience_ms = WEIR_ABSENT };

static void print_json(const char *id, const struct weir_wait_result *result)
{
	struct weir_json_out json = { .file = stdout };

	weir_json_out_open(&json, NULL, '{');
	weir_json_out_text(&json, "id", id, strlen(id));
	if (result->status_known) {
		weir_json_out_i64(&json, "exit_code", weir_code_of_status(result->status));
		weir_json_out_i64(&json, "status", result->status);
	}
	weir_json_out_text(&json, "reason", result->reason, sizeof(result->reason));
	weir_json_out_text(&json, "message", result->message, sizeof(result->message));
	weir_json_out_close(&json, '}');
	putchar('\n');
}

static int wait_one(struct weir_client *client, const char *id, const void *data)
{
	const struct options *chosen = data;
	struct weir_wait_result result;
	int timeout_ms, r;

	if (chosen->patience_ms == WEIR_ABSENT)
		timeout_ms = -1;
	else
		timeout_ms = chosen->patience_ms > INT_MAX ? INT_MAX : (int)chosen->patience_ms;
	r = weir_client_wait(client, id, timeout_ms, &result);
	if (r < 0)
		return weir_failed(client, r);

	if (chosen->json)
		print_json(id, &result);
	else if (result.status_known)
		printf("%d\n", weir_code_of_status(result.status));
	else
		printf("unknown\n");
	fflush(stdout); /* the next one may take its time */
	return WEIR_EXIT_OK;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);

	return client ? weir_each(client, n_operands, operands, wait_one, data) : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_wait = {
	.name = "wait",
	.operands = "ID...",
	.summary = "wait until containers have ended, and print their exit codes",
	.details =
		"Prints 128 and the signal's number for one that a signal killed, 'unknown' when\n"
		"nobody saw it end. Itself it exits with 0.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = -1,
	.run = run,
};
