/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/text.h"

#define MAX_CELL 4096 /* bytes, escaped */
#define GAP	 2

void weir_table_init(struct weir_table *table, const char *const *headers)
{
	*table = (struct weir_table){ .headers = headers };
	while (headers[table->n_columns] && table->n_columns < WEIR_TABLE_MAX_COLUMNS)
		table->n_columns++;
}

void weir_table_done(struct weir_table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct weir_table){};
}

void weir_table_add(struct weir_table *table, const char *text)
{
	scoped(weir_buffer_done) struct weir_buffer cell = WEIR_BUFFER_INIT(MAX_CELL);

	if (table->n_cells == table->capacity) {
		size_t capacity = table->capacity ? 2 * table->capacity : 64;
		char **cells = reallocarray(table->cells, capacity, sizeof(*cells));

		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->capacity = capacity;
	}
	weir_escape(&cell, text, MAX_CELL / 4); /* one byte may become four */
	table->cells[table->n_cells] = weir_buffer_take_text(&cell);
	if (!table->cells[table->n_cells])
		table->failed = true;
	else
		table->n_cells++;
}

void weir_table_addf(struct weir_table *table, const char *fmt, ...)
{
	scoped(freep) char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		weir_table_add(table, text);
	else
		table->failed = true;
}

static bool is_right(const struct weir_table *table, size_t column)
{
	return table->headers[column][0] == '>';
}

static const char *header_text(const struct weir_table *table, size_t column)
{
	return table->headers[column] + is_right(table, column);
}

static void print_row(const struct weir_table *table, char *const *cells, FILE *file)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const char *text = cells ? cells[i] : header_text(table, i);
		size_t pad = table->widths[i] - weir_width(text);
		bool right = is_right(table, i), last = i + 1 == table->n_columns;

		fprintf(file, "%*s%s%*s", right ? (int)pad : 0, "", text,
			last	? 0
			: right ? GAP
				: (int)pad + GAP,
			"");
	}
	fputc('\n', file);
}

static void measure(struct weir_table *table)
{
	for (size_t i = 0; i < table->n_columns; i++)
		if (weir_width(header_text(table, i)) > table->widths[i])
			table->widths[i] = weir_width(header_text(table, i));
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t width = weir_width(table->cells[i]), column = i % table->n_columns;

		if (width > table->widths[column])
			table->widths[column] = width;
	}
}

static void print_rows(const struct weir_table *table, FILE *file)
{
	for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
		print_row(table, &table->cells[i], file);
}

int weir_table_print(struct weir_table *table, FILE *file)
{
	assert(table->n_columns > 0);
	if (table->failed)
		return -ENOMEM;
	measure(table);
	print_row(table, NULL, file);
	print_rows(table, file);
	return 0;
}

int weir_table_flow(struct weir_table *table, FILE *file)
{
	bool first = table->widths[0] == 0;

	assert(table->n_columns > 0);
	if (table->failed)
		return -ENOMEM;
	if (table->n_cells == 0)
		return 0;
	measure(table);
	if (first)
		print_row(table, NULL, file);
	print_rows(table, file);
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	table->n_cells = 0;
	return 0;
}
