/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/volume_list.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/quantity.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/table.h"
#include "cli/text.h"

#define WALK_FDS 16

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

/* nftw() hands nothing on. */
static uint64_t walked_bytes;

/* As du(1) counts: what the disk has, a file of several names once. */
static int add_file(const char *path, const struct stat *found, int type, struct FTW *ftw)
{
	nlink_t names = found->st_nlink > 0 && !S_ISDIR(found->st_mode) ? found->st_nlink : 1;

	(void)path;
	(void)ftw;

	if (type == FTW_DNR || type == FTW_NS)
		return -1;
	walked_bytes += (uint64_t)found->st_blocks * 512 / names;
	return 0;
}

static uint64_t used_by(const char *path)
{
	walked_bytes = 0;
	return nftw(path, add_file, WALK_FDS, FTW_PHYS | FTW_MOUNT) == 0 ? walked_bytes
									 : WEIR_USED_UNKNOWN;
}

static void add_used(struct weir_table *table, const uint64_t *used)
{
	char figure[WEIR_QUANTITY_TEXT];

	if (*used == WEIR_USED_UNKNOWN)
		weir_table_add(table, "?");
	else
		weir_table_add(table, weir_format_memory(*used, figure));
}

int weir_volume_list_print(const struct weir_volume_list *list, const uint64_t *used,
			   uint64_t now_us, FILE *file)
{
	static const char *const plain[] = { "NAME",   "ROLE",	"DISK", ">SIZE",
					     ">USERS", "STATE", "PATH", NULL };
	static const char *const walked[] = { "NAME",	">USED", "ROLE", "DISK", ">SIZE",
					      ">USERS", "STATE", "PATH", NULL };
	scoped(weir_table_done) struct weir_table table;
	char figure[WEIR_QUANTITY_TEXT];

	weir_table_init(&table, used ? walked : plain);
	for (size_t i = 0; i < list->n; i++) {
		const struct weir_volume_place *volume = &list->list[i];

		weir_table_add(&table, volume->id);
		if (used)
			add_used(&table, &used[i]);
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

void weir_volume_list_json(const struct weir_volume_list *list, const uint64_t *used, FILE *file)
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
		if (used && used[i] != WEIR_USED_UNKNOWN)
			weir_json_out_u64(&json, "used_bytes", used[i]);
		weir_json_out_u64(&json, "users", volume->users);
		weir_json_out_u64(&json, "destroyed_us", volume->destroyed_us);
		weir_json_out_u64(&json, "removed_us", volume->removed_us);
		weir_json_out_close(&json, '}');
	}
	weir_json_out_close(&json, ']');
	fputc('\n', file);
}

/* NULL: no memory. */
static uint64_t *walk_all(const struct weir_volume_list *list)
{
	uint64_t *used = calloc(list->n + 1, sizeof(*used));

	for (size_t i = 0; used && i < list->n; i++)
		used[i] = used_by(list->list[i].path);
	return used;
}

int weir_volume_list_show(struct weir_client *client, bool used, bool json)
{
	scoped(weir_volume_list_free) struct weir_volume_list list = {};
	scoped(freep) uint64_t *bytes = NULL;
	int r = weir_client_volumes(client, &list);

	if (r < 0)
		return weir_failed(client, r);
	if (used)
		bytes = walk_all(&list);
	if (used && !bytes)
		r = -ENOMEM;
	else if (json)
		weir_volume_list_json(&list, bytes, stdout);
	else
		r = weir_volume_list_print(&list, bytes, (uint64_t)time(NULL) * 1000000, stdout);
	if (r < 0) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	return WEIR_EXIT_OK;
}
