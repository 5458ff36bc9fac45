/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_DISCOVER_H
#define WEIR_DISCOVER_H

/*
 * Where controllers are mounted, as the mount table has it. Looks, and changes nothing:
 * hierarchy.c acts on it, probe.c shows it.
 */

#include <limits.h>

#include "kern/hierarchy.h"

struct weir_error;

struct weir_place {
	int version; /* 1 or 2; 0: nowhere */
	char path[PATH_MAX]; /* of the mount */
};

struct weir_discovery {
	char cgroup2[PATH_MAX]; /* the first cgroup2 mount; "": there is none */
	struct weir_place controllers[WEIR_SUBSYS_COUNT_];
};

int weir_discover(struct weir_discovery *ret, struct weir_error *err);

#endif /* WEIR_DISCOVER_H */
