/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_YIELD_H
#define WEIR_YIELD_H

/*
 * Capacity that is moved from a role whose containers use it: they give up as much of what they requested as it takes, while
 * they run, each in proportion to its request, and may burst on as before. Limits stay.
 */

#include <stddef.h>
#include <stdint.h>

#include "model/parcels.h"

struct weir_controller;
struct weir_error;

/* Requests as they were, of those who gave some up. All zero: nobody. */
struct weir_yield {
	size_t n;
	struct weir_yielded *list;
};

/*
 * Have containers give up what @from takes of their roles beyond what is free there, as far as they have it: in the kernel,
 * and in the store. It is for the books to say then whether it is enough.
 */
int weir_yield_requests(struct weir_controller *controller, const struct weir_parcels *from,
			const struct weir_parcels *to, struct weir_yield *ret,
			struct weir_error *err);
/* It was for nothing: they have their requests again. Leaves it empty. */
void weir_yield_undo(struct weir_controller *controller, struct weir_yield *yield);
void weir_yield_done(struct weir_yield *yield);

#endif /* WEIR_YIELD_H */
