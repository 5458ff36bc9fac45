/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/text.h"
#include "weir/weir.h"

#define VERSION_TEXT 64

struct options {
	bool json;
};

static const struct weir_option options[] = {
	{ "json", 0, NULL, NULL, offsetof(struct options, json), "print one object" },
	WEIR_OPTIONS_END,
};

/* @daemon: NULL when there is none. */
static void print_json(const char *daemon)
{
	struct weir_json_out json = { .file = stdout };

	weir_json_out_open(&json, NULL, '{');
	weir_json_out_text(&json, "weir", WEIR_VERSION, sizeof(WEIR_VERSION));
	weir_json_out_text(&json, "commit", WEIR_GIT_SHA, sizeof(WEIR_GIT_SHA));
	weir_json_out_u64(&json, "metrics_abi", WEIR_ABI_VERSION);
	if (daemon)
		weir_json_out_text(&json, "weir_daemon", daemon, strlen(daemon));
	weir_json_out_close(&json, '}');
	putchar('\n');
}

static void print_text(const char *daemon)
{
	printf("weir         %s%s%s\n", WEIR_VERSION, *WEIR_GIT_SHA ? "  " : "", WEIR_GIT_SHA);
	if (daemon) {
		printf("weir-daemon  ");
		weir_put_escaped(stdout, daemon);
		putchar('\n');
	}
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	const struct options *chosen = data;
	char text[VERSION_TEXT];
	const char *daemon = NULL;
	int code = WEIR_EXIT_FAILED;

	(void)n_operands;
	(void)operands;
	if (client) {
		int r = weir_client_version(client, text, sizeof(text));

		code = r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
		daemon = r < 0 ? NULL : text;
	}
	/* Our own is worth telling without the daemon's; the exit code says that it is missing. */
	if (chosen->json)
		print_json(daemon);
	else
		print_text(daemon);
	return code;
}

const struct weir_verb weir_verb_version = {
	.name = "version",
	.operands = "",
	.summary = "show the versions of this program and of the daemon",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
