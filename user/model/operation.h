/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_OPERATION_H
#define WEIR_OPERATION_H

/*
 * What can be done with reservations and volumes: is it sound, who has to be allowed what for it, and what becomes what.
 * Checks come in Mesos 1.10's order, and mean what its do. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "model/parcels.h"

struct weir_error;

enum weir_operation_kind {
	WEIR_OPERATION_RESERVE,
	WEIR_OPERATION_UNRESERVE,
	WEIR_OPERATION_CREATE,
	WEIR_OPERATION_DESTROY,
	WEIR_OPERATION_GROW,
	WEIR_OPERATION_SHRINK,
	WEIR_OPERATION_COUNT_,
};

/* "RESERVE" …; -EINVAL. */
const char *weir_operation_name(enum weir_operation_kind kind);
int weir_operation_from_name(const char *name, enum weir_operation_kind *ret);

struct weir_operation {
	enum weir_operation_kind kind;
	/*
	 * RESERVE: what it is to be, and, unless empty, what it is now: without, each is now reserved for one level less.
	 * UNRESERVE: what goes back one level. CREATE, DESTROY: volumes. GROW, SHRINK: one volume, as it is.
	 */
	struct weir_parcels resources, source;
	struct weir_parcels addition; /* GROW: one parcel of disk */
	uint64_t subtract_bytes; /* SHRINK */
};

/* Leaves it empty; what is empty is fine. */
void weir_operation_done(struct weir_operation *operation);

/* Is it sound, of a caller that is @principal? -EINVAL. */
int weir_operation_check(const struct weir_operation *operation, const char *principal,
			 struct weir_error *err);

/* What becomes what, of one that is sound; both empty before. -ENOMEM. */
int weir_operation_convert(const struct weir_operation *operation, struct weir_parcels *from,
			   struct weir_parcels *to, struct weir_error *err);

/* One thing that a caller has to be allowed. */
enum weir_right { WEIR_RIGHT_RESERVE, WEIR_RIGHT_UNRESERVE, WEIR_RIGHT_VOLUMES };

/* "reserve" … */
const char *weir_right_name(enum weir_right right);

/* Of one that is sound: from a stack to itself, for which nothing has to be held, or free. */
bool weir_operation_changes_nothing(const struct weir_operation *operation);

/*
 * Call @fn for each, in order, until it returns negative, which is returned. From one stack to another: UNRESERVE for each
 * level from the last down to what both have in common, then RESERVE for each from there on.
 */
typedef int weir_right_fn(enum weir_right right, const char *role, void *data,
			  struct weir_error *err);
int weir_operation_rights(const struct weir_operation *operation, weir_right_fn *fn, void *data,
			  struct weir_error *err);

#endif /* WEIR_OPERATION_H */
