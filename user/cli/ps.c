/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "cli/text.h"
#include "weir/weir.h"

#define MAX_COMMAND 256 /* bytes of a command line that are worth a look */

struct options {
	bool quiet, json;
};

static const struct weir_option options[] = {
	{ "quiet", 'q', NULL, NULL, offsetof(struct options, quiet), "print ids alone" },
	{ "json", 0, NULL, NULL, offsetof(struct options, json),
	  "print the daemon's answer to GET_CONTAINERS, whole" },
	WEIR_OPTIONS_END,
};

static void add_state(struct weir_table *table, const struct weir_container_info *info)
{
	if (info->status_known)
		weir_table_addf(table, "%s %d", info->state, weir_code_of_status(info->status));
	else
		weir_table_add(table, info->paused ? "paused" : info->state);
}

static void add_command(struct weir_table *table, const struct weir_container_info *info)
{
	scoped(weir_buffer_done) struct weir_buffer line = WEIR_BUFFER_INIT(1 << 20);
	scoped(freep) char *text = NULL;

	for (size_t i = 0; info->argv[i] && line.size < MAX_COMMAND; i++) {
		if (i > 0)
			weir_buffer_add_byte(&line, ' ');
		weir_buffer_add_text(&line, info->argv[i]);
	}
	text = weir_buffer_take_text(&line);
	weir_table_addf(table, "%.*s", MAX_COMMAND, text ? text : "");
}

static void add_row(struct weir_table *table, const struct weir_container_info *info,
		    uint64_t now_s)
{
	const struct weir_amounts *a = &info->amounts;
	uint64_t since_s = (info->started_us ? info->started_us : info->created_us) / 1000000;
	char band[WEIR_BAND], age[WEIR_FIGURE];

	/* What is shown can be typed, so the tree is no more than an indent. */
	weir_table_addf(table, "%s%s", strchr(info->id, '/') ? "  " : "", info->id);
	add_state(table, info);
	weir_table_add(table, weir_short_band(a->cpu_request_mcpu, a->cpu_limit_mcpu,
					      weir_short_cpu, band));
	weir_table_add(table, weir_short_band(a->mem_request_bytes, a->mem_limit_bytes,
					      weir_short_memory, band));
	if (info->pid)
		weir_table_addf(table, "%d", info->pid);
	else
		weir_table_add(table, "-");
	weir_table_add(table, weir_short_age(now_s > since_s ? now_s - since_s : 0, age));
	add_command(table, info);
}

static bool is_task_of(const struct weir_container_info *info, const char *executor)
{
	size_t len = strlen(executor);

	return strncmp(info->id, executor, len) == 0 && info->id[len] == '/';
}

/* Tasks follow their executors. In order of id others may lie between: "e", "e-2", "e/t". */
static void add_rows(struct weir_table *table, const struct weir_container_list *list)
{
	uint64_t now_s = (uint64_t)time(NULL);

	for (size_t i = 0; i < list->n; i++) {
		if (strchr(list->list[i].id, '/'))
			continue;
		add_row(table, &list->list[i], now_s);
		/* Those between it and its tasks begin as it does, so this ends soon. */
		for (size_t k = i + 1; k < list->n; k++) {
			if (strncmp(list->list[k].id, list->list[i].id, strlen(list->list[i].id)) !=
			    0)
				break;
			if (is_task_of(&list->list[k], list->list[i].id))
				add_row(table, &list->list[k], now_s);
		}
	}
}

static int print_table(const struct weir_container_list *list)
{
	static const char *const headers[] = { "ID",   "STATE", ">CPU",	   ">MEM",
					       ">PID", ">AGE",	"COMMAND", NULL };
	scoped(weir_table_done) struct weir_table table;

	weir_table_init(&table, headers);
	add_rows(&table, list);
	if (weir_table_print(&table, stdout) < 0) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	return WEIR_EXIT_OK;
}

static int print_answer(struct weir_client *client)
{
	static const char request[] = "{\"type\":\"GET_CONTAINERS\",\"get_containers\":"
				      "{\"show_nested\":true,\"show_standalone\":true}}";
	scoped(freep) char *json = NULL;
	int r = weir_client_raw(client, request, &json);

	if (r < 0)
		return weir_failed(client, r);
	weir_put_json(stdout, json);
	return WEIR_EXIT_OK;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	scoped(weir_container_list_free) struct weir_container_list list = {};
	const struct options *chosen = data;
	int r;

	(void)n_operands;
	(void)operands;
	if (!client)
		return WEIR_EXIT_FAILED;
	if (chosen->json)
		return print_answer(client);
	r = weir_client_containers(client, NULL, &list);
	if (r < 0)
		return weir_failed(client, r);
	if (!chosen->quiet)
		return print_table(&list);
	for (size_t i = 0; i < list.n; i++) {
		weir_put_escaped(stdout, list.list[i].id);
		putchar('\n');
	}
	return WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_ps = {
	.name = "ps",
	.operands = "",
	.summary = "list the containers, tasks below their executors",
	.details = "CPU and MEM are REQUEST:LIMIT; what each one uses is in 'weir stats' and 'weir "
		   "top'.\n"
		   "STATE has the exit code of those that have ended.",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
