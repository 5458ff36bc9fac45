/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_BOOKS_H
#define WEIR_BOOKS_H

/*
 * Who holds what of the node: reservations, by stack, and persistent volumes on them; and what containers need of it, by
 * role. Pure: the store writes down what a change comes to before it is made.
 *
 * A container spends what is reserved for its role; then, level by level, what is reserved for the roles above it; then
 * what is reserved for nobody, unless that is ruled out for roles. What it spends is not written down: of a role's demand
 * its reservations bear what they can, and the role above bears the rest.
 *
 *	rest(R) = max(0, own demand + the rests of the roles right below R - reserved for R)
 *
 * All fits as long as the rests of all roles that have none above them, and the demand of nobody's containers, are no
 * more than what is unreserved. A reservation is in use as far as it bears demand.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "model/parcels.h"

struct weir_error;
struct weir_books;
struct weir_change;

#define WEIR_DISKS_MAX	      16
#define WEIR_VOLUME_ID_MAX    128
#define WEIR_RESERVATIONS_MAX 100000
#define WEIR_VOLUMES_MAX      100000

/* Where volumes can lie. */
struct weir_disk {
	char *name; /* "" is the root disk; "PATH:/a", "MOUNT:/a": Mesos' disk sources, with their root */
	uint64_t bytes; /* of it for reservations */
	bool whole; /* it is reserved as a whole or not at all (MOUNT) */
};

/* What one stack has. */
struct weir_holding {
	struct weir_stack *stack;
	uint64_t mcpu, mem_bytes;
	uint64_t disk_bytes[WEIR_DISKS_MAX]; /* that is no volume */
};

struct weir_volume {
	uint64_t key; /* its directory is called by it, whoever has it */
	struct weir_volume_info info;
	struct weir_stack *stack;
	unsigned int disk; /* which of the disks */
	uint64_t bytes;
	unsigned int users; /* containers that have it */
};

/* A role, its demand and what bears it. */
struct weir_role_view {
	const char *name;
	uint64_t reserved_mcpu, reserved_bytes; /* for this very role */
	uint64_t reserved_disk_bytes; /* the same, of all disks, volumes included */
	uint64_t demand_mcpu,
		demand_bytes; /* of its containers, and what roles below it can't bear */
	uint64_t used_mcpu, used_bytes; /* of what is reserved */
};

/*
 * Cpus and memory that can be promised, and disks, copied; all of it unreserved. @unreserved_too: containers of roles may
 * use what is reserved for nobody.
 */
int weir_books_new(uint64_t mcpu, uint64_t mem_bytes, const struct weir_disk *disks, size_t n_disks,
		   bool unreserved_too, struct weir_books **ret, struct weir_error *err);
/* NULL is fine. Returns NULL. */
struct weir_books *weir_books_free(struct weir_books *books);
WEIR_DEFINE_CLEANUP(struct weir_books, weir_books_free);

/* Times that it was changed by weir_books_commit(). */
uint64_t weir_books_version(const struct weir_books *books);

/* ---- Taking up what was kept ---- */

/* One holding or volume, as the store had it. A disk that is not there any more: -ENODEV. -EEXIST; -ENOMEM. */
int weir_books_restore_holding(struct weir_books *books, const struct weir_holding *holding,
			       struct weir_error *err);
int weir_books_restore_volume(struct weir_books *books, const struct weir_volume *volume,
			      struct weir_error *err);
/* Something has this key that is no volume any more: none that begins gets it. */
void weir_books_pass_key(struct weir_books *books, uint64_t key);
void weir_books_restore_version(struct weir_books *books, uint64_t version);

/* ---- What containers need ---- */

/* Role @name needs so much more, or with @less so much less. What is given back was taken before. -ENOMEM. */
int weir_books_demand(struct weir_books *books, const char *name, uint64_t mcpu, uint64_t mem_bytes,
		      bool less, struct weir_error *err);
/* How much more of each role @name could need; below 0: more is needed than there is. */
void weir_books_room(const struct weir_books *books, const char *name, int64_t *ret_mcpu,
		     int64_t *ret_bytes);

/* ---- Changing who holds what ---- */

/*
 * Could what is in @from become what is in @to? Nothing is changed. Volumes that are in both, by id, go on as they are;
 * the others end, or begin. @in_use_too: volumes that are used may be in @from.
 *
 * -ENOSPC: @from is not held so, and the text says what is; -EBUSY: it is in use; -EEXIST: the role has a volume of that
 * id; -ENODEV: there is no such disk; -EINVAL: a disk that goes whole; -EDQUOT: too many reservations or volumes.
 */
int weir_books_prepare(struct weir_books *books, const struct weir_parcels *from,
		       const struct weir_parcels *to, bool in_use_too, struct weir_change **ret,
		       struct weir_error *err);
/* Make it so. It can't fail; nothing else may have been changed meanwhile. Frees @change. */
void weir_books_commit(struct weir_books *books, struct weir_change *change);
/* Do not. NULL is fine. Returns NULL. */
struct weir_change *weir_change_free(struct weir_change *change);
WEIR_DEFINE_CLEANUP(struct weir_change, weir_change_free);

/* What a change comes to, for the store: holdings as they will be, all 0 if one ends; and volumes. */
size_t weir_change_holdings(const struct weir_change *change);
struct weir_holding weir_change_holding(const struct weir_change *change, size_t i);
enum weir_volume_fate { WEIR_VOLUME_BEGINS, WEIR_VOLUME_STAYS, WEIR_VOLUME_ENDS };
size_t weir_change_volumes(const struct weir_change *change); /* NULL has none */
/* As it will be, or of one that ends as it was. Borrowed, as long as the change is. */
struct weir_volume weir_change_volume(const struct weir_change *change, size_t i,
				      enum weir_volume_fate *ret_fate);

/* ---- Looking ---- */

/* Borrowed, until the next commit. Unreserved comes first; then in order of their keys. */
size_t weir_books_holdings(const struct weir_books *books);
struct weir_holding weir_books_holding(const struct weir_books *books, size_t i);
bool weir_holding_is_empty(const struct weir_holding *holding);
size_t weir_books_disks(const struct weir_books *books);
const struct weir_disk *weir_books_disk(const struct weir_books *books, size_t i);
size_t weir_books_volumes(const struct weir_books *books);
const struct weir_volume *weir_books_volume(const struct weir_books *books, size_t i);
/* NULL: @role has no volume @id. */
struct weir_volume *weir_books_find_volume(const struct weir_books *books, const char *role,
					   const char *id);
/* In order of name, those that have anything. */
/* false: more is reserved of *@ret_what than the node has, which has become smaller. */
bool weir_books_fit(const struct weir_books *books, const char **ret_what);
/* false: nothing is known of it, and *@ret is all zero but for the name. */
bool weir_books_role(const struct weir_books *books, const char *name, struct weir_role_view *ret);
typedef void weir_role_fn(const struct weir_role_view *role, void *data);
void weir_books_each_role(const struct weir_books *books, weir_role_fn *fn, void *data);

#endif /* WEIR_BOOKS_H */
