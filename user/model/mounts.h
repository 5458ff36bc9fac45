/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MOUNTS_H
#define WEIR_MOUNTS_H

/* Volumes as a container has them: "NAME:/DIR", the volume of its role, or of one above it, at that directory. Pure. */

#include "model/books.h"

struct weir_error;

#define WEIR_MOUNTS_MAX 16 /* of one container */

/* The volume's name, and where it goes, which lies in @text. -EINVAL. */
int weir_mount_parse(const char *text, char name[static WEIR_VOLUME_ID_MAX + 1],
		     const char **ret_dir, struct weir_error *err);

/* Of @role, or else the nearest role above it that has one. NULL: none has. */
struct weir_volume *weir_mount_find(const struct weir_books *books, const char *role,
				    const char *name);

/* A container of @role has these, NULL-terminated or NULL, or with @ends has them no more. What is not there is passed over. */
void weir_mounts_count(const struct weir_books *books, const char *role, char *const *mounts,
		       bool ends);

/* Are they there, and does nobody else have them? -EINVAL, -ENOENT, -EBUSY. */
int weir_mounts_check(const struct weir_books *books, const char *role, char *const *mounts,
		      struct weir_error *err);

#endif /* WEIR_MOUNTS_H */
