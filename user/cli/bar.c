/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bar.h"

#include "base/buffer.h"
#include "weir/abi.h"

/* @width * @part / @whole, rounded; amounts are far too large for whole products. */
static unsigned int share(uint64_t part, uint64_t whole, unsigned int width)
{
	if (whole == 0)
		return 0;
	if (part >= whole)
		return width;
	return (unsigned int)((double)width * (double)part / (double)whole + 0.5);
}

static unsigned int promised_cells(uint64_t request, uint64_t end, unsigned int width)
{
	unsigned int cells = share(request, end, width);

	if (request == 0 || width == 0)
		return 0;
	if (cells == 0)
		return 1;
	if (cells == width && request < end && width > 1)
		return width - 1;
	return cells;
}

struct weir_bar weir_bar_of(uint64_t used, uint64_t request, uint64_t limit, uint64_t full,
			    unsigned int width)
{
	uint64_t end = limit == WEIR_INFINITE ? full : limit;
	unsigned int promised, burst, in_promised, in_burst;

	if (end < request)
		end = request;
	promised = promised_cells(request, end, width);
	burst = width - promised;
	in_promised = share(used < request ? used : request, request, promised);
	in_burst = used > request ? share(used - request, end - request, burst) : 0;
	if (used > request && in_burst == 0 && burst > 0)
		in_burst = 1;

	return (struct weir_bar){ .cells = {
					  [WEIR_BAR_PROMISED_USED] = in_promised,
					  [WEIR_BAR_PROMISED_FREE] = promised - in_promised,
					  [WEIR_BAR_BURST_USED] = in_burst,
					  [WEIR_BAR_BURST_FREE] = burst - in_burst,
				  } };
}

const char *weir_bar_glyph(enum weir_bar_part part, bool utf8)
{
	static const char *const glyphs[WEIR_BAR_PARTS][2] = {
		[WEIR_BAR_PROMISED_USED] = { "#", "█" },
		[WEIR_BAR_PROMISED_FREE] = { "-", "░" },
		[WEIR_BAR_BURST_USED] = { "+", "▒" },
		[WEIR_BAR_BURST_FREE] = { ".", "·" },
	};

	return glyphs[part][utf8];
}

void weir_bar_draw(struct weir_buffer *to, const struct weir_bar *bar, bool utf8)
{
	for (int part = 0; part < WEIR_BAR_PARTS; part++)
		for (unsigned int i = 0; i < bar->cells[part]; i++)
			weir_buffer_add_text(to, weir_bar_glyph((enum weir_bar_part)part, utf8));
}
