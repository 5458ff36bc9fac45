/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/text.h"

#define MIN_BAR	      4
#define GOOD_BAR      10 /* before the id is cut for it */
#define MAX_BAR	      24
#define MIN_ID	      8
#define MAX_ID	      32
#define MAX_CELL      64
#define DAEMON_IS_OLD 5000000000ULL /* ns without a tick */

/* In the order of the screen; after the bands come the bars. */
enum column { ID, CPU, CPU_BAND, CPU_BAR, WAIT, THROTTLED, MEM, MEM_BAND, MEM_BAR, COLUMNS_ };

static const char *const headers[COLUMNS_] = {
	[ID] = "ID",	     [CPU] = "CPU", [CPU_BAND] = "REQ:LIM", [CPU_BAR] = "", [WAIT] = "WAIT",
	[THROTTLED] = "THR", [MEM] = "MEM", [MEM_BAND] = "REQ:LIM", [MEM_BAR] = "",
};

struct row {
	const struct weir_slot *slot;
	const char *name;
	struct weir_load load;
	char cells[COLUMNS_][MAX_CELL];
};

struct view {
	const struct weir_sample *now;
	const struct weir_top_shape *shape;
	const struct weir_top_sink *sink;
	struct row *rows;
	size_t n_rows, n_beyond;
	uint64_t used_mcpu, used_bytes;
	unsigned int widths[COLUMNS_];
};

static void put(const struct view *view, enum weir_top_style style, const char *text)
{
	view->sink->put(view->sink->data, style, text);
}

static void __attribute__((format(printf, 3, 4)))
putf(const struct view *view, enum weir_top_style style, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put(view, style, text);
}

/* Escaped, and cut with a '~' where it is longer than the widest column. */
static void fill_id(char cell[MAX_CELL], const char *name)
{
	scoped(weir_buffer_done) struct weir_buffer text =
		WEIR_BUFFER_INIT((WEIR_NAME_MAX + 1) * 4 + 1);
	scoped(freep) char *id = NULL;

	weir_escape(&text, name, WEIR_NAME_MAX + 1);
	id = weir_buffer_take_text(&text);
	snprintf(cell, MAX_CELL, "%.*s", MAX_ID, id ? id : "?");
	if (id && strlen(id) > MAX_ID)
		cell[MAX_ID - 1] = '~';
}

static void fill_row(struct row *row)
{
	const struct weir_slot *slot = row->slot;
	char band[WEIR_BAND], figure[WEIR_FIGURE];

	fill_id(row->cells[ID], row->name);
	snprintf(row->cells[CPU], MAX_CELL, "%s", weir_short_cpu(row->load.cpu_mcpu, figure));
	snprintf(row->cells[CPU_BAND], MAX_CELL, "%s",
		 weir_short_band(slot->cpu_request_mcpu, slot->cpu_limit_mcpu, weir_short_cpu,
				 band));
	snprintf(row->cells[WAIT], MAX_CELL, "%u%%", row->load.wait_percent);
	snprintf(row->cells[THROTTLED], MAX_CELL, "%u%%", row->load.throttled_percent);
	snprintf(row->cells[MEM], MAX_CELL, "%s",
		 weir_short_memory(slot->mem_current_bytes, figure));
	snprintf(row->cells[MEM_BAND], MAX_CELL, "%s",
		 weir_short_band(slot->mem_request_bytes, slot->mem_limit_bytes, weir_short_memory,
				 band));
}

static int collect(struct view *view, const struct weir_sample *before)
{
	const struct weir_sample *now = view->now;

	view->rows = calloc(now->n + 1, sizeof(*view->rows));
	if (!view->rows)
		return -ENOMEM;
	for (size_t i = 0; i < now->n; i++) {
		const struct weir_slot *slot = &now->list[i].slot;
		struct row *row = &view->rows[view->n_rows];

		if (slot->state != WEIR_SLOT_RUNNING && slot->state != WEIR_SLOT_LAUNCHING)
			continue;
		row->slot = slot;
		row->name = now->list[i].name;
		row->load = weir_load_of(weir_sample_find(before, row->name), &now->list[i],
					 now->taken_ns - before->taken_ns);
		fill_row(row);
		view->n_rows++;
		view->n_beyond += row->load.cpu_mcpu > slot->cpu_request_mcpu;
		view->used_mcpu += row->load.cpu_mcpu;
		view->used_bytes += slot->mem_current_bytes;
	}
	return 0;
}

/* Text as wide as it needs; the bars share what is left; the id gives way when that is too little. */
static void lay_out(struct view *view)
{
	unsigned int taken = COLUMNS_ - 1, bar; /* the gaps */

	for (int column = 0; column < COLUMNS_; column++) {
		unsigned int width = (unsigned int)weir_width(headers[column]);

		for (size_t i = 0; i < view->n_rows; i++) {
			unsigned int cell = (unsigned int)weir_width(view->rows[i].cells[column]);

			width = cell > width ? cell : width;
		}
		view->widths[column] = width;
		taken += width;
	}
	while (taken + 2 * GOOD_BAR > view->shape->width && view->widths[ID] > MIN_ID) {
		view->widths[ID]--;
		taken--;
	}
	bar = view->shape->width > taken ? (view->shape->width - taken) / 2 : 0;
	bar = bar < MIN_BAR ? MIN_BAR : bar > MAX_BAR ? MAX_BAR : bar;
	view->widths[CPU_BAR] = view->widths[MEM_BAR] = bar;
}

static void put_bar(const struct view *view, const struct weir_bar *bar)
{
	static const enum weir_top_style styles[WEIR_BAR_PARTS] = {
		[WEIR_BAR_PROMISED_USED] = WEIR_TOP_PROMISED_USED,
		[WEIR_BAR_PROMISED_FREE] = WEIR_TOP_PROMISED_FREE,
		[WEIR_BAR_BURST_USED] = WEIR_TOP_BURST_USED,
		[WEIR_BAR_BURST_FREE] = WEIR_TOP_BURST_FREE,
	};

	for (int part = 0; part < WEIR_BAR_PARTS; part++) {
		scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(1024);
		scoped(freep) char *cells = NULL;
		struct weir_bar only = {};

		only.cells[part] = bar->cells[part];
		weir_bar_draw(&text, &only, view->shape->utf8);
		cells = weir_buffer_take_text(&text);
		if (cells && *cells)
			put(view, styles[part], cells);
	}
}

static void put_cell(const struct view *view, enum weir_top_style style, int column,
		     const char *text)
{
	unsigned int width = view->widths[column];
	int pad = (int)width - (int)weir_width(text);

	if (column != ID)
		putf(view, style, "%*s%s", pad > 0 ? pad : 0, "", text);
	else if (pad >= 0)
		putf(view, style, "%s%*s", text, pad, "");
	else
		putf(view, style, "%.*s~", (int)width - 1, text);
}

static void put_headers(const struct view *view)
{
	for (int column = 0; column < COLUMNS_; column++) {
		if (column > 0)
			put(view, WEIR_TOP_HEADERS, " ");
		put_cell(view, WEIR_TOP_HEADERS, column, headers[column]);
	}
	view->sink->newline(view->sink->data);
}

static void put_row(const struct view *view, const struct row *row)
{
	const struct weir_node *node = &view->now->node;
	const struct weir_slot *slot = row->slot;

	for (int column = 0; column < COLUMNS_; column++) {
		struct weir_bar bar;

		if (column > 0)
			put(view, WEIR_TOP_TEXT, " ");
		if (column == CPU_BAR) {
			bar = weir_bar_of(row->load.cpu_mcpu, slot->cpu_request_mcpu,
					  slot->cpu_limit_mcpu, node->capacity_mcpu,
					  view->widths[column]);
			put_bar(view, &bar);
		} else if (column == MEM_BAR) {
			bar = weir_bar_of(slot->mem_current_bytes, slot->mem_request_bytes,
					  slot->mem_limit_bytes, node->capacity_bytes,
					  view->widths[column]);
			put_bar(view, &bar);
		} else {
			put_cell(view, WEIR_TOP_TEXT, column, row->cells[column]);
		}
	}
	view->sink->newline(view->sink->data);
}

/* Capacity, what is kept and promised of it, what containers use; the rest of the line is a bar. */
static void put_resource(const struct view *view, const char *name,
			 const char *(*figure)(uint64_t, char *), const uint64_t amounts[4])
{
	char capacity[WEIR_FIGURE], reserve[WEIR_FIGURE], requested[WEIR_FIGURE], used[WEIR_FIGURE];
	char text[160];
	struct weir_bar bar;
	unsigned int width;

	snprintf(text, sizeof(text), "%s %6s, %6s reserved, %6s requested, %6s used  ", name,
		 figure(amounts[0], capacity), figure(amounts[1], reserve),
		 figure(amounts[2], requested), figure(amounts[3], used));
	put(view, WEIR_TOP_TEXT, text);

	width = (unsigned int)weir_width(text);
	width = view->shape->width > width ? view->shape->width - width : 0;
	bar = weir_bar_of(amounts[3], amounts[2], amounts[0], 0, width < MAX_BAR ? width : MAX_BAR);
	put_bar(view, &bar);
	view->sink->newline(view->sink->data);
}

static void put_node(const struct view *view)
{
	const struct weir_node *node = &view->now->node;
	const uint64_t cpu[] = { node->capacity_mcpu, node->reserve_mcpu, node->requested_mcpu,
				 view->used_mcpu };
	const uint64_t mem[] = { node->capacity_bytes, node->reserve_bytes, node->requested_bytes,
				 view->used_bytes };

	put_resource(view, "CPU", weir_short_cpu, cpu);
	put_resource(view, "MEM", weir_short_memory, mem);
	putf(view, WEIR_TOP_TEXT, "%zu running, %zu of them above their CPU request", view->n_rows,
	     view->n_beyond);
	if (view->now->taken_ns > node->tick_ns + DAEMON_IS_OLD)
		put(view, WEIR_TOP_WARNING, "; the daemon is not running");
	view->sink->newline(view->sink->data);
}

int weir_top_render(const struct weir_sample *before, const struct weir_sample *now,
		    const struct weir_top_shape *shape, const struct weir_top_sink *sink)
{
	struct view view = { .now = now, .shape = shape, .sink = sink };
	int r;

	r = collect(&view, before);
	if (r < 0)
		return r;
	lay_out(&view);
	put_node(&view);
	put_headers(&view);
	for (size_t i = 0; i < view.n_rows; i++)
		put_row(&view, &view.rows[i]);
	free(view.rows);
	return 0;
}
