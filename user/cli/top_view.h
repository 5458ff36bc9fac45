/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_TOP_VIEW_H
#define WEIR_CLI_TOP_VIEW_H

/*
 * What `weir top` shows, as styled pieces of text; who draws them (a terminal, a pipe) is the
 * sink's business.
 */

#include <stdbool.h>

#include "cli/bar.h"
#include "cli/top_rows.h"

enum weir_top_style {
	WEIR_TOP_PROMISED_USED,
	WEIR_TOP_PROMISED_FREE,
	WEIR_TOP_BURST_USED,
	WEIR_TOP_BURST_FREE,
	WEIR_TOP_TEXT,
	WEIR_TOP_HEADERS,
	WEIR_TOP_WARNING,
	WEIR_TOP_STYLES,
};

struct weir_top_sink {
	void (*put)(void *data, enum weir_top_style style, const char *text);
	void (*newline)(void *data);
	void *data;
};

struct weir_top_shape {
	unsigned int width; /* columns */
	unsigned int height; /* lines; 0: as many as it takes */
	bool utf8;
};

/*
 * The containers that have not ended, and what they did between the samples: of those that @look
 * chooses as many as there are lines for, from *@first on, which is corrected where it leads too
 * far. Lines are at most @shape->width wide as long as that is 60 or more. @foot: the last line; NULL:
 * there is none. -ENOMEM.
 */
int weir_top_render(const struct weir_sample *before, const struct weir_sample *now,
		    const struct weir_top_look *look, const struct weir_top_shape *shape,
		    size_t *first, const char *foot, const struct weir_top_sink *sink);

#endif /* WEIR_CLI_TOP_VIEW_H */
