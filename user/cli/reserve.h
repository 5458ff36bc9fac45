/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_RESERVE_H
#define WEIR_CLI_RESERVE_H

/* `weir reserve`, in two files: to reserve, and to move what is reserved. */

#include "cli/reserved.h"

struct weir_client;

struct weir_reserve_options {
	struct weir_reserved_options reserved;
	bool refine;
	const char *from, *to; /* of move, alone */
};

/* reserve_move.c. The exit code. */
int weir_reserve_move(struct weir_client *client, const struct weir_reserve_options *chosen);

/* What @from is to become, in the stack of @base and @last on top. The exit code. */
int weir_reserve_as(struct weir_client *client, const struct weir_lot *from,
		    const struct weir_held *base, const struct weir_level *last,
		    const struct weir_operate_options *operate);

#endif /* WEIR_CLI_RESERVE_H */
