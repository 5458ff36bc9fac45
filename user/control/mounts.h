/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONTROL_MOUNTS_H
#define WEIR_CONTROL_MOUNTS_H

#include "control/operations.h"
#include "kern/process.h"
#include "model/mounts.h"

struct weir_container;

/* What a container is launched with in place of its own directories. */
struct weir_mounts {
	size_t n;
	struct weir_bind list[WEIR_MOUNTS_MAX];
	char *paths[WEIR_MOUNTS_MAX]; /* owned */
};

/* Of those that it was admitted with. To be done with, even on failure. */
int weir_mounts_find(struct weir_controller *controller, const struct weir_container *container,
		     struct weir_mounts *ret, struct weir_error *err);
void weir_mounts_done(struct weir_mounts *mounts);

#endif /* WEIR_CONTROL_MOUNTS_H */
