/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_LOTS_H
#define WEIR_CLI_LOTS_H

/*
 * Lots of resources, as the verbs about reservations deal in them: who has what is wanted, and what a
 * change comes to. Asks nobody; whatever it gives out is borrowed from what it was given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"
#include "cli/options.h"
#include "weir/reserve.h"

struct weir_error;

#define WEIR_LOT_MAX (3 + WEIR_TEXT_LIST_MAX) /* cpus, mem, disk; volumes */

/* Resources of one stack. */
struct weir_lot {
	size_t n;
	struct weir_resource_info list[WEIR_LOT_MAX];
};

struct weir_wanted {
	uint64_t mcpu, mem_bytes, disk_bytes; /* 0: none */
	const char *on; /* the disk; NULL: the root disk */
	struct weir_text_list volumes; /* by id */
};

bool weir_wants_nothing(const struct weir_wanted *wanted);

/* Levels of a stack. */
struct weir_held {
	const struct weir_level *levels;
	size_t n_levels;
};

/* @base with @last on top, to be freed; NULL: no memory. */
struct weir_level *weir_levels_with(const struct weir_held *base, const struct weir_level *last);
bool weir_same_stack(const struct weir_resource_info *a, const struct weir_resource_info *b);
/* Is @role "eng/ads" where @above is "eng"? */
bool weir_role_lies_below(const char *role, const char *above);
/* "unreserved"; "eng (root) > eng/ads (ann, team=a)". */
void weir_add_stack(struct weir_buffer *to, const struct weir_held *held);

/* Whose a stack has to be: of the role, and as its last level says. */
struct weir_holder {
	const char *role;
	bool above; /* of the nearest role above it that has enough, instead */
	const char *principal; /* NULL: anybody's */
	const struct weir_label_info *labels; /* all of them */
	size_t n_labels;
};

/*
 * The stack in @books that has what is wanted. -ENOENT: none has, and the text says what there is; -ENOTUNIQ:
 * several have, which it names; -ENOMEM.
 */
int weir_find_held(const struct weir_resource_list *books, const struct weir_holder *holder,
		   const struct weir_wanted *wanted, struct weir_held *ret, struct weir_error *err);
/* -ENOENT: @role has no volume @id. */
int weir_find_volume(const struct weir_resource_list *books, const char *role, const char *id,
		     struct weir_resource_info *ret, struct weir_error *err);

/* What is wanted, as @held has it; volumes are as they stand in @books (NULL: none are wanted). */
void weir_lot_fill(struct weir_lot *lot, const struct weir_wanted *wanted,
		   const struct weir_held *held, const struct weir_resource_list *books);
/* The same, for another stack. */
void weir_lot_copy(struct weir_lot *to, const struct weir_lot *from, const struct weir_held *held);

/* What it means that @from becomes @to, where it makes a difference: whose, what, before, after. -ENOMEM. */
int weir_print_change(const struct weir_resource_list *books, const struct weir_lot *from,
		      const struct weir_lot *to, FILE *file);

#endif /* WEIR_CLI_LOTS_H */
