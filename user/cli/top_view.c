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

#define HEAD_LINES 4 /* the node's three, and the headers */

/* One of those that are on the screen. */
struct row {
	const struct weir_top_row *of;
	char cells[COLUMNS_][MAX_CELL];
};

struct view {
	const struct weir_sample *now;
	const struct weir_top_look *look;
	const struct weir_top_shape *shape;
	const struct weir_top_sink *sink;
	struct weir_top_rows found;
	struct row *rows;
	size_t n_rows;
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
static void fill_id(char cell[MAX_CELL], const struct weir_top_row *row)
{
	scoped(weir_buffer_done) struct weir_buffer text =
		WEIR_BUFFER_INIT((WEIR_NAME_MAX + 1) * 4 + 1);
	scoped(freep) char *id = NULL;

	/* Below its executor a task is called by its own id. */
	weir_escape(&text, row->above ? strchr(row->name, '/') + 1 : row->name, WEIR_NAME_MAX + 1);
	id = weir_buffer_take_text(&text);
	snprintf(cell, MAX_CELL, "%s%.*s", row->above ? "  " : "", MAX_ID, id ? id : "?");
	if (strlen(cell) > MAX_ID) {
		cell[MAX_ID - 1] = '~';
		cell[MAX_ID] = '\0';
	}
}

static void fill_row(struct row *row)
{
	const struct weir_slot *slot = row->of->slot;
	const struct weir_load *load = &row->of->load;
	char band[WEIR_BAND], figure[WEIR_FIGURE];

	fill_id(row->cells[ID], row->of);
	snprintf(row->cells[CPU], MAX_CELL, "%s", weir_short_cpu(load->cpu_mcpu, figure));
	snprintf(row->cells[CPU_BAND], MAX_CELL, "%s",
		 weir_short_band(slot->cpu_request_mcpu, slot->cpu_limit_mcpu, weir_short_cpu,
				 band));
	snprintf(row->cells[WAIT], MAX_CELL, "%u%%", load->wait_percent);
	snprintf(row->cells[THROTTLED], MAX_CELL, "%u%%", load->throttled_percent);
	snprintf(row->cells[MEM], MAX_CELL, "%s",
		 weir_short_memory(slot->mem_current_bytes, figure));
	snprintf(row->cells[MEM_BAND], MAX_CELL, "%s",
		 weir_short_band(slot->mem_request_bytes, slot->mem_limit_bytes, weir_short_memory,
				 band));
}

/* What is not on the screen is not written out: of a thousand that takes the most. */
static int fill_rows(struct view *view, size_t *first, bool has_foot)
{
	size_t room = SIZE_MAX, n = view->found.n_shown;

	if (view->shape->height) {
		size_t taken = HEAD_LINES + has_foot;

		room = view->shape->height > taken ? view->shape->height - taken : 0;
	}
	if (*first + room > n || *first + room < room)
		*first = n > room ? n - room : 0;
	view->n_rows = n - *first < room ? n - *first : room;
	view->rows = calloc(view->n_rows ? view->n_rows : 1, sizeof(*view->rows));
	if (!view->rows)
		return -ENOMEM;
	for (size_t i = 0; i < view->n_rows; i++) {
		view->rows[i].of = view->found.shown[*first + i];
		fill_row(&view->rows[i]);
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
	const struct weir_slot *slot = row->of->slot;

	for (int column = 0; column < COLUMNS_; column++) {
		struct weir_bar bar;

		if (column > 0)
			put(view, WEIR_TOP_TEXT, " ");
		if (column == CPU_BAR) {
			bar = weir_bar_of(row->of->load.cpu_mcpu, slot->cpu_request_mcpu,
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
				 view->found.used_mcpu };
	const uint64_t mem[] = { node->capacity_bytes, node->reserve_bytes, node->requested_bytes,
				 view->found.used_bytes };

	put_resource(view, "CPU", weir_short_cpu, cpu);
	put_resource(view, "MEM", weir_short_memory, mem);
	putf(view, WEIR_TOP_TEXT, "%zu running, %zu of them above their CPU request", view->found.n,
	     view->found.n_beyond);
	if (view->look->filter[0])
		putf(view, WEIR_TOP_TEXT, ", %zu with '%s'", view->found.n_shown,
		     view->look->filter);
	if (view->now->taken_ns > node->tick_ns + DAEMON_IS_OLD)
		put(view, WEIR_TOP_WARNING, "; the daemon is not running");
	view->sink->newline(view->sink->data);
}

/* At the bottom, however few rows there are. */
static void put_foot(const struct view *view, const char *foot)
{
	for (size_t line = HEAD_LINES + view->n_rows; line + 1 < view->shape->height; line++)
		view->sink->newline(view->sink->data);
	put(view, WEIR_TOP_HEADERS, foot);
}

int weir_top_render(const struct weir_sample *before, const struct weir_sample *now,
		    const struct weir_top_look *look, const struct weir_top_shape *shape,
		    size_t *first, const char *foot, const struct weir_top_sink *sink)
{
	struct view view = { .now = now, .look = look, .shape = shape, .sink = sink };
	int r;

	r = weir_top_rows_take(before, now, look, &view.found);
	if (r == 0)
		r = fill_rows(&view, first, foot != NULL);
	if (r == 0) {
		lay_out(&view);
		put_node(&view);
		put_headers(&view);
		for (size_t i = 0; i < view.n_rows; i++)
			put_row(&view, &view.rows[i]);
		if (foot)
			put_foot(&view, foot);
	}
	free(view.rows);
	weir_top_rows_done(&view.found);
	return r;
}
