/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_BOOKS_INTERNAL_H
#define WEIR_BOOKS_INTERNAL_H

/* The books in four files: books.c keeps them, books_roles.c sums by role, books_change.c and books_check.c say what may become what. */

#include "model/books.h"

enum { CPUS, MEM, N_SUMS }; /* what is summed by role: WEIR_KIND_CPUS, WEIR_KIND_MEM */

struct weir_role {
	char *name;
	struct weir_role *parent; /* of "*", which is above all: NULL */
	uint64_t reserved[N_SUMS], own[N_SUMS];
	uint64_t below[N_SUMS]; /* the rests of the roles right below */
	uint64_t disk_bytes; /* reserved, of all disks, volumes included */
};

struct weir_books {
	uint64_t total[N_SUMS];
	uint64_t promised[N_SUMS]; /* of it, to whomever */
	uint64_t demanded[N_SUMS]; /* by containers of whatever role */
	uint64_t promised_disk[WEIR_DISKS_MAX]; /* volumes included */
	struct weir_disk disks[WEIR_DISKS_MAX];
	size_t n_disks;
	bool unreserved_too;
	struct weir_stack *unreserved;
	struct weir_holding **holdings; /* in order of key, without the unreserved */
	size_t n_holdings, max_holdings;
	struct weir_volume **volumes; /* in order of role and id */
	size_t n_volumes, max_volumes;
	struct weir_role **roles; /* in order of name; "*" is the first */
	size_t n_roles, max_roles;
	uint64_t version;
};

#define WEIR_VOLUMES_A_CHANGE \
	1024 /* keys of its volumes: the version they came with, and which of it */

/* A stack of which something is taken, or that is given something. */
struct weir_touched {
	struct weir_holding *holding; /* as it is; of the unreserved, or new: a copy, or empty */
	bool is_new;
	struct weir_role *role;
	uint64_t take[N_SUMS], give[N_SUMS];
	uint64_t take_disk[WEIR_DISKS_MAX], give_disk[WEIR_DISKS_MAX];
};

struct weir_fate {
	enum weir_volume_fate fate;
	struct weir_volume *volume; /* as it is; one that begins: ours until then */
	struct weir_stack *stack; /* what it will be on, a reference */
	uint64_t bytes;
};

struct weir_change {
	struct weir_touched *touched;
	size_t n_touched;
	struct weir_fate *fates;
	size_t n_fates;
};

/* Make room for @more pointers. -ENOMEM. */
int weir_books_grow(void *list, size_t n, size_t *max, size_t more, struct weir_error *err);

size_t weir_books_holding_place(const struct weir_books *books, const char *key, bool *ret_found);
size_t weir_books_volume_place(const struct weir_books *books, const char *role, const char *id,
			       bool *ret_found);
/* -ENODEV. */
int weir_books_disk_named(const struct weir_books *books, const char *name, unsigned int *ret,
			  struct weir_error *err);
struct weir_holding *weir_holding_new(struct weir_stack *stack);
struct weir_holding *weir_holding_free(struct weir_holding *holding);
struct weir_volume *weir_volume_new(const struct weir_volume_info *info);
struct weir_volume *weir_volume_free(struct weir_volume *volume);
/* There has to be room. */
void weir_books_insert_holding(struct weir_books *books, struct weir_holding *holding);
void weir_books_insert_volume(struct weir_books *books, struct weir_volume *volume);
void weir_books_remove_volume(struct weir_books *books, const struct weir_volume *volume);

/* books_roles.c */
/* The role, made with all above it if need be. NULL: no memory. */
struct weir_role *weir_books_need_role(struct weir_books *books, const char *name);
/* Makes "*". -ENOMEM. */
int weir_books_init_roles(struct weir_books *books, struct weir_error *err);
/* Of what is reserved for it, so much bears demand. */
uint64_t weir_role_used(const struct weir_role *role, int sum);
/* So much more, or less, is reserved for it. */
void weir_books_reserve(struct weir_books *books, struct weir_role *role, int sum, uint64_t take,
			uint64_t give);
/* What is reserved for nobody. */
uint64_t weir_books_unreserved(const struct weir_books *books, int sum);

static inline bool weir_touched_is_unreserved(const struct weir_touched *touched)
{
	return touched->holding->stack->n == 0;
}

/* books_roles.c: of a disk so much less, and so much more, is reserved for @name. */
void weir_books_reserve_disk(struct weir_books *books, const char *name, unsigned int disk,
			     uint64_t take, uint64_t give);
/* books_check.c */
/* -EINVAL: something would come of nothing, or be lost; volumes are parts of their disks. */
int weir_check_conserved(const struct weir_parcels *from, const struct weir_parcels *to,
			 struct weir_error *err);
/* -EEXIST, -EBUSY. */
int weir_change_check(struct weir_books *books, const struct weir_change *change,
		      struct weir_error *err);
/* What is reserved for each role becomes what it will be, or with @undo what it was. */
void weir_change_reserve(struct weir_books *books, const struct weir_change *change, bool undo);

#endif /* WEIR_BOOKS_INTERNAL_H */
