/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_DISKS_H
#define WEIR_DISKS_H

/* The disks of the configuration: "PATH:/srv/a:100Gi, MOUNT:/srv/b", beside the root disk, which is the state directory's. */

#include <stddef.h>
#include <stdint.h>

#include "model/books.h"

struct weir_error;

struct weir_disks {
	size_t n; /* at least one: the root disk is the first */
	struct weir_disk list[WEIR_DISKS_MAX];
	char *dirs[WEIR_DISKS_MAX]; /* where the volumes of each lie */
	int locks
		[WEIR_DISKS_MAX]; /* of their roots, as long as they are ours; of the root disk -1 */
};

/* Is it such a text? Nothing is looked at. -EINVAL. */
int weir_disks_check(const char *text, struct weir_error *err);

/*
 * @root_bytes: of the root disk; WEIR_ABSENT: as large as its file system. What @text says no size of is as large as its
 * file system, too; of a PATH one has to be said. -EINVAL; -ENOENT and others: a root that can't be looked at; -EBUSY: another daemon has volumes on it, and this one
 * would take them for nobody's.
 */
int weir_disks_find(const char *state_dir, uint64_t root_bytes, const char *text,
		    struct weir_disks *ret, struct weir_error *err);
void weir_disks_done(struct weir_disks *disks);

#endif /* WEIR_DISKS_H */
