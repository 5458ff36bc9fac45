/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_BINDS_H
#define WEIR_BINDS_H

/* Directories that a command has in place of its own: its volumes. */

#include <stddef.h>

/* Absolute paths, both there. */
struct weir_bind {
	const char *from, *to;
};

/*
 * Mount them, in order, for the calling process and its children alone: what others mount still comes to them.
 * Async-signal-safe. 0, or -1 with errno: EPERM without CAP_SYS_ADMIN. It has a mount namespace of its own then,
 * and its working directory is what is seen at that path there.
 * None at all: nothing is done.
 */
int weir_binds_enter(const struct weir_bind *binds, size_t n);

#endif /* WEIR_BINDS_H */
