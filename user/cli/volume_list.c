/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/volume_list.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/quantity.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/table.h"
#include "cli/text.h"

static void add_state(struct weir_table *table, const struct weir_volume_place *volume,
		      uint64_t now_us)
{
	uint64_t left_us = volume->removed_us > now_us ? volume->removed_us - now_us : 0;
	char age[WEIR_FIGURE];

	if (volume->destroyed_us == 0)
		weir_table_add(table, "there");
	else
		weir_table_addf(table, "destroyed, goes in %s",
				weir_short_age(left_us / 1000000, age));
}

int weir_volume_list_print(const struct weir_volume_list *list, uint64_t now_us, FILE *file)
{
	static const char *const headers[] = { "NAME",	 "ROLE",  "DISK", ">SIZE",
					       ">USERS", "STATE", "PATH", NULL };
	scoped(weir_table_done) struct weir_table table;
	char figure[WEIR_QUANTITY_TEXT];

	weir_table_init(&table, headers);
	for (size_t i = 0; i < list->n; i++) {
		const struct weir_volume_place *volume = &list->list[i];

		weir_table_add(&table, volume->id);
		weir_table_add(&table, *volume->role ? volume->role : "-");
		weir_table_add(&table, *volume->disk ? volume->disk : "root");
		weir_table_add(&table, weir_format_memory(volume->bytes, figure));
		weir_table_addf(&table, "%" PRIu64, volume->users);
		add_state(&table, volume, now_us);
		weir_table_add(&table, volume->path);
	}
	return weir_table_print(&table, file);
}

static void put_text(struct weir_json_out *json, const char *key, const char *text)
{
	weir_json_out_text(json, key, text, strlen(text));
}

void weir_volume_list_json(const struct weir_volume_list *list, FILE *file)
{
	struct weir_json_out json = { .file = file };

	weir_json_out_open(&json, NULL, '[');
	for (size_t i = 0; i < list->n; i++) {
		const struct weir_volume_place *volume = &list->list[i];

		weir_json_out_open(&json, NULL, '{');
		put_text(&json, "id", volume->id);
		put_text(&json, "role", volume->role);
		put_text(&json, "disk", volume->disk);
		put_text(&json, "path", volume->path);
		weir_json_out_u64(&json, "bytes", volume->bytes);
		weir_json_out_u64(&json, "users", volume->users);
		weir_json_out_u64(&json, "destroyed_us", volume->destroyed_us);
		weir_json_out_u64(&json, "removed_us", volume->removed_us);
		weir_json_out_close(&json, '}');
	}
	weir_json_out_close(&json, ']');
	fputc('\n', file);
}

int weir_volume_list_show(struct weir_client *client, bool json)
{
	scoped(weir_volume_list_free) struct weir_volume_list list = {};
	int r = weir_client_volumes(client, &list);

	if (r < 0)
		return weir_failed(client, r);
	if (json)
		weir_volume_list_json(&list, stdout);
	else if (weir_volume_list_print(&list, (uint64_t)time(NULL) * 1000000, stdout) < 0) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	return WEIR_EXIT_OK;
}
