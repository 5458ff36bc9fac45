/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/end.h"
#include "weir/weir.h"

struct options {
	uint64_t patience_ms;
};

static const struct weir_option options[] = {
	{ "time", 't', "DURATION", weir_option_duration, offsetof(struct options, patience_ms),
	  "how long it may take before it is killed (10s)" },
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .patience_ms = 10000 };

/* Asked to end, and not there any more: it has, or it never was. */
static int ended_or_unknown(struct weir_client *client, const char *id)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	int r = weir_client_containers(client, id, &list);

	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int stop_one(struct weir_client *client, const char *id, const void *data)
{
	const struct options *chosen = data;
	int timeout_ms = chosen->patience_ms > INT_MAX ? INT_MAX : (int)chosen->patience_ms;
	struct weir_wait_result result;
	int r;

	r = weir_client_kill(client, id, SIGTERM);
	if (r == -ENOENT)
		return ended_or_unknown(client, id);
	if (r < 0)
		return weir_failed(client, r);

	/* One that is paused is to hear of it. */
	r = weir_client_resume(client, id);
	if (r < 0 && r != -ENOENT)
		return weir_failed(client, r);
	r = weir_client_wait(client, id, timeout_ms, &result);
	if (r == -ETIMEDOUT)
		return weir_end_by_force(client, id);
	/* Gone altogether: its caller was in the foreground and has cleaned up. */
	return r < 0 && r != -ENOENT ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);

	return client ? weir_each(client, n_operands, operands, stop_one, data) : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_stop = {
	.name = "stop",
	.operands = "ID...",
	.summary = "ask containers to end, and kill those that don't",
	.details =
		"SIGTERM to the first process; if it has not ended in time, SIGKILL to everything\n"
		"inside. The record stays: see 'weir rm'.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = -1,
	.run = run,
};
