/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/role_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/json_out.h"
#include "cli/table.h"
#include "cli/text.h"

#define MAX_DEPTH 63 /* levels of a tree that have lines */
#define MAX_CELL  4096

void weir_role_rows_done(struct weir_role_rows *rows)
{
	free(rows->list);
	*rows = (struct weir_role_rows){};
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* '/' before whatever a name may hold, so that "a/b" comes right behind "a", and "a-b" after both. */
static int rank(const struct weir_role_row *row, size_t i)
{
	if (i >= row->size)
		return -1;
	return row->name[i] == '/' ? 0 : (unsigned char)row->name[i];
}

static int by_place(const void *a, const void *b)
{
	for (size_t i = 0;; i++) {
		int x = rank(a, i), y = rank(b, i);

		if (x != y || x < 0)
			return x - y;
	}
}

static size_t count_above(const char *name)
{
	size_t n = 0;

	while ((name = strchr(name, '/'))) {
		name++;
		n++;
	}
	return n;
}

static void add_above(struct weir_role_rows *rows, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/'))
		rows->list[rows->n++] = (struct weir_role_row){ .name = name,
								.size = (size_t)(slash - name),
								.gap = true };
}

static const char *role_of(const struct weir_resource_info *resource)
{
	return resource->n_levels ? resource->levels[resource->n_levels - 1].role : "*";
}

static size_t count_room(const struct weir_role_list *roles, const struct weir_resource_list *books,
			 bool tree)
{
	size_t room = roles->n + books->n + 1;

	for (size_t i = 0; tree && i < roles->n; i++)
		room += count_above(roles->list[i].name);
	for (size_t i = 0; tree && i < books->n; i++)
		room += count_above(role_of(&books->list[i]));
	return room;
}

static void add_role(struct weir_role_rows *rows, const struct weir_role_info *role)
{
	rows->list[rows->n++] = (struct weir_role_row){
		.name = role->name,
		.size = strlen(role->name),
		.reserved_mcpu = role->reserved_mcpu,
		.reserved_bytes = role->reserved_bytes,
		.used_mcpu = least(role->reserved_mcpu, role->demand_mcpu),
		.used_bytes = least(role->reserved_bytes, role->demand_bytes),
	};
}

static void add_disk(struct weir_role_rows *rows, const struct weir_resource_info *resource)
{
	const char *role = role_of(resource);

	rows->list[rows->n++] = (struct weir_role_row){
		.name = role,
		.size = strlen(role),
		.disk_bytes = resource->amount,
		.volumes = resource->volume_id != NULL,
	};
}

/* Rows of one role become one. */
static void merge(struct weir_role_rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct weir_role_row *row = &rows->list[i];
		struct weir_role_row *into = n > 0 ? &rows->list[n - 1] : NULL;

		if (!into || by_place(into, row) != 0) {
			rows->list[n++] = *row;
			continue;
		}
		into->reserved_mcpu += row->reserved_mcpu;
		into->reserved_bytes += row->reserved_bytes;
		into->used_mcpu += row->used_mcpu;
		into->used_bytes += row->used_bytes;
		into->disk_bytes += row->disk_bytes;
		into->volumes += row->volumes;
		into->gap &= row->gap;
	}
	rows->n = n;
}

int weir_role_rows_make(const struct weir_role_list *roles, const struct weir_resource_list *books,
			bool tree, struct weir_role_rows *ret)
{
	struct weir_role_rows rows = {};

	rows.list = calloc(count_room(roles, books, tree), sizeof(*rows.list));
	if (!rows.list)
		return -ENOMEM;
	for (size_t i = 0; i < roles->n; i++)
		add_role(&rows, &roles->list[i]);
	/* Cpus and memory are in the roles already; who has nothing but disk is in neither list alone. */
	for (size_t i = 0; i < books->n; i++)
		if (books->list[i].kind == WEIR_RESOURCE_DISK)
			add_disk(&rows, &books->list[i]);
	for (size_t i = 0, n = rows.n; tree && i < n; i++)
		add_above(&rows, rows.list[i].name);
	qsort(rows.list, rows.n, sizeof(*rows.list), by_place);
	merge(&rows);
	*ret = rows;
	return 0;
}

/* ---- As a table ---- */

static size_t depth_of(const struct weir_role_row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < row->size; i++)
		n += row->name[i] == '/';
	return least(n, MAX_DEPTH);
}

/*
 * For each row a bit a depth: does a line go on there, to a later row below the same one? From the end on, as
 * it is what follows that tells.
 */
static void find_lines(const struct weir_role_rows *rows, uint64_t *lines)
{
	uint64_t open = 0;

	for (size_t i = rows->n; i-- > 0;) {
		uint64_t bit = UINT64_C(1) << depth_of(&rows->list[i]);

		lines[i] = open;
		/* What is deeper is below this row, and has ended above it. */
		open = (open & (bit - 1)) | bit;
	}
}

static void add_branch(struct weir_buffer *to, size_t depth, uint64_t lines, bool utf8)
{
	for (size_t i = 1; i < depth; i++)
		weir_buffer_add_text(to, !(lines >> i & 1) ? "   " : utf8 ? "│  " : "|  ");
	if (depth > 0 && lines >> depth & 1)
		weir_buffer_add_text(to, utf8 ? "├─ " : "|- ");
	else if (depth > 0)
		weir_buffer_add_text(to, utf8 ? "└─ " : "`- ");
}

static void add_name(struct weir_table *table, const struct weir_role_row *row,
		     const uint64_t *lines, bool utf8)
{
	scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(MAX_CELL);
	scoped(freep) char *cell = NULL;
	const char *name = row->name, *slash;
	size_t size = row->size;

	if (lines) {
		add_branch(&text, depth_of(row), *lines, utf8);
		slash = memrchr(name, '/', size);
		size -= slash ? (size_t)(slash + 1 - name) : 0;
		name = slash ? slash + 1 : name;
	}
	weir_buffer_add(&text, name, size);
	cell = weir_buffer_take_text(&text);
	weir_table_add(table, cell ? cell : "?");
}

static void add_figures(struct weir_table *table, const struct weir_role_row *row)
{
	char figure[WEIR_FIGURE];

	if (row->gap) {
		for (int i = 0; i < 6; i++)
			weir_table_add(table, "-");
		return;
	}
	weir_table_add(table, weir_short_cpu(row->reserved_mcpu, figure));
	weir_table_add(table, weir_short_cpu(row->used_mcpu, figure));
	weir_table_add(table, weir_short_memory(row->reserved_bytes, figure));
	weir_table_add(table, weir_short_memory(row->used_bytes, figure));
	weir_table_add(table, weir_short_memory(row->disk_bytes, figure));
	weir_table_addf(table, "%" PRIu64, row->volumes);
}

int weir_role_rows_print(const struct weir_role_rows *rows, bool tree, bool utf8, FILE *file)
{
	static const char *const headers[] = { "ROLE",	">CPU",	 ">USED",    ">MEM",
					       ">USED", ">DISK", ">VOLUMES", NULL };
	scoped(freep) uint64_t *lines = calloc(rows->n + 1, sizeof(*lines));
	scoped(weir_table_done) struct weir_table table;

	weir_table_init(&table, headers);
	if (!lines)
		return -ENOMEM;
	find_lines(rows, lines);
	for (size_t i = 0; i < rows->n; i++) {
		add_name(&table, &rows->list[i], tree ? &lines[i] : NULL, utf8);
		add_figures(&table, &rows->list[i]);
	}
	return weir_table_print(&table, file);
}

void weir_role_rows_json(const struct weir_role_rows *rows, FILE *file)
{
	struct weir_json_out json = { .file = file };

	weir_json_out_open(&json, NULL, '[');
	for (size_t i = 0; i < rows->n; i++) {
		const struct weir_role_row *row = &rows->list[i];

		weir_json_out_open(&json, NULL, '{');
		weir_json_out_text(&json, "role", row->name, row->size);
		weir_json_out_u64(&json, "reserved_mcpu", row->reserved_mcpu);
		weir_json_out_u64(&json, "used_mcpu", row->used_mcpu);
		weir_json_out_u64(&json, "reserved_bytes", row->reserved_bytes);
		weir_json_out_u64(&json, "used_bytes", row->used_bytes);
		weir_json_out_u64(&json, "disk_bytes", row->disk_bytes);
		weir_json_out_u64(&json, "volumes", row->volumes);
		weir_json_out_close(&json, '}');
	}
	weir_json_out_close(&json, ']');
	fputc('\n', file);
}
