/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/maps.h"
#include "cli/slot_json.h"
#include "cli/text.h"
#include "cli/top_screen.h"
#include "cli/top_view.h"
#include "metrics/sample.h"

#define MIN_INTERVAL_MS 100
#define MAX_INTERVAL_MS 3600000
#define PLAIN_WIDTH	80

struct options {
	uint64_t interval_ms;
	bool once, json;
};

static const struct weir_option options[] = {
	{ "interval", 'i', "DURATION", weir_option_duration, offsetof(struct options, interval_ms),
	  "how much time a picture covers (1s)" },
	{ "once", 0, NULL, NULL, offsetof(struct options, once),
	  "print one picture as plain text, as into a pipe" },
	{ "json", 0, NULL, NULL, offsetof(struct options, json), "print one picture as an object" },
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .interval_ms = 1000 };

static void print_text(void *data, enum weir_top_style style, const char *text)
{
	(void)style;
	fputs(text, data);
}

static void print_newline(void *data)
{
	fputc('\n', data);
}

static unsigned int plain_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= PLAIN_WIDTH)
		return size.ws_col;
	return PLAIN_WIDTH;
}

static void print_load(struct weir_json_out *json, const struct weir_sample *before,
		       const struct weir_sampled *one, uint64_t elapsed_ns)
{
	const struct weir_slot *slot = &one->slot;
	struct weir_load load;

	load = weir_load_of(weir_sample_find(before, one->name), one, elapsed_ns);
	weir_json_out_open(json, NULL, '{');
	weir_json_out_text(json, "id", one->name, sizeof(one->name));
	weir_json_out_text(json, "state", weir_slot_state_word(slot), SIZE_MAX);
	weir_json_out_u64(json, "cpu_mcpu", load.cpu_mcpu);
	weir_json_out_u64(json, "cpu_request_mcpu", slot->cpu_request_mcpu);
	weir_json_out_u64(json, "cpu_limit_mcpu", slot->cpu_limit_mcpu);
	weir_json_out_u64(json, "wait_percent", load.wait_percent);
	weir_json_out_u64(json, "throttled_percent", load.throttled_percent);
	weir_json_out_u64(json, "mem_current_bytes", slot->mem_current_bytes);
	weir_json_out_u64(json, "mem_request_bytes", slot->mem_request_bytes);
	weir_json_out_u64(json, "mem_limit_bytes", slot->mem_limit_bytes);
	weir_json_out_close(json, '}');
}

static void print_json(const struct weir_sample *before, const struct weir_sample *now)
{
	struct weir_json_out json = { .file = stdout };
	uint64_t elapsed_ns = now->taken_ns - before->taken_ns;

	weir_json_out_open(&json, NULL, '{');
	weir_json_out_u64(&json, "interval_ns", elapsed_ns);
	weir_node_json(&json, "node", &now->node);
	weir_json_out_open(&json, "containers", '[');
	for (size_t i = 0; i < now->n; i++)
		print_load(&json, before, &now->list[i], elapsed_ns);
	weir_json_out_close(&json, ']');
	weir_json_out_close(&json, '}');
	putchar('\n');
}

static int print_once(const struct weir_metrics *metrics, const struct options *chosen)
{
	const struct weir_top_shape shape = { .width = plain_width(), .utf8 = weir_is_utf8() };
	const struct weir_top_look all = {};
	const struct weir_top_sink sink = { print_text, print_newline, stdout };
	scoped(weir_sample_done) struct weir_sample before = {};
	scoped(weir_sample_done) struct weir_sample now = {};
	struct timespec pause = {
		.tv_sec = (time_t)(chosen->interval_ms / 1000),
		.tv_nsec = (long)(chosen->interval_ms % 1000) * 1000000,
	};
	size_t first = 0;
	int r;

	r = weir_sample_take(metrics, &before);
	if (r < 0)
		return r;
	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
	r = weir_sample_take(metrics, &now);
	if (r < 0)
		return r;
	if (!chosen->json)
		return weir_top_render(&before, &now, &all, &shape, &first, NULL, &sink);
	print_json(&before, &now);
	return 0;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_metrics_close) struct weir_metrics metrics = {};
	const struct options *chosen = data;
	bool live = !chosen->once && !chosen->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	int code, r = -ENOTTY;

	(void)n_operands;
	(void)operands;
	if (chosen->interval_ms < MIN_INTERVAL_MS || chosen->interval_ms > MAX_INTERVAL_MS) {
		weir_say("--interval: the value is out of range: expected 100ms to 1h; "
			 "see 'weir help top'");
		return WEIR_EXIT_USAGE;
	}
	code = weir_open_maps(globals, &metrics);
	if (code != WEIR_EXIT_OK)
		return code;

	if (live)
		r = weir_top_screen(&metrics, chosen->interval_ms, weir_is_utf8());
	if (live && r == -ENOTTY)
		weir_say("note: terminal '%s' is not known to curses, so one picture as text",
			 getenv("TERM") ? getenv("TERM") : "");
	if (r == -ENOTTY)
		r = print_once(&metrics, chosen);
	if (r < 0)
		weir_say("%s", strerror(-r));
	return r < 0 ? WEIR_EXIT_FAILED : WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_top = {
	.name = "top",
	.operands = "",
	.summary = "watch what containers use, from the maps",
	.details = "CPU is what was used in the interval, REQ:LIM what is promised and allowed. A "
		   "bar's\n"
		   "left part is the request ('#' used, '-' free), its right part the burst up to "
		   "the\n"
		   "limit ('+' used, '.' free), or to the whole machine where there is none. WAIT "
		   "is time\n"
		   "spent runnable without a CPU, summed over threads; THR the share of quota "
		   "periods\n"
		   "that ran out. 'h' shows the keys, 'q' quits. Needs no daemon.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.run = run,
};
