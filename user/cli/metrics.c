/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/maps.h"
#include "cli/slot_json.h"
#include "cli/text.h"
#include "metrics/open_metrics.h"
#include "metrics/sample.h"

struct options {
	bool json;
};

static const struct weir_option options[] = {
	{ "json", 0, NULL, NULL, offsetof(struct options, json),
	  "print the node's and the containers' records as one object" },
	WEIR_OPTIONS_END,
};

static int fail_memory(void)
{
	weir_say("out of memory");
	return WEIR_EXIT_FAILED;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_metrics_close) struct weir_metrics metrics = {};
	scoped(weir_sample_done) struct weir_sample sample = {};
	scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(WEIR_OPEN_METRICS_MAX);
	const struct options *chosen = data;
	int code;

	(void)n_operands;
	(void)operands;
	code = weir_open_maps(globals, &metrics);
	if (code != WEIR_EXIT_OK)
		return code;
	if (weir_sample_take(&metrics, &sample) < 0)
		return fail_memory();
	if (chosen->json)
		weir_sample_json(&sample);
	else if (weir_open_metrics_write(&sample, &text) == 0)
		fwrite(text.data, 1, text.size, stdout);
	else
		return fail_memory();
	return WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_metrics = {
	.name = "metrics",
	.operands = "",
	.summary = "print all metrics in the OpenMetrics format, from the maps",
	.details = "Needs no daemon.",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
