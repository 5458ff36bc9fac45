/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_VOLUMES_H
#define WEIR_VOLUMES_H

/*
 * Directories of volumes: DIR/KEY, whoever has the volume. So a volume that moves from role to role is not touched at
 * all: no rename, nothing to be undone, whatever uses it goes on.
 */

#include <limits.h>
#include <stdint.h>

struct weir_error;

/* DIR/KEY. -ENAMETOOLONG. */
int weir_volume_path(const char *dir, uint64_t key, char path[static PATH_MAX],
		     struct weir_error *err);

/* Make it, empty, on disk when this returns; @dir, too, if need be. -EEXIST: there is one, with something in it. */
int weir_volume_make(const char *dir, uint64_t key, struct weir_error *err);

/* One that is root's, and empty, becomes @uid's and @gid's: who first uses it has it. */
int weir_volume_give(const char *path, uint32_t uid, uint32_t gid, struct weir_error *err);

/* Take away what weir_volume_make() made and nobody wrote to: -ENOTEMPTY. One that is not there is fine. */
int weir_volume_unmake(const char *dir, uint64_t key, struct weir_error *err);

/*
 * Remove it with all that is in it. Takes long; symbolic links are removed, not followed; what is mounted inside is left,
 * and so is the rest: -EBUSY. One that is not there is fine. It can be broken off at any point, and begun again.
 */
int weir_volume_remove(const char *dir, uint64_t key, struct weir_error *err);

/* Call @fn for each key that there is a directory of. */
typedef void weir_volume_fn(uint64_t key, void *data);
int weir_volumes_each(const char *dir, weir_volume_fn *fn, void *data, struct weir_error *err);

#endif /* WEIR_VOLUMES_H */
