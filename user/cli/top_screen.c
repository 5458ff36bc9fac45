/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_screen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/sample.h"
#include "cli/text.h"
#include "cli/top_view.h"

#define FIRST_PICTURE_MS 250 /* nobody wants to look at nothing for a whole interval */

struct screen {
	chtype attributes[WEIR_TOP_STYLES];
	int line, column; /* where the next piece goes */
	bool utf8;
};

/* What does not fit is left out whole: curses would wrap it into the next line. */
static void draw_text(void *data, enum weir_top_style style, const char *text)
{
	struct screen *screen = data;
	int width = (int)weir_width(text);

	if (screen->line < LINES && screen->column + width <= COLS) {
		attrset((int)screen->attributes[style]);
		mvaddstr(screen->line, screen->column, text);
	}
	screen->column += width;
}

static void draw_newline(void *data)
{
	struct screen *screen = data;

	screen->line++;
	screen->column = 0;
}

static void choose_attributes(chtype attributes[])
{
	const char *no_color = getenv("NO_COLOR");

	for (int style = 0; style < WEIR_TOP_STYLES; style++)
		attributes[style] = A_NORMAL;
	attributes[WEIR_TOP_HEADERS] = A_REVERSE;
	attributes[WEIR_TOP_WARNING] = A_BOLD;
	if ((no_color && *no_color) || !has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(1, COLOR_GREEN, -1);
	init_pair(2, COLOR_YELLOW, -1);
	init_pair(3, COLOR_RED, -1);
	attributes[WEIR_TOP_PROMISED_USED] = attributes[WEIR_TOP_PROMISED_FREE] = COLOR_PAIR(1);
	attributes[WEIR_TOP_BURST_USED] = attributes[WEIR_TOP_BURST_FREE] = COLOR_PAIR(2);
	attributes[WEIR_TOP_WARNING] |= COLOR_PAIR(3);
}

/* The two samples between which the picture lies; the earlier one may be empty. */
struct picture {
	struct weir_sample before, now;
};

static int draw(struct screen *screen, const struct picture *picture)
{
	const struct weir_top_shape shape = { (unsigned int)COLS, screen->utf8 };
	const struct weir_top_sink sink = { draw_text, draw_newline, screen };
	int r;

	erase();
	screen->line = screen->column = 0;
	r = weir_top_render(&picture->before, &picture->now, &shape, &sink);
	refresh();
	return r;
}

/* Until the next picture is due. false: the user has seen enough, or has gone. */
static bool pause_until(uint64_t due_ns, struct screen *screen, const struct picture *picture)
{
	for (;;) {
		struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
		uint64_t now_ns = weir_metrics_now_ns();
		int key;

		if (now_ns >= due_ns)
			return true;
		if (poll(&input, 1, (int)((due_ns - now_ns + 999999) / 1000000)) == 0)
			continue;
		if (input.revents & (POLLHUP | POLLERR | POLLNVAL))
			return false;
		/* A key, or a signal: curses turns SIGWINCH into KEY_RESIZE. */
		key = getch();
		if (key == 'q' || key == 'Q')
			return false;
		if (key == KEY_RESIZE && picture->before.list)
			draw(screen, picture);
	}
}

static int run_screen(const struct weir_metrics *metrics, struct picture *picture,
		      uint64_t interval_ms, struct screen *screen)
{
	uint64_t wait_ms = interval_ms < FIRST_PICTURE_MS ? interval_ms : FIRST_PICTURE_MS;

	while (pause_until(picture->now.taken_ns + wait_ms * 1000000, screen, picture)) {
		int r;

		weir_sample_done(&picture->before);
		picture->before = picture->now;
		picture->now = (struct weir_sample){};
		r = weir_sample_take(metrics, &picture->now);
		if (r == 0)
			r = draw(screen, picture);
		if (r < 0)
			return r;
		wait_ms = interval_ms;
	}
	return 0;
}

int weir_top_screen(const struct weir_metrics *metrics, uint64_t interval_ms, bool utf8)
{
	struct screen screen = { .utf8 = utf8 };
	struct picture picture = {};
	SCREEN *curses;
	int r;

	r = weir_sample_take(metrics, &picture.now);
	if (r < 0)
		return r;
	curses = newterm(NULL, stdout, stdin);
	if (curses) {
		cbreak();
		noecho();
		curs_set(0);
		keypad(stdscr, TRUE);
		timeout(0);
		choose_attributes(screen.attributes);
		r = run_screen(metrics, &picture, interval_ms, &screen);
		endwin();
		delscreen(curses);
	}
	weir_sample_done(&picture.before);
	weir_sample_done(&picture.now);
	return curses ? r : -ENOTTY;
}
