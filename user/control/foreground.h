/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FOREGROUND_H
#define WEIR_FOREGROUND_H

/* What a caller forks itself: see foreground.c. */

#include "control/controller.h"

/* The launch is undone if @peer ends before its command is started; the record goes with it after. */
int weir_foreground_watch(struct weir_controller *controller, struct weir_container *container,
			  const struct weir_peer *peer, struct weir_error *err);
/* Where a process of @container's has to be. */
void weir_foreground_seat(const struct weir_controller *controller,
			  const struct weir_container *container, struct weir_join_paths *join);
/* And what it has to mount there. -EPERM: @peer can't. */
int weir_foreground_mounts(struct weir_controller *controller,
			   const struct weir_container *container, const struct weir_peer *peer,
			   struct weir_join_paths *join, struct weir_error *err);

#endif /* WEIR_FOREGROUND_H */
