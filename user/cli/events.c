/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/table.h"
#include "cli/text.h"
#include "weir/weir.h"

#define RETRY_US 200000

struct options {
	uint64_t since;
	bool follow, json;
};

static const struct weir_option options[] = {
	{ "since", 0, "N", weir_option_number, offsetof(struct options, since),
	  "only those with a number above N" },
	{ "follow", 'f', NULL, NULL, offsetof(struct options, follow),
	  "go on with what happens, until interrupted" },
	{ "json", 0, NULL, NULL, offsetof(struct options, json), "print one object a line" },
	WEIR_OPTIONS_END,
};

/* Where a reader is, and what it has printed on. */
struct reading {
	struct weir_client *client;
	const struct options *chosen;
	const char *id; /* NULL: all */
	uint64_t since, epoch_us; /* epoch_us 0: nothing was read yet */
	bool away; /* the daemon: said once */
	struct weir_table table;
};

/* ---- Printing ---- */

static void print_id(struct weir_json_out *json, const char *id)
{
	const char *slash = strchr(id, '/'), *own = slash ? slash + 1 : id;

	weir_json_out_open(json, "container_id", '{');
	weir_json_out_text(json, "value", own, strlen(own));
	if (slash) {
		weir_json_out_open(json, "parent", '{');
		weir_json_out_text(json, "value", id, (size_t)(slash - id));
		weir_json_out_close(json, '}');
	}
	weir_json_out_close(json, '}');
}

/* As the daemon has it in GET_EVENTS. */
static void print_json(const struct weir_event_info *event)
{
	struct weir_json_out json = { .file = stdout };

	weir_json_out_open(&json, NULL, '{');
	weir_json_out_u64(&json, "seq", event->seq);
	weir_json_out_u64(&json, "time_us", event->time_us);
	weir_json_out_text(&json, "kind", event->kind, strlen(event->kind));
	if (event->id[0])
		print_id(&json, event->id);
	weir_json_out_text(&json, "cause", event->cause, strlen(event->cause));
	weir_json_out_text(&json, "text", event->text, strlen(event->text));
	weir_json_out_open(&json, "figures", '{');
	for (size_t i = 0; i < event->n_figures; i++)
		weir_json_out_u64(&json, event->figures[i].name, event->figures[i].value);
	weir_json_out_close(&json, '}');
	weir_json_out_close(&json, '}');
	putchar('\n');
}

static void add_row(struct weir_table *table, const struct weir_event_info *event)
{
	time_t seconds = (time_t)(event->time_us / 1000000);
	struct tm parts = {};
	char day[32];

	localtime_r(&seconds, &parts);
	strftime(day, sizeof(day), "%F %T", &parts);
	weir_table_addf(table, "%s.%03u", day, (unsigned int)(event->time_us / 1000 % 1000));
	weir_table_addf(table, "%" PRIu64, event->seq);
	weir_table_add(table, event->id[0] ? event->id : "-");
	weir_table_add(table, event->kind);
	weir_table_add(table, event->cause);
	weir_table_add(table, event->text);
}

static int print(struct reading *reading, const struct weir_event_list *list)
{
	if (list->lost > 0)
		weir_say("%" PRIu64 " earlier events are kept no more", list->lost);
	for (size_t i = 0; i < list->n; i++) {
		if (reading->chosen->json)
			print_json(&list->list[i]);
		else
			add_row(&reading->table, &list->list[i]);
	}
	if (!reading->chosen->json && weir_table_flow(&reading->table, stdout) < 0) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	/* A reader that has gone ends this; else it would go on for nobody. */
	return fflush(stdout) == 0 ? WEIR_EXIT_OK : WEIR_EXIT_FAILED;
}

/* ---- Reading ---- */

static int read_once(struct reading *reading, unsigned int wait_ms, int *ret_code)
{
	scoped(weir_event_list_free) struct weir_event_list list = {};
	int r;

	r = weir_client_events(reading->client, reading->id, reading->since, reading->epoch_us,
			       wait_ms, &list);
	if (r < 0)
		return r;
	reading->away = false;
	if (list.next < reading->since && list.n == 0) {
		/* A number by hand, or of a daemon that was not ours to see. */
		weir_say("the newest event is number %" PRIu64 ": beginning anew", list.next);
		reading->since = 0;
		return read_once(reading, 0, ret_code);
	}
	if (reading->epoch_us && reading->epoch_us != list.epoch_us)
		weir_say("the daemon was started anew: numbers begin again");
	reading->since = list.next;
	reading->epoch_us = list.epoch_us;
	*ret_code = print(reading, &list);
	return 0;
}

/* Is it likely to be there again: ending, starting, or between the two? */
static bool is_away(const struct weir_client *client)
{
	int status = weir_client_status(client);

	return status == 0 || status == 503;
}

static int follow(struct reading *reading)
{
	int code = WEIR_EXIT_OK, r = 0;

	while (code == WEIR_EXIT_OK) {
		r = read_once(reading, WEIR_EVENTS_WAIT_MAX_MS, &code);
		if (r == 0)
			continue;
		if (!is_away(reading->client))
			return weir_failed(reading->client, r);
		if (!reading->away)
			weir_say("%s, retrying", weir_client_error(reading->client));
		reading->away = true;
		usleep(RETRY_US);
	}
	return code;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	static const char *const headers[] = { "TIME",	">SEQ", "CONTAINER", "EVENT",
					       "CAUSE", "WHAT", NULL };
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	scoped(freep) char *id = NULL;
	struct reading reading = { .client = client, .chosen = data };
	int code = client ? WEIR_EXIT_OK : WEIR_EXIT_FAILED, r;

	if (client && n_operands > 0)
		code = weir_resolve(client, operands[0], &id);
	if (code != WEIR_EXIT_OK)
		return code;
	weir_table_init(&reading.table, headers);
	reading.id = id;
	reading.since = reading.chosen->since;
	r = read_once(&reading, 0, &code);
	if (r < 0)
		code = weir_failed(client, r);
	else if (reading.chosen->follow && code == WEIR_EXIT_OK)
		code = follow(&reading);
	weir_table_done(&reading.table);
	return code;
}

const struct weir_verb weir_verb_events = {
	.name = "events",
	.operands = "[ID]",
	.summary = "list what happened to containers, and why",
	.details = "Of all, or of one. The daemon keeps the newest some thousand, and begins anew "
		   "when it\n"
		   "is started. With --json an object has the figures, too.",
	.options = options,
	.options_size = sizeof(struct options),
	.max_operands = 1,
	.run = run,
};
