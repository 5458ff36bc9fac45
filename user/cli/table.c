/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/text.h"

#define MAX_COLUMNS 16
#define MAX_CELL    4096 /* bytes, escaped */
#define GAP	    2

void weir_table_init(struct weir_table *table, const char *const *headers)
{
	*table = (struct weir_table){ .headers = headers };
	while (headers[table->n_columns] && table->n_columns < MAX_COLUMNS)
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

static void print_row(const struct weir_table *table, char *const *cells, const size_t *widths,
		      FILE *file)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const char *text = cells ? cells[i] : header_text(table, i);
		size_t pad = widths[i] - weir_width(text);
		bool right = is_right(table, i), last = i + 1 == table->n_columns;

		fprintf(file, "%*s%s%*s", right ? (int)pad : 0, "", text,
			last	? 0
			: right ? GAP
				: (int)pad + GAP,
			"");
	}
	fputc('\n', file);
}

int weir_table_print(const struct weir_table *table, FILE *file)
{
	size_t widths[MAX_COLUMNS];

	assert(table->n_columns > 0);
	if (table->failed)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = weir_width(header_text(table, i));
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t width = weir_width(table->cells[i]), column = i % table->n_columns;

		if (width > widths[column])
			widths[column] = width;
	}

	print_row(table, NULL, widths, file);
	for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
		print_row(table, &table->cells[i], widths, file);
	return 0;
}
