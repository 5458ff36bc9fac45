/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_BAR_H
#define WEIR_CLI_BAR_H

/*
 * A bar with two parts: up to the request, which is promised, and from there to the limit,
 * which is burst. Pure arithmetic; who draws it chooses glyphs and colours.
 */

#include <stdbool.h>
#include <stdint.h>

struct weir_buffer;

enum weir_bar_part {
	WEIR_BAR_PROMISED_USED,
	WEIR_BAR_PROMISED_FREE,
	WEIR_BAR_BURST_USED,
	WEIR_BAR_BURST_FREE,
	WEIR_BAR_PARTS,
};

/* Cells of each part, in this order from the left. */
struct weir_bar {
	unsigned int cells[WEIR_BAR_PARTS];
};

/*
 * @full: what the bar's right end stands for when @limit is WEIR_INFINITE. Each part that
 * exists has at least one cell, however small its share; use of either part shows as soon as
 * it would fill half a cell, and use beyond the request always.
 */
struct weir_bar weir_bar_of(uint64_t used, uint64_t request, uint64_t limit, uint64_t full,
			    unsigned int width);

/* The glyph of a cell of @part. */
const char *weir_bar_glyph(enum weir_bar_part part, bool utf8);
void weir_bar_draw(struct weir_buffer *to, const struct weir_bar *bar, bool utf8);

#endif /* WEIR_CLI_BAR_H */
