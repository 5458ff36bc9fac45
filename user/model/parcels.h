/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PARCELS_H
#define WEIR_PARCELS_H

/*
 * Amounts of the node's resources, with to whom each is reserved: Mesos' list of Resource as weir keeps its books. Exact:
 * thousandths of a CPU, bytes of memory and of disk. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/stack.h"

struct weir_error;

enum weir_kind {
	WEIR_KIND_CPUS, /* in thousandths */
	WEIR_KIND_MEM, /* bytes */
	WEIR_KIND_DISK, /* bytes */
	WEIR_KIND_COUNT_,
};

/* "cpus", "mem", "disk". */
const char *weir_kind_name(enum weir_kind kind);
/* -EINVAL: there is no such kind. */
int weir_kind_from_name(const char *name, enum weir_kind *ret);

/* A persistent volume, as a part of a disk is one. */
struct weir_volume_info {
	char *id;
	char *principal; /* NULL: none */
	char *container_path; /* NULL: not said */
};

/* false: no memory; what *@ret has then is still to be let go of. */
bool weir_volume_info_copy(const struct weir_volume_info *info, struct weir_volume_info *ret);
void weir_volume_info_done(struct weir_volume_info *info);

struct weir_parcel {
	enum weir_kind kind;
	uint64_t amount;
	struct weir_stack *stack; /* a reference */
	char *disk; /* of DISK: "" is the root disk; "PATH:/a" and "MOUNT:/a" are others. Else NULL */
	struct weir_volume_info *volume; /* NULL: it is none */
};

struct weir_parcels {
	struct weir_parcel *list;
	size_t n;
};

/*
 * One more, all of it copied, but for the stack, of which it takes a reference; @disk: NULL unless of DISK. @volume may be
 * NULL. -ENOMEM.
 */
int weir_parcels_add(struct weir_parcels *parcels, const struct weir_parcel *parcel,
		     struct weir_error *err);
/* Leaves it empty; what is empty, all zero, is fine. */
void weir_parcels_done(struct weir_parcels *parcels);

/* "cpus 2, mem 4Gi of [eng, eng/ads]", as much of it as fits. Returns @buf. */
#define WEIR_PARCELS_TEXT 256
const char *weir_parcel_text(const struct weir_parcel *parcel, char buf[WEIR_PARCELS_TEXT]);

/* Are both the same amounts of the same things, apart from to whom they are reserved? Volumes only as themselves. */
bool weir_parcels_same_quantities(const struct weir_parcels *a, const struct weir_parcels *b);

/* The stack that all of them have. NULL: they have several, or there are none. Borrowed. */
struct weir_stack *weir_parcels_stack(const struct weir_parcels *parcels);

#endif /* WEIR_PARCELS_H */
