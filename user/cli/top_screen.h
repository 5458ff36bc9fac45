/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_TOP_SCREEN_H
#define WEIR_CLI_TOP_SCREEN_H

/* `weir top` on a terminal: a fresh picture each interval, until 'q'. */

#include <stdbool.h>
#include <stdint.h>

struct weir_metrics;

/* 0; -ENOTTY: curses does not know this terminal; -ENOMEM. */
int weir_top_screen(const struct weir_metrics *metrics, uint64_t interval_ms, bool utf8);

#endif /* WEIR_CLI_TOP_SCREEN_H */
