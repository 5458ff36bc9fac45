/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_TOP_VIEW_H
#define WEIR_CLI_TOP_VIEW_H

/*
 * What `weir top` shows, as styled pieces of text; who draws them (a terminal, a pipe) is the
 * sink's business.
 */

#include <stdbool.h>

#include "cli/bar.h"
#include "cli/sample.h"

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
	bool utf8;
};

/*
 * The containers that have not ended, and what they did between the samples. Lines are at
 * most @shape->width wide as long as that is 60 or more. -ENOMEM.
 */
int weir_top_render(const struct weir_sample *before, const struct weir_sample *now,
		    const struct weir_top_shape *shape, const struct weir_top_sink *sink);

#endif /* WEIR_CLI_TOP_VIEW_H */
