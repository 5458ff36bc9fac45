/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_screen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/text.h"
#include "cli/top_view.h"
#include "metrics/sample.h"

#define FIRST_PICTURE_MS 250 /* nobody wants to look at nothing for a whole interval */
#define ESCAPE_MS	 25 /* behind an Escape that is a key of its own nothing comes */
#define ESCAPE		 0x1b
#define DELETE		 0x7f

struct screen {
	chtype attributes[WEIR_TOP_STYLES];
	int line, column; /* where the next piece goes */
	bool utf8;
	struct weir_top_look look;
	size_t first; /* of the containers, the one on top */
	bool entering; /* the filter is being typed */
	bool paused, helping;
	sigset_t waiting; /* what is blocked while it waits for keys: not SIGWINCH */
};

static const char *const help[] = {
	"c  by CPU               b  by CPU beyond the request",
	"w  by wait              m  by memory",
	"n  by id                r  the other way round",
	"t  tasks below their executors, or one after the other",
	"/  only those whose id has a text in it; Escape: all again",
	"space  hold the picture, or let it go on",
	"arrows, Page, Home, End  move through the list",
	"q  quit",
	"",
	"any key: back",
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

static void draw_help(void)
{
	erase();
	attrset(A_NORMAL);
	for (int i = 0; i < (int)ARRAY_SIZE(help) && i < LINES; i++)
		mvaddnstr(i, 0, help[i], COLS);
	refresh();
}

static int draw(struct screen *screen, const struct picture *picture)
{
	const struct weir_top_shape shape = { (unsigned int)COLS, (unsigned int)LINES,
					      screen->utf8 };
	const struct weir_top_sink sink = { draw_text, draw_newline, screen };
	char foot[WEIR_TOP_FILTER + 64];
	int r;

	if (screen->helping) {
		draw_help();
		return 0;
	}
	if (screen->entering)
		snprintf(foot, sizeof(foot), "filter: %s_", screen->look.filter);
	else
		snprintf(foot, sizeof(foot), "by %s%s%s  h help  q quit",
			 weir_top_sort_name(screen->look.sort),
			 screen->look.reverse ? ", reversed" : "",
			 screen->paused ? "  PAUSED" : "");
	erase();
	screen->line = screen->column = 0;
	r = weir_top_render(&picture->before, &picture->now, &screen->look, &shape, &screen->first,
			    foot, &sink);
	refresh();
	return r;
}

/* A key while the filter is typed. */
static void edit_filter(struct screen *screen, int key)
{
	char *filter = screen->look.filter;
	size_t len = strlen(filter);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		screen->entering = false;
	} else if (key == ESCAPE) {
		screen->entering = false;
		*filter = '\0';
	} else if ((key == KEY_BACKSPACE || key == DELETE || key == '\b') && len > 0) {
		filter[len - 1] = '\0';
	} else if (key > ' ' && key < DELETE && len + 1 < WEIR_TOP_FILTER) {
		filter[len] = (char)key;
		filter[len + 1] = '\0';
	}
}

static void move_by(struct screen *screen, long lines)
{
	if (lines < 0 && screen->first < (size_t)-lines)
		screen->first = 0;
	else
		screen->first += (size_t)lines; /* too far is corrected when it is drawn */
}

static bool sort_by(struct screen *screen, int key)
{
	static const char keys[WEIR_TOP_SORTS_] = {
		[WEIR_TOP_BY_ID] = 'n',	  [WEIR_TOP_BY_CPU] = 'c', [WEIR_TOP_BY_BEYOND] = 'b',
		[WEIR_TOP_BY_WAIT] = 'w', [WEIR_TOP_BY_MEM] = 'm',
	};

	for (int sort = 0; sort < WEIR_TOP_SORTS_; sort++) {
		if (keys[sort] != key)
			continue;
		screen->look.sort = (enum weir_top_sort)sort;
		screen->look.reverse = false;
		screen->first = 0;
		return true;
	}
	return false;
}

/* false: the user has seen enough. */
static bool on_key(struct screen *screen, int key)
{
	if (screen->helping) {
		screen->helping = key == KEY_RESIZE;
		return true;
	}
	if (screen->entering) {
		edit_filter(screen, key);
		return true;
	}
	if (sort_by(screen, key))
		return true;
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case 'h':
	case '?':
		screen->helping = true;
		break;
	case 'r':
		screen->look.reverse = !screen->look.reverse;
		break;
	case 't':
		screen->look.tree = !screen->look.tree;
		break;
	case '/':
		screen->entering = true;
		screen->first = 0;
		break;
	case ESCAPE:
		screen->look.filter[0] = '\0';
		break;
	case ' ':
		screen->paused = !screen->paused;
		break;
	case KEY_UP:
		move_by(screen, -1);
		break;
	case KEY_DOWN:
		move_by(screen, 1);
		break;
	case KEY_PPAGE:
		move_by(screen, -(LINES / 2));
		break;
	case KEY_NPAGE:
		move_by(screen, LINES / 2);
		break;
	case KEY_HOME:
		screen->first = 0;
		break;
	case KEY_END:
		screen->first = SIZE_MAX / 2;
		break;
	default:
		break;
	}
	return true;
}

/* How long it is until @due_ns. false: it is now. */
static bool has_patience(uint64_t due_ns, struct timespec *ret)
{
	uint64_t now_ns = weir_metrics_now_ns(), left = due_ns > now_ns ? due_ns - now_ns : 0;

	*ret = (struct timespec){ .tv_sec = (time_t)(left / 1000000000),
				  .tv_nsec = (long)(left % 1000000000) };
	return left > 0;
}

/* Until the next picture is due. false: the user has seen enough, or has gone. */
static bool pause_until(uint64_t due_ns, struct screen *screen, const struct picture *picture)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec left;
	int key;

	while (screen->paused || has_patience(due_ns, &left)) {
		input.revents = 0;
		if (ppoll(&input, 1, screen->paused ? NULL : &left, &screen->waiting) == 0)
			continue;
		if (input.revents & (POLLHUP | POLLERR | POLLNVAL))
			return false;
		/* Keys, or a signal: curses turns SIGWINCH into KEY_RESIZE. */
		while ((key = getch()) != ERR)
			if (!on_key(screen, key))
				return false;
		if (picture->before.list)
			draw(screen, picture);
	}
	return true;
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
	struct screen screen = { .utf8 = utf8, .look.tree = true };
	struct picture picture = {};
	SCREEN *curses;
	sigset_t resized;
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
		set_escdelay(ESCAPE_MS);
		timeout(0);
		choose_attributes(screen.attributes);
		/* Anywhere else it would be noticed by nobody until the next key. */
		sigemptyset(&resized);
		sigaddset(&resized, SIGWINCH);
		sigprocmask(SIG_BLOCK, &resized, &screen.waiting);
		r = run_screen(metrics, &picture, interval_ms, &screen);
		sigprocmask(SIG_SETMASK, &screen.waiting, NULL);
		endwin();
		delscreen(curses);
	}
	weir_sample_done(&picture.before);
	weir_sample_done(&picture.now);
	return curses ? r : -ENOTTY;
}
