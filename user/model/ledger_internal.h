/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_LEDGER_INTERNAL_H
#define WEIR_LEDGER_INTERNAL_H

/* The ledger in two files: ledger.c keeps the books, ledger_fit.c says what still fits, and who holds the rest. */

#include <stdbool.h>

#include "model/ledger.h"

struct weir_ledger {
	struct weir_capacity capacity;
	struct weir_books *books;
	uint64_t requested_mcpu, requested_bytes;
	struct weir_container **list;
	size_t n, n_allocated, n_max;
};

/* Does its request count? Until it has exited. */
static inline bool weir_counts(const struct weir_container *container)
{
	return container->state != WEIR_STATE_EXITED;
}

/* Would @want in place of @own, both figures of @container's own, fit? -ENOSPC. */
int weir_ledger_fits(const struct weir_ledger *ledger, const struct weir_container *container,
		     const struct weir_figures *own, const struct weir_figures *want,
		     struct weir_error *err);

#endif /* WEIR_LEDGER_INTERNAL_H */
