/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MOUNTS_H
#define WEIR_MOUNTS_H

/*
 * Volumes as a container has them: "NAME:/DIR" is asked for, the volume of its role, or of the nearest role above it that
 * has one, at that directory; or "ROLE/NAME:/DIR". It is admitted with "ROLE NAME:/DIR", as neither has a blank: while
 * somebody has it a volume stays its role's, and a nearer one of the same name is another. Pure.
 */

#include "model/books.h"

struct weir_error;

#define WEIR_MOUNTS_MAX 16 /* of one container */

struct weir_mount {
	char role[WEIR_ROLE_MAX + 1]; /* "": the nearest */
	char name[WEIR_VOLUME_ID_MAX + 1];
	const char *dir; /* lies in the text */
};

/* What is asked for; what was admitted. -EINVAL. */
int weir_mount_parse(const char *text, struct weir_mount *ret, struct weir_error *err);
int weir_mount_read(const char *text, struct weir_mount *ret, struct weir_error *err);

/* What a container of @role means by it. NULL: there is none, or not for it. */
struct weir_volume *weir_mount_find(const struct weir_books *books, const char *role,
				    const struct weir_mount *mount);

/* A container of @role has these, NULL-terminated or NULL, or with @ends has them no more. What is not there is passed over. */
void weir_mounts_count(const struct weir_books *books, const char *role, char *const *mounts,
		       bool ends);

/*
 * Are they there, and does nobody else have them? Then the texts become those that are admitted. -EINVAL, -ENOENT,
 * -EBUSY; -ENOMEM, with some replaced.
 */
int weir_mounts_admit(const struct weir_books *books, const char *role, char **mounts,
		      struct weir_error *err);

#endif /* WEIR_MOUNTS_H */
