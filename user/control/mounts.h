/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONTROL_MOUNTS_H
#define WEIR_CONTROL_MOUNTS_H

#include "control/controller.h"

/* The volumes that it was admitted with; what is empty and its user's by right becomes it. To be done with, even on failure. */
int weir_mounts_find(struct weir_controller *controller, const struct weir_container *container,
		     struct weir_mounts *ret, struct weir_error *err);
/* Leaves it empty. */
void weir_mounts_done(struct weir_mounts *mounts);

#endif /* WEIR_CONTROL_MOUNTS_H */
